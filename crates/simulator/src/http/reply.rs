//! What the server answers, as bytes.

use std::borrow::Cow;

use serde::Serialize;

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Reply {
    status: Cow<'static, str>,
    content_type: &'static str,
    location: Option<String>,
    body: Vec<u8>,
}

impl Reply {
    pub(crate) fn text(status: impl Into<Cow<'static, str>>, text: impl Into<String>) -> Self {
        Self {
            status: status.into(),
            content_type: "text/plain; charset=utf-8",
            location: None,
            body: text.into().into_bytes(),
        }
    }

    pub(crate) fn xml(status: &'static str, text: &str) -> Self {
        Self { content_type: "text/xml; charset=utf-8", ..Self::text(status, text) }
    }

    pub(crate) fn with_status(self, status: &'static str) -> Self {
        Self { status: status.into(), ..self }
    }

    /// The same twice, in two lines.
    pub(crate) fn twice(mut self) -> Self {
        let once = self.body.clone();
        self.body.push(b'\n');
        self.body.extend(once);
        self
    }

    pub(crate) fn html(status: &'static str, page: &str) -> Self {
        Self { content_type: "text/html; charset=utf-8", ..Self::text(status, page) }
    }

    pub(crate) fn bytes(status: &'static str, body: &[u8]) -> Self {
        Self { content_type: "application/octet-stream", body: body.to_vec(), ..Self::text(status, "") }
    }

    pub(crate) fn json(value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self { content_type: "application/json", body, ..Self::text("200 OK", "") },
            Err(error) => Self::text("500 Internal Server Error", error.to_string()),
        }
    }

    pub(crate) fn redirect(location: &str) -> Self {
        Self { location: Some(location.to_owned()), ..Self::text("302 Found", "") }
    }

    /// The head of it all, and half of the body.
    pub(crate) fn half(&self) -> Vec<u8> {
        let mut bytes = self.encode(false);
        bytes.truncate(bytes.len() - self.body.len().div_ceil(2));
        bytes
    }

    /// Head and body; `keep_alive` says whether the connection stays open behind it.
    pub(crate) fn encode(&self, keep_alive: bool) -> Vec<u8> {
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
