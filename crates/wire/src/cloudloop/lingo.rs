//! JSON (Lingo): one nested object for each message, whatever network it came by.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::Push;
use super::push::{ID, retell_time};
use crate::excerpt::excerpt;
use crate::rockblock::body::{RawFields, json_fields};
use crate::rockblock::push::{integer, name};
use crate::rockblock::{Fault, NoImei, Push as Sbd};

/// The word for a session that went well.
const STATUS_OK: &str = "SESSION_STATUS_OK";
/// Base64 as Java and Go write it, with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An object within the object; empty where there is none.
struct Object(RawFields<'static>);

impl Object {
    fn of(fields: &RawFields<'_>, name: &str) -> Self {
        let text = text(fields, name).unwrap_or_default();
        Self(json_fields(text.as_bytes()).unwrap_or_default())
    }

    fn object(&self, name: &str) -> Self {
        Self::of(&self.0, name)
    }

    fn text(&self, name: &str) -> Option<String> {
        text(&self.0, name)
    }
}

/// Whether a body is in this format: the older ones have no object in them.
pub(super) fn is_lingo(fields: &RawFields<'_>) -> bool {
    fields.pairs.iter().any(|(name, value)| {
        matches!(name.as_ref(), "sbd" | "identity" | "receivedAt") && value.trim_start().starts_with('{')
    })
}

/// Reads what Lingo tells of an SBD session.
pub(super) fn read(fields: &RawFields<'_>) -> Result<Push, NoImei> {
    let (sbd, identity) = (Object::of(fields, "sbd"), Object::of(fields, "identity"));
    let (hardware, location) = (identity.object("hardware"), sbd.object("location"));
    let time = moment(&sbd.object("sessionAt")).or_else(|| moment(&Object::of(fields, "receivedAt")));
    let (id, thing_id, mtmsn) = (text(fields, ID), identity.text("thingId"), sbd.text("mtmsn"));
    let status = sbd.text("status");
    let message = text(fields, "message").unwrap_or_default();
    let payload = BASE64.decode(message.trim()).ok();
    let imei = sbd.text("imei").or_else(|| hardware.text("imei")).or_else(|| identity.text("identifier"));
    let told = [
        (name::IMEI, imei),
        (name::DEVICE_TYPE, hardware.text("type")),
        (name::SERIAL, hardware.text("serial")),
        (name::MOMSN, sbd.text("momsn")),
        (name::TRANSMIT_TIME, time.clone()),
        (name::LATITUDE, location.text("latitude")),
        (name::LONGITUDE, location.text("longitude")),
        (name::CEP, location.text("cep")),
        (name::SESSION_STATUS, status.as_deref().filter(|word| *word == STATUS_OK).map(|_| "0".to_owned())),
        (name::DATA, Some(payload.as_ref().map_or_else(|| message.clone(), hex::encode))),
        (ID, id.clone()),
        ("sbd.cdrReference", sbd.text("cdrReference")),
        ("sbd.mtmsn", mtmsn.clone()),
        ("sbd.status", status),
        ("identity.thingId", thing_id.clone()),
        ("identity.accountId", identity.text("accountId")),
        ("identity.subscriber.description", identity.object("subscriber").text("description")),
        ("signature", text(fields, "signature")),
    ];
    let pairs = told.into_iter().filter_map(|(name, value)| Some((name.into(), value?.into()))).collect();
    let mut sbd = Sbd::from_fields(RawFields { pairs, cut: fields.cut })?;
    retell_time(&mut sbd, time);
    if payload.is_none() {
        not_base64(&mut sbd, &message);
    }
    Ok(Push { id, mtmsn: mtmsn.as_deref().and_then(integer), thing_id, sbd })
}

/// What was no base64 may by chance be hexadecimal: it was not meant so.
fn not_base64(sbd: &mut Sbd, message: &str) {
    sbd.payload = None;
    sbd.faults.retain(|fault| {
        !matches!(fault, Fault::Unreadable { field: name::DATA, .. } | Fault::TooLong { .. })
    });
    sbd.faults.push(Fault::Unreadable { field: "message", found: excerpt(message), wanted: "base64" });
}

fn text(fields: &RawFields<'_>, wanted: &str) -> Option<String> {
    let found = fields.pairs.iter().find(|(name, _)| name == wanted)?;
    Some(found.1.to_string()).filter(|text| !text.trim().is_empty())
}

/// `{year, month, day, hour, minute, second}` as the old platform writes a time; what is no time stays readable.
fn moment(at: &Object) -> Option<String> {
    let part = |name| at.text(name).as_deref().and_then(integer::<u16>);
    let year = part("year")?;
    // Zero is left out by some writers of such objects.
    let [month, day, hour, minute, second] =
        ["month", "day", "hour", "minute", "second"].map(|name| part(name).unwrap_or(0));
    let rest = format!("-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
    Some(match year {
        2000..=2099 => format!("{:02}{rest}", year - 2000),
        _ => format!("{year}{rest}"),
    })
}
