//! Everything true for all tenants. So far: the two parameters nothing may reach around, time and randomness.

pub mod clock;
pub mod random;
