//! A device's life from one start to the next.

use std::io;
use std::time::Duration;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at, sleep};

use super::app::App;
use super::device::{BenchDevice, Step};
use super::flash::Flash;
use super::habits::Habits;
use super::line::{Heard, Hub, Line};
use super::power::{Doing, Report};
use super::upgrade::UpgradeClient;

/// Everything that a device is.
pub(super) struct Life {
    pub(super) hub: Hub,
    pub(super) target: String,
    pub(super) device: BenchDevice,
    pub(super) client: UpgradeClient,
    pub(super) flash: Flash,
    pub(super) habits: Habits,
    pub(super) report: watch::Sender<Report>,
    /// The line, also while nobody listens on it: a start does not close it, and the hub sees nothing of it.
    pub(super) line: Option<Line>,
    pub(super) rng: ChaCha8Rng,
}

/// What has become of a line, or of what was to be done on it.
enum Talk {
    /// It goes on.
    On,
    /// There is none any more, as far as the device knows.
    Lost,
    /// The device starts anew.
    Reset,
    /// Nobody is there any more.
    Silent,
}

impl Life {
    /// Lives until this is cancelled. `button` switches the device off and on.
    pub(super) async fn live(mut self, button: &Notify) {
        loop {
            self.report.send_modify(|report| report.starts += 1);
            tokio::select! {
                () = self.run() => {}
                () = button.notified() => {}
            }
            self.now(Doing::Starting);
            sleep(self.habits.boot(&mut self.rng)).await;
            self.device.start();
        }
    }

    /// Runs an app until the next start.
    async fn run(&mut self) {
        match self.device.app() {
            App::Ota if !self.device.wifi().join() => {
                self.line = None;
                self.now(Doing::NoNetwork);
                self.fetched_back().await;
                self.device.wifi().mend();
            }
            App::Ota => self.on_the_line().await,
            App::Updatepy => {
                self.line = None;
                // First of all, so that whatever happens, it comes back to the bench.
                self.device.choose(App::Ota);
                self.now(Doing::Upgrading);
                let ended = self.client.run(&mut self.flash).await;
                tracing::debug!(device = self.target, ?ended, "an upgrade ended");
                let files = self.flash.files().clone();
                self.report.send_modify(|report| {
                    report.upgrades += 1;
                    report.last_upgrade = Some(ended);
                    report.files = files;
                });
            }
            app => {
                self.line = None;
                self.now(Doing::Away(app));
                self.fetched_back().await;
                self.device.choose(App::Ota);
            }
        }
    }

    /// Returns when somebody takes the device back to the bench.
    async fn fetched_back(&self) {
        match self.habits.back_on_bench {
            Some(after) => sleep(self.habits.span(after)).await,
            None => std::future::pending().await,
        }
    }

    /// Dials whenever there is no line, and talks whenever there is one.
    async fn on_the_line(&mut self) {
        let check = self.habits.span(self.habits.check);
        // Devices do not look all at once.
        let first_look = Instant::now() + check.mul_f64(self.rng.random_range(0.1..1.0));
        let mut looks = interval_at(first_look, check.max(Duration::from_millis(1)));
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.now(Doing::Dialling);
            match Line::dial(&self.hub, &self.target, &mut self.rng).await {
                Ok(line) => {
                    // The old one is let go when the new one stands, as the hub sees a device that was cut off.
                    let old = self.line.replace(line);
                    match self.talk(old).await {
                        Talk::Reset => return,
                        Talk::Silent => {
                            self.now(Doing::Silent);
                            std::future::pending().await
                        }
                        Talk::Lost | Talk::On => {}
                    }
                }
                Err(error) => tracing::debug!(device = self.target, %error, "no line"),
            }
            looks.tick().await;
        }
    }

    async fn talk(&mut self, old: Option<Line>) -> Talk {
        let state = self.device.state();
        if self.say(&state).await.is_err() {
            return Talk::Lost;
        }
        drop(old);
        self.report.send_modify(|report| {
            report.doing = Doing::OnLine;
            report.lines += 1;
        });
        let mut live = interval(self.habits.span(self.habits.live).max(Duration::from_millis(1)));
        live.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let Some(line) = &mut self.line else { return Talk::Lost };
            let talk = tokio::select! {
                heard = line.hear() => self.answer(heard).await,
                _ = live.tick(), if self.device.is_live() => self.show().await,
            };
            match talk {
                Ok(Talk::On) => {}
                Ok(other) => return other,
                Err(_) => return Talk::Lost,
            }
        }
    }

    /// Does what something that was heard asks for. Until it is done, nothing else is heard.
    async fn answer(&mut self, heard: Heard) -> io::Result<Talk> {
        match heard {
            Heard::Nothing => Ok(Talk::On),
            Heard::Close | Heard::Gone => Ok(Talk::Lost),
            Heard::Raised(what) => {
                tracing::debug!(device = self.target, what, "a device fell silent");
                Ok(Talk::Silent)
            }
            Heard::Ping(payload) => {
                let Some(line) = &mut self.line else { return Ok(Talk::Lost) };
                line.pong(&payload, &mut self.rng).await.map(|()| Talk::On)
            }
            Heard::Text(text) => {
                self.report.send_modify(|report| report.heard += 1);
                for step in self.device.hear(&text) {
                    match step {
                        Step::Say(text) => self.say(&text).await?,
                        Step::Busy(span) => sleep(self.habits.span(span)).await,
                        Step::Reset => return Ok(Talk::Reset),
                        Step::FallSilent => return Ok(Talk::Silent),
                    }
                }
                Ok(Talk::On)
            }
        }
    }

    /// Says what the drivers show.
    async fn show(&mut self) -> io::Result<Talk> {
        for text in self.device.live() {
            self.say(&text).await?;
        }
        Ok(Talk::On)
    }

    async fn say(&mut self, text: &str) -> io::Result<()> {
        match &mut self.line {
            Some(line) => line.say(text, &mut self.rng).await,
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn now(&self, doing: Doing) {
        self.report.send_modify(|report| report.doing = doing);
    }
}
