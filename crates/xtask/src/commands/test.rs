//! `cargo xtask test`: every check and every test, in one order, with the servers they need and a table at the end.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use super::servers::{AMQP_VARIABLE, MYSQL_VARIABLE, Servers, Wanted};
use super::{docs, tidy, ui};
use crate::packages::{MOTO, Need, SCHEMATHESIS, ensure, npm};
use crate::process::{run as run_program, say};
use crate::workspace::{Profile, Workspace};

/// What `test` is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Run only these steps
    #[arg(long, value_delimiter = ',', value_name = "STEP")]
    only: Vec<Step>,
    /// A database for the tests, instead of a private one
    #[arg(long, env = MYSQL_VARIABLE, hide_env_values = true, value_name = "URL")]
    mysql: Option<String>,
    /// A broker for the tests, instead of a private one
    #[arg(long, env = AMQP_VARIABLE, hide_env_values = true, value_name = "URL")]
    amqp: Option<String>,
    /// Run only the tests whose names contain one of these; without --only, only the Rust tests
    filter: Vec<String>,
}

/// The steps, in the order in which they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    /// Formatting of the Rust code
    Fmt,
    /// First sentences, links, names, the table of dependencies
    Tidy,
    /// Clippy, with every warning an error
    Lint,
    /// The generated references are what the program prints
    Docs,
    /// The browser pages: types, style, tests, build
    Pages,
    /// Tests and examples of all crates
    Rust,
    /// The whole application, in a browser
    Browser,
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Whether the step talks to the servers.
    fn needs_servers(self) -> bool {
        matches!(self, Self::Rust | Self::Browser)
    }

    /// What has to be installed.
    fn needs(self) -> &'static [Need] {
        match self {
            Self::Pages => &[Need::Node, Need::Npm],
            // Also where the servers are given: tests that kill servers start their own.
            Self::Rust => {
                &[Need::MariaDb, Need::RabbitMq, Need::Mosquitto, Need::Python, Need::Git, Need::Sshd]
            }
            Self::Browser => &[Need::Node, Need::Npm, Need::Chromium, Need::Nginx, Need::MariaDb],
            _ => &[],
        }
    }
}

/// How a step ended.
enum Outcome {
    NotAsked,
    Passed(Duration),
    Failed(Duration, String),
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let workspace = Workspace::find()?;
    let steps = chosen(arguments);
    let needs: Vec<Need> = steps.iter().flat_map(|step| step.needs()).copied().collect();
    ensure(&needs)?;
    let mut servers: Option<Servers> = None;
    let mut outcomes = Vec::new();
    for step in Step::value_variants() {
        if !steps.contains(step) {
            outcomes.push((*step, Outcome::NotAsked));
            continue;
        }
        say(format!("\n==== {}: {}", step.name(), explanation(*step)));
        let started = Instant::now();
        let result = with_servers(*step, arguments, &mut servers)
            .and_then(|()| perform(*step, &workspace, servers.as_ref(), &arguments.filter));
        let took = started.elapsed();
        outcomes.push(match result {
            Ok(()) => (*step, Outcome::Passed(took)),
            Err(error) => {
                say(format!("==== {} failed: {error:#}", step.name()));
                (*step, Outcome::Failed(took, format!("{error:#}")))
            }
        });
    }
    drop(servers);
    say(summary(&outcomes));
    let failed = outcomes.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Failed(..))).count();
    if failed > 0 {
        bail!("{failed} of {} steps failed", steps.len());
    }
    Ok(())
}

/// The steps that were asked for: all of them, unless something was named.
fn chosen(arguments: &Arguments) -> Vec<Step> {
    if !arguments.only.is_empty() {
        arguments.only.clone()
    } else if arguments.filter.is_empty() {
        Step::value_variants().to_vec()
    } else {
        vec![Step::Rust]
    }
}

fn explanation(step: Step) -> String {
    step.to_possible_value().and_then(|value| value.get_help().map(ToString::to_string)).unwrap_or_default()
}

/// Starts the servers before the first step that needs them.
fn with_servers(step: Step, arguments: &Arguments, servers: &mut Option<Servers>) -> Result<()> {
    if step.needs_servers() && servers.is_none() {
        let mysql = Wanted::given_or_private(arguments.mysql.as_ref());
        let amqp = Wanted::given_or_private(arguments.amqp.as_ref());
        *servers = Some(Servers::start(mysql, amqp)?);
    }
    Ok(())
}

fn perform(step: Step, workspace: &Workspace, servers: Option<&Servers>, filter: &[String]) -> Result<()> {
    let variables = servers.map(Servers::variables).unwrap_or_default();
    match step {
        Step::Fmt => run_program(workspace.cargo().args(["fmt", "--all", "--check"]))
            .context("run `cargo fmt` to format the code"),
        Step::Tidy => tidy::run(),
        Step::Lint => run_program(workspace.cargo().args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ])),
        Step::Docs => docs::run(&docs::Arguments { check: true }),
        Step::Pages => pages(workspace, filter),
        Step::Rust => rust(workspace, &variables, filter),
        Step::Browser => browser(workspace, &variables),
    }
}

fn pages(workspace: &Workspace, filter: &[String]) -> Result<()> {
    ui::install(workspace)?;
    let folder = workspace.pages();
    run_program(&mut npm(&folder, ["run", "check"]))?;
    run_program(npm(&folder, ["run", "test", "--"]).args(filter))?;
    ui::build(workspace)
}

/// Runs the tests, and the examples in the documentation even where a test failed.
fn rust(workspace: &Workspace, variables: &[(&str, &str)], filter: &[String]) -> Result<()> {
    // Tests from outside start the binaries of other crates, too.
    run_program(workspace.cargo().args(["build", "--workspace", "--bins"]))?;
    let target = workspace.path("target");
    let (schemathesis, moto) = (SCHEMATHESIS.installed(&target)?, MOTO.installed(&target)?);
    let not_utf8 = "the path of the project is no UTF-8";
    let programs = [
        ("FAIRLEAD_TEST_SCHEMATHESIS", schemathesis.to_str().context(not_utf8)?),
        ("FAIRLEAD_TEST_MOTO", moto.to_str().context(not_utf8)?),
    ];
    let variables = [variables, &programs].concat();
    let nextest = Command::new("cargo-nextest").arg("--version").output().is_ok_and(|o| o.status.success());
    let tests = if nextest {
        let mut command = workspace.cargo();
        command.args(["nextest", "run", "--workspace", "--no-fail-fast"]).args(filter);
        run_program(command.envs(variables.iter().copied()))
    } else {
        say("cargo-nextest is not installed: the tests run with cargo test");
        cargo_test(workspace, &["--lib", "--bins", "--tests"], &variables, filter)
    };
    let examples = cargo_test(workspace, &["--doc"], &variables, filter);
    tests.and(examples)
}

fn cargo_test(
    workspace: &Workspace,
    kinds: &[&str],
    variables: &[(&str, &str)],
    filter: &[String],
) -> Result<()> {
    let mut command = workspace.cargo();
    command.args(["test", "--workspace", "--no-fail-fast"]).args(kinds);
    if !filter.is_empty() {
        command.arg("--").args(filter);
    }
    run_program(command.envs(variables.iter().copied()))
}

fn browser(workspace: &Workspace, variables: &[(&str, &str)]) -> Result<()> {
    ui::build(workspace)?;
    // The whole default set: the pages are also tried against one process per service.
    run_program(workspace.cargo().args(["build", "--workspace", "--bins"]))?;
    let chromium = Need::Chromium.installed().context("chromium is not installed")?;
    run_program(
        npm(&workspace.pages(), ["run", "e2e"])
            .env("FAIRLEAD_BIN", workspace.program("fairlead", Profile::Dev)?)
            .env("CHROMIUM", chromium)
            .envs(variables.iter().copied()),
    )
}

/// The table at the end: one line per step, and what failed in words.
fn summary(outcomes: &[(Step, Outcome)]) -> String {
    let mut lines = vec![String::from("\n==== summary")];
    for (step, outcome) in outcomes {
        let name = step.name();
        lines.push(match outcome {
            Outcome::NotAsked => format!("  {name:<9} not asked for"),
            Outcome::Passed(took) => format!("  {name:<9} passed {:>9.1} s", took.as_secs_f64()),
            Outcome::Failed(took, why) => {
                // A long cause was shown where it happened.
                let why = why.lines().next().unwrap_or_default();
                format!("  {name:<9} FAILED {:>9.1} s  {why}", took.as_secs_f64())
            }
        });
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(only: &[Step], filter: &[&str]) -> Arguments {
        let filter = filter.iter().map(|text| (*text).to_owned()).collect();
        Arguments { only: only.to_vec(), mysql: None, amqp: None, filter }
    }

    #[test]
    fn everything_runs_unless_something_is_named() {
        assert_eq!(chosen(&arguments(&[], &[])).len(), 7);
        assert_eq!(chosen(&arguments(&[], &["journal"])), [Step::Rust]);
        assert_eq!(chosen(&arguments(&[Step::Pages], &["map"])), [Step::Pages]);
    }

    #[test]
    fn the_summary_names_every_step() {
        let second = Duration::from_secs(1);
        let outcomes = [
            (Step::Fmt, Outcome::Passed(second)),
            (Step::Lint, Outcome::Failed(second, "one\ntwo".into())),
            (Step::Rust, Outcome::NotAsked),
        ];
        let expected = "\n==== summary\n  fmt       passed       1.0 s\n  lint      FAILED       1.0 s  one\n  rust      not asked for";
        assert_eq!(summary(&outcomes), expected);
    }
}
