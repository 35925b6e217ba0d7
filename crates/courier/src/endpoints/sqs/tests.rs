//! Queues at moto, which answers as AWS does; and at a server that says what moto never says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
use fairlead_model::Secret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::endpoints::example::letter;

fn keys() -> OpenSecrets {
    OpenSecrets {
        username: Some("AKIAEXAMPLE".to_owned()),
        password: Some(Secret::new("geheim")),
        ..OpenSecrets::default()
    }
}

/// A queue of one test at moto, and a client to look into it.
struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    async fn make(suffix: &str, attributes: &[(QueueAttributeName, &str)]) -> Self {
        let moto = tokio::task::spawn_blocking(fairlead_testkit::moto_url).await.unwrap();
        let sqs = Sqs::open(&format!("{moto}/123456789012/any"), None, &keys()).unwrap();
        let client = sqs.connected().await;
        let name = format!("q{}{suffix}", uuid::Uuid::new_v4().simple());
        let mut request = client.create_queue().queue_name(name);
        for (name, value) in attributes {
            request = request.attributes(name.clone(), *value);
        }
        let url = request.send().await.unwrap().queue_url.unwrap();
        assert!(url.starts_with(moto), "{url}");
        Self { client, url }
    }

    async fn messages(&self) -> Vec<aws_sdk_sqs::types::Message> {
        let request = self.client.receive_message().queue_url(&self.url).max_number_of_messages(10);
        let all = MessageSystemAttributeName::All;
        let request = request.message_attribute_names("All").message_system_attribute_names(all);
        request.send().await.unwrap().messages.unwrap_or_default()
    }

    fn driver(&self) -> Sqs {
        Sqs::open(&self.url, None, &keys()).unwrap()
    }
}

fn failed(sent: Sent) -> (String, Option<u16>, Fault) {
    match sent {
        Sent::Failed { why, status, fault, .. } => (why, status, fault),
        Sent::Delivered { .. } => panic!("it was delivered"),
    }
}

#[tokio::test]
async fn a_queue_has_the_body_byte_for_byte() {
    let queue = Queue::make("", &[]).await;
    let sqs = queue.driver();
    let body = "{\"text\":\"Wal <&> voraus\u{a0}\u{1f40b} 'x' %41+\\u0041\",\n\t\"n\":1.50}\r\n";
    let letter = letter(body, 1_767_225_600);
    let Sent::Delivered { response, .. } = sqs.send(&letter).await else { panic!("not delivered") };

    let [message] = &queue.messages().await[..] else { panic!("not one message") };
    assert_eq!(message.body().unwrap(), body);
    assert_eq!(message.message_id().unwrap().as_bytes(), response);
    let attributes = message.message_attributes().unwrap();
    let text = |name: &str| attributes.get(name).and_then(|value| value.string_value()).unwrap_or_default();
    assert_eq!(text("content-type"), "application/json");
    assert_eq!(text("webhook-id"), letter.id.to_string());
    assert_eq!(text("device"), "PK001");
    assert_eq!(text("imei"), "300434063836590");
    assert_eq!(text("message"), "position");
}

#[tokio::test]
async fn a_fifo_queue_keeps_a_modems_order_and_takes_a_letter_once() {
    let queue = Queue::make(".fifo", &[(QueueAttributeName::FifoQueue, "true")]).await;
    let sqs = queue.driver();
    let (first, second) = (letter("first", 1), letter("second", 2));
    for letter in [&first, &first, &second, &first] {
        assert!(matches!(sqs.send(letter).await, Sent::Delivered { .. }));
    }
    let messages = queue.messages().await;
    let bodies: Vec<_> = messages.iter().map(|message| message.body().unwrap()).collect();
    assert_eq!(bodies, ["first", "second"]);
    let system = |at: usize, name| messages[at].attributes().unwrap().get(&name).cloned().unwrap();
    assert_eq!(system(0, MessageSystemAttributeName::MessageGroupId), "300434063836590");
    assert_eq!(system(1, MessageSystemAttributeName::MessageDeduplicationId), second.id.to_string());
}

#[tokio::test]
async fn a_queue_that_is_missing_is_said_so() {
    let queue = Queue::make("", &[]).await;
    queue.client.delete_queue().queue_url(&queue.url).send().await.unwrap();
    let (why, status, fault) = failed(queue.driver().send(&letter("x", 1)).await);
    assert_eq!(why, "There is no such queue: check its address, and whether it was deleted.");
    assert_eq!((status, fault), (Some(400), Fault::Again));
}

#[tokio::test]
async fn a_body_that_a_queue_never_takes_is_not_tried_again() {
    let queue = Queue::make("", &[(QueueAttributeName::MaximumMessageSize, "1024")]).await;
    let sqs = queue.driver();
    let (why, _, fault) = failed(sqs.send(&letter(&"x".repeat(2_000), 1)).await);
    assert!(why.starts_with("The body is too large for this queue."), "{why}");
    assert_eq!(fault, Fault::Never);
    for (body, part) in [("a\u{1}b", "U+0001"), ("", "empty"), (&*"x".repeat(LARGEST + 1), "at most 1048576")]
    {
        let (why, status, fault) = failed(sqs.send(&letter(body, 1)).await);
        assert!(why.contains(part), "{why}");
        assert_eq!((status, fault), (None, Fault::Never));
    }
    assert!(matches!(sqs.send(&letter("short", 1)).await, Sent::Delivered { .. }));
    assert_eq!(queue.messages().await.len(), 1);
}

/// A server that answers each request alike and counts them.
async fn answering(status: &'static str, body: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/123456789012/queue", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let counted = counted.clone();
            tokio::spawn(async move {
                let mut read = Vec::new();
                while !whole(&read) {
                    let mut chunk = [0; 4_096];
                    let count = stream.read(&mut chunk).await.unwrap();
                    if count == 0 {
                        return;
                    }
                    read.extend_from_slice(&chunk[..count]);
                }
                counted.fetch_add(1, Ordering::SeqCst);
                let answer = format!(
                    "HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\n\
                     connection: close\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            });
        }
    });
    (url, asked)
}

/// Whether a request is there with all of its body.
fn whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.split_once("content-length: ").map_or("0", |(_, rest)| rest.lines().next().unwrap());
    body.len() >= length.trim().parse::<usize>().unwrap()
}

#[tokio::test]
async fn what_aws_refuses_is_a_sentence_and_asked_once() {
    let table = [
        (
            "403 Forbidden",
            r#"{"__type":"com.amazonaws.sqs#RequestThrottled","message":"Rate exceeded"}"#,
            "AWS wants fewer messages at a time.",
            Fault::Slower { after: None },
        ),
        (
            "400 Bad Request",
            r#"{"__type":"com.amazon.coral.service#ThrottlingException","message":"Rate exceeded"}"#,
            "AWS wants fewer messages at a time.",
            Fault::Slower { after: None },
        ),
        (
            "403 Forbidden",
            r#"{"__type":"com.amazon.coral.service#AccessDeniedException","message":"User is not authorized."}"#,
            "The access key may not send to this queue (sqs:SendMessage). AWS says: User is not authorized.",
            Fault::Again,
        ),
        (
            "403 Forbidden",
            r#"{"__type":"com.amazon.coral.service#InvalidClientTokenId","message":"The security token is invalid."}"#,
            "AWS does not know the access key, or its secret is wrong. AWS says: The security token is invalid.",
            Fault::Again,
        ),
        ("503 Service Unavailable", "", "It answered 503.", Fault::Again),
    ];
    for (status, body, sentence, meant) in table {
        let (url, asked) = answering(status, body).await;
        let sqs = Sqs::open(&url, None, &keys()).unwrap();
        let (why, told, fault) = failed(sqs.send(&letter("x", 1)).await);
        assert_eq!((why.as_str(), fault), (sentence, meant));
        assert_eq!(told, status[..3].parse().ok());
        assert_eq!(asked.load(Ordering::SeqCst), 1, "{status} {body}");
    }
}

#[tokio::test]
async fn nobody_there_is_a_sentence() {
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/123456789012/queue");
    let (why, status, fault) = failed(Sqs::open(&url, None, &keys()).unwrap().send(&letter("x", 1)).await);
    assert!(why.starts_with("The queue cannot be reached: ") && why.contains("refused"), "{why}");
    assert_eq!((status, fault), (None, Fault::Again));
}

#[tokio::test]
async fn silence_has_an_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/123456789012/queue", listener.local_addr().unwrap());
    let mut sqs = Sqs::open(&url, None, &keys()).unwrap();
    sqs.limit = Duration::from_secs(1);
    let (why, _, fault) = failed(sqs.send(&letter("x", 1)).await);
    assert_eq!((why.as_str(), fault), ("It did not answer within 1 s.", Fault::Again));
}
