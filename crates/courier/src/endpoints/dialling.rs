//! Which addresses a webhook may be at. Whoever may set a webhook must not reach by it what only this machine can: so the
//! address that is really dialled is looked at, whatever its name said before.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use fairlead_web::networks::Networks;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// How long a name is looked up while somebody writes an endpoint down.
const LOOK_UP: Duration = Duration::from_secs(3);

/// The rule: public addresses, and those of the settings.
#[derive(Clone, Default)]
pub(crate) struct Dialling(Arc<Networks>);

impl Dialling {
    /// The rule with networks of the settings.
    ///
    /// # Errors
    /// A sentence about the setting.
    pub(crate) fn new(networks: &[String]) -> Result<Self, String> {
        Networks::parse("courier.webhook_networks", networks).map(|networks| Self(Arc::new(networks)))
    }

    /// Why an address is not dialled, in a sentence; nothing where it may be.
    pub(crate) fn refusal(&self, address: IpAddr) -> Option<String> {
        let address = address.to_canonical();
        (!is_public(address) && !self.0.contains(address)).then(|| {
            format!(
                "{address} is no public address, and no network of `courier.webhook_networks` has \
                 it."
            )
        })
    }

    /// Why the address in a URL is not dialled; nothing where it is public, or a name.
    pub(crate) fn refusal_of(&self, url: &Url) -> Option<String> {
        match url.host()? {
            Host::Ipv4(address) => self.refusal(address.into()),
            Host::Ipv6(address) => self.refusal(address.into()),
            Host::Domain(_) => None,
        }
    }

    /// The same for whoever writes an endpoint down: its name is looked up as well. A name that cannot be looked up now is
    /// no reason.
    pub(crate) async fn early_refusal_of(&self, url: &Url) -> Option<String> {
        let Some(Host::Domain(name)) = url.host() else { return self.refusal_of(url) };
        let port = url.port_or_known_default().unwrap_or(443);
        let found = tokio::time::timeout(LOOK_UP, tokio::net::lookup_host((name, port))).await;
        let found: Vec<SocketAddr> = found.ok()?.ok()?.collect();
        self.allowed(name, found).err()
    }

    /// Of the addresses of a name, those that may be dialled.
    fn allowed(&self, name: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, String> {
        let mut refused = None;
        let mut allowed = Vec::with_capacity(found.len());
        for address in found {
            match self.refusal(address.ip()) {
                None => allowed.push(address),
                Some(why) => refused = Some(why),
            }
        }
        match refused {
            Some(why) if allowed.is_empty() => Err(format!("{name} is not dialled: {why}")),
            _ => Ok(allowed),
        }
    }
}

impl Resolve for Dialling {
    fn resolve(&self, name: Name) -> Resolving {
        let dialling = self.clone();
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed = dialling.allowed(&name, found)?;
            Ok::<Addrs, Box<dyn std::error::Error + Send + Sync>>(Box::new(allowed.into_iter()))
        })
    }
}

/// Whether an address is one that the whole Internet sees alike (the registries of special addresses, RFC 6890 and later).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let is_special = match address.octets() {
        [0 | 10 | 127 | 224.., ..]
        | [169, 254, ..]
        | [192, 168, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => true,
        [100, second, ..] => second & 0b1100_0000 == 64,
        [172, second, ..] => second & 0b1111_0000 == 16,
        _ => false,
    };
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // Global unicast is 2000::/3; within it, what carries another address or is not routed.
    match address.segments() {
        // Teredo, ORCHID, benchmarking and the like; documentation; 6to4.
        [0x2001, second, ..] if second < 0x0200 || second == 0x0db8 => false,
        [0x2002, ..] => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_dialled() {
        let rule = Dialling::new(&[]).unwrap();
        for refused in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:10::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            let address: IpAddr = refused.parse().unwrap();
            assert!(rule.refusal(address).is_some(), "{refused}");
        }
        for dialled in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "169.253.1.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:1.1.1.1",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00:1450::1",
        ] {
            let address: IpAddr = dialled.parse().unwrap();
            assert!(rule.refusal(address).is_none(), "{dialled}");
        }
    }

    #[test]
    fn networks_of_the_settings_are_dialled_however_they_are_written() {
        let rule = Dialling::new(&["127.0.0.0/8".to_owned(), "fd00::/8".to_owned()]).unwrap();
        for (url, refused) in [
            ("http://127.0.0.1:80/", false),
            ("http://[::ffff:127.0.0.1]/", false),
            ("http://2130706433/", false),
            ("http://[fd00::1]/", false),
            ("http://[::1]/", true),
            ("http://0x0a000001/", true),
            ("http://10.0.0.1/", true),
            ("https://example.com/", false),
        ] {
            assert_eq!(rule.refusal_of(&Url::parse(url).unwrap()).is_some(), refused, "{url}");
        }
        assert!(Dialling::new(&["everywhere".to_owned()]).is_err());
    }

    #[test]
    fn a_name_is_dialled_where_one_of_its_addresses_is_public() {
        let rule = Dialling::new(&[]).unwrap();
        let at = |text: &str| SocketAddr::new(text.parse().unwrap(), 0);
        let mixed = vec![at("10.0.0.1"), at("1.1.1.1")];
        assert_eq!(rule.allowed("x", mixed).unwrap(), vec![at("1.1.1.1")]);
        let why = rule.allowed("inner.example", vec![at("10.0.0.1")]).unwrap_err();
        assert!(why.starts_with("inner.example is not dialled: 10.0.0.1 is no public"), "{why}");
    }
}
