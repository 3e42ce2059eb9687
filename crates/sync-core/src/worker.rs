//! The worker: claim an installation, work its turn, give it back. A step and a loop of a few lines.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::{
    core::Core,
    error::Error,
    queue::lease::{Lease, RENEWALS_PER_LEASE},
};

/// How long an idle worker waits before it looks again, unless it is woken.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long a worker waits after the database failed it.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// How long a batch may still go on once the worker is told to stop; a provider may be slower than that.
const LAST_BATCH: Duration = Duration::from_secs(6);

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worked {
    /// A turn of one installation.
    Turn,
    /// Nothing: no installation is ready.
    Nothing,
}

/// Works until it is told to stop. A turn that has begun ends after the batch it is at, or is handed back unfinished
/// where that takes too long: either way another replica can take the installation at once.
pub async fn run(core: Arc<Core>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match core.run_once_until(&stop).await {
            Ok(Worked::Turn) | Err(Error::LeaseLost) => {}
            Ok(Worked::Nothing) => {
                let woken = core.woken();
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = woken => {}
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                }
            }
            Err(error) => {
                tracing::error!(cause = error.code(), error = %error, "a worker's step failed");
                // Whoever marks work meanwhile does not hasten the database.
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(AFTER_FAILURE) => {}
                }
            }
        }
    }
}

impl Core {
    /// Works one turn of the installation that has waited longest, if any is ready.
    ///
    /// # Errors
    /// The lease was lost, or the database does not answer. What was begun is worked again later.
    pub async fn run_once(&self) -> Result<Worked, Error> {
        self.run_once_until(&CancellationToken::new()).await
    }

    /// As [`Core::run_once`], but told to stop it ends or hands back the turn.
    ///
    /// # Errors
    /// As [`Core::run_once`].
    pub async fn run_once_until(&self, stop: &CancellationToken) -> Result<Worked, Error> {
        let Some(lease) = self.claim().await? else { return Ok(Worked::Nothing) };
        let span =
            tracing::info_span!("turn", installation.id = %lease.scope().id(), turn.epoch = lease.epoch());
        self.work_under(&lease, stop).instrument(span).await
    }

    async fn work_under(&self, lease: &Lease, stop: &CancellationToken) -> Result<Worked, Error> {
        // Side by side, never one inside the other's pause: on SQLite both want the one write connection.
        let renewals = async {
            loop {
                tokio::time::sleep(self.parts.lease / RENEWALS_PER_LEASE).await;
                self.renew(lease).await?;
            }
        };
        let too_late = async {
            stop.cancelled().await;
            tokio::time::sleep(LAST_BATCH).await;
        };
        let began = self.now_micros();
        let worked = tokio::select! {
            worked = self.work_turn_until(lease, stop) => worked.map(|()| "worked"),
            lost = renewals => lost,
            () = too_late => {
                tracing::info!(installation.id = %lease.scope().id(), "a turn was handed back unfinished");
                self.hand_back(lease).await.map(|()| "handed_back")
            }
        };
        let result = worked.as_ref().map_or_else(Error::code, |result| (*result).to_owned());
        metrics::counter!("annex_turns_total", "result" => result).increment(1);
        metrics::histogram!("annex_turn_seconds").record((self.now_micros() - began) as f64 / 1e6);
        worked.map(|_| Worked::Turn)
    }
}
