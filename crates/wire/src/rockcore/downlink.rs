//! Rock 7 Core's door for texts to trackers: what its answers mean.
//!
//! `POST /API2/SendMessage/<serial>` with `username`, `password` and `message` in the query. It answers in XML:
//! `<SendMessage><receipt messageId="124196" /></SendMessage>` where it has the message. How it refuses is nowhere
//! described; an element `error` is read as one.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// Most characters of a refusal that are kept.
const LONGEST_TEXT: usize = 300;
/// Most characters of a number that are kept.
const LONGEST_ID: usize = 64;
/// The element around every answer.
const ROOT: &str = "SendMessage";

/// What the provider answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendAnswer {
    /// It has the message.
    Taken {
        /// Its number for it. The tracker's acknowledgement names it.
        id: String,
    },
    /// It has not.
    Refused {
        /// Its words.
        text: String,
    },
}

/// Reads the body of an answer; `None` where it is neither of the two, or broke off.
pub fn read_send_answer(body: &str) -> Option<SendAnswer> {
    let mut reader = Reader::from_str(body.trim_start_matches('\u{feff}').trim());
    let (mut depth, mut is_answer) = (0_u32, false);
    let mut found = Found::default();
    loop {
        match reader.read_event().ok()? {
            Event::Start(element) => {
                is_answer |= depth == 0 && is_root(&element);
                found.enter(&element, depth)?;
                depth = depth.checked_add(1)?;
            }
            Event::Empty(element) => {
                found.enter(&element, depth)?;
                found.in_error = false;
            }
            Event::End(_) => {
                depth = depth.checked_sub(1)?;
                found.in_error = false;
            }
            Event::Text(text) if found.in_error => found.say(&text.xml10_content()),
            Event::CData(text) if found.in_error => found.say(&text.xml10_content()),
            Event::Eof => break,
            _ => {}
        }
    }
    // An answer that ends in the middle is none.
    if depth > 0 || !is_answer {
        return found.refusal(depth);
    }
    match (found.id.take(), found.error.is_some()) {
        (Some(id), false) => Some(SendAnswer::Taken { id }),
        (None, true) => found.refusal(depth),
        _ => None,
    }
}

/// Whether this is the element around an answer.
fn is_root(element: &BytesStart<'_>) -> bool {
    element.name().as_ref() == ROOT
}

/// What was found on the way through an answer.
#[derive(Default)]
struct Found {
    id: Option<String>,
    /// The words of a refusal, where there is one.
    error: Option<String>,
    in_error: bool,
}

impl Found {
    fn enter(&mut self, element: &BytesStart<'_>, depth: u32) -> Option<()> {
        match element.name().as_ref() {
            "receipt" if depth == 1 && self.id.is_none() => {
                self.id = attribute(element, "messageId")?.filter(|id| !id.is_empty());
            }
            "error" if depth <= 1 => {
                self.in_error = true;
                for name in ["code", "message", "text"] {
                    if let Some(said) = attribute(element, name)? {
                        self.say(&said);
                    }
                }
                self.error.get_or_insert_default();
            }
            _ => {}
        }
        Some(())
    }

    fn say(&mut self, said: &str) {
        let said = said.trim();
        let error = self.error.get_or_insert_default();
        if !said.is_empty() {
            if !error.is_empty() {
                error.push(' ');
            }
            error.push_str(said);
        }
    }

    /// An error may stand alone, without the element around an answer.
    fn refusal(self, depth: u32) -> Option<SendAnswer> {
        let text = self.error.filter(|_| depth == 0 && self.id.is_none())?;
        Some(SendAnswer::Refused { text: cut(&text, LONGEST_TEXT) })
    }
}

/// The value of an attribute; the outer `None` where the element is damaged.
#[expect(clippy::option_option, reason = "an element without the attribute is none that is damaged")]
fn attribute(element: &BytesStart<'_>, name: &str) -> Option<Option<String>> {
    for attribute in element.attributes() {
        let attribute = attribute.ok()?;
        if attribute.key.as_ref() == name {
            return Some(Some(cut(
                attribute.normalized_value(XmlVersion::Implicit1_0).ok()?.trim(),
                LONGEST_ID,
            )));
        }
    }
    Some(None)
}

fn cut(text: &str, characters: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_is_read() {
        let taken = Some(SendAnswer::Taken { id: "124196".to_owned() });
        for body in [
            r#"<SendMessage><receipt messageId="124196" /></SendMessage>"#,
            "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<SendMessage>\n <receipt messageId='124196'/>\n</SendMessage>\n",
            r#"<SendMessage><receipt messageId="124196"></receipt></SendMessage>"#,
            r#"<SendMessage><!-- queued --><receipt messageId=" 124196 " at="now"/></SendMessage>"#,
        ] {
            assert_eq!(read_send_answer(body), taken, "{body}");
        }
    }

    #[test]
    fn a_refusal_is_read_in_its_words() {
        for (body, said) in [
            (
                "<SendMessage><error>Invalid login credentials</error></SendMessage>",
                "Invalid login credentials",
            ),
            (
                r#"<SendMessage><error code="13" message="Insufficient credit"/></SendMessage>"#,
                "13 Insufficient credit",
            ),
            ("<error><![CDATA[Unknown <device>]]></error>", "Unknown <device>"),
            ("<SendMessage><error/></SendMessage>", ""),
        ] {
            let refused = Some(SendAnswer::Refused { text: said.to_owned() });
            assert_eq!(read_send_answer(body), refused, "{body}");
        }
    }

    #[test]
    fn anything_else_is_no_answer() {
        for body in [
            "",
            "OK,124196",
            "<SendMessage>",
            "<SendMessage/>",
            "<SendMessage></SendMessage>",
            r#"<SendMessage><receipt messageId="124196" />"#,
            r#"<SendMessage><receipt messageId="1241"#,
            r#"<SendMessage><receipt messageId="" /></SendMessage>"#,
            r#"<SendMessage><receipt /></SendMessage>"#,
            r#"<Other><receipt messageId="124196" /></Other>"#,
            r#"<SendMessage><x><receipt messageId="124196" /></x></SendMessage>"#,
            r#"<SendMessage><receipt messageId="1" /><error>No</error></SendMessage>"#,
            "<SendMessage><error>Invalid login",
            "<html><body><h1>Scheduled maintenance</h1></body></html>",
            "<!DOCTYPE html><html><body><p>x</html>",
        ] {
            assert_eq!(read_send_answer(body), None, "{body:?}");
        }
    }
}
