//! What may be wrong with a device.

/// A device's trouble with upgrades.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trouble {
    /// None.
    #[default]
    None,
    /// Its power fails in mid-transfer, so many times, each time after a random number of bytes up to this.
    Cut {
        /// How many times.
        times: u32,
        /// Bytes, sent and received.
        within: u64,
    },
    /// After so many files its flash reads back otherwise than it was written.
    BrokenFlash {
        /// Files that go well.
        after: u32,
    },
    /// It goes to fetch firmware, and is not heard any more until somebody switches it off and on.
    Silent,
    /// It fetches everything and says that it failed.
    SaysFailed,
    /// It finds no network when it is to fetch firmware.
    NoNetwork,
}
