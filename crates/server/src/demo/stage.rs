//! The stage: a sandbox and a service that know each other's addresses and credentials.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use anyhow::Context as _;
use sandbox::{Sandbox, options::Options as SandboxOptions};
use secrecy::{ExposeSecret as _, SecretString};
use sync_core::{
    access::{Role, audit::Actor},
    core::Core,
    random::Random,
    vault::MasterKeys,
};
use tokio::net::TcpListener;

use super::control::Control;
use crate::{config::Config, run};

/// The login of the demo's staff account.
pub const LOGIN: &str = "demo";
const PASSWORD_BYTES: usize = 9;

/// How a stage is set.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the service listens; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Where the service keeps its data.
    pub database_url: String,
    /// The master keys, in the form of `ANNEX_MASTER_KEYS`.
    pub master_keys: SecretString,
    /// The password of the demo's staff account; made up where there is none.
    pub password: Option<SecretString>,
    /// Requests per second to Storeganise: the simulated one bears more than the real one.
    pub requests_per_second: f64,
    /// The simulated systems.
    pub sandbox: SandboxOptions,
}

impl Options {
    /// A stage on free ports of this machine, with its data at `database_url`.
    #[must_use]
    pub fn at(database_url: String) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            database_url,
            master_keys: MasterKeys::generate_entry("demo", &Random::from_system()),
            password: None,
            requests_per_second: 20.0,
            sandbox: SandboxOptions::default(),
        }
    }
}

/// A running stage.
pub struct Stage {
    /// The simulated systems.
    pub sandbox: Sandbox,
    /// The service.
    pub service: run::Running,
    /// Moves the simulated systems.
    pub control: Control,
    /// Where people reach the service.
    pub base_url: String,
    /// The password of the staff account [`LOGIN`].
    pub password: SecretString,
    /// The configuration the service runs under.
    pub config: Config,
}

impl Stage {
    /// Starts the sandbox, then the service on a port that is bound before, then lets them know each other.
    ///
    /// # Errors
    /// A port is in use, or the database cannot be used.
    pub async fn set(options: Options) -> anyhow::Result<Self> {
        let sandbox_address = options.sandbox.listen;
        let sandbox = sandbox::start(options.sandbox.clone())
            .await
            .with_context(|| format!("The sandbox cannot listen at {sandbox_address}"))?;
        let listener = TcpListener::bind(options.listen)
            .await
            .with_context(|| format!("The service cannot listen at {}", options.listen))?;
        let address = listener.local_addr().context("The listener has no address")?;
        let base_url = format!("http://{address}");
        let config = configuration(&options, &base_url, &sandbox)?;
        let service = run::start(config.clone(), listener).await?;
        let password = staff_account(&service.core, options.password).await?;
        point_webhooks(&sandbox, &base_url);
        let control = Control::of(&sandbox.base_url());
        Ok(Self { sandbox, service, control, base_url, password, config })
    }

    /// The core of the service.
    #[must_use]
    pub fn core(&self) -> &Arc<Core> {
        &self.service.core
    }

    /// Stops the service, then the simulated systems.
    pub async fn strike(self) {
        self.service.stop().await;
        self.sandbox.stop().await;
    }
}

/// Tells both simulated systems where the service hears their webhooks.
pub fn point_webhooks(sandbox: &Sandbox, base_url: &str) {
    sandbox.set_storeganise_webhook_url(format!("{base_url}/webhooks/storeganise"));
    sandbox.set_hubspot_webhook_url(format!("{base_url}/webhooks/hubspot"));
}

/// The environment a service beside the sandbox at this address runs in, as `NAME`, `value`.
#[must_use]
pub fn environment(options: &Options, base_url: &str, sandbox: SocketAddr) -> Vec<(&'static str, String)> {
    let (app, platform) = (&options.sandbox.hubspot, &options.sandbox.storeganise);
    let sandbox_url = format!("http://{sandbox}");
    vec![
        ("ANNEX_BASE_URL", base_url.to_owned()),
        ("ANNEX_LISTEN", options.listen.to_string()),
        ("ANNEX_DATABASE_URL", options.database_url.clone()),
        ("ANNEX_MASTER_KEYS", options.master_keys.expose_secret().to_owned()),
        ("HUBSPOT_CLIENT_ID", app.client_id.clone()),
        ("HUBSPOT_CLIENT_SECRET", app.client_secret.clone()),
        ("HUBSPOT_APP_ID", app.app_id.to_string()),
        ("ANNEX_HUBSPOT_API_URL", sandbox_url.clone()),
        ("ANNEX_HUBSPOT_AUTHORIZE_URL", format!("{sandbox_url}/oauth/authorize")),
        ("STOREGANISE_API_KEY", platform.api_key.clone()),
        ("STOREGANISE_SIGNATURE_SECRETS", platform.signature_secret.clone()),
        ("ANNEX_STOREGANISE_HOSTS", sandbox.to_string()),
        ("ANNEX_STOREGANISE_API_TEMPLATE", format!("{sandbox_url}/{{business}}/api")),
        ("ANNEX_STOREGANISE_REQUESTS_PER_SECOND", options.requests_per_second.to_string()),
    ]
}

fn configuration(options: &Options, base_url: &str, sandbox: &Sandbox) -> anyhow::Result<Config> {
    let environment = environment(options, base_url, sandbox.address());
    let get =
        |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
    Ok(Config::from_env(&get)?)
}

/// The demo's staff account. One that is there already keeps its password.
async fn staff_account(core: &Core, wanted: Option<SecretString>) -> anyhow::Result<SecretString> {
    let password = wanted.unwrap_or_else(|| {
        let bytes: [u8; PASSWORD_BYTES] = core.random().bytes();
        SecretString::from(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    });
    if !core.has_staff().await? {
        core.create_staff(LOGIN, &password, Role::Admin, &Actor::command_line()).await?;
    }
    Ok(password)
}
