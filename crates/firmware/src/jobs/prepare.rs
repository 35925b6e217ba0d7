//! Preparing versions that were chosen. What is to be done stands in their rows, so a restart goes on with it.

use std::time::Duration;

use fairlead_model::firmware::{SignatureState, VersionState};
use fairlead_store::firmware::versions::{self, VersionRow};
use fairlead_store::{StoreError, Tx};

use crate::library::{LibraryError, Made, MakeError};
use crate::news;
use crate::service::Firmware;

/// How often the rows are looked at, beside when somebody has chosen a version in this process.
const LOOK: Duration = Duration::from_secs(10);

/// Versions taken up in one look.
const TOGETHER: i64 = 50;

/// Prepares until the process stops.
pub(crate) async fn run(firmware: Firmware) {
    while !firmware.stop.is_cancelled() {
        // What is cut off here stands as `preparing`, and is taken up again at the next start.
        match firmware.stop.run_until_cancelled(all(&firmware)).await {
            None => return,
            Some(Ok(())) => {}
            Some(Err(error)) => tracing::warn!(%error, "versions were not prepared; they soon are"),
        }
        tokio::select! {
            () = firmware.chosen.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
            () = firmware.stop.cancelled() => {}
        }
    }
}

async fn all(firmware: &Firmware) -> Result<(), LibraryError> {
    let rows = firmware.store.read(|conn| versions::preparing(conn, TOGETHER)).await?;
    let mut is_changed = false;
    for row in rows {
        is_changed |= one(firmware, row).await?;
    }
    if is_changed { firmware.library.clear_out().await } else { Ok(()) }
}

/// Prepares one version; false where it must wait.
async fn one(firmware: &Firmware, mut row: VersionRow) -> Result<bool, StoreError> {
    let (outcome, made) = match firmware.library.prepare(&row).await {
        Ok(made) => ("ready", Some(made)),
        Err(MakeError::Refused(why)) => {
            row.state = VersionState::Refused.as_str().to_owned();
            row.cause = Some(why);
            row.signature = SignatureState::Unsigned.as_str().to_owned();
            row.signed_by = None;
            ("refused", None)
        }
        Err(MakeError::Later(why)) => {
            tracing::warn!(
                source = row.source,
                commit = row.commit_id,
                why,
                "a version waits for its repository"
            );
            return Ok(false);
        }
    };
    metrics::counter!("fairlead_firmware_prepared_total", "outcome" => outcome).increment(1);
    let clock = firmware.clock.clone();
    let settled = firmware.store.write(move |tx| settle(tx, row.clone(), made.as_ref(), clock.now().into()));
    if let Some(row) = settled.await? {
        news::version(firmware, row);
    }
    Ok(true)
}

/// Writes down what became of a version, unless somebody has settled it meanwhile.
pub(crate) fn settle(
    tx: &mut Tx<'_>,
    mut row: VersionRow,
    made: Option<&Made>,
    now: fairlead_store::Micros,
) -> Result<Option<VersionRow>, StoreError> {
    if let Some(Made { manifest, judgement }) = made {
        row.state = VersionState::Ready.as_str().to_owned();
        row.cause.clone_from(&judgement.note);
        row.digest = Some(manifest.digest);
        row.files = i64::try_from(manifest.files.len()).unwrap_or(i64::MAX);
        row.directories = i64::try_from(manifest.directories.len()).unwrap_or(i64::MAX);
        row.bytes = manifest.bytes;
        row.signature = judgement.state.as_str().to_owned();
        row.signed_by.clone_from(&judgement.signed_by);
        row.ready_at = Some(now);
    }
    if !versions::change(tx, VersionState::Preparing, &row)? {
        return Ok(None);
    }
    if let Some(made) = made {
        versions::put_files(tx, row.id.into(), &made.manifest.rows(row.id.into()))?;
    }
    Ok(Some(row))
}
