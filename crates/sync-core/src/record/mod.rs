//! The sync of records: read both sides as needed, decide by the merge, write in batches, remember.
//!
//! `side` reads values off a record, `address` knows the composite field, `baseline` is what a link remembers,
//! `plan` decides (`decide` puts a pair before it), `newest` where both sides changed and the newer value wins, `flips` where a field goes back and
//! forth, `asked` where a person decided, `write` sends in halves. `users`, `deals`, `contacts` and `mirrors` are the
//! four kinds of work; `edits` finds what no event told of contacts, and `link` keeps the pairs.

pub mod address;
mod asked;
pub mod baseline;
pub mod contacts;
pub mod deals;
pub(crate) mod decide;
pub mod done;
mod edits;
pub mod flips;
pub mod link;
pub mod matching;
pub mod mirrors;
pub(crate) mod newest;
pub mod plan;
pub mod side;
pub mod users;
pub mod won;
pub mod write;
