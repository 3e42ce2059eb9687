//! The CRM of one portal, without HTTP: records and their history, definitions, pipelines, and the rules for
//! writing, merging and searching.

pub(crate) mod association;
pub(crate) mod batch;
mod builtin;
pub(crate) mod definition;
mod emails;
mod fields;
mod filter;
mod keys;
pub(crate) mod kind;
mod life;
mod path;
pub(crate) mod pipeline;
mod places;
pub(crate) mod record;
pub(crate) mod rules;
pub(crate) mod schema;
pub(crate) mod search;
pub(crate) mod store;
mod values;
pub(crate) mod view;
mod wake;
pub(crate) mod write;
