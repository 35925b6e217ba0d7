//! What can be chosen in a mirror: branches, tags, and the commits of a branch.

use fairlead_model::Time;
use fairlead_model::firmware::{RevisionKind, RevisionView};

use super::ANSWER;
use super::mirror::Mirror;
use super::process::RunError;

/// Longest name of a branch or tag that can be chosen, in bytes.
const LONGEST_NAME: usize = 200;

/// Longest subject and author that are shown, in characters.
const SHOWN: usize = 200;

/// What a format gives of a commit, with NUL between: no subject and no name can hold one.
const COMMIT: &str = "%H%x00%s%x00%an%x00%ct";

/// The same of a branch or tag (`*`: of what a tag points to).
const BRANCHES: &str =
    "%(refname)%00%(objectname)%00%(contents:subject)%00%(authorname)%00%(committerdate:unix)%00";
const TAGS: &str = "%(refname)%00%(objecttype)%00%(objectname)%00%(contents:subject)%00%(authorname)%00\
                    %(committerdate:unix)%00%(*objecttype)%00%(*objectname)%00%(*contents:subject)%00\
                    %(*authorname)%00%(*committerdate:unix)%00";

/// What is known of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommitFacts {
    /// Its id.
    pub(crate) commit: String,
    /// Its first line.
    pub(crate) subject: String,
    /// Who wrote it.
    pub(crate) author: String,
    /// When it was committed.
    pub(crate) committed_at: Time,
}

/// What a person's word for a revision leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Resolved {
    /// This commit, and the word for it.
    Commit(CommitFacts),
    /// Nothing.
    Nothing,
    /// A branch and a tag of the same name lead to different commits.
    Ambiguous,
}

impl Mirror {
    /// All branches, or all tags, newest first. Tags of anything else than commits are left out.
    ///
    /// # Errors
    /// Where git does not answer.
    pub(crate) async fn refs(&self, kind: RevisionKind) -> Result<Vec<RevisionView>, RunError> {
        let (place, format, fields) = match kind {
            RevisionKind::Tag => ("refs/tags", TAGS, 11),
            RevisionKind::Branch | RevisionKind::Commit => ("refs/heads", BRANCHES, 5),
        };
        let format = format!("--format={format}");
        let answer = self.ask(["for-each-ref", &format, place], ANSWER).await?.good()?;
        let mut found: Vec<RevisionView> =
            records(&answer.answer, fields).filter_map(|record| of_ref(kind, &record)).collect();
        found.sort_by(|one, other| (other.committed_at, &one.name).cmp(&(one.committed_at, &other.name)));
        Ok(found)
    }

    /// Commits from `tip` backwards, past the first `skip`, with `wanted` somewhere in their words where it is not empty.
    ///
    /// # Errors
    /// Where git does not answer.
    pub(crate) async fn commits(
        &self,
        tip: &str,
        wanted: &str,
        skip: usize,
        limit: usize,
    ) -> Result<Vec<CommitFacts>, RunError> {
        let mut arguments = vec![
            "log".to_owned(),
            "-z".to_owned(),
            format!("--format={COMMIT}"),
            format!("--skip={skip}"),
            format!("--max-count={limit}"),
        ];
        if !wanted.is_empty() {
            arguments.extend(["--regexp-ignore-case", "--fixed-strings"].map(str::to_owned));
            arguments.push(format!("--grep={wanted}"));
        }
        arguments.extend(["--end-of-options", tip, "--"].map(str::to_owned));
        let answer = self.ask(arguments, ANSWER).await?.good()?;
        Ok(records(&answer.answer, 4).filter_map(|record| of_commit(&record)).collect())
    }

    /// The commit that a person's word leads to: a branch, a tag, a commit's id or the beginning of one.
    ///
    /// # Errors
    /// Where git does not answer.
    pub(crate) async fn resolve(&self, word: &str) -> Result<Resolved, RunError> {
        let whole = word.strip_prefix("refs/heads/").or_else(|| word.strip_prefix("refs/tags/"));
        let mut commits = Vec::new();
        if whole.is_some_and(is_ref_name) {
            commits.extend(self.commit_of(word).await?);
        } else if is_ref_name(word) {
            for place in ["refs/heads/", "refs/tags/"] {
                commits.extend(self.commit_of(&format!("{place}{word}")).await?);
            }
        }
        // A whole id is never taken for a name.
        if is_commit_id(word) && (commits.is_empty() || word.len() >= 40) {
            commits = self.commit_of(word).await?.into_iter().collect();
        }
        commits.dedup();
        match commits.as_slice() {
            [] => Ok(Resolved::Nothing),
            [commit] => Ok(self.facts(commit).await?.map_or(Resolved::Nothing, Resolved::Commit)),
            _ => Ok(Resolved::Ambiguous),
        }
    }

    /// Whether a commit is in the mirror, with what is known of it.
    ///
    /// # Errors
    /// Where git does not answer.
    pub(crate) async fn facts(&self, commit: &str) -> Result<Option<CommitFacts>, RunError> {
        if self.commit_of(commit).await?.is_none() {
            return Ok(None);
        }
        Ok(self.commits(commit, "", 0, 1).await?.into_iter().next())
    }

    /// The commit that a whole name or an id leads to; the caller has checked that it is one.
    async fn commit_of(&self, name: &str) -> Result<Option<String>, RunError> {
        let peeled = format!("{name}^{{commit}}");
        let arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", &peeled];
        let finished = self.ask(arguments, ANSWER).await?;
        let text = finished.text();
        Ok(text.lines().find(|line| finished.ok && is_commit_id(line)).map(str::to_owned))
    }

    /// The tags that were made for a commit itself and carry words of their own: each with its short name and what it
    /// holds. Of more than a hundred the first by name.
    ///
    /// # Errors
    /// Where git does not answer.
    pub(crate) async fn tags_of(&self, commit: &str) -> Result<Vec<(String, Vec<u8>)>, RunError> {
        let points_at = format!("--points-at={commit}");
        let format = "--format=%(refname)%00%(objecttype)%00%(objectname)%00";
        let arguments = ["for-each-ref", "--count=100", format, &points_at, "refs/tags"];
        let answer = self.ask(arguments, ANSWER).await?.good()?;
        let mut tags = Vec::new();
        for record in records(&answer.answer, 3) {
            let [name, kind, object] = record.as_slice() else { continue };
            let Some(name) = name.strip_prefix("refs/tags/").filter(|_| kind == "tag") else { continue };
            if is_commit_id(object) {
                let held = self.ask(["cat-file", "tag", object], ANSWER).await?.good()?;
                tags.push((name.to_owned(), held.answer));
            }
        }
        Ok(tags)
    }
}

/// Whether this can be the name of a branch or tag (the rules of `git check-ref-format`).
fn is_ref_name(name: &str) -> bool {
    let odd = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c);
    !name.is_empty()
        && name.len() <= LONGEST_NAME
        && name != "@"
        && !name.contains(odd)
        && !name.contains("..")
        && !name.contains("@{")
        && !name.ends_with('.')
        && name.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock"))
}

/// Whether this can be a commit's id, or the beginning of one that is long enough to mean something.
fn is_commit_id(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_hexdigit())
}

/// Groups of so many fields, each ended or parted by NUL.
fn records(answer: &[u8], fields: usize) -> impl Iterator<Item = Vec<String>> {
    let texts: Vec<String> = answer
        .split(|byte| *byte == 0)
        .map(|field| String::from_utf8_lossy(field).trim_start_matches('\n').to_owned())
        .collect();
    let groups: Vec<Vec<String>> = texts.chunks_exact(fields).map(<[String]>::to_vec).collect();
    groups.into_iter()
}

fn of_commit(record: &[String]) -> Option<CommitFacts> {
    let [commit, subject, author, at] = record else { return None };
    Some(CommitFacts {
        commit: commit.clone(),
        subject: clean(subject),
        author: clean(author),
        committed_at: seconds(at)?,
    })
}

fn of_ref(kind: RevisionKind, record: &[String]) -> Option<RevisionView> {
    let (name, commit, subject, author, at) = match record {
        [name, commit, subject, author, at] => (name, commit, subject, author, at),
        // A tag that is one object with words of its own, and one that is but a name.
        [name, _, _, _, _, _, kind, commit, subject, author, at] if kind == "commit" => {
            (name, commit, subject, author, at)
        }
        [name, kind, commit, subject, author, at, ..] if kind == "commit" => {
            (name, commit, subject, author, at)
        }
        _ => return None,
    };
    let short = name.strip_prefix("refs/heads/").or_else(|| name.strip_prefix("refs/tags/"))?;
    Some(RevisionView {
        kind,
        name: short.to_owned(),
        commit: commit.clone(),
        subject: clean(subject),
        author: clean(author),
        committed_at: seconds(at)?,
        version_id: None,
    })
}

fn seconds(text: &str) -> Option<Time> {
    Some(Time::from_micros(text.parse::<i64>().ok()?.checked_mul(1_000_000)?))
}

/// A text of somebody's repository, as one short line.
fn clean(text: &str) -> String {
    let printable = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    printable.take(SHOWN).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_as_git_does() {
        for good in ["main", "feature/a-b", "v1.0", "-x", "ünï", "a@b"] {
            assert!(is_ref_name(good), "{good}");
        }
        for bad in [
            "", "@", "a..b", "a b", "a~1", "a^", "a:b", "/a", "a/", "a//b", ".a", "a/.b", "a.lock", "a@{1}",
            "a.", "a\\b", "a\nb",
        ] {
            assert!(!is_ref_name(bad), "{bad}");
        }
    }

    #[test]
    fn odd_subjects_are_one_line() {
        let answer = "a\u{0}b\u{1b}[31m\r\nred\u{0}c\u{0}1700000000\u{0}".as_bytes();
        let found: Vec<_> = records(answer, 4).filter_map(|record| of_commit(&record)).collect();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].subject, "b [31m  red");
        assert_eq!(found[0].committed_at.rfc3339(), "2023-11-14T22:13:20Z");
    }
}
