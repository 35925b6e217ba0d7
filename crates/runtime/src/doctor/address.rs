//! Whether what people send can be read on the way.

use std::net::IpAddr;

use fairlead_web::health::Check;

use crate::settings::HttpSettings;

/// Passwords and tokens must not travel in the clear: an address that others reach has TLS, or a proxy that has it.
pub(super) fn encrypted(http: &HttpSettings, addresses: &[String]) -> Check {
    let open: Vec<&str> =
        addresses.iter().map(String::as_str).filter(|listen| !is_loopback(host(listen))).collect();
    if open.is_empty() {
        return Check::good("address", "Only this machine reaches it.");
    }
    let open = open.join(", ");
    if http.tls.is_set() {
        return Check::good("address", format!("{open}, over TLS."));
    }
    if http.public_url.starts_with("https://") {
        return Check::good("address", format!("{open}, for a proxy with TLS at {}.", http.public_url));
    }
    Check::bad("address", format!("Others can reach {open}, and there is no TLS.")).bearable().advice(
        "Set http.tls.cert and http.tls.key; or listen on 127.0.0.1 behind a proxy with TLS, and set http.public_url \
         to its https:// address.",
    )
}

/// The host of `host:port`.
fn host(listen: &str) -> &str {
    listen.rsplit_once(':').map_or(listen, |(host, _)| host)
}

/// Whether only this machine can mean `host`, with or without an IPv6 address's brackets.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(public_url: &str, addresses: &[&str]) -> Check {
        let http = HttpSettings { public_url: public_url.to_owned(), ..HttpSettings::default() };
        encrypted(&http, &addresses.iter().map(|&a| a.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn an_address_that_others_reach_needs_tls() {
        assert!(found("", &["127.0.0.1:80", "[::1]:80", "localhost:80"]).ok);
        assert!(found("https://sea.example", &["0.0.0.0:80"]).ok);
        for address in ["0.0.0.0:80", "[::]:80", "192.0.2.1:80", "buoys:80"] {
            let check = found("http://sea.example", &["127.0.0.1:80", address]);
            assert!(
                !check.ok && check.reason.contains(address) && !check.reason.contains("127"),
                "{check:?}"
            );
        }
    }
}
