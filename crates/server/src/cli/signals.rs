//! Being told to stop: by ctrl-c, or by the SIGTERM that service managers send; once, and then once more.

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Hears the signals that ask a process to stop; from the moment it is made they end nothing by themselves.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn new() -> anyhow::Result<Self> {
        let hear = |kind| signal(kind).context("This process cannot listen for signals");
        Ok(Self { terminate: hear(SignalKind::terminate())?, interrupt: hear(SignalKind::interrupt())? })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Waits until this process is told to stop.
pub(super) async fn told_to_stop() -> anyhow::Result<()> {
    Signals::new()?.next().await;
    Ok(())
}
