//! The Storeganise Add-on API on the wire.
//!
//! It knows nothing of tenants, databases or servers: it is given an address and a key, and it speaks for
//! one installation of the add-on. Begin with [`client::Account`]; [`event`] and [`signature`] are the way in.
//!
//! What the provider leaves open is decided here and nowhere else: lists may come wrapped, ids and texts may
//! come loosely typed, an address may be an object, an unknown state is kept. What cannot be understood is
//! an error that names its place, never its value.

pub mod client;
pub mod error;

pub mod addon;
pub mod task;
pub mod user;

pub mod api_url;
pub mod http;
pub mod pace;

pub mod event;
pub mod signature;

mod lenient;
#[cfg(test)]
mod wire_tests;
