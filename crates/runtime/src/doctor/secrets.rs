//! Passwords that everybody knows.

use fairlead_web::health::Check;

use super::address::is_loopback;

/// Whether a server on another machine is entered with a password that is none.
pub(super) fn servers(store: &str, bus: &str) -> Check {
    let weak: Vec<&str> = [("store.url", store), ("bus.url", bus)]
        .into_iter()
        .filter_map(|(setting, url)| is_default(url).then_some(setting))
        .collect();
    if weak.is_empty() {
        return Check::good(
            "secrets",
            "No server elsewhere is entered with a password that everybody knows.",
        );
    }
    let reason = format!(
        "The password in {} is empty, or the user's name, and the server is on another machine.",
        weak.join(" and in ")
    );
    Check::bad("secrets", reason).bearable().advice("Give Fairlead a user of its own there, with a password.")
}

/// An empty password, or one like `guest:guest`. On the same machine it is nobody else's.
fn is_default(url: &str) -> bool {
    let Ok(url) = url::Url::parse(url) else { return false };
    let Some(host) = url.host_str() else { return false };
    let password = url.password().unwrap_or_default();
    // A broker without a user is entered as guest.
    !is_loopback(host) && (password.is_empty() || password == url.username())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_password_is_found_where_others_can_use_it() {
        for url in
            ["mysql://root@db:3306/x", "mysql://root:@db/x", "amqp://guest:guest@broker", "amqp://broker"]
        {
            assert!(is_default(url), "{url}");
        }
        for url in [
            "",
            "local:",
            "sqlite:/a",
            "mysql://root@127.0.0.1/x",
            "amqp://guest:guest@[::1]/",
            "amqp://a:b@c",
        ] {
            assert!(!is_default(url), "{url}");
        }
        let found = servers("mysql://sea:sea@db/x", "amqp://guest:guest@broker");
        assert!(
            found.reason.contains("store.url and in bus.url") && !found.reason.contains("guest"),
            "{found:?}"
        );
    }
}
