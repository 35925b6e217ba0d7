//! Walks through all that is stored, page by page: everything once, in its order.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use fairlead_model::{Clock, MessageId, ModemId, Time};
use fairlead_store::satellite::messages;
use fairlead_store::satellite::readings::{self, ReadingRow};
use fairlead_store::{Conn, Id, Store, Tx};
use fairlead_testkit::Backend;

fairlead_testkit::on_both_backends!(
    a_walk_meets_every_reading_once_in_the_order_of_the_line,
    a_walk_meets_every_message_of_its_time_once,
);

const IMEIS: [&str; 2] = ["300434063836590", "300434063836591"];

/// A clock at a round millisecond, and the hand that moves it.
fn clock() -> (Clock, fairlead_model::ManualClock) {
    Clock::manual(Time::parse_rfc3339("2026-06-01T12:00:00Z").unwrap())
}

fn reading(clock: &Clock, modem: ModemId, at: Time, momsn: Option<i32>) -> ReadingRow {
    ReadingRow {
        message_id: MessageId::new(clock).into(),
        modem_id: modem.into(),
        transmitted_at: at.into(),
        momsn,
        device_at: at.into(),
        clock_ahead: false,
        late: false,
        kind: "PK101".to_owned(),
        latitude: None,
        longitude: None,
        estimate_latitude: None,
        estimate_longitude: None,
        estimate_accuracy_m: None,
        speed_m_s: None,
        course_deg: None,
        battery_v: None,
        interval_s: None,
        sleep_s: None,
        status: None,
        beacon_on: None,
        dialect: None,
    }
}

async fn a_walk_meets_every_reading_once_in_the_order_of_the_line(backend: Backend) {
    let (store, _folder, database) = fairlead_testkit::store(backend).await;
    let (clock, _) = clock();
    let (modem, other) = (ModemId::new(&clock), ModemId::new(&clock));
    let start = clock.now();
    let at = move |minute: u64| start.plus(Duration::from_secs(60 * minute));
    // Seven of each moment: without a number, with one number twice, and with others; written in no order.
    let mut rows = Vec::new();
    for minute in [3, 0, 4, 1, 2] {
        for momsn in [Some(9), None, Some(4), Some(9), Some(1), None, Some(7)] {
            rows.push(reading(&clock, modem, at(minute), momsn));
        }
        rows.push(reading(&clock, other, at(minute), Some(1)));
    }
    let written = rows.clone();
    let insert = move |tx: &mut Tx<'_>| readings::insert(tx, &written.iter().collect::<Vec<_>>());
    store.write(insert).await.unwrap();
    let line = |row: &ReadingRow| (row.transmitted_at, row.momsn);
    for limit in [1, 3, 7, 10, 100] {
        let (mut met, mut after) = (Vec::new(), None);
        loop {
            let span = (at(1), at(4));
            let read = move |conn: &mut Conn| readings::walk(conn, modem, span, after, limit);
            let page = store.read(read).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.place());
            met.extend(page);
        }
        assert!(met.iter().map(line).is_sorted(), "{limit}");
        let mut ids: Vec<Id> = met.iter().map(|row| row.message_id).collect();
        ids.sort_unstable();
        let of_it = rows.iter().filter(|row| row.modem_id == Id::from(modem));
        let mut wanted: Vec<Id> = of_it
            .filter(|row| (at(1)..at(4)).contains(&Time::from(row.transmitted_at)))
            .map(|row| row.message_id)
            .collect();
        wanted.sort_unstable();
        assert_eq!(ids, wanted, "{limit}");
    }
    if let Some(database) = database {
        database.remove().await;
    }
}

/// Ids of messages, oldest first, walked through in pages of three.
async fn walked(store: &Store, imei: Option<&'static str>, from: Time, to: Time) -> Vec<MessageId> {
    let (mut met, mut after) = (Vec::new(), Id::lowest(from));
    loop {
        let read = move |conn: &mut Conn| messages::walk(conn, imei, after, to, 3);
        let page = store.read(read).await.unwrap();
        let Some(last) = page.last() else { return met };
        after = last.id.into();
        met.extend(page.into_iter().map(|message| message.id));
    }
}

async fn a_walk_meets_every_message_of_its_time_once(backend: Backend) {
    let (store, _folder, database) = fairlead_testkit::store(backend).await;
    let (clock, hand) = clock();
    let mut kept: Vec<(MessageId, &str, Time)> = Vec::new();
    for n in 0..20 {
        let (id, imei, at) = (MessageId::new(&clock), IMEIS[n % 2], clock.now());
        let hex = id.uuid().simple();
        let row = format!(
            "INSERT INTO mo_messages (id, provider, imei, received_at, trust, state, body, source) \
             VALUES (x'{hex}', 'rockblock', '{imei}', {}, 'unsigned', 'waiting', x'', '')",
            at.micros()
        );
        store.write(move |tx| Ok(tx.batch_execute(&row)?)).await.unwrap();
        kept.push((id, imei, at));
        hand.advance(Duration::from_secs(60));
    }
    let (from, to) = (kept[3].2, kept[17].2);
    let wanted = |imei: Option<&str>, from: Time, to: Time| -> Vec<MessageId> {
        let kept =
            kept.iter().filter(|(_, of, at)| imei.is_none_or(|imei| imei == *of) && (from..to).contains(at));
        kept.map(|(id, ..)| *id).collect()
    };
    let ever = (Time::from_micros(0), Time::from_micros(i64::MAX));
    for imei in [None, Some(IMEIS[1])] {
        for (from, to) in [(from, to), ever] {
            assert_eq!(walked(&store, imei, from, to).await, wanted(imei, from, to), "{imei:?} {from} {to}");
        }
    }
    assert_eq!(store.read(move |conn| messages::count_since(conn, from, 100)).await.unwrap(), 17);
    assert_eq!(store.read(move |conn| messages::count_since(conn, from, 5)).await.unwrap(), 5);
    if let Some(database) = database {
        database.remove().await;
    }
}
