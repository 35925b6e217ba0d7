//! What the provider pushes: equal to what was sent, signed, and wrong only where it is meant to be.

use std::collections::BTreeMap;

use fairlead_model::Clock;
use fairlead_simulator::satellite::{
    Body, Delivery, DeliveryForm, Faults, Malformed, PUBLIC_KEY_PEM, Provider, ProviderSettings, What, World,
};
use fairlead_wire::rockblock::{self, BodyKind, Push, claims};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

use crate::{DAY, present};

/// The pushes of two weeks, with many more faults than usual.
fn deliveries(faults: Faults) -> Vec<Delivery> {
    let world = World::demo(5, present());
    world.deliveries(present().minus(7 * DAY)..present().plus(7 * DAY), faults).collect()
}

fn provider() -> Provider {
    Provider::new("http://127.0.0.1:1/", Clock::system(), ProviderSettings::default()).unwrap()
}

fn parse(body: &Body) -> Result<Push, rockblock::NoImei> {
    rockblock::parse(BodyKind::of(Some(body.content_type), body.text.as_bytes()), body.text.as_bytes())
}

pub fn verified_claims(token: &str) -> Value {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    let key = DecodingKey::from_rsa_pem(PUBLIC_KEY_PEM.as_bytes()).unwrap();
    jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap().claims
}

#[test]
fn a_push_says_what_was_sent_and_its_token_proves_it() {
    let provider = provider();
    let mut forms: BTreeMap<String, usize> = BTreeMap::new();
    for delivery in deliveries(Faults::NONE).into_iter().step_by(97) {
        let body = provider.body(&delivery).unwrap();
        let push = parse(&body).unwrap();
        let sent = &delivery.sent;
        assert_eq!(
            (push.imei, push.momsn, push.transmitted_at),
            (sent.imei, Some(sent.momsn), Some(sent.at))
        );
        assert_eq!(push.payload.as_ref(), Some(&sent.payload));
        assert!(push.faults.is_empty(), "{:?}", push.faults);
        let form = format!("{:?}", sent.form);
        *forms.entry(form).or_default() += 1;
        match (&push.jwt, sent.form) {
            (None, DeliveryForm::PlainForm) => {}
            (Some(token), DeliveryForm::SignedJson | DeliveryForm::SignedForm) => {
                let claims = verified_claims(token);
                assert_eq!(claims::compare(&claims, &push), Ok(vec![]));
                assert_eq!(claims["iat"], delivery.due.micros() / 1_000_000);
                assert!(token.starts_with("eyJhbGciOiJSUzI1NiJ9."), "the header holds the algorithm alone");
            }
            (token, form) => panic!("{form:?} with token {token:?}"),
        }
        assert!((217..1_450).contains(&body.text.len()), "{}", body.text.len());
    }
    assert_eq!(forms.len(), 3);
}

#[test]
fn shares_of_faults_are_as_asked() {
    let all = deliveries(Faults::BELIEVABLE);
    let messages = all.iter().filter(|d| d.what == What::Push).count() as f64;
    let share = |count: usize| count as f64 / messages;
    let repeats = share(all.iter().filter(|d| d.what == What::Repeat).count());
    let malformed = share(all.iter().filter(|d| !d.is_genuine()).count());
    let is_late = |d: &&Delivery| d.what == What::Push && d.due.since(d.sent.at).as_secs() >= 120;
    let late = share(all.iter().filter(is_late).count());
    assert!(messages > 15_000.0, "{messages}");
    assert!((0.007..0.013).contains(&repeats), "{repeats}");
    assert!((0.016..0.024).contains(&late), "{late}");
    assert!((0.003..0.007).contains(&malformed), "{malformed}");
    assert!(all.is_sorted_by_key(|delivery| delivery.due));
    assert!(!all.is_sorted_by_key(|delivery| delivery.sent.at), "late ones come out of order");
}

#[test]
fn a_repetition_is_the_same_body() {
    let provider = provider();
    let all = deliveries(Faults { duplicate: 0.01, ..Faults::NONE });
    let repeats: Vec<&Delivery> = all.iter().filter(|d| d.what == What::Repeat).take(20).collect();
    assert_eq!(repeats.len(), 20);
    for repeat in repeats {
        let push = all.iter().find(|d| d.what == What::Push && d.sent == repeat.sent).unwrap();
        assert!(push.due < repeat.due);
        assert_eq!(provider.body(push).unwrap(), provider.body(repeat).unwrap());
    }
}

#[test]
fn a_malformed_body_names_no_modem_or_is_not_what_its_token_says() {
    let provider = provider();
    let mut seen: BTreeMap<Malformed, usize> = BTreeMap::new();
    for delivery in deliveries(Faults { malformed: 0.02, ..Faults::NONE }) {
        let What::Malformed(how) = delivery.what else { continue };
        *seen.entry(how).or_default() += 1;
        let push = parse(&provider.body(&delivery).unwrap());
        match how {
            Malformed::Truncated => assert!(matches!(push, Err(rockblock::NoImei::NotJson { .. }))),
            Malformed::NoImei => assert!(matches!(push, Err(rockblock::NoImei::Missing))),
            Malformed::Forged => {
                let push = push.unwrap();
                assert_ne!(push.payload.as_ref(), Some(&delivery.sent.payload));
                let claims = verified_claims(push.jwt.as_ref().unwrap());
                assert!(claims::compare(&claims, &push).is_err());
            }
        }
    }
    assert_eq!(seen.len(), 3, "{seen:?}");
}
