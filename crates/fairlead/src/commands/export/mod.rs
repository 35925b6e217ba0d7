//! `fairlead export`: what devices have told, for a spreadsheet, a script or a map.

mod geojson;
mod rows;
mod sheet;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use fairlead_model::{Imei, ModemId, Time};
use fairlead_runtime::Arguments;
use fairlead_store::satellite::readings::{self, ReadingRow};
use fairlead_store::satellite::{messages, modems};
use fairlead_store::{Id, Store};

use self::geojson::Map;
use self::rows::{MessageLine, PositionLine};
use self::sheet::Sheet;
use crate::command_line::{load, open_store, tell};

/// Rows that are read, and held, at a time.
const PAGE: i64 = 1_000;

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// What: positions, each with what its message tells besides; or messages, as they came
    what: What,
    /// Of these modems, by IMEI, with commas between them; without this, of all
    #[arg(long, value_name = "IMEI", value_delimiter = ',')]
    modem: Vec<Imei>,
    /// From this time on: a day as 2026-06-01 (UTC), or RFC 3339. Positions by their transmit time, messages by the
    /// time at which they were received
    #[arg(long, value_name = "TIME", value_parser = moment)]
    from: Option<Time>,
    /// Before this time
    #[arg(long, value_name = "TIME", value_parser = moment)]
    to: Option<Time>,
    /// How: a table, one JSON object a line, or a map (positions only)
    #[arg(long, default_value = "csv")]
    format: Format,
    /// The file to write; without this, standard output
    file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    Positions,
    Messages,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Csv,
    Jsonl,
    Geojson,
}

/// What is asked for, and where it is.
struct Source {
    store: Store,
    from: Time,
    to: Time,
    /// The modems in question, by IMEI.
    modems: Vec<(ModemId, Imei)>,
    /// Whether these are all there are: then messages of no known modem count, too.
    all: bool,
}

fn moment(text: &str) -> Result<Time, String> {
    Time::parse_rfc3339(text)
        .or_else(|| Time::parse_rfc3339(&format!("{text}T00:00:00Z")))
        .ok_or_else(|| "a time is a day as 2026-06-01, or RFC 3339 as 2026-06-01T12:00:00Z".to_owned())
}

impl Export {
    pub(crate) async fn run(self, settings: Arguments) -> anyhow::Result<ExitCode> {
        anyhow::ensure!(
            self.what == What::Positions || self.format != Format::Geojson,
            "a map shows positions; messages are written as csv or jsonl"
        );
        let source = self.source(&settings).await?;
        let Some(path) = &self.file else {
            return match self.write(&source, io::stdout().lock()).await {
                // A reader that has seen enough may leave.
                Err(e) if is_left(&e) => Ok(ExitCode::SUCCESS),
                written => written.map(|_| ExitCode::SUCCESS),
            };
        };
        let count = to_file(path, async |file| self.write(&source, file).await).await?;
        let what = if self.what == What::Positions { "positions" } else { "messages" };
        tell(&format!("{}: {count} {what}", path.display()));
        Ok(ExitCode::SUCCESS)
    }

    async fn source(&self, settings: &Arguments) -> anyhow::Result<Source> {
        let from = self.from.unwrap_or(Time::from_micros(0));
        let to = self.to.unwrap_or(Time::from_micros(i64::MAX));
        anyhow::ensure!(from < to, "--from is not before --to");
        let store = open_store(&load(settings)?).await?;
        let modems =
            if self.modem.is_empty() { all(&store).await? } else { these(&store, &self.modem).await? };
        Ok(Source { store, from, to, modems, all: self.modem.is_empty() })
    }

    /// Writes what is asked for, and says how many rows that were.
    async fn write(&self, source: &Source, out: impl Write) -> anyhow::Result<u64> {
        let out = BufWriter::new(out);
        match (self.what, self.format) {
            (What::Positions, Format::Geojson) => source.draw(Map::open(out)?).await,
            (What::Positions, Format::Csv) => source.positions(Sheet::csv::<PositionLine>(out)?).await,
            (What::Positions, Format::Jsonl) => source.positions(Sheet::jsonl(out)).await,
            (What::Messages, Format::Csv) => source.messages(Sheet::csv::<MessageLine>(out)?).await,
            (What::Messages, _) => source.messages(Sheet::jsonl(out)).await,
        }
    }
}

impl Source {
    async fn positions(&self, mut sheet: Sheet<impl Write>) -> anyhow::Result<u64> {
        let mut count = 0;
        for &(id, imei) in &self.modems {
            let each = |row: &ReadingRow| match PositionLine::of(imei, row) {
                Some(line) => {
                    count += 1;
                    sheet.put(&line)
                }
                None => Ok(()),
            };
            self.readings(id, each).await?;
        }
        sheet.close()?;
        Ok(count)
    }

    /// A modem's positions are walked through twice: once for the line, which is one object, and once for the points.
    async fn draw(&self, mut map: Map<impl Write>) -> anyhow::Result<u64> {
        let mut count = 0;
        for &(id, imei) in &self.modems {
            let mut line = map.line(imei);
            self.readings(id, |row| line.go_on(row)).await?;
            line.close()?;
            let each = |row: &ReadingRow| match PositionLine::of(imei, row) {
                Some(line) => {
                    count += 1;
                    map.point(&line)
                }
                None => Ok(()),
            };
            self.readings(id, each).await?;
        }
        map.close()?;
        Ok(count)
    }

    /// The readings of a modem, oldest first.
    async fn readings(
        &self,
        modem: ModemId,
        mut each: impl FnMut(&ReadingRow) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let (span, mut after) = ((self.from, self.to), None);
        loop {
            let page = self.store.read(move |conn| readings::walk(conn, modem, span, after, PAGE)).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.place());
            page.iter().try_for_each(&mut each)?;
        }
    }

    async fn messages(&self, mut sheet: Sheet<impl Write>) -> anyhow::Result<u64> {
        let imeis: Vec<Option<Imei>> = match self.all {
            true => vec![None],
            false => self.modems.iter().map(|(_, imei)| Some(*imei)).collect(),
        };
        let mut count = 0;
        for imei in imeis {
            let (mut after, to) = (Id::lowest(self.from), self.to);
            loop {
                let read = move |conn: &mut _| {
                    messages::walk(conn, imei.as_ref().map(Imei::as_str), after, to, PAGE)
                };
                let page = self.store.read(read).await?;
                let Some(last) = page.last() else { break };
                after = last.id.into();
                for message in page {
                    sheet.put(&MessageLine::from(message))?;
                    count += 1;
                }
            }
        }
        sheet.close()?;
        Ok(count)
    }
}

async fn all(store: &Store) -> anyhow::Result<Vec<(ModemId, Imei)>> {
    let mut found: Vec<(ModemId, Imei)> = Vec::new();
    loop {
        let after = found.last().map(|(id, _)| *id);
        let page = store.read(move |conn| modems::list(conn, after, PAGE)).await?;
        if page.is_empty() {
            return Ok(found);
        }
        found.extend(page.into_iter().map(|modem| (modem.id, modem.imei)));
    }
}

async fn these(store: &Store, imeis: &[Imei]) -> anyhow::Result<Vec<(ModemId, Imei)>> {
    let mut found = Vec::new();
    for &imei in imeis {
        let modem = store.read(move |conn| modems::by_imei(conn, imei.as_str())).await?;
        let (modem, _) = modem.with_context(|| format!("there is no modem {imei}"))?;
        found.push((modem.id.into(), imei));
    }
    Ok(found)
}

/// Writes a file that appears under its name only when it is whole.
async fn to_file(path: &Path, write: impl AsyncFnOnce(&File) -> anyhow::Result<u64>) -> anyhow::Result<u64> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = Path::new(&unfinished);
    let cannot = || format!("{} cannot be written", path.display());
    let file = File::create(unfinished).with_context(cannot)?;
    let count = write(&file).await?;
    file.sync_all().with_context(cannot)?;
    std::fs::rename(unfinished, path).with_context(cannot)?;
    Ok(count)
}

/// Whether the reader of a pipe has gone.
fn is_left(error: &anyhow::Error) -> bool {
    let left = |e: &io::Error| e.kind() == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(left))
}
