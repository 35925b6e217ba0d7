//! The books survive what happens to files.

use std::io::Write;
use std::path::Path;

use fairlead_model::Clock;
use fairlead_simulator::ledger::{Attempt, Ledger};
use fairlead_simulator::satellite::{Answer, Delivery, Faults, Provider, ProviderSettings, World};

use crate::{DAY, present};

fn some_deliveries() -> Vec<Delivery> {
    let world = World::demo(1, present());
    world.deliveries(present().minus(DAY)..present(), Faults::BELIEVABLE).take(20).collect()
}

fn accepted() -> Attempt {
    Attempt { at: present(), answer: Answer { status: Some(200), error: None } }
}

/// Twenty pushes, all but the last accepted.
fn written(path: &Path) -> Vec<Delivery> {
    let ledger = Ledger::open(path).unwrap();
    ledger.note_world(*World::demo(1, present()).settings()).unwrap();
    let deliveries = some_deliveries();
    for delivery in &deliveries {
        let number = ledger.note_push(delivery).unwrap();
        assert_eq!(ledger.note_push(delivery).unwrap(), number, "a push is noted once");
        if number < 19 {
            ledger.note_attempt(number, accepted()).unwrap();
        }
    }
    deliveries
}

#[test]
fn what_was_written_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger");
    let deliveries = written(&path);
    let ledger = Ledger::open(&path).unwrap();
    assert_eq!(ledger.world(), Some(*World::demo(1, present()).settings()));
    let entries = ledger.entries();
    let provider =
        Provider::new("http://127.0.0.1:1/", Clock::system(), ProviderSettings::default()).unwrap();
    assert_eq!(entries.len(), deliveries.len());
    for (entry, delivery) in entries.iter().zip(&deliveries) {
        assert_eq!((entry.delivery.due, entry.delivery.what), (delivery.due, delivery.what));
        assert_eq!(provider.body(&entry.delivery).unwrap(), provider.body(delivery).unwrap());
    }
    assert_eq!(entries.iter().filter(|entry| entry.is_accepted()).count(), 19);
    assert_eq!(entries[0].attempts, [accepted()]);
    assert_eq!(ledger.standing(&deliveries[0]), Some((1, true)));
    assert_eq!(ledger.standing(&deliveries[19]), Some((0, false)));
    let other = *World::demo(2, present()).settings();
    assert_eq!(ledger.note_world(other).unwrap(), *World::demo(1, present()).settings());
}

#[test]
fn a_line_that_was_cut_off_is_dropped_and_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger");
    let deliveries = written(&path);
    let whole = std::fs::read(&path).unwrap();
    let last_line = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for cut in [last_line + 1, last_line + 40, whole.len() - 1] {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let ledger = Ledger::open(&path).unwrap();
        assert_eq!(ledger.entries().len(), 19);
        assert_eq!(ledger.standing(&deliveries[19]), None);
        ledger.note_push(&deliveries[19]).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), whole);
    }
}

#[test]
fn a_broken_line_in_the_middle_is_refused_by_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger");
    written(&path);
    std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{}\n").unwrap();
    let refusal = format!("{:#}", Ledger::open(&path).unwrap_err());
    assert!(refusal.contains("line 41"), "{refusal}");
}
