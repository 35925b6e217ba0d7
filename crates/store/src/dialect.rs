//! What the two databases say differently: all of it is here.
//!
//! Through [`Conn`] a query is written once. What diesel cannot write once (many rows in one insert, row locks)
//! is written here for each, and nowhere else.

/// Evaluates `$body` with `$c` bound to the connection of whichever database it is, so that one expression is
/// compiled for both. For statements that diesel cannot build for the common connection: inserts of many rows.
macro_rules! on_either {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            $crate::Conn::Sqlite($c) => $body,
            $crate::Conn::Mysql($c) => $body,
        }
    };
}
pub(crate) use on_either;

/// Most rows in one [`insert_rows`] of a long list: MySQL takes 65,535 values in a statement.
pub(crate) const TOGETHER: usize = 1_000;

/// Inserts many rows. SQLite has a statement for one row prepared already, and would have to read a long one anew each
/// time; over a network one long statement is the faster.
macro_rules! insert_rows {
    ($conn:expr, $insert:expr, $rows:expr) => {
        match $conn {
            $crate::Conn::Sqlite(c) => {
                for row in $rows {
                    $insert.values(row).execute(c)?;
                }
            }
            $crate::Conn::Mysql(c) => {
                $insert.values($rows.into_iter().collect::<Vec<_>>()).execute(c)?;
            }
        }
    };
}
pub(crate) use insert_rows;

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use fairlead_model::mt::BYTES_A_CREDIT;

use crate::routing::deliveries::DeliveryRow;
use crate::satellite::modems::ModemRow;
use crate::satellite::mt::accounts::AccountRow;
use crate::schema::{deliveries, mo_messages, modems, mt_accounts, outbox};
use crate::{Conn, Id, Micros, StoreError, StoreUrl};

/// Bytes that the data take: SQLite's files, or what the server's statistics say of the schema.
pub(crate) fn size(conn: &mut Conn, url: &StoreUrl) -> Result<u64, StoreError> {
    match (conn, url) {
        (Conn::Mysql(c), _) => {
            let sum = sql::<BigInt>(
                "(SELECT CAST(COALESCE(SUM(data_length + index_length), 0) AS SIGNED) \
                 FROM information_schema.tables WHERE table_schema = DATABASE())",
            );
            Ok(u64::try_from(diesel::select(sum).get_result::<i64>(c)?).unwrap_or(0))
        }
        (Conn::Sqlite(_), StoreUrl::Sqlite(path)) => {
            let unread = |e: std::io::Error| StoreError::Unavailable(format!("{}: {e}", path.display()));
            let mut log = path.as_os_str().to_owned();
            log.push("-wal");
            // The log comes and goes.
            let log = std::fs::metadata(log).map_or(0, |found| found.len());
            Ok(std::fs::metadata(path).map_err(unread)?.len() + log)
        }
        (Conn::Sqlite(_), StoreUrl::Mysql(_)) => Err(StoreError::Fault("a store of two kinds".to_owned())),
    }
}

/// Ids of due outbox rows that nobody has claimed, locked until the transaction ends where the database can.
///
/// Rows that another process is claiming at this moment are passed over (`SKIP LOCKED`, MySQL 8 and MariaDB
/// 10.6); SQLite has one writer, so nobody else can be claiming.
pub(crate) fn claimable_outbox(conn: &mut Conn, now: Micros, limit: i64) -> Result<Vec<Id>, StoreError> {
    let ids = match conn {
        Conn::Sqlite(c) => outbox::table
            .filter(outbox::not_before.le(now))
            .filter(outbox::claimed_until.le(now))
            .order((outbox::not_before, outbox::id))
            .limit(limit)
            .select(outbox::id)
            .load(c)?,
        Conn::Mysql(c) => outbox::table
            .filter(outbox::not_before.le(now))
            .filter(outbox::claimed_until.le(now))
            .order((outbox::not_before, outbox::id))
            .limit(limit)
            .select(outbox::id)
            .for_update()
            .skip_locked()
            .load(c)?,
    };
    Ok(ids)
}

/// Due deliveries to a target that nobody has claimed, locked until the transaction ends where the database can: as with
/// [`claimable_outbox`].
pub(crate) fn claimable_deliveries(
    conn: &mut Conn,
    target: Id,
    now: Micros,
    limit: i64,
) -> Result<Vec<DeliveryRow>, StoreError> {
    let due = deliveries::table
        .filter(deliveries::state.eq("waiting"))
        .filter(deliveries::target_id.eq(target))
        .filter(deliveries::due_at.le(now))
        .filter(deliveries::claimed_until.le(now))
        .order((deliveries::due_at, deliveries::id))
        .limit(limit);
    Ok(match conn {
        Conn::Sqlite(c) => due.select(DeliveryRow::as_select()).load(c)?,
        Conn::Mysql(c) => due.select(DeliveryRow::as_select()).for_update().skip_locked().load(c)?,
    })
}

/// The modems of some IMEIs, locked until the transaction ends where the database can: messages of one modem are
/// understood one after the other. SQLite has one writer, so they are anyway.
pub(crate) fn locked_modems(conn: &mut Conn, imeis: &[String]) -> Result<Vec<ModemRow>, StoreError> {
    let modems = modems::table.filter(modems::imei.eq_any(imeis.to_vec())).order(modems::imei);
    Ok(match conn {
        Conn::Sqlite(c) => modems.select(ModemRow::as_select()).load(c)?,
        Conn::Mysql(c) => modems.select(ModemRow::as_select()).for_update().load(c)?,
    })
}

/// The trust in a message, locked until the transaction ends where the database can: nobody raises it meanwhile. SQLite has
/// one writer.
pub(crate) fn locked_trust(conn: &mut Conn, message: Id) -> Result<String, StoreError> {
    let message = mo_messages::table.find(message).select(mo_messages::trust);
    Ok(match conn {
        Conn::Sqlite(c) => message.first(c)?,
        Conn::Mysql(c) => message.for_update().first(c)?,
    })
}

/// An account, locked until the transaction ends where the database can. SQLite has one writer.
pub(crate) fn locked_account(conn: &mut Conn, name: &str) -> Result<Option<AccountRow>, StoreError> {
    let account = mt_accounts::table.filter(mt_accounts::name.eq(name));
    let found: Vec<AccountRow> = match conn {
        Conn::Sqlite(c) => account.select(AccountRow::as_select()).load(c)?,
        Conn::Mysql(c) => account.select(AccountRow::as_select()).for_update().load(c)?,
    };
    Ok(found.into_iter().next())
}

/// The sum of what the texts of `mt_messages` cost, in credits: as [`credits`](fairlead_model::mt::credits) counts them.
pub(crate) fn cost_of_texts(conn: &Conn) -> SqlLiteral<BigInt> {
    let (all, more) = (BYTES_A_CREDIT, BYTES_A_CREDIT - 1);
    sql(&match conn {
        Conn::Sqlite(_) => {
            format!("COALESCE(SUM(MAX(1, (LENGTH(CAST(mt_messages.text AS BLOB)) + {more}) / {all})), 0)")
        }
        Conn::Mysql(_) => format!(
            "CAST(COALESCE(SUM(GREATEST(1, (LENGTH(mt_messages.text) + {more}) DIV {all})), 0) AS SIGNED)"
        ),
    })
}

/// Locks the first modem of all until the transaction ends, where the database can: whoever counts modems in order
/// to add one does so after the other. SQLite has one writer.
pub(crate) fn lock_first_modem(conn: &mut Conn) -> Result<(), StoreError> {
    if let Conn::Mysql(c) = conn {
        modems::table.order(modems::id).limit(1).select(modems::id).for_update().load::<Id>(c)?;
    }
    Ok(())
}
