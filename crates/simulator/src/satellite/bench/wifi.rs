//! The device's radio network: what it knows, what it is on, and what is in reach.

use super::device::Step;
use super::python::{single, single_or_none, truth};

/// A network in reach of the bench.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Network {
    ssid: String,
    password: String,
}

/// Networks as a device sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wifi {
    stored: Option<Network>,
    on: Option<String>,
    access_point: Option<String>,
    mac: String,
    /// The last number of its address.
    host: u8,
    in_reach: Vec<Network>,
}

impl Wifi {
    /// On the network `ssid`, which it has stored; other networks are in reach with [`Wifi::reaches`].
    pub fn on(ssid: &str, password: &str, host: u8) -> Self {
        let network = Network { ssid: ssid.to_owned(), password: password.to_owned() };
        Self {
            stored: Some(network.clone()),
            on: Some(ssid.to_owned()),
            access_point: None,
            mac: format!("24:0a:c4:5e:19:{host:02x}"),
            host,
            in_reach: vec![network],
        }
    }

    /// Another network in reach.
    #[must_use]
    pub fn reaches(mut self, ssid: &str, password: &str) -> Self {
        self.in_reach.push(Network { ssid: ssid.to_owned(), password: password.to_owned() });
        self
    }

    /// With its own access point up, under this name.
    #[must_use]
    pub fn with_access_point(mut self, ssid: &str) -> Self {
        self.access_point = Some(ssid.to_owned());
        self
    }

    /// The networks as `["GET","wifi",[]]` shows them: nine lines, ten with the access point up.
    pub(super) fn lines(&self) -> Vec<String> {
        let stored = self.stored.as_ref().map(|network| network.ssid.as_str());
        let address = self.on.is_some().then(|| format!("192.168.4.{}", self.host));
        let router = self.on.is_some().then_some("192.168.4.1");
        let mut lines = vec![
            single_or_none("wifi/stored/ssid", stored),
            single("wifi/ap/active", truth(self.access_point.is_some())),
        ];
        lines.extend(self.access_point.as_ref().map(|ssid| single("wifi/ap/ssid", ssid)));
        lines.extend([
            single("wifi/net/active", "True"),
            single("wifi/net/mac", &self.mac),
            single_or_none("wifi/net/ap", self.on.as_deref()),
            single("wifi/net/connected", truth(self.on.is_some())),
            single_or_none("wifi/net/ip", address.as_deref()),
            single_or_none("wifi/net/gw", router),
            single_or_none("wifi/net/dns", router),
        ]);
        lines
    }

    /// Stores a network for the next start.
    pub(super) fn store(&mut self, ssid: &str, password: &str) -> Step {
        self.stored = Some(Network { ssid: ssid.to_owned(), password: password.to_owned() });
        Step::Say(single("wifi/stored/ssid", ssid))
    }

    /// Tries a network: what is said after the scan.
    pub(super) fn test(&self, ssid: &str, password: &str) -> Vec<Step> {
        let Some(network) = self.in_reach.iter().find(|network| network.ssid == ssid) else {
            return vec![
                Step::Say(single("wifi/test/result", "Fail")),
                Step::Say(single("info", &format!("Network {ssid} Not Found"))),
            ];
        };
        let connected = network.password == password;
        let mut said =
            vec![single("wifi/sta/new_test", ssid), single("wifi/sta/connected", truth(connected))];
        if connected {
            said.push(single("wifi/sta/ip", &format!("192.168.7.{}", self.host)));
            said.push(single("wifi/sta/gw", "192.168.7.1"));
            said.push(single("wifi/sta/dns", "192.168.7.1"));
        }
        said.push(single("wifi/test/result", if connected { "Success" } else { "Fail" }));
        said.into_iter().map(Step::Say).collect()
    }

    /// What a start makes of it: the stored network is joined where it is in reach and its password is right.
    /// `false` where the device has no network then.
    pub(super) fn join(&mut self) -> bool {
        let stored = self.stored.as_ref().filter(|stored| self.in_reach.contains(stored));
        self.on = stored.map(|network| network.ssid.clone());
        self.on.is_some()
    }

    /// What somebody does who connects to the device's own access point: it knows the bench's network again.
    pub(super) fn mend(&mut self) {
        self.stored = self.in_reach.first().cloned();
    }
}
