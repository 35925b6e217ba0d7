//! What was said on each device's line: a bounded file a device, credentials masked.
//!
//! Whoever passes texts on never waits for the disk: lines go through a bounded mailbox to a task of their own, and what does
//! not fit is left out.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use fairlead_model::Time;
use fairlead_model::room::Way;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use super::mailbox::{Bounds, Receiver, Sender, mailbox};
use super::mask::mask;

/// What waits to be written.
const WAITING: Bounds = Bounds { items: 32_768, bytes: 8 * 1024 * 1024 };

/// Lines are gathered for so long before they are written.
const GATHER: Duration = Duration::from_secs(1);

/// A file of this size is put away for the next; one that was put away before goes.
const FILE_BYTES: u64 = 256 * 1024;

/// Most bytes of one text that are written.
const LINE_BYTES: usize = 4 * 1024;

/// How long a reader waits for what was just said.
const READ_WAIT: Duration = Duration::from_secs(3);

/// Most files; beyond that the oldest go.
const FILES: usize = 20_000;

/// Between two looks at the number of files.
const TIDY: Duration = Duration::from_secs(600);

/// One text on a device's line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct LogLine {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: Time,
    /// From the device, or to it.
    pub(crate) way: Way,
    /// Who said it to the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) who: Option<String>,
    /// The text, with credentials masked and no longer than 4 kB.
    pub(crate) text: String,
}

enum Entry {
    Line(Arc<str>, LogLine),
    /// Whoever reads wants all of it to be in the files.
    Flush(oneshot::Sender<()>),
}

/// Where lines are put in, and read.
pub(crate) struct Log {
    entries: Sender<Entry>,
    folder: PathBuf,
}

/// Writes the lines.
pub(crate) struct Keeper {
    entries: Receiver<Entry>,
    folder: PathBuf,
}

/// The log in a folder, and what writes it.
pub(crate) fn open(folder: PathBuf) -> io::Result<(Log, Keeper)> {
    fs::create_dir_all(&folder)?;
    let (sender, entries) = mailbox(WAITING);
    Ok((Log { entries: sender, folder: folder.clone() }, Keeper { entries, folder }))
}

impl Log {
    /// Notes a text; `left_out` is how many before it were not noted.
    pub(crate) fn note(
        &self,
        room: &Arc<str>,
        at: Time,
        way: Way,
        who: Option<&str>,
        text: &str,
        left_out: u32,
    ) {
        if left_out > 0 {
            let words = format!("({left_out} more in one second were not written down)");
            self.put(room, LogLine { at, way, who: None, text: words });
        }
        let cut = text.floor_char_boundary(LINE_BYTES);
        let mut kept = text.get(..cut).unwrap_or_default().to_owned();
        if cut < text.len() {
            // Masked while it is whole: a half could not be read for what it is.
            kept = mask(text).into_owned();
            kept.truncate(kept.floor_char_boundary(LINE_BYTES));
            kept.push_str(" (and more)");
        }
        self.put(room, LogLine { at, way, who: who.map(str::to_owned), text: kept });
    }

    fn put(&self, room: &Arc<str>, line: LogLine) {
        let bytes = line.text.len() + 64;
        if self.entries.offer(Entry::Line(room.clone(), line), bytes).is_err() {
            metrics::counter!("fairlead_hub_log_left_out_total").increment(1);
        }
    }

    /// The newest lines of a room, oldest first.
    pub(crate) async fn read(&self, room: &str, most: usize) -> io::Result<Vec<LogLine>> {
        let (done, written) = oneshot::channel();
        if self.entries.offer(Entry::Flush(done), 0).is_ok() {
            // What is in the files is answered anyway.
            let _ = tokio::time::timeout(READ_WAIT, written).await;
        }
        let (folder, room) = (self.folder.clone(), room.to_owned());
        tokio::task::spawn_blocking(move || {
            let mut lines = read_file(&old_file(&folder, &room))?;
            lines.append(&mut read_file(&file(&folder, &room))?);
            lines.drain(..lines.len().saturating_sub(most));
            Ok(lines)
        })
        .await
        .map_err(io::Error::other)?
    }
}

impl Keeper {
    /// Writes until the process stops.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut tidy_at = Instant::now();
        loop {
            let first = tokio::select! {
                first = self.entries.next() => first.ok(),
                () = stop.cancelled() => None,
            };
            let Some(first) = first else { break };
            let (batch, waiting) = self.gather(first, &stop).await;
            self.write(batch).await;
            waiting.into_iter().for_each(|reader| {
                // Whoever asked may have given up.
                let _ = reader.send(());
            });
            if Instant::now() >= tidy_at {
                tidy_at = Instant::now() + TIDY;
                let folder = self.folder.clone();
                let _ = tokio::task::spawn_blocking(move || tidy(&folder)).await;
            }
        }
        let mut rest = Batch::default();
        while let Some(entry) = self.entries.take() {
            rest.add(entry);
        }
        self.write(rest).await;
    }

    /// All that comes within a moment, or until somebody wants to read.
    async fn gather(&mut self, first: Entry, stop: &CancellationToken) -> (Batch, Vec<oneshot::Sender<()>>) {
        let mut batch = Batch::default();
        batch.add(first);
        let deadline = Instant::now() + GATHER;
        while batch.readers.is_empty() {
            tokio::select! {
                entry = self.entries.next() => match entry {
                    Ok(entry) => batch.add(entry),
                    Err(_) => break,
                },
                () = tokio::time::sleep_until(deadline) => break,
                () = stop.cancelled() => break,
            }
        }
        let readers = std::mem::take(&mut batch.readers);
        (batch, readers)
    }

    async fn write(&self, batch: Batch) {
        let folder = self.folder.clone();
        let written = tokio::task::spawn_blocking(move || {
            for (room, lines) in batch.rooms {
                if let Err(error) = append(&folder, &room, &lines) {
                    tracing::warn!(%error, room = &*room, "what was said is not in the device's log");
                }
            }
        });
        if let Err(error) = written.await {
            tracing::error!(%error, "the devices' logs were not written");
        }
    }
}

/// Lines by room.
#[derive(Default)]
struct Batch {
    rooms: HashMap<Arc<str>, Vec<LogLine>>,
    readers: Vec<oneshot::Sender<()>>,
}

impl Batch {
    fn add(&mut self, entry: Entry) {
        match entry {
            Entry::Line(room, line) => self.rooms.entry(room).or_default().push(line),
            Entry::Flush(reader) => self.readers.push(reader),
        }
    }
}

/// A room's name is a device's name, which can stand in a path.
fn file(folder: &Path, room: &str) -> PathBuf {
    folder.join(format!("{room}.log"))
}

fn old_file(folder: &Path, room: &str) -> PathBuf {
    folder.join(format!("{room}.log.1"))
}

fn append(folder: &Path, room: &str, lines: &[LogLine]) -> io::Result<()> {
    let path = file(folder, room);
    let (mut out, mut size) = open_to_append(&path)?;
    let mut text = String::new();
    for line in lines {
        let line = LogLine { text: mask(&line.text).into_owned(), ..line.clone() };
        let json = serde_json::to_string(&line)?;
        if size + u64::try_from(text.len() + json.len()).unwrap_or(u64::MAX) >= FILE_BYTES {
            out.write_all(text.as_bytes())?;
            text.clear();
            fs::rename(&path, old_file(folder, room))?;
            (out, size) = open_to_append(&path)?;
        }
        text.push_str(&json);
        text.push('\n');
    }
    out.write_all(text.as_bytes())
}

fn open_to_append(path: &Path) -> io::Result<(File, u64)> {
    let out = OpenOptions::new().create(true).append(true).open(path)?;
    let size = out.metadata()?.len();
    Ok((out, size))
}

fn read_file(path: &Path) -> io::Result<Vec<LogLine>> {
    match fs::read(path) {
        // A line that a crash has cut is left out.
        Ok(bytes) => Ok(bytes
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Removes the oldest files where there are too many: names of devices that nobody registered have no end.
fn tidy(folder: &Path) -> io::Result<()> {
    let mut files: Vec<(SystemTime, PathBuf)> = fs::read_dir(folder)?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            Some((entry.metadata().ok()?.modified().ok()?, entry.path()))
        })
        .collect();
    let beyond = files.len().saturating_sub(FILES);
    if beyond > 0 {
        files.sort_unstable();
        for (_, path) in files.iter().take(beyond) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Time {
        Time::from_micros(second * 1_000_000)
    }

    #[tokio::test]
    async fn what_was_said_is_read_at_once_masked_and_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let (log, keeper) = open(folder.path().join("rooms")).unwrap();
        let stop = CancellationToken::new();
        let running = tokio::spawn(keeper.run(stop.clone()));
        let (one, two) = (Arc::from("PK001"), Arc::from("PK002"));
        log.note(&one, at(1), Way::Up, None, r#"{"a":"b"c"}"#, 0);
        log.note(&one, at(2), Way::Down, Some("Ada"), r#"["CMD","store_new_sta",["boat","s3cret"]]"#, 7);
        log.note(&two, at(3), Way::Up, None, "other", 0);
        let lines = log.read("PK001", 10).await.unwrap();
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                r#"{"a":"b"c"}"#,
                "(7 more in one second were not written down)",
                r#"["CMD","store_new_sta",["boat","•••"]]"#
            ]
        );
        assert_eq!((lines[2].who.as_deref(), lines[2].way), (Some("Ada"), Way::Down));
        assert_eq!(log.read("PK001", 1).await.unwrap().len(), 1);
        assert_eq!(log.read("PK009", 1).await.unwrap(), []);

        for n in 0..2_000 {
            log.note(&one, at(n), Way::Up, None, &format!("{n} {}", "x".repeat(1_000)), 0);
        }
        log.note(&one, at(9), Way::Up, None, &format!("key=s3cret {}", "y".repeat(10_000)), 0);
        let lines = log.read("PK001", usize::MAX).await.unwrap();
        assert!((240..540).contains(&lines.len()), "{}", lines.len());
        let last = &lines.last().unwrap().text;
        assert!(last.starts_with("key=••• yyy") && last.ends_with(" (and more)") && last.len() < 4_200);
        stop.cancel();
        running.await.unwrap();
        let bytes: u64 = fs::read_dir(folder.path().join("rooms"))
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap().len())
            .sum();
        assert!(bytes < 2 * FILE_BYTES + 1_000, "{bytes}");
    }
}
