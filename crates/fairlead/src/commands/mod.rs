//! The operator's commands: one file each.

pub(crate) mod backup;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod migrate;
pub(crate) mod reference;
pub(crate) mod replay;
pub(crate) mod shell;
pub(crate) mod token;
pub(crate) mod user;
