//! `fairlead import`: messages from a file that was exported from a provider's pages, after an outage that outlasted the
//! provider's patience.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use fairlead_intake::import::{self, Report, Table};
use fairlead_model::Imei;
use fairlead_runtime::Arguments;

use crate::command_line::{load, open_store, say, tell};

/// Most rows that were not understood that are told one by one.
const MOST_TOLD: usize = 50;

#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// A file of RockBLOCK's pages, CSV or JSON; what is here already is left out
    Rockblock(Rockblock),
}

#[derive(Debug, Args)]
pub(crate) struct Rockblock {
    /// The file
    file: PathBuf,
    /// The modem of rows that name none
    #[arg(long, value_name = "IMEI")]
    imei: Option<Imei>,
    /// Only say what would come of it
    #[arg(long)]
    dry_run: bool,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

impl Import {
    pub(crate) async fn run(self, settings: Arguments) -> anyhow::Result<ExitCode> {
        let Self::Rockblock(Rockblock { file, imei, dry_run, json }) = self;
        let about = || format!("{}", file.display());
        let bytes = std::fs::read(&file).with_context(about)?;
        let table = Table::read(&bytes).map_err(anyhow::Error::msg).with_context(about)?;
        let loaded = load(&settings)?;
        let clock = loaded.common.clock.clock().map_err(anyhow::Error::msg)?;
        let store = open_store(&loaded).await?;
        let import = import::Import { file: name(&file), imei, dry_run, actor: "command line".to_owned() };
        let report = import.run(&store, &clock, &table).await?;
        if json {
            say(&serde_json::to_string(&report)?);
        } else {
            say(&told(&report, dry_run));
            complain_of_rows(&report);
        }
        let whole = report.not_understood.is_empty();
        Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().chars().take(200).collect()
}

/// The report in sentences.
fn told(report: &Report, dry_run: bool) -> String {
    let Report { rows, new, known, to_devices, .. } = report;
    let not = report.not_understood.len();
    let will = if dry_run { "would be new; nothing was changed" } else { "are new" };
    let mut lines = vec![format!("{rows} rows: {new} messages {will}.")];
    let mut add = |count: usize, what: &str| {
        if count > 0 {
            lines.push(format!("{count} {what}"));
        }
    };
    add(*known, "were here already.");
    add(*to_devices, "are messages to devices, and are left out.");
    add(report.numbered, "of the new ones were given the numbers that were missing there.");
    add(report.without_number, "of the new ones have no number; gaps around them stay open.");
    add(not, "rows were not understood.");
    if !report.unknown_columns.is_empty() {
        lines
            .push(format!("Columns that nobody knows were left out: {}.", report.unknown_columns.join(", ")));
    }
    lines.join("\n")
}

fn complain_of_rows(report: &Report) {
    for row in report.not_understood.iter().take(MOST_TOLD) {
        tell(&format!("Row {}: {}", row.row, row.reason));
    }
    if report.not_understood.len() > MOST_TOLD {
        tell(&format!("and {} more; --json names them all.", report.not_understood.len() - MOST_TOLD));
    }
}
