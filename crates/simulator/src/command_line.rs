//! The command line of `fairlead-simulator`.

mod bench;
mod provider;
mod receiver;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use fairlead_model::{Clock, Secret, Time};
use fairlead_wire::cloudloop::Format;
use tokio_util::sync::CancellationToken;

use crate::ledger::Ledger;
use crate::play::{Progress, play, seed_history};
use crate::satellite::{
    Faults, PUBLIC_KEY_PEM, Platform, Provider, ProviderSettings, RockStar, Waters, World, WorldSettings,
};
use crate::verify::verify;
use bench::{BenchArguments, RepositoryArguments};
use provider::{MtArguments, ProviderArguments};
use receiver::{ReceiverArguments, SubscriberArguments};

const DAY_S: u64 = 86_400;
/// Where boats with trackers sail.
const BAY: Waters = Waters { latitude: 36.78, longitude: -122.06, range_km: 10.0 };

/// A believable world of buoys, and the satellite provider that pushes what they send.
#[derive(Debug, Parser)]
#[command(name = "fairlead-simulator", version)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Push a world's past as fast as it is accepted, then its present by the clock
    Play(PlayArguments),
    /// Compare the ledger with what Fairlead has; exit code 1 where something is lost, duplicated or unexpected
    Verify(VerifyArguments),
    /// Take MTs as the provider does, for modems that exist on paper only, until Ctrl-C
    Provider(ProviderArguments),
    /// Push what RockSTAR trackers sent until now, each push once
    Rockstars(RockstarsArguments),
    /// Take webhooks, believe those that are signed, and show them, until Ctrl-C
    Receiver(ReceiverArguments),
    /// Show what is published at an MQTT broker, until Ctrl-C
    Subscriber(SubscriberArguments),
    /// Put devices on the bench: on the line to the hub, and fetching firmware when they are told to
    Bench(BenchArguments),
    /// Write a git repository with firmware for devices on the bench
    Repository(RepositoryArguments),
    /// Print the key with which the intake can check the simulated provider's tokens
    PublicKey,
}

#[derive(Debug, clap::Args)]
struct PlayArguments {
    /// Where to push
    #[arg(long, default_value = "http://127.0.0.1:8080/rockblock/incoming")]
    url: String,
    /// Where all chance comes from; a ledger that is carried on keeps its own
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seconds of the world in one real second
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    speed: u32,
    /// Real moment at which the world's time equals it; give the server's own where it runs a scaled clock
    #[arg(long, value_name = "RFC 3339", value_parser = time)]
    origin: Option<Time>,
    /// Days of the past to push first, at most 8
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u64).range(0..=8))]
    days: u64,
    /// The provider's books; carried on where the file exists
    #[arg(long, value_name = "FILE")]
    ledger: PathBuf,
    /// How long to play in real time, such as 60s, 5m or 2h; until Ctrl-C where it is not given
    #[arg(long = "for", value_name = "SPAN", value_parser = span)]
    span: Option<Duration>,
    /// Let nothing go wrong between network and intake
    #[arg(long)]
    no_faults: bool,
    /// Push as Cloudloop does, in this format, instead of as RockBLOCK does; `--url` is then that door's
    #[arg(long, value_name = "FORMAT")]
    cloudloop: Option<CloudloopFormat>,
    #[command(flatten)]
    mt: MtArguments,
}

/// A format of Cloudloop.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum CloudloopFormat {
    Lingo,
    Core,
    Form,
}

impl CloudloopFormat {
    const fn platform(self) -> Platform {
        Platform::Cloudloop(match self {
            Self::Lingo => Format::Lingo,
            Self::Core => Format::Core,
            Self::Form => Format::Form,
        })
    }
}

#[derive(Debug, clap::Args)]
struct RockstarsArguments {
    /// Where to push
    #[arg(long, default_value = "http://127.0.0.1:8080/rockstar/incoming")]
    url: String,
    /// Where all chance comes from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many trackers
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    count: u16,
    /// How far back to begin, such as 2h
    #[arg(long, value_name = "SPAN", default_value = "6h", value_parser = span)]
    past: Duration,
    /// Leave the tokens out
    #[arg(long)]
    unsigned: bool,
}

#[derive(Debug, clap::Args)]
struct VerifyArguments {
    /// Where Fairlead serves its API
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    api: String,
    /// A token for it
    #[arg(long, env = "FAIRLEAD_TOKEN", hide_env_values = true, value_parser = secret)]
    token: Option<Secret>,
    /// A file with a token for it
    #[arg(long, value_name = "FILE", conflicts_with = "token")]
    token_file: Option<PathBuf>,
    /// The provider's books
    #[arg(long, value_name = "FILE")]
    ledger: PathBuf,
    /// Longest wait for messages that are still on their way
    #[arg(long, value_name = "SPAN", default_value = "60s", value_parser = span)]
    wait: Duration,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Arguments {
    /// Does what was asked.
    ///
    /// # Errors
    /// With a sentence for the person who asked.
    pub async fn run(self) -> Result<ExitCode> {
        match self.what {
            What::Play(arguments) => arguments.run().await,
            What::Verify(arguments) => arguments.run().await,
            What::Provider(arguments) => arguments.run().await,
            What::Rockstars(arguments) => arguments.run().await,
            What::Receiver(arguments) => arguments.run().await,
            What::Subscriber(arguments) => arguments.run().await,
            What::Bench(arguments) => arguments.run().await,
            What::Repository(arguments) => arguments.run().await,
            What::PublicKey => say(PUBLIC_KEY_PEM.trim_end()).map(|()| ExitCode::SUCCESS),
        }
    }
}

impl PlayArguments {
    async fn run(self) -> Result<ExitCode> {
        let origin = self.origin.unwrap_or_else(|| Clock::system().now());
        let clock = Clock::scaled(origin, self.speed);
        let ledger = Ledger::open(&self.ledger)?;
        let asked = WorldSettings { seed: self.seed, present: clock.now(), fleet: None };
        let mut world = World::new(ledger.note_world(asked)?);
        let taking_mts = self.mt.start(&mut world, &clock).await?;
        let faults = if self.no_faults { Faults::NONE } else { Faults::BELIEVABLE };
        let platform = self.cloudloop.map(CloudloopFormat::platform).unwrap_or_default();
        let settings = ProviderSettings { faults, platform, ..ProviderSettings::default() };
        let mut provider = Provider::new(&self.url, clock.clone(), settings)?;
        if let Some(api) = &taking_mts {
            provider = provider.telling(api.mailboxes());
        }
        let stop = CancellationToken::new();
        tokio::spawn(stop_after(self.span, stop.clone()));

        let present = clock.now();
        let since = present.minus(Duration::from_secs(self.days * DAY_S));
        if self.days > 0 {
            let done = seed_history(&world, since..present, &provider, &ledger, &stop, |_| {}).await?;
            say(&format!("The past: {}", sentence(&done)))?;
        }
        let done = play(&world, present, &provider, &ledger, &stop, |_| {}).await?;
        say(&format!("The present: {}", sentence(&done)))?;
        Ok(ExitCode::SUCCESS)
    }
}

impl RockstarsArguments {
    async fn run(self) -> Result<ExitCode> {
        let clock = Clock::system();
        let now = clock.now();
        let provider = Provider::new(&self.url, clock, ProviderSettings::default())?;
        let (mut accepted, mut refused) = (0_u64, 0_u64);
        for index in 0..self.count {
            let Some(tracker) = RockStar::new(self.seed, index, BAY) else { continue };
            for push in tracker.pushes(now.minus(self.past)..now) {
                let answer = provider.post_tracker(&push, !self.unsigned).await;
                if answer.is_accepted() {
                    accepted += 1;
                } else {
                    refused += 1;
                }
            }
        }
        say(&format!("{accepted} pushes accepted, {refused} not."))?;
        Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

impl VerifyArguments {
    async fn run(self) -> Result<ExitCode> {
        let token = match (self.token, &self.token_file) {
            (Some(token), _) => token,
            (None, Some(path)) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("the token file {} cannot be read", path.display()))?;
                Secret::new(text.trim())
            }
            (None, None) => anyhow::bail!("a token is needed: --token-file FILE, --token or FAIRLEAD_TOKEN"),
        };
        let ledger = Ledger::open(&self.ledger)?;
        let report = verify(&ledger, &self.api, &token, self.wait).await?;
        say(&if self.json { serde_json::to_string_pretty(&report)? } else { report.to_string() })?;
        Ok(if report.passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

async fn stop_after(span: Option<Duration>, stop: CancellationToken) {
    let span_over = async {
        match span {
            Some(span) => tokio::time::sleep(span).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = span_over => {}
        // Without signals there is only the span.
        Ok(()) = tokio::signal::ctrl_c() => {}
    }
    stop.cancel();
}

fn sentence(done: &Progress) -> String {
    let Progress { accepted, failed, given_up, kept_out, skipped } = done;
    format!(
        "{accepted} pushes accepted, {failed} attempts failed, {given_up} given up, {kept_out} malformed ones kept \
         out, {skipped} settled before."
    )
}

fn say(text: &str) -> Result<()> {
    writeln!(std::io::stdout().lock(), "{text}").context("nobody listens")
}

fn time(text: &str) -> Result<Time, String> {
    Time::parse_rfc3339(text).ok_or_else(|| format!("`{text}` is no RFC 3339 time"))
}

fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text.trim()))
}

/// A span of time: a whole number of seconds, minutes or hours, as `60s`, `5m` or `2h`.
///
/// # Errors
/// With a sentence that shows how a span is written.
pub fn span(text: &str) -> Result<Duration, String> {
    let sentence = || format!("`{text}` is no span such as 60s, 5m or 2h");
    let unit = text.chars().last().ok_or_else(sentence)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        _ => return Err(sentence()),
    };
    let count: u64 = text.trim_end_matches(unit).parse().map_err(|_| sentence())?;
    count.checked_mul(seconds).map(Duration::from_secs).ok_or_else(sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_a_unit() {
        assert_eq!(span("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(span("2h"), Ok(Duration::from_secs(7_200)));
        for bad in ["", "s", "60", "-1s", "1d", "99999999999999999999s"] {
            assert!(span(bad).is_err(), "{bad}");
        }
    }
}
