//! Browser sessions in the core's database, for tower-sessions.
//!
//! What is stored is opaque here; expired rows are swept elsewhere, and never read.

use std::{fmt, sync::Arc};

use sync_core::{core::Core, error::Error};
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{self, Error as StoreError},
};

/// Keeps sessions in the core's database.
#[derive(Clone)]
pub struct CoreSessionStore(Arc<Core>);

impl CoreSessionStore {
    /// A store over the core's database.
    #[must_use]
    pub fn new(core: Arc<Core>) -> Self {
        Self(core)
    }
}

impl fmt::Debug for CoreSessionStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CoreSessionStore").finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl SessionStore for CoreSessionStore {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        // An id is 128 random bits: a second round is a matter of form.
        while !self
            .0
            .create_session(&record.id.to_string(), data(record)?, expiry(record))
            .await
            .map_err(|error| backend(&error))?
        {
            record.id = Id::default();
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> session_store::Result<()> {
        self.0
            .save_session(&record.id.to_string(), data(record)?, expiry(record))
            .await
            .map_err(|error| backend(&error))
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let found = self.0.load_session(&id.to_string()).await.map_err(|error| backend(&error))?;
        found
            .map(|data| serde_json::from_str(&data).map_err(|error| StoreError::Decode(error.to_string())))
            .transpose()
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        self.0.delete_session(&id.to_string()).await.map_err(|error| backend(&error))
    }
}

fn data(record: &Record) -> session_store::Result<String> {
    serde_json::to_string(record).map_err(|error| StoreError::Encode(error.to_string()))
}

/// The expiry in microseconds since 1970, as times are stored.
fn expiry(record: &Record) -> i64 {
    i64::try_from(record.expiry_date.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

fn backend(error: &Error) -> StoreError {
    StoreError::Backend(error.code())
}
