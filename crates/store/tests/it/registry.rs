//! The registry: names that are drawn, whose messages are, and what a device is still needed for.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use fairlead_model::device::DeviceKind;
use fairlead_model::{Clock, DeviceId, ManualClock, MessageId, Time, Trust};
use fairlead_store::registry::devices::{self, NewDevice};
use fairlead_store::registry::links::{self, Wish};
use fairlead_store::registry::registration::{self, Refusal, Registered};
use fairlead_store::registry::{Flaw, ModemChoice, numbers};
use fairlead_store::satellite::{messages, modems};
use fairlead_store::{Store, StoreError, Tx};
use fairlead_testkit::Backend;

fairlead_testkit::on_both_backends!(
    devices_that_register_at_once_have_names_of_their_own,
    a_name_that_somebody_chose_is_never_drawn,
    a_drawn_name_and_a_chosen_one_at_once_are_two,
    a_device_that_registers_again_keeps_its_name,
    names_grow_beyond_three_digits,
    a_window_is_open_for_its_time,
    a_message_is_its_devices_of_its_time,
    a_device_that_is_still_needed_is_not_deleted,
    a_device_shows_its_line_and_its_firmware,
    modems_are_numbered_once_however_many_ask,
    a_modem_that_a_person_made_known_is_none_of_the_days_unsigned_ones,
);

const IMEI: &str = "300434063836590";

fn clock() -> (Clock, ManualClock) {
    Clock::manual(Time::parse_rfc3339("2026-06-01T12:00:00Z").unwrap())
}

fn new(kind: DeviceKind, name: Option<&str>) -> NewDevice {
    let name = name.map(str::to_owned);
    NewDevice { kind, name, modem: None, serial: None, since: None, groups: Vec::new() }
}

async fn make(store: &Store, clock: &Clock, new: NewDevice) -> Result<DeviceId, Vec<Flaw>> {
    let clock = clock.clone();
    let made = store.write(move |tx| devices::create(tx, &clock, &new, "test")).await.unwrap();
    made.map(|row| row.id.into())
}

async fn register(
    store: &Store,
    clock: &Clock,
    kind: DeviceKind,
    name: Option<&'static str>,
) -> Result<Registered, Refusal> {
    let clock = clock.clone();
    store.write(move |tx| registration::register(tx, &clock, kind, name)).await.unwrap()
}

async fn run(store: &Store, sql: String) {
    store.write(move |tx: &mut Tx<'_>| Ok(tx.batch_execute(&sql)?)).await.unwrap();
}

async fn devices_that_register_at_once_have_names_of_their_own(backend: Backend) {
    let (one, _folder, database) = fairlead_testkit::store(backend).await;
    let other = Store::open(one.url().clone()).unwrap();
    let (clock, _) = clock();
    let registering = (0..20).map(|n| {
        let store = if n % 2 == 0 { &one } else { &other };
        register(store, &clock, DeviceKind::Buoy, [None, Some("TEST")][n % 2])
    });
    let registered = futures_util::future::join_all(registering).await;
    let names: BTreeSet<String> =
        registered.iter().map(|found| found.as_ref().unwrap().device.name.clone()).collect();
    let wanted: BTreeSet<String> = (1..=20).map(|n| format!("PK{n:03}")).collect();
    assert_eq!(names, wanted);
    let numbers: BTreeSet<i64> =
        registered.iter().map(|found| found.as_ref().unwrap().device.number).collect();
    assert_eq!(numbers, (1..=20).collect());
    if let Some(database) = database {
        database.remove().await;
    }
}

async fn a_name_that_somebody_chose_is_never_drawn(backend: Backend) {
    let (store, _folder, database) = fairlead_testkit::store(backend).await;
    let (clock, _) = clock();
    make(&store, &clock, new(DeviceKind::Buoy, Some("PK004"))).await.unwrap();
    make(&store, &clock, new(DeviceKind::Handset, Some("pk002"))).await.unwrap();
    make(&store, &clock, new(DeviceKind::Rockstar, Some("Pk003"))).await.unwrap();
    let mut names = Vec::new();
    for _ in 0..3 {
        names.push(register(&store, &clock, DeviceKind::Buoy, None).await.unwrap().device.name);
    }
    assert_eq!(names, ["PK001", "PK005", "PK006"]);

    // Hundreds in the way are passed over, and a name that became free is not given out again.
    for n in 7..=260 {
        make(&store, &clock, new(DeviceKind::Buoy, Some(&format!("PK{n:03}")))).await.unwrap();
    }
    let far = register(&store, &clock, DeviceKind::Buoy, None).await.unwrap().device;
    assert_eq!(far.name, "PK261");
    let of = clock.clone();
    let id = DeviceId::from(far.id);
    let delete = move |tx: &mut Tx<'_>| {
        let row = devices::claim(tx, id)?;
        devices::delete(tx, of.now(), &row)
    };
    store.write(delete).await.unwrap().unwrap();
    assert_eq!(register(&store, &clock, DeviceKind::Buoy, Some("PK261")).await.unwrap().device.name, "PK262");
    assert_eq!(register(&store, &clock, DeviceKind::Handset, None).await.unwrap().device.name, "HS001");
    if let Some(database) = database {
        database.remove().await;
    }
}

async fn a_drawn_name_and_a_chosen_one_at_once_are_two(backend: Backend) {
    let (store, _folder, database) = fairlead_testkit::store(backend).await;
    let (clock, _) = clock();
    for n in 1..=8 {
        let chosen = format!("pk{n:03}");
        let (drawn, made) = tokio::join!(
            register(&store, &clock, DeviceKind::Buoy, None),
            make(&store, &clock, new(DeviceKind::Buoy, Some(&chosen))),
        );
        let drawn = drawn.unwrap().device.name;
        // Either may be first; nobody's name is another's.
        assert!(made.is_err() || !drawn.eq_ignore_ascii_case(&chosen), "{drawn} {chosen} {made:?}");
    }
    let rows = store.read(|conn| devices::list(conn, &devices::Filter::default(), 500)).await.unwrap();
    let names: BTreeSet<_> = rows.iter().map(|row| row.name.to_ascii_lowercase()).collect();
    assert_eq!(names.len(), rows.len());
    if let Some(database) = database {
        database.remove().await;
    }
}

async fn a_device_that_registers_again_keeps_its_name(backend: Backend) {
    let (store, _folder, database) = fairlead_testkit::store(backend).await;
    let (clock, _) = clock();
    let first = register(&store, &clock, DeviceKind::Buoy, Some("TEST")).await.unwrap();
    assert_eq!(
        (first.device.name.as_str(), first.device.created_by.as_str()),
        ("PK001", registration::ITSELF)
    );
    assert!(first.is_new);
    for name in ["PK001", "pk001"] {
        let again = register(&store, &clock, DeviceKind::Buoy, Some(name)).await.unwrap();
        assert_eq!((again.device, again.is_new), (first.device.clone(), false));
    }
    let by = first.device.named().unwrap();
    let refused = register(&store, &clock, DeviceKind::Handset, Some("PK001")).await.unwrap_err();
    assert_eq!(refused, Refusal::AnotherKind { asked: DeviceKind::Handset, by });
    assert_eq!(refused.to_string(), "PK001 is a buoy, and cannot be registered as a handset.");
    let refused = register(&store, &clock, DeviceKind::Rockstar, None).await.unwrap_err();
    assert_eq!(refused.to_string(), "A rockstar does not register itself.");
    let audit = store.read(|conn| fairlead_store::audit::list(conn, None, None, 9)).await.unwrap();
    let kept: Vec<_> =
        audit.iter().map(|e| (e.actor.as_str(), e.action.as_str(), e.detail.as_str())).collect();
    assert_eq!(kept, [("device", "device.register", "PK001, a buoy that came as TEST")]);
    if let Some(database) = database {
        database.remove().await;
    }
}

async fn names_grow_beyond_three_digits(backend: Backend) {
    let (store, _folder, database) = fairlead_testkit::store(backend).await;
    let (clock, _) = clock();
    run(&store, "INSERT INTO sequences (name, last) VALUES ('device.handset.name', 998)".to_owned()).await;
    let mut names = Vec::new();
    for _ in 0..2 {
        names.push(register(&store, &clock, DeviceKind::Handset, None).await.unwrap().device.name);
    }
    assert_eq!(names, ["HS999", "HS1000"]);
    if let Some(database) = database {
        database.remove().await;
    }
}

async fn a_window_is_open_for_its_time(backend: Backend) {
    let (store, _folder, database) = fairlead_testkit::store(backend).await;
    let (clock, hand) = clock();
    let is_open = async || {
        let now = clock.now();
        store.read(move |conn| registration::is_open(conn, now)).await.unwrap()
    };
    let open = async |minutes: u64| {
        let now = clock.now();
        let time = Duration::from_secs(60 * minutes);
        store.write(move |tx| registration::open(tx, now, time, "Ada")).await.unwrap()
    };
    assert!(!is_open().await);
    assert_eq!(open(5).await.until, clock.now().plus(Duration::from_secs(300)));
    hand.advance(Duration::from_secs(299));
    assert!(is_open().await);
    // Opened anew it counts from then, also for less.
    open(1).await;
    open(1).await;
    hand.advance(Duration::from_secs(60));
    assert!(!is_open().await);
    open(5).await;
    let now = clock.now();
    assert!(store.write(move |tx| registration::shut(tx, now)).await.unwrap());
    assert!(!is_open().await);
    assert!(!store.write(move |tx| registration::shut(tx, now)).await.unwrap());
    if let Some(database) = database {
        database.remove().await;
    }
}

/// A message of the modem, sent then and received when it is stored.
async fn message(store: &Store, clock: &Clock, sent: Option<Time>) -> MessageId {
    let id = MessageId::new(clock);
    let (hex, now) = (id.uuid().simple(), clock.now().micros());
    let sent = sent.map_or("NULL".to_owned(), |at| at.micros().to_string());
    let row = format!(
        "INSERT INTO mo_messages (id, provider, imei, transmitted_at, received_at, trust, state, body, source) \
         VALUES (x'{hex}', 'rockblock', '{IMEI}', {sent}, {now}, 'unsigned', 'decoded', x'', '')"
    );
    run(store, row).await;
    id
}

async fn a_message_is_its_devices_of_its_time(backend: Backend) {
    let (store, _folder, database) = fairlead_testkit::store(backend).await;
    let (clock, hand) = clock();
    let start = clock.now();
    let at = |minute: u64| start.plus(Duration::from_secs(60 * minute));
    let of = clock.clone();
    let create = move |tx: &mut Tx<'_>| modems::create(tx, &of, IMEI.parse().unwrap(), None, Trust::Unsigned);
    let modem = store.write(create).await.unwrap().id;
    let one = make(&store, &clock, new(DeviceKind::Buoy, Some("one"))).await.unwrap();
    let two = make(&store, &clock, new(DeviceKind::Buoy, Some("two"))).await.unwrap();
    let link = async |device: DeviceId, since: Time| {
        let wish = Wish { modem: ModemChoice::Id(modem.into()), since: Some(since) };
        let of = clock.clone();
        let linked = store.write(move |tx| links::link(tx, &of, device, &wish, "test")).await;
        linked.unwrap().unwrap();
    };
    let unlink = async |device: DeviceId, until: Time| {
        let now = clock.now();
        let left = store.write(move |tx| links::unlink(tx, now, device, Some(until), "test")).await;
        left.unwrap().unwrap();
    };
    hand.advance(Duration::from_secs(3_600));
    link(one, at(10)).await;
    unlink(one, at(20)).await;
    link(two, at(30)).await;

    // Sent before, in, between and after the two times, the last moment of one being none of it; one without a time.
    let mut sent = Vec::new();
    for minute in [9, 10, 19, 20, 29, 30, 60] {
        sent.push((message(&store, &clock, Some(at(minute))).await, minute));
        hand.advance(Duration::from_millis(2));
    }
    let untold = message(&store, &clock, None).await;
    hand.advance(Duration::from_millis(2));
    let views = store.read(|conn| messages::list(conn, &messages::Filter::default(), 50)).await.unwrap();
    let owner = |id: MessageId| {
        let view = views.iter().find(|view| view.id == id).unwrap();
        view.device.as_ref().map(|device| device.name.clone())
    };
    let owners: Vec<_> = sent.iter().map(|(id, minute)| (*minute, owner(*id))).collect();
    let (one_s, two_s) = (Some("one".to_owned()), Some("two".to_owned()));
    assert_eq!(
        owners,
        [
            (9, None),
            (10, one_s.clone()),
            (19, one_s.clone()),
            (20, None),
            (29, None),
            (30, two_s.clone()),
            (60, two_s.clone())
        ]
    );
    assert_eq!(owner(untold), two_s);
    let of_device = async |device: DeviceId, before: Option<MessageId>, limit: i64| {
        let filter = messages::Filter { device: Some(device), before, ..messages::Filter::default() };
        let page = store.read(move |conn| messages::list(conn, &filter, limit)).await.unwrap();
        page.into_iter().map(|view| view.id).collect::<Vec<_>>()
    };
    assert_eq!(of_device(one, None, 50).await, [sent[2].0, sent[1].0]);
    assert_eq!(of_device(one, Some(sent[2].0), 50).await, [sent[1].0]);
    assert_eq!(of_device(two, None, 2).await, [untold, sent[6].0]);
    assert_eq!(of_device(two, Some(sent[6].0), 2).await, [sent[5].0]);

    // Back in the first: its page has both of its times, and still newest first.
    unlink(two, clock.now()).await;
    link(one, clock.now()).await;
    let late = message(&store, &clock, Some(at(15))).await;
    hand.advance(Duration::from_millis(2));
    let newest = message(&store, &clock, Some(clock.now())).await;
    assert_eq!(of_device(one, None, 50).await, [newest, late, sent[2].0, sent[1].0]);
    // A deleted device keeps its messages.
    let of = clock.clone();
    let delete = move |tx: &mut Tx<'_>| {
        let row = devices::claim(tx, two)?;
        devices::delete(tx, of.now(), &row)
    };
    store.write(delete).await.unwrap().unwrap();
    assert_eq!(of_device(two, None, 2).await, [untold, sent[6].0]);
    if let Some(database) = database {
        database.remove().await;
    }
}

async fn a_device_that_is_still_needed_is_not_deleted(backend: Backend) {
    let (store, _folder, database) = fairlead_testkit::store(backend).await;
    let (clock, _) = clock();
    let device = make(&store, &clock, new(DeviceKind::Buoy, Some("Otter"))).await.unwrap();
    let delete = async || {
        let of = clock.clone();
        let work = move |tx: &mut Tx<'_>| {
            let row = devices::claim(tx, device)?;
            devices::delete(tx, of.now(), &row)
        };
        let flaws = store.write(work).await?.err().unwrap_or_default();
        Ok::<_, StoreError>(flaws.iter().map(Flaw::to_string).collect::<Vec<_>>())
    };
    let (id, other) = (device.uuid().simple(), clock.new_id().simple());
    run(
        &store,
        format!(
            "INSERT INTO upgrade_jobs (id, number, device_id, version_id, state, asked_by, created_at, timeout_s, call_device, deadline_at, \
             attempts, files_done, bytes_done, active_device) \
             VALUES (x'{other}', 1, x'{id}', x'{other}', 'transferring', '', 0, 60, 0, 0, 0, 0, 0, x'{id}')"
        ),
    )
    .await;
    run(
        &store,
        format!(
            "INSERT INTO rollouts (id, name, version_id, state, created_by, created_at, needs_approval, call_devices, \
             job_timeout_s) VALUES (x'{other}', 'spring', x'{other}', 'stopped', '', 0, 0, 0, 60)"
        ),
    )
    .await;
    run(
        &store,
        format!(
            "INSERT INTO rollout_targets (rollout_id, device_id, ordinal, state) \
             VALUES (x'{other}', x'{id}', 0, 'waiting')"
        ),
    )
    .await;
    let upgraded = "Otter is being upgraded. Wait until that is done, or cancel it first.";
    let turn = "Otter has its turn in the roll-out spring to come. Cancel that first.";
    assert_eq!(delete().await.unwrap(), [upgraded, turn]);
    run(&store, "UPDATE upgrade_jobs SET state = 'failed', active_device = NULL".to_owned()).await;
    assert_eq!(delete().await.unwrap(), [turn]);
    run(&store, "UPDATE rollout_targets SET state = 'succeeded'".to_owned()).await;
    assert_eq!(delete().await.unwrap(), Vec::<String>::new());
    assert!(matches!(delete().await, Err(StoreError::NotFound)));
    if let Some(database) = database {
        database.remove().await;
    }
}

async fn a_device_shows_its_line_and_its_firmware(backend: Backend) {
    let (store, _folder, database) = fairlead_testkit::store(backend).await;
    let (clock, _) = clock();
    let device = make(&store, &clock, new(DeviceKind::Buoy, Some("Otter"))).await.unwrap();
    let at = Cell::new(4_000);
    let view = async || {
        let now = Time::from_micros(at.get());
        store.read(move |conn| devices::view(conn, device, now)).await.unwrap()
    };
    let bare = view().await;
    assert_eq!((bare.presence, bare.firmware), (None, None));
    let (id, node) = (device.uuid().simple(), clock.new_id().simple());
    run(
        &store,
        format!(
            "INSERT INTO rooms (name, device_id, node, epoch, connected_at) VALUES ('Otter', x'{id}', x'{node}', 1, 1000)"
        ),
    )
    .await;
    run(
        &store,
        format!(
            "INSERT INTO firmware_versions (id, source, revision, commit_id, subject, author, committed_at, state, \
             files, directories, bytes, signature, asked_by, created_at) \
             VALUES (x'{node}', 'fw', 'v3.1', 'c0ffee', '', '', 0, 'ready', 0, 0, 0, 'unsigned', '', 0)"
        ),
    )
    .await;
    run(
        &store,
        format!("INSERT INTO device_firmware (device_id, version_id, since) VALUES (x'{id}', x'{node}', 7)"),
    )
    .await;
    let shown = view().await;
    // The room's hub is not among the living.
    let presence = shown.presence.unwrap();
    assert_eq!((presence.connected, presence.since), (false, Time::from_micros(1_000)));
    let firmware = shown.firmware.unwrap();
    assert_eq!(
        (firmware.revision.as_str(), firmware.commit.as_str(), firmware.since),
        ("v3.1", "c0ffee", Time::from_micros(7))
    );
    run(&store, format!("INSERT INTO hub_nodes (node, lease_until) VALUES (x'{node}', 5000)")).await;
    assert!(view().await.presence.unwrap().connected);
    // A hub that is past its time has nobody any more.
    at.set(5_000);
    let lost = view().await.presence.unwrap();
    assert_eq!((lost.connected, lost.since), (false, Time::from_micros(5_000)));
    at.set(4_000);
    run(&store, "UPDATE rooms SET node = NULL, disconnected_at = 3000".to_owned()).await;
    let gone = view().await.presence.unwrap();
    assert_eq!((gone.connected, gone.since), (false, Time::from_micros(3_000)));
    if let Some(database) = database {
        database.remove().await;
    }
}

async fn modems_are_numbered_once_however_many_ask(backend: Backend) {
    let (store, _folder, database) = fairlead_testkit::store(backend).await;
    let (clock, _) = clock();
    let of = clock.clone();
    let imeis: Vec<_> = (0..30).map(|n| format!("3004340638365{n:02}").parse().unwrap()).collect();
    let made = store.write(move |tx| modems::prepare(tx, &of, &imeis)).await.unwrap();
    let ids: Vec<_> = made.iter().map(|row| row.id.into()).collect();
    let asking = (0..6).map(|n| {
        let ids = ids[..5 * (n + 1)].to_vec();
        store.write(move |tx| numbers::give(tx, &ids))
    });
    for given in futures_util::future::join_all(asking).await {
        for (id, number) in given.unwrap() {
            let found = store.read(move |conn| numbers::modem(conn, number)).await.unwrap();
            assert_eq!(found, Some(id));
        }
    }
    let known = store
        .read({
            let ids = ids.clone();
            move |conn| numbers::of(conn, &ids)
        })
        .await
        .unwrap();
    let all: BTreeSet<i64> = known.values().copied().collect();
    assert_eq!(all, (1..=30).collect(), "no number is left out");
    if let Some(database) = database {
        database.remove().await;
    }
}

async fn a_modem_that_a_person_made_known_is_none_of_the_days_unsigned_ones(backend: Backend) {
    let (store, _folder, database) = fairlead_testkit::store(backend).await;
    let (clock, _) = clock();
    let mut with_modem = new(DeviceKind::Buoy, None);
    with_modem.modem = Some(ModemChoice::Imei(IMEI.to_owned()));
    let device = make(&store, &clock, with_modem).await.unwrap();
    let view = store
        .read({
            let now = clock.now();
            move |conn| devices::view(conn, device, now)
        })
        .await
        .unwrap();
    let modem = view.modem.unwrap();
    assert_eq!((modem.imei.as_str(), modem.since), (IMEI, clock.now()));
    let count = store.write(|tx| modems::count_unsigned_since(tx, Time::from_micros(0))).await.unwrap();
    assert_eq!(count, 0);
    let shown = store.read(move |conn| modems::view(conn, modem.id)).await.unwrap();
    assert_eq!(shown.device.unwrap().id, device);
    if let Some(database) = database {
        database.remove().await;
    }
}
