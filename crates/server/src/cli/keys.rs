//! `annex keys`: master keys of the vault. None is stored: an entry is to be put into the configuration.

use std::{process::ExitCode, sync::Arc};

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
    /// Say what each key is used for, and which can be taken out of ANNEX_MASTER_KEYS.
    Status,
    /// Seal all data keys by the current key, the first one, while the service goes on. Interrupted, it is gone on with by
    /// calling it again.
    Rotate,
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
        Command::Status => status(&*over_the_database().await?).await,
        Command::Rotate => rotate().await,
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

/// Not as others are put together: a key that is missing may be why we are here.
async fn over_the_database() -> anyhow::Result<Arc<Core>> {
    let config = config()?;
    let db = Db::connect_with(config.database_url.expose_secret(), config.database_connections).await;
    core_on(&config, db.map_err(Refusal::from)?, Clock::system(), Random::from_system())
}

/// One line for each key; the code is 1 where one is missing.
async fn status(core: &Core) -> anyhow::Result<ExitCode> {
    let uses = core.key_uses().await?;
    for key in &uses {
        let says = match (key.is_current, key.is_configured, key.installations) {
            (true, ..) => "the current one: new secrets are sealed with it",
            (false, true, 0) => "not used any more: it can be taken out of ANNEX_MASTER_KEYS",
            (false, true, _) => "still needed: run annex keys rotate, then look again",
            (false, false, _) => "MISSING in ANNEX_MASTER_KEYS: what it sealed cannot be opened",
        };
        println!("{}: {} installations, {says}", key.id, key.installations);
    }
    Ok(if uses.iter().all(|key| key.is_configured) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn rotate() -> anyhow::Result<ExitCode> {
    let core = over_the_database().await?;
    let rotated = core.rotate_master_keys(&Actor::command_line()).await?;
    println!("{} data keys are sealed by the current key now that were not before.", rotated.installations);
    for installation in &rotated.shut {
        eprintln!("The data key of installation {installation} did not open and is as it was.");
    }
    let standing = status(&core).await?;
    Ok(if rotated.shut.is_empty() { standing } else { ExitCode::FAILURE })
}

async fn abandon(id: &str, yes: bool) -> anyhow::Result<ExitCode> {
    let core = over_the_database().await?;
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
