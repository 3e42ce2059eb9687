//! The HubSpot API on the wire: so far the webhook signature and the request window.
//!
//! It knows nothing of tenants, databases or servers. OAuth and the CRM client are not here yet.

pub mod budget;
pub mod signature;
