//! The HubSpot API on the wire.
//!
//! It knows nothing of tenants, databases or servers. [`oauth`] gets and renews the tokens of a portal,
//! [`crm::Portal`] speaks to that portal with one of them, [`budget`] keeps it within what HubSpot allows,
//! and [`event`] and [`signature`] are the way in for what HubSpot sends by itself.
//!
//! It repeats nothing by itself: a failure comes back with a class, and the caller decides. What comes back
//! holds codes and names of properties, never the values or the free text of an answer.

pub mod oauth;
pub mod token_error;

pub mod crm;
pub mod error;
pub mod problem;

pub mod associations;
pub mod batch;
pub mod deals;
pub mod pipelines;
pub mod properties;
pub mod record;

pub mod budget;
pub mod http;

pub mod event;
pub mod signature;

mod call;
mod lenient;
#[cfg(test)]
mod wire_tests;

/// The dated version of every HubSpot path we call; each version lives about 18 months (this one to March 2028).
pub const API_VERSION: &str = "2026-09";
