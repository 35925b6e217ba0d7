//! A file as rows of headings and cells: CSV with a heading, or JSON.

use std::sync::Arc;

use fairlead_wire::rockblock::export::unknown_headings;
use serde_json::{Map, Value};

/// Longest file, bytes: some 300,000 messages.
const MAX_BYTES: usize = 64 << 20;
/// What separates the cells of a table, most likely first.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// A row's cells with their headings, which the rows of a table share.
pub(super) type Cells = Vec<(Arc<str>, String)>;

/// Rows of headings and cells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub(super) rows: Vec<Cells>,
}

impl Table {
    /// Reads a file, which says itself what it is.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > MAX_BYTES {
            return Err(format!("The file is longer than {} MiB. Export it in parts.", MAX_BYTES >> 20));
        }
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_start_matches('\u{feff}').trim();
        match text.as_bytes().first() {
            None => Err("The file is empty.".to_owned()),
            Some(b'[' | b'{') => Self::of_json(text),
            Some(_) => Self::of_csv(text),
        }
    }

    /// The headings that nobody recognises, each once.
    pub(super) fn unknown(&self) -> Vec<String> {
        let headings = self.rows.iter().flatten().map(|(heading, _)| &**heading);
        let mut unknown: Vec<String> = unknown_headings(headings).into_iter().map(str::to_owned).collect();
        unknown.sort_unstable();
        unknown.dedup();
        unknown
    }

    /// A row as JSON, for whoever wants to see later what stood in the file.
    pub(super) fn json(cells: &[(Arc<str>, String)]) -> String {
        let members = cells.iter().map(|(heading, cell)| (heading.to_string(), Value::from(cell.as_str())));
        Value::Object(members.collect::<Map<_, _>>()).to_string()
    }

    fn of_csv(text: &str) -> Result<Self, String> {
        let heading = text.lines().next().unwrap_or_default();
        let count = |separator: u8| heading.bytes().filter(|b| *b == separator).count();
        let separator =
            SEPARATORS.into_iter().rev().max_by_key(|separator| count(*separator)).unwrap_or(b',');
        let mut reader =
            csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text.as_bytes());
        let headings: Vec<Arc<str>> =
            reader.headers().map_err(|e| format!("It is no table: {e}."))?.iter().map(Arc::from).collect();
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|e| format!("It is no table: {e}."))?;
            let cells = record.iter().map(str::to_owned);
            rows.push(headings.iter().cloned().zip(cells).collect());
        }
        Ok(Self { rows })
    }

    /// A list of objects, an object with one list in it, or an object in each line.
    fn of_json(text: &str) -> Result<Self, String> {
        let lines = || text.lines().filter(|line| !line.trim().is_empty()).map(serde_json::from_str);
        let values = match serde_json::from_str(text) {
            Ok(Value::Array(values)) => values,
            Ok(Value::Object(members)) => {
                let mut lists = members.values().filter_map(Value::as_array);
                match (lists.next(), lists.next()) {
                    (Some(list), None) => list.clone(),
                    _ => vec![Value::Object(members.clone())],
                }
            }
            Ok(_) => Vec::new(),
            Err(why) => {
                let several: Result<Vec<Value>, _> = lines().collect();
                several.map_err(|_| format!("It begins like JSON, and is none: {why}."))?
            }
        };
        Ok(Self { rows: values.iter().map(cells).collect() })
    }
}

/// A member that holds more than a value is left out; what is no object has no cells, and is named as such a row.
fn cells(value: &Value) -> Cells {
    let cell = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let members = value.as_object().into_iter().flatten();
    members.filter_map(|(name, value)| Some((name.as_str().into(), cell(value)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Cells> {
        Table::read(text.as_bytes()).unwrap().rows
    }

    #[test]
    fn every_way_to_write_a_table_gives_the_same_rows() {
        let wanted = rows("imei,data\n1,\"a,b\"\n2,c\n");
        assert_eq!(wanted.len(), 2);
        for same in [
            "\u{feff}imei;data\r\n1;a,b\r\n2;c\r\n",
            "imei\tdata\n1\ta,b\n2\tc",
            r#"[{"imei":1,"data":"a,b","more":{}},{"imei":"2","data":"c","none":null}]"#,
            r#"{"count":2,"messages":[{"data":"a,b","imei":"1"},{"data":"c","imei":2}]}"#,
            "{\"imei\":1,\"data\":\"a,b\"}\n{\"imei\":2,\"data\":\"c\"}\n",
        ] {
            let mut read = rows(same);
            read.iter_mut().for_each(|row| row.sort_unstable_by(|a, b| b.0.cmp(&a.0)));
            assert_eq!(read, wanted, "{same}");
        }
    }

    #[test]
    fn what_is_no_table_says_so() {
        for (text, wanted) in [("", "The file is empty."), ("{\"a\":", "It begins like JSON, and is none")] {
            let refusal = Table::read(text.as_bytes()).unwrap_err();
            assert!(refusal.contains(wanted), "{refusal}");
        }
        assert!(Table::read(&vec![b' '; MAX_BYTES + 1]).unwrap_err().contains("64 MiB"));
        assert_eq!(Table::read(b"a,b\n1,2\n").unwrap().unknown(), ["a", "b"]);
    }
}
