//! The worker: claim an installation, work its turn, give it back. A step and a loop of a few lines.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{core::Core, error::Error, queue::lease::RENEWALS_PER_LEASE};

/// How long an idle worker waits before it looks again, unless it is woken.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long a worker waits after the database failed it.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worked {
    /// A turn of one installation.
    Turn,
    /// Nothing: no installation is ready.
    Nothing,
}

/// Works until it is told to stop; a turn that has begun is ended first.
pub async fn run(core: Arc<Core>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let pause = match core.run_once().await {
            Ok(Worked::Turn) => continue,
            Ok(Worked::Nothing) => LOOK_EVERY,
            Err(Error::LeaseLost) => continue,
            Err(error) => {
                tracing::error!(cause = error.code(), error = %error, "a worker's step failed");
                AFTER_FAILURE
            }
        };
        let woken = core.woken();
        tokio::select! {
            () = stop.cancelled() => {}
            () = woken => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

impl Core {
    /// Works one turn of the installation that has waited longest, if any is ready.
    ///
    /// # Errors
    /// The lease was lost, or the database does not answer. What was begun is worked again later.
    pub async fn run_once(&self) -> Result<Worked, Error> {
        let Some(lease) = self.claim().await? else { return Ok(Worked::Nothing) };
        // Side by side, never one inside the other's pause: on SQLite both want the one write connection.
        let renewals = async {
            loop {
                tokio::time::sleep(self.parts.lease / RENEWALS_PER_LEASE).await;
                self.renew(&lease).await?;
            }
        };
        let began = self.now_micros();
        let worked = tokio::select! {
            worked = self.work_turn(&lease) => worked.map(|()| Worked::Turn),
            lost = renewals => lost,
        };
        let result = worked.as_ref().map_or_else(Error::code, |_| "worked".to_owned());
        metrics::counter!("annex_turns_total", "result" => result).increment(1);
        metrics::histogram!("annex_turn_seconds").record((self.now_micros() - began) as f64 / 1e6);
        worked
    }
}
