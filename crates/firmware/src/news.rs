//! What the pages are told of repositories and versions: passing, and nothing depends on it.

use fairlead_model::firmware::SourceView;
use fairlead_model::live::LiveEvent;
use fairlead_store::firmware::sources::SourceRow;
use fairlead_store::firmware::versions::VersionRow;

use crate::service::Firmware;
use crate::sources::Source;

/// A repository as shown.
pub(crate) fn view(source: &Source, row: SourceRow) -> SourceView {
    SourceView {
        name: source.name.clone(),
        url: source.shown_url(),
        signature_required: source.signature_required,
        fetched_at: row.fetched_at.map(Into::into),
        failed_at: row.failed_at.map(Into::into),
        failure: row.failure,
        bytes: row.bytes,
    }
}

/// Tells how a repository's mirror is now.
pub(crate) fn source(firmware: &Firmware, source: SourceView) {
    firmware.bus.publish(&LiveEvent::FirmwareSource { source });
}

/// Tells that a version has changed.
pub(crate) fn version(firmware: &Firmware, row: VersionRow) {
    match row.view() {
        Ok(version) => firmware.bus.publish(&LiveEvent::Version { version: Box::new(version) }),
        Err(error) => tracing::error!(%error, "a version of a firmware cannot be shown"),
    }
}
