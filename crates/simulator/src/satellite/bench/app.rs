//! The programs of the firmware, of which one runs at a time.

use std::fmt;
use std::str::FromStr;

/// What a device does after it was switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum App {
    /// A buoy in service: asleep most of the time, with no line.
    Buoy,
    /// A handset in service.
    Handset,
    /// A base station of the laboratory.
    Irdbase,
    /// The same for LoRa.
    Lorabase,
    /// Shows what LoRa hears.
    LoraReceiver,
    /// Says something by LoRa now and then.
    LoraSender,
    /// On the bench, with a line to the hub.
    Ota,
    /// A prompt on the cable.
    Shell,
    /// Fetches new firmware, then goes back to [`App::Ota`].
    Updatepy,
}

impl App {
    const ALL: [Self; 9] = [
        Self::Buoy,
        Self::Handset,
        Self::Irdbase,
        Self::Lorabase,
        Self::LoraReceiver,
        Self::LoraSender,
        Self::Ota,
        Self::Shell,
        Self::Updatepy,
    ];

    /// What the firmware calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Buoy => "buoy",
            Self::Handset => "handset",
            Self::Irdbase => "irdbase",
            Self::Lorabase => "lorabase",
            Self::LoraReceiver => "lora_receiver",
            Self::LoraSender => "lora_sender",
            Self::Ota => "ota",
            Self::Shell => "shell",
            Self::Updatepy => "updatepy",
        }
    }
}

impl FromStr for App {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|app| app.as_str() == text).ok_or(())
    }
}

impl fmt::Display for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
