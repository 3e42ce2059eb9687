//! The CRM of one portal, without HTTP: records and their history, definitions, pipelines, and the rules for
//! writing, merging and searching.

pub(crate) mod association;
pub(crate) mod batch;
mod builtin;
pub(crate) mod definition;
mod filter;
pub(crate) mod kind;
mod life;
pub(crate) mod pipeline;
pub(crate) mod record;
pub(crate) mod schema;
pub(crate) mod search;
pub(crate) mod store;
mod values;
pub(crate) mod view;
pub(crate) mod write;
