//! Preparing versions that were chosen. What is to be done stands in their rows, so a restart goes on with it.

use std::collections::BTreeMap;
use std::time::Duration;

use fairlead_model::VersionId;
use fairlead_model::firmware::{SignatureState, VersionState};
use fairlead_store::firmware::versions::{self, VersionRow};
use fairlead_store::{StoreError, Tx};

use tokio::task::JoinSet;

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
    let mut sources: BTreeMap<String, Vec<VersionRow>> = BTreeMap::new();
    for row in rows {
        sources.entry(row.source.clone()).or_default().push(row);
    }
    // Side by side: one repository may be silent for long.
    let mut tasks = JoinSet::new();
    for rows in sources.into_values() {
        tasks.spawn(of_one_source(firmware.clone(), rows));
    }
    while let Some(ended) = tasks.join_next().await {
        let changed = ended.unwrap_or_else(|error| Err(StoreError::Fault(error.to_string())));
        match changed {
            Ok(true) => firmware.library.clear_out().await?,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "a version was not prepared; it soon is"),
        }
    }
    Ok(())
}

/// Prepares versions of one repository; whether any was settled.
async fn of_one_source(firmware: Firmware, rows: Vec<VersionRow>) -> Result<bool, StoreError> {
    let mut is_changed = false;
    for row in rows {
        if !one(&firmware, row).await? {
            // What it does not give now for one version it does not give for the next one either.
            break;
        }
        is_changed = true;
    }
    Ok(is_changed)
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
    let (clock, id) = (firmware.clock.clone(), VersionId::from(row.id));
    let settled = firmware.store.write(move |tx| settle(tx, row.clone(), made.as_ref(), clock.now().into()));
    match settled.await? {
        Some(row) => news::version(firmware, row),
        None => let_go(firmware, id).await?,
    }
    Ok(true)
}

/// A version that was removed while it was being prepared: its commit stays in the mirror for nobody.
async fn let_go(firmware: &Firmware, id: VersionId) -> Result<(), StoreError> {
    let row = firmware.store.read(move |conn| versions::get(conn, id)).await?;
    if row.state()? == VersionState::Refused
        && let Some(mirror) = firmware.mirrors.get(&row.source)
        && let Err(error) = mirror.let_go(id).await
    {
        tracing::warn!(%error, "a removed version's commit stays in the mirror");
    }
    Ok(())
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
