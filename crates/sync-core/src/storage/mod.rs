//! The database: SQLite (embedded default) or PostgreSQL, behind one type. No query stands here.
//!
//! SQLite has one write connection and a pool to read from; every read-then-write transaction begins
//! IMMEDIATE, because a deferred one fails with "database is locked" where two of them meet.

use std::time::Duration;

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait as _,
};

pub mod entity;
pub mod hold;
pub mod open;
pub(crate) mod reason;
pub mod schema;

use open::OpenError;

const SQLITE_READERS: u32 = 4;
/// Five seconds in all, like the busy time-out.
const SQLITE_TRIES: u32 = 100;
const SQLITE_TRY_EVERY: Duration = Duration::from_millis(50);
/// Connections to PostgreSQL that a process holds at most where nobody says otherwise.
pub const POSTGRES_CONNECTIONS: u32 = 10;
/// How long PostgreSQL is waited for where it is away or every connection is lent: a webhook is refused before its sender
/// gives up, and comes again.
const CONNECTION_WAIT: Duration = Duration::from_secs(4);
/// In PostgreSQL's own form.
const STATEMENT_MAX: &str = "30s";

/// The connected database; clones share its connections.
#[derive(Debug, Clone)]
pub struct Db {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
}

impl Db {
    /// Connects to `sqlite://path` or `postgres://…` and brings the schema up to date.
    ///
    /// # Errors
    /// The database cannot be reached, its schema is newer than this program, or a migration fails (it is rolled
    /// back as a whole).
    pub async fn connect(url: &str) -> Result<Self, OpenError> {
        Self::connect_with(url, POSTGRES_CONNECTIONS).await
    }

    /// As [`Db::connect`], with so many connections to PostgreSQL at most.
    ///
    /// # Errors
    /// As [`Db::connect`].
    pub async fn connect_with(url: &str, connections: u32) -> Result<Self, OpenError> {
        let db = Self::open_with(url, connections).await?;
        db.migrate().await?;
        Ok(db)
    }

    /// Connects and leaves the schema as it is; a SQLite file is made where there is none, unless the address says
    /// otherwise.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        Self::open_with(url, POSTGRES_CONNECTIONS).await
    }

    async fn open_with(url: &str, connections: u32) -> Result<Self, OpenError> {
        if url.starts_with("sqlite:") {
            open::try_sqlite(url)?;
            let url = with_create_mode(url);
            let writer = connect_sqlite(&url, 1).await.map_err(|error| OpenError::unreachable(&error))?;
            let reader =
                connect_sqlite(&url, SQLITE_READERS).await.map_err(|error| OpenError::unreachable(&error))?;
            return Ok(Self { writer, reader });
        }
        open::try_postgres(url).await?;
        let pool = Database::connect(postgres_options(url, connections))
            .await
            .map_err(|error| OpenError::unreachable(&error))?;
        Ok(Self { writer: pool.clone(), reader: pool })
    }

    /// Where to read outside a transaction.
    #[must_use]
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// Where to send one statement that needs no transaction of ours.
    #[must_use]
    pub fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Begins a transaction that may read and then write. No remote call may happen before it ends.
    ///
    /// # Errors
    /// No connection is free in time.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let immediate = self.is_sqlite().then_some(SqliteTransactionMode::Immediate);
        let options = TransactionOptions { sqlite_transaction_mode: immediate, ..Default::default() };
        self.writer.begin_with_options(options).await
    }

    /// Whether this is SQLite, where one writer at a time needs no row locks.
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        self.writer.get_database_backend() == DbBackend::Sqlite
    }
}

/// Opens a SQLite file. Of processes that open a new one together, one switches it to WAL, and the others are
/// told "locked" at once, whatever the busy time-out says: they come again.
async fn connect_sqlite(url: &str, connections: u32) -> Result<DatabaseConnection, DbErr> {
    let mut tries = 1;
    loop {
        match Database::connect(sqlite_options(url, connections)).await {
            Err(DbErr::Conn(error)) if tries < SQLITE_TRIES && error.to_string().contains("locked") => {
                tries += 1;
                tokio::time::sleep(SQLITE_TRY_EVERY).await;
            }
            connected => return connected,
        }
    }
}

/// A SQLite file is made where there is none, unless the address says otherwise.
fn with_create_mode(url: &str) -> String {
    if url.contains('?') { url.to_owned() } else { format!("{url}?mode=rwc") }
}

/// Connections are never closed for their age: the task that does it (sqlx 0.9.0, `spawn_maintenance_tasks`) counts idle
/// connections by a number that another thread can carry below zero for a moment, and then spins for ever on a thread of
/// the runtime. A connection the server has closed is noticed all the same: each is tried before it is lent.
fn pool_options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .idle_timeout(None::<Duration>)
        .max_lifetime(None::<Duration>)
        .test_before_acquire(true)
        .sqlx_logging(false);
    options
}

/// No statement of ours takes long; one that does, or a transaction nobody ends, must not hold the others up for ever.
fn postgres_options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = pool_options(url, connections);
    options.acquire_timeout(CONNECTION_WAIT);
    options.map_sqlx_postgres_opts(|options| {
        options.application_name("annex").options([
            ("statement_timeout", STATEMENT_MAX),
            ("idle_in_transaction_session_timeout", STATEMENT_MAX),
        ])
    });
    options
}

/// `synchronous=FULL`: a webhook is answered 200 only for what survives a power cut.
fn sqlite_options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = pool_options(url, connections);
    options.map_sqlx_sqlite_opts(|options| {
        options
            .pragma("journal_mode", "WAL")
            .pragma("synchronous", "FULL")
            .pragma("busy_timeout", "5000")
            .pragma("foreign_keys", "ON")
    });
    options
}

#[cfg(test)]
pub(crate) mod tests {
    use sea_orm::{ConnectionTrait as _, Statement};
    use sea_orm_migration::MigratorTrait as _;

    use super::*;

    /// How SQLite would carry a statement out on an empty database of today's schema, a line for each step.
    pub(crate) async fn plan_of(statement: Statement) -> String {
        let db = Database::connect(pool_options("sqlite::memory:", 1)).await.unwrap();
        migrations::Migrator::up(&db, None).await.unwrap();
        let plan = Statement { sql: format!("EXPLAIN QUERY PLAN {}", statement.sql), ..statement };
        let steps = db.query_all_raw(plan).await.unwrap();
        steps.iter().map(|step| step.try_get::<String>("", "detail").unwrap() + "\n").collect()
    }
}
