//! The firmware service from outside.
