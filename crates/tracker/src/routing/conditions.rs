//! Conditions of routes: whether a message meets them, and whether they can be met at all.

use fairlead_model::route::{Area, AreaIs, Comparison, Condition, Format, NewRoute};
use fairlead_store::routing::RouteFlaw;
use fairlead_wire::route::{self, Said};
use serde_json::Value;

use super::area;

/// Most conditions of a route.
const MOST: usize = 10;

/// Most words of a trigger, and longest word or name, in characters.
const MOST_WORDS: usize = 20;
const LONGEST_WORD: usize = 64;

/// Highest battery voltage that can be asked for.
const MOST_VOLTS: f64 = 100.0;

/// What conditions ask of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'m> {
    pub(crate) said: &'m Said,
    /// The message in the format `json`.
    pub(crate) values: &'m Value,
    /// Where its device was before, degrees north and east.
    pub(crate) before: Option<(f64, f64)>,
}

/// Whether a message meets a condition.
pub(crate) fn meets(condition: &Condition, asked: Asked<'_>) -> bool {
    match condition {
        Condition::Area { is, area } => {
            let Some((latitude, longitude)) = asked.said.fix else { return false };
            let inside = area::contains(area, (latitude.degrees(), longitude.degrees()));
            let was_inside = || asked.before.map(|before| area::contains(area, before));
            match is {
                AreaIs::Inside => inside,
                AreaIs::Outside => !inside,
                // Where nobody knows where it was, it neither came nor went.
                AreaIs::Entered => inside && was_inside() == Some(false),
                AreaIs::Left => !inside && was_inside() == Some(true),
            }
        }
        Condition::BatteryBelow { volts } => asked.said.battery_v.is_some_and(|battery| battery < *volts),
        Condition::Trigger { any_of } => {
            let said = asked.said.trigger.as_deref();
            said.is_some_and(|said| any_of.iter().any(|word| word.trim().eq_ignore_ascii_case(said)))
        }
        Condition::Field { field, compares, value } => {
            let found = field.split('.').try_fold(asked.values, |object, name| object.get(name));
            let found = found.filter(|found| !found.is_null());
            compare(found, *compares, value.as_ref())
        }
    }
}

fn compare(found: Option<&Value>, compares: Comparison, wanted: Option<&Value>) -> bool {
    let figures = || Some((found?.as_f64()?, wanted?.as_f64()?));
    let same = || match figures() {
        Some((found, wanted)) => (found - wanted).abs() < f64::EPSILON,
        None => found == wanted,
    };
    match compares {
        Comparison::Present => found.is_some(),
        Comparison::Absent => found.is_none(),
        Comparison::Below => figures().is_some_and(|(found, wanted)| found < wanted),
        Comparison::Above => figures().is_some_and(|(found, wanted)| found > wanted),
        Comparison::Equals => found.is_some() && same(),
        Comparison::Differs => found.is_some() && !same(),
    }
}

/// The area of a condition that asks where the device was before.
pub(crate) const fn crossed(condition: &Condition) -> Option<&Area> {
    match condition {
        Condition::Area { is: AreaIs::Entered | AreaIs::Left, area } => Some(area),
        _ => None,
    }
}

/// What is wrong with a route's conditions.
pub(crate) fn flaws(new: &NewRoute) -> Vec<RouteFlaw> {
    let mut flaws = Vec::new();
    if new.conditions.len() > MOST {
        flaws.push(format!("A route has at most {MOST} conditions."));
    }
    for (number, condition) in (1..).zip(new.conditions.iter().take(MOST)) {
        let of_one = flaws_of(condition).into_iter();
        flaws.extend(of_one.map(|flaw| format!("Condition {number}: {flaw}")));
    }
    flaws.into_iter().map(RouteFlaw::Wrong).collect()
}

fn flaws_of(condition: &Condition) -> Vec<String> {
    match condition {
        Condition::Area { area, .. } => area::flaws(area),
        Condition::BatteryBelow { volts } => {
            let fits = *volts > 0.0 && *volts <= MOST_VOLTS;
            let wrong = || format!("A battery has more than 0 and at most {MOST_VOLTS} volts.");
            (!fits).then(wrong).into_iter().collect()
        }
        Condition::Trigger { any_of } => {
            let word = |word: &String| {
                let word = word.trim();
                !word.is_empty() && word.len() <= LONGEST_WORD && word.bytes().all(|b| b.is_ascii_graphic())
            };
            let fits = (1..=MOST_WORDS).contains(&any_of.len()) && any_of.iter().all(word);
            let wrong = || format!("A trigger is 1 to {MOST_WORDS} words, as ROUTINE or ALERT.");
            (!fits).then(wrong).into_iter().collect()
        }
        Condition::Field { field, compares, value } => {
            let mut flaws = Vec::new();
            if !fields().contains(field) {
                let shown: String = field.chars().take(LONGEST_WORD).collect();
                flaws.push(format!(
                    "There is no field `{shown}`. The schema of the format `json` names them."
                ));
            }
            flaws.extend(flaw_of_value(*compares, value.as_ref()));
            flaws
        }
    }
}

fn flaw_of_value(compares: Comparison, value: Option<&Value>) -> Option<String> {
    let word = compares.as_str();
    match (compares, value) {
        (Comparison::Present | Comparison::Absent, _) => None,
        (Comparison::Below | Comparison::Above, Some(Value::Number(_))) => None,
        (Comparison::Below | Comparison::Above, _) => Some(format!("`{word}` asks for a number.")),
        (_, Some(Value::Number(_) | Value::Bool(_))) => None,
        (_, Some(Value::String(text))) if text.chars().count() <= LONGEST_WORD => None,
        _ => Some(format!(
            "`{word}` asks for a number, a word of at most {LONGEST_WORD} characters, true or false."
        )),
    }
}

/// The names that a condition can ask for.
fn fields() -> Vec<String> {
    let schema = route::schema(Format::Json);
    let names = schema.get("properties").and_then(Value::as_object);
    let mut fields: Vec<String> = names.map(|names| names.keys().cloned().collect()).unwrap_or_default();
    fields.extend(["device.id", "device.kind", "device.name"].map(str::to_owned));
    fields
}

#[cfg(test)]
mod tests {
    use fairlead_model::route::{RouteSource, RouteTarget};
    use fairlead_model::{Latitude, Longitude, Time};
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn at(latitude: f64, longitude: f64) -> Said {
        let fix = Some((Latitude::new(latitude).unwrap(), Longitude::new(longitude).unwrap()));
        Said { fix, ..Said::nothing("PK101", Time::from_micros(0)) }
    }

    fn ask(condition: &Condition, said: &Said, before: Option<(f64, f64)>) -> bool {
        let values = json!({
            "speed_m_s": 2.5, "status": "power_on", "beacon_on": true, "momsn": 7, "text": null,
            "device": {"name": "PK001"},
        });
        meets(condition, Asked { said, values: &values, before })
    }

    #[test]
    fn an_area_is_entered_and_left_where_it_is_known_where_it_was_before() {
        let area = Area::Circle { latitude: 37.0, longitude: -122.0, radius_m: 10_000.0 };
        let (inside, outside) = ((37.0, -122.0), (38.0, -122.0));
        for (is, now, before, wanted) in [
            (AreaIs::Inside, inside, None, true),
            (AreaIs::Inside, outside, None, false),
            (AreaIs::Outside, outside, Some(outside), true),
            (AreaIs::Outside, inside, None, false),
            (AreaIs::Entered, inside, Some(outside), true),
            (AreaIs::Entered, inside, Some(inside), false),
            (AreaIs::Entered, inside, None, false),
            (AreaIs::Entered, outside, Some(outside), false),
            (AreaIs::Left, outside, Some(inside), true),
            (AreaIs::Left, outside, Some(outside), false),
            (AreaIs::Left, outside, None, false),
            (AreaIs::Left, inside, Some(inside), false),
        ] {
            let condition = Condition::Area { is, area: area.clone() };
            assert_eq!(ask(&condition, &at(now.0, now.1), before), wanted, "{is:?} {now:?} {before:?}");
            let nowhere = Said::nothing("PK101", Time::from_micros(0));
            assert!(!ask(&condition, &nowhere, before), "{is:?} without a position");
        }
    }

    #[test]
    fn battery_and_trigger_count_where_they_are_told() {
        let low = Condition::BatteryBelow { volts: 3.5 };
        let with = |battery_v| Said { battery_v, ..at(0.0, 0.0) };
        assert!(ask(&low, &with(Some(3.4)), None));
        assert!(!ask(&low, &with(Some(3.5)), None));
        assert!(!ask(&low, &with(None), None));
        let trigger = Condition::Trigger { any_of: vec!["alert".to_owned(), " Burst ".to_owned()] };
        let by = |word: Option<&str>| Said { trigger: word.map(str::to_owned), ..at(0.0, 0.0) };
        assert!(ask(&trigger, &by(Some("ALERT")), None));
        assert!(ask(&trigger, &by(Some("BURST")), None));
        assert!(!ask(&trigger, &by(Some("ROUTINE")), None));
        assert!(!ask(&trigger, &by(None), None));
    }

    #[test]
    fn a_field_compares_by_what_it_is() {
        let asked = |field: &str, compares, value| {
            let condition = Condition::Field { field: field.to_owned(), compares, value };
            ask(&condition, &at(0.0, 0.0), None)
        };
        for (field, compares, value, wanted) in [
            ("speed_m_s", Comparison::Above, Some(json!(2)), true),
            ("speed_m_s", Comparison::Above, Some(json!(2.5)), false),
            ("speed_m_s", Comparison::Below, Some(json!(3)), true),
            ("momsn", Comparison::Equals, Some(json!(7.0)), true),
            ("momsn", Comparison::Differs, Some(json!(7)), false),
            ("status", Comparison::Equals, Some(json!("power_on")), true),
            ("status", Comparison::Differs, Some(json!("normal")), true),
            ("status", Comparison::Above, Some(json!(1)), false),
            ("beacon_on", Comparison::Equals, Some(json!(true)), true),
            ("beacon_on", Comparison::Equals, Some(json!("true")), false),
            ("device.name", Comparison::Equals, Some(json!("PK001")), true),
            ("device.kind", Comparison::Absent, None, true),
            ("text", Comparison::Absent, None, true),
            ("text", Comparison::Present, None, false),
            ("text", Comparison::Equals, Some(json!(null)), false),
            ("text", Comparison::Differs, Some(json!("x")), false),
            ("text", Comparison::Below, Some(json!(1)), false),
            ("status", Comparison::Present, None, true),
        ] {
            assert_eq!(asked(field, compares, value.clone()), wanted, "{field} {compares:?} {value:?}");
        }
    }

    #[test]
    fn all_that_is_wrong_with_conditions_is_said() {
        let flaws = |conditions: Vec<Condition>| {
            let new = NewRoute {
                name: String::new(),
                enabled: true,
                source: RouteSource::Any,
                messages: Vec::new(),
                conditions,
                target: RouteTarget::Endpoint { id: Uuid::nil().into() },
                format: None,
                lives_s: None,
            };
            super::flaws(&new).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let field =
            |field: &str, compares, value| Condition::Field { field: field.to_owned(), compares, value };
        assert_eq!(
            flaws(vec![
                Condition::BatteryBelow { volts: 0.0 },
                Condition::BatteryBelow { volts: 3.3 },
                Condition::Trigger { any_of: Vec::new() },
                field("speed", Comparison::Above, Some(json!("fast"))),
                field("device.name", Comparison::Equals, None),
                field("status", Comparison::Equals, Some(json!({"a": 1}))),
                field("speed_m_s", Comparison::Present, None),
            ]),
            [
                "Condition 1: A battery has more than 0 and at most 100 volts.",
                "Condition 3: A trigger is 1 to 20 words, as ROUTINE or ALERT.",
                "Condition 4: There is no field `speed`. The schema of the format `json` names them.",
                "Condition 4: `above` asks for a number.",
                "Condition 5: `equals` asks for a number, a word of at most 64 characters, true or false.",
                "Condition 6: `equals` asks for a number, a word of at most 64 characters, true or false.",
            ]
        );
        let many = vec![Condition::BatteryBelow { volts: 3.3 }; 11];
        assert_eq!(flaws(many), ["A route has at most 10 conditions."]);
    }
}
