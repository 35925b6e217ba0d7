//! A service that hears what the pages are told.

use std::sync::{Arc, Mutex};

use actix_web::web;
use fairlead_bus::News;
use fairlead_model::live::LiveEvent;
use fairlead_runtime::{Context, Mount, Service, ServiceSettings};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Hears, and tells under `/heard` all that it has heard, oldest first.
pub struct Ear;

#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Settings {
    listen: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self { listen: "127.0.0.1:0".to_owned() }
    }
}

impl ServiceSettings for Settings {
    fn listen(&self) -> &str {
        &self.listen
    }
}

type Heard = Arc<Mutex<Vec<Value>>>;

impl Service for Ear {
    const NAME: &'static str = "ear";
    type Settings = Settings;

    async fn start(_: Settings, context: Context) -> anyhow::Result<Mount> {
        let heard = Heard::default();
        let (bus, stop, kept) = (context.bus.clone(), context.stop.clone(), heard.clone());
        context.spawn("ear", async move {
            let mut news = bus.subscribe::<LiveEvent>();
            while let Some(news) = stop.run_until_cancelled(news.next()).await {
                if let News::Message(event) = news {
                    kept.lock().unwrap().push(serde_json::to_value(&event).unwrap());
                }
            }
        });
        let heard = web::Data::new(heard);
        Ok(Mount::new(move |config| {
            config.app_data(heard.clone()).route("/heard", web::get().to(tell));
        }))
    }
}

async fn tell(heard: web::Data<Heard>) -> web::Json<Vec<Value>> {
    web::Json(heard.lock().unwrap().clone())
}
