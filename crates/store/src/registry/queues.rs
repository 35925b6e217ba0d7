//! Queues at AWS, by the labels that people know them by.

use diesel::prelude::*;
use fairlead_model::device::SqsQueueView;
use fairlead_model::{Clock, QueueId};

use super::flaw::readable;
use super::{Checked, Flaw};
use crate::schema::sqs_queues;
use crate::{Conn, Id, Micros, StoreError, Tx, sequences};

/// Longest label, in characters.
const LONGEST_LABEL: usize = 64;

/// Longest address, in bytes.
const LONGEST_URL: usize = 2_000;

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = sqs_queues)]
struct Row {
    id: Id,
    number: i64,
    label: String,
    label_key: String,
    url: String,
    created_at: Micros,
}

impl Row {
    fn view(self) -> SqsQueueView {
        SqsQueueView {
            id: self.id.into(),
            number: self.number,
            label: self.label,
            url: self.url,
            created_at: self.created_at.into(),
        }
    }
}

/// One page of queues by their numbers, behind `after`.
///
/// # Errors
/// What the database says.
pub fn list(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<SqsQueueView>, StoreError> {
    let rows: Vec<Row> = sqs_queues::table
        .filter(sqs_queues::number.gt(after))
        .order(sqs_queues::number)
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Row::view).collect())
}

/// Makes a queue known.
///
/// # Errors
/// [`StoreError::Conflict`] where somebody was faster; else what the database says.
pub fn add(
    tx: &mut Tx<'_>,
    clock: &Clock,
    label: &str,
    url: &str,
) -> Result<Checked<SqsQueueView>, StoreError> {
    let mut flaws = Vec::new();
    let label = match readable("A queue's label", label, LONGEST_LABEL) {
        Ok(label) => label,
        Err(flaw) => {
            flaws.push(flaw);
            String::new()
        }
    };
    let key = label.to_lowercase();
    let taken: Option<String> = sqs_queues::table
        .filter(sqs_queues::label_key.eq(&key))
        .select(sqs_queues::label)
        .first(&mut **tx)
        .optional()?;
    flaws.extend(taken.map(Flaw::Taken));
    let url = url.trim();
    let is_address = url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
    if !is_address || url.len() > LONGEST_URL {
        flaws.push(Flaw::BadText(
            "A queue's address is one as `https://sqs.us-west-2.amazonaws.com/123456789012/name`.".to_owned(),
        ));
    }
    if !flaws.is_empty() {
        return Ok(Err(flaws));
    }
    let row = Row {
        id: QueueId::new(clock).into(),
        number: sequences::next(tx, "queue.number")?,
        label,
        label_key: key,
        url: url.to_owned(),
        created_at: clock.now().into(),
    };
    diesel::insert_into(sqs_queues::table).values(row.clone()).execute(&mut **tx)?;
    Ok(Ok(row.view()))
}

/// Forgets a queue, and says which it was.
///
/// # Errors
/// [`StoreError::NotFound`] where there is none of this id.
pub fn remove(tx: &mut Tx<'_>, id: QueueId) -> Result<SqsQueueView, StoreError> {
    let row: Row = sqs_queues::table.find(Id::from(id)).select(Row::as_select()).first(&mut **tx)?;
    // Whoever removes it at the same time was faster.
    match diesel::delete(sqs_queues::table.find(Id::from(id))).execute(&mut **tx)? {
        0 => Err(StoreError::NotFound),
        _ => Ok(row.view()),
    }
}
