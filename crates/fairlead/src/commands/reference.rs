//! `fairlead reference`: the generated references, made from the code that they describe.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::{Args, CommandFactory, ValueEnum};
use fairlead_model::live::LiveEvent;
use fairlead_model::queue::{DeliveryWaiting, MoHeard, MoStored, MtWaiting, QueueMessage, TopicMessage};
use fairlead_model::room::{HubNote, RoomFrame};
use fairlead_runtime::settings::reference;

use crate::command_line::{Cli, say, sections};
use crate::openapi;

#[derive(Debug, Args)]
pub(crate) struct Reference {
    /// Which one
    which: Which,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Which {
    Settings,
    Errors,
    Messages,
    Metrics,
    Cli,
    Openapi,
    Example,
}

impl Reference {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let text = match self.which {
            Which::Settings => reference::markdown(&sections(None)?),
            Which::Errors => fairlead_web::error::reference(),
            Which::Messages => messages(),
            Which::Metrics => METRICS.to_owned(),
            Which::Cli => command_line(),
            Which::Example => example()?,
            Which::Openapi => serde_json::to_string_pretty(&openapi::document()?)?,
        };
        say(text.trim_end());
        Ok(ExitCode::SUCCESS)
    }
}

/// A settings file in which every setting is explained, for a server that is installed.
fn example() -> anyhow::Result<String> {
    let defaults = sections(None)?;
    let all = reference::annotated(&defaults, &defaults);
    let installed = all.replace("# dir = \"./fairlead-data\"", "dir = \"/var/lib/fairlead\"");
    Ok(format!("{EXAMPLE}\n{installed}"))
}

const EXAMPLE: &str =
    "# Fairlead's settings, as /etc/fairlead/fairlead.toml. A line that is commented out shows the default.
# `fairlead config` prints this file with the values that are in use.
";

/// One queue: its line in the table, and its section with the schema.
fn queue<M: QueueMessage + schemars::JsonSchema>() -> (String, String) {
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(M)).unwrap_or_default();
    (
        format!("| `{}` | {} | {} |\n", M::NAME, M::VERSION, M::PURPOSE),
        format!("\n### `{}`\n\n```json\n{schema}\n```\n", M::NAME),
    )
}

fn topic<M: TopicMessage>() -> String {
    format!("| `{}` | {} |\n", M::NAME, M::PURPOSE)
}

fn messages() -> String {
    let queues = [queue::<MoStored>(), queue::<MoHeard>(), queue::<MtWaiting>(), queue::<DeliveryWaiting>()];
    let (lines, sections): (Vec<String>, Vec<String>) = queues.into_iter().unzip();
    let mut text = format!("# Messages between services\n\n{}", fairlead_bus::reference());
    let _ = write!(
        text,
        "\n## Queues\n\n| queue | version | what it is for |\n|---|---|---|\n{}{}",
        lines.concat(),
        sections.concat()
    );
    let _ = write!(
        text,
        "\n## Topics\n\n| topic | what it is for |\n|---|---|\n{}{}{}",
        topic::<LiveEvent>(),
        topic::<RoomFrame>(),
        topic::<HubNote>()
    );
    text
}

fn command_line() -> String {
    let mut text = String::from("# Command line\n");
    let mut root = Cli::command();
    root.build();
    describe(&root, "fairlead", &mut text);
    text
}

fn describe(command: &clap::Command, path: &str, text: &mut String) {
    let mut command = command.clone().term_width(100);
    let _ = write!(
        text,
        "\n## `{path}`\n\n```text\n{}\n```\n",
        command.render_long_help().to_string().trim_end()
    );
    for sub in command.get_subcommands().filter(|s| !s.is_hide_set()) {
        describe(sub, &format!("{path} {}", sub.get_name()), text);
    }
}

/// Names and meanings of the metrics that services record.
const METRICS: &str = include_str!("metrics.md");
