//! Why a database cannot be used, told so that a person can mend it; and a first try, because the pool tells less: it
//! asks again for half a minute and then says only that it waited.

use std::{str::FromStr as _, time::Duration};

use sea_orm::{
    DbErr,
    sqlx::{
        self, ConnectOptions as _, Connection as _, postgres::PgConnectOptions, sqlite::SqliteConnectOptions,
    },
};
use tokio::time::{Instant, sleep, timeout_at};

use super::reason::{innermost, reason};

/// How long a server that does not answer is asked again: services often start together with their database.
const PATIENCE: Duration = Duration::from_secs(5);
const TRY_EVERY: Duration = Duration::from_millis(200);
/// What PostgreSQL says while it starts or stops, or has no connection to spare.
const COMES_AROUND: [&str; 4] = ["57P01", "57P02", "57P03", "53300"];

/// Why a database cannot be used. No message holds its address: that has a password in it.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address cannot be read as one.
    #[error("the address of the database cannot be read")]
    Address,
    /// It cannot be reached, or does not let us in.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// It was brought up to date by a later version of this program.
    #[error("the schema of the database is newer than this program: {}", .unknown.join(", "))]
    Newer {
        /// The migrations that this program does not know.
        unknown: Vec<String>,
    },
    /// The schema could not be brought up to date, and is as it was.
    #[error("the schema of the database could not be brought up to date: {}", reason(.0))]
    Migration(DbErr),
}

impl OpenError {
    pub(super) fn unreachable(error: &DbErr) -> Self {
        Self::Unreachable(reason(error))
    }

    fn refused(error: &sqlx::Error) -> Self {
        Self::Unreachable(innermost(error))
    }
}

/// Whether there is something to open at an address: a SQLite file is made at the first use, a server's database is not.
#[must_use]
pub fn is_there(url: &str) -> bool {
    !url.starts_with("sqlite:")
        || SqliteConnectOptions::from_str(url).is_ok_and(|options| options.get_filename().exists())
}

/// Whether the address can be read.
pub(super) fn try_sqlite(url: &str) -> Result<(), OpenError> {
    SqliteConnectOptions::from_str(url).map(drop).map_err(|_| OpenError::Address)
}

/// One connection, made and closed again.
pub(super) async fn try_postgres(url: &str) -> Result<(), OpenError> {
    let options = PgConnectOptions::from_str(url).map_err(|_| OpenError::Address)?;
    let give_up = Instant::now() + PATIENCE;
    loop {
        let error = match timeout_at(give_up, options.connect()).await {
            Ok(Ok(connection)) => {
                return connection.close().await.map_err(|error| OpenError::refused(&error));
            }
            Ok(Err(error)) => error,
            Err(_) => return Err(OpenError::Unreachable("nobody answers at this host and port".to_owned())),
        };
        if !comes_around(&error) || Instant::now() + TRY_EVERY >= give_up {
            return Err(OpenError::refused(&error));
        }
        sleep(TRY_EVERY).await;
    }
}

/// Whether asking again a moment later may help.
fn comes_around(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(told) => told.code().is_some_and(|code| COMES_AROUND.contains(&&*code)),
        _ => false,
    }
}
