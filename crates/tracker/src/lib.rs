//! tracker.
