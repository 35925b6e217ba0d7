//! Cloudloop's door for SBD messages: what its answers mean.
//!
//! `POST /Data/DoSendSbdMessage` with `token`, `thing` and `message` in hexadecimal. It answers in JSON, with an `id`
//! where it has the message. How it refuses is nowhere described; an object that names an error is read as one.

use serde_json::{Deserializer, Map, Value};

/// Most characters of a refusal that are kept.
const LONGEST_TEXT: usize = 300;
/// Most characters of an id that are kept.
const LONGEST_ID: usize = 64;
/// Members that say what is wrong.
const ERRORS: [&str; 8] =
    ["error", "errors", "errorCode", "errorMessage", "errorDescription", "exception", "fault", "reason"];

/// What the provider answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendAnswer {
    /// It has the message.
    Taken {
        /// Its name for it.
        id: String,
    },
    /// It has not.
    Refused {
        /// Its words.
        text: String,
    },
}

/// Reads the body of an answer with its HTTP status; `None` where it is neither of the two.
pub fn read_send_answer(status: u16, body: &str) -> Option<SendAnswer> {
    // Only the first value counts: a provider that says it twice has the message.
    let mut values = Deserializer::from_str(body.trim_start_matches('\u{feff}')).into_iter::<Value>();
    let Value::Object(answer) = values.next()?.ok()? else { return None };
    let id = match answer.get("id") {
        Some(Value::String(id)) => id.trim().to_owned(),
        Some(Value::Number(id)) => id.to_string(),
        _ => String::new(),
    };
    match refusal(status, &answer) {
        // It may have the message after all: a status that refuses says that it has not, another one does not.
        Some(_) if !id.is_empty() && !(400..500).contains(&status) => None,
        Some(text) => Some(SendAnswer::Refused { text }),
        None => ((200..300).contains(&status) && !id.is_empty())
            .then(|| SendAnswer::Taken { id: cut(&id, LONGEST_ID) }),
    }
}

/// The words of a refusal, where the answer is one.
fn refusal(status: u16, answer: &Map<String, Value>) -> Option<String> {
    let mut words: Vec<String> = Vec::new();
    for name in ERRORS {
        answer.get(name).into_iter().for_each(|value| tell(value, &mut words));
    }
    // Beside the status of a refusal, a message is its words.
    if words.is_empty() && (400..500).contains(&status) {
        for name in ["message", "code", "description", "title", "detail"] {
            answer.get(name).into_iter().for_each(|value| tell(value, &mut words));
        }
    }
    (!words.is_empty()).then(|| cut(&words.join(" "), LONGEST_TEXT))
}

/// The texts and numbers in a value, at most two levels down.
fn tell(value: &Value, words: &mut Vec<String>) {
    let plain = |value: &Value| match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        // A code of zero says that nothing is wrong.
        Value::Number(number) => Some(number.to_string()).filter(|_| number.as_f64() != Some(0.0)),
        _ => None,
    };
    match value {
        Value::Array(list) => words.extend(list.iter().filter_map(plain)),
        Value::Object(members) => words.extend(members.values().filter_map(plain)),
        Value::Bool(true) => words.push("error".to_owned()),
        other => words.extend(plain(other)),
    }
}

fn cut(text: &str, characters: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_that_it_was_taken() {
        let taken = |id: &str| Some(SendAnswer::Taken { id: id.to_owned() });
        assert_eq!(read_send_answer(200, r#"{"id":"AagLlVGjyNzQ"}"#), taken("AagLlVGjyNzQ"));
        assert_eq!(read_send_answer(200, r#"{"id":77,"status":"queued","error":null}"#), taken("77"));
        assert_eq!(read_send_answer(200, r#"{"id":"AagL","errorCode":0,"errorMessage":""}"#), taken("AagL"));
        assert_eq!(read_send_answer(200, "{\"id\":\"a\"}\n{\"id\":\"b\"}"), taken("a"));
    }

    #[test]
    fn a_refusal_is_read_in_its_words() {
        for (status, body, said) in [
            (401, r#"{"error":"Invalid token"}"#, "Invalid token"),
            (200, r#"{"error":{"message":"Thing not found"}}"#, "Thing not found"),
            (400, r#"{"message":"Payload too long"}"#, "Payload too long"),
            (400, r#"{"errors":["Payload too long", "270"]}"#, "Payload too long 270"),
            (500, r#"{"errorMessage":"System error"}"#, "System error"),
            (401, r#"{"id":"trace-7","error":"Invalid token"}"#, "Invalid token"),
        ] {
            let refused = Some(SendAnswer::Refused { text: said.to_owned() });
            assert_eq!(read_send_answer(status, body), refused, "{body}");
        }
    }

    #[test]
    fn anything_else_is_no_answer() {
        for (status, body) in [
            (200, ""),
            (200, "{}"),
            (200, r#"{"id":""}"#),
            (200, r#"{"id":{}}"#),
            (200, r#"{"id":"AagL"#),
            (200, r#"["AagL"]"#),
            (200, "<html></html>"),
            (200, r#"{"message":"hello"}"#),
            (500, r#"{"message":"hello"}"#),
            (302, r#"{"id":"x"}"#),
            // What names the message and an error has taken it, or not.
            (200, r#"{"id":"AagL","reason":"busy"}"#),
            (500, r#"{"errorMessage":"System error","id":"x"}"#),
        ] {
            assert_eq!(read_send_answer(status, body), None, "{body:?}");
        }
    }
}
