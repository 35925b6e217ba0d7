//! The contents of files, one after the other, from one `git cat-file --batch`.

use std::process::Stdio;
use std::time::Duration;

use sha1::Sha1;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::process::{ChildStdin, ChildStdout};

use super::mirror::Mirror;
use super::process::{RunError, Running};
use super::tree::Blob;

/// How long one file may take.
const ONE: Duration = Duration::from_secs(60);

/// Bytes that are passed on at a time.
const PORTION: usize = 64 << 10;

/// Reads contents of a mirror's objects.
pub(crate) struct BlobReader {
    _running: Running,
    ask: ChildStdin,
    hear: BufReader<ChildStdout>,
}

/// The hashes of a content, in lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) sha1: String,
    pub(crate) sha256: String,
}

impl Mirror {
    /// A reader of this mirror's files.
    ///
    /// # Errors
    /// Where git cannot be run.
    pub(crate) fn blobs(&self) -> Result<BlobReader, RunError> {
        let mut command = self.call(["cat-file", "--batch"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut running = Running::start(command)?;
        let (Some(ask), Some(hear)) = (running.child.stdin.take(), running.child.stdout.take()) else {
            return Err(RunError::Failed("it has no pipes".to_owned()));
        };
        Ok(BlobReader { _running: running, ask, hear: BufReader::with_capacity(PORTION, hear) })
    }
}

impl BlobReader {
    /// Copies a file's content and returns its hashes.
    ///
    /// # Errors
    /// [`RunError::Failed`] where the mirror does not hold the object, or holds another content than its id says;
    /// [`RunError::System`] where it cannot be written.
    pub(crate) async fn copy(
        &mut self,
        blob: &Blob,
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Result<Content, RunError> {
        let copied = tokio::time::timeout(ONE, self.copy_now(blob, to)).await;
        copied.map_err(|_| RunError::TimedOut(ONE))?
    }

    /// A whole content of at most `most` bytes; `None` where it has more.
    ///
    /// # Errors
    /// As [`Self::copy`].
    pub(crate) async fn read(&mut self, blob: &Blob, most: u64) -> Result<Option<Vec<u8>>, RunError> {
        if blob.bytes > most {
            return Ok(None);
        }
        let mut content = Vec::new();
        self.copy(blob, &mut content).await?;
        Ok(Some(content))
    }

    async fn copy_now(
        &mut self,
        blob: &Blob,
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Result<Content, RunError> {
        self.ask.write_all(format!("{}\n", blob.object).as_bytes()).await?;
        self.ask.flush().await?;
        let mut header = String::new();
        (&mut self.hear).take(200).read_line(&mut header).await?;
        if header.trim_end() != format!("{} blob {}", blob.object, blob.bytes) {
            return Err(RunError::Failed(format!("the mirror lacks `{}`: {}", blob.path, header.trim())));
        }
        // Git does not look at the hash of what it has packed: whoever has signed for the commit has signed for it.
        let mut object = Sha1::new_with_prefix(format!("blob {}\0", blob.bytes));
        let (mut sha1, mut sha256) = (Sha1::new(), Sha256::new());
        let mut left = blob.bytes;
        let mut portion = vec![0; PORTION];
        while left > 0 {
            let wanted = usize::try_from(left).unwrap_or(PORTION).min(PORTION);
            let (room, _) = portion.split_at_mut(wanted);
            self.hear.read_exact(room).await?;
            object.update(&*room);
            sha1.update(&*room);
            sha256.update(&*room);
            to.write_all(room).await?;
            left -= wanted as u64;
        }
        self.hear.read_exact(&mut [0]).await?;
        to.flush().await?;
        if hex::encode(object.finalize()) != blob.object {
            return Err(RunError::Failed(format!(
                "the mirror holds another `{}` than the commit says",
                blob.path
            )));
        }
        Ok(Content { sha1: hex::encode(sha1.finalize()), sha256: hex::encode(sha256.finalize()) })
    }
}
