//! Roll-outs.
