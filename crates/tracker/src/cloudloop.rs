//! What Cloudloop tells beside a message: its own name of the modem, by which messages are sent to it.

use fairlead_model::{Clock, ModemId, Trust};
use fairlead_store::satellite::messages::MessageRow;
use fairlead_store::satellite::mt::things;
use fairlead_store::{StoreError, Tx};
use fairlead_wire::cloudloop;
use fairlead_wire::rockblock::BodyKind;

/// `mo_messages.provider` of what Cloudloop pushes.
const PROVIDER: &str = "cloudloop";

/// Learns the modem's name from a message that tells it.
///
/// # Errors
/// What the database says.
pub(crate) fn learn(
    tx: &mut Tx<'_>,
    clock: &Clock,
    modem: ModemId,
    row: &MessageRow,
) -> Result<(), StoreError> {
    if row.provider != PROVIDER {
        return Ok(());
    }
    let kind = BodyKind::of(row.content_type().as_deref(), &row.body);
    let Some(thing) = cloudloop::parse(kind, &row.body).ok().and_then(|push| push.thing_id) else {
        return Ok(());
    };
    // Nobody may turn a modem's messages to another one by a push that nobody vouches for.
    let is_sure = row.trust.parse::<Trust>().map_err(StoreError::Fault)? > Trust::Unsigned;
    if is_name(&thing) { things::learn(tx, clock, modem, thing.trim(), is_sure) } else { Ok(()) }
}

fn is_name(thing: &str) -> bool {
    let thing = thing.trim();
    (1..=things::LONGEST).contains(&thing.len())
        && thing.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_has_a_name_of_letters_and_digits() {
        assert!(is_name(" AagLlVGjyNzQbEOxzvBoRXPekmOvrxJY "));
        for bad in ["", "a b", "x&token=y", "é"] {
            assert!(!is_name(bad), "{bad}");
        }
        assert!(!is_name(&"x".repeat(65)));
    }
}
