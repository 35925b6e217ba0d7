//! `fairlead token`: tokens for programs. A token is shown once, when it is made.

use std::collections::HashMap;
use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use fairlead_model::role::{Role, Scope};
use fairlead_model::{Clock, Time};
use fairlead_runtime::Arguments;
use fairlead_store::audit::{self, Entry};
use fairlead_store::{Id, StoreError, Tx, sign_in};
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
        /// The parts of the API that it is limited to, separated by commas: modems, messages, problems, outgoing,
        /// changes, system, people; without this all of them
        #[arg(long, value_delimiter = ',', value_name = "SCOPES")]
        scopes: Vec<Scope>,
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
            Self::Create { name, role, mut scopes, days } => {
                let secret = fresh_token();
                let day = Duration::from_secs(86_400);
                let until = days.map(|days| clock.now().plus(day.saturating_mul(days)));
                let kept = secret.clone();
                scopes.sort_unstable();
                scopes.dedup();
                let make = store.write(move |tx| {
                    note(tx, &clock, "token.create", &name)?;
                    let id = sign_in::create_token(tx, &clock, &name, role, &kept, until)?;
                    sign_in::limit_token(tx, id, &scopes)
                });
                make.await?;
                say(&secret);
            }
            Self::List { json } => {
                let listed = store.read(|conn| {
                    let tokens = sign_in::tokens(conn)?;
                    let ids: Vec<_> = tokens.iter().map(|token| token.id).collect();
                    Ok((tokens, sign_in::scopes(conn, &ids)?))
                });
                let (tokens, scopes) = listed.await?;
                say(&if json { as_json(&tokens, &scopes)? } else { as_table(&tokens, &scopes) });
            }
            Self::Revoke { name } => {
                let called = name.clone();
                let revoked = store.write(move |tx| {
                    let revoked = sign_in::revoke_tokens(tx, &called)?;
                    if revoked > 0 {
                        note(tx, &clock, "token.revoke", &called)?;
                    }
                    Ok(revoked)
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

type Scopes = HashMap<Id, Vec<Scope>>;

fn as_json(tokens: &[sign_in::TokenRow], scopes: &Scopes) -> anyhow::Result<String> {
    let rows: Vec<_> = tokens
        .iter()
        .map(|t| {
            json!({
                "name": t.name,
                "role": t.role,
                "scopes": scopes.get(&t.id).cloned().unwrap_or_default(),
                "created_at": Time::from(t.created_at),
                "expires_at": t.expires_at.map(Time::from),
                "last_used_at": t.last_used_at.map(Time::from),
            })
        })
        .collect();
    Ok(serde_json::to_string_pretty(&rows)?)
}

fn as_table(tokens: &[sign_in::TokenRow], scopes: &Scopes) -> String {
    let when =
        |t: Option<fairlead_store::Micros>| t.map_or_else(|| "-".to_owned(), |t| Time::from(t).to_string());
    let mut lines =
        vec![format!("{:<24} {:<9} {:<28} {:<28} SCOPES", "NAME", "ROLE", "EXPIRES", "LAST USED")];
    lines.extend(tokens.iter().map(|t| {
        let words = scopes.get(&t.id).map_or_else(
            || "all".to_owned(),
            |scopes| scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(","),
        );
        let (ends, used) = (when(t.expires_at), when(t.last_used_at));
        format!("{:<24} {:<9} {ends:<28} {used:<28} {words}", t.name, t.role)
    }));
    lines.join("\n")
}
