//! One test binary for the whole house.
//!
//! `guide` reads like the product guide; `custom_fields` maps a business's own; `brake` and `conflicts` are where a person
//! decides; `pauses`, `failures` and `crashes` are what can go wrong on the way;
//! `matching`, `lifecycles` and `batches` are who belongs to whom, what becomes of a pair, and what one record does to the
//! others; `lost_answers`, `convergence` and `model` let everything go wrong and look at the end; `conformance` holds the
//! sandbox against programs that are not ours; `doors` are the ways in; `runs` go through everybody; `starting` and
//! `stopping` run the real binary, as `process` lets them, `upgrade` beside an older one, `restore` on an older database, and
//! `packaging` is what it is shipped in; `storage` is what both
//! databases must do alike, `plans` how PostgreSQL finds its rows, `replicas` and `refreshing` what several do together; `traces` is what
//! we leave behind, and `watched` what a service shows of itself; `pages` are those with records on them, and `browser` looks at all of them; `explain`, `notices` and `retention` are what a person is shown and told, and for how long;
//! `outages` is a database that is away or cannot write, with events as `events` sends them;
//! `requests` counts what it costs, and `complaints` names a test for everything that people complain of.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod account;
mod addon;
mod arrows;
mod batches;
mod brake;
mod browser;
mod business;
mod complaints;
mod conflicts;
mod conformance;
mod convergence;
mod crashes;
mod custom_fields;
mod doors;
mod events;
mod explain;
mod failures;
mod fleet;
mod guide;
mod lifecycles;
mod lost_answers;
mod matching;
mod model;
mod notices;
mod outages;
mod packaging;
mod pages;
mod pauses;
mod plans;
mod privacy;
mod process;
mod refreshing;
mod replicas;
mod requests;
mod restore;
mod retention;
mod rotation;
mod runs;
mod security;
mod starting;
mod stopping;
mod storage;
mod tenant;
mod traces;
mod upgrade;
mod watched;
