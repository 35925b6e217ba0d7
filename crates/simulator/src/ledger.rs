//! The provider's own books: every push that was due, each attempt, and what was answered.
//!
//! One JSON line an event, only ever appended. A line that was cut off by a crash is dropped when the file is
//! opened again; whatever it told of is simply done again.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, bail};
use fairlead_model::{Imei, Time};
use serde::{Deserialize, Serialize};

use crate::satellite::{Answer, Delivery, What, WorldSettings};

/// Which push an entry is about: its place in the books, counted from 0.
pub type EntryNumber = usize;

/// One push and all that came of it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The push.
    pub delivery: Delivery,
    /// Every attempt, in order.
    pub attempts: Vec<Attempt>,
}

impl Entry {
    /// Whether some attempt was answered with 200.
    pub fn is_accepted(&self) -> bool {
        self.attempts.iter().any(|attempt| attempt.answer.is_accepted())
    }
}

/// One attempt to push.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When the answer came, or was given up.
    pub at: Time,
    /// What was answered.
    #[serde(flatten)]
    pub answer: Answer,
}

/// A ledger file and its index in memory. Shared by reference.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    books: Mutex<Books>,
}

#[derive(Debug)]
struct Books {
    file: File,
    world: Option<WorldSettings>,
    entries: Vec<Entry>,
    numbers: HashMap<Key, EntryNumber>,
}

/// What tells one push from another.
type Key = (Imei, u16, Time, What);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    World(WorldSettings),
    Push(Delivery),
    Attempt {
        push: EntryNumber,
        #[serde(flatten)]
        attempt: Attempt,
    },
}

impl Ledger {
    /// Opens a ledger, or begins one.
    ///
    /// # Errors
    /// Where the file cannot be opened, or a line other than a cut-off last one cannot be read.
    pub fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .with_context(|| format!("the ledger {} cannot be opened", path.display()))?;
        let mut books = Books { file, world: None, entries: Vec::new(), numbers: HashMap::new() };
        books.read().with_context(|| format!("the ledger {} cannot be read", path.display()))?;
        Ok(Self { path: path.to_owned(), books: Mutex::new(books) })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The world that these books are about, once it was noted.
    pub fn world(&self) -> Option<WorldSettings> {
        self.books().world
    }

    /// Notes the world that these books are about. The first one stays.
    ///
    /// # Errors
    /// Where the line cannot be written.
    pub fn note_world(&self, world: WorldSettings) -> Result<WorldSettings> {
        let mut books = self.books();
        match books.world {
            Some(noted) => Ok(noted),
            None => {
                books.append(&Line::World(world))?;
                books.world = Some(world);
                Ok(world)
            }
        }
    }

    /// Notes a push before its first attempt. A push that is noted already keeps its number.
    ///
    /// # Errors
    /// Where the line cannot be written.
    pub fn note_push(&self, delivery: &Delivery) -> Result<EntryNumber> {
        let mut books = self.books();
        if let Some(number) = books.numbers.get(&key(delivery)) {
            return Ok(*number);
        }
        let line = Line::Push(delivery.clone());
        books.append(&line)?;
        books.take(line)?;
        Ok(books.entries.len().saturating_sub(1))
    }

    /// Notes what came of an attempt.
    ///
    /// # Errors
    /// Where the line cannot be written, or there is no such push.
    pub fn note_attempt(&self, push: EntryNumber, attempt: Attempt) -> Result<()> {
        let line = Line::Attempt { push, attempt };
        let mut books = self.books();
        books.append(&line)?;
        books.take(line)
    }

    /// How often a push was tried, and whether it was accepted; `None` where it was never due.
    pub fn standing(&self, delivery: &Delivery) -> Option<(u32, bool)> {
        let books = self.books();
        let entry = books.entries.get(*books.numbers.get(&key(delivery))?)?;
        Some((u32::try_from(entry.attempts.len()).unwrap_or(u32::MAX), entry.is_accepted()))
    }

    /// A copy of all entries, in the order in which they were noted.
    pub fn entries(&self) -> Vec<Entry> {
        self.books().entries.clone()
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        // Every change is whole before the lock is released, a panicking thread or not.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    /// Reads all whole lines, and cuts off what follows the last line end.
    fn read(&mut self) -> Result<()> {
        let mut reader = BufReader::new(self.file.try_clone()?);
        let (mut whole, mut number, mut text) = (0_u64, 0_usize, Vec::new());
        loop {
            text.clear();
            let length = reader.read_until(b'\n', &mut text)?;
            if text.last() != Some(&b'\n') {
                break;
            }
            number += 1;
            let line = serde_json::from_slice(&text).with_context(|| format!("line {number}"))?;
            self.take(line).with_context(|| format!("line {number}"))?;
            whole += u64::try_from(length)?;
        }
        self.file.set_len(whole)?;
        self.file.seek(SeekFrom::Start(whole))?;
        Ok(())
    }

    fn append(&mut self, line: &Line) -> Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.file.write_all(&text).context("the ledger cannot be written")
    }

    fn take(&mut self, line: Line) -> Result<()> {
        match line {
            Line::World(world) => self.world = Some(world),
            Line::Push(delivery) => {
                self.numbers.insert(key(&delivery), self.entries.len());
                self.entries.push(Entry { delivery, attempts: Vec::new() });
            }
            Line::Attempt { push, attempt } => match self.entries.get_mut(push) {
                Some(entry) => entry.attempts.push(attempt),
                None => bail!("there is no push {push}"),
            },
        }
        Ok(())
    }
}

fn key(delivery: &Delivery) -> Key {
    (delivery.sent.imei, delivery.sent.momsn, delivery.sent.at, delivery.what)
}
