//! How ids, keys and times lie in a column: the same on both databases.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{BigInt, Binary};
use fairlead_model::Time;
use uuid::Uuid;

/// A UUID in 16 bytes, so that `UUIDv7` sorts by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, FromSqlRow, AsExpression)]
#[diesel(sql_type = Binary)]
pub struct Id([u8; 16]);

/// A SHA-256 in 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, FromSqlRow, AsExpression)]
#[diesel(sql_type = Binary)]
pub struct Digest(pub [u8; 32]);

/// A [`Time`] as microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, FromSqlRow, AsExpression)]
#[diesel(sql_type = BigInt)]
pub struct Micros(pub i64);

impl Id {
    /// What parts the ids made before a moment, which are lower, from those made then; exact to the millisecond.
    pub fn lowest(at: Time) -> Self {
        // An id has 48 bits for them.
        let millis = u128::try_from(at.micros() / 1_000).unwrap_or(0).min((1 << 48) - 1);
        Uuid::from_u128(millis << 80).into()
    }
}

impl From<Uuid> for Id {
    fn from(id: Uuid) -> Self {
        Self(id.into_bytes())
    }
}

impl From<Id> for Uuid {
    fn from(id: Id) -> Self {
        Self::from_bytes(id.0)
    }
}

macro_rules! typed_ids {
    ($($name:ident),*) => {$(
        impl From<fairlead_model::$name> for Id {
            fn from(id: fairlead_model::$name) -> Self {
                id.uuid().into()
            }
        }
        impl From<Id> for fairlead_model::$name {
            fn from(id: Id) -> Self {
                Uuid::from(id).into()
            }
        }
    )*};
}

typed_ids!(
    MessageId, ModemId, MtId, CallId, ProblemId, HeldId, OutboxId, EnvelopeId, TokenId, SessionId, PersonId,
    AuditId, NoteId, DeviceId, LinkId, GroupId, QueueId, NodeId, VersionId, JobId, RolloutId, RouteId,
    EndpointId, DeliveryId, BudgetId, ScheduleId
);

impl From<Time> for Micros {
    fn from(t: Time) -> Self {
        Self(t.micros())
    }
}

impl From<Micros> for Time {
    fn from(t: Micros) -> Self {
        Self::from_micros(t.0)
    }
}

impl<DB> FromSql<Binary, DB> for Id
where
    DB: Backend,
    Vec<u8>: FromSql<Binary, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes = <Vec<u8> as FromSql<Binary, DB>>::from_sql(bytes)?;
        Ok(Self(bytes.as_slice().try_into()?))
    }
}

impl<DB> ToSql<Binary, DB> for Id
where
    DB: Backend,
    [u8]: ToSql<Binary, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        <[u8] as ToSql<Binary, DB>>::to_sql(self.0.as_slice(), out)
    }
}

impl<DB> FromSql<Binary, DB> for Digest
where
    DB: Backend,
    Vec<u8>: FromSql<Binary, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes = <Vec<u8> as FromSql<Binary, DB>>::from_sql(bytes)?;
        Ok(Self(bytes.as_slice().try_into()?))
    }
}

impl<DB> ToSql<Binary, DB> for Digest
where
    DB: Backend,
    [u8]: ToSql<Binary, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        <[u8] as ToSql<Binary, DB>>::to_sql(self.0.as_slice(), out)
    }
}

impl<DB> FromSql<BigInt, DB> for Micros
where
    DB: Backend,
    i64: FromSql<BigInt, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        <i64 as FromSql<BigInt, DB>>::from_sql(bytes).map(Self)
    }
}

impl<DB> ToSql<BigInt, DB> for Micros
where
    DB: Backend,
    i64: ToSql<BigInt, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        <i64 as ToSql<BigInt, DB>>::to_sql(&self.0, out)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fairlead_model::Clock;

    use super::*;

    #[test]
    fn the_lowest_id_of_a_moment_parts_what_was_made_before_from_what_was_made_then() {
        let moment = Time::parse_rfc3339("2026-06-01T12:00:00Z").unwrap();
        let (clock, hand) = Clock::manual(moment.minus(Duration::from_millis(1)));
        let before = Id::from(clock.new_id());
        hand.advance(Duration::from_millis(1));
        assert!(before < Id::lowest(moment) && Id::lowest(moment) <= Id::from(clock.new_id()));
        assert!(Id::lowest(Time::from_micros(i64::MAX)) > Id::from(clock.new_id()));
        assert_eq!(Id::lowest(Time::from_micros(-1)), Id::from(Uuid::nil()));
    }
}
