//! The provider's transmit time, `YY-MM-DD HH:MM:SS` in UTC.

use chrono::NaiveDate;
use fairlead_model::Time;
use percent_encoding::percent_decode_str;

/// Layers of percent-encoding that are taken off: senders were seen to add one, and relays one more.
const MAX_LAYERS: usize = 3;

/// Reads `YY-MM-DD HH:MM:SS`, years 2000 to 2099, under up to three layers of percent-encoding.
///
/// `None` where it is anything else: a year of four digits is another platform's form, and reading it by
/// guesswork would date a message wrongly.
pub fn parse_transmit_time(text: &str) -> Option<Time> {
    let mut text = text.trim().replace('+', " ");
    for _ in 0..MAX_LAYERS {
        if !text.contains('%') {
            break;
        }
        text = percent_decode_str(&text).decode_utf8_lossy().replace('+', " ");
    }
    parse_plain(text.trim())
}

fn parse_plain(text: &str) -> Option<Time> {
    let (date, clock) = text.split_once([' ', 'T'])?;
    let (year, month, day) = three_pairs(date, '-')?;
    let (hour, minute, second) = three_pairs(clock, ':')?;
    let date = NaiveDate::from_ymd_opt(2000 + i32::try_from(year).ok()?, month, day)?;
    Some(date.and_hms_opt(hour, minute, second)?.and_utc().into())
}

/// Three numbers of exactly two digits.
fn three_pairs(text: &str, separator: char) -> Option<(u32, u32, u32)> {
    let mut numbers = text.split(separator).map(|pair| {
        let plain = pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| pair.parse::<u32>().ok())?
    });
    let three = (numbers.next()??, numbers.next()??, numbers.next()??);
    numbers.next().is_none().then_some(three)
}

/// Prints a moment as the provider does; the century and fractions of a second are lost.
pub fn format_transmit_time(time: Time) -> String {
    time.date_time().format("%y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_providers_form_is_read() {
        let read = |text| parse_transmit_time(text).map(Time::rfc3339);
        assert_eq!(read("00-02-29 00:00:00").as_deref(), Some("2000-02-29T00:00:00Z"));
        assert_eq!(read(" 20-10-02T21:07:37 ").as_deref(), Some("2020-10-02T21:07:37Z"));
        for bad in [
            "20-10-02 21:07",
            "20-10-02 21:07:60",
            "20-10-02 24:00:00",
            "20-13-02 21:07:37",
            "20-10-02 21:07:37Z",
            "20-10-02 21:07:37.5",
            "20-10-02-21 07:37",
            "2020-10-02T21:07:37Z",
            "+1-10-02 21:07:37",
            "20\u{ff0d}10-02 21:07:37",
            "20-10-02%2525252021:07:37",
            "%",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_printed_time_reads_the_same() {
        let time = Time::parse_rfc3339("2020-10-02T21:07:37Z").unwrap();
        assert_eq!(format_transmit_time(time), "20-10-02 21:07:37");
        assert_eq!(parse_transmit_time(&format_transmit_time(time)), Some(time));
    }
}
