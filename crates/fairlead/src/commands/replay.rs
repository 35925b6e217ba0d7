//! `fairlead replay`: puts messages through the tracker again.

use std::process::ExitCode;

use clap::Args;
use fairlead_model::message::{MessageState, MessageView};
use fairlead_model::queue::MoStored;
use fairlead_model::{Clock, MessageId};
use fairlead_runtime::Arguments;
use fairlead_store::audit::{self, Entry};
use fairlead_store::satellite::messages::{self, Filter, Outcome};
use fairlead_store::satellite::{gaps, readings};
use fairlead_store::{Store, StoreError, Tx};
use serde_json::json;

use crate::command_line::{load, open_store, say};

/// Messages in one unit of work.
const BATCH: i64 = 200;

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// One message; without this, all messages in the given state
    #[arg(long, value_name = "ID")]
    message: Option<MessageId>,
    /// Which messages: problem or waiting
    #[arg(long, default_value = "problem", value_parser = replayable)]
    state: MessageState,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

fn replayable(text: &str) -> Result<MessageState, String> {
    match text.parse()? {
        state @ (MessageState::Problem | MessageState::Waiting) => Ok(state),
        other => Err(format!(
            "messages in the state {} are settled; problem or waiting can be replayed",
            other.as_str()
        )),
    }
}

impl Replay {
    pub(crate) async fn run(self, settings: Arguments) -> anyhow::Result<ExitCode> {
        let loaded = load(&settings)?;
        let clock = loaded.common.clock.clock().map_err(anyhow::Error::msg)?;
        let store = open_store(&loaded).await?;
        let count = match self.message {
            Some(id) => {
                replay(&store, &clock, vec![id]).await?;
                1
            }
            None => replay_all(&store, &clock, self.state).await?,
        };
        say(&if self.json {
            json!({ "replayed": count }).to_string()
        } else {
            format!("{count} messages are put through again.")
        });
        Ok(ExitCode::SUCCESS)
    }
}

async fn replay_all(store: &Store, clock: &Clock, state: MessageState) -> anyhow::Result<usize> {
    let (mut count, mut before) = (0, None);
    loop {
        let filter = Filter { state: Some(state), before, ..Filter::default() };
        let page: Vec<MessageView> = store.read(move |conn| messages::list(conn, &filter, BATCH)).await?;
        let Some(last) = page.last() else { return Ok(count) };
        before = Some(last.id);
        count += page.len();
        replay(store, clock, page.iter().map(|m| m.id).collect()).await?;
    }
}

async fn replay(store: &Store, clock: &Clock, ids: Vec<MessageId>) -> Result<(), StoreError> {
    let clock = clock.clone();
    store.write(move |tx| ids.iter().try_for_each(|id| replay_one(tx, &clock, *id))).await
}

fn replay_one(tx: &mut Tx<'_>, clock: &Clock, id: MessageId) -> Result<(), StoreError> {
    let row = messages::get(tx, id)?;
    readings::remove(tx, id)?;
    gaps::set(tx, id, None)?;
    let outcome = Outcome {
        state: MessageState::Waiting,
        modem_id: row.modem_id.map(Into::into),
        summary: None,
        marks: Vec::new(),
    };
    messages::set_outcome(tx, id, &outcome)?;
    let entry = Entry {
        actor: "command line",
        action: "message.replay",
        subject: format!("message {id}"),
        detail: "",
    };
    audit::record(tx, clock, &entry)?;
    fairlead_bus::enqueue(tx, clock, &MoStored { message_id: id, by_hand: true }, None)
}
