//! `annex migrate`: brings the schema up to date, as every start does; for those who do it before they start.

use std::process::ExitCode;

use secrecy::ExposeSecret as _;
use sync_core::storage::Db;

use super::env;
use crate::{config::database_url, run::refusal::Refusal};

pub(super) async fn run() -> anyhow::Result<ExitCode> {
    let url = database_url(&env)?;
    let db = Db::open(url.expose_secret()).await.map_err(Refusal::from)?;
    let run = db.migrate().await.map_err(Refusal::from)?;
    if run.is_empty() {
        println!("The schema was up to date already; nothing was done.");
    } else {
        println!("The schema is up to date. Migrations that were run: {}.", run.join(", "));
    }
    Ok(ExitCode::SUCCESS)
}
