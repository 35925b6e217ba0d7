//! x
use std::process::ExitCode;
use clap::Args;
use fairlead_runtime::Arguments;
#[derive(Debug, Args)]
pub(crate) struct Demo {}
impl Demo { pub(crate) async fn run(self, _: Arguments) -> anyhow::Result<ExitCode> { anyhow::bail!("later") } }
