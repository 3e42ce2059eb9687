//! `annex keys`: master keys of the vault. None is stored: an entry is to be put into the configuration.

use std::process::ExitCode;

use anyhow::bail;
use clap::Subcommand;
use secrecy::ExposeSecret as _;
use sync_core::{
    access::audit::Actor, clock::Clock, core::Core, random::Random, storage::Db, vault::MasterKeys,
};

use super::config;
use crate::run::{core_on, refusal::Refusal};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a key and print its entry for ANNEX_MASTER_KEYS; put it first to make it the current one.
    Generate {
        /// The key's name; a new key needs a new one.
        #[arg(long, default_value = "k1")]
        id: String,
    },
    /// Let go of what a lost key sealed, so that the service starts without it. Those businesses must authorise HubSpot
    /// again; links, settings and history are kept.
    Abandon {
        /// The lost key's name.
        id: String,
        /// Do it; otherwise it is only said what would be done.
        #[arg(long)]
        yes: bool,
    },
}

pub(super) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Generate { id } => generate(&id),
        Command::Abandon { id, yes } => abandon(&id, yes).await,
    }
}

fn generate(id: &str) -> anyhow::Result<ExitCode> {
    if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        bail!("The name of a key is letters, digits, hyphens and underscores.");
    }
    println!("{}", MasterKeys::generate_entry(id, &Random::from_system()).expose_secret());
    eprintln!("Keep a copy in a safe place: without it nothing that was sealed can be opened again.");
    Ok(ExitCode::SUCCESS)
}

async fn abandon(id: &str, yes: bool) -> anyhow::Result<ExitCode> {
    let config = config()?;
    let db = Db::connect_with(config.database_url.expose_secret(), config.database_connections).await;
    // Not as others are put together: that this key is missing is why we are here.
    let core = core_on(&config, db.map_err(Refusal::from)?, Clock::system(), Random::from_system())?;
    let sealed = core.sealed_by(id).await?;
    if sealed == 0 {
        println!("No installation has anything that the key {id} sealed; nothing was done.");
        return Ok(ExitCode::SUCCESS);
    }
    if !yes {
        println!(
            "{sealed} installations have tokens that only the key {id} opens. They would have to authorise HubSpot \
             again, and who was erased for privacy there would not be known any more. Nothing was done; to do it: annex \
             keys abandon {id} --yes"
        );
        return Ok(ExitCode::FAILURE);
    }
    let abandoned = core.abandon_master_key(id, &Actor::command_line()).await?;
    println!("{} installations must authorise HubSpot again.", abandoned.installations);
    if abandoned.erased > 0 {
        println!(
            "{} people had been erased for privacy, which is not known any more: whoever of them is still a user at \
             Storeganise gets a contact again. Erase them there before those businesses authorise.",
            abandoned.erased
        );
    }
    recheck(&core).await
}

/// Another key may be missing, too.
async fn recheck(core: &Core) -> anyhow::Result<ExitCode> {
    core.check_master_keys().await.map_err(Refusal::from)?;
    println!("The service can be started.");
    Ok(ExitCode::SUCCESS)
}
