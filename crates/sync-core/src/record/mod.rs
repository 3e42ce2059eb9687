//! The sync of records: read both sides as needed, decide by the merge, write in batches, remember.
//!
//! `side` reads values off a record, `address` knows the composite field, `baseline` is what a link remembers,
//! `plan` decides (`decide` puts a pair before it), `newest` where both sides changed and the newer value wins, `flips`
//! where a field goes back and forth, `asked` where a person decided; `intended` tells a write of ours whose answer was
//! lost from a person's edit. Users go through `users`: `read`,
//! `resting` pairs left alone, `matching` for those without a link, `pairs` for what is written, `emails` where two
//! contacts want one address, `moved` where contacts were merged, `write` in halves. `deals` with `deal` and `won`, `contacts`,
//! `mirrors` and `erasure` are the other kinds of work; `edits` finds what no event told of contacts, `link` keeps the
//! pairs; `dry` decides the same and writes nothing: `finding`.

pub mod address;
mod asked;
pub mod baseline;
pub mod contacts;
mod deal;
pub mod deals;
pub(crate) mod decide;
pub mod done;
pub mod dry;
mod edits;
mod emails;
mod erasure;
pub(crate) mod finding;
pub mod flips;
pub mod intended;
pub mod link;
pub mod matching;
pub mod mirrors;
mod moved;
pub(crate) mod newest;
mod pairs;
pub mod plan;
mod read;
mod resting;
pub mod side;
pub mod users;
pub mod won;
pub mod write;
