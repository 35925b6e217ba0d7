//! The order of arrival does not matter: whatever it is, the fleet ends as it would in order.

use std::time::Duration;

use fairlead_model::Time;
use fairlead_store::satellite::messages::MessageRow;
use fairlead_testkit::Backend;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::sea::{Sea, id_of, message, minutes, pk101, start};

fairlead_testkit::on_both_backends!(any_order_of_arrival_ends_as_in_order);

/// Messages of one modem, oldest first.
const EACH: u64 = 50;

/// What a device sends as its `n`th message.
type Speech = fn(u64, Time) -> String;

/// Devices that speak differently, each with its first message number.
const DEVICES: [(Speech, i32); 4] = [(v3, 65_510), (v2, 100), (handset, 7), (quiet_v3, 30_000)];

fn v3(n: u64, at: Time) -> String {
    if n % 11 == 4 {
        "garbage".to_owned()
    } else {
        pk101(at, &format!("37{:02}.5117", n % 60), 10 + u32::from(n > 30) * 5)
    }
}

/// Names its interval now and then only.
fn quiet_v3(n: u64, at: Time) -> String {
    let utc = at.date_time().format("%H%M%S.00");
    if n % 9 == 5 {
        pk101(at, &format!("45{:02}.0000", n % 60), 20 + u32::try_from(n).unwrap())
    } else {
        format!(
            "PK001;lat:45{:02}.0000,NS:S,lon:1216.5280,EW:E,utc:{utc},sog:2.0,cog:10.0,batt:3.{n:02}",
            n % 60
        )
    }
}

fn v2(n: u64, at: Time) -> String {
    let utc = at.date_time().format("%H%M%S.086");
    format!(
        "PK001;lat:38{:02}.0000,NS:N,lon:12216.6021,EW:W,utc:{utc},sog:2.371,cog:45.5,sta:01,batt:3.{}",
        n % 60,
        n % 10
    )
}

fn handset(n: u64, at: Time) -> String {
    let utc = at.date_time().format("%H%M%S.000");
    match n % 5 {
        1 => format!("PK005;{}", n % 2),
        2 => String::new(),
        _ => format!("PK001;lat:39{:02}.0000,NS:N,lon:00216.6021,EW:W,utc:{utc},sog:7.000,cog:90.0", n % 60),
    }
}

/// All messages in the order in which they were sent. IMEIs belong to `run` alone.
fn voyage(sea: &Sea, run: usize) -> Vec<MessageRow> {
    let mut rows = Vec::new();
    for n in 0..EACH {
        for (device, (speech, first)) in (0..).zip(DEVICES) {
            let imei = format!("3004340638{run:02}{device:03}");
            // Never two messages of a modem in one second, a pause now and then.
            let at = start().minus(minutes(10 * (EACH - n + 60))).plus(minutes(7 * (n / 13)));
            let at = at.plus(Duration::from_secs(n % 7));
            let counter = i32::try_from(n + n / 6 * 2).unwrap() + first;
            // One device's counter is set back on the way.
            let counter = if device == 2 && n > 33 { counter - 40 } else { counter % 65_536 };
            let mut row = message(&sea.system.clock, &imei, counter, at, &speech(n, at));
            if n % 3 == 0 {
                row.iridium_latitude = Some(30.0 + f64::from(u32::try_from(n).unwrap()));
                row.iridium_longitude = Some(-120.5);
                row.iridium_cep_km = Some(2.5);
            }
            if n % 17 == 8 {
                // The clock of this one runs an hour fast.
                row.received_at = at.minus(minutes(60)).into();
            }
            rows.push(row);
        }
    }
    rows
}

/// Everything that the API tells about the modems of a run, without what no two runs share.
async fn told(sea: &Sea, run: usize, rows: &[MessageRow]) -> Vec<Value> {
    let mut told = Vec::new();
    let modems = sea.items("/api/v1/modems?limit=500").await;
    let mut modems: Vec<_> = modems
        .into_iter()
        .filter(|m| m["imei"].as_str().unwrap().starts_with(&format!("3004340638{run:02}")))
        .collect();
    modems.sort_by_key(|modem| modem["imei"].as_str().unwrap().to_owned());
    for modem in modems {
        let id = modem["id"].as_str().unwrap().to_owned();
        let positions = sea.items(&format!("/api/v1/modems/{id}/positions?limit=500")).await;
        let gaps = sea.items(&format!("/api/v1/modems/{id}/gaps")).await;
        let mut all = json!({"modem": modem, "positions": positions, "gaps": gaps});
        all["modem"]["id"].take();
        all["modem"]["imei"].take();
        all["modem"]["first_seen_at"].take();
        for position in all["positions"].as_array_mut().unwrap() {
            position["late"].take();
        }
        let mut text = all.to_string();
        for (n, row) in rows.iter().enumerate() {
            text = text.replace(&id_of(row).to_string(), &format!("message {n}"));
        }
        told.push(serde_json::from_str(&text).unwrap());
    }
    told
}

async fn any_order_of_arrival_ends_as_in_order(backend: Backend) {
    // The reference is handled one by one, in order, on the embedded backend.
    let reference = Sea::open(Backend::Embedded, &["tracker.concurrency=1"]).await;
    let rows = voyage(&reference, 0);
    reference.handle(&rows).await;
    let expected = told(&reference, 0, &rows).await;
    assert_eq!(expected.len(), DEVICES.len());
    for device in &expected {
        assert!(device["gaps"].as_array().unwrap().len() > 4, "{device:#}");
        assert!(device["positions"].as_array().unwrap().len() > 20, "{device:#}");
        assert!(device["modem"]["fix"].is_object());
    }
    reference.system.stop().await;

    let sea = Sea::open(backend, &[]).await;
    for seed in 1..=3 {
        let rows = voyage(&sea, seed);
        let mut shuffled = rows.clone();
        shuffled.shuffle(&mut ChaCha8Rng::seed_from_u64(u64::try_from(seed).unwrap()));
        sea.handle(&shuffled).await;
        for (n, (found, expected)) in told(&sea, seed, &rows).await.iter().zip(&expected).enumerate() {
            for part in ["modem", "gaps", "positions"] {
                assert_eq!(found[part], expected[part], "device {n}, {part}, seed {seed}");
            }
        }
    }
    assert_eq!(sea.items("/api/v1/modems?limit=500").await.len(), 3 * DEVICES.len());
    sea.system.stop().await;
}
