//! `annex token`: tokens of the JSON API.

use std::process::ExitCode;

use clap::Subcommand;
use secrecy::ExposeSecret as _;
use sync_core::access::audit::Actor;

use super::{RoleName, core};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a token and print it, this once.
    Create {
        /// Who will use it; the audit log shows this name.
        #[arg(long)]
        name: String,
        /// What it may do.
        #[arg(long, value_enum, default_value = "staff")]
        role: RoleName,
    },
}

pub(super) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    let Command::Create { name, role } = command;
    let token = core().await?.create_api_token(&name, role.into(), &Actor::command_line()).await?;
    println!("{}", token.expose_secret());
    eprintln!("Keep it now: only its digest is stored, so it cannot be shown again.");
    Ok(ExitCode::SUCCESS)
}
