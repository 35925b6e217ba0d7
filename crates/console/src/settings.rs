//! The console's settings.

use fairlead_runtime::ServiceSettings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `[console]`
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Address and port of the console's own binary.
    pub listen: String,
    /// Print a one-time sign-in link at start, as long as there is no administrator who has a password.
    pub print_link: bool,
    /// How long that link is good for, in minutes.
    pub link_minutes: u32,
    /// How long the link is good for that a person is invited with, in hours.
    pub invitation_hours: u32,
    /// How long a session lasts, in hours.
    pub session_hours: u32,
    /// Map tiles below the tracks, as `https://tiles.example.org/{z}/{x}/{y}.png`. Empty: the map that is built in,
    /// and nothing is asked of another host.
    pub tiles_url: String,
    /// What the makers of the tiles want said on the map.
    pub tiles_attribution: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8084".to_owned(),
            print_link: true,
            link_minutes: 60,
            invitation_hours: 72,
            session_hours: 24 * 14,
            tiles_url: String::new(),
            tiles_attribution: String::new(),
        }
    }
}

/// Map tiles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Tiles {
    /// Their address, with `{z}`, `{x}` and `{y}`.
    pub(crate) url: String,
    /// What their makers want said on the map.
    pub(crate) attribution: String,
}

impl Settings {
    /// The map tiles, where there are some.
    ///
    /// # Errors
    /// A sentence where the address is none of tiles.
    pub(crate) fn tiles(&self) -> Result<Option<Tiles>, String> {
        let url = self.tiles_url.trim();
        if url.is_empty() {
            return Ok(None);
        }
        let is_one = origin(url).is_some() && ["{z}", "{x}", "{y}"].iter().all(|part| url.contains(part));
        if !is_one {
            return Err(format!("console.tiles_url is like https://host/{{z}}/{{x}}/{{y}}.png, not `{url}`"));
        }
        Ok(Some(Tiles { url: url.to_owned(), attribution: self.tiles_attribution.clone() }))
    }
}

impl Tiles {
    /// From where they are loaded, for the Content-Security-Policy.
    pub(crate) fn origin(&self) -> &str {
        origin(&self.url).unwrap_or_default()
    }
}

/// Scheme, host and port, where they hold nothing that a policy could be led astray with.
fn origin(url: &str) -> Option<&str> {
    let host_at = url.find("://")? + 3;
    let end = url.get(host_at..)?.find('/').map(|n| host_at + n)?;
    let (scheme, host) = (url.get(..host_at)?, url.get(host_at..end)?);
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-:".contains(c);
    let is_one = matches!(scheme, "https://" | "http://") && !host.is_empty() && host.chars().all(plain);
    if is_one { url.get(..end) } else { None }
}

impl ServiceSettings for Settings {
    fn listen(&self) -> &str {
        &self.listen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_have_an_address_that_fits_a_policy() {
        let tiles = |url: &str| Settings { tiles_url: url.to_owned(), ..Default::default() }.tiles();
        assert_eq!(tiles(""), Ok(None));
        let some = tiles("https://tiles.example.org:8443/{z}/{x}/{y}.png?key=1").unwrap().unwrap();
        assert_eq!(some.origin(), "https://tiles.example.org:8443");
        for wrong in [
            "tiles.example.org/{z}/{x}/{y}.png",
            "https://tiles.example.org/{z}/{x}.png",
            "https://*/{z}/{x}/{y}.png",
            "https://a b; script-src 'unsafe-inline'/{z}/{x}/{y}",
            "data://x/{z}/{x}/{y}",
        ] {
            assert!(tiles(wrong).is_err(), "{wrong}");
        }
    }
}
