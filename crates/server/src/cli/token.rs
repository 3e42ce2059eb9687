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
        /// How many days it is good for; 0 for until it is revoked.
        #[arg(long, default_value_t = 365)]
        days: u16,
    },
}

pub(super) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    let Command::Create { name, role, days } = command;
    let days = (days > 0).then_some(days);
    let token = core().await?.create_api_token(&name, role.into(), days, &Actor::command_line()).await?;
    println!("{}", token.expose_secret());
    eprintln!("Keep it now: only its digest is stored, so it cannot be shown again.");
    Ok(ExitCode::SUCCESS)
}
