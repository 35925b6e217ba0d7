//! By whom a modem is reached, and what it is called there.

use fairlead_model::ModemId;
use fairlead_model::device::DeviceKind;
use fairlead_store::registry::{devices, links};
use fairlead_store::satellite::messages;
use fairlead_store::satellite::modems as fleet;
use fairlead_store::satellite::mt::{modems, things};
use fairlead_store::{Conn, Id, StoreError};

use crate::drivers::{CLOUDLOOP, Provider, ROCKBLOCK, ROCKCORE};
use crate::service::Inner;

/// `mo_messages.provider` of what RockSTAR trackers send.
const FROM_ROCKCORE: &str = "rockcore";
/// `mo_messages.provider` of what comes by Cloudloop.
const FROM_CLOUDLOOP: &str = "cloudloop";

/// By whom a modem is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    /// The account that pays.
    pub(crate) account: String,
    pub(crate) provider: Provider,
    /// Why nothing can be sent to it, in a sentence that says what to do.
    pub(crate) refusal: Option<String>,
}

/// By whom a modem is reached: as a person said, else as its device and its messages tell.
///
/// # Errors
/// [`StoreError::NotFound`] where there is no such modem; else what the database says.
pub(crate) fn of(conn: &mut Conn, courier: &Inner, modem: ModemId) -> Result<Reach, StoreError> {
    let known = modems::get(conn, modem)?;
    let account = match known.account {
        Some(account) => account,
        None => usual(conn, courier, modem)?.to_owned(),
    };
    let provider = Provider::of_account(&account);
    let refusal = match courier.account(&account) {
        None => Some(no_account(&account, provider)),
        Some(_) => address(conn, provider, modem)?.err(),
    };
    Ok(Reach { account, provider, refusal })
}

/// The account of a modem of which nobody said who pays.
fn usual(conn: &mut Conn, courier: &Inner, modem: ModemId) -> Result<&'static str, StoreError> {
    let id = Id::from(modem);
    let kind = links::open_by_modem(conn, &[id])?.get(&id).map(|device| device.kind);
    let comes_by = messages::usual_provider(conn, modem)?;
    // What is linked as something else has another modem in it, whatever that sent.
    let is_tracker = match kind {
        Some(kind) => kind == DeviceKind::Rockstar,
        None => comes_by.as_deref() == Some(FROM_ROCKCORE),
    };
    if is_tracker {
        return Ok(ROCKCORE);
    }
    let by_cloudloop = comes_by.as_deref() == Some(FROM_CLOUDLOOP)
        && courier.account(CLOUDLOOP).is_some()
        && things::get(conn, modem)?.is_some();
    Ok(if by_cloudloop { CLOUDLOOP } else { ROCKBLOCK })
}

fn no_account(account: &str, provider: Provider) -> String {
    match provider {
        Provider::Rockcore => {
            let not_set = provider.not_set(account);
            format!("A RockSTAR is reached by the account {account}, and {not_set} Set both, and restart.")
        }
        Provider::Cloudloop => {
            let not_set = provider.not_set(account);
            format!("{not_set} Set it and restart, or choose another account for this modem.")
        }
        Provider::Rockblock => {
            format!(
                "There is no account `{account}` in the settings. Set it and restart, or choose another one."
            )
        }
    }
}

/// What a provider calls a modem.
///
/// # Errors
/// Inside: why it has no name there, in a sentence that says what to do. Outside: what the database says.
pub(crate) fn address(
    conn: &mut Conn,
    provider: Provider,
    modem: ModemId,
) -> Result<Result<String, String>, StoreError> {
    let of_modem = fleet::view(conn, modem)?;
    Ok(match provider {
        Provider::Rockblock => Ok(of_modem.imei.to_string()),
        Provider::Rockcore => {
            // What a person wrote comes before what was pushed.
            if let Some(serial) = serial_of_device(conn, modem)? {
                return Ok(Ok(serial));
            }
            match of_modem.serial.filter(|serial| !serial.trim().is_empty()) {
                Some(told) if fleet::is_serial_doubted(conn, modem, &told)? => Err(format!(
                    "Another modem had the serial number {told} before, and nobody vouches that it is this one's. \
                     Write at the device which it has."
                )),
                Some(told) => Ok(told),
                None => Err("Rock 7 Core names a tracker by its serial number, and none is known of this one. \
                             Write it at the device; it comes with the tracker's next message, too."
                    .to_owned()),
            }
        }
        Provider::Cloudloop => things::get(conn, modem)?.map(|row| row.thing).ok_or_else(|| {
            "Cloudloop names a modem by its thing, and none is known of this one. It comes with the modem's next \
             message where Cloudloop's destination has the format JSON (Lingo)."
                .to_owned()
        }),
    })
}

/// The serial number that a person wrote at the device in which a modem is.
fn serial_of_device(conn: &mut Conn, modem: ModemId) -> Result<Option<String>, StoreError> {
    let id = Id::from(modem);
    let Some(device) = links::open_by_modem(conn, &[id])?.remove(&id) else { return Ok(None) };
    let serial = devices::by_id(conn, device.id)?.and_then(|row| row.serial);
    Ok(serial.filter(|serial| !serial.trim().is_empty()))
}
