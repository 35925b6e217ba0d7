//! What a client asks for: the parameters of one request.

use url::form_urlencoded;

use super::door::Door;
use crate::http::Request;

const FORM: &str = "application/x-www-form-urlencoded";

/// A request for an MT, before anything of it was checked.
#[derive(Debug, Default)]
pub(super) struct Order {
    pub(super) door: Door,
    pub(super) imei: String,
    pub(super) username: String,
    pub(super) password: String,
    pub(super) data: String,
    /// Cloudloop's name of the modem.
    pub(super) thing: String,
    /// Cloudloop's token.
    pub(super) token: String,
    pub(super) flush: bool,
    pub(super) request_id: Option<String>,
}

impl Order {
    /// Reads the query and, where it is a form, the body. Where both name a parameter, the body's counts.
    pub(super) fn of_request(door: Door, request: &Request) -> Self {
        let request_id = request.header("x-request-id").map(str::to_owned);
        let mut order = Self { door, request_id, ..Self::default() };
        order.take(request.query().as_bytes());
        if request.header("content-type").is_some_and(|of_body| of_body.starts_with(FORM)) {
            order.take(&request.body);
        }
        order
    }

    fn take(&mut self, encoded: &[u8]) {
        for (name, value) in form_urlencoded::parse(encoded) {
            match name.as_ref() {
                "imei" => self.imei = value.into_owned(),
                "username" => self.username = value.into_owned(),
                "password" => self.password = value.into_owned(),
                "data" | "message" => self.data = value.into_owned(),
                "thing" => self.thing = value.into_owned(),
                "token" => self.token = value.into_owned(),
                "flush" => self.flush = value == "yes",
                _ => {}
            }
        }
    }
}
