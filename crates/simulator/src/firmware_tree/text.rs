//! What is in the files: invented, and the same again for the same seed.

use rand::Rng;
use rand::RngCore;
use rand_chacha::ChaCha8Rng;

use super::layout::WINDOWS;
use crate::satellite::chance::{self, one_of};

/// Lines that one revision changes.
const CHANGED_LINES: usize = 3;
/// Shorter lines are left as they are.
const LEAST_CHANGED: usize = 16;
const VERBS: [&str; 10] =
    ["read", "note", "send", "count", "check", "wake", "close", "parse", "keep", "drop_old"];
const NOUNS: [&str; 12] = [
    "fix", "volts", "queue", "frame", "signal", "beacon", "sentence", "interval", "register", "answer",
    "slot", "mark",
];

/// Lines of `bytes` bytes in all, after `revision` revisions.
pub(super) fn lines(seed: u64, path: &str, bytes: usize, revision: u32) -> Vec<u8> {
    let mut rng = chance::stream(seed, &["firmware", "text", path]);
    let mut lines = vec![format!("# {path}")];
    let end_of_line = if path == WINDOWS { "\r\n" } else { "\n" };
    let mut length = path.len() + 2 + end_of_line.len();
    while length < bytes {
        let mut line = line(&mut rng);
        line.truncate((bytes - length).saturating_sub(end_of_line.len()));
        length += line.len() + end_of_line.len();
        lines.push(line);
    }
    for number in 1..=revision {
        let mut rng = chance::stream(seed, &["firmware", "revision", path, &number.to_string()]);
        for _ in 0..CHANGED_LINES {
            let from = rng.random_range(0..lines.len());
            // As long as before: a version is not greater than the one before it.
            if let Some(old) = lines.iter_mut().skip(from).find(|line| line.len() >= LEAST_CHANGED) {
                let new = format!("# {number}: {}", word(&mut rng));
                *old = new.chars().chain(std::iter::repeat('.')).take(old.len()).collect();
            }
        }
    }
    lines.iter().flat_map(|line| [line.as_str(), end_of_line]).collect::<String>().into_bytes()
}

/// One long line without an end.
pub(super) fn one_line(seed: u64, path: &str, bytes: usize) -> Vec<u8> {
    let mut rng = chance::stream(seed, &["firmware", "text", path]);
    let mut content = String::new();
    while content.len() < bytes {
        content.push_str(&format!("var {}={};", word(&mut rng), rng.random_range(0..100_000)));
    }
    content.truncate(bytes);
    content.into_bytes()
}

/// Any bytes.
pub(super) fn no_text(seed: u64, path: &str, bytes: usize) -> Vec<u8> {
    let mut content = vec![0; bytes];
    chance::stream(seed, &["firmware", "text", path]).fill_bytes(&mut content);
    content
}

fn line(rng: &mut ChaCha8Rng) -> String {
    match rng.random_range(0..6) {
        0 => String::new(),
        1 => format!("def {}(self, {}):", word(rng), one_of(rng, &NOUNS, "x")),
        2 => format!("    if self.{} > {}:", one_of(rng, &NOUNS, "x"), rng.random_range(0..4_096)),
        3 => format!("        self.{}({})", word(rng), one_of(rng, &NOUNS, "x")),
        4 => format!("    {} = {:#06x}", one_of(rng, &NOUNS, "x"), rng.random_range(0..65_536)),
        _ => format!("    return self.{}", word(rng)),
    }
}

fn word(rng: &mut ChaCha8Rng) -> String {
    format!("{}_{}", one_of(rng, &VERBS, "do"), one_of(rng, &NOUNS, "it"))
}
