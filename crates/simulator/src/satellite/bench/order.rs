//! What a page asks of a device: a JSON array of a verb, a name and arguments.

use serde_json::Value;

use super::drivers::Driver;
use super::python::unpack;

/// An order as the firmware understands it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Order {
    /// What networks there are.
    Wifi,
    /// Wake the hardware and look at it.
    Hal,
    /// Start a driver.
    Start(Driver),
    /// Stop a driver.
    Stop(Driver),
    /// Say something by LoRa.
    SendLora(Arguments),
    /// Store a network for the next start.
    StoreNewSta(Arguments),
    /// Try a network.
    TestNewSta(Arguments),
    /// Choose the app of the next start.
    SwitchApp(Arguments),
    /// Choose the device's own work as the app of the next start.
    Service,
    /// Start anew.
    Reset,
    /// A verb or a name that there is not.
    Unknown,
}

/// An order's arguments, of which the firmware checks nothing before it uses them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Arguments(Value);

/// What Python raises, and the firmware does not catch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Raised;

impl Order {
    /// Reads an order.
    ///
    /// # Errors
    /// With the reason that the firmware gives for a malformed one.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let [verb, name, arguments] = unpack(text)?;
        let arguments = Arguments(arguments);
        Ok(match (verb.as_str(), name.as_str()) {
            (Some("GET"), Some("wifi")) => Self::Wifi,
            (Some("CMD"), Some("hal")) => Self::Hal,
            (Some("CMD"), Some("reset")) => Self::Reset,
            (Some("CMD"), Some("service")) => Self::Service,
            (Some("CMD"), Some("send_lora")) => Self::SendLora(arguments),
            (Some("CMD"), Some("store_new_sta")) => Self::StoreNewSta(arguments),
            (Some("CMD"), Some("test_new_sta")) => Self::TestNewSta(arguments),
            (Some("CMD"), Some("switch_app")) => Self::SwitchApp(arguments),
            (Some("CMD"), Some(name)) => {
                let started = name.strip_prefix("start_").and_then(|name| name.parse().ok()).map(Self::Start);
                let stopped =
                    || name.strip_prefix("stop_").and_then(|name| name.parse().ok()).map(Self::Stop);
                started.or_else(stopped).unwrap_or(Self::Unknown)
            }
            _ => Self::Unknown,
        })
    }
}

impl Arguments {
    /// How many there are.
    pub(super) fn count(&self) -> Result<usize, Raised> {
        match &self.0 {
            Value::Array(items) => Ok(items.len()),
            Value::Object(object) => Ok(object.len()),
            Value::String(text) => Ok(text.chars().count()),
            Value::Null | Value::Bool(_) | Value::Number(_) => Err(Raised),
        }
    }

    /// The one at `index`, as Python prints it.
    pub(super) fn text(&self, index: usize) -> Result<String, Raised> {
        match self.0.get(index).ok_or(Raised)? {
            Value::String(text) => Ok(text.clone()),
            Value::Null => Ok("None".to_owned()),
            Value::Bool(value) => Ok(super::python::truth(*value).to_owned()),
            other => Ok(other.to_string()),
        }
    }
}
