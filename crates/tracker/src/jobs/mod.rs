//! What the tracker does: it understands messages, and tells the pages.

pub(crate) mod news;
pub(crate) mod remind;
pub(crate) mod understand;
