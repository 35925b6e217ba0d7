//! What the demo tells its devices, so that each end of a message to a device can be seen on its pages.

use std::time::Duration;

use anyhow::Context as _;
use fairlead_model::mt::{AccountState, AccountView, MtState, Order};
use fairlead_model::{Imei, Secret};
use fairlead_simulator::satellite::World;
use fairlead_simulator::satellite::mt::{Mood, MtApi, MtSettings};
use fairlead_web::auth::fresh_token;
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use super::Stage;
use super::person::{Page, Person};

/// The account's user name.
const USERNAME: &str = "demo@example.org";
/// How long a call of the provider may take to come to an end.
const PATIENCE: Duration = Duration::from_secs(60);

/// The provider's answer where an account has no credit left.
const OUT_OF_CREDIT: u16 = 13;

/// One who is told something, and what the provider makes of it.
struct Telling {
    /// Its name in the cast.
    name: &'static str,
    order: Order,
    mood: Option<Mood>,
}

fn tellings() -> [Telling; 8] {
    let text = |text: &str| Order::Text { text: text.to_owned() };
    [
        // Nobody knows, and the device's own answer settles it.
        Telling { name: "veteran", order: Order::Interval { minutes: 30 }, mood: Some(Mood::AnswerLost) },
        // Nobody knows, and nothing settles it but a person.
        Telling { name: "faial", order: Order::Interval { minutes: 20 }, mood: Some(Mood::Close) },
        // No line rental: the provider refuses it, and all that follows.
        Telling { name: "unsigned", order: Order::Beacon { on: true }, mood: None },
        // It hears nothing any more.
        Telling { name: "silent", order: Order::Interval { minutes: 10 }, mood: None },
        // Out of credit: the account is paused until somebody has bought some. Proven by its status.
        Telling {
            name: "bay",
            order: Order::Beacon { on: true },
            mood: Some(Mood::Answer { code: OUT_OF_CREDIT }),
        },
        // Proven by its answer.
        Telling { name: "canyon", order: Order::Interval { minutes: 10 }, mood: None },
        // One that its firmware does not know, and says so.
        Telling { name: "sur", order: text("+DATA:PK005,1;"), mood: None },
        // Proven by nothing.
        Telling { name: "crew", order: text("Home before dark?"), mood: None },
    ]
}

/// The provider's side that takes messages to devices, and the account with which they are sent.
pub(super) struct Account {
    pub(super) api: MtApi,
    password: Secret,
}

impl Account {
    /// Opens the provider's side for the devices of this world.
    pub(super) async fn open(world: &mut World, stage: &Stage) -> anyhow::Result<Self> {
        let password = Secret::new(fresh_token());
        let settings = MtSettings {
            seed: world.settings().seed,
            without_rental: world.modem("unsigned").into_iter().collect(),
            ..MtSettings::new(USERNAME, password.clone())
        };
        let api = world.serve_mt("127.0.0.1:0", settings, stage.clock.clone()).await?;
        Ok(Self { api, password })
    }

    /// What the courier is set to, as `key=value`.
    pub(super) fn settings(&self) -> Vec<String> {
        vec![
            format!("courier.rockblock.url={}", self.api.url()),
            format!("courier.rockblock.username={USERNAME}"),
            format!("courier.rockblock.password={}", self.password.expose()),
        ]
    }

    /// The address at which a handset's screen can be seen.
    pub(super) fn screen(&self, world: &World, handset: &str) -> anyhow::Result<String> {
        let imei = world.modem(handset).with_context(|| format!("nobody is {handset}"))?;
        Ok(format!("http://{}/simulator/screen?imei={imei}", self.api.address()))
    }

    /// Tells some of the devices something, one after the other, as a person's script would.
    pub(super) async fn tell(&self, world: &World, person: &Person) -> anyhow::Result<()> {
        for telling in tellings() {
            let imei = world.modem(telling.name).with_context(|| format!("nobody is {}", telling.name))?;
            if let Some(mood) = telling.mood {
                self.api.force(mood, 1);
            }
            tell(person, imei, &telling)
                .await
                .with_context(|| format!("{} was to be told something", telling.name))?;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Modem {
    id: String,
    imei: Imei,
}

#[derive(Deserialize)]
struct Mt {
    id: String,
    state: MtState,
}

#[derive(Deserialize)]
struct Detail {
    mt: Mt,
}

/// Asks for one message, and waits until the provider was called.
async fn tell(person: &Person, imei: Imei, telling: &Telling) -> anyhow::Result<()> {
    let modems: Page<Modem> = person.get("modems?limit=100").await?;
    let modem = modems.items.into_iter().find(|modem| modem.imei == imei).context("it was never heard")?;
    let body = json!({"modem_id": modem.id, "order": telling.order, "reason": "to show it"});
    let mut mt: Mt = person.post("outgoing", &body, Some(telling.name)).await?;
    let deadline = Instant::now() + PATIENCE;
    while matches!(mt.state, MtState::Queued | MtState::Sending) {
        anyhow::ensure!(Instant::now() < deadline, "the message is {} for too long", mt.state.as_str());
        resume_what_is_paused(person).await?;
        tokio::time::sleep(Duration::from_millis(50)).await;
        mt = person.get::<Detail>(&format!("outgoing/{}", mt.id)).await?.mt;
    }
    Ok(())
}

async fn resume_what_is_paused(person: &Person) -> anyhow::Result<()> {
    let accounts: Page<AccountView> = person.get("accounts").await?;
    for account in accounts.items.iter().filter(|account| account.state == AccountState::Paused) {
        let path = format!("accounts/{}/resume", account.name);
        let body = json!({"reason": "Credits were bought"});
        person.post::<AccountView>(&path, &body, None).await?;
    }
    Ok(())
}
