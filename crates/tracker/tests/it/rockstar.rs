//! RockSTAR trackers on the line and on the map: figures, bursts, texts and acknowledgements.

use std::time::Duration;

use fairlead_model::{Latitude, Longitude, Time, Trust};
use fairlead_store::satellite::messages::MessageRow;
use fairlead_testkit::Backend;
use fairlead_wire::rockcore::{Fields, Source, Trigger};
use serde_json::{Value, json};

use crate::sea::{IMEI, Sea, id_of, minutes, start};

fairlead_testkit::on_both_backends!(
    a_tracker_is_on_the_map_with_its_figures,
    a_serial_number_changes_by_what_somebody_vouches_for,
    a_burst_ends_the_same_in_any_order_and_its_gap_counts_once,
    an_acknowledgement_is_a_fact_of_its_kind,
    a_text_is_a_wish_or_talk_or_half_a_wish,
    a_number_over_mobile_telephony_hides_no_gap,
);

fn fields(momsn: u16, at: Time) -> Fields {
    Fields {
        id: format!("{momsn}-{at}"),
        imei: IMEI.parse().unwrap(),
        device_type: "LEOPARD3".to_owned(),
        serial: 100_015,
        momsn,
        transmitted_at: at,
        measured_at: at.minus(Duration::from_secs(20)),
        trigger: Trigger::Burst,
        source: Source::Gps,
        position: (Latitude::new(37.663).unwrap(), Longitude::new(-122.405).unwrap()),
        cep_km: 3,
        speed_knots: 3.6,
        course_deg: 45,
        altitude_m: 12,
        battery_percent: 82,
        message: None,
        message_ack: None,
    }
}

/// The message as the intake stores it.
fn row(sea: &Sea, fields: &Fields) -> MessageRow {
    let push = fields.push().unwrap();
    let estimate = push.network_estimate();
    let blank = sea.message(i32::from(fields.momsn), fields.transmitted_at, "");
    MessageRow {
        provider: "rockcore".to_owned(),
        payload: push.message.map(String::into_bytes),
        serial: push.serial,
        iridium_latitude: estimate.map(|e| e.latitude.degrees()),
        iridium_longitude: estimate.map(|e| e.longitude.degrees()),
        iridium_cep_km: estimate.and_then(|e| e.cep_km),
        body: fields.json_body(None).into_bytes(),
        source: json!({"content_type": "application/json"}).to_string(),
        ..blank
    }
}

fn at(n: u64) -> Time {
    start().minus(minutes(600)).plus(minutes(10 * n))
}

async fn a_tracker_is_on_the_map_with_its_figures(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let sent = row(&sea, &fields(1, at(1)));
    sea.handle(std::slice::from_ref(&sent)).await;
    let modem = sea.modem().await;
    assert_eq!((&modem["imei"], &modem["serial"]), (&json!(IMEI), &json!("100015")));
    assert_eq!(modem["fix"]["latitude"], 37.663);
    assert_eq!(modem["fix"]["source"], "gps");
    assert_eq!(modem["fix"]["at"], at(1).minus(Duration::from_secs(20)).to_string());
    assert!((modem["speed_m_s"].as_f64().unwrap() - 1.852).abs() < 1e-9);
    assert_eq!((&modem["course_deg"], &modem["battery_v"]), (&json!(45.0), &Value::Null));
    let detail = sea.detail(id_of(&sent)).await;
    assert_eq!(
        (&detail["reading"]["kind"], &detail["message"]["state"]),
        (&json!("RS-BURST"), &json!("decoded"))
    );
    assert_eq!(
        detail["message"]["summary"],
        "BURST · 37.66300, -122.40500 · 1.9 m/s · 45° · 12 m high · battery 82 %"
    );
    sea.system.stop().await;
}

async fn a_serial_number_changes_by_what_somebody_vouches_for(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    for (n, serial, trust, wanted) in [
        // The first one is learnt from whom it may be.
        (1, 100_015, Trust::Unsigned, "100015"),
        (2, 100_099, Trust::Unsigned, "100015"),
        (3, 100_016, Trust::Signed, "100016"),
        (4, 100_099, Trust::Unsigned, "100016"),
    ] {
        let mut sent = row(&sea, &Fields { serial, ..fields(n, at(n.into())) });
        trust.as_str().clone_into(&mut sent.trust);
        sea.handle(std::slice::from_ref(&sent)).await;
        assert_eq!(sea.modem().await["serial"], wanted, "{n}");
    }
    sea.system.stop().await;
}

async fn a_burst_ends_the_same_in_any_order_and_its_gap_counts_once(backend: Backend) {
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
        let sea = Sea::open(backend, &[]).await;
        let network = |momsn, n| {
            let mut of_network = fields(momsn, at(n));
            of_network.source = Source::Iridium;
            of_network.id.push('i');
            of_network.position = (Latitude::new(38.0).unwrap(), Longitude::new(-123.0).unwrap());
            of_network
        };
        let rows = [fields(5, at(1)), network(5, 1), fields(9, at(2)), network(9, 2)].map(|f| row(&sea, &f));
        for n in order {
            sea.handle(std::slice::from_ref(&rows[n])).await;
        }
        let modem = sea.modem().await;
        assert_eq!(modem["missing"], 3, "{order:?}");
        assert_eq!(sea.gaps().await, [(6, 8, 3)], "{order:?}");
        assert_eq!((&modem["momsn"], &modem["last_seen_at"]), (&json!(9), &json!(at(2))));
        assert_eq!(
            (&modem["fix"]["latitude"], &modem["fix"]["message_id"]),
            (&json!(37.663), &json!(id_of(&rows[2])))
        );
        assert_eq!(modem["estimate"]["latitude"], 38.0);
        assert_eq!(modem["course_deg"], 45.0, "the network's push takes nothing away");
        assert_eq!(sea.problems("state=open").await.len(), 0);
        // What was missing comes.
        let late = [6, 7, 8].map(|n| row(&sea, &fields(n, at(1).plus(minutes(u64::from(n) - 5)))));
        sea.handle(&late).await;
        assert_eq!(sea.gaps().await, []);
        sea.system.stop().await;
    }
}

async fn an_acknowledgement_is_a_fact_of_its_kind(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let ack = Fields { trigger: Trigger::Acknowledge, message_ack: Some(124_196), ..fields(1, at(1)) };
    let ack = row(&sea, &ack);
    sea.handle(std::slice::from_ref(&ack)).await;
    let detail = sea.detail(id_of(&ack)).await;
    assert_eq!(detail["reading"]["kind"], "RS-ACKNOWLEDGE");
    let summary = detail["message"]["summary"].as_str().unwrap();
    assert!(summary.starts_with("ACKNOWLEDGE of message 124196 · "), "{summary}");
    sea.system.stop().await;
}

async fn a_text_is_a_wish_or_talk_or_half_a_wish(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let says = |n: u16, text: &str| {
        let message = Some(text.to_owned());
        row(&sea, &Fields { trigger: Trigger::Message, message, ..fields(n, at(n.into())) })
    };
    let rows = [says(1, "Beacon on"), says(2, "on our way"), says(3, "IRD update  min")];
    sea.handle(&rows).await;
    let summary = async |n: usize| sea.detail(id_of(&rows[n])).await["message"]["summary"].to_string();
    assert!(summary(0).await.contains("MESSAGE · “Beacon on” · PK005 1 · 37.66300"), "{}", summary(0).await);
    assert!(summary(1).await.contains("MESSAGE · “on our way” · 37.66300"), "{}", summary(1).await);
    let problems = sea.problems("kind=unreadable_text").await;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(
        problems[0]["reason"],
        "`IRD update` is followed by `min`, not by minutes as in `IRD update 10 min`."
    );
    // The position that came with it counts all the same.
    assert_eq!(sea.modem().await["fix"]["message_id"], json!(id_of(&rows[2])));
    // A person puts the text right; the figures stay those of the push.
    let (status, text) = sea.settle(&problems[0], "repair", Some("IRD update x")).await;
    assert_eq!(status, 422, "{text}");
    let (status, text) = sea.settle(&problems[0], "repair", Some("IRD update 10 min")).await;
    assert_eq!(status, 200, "{text}");
    sea.settled().await;
    let newest = sea.items("/api/v1/messages?limit=1").await.remove(0);
    let summary = newest["summary"].as_str().unwrap();
    assert!(summary.contains("“IRD update 10 min” · PK006 10 · 37.66300"), "{summary}");
    sea.system.stop().await;
}

async fn a_number_over_mobile_telephony_hides_no_gap(backend: Backend) {
    let sea = Sea::open(backend, &[]).await;
    let mut cellular = row(&sea, &fields(0, at(2)));
    cellular.momsn = None;
    let (before, after) = (row(&sea, &fields(5, at(1))), row(&sea, &fields(7, at(3))));
    sea.handle(&[before]).await;
    sea.handle(&[cellular.clone()]).await;
    sea.handle(&[after]).await;
    assert_eq!(sea.gaps().await, [(6, 6, 1)]);
    // Nor does one that comes late.
    let mut late = row(&sea, &fields(0, at(2).plus(minutes(1))));
    late.momsn = None;
    sea.handle(&[late]).await;
    assert_eq!(sea.gaps().await, [(6, 6, 1)]);
    sea.system.stop().await;
}
