//! What the server answers, as bytes.

use serde::Serialize;

/// An HTTP answer.
#[derive(Debug)]
pub(super) struct Reply {
    status: &'static str,
    content_type: &'static str,
    location: Option<String>,
    body: Vec<u8>,
}

impl Reply {
    pub(super) fn text(status: &'static str, text: impl Into<String>) -> Self {
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            location: None,
            body: text.into().into_bytes(),
        }
    }

    pub(super) fn html(status: &'static str, page: &str) -> Self {
        Self { content_type: "text/html; charset=utf-8", ..Self::text(status, page) }
    }

    pub(super) fn bytes(status: &'static str, body: &[u8]) -> Self {
        Self { content_type: "application/octet-stream", body: body.to_vec(), ..Self::text(status, "") }
    }

    pub(super) fn json(value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self { content_type: "application/json", body, ..Self::text("200 OK", "") },
            Err(error) => Self::text("500 Internal Server Error", error.to_string()),
        }
    }

    pub(super) fn redirect(location: &str) -> Self {
        Self { location: Some(location.to_owned()), ..Self::text("302 Found", "") }
    }

    /// Head and body; `keep_alive` says whether the connection stays open behind it.
    pub(super) fn encode(&self, keep_alive: bool) -> Vec<u8> {
        let location = self.location.as_ref().map(|to| format!("location: {to}\r\n")).unwrap_or_default();
        let close = if keep_alive { "" } else { "connection: close\r\n" };
        let head = format!(
            "HTTP/1.1 {}\r\ncontent-type: {}\r\ncontent-length: {}\r\n{location}{close}\r\n",
            self.status,
            self.content_type,
            self.body.len()
        );
        [head.as_bytes(), &self.body].concat()
    }
}
