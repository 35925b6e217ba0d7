//! Messages from an exported file: what is here already is left out, and the rest comes in once.

use fairlead_intake::import::{Import, Report, Table};
use fairlead_model::problem::ProblemKind;
use fairlead_model::{Imei, Time, Trust};
use fairlead_store::Id;
use fairlead_store::satellite::gaps::{self, GapRow};
use fairlead_store::satellite::modems;
use fairlead_store::satellite::readings::{self, ReadingRow};
use fairlead_testkit::Backend;
use reqwest::StatusCode;
use serde_json::Value;

use crate::door::{Door, IMEI, Push, believe};

fairlead_testkit::on_both_backends!(
    a_file_with_numbers_adds_what_is_missing_once,
    the_pages_own_table_finds_modem_messages_and_numbers,
    numbers_are_given_only_where_no_other_could_be_meant,
    what_is_not_understood_is_said_row_by_row,
    a_dry_run_changes_nothing,
);

const HEADINGS: &str =
    "Date Time (UTC),Device,Direction,Payload,Approx Lat/Lng,Payload (Text),Length (Bytes),Credits";

fn import() -> Import {
    Import { file: "export.csv".to_owned(), imei: None, dry_run: false, actor: "a test".to_owned() }
}

async fn run(door: &Door, import: &Import, text: &str) -> Report {
    let table = Table::read(text.as_bytes()).unwrap();
    import.run(&door.system.store, &door.system.clock, &table).await.unwrap()
}

fn at(text: &str) -> Time {
    Time::parse_rfc3339(text).unwrap()
}

/// What the tracker would have made of the messages that are here, with the gap between the first and the last.
pub async fn understood(door: &Door) {
    let mut all = door.messages().await;
    all.retain(|message| message.momsn.is_some());
    all.sort_unstable_by_key(|message| message.transmitted_at);
    let clock = door.system.clock.clone();
    let work = move |tx: &mut fairlead_store::Tx<'_>| {
        let imei: Imei = IMEI.parse().unwrap();
        let modem = modems::create(tx, &clock, imei, Some("204514"), Trust::Unsigned)?.id;
        let rows: Vec<ReadingRow> =
            all.iter().map(|m| reading(modem, m.id.into(), m.transmitted_at, m.momsn)).collect();
        readings::insert(tx, &rows.iter().collect::<Vec<_>>())?;
        let (first, last) = (rows.first().unwrap(), rows.last().unwrap());
        let gap = GapRow {
            before_message: last.message_id,
            modem_id: modem,
            first_momsn: (first.momsn.unwrap() + 1) % 65_536,
            last_momsn: (last.momsn.unwrap() - 1).rem_euclid(65_536),
            missing: i64::from((last.momsn.unwrap() - first.momsn.unwrap()).rem_euclid(65_536) - 1),
            after_at: first.transmitted_at,
            before_at: last.transmitted_at,
        };
        gaps::set(tx, last.message_id.into(), Some(gap))
    };
    door.system.store.write(work).await.unwrap();
}

fn reading(modem_id: Id, message_id: Id, at: Option<Time>, momsn: Option<i32>) -> ReadingRow {
    ReadingRow {
        message_id,
        modem_id,
        transmitted_at: at.unwrap().into(),
        momsn,
        device_at: at.unwrap().into(),
        clock_ahead: false,
        late: false,
        kind: "unread".to_owned(),
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

async fn a_file_with_numbers_adds_what_is_missing_once(backend: Backend) {
    let door = Door::open(backend, &[&believe()]).await;
    assert_eq!(door.push(&Push::new(5).at("26-06-01 10:00:00").signed()).await, StatusCode::OK);
    door.drained().await;
    let file = format!(
        "imei,momsn,transmit_time,data,iridium_latitude,iridium_longitude\n\
         {IMEI},5,26-06-01 10:00:00,{},37.8,-122.4\n\
         {IMEI},6,26-06-01 10:10:00,504b,37.8,-122.4\n\
         {IMEI},6,26-06-01 10:10:00,504B,37.8,-122.4\n",
        Push::new(5).data
    );
    let report = run(&door, &import(), &file).await;
    assert_eq!((report.rows, report.new, report.known), (3, 1, 2));
    // Nobody has signed it, and a person has put it in.
    let messages = door.messages().await;
    assert_eq!((messages.len(), messages[0].trust, messages[0].momsn), (2, Trust::Unsigned, Some(6)));
    assert_eq!(door.held_count().await, 0);
    let row = door.row(messages[0].id).await;
    let source: Value = serde_json::from_str(&row.source).unwrap();
    assert_eq!((&source["import"]["file"], &source["import"]["row"]), (&"export.csv".into(), &2.into()));
    assert!(String::from_utf8(row.body).unwrap().contains("\"momsn\":\"6\""));

    assert_eq!(run(&door, &import(), &file).await.new, 0);
    // The provider pushes it again after all: it is the same message, and now it is signed for.
    let push = Push::new(6).at("26-06-01 10:10:00").data("504b").signed();
    assert_eq!(door.push(&push).await, StatusCode::OK);
    let messages = door.messages().await;
    assert_eq!((messages.len(), messages[0].trust), (2, Trust::Signed));
    door.system.stop().await;
}

async fn the_pages_own_table_finds_modem_messages_and_numbers(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    for (momsn, time) in [(65_534, "26-06-01 10:00:00"), (2, "26-06-01 10:40:00")] {
        assert_eq!(door.push(&Push::new(momsn).at(time)).await, StatusCode::OK);
    }
    understood(&door).await;
    let known = &Push::new(2).data;
    let file = format!(
        "{HEADINGS}\n\
         01/Jun/2026 10:40:00,RockBLOCK 204514,MO,{known},\"37.8,-122.4\",,6,1\n\
         01/Jun/2026 10:30:00,RockBLOCK 204514,MO,504b33,\"37.8,-122.4\",PK3,3,1\n\
         01/Jun/2026 10:25:00,RockBLOCK 204514,MT,2b,,+,1,1\n\
         01/Jun/2026 10:20:00,RockBLOCK 204514,MO,504b32,\"37.8,-122.4\",PK2,3,1\n\
         01/Jun/2026 10:10:00,RockBLOCK 204514,MO,504b31,\"37.8,-122.4\",PK1,3,1\n"
    );
    let report = run(&door, &import(), &file).await;
    assert_eq!((report.new, report.known, report.to_devices), (3, 1, 1));
    assert_eq!((report.numbered, report.without_number, report.not_understood.len()), (3, 0, 0));
    let mut found: Vec<_> = door
        .messages()
        .await
        .iter()
        .map(|m| (m.transmitted_at.unwrap(), m.momsn, m.imei.to_string()))
        .collect();
    found.sort_unstable();
    let numbers: Vec<_> = found.iter().map(|(_, momsn, _)| momsn.unwrap()).collect();
    assert_eq!(numbers, [65_534, 65_535, 0, 1, 2]);
    assert!(found.iter().all(|(.., imei)| imei == IMEI));
    assert_eq!(run(&door, &import(), &file).await.new, 0);
    // With the number that it was given, a push of it is a copy.
    assert_eq!(door.push(&Push::new(0).at("26-06-01 10:20:00").data("504b32")).await, StatusCode::OK);
    assert_eq!(door.messages().await.len(), 5);
    assert_eq!(door.problems(ProblemKind::FaultyPush).await, []);
    door.system.stop().await;
}

async fn numbers_are_given_only_where_no_other_could_be_meant(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    for (momsn, time) in [(5, "26-06-01 10:00:00"), (9, "26-06-01 10:40:00")] {
        assert_eq!(door.push(&Push::new(momsn).at(time)).await, StatusCode::OK);
    }
    understood(&door).await;
    let row = |minute: u32| format!("01/Jun/2026 10:{minute}:00,204514,MO,504b{minute},,,3,1\n");
    let two = format!("{HEADINGS}\n{}{}", row(10), row(20));
    let report = run(&door, &import(), &two).await;
    assert_eq!((report.new, report.numbered, report.without_number), (2, 0, 2));
    assert!(door.messages().await.iter().filter(|m| m.momsn.is_none()).count() == 2);
    door.system.stop().await;
}

async fn what_is_not_understood_is_said_row_by_row(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    let file = format!(
        "{HEADINGS},Mood\n\
         03/04/2026 10:00:00,{IMEI},MO,00,,,1,1,x\n\
         01/Jun/2026 10:00:00,RockBLOCK 7,MO,00,,,1,1,x\n\
         01/Jun/2026 10:00:00,,MO,zz,,,1,1,x\n\
         01/Jun/2026 10:00:00,the old one,MO,00,,,1,1,x\n"
    );
    let report = run(&door, &import(), &file).await;
    let said: Vec<_> = report.not_understood.iter().map(|row| (row.row, row.reason.as_str())).collect();
    assert_eq!(
        said,
        [
            (
                1,
                "Its time is `03/04/2026 10:00:00`, not a UTC time like 14/Mar/2023 09:00:14 or 2023-03-14 09:00:14."
            ),
            (
                2,
                "No modem with the serial number 7 has been heard. Say with --imei whose messages these are."
            ),
            (3, "Its payload is `zz`, not hexadecimal bytes."),
            (4, "It names no modem. Say with --imei whose messages these are."),
        ]
    );
    assert_eq!(report.unknown_columns, ["Mood"]);
    let named = Import { imei: IMEI.parse().ok(), ..import() };
    let report = run(&door, &named, &file).await;
    assert_eq!((report.new, report.known, report.not_understood.len()), (1, 1, 2));
    assert_eq!(door.messages().await[0].transmitted_at, Some(at("2026-06-01T10:00:00Z")));
    door.system.stop().await;
}

async fn a_dry_run_changes_nothing(backend: Backend) {
    let door = Door::open(backend, &[]).await;
    let file = format!(
        "imei,momsn,time,data\n{IMEI},6,2026-06-01 10:10:00,504b\n{IMEI},6,2026-06-01 10:10:00,504b\n"
    );
    let dry = Import { dry_run: true, ..import() };
    for _ in 0..2 {
        let report = run(&door, &dry, &file).await;
        assert_eq!((report.new, report.known), (1, 1));
    }
    assert_eq!(door.messages().await.len(), 0);
    assert_eq!(run(&door, &import(), &file).await.new, 1);
    door.system.stop().await;
}
