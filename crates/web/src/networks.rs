//! Networks of addresses, and the proxies whose word about an address is believed.

use std::net::IpAddr;

use ipnet::IpNet;

/// A list of networks.
#[derive(Clone, Debug, Default)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Reads networks and single addresses, as `212.71.235.0/24` or `::1`.
    ///
    /// # Errors
    /// A sentence that names the setting.
    pub fn parse(setting: &str, list: &[String]) -> Result<Self, String> {
        let parse = |text: &String| {
            let single = text.parse::<IpAddr>().map(IpNet::from);
            single
                .or_else(|_| text.parse())
                .map_err(|_| format!("{setting}: `{text}` is no network; an example is 212.71.235.32/32"))
        };
        list.iter().map(parse).collect::<Result<_, _>>().map(Self)
    }

    /// Whether an address is in one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// The proxies in front: those of the settings, and always this machine.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(pub Networks);

impl TrustedProxies {
    /// The address from which `peer` has what it sends: its own, or the one that trusted proxies name.
    pub fn see_through(&self, peer: IpAddr, forwarded_for: &str) -> IpAddr {
        // A socket for both versions shows an IPv4 peer as an IPv6 address.
        let mut address = peer.to_canonical();
        // From the nearest hop outwards, as long as the hop that says so is a trusted proxy.
        for hop in forwarded_for.rsplit(',') {
            if !(address.is_loopback() || self.0.contains(address)) {
                break;
            }
            let Ok(next) = hop.trim().parse::<IpAddr>() else { break };
            address = next.to_canonical();
        }
        address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_no_network_is_refused_with_a_sentence() {
        let parse = |text: &str| Networks::parse("http.trusted_proxies", &[text.to_owned()]);
        assert!(parse("10.0.0.0/8").unwrap().contains(ip("10.1.2.3")));
        assert!(!parse("10.0.0.1").unwrap().contains(ip("10.0.0.2")));
        assert!(parse("fd00::/8").unwrap().contains(ip("fd00::1")));
        for wrong in ["", "10.0.0.0/33", "proxy"] {
            let sentence = parse(wrong).unwrap_err();
            assert!(sentence.starts_with(&format!("http.trusted_proxies: `{wrong}` is no")), "{sentence}");
        }
    }

    #[test]
    fn an_address_is_believed_as_far_as_proxies_vouch_for_it() {
        let networks = Networks::parse("http.trusted_proxies", &["172.30.7.0/24".to_owned()]).unwrap();
        let proxies = TrustedProxies(networks);
        for (peer, forwarded_for, wanted) in [
            ("172.30.7.9", "1.2.3.4", "1.2.3.4"),
            ("172.30.7.9", "6.6.6.6, 1.2.3.4", "1.2.3.4"),
            ("172.30.7.9", "1.2.3.4, 172.30.7.2", "1.2.3.4"),
            ("172.30.7.9", "", "172.30.7.9"),
            ("172.30.7.9", "1.2.3.4, nobody", "172.30.7.9"),
            ("172.30.8.9", "1.2.3.4", "172.30.8.9"),
            ("127.0.0.1", "1.2.3.4", "1.2.3.4"),
            ("::1", "2001:db8::1", "2001:db8::1"),
            ("::ffff:127.0.0.1", "::ffff:1.2.3.4", "1.2.3.4"),
            ("::ffff:172.30.7.9", "1.2.3.4", "1.2.3.4"),
        ] {
            let found = proxies.see_through(ip(peer), forwarded_for);
            assert_eq!(found, ip(wanted), "{peer}: {forwarded_for}");
        }
    }
}
