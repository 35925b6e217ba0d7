//! The hot queries, explained on both databases: none reads a whole table, and none sorts.
//!
//! The queries are the store's own: they are run once, what they sent to the database is heard, and that is explained.

use std::sync::{Arc, Mutex};

use diesel::connection::{Connection, Instrumentation, InstrumentationEvent, SimpleConnection};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use fairlead_model::budget::{BudgetPeriod, BudgetScope, BudgetSpan, NewBudget};
use fairlead_model::delivery::DeliveryState;
use fairlead_model::device::DeviceKind;
use fairlead_model::firmware::{RolloutState, TargetState};
use fairlead_model::message::MessageState;
use fairlead_model::mt::{CreditsBy, MtState};
use fairlead_model::problem::{ProblemKind, ProblemState};
use fairlead_model::schedule::Audience;
use fairlead_model::{Clock, DeviceId, MessageId, ModemId, Time};
use fairlead_store::firmware::{jobs, rollouts};
use fairlead_store::registry::{ModemChoice, devices, groups, links, numbers};
use fairlead_store::routing::{deliveries, endpoints};
use fairlead_store::satellite::mt::{audience, budgets, schedules};
use fairlead_store::satellite::{gaps, held, messages, modems, mt, notes, readings};
use fairlead_store::{
    Conn, Digest, Id, Micros, Store, StoreError, audit, changes, outbox, people, problems, rooms, sign_in,
};
use fairlead_testkit::Backend;

fairlead_testkit::on_both_backends!(no_hot_query_reads_a_whole_table);

/// Rows in each table, so that an optimiser has a reason to use an index.
const ROWS: u32 = 6_000;

/// Fills the tables. `{n}` is the row's number, `{id}` its id, `{of}` the id of one of six hundred.
const FILL: &[(&str, &str)] = &[
    (
        "mo_messages (id, provider, imei, momsn, transmitted_at, received_at, trust, state, body, source)",
        "{id}, 'rockblock', 300434063836500 + {n} % 100, {n}, {n}, {n}, 'unsigned', \
         CASE WHEN {n} % 10 = 0 THEN 'problem' ELSE 'decoded' END, '', ''",
    ),
    ("signed_modems (imei, since)", "300434063836500 + {n}, {n}"),
    ("mo_keys (dup_key, message_id)", "{key}, {id}"),
    (
        "held_pushes (id, provider, why, reason, dup_key, received_at, body, source)",
        "{id}, 'r', CASE WHEN {n} % 2 = 0 THEN 'no_imei' ELSE 'untrusted' END, '', {key}, {n}, '', ''",
    ),
    (
        "modems (id, imei, first_seen_at, first_trust)",
        "{id}, 300434063836500 + {n}, {n}, CASE WHEN {n} % 2 = 0 THEN 'unsigned' ELSE 'signed' END",
    ),
    (
        "readings (message_id, modem_id, transmitted_at, momsn, device_at, clock_ahead, late, kind)",
        "{id}, {of}, {n}, {n}, {n}, 0, 0, 'PK101'",
    ),
    (
        "momsn_gaps (before_message, modem_id, first_momsn, last_momsn, missing, after_at, before_at)",
        "{id}, {of}, 1, 1, 1, {n}, {n}",
    ),
    (
        "problems (id, kind, subject, reason, state, created_at, changed_at, modem_id)",
        "{id}, 'unreadable_text', {n}, '', CASE WHEN {n} % 10 = 0 THEN 'open' ELSE 'discarded' END, 1, 1, {of}",
    ),
    ("outbox (id, queue, body, attempt, not_before, claimed_until)", "{id}, 'mo.stored', '', 0, {n}, 0"),
    (
        "mt_messages (id, modem_id, imei, account, kind, text, state, state_since, cause, proof, created_at, \
         created_by, request_key, expires_at, not_before, attempts, lease_until)",
        "{id}, {of}, '300434063836507', 'rockblock', 'support', '', \
         CASE WHEN {n} % 20 = 0 THEN 'queued' ELSE 'delivered' END, {n}, '', 'none', {n}, '', {key}, {n}, {n}, 1, 0",
    ),
    ("mt_history (id, mt_id, at, state, cause)", "{id}, {of}, {n}, 'queued', ''"),
    (
        "mt_calls (id, mt_id, modem_id, account, day, started_at, outcome, credits)",
        "{id}, {id}, {of}, 'rockblock', {n} / 10, {n}, 'accepted', 1",
    ),
    ("mt_modems (modem_id, awaits)", "{id}, 0"),
    (
        "credit_budgets (id, scope, subject_id, period, credits, warn_percent, same_key, created_at, created_by)",
        "{id}, 'device', {id}, 'day', 1, 80, {key}, {n}, ''",
    ),
    (
        "mt_schedules (id, name, target_kind, target_id, told, days, at_minute, time_zone, next_at, created_at, \
         created_by, changed_at)",
        "{id}, '', 'group', {id}, '', '', 1, 'UTC', {n}, {n}, '', {n}",
    ),
    (
        "firmware_versions (id, source, revision, commit_id, subject, author, committed_at, state, files, \
         directories, bytes, signature, asked_by, created_at)",
        "{id}, 'paikea', 'v', {n}, '', '', {n}, 'ready', 1, 0, 1, 'unsigned', '', {n}",
    ),
    (
        "upgrade_jobs (id, number, device_id, version_id, rollout_id, state, asked_by, created_at, deadline_at, \
         timeout_s, attempts, files_done, bytes_done, call_device, active_device)",
        "{id}, {n}, {of}, {id}, {of}, CASE WHEN {n} % 200 = 0 THEN 'ready' ELSE 'succeeded' END, '', {n}, {n}, 1, \
         {n} % 3, 0, 0, {n} % 2, CASE WHEN {n} % 200 = 0 THEN {id} ELSE NULL END",
    ),
    ("device_firmware (device_id, version_id, since)", "{id}, {id}, {n}"),
    (
        "rollouts (id, name, version_id, state, created_by, created_at, needs_approval, call_devices, job_timeout_s)",
        "{id}, '', {id}, CASE WHEN {n} % 500 = 0 THEN 'running' ELSE 'finished' END, '', {n}, 0, 0, 60",
    ),
    (
        "rollout_stages (rollout_id, ordinal, success_percent, error_percent, tolerated, state)",
        "{id}, 1, 1, 1, 0, 'done'",
    ),
    (
        "rollout_targets (rollout_id, device_id, ordinal, state, job_id)",
        "{of}, {id}, 1 + {n} % 3, CASE WHEN {n} % 5 = 0 THEN 'waiting' ELSE 'succeeded' END, {id}",
    ),
    ("modem_notes (id, modem_id, at, author, text)", "{id}, {of}, {n}, '', ''"),
    ("people (id, name, name_key, role, disabled, created_at)", "{id}, {n}, {n}, 'viewer', 0, {n}"),
    ("audit_log (id, at, actor, action, subject, detail)", "{id}, {n}, 'ada', '', '', ''"),
    ("changes (seq, at, body)", "{n}, {n}, '{}'"),
    (
        "devices (id, number, kind, name, name_key, created_at, created_by)",
        "{id}, {n}, CASE WHEN {n} % 2 = 0 THEN 'buoy' ELSE 'handset' END, {key}, {key}, {n}, ''",
    ),
    (
        "device_links (id, device_id, modem_id, since, linked_by, open_device, open_modem)",
        "{id}, {id}, {id}, {n}, '', {id}, {id}",
    ),
    ("modem_numbers (modem_id, number)", "{id}, {n}"),
    ("device_groups (id, name, name_key, created_at)", "{id}, {key}, {key}, {n}"),
    ("group_members (group_id, device_id)", "{of}, {id}"),
    (
        "rooms (name, device_id, node, epoch, connected_at)",
        "{key}, {id}, CASE WHEN {n} % 3 = 0 THEN {of} ELSE NULL END, 1, {n}",
    ),
    ("hub_nodes (node, lease_until)", "{id}, {n}"),
    (
        "endpoints (id, kind, name, name_key, enabled, config, created_at, created_by, changed_at)",
        "{id}, 'webhook', '', {key}, 1, '{\"kind\":\"webhook\",\"url\":\"https://example.com/\"}', {n}, '', {n}",
    ),
    ("endpoint_states (endpoint_id, failures_in_a_row, open_until)", "{id}, 0, 0"),
    (
        "deliveries (id, route_id, target_kind, target_id, message_id, device_id, state, cause, attempts, due_at, \
         claimed_until, created_at, settled_at, format, content_type, attributes, body)",
        "{id}, {of}, 'endpoint', {of}, {id}, {of}, CASE WHEN {n} % 7 = 0 THEN 'waiting' ELSE 'delivered' END, '', 0, \
         CASE WHEN {n} % 7 = 0 THEN {n} ELSE NULL END, 0, {n}, CASE WHEN {n} % 7 = 0 THEN NULL ELSE {n} END, 'json', '', \
         '{\"device\":\"\",\"kind\":\"buoy\",\"imei\":\"300434063836590\",\"message\":\"position\",\"at\":\"2026-06-01T12:00:00Z\"}', ''",
    ),
];

async fn fill(store: &Store) {
    let (id, of, key) = if store.is_embedded() {
        (
            "CAST(printf('%016d', n) AS BLOB)",
            "CAST(printf('%016d', n % 600) AS BLOB)",
            "CAST(printf('%032d', n) AS BLOB)",
        )
    } else {
        ("LPAD(n, 16, '0')", "LPAD(n % 600, 16, '0')", "LPAD(n, 32, '0')")
    };
    let numbers =
        format!("WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < {ROWS})");
    let mut script = String::new();
    if !store.is_embedded() {
        script.push_str("SET SESSION max_recursive_iterations = 100000;");
    }
    for &(table, values) in FILL {
        let values = values.replace("{id}", id).replace("{of}", of).replace("{key}", key).replace("{n}", "n");
        script.push_str(&format!("INSERT INTO {table} {numbers} SELECT {values} FROM t;"));
        if !store.is_embedded() {
            let name = table.split(' ').next().unwrap();
            script.push_str(&format!("ANALYZE TABLE {name};"));
        }
    }
    store.write(move |tx| Ok(tx.batch_execute(&script)?)).await.unwrap();
    if store.is_embedded() {
        let analyze = |tx: &mut fairlead_store::Tx<'_>| Ok(tx.batch_execute("ANALYZE")?);
        store.write(analyze).await.unwrap();
    }
}

/// Hears every statement that goes to the database.
#[derive(Clone, Default)]
struct Ear(Arc<Mutex<Vec<String>>>);

impl Instrumentation for Ear {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            self.0.lock().unwrap().push(query.to_string());
        }
    }
}

type Query = fn(&mut Conn) -> Result<(), StoreError>;

fn id(n: u32) -> Id {
    uuid::Uuid::from_bytes(format!("{n:016}").into_bytes().try_into().unwrap()).into()
}

fn key(n: u32) -> Digest {
    Digest(format!("{n:032}").into_bytes().try_into().unwrap())
}

fn list_messages(conn: &mut Conn, imei: bool, state: bool, before: bool) -> Result<(), StoreError> {
    let filter = messages::Filter {
        imei: imei.then(|| "300434063836507".to_owned()),
        state: state.then_some(MessageState::Problem),
        device: None,
        before: before.then(|| MessageId::from(id(2_000))),
    };
    messages::list(conn, &filter, 51).map(drop)
}

fn list_messages_of_device(conn: &mut Conn, before: bool) -> Result<(), StoreError> {
    let before = before.then(|| MessageId::from(id(2_000)));
    let filter = messages::Filter { device: Some(device()), before, ..messages::Filter::default() };
    messages::list(conn, &filter, 51).map(drop)
}

fn list_devices(conn: &mut Conn, filter: &devices::Filter) -> Result<(), StoreError> {
    let rows = devices::list(conn, filter, 51)?;
    devices::shown(conn, rows, Time::from_micros(1)).map(drop)
}

fn list_deliveries(conn: &mut Conn, filter: deliveries::Filter) -> Result<(), StoreError> {
    deliveries::list(conn, &filter, 51).map(drop)
}

fn list_problems(conn: &mut Conn, kind: bool, before: bool) -> Result<(), StoreError> {
    let filter = problems::Filter {
        state: Some(ProblemState::Open),
        kind: kind.then_some(ProblemKind::UnreadableText),
        before: before.then(|| id(2_000).into()),
    };
    problems::list(conn, &filter, 51).map(drop)
}

fn walk_readings(conn: &mut Conn, after: Option<Option<i32>>) -> Result<(), StoreError> {
    let transmitted_at = Time::from_micros(607);
    let place = |momsn| readings::Place { transmitted_at, momsn, message_id: id(607).into() };
    let span = (Time::from_micros(500), Time::from_micros(2_000));
    readings::walk(conn, modem(), span, after.map(place), 50).map(drop)
}

fn list_readings(conn: &mut Conn, before: Option<Option<i32>>) -> Result<(), StoreError> {
    let transmitted_at = Time::from_micros(2_407);
    let place = |momsn| readings::Place { transmitted_at, momsn, message_id: id(2_407).into() };
    let filter = readings::Filter { before: before.map(place), ..readings::Filter::default() };
    readings::page(conn, modem(), &filter, 51).map(drop)
}

fn list_upgrades(conn: &mut Conn, filter: jobs::Filter) -> Result<(), StoreError> {
    jobs::list(conn, &filter, 51).map(drop)
}

fn list_targets(
    conn: &mut Conn,
    stage: Option<i32>,
    after: Option<(i32, DeviceId)>,
) -> Result<(), StoreError> {
    let state = stage.map(|_| TargetState::Waiting);
    rollouts::targets(conn, id(7).into(), &rollouts::TargetFilter { stage, state, after }, 51).map(drop)
}

/// The time of an id that begins with six noughts, as all of these do.
fn first_id() -> Time {
    Time::from_micros(0x3030_3030_3030 * 1_000)
}

fn after_all_ids() -> Time {
    Time::from_micros(0x3030_3030_3031 * 1_000)
}

fn modem() -> ModemId {
    id(7).into()
}

fn device() -> DeviceId {
    id(7).into()
}

/// What a budget of six days has spent, and what waits that it bounds.
fn spend(conn: &mut Conn, scope: BudgetScope) -> Result<(), StoreError> {
    let new = NewBudget { scope, period: BudgetPeriod::Day, credits: 1, warn_percent: None };
    let budget = budgets::BudgetRow::new(&Clock::system(), &new, "");
    let renews_at = Time::from_micros(0);
    budgets::spent(conn, &budget, BudgetSpan { first_day: 590, last_day: 595, renews_at })?;
    budgets::waiting(conn, &budget).map(drop)
}

const HOT: &[(&str, Query)] = &[
    ("messages", |c| list_messages(c, false, false, false)),
    ("messages, next page", |c| list_messages(c, false, false, true)),
    ("messages by imei", |c| list_messages(c, true, false, false)),
    ("messages by imei, next page", |c| list_messages(c, true, false, true)),
    ("messages by state", |c| list_messages(c, false, true, false)),
    ("messages left waiting", |c| messages::left_waiting(c, Time::from_micros(1), 9).map(drop)),
    ("messages by state, next page", |c| list_messages(c, false, true, true)),
    ("messages by imei and state", |c| list_messages(c, true, true, true)),
    ("some messages", |c| messages::views(c, &[id(1).into(), id(2).into()]).map(drop)),
    ("message", |c| messages::get(c, id(5).into()).map(drop)),
    ("messages of a device", |c| list_messages_of_device(c, false)),
    ("messages of a device, next page", |c| list_messages_of_device(c, true)),
    ("devices", |c| list_devices(c, &devices::Filter::default())),
    ("devices, next page", |c| {
        list_devices(c, &devices::Filter { after: Some("00002".to_owned()), ..devices::Filter::default() })
    }),
    ("devices of a kind", |c| {
        list_devices(c, &devices::Filter { kind: Some(DeviceKind::Buoy), ..devices::Filter::default() })
    }),
    ("devices with a modem", |c| {
        list_devices(c, &devices::Filter { linked: Some(true), ..devices::Filter::default() })
    }),
    ("some devices", |c| devices::views(c, &[device(), id(8).into()], Time::from_micros(1)).map(drop)),
    ("some devices, named", |c| devices::refs(c, &[device(), id(8).into()]).map(drop)),
    ("device by name", |c| devices::by_name(c, "PK007").map(drop)),
    ("device by number", |c| devices::by_number(c, DeviceKind::Buoy, 8).map(drop)),
    ("devices by number", |c| devices::numbered(c, DeviceKind::Buoy, 100, 51).map(drop)),
    ("devices of modems", |c| links::open_by_modem(c, &[id(7), id(8)]).map(drop)),
    ("links of a device", |c| links::list(c, links::Of::Device(device()), None, 51).map(drop)),
    ("links of a device, next page", |c| {
        links::list(c, links::Of::Device(device()), Some(id(2_000).into()), 51).map(drop)
    }),
    ("links of a modem", |c| links::list(c, links::Of::Modem(modem()), None, 51).map(drop)),
    ("a link, looked at", |c| {
        let modem = ModemChoice::Id(id(9).into());
        let wish = links::Wish { modem, since: None };
        links::try_link(c, Time::from_micros(9_000), device(), &wish).map(drop)
    }),
    ("an end of a link, looked at", |c| {
        links::try_unlink(c, Time::from_micros(9_000), device(), None).map(drop)
    }),
    ("first message of a modem", |c| readings::first_transmitted(c, id(7)).map(drop)),
    ("messages of a modem, counted", |c| readings::count_since(c, id(7), Time::from_micros(3_000)).map(drop)),
    ("groups", |c| groups::list(c, None, 51).map(drop)),
    ("groups, next page", |c| groups::list(c, Some("00002"), 51).map(drop)),
    ("numbers of modems", |c| numbers::of(c, &[modem(), id(8).into()]).map(drop)),
    ("modem of a number", |c| numbers::modem(c, 7).map(drop)),
    ("messages since, many", |c| messages::count_since(c, first_id(), 50).map(drop)),
    ("messages since, none", |c| messages::count_since(c, after_all_ids(), 50).map(drop)),
    ("duplicate keys", |c| messages::by_keys(c, &[key(1), key(2), key(9_999)]).map(drop)),
    ("modems", |c| modems::list(c, None, 51).map(drop)),
    ("modems, next page", |c| modems::list(c, Some(modem()), 51).map(drop)),
    ("some modems", |c| modems::views(c, &[modem()]).map(drop)),
    ("modem by imei", |c| modems::by_imei(c, "300434063836507").map(drop)),
    ("modem's imei", |c| modems::imei(c, modem()).map(drop)),
    ("readings", |c| list_readings(c, None)),
    ("readings, next page", |c| list_readings(c, Some(Some(3)))),
    ("readings, next page after one without a number", |c| list_readings(c, Some(None))),
    ("part of the readings", |c| {
        let (from, to) = (Some(Time::from_micros(500)), Some(Time::from_micros(2_000)));
        readings::page(c, modem(), &readings::Filter { from, to, before: None }, 51).map(drop)
    }),
    ("notes", |c| notes::list(c, modem(), None, 51).map(drop)),
    ("notes, next page", |c| notes::list(c, modem(), Some(id(2_000).into()), 51).map(drop)),
    ("readings, walked through", |c| walk_readings(c, None)),
    ("readings, walked on", |c| walk_readings(c, Some(Some(3)))),
    ("readings, walked on behind one without a number", |c| walk_readings(c, Some(None))),
    ("messages, walked through", |c| messages::walk(c, None, id(2_000), after_all_ids(), 50).map(drop)),
    ("messages by imei, walked through", |c| {
        messages::walk(c, Some("300434063836507"), id(2_000), after_all_ids(), 50).map(drop)
    }),
    ("fixes behind a place", |c| {
        let transmitted_at = Time::from_micros(1_200);
        let place = readings::Place { transmitted_at, momsn: Some(3), message_id: id(1).into() };
        readings::fixes_after(c, id(7), place, 100).map(drop)
    }),
    ("neighbours", |c| readings::neighbours(c, id(7), (Micros(1_200), 3, id(1))).map(drop)),
    ("newest plans", |c| readings::newest_plans(c, id(7), 8).map(drop)),
    ("twins", |c| readings::twins(c, id(7), Micros(1_207), Some(1_207), id(1).into()).map(drop)),
    ("gaps", |c| gaps::list(c, modem(), 51).map(drop)),
    ("missing by modem", |c| gaps::missing_by_modem(c, &[id(7), id(8)]).map(drop)),
    ("open problems", |c| list_problems(c, false, false)),
    ("open problems, next page", |c| list_problems(c, false, true)),
    ("open problems of a kind", |c| list_problems(c, true, true)),
    ("open problems, counted", |c| problems::count_open(c).map(drop)),
    ("open problems by modem", |c| problems::count_open_by_modem(c, &[id(7), id(8)]).map(drop)),
    ("outbox, due", |c| outbox::due(c, "mo.stored", Time::from_micros(5_000), 100).map(drop)),
    ("held by key", |c| held::by_keys(c, &[key(1), key(2)]).map(drop)),
    ("held, the newest", |c| held::newest(c).map(drop)),
    ("signed since", |c| held::signed_since(c, &["300434063836507".to_owned()]).map(drop)),
    ("readings since", |c| readings::since(c, modem(), Time::from_micros(100), 50).map(drop)),
    ("answers", |c| {
        let (from, to) = (Time::from_micros(100), Time::from_micros(2_000));
        readings::answers(c, modem(), (from, to), ("RS-ACKNOWLEDGE", &["accepted"]), 50).map(drop)
    }),
    ("outgoing", |c| mt::list(c, &mt::Filter::default(), 51).map(drop)),
    ("outgoing, open", |c| {
        let filter = mt::Filter { states: vec![MtState::Queued], ..mt::Filter::default() };
        mt::list(c, &filter, 51).map(drop)
    }),
    ("outgoing, by request", |c| mt::by_request(c, key(3)).map(drop)),
    ("outgoing, of a modem", |c| mt::of_modem(c, modem(), &[MtState::Queued], 1).map(drop)),
    ("outgoing, counted", |c| mt::count_of_modem(c, modem(), &[MtState::Queued]).map(drop)),
    ("outgoing, in a state", |c| mt::in_state(c, MtState::Queued, None, 100).map(drop)),
    ("outgoing, of an account", |c| mt::count_of_account(c, "rockblock", MtState::Unknown).map(drop)),
    ("outgoing, steps", |c| mt::steps(c, id(7).into()).map(drop)),
    ("calls, spent", |c| mt::calls::spent(c, "rockblock", 590).map(drop)),
    ("calls, by day", |c| mt::calls::sums(c, CreditsBy::Day, 580, 600).map(drop)),
    ("budgets", |c| budgets::list(c, Some(id(2_000).into()), 51).map(drop)),
    ("budget of an account", |c| spend(c, BudgetScope::Account { name: "rockblock".to_owned() })),
    ("budget of a device", |c| spend(c, BudgetScope::Device { id: device() })),
    ("budget of a group", |c| spend(c, BudgetScope::Group { id: id(7).into() })),
    ("schedules", |c| schedules::list(c, Some(id(2_000).into()), 51).map(drop)),
    ("schedules, due", |c| schedules::due(c, Time::from_micros(50), 100).map(drop)),
    ("whom a group reaches", |c| audience::listeners(c, Audience::Group { id: id(7).into() }, 501).map(drop)),
    ("outgoing, by requests", |c| mt::by_requests(c, &[key(1), key(2)]).map(drop)),
    ("modems, awaited", |c| mt::modems::awaited(c, &[id(7), id(8)]).map(drop)),
    ("upgrade, by number", |c| jobs::by_number(c, 7).map(drop)),
    ("upgrade, of a device that goes on", |c| jobs::active_of(c, id(200).into()).map(drop)),
    ("upgrade, the newest of a device", |c| jobs::newest_of(c, id(7).into()).map(drop)),
    ("upgrades", |c| list_upgrades(c, jobs::Filter::default())),
    ("upgrades, next page", |c| {
        list_upgrades(c, jobs::Filter { before: Some(id(2_000).into()), ..jobs::Filter::default() })
    }),
    ("upgrades of a device", |c| {
        list_upgrades(c, jobs::Filter { device: Some(id(7).into()), ..jobs::Filter::default() })
    }),
    ("upgrades, overdue", |c| jobs::overdue(c, Time::from_micros(900), 100).map(drop)),
    ("upgrades, prepared", |c| jobs::prepared(c, 100).map(drop)),
    ("upgrades, uncalled", |c| jobs::uncalled(c, Time::from_micros(900), 100).map(drop)),
    ("upgrades, withdrawn", |c| jobs::withdrawn(c, 100).map(drop)),
    ("upgrades, the former version", |c| jobs::former_version(c, id(7).into(), id(5_000).into()).map(drop)),
    ("firmware, seen", |c| jobs::seen(c, &[id(7).into(), id(8).into()]).map(drop)),
    ("roll-outs", |c| rollouts::list(c, None, 51).map(drop)),
    ("roll-outs, running", |c| rollouts::in_state(c, RolloutState::Running, 100).map(drop)),
    ("roll-out, its stages", |c| rollouts::stages(c, id(7).into()).map(drop)),
    ("roll-out, its devices", |c| list_targets(c, None, None)),
    ("roll-out, its devices, next page", |c| list_targets(c, None, Some((1, id(607).into())))),
    ("roll-out, a stage's devices", |c| list_targets(c, Some(1), None)),
    ("person by name", |c| people::by_name(c, "ada").map(drop)),
    ("audit log", |c| audit::list(c, None, None, 51).map(drop)),
    ("audit log, next page", |c| audit::list(c, None, Some(id(2_000).into()), 51).map(drop)),
    ("changes, pending", |c| changes::any_pending(c).map(drop)),
    ("changes, last", |c| changes::last(c).map(drop)),
    ("changes, after", |c| changes::after(c, 3_000, 100).map(drop)),
    ("some problems", |c| problems::views(c, &[id(1).into(), id(2).into()]).map(drop)),
    ("some outgoing", |c| mt::views(c, &[id(1).into(), id(2).into()]).map(drop)),
    ("rooms of devices", |c| {
        rooms::presences(c, &[id(3).into(), id(6).into()], Time::from_micros(1)).map(drop)
    }),
    ("room", |c| rooms::get(c, "603", Time::from_micros(1)).map(drop)),
    ("rooms", |c| rooms::list(c, None, None, 51, Time::from_micros(9_000)).map(drop)),
    ("rooms, next page", |c| rooms::list(c, None, Some("3"), 51, Time::from_micros(9_000)).map(drop)),
    ("rooms, lost", |c| rooms::lost(c, id(3).into(), &["603".to_owned(), "9".to_owned()]).map(drop)),
    ("endpoints", |c| endpoints::list(c, None, 51).map(drop)),
    ("endpoints, next page", |c| endpoints::list(c, Some(id(2_000).into()), 51).map(drop)),
    ("endpoint", |c| endpoints::get(c, id(7).into()).map(drop)),
    ("endpoints, standing", |c| endpoints::standing(c, &[id(7).into(), id(8).into()]).map(drop)),
    ("deliveries", |c| list_deliveries(c, deliveries::Filter::default())),
    ("deliveries, next page", |c| {
        list_deliveries(
            c,
            deliveries::Filter { before: Some(id(2_000).into()), ..deliveries::Filter::default() },
        )
    }),
    ("deliveries of a state", |c| {
        let state = Some(DeliveryState::Delivered);
        list_deliveries(c, deliveries::Filter { state, ..deliveries::Filter::default() })
    }),
    ("deliveries to an endpoint", |c| {
        let endpoint = Some(id(7).into());
        list_deliveries(c, deliveries::Filter { endpoint, ..deliveries::Filter::default() })
    }),
    ("deliveries of a route", |c| {
        let route = Some(id(7).into());
        list_deliveries(c, deliveries::Filter { route, ..deliveries::Filter::default() })
    }),
    ("deliveries of a device", |c| {
        let device = Some(id(7).into());
        list_deliveries(c, deliveries::Filter { device, ..deliveries::Filter::default() })
    }),
    ("deliveries of a message", |c| {
        let message = Some(id(7).into());
        list_deliveries(c, deliveries::Filter { message, ..deliveries::Filter::default() })
    }),
    ("deliveries, how many wait", |c| deliveries::waiting(c).map(drop)),
    ("deliveries, targets that something waits for", |c| {
        deliveries::waiting_targets(c, Some(id(7).into()), 2).map(drop)
    }),
    ("by token", |c| sign_in::by_token(c, "fl_0", Time::from_micros(1)).map(drop)),
    ("by session", |c| sign_in::by_session(c, "0", Time::from_micros(1)).map(drop)),
];

type Work = fn(&mut fairlead_store::Tx<'_>) -> Result<(), StoreError>;

const HOT_IN_WORK: &[(&str, Work)] = &[
    ("outbox, claimed", |tx| {
        outbox::claim(tx, Time::from_micros(5_000), Time::from_micros(6_000), 100).map(drop)
    }),
    ("unsigned modems, counted", |tx| modems::count_unsigned_since(tx, Time::from_micros(2_900)).map(drop)),
    ("modem, claimed", |tx| modems::claim(tx, &["300434063836507".to_owned()]).map(drop)),
    ("changes, forgotten", |tx| changes::forget_before(tx, Time::from_micros(100), 50).map(drop)),
    ("deliveries, claimed", |tx| {
        let (now, until) = (Time::from_micros(5_000), Time::from_micros(6_000));
        deliveries::claim(tx, id(7).into(), now, until, 100).map(drop)
    }),
    ("deliveries, pulled forward", |tx| {
        deliveries::pull_forward(tx, id(7).into(), Time::from_micros(5_000)).map(drop)
    }),
    ("deliveries, purged", |tx| deliveries::purge(tx, Time::from_micros(100), 50).map(drop)),
    ("held, trimmed", |tx| held::trim(tx, "no_imei", 2_990).map(drop)),
];

async fn no_hot_query_reads_a_whole_table(backend: Backend) {
    let (store, _folder, database) = fairlead_testkit::store(backend).await;
    fill(&store).await;
    let mut heard: Vec<(&str, String)> = Vec::new();
    for &(name, query) in HOT {
        let ear = Ear::default();
        let (mouth, statements) = (ear.clone(), ear.0);
        let work = move |conn: &mut Conn| {
            conn.set_instrumentation(mouth);
            query(conn)
        };
        store.read(work).await.unwrap();
        heard.extend(statements.lock().unwrap().drain(..).map(|statement| (name, statement)));
    }
    for &(name, query) in HOT_IN_WORK {
        let ear = Ear::default();
        let (mouth, statements) = (ear.clone(), ear.0);
        let work = move |tx: &mut fairlead_store::Tx<'_>| {
            tx.set_instrumentation(mouth.clone());
            query(tx)
        };
        store.write(work).await.unwrap();
        heard.extend(statements.lock().unwrap().drain(..).map(|statement| (name, statement)));
    }
    heard.retain(|(_, s)| {
        ["SELECT", "UPDATE", "DELETE"].iter().any(|verb| s.starts_with(verb)) && s.contains(" FROM ")
            || s.starts_with("UPDATE")
    });
    assert!(heard.len() >= HOT.len() + HOT_IN_WORK.len(), "not every query was heard: {heard:#?}");

    let mut faults = Vec::new();
    for (name, statement) in heard {
        let sql = with_values(&statement);
        let explained = store.read(move |conn| explain(conn, &sql)).await.unwrap();
        faults.extend(
            explained
                .into_iter()
                .filter(|step| step.is_slow() && !(reads_on_to_a_limit(&statement) && step.is_plain_scan()))
                .map(|step| (name, statement.clone(), step)),
        );
    }
    assert!(faults.is_empty(), "{faults:#?}");
    if let Some(database) = database {
        database.remove().await;
    }
}

/// Whether a statement takes rows as they lie and stops after some: then a scan reads no more than these.
fn reads_on_to_a_limit(statement: &str) -> bool {
    !statement.contains(" WHERE ") && statement.contains(" LIMIT ?")
}

/// One step of a plan.
#[derive(Debug)]
enum Step {
    Sqlite(String),
    Mysql { access: String, key: Option<String>, extra: String },
}

impl Step {
    /// A scan that sorts nothing.
    fn is_plain_scan(&self) -> bool {
        match self {
            Self::Sqlite(detail) => detail.starts_with("SCAN"),
            Self::Mysql { access, extra, .. } => access == "index" && !extra.contains("filesort"),
        }
    }

    fn is_slow(&self) -> bool {
        match self {
            // A scan that uses an index is in order, and ends at the page's limit.
            Self::Sqlite(detail) => {
                detail.starts_with("SCAN") && !detail.contains("USING") && !detail.contains("CONSTANT")
                    || detail.contains("TEMP B-TREE") && !detail.contains("GROUP BY")
            }
            Self::Mysql { access, extra, key, .. } => {
                access == "ALL"
                    || access == "index" && key.is_none()
                    || extra.contains("filesort") && !extra.contains("temporary")
            }
        }
    }
}

#[derive(QueryableByName)]
struct SqliteStep {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct MysqlStep {
    #[diesel(sql_type = Nullable<Text>)]
    #[diesel(column_name = "type")]
    access: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    key: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    #[diesel(column_name = "Extra")]
    extra: Option<String>,
}

fn explain(conn: &mut Conn, sql: &str) -> Result<Vec<Step>, StoreError> {
    Ok(match conn {
        Conn::Sqlite(c) => {
            let steps: Vec<SqliteStep> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(c)?;
            steps.into_iter().map(|step| Step::Sqlite(step.detail)).collect()
        }
        Conn::Mysql(c) => {
            let steps: Vec<MysqlStep> = diesel::sql_query(format!("EXPLAIN {sql}")).load(c)?;
            let step = |s: MysqlStep| Step::Mysql {
                access: s.access.unwrap_or_default(),
                key: s.key,
                extra: s.extra.unwrap_or_default(),
            };
            steps.into_iter().map(step).collect()
        }
    })
}

/// A statement as it was heard, `SQL -- binds: [values]`, with its values in their places.
fn with_values(heard: &str) -> String {
    let (sql, binds) = heard.rsplit_once(" -- binds: ").unwrap();
    let mut values = values(binds).into_iter();
    let mut out = String::new();
    for part in sql.split_inclusive('?') {
        match part.strip_suffix('?') {
            Some(before) => {
                out.push_str(before);
                out.push_str(&values.next().unwrap());
            }
            None => out.push_str(part),
        }
    }
    assert_eq!(values.next(), None, "{heard}");
    out
}

/// The values of a Rust debug list as SQL: numbers, texts, and bytes as `Id([1, 2])`.
fn values(list: &str) -> Vec<String> {
    let mut values = Vec::new();
    let mut rest = list.strip_prefix('[').unwrap().strip_suffix(']').unwrap();
    while !rest.is_empty() {
        let (value, after) = one_value(rest);
        values.push(value);
        rest = after.strip_prefix(", ").unwrap_or(after);
    }
    values
}

fn one_value(text: &str) -> (String, &str) {
    for wrapper in ["Some(", "Id(", "Digest(", "Micros("] {
        if let Some(inner) = text.strip_prefix(wrapper) {
            let (value, after) = one_value(inner);
            return (value, after.strip_prefix(')').unwrap());
        }
    }
    if let Some(inner) = text.strip_prefix('"') {
        let (value, after) = inner.split_once('"').unwrap();
        return (format!("'{value}'"), after);
    }
    if let Some(inner) = text.strip_prefix('[') {
        let (bytes, after) = inner.split_once(']').unwrap();
        let hex: String =
            bytes.split(", ").map(|byte| format!("{:02x}", byte.parse::<u8>().unwrap())).collect();
        return (format!("x'{hex}'"), after);
    }
    let end = text.find([',', ')', ']']).unwrap_or(text.len());
    let (value, after) = text.split_at(end);
    (value.to_owned(), after)
}
