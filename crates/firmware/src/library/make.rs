//! Making a version's folder from the mirror.

use fairlead_model::VersionId;
use fairlead_store::firmware::versions::{MOST_FILES, VersionRow};

use super::{FileEntry, Inner, Manifest};
use crate::git::{Blob, BlobReader, Mirror, RunError, Tree, TreeError};
use crate::signature::{Evidence, Judgement};

/// Most bytes of a signed list of files.
const MOST_LIST: u64 = 4 << 20;

/// A version that was made: its folder is on the shelf.
pub(crate) struct Made {
    pub(crate) manifest: Manifest,
    pub(crate) judgement: Judgement,
}

/// Why a version was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MakeError {
    /// It cannot be given to devices, or not made here; why, in a sentence. A person decides what follows.
    #[error("{0}")]
    Refused(String),
    /// The repository does not answer now; why, in a sentence.
    #[error("{0}")]
    Later(String),
}

impl From<TreeError> for MakeError {
    fn from(error: TreeError) -> Self {
        match error {
            TreeError::Unfit(why) => Self::Refused(why),
            TreeError::Git(error) => error.into(),
        }
    }
}

impl From<RunError> for MakeError {
    fn from(error: RunError) -> Self {
        match error {
            RunError::System(error) => error.into(),
            other => Self::Refused(format!(
                "It could not be prepared: {other}. Choose it again to have it tried anew."
            )),
        }
    }
}

impl From<std::io::Error> for MakeError {
    fn from(error: std::io::Error) -> Self {
        Self::Refused(match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                "The disk is full: make room for the firmware folder, then choose it again.".to_owned()
            }
            _ => format!("It could not be prepared: {error}. Choose it again to have it tried anew."),
        })
    }
}

impl Inner {
    /// Brings a version's commit into the mirror.
    ///
    /// # Errors
    /// See [`MakeError`].
    pub(super) async fn bring(&self, row: &VersionRow) -> Result<(), MakeError> {
        bring(self.mirror_of(row)?, row.id.into(), &row.commit_id).await
    }

    fn mirror_of(&self, row: &VersionRow) -> Result<&Mirror, MakeError> {
        let sentence = || format!("The settings name no repository `{}` any more.", row.source);
        self.mirrors.get(&row.source).map(AsRef::as_ref).ok_or_else(|| MakeError::Refused(sentence()))
    }

    /// Makes a version's folder of what was brought. Only one is made at a time: whoever calls holds `making`.
    ///
    /// # Errors
    /// See [`MakeError`]; then nothing half-made remains.
    pub(super) async fn make(&self, row: &VersionRow) -> Result<Made, MakeError> {
        let mirror = self.mirror_of(row)?;
        mirror.keep(row.id.into(), &row.commit_id).await?;
        let most_files = usize::try_from(MOST_FILES).unwrap_or(usize::MAX);
        let tree = mirror.tree(&row.commit_id, most_files, self.most_bytes).await?;
        let mut reader = mirror.blobs()?;
        let making = self.shelf.start().await?;
        let mut files = Vec::with_capacity(tree.files.len());
        for blob in &tree.files {
            let content = making.add(blob, &mut reader).await?;
            files.push(FileEntry {
                path: blob.path.clone(),
                bytes: i64::try_from(blob.bytes).unwrap_or(i64::MAX),
                sha1: content.sha1,
                sha256: content.sha256,
            });
        }
        let manifest = Manifest::of(files);
        let judgement = judge(mirror, &tree, &mut reader, &manifest, row).await?;
        if mirror.source.signature_required
            && let Some(why) = judgement.refusal()
        {
            return Err(MakeError::Refused(why));
        }
        self.shelf.put(making, manifest.digest).await?;
        Ok(Made { manifest, judgement })
    }

    /// Who vouches for a version that is ready, as its repository and the keys are now.
    ///
    /// # Errors
    /// See [`MakeError`].
    pub(super) async fn judge(
        &self,
        mirror: &Mirror,
        row: &VersionRow,
        manifest: &Manifest,
    ) -> Result<Judgement, MakeError> {
        let most_files = usize::try_from(MOST_FILES).unwrap_or(usize::MAX);
        let tree = mirror.tree(&row.commit_id, most_files, self.most_bytes).await?;
        judge(mirror, &tree, &mut mirror.blobs()?, manifest, row).await
    }
}

/// The commit is in the mirror: it may have been chosen on another machine, or no branch leads to it any more.
async fn bring(mirror: &Mirror, version: VersionId, commit: &str) -> Result<(), MakeError> {
    if mirror.is_there() && mirror.facts(commit).await?.is_some() {
        return Ok(());
    }
    mirror.fetch().await.map_err(MakeError::Later)?;
    if mirror.facts(commit).await?.is_some() {
        return Ok(());
    }
    // Some servers give a commit that nothing leads to.
    let asked = mirror.fetch_commit(commit, version).await;
    if asked.is_ok() && mirror.facts(commit).await?.is_some() {
        return Ok(());
    }
    Err(MakeError::Refused(format!("The commit {commit} is not in the repository any more.")))
}

async fn judge(
    mirror: &Mirror,
    tree: &Tree,
    reader: &mut BlobReader,
    manifest: &Manifest,
    row: &VersionRow,
) -> Result<Judgement, MakeError> {
    let signed_list = match &tree.signature {
        Some(signature) => {
            Some((small(reader, tree.manifest.as_ref()).await?, small(reader, Some(signature)).await?))
        }
        None => None,
    };
    let tags = mirror.tags_of(&row.commit_id).await?;
    let evidence = Evidence {
        manifest,
        left_out: &tree.left_out,
        signed_list,
        commit: &row.commit_id,
        tags: &tags,
        chosen: &row.revision,
    };
    Ok(mirror.source.keys.judge(&evidence))
}

/// A file of the signature; empty where there is none, or one that is too large to be one.
async fn small(reader: &mut BlobReader, blob: Option<&Blob>) -> Result<Vec<u8>, RunError> {
    match blob {
        Some(blob) => Ok(reader.read(blob, MOST_LIST).await?.unwrap_or_default()),
        None => Ok(Vec::new()),
    }
}
