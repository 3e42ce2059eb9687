//! The Storeganise Add-on API on the wire: addresses, events and signatures.
//!
//! It knows nothing of tenants, databases or servers. The HTTP client is not here yet.

pub mod api_url;
pub mod event;
pub mod signature;
