//! `fairlead user`: people who may sign in. A link is shown once, when it is made.

use std::io::Read as _;
use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use fairlead_model::role::Role;
use fairlead_model::{Clock, PersonId, Time};
use fairlead_runtime::{Arguments, Loaded};
use fairlead_store::audit::{self, Entry};
use fairlead_store::people::{self, PersonRow};
use fairlead_store::{Store, StoreError, Tx};
use fairlead_web::auth::fresh_secret;
use fairlead_web::password;
use serde_json::json;

use crate::command_line::{load, open_store, say, tell};

/// Most that is read of standard input, bytes: more is no password.
const LONGEST_INPUT: u64 = 4_096;

#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Adds a person and prints a link that lets this person in once, to choose a password
    Add {
        /// The name to sign in with
        name: String,
        /// What the person may do: viewer, operator or admin
        #[arg(long, default_value_t = Role::Viewer)]
        role: Role,
        /// Read the password from standard input instead of printing a link
        #[arg(long)]
        password_stdin: bool,
    },
    /// Lists people
    List {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Prints a new link for a person who has forgotten the password
    Link {
        /// The name
        name: String,
    },
    /// Gives a person another role
    Role {
        /// The name
        name: String,
        /// viewer, operator or admin
        role: Role,
    },
    /// Keeps a person out and ends the person's sessions
    Disable {
        /// The name
        name: String,
    },
    /// Lets a person in again
    Enable {
        /// The name
        name: String,
    },
    /// Removes a person
    Remove {
        /// The name
        name: String,
    },
}

/// What the commands work on.
struct Desk {
    loaded: Loaded,
    store: Store,
    clock: Clock,
}

/// With what a person comes in once, to choose a password.
#[derive(Clone)]
struct Link {
    page: String,
    secret: String,
    until: Time,
    hours: u32,
}

impl User {
    pub(crate) async fn run(self, settings: Arguments) -> anyhow::Result<ExitCode> {
        let loaded = load(&settings)?;
        let clock = loaded.common.clock.clock().map_err(anyhow::Error::msg)?;
        let store = open_store(&loaded).await?;
        let desk = Desk { loaded, store, clock };
        match self {
            Self::Add { name, role, password_stdin } => desk.add(name, role, password_stdin).await?,
            Self::List { json } => {
                let all = desk.store.read(people::list).await?;
                say(&if json { as_json(&all)? } else { as_table(&all) });
            }
            Self::Link { name } => desk.new_link(&name).await?,
            Self::Role { name, role } => {
                let person = desk.person(&name).await?;
                desk.change(person.clone(), role, person.disabled).await?;
            }
            Self::Disable { name } => {
                let person = desk.person(&name).await?;
                desk.change(person.clone(), person.role()?, true).await?;
            }
            Self::Enable { name } => {
                let person = desk.person(&name).await?;
                desk.change(person.clone(), person.role()?, false).await?;
            }
            Self::Remove { name } => desk.remove(&name).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Desk {
    async fn person(&self, name: &str) -> anyhow::Result<PersonRow> {
        let named = name.to_owned();
        let found = self.store.read(move |conn| people::by_name(conn, &named)).await?;
        found
            .ok_or_else(|| anyhow::anyhow!("nobody is called `{name}`; `fairlead user list` lists everybody"))
    }

    async fn add(&self, name: String, role: Role, password_stdin: bool) -> anyhow::Result<()> {
        let password = if password_stdin { Some(password_from_stdin(&name)?) } else { None };
        let link = if password_stdin { None } else { Some(self.link()?) };
        let (clock, wanted, kept) = (self.clock.clone(), name.clone(), link.clone());
        let added = self.store.write(move |tx| {
            let Some(person) = people::create(tx, &clock, &wanted, role, password.clone())? else {
                return Ok(None);
            };
            if let Some(link) = &kept {
                people::create_link(tx, person.id.into(), &link.secret, link.until)?;
            }
            note(tx, &clock, &person, "person.add")?;
            Ok(Some(person))
        });
        let Some(person) = added.await? else { anyhow::bail!("somebody is called `{name}` already") };
        match link {
            Some(link) => link.print(&person),
            None => tell(&format!("{} may sign in as {role}.", person.name)),
        }
        Ok(())
    }

    async fn new_link(&self, name: &str) -> anyhow::Result<()> {
        let (person, link) = (self.person(name).await?, self.link()?);
        let (clock, whose, kept) = (self.clock.clone(), person.clone(), link.clone());
        let made = self.store.write(move |tx| {
            people::create_link(tx, whose.id.into(), &kept.secret, kept.until)?;
            note(tx, &clock, &whose, "person.link")
        });
        made.await?;
        link.print(&person);
        Ok(())
    }

    /// A link that nobody has yet.
    fn link(&self) -> anyhow::Result<Link> {
        let console: fairlead_console::Settings = self.loaded.section("console")?;
        let http = &self.loaded.common.http;
        let valid = Duration::from_secs(u64::from(console.invitation_hours) * 3_600);
        Ok(Link {
            page: format!("{}/sign-in", http.public_address(&http.listen)),
            secret: fresh_secret(),
            // On a demo's fast clock the link is good for as long as a person needs.
            until: self.clock.now().plus(valid.saturating_mul(self.clock.speed())),
            hours: console.invitation_hours,
        })
    }

    async fn change(&self, person: PersonRow, role: Role, disabled: bool) -> anyhow::Result<()> {
        let (clock, id, name) = (self.clock.clone(), PersonId::from(person.id), person.name.clone());
        let changed = self.store.write(move |tx| {
            let changed = people::change(tx, id, role, disabled)?;
            if changed {
                note(tx, &clock, &person, "person.change")?;
            }
            Ok(changed)
        });
        anyhow::ensure!(changed.await?, LAST);
        tell(&format!("{name}: {role}{}.", if disabled { ", kept out" } else { "" }));
        Ok(())
    }

    async fn remove(&self, name: &str) -> anyhow::Result<()> {
        let person = self.person(name).await?;
        let clock = self.clock.clone();
        let removed = self.store.write(move |tx| {
            let removed = people::remove(tx, person.id.into())?;
            if removed {
                note(tx, &clock, &person, "person.remove")?;
            }
            Ok(removed)
        });
        anyhow::ensure!(removed.await?, LAST);
        tell(&format!("{name} is removed."));
        Ok(())
    }
}

impl Link {
    /// The link alone on standard output, so that it can be handed on.
    fn print(&self, person: &PersonRow) {
        tell(&format!("For {}, once, within {} hours:", person.name, self.hours));
        say(&format!("{}#{}", self.page, self.secret));
    }
}

const LAST: &str = "this is the last administrator with a password: nobody could let others in";

fn note(tx: &mut Tx<'_>, clock: &Clock, person: &PersonRow, action: &str) -> Result<(), StoreError> {
    let subject = format!("person {}", person.name);
    audit::record(tx, clock, &Entry { actor: "command line", action, subject, detail: "" })
}

/// The password's PHC string. Not as an argument: a command line can be read by everybody on the machine.
fn password_from_stdin(name: &str) -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().take(LONGEST_INPUT).read_to_string(&mut text)?;
    let password = text.trim_end_matches(['\r', '\n']);
    password::check(password, name).map_err(anyhow::Error::msg)?;
    password::hash(password).map_err(anyhow::Error::msg)
}

fn as_json(all: &[PersonRow]) -> anyhow::Result<String> {
    let rows: Vec<_> = all
        .iter()
        .map(|p| {
            json!({
                "name": p.name,
                "role": p.role,
                "disabled": p.disabled,
                "has_password": p.password.is_some(),
                "created_at": Time::from(p.created_at),
                "last_sign_in_at": p.last_sign_in_at.map(Time::from),
            })
        })
        .collect();
    Ok(serde_json::to_string_pretty(&rows)?)
}

fn as_table(all: &[PersonRow]) -> String {
    let mut lines = vec![format!("{:<24} {:<9} {:<12} LAST SIGN-IN", "NAME", "ROLE", "")];
    lines.extend(all.iter().map(|p| {
        let state = match (p.disabled, &p.password) {
            (true, _) => "kept out",
            (false, None) => "invited",
            (false, Some(_)) => "",
        };
        let last = p.last_sign_in_at.map_or_else(|| "-".to_owned(), |t| Time::from(t).to_string());
        format!("{:<24} {:<9} {state:<12} {last}", p.name, p.role)
    }));
    lines.join("\n")
}
