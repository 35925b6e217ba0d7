//! What is answered to a push, and what is kept of it: facts in, ruling out.

use fairlead_model::{Imei, Trust};
use fairlead_wire::rockblock::NoImei;

use crate::pushed::Pushed;
use crate::trust::Vouched;

/// What becomes of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ruling {
    /// Journalled and answered 200.
    Accept {
        /// Who vouches for it.
        trust: Trust,
        /// Fields that token and push tell differently.
        differences: Vec<String>,
    },
    /// Answered 401; kept as evidence within its bound.
    Hold {
        /// The modem that it names.
        imei: Imei,
        /// Why.
        reason: String,
    },
    /// Answered 400; the body is kept within its bound.
    Refuse {
        /// Which field cannot be read.
        reason: String,
    },
}

/// Rules on a push. `vouch` is asked only where there is a modem to vouch for.
pub(crate) fn rule(parsed: &Result<Pushed, NoImei>, vouch: impl FnOnce(&Pushed) -> Vouched) -> Ruling {
    match parsed {
        Err(no_imei) => Ruling::Refuse { reason: format!("{no_imei}.") },
        Ok(push) => match vouch(push) {
            Vouched::Let { trust, differences } => Ruling::Accept { trust, differences },
            Vouched::Kept(reason) => Ruling::Hold { imei: push.imei(), reason },
        },
    }
}

/// Whether a push that comes with nobody's word is believed, given whether the provider has signed for its IMEI.
pub(crate) const fn unsigned_is_believed(trust: Trust, imei_is_signed_for: bool, allowed: bool) -> bool {
    !matches!(trust, Trust::Unsigned) || !imei_is_signed_for || allowed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_wholly_unsigned_is_doubted_after_a_signature() {
        assert!(unsigned_is_believed(Trust::Unsigned, false, false));
        assert!(!unsigned_is_believed(Trust::Unsigned, true, false));
        assert!(unsigned_is_believed(Trust::Unsigned, true, true));
        assert!(unsigned_is_believed(Trust::ListedAddress, true, false));
    }
}
