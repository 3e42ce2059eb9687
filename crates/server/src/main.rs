//! The `annex` binary: sets up TLS and logging, then does what the command line says.

use std::{
    io::{IsTerminal as _, stderr},
    process::ExitCode,
};

use clap::Parser as _;
use server::cli::Cli;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    // Refused only where the process already has a provider, which then serves as well.
    rustls::crypto::ring::default_provider().install_default().ok();
    start_logging();
    Cli::parse().run().await
}

/// JSON on stderr, or short lines where a person reads along; what a command answers goes to stdout.
fn start_logging() {
    let filter = EnvFilter::try_from_env("ANNEX_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    if stderr().is_terminal() {
        lines.compact().init();
    } else {
        lines.json().flatten_event(true).init();
    }
}
