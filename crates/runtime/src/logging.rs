//! Logs on standard error, for people or for programs.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, LogSettings};

/// The AMQP library calls each channel that the broker closes an error, also where that is the answer to a question;
/// the bus says itself what is in its way. A filter that names it is heeded.
const QUIET: &str = "lapin::channel=off";

/// Begins to log. A second call in one process changes nothing.
pub(crate) fn start(settings: &LogSettings) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(format!("{QUIET},{}", settings.filter)).map_err(|e| {
        anyhow::anyhow!("log.filter cannot be used: {e}; an example is `info,fairlead_bus=debug`")
    })?;
    let human = match settings.format {
        LogFormat::Human => true,
        LogFormat::Json => false,
        LogFormat::Auto => std::io::stderr().is_terminal(),
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Tests start many processes' worth of services in one; the first subscriber stays.
    let _ = if human {
        builder.with_target(false).try_init()
    } else {
        builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
    };
    Ok(())
}
