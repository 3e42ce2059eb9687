//! Everything true for all tenants: storage, vault, installations, connections, the change queue, the sync.
//!
//! Read it in this order. The two parameters nothing may reach around (`clock`, `random`); what is kept and
//! how secrets are (`storage`, `vault`, `digest`); who may do what (`access`); the tenants (`installation`,
//! `connection`, `settings`); the queue (`queue`), the worker that empties it (`worker`, `turn`, `sweep`, and
//! `preview`, which writes nothing), the sync of records (`record`) with its pure parts (`fields`, `normalise`, `merge`,
//! `retry`); what waits for a person (`brake`, `conflicts`); and what is shown of it all (`views`, `explain`, `health`),
//! told to the business (`notices`) and kept (`retention`). It knows nothing of HTTP servers or templates.

pub mod clock;
pub mod random;

pub mod core;
pub mod digest;
pub mod error;
pub mod storage;
pub mod vault;

pub mod access;
pub mod connection;
pub mod installation;
pub mod settings;

mod isolate;
mod order;
pub mod preview;
pub mod queue;
pub mod sweep;
pub mod turn;
pub mod wake;
pub mod worker;

pub mod brake;
pub mod conflicts;
pub mod fields;
pub mod mapping;
pub mod merge;
pub mod normalise;
pub mod record;
pub mod retry;

pub mod explain;
pub mod health;
pub mod notices;
pub mod retention;
pub mod views;
