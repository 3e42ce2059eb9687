//! `annex serve` and `annex work`: the service, until it is told to stop.

use std::process::ExitCode;

use super::{config, signals::Signals};
use crate::run::{Duty, refusal::listen, start_as};

/// How the service runs.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Args {
    /// Leave the work to other processes (`annex work`) on the same database.
    #[arg(long)]
    no_workers: bool,
}

impl Args {
    pub(super) fn duty(self) -> Duty {
        if self.no_workers { Duty::Web } else { Duty::All }
    }
}

/// The first signal ends the service in order, within 15 seconds; the second at once.
pub(super) async fn run(duty: Duty) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::new()?;
    let config = config()?;
    let drain = config.drain;
    let listener = listen(config.listen).await?;
    let running = tokio::select! {
        started = Box::pin(start_as(duty, config, listener)) => started?,
        () = signals.next() => return Ok(ExitCode::SUCCESS),
    };
    signals.next().await;
    tracing::info!("stopping: what is under way is ended first");
    tokio::select! {
        () = running.stop_after(drain) => Ok(ExitCode::SUCCESS),
        () = signals.next() => {
            tracing::warn!("stopped at once; what was under way is worked again");
            Ok(ExitCode::FAILURE)
        }
    }
}
