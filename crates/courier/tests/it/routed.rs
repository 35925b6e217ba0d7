//! What routes want devices to be told: where it is trusted and fresh, and the newest.

use std::time::Duration;

use fairlead_model::delivery::DeliveryState;
use fairlead_model::device::DeviceKind;
use fairlead_model::mt::Order;
use fairlead_model::queue::DeliveryWaiting;
use fairlead_model::route::{NewRoute, RouteMessage, RouteSource, RouteTarget};
use fairlead_model::{ModemId, Time, Trust};
use fairlead_simulator::satellite::Screen;
use fairlead_simulator::satellite::mt::{Mood, charged_more_than_once};
use fairlead_store::routing::deliveries::{self};
use fairlead_store::routing::{routes, to_devices};
use fairlead_store::satellite::messages::{self};
use fairlead_store::satellite::modems::{self, StateRow};
use fairlead_store::satellite::mt::origins;
use fairlead_store::{Store, Tx};
use fairlead_testkit::{Backend, on_both_backends};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::desk::{hex, imei, minutes};
use crate::quay::{BUOY, Device, HANDSET, Quay, Told, command, delivery, device, position};

on_both_backends!(
    a_handset_steers_its_buoys_once,
    what_a_handset_may_not_do_is_a_problem,
    a_command_goes_stale_from_when_it_was_sent,
    a_handset_is_told_the_newest_position_alone,
    of_what_comes_at_once_the_newest_is_told_by_one_courier_of_two,
    a_position_that_came_late_or_grew_old_is_not_told,
    a_device_without_a_modem_is_waited_for,
    a_route_is_changed_while_something_of_it_waits,
    a_clock_that_is_a_little_ahead_hides_no_position,
    what_goes_nowhere_takes_no_place,
    a_position_that_nobody_vouches_for_is_no_problem,
    a_command_goes_out_once_somebody_vouches_for_it,
    a_full_queue_takes_the_newer_position,
    a_position_is_not_sent_again_once_it_is_old,
    what_comes_back_unsent_gives_way_to_what_is_newer,
    nothing_is_told_twice_nor_to_its_sender_nor_by_a_route_that_is_off,
);

async fn a_handset_steers_its_buoys_once(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let first = quay.route(quay.handset, quay.buoy, RouteMessage::Command).await;
    let second = quay.route(quay.handset, quay.v3_buoy, RouteMessage::Command).await;
    let to = [(first, quay.buoy), (second, quay.v3_buoy)];
    let (message, ids) = quay.says(quay.handset, command(20, quay.now()), &to).await;
    for mt in quay.until_accepted(2).await {
        assert_eq!(mt["asked_by_message"], message.to_string());
        let by = mt["created_by"].as_str().unwrap();
        assert!(by.starts_with("route ") && by.ends_with(": device 9"), "{by}");
    }
    let charges = quay.desk.charges();
    let texts: Vec<String> = charges.iter().map(|charge| hex(&charge.payload)).collect();
    assert_eq!(texts, ["+DATA:PK006,20;", "+DATA:PK006,20;"]);
    assert!(charged_more_than_once(&charges).is_empty());
    for (id, (route, _)) in ids.into_iter().zip(to) {
        let row = quay.until(id, "delivered").await;
        let mt = row.mt_id.unwrap().into();
        let origin = quay.desk.system.store.read(move |conn| origins::get(conn, mt)).await.unwrap().unwrap();
        assert_eq!((origin.route_id, origin.delivery_id), (route.into(), id.into()));
        assert_eq!(Some(origin.source_modem.into()), quay.handset.modem);
        assert_eq!((origin.position_at, row.due_at), (None, None));
    }
    quay.desk.close().await;
}

async fn what_a_handset_may_not_do_is_a_problem(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let to_v2 = quay.route(quay.handset, quay.buoy, RouteMessage::Command).await;
    let to_v3 = quay.route(quay.handset, quay.v3_buoy, RouteMessage::Command).await;
    let unsigned = Told { trust: Trust::Unsigned, ..command(30, quay.now()) };
    let (message, ids) = quay.says(quay.handset, unsigned, &[(to_v2, quay.buoy)]).await;
    let row = quay.until(ids[0], "failed").await;
    assert!(row.cause.contains("unsigned") && row.cause.contains("courier.mt_trust"), "{}", row.cause);
    assert_eq!(quay.reasons(message).await, [row.cause]);
    // The v3 buoy knows no beacon; the v2 buoy is told all the same.
    let beacon = Told { order: Order::Beacon { on: true }, ..command(0, quay.now()) };
    let to = [(to_v3, quay.v3_buoy), (to_v2, quay.buoy)];
    let (message, ids) = quay.says(quay.handset, beacon, &to).await;
    let row = quay.until(ids[0], "failed").await;
    assert!(row.cause.contains("A v3 buoy has no last-mile beacon."), "{}", row.cause);
    assert_eq!(quay.reasons(message).await, [row.cause]);
    let told = quay.until_accepted(1).await;
    assert_eq!((told.len(), &told[0]["imei"]), (1, &Value::from(imei(BUOY).to_string())));
    quay.desk.close().await;
}

async fn a_command_goes_stale_from_when_it_was_sent(backend: Backend) {
    let quay = Quay::open(backend, &["courier.expires_h=2"]).await;
    let route = quay.route(quay.handset, quay.buoy, RouteMessage::Command).await;
    let to = [(route, quay.buoy)];
    let (message, ids) = quay.says(quay.handset, command(30, quay.now().minus(minutes(120))), &to).await;
    let row = quay.until(ids[0], "expired").await;
    assert!(row.cause.contains("older than 2 h"), "{}", row.cause);
    assert_eq!(quay.reasons(message).await, [row.cause]);
    assert_eq!(quay.outgoing().await.len(), 0);
    let sent_at = quay.now().minus(minutes(90));
    quay.says(quay.handset, command(40, sent_at), &to).await;
    let told = quay.until_accepted(1).await;
    let expires_at: Time = serde_json::from_value(told[0]["expires_at"].clone()).unwrap();
    assert!(expires_at <= sent_at.plus(minutes(121)), "{told:?}");
    quay.desk.close().await;
}

async fn a_handset_is_told_the_newest_position_alone(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let route = quay.route(quay.buoy, quay.handset, RouteMessage::Position).await;
    let other = quay.route(quay.v3_buoy, quay.handset, RouteMessage::Position).await;
    quay.account("pause").await;
    let (now, to) = (quay.now(), [(route, quay.handset)]);
    let (_, first) = quay.says(quay.buoy, position(1, now.minus(minutes(9))), &to).await;
    quay.until(first[0], "delivered").await;
    // Another buoy's position has its own place.
    let (_, others) =
        quay.says(quay.v3_buoy, position(7, now.minus(minutes(8))), &[(other, quay.handset)]).await;
    quay.until(others[0], "delivered").await;
    // What waits with the courier gives way, and so does what it would have cost.
    let credits: i64 = quay.outgoing().await.iter().map(|mt| mt["credits"].as_i64().unwrap()).sum();
    let scope = json!({"type": "account", "name": "rockblock"});
    let budget = json!({"scope": scope, "period": "day", "credits": credits});
    quay.desk.done("/api/v1/budgets", &budget).await;
    let (_, second) = quay.says(quay.buoy, position(2, now.minus(minutes(5))), &to).await;
    quay.until(second[0], "delivered").await;
    let states = |list: Vec<Value>| {
        let mut states: Vec<String> =
            list.iter().map(|mt| mt["state"].as_str().unwrap().to_owned()).collect();
        states.sort_unstable();
        states
    };
    assert_eq!(states(quay.outgoing().await), ["queued", "queued", "superseded"]);
    quay.account("resume").await;
    quay.until_accepted(2).await;
    let mut shown: Vec<String> = quay.desk.charges().iter().map(|charge| hex(&charge.payload)).collect();
    shown.sort_unstable();
    assert!(shown[0].contains(",W,2,") && shown[1].contains(",W,7,"), "{shown:?}");
    quay.desk.close().await;
}

async fn of_what_comes_at_once_the_newest_is_told_by_one_courier_of_two(backend: Backend) {
    let mut quay = Quay::open(backend, &[]).await;
    let route = quay.route(quay.buoy, quay.handset, RouteMessage::Position).await;
    let (now, to) = (quay.now(), [(route, quay.handset)]);
    quay.desk.system.stop_services().await;
    let mut ids = Vec::new();
    for (speed, age) in [(1, 5), (2, 1), (3, 9)] {
        let (_, some) = quay.says(quay.buoy, position(speed, now.minus(minutes(age))), &to).await;
        ids.extend(some);
    }
    quay.desk.restart().await;
    if backend == Backend::Servers {
        quay.desk.second().await;
    }
    quay.until(ids[0], "superseded").await;
    quay.until(ids[1], "delivered").await;
    quay.until(ids[2], "superseded").await;
    quay.until_accepted(1).await;
    let charges = quay.desk.charges();
    assert_eq!(charges.len(), 1);
    assert!(hex(&charges[0].payload).contains(",W,2,"));
    quay.desk.close().await;
}

async fn a_position_that_came_late_or_grew_old_is_not_told(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let route = quay.route(quay.buoy, quay.handset, RouteMessage::Position).await;
    let (now, to) = (quay.now(), [(route, quay.handset)]);
    let (_, old) = quay.says(quay.buoy, position(1, now.minus(minutes(30))), &to).await;
    let row = quay.until(old[0], "expired").await;
    assert!(row.cause.contains("older than 1800 s"), "{}", row.cause);
    // A position as new as this one is known already.
    let modem = quay.buoy.modem.unwrap();
    let known = now.minus(minutes(3));
    quay.desk.system.store.write(move |tx| modems::put_states(tx, &[fix(modem, known)])).await.unwrap();
    let (_, late) = quay.says(quay.buoy, position(2, now.minus(minutes(4))), &to).await;
    let row = quay.until(late[0], "superseded").await;
    assert!(row.cause.contains("came late"), "{}", row.cause);
    assert_eq!(quay.outgoing().await.len(), 0);
    // A clock that is ahead makes no position younger than its message.
    let ahead = Told { position_at: Some(now.plus(minutes(600))), ..position(3, now.minus(minutes(31))) };
    let (_, ahead) = quay.says(quay.v3_buoy, ahead, &[(route, quay.handset)]).await;
    quay.until(ahead[0], "expired").await;
    // What is known last goes out, and lives no longer than it may.
    let (_, newest) = quay.says(quay.buoy, position(4, known), &to).await;
    quay.until(newest[0], "delivered").await;
    let told = quay.until_accepted(1).await;
    let expires_at: Time = serde_json::from_value(told[0]["expires_at"].clone()).unwrap();
    assert_eq!(expires_at, known.plus(minutes(30)));
    let handset = imei(HANDSET);
    let mailboxes = quay.desk.provider.mailboxes();
    assert_eq!(mailboxes.waiting(handset).len(), 1);
    assert_eq!(Screen::of(mailboxes, handset), Screen::default(), "nothing is shown before it was fetched");
    quay.desk.close().await;
}

async fn a_device_without_a_modem_is_waited_for(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let bare = device(&quay.desk, 5, DeviceKind::Handset, None).await;
    let route = quay.route(quay.buoy, bare, RouteMessage::Position).await;
    let (_, first) = quay.says(quay.buoy, position(1, quay.now()), &[(route, bare)]).await;
    let row = loop {
        let row = quay.until(first[0], "waiting").await;
        if row.cause.contains("has no modem") {
            break row;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(row.due_at.is_some_and(|due| Time::from(due) > quay.now()));
    quay.desk.system.hand.advance(minutes(31));
    quay.wake(bare).await;
    let row = quay.until(first[0], "failed").await;
    assert!(row.cause.contains("had no modem"), "{}", row.cause);
    // It is given one in time.
    let (_, second) = quay.says(quay.buoy, position(2, quay.now()), &[(route, bare)]).await;
    quay.until(second[0], "waiting").await;
    quay.gets_a_modem(bare).await;
    quay.desk.system.hand.advance(minutes(2));
    quay.wake(bare).await;
    quay.until(second[0], "delivered").await;
    quay.until_accepted(1).await;
    quay.desk.close().await;
}

async fn a_route_is_changed_while_something_of_it_waits(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let bare = device(&quay.desk, 5, DeviceKind::Handset, None).await;
    let route = quay.route(quay.buoy, bare, RouteMessage::Position).await;
    let change = async |target: Device, lives_s: i64| {
        let new = NewRoute {
            name: "changed".to_owned(),
            enabled: true,
            source: RouteSource::Device { id: quay.buoy.id },
            messages: vec![RouteMessage::Position],
            conditions: Vec::new(),
            target: RouteTarget::Device { id: target.id },
            format: None,
            lives_s: Some(lives_s),
        };
        let now = quay.now();
        let work = move |tx: &mut Tx<'_>| Ok(routes::change(tx, now, route, &new, Vec::new())?.is_ok());
        assert!(quay.desk.system.store.write(work).await.unwrap());
    };
    // It holds for as long as the route says now.
    let (_, first) = quay.says(quay.buoy, position(1, quay.now()), &[(route, bare)]).await;
    quay.until(first[0], "waiting").await;
    change(bare, 60).await;
    quay.desk.system.hand.advance(minutes(2));
    quay.wake(bare).await;
    assert!(quay.until(first[0], "failed").await.cause.contains("had no modem"));
    // To another device from now on: what waits is still the first one's.
    let (_, second) = quay.says(quay.buoy, position(2, quay.now()), &[(route, bare)]).await;
    change(quay.handset, 1_800).await;
    quay.gets_a_modem(bare).await;
    quay.desk.system.hand.advance(minutes(2));
    quay.wake(bare).await;
    quay.until(second[0], "delivered").await;
    let told = quay.until_accepted(1).await;
    assert_eq!(told[0]["imei"], json!(imei(5)));
    quay.desk.close().await;
}

async fn nothing_is_told_twice_nor_to_its_sender_nor_by_a_route_that_is_off(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let route = quay.route(quay.buoy, quay.handset, RouteMessage::Position).await;
    let to = [(route, quay.handset)];
    let (_, ids) = quay.says(quay.buoy, position(1, quay.now()), &to).await;
    let row = quay.until(ids[0], "delivered").await;
    let id = ids[0];
    // What became a message is sent again as that.
    let system = &quay.desk.system;
    let address = system.url("courier", &format!("/api/v1/deliveries/{id}/redeliver"));
    let asked = system.client.post(address).json(&json!({"reason": "a try"})).send().await.unwrap();
    assert_eq!(asked.status(), 409);
    assert!(asked.text().await.unwrap().contains("Outgoing"));
    // Had it been let go out again before that was so, it is the same message.
    let now = quay.now();
    quay.desk.system.store.write(move |tx| deliveries::redeliver(tx, id, "tests", now)).await.unwrap();
    quay.wake(quay.handset).await;
    assert_eq!(quay.until(id, "delivered").await.mt_id, row.mt_id);
    quay.until_accepted(1).await;
    assert_eq!(quay.desk.charges().len(), 1);
    // The handset's own words do not come back to it.
    let (_, own) = quay.says(quay.handset, position(2, quay.now()), &to).await;
    assert!(quay.until(own[0], "failed").await.cause.contains("itself"));
    let (clock, off) = (quay.now(), route);
    quay.desk.system.store.write(move |tx| routes::enable(tx, clock, off, false)).await.unwrap();
    let (_, off) = quay.says(quay.buoy, position(3, quay.now()), &to).await;
    assert!(quay.until(off[0], "discarded").await.cause.contains("switched off"));
    assert_eq!(quay.outgoing().await.len(), 1);
    quay.desk.close().await;
}

async fn a_clock_that_is_a_little_ahead_hides_no_position(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let route = quay.route(quay.buoy, quay.handset, RouteMessage::Position).await;
    let now = quay.now();
    let taken_at = now.plus(Duration::from_secs(5));
    let state = fix(quay.buoy.modem.unwrap(), taken_at);
    quay.desk
        .system
        .store
        .write(move |tx| modems::put_states(tx, std::slice::from_ref(&state)))
        .await
        .unwrap();
    let ahead = Told { position_at: Some(taken_at), ..position(1, now) };
    let (_, ids) = quay.says(quay.buoy, ahead, &[(route, quay.handset)]).await;
    quay.until(ids[0], "delivered").await;
    let told = quay.until_accepted(1).await;
    let expires_at: Time = serde_json::from_value(told[0]["expires_at"].clone()).unwrap();
    assert_eq!(expires_at, now.plus(minutes(30)), "it is no younger for that");
    quay.desk.close().await;
}

async fn what_goes_nowhere_takes_no_place(backend: Backend) {
    let mut quay = Quay::open(backend, &[]).await;
    let long = quay.route_from(
        RouteSource::Device { id: quay.buoy.id },
        quay.handset,
        RouteMessage::Position,
        86_400,
    );
    let long = long.await;
    let short = quay
        .route_from(RouteSource::Kind { kind: DeviceKind::Buoy }, quay.handset, RouteMessage::Position, 60)
        .await;
    let (now, handset) = (quay.now(), quay.handset);
    // The same position by two routes, the later of which it has outlived.
    let told = position(1, now.minus(minutes(10)));
    let (_, ids) = quay.says(quay.buoy, told, &[(long, handset), (short, handset)]).await;
    quay.until(ids[0], "delivered").await;
    quay.until(ids[1], "superseded").await;
    quay.until_accepted(1).await;
    // A newer one that nobody vouches for, and one by a route that was switched off.
    quay.desk.system.stop_services().await;
    let unsigned = Told { trust: Trust::Unsigned, ..position(4, now) };
    let (_, unsigned) = quay.says(quay.buoy, unsigned, &[(long, handset)]).await;
    let (_, off) = quay.says(quay.buoy, position(3, now), &[(short, handset)]).await;
    quay.desk.system.store.write(move |tx| routes::enable(tx, now, short, false)).await.unwrap();
    let (_, good) = quay.says(quay.buoy, position(2, now.minus(minutes(1))), &[(long, handset)]).await;
    quay.desk.restart().await;
    quay.until(good[0], "delivered").await;
    quay.until(unsigned[0], "failed").await;
    quay.until(off[0], "discarded").await;
    quay.until_accepted(2).await;
    let shown: Vec<String> = quay.desk.charges().iter().map(|charge| hex(&charge.payload)).collect();
    assert!(shown[0].contains(",W,1,") && shown[1].contains(",W,2,"), "{shown:?}");
    quay.desk.close().await;
}

async fn a_position_that_nobody_vouches_for_is_no_problem(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let route = quay.route(quay.buoy, quay.handset, RouteMessage::Position).await;
    let (now, modem) = (quay.now(), quay.buoy.modem.unwrap());
    let known = fix(modem, now.minus(minutes(3)));
    quay.desk
        .system
        .store
        .write(move |tx| modems::put_states(tx, std::slice::from_ref(&known)))
        .await
        .unwrap();
    for (from, age, state) in
        [(quay.buoy, 4, "superseded"), (quay.v3_buoy, 31, "expired"), (quay.v3_buoy, 1, "failed")]
    {
        let told = Told { trust: Trust::Unsigned, ..position(1, now.minus(minutes(age))) };
        let (message, ids) = quay.says(from, told, &[(route, quay.handset)]).await;
        let row = quay.until(ids[0], state).await;
        assert_eq!(row.cause.contains("courier.mt_trust"), state == "failed", "{}", row.cause);
        assert_eq!(quay.reasons(message).await, [""; 0]);
    }
    assert_eq!(quay.outgoing().await.len(), 0);
    quay.desk.close().await;
}

async fn a_command_goes_out_once_somebody_vouches_for_it(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let route = quay.route(quay.handset, quay.buoy, RouteMessage::Command).await;
    let other = quay.route(quay.handset, quay.v3_buoy, RouteMessage::Command).await;
    let unsigned = Told { trust: Trust::Unsigned, ..command(30, quay.now()) };
    let to = [(route, quay.buoy), (other, quay.v3_buoy)];
    let (message, ids) = quay.says(quay.handset, unsigned, &to).await;
    for id in &ids {
        quay.until(*id, "failed").await;
    }
    // One of them has failed for something else.
    let (now, off) = (quay.now(), ids[1]);
    let failed = move |tx: &mut Tx<'_>| {
        deliveries::redeliver(tx, off, "tests", now)?;
        let why = (DeliveryState::Failed, "The device was removed.");
        to_devices::settle(tx, off, now, why, None)
    };
    assert!(quay.desk.system.store.write(failed).await.unwrap());
    let again = move |tx: &mut Tx<'_>| {
        assert!(messages::raise_trust(tx, message.into(), Trust::Signed)?);
        assert!(!messages::raise_trust(tx, message.into(), Trust::Signed)?);
        to_devices::vouched_for(tx, message, now)
    };
    assert_eq!(quay.desk.system.store.write(again).await.unwrap(), [quay.buoy.id]);
    quay.wake(quay.buoy).await;
    quay.until(ids[0], "delivered").await;
    quay.until(ids[1], "failed").await;
    quay.until_accepted(1).await;
    assert_eq!(quay.desk.charges().len(), 1);
    quay.desk.close().await;
}

/// The provider's vouched copy is being written by the intake while the courier looks at the message.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_vouched_for_at_this_moment_is_not_missed() {
    let quay = Quay::open(Backend::Servers, &[]).await;
    let route = quay.route(quay.handset, quay.buoy, RouteMessage::Command).await;
    let unsigned = Told { trust: Trust::Unsigned, ..command(30, quay.now()) };
    let (message, _) = quay.says(quay.handset, unsigned.clone(), &[]).await;
    let intake = Store::open(quay.desk.system.store.url().clone()).unwrap();
    let (raised, is_raised) = oneshot::channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    let (now, mut tell) = (quay.now(), Some((raised, may_go_on)));
    let raising = tokio::spawn(async move {
        let work = move |tx: &mut Tx<'_>| {
            messages::raise_trust(tx, message.into(), Trust::Signed)?;
            let again = to_devices::vouched_for(tx, message, now)?;
            if let Some((raised, may_go_on)) = tell.take() {
                raised.send(()).unwrap();
                may_go_on.recv().unwrap();
            }
            Ok(again)
        };
        intake.write(work).await.unwrap()
    });
    is_raised.await.unwrap();
    let clock = quay.desk.system.clock.clone();
    let (new, target_id) =
        (delivery(route, quay.buoy.id, quay.handset, message, &unsigned), quay.buoy.id.uuid());
    let work = move |tx: &mut Tx<'_>| {
        let ids = deliveries::insert(tx, &clock, std::slice::from_ref(&new))?;
        fairlead_bus::enqueue(tx, &clock, &DeliveryWaiting { target_id }, None)?;
        Ok(ids[0])
    };
    let id = quay.desk.system.store.write(work).await.unwrap();
    // Long enough for a lane that waits for nobody: it would find the message unsigned, and nobody would look again.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let row = quay.desk.system.store.read(move |conn| deliveries::get(conn, id)).await.unwrap();
    assert_eq!(row.state, "waiting");
    go_on.send(()).unwrap();
    assert_eq!(raising.await.unwrap(), []);
    quay.until(id, "delivered").await;
    quay.desk.close().await;
}

async fn a_full_queue_takes_the_newer_position(backend: Backend) {
    let quay = Quay::open(backend, &["courier.waiting_per_modem=1"]).await;
    let route = quay.route(quay.buoy, quay.handset, RouteMessage::Position).await;
    let other = quay.route(quay.v3_buoy, quay.handset, RouteMessage::Position).await;
    quay.account("pause").await;
    for (speed, age) in [(1, 9), (2, 5)] {
        let told = position(speed, quay.now().minus(minutes(age)));
        let (_, ids) = quay.says(quay.buoy, told, &[(route, quay.handset)]).await;
        quay.until(ids[0], "delivered").await;
    }
    let told = position(3, quay.now());
    let (_, ids) = quay.says(quay.v3_buoy, told, &[(other, quay.handset)]).await;
    let row = quay.until(ids[0], "failed").await;
    assert_eq!(row.cause, "1 messages wait for this modem already.");
    let states: Vec<Value> = quay.outgoing().await.iter().map(|mt| mt["state"].clone()).collect();
    assert_eq!(states, ["queued", "superseded"]);
    quay.desk.close().await;
}

async fn a_position_is_not_sent_again_once_it_is_old(backend: Backend) {
    let quay = Quay::open(backend, &[]).await;
    let route = quay.route(quay.buoy, quay.handset, RouteMessage::Position).await;
    let to = [(route, quay.handset)];
    let mut seen = Vec::new();
    let mut unknown = async |quay: &Quay, speed: u32| {
        quay.desk.force(Mood::Close);
        quay.says(quay.buoy, position(speed, quay.now()), &to).await;
        let is_new = |list: &Value| {
            let newest = &list["items"][0];
            newest["state"] == "unknown" && !seen.contains(&newest["id"])
        };
        let list = quay.desk.system.until("courier", "/api/v1/outgoing", is_new).await;
        seen.push(list["items"][0]["id"].clone());
        list["items"][0].clone()
    };
    let again = json!({"decision": "send_again", "reason": "a test"});
    let settle = |mt: &Value| format!("/api/v1/outgoing/{}/settle", mt["id"].as_str().unwrap());

    let first = unknown(&quay, 1).await;
    quay.desk.system.hand.advance(minutes(10));
    let queued = quay.desk.done(&settle(&first), &again).await;
    assert_eq!(queued["expires_at"], first["expires_at"]);
    quay.until_accepted(1).await;

    let second = unknown(&quay, 2).await;
    quay.desk.system.hand.advance(minutes(31));
    let why = quay.desk.refused(&settle(&second), &again, 409).await;
    assert!(why.starts_with("This position has become too old"), "{why}");

    let third = unknown(&quay, 3).await;
    quay.desk.system.hand.advance(minutes(10));
    quay.says(quay.buoy, position(4, quay.now()), &to).await;
    quay.until_accepted(2).await;
    let why = quay.desk.refused(&settle(&third), &again, 409).await;
    assert!(why.starts_with("A newer position"), "{why}");
    let give_up = json!({"decision": "give_up", "reason": "a test"});
    assert_eq!(quay.desk.done(&settle(&third), &give_up).await["state"], "failed");
    quay.desk.close().await;
}

async fn what_comes_back_unsent_gives_way_to_what_is_newer(backend: Backend) {
    for is_position in [true, false] {
        let gate = Gate::new().await;
        let quay = Quay::open(backend, &[&format!("courier.rockblock.url={}", gate.url)]).await;
        let refuse = gate.open(&quay.desk.provider.url());
        if is_position {
            let route = quay.route(quay.buoy, quay.handset, RouteMessage::Position).await;
            let (now, to) = (quay.now(), [(route, quay.handset)]);
            quay.says(quay.buoy, position(1, now.minus(minutes(5))), &to).await;
            quay.until_newest("sending").await;
            quay.says(quay.buoy, position(2, now), &to).await;
        } else {
            let modem = quay.v3_buoy.modem.unwrap();
            quay.desk.ask(modem, json!({"type": "interval", "minutes": 20})).await;
            quay.until_newest("sending").await;
            quay.desk.ask(modem, json!({"type": "interval", "minutes": 30})).await;
        }
        quay.until_newest("queued").await;
        refuse.send(()).unwrap();
        let list = quay.until_accepted(1).await;
        let states: Vec<&Value> = list.iter().map(|mt| &mt["state"]).collect();
        assert_eq!(states, ["accepted", "superseded"]);
        let cause = list[1]["cause"].as_str().unwrap();
        assert!(cause.contains(list[0]["id"].as_str().unwrap()), "{cause}");
        assert_eq!(quay.desk.charges().len(), 1);
        quay.desk.close().await;
    }
}

/// Stands before the provider, holds the first call, and answers that the provider cannot take it now. Whatever comes
/// then passes.
struct Gate {
    listener: TcpListener,
    url: String,
}

impl Gate {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/rockblock/MT", listener.local_addr().unwrap());
        Self { listener, url }
    }

    /// Lets calls come; the first is refused when something is sent.
    fn open(self, provider: &str) -> oneshot::Sender<()> {
        let provider = reqwest::Url::parse(provider).unwrap();
        let to = format!("{}:{}", provider.host_str().unwrap(), provider.port().unwrap());
        let (refuse, refused) = oneshot::channel();
        tokio::spawn(async move {
            // Whether it is reached is asked by calls of another kind.
            let mut first = loop {
                let (mut call, _) = self.listener.accept().await.unwrap();
                let mut method = [0; 4];
                if call.read_exact(&mut method).await.is_ok() && method == *b"POST" {
                    break call;
                }
            };
            refused.await.unwrap();
            let body = "FAILED,99,System Error";
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            first.write_all(answer.as_bytes()).await.unwrap();
            while let Ok((mut call, _)) = self.listener.accept().await {
                let mut far = TcpStream::connect(&to).await.unwrap();
                tokio::spawn(async move { tokio::io::copy_bidirectional(&mut call, &mut far).await });
            }
        });
        refuse
    }
}

/// The state of a modem whose newest position was taken then.
fn fix(modem: ModemId, at: Time) -> StateRow {
    StateRow {
        modem_id: modem.into(),
        last_message_id: uuid::Uuid::nil().into(),
        last_transmitted_at: at.into(),
        last_received_at: at.into(),
        momsn: None,
        fix_at: Some(at.into()),
        fix_momsn: None,
        fix_latitude: Some(37.8),
        fix_longitude: Some(-122.3),
        fix_message_id: None,
        estimate_at: None,
        estimate_latitude: None,
        estimate_longitude: None,
        estimate_accuracy_m: None,
        estimate_message_id: None,
        report_at: None,
        report_momsn: None,
        speed_m_s: None,
        course_deg: None,
        battery_v: None,
        interval_s: 600,
        interval_source: "assumed".into(),
        status: None,
        beacon_on: None,
    }
}
