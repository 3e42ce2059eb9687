//! `annex keys`: master keys of the vault. Nothing is stored: the entry is to be put into the configuration.

use std::process::ExitCode;

use anyhow::bail;
use clap::Subcommand;
use secrecy::ExposeSecret as _;
use sync_core::{random::Random, vault::MasterKeys};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a key and print its entry for ANNEX_MASTER_KEYS; put it first to make it the current one.
    Generate {
        /// The key's name; a new key needs a new one.
        #[arg(long, default_value = "k1")]
        id: String,
    },
}

pub(super) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    let Command::Generate { id } = command;
    if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        bail!("The name of a key is letters, digits, hyphens and underscores.");
    }
    println!("{}", MasterKeys::generate_entry(id, &Random::from_system()).expose_secret());
    eprintln!("Keep a copy in a safe place: without it nothing that was sealed can be opened again.");
    Ok(ExitCode::SUCCESS)
}
