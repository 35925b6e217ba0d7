//! The ceiling of upgrades: a handler that answers the same bytes from memory, asks nobody and remembers nothing.

use std::collections::{BTreeMap, HashMap};

use actix_web::http::ConnectionType;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{App, HttpResponse, HttpServer, web};
use fairlead_simulator::firmware_tree::FirmwareTree;
use serde::Deserialize;
use serde_json::json;
use sha1::{Digest, Sha1};

use super::SEED;

/// What `bare-firmware` is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Address and port
    #[arg(long)]
    listen: String,
    /// Number of the version that every device is given
    #[arg(long)]
    version: u32,
}

/// What a device says, as far as it matters here.
#[derive(Deserialize)]
struct Request {
    cmd: String,
    file_path: Option<String>,
}

/// All answers.
struct Answers {
    ready: web::Bytes,
    metadata: web::Bytes,
    files: HashMap<String, web::Bytes>,
}

impl Answers {
    fn of(tree: &FirmwareTree) -> Self {
        let facts: BTreeMap<&String, (usize, String)> = tree
            .files()
            .iter()
            .map(|(path, content)| (path, (content.len(), hex::encode(Sha1::digest(content)))))
            .collect();
        let metadata = json!({"size": tree.bytes(), "dirs": tree.folders(), "files": facts});
        let files = tree.files().iter();
        Self {
            ready: json!({"job_id": 1, "status": 2}).to_string().into(),
            metadata: metadata.to_string().into(),
            files: files.map(|(path, content)| (path.clone(), content.to_vec().into())).collect(),
        }
    }

    fn answer(&self, body: &[u8]) -> HttpResponse {
        let Ok(request) = serde_json::from_slice::<Request>(body) else {
            return HttpResponse::BadRequest().finish();
        };
        let file = request.file_path.and_then(|path| self.files.get(&path));
        let (kind, content) = match (request.cmd.as_str(), file) {
            ("check", _) => ("application/json", self.ready.clone()),
            ("metadata", _) => ("application/json", self.metadata.clone()),
            ("complete", _) => ("application/json", web::Bytes::from_static(b"null")),
            ("get_file", Some(content)) => ("text/plain; charset=utf-8", content.clone()),
            _ => return HttpResponse::NotFound().finish(),
        };
        let mut response = HttpResponse::Ok().insert_header((CONTENT_TYPE, kind)).body(content);
        // The devices' client knows this spelling alone, and reads until the connection is closed.
        response.head_mut().set_camel_case_headers(true);
        response.head_mut().set_connection_type(ConnectionType::Close);
        response
    }
}

/// Serves devices until it is killed.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let answers = web::Data::new(Answers::of(&FirmwareTree::new(SEED, arguments.version)));
    let app = move || {
        let upgrade = |answers: web::Data<Answers>, body: web::Bytes| async move { answers.answer(&body) };
        App::new()
            .app_data(answers.clone())
            .route("/v1/{kind}/{name}/upgrade", web::post().to(upgrade))
            .route("/health/ready", web::get().to(|| async { "OK" }))
    };
    HttpServer::new(app).bind(&arguments.listen)?.run().await?;
    Ok(())
}
