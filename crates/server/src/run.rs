//! One running service: the core, its workers, the committer and the listener; started together, stopped in
//! order.
//!
//! The demo and the tests start it in their own process, on a port of the system's choice: bind first, write
//! the address into the configuration, then `start`.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use axum::Router;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use secrecy::ExposeSecret as _;
use sync_core::{
    clock::Clock,
    core::{Core, HubspotPlatform, Parts, StoreganisePlatform},
    queue::committer::Committer,
    random::Random,
    settings::Settings,
    storage::{Db, hold::Hold},
    vault::MasterKeys,
};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

use crate::{
    app::{self, AppState, probes::Readiness, watched::Metrics},
    config::Config,
    words,
};

pub mod refusal;

use refusal::Refusal;

/// How long stopping waits for requests and turns under way once it takes no more; with the longest drain, this ends a
/// process well within the 15 seconds that it has.
const STOP_WAIT: Duration = Duration::from_secs(8);
const HOUSEKEEPING_EVERY: Duration = Duration::from_secs(600);
const THINNING_EVERY: Duration = Duration::from_secs(3_600);
const METRICS_UPKEEP_EVERY: Duration = Duration::from_secs(30);

/// Buckets of what takes time, in seconds.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 15.0, 60.0];
/// Buckets of what is a share.
const SHARES: [f64; 6] = [0.1, 0.25, 0.5, 0.75, 0.9, 1.0];
/// Buckets of how many webhooks were committed together.
const EVENTS: [f64; 8] = [1.0, 2.0, 5.0, 10.0, 50.0, 100.0, 250.0, 500.0];

/// What a process does of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Both halves.
    All,
    /// Pages, JSON API and webhooks; the work is left to other processes.
    Web,
    /// The work alone; whoever operates it is answered, nobody else.
    Work,
}

/// A running service. Dropping it stops nothing: use [`Running::stop`].
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// The core that the pages and the workers share.
    pub core: Arc<Core>,
    serving: TaskTracker,
    working: TaskTracker,
    /// Not ready any more, and no more turns are begun.
    stopping: CancellationToken,
    stop_serving: CancellationToken,
    hold: Mutex<Option<Hold>>,
}

/// Connects the database and puts the core together; nothing runs yet. For commands that need no server.
///
/// # Errors
/// [`Refusal`] where the database cannot be reached or brought up to date, or the master keys do not open what is in it.
pub async fn core_of(config: &Config) -> anyhow::Result<Arc<Core>> {
    core_with(config, Clock::system(), Random::from_system()).await
}

/// As [`core_of`], with the time and the randomness of whoever asks.
///
/// # Errors
/// As [`core_of`].
pub async fn core_with(config: &Config, clock: Clock, random: Random) -> anyhow::Result<Arc<Core>> {
    let url = config.database_url.expose_secret();
    let db = Db::connect_with(url, config.database_connections).await.map_err(Refusal::from)?;
    let core = core_on(config, db, clock, random)?;
    core.check_master_keys().await.map_err(Refusal::from)?;
    Ok(core)
}

/// Puts the core together over a database that is connected already; whether they fit together is not asked.
///
/// # Errors
/// The configuration does not fit together.
pub fn core_on(config: &Config, db: Db, clock: Clock, random: Random) -> anyhow::Result<Arc<Core>> {
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
        metrics_per_business: config.metrics_per_business,
    })))
}

/// Starts the whole service on a listener that is bound already.
///
/// # Errors
/// As [`core_of`]; or another service has the SQLite file.
pub async fn start(config: Config, listener: TcpListener) -> anyhow::Result<Running> {
    Box::pin(start_as(Duty::All, config, listener)).await
}

/// As [`start`], for one half of the service or both.
///
/// # Errors
/// As [`start`].
pub async fn start_as(duty: Duty, config: Config, listener: TcpListener) -> anyhow::Result<Running> {
    let address = listener.local_addr().context("The listener has no address")?;
    let metrics = metrics_handle();
    let hold = refusal::hold(config.database_url.expose_secret())?;
    let core = core_of(&config).await?;
    let (committer, committing) = Committer::new(Arc::clone(&core));
    let running = Running {
        address,
        core: Arc::clone(&core),
        serving: TaskTracker::new(),
        working: TaskTracker::new(),
        stopping: CancellationToken::new(),
        stop_serving: CancellationToken::new(),
        hold: Mutex::new(Some(hold)),
    };
    // The first phone number costs half a second; it should not be a customer's.
    running.working.spawn_blocking(sync_core::normalise::warm);
    running.working.spawn(committing);
    let workers = if duty == Duty::Web { 0 } else { config.workers };
    for _ in 0..workers {
        running.working.spawn(sync_core::worker::run(Arc::clone(&core), running.stopping.clone()));
    }
    running.working.spawn(sync_core::wake::run(Arc::clone(&core), running.stop_serving.clone()));
    running.working.spawn(sync_core::views::overview::keep(Arc::clone(&core), running.stopping.clone()));
    running.working.spawn(keep_house(Arc::clone(&core), metrics.clone(), running.stopping.clone()));
    let readiness = Readiness::until(running.stopping.clone());
    let state =
        AppState { core, committer, config: Arc::new(config), metrics: Metrics::new(metrics), readiness };
    let app = if duty == Duty::Work { app::router_of_workers(&state) } else { app::router(&state) };
    running.serving.spawn(serve(listener, app, running.stop_serving.clone()));
    tracing::info!(%address, duty = ?duty, "the service is ready");
    Ok(running)
}

impl Running {
    /// Stops at once: accepts nothing more, answers what is under way, ends or hands back the turns that have begun, and
    /// waits for all of it.
    pub async fn stop(&self) {
        self.stop_after(Duration::ZERO).await;
    }

    /// As [`Running::stop`], but takes requests for a while yet, not ready any more: whoever sends them should see it.
    /// Turns end meanwhile.
    pub async fn stop_after(&self, drain: Duration) {
        self.stopping.cancel();
        tokio::time::sleep(drain).await;
        self.stop_serving.cancel();
        self.serving.close();
        self.working.close();
        let all = async { tokio::join!(self.serving.wait(), self.working.wait()) };
        if tokio::time::timeout(STOP_WAIT, all).await.is_err() {
            tracing::warn!("stopping did not wait for all that was under way; it is worked again");
        }
        self.hold.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

async fn serve(listener: TcpListener, app: Router, stop: CancellationToken) {
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
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
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .and_then(|builder| {
                builder.set_buckets_for_metric(Matcher::Suffix("_events".to_owned()), &EVENTS)
            })
            .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_ratio".to_owned()), &SHARES))
            .expect("there are buckets")
            .build_recorder();
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
