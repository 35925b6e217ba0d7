//! What is in a commit: the files that a device would get, and what a device could not take.

use super::mirror::Mirror;
use super::process::RunError;

/// Longest path, in bytes: what FAT and littlefs on the devices take.
const LONGEST_PATH: usize = 255;

/// Most bytes of the list of files.
const LIST: usize = 8 << 20;

/// Files of the signature, at the root: they are for us, not for devices.
pub(crate) const MANIFEST: &str = "MANIFEST";
pub(crate) const MANIFEST_SIGNATURE: &str = "MANIFEST.minisig";

/// The files of a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    /// What a device gets.
    pub(crate) files: Vec<Blob>,
    /// The root's `MANIFEST`.
    pub(crate) manifest: Option<Blob>,
    /// The root's `MANIFEST.minisig`.
    pub(crate) signature: Option<Blob>,
    /// Paths in folders that devices do not get (`.git…`).
    pub(crate) left_out: Vec<String>,
}

/// A file of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Blob {
    /// Its path.
    pub(crate) path: String,
    /// The id of its content.
    pub(crate) object: String,
    /// Its length.
    pub(crate) bytes: u64,
}

/// Why there is no tree.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TreeError {
    /// A device could not take it; why, in a sentence.
    #[error("{0}")]
    Unfit(String),
    /// Git did not answer.
    #[error(transparent)]
    Git(#[from] RunError),
}

impl Mirror {
    /// The files of a commit, at most `most_files` with at most `most_bytes` together.
    ///
    /// # Errors
    /// See [`TreeError`].
    pub(crate) async fn tree(
        &self,
        commit: &str,
        most_files: usize,
        most_bytes: u64,
    ) -> Result<Tree, TreeError> {
        let arguments = ["ls-tree", "-r", "-z", "--long", "--full-tree", commit];
        let listed = match self.ask(arguments, LIST).await {
            Err(RunError::TooMuch(_)) => return Err(too_many(most_files)),
            listed => listed?.good()?,
        };
        read(&listed.answer, most_files, most_bytes)
    }
}

fn too_many(most: usize) -> TreeError {
    TreeError::Unfit(format!("It has more than {most} files."))
}

/// Reads `<mode> <type> <object> <size>TAB<path>NUL` again and again.
fn read(listed: &[u8], most_files: usize, most_bytes: u64) -> Result<Tree, TreeError> {
    let mut tree = Tree::default();
    let mut unfit = Vec::new();
    for entry in listed.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
        match read_entry(entry) {
            Ok((_, blob)) if is_left_out(&blob.path) => tree.left_out.push(blob.path),
            Ok((_, blob)) if blob.path == MANIFEST => tree.manifest = Some(blob),
            Ok((_, blob)) if blob.path == MANIFEST_SIGNATURE => tree.signature = Some(blob),
            Ok((mode, blob)) => match fault(mode, &blob.path) {
                Some(fault) => unfit.push(format!("`{}` {fault}", shown(&blob.path))),
                None => tree.files.push(blob),
            },
            Err(sentence) => unfit.push(sentence),
        }
    }
    if let Some(first) = unfit.first() {
        let others = unfit.len() - 1;
        let more = if others == 0 { String::new() } else { format!(" {others} more are not fit either.") };
        return Err(TreeError::Unfit(format!("{first}.{more}")));
    }
    if tree.files.len() > most_files {
        return Err(too_many(most_files));
    }
    let bytes = tree.files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.bytes));
    if bytes > most_bytes {
        let limit = most_bytes >> 20;
        return Err(TreeError::Unfit(format!(
            "Its files have {bytes} bytes; {limit} MB are allowed (`firmware.version_max_mb`)."
        )));
    }
    if tree.files.is_empty() {
        return Err(TreeError::Unfit("It has no files.".to_owned()));
    }
    Ok(tree)
}

fn read_entry(entry: &[u8]) -> Result<(&str, Blob), String> {
    let odd = || format!("`{}` has a path that is not UTF-8", shown(&String::from_utf8_lossy(entry)));
    let entry = std::str::from_utf8(entry).map_err(|_| odd())?;
    let (facts, path) = entry.split_once('\t').unwrap_or((entry, ""));
    let mut words = facts.split_ascii_whitespace();
    let (mode, _, object) = (words.next(), words.next(), words.next());
    let bytes = words.next().and_then(|size| size.parse().ok()).unwrap_or(0);
    let blob = Blob { path: path.to_owned(), object: object.unwrap_or_default().to_owned(), bytes };
    Ok((mode.unwrap_or_default(), blob))
}

/// Folders of git and of the servers around it are no part of a firmware. A file of such a name is.
fn is_left_out(path: &str) -> bool {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders.split('/').any(|folder| folder.to_ascii_lowercase().starts_with(".git"))
}

/// Why a device could not take an entry.
fn fault(mode: &str, path: &str) -> Option<&'static str> {
    match mode {
        "100644" | "100755" | "100664" => {}
        "120000" => return Some("is a symbolic link, which devices do not have"),
        "160000" => return Some("is a submodule, whose files are not in this repository"),
        _ => return Some("is no ordinary file"),
    }
    if path.len() > LONGEST_PATH {
        return Some("has a path of more than 255 bytes");
    }
    if path.contains(|c: char| c.is_control() || c == '\\') {
        return Some("has a path with a character that devices do not take");
    }
    let odd = |part: &str| matches!(part, "" | "." | "..") || part.ends_with(' ') || part.starts_with(' ');
    path.split('/').any(odd).then_some("has a path with a part that devices do not take")
}

fn shown(path: &str) -> String {
    path.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECT: &str = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";

    fn list(entries: &[(&str, &str)]) -> Vec<u8> {
        let line = |(mode, path): &(&str, &str)| {
            let kind = if *mode == "160000" { "commit" } else { "blob" };
            let size = if kind == "blob" { "     10" } else { "      -" };
            format!("{mode} {kind} {OBJECT} {size}\t{path}\0")
        };
        entries.iter().map(line).collect::<String>().into_bytes()
    }

    fn refusal(entries: &[(&str, &str)]) -> String {
        read(&list(entries), 10, 1_000).unwrap_err().to_string()
    }

    #[test]
    fn a_device_gets_all_but_gits_own_folders_and_the_signature() {
        let entries = [
            ("100644", ".gitignore"),
            ("100755", "main.py"),
            ("100644", "apps/.gitkeep"),
            ("100644", ".github/workflows/ci.yml"),
            ("120000", ".gitlab/link"),
            ("100644", "MANIFEST"),
            ("100644", "MANIFEST.minisig"),
            ("100644", "apps/MANIFEST"),
        ];
        let tree = read(&list(&entries), 10, 1_000).unwrap();
        let paths: Vec<_> = tree.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, [".gitignore", "main.py", "apps/.gitkeep", "apps/MANIFEST"]);
        assert!(tree.manifest.is_some() && tree.signature.is_some());
        assert_eq!(tree.left_out.len(), 2);
        assert_eq!((tree.files[0].bytes, tree.files[0].object.as_str()), (10, OBJECT));
    }

    #[test]
    fn what_a_device_cannot_take_is_refused_by_its_name() {
        assert!(refusal(&[("120000", "lib/link")]).contains("`lib/link` is a symbolic link"));
        assert!(refusal(&[("160000", "lib/other")]).contains("`lib/other` is a submodule"));
        assert!(refusal(&[("100644", "a\\b"), ("100644", "c\nd")]).contains("1 more"));
        for path in ["a/../b", "a//b", "./a", "a /b", "a/ b", "a\u{7f}"] {
            assert!(refusal(&[("100644", path)]).contains("devices do not take"), "{path}");
        }
        assert!(refusal(&[("100644", &"x".repeat(256))]).contains("255 bytes"));
        assert!(refusal(&[]).contains("no files"));
        let many: Vec<String> = (0..11).map(|n| format!("f{n}")).collect();
        let many: Vec<_> = many.iter().map(|path| ("100644", path.as_str())).collect();
        assert!(refusal(&many).contains("more than 10 files"));
        let large = read(&list(&[("100644", "a"), ("100644", "b")]), 10, 19).unwrap_err();
        assert!(large.to_string().contains("20 bytes"), "{large}");
        let odd = [b"100644 blob 0 1\t".as_slice(), &[0xff, 0xfe, 0]].concat();
        assert!(read(&odd, 10, 10).unwrap_err().to_string().contains("not UTF-8"));
    }
}
