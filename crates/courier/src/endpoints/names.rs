//! Keys and topics with names in them: `{device}`, `{kind}` and `{imei}`.

use fairlead_model::delivery::DeliveryAttributes;

/// What may stand in braces.
const KNOWN: [&str; 3] = ["device", "kind", "imei"];

/// A key or a topic with its names filled in. In what is filled in, a character that `splits` becomes `_`, so that no
/// name reaches beyond its place.
pub(crate) fn fill(template: &str, of: &DeliveryAttributes, splits: impl Fn(char) -> bool) -> String {
    let mut filled = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let known = after.split_once('}').and_then(|(name, after)| Some((value(name, of)?, after)));
        rest = if let Some((value, after)) = known {
            filled.extend(value.chars().map(|c| if splits(c) { '_' } else { c }));
            after
        } else {
            filled.push('{');
            after
        };
    }
    filled.push_str(rest);
    filled
}

/// Whether a template can be filled in.
///
/// # Errors
/// A sentence.
pub(crate) fn check(template: &str) -> Result<(), String> {
    let mut rest = template;
    while let Some((_, after)) = rest.split_once('{') {
        let Some((_, after)) = after.split_once('}').filter(|(name, _)| KNOWN.contains(name)) else {
            let part: String = after.chars().take_while(|c| *c != '}').take(40).collect();
            return Err(format!(
                "`{{{part}` means nothing here; `{{device}}`, `{{kind}}` and `{{imei}}` do."
            ));
        };
        rest = after;
    }
    Ok(())
}

fn value<'a>(name: &str, of: &'a DeliveryAttributes) -> Option<&'a str> {
    match name {
        "device" => Some(&of.device),
        "kind" => Some(&of.kind),
        "imei" => Some(of.imei.as_str()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use fairlead_model::Time;

    use super::*;

    fn of(device: &str) -> DeliveryAttributes {
        DeliveryAttributes {
            device: device.to_owned(),
            kind: "buoy".to_owned(),
            imei: "300434063836590".parse().unwrap(),
            message: "position".to_owned(),
            at: Time::from_micros(0),
            position_at: None,
        }
    }

    #[test]
    fn names_are_filled_in_and_stay_in_their_place() {
        let table = [
            ("a.{kind}.{device}", "PK001", "a.buoy.PK001"),
            ("{imei}", "PK001", "300434063836590"),
            ("{device}{device}", "PK.1", "PK_1PK_1"),
            ("x.{device}", "#.*", "x.#_*"),
            ("{device}", "{imei}", "{imei}"),
            ("{who}.{device", "PK001", "{who}.{device"),
            ("", "PK001", ""),
        ];
        for (template, device, filled) in table {
            assert_eq!(fill(template, &of(device), |c| c == '.'), filled, "{template}");
        }
    }

    #[test]
    fn a_name_that_means_nothing_is_refused() {
        for fine in ["", "a/b", "{device}/{kind}/{imei}"] {
            assert_eq!(check(fine), Ok(()), "{fine}");
        }
        for wrong in ["{who}", "{device", "{}", "{device}{Kind}"] {
            assert!(check(wrong).unwrap_err().contains("means nothing here"), "{wrong}");
        }
    }
}
