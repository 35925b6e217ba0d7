//! Rows one after the other: CSV (RFC 4180, with a head), or JSON, one object a line.

use std::io::Write;

use csv::{Terminator, WriterBuilder};
use serde::Serialize;

/// Where rows go.
pub(super) enum Sheet<W: Write> {
    Csv(Box<csv::Writer<W>>),
    Jsonl(W),
}

impl<W: Write> Sheet<W> {
    /// A table of such rows; its head is there even where no row follows.
    pub(super) fn csv<R: Serialize + Default>(mut out: W) -> anyhow::Result<Self> {
        let mut sample = builder().from_writer(Vec::new());
        sample.serialize(R::default())?;
        let sample = sample.into_inner()?;
        let head = sample.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
        out.write_all(head)?;
        Ok(Self::Csv(Box::new(builder().has_headers(false).from_writer(out))))
    }

    /// One JSON object a line.
    pub(super) fn jsonl(out: W) -> Self {
        Self::Jsonl(out)
    }

    pub(super) fn put(&mut self, row: &impl Serialize) -> anyhow::Result<()> {
        match self {
            Self::Csv(table) => table.serialize(row)?,
            Self::Jsonl(out) => {
                serde_json::to_writer(&mut *out, row)?;
                out.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    pub(super) fn close(self) -> anyhow::Result<()> {
        match self {
            Self::Csv(mut table) => table.flush()?,
            Self::Jsonl(mut out) => out.flush()?,
        }
        Ok(())
    }
}

fn builder() -> WriterBuilder {
    let mut builder = WriterBuilder::new();
    builder.terminator(Terminator::CRLF);
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default, Serialize)]
    struct Row {
        text: Option<String>,
        depth_m: f64,
    }

    fn written(rows: &[Row]) -> String {
        let mut out = Vec::new();
        let mut sheet = Sheet::csv::<Row>(&mut out).unwrap();
        rows.iter().for_each(|row| sheet.put(row).unwrap());
        sheet.close().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_table_has_a_head_and_quotes_what_needs_it() {
        assert_eq!(written(&[]), "text,depth_m\r\n");
        let text = Some("a \"b\", c\nd".to_owned());
        let rows = [Row { text, depth_m: -0.5 }, Row { text: None, depth_m: 12.0 }];
        assert_eq!(written(&rows), "text,depth_m\r\n\"a \"\"b\"\", c\nd\",-0.5\r\n,12.0\r\n");
    }
}
