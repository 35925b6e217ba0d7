//! `fairlead-simulator receiver` and `fairlead-simulator subscriber`: ends of routes, to look at.

use std::process::ExitCode;

use anyhow::Result;
use fairlead_model::{Clock, Secret};
use tokio_util::sync::CancellationToken;

use super::{say, secret, stop_after};
use crate::receiver::{Behaviour, Receiver};
use crate::subscriber::Subscriber;

#[derive(Debug, clap::Args)]
pub(super) struct ReceiverArguments {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8091")]
    listen: String,
    /// A signing secret as the endpoint showed it once (`whsec_…`); as often as there are secrets
    #[arg(long, env = "FAIRLEAD_SIMULATOR_WEBHOOK_SECRET", hide_env_values = true, value_parser = secret)]
    secret: Vec<Secret>,
    /// Answer so many milliseconds late
    #[arg(long, value_name = "MILLISECONDS", conflicts_with_all = ["answer", "dead"])]
    slow: Option<u64>,
    /// Answer with this status, and take nothing
    #[arg(long, value_name = "STATUS", conflicts_with = "dead", value_parser = clap::value_parser!(u16).range(200..=599))]
    answer: Option<u16>,
    /// Close connections without an answer
    #[arg(long)]
    dead: bool,
}

impl ReceiverArguments {
    pub(super) async fn run(self) -> Result<ExitCode> {
        let receiver = Receiver::serve(&self.listen, Clock::system()).await?;
        for secret in &self.secret {
            receiver.trust(secret.expose())?;
        }
        receiver.behave(match (self.slow, self.answer, self.dead) {
            (Some(millis), ..) => Behaviour::Slow { millis },
            (_, Some(status), _) => Behaviour::Answer { status },
            (.., true) => Behaviour::Dead,
            _ => Behaviour::Normal,
        });
        say(&format!("Deliveries are taken at {}; look at {}", receiver.url(), receiver.page()))?;
        if self.secret.is_empty() {
            say(
                "Without a secret nothing is believed: POST {\"secret\": \"whsec_…\"} to /simulator/secret.",
            )?;
        }
        until_interrupted().await;
        let tally = receiver.tally();
        say(&format!(
            "{} tries heard, {} taken, {} of them again, {} not proven.",
            tally.tries, tally.taken, tally.again, tally.unproven
        ))?;
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct SubscriberArguments {
    /// The broker
    #[arg(long, default_value = "mqtt://127.0.0.1:1883")]
    url: String,
    /// What to subscribe to
    #[arg(long, value_name = "FILTER", default_value = "#")]
    topic: String,
    /// Where to show what was heard
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8092")]
    listen: String,
}

impl SubscriberArguments {
    pub(super) async fn run(self) -> Result<ExitCode> {
        let subscriber = Subscriber::start(&self.url, &self.topic, Clock::system())?;
        let page = subscriber.show(&self.listen).await?;
        say(&format!("What is published to {} is shown at {page}", self.topic))?;
        until_interrupted().await;
        say(&format!("{} publications heard.", subscriber.count()))?;
        Ok(ExitCode::SUCCESS)
    }
}

async fn until_interrupted() {
    let stop = CancellationToken::new();
    tokio::spawn(stop_after(None, stop.clone()));
    stop.cancelled().await;
}
