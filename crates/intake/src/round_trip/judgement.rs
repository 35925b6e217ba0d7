//! What the answer to a test push, or the want of one, says about the way.

use std::error::Error;
use std::io;
use std::net::IpAddr;

use fairlead_model::Trust;
use fairlead_web::Code;
use reqwest::Url;
use serde::Deserialize;
use url::Host;

use super::{HIDDEN, PATIENCE, RoundTrip};

/// Most characters of somebody else's words that are passed on.
const LONGEST_QUOTE: usize = 300;

/// What came back.
pub(super) enum Answer {
    /// Nothing, and why.
    None(Silence),
    /// These.
    Read { status: u16, location: Option<String>, body: String },
}

/// Why nothing came back.
pub(super) enum Silence {
    Refused,
    NoSuchName,
    NoTls(String),
    TooLate,
    Broken(String),
}

/// What of an error's body is looked at.
#[derive(Deserialize)]
struct Problem {
    code: String,
    detail: String,
}

impl RoundTrip {
    /// Whether all is well, and a sentence about it.
    pub(super) fn judge(&self, url: &Url, answer: &Answer) -> (bool, String) {
        let place = place(url);
        let (status, location, body) = match answer {
            Answer::None(silence) => return (false, silence.sentence(&place)),
            Answer::Read { status, location, body } => (*status, location, body),
        };
        if (300..400).contains(&status) {
            let to = location.as_ref().map_or("nowhere".to_owned(), |to| self.quote(to));
            return (
                false,
                format!(
                    "{place} redirects to {to}, and the provider does not follow. Set `http.public_url` to the address \
                     that answers by itself."
                ),
            );
        }
        if status == 200 && body == "OK" {
            return within_reach(url, "The push arrived and was taken.");
        }
        match serde_json::from_str::<Problem>(body) {
            Ok(problem) if problem.code == Code::Untrusted.number() => self.held(url, &problem.detail),
            Ok(problem) if problem.code == Code::NotFound.number() => (
                false,
                format!(
                    "A Fairlead answers at {place}, but not its intake: let the proxy hand /rockblock/ to it."
                ),
            ),
            Ok(problem) if problem.code.starts_with("FL-") => {
                (false, format!("Fairlead answered {status}: {}", self.quote(&problem.detail)))
            }
            _ if matches!(status, 502..=504) => (
                false,
                format!(
                    "A proxy answers at {place}, and the intake does not answer the proxy (status {status})."
                ),
            ),
            _ => (
                false,
                format!(
                    "What answers at {place} is not Fairlead (status {status}). Set `http.public_url` to the address \
                     under which people reach the pages."
                ),
            ),
        }
    }

    /// It came to the door and was not let in, which may be right.
    fn held(&self, url: &Url, detail: &str) -> (bool, String) {
        match self.require {
            Trust::Signed => within_reach(
                url,
                "The push arrived and was not let in, as it should be: `intake.rockblock.require_trust` asks for a \
                 signature, and only the provider can sign.",
            ),
            Trust::ListedAddress => within_reach(
                url,
                "The push arrived and was not let in, as it should be: it came from this server, and \
                 `intake.rockblock.allow_list` names the provider's addresses.",
            ),
            Trust::SecretPath if self.secret_path.is_empty() => (
                false,
                "The push arrived and was not let in: `intake.rockblock.require_trust` asks for a secret path, and \
                 `intake.rockblock.secret_path` is empty."
                    .to_owned(),
            ),
            Trust::SecretPath | Trust::Unsigned => {
                let said = self.quote(detail);
                (false, format!("The Fairlead at {} is set otherwise than this one. It says: {said}", place(url)))
            }
        }
    }

    /// Somebody else's words in a sentence of ours.
    fn quote(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if !self.secret_path.is_empty() {
            text = text.replace(self.secret_path.expose(), HIDDEN);
            // In an address it may be written otherwise.
            if let Some(written) = self.url().as_ref().and_then(|url| url.path_segments()?.next_back()) {
                text = text.replace(written, HIDDEN);
            }
        }
        text.chars().filter(|c| !c.is_control()).take(LONGEST_QUOTE).collect()
    }
}

impl Silence {
    pub(super) fn of(error: &reqwest::Error, url: &Url) -> Self {
        if error.is_timeout() {
            return Self::TooLate;
        }
        let causes = || std::iter::successors(error.source(), |&cause| cause.source());
        let innermost = causes().last().map(ToString::to_string).unwrap_or_default();
        // An error of the machine has a number; one of TLS comes as an error of the stream, without one.
        let of_machine = causes()
            .filter_map(|cause| cause.downcast_ref::<io::Error>())
            .find(|cause| cause.raw_os_error().is_some());
        match of_machine {
            Some(cause) if cause.kind() == io::ErrorKind::ConnectionRefused => Self::Refused,
            Some(_) => Self::Broken(innermost),
            None if causes().any(|cause| cause.to_string() == "dns error") => Self::NoSuchName,
            None if error.is_connect() && url.scheme() == "https" => Self::NoTls(innermost),
            None => Self::Broken(innermost),
        }
    }

    fn sentence(&self, place: &str) -> String {
        /// A fault of the way there may be one of the way from here alone.
        const FROM_HERE: &str = "Some routers do not let a server reach its own public address; then only the provider can try it.";
        match self {
            Self::Refused => format!("Nothing listens at {place}: the connection was refused. {FROM_HERE}"),
            Self::NoSuchName => format!("The name in {place} is not known to this server's DNS."),
            Self::NoTls(why) => format!(
                "No TLS with {place}: {why}. The provider needs a certificate of an authority that everybody trusts."
            ),
            Self::TooLate => {
                format!("{place} did not answer within {} s. {FROM_HERE}", PATIENCE.as_secs())
            }
            Self::Broken(why) => format!("The connection to {place} broke off: {why}."),
        }
    }
}

/// Host and port, as a person types them.
fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// All is well, unless nobody outside can come this way.
fn within_reach(url: &Url, well: &str) -> (bool, String) {
    let is_near = match url.host() {
        Some(Host::Ipv4(ip)) => is_near(ip.into()),
        Some(Host::Ipv6(ip)) => is_near(ip.into()),
        Some(Host::Domain(name)) => {
            name == "localhost" || name.ends_with(".localhost") || !name.contains('.')
        }
        None => true,
    };
    if !is_near {
        return (true, well.to_owned());
    }
    let sentence = format!(
        "{well} But the provider cannot reach {}: set `http.public_url` to an address that the whole internet reaches.",
        place(url)
    );
    (false, sentence)
}

/// Whether an address means another machine, or none, to somebody out in the internet.
fn is_near(address: IpAddr) -> bool {
    // IPv4 written as IPv6 is what it was.
    match address.to_canonical() {
        IpAddr::V4(ip) => {
            ip.is_unspecified()
                || ip.is_loopback()
                || ip.is_private()
                || ip.is_link_local()
                // 100.64.0.0/10: behind the address that a network's customers share.
                || matches!(ip.octets(), [100, 64..=127, ..])
        }
        IpAddr::V6(ip) => {
            ip.is_unspecified() || ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::round_trip::tests::set;
    use crate::settings::RockblockSettings;

    #[test]
    fn well_is_what_the_provider_can_do_too() {
        let taken = || Answer::Read { status: 200, location: None, body: "OK".to_owned() };
        let judge = |url: &str, answer: &Answer, settings: &RockblockSettings| {
            RoundTrip::new(url, settings).judge(&Url::parse(url).unwrap(), answer)
        };
        let plain = set("", Trust::Unsigned);
        let (ok, sentence) = judge("https://fleet.example.org", &taken(), &plain);
        assert_eq!((ok, sentence.as_str()), (true, "The push arrived and was taken."));
        for far in
            ["http://1.2.3.4:8080", "http://100.128.0.1", "http://[::ffff:1.2.3.4]", "http://[2606::1]"]
        {
            assert!(judge(far, &taken(), &plain).0, "{far}");
        }
        for near in [
            "http://127.0.0.1:8080",
            "http://[::1]",
            "http://192.168.1.2",
            "http://0.0.0.0:8080",
            "http://[::]:8080",
            "http://100.64.0.1",
            "http://100.127.255.254",
            "http://[::ffff:192.168.1.2]",
            "http://[::ffff:100.100.0.1]",
            "http://localhost",
            "http://buoys",
        ] {
            let (ok, sentence) = judge(near, &taken(), &plain);
            assert!(!ok && sentence.contains("taken. But the provider cannot reach"), "{near}: {sentence}");
        }
        let body = format!(r#"{{"code":"{}","detail":"No."}}"#, Code::Untrusted.number());
        let held = Answer::Read { status: 401, location: None, body };
        for (secret, require, ok, wanted) in [
            (
                "",
                Trust::Signed,
                true,
                "as it should be: `intake.rockblock.require_trust` asks for a signature",
            ),
            ("", Trust::ListedAddress, true, "as it should be: it came from this server"),
            ("", Trust::SecretPath, false, "`intake.rockblock.secret_path` is empty"),
            ("abc", Trust::SecretPath, false, "set otherwise than this one. It says: No."),
        ] {
            let (well, sentence) = judge("https://fleet.example.org", &held, &set(secret, require));
            assert!(well == ok && sentence.contains(wanted), "{require}: {sentence}");
        }
    }
}
