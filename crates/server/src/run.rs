//! One running service: the core, its workers, the committer and the listener; started together, stopped in
//! order.
//!
//! The demo and the tests start it in their own process, on a port of the system's choice: bind first, write
//! the address into the configuration, then `start`.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use anyhow::Context as _;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use secrecy::ExposeSecret as _;
use sync_core::{
    clock::Clock,
    core::{Core, HubspotPlatform, Parts, StoreganisePlatform},
    queue::committer::Committer,
    random::Random,
    settings::Settings,
    storage::Db,
    vault::MasterKeys,
};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

use crate::{
    app::{self, AppState},
    config::Config,
    words,
};

/// How long stopping waits for requests under way.
const REQUESTS_WAIT: Duration = Duration::from_secs(10);
/// How long stopping then waits for turns under way; what they had not recorded is worked again.
const WORK_WAIT: Duration = Duration::from_secs(20);
const HOUSEKEEPING_EVERY: Duration = Duration::from_secs(600);
const THINNING_EVERY: Duration = Duration::from_secs(3_600);
const METRICS_UPKEEP_EVERY: Duration = Duration::from_secs(30);

/// A running service. Dropping it stops nothing: use [`Running::stop`].
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// The core that the pages and the workers share.
    pub core: Arc<Core>,
    serving: TaskTracker,
    working: TaskTracker,
    stop_serving: CancellationToken,
    stop_working: CancellationToken,
}

/// Connects the database and puts the core together; nothing runs yet. For commands that need no server.
///
/// # Errors
/// The database cannot be reached or brought up to date, or the configuration does not fit together.
pub async fn core_of(config: &Config) -> anyhow::Result<Arc<Core>> {
    core_with(config, Clock::system(), Random::from_system()).await
}

/// As [`core_of`], with the time and the randomness of whoever asks.
///
/// # Errors
/// As [`core_of`].
pub async fn core_with(config: &Config, clock: Clock, random: Random) -> anyhow::Result<Arc<Core>> {
    let db = Db::connect(config.database_url.expose_secret())
        .await
        .context("The database cannot be used (ANNEX_DATABASE_URL)")?;
    let master_keys = MasterKeys::parse(&config.master_keys)
        .context("The master keys cannot be read (ANNEX_MASTER_KEYS)")?;
    let worker_name = format!("{}-{}", std::process::id(), hex_of(random.bytes::<4>()));
    Ok(Arc::new(Core::new(Parts {
        db,
        clock,
        random,
        master_keys,
        storeganise: StoreganisePlatform {
            http: storeganise::http::Http::new(),
            key: config.storeganise.api_key.clone(),
            hosts: config.storeganise.hosts.clone(),
            api_template: config.storeganise.api_template.clone(),
        },
        hubspot: HubspotPlatform {
            http: hubspot::http::Http::new(config.hubspot.api_url.clone()),
            app: hubspot_app(config)?,
            requests_per_window: config.hubspot.requests_per_window,
        },
        base_url: config.base_url.clone(),
        words: |cause| words::explain(cause).text(),
        default_settings: Settings {
            storeganise_requests_per_second: config.storeganise.requests_per_second,
            ..Settings::default()
        },
        worker_name,
        lease: config.lease,
    })))
}

/// Starts the service on a listener that is bound already.
///
/// # Errors
/// As [`core_of`]; or the listener has no address.
pub async fn start(config: Config, listener: TcpListener) -> anyhow::Result<Running> {
    let address = listener.local_addr().context("The listener has no address")?;
    let metrics = metrics_handle();
    let core = core_of(&config).await?;
    let (committer, committing) = Committer::new(Arc::clone(&core));
    let running = Running {
        address,
        core: Arc::clone(&core),
        serving: TaskTracker::new(),
        working: TaskTracker::new(),
        stop_serving: CancellationToken::new(),
        stop_working: CancellationToken::new(),
    };
    // The first phone number costs half a second; it should not be a customer's.
    running.working.spawn_blocking(sync_core::normalise::warm);
    running.working.spawn(committing);
    for _ in 0..config.workers {
        running.working.spawn(sync_core::worker::run(Arc::clone(&core), running.stop_working.clone()));
    }
    running.working.spawn(keep_house(Arc::clone(&core), metrics.clone(), running.stop_working.clone()));
    let state = AppState { core, committer, config: Arc::new(config), metrics };
    running.serving.spawn(serve(listener, state, running.stop_serving.clone()));
    tracing::info!(%address, "the service is ready");
    Ok(running)
}

impl Running {
    /// Stops accepting, answers what is under way, ends the turns that have begun, and waits for all of it.
    pub async fn stop(&self) {
        self.stop_serving.cancel();
        self.serving.close();
        if tokio::time::timeout(REQUESTS_WAIT, self.serving.wait()).await.is_err() {
            tracing::warn!("stopping did not wait for the last requests");
        }
        self.stop_working.cancel();
        self.working.close();
        if tokio::time::timeout(WORK_WAIT, self.working.wait()).await.is_err() {
            tracing::warn!("stopping did not wait for the last turns; they are worked again");
        }
    }
}

async fn serve(listener: TcpListener, state: AppState, stop: CancellationToken) {
    let app = app::router(&state).into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await;
    if let Err(error) = served {
        tracing::error!(error = %error, "the listener failed");
    }
}

/// Forgets sessions that have ended and what is kept long enough, and keeps the metrics small.
async fn keep_house(core: Arc<Core>, metrics: PrometheusHandle, stop: CancellationToken) {
    let mut sessions = tokio::time::interval(HOUSEKEEPING_EVERY);
    let mut thinning = tokio::time::interval(THINNING_EVERY);
    let mut upkeep = tokio::time::interval(METRICS_UPKEEP_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = upkeep.tick() => metrics.run_upkeep(),
            _ = thinning.tick() => match core.thin_all().await {
                Ok(gone) => tracing::debug!(gone.outcomes, gone.others, "old rows were thinned"),
                Err(error) => tracing::warn!(cause = error.code(), "old rows could not be thinned"),
            },
            _ = sessions.tick() => match core.delete_expired_sessions().await {
                Ok(gone) => tracing::debug!(gone, "expired sessions were forgotten"),
                Err(error) => tracing::warn!(cause = error.code(), "expired sessions could not be forgotten"),
            },
        }
    }
}

fn hubspot_app(config: &Config) -> anyhow::Result<hubspot::oauth::App> {
    let client_secret =
        config.hubspot.client_secrets.first().cloned().context("HUBSPOT_CLIENT_SECRET holds no secret")?;
    Ok(hubspot::oauth::App {
        client_id: config.hubspot.client_id.clone(),
        client_secret,
        app_id: config.hubspot.app_id.clone(),
        authorize_url: config.hubspot.authorize_url.clone(),
        redirect_url: Url::parse(&config.redirect_url()).context("ANNEX_BASE_URL is no address")?,
    })
}

/// The recorder is the process's; a second service in it (in tests, in the demo) shares it.
pub(crate) fn metrics_handle() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    let make = || {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another recorder takes this process's metrics; /metrics stays empty");
        }
        handle
    };
    HANDLE.get_or_init(make).clone()
}

fn hex_of(bytes: [u8; 4]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
