//! Fetching each repository on its timer, and when somebody asks for it.

use std::sync::Arc;
use std::time::Duration;

use fairlead_store::StoreError;
use fairlead_store::firmware::sources;
use fairlead_web::health::Check;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::git::Mirror;
use crate::news;
use crate::service::Firmware;

/// Between the beginnings of two fetches of one repository, however often somebody asks.
const SPACING: Duration = Duration::from_secs(2);

/// Between two tries to note how a mirror is.
const NOTE_AGAIN: Duration = Duration::from_secs(2);

/// Mirrors until the process stops.
pub(crate) async fn run(firmware: Firmware) {
    let mut tasks = JoinSet::new();
    for mirror in firmware.mirrors.all() {
        tasks.spawn(one(firmware.clone(), mirror.clone()));
    }
    while let Some(Some(ended)) = firmware.stop.run_until_cancelled(tasks.join_next()).await {
        if let Err(error) = ended {
            tracing::error!(%error, "mirroring a repository broke off");
            // Ending is a crash, and the process is started again.
            return;
        }
    }
    firmware.stop.cancelled().await;
    while tasks.join_next().await.is_some() {}
}

async fn one(firmware: Firmware, mirror: Arc<Mirror>) {
    while !firmware.stop.is_cancelled() {
        let began = Instant::now();
        // A fetch that is dropped ends with all that it has started; the next one goes on from what was there.
        let Some(result) = firmware.stop.run_until_cancelled(mirror.fetch()).await else { return };
        let outcome = if result.is_ok() { "done" } else { "failed" };
        metrics::counter!("fairlead_firmware_fetches_total", "outcome" => outcome).increment(1);
        if let Err(failure) = &result {
            tracing::warn!(source = mirror.source.name, failure, "a repository was not fetched");
        }
        let failure = result.err();
        // Without the note nobody may choose from the mirror, and the next fetch can be hours away.
        while let Err(error) = note(&firmware, &mirror, failure.clone()).await {
            tracing::warn!(source = mirror.source.name, %error, "how a mirror is was not noted; it is soon");
            if firmware.stop.run_until_cancelled(tokio::time::sleep(NOTE_AGAIN)).await.is_none() {
                return;
            }
        }
        let pause = jittered(mirror.source.interval, &firmware);
        let asked = async {
            mirror.wanted.notified().await;
            tokio::time::sleep_until(began + SPACING).await;
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = asked => {}
            () = firmware.stop.cancelled() => {}
        }
    }
}

/// The pause, up to a tenth longer or shorter, so that repositories of one server are not fetched together for ever.
fn jittered(pause: Duration, firmware: &Firmware) -> Duration {
    let [.., dice] = firmware.clock.new_id().into_bytes();
    pause.mul_f64(0.9 + 0.2 * f64::from(dice) / 255.0)
}

async fn note(firmware: &Firmware, mirror: &Mirror, failure: Option<String>) -> Result<(), StoreError> {
    let name = mirror.source.name.clone();
    let bytes = i64::try_from(mirror.bytes().await).unwrap_or(i64::MAX);
    let now = firmware.clock.now();
    let noted = firmware.store.write(move |tx| {
        let mut row = sources::get(tx, &name)?;
        row.looked_at = Some(now.into());
        row.bytes = bytes;
        row.failed_at = failure.as_ref().map(|_| now.into());
        row.failure.clone_from(&failure);
        if failure.is_none() {
            row.fetched_at = Some(now.into());
        }
        sources::put(tx, &row)?;
        Ok(row)
    });
    let row = noted.await?;
    news::source(firmware, news::view(&mirror.source, row));
    Ok(())
}

/// Whether all repositories could be fetched when that was tried last.
pub(crate) async fn check(firmware: Firmware) -> Check {
    let names: Vec<String> = firmware.mirrors.all().map(|mirror| mirror.source.name.clone()).collect();
    let asked = names.clone();
    let rows = firmware.store.read(move |conn| {
        asked.iter().map(|name| sources::get(conn, name)).collect::<Result<Vec<_>, StoreError>>()
    });
    let failed: Vec<String> = match rows.await {
        Ok(rows) => {
            let failing = rows.into_iter().filter_map(|row| Some(format!("{}: {}", row.name, row.failure?)));
            failing.collect()
        }
        // The store has a check of its own.
        Err(_) => Vec::new(),
    };
    if failed.is_empty() {
        return Check::good("firmware mirrors", format!("{} repositories are mirrored.", names.len()));
    }
    Check::bad("firmware mirrors", failed.join(" "))
        .bearable()
        .advice("Versions that were prepared are given out all the same. The firmware page says more.")
}
