//! A handset's command becomes a message to its buoys, where it is trusted and fresh.

use fairlead_model::queue::MoCommand;
use fairlead_model::{MessageId, Time, Trust};
use fairlead_simulator::satellite::mt::charged_more_than_once;
use fairlead_store::problems;
use fairlead_store::satellite::messages::{self, MessageRow};
use fairlead_testkit::{Backend, on_both_backends};
use serde_json::Value;

use crate::desk::{Desk, hex, imei, minutes};

on_both_backends!(
    a_handset_steers_its_buoys_once,
    somebody_with_a_rockstar_steers_in_words,
    what_a_handset_may_not_do_is_a_problem,
    a_command_goes_stale_from_when_it_was_sent,
);

/// The handset in these tests; 0 and 1 are its buoys.
const HANDSET: u32 = 9;

async fn open(backend: Backend, more: &[&str]) -> Desk {
    let pairs = format!("courier.handsets={0} > {1}, {0} > {2}", imei(HANDSET), imei(0), imei(1));
    let set: Vec<&str> = [pairs.as_str()].into_iter().chain(more.iter().copied()).collect();
    let desk = Desk::open(backend, &set).await;
    desk.modem(0, Some("v2_buoy")).await;
    desk.modem(1, Some("v3_buoy")).await;
    desk.modem(HANDSET, Some("handset")).await;
    desk
}

/// A handset's message as the tracker has it when it says that there is a command in it.
async fn says(desk: &Desk, text: &'static str, at: Time, trust: Trust) -> MessageId {
    says_by(desk, "rockblock", text, at, trust).await
}

async fn says_by(
    desk: &Desk,
    provider: &'static str,
    text: &'static str,
    at: Time,
    trust: Trust,
) -> MessageId {
    let (clock, id) = (desk.system.clock.clone(), MessageId::new(&desk.system.clock));
    let row = MessageRow {
        id: id.into(),
        provider: provider.into(),
        imei: imei(HANDSET).to_string(),
        momsn: Some(1),
        transmitted_at: Some(at.into()),
        transmit_time_raw: None,
        received_at: clock.now().into(),
        trust: trust.as_str().into(),
        state: "decoded".into(),
        payload: Some(text.into()),
        payload_raw: None,
        device_type: None,
        serial: None,
        iridium_latitude: None,
        iridium_longitude: None,
        iridium_cep_km: None,
        session_status: None,
        modem_id: None,
        summary: None,
        marks: None,
        replaces: None,
        body: Vec::new(),
        source: "{}".into(),
    };
    let work = move |tx: &mut fairlead_store::Tx<'_>| {
        messages::insert_repaired(tx, row.clone())?;
        // The queue delivers at least once.
        fairlead_bus::enqueue(tx, &clock, &MoCommand { message_id: id }, None)?;
        fairlead_bus::enqueue(tx, &clock, &MoCommand { message_id: id }, None)
    };
    desk.system.store.write(work).await.unwrap();
    id
}

/// Waits until a message has led to so many problems, and returns their reasons.
async fn reasons(desk: &Desk, id: MessageId, count: usize) -> Vec<String> {
    let mut found = Vec::new();
    for _ in 0..3_000 {
        let all =
            desk.system.store.read(|conn| problems::list(conn, &problems::Filter::default(), 100)).await;
        let about = all.unwrap().into_iter().filter(|problem| problem.message_id == Some(id));
        found = about.map(|problem| problem.reason).collect();
        if found.len() >= count {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    found
}

fn items(list: &Value) -> &Vec<Value> {
    list["items"].as_array().unwrap()
}

async fn a_handset_steers_its_buoys_once(backend: Backend) {
    let desk = open(backend, &[]).await;
    let id = says(&desk, "PK006;20", desk.system.clock.now(), Trust::Signed).await;
    let both = |list: &Value| items(list).iter().filter(|mt| mt["state"] == "accepted").count() == 2;
    let list = desk.system.until("courier", "/api/v1/outgoing", both).await;
    for mt in items(&list) {
        assert_eq!(mt["asked_by_message"], id.to_string());
        assert_eq!(mt["created_by"], format!("handset {}", imei(HANDSET)));
    }
    let mut texts: Vec<String> = desk.charges().iter().map(|charge| hex(&charge.payload)).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["+DATA:PK006,20;", "+DATA:PK006,20;"]);
    assert!(charged_more_than_once(&desk.charges()).is_empty());
    desk.close().await;
}

async fn somebody_with_a_rockstar_steers_in_words(backend: Backend) {
    let desk = open(backend, &[]).await;
    let now = desk.system.clock.now();
    says_by(&desk, "rockcore", "IRD update 20 min", now, Trust::Signed).await;
    let both = |list: &Value| items(list).iter().filter(|mt| mt["state"] == "accepted").count() == 2;
    desk.system.until("courier", "/api/v1/outgoing", both).await;
    let texts: Vec<String> = desk.charges().iter().map(|charge| hex(&charge.payload)).collect();
    assert_eq!(texts, ["+DATA:PK006,20;", "+DATA:PK006,20;"]);
    desk.close().await;
}

async fn what_a_handset_may_not_do_is_a_problem(backend: Backend) {
    let desk = open(backend, &[]).await;
    let now = desk.system.clock.now();
    let id = says(&desk, "PK006;30", now, Trust::Unsigned).await;
    let [reason] = reasons(&desk, id, 1).await.try_into().unwrap();
    assert!(reason.contains("unsigned") && reason.contains("courier.handset_trust"), "{reason}");
    // The v3 buoy knows no beacon; the v2 buoy is told all the same.
    let id = says(&desk, "PK005;1", now, Trust::Signed).await;
    let [reason] = reasons(&desk, id, 1).await.try_into().unwrap();
    assert!(reason.starts_with(&imei(1).to_string()), "{reason}");
    let list = desk.system.until("courier", "/api/v1/outgoing", |list| items(list).len() == 1).await;
    assert_eq!(items(&list)[0]["imei"], imei(0).to_string());
    desk.close().await;
}

async fn a_command_goes_stale_from_when_it_was_sent(backend: Backend) {
    let desk = open(backend, &["courier.expires_h=2"]).await;
    let now = desk.system.clock.now();
    let stale = says(&desk, "PK006;30", now.minus(minutes(120)), Trust::Signed).await;
    let [reason] = reasons(&desk, stale, 1).await.try_into().unwrap();
    assert!(reason.contains("older than 2 h"), "{reason}");
    assert_eq!(items(&desk.get("/api/v1/outgoing").await).len(), 0);
    let sent_at = now.minus(minutes(90));
    says(&desk, "PK006;40", sent_at, Trust::Signed).await;
    let list = desk.system.until("courier", "/api/v1/outgoing", |list| items(list).len() == 2).await;
    for mt in items(&list) {
        let expires_at: Time = serde_json::from_value(mt["expires_at"].clone()).unwrap();
        assert!(expires_at <= sent_at.plus(minutes(121)), "{mt}");
    }
    desk.close().await;
}
