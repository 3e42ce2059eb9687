//! The service in a process of its own: the code that `annex serve` runs, beside a sandbox of ours.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context as _;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use server::{
    config::Config,
    demo::stage::{Options, environment},
    run,
};
use sync_core::access::{Role, audit::Actor};
use tokio::net::TcpListener;

use crate::{
    load::{Answer, Connection},
    process::{Beside, until_input_ends},
};

/// Requests to Storeganise in a second: as many as the service lets itself be told.
const STOREGANISE_PER_SECOND: f64 = 200.0;
/// Requests to HubSpot in ten seconds: far more than the 110 of life, which would be all that is measured.
const HUBSPOT_PER_WINDOW: usize = 10_000;

/// How a service is started, again and again on the same data.
pub(crate) struct Setting {
    sandbox: SocketAddr,
    options: Options,
}

/// A service that runs beside us.
pub(crate) struct ServiceProcess {
    /// Its process.
    pub(crate) process: Beside,
    authority: String,
    token: String,
}

impl Setting {
    /// A service with its data at `database_url`, beside the sandbox that answers at `sandbox`.
    ///
    /// # Errors
    /// That is no address.
    pub(crate) fn new(database_url: String, sandbox: &str) -> anyhow::Result<Self> {
        let mut options = Options::at(database_url);
        options.requests_per_second = STOREGANISE_PER_SECOND;
        Ok(Self { sandbox: sandbox.parse().context("the sandbox's address")?, options })
    }

    /// Where it has its data.
    pub(crate) fn database_url(&self) -> &str {
        &self.options.database_url
    }

    /// Starts it.
    ///
    /// # Errors
    /// It cannot be started.
    pub(crate) async fn start(&self) -> anyhow::Result<ServiceProcess> {
        // It chooses its own port, and puts its own address in this one's place.
        let environment = environment(&self.options, "http://127.0.0.1", self.sandbox);
        let mut process = Beside::start("serve-annex", &environment)?;
        let authority = process.line().await?;
        let token = format!("Bearer {}", process.line().await?);
        Ok(ServiceProcess { process, authority, token })
    }
}

impl ServiceProcess {
    /// Asks its JSON API.
    ///
    /// # Errors
    /// It refused.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let mut connection = Connection::open(&self.authority).await?;
        read(&connection.get(&format!("/api/v1{path}"), Some(&self.token)).await?)
    }

    /// Tells its JSON API to do something.
    ///
    /// # Errors
    /// It refused.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let mut connection = Connection::open(&self.authority).await?;
        read(&connection.post(&format!("/api/v1{path}"), Some(&self.token), body).await?)
    }

    /// Changes something through its JSON API.
    ///
    /// # Errors
    /// It refused.
    pub(crate) async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let mut connection = Connection::open(&self.authority).await?;
        read(&connection.put(&format!("/api/v1{path}"), Some(&self.token), body).await?)
    }
}

fn read(answer: &Answer) -> anyhow::Result<Value> {
    if answer.body.is_empty() { Ok(json!(null)) } else { Ok(serde_json::from_slice(&answer.body)?) }
}

/// Runs the service of this process's environment on a free port, until standard input ends.
///
/// # Errors
/// It cannot be started.
pub(crate) async fn serve_annex() -> anyhow::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let get = |name: &str| match name {
        "ANNEX_BASE_URL" => Some(format!("http://{address}")),
        _ => std::env::var(name).ok(),
    };
    let mut config = Config::from_env(&get)?;
    config.hubspot.requests_per_window = HUBSPOT_PER_WINDOW;
    let running = Box::pin(run::start(config, listener)).await?;
    let token = running.core.create_api_token("benchmark", Role::Staff, &Actor::command_line()).await?;
    println!("{address}\n{}", token.expose_secret());
    until_input_ends().await?;
    running.stop().await;
    Ok(())
}
