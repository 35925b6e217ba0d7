//! The provider's other platforms: the same world by Cloudloop, and RockSTAR trackers by Rock 7 Core.

use fairlead_model::Clock;
use fairlead_simulator::satellite::{
    Faults, Malformed, Platform, Provider, ProviderSettings, RockStar, Waters, What, World, acknowledgement,
};
use fairlead_wire::cloudloop::{self, Format};
use fairlead_wire::rockblock::BodyKind;
use fairlead_wire::rockcore::{self, Source, Trigger, claims};

use crate::bodies::verified_claims;
use crate::{DAY, present};

const BAY: Waters = Waters { latitude: 36.78, longitude: -122.06, range_km: 10.0 };

fn provider(platform: Platform) -> Provider {
    let settings = ProviderSettings { platform, ..ProviderSettings::default() };
    Provider::new("http://127.0.0.1:1/", Clock::system(), settings).unwrap()
}

#[test]
fn the_same_world_comes_by_cloudloop_in_every_format() {
    let faults = Faults { malformed: 0.05, ..Faults::BELIEVABLE };
    let all: Vec<_> = World::demo(5, present()).deliveries(present().minus(DAY)..present(), faults).collect();
    for format in [Format::Lingo, Format::Core, Format::Form] {
        let provider = provider(Platform::Cloudloop(format));
        let mut strangers = 0;
        for delivery in &all {
            let body = provider.body(delivery).unwrap();
            let kind = BodyKind::of(Some(body.content_type), body.text.as_bytes());
            match (delivery.what, cloudloop::parse(kind, body.text.as_bytes())) {
                (What::Push | What::Repeat, Ok(push)) => {
                    let sent = &delivery.sent;
                    assert_eq!(push.sbd.faults, []);
                    assert_eq!((push.sbd.imei, push.sbd.momsn), (sent.imei, Some(sent.momsn)));
                    assert_eq!(
                        (push.sbd.transmitted_at, &push.sbd.payload),
                        (Some(sent.at), &Some(sent.payload.clone()))
                    );
                }
                (What::Malformed(Malformed::Forged | Malformed::NoImei | Malformed::Truncated), Err(_)) => {
                    strangers += 1
                }
                (what, read) => panic!("{what:?}: {read:?}"),
            }
        }
        assert!(strangers > 0);
    }
}

#[test]
fn a_trackers_bursts_are_signed_pairs_and_the_same_each_time() {
    let tracker = RockStar::new(7, 1, BAY).unwrap();
    let range = present().minus(DAY)..present();
    let pushes = tracker.pushes(range.clone());
    assert_eq!(pushes, RockStar::new(7, 1, BAY).unwrap().pushes(range));
    assert_eq!(pushes.len(), 2 * 96);
    let provider = provider(Platform::Rockblock);
    let mut texts = 0;
    for pair in pushes.chunks(2) {
        let read: Vec<_> = pair
            .iter()
            .map(|fields| {
                let body = provider.tracker_body(fields, true).unwrap();
                let push = rockcore::parse(BodyKind::Json, body.text.as_bytes()).unwrap();
                assert_eq!(push.faults, []);
                let verified = verified_claims(push.jwt.as_deref().unwrap());
                assert_eq!(claims::compare(&verified, &push), Ok(vec![]));
                push
            })
            .collect();
        let [own, of_network] = read.as_slice() else { panic!("{read:?}") };
        assert_eq!((own.source, of_network.source), (Some(Source::Gps), Some(Source::Iridium)));
        assert_eq!((own.momsn, own.transmitted_at), (of_network.momsn, of_network.transmitted_at));
        assert_ne!(own.id, of_network.id);
        texts += usize::from(own.message.is_some());
    }
    assert!(texts > 0);
    let push = acknowledgement(&pushes[0], 124_196).push().unwrap();
    assert_eq!((push.trigger, push.message_ack), (Some(Trigger::Acknowledge), Some(124_196)));
    assert!(!provider.tracker_body(&pushes[0], false).unwrap().text.contains("JWT"));
}
