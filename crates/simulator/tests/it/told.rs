//! What devices do when they are told something: each build in its own way, and none of them before its session.

use std::time::Duration;

use fairlead_model::{Imei, Time};
use fairlead_simulator::satellite::mt::Mailboxes;
use fairlead_simulator::satellite::{Said, Sent, World};
use fairlead_wire::pk::{self, Context, Dialect, Message, Report, WakeReason};

use crate::{DAY, present};

const HOUR: Duration = Duration::from_secs(3_600);
/// Places in the demo's cast.
const BAY: usize = 0;
const SUR: usize = 5;
const CANYON: usize = 6;
const CREW: usize = 11;

/// A world whose devices can be told something.
struct Stage {
    world: World,
    mailboxes: Mailboxes,
    last_mt: u64,
}

impl Stage {
    fn new() -> Self {
        let world = World::demo(1, present());
        let mailboxes = Mailboxes::of(world.modems());
        Self { world: world.hearing(&mailboxes), mailboxes, last_mt: 0 }
    }

    fn modem(&self, place: usize) -> Imei {
        self.world.modems().nth(place).unwrap()
    }

    fn queue(&mut self, place: usize, at: Time, text: &str) {
        self.last_mt += 1;
        self.mailboxes.queue(self.modem(place), self.last_mt, at, text.into()).unwrap();
    }

    /// What one device sends in the hours after the present.
    fn sent(&self, place: usize, hours: u32) -> Vec<Sent> {
        let imei = self.modem(place);
        let range = present()..present().plus(hours * HOUR);
        self.world.events(range).filter(|sent| sent.imei == imei).collect()
    }

    /// The sessions that brought something to a device.
    fn fetched_at(&self, place: usize) -> Vec<Time> {
        self.mailboxes.fetched(self.modem(place)).into_iter().filter_map(|mt| mt.fetched_at).collect()
    }
}

/// What one device sends where nobody tells it anything.
fn untold(place: usize, hours: u32) -> Vec<Sent> {
    let world = World::demo(1, present());
    let imei = world.modems().nth(place).unwrap();
    world.events(present()..present().plus(hours * HOUR)).filter(|sent| sent.imei == imei).collect()
}

fn report(sent: &Sent, known: Dialect) -> Report {
    let context = Context { transmitted_at: sent.at, known: Some(known) };
    match pk::decode(&sent.payload, &context) {
        Ok(Message::Position(report)) => *report,
        other => panic!("{}: {other:?}", String::from_utf8_lossy(&sent.payload)),
    }
}

/// Reason, interval and sleep as a v3 buoy prints them.
fn plan(sent: &Sent) -> (WakeReason, u32, u32) {
    let report = report(sent, Dialect::V3Buoy);
    (report.wake_reason.unwrap(), report.interval_s.unwrap(), report.sleep_s.unwrap())
}

fn seconds_between(sent: &[Sent]) -> Vec<u64> {
    sent.windows(2).map(|pair| pair[1].at.since(pair[0].at).as_secs()).collect()
}

#[test]
fn without_an_mt_a_world_that_listens_sends_the_same_bytes() {
    let range = present().minus(DAY)..present().plus(DAY);
    let plain: Vec<Sent> = World::demo(1, present()).events(range.clone()).collect();
    assert_eq!(Stage::new().world.events(range).collect::<Vec<_>>(), plain);
}

#[test]
fn a_v3_buoy_confirms_a_new_interval_and_keeps_it() {
    let mut stage = Stage::new();
    stage.queue(SUR, present(), "+DATA:PK006,30;");
    let sent = stage.sent(SUR, 12);
    let before = untold(SUR, 12);
    assert_eq!(sent[0], before[0], "the message of the session that brings it says nothing of it");
    assert_eq!(stage.fetched_at(SUR), [sent[0].at]);

    assert_eq!(plan(&sent[1]), (WakeReason::Accepted, 1_800, 0));
    assert!((16..25).contains(&sent[1].at.since(sent[0].at).as_secs()));
    assert!(matches!(sent[1].said, Said::Position(reading) if reading.interval_s == Some(1_800)));
    for one in &sent[2..] {
        assert_eq!(plan(one), (WakeReason::Normal, 1_800, 0));
        let after = one.at.micros() / 1_000_000 % 1_800;
        assert!([0, 600, 1_200].iter().any(|retry| (20..=360).contains(&(after - retry))), "{after}");
    }
    assert!((20..=24).contains(&sent[2..].len()), "{}", sent.len());
    assert!(sent.windows(2).all(|pair| pair[1].momsn == pair[0].momsn + 1));
}

#[test]
fn a_v3_buoy_may_wake_every_minute_and_still_goes_forward() {
    let mut stage = Stage::new();
    stage.queue(SUR, present(), "+DATA:PK006,1;");
    let sent = stage.sent(SUR, 6);
    assert!(sent.len() > 100, "{}", sent.len());
    assert!(sent.windows(2).all(|pair| pair[0].at < pair[1].at));
    assert!(sent.windows(2).all(|pair| pair[1].momsn == pair[0].momsn + 1));
}

#[test]
fn an_accepted_zero_changes_nothing() {
    let mut stage = Stage::new();
    stage.queue(CANYON, present(), "+DATA:PK006,0;");
    let sent = stage.sent(CANYON, 3);
    assert_eq!(plan(&sent[1]), (WakeReason::Accepted, 900, 0));
    assert_eq!(plan(&sent[2]), (WakeReason::Normal, 900, 0));
}

#[test]
fn a_v3_buoy_rejects_what_it_does_not_know_in_its_next_message() {
    let mut stage = Stage::new();
    stage.queue(SUR, present(), "+DATA:PK005,1;");
    let (sent, before) = (stage.sent(SUR, 12), untold(SUR, 12));
    assert_eq!(plan(&sent[1]), (WakeReason::Rejected, 600, 0));
    assert_eq!(plan(&before[1]), (WakeReason::Normal, 600, 0));
    // Beside that one figure nothing is different.
    let without_reason = |sent: &Sent| Sent {
        payload: String::from_utf8_lossy(&sent.payload).replace(",st:4", ",st:0").into_bytes(),
        ..sent.clone()
    };
    assert_eq!(sent.iter().map(without_reason).collect::<Vec<_>>(), before);
}

#[test]
fn a_v3_buoy_sleeps_and_says_so_when_it_is_back() {
    let mut stage = Stage::new();
    stage.queue(CANYON, present(), "+DATA:PK007,7200;");
    let sent = stage.sent(CANYON, 12);
    // With a sleep the firmware falls back to ten minutes.
    assert_eq!(plan(&sent[1]), (WakeReason::Accepted, 600, 7_200));
    assert_eq!(plan(&sent[2]), (WakeReason::AfterSleep, 600, 0));
    assert!(sent[2].at.since(sent[1].at) >= Duration::from_secs(7_220), "{:?}", sent[2].at);
    assert!(sent[3..].iter().all(|one| plan(one) == (WakeReason::Normal, 600, 0)));
    assert!(sent.len() > 40, "{}", sent.len());
}

#[test]
fn a_v3_buoy_reads_one_mt_a_wake() {
    let mut stage = Stage::new();
    for text in ["+DATA:PK006,15;", "+DATA:PK005,0;", "+DATA:PK006,20;"] {
        stage.queue(SUR, present(), text);
    }
    let sent = stage.sent(SUR, 6);
    let plans: Vec<_> = sent.iter().map(plan).take(6).collect();
    assert_eq!(
        plans,
        [
            (WakeReason::Normal, 600, 0),
            (WakeReason::Accepted, 900, 0),
            (WakeReason::Normal, 900, 0),
            (WakeReason::Rejected, 900, 0),
            (WakeReason::Accepted, 1_200, 0),
            (WakeReason::Normal, 1_200, 0),
        ]
    );
    assert_eq!(stage.fetched_at(SUR), [sent[0].at, sent[2].at, sent[3].at]);
    assert_eq!(stage.mailboxes.waiting(stage.modem(SUR)), []);
}

#[test]
fn an_mt_waits_for_the_first_session_after_it_was_queued() {
    let mut stage = Stage::new();
    let before = untold(SUR, 3);
    // At the session's own second it is too late.
    stage.queue(SUR, before[1].at, "+DATA:PK006,30;");
    let sent = stage.sent(SUR, 3);
    assert_eq!(sent[..3], before[..3]);
    assert_eq!(stage.fetched_at(SUR), [before[2].at]);
    assert_eq!(plan(&sent[3]), (WakeReason::Accepted, 1_800, 0));
}

#[test]
fn a_v2_buoy_obeys_everything_that_waits_and_confirms_nothing() {
    let mut stage = Stage::new();
    stage.queue(BAY, present(), "+DATA:PK005,1;PK006,60;");
    stage.queue(BAY, present(), "+DATA:PK006,5;");
    let sent = stage.sent(BAY, 12);
    assert_eq!(stage.fetched_at(BAY), [sent[0].at; 2]);
    let beacon = |sent: &Sent| report(sent, Dialect::V2Buoy).beacon_on();
    assert_eq!(beacon(&sent[0]), Some(false));
    assert!(sent[1..].iter().all(|one| beacon(one) == Some(true)));
    let gaps = seconds_between(&sent);
    assert!(gaps.iter().all(|gap| *gap >= 303), "{gaps:?}");
    let usual = gaps.iter().filter(|gap| **gap < 395).count();
    assert!(usual * 100 > gaps.len() * 90, "{usual} of {}", gaps.len());
}

#[test]
fn a_v2_buoy_has_a_shortest_interval_and_no_longest() {
    let mut stage = Stage::new();
    stage.queue(BAY, present(), "+DATA:PK006,1;");
    let gaps = seconds_between(&stage.sent(BAY, 6));
    assert!(gaps.iter().all(|gap| *gap >= 123) && gaps.iter().filter(|gap| **gap < 215).count() > 50);

    let mut stage = Stage::new();
    stage.queue(BAY, present(), "+DATA:PK006,999999999999999999999999;");
    assert_eq!(stage.sent(BAY, 500).len(), 1);
}

#[test]
fn a_v2_buoy_sleeps_once() {
    let mut stage = Stage::new();
    stage.queue(BAY, present(), "+DATA:PK007,10800;");
    let gaps = seconds_between(&stage.sent(BAY, 12));
    assert!(gaps[0] >= 10_803, "{}", gaps[0]);
    assert!(gaps[1..].iter().all(|gap| (603..4_000).contains(gap)), "{gaps:?}");
}

#[test]
fn a_v2_buoy_falls_over_text_and_forgets() {
    let mut stage = Stage::new();
    stage.queue(BAY, present(), "+DATA:PK005,1;PK006,abc;");
    stage.queue(BAY, present(), "+DATA:PK006,20;");
    let sent = stage.sent(BAY, 6);
    assert_eq!(stage.fetched_at(BAY), [sent[0].at, sent[1].at], "the second waits until it is up again");
    assert!(sent.iter().all(|one| report(one, Dialect::V2Buoy).beacon_on() == Some(false)));
    assert!(seconds_between(&sent)[1..].iter().all(|gap| *gap >= 1_203));
}

#[test]
fn a_v2_buoy_that_is_sent_to_support_is_silent() {
    let mut stage = Stage::new();
    stage.queue(BAY, present(), "+DATA:SUPPORT,1;");
    assert_eq!(stage.sent(BAY, 48).len(), 1);
    assert_eq!(stage.sent(SUR, 48), untold(SUR, 48), "the others do not mind");
}

#[test]
fn a_handset_fetches_all_until_its_program_fails() {
    let mut stage = Stage::new();
    for text in ["+DATA:PK004,1", "+DATA:PK004,.5,S,30.25,W,0,0,210501.0000,1", "+DATA:PK005,1;"] {
        stage.queue(CREW, present(), text);
    }
    let sent = stage.sent(CREW, 3);
    assert_eq!(sent, untold(CREW, 3), "nothing that a handset is told shows in what it sends");
    assert_eq!(stage.fetched_at(CREW), [sent[0].at, sent[0].at, sent[1].at]);
}

#[test]
fn a_story_that_is_told_again_is_the_same_story() {
    let mut stage = Stage::new();
    for place in [BAY, SUR, CANYON] {
        stage.queue(place, present(), "+DATA:PK006,5;PK005,1;");
        stage.queue(place, present().plus(HOUR), "+DATA:PK007,3600;");
    }
    let story = |stage: &Stage| stage.world.events(present()..present().plus(DAY)).collect::<Vec<_>>();
    assert_eq!(story(&stage), story(&stage));
}
