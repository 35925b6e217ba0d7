//! The provider's plan for a message: when it is pushed, how often, and what goes wrong on the way.

use std::sync::Arc;
use std::time::Duration;

use fairlead_model::Time;
use rand::Rng;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::cast::DeliveryForm;
use super::chance::{self, one_of};
use super::sent::Sent;

/// Seconds from network to push on a good day.
const SOON_S: std::ops::Range<u64> = 1..6;
/// Seconds of a late push.
const LATE_S: std::ops::Range<u64> = 120..1_500;
/// Seconds from a push to its repetition.
const REPEAT_S: std::ops::Range<u64> = 3..120;

/// What goes wrong between network and intake, each as a share of the messages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Faults {
    /// The same body is pushed again although it was answered.
    pub duplicate: f64,
    /// The push comes minutes late, after newer ones.
    pub late: f64,
    /// Somebody pushes a body that nobody should accept.
    pub malformed: f64,
}

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Self = Self { duplicate: 0.0, late: 0.0, malformed: 0.0 };
    /// What to expect of a provider in ordinary times.
    pub const BELIEVABLE: Self = Self { duplicate: 0.01, late: 0.02, malformed: 0.005 };
}

/// One push that is to be made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// When.
    pub due: Time,
    /// When the token was signed: the same for the push and its repetition, as their bodies are equal.
    pub signed_at: Time,
    /// The message.
    #[serde(serialize_with = "serialize_shared", deserialize_with = "deserialize_shared")]
    pub sent: Arc<Sent>,
    /// What is made of it.
    pub what: What,
}

/// What a push is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The message.
    Push,
    /// The same body again.
    Repeat,
    /// A stranger's body that must not be let in.
    Malformed(Malformed),
}

/// How a body is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Malformed {
    /// A genuine token beside another text.
    Forged,
    /// It ends in the middle.
    Truncated,
    /// It names no modem.
    NoImei,
}

impl Delivery {
    /// Whether the intake should have the message after it answered 200.
    pub fn is_genuine(&self) -> bool {
        !matches!(self.what, What::Malformed(_))
    }
}

/// The pushes of one message, by the world's seed: one, and sometimes more.
pub(crate) fn deliveries(sent: Sent, seed: u64, faults: &Faults) -> Vec<Delivery> {
    let mut rng =
        chance::stream(seed, &["push", sent.imei.as_str(), &sent.momsn.to_string(), &sent.at.rfc3339()]);
    let span = if rng.random_bool(faults.late) { LATE_S } else { SOON_S };
    let due = sent.at.plus(Duration::from_secs(rng.random_range(span)));
    let push = Delivery { due, signed_at: due, sent: Arc::new(sent), what: What::Push };
    let mut all = Vec::with_capacity(1);
    if rng.random_bool(faults.duplicate) {
        let again = due.plus(Duration::from_secs(rng.random_range(REPEAT_S)));
        all.push(Delivery { due: again, what: What::Repeat, ..push.clone() });
    }
    if rng.random_bool(faults.malformed) {
        let what = What::Malformed(wrong(push.sent.form, one_of(&mut rng, &MALFORMED, Malformed::Forged)));
        all.push(Delivery { due: due.plus(Duration::from_secs(1)), what, ..push.clone() });
    }
    all.push(push);
    all
}

const MALFORMED: [Malformed; 3] = [Malformed::Forged, Malformed::Truncated, Malformed::NoImei];

/// A truncated form still reads, and only a token can be misused.
fn wrong(form: DeliveryForm, wanted: Malformed) -> Malformed {
    match (form, wanted) {
        (DeliveryForm::PlainForm, _) | (DeliveryForm::SignedForm, Malformed::Truncated) => Malformed::NoImei,
        (DeliveryForm::SignedJson | DeliveryForm::SignedForm, wanted) => wanted,
    }
}

fn serialize_shared<S: Serializer>(sent: &Arc<Sent>, serializer: S) -> Result<S::Ok, S::Error> {
    sent.as_ref().serialize(serializer)
}

fn deserialize_shared<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Sent>, D::Error> {
    Sent::deserialize(deserializer).map(Arc::new)
}
