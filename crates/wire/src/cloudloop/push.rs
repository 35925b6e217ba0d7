//! One push, and the two older formats, which keep the old platform's names.

use chrono::Datelike;

use crate::excerpt::excerpt;
use crate::rockblock::body::RawFields;
use crate::rockblock::push::name;
use crate::rockblock::{Fault, NoImei, Push as Sbd, format_transmit_time};
use crate::rockcore::parse_time;

/// The older formats' name of the estimate's radius.
const CEP: &str = "cep";
/// Years that two digits can say.
const CENTURY: std::ops::Range<i32> = 2000..2100;
/// The name of a message's id in every format.
pub(super) const ID: &str = "id";

/// What Cloudloop tells of one session of a modem.
#[derive(Clone, Debug, PartialEq)]
pub struct Push {
    /// Cloudloop's name of this message.
    pub id: Option<String>,
    /// The number of the MT message that the modem fetched in this session; 0 where it fetched none. The older
    /// formats do not tell. It says that *a* message was fetched, not which of ours.
    pub mtmsn: Option<u32>,
    /// Cloudloop's name of the modem, by which messages are sent to it.
    pub thing_id: Option<String>,
    /// The message. A session without one has an empty payload.
    pub sbd: Sbd,
}

/// A push in JSON (Core) or as a form.
pub(super) fn of_legacy(mut raw: RawFields<'_>) -> Result<Push, NoImei> {
    let text = |raw: &RawFields<'_>, wanted: &str| {
        raw.pairs.iter().find(|(name, _)| name == wanted).map(|(_, text)| text.to_string())
    };
    let id = text(&raw, ID).filter(|id| !id.trim().is_empty());
    let time = text(&raw, name::TRANSMIT_TIME);
    let has_cep = raw.pairs.iter().any(|(name, _)| name == name::CEP);
    for (name, value) in &mut raw.pairs {
        if name == CEP && !has_cep {
            *name = name::CEP.into();
        } else if name == name::TRANSMIT_TIME
            && let Some(time) = parse_time(value).filter(|time| CENTURY.contains(&time.date_time().year()))
        {
            *value = format_transmit_time(time).into();
        }
    }
    let mut sbd = Sbd::from_fields(raw)?;
    retell_time(&mut sbd, time);
    Ok(Push { id, mtmsn: None, thing_id: None, sbd })
}

/// The time is kept as it was pushed, and a fault names the form that this platform writes.
pub(super) fn retell_time(sbd: &mut Sbd, raw: Option<String>) {
    sbd.transmit_time_raw = raw.filter(|text| !text.trim().is_empty());
    for fault in &mut sbd.faults {
        if let Fault::Unreadable { field: name::TRANSMIT_TIME, found, wanted } = fault {
            *wanted = "a UTC time like 2023-10-18T15:22:09Z";
            *found = excerpt(sbd.transmit_time_raw.as_deref().unwrap_or_default());
        }
    }
}
