//! The schema: brought up to date under a lock that all replicas share, and never used where it is newer than this
//! program. A version must get along with the one before it: replicas that still run that one go on meanwhile, and are
//! refused only when they start anew.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};
use sea_orm_migration::{IntoSchemaManagerConnection, MigratorTrait as _, SchemaManager};

use super::{Db, open::OpenError};

/// Replicas that start together take turns under this advisory lock of PostgreSQL.
const MIGRATION_LOCK: i64 = 731_842_001;

/// What is in a database, against what this program knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// Migrations that are in the database.
    pub applied: Vec<String>,
    /// Migrations that are still to be run.
    pub pending: Vec<String>,
    /// Migrations that were run by a later version of this program.
    pub unknown: Vec<String>,
}

impl Db {
    /// Looks at the schema and changes nothing.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn schema(&self) -> Result<Schema, DbErr> {
        look(self.reader()).await
    }

    /// Brings the schema up to date, and says which migrations were run: all of them or none.
    ///
    /// # Errors
    /// The schema is newer than this program, or a migration fails.
    pub async fn migrate(&self) -> Result<Vec<String>, OpenError> {
        let transaction = self.begin().await.map_err(|error| OpenError::unreachable(&error))?;
        if !self.is_sqlite() {
            // Another replica's migration, or our own on a large table, takes as long as it takes.
            let lock = format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})");
            for statement in ["SET LOCAL statement_timeout = 0", &lock] {
                transaction.execute_unprepared(statement).await.map_err(OpenError::Migration)?;
            }
        }
        let found = look(&transaction).await.map_err(OpenError::Migration)?;
        if !found.unknown.is_empty() {
            return Err(OpenError::Newer { unknown: found.unknown });
        }
        if !found.pending.is_empty() {
            migrations::Migrator::up(&transaction, None).await.map_err(OpenError::Migration)?;
        }
        transaction.commit().await.map_err(OpenError::Migration)?;
        Ok(found.pending)
    }
}

#[derive(FromQueryResult)]
struct Applied {
    version: String,
}

/// The migrator's own look would make its table where there is none, and stops at the first migration it does not know.
async fn look<'c, C>(on: &'c C) -> Result<Schema, DbErr>
where
    C: ConnectionTrait,
    &'c C: IntoSchemaManagerConnection<'c>,
{
    let known: Vec<String> =
        migrations::Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    let table = migrations::Migrator::migration_table_name();
    let mut applied: BTreeSet<String> = BTreeSet::new();
    if SchemaManager::new(on).has_table(table.to_string()).await? {
        let sql = format!("SELECT version FROM {table}");
        let rows = Applied::find_by_statement(Statement::from_string(on.get_database_backend(), sql))
            .all(on)
            .await?;
        applied.extend(rows.into_iter().map(|row| row.version));
    }
    Ok(Schema {
        pending: known.iter().filter(|name| !applied.contains(*name)).cloned().collect(),
        unknown: applied.iter().filter(|name| !known.contains(name)).cloned().collect(),
        applied: applied.into_iter().collect(),
    })
}
