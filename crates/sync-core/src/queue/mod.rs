//! The change queue: not a list of messages but the set of records to look at again.

pub mod change;
pub mod committer;
pub mod heard;
pub mod intake;
pub mod lease;
pub(crate) mod of_run;
pub mod outcome;
