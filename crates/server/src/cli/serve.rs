//! `annex serve`: the service, until it is told to stop.

use std::process::ExitCode;

use anyhow::Context as _;
use tokio::{net::TcpListener, signal};

use super::config;
use crate::run::start;

pub(super) async fn run() -> anyhow::Result<ExitCode> {
    let config = config()?;
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("Nothing can be listened to at {} (ANNEX_LISTEN)", config.listen))?;
    let running = Box::pin(start(config, listener)).await?;
    told_to_stop().await?;
    tracing::info!("stopping: what is under way is ended first");
    running.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Waits for ctrl-c, or for the SIGTERM that service managers send.
pub(super) async fn told_to_stop() -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        let mut terminate = signal::unix::signal(signal::unix::SignalKind::terminate())
            .context("This process cannot listen for SIGTERM")?;
        tokio::select! {
            pressed = signal::ctrl_c() => pressed?,
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    signal::ctrl_c().await?;
    Ok(())
}
