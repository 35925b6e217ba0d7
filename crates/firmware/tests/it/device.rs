//! A device as its firmware is: HTTP/1.0 on a new connection for each request, a file's length known by a header of one
//! spelling, JSON read until the connection ends, no time-outs, no second try.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A device that is switched on.
#[derive(Clone)]
pub struct Device {
    /// Where its server is, as `127.0.0.1:8086`.
    pub server: String,
    /// What its address begins with: `/v1`, or `/d/<secret>/v1`.
    pub base: String,
    pub kind: &'static str,
    pub iam: String,
    /// Bytes that it still hears before its line is cut.
    pub hears: Option<usize>,
}

/// An answer, as it came.
pub struct Answer {
    pub head: String,
    pub body: Vec<u8>,
}

/// The line was cut.
#[derive(Debug)]
pub struct Cut;

impl Answer {
    pub fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// A file's content as the device understands it: as long as the header of that very spelling says, else nothing.
    pub fn file(&self) -> &[u8] {
        let length = self.head.lines().find_map(|line| line.strip_prefix("Content-Length:"));
        let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
        &self.body[..length.min(self.body.len())]
    }
}

impl Device {
    pub fn new(server: &str, kind: &'static str, iam: &str) -> Self {
        Self { server: server.to_owned(), base: "/v1".to_owned(), kind, iam: iam.to_owned(), hears: None }
    }

    /// Its line is cut after so many bytes.
    pub fn cut_after(&self, bytes: usize) -> Self {
        Self { hears: Some(bytes), ..self.clone() }
    }

    fn path(&self) -> String {
        format!("{}/{}/{}/upgrade", self.base, self.kind, self.iam)
    }

    /// One request on a connection of its own.
    pub async fn post(&mut self, body: &str) -> Result<Answer, Cut> {
        let host = self.server.split(':').next().unwrap();
        let path = self.path();
        let request = format!(
            "POST {path} HTTP/1.0\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.send(&request).await
    }

    /// Sends bytes and reads until the server closes the connection.
    pub async fn send(&mut self, request: &str) -> Result<Answer, Cut> {
        let mut line = TcpStream::connect(&self.server).await.unwrap();
        line.write_all(request.as_bytes()).await.unwrap();
        let mut heard = Vec::new();
        let mut piece = [0; 4_096];
        loop {
            let most = self.hears.map_or(piece.len(), |left| left.min(piece.len()));
            if most == 0 {
                return Err(Cut);
            }
            let count = line.read(&mut piece[..most]).await.unwrap();
            if count == 0 {
                break;
            }
            heard.extend_from_slice(&piece[..count]);
            if let Some(left) = &mut self.hears {
                *left -= count;
            }
        }
        let end = heard.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        Ok(Answer {
            head: String::from_utf8(heard[..end].to_vec()).unwrap(),
            body: heard[end + 4..].to_vec(),
        })
    }

    /// A request that is answered 200 with JSON.
    pub async fn ask(&mut self, request: Value) -> Result<Value, Cut> {
        let answer = self.post(&request.to_string()).await?;
        assert_eq!(answer.status(), 200, "{request}: {}", String::from_utf8_lossy(&answer.body));
        Ok(answer.json())
    }

    /// What a check says: the job's number and its status.
    pub async fn check(&mut self) -> (i64, i64) {
        let said = self.ask(json!({"cmd": "check", "space": 4_000_000})).await.unwrap();
        (said["job_id"].as_i64().unwrap(), said["status"].as_i64().unwrap())
    }

    /// The status that a request is answered with.
    pub async fn status_of(&mut self, request: Value) -> u16 {
        self.post(&request.to_string()).await.unwrap().status()
    }

    /// Fetches a file and looks at its hash, as the device does on its flash.
    pub async fn fetch(&mut self, job: i64, path: &str, facts: &Value) -> Result<Vec<u8>, Cut> {
        let request = json!({"cmd": "get_file", "job_id": job, "file_path": path});
        let answer = self.post(&request.to_string()).await?;
        assert_eq!(answer.status(), 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        let content = answer.file().to_vec();
        assert_eq!(content.len() as i64, facts[0].as_i64().unwrap(), "{path}");
        assert_eq!(
            hex::encode(Sha1::digest(&content)),
            facts[1].as_str().unwrap(),
            "{path}: File didn't hash"
        );
        Ok(content)
    }

    /// The whole upgrade. What it fetched, or nothing where there was nothing for it.
    pub async fn upgrade(&mut self) -> Result<BTreeMap<String, Vec<u8>>, Cut> {
        let (job, list) = loop {
            let said = self.ask(json!({"cmd": "check", "space": 4_000_000})).await?;
            let job = said["job_id"].as_i64().unwrap();
            match said["status"].as_i64().unwrap() {
                10 => {
                    self.ask(json!({"cmd": "complete", "job_id": 0, "status": false})).await?;
                    return Ok(BTreeMap::new());
                }
                2 => break (job, self.ask(json!({"cmd": "metadata", "job_id": job})).await?),
                0 => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
                other => panic!("the device waits for ever on status {other}"),
            }
        };
        let mut has = BTreeMap::new();
        for (path, facts) in list["files"].as_object().unwrap() {
            has.insert(path.clone(), self.fetch(job, path, facts).await?);
        }
        let said = self.ask(json!({"cmd": "complete", "job_id": job, "status": true})).await?;
        assert_eq!(said, Value::Null);
        Ok(has)
    }

    /// Fetches the list and `count` files, and falls silent. The job's number.
    pub async fn begin(&mut self, count: usize) -> i64 {
        let (job, status) = self.check().await;
        assert_eq!(status, 2);
        let list = self.ask(json!({"cmd": "metadata", "job_id": job})).await.unwrap();
        for (path, facts) in list["files"].as_object().unwrap().iter().take(count) {
            self.fetch(job, path, facts).await.unwrap();
        }
        job
    }

    /// Begins, and says that it failed.
    pub async fn fail(&mut self) {
        let job = self.begin(1).await;
        self.ask(json!({"cmd": "complete", "job_id": job, "status": false})).await.unwrap();
    }
}
