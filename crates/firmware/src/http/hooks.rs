//! The push webhook of a repository's server: it says that there is something new, signed with the hook's secret.

use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use fairlead_web::{ApiError, Code};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::service::Firmware;

/// Most bytes of a hook's body: what servers send of a large push.
pub(super) const MOST_BODY: usize = 4 << 20;

/// Headers with the body's HMAC-SHA-256 in hexadecimal: GitHub (and others in its manner, with `sha256=` before it), Gitea,
/// Forgejo, Gogs.
const SIGNED: [&str; 4] =
    ["X-Hub-Signature-256", "X-Gitea-Signature", "X-Forgejo-Signature", "X-Gogs-Signature"];

/// GitLab sends the secret itself.
const TOKEN: &str = "X-Gitlab-Token";

/// Takes a signed push webhook (GitHub, Gitea, Forgejo, GitLab): the repository is fetched soon. Needs no session.
#[utoipa::path(post, path = "/api/v1/firmware/hooks/{name}", tag = "firmware", params(("name" = String, Path)),
    request_body(content = Vec<u8>, content_type = "application/json"),
    responses((status = 202, description = "It is fetched soon"),
        (status = 403, description = "The signature is not the secret's", body = fairlead_web::error::ProblemJson),
        (status = 404, description = "There is no such repository, or no hook for it",
            body = fairlead_web::error::ProblemJson)))]
pub(crate) async fn push(
    request: HttpRequest,
    state: Data<Firmware>,
    name: Path<String>,
    body: Bytes,
) -> Result<HttpResponse, ApiError> {
    // One answer for both: a stranger learns no names.
    let mirror = state.mirrors.get(&name).filter(|mirror| !mirror.source.webhook_secret.is_empty());
    let mirror = mirror.ok_or_else(|| ApiError::new(Code::NotFound, "There is no such hook."))?;
    let secret = mirror.source.webhook_secret.expose().as_bytes();
    if !is_signed(&request, secret, &body) {
        tracing::warn!(source = mirror.source.name, "a webhook came with a wrong signature, or with none");
        return Err(ApiError::new(
            Code::NotAllowed,
            "The signature is missing or was not made with this hook's secret.",
        ));
    }
    // Told again before it was fetched, it is fetched once; and never sooner than a few seconds after the last time.
    mirror.wanted.notify_one();
    Ok(HttpResponse::Accepted().finish())
}

fn is_signed(request: &HttpRequest, secret: &[u8], body: &[u8]) -> bool {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some(token) = header(TOKEN) {
        // Of two hashes, how far they are equal tells nothing.
        return Sha256::digest(token) == Sha256::digest(secret);
    }
    let Some(given) = SIGNED.iter().find_map(|name| header(name)) else { return false };
    let digits = given.strip_prefix("sha256=").unwrap_or(given);
    let (Ok(given), Ok(mut mac)) = (hex::decode(digits), Hmac::<Sha256>::new_from_slice(secret)) else {
        return false;
    };
    mac.update(body);
    mac.verify_slice(&given).is_ok()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    /// From GitHub's documentation of its webhooks: secret, body and signature.
    const SECRET: &[u8] = b"It's a Secret to Everybody";
    const SIGNATURE: &str = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn with(name: &'static str, value: &str) -> HttpRequest {
        TestRequest::post().insert_header((name, value.to_owned())).to_http_request()
    }

    #[test]
    fn each_servers_way_to_sign_is_known_and_no_other() {
        let body = b"Hello, World!";
        assert!(is_signed(&with("X-Hub-Signature-256", &format!("sha256={SIGNATURE}")), SECRET, body));
        assert!(is_signed(&with("X-Gitea-Signature", SIGNATURE), SECRET, body));
        assert!(is_signed(&with("X-Gitlab-Token", "It's a Secret to Everybody"), SECRET, body));
        assert!(!is_signed(&with("X-Gitlab-Token", "It's a Secret"), SECRET, body));
        assert!(!is_signed(&with("X-Hub-Signature-256", &format!("sha256={SIGNATURE}")), SECRET, b"Hello"));
        assert!(!is_signed(&with("X-Hub-Signature-256", "sha256="), SECRET, body));
        assert!(!is_signed(&with("X-Hub-Signature", SIGNATURE), SECRET, body), "SHA-1 is not taken");
        assert!(!is_signed(&TestRequest::post().to_http_request(), SECRET, body));
    }
}
