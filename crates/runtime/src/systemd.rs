//! What systemd is told: ready, stopping, still alive.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;

/// The process accepts work.
pub(crate) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The process drains.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Tells systemd's watchdog at half its interval that the runtime still turns, where there is a watchdog.
pub(crate) async fn watch(stop: CancellationToken) {
    let Some(interval) = sd_notify::watchdog_enabled() else { return };
    let mut beat = tokio::time::interval((interval / 2).max(Duration::from_millis(100)));
    loop {
        tokio::select! {
            _ = beat.tick() => tell(&[NotifyState::Watchdog]),
            () = stop.cancelled() => return,
        }
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "systemd was not told");
    }
}
