//! Pushes built as the provider builds them: what a simulated provider posts.

use fairlead_model::{Imei, Latitude, Longitude, Time};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::transmit_time::format_transmit_time;

/// What the provider leaves unencoded in a form (captures).
const FORM_ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'*');
/// `device_type` in every capture.
const DEVICE_TYPE: &str = "ROCKBLOCK";

/// The content of a push.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields {
    /// The modem.
    pub imei: Imei,
    /// The provider's serial number of the modem.
    pub serial: u32,
    /// The modem's message number.
    pub momsn: u16,
    /// When the network took the message; whole seconds of the years 2000 to 2099 survive.
    pub transmitted_at: Time,
    /// The network's estimate, degrees north; four decimals survive.
    pub latitude: Latitude,
    /// The network's estimate, degrees east; four decimals survive.
    pub longitude: Longitude,
    /// The estimate's circular error probable in kilometres; one decimal survives.
    pub cep_km: f64,
    /// How the session ended; some pushes do not tell.
    pub session_status: Option<i32>,
    /// The payload; empty for a mailbox check.
    pub payload: Vec<u8>,
}

impl Fields {
    /// The push as a form, in the captured order and encoded once.
    pub fn form_body(&self) -> String {
        let pair =
            |(name, value): (&str, String)| format!("{name}={}", utf8_percent_encode(&value, FORM_ENCODED));
        self.texts().into_iter().map(pair).collect::<Vec<_>>().join("&")
    }

    /// The push as JSON, in the captured order, numbers as numbers, with the token if there is one.
    pub fn json_body(&self, jwt: Option<&str>) -> String {
        let body = JsonBody {
            imei: self.imei,
            device_type: DEVICE_TYPE,
            serial: self.serial,
            momsn: self.momsn,
            transmit_time: format_transmit_time(self.transmitted_at),
            iridium_latitude: rounded(self.latitude.degrees(), 1e4),
            iridium_longitude: rounded(self.longitude.degrees(), 1e4),
            iridium_cep: rounded(self.cep_km, 10.0),
            iridium_session_status: self.session_status,
            data: hex::encode(&self.payload),
            jwt,
        };
        // Texts and numbers always serialise; a CEP that is not finite becomes `null`.
        serde_json::to_string(&body).unwrap_or_default()
    }

    /// Names and texts in the captured order.
    pub(super) fn texts(&self) -> Vec<(&'static str, String)> {
        let mut texts = vec![
            ("imei", self.imei.to_string()),
            ("device_type", DEVICE_TYPE.to_owned()),
            ("serial", self.serial.to_string()),
            ("momsn", self.momsn.to_string()),
            ("transmit_time", format_transmit_time(self.transmitted_at)),
            ("iridium_latitude", format!("{:.4}", self.latitude.degrees())),
            ("iridium_longitude", format!("{:.4}", self.longitude.degrees())),
            ("iridium_cep", format!("{:.1}", self.cep_km)),
        ];
        texts.extend(self.session_status.map(|status| ("iridium_session_status", status.to_string())));
        texts.push(("data", hex::encode(&self.payload)));
        texts
    }
}

fn rounded(value: f64, scale: f64) -> f64 {
    (value * scale).round() / scale
}

#[derive(Serialize)]
struct JsonBody<'a> {
    imei: Imei,
    device_type: &'static str,
    serial: u32,
    momsn: u16,
    transmit_time: String,
    iridium_latitude: f64,
    iridium_longitude: f64,
    iridium_cep: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    iridium_session_status: Option<i32>,
    data: String,
    #[serde(rename = "JWT", skip_serializing_if = "Option::is_none")]
    jwt: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Fields {
        Fields {
            imei: "300434063836590".parse().unwrap(),
            serial: 12345,
            momsn: 17,
            transmitted_at: Time::parse_rfc3339("2022-02-01T22:22:40Z").unwrap(),
            latitude: Latitude::new(-31.405).unwrap(),
            longitude: Longitude::new(-64.1).unwrap(),
            cep_km: 8.0,
            session_status: None,
            payload: b"0123456789abcdef0123456789abcdef0123".to_vec(),
        }
    }

    #[test]
    fn a_form_has_the_captured_order_encoding_and_size() {
        let body = fields().form_body();
        assert_eq!(
            body,
            "imei=300434063836590&device_type=ROCKBLOCK&serial=12345&momsn=17\
             &transmit_time=22-02-01%2022%3A22%3A40&iridium_latitude=-31.4050&iridium_longitude=-64.1000\
             &iridium_cep=8.0&data=303132333435363738396162636465663031323334353637383961626364656630313233"
        );
        // 249 bytes were captured for 36 bytes of payload.
        assert_eq!(body.len(), 249);
    }

    #[test]
    fn json_has_the_captured_order_and_types() {
        let mut fields = fields();
        fields.session_status = Some(2);
        fields.payload = b"PK".to_vec();
        assert_eq!(
            fields.json_body(Some("a.b.c")),
            r#"{"imei":"300434063836590","device_type":"ROCKBLOCK","serial":12345,"momsn":17,"transmit_time":"22-02-01 22:22:40","iridium_latitude":-31.405,"iridium_longitude":-64.1,"iridium_cep":8.0,"iridium_session_status":2,"data":"504b","JWT":"a.b.c"}"#
        );
        assert!(!fields.json_body(None).contains("JWT"));
    }
}
