//! One module per table, as the migrations make it. Columns are documented where they are made.
#![expect(
    missing_docs,
    reason = "the columns are documented in the migrations; derive macros add undocumented items"
)]

pub mod activity_hour;
pub mod api_token;
pub mod audit_entry;
pub mod brake;
pub mod brake_row;
pub mod business;
pub mod change;
pub mod conflict;
pub mod connection;
pub mod data_key;
pub mod heard;
pub mod installation;
pub mod lease;
pub mod link;
pub mod link_alias;
pub mod notice;
pub mod outcome;
pub mod outcome_day;
pub mod preview_row;
pub mod run;
pub mod session;
pub mod staff;
pub mod tombstone;
