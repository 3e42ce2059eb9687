//! The command line. Answers go to stdout, everything else to stderr.
//!
//! Exit codes: 0 it worked, 1 it did not, 2 the configuration (or the command line) is wrong, or does not fit what it is
//! to be used with: one line says what and how to mend it.

#![expect(clippy::print_stdout, reason = "the command line speaks to a person")]

use std::{process::ExitCode, sync::Arc};

use clap::{Parser, Subcommand, ValueEnum};
use sync_core::{access::Role, core::Core};
use tokio::runtime::Builder;

use crate::{
    config::{Config, ConfigError, collector},
    run::{Duty, core_of, refusal::Refusal},
    telemetry::Telemetry,
};

mod ask;
mod demo;
mod doctor;
mod healthcheck;
mod installation;
mod keys;
mod migrate;
mod sandbox;
mod serve;
mod signals;
mod staff;
mod token;

const WRONG_CONFIGURATION: u8 = 2;

/// The HubSpot add-on platform for Storeganise.
#[derive(Debug, Parser)]
#[command(name = "annex", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service: pages, JSON API, webhooks and workers.
    Serve(serve::Args),
    /// Run the workers alone, beside others that serve on the same database.
    Work,
    /// Bring the schema of the database up to date, as every start does, and say what was done.
    Migrate,
    /// Show the whole product on this machine: both remote systems simulated, the service beside them.
    Demo(demo::Args),
    /// Run both remote systems, simulated, on this machine.
    Sandbox(sandbox::Args),
    /// Installations: install, enable, pause, remove.
    #[command(subcommand)]
    Installation(installation::Command),
    /// Tokens of the JSON API.
    #[command(subcommand)]
    Token(token::Command),
    /// Accounts of staff.
    #[command(subcommand)]
    Staff(staff::Command),
    /// Master keys of the vault.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Check every setting, the database and the service, and say how to mend what is wrong.
    Doctor(doctor::Args),
    /// Ask the service of this machine whether it is alive; for containers.
    Healthcheck,
}

/// What somebody may do, as it is typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleName {
    /// Look.
    Viewer,
    /// Look, install, enable, pause, replay.
    Staff,
    /// All of it.
    Admin,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Viewer => Self::Viewer,
            RoleName::Staff => Self::Staff,
            RoleName::Admin => Self::Admin,
        }
    }
}

/// The process: does what the command line says, and ends without waiting for what blocks a thread of its own.
///
/// # Panics
/// The system gives this process no threads.
#[must_use]
pub fn main() -> ExitCode {
    let runtime = Builder::new_multi_thread().enable_all().build().expect("a process has threads");
    let code = runtime.block_on(Box::pin(run()));
    runtime.shutdown_background();
    code
}

/// Sets up TLS and logging, then does what the command line says.
async fn run() -> ExitCode {
    // Refused only where the process already has a provider, which then serves as well.
    rustls::crypto::ring::default_provider().install_default().ok();
    // What is wrong with the address is told where all settings are read.
    let collector = collector(&env).ok().flatten();
    let telemetry = Telemetry::begin(collector.as_ref());
    let code = Box::pin(Cli::parse().run()).await;
    telemetry.end();
    code
}

impl Cli {
    /// Does what was asked and says how it went.
    pub async fn run(self) -> ExitCode {
        let done = match self.command {
            Command::Serve(args) => serve::run(args.duty()).await,
            Command::Work => serve::run(Duty::Work).await,
            Command::Migrate => migrate::run().await,
            Command::Demo(args) => demo::run(args).await,
            Command::Sandbox(args) => sandbox::run(args).await,
            Command::Installation(command) => Box::pin(installation::run(command)).await,
            Command::Token(command) => token::run(command).await,
            Command::Staff(command) => staff::run(command).await,
            Command::Keys(command) => keys::run(command).await,
            Command::Doctor(args) => doctor::run(args).await,
            Command::Healthcheck => healthcheck::run().await,
        };
        done.unwrap_or_else(|error| failed(&error))
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("{error:#}");
    let mendable = error.is::<ConfigError>() || error.is::<Refusal>();
    if mendable { ExitCode::from(WRONG_CONFIGURATION) } else { ExitCode::FAILURE }
}

/// The configuration of this process.
fn config() -> Result<Config, ConfigError> {
    Config::from_env(&env)
}

fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The core of this process, for a command that needs no server.
async fn core() -> anyhow::Result<Arc<Core>> {
    core_of(&config()?).await
}
