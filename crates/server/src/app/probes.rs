//! What load balancers and service managers ask, without a token: is the process alive, and should it be sent requests?

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::State, http::StatusCode, routing::get};
use sync_core::{core::Core, error::Error, queue::committer::Committer};
use tokio_util::sync::CancellationToken;

use super::AppState;

/// Another replica may seal with a key that this one lacks; how soon that shows, in microseconds.
const KEYS_GOOD_FOR_MICROS: i64 = 60_000_000;
/// Providers give a webhook up after five seconds and come again: twice that, and they are better sent elsewhere.
const COMMIT_LAG_MAX: Duration = Duration::from_secs(10);
/// A load balancer does not wait long for an answer.
const DATABASE_PATIENCE: Duration = Duration::from_secs(2);

/// Whether a process wants to be sent requests; clones share it.
#[derive(Debug, Clone)]
pub struct Readiness {
    stopping: CancellationToken,
    keys_checked_at: Arc<AtomicI64>,
}

impl Readiness {
    /// Ready until `stopping` is cancelled.
    #[must_use]
    pub fn until(stopping: CancellationToken) -> Self {
        Self { stopping, keys_checked_at: Arc::new(AtomicI64::new(0)) }
    }

    /// Waits until the process is told to stop: what goes on for long ends then.
    pub async fn until_stopping(&self) {
        self.stopping.cancelled().await;
    }

    /// Why not, if so.
    async fn obstacle(&self, core: &Core, committer: &Committer) -> Option<&'static str> {
        if self.stopping.is_cancelled() {
            return Some("stopping\n");
        }
        if committer.lag() > COMMIT_LAG_MAX {
            return Some("webhooks wait too long to be stored\n");
        }
        match tokio::time::timeout(DATABASE_PATIENCE, core.has_staff()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                tracing::warn!(
                    cause = error.code(),
                    "the database does not answer whether this process is ready"
                );
                return Some("the database does not answer\n");
            }
            Err(_) => return Some("the database does not answer in time\n"),
        }
        let now = core.clock().now().0;
        if now - self.keys_checked_at.load(Ordering::Relaxed) < KEYS_GOOD_FOR_MICROS {
            return None;
        }
        match core.check_master_keys().await {
            Ok(()) => {
                self.keys_checked_at.store(now, Ordering::Relaxed);
                None
            }
            Err(error @ Error::Vault(_)) => {
                tracing::error!(error = %error, "this process cannot open what another one has sealed");
                Some("a master key is missing\n")
            }
            Err(_) => Some("the database does not answer\n"),
        }
    }
}

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/healthz", get(healthy)).route("/readyz", get(ready))
}

/// 200 as long as the process answers at all: a service manager starts it anew otherwise. A database that is away is no
/// reason for that.
async fn healthy() -> &'static str {
    "ok\n"
}

/// 200 while requests should come here; 503, and why, while they should not.
async fn ready(State(state): State<AppState>) -> (StatusCode, &'static str) {
    match state.readiness.obstacle(&state.core, &state.committer).await {
        None => (StatusCode::OK, "ready\n"),
        Some(obstacle) => (StatusCode::SERVICE_UNAVAILABLE, obstacle),
    }
}
