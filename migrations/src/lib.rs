//! The schema of Annex, for SQLite and PostgreSQL alike.
//!
//! A migration is never edited once it has been released; a new one is added. Times that SQL compares are
//! BIGINT microseconds, states are text, and every row of an installation carries `installation_id` first in
//! its unique indexes. No column holds a name, an e-mail address, a phone number or a postal address.

use sea_orm_migration::prelude::*;

mod m0001_tenancy;
mod m0002_sync;
mod m0003_access;
mod m0004_whole;
mod m0005_refresh;
mod m0006_activity;
mod m0007_account;
mod m0008_visits;

/// Runs the migrations in order. It takes no lock of its own: see `sync_core::storage::connect`.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_tenancy::Migration),
            Box::new(m0002_sync::Migration),
            Box::new(m0003_access::Migration),
            Box::new(m0004_whole::Migration),
            Box::new(m0005_refresh::Migration),
            Box::new(m0006_activity::Migration),
            Box::new(m0007_account::Migration),
            Box::new(m0008_visits::Migration),
        ]
    }
}
