//! Both remote systems, simulated over real HTTP on one port, for the demo, the tests and the benchmarks.
//!
//! A sandbox is set up by [`options`], started by [`start`], and holds one `world`: the state of Storeganise, the state
//! of HubSpot, and what both share (time, randomness, counters, the trace, faults, outgoing webhooks). Every request
//! of a provider passes through `wire`; tests steer through `control`, whose calls stand in `catalogue`. It knows none
//! of our other crates, so that it can contradict them, and it keeps everything in memory.

pub mod dialect;
pub mod options;

mod asked;
mod catalogue;
mod clock;
mod control;
mod delivery;
mod faults;
mod hubspot;
mod index;
mod latency;
mod names;
mod provider;
mod random;
mod seed;
mod stats;
mod storeganise;
mod trace;
mod wire;
mod world;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod visitor;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{Router, routing::get, serve::ListenerExt as _};
use tokio::net::TcpListener;
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use crate::{clock::Clock, options::Options, provider::Provider, world::World};

/// How long stopping waits for requests that are under way.
const STOP_WAIT: Duration = Duration::from_secs(2);

/// A running sandbox; dropping it stops it, too, but does not wait.
pub struct Sandbox {
    address: SocketAddr,
    world: Arc<World>,
    tasks: TaskTracker,
    stop: DropGuard,
}

/// The counters of a sandbox.
pub struct Counters(Arc<World>);

impl Counters {
    /// What `GET /_sandbox/stats` would answer, but for the webhooks.
    #[must_use]
    pub fn read(&self) -> serde_json::Value {
        self.0.stats.snapshot()
    }
}

/// Starts a sandbox and answers once it listens.
///
/// # Errors
///
/// Fails if the address cannot be listened at.
pub async fn start(options: Options) -> std::io::Result<Sandbox> {
    let listener = TcpListener::bind(options.listen).await?;
    let address = reachable(listener.local_addr()?);
    let world = World::new(options, Clock::system(), format!("http://{address}"));
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let stopped = stop.clone().cancelled_owned();
    let app = router(&world);
    tasks.spawn(async move {
        let listener = listener.tap_io(|stream| {
            // Small answers must not wait for the receiver's acknowledgement.
            stream.set_nodelay(true).ok();
        });
        if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(stopped).await {
            tracing::error!(%error, "the sandbox's server ended");
        }
    });
    Ok(Sandbox { address, world, tasks, stop: stop.drop_guard() })
}

impl Sandbox {
    /// Where it can be reached.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address as a URL, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.world.base_url.clone()
    }

    /// Sends Storeganise's webhooks to `url` from now on; an add-on's own address still goes first.
    pub fn set_storeganise_webhook_url(&self, url: String) {
        self.world.set_webhook_url(Provider::Storeganise, url);
    }

    /// Sends HubSpot's webhooks to `url` from now on.
    pub fn set_hubspot_webhook_url(&self, url: String) {
        self.world.set_webhook_url(Provider::Hubspot, url);
    }

    /// Its counters, also after it has stopped.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters(Arc::clone(&self.world))
    }

    /// Stops listening, drops pending webhooks and waits for what is under way, for two seconds at most.
    pub async fn stop(self) {
        drop(self.stop);
        self.world.delivery.stop().await;
        self.tasks.close();
        if tokio::time::timeout(STOP_WAIT, self.tasks.wait()).await.is_err() {
            tracing::warn!("the sandbox stopped with requests still under way");
        }
    }
}

fn router(world: &Arc<World>) -> Router {
    Router::new()
        .merge(wire::observed(world, Provider::Hubspot, hubspot::router()))
        .merge(wire::observed(world, Provider::Storeganise, storeganise::wire(world)))
        .merge(storeganise::pages())
        .route("/", get(index::index))
        .merge(control::router())
        .with_state(Arc::clone(world))
}

/// An address that listens everywhere is reached on this machine's loopback.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    address
}
