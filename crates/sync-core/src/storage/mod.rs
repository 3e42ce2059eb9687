//! The database: SQLite (embedded default) or PostgreSQL, behind one type. No query stands here.
//!
//! SQLite has one write connection and a pool to read from; every read-then-write transaction begins
//! IMMEDIATE, because a deferred one fails with "database is locked" where two of them meet.

use std::time::Duration;

use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    DbErr, SqliteTransactionMode, TransactionOptions, TransactionTrait as _,
};
use sea_orm_migration::MigratorTrait as _;

pub mod entity;

/// Replicas that start together take turns under this advisory lock of PostgreSQL.
const MIGRATION_LOCK: i64 = 731_842_001;
const SQLITE_READERS: u32 = 4;
/// Five seconds in all, like the busy time-out.
const SQLITE_TRIES: u32 = 100;
const SQLITE_TRY_EVERY: Duration = Duration::from_millis(50);
const POSTGRES_CONNECTIONS: u32 = 10;

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
    /// The database cannot be reached, or a migration fails (it is rolled back as a whole).
    pub async fn connect(url: &str) -> Result<Self, DbErr> {
        let db = if url.starts_with("sqlite:") {
            let url = with_create_mode(url);
            Self {
                writer: connect_sqlite(&url, 1).await?,
                reader: connect_sqlite(&url, SQLITE_READERS).await?,
            }
        } else {
            let pool = Database::connect(pool_options(url, POSTGRES_CONNECTIONS)).await?;
            Self { writer: pool.clone(), reader: pool }
        };
        db.migrate().await?;
        Ok(db)
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

    async fn migrate(&self) -> Result<(), DbErr> {
        let transaction = self.begin().await?;
        if !self.is_sqlite() {
            transaction
                .execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
                .await?;
        }
        migrations::Migrator::up(&transaction, None).await?;
        transaction.commit().await
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
    use sea_orm::Statement;

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
