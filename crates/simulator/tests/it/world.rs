//! What devices send: repeatable, believable, and readable by the parsers that Fairlead uses.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use fairlead_model::{Imei, Time};
use fairlead_simulator::satellite::{DeliveryForm, Reading, Said, Sent, World, WorldSettings};
use fairlead_wire::pk::{self, Context, Dialect, Message, Report};

use crate::{DAY, present};

fn week(world: &World) -> Vec<Sent> {
    world.events(present().minus(7 * DAY)..present()).collect()
}

fn by_modem(sent: &[Sent]) -> BTreeMap<Imei, Vec<&Sent>> {
    let mut modems: BTreeMap<Imei, Vec<&Sent>> = BTreeMap::new();
    for one in sent {
        modems.entry(one.imei).or_default().push(one);
    }
    modems
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let bytes = |seed| serde_json::to_vec(&week(&World::demo(seed, present()))).unwrap();
    assert_eq!(bytes(7), bytes(7));
    assert_ne!(bytes(7), bytes(8));
}

#[test]
fn a_world_from_its_written_settings_is_the_same_world() {
    let world = World::demo(7, present());
    let settings: WorldSettings =
        serde_json::from_str(&serde_json::to_string(world.settings()).unwrap()).unwrap();
    assert_eq!(week(&World::new(settings)), week(&world));
}

#[test]
fn ranges_that_meet_give_what_one_range_gives() {
    let world = World::demo(3, present());
    let (from, middle) = (present().minus(2 * DAY), present().minus(DAY));
    let mut parts: Vec<Sent> = world.events(from..middle).collect();
    parts.extend(world.events(middle..present()));
    assert_eq!(parts, world.events(from..present()).collect::<Vec<_>>());
    assert!(parts.is_sorted_by_key(|sent| sent.at));
}

#[test]
fn every_modem_has_numbers_of_its_own() {
    for world in [World::demo(1, present()), World::fleet(1, present(), 5_000)] {
        let modems: Vec<Imei> = world.modems().collect();
        assert_eq!(modems.iter().collect::<HashSet<_>>().len(), modems.len());
    }
}

#[test]
fn v3_buoys_wake_on_the_grid_of_their_interval() {
    let sent = week(&World::demo(1, present()));
    let mut at_the_mark = 0;
    for one in &sent {
        let Said::Position(Reading { interval_s: Some(interval), .. }) = one.said else { continue };
        let interval = i64::from(interval);
        let seconds = one.at.micros() / 1_000_000 % 86_400;
        // After a failed wake it tries again 10 and 20 minutes later, if that is over before the next mark.
        let after = seconds % interval;
        let tries = [0, 600, 1_200].map(|retry| (retry == 0 || retry + 360 <= interval, after - retry));
        assert!(
            tries.iter().any(|(fits, after)| *fits && (20..=360).contains(after)),
            "{after} s after the mark"
        );
        at_the_mark += usize::from((20..=360).contains(&after));
    }
    assert!(at_the_mark > 2_000, "{at_the_mark}");
}

#[test]
fn v2_buoys_sleep_from_one_report_to_the_next() {
    let sent = week(&World::demo(1, present()));
    let speaks_v2 = |sent: &Sent| text(sent).contains(",sta:");
    for (imei, of_modem) in by_modem(&sent) {
        if !speaks_v2(of_modem[0]) {
            continue;
        }
        let gaps: Vec<u64> = of_modem.windows(2).map(|pair| pair[1].at.since(pair[0].at).as_secs()).collect();
        assert!(gaps.iter().all(|gap| *gap >= 603), "{imei}");
        let usual = gaps.iter().filter(|gap| **gap < 695).count();
        assert!(usual * 100 > gaps.len() * 93, "{imei}: {usual} of {}", gaps.len());
    }
}

#[test]
fn a_weeks_figures_are_believable() {
    let sent = week(&World::demo(1, present()));
    assert!((8_000..14_000).contains(&sent.len()), "{}", sent.len());
    assert_eq!(by_modem(&sent).len(), 12);

    let of_v3 = |sent: &&Sent| matches!(sent.said, Said::Position(_)) && text(sent).starts_with("PK101;");
    let v3: Vec<&Sent> = sent.iter().filter(of_v3).collect();
    let no_fix = v3.iter().filter(|sent| text(sent).contains("99900.0000")).count();
    assert!((0.02..0.04).contains(&(no_fix as f64 / v3.len() as f64)), "{no_fix} of {}", v3.len());

    for one in &sent {
        let cep = one.estimate.cep_km;
        assert!([2.0, 3.0, 4.0, 8.0, 11.0, 93.0, 95.0, 162.0, 275.0].contains(&cep));
        if let Said::Position(Reading { place: Some(place), .. }) = one.said {
            let north = (place.0 - one.estimate.latitude) * 111.2;
            let east = (place.1 - one.estimate.longitude) * 111.2 * place.0.to_radians().cos();
            assert!(north.hypot(east) < 155.0, "the estimate lies {} km off", north.hypot(east));
        }
    }
    let sizes = v3.iter().filter(|s| !text(s).contains("99900")).map(|s| s.payload.len());
    assert!(sizes.clone().all(|size| (76..=84).contains(&size)), "{:?}", sizes.collect::<HashSet<_>>());
}

#[test]
fn each_of_the_cast_plays_its_part() {
    let sent = week(&World::demo(1, present()));
    let modems = by_modem(&sent);
    let last = |of: &[&Sent]| present().since(of.last().unwrap().at).as_secs() / 60;
    let silent: Vec<_> = modems.values().filter(|of| last(of) > 120).collect();
    assert_eq!(silent.len(), 1);
    assert!((180..260).contains(&last(silent[0])), "{} min", last(silent[0]));

    let unsigned = modems.values().filter(|of| of[0].form == DeliveryForm::PlainForm).count();
    assert_eq!(unsigned, 1);
    let garbled: Vec<usize> =
        modems.values().map(|of| of.iter().filter(|sent| sent.said == Said::Rubbish).count()).collect();
    assert_eq!(garbled.iter().filter(|count| **count > 5).count(), 1, "{garbled:?}");
    assert_eq!(garbled.iter().filter(|count| **count == 0).count(), 11, "{garbled:?}");

    let skips = |of: &&Vec<&Sent>| of.windows(2).any(|pair| pair[1].momsn != pair[0].momsn.wrapping_add(1));
    assert_eq!(modems.values().filter(skips).count(), 1);
    let low = |of: &&Vec<&Sent>| {
        let volts = |sent: &&Sent| match sent.said {
            Said::Position(Reading { battery_v, .. }) => battery_v,
            _ => None,
        };
        of.iter().rev().find_map(volts).is_some_and(|volts| volts < 3.3)
    };
    assert_eq!(modems.values().filter(low).count(), 1);
}

#[test]
fn a_momsn_wraps_to_zero() {
    let world = World::demo(1, present());
    let life: Vec<Sent> = world.events(present().minus(9 * DAY)..present()).collect();
    let wraps = life.iter().filter(|sent| sent.momsn == 0).count();
    assert_eq!(wraps, 1);
    let after_power_on: HashSet<u64> = by_modem(&life)
        .values()
        .map(|of| of[0].at.since(present().minus(8 * DAY)).as_secs() / 3_600)
        .collect();
    assert_eq!(after_power_on, HashSet::from([0]));
}

#[test]
fn every_text_says_what_the_device_meant() {
    let mut kinds = HashSet::new();
    for one in week(&World::demo(1, present())) {
        let context = Context { transmitted_at: one.at, known: known(&one) };
        let decoded = pk::decode(&one.payload, &context);
        match &one.said {
            Said::Nothing => assert!(one.payload.is_empty()),
            Said::Rubbish => assert!(decoded.is_err(), "{:?}", text(&one)),
            Said::Command => assert!(matches!(decoded, Ok(Message::Command(_)))),
            Said::Position(reading) => match decoded {
                Ok(Message::Position(report)) => {
                    kinds.insert(report.dialect);
                    agree(reading, &report, &text(&one));
                }
                other => panic!("{}: {other:?}", text(&one)),
            },
        }
    }
    let all = [Some(Dialect::V2Buoy), Some(Dialect::V3Buoy), Some(Dialect::Handset), None];
    assert_eq!(kinds, HashSet::from(all));
}

/// What the server has learnt of a modem by its other texts.
fn known(sent: &Sent) -> Option<Dialect> {
    text(sent).contains(",sta:").then_some(Dialect::V2Buoy)
}

fn agree(meant: &Reading, read: &Report, text: &str) {
    let near = |meant: Option<f64>, read: Option<f64>, grain: f64| match (meant, read) {
        (Some(meant), Some(read)) => (meant - read).abs() <= grain,
        (None, None) => true,
        _ => false,
    };
    // Four decimals of a minute, or single precision, whichever is coarser.
    let degrees = 2e-5;
    let place = read.fix.map(|fix| (fix.latitude.degrees(), fix.longitude.degrees()));
    assert!(near(meant.place.map(|p| p.0), place.map(|p| p.0), degrees), "latitude of {text}");
    assert!(near(meant.place.map(|p| p.1), place.map(|p| p.1), degrees), "longitude of {text}");
    assert!(near(meant.speed_m_s, read.speed_m_s, 0.03), "speed of {text}: {meant:?} {read:?}");
    assert!(near(meant.course_deg, read.course_deg, 0.051), "course of {text}");
    assert!(near(meant.battery_v, read.battery_v, 0.051), "battery of {text}");
    assert_eq!(meant.interval_s, read.interval_s, "interval of {text}");
    let clock = meant.measured_at.micros().abs_diff(read.device_time.micros());
    assert!(Duration::from_micros(clock) < Duration::from_secs(1), "device time of {text}");
    assert!(read.device_time <= Time::from_micros(meant.measured_at.micros()), "never rounded up: {text}");
}

fn text(sent: &Sent) -> String {
    String::from_utf8_lossy(&sent.payload).into_owned()
}
