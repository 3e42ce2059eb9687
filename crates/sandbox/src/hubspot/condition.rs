//! States an account or a record may be in for a while: locked, or being moved between data centres.

use std::collections::HashMap;

use super::crm::kind::Kind;
use super::error::ApiError;
use super::portal::Portal;

/// What holds for the time being.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    locks: HashMap<(Kind, u64), u64>,
    migration_retry_after_s: Option<u64>,
}

impl Portal {
    /// Locks a record until a moment.
    pub(crate) fn lock(&mut self, kind: Kind, id: u64, until_ms: u64) {
        self.conditions.locks.insert((kind, id), until_ms);
    }

    /// Time went on: the locks that ended are gone.
    pub(crate) fn pass_time(&mut self, now_ms: u64) {
        self.conditions.locks.retain(|_, until_ms| *until_ms > now_ms);
    }

    /// Refuses a write to a locked record.
    ///
    /// # Errors
    /// 423 while it is locked.
    pub(crate) fn check_unlocked(&self, kind: Kind, id: u64) -> Result<(), ApiError> {
        match self.conditions.locks.contains_key(&(kind, id)) {
            true => Err(ApiError::locked(id)),
            false => Ok(()),
        }
    }

    /// Starts a move of the account, with the seconds that callers are told to wait, or ends it.
    pub(crate) fn migrate(&mut self, retry_after_s: Option<u64>) {
        self.conditions.migration_retry_after_s = retry_after_s;
    }

    /// Refuses every call while the account is being moved.
    ///
    /// # Errors
    /// 477 with the seconds to wait.
    pub(crate) fn check_in_place(&self) -> Result<(), ApiError> {
        self.conditions.migration_retry_after_s.map_or(Ok(()), |seconds| Err(ApiError::migrating(seconds)))
    }
}
