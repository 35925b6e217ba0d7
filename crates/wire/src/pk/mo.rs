//! MO texts built as each build of the firmware builds them, byte for byte: what a simulated device sends.

use fairlead_model::{Latitude, Longitude, Time};

use super::{Command, WakeReason};
use crate::nmea::{self, TimeOfDay};

/// The degrees a v3 buoy prints when it found no fix.
const NO_FIX: f32 = 999.0;
const SECONDS_PER_MINUTE: u32 = 60;

/// A fix of the `MicroPython` builds (v2 buoy and handset).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct V2Fix {
    /// Degrees north.
    pub latitude: Latitude,
    /// Degrees east.
    pub longitude: Longitude,
    /// By the GPS receiver's clock.
    pub at: Time,
    /// Speed over ground in km/h, printed with three decimals.
    pub speed_km_h: f64,
    /// Course over ground in degrees true, printed with one decimal.
    pub course_deg: f64,
}

impl V2Fix {
    /// PK001 of a v2 buoy. `battery_v` is left out when its reading failed.
    pub fn buoy_pk001(&self, status: u8, battery_v: Option<f64>) -> String {
        let battery = battery_v.map(|volts| format!(",batt:{volts:.1}")).unwrap_or_default();
        format!("{},sta:{status:02X}{battery}", self.handset_pk001())
    }

    /// PK001 of a handset.
    pub fn handset_pk001(&self) -> String {
        let lat = nmea::latitude_text(self.latitude);
        let lon = nmea::longitude_text(self.longitude);
        format!(
            "PK001;lat:{},NS:{},lon:{},EW:{},utc:{},sog:{:.3},cog:{:.1}",
            lat.text,
            lat.letter,
            lon.text,
            lon.letter,
            TimeOfDay::of(self.at).with_millis(),
            self.speed_km_h,
            self.course_deg
        )
    }

    /// PK004 of an old handset: positional, seven fields.
    pub fn handset_pk004(&self) -> String {
        let lat = nmea::latitude_text(self.latitude);
        let lon = nmea::longitude_text(self.longitude);
        format!(
            "PK004;{},{},{},{},{:.3},{:.1},{}",
            lat.text,
            lat.letter,
            lon.text,
            lon.letter,
            self.speed_km_h,
            self.course_deg,
            TimeOfDay::of(self.at).with_millis()
        )
    }
}

/// One wake of a v3 buoy, with the single-precision figures it computes with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct V3Wake {
    /// Degrees north and degrees east; `None` after 240 s without a fix.
    pub place: Option<(f32, f32)>,
    /// By the buoy's clock.
    pub at: Time,
    /// Battery in volts.
    pub battery_v: f32,
    /// Reporting interval in seconds, printed in minutes.
    pub interval_s: u32,
    /// Commanded sleep in seconds, printed in minutes.
    pub sleep_s: u32,
    /// Why it woke.
    pub reason: WakeReason,
}

impl V3Wake {
    /// PK101, the usual text.
    pub fn pk101(&self) -> String {
        format!(
            "PK101;{},utc:{},batt:{:.1},{}",
            self.place_pairs(),
            TimeOfDay::of(self.at),
            self.battery_v,
            self.plan_pairs()
        )
    }

    /// PK001 as v3 builds print it: speed in knots, no status.
    pub fn pk001(&self, speed_knots: f32, course_deg: f32) -> String {
        format!(
            "PK001;{},utc:{}.00,sog:{speed_knots:.1},cog:{course_deg:.1},batt:{:.2}",
            self.place_pairs(),
            TimeOfDay::of(self.at),
            self.battery_v
        )
    }

    /// PK001 as the builds of spring 2025 print it: neither speed nor course, but the plan.
    pub fn pk001_with_plan(&self) -> String {
        format!(
            "PK001;{},utc:{}.00,batt:{:.2},{}",
            self.place_pairs(),
            TimeOfDay::of(self.at),
            self.battery_v,
            self.plan_pairs()
        )
    }

    fn place_pairs(&self) -> String {
        let (lat, lon) = self.place.unwrap_or((NO_FIX, NO_FIX));
        format!(
            "lat:{},NS:{},lon:{},EW:{}",
            nmea::unpadded_text(lat),
            if lat < 0.0 { 'S' } else { 'N' },
            nmea::unpadded_text(lon),
            if lon < 0.0 { 'W' } else { 'E' }
        )
    }

    fn plan_pairs(&self) -> String {
        format!(
            "int:{},sl:{},st:{}",
            self.interval_s / SECONDS_PER_MINUTE,
            self.sleep_s / SECONDS_PER_MINUTE,
            self.reason.code()
        )
    }
}

/// A command as a handset sends it: `PK005;1`.
pub fn handset_command(command: Command) -> String {
    format!("{};{}", command.code(), command.value())
}
