//! `fairlead token`: tokens for programs. A token is shown once, when it is made.

use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use fairlead_model::role::Role;
use fairlead_model::{Clock, Time};
use fairlead_runtime::Arguments;
use fairlead_store::audit::{self, Entry};
use fairlead_store::{StoreError, Tx, sign_in};
use fairlead_web::auth::fresh_token;
use serde_json::json;

use crate::command_line::{load, open_store, say};

#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Makes a token and prints it, alone, on standard output
    Create {
        /// What you call it
        #[arg(long)]
        name: String,
        /// What it may do: viewer, operator or admin
        #[arg(long, default_value_t = Role::Viewer)]
        role: Role,
        /// After how many days it ends; without this it does not
        #[arg(long, value_name = "DAYS")]
        days: Option<u32>,
    },
    /// Lists the tokens, without their secrets
    List {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Revokes all tokens of a name
    Revoke {
        /// The name
        #[arg(long)]
        name: String,
    },
}

impl Token {
    pub(crate) async fn run(self, settings: Arguments) -> anyhow::Result<ExitCode> {
        let loaded = load(&settings)?;
        let clock = loaded.common.clock.clock().map_err(anyhow::Error::msg)?;
        let store = open_store(&loaded).await?;
        match self {
            Self::Create { name, role, days } => {
                let secret = fresh_token();
                let day = Duration::from_secs(86_400);
                let until = days.map(|days| clock.now().plus(day.saturating_mul(days)));
                let kept = secret.clone();
                let make = store.write(move |tx| {
                    note(tx, &clock, "token.create", &name)?;
                    sign_in::create_token(tx, &clock, &name, role, &kept, until)
                });
                make.await?;
                say(&secret);
            }
            Self::List { json } => {
                let tokens = store.read(sign_in::tokens).await?;
                say(&if json { as_json(&tokens)? } else { as_table(&tokens) });
            }
            Self::Revoke { name } => {
                let called = name.clone();
                let revoked = store.write(move |tx| {
                    note(tx, &clock, "token.revoke", &called)?;
                    sign_in::revoke_token(tx, &called)
                });
                match revoked.await? {
                    0 => anyhow::bail!("there is no token called `{name}`"),
                    n => say(&format!("{n} revoked.")),
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn note(tx: &mut Tx<'_>, clock: &Clock, action: &str, name: &str) -> Result<(), StoreError> {
    let entry = Entry { actor: "command line", action, subject: format!("token {name}"), detail: "" };
    audit::record(tx, clock, &entry)
}

fn as_json(tokens: &[sign_in::TokenRow]) -> anyhow::Result<String> {
    let rows: Vec<_> = tokens
        .iter()
        .map(|t| {
            json!({
                "name": t.name,
                "role": t.role,
                "created_at": Time::from(t.created_at),
                "expires_at": t.expires_at.map(Time::from),
                "last_used_at": t.last_used_at.map(Time::from),
            })
        })
        .collect();
    Ok(serde_json::to_string_pretty(&rows)?)
}

fn as_table(tokens: &[sign_in::TokenRow]) -> String {
    let when =
        |t: Option<fairlead_store::Micros>| t.map_or_else(|| "-".to_owned(), |t| Time::from(t).to_string());
    let mut lines = vec![format!("{:<24} {:<9} {:<28} {:<28}", "NAME", "ROLE", "EXPIRES", "LAST USED")];
    lines.extend(tokens.iter().map(|t| {
        format!("{:<24} {:<9} {:<28} {:<28}", t.name, t.role, when(t.expires_at), when(t.last_used_at))
    }));
    lines.join("\n")
}
