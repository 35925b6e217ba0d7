//! The firmware behind the line, apart from sockets: texts in, texts out.

use std::time::Duration;

use fairlead_model::Clock;
use fairlead_model::device::DeviceKind;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::app::App;
use super::drivers::{Driver, Drivers};
use super::order::{Arguments, Order, Raised};
use super::python::single;
use super::wifi::Wifi;
use crate::satellite::chance;

/// How long the hardware takes to wake, in seconds.
const WAKING_S: std::ops::Range<f64> = 6.0..15.0;
/// How long a scan for networks takes.
const SCAN: Duration = Duration::from_secs(4);
const BAD_APP_ARGUMENTS: &str = "Bad args for app, need at least 1, no more than 2";

/// What a device does about a text, one step after the other. Until the last is done, it hears nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Says this.
    Say(String),
    /// Does something that takes as long in real time.
    Busy(Duration),
    /// Starts anew, without a word.
    Reset,
    /// Met an exception that nobody catches: the line stays open, and nobody is there.
    FallSilent,
}

/// A device that is switched on, with no sockets.
#[derive(Clone, Debug)]
pub struct BenchDevice {
    iam: String,
    kind: DeviceKind,
    app: App,
    battery_v: f64,
    wifi: Wifi,
    drivers: Drivers,
    clock: Clock,
    rng: ChaCha8Rng,
}

impl BenchDevice {
    /// A device with this name on this network. Its chance comes from `seed` and its name, so that devices of one seed
    /// differ; what it shows as the time comes from `clock`.
    pub fn new(iam: &str, kind: DeviceKind, wifi: Wifi, seed: u64, clock: Clock) -> Self {
        let mut rng = chance::stream(seed, &["bench", iam]);
        Self {
            iam: iam.to_owned(),
            kind,
            app: App::Ota,
            battery_v: rng.random_range(3.9..4.15),
            wifi,
            drivers: Drivers::new(&mut rng),
            clock,
            rng,
        }
    }

    /// With something in it that does not answer.
    #[must_use]
    pub fn with_broken(mut self, driver: Driver) -> Self {
        self.drivers.break_down(driver);
        self
    }

    /// The app of the next start.
    pub fn app(&self) -> App {
        self.app
    }

    /// Chooses the app of the next start.
    pub(super) fn choose(&mut self, app: App) {
        self.app = app;
    }

    /// What the device is.
    pub fn kind(&self) -> DeviceKind {
        self.kind
    }

    pub(super) fn wifi(&mut self) -> &mut Wifi {
        &mut self.wifi
    }

    /// Starts anew: no driver runs, the hardware sleeps.
    pub fn start(&mut self) {
        self.drivers.sleep();
    }

    /// The object that is sent on connecting, and after every text that was heard.
    pub fn state(&mut self) -> String {
        self.battery_v = (self.battery_v - self.rng.random_range(0.0..0.002)).max(3.4);
        format!(
            r#"{{"iam": "{}", "dev": "{}", "batt/main_v": {:.2}, {}}}"#,
            self.iam,
            self.kind,
            self.battery_v,
            self.drivers.state()
        )
    }

    /// What is done about a text.
    pub fn hear(&mut self, text: &str) -> Vec<Step> {
        let order = match Order::read(text) {
            Ok(order) => order,
            Err(reason) => {
                let errors = ["Malformed Request", text, &reason].map(|error| single("error", error));
                return self.then_state(errors.into_iter().map(Step::Say).collect());
            }
        };
        match order {
            Order::Reset => vec![Step::Reset],
            Order::Hal => self.wake(),
            order => self.obey(order).map_or(vec![Step::FallSilent], |steps| self.then_state(steps)),
        }
    }

    /// What the drivers that run show; to be asked each second.
    pub fn live(&mut self) -> Vec<String> {
        self.drivers.live(self.clock.now(), &mut self.rng)
    }

    /// Whether a driver runs, so that there is something to show.
    pub fn is_live(&self) -> bool {
        self.drivers.is_live()
    }

    fn then_state(&mut self, mut steps: Vec<Step>) -> Vec<Step> {
        steps.push(Step::Say(self.state()));
        steps
    }

    fn wake(&mut self) -> Vec<Step> {
        let errors = self.drivers.wake();
        let busy = Duration::from_secs_f64(self.rng.random_range(WAKING_S));
        let state = self.state();
        vec![
            info("Initializing hardware..."),
            Step::Busy(busy),
            info("Done"),
            Step::Say(single("hardware_errors", &errors.to_string())),
            Step::Say(state),
            Step::Say(single("batt/main_v", &format!("{:.2}", self.battery_v))),
        ]
    }

    fn obey(&mut self, order: Order) -> Result<Vec<Step>, Raised> {
        Ok(match order {
            Order::Wifi => {
                let lines = self.wifi.lines().into_iter().map(Step::Say);
                std::iter::once(info("Querying networking...")).chain(lines).chain([info("Done")]).collect()
            }
            Order::Start(driver) => match self.drivers.start(driver) {
                Ok(()) => Vec::new(),
                Err(error) => vec![Step::Say(single("error", &error))],
            },
            Order::Stop(driver) => {
                self.drivers.stop(driver);
                Vec::new()
            }
            Order::SendLora(_) if !self.drivers.runs(Driver::Lora) => vec![info("LoRa not running")],
            Order::SendLora(arguments) => {
                self.drivers.send_lora(&arguments.text(0)?);
                Vec::new()
            }
            Order::StoreNewSta(arguments) => {
                vec![self.wifi.store(&arguments.text(0)?, &arguments.text(1)?)]
            }
            Order::TestNewSta(arguments) => {
                let tested = self.wifi.test(&arguments.text(0)?, &arguments.text(1)?);
                [info("Starting network scan"), Step::Busy(SCAN)].into_iter().chain(tested).collect()
            }
            Order::SwitchApp(arguments) => vec![self.switch_app(&arguments)?],
            Order::Service => {
                self.app = if self.kind == DeviceKind::Handset { App::Handset } else { App::Buoy };
                Vec::new()
            }
            // The first two have been seen to.
            Order::Reset | Order::Hal | Order::Unknown => Vec::new(),
        })
    }

    fn switch_app(&mut self, arguments: &Arguments) -> Result<Step, Raised> {
        if !(1..=2).contains(&arguments.count()?) {
            return Ok(Step::Say(single("error", BAD_APP_ARGUMENTS)));
        }
        let name = arguments.text(0)?;
        Ok(match name.parse() {
            Ok(app) => {
                self.app = app;
                info(&format!("Switching to app {app}"))
            }
            Err(()) => Step::Say(single("error", &format!("{name} not a valid app"))),
        })
    }
}

fn info(text: &str) -> Step {
    Step::Say(single("info", text))
}
