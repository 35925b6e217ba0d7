//! One error for all HTTP faces: a closed list of codes, a sentence for the caller, the cause for the log.

use std::fmt::Write as _;

use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, ResponseError};
use fairlead_store::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::request;

macro_rules! codes {
    ($($name:ident $status:ident $number:literal $title:literal $doc:literal;)*) => {
        /// Every error that an HTTP face of Fairlead can answer. A number is never used for anything else.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $doc] $name,)*
        }

        impl Code {
            /// All codes, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code as it is answered.
            pub const fn number(self) -> &'static str {
                match self { $(Self::$name => concat!("FL-", $number),)* }
            }

            /// The HTTP status.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            /// The headline.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// What it means and what to do, for the reference.
            pub const fn doc(self) -> &'static str {
                match self { $(Self::$name => $doc,)* }
            }
        }
    };
}

codes! {
    BadRequest BAD_REQUEST "0400" "The request cannot be understood" "A parameter or the body is not what this address takes. The detail names it. Correct it and send again.";
    NoImei BAD_REQUEST "0410" "No modem is named" "A pushed message has no readable IMEI. The body was kept among the held pushes, as far as their bound allows.";
    SignInNeeded UNAUTHORIZED "0401" "Sign in first" "There is no valid session or token. Sign in with name and password, open the sign-in link that the server printed, or send `Authorization: Bearer` with a token from `fairlead token create`.";
    Untrusted UNAUTHORIZED "0411" "The push is not trusted" "The push carries a token that does not prove it, or less trust than `require_trust` of its door asks for, as `intake.rockblock.require_trust`. It was kept as evidence; a person can admit it.";
    NotAllowed FORBIDDEN "0403" "You may not do this" "The role of the session or token is too low, or the token is limited to other parts of the API. An administrator can grant more.";
    CsrfMissing FORBIDDEN "0413" "The page is out of date" "A change sent with a session cookie lacks the session's `X-CSRF-Token`. Load the page again.";
    NotFound NOT_FOUND "0404" "There is no such thing" "Nothing has this id, or nothing is served at this address.";
    MethodNotAllowed METHOD_NOT_ALLOWED "0405" "This address does not take this method" "Use one of the methods that the reference names for this address.";
    AlreadySettled CONFLICT "0409" "This is settled already" "Somebody was faster. Load it again to see how it was settled.";
    KeyReused CONFLICT "0419" "This key belongs to another request" "An `Idempotency-Key` stands for one request. Use a new one for a new request.";
    InTheWay CONFLICT "0420" "Something stands in the way" "The request is sound, and what is there already stands against it: a name that is taken, a last administrator. The detail says what.";
    Forgotten GONE "0417" "This is not kept any more" "The change feed was asked from before its oldest step, or from a number that it never gave out. Ask without `after`, read the lists, and go on from there.";
    TooLarge PAYLOAD_TOO_LARGE "0414" "The body is too large" "The detail names the limit.";
    WrongType UNSUPPORTED_MEDIA_TYPE "0415" "This kind of body is not taken" "The detail names the content types that are.";
    Unprocessable UNPROCESSABLE_ENTITY "0422" "This cannot be done as asked" "The request was understood, and a rule stands against it. The detail says which.";
    TooMany TOO_MANY_REQUESTS "0429" "Too many requests" "Wait as long as `Retry-After` says.";
    Internal INTERNAL_SERVER_ERROR "0500" "Something went wrong here" "A fault of the server. The log holds the cause under the request id.";
    NotYet NOT_IMPLEMENTED "0501" "This is not served yet" "The address is known, and what it is for does not exist in this release. The detail says what to use meanwhile.";
    Unavailable SERVICE_UNAVAILABLE "0503" "The server cannot do this now" "The store, the journal or the broker does not take it now. Nothing was done; send it again later.";
}

/// Most sentences in one error.
const MOST_ERRORS: usize = 100;

/// What a failed request is answered with. It cannot hold a cause: that is logged where the error is made.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{} {detail}", code.number())]
pub struct ApiError {
    code: Code,
    detail: String,
    errors: Vec<String>,
    retry_after_s: Option<u32>,
}

/// The body of an error (RFC 9457, `application/problem+json`).
#[derive(Serialize, ToSchema)]
pub struct ProblemJson {
    /// Where the code is explained.
    #[serde(rename = "type")]
    pub kind: String,
    /// The headline.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened, in a sentence.
    pub detail: String,
    /// The stable code.
    pub code: String,
    /// All that is wrong, a sentence each, where the request was looked at as a whole; else empty.
    pub errors: Vec<String>,
    /// To be quoted when asking for help.
    pub request_id: String,
}

impl ApiError {
    /// An error with a sentence for the caller.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), retry_after_s: None }
    }

    /// Names all that is wrong with a request, a sentence each; together they are the detail. Of very many it names the
    /// first hundred, and says how many there are besides.
    #[must_use]
    pub fn all(code: Code, mut errors: Vec<String>) -> Self {
        let besides = errors.len().saturating_sub(MOST_ERRORS);
        if besides > 0 {
            errors.truncate(MOST_ERRORS);
            errors.push(format!("And {besides} more of the kind."));
        }
        Self { errors: errors.clone(), ..Self::new(code, errors.join(" ")) }
    }

    /// All that is wrong, where the request was looked at as a whole.
    pub fn errors(&self) -> &[String] {
        &self.errors
    }

    /// There is no such thing.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("There is no {what} with this id."))
    }

    /// A fault of ours: the cause is logged, the caller gets the request id.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed");
        Self::new(Code::Internal, "This is a fault of the server. Quote the request id when you report it.")
    }

    /// Tells the caller when to come back.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The sentence for the caller.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl From<StoreError> for ApiError {
    fn from(e: StoreError) -> Self {
        match e {
            StoreError::NotFound => Self::new(Code::NotFound, "Nothing has this id."),
            StoreError::Refused(why) => Self::new(Code::Unprocessable, why),
            StoreError::BadData(cause) => {
                tracing::warn!(cause, "the store refused values of a request");
                Self::new(Code::Unprocessable, "The store refuses these values.")
            }
            StoreError::Unavailable(cause) | StoreError::TryAgain(cause) => {
                tracing::warn!(cause, "the store did not answer a request");
                let sentence = "The store cannot be reached now. Nothing was changed; try again soon.";
                Self::new(Code::Unavailable, sentence).retry_after(5)
            }
            StoreError::Conflict(cause) | StoreError::Fault(cause) => Self::internal(cause),
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        let body = ProblemJson {
            kind: format!("/docs/errors#{}", self.code.number()),
            title: self.code.title().to_owned(),
            status: self.code.status().as_u16(),
            detail: self.detail.clone(),
            code: self.code.number().to_owned(),
            errors: self.errors.clone(),
            request_id: request::current_id(),
        };
        let mut response = HttpResponse::build(self.code.status());
        if let Some(seconds) = self.retry_after_s {
            response.insert_header(("Retry-After", seconds.to_string()));
        }
        let text = serde_json::to_string(&body).unwrap_or_default();
        response
            .insert_header(ContentType("application/problem+json".parse().unwrap_or(mime_json())))
            .body(text)
    }
}

fn mime_json() -> actix_web::mime::Mime {
    actix_web::mime::APPLICATION_JSON
}

/// The reference of errors, as Markdown.
pub fn reference() -> String {
    let mut text = String::from(
        "# Errors\n\nEvery error is `application/problem+json` (RFC 9457) with `code`, `title`, `detail`, `status` \
         and `request_id`. The code is stable; the sentence in `detail` is for people and may change.\n\n\
         | code | status | title | what to do |\n|---|---|---|---|\n",
    );
    for code in Code::ALL {
        let _ = writeln!(
            text,
            "| <a id=\"{n}\"></a>{n} | {} | {} | {} |",
            code.status().as_u16(),
            code.title(),
            code.doc(),
            n = code.number()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_and_the_body_holds_no_cause() {
        let mut numbers: Vec<_> = Code::ALL.iter().map(|c| c.number()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), Code::ALL.len());
        let e = ApiError::from(StoreError::Unavailable("password of db1 refused".into()));
        assert_eq!(e.status_code(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(!e.to_string().contains("password"));
    }
}
