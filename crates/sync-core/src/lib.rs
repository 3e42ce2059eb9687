//! Everything true for all tenants. So far its pure parts: the two parameters nothing may reach around
//! (time and randomness), the vault's envelope, the normal form of
//! values, the decision for one field, and the waits between attempts.

pub mod clock;
pub mod random;

pub mod vault;

pub mod merge;
pub mod normalise;
pub mod retry;
