//! How a sandbox is set up. Everything has a value that suits the demo; tests override what they care about.

use std::net::{Ipv4Addr, SocketAddr};

use crate::dialect::Dialect;
/// The `webhook_retry_scale_ms` at which HubSpot's repeats are as far apart as in life: ten of them then end within
/// 24 hours, whatever is drawn.
pub const REAL_RETRY_SCALE_MS: u64 = 180_000;

/// Everything that can be chosen when a sandbox starts.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 takes any free port (default `127.0.0.1:0`).
    pub listen: SocketAddr,
    /// The seed of all generated people and of all faults (default 1).
    pub seed: u64,
    /// Whether the three demo businesses and their portals exist at the start (default true).
    pub seeded: bool,
    /// How many users each seeded business has, staff among them (default 120).
    pub users_per_business: usize,
    /// The app registered at HubSpot.
    pub hubspot: HubspotApp,
    /// The add-on registered at Storeganise.
    pub storeganise: StoreganisePlatform,
    /// The spacing before the first repeat of a failed webhook, in milliseconds (default 1000). Later ones are longer,
    /// and all are spread at random; at [`REAL_RETRY_SCALE_MS`] HubSpot's ten repeats take up to 24 hours, as in life.
    pub webhook_retry_scale_ms: u64,
    /// How long a HubSpot access token lives, in seconds (default 1800).
    pub token_life_s: u64,
    /// How many requests HubSpot allows one app per portal in one window (default 110).
    pub hubspot_requests_per_window: usize,
    /// The length of HubSpot's rolling window, in milliseconds (default 10 000).
    pub window_ms: u64,
}

/// The app as it is registered at HubSpot.
#[derive(Debug, Clone)]
pub struct HubspotApp {
    /// The app's public id.
    pub client_id: String,
    /// The app's secret, which also signs its webhooks.
    pub client_secret: String,
    /// The number HubSpot writes into events as `appId` and, for the app's own writes, `sourceId`.
    pub app_id: u64,
    /// The redirect addresses that are registered; empty accepts any.
    pub redirect_urls: Vec<String>,
    /// Where events go; none sends no events.
    pub webhook_url: Option<String>,
    /// The developer's key, which opens the app's webhook settings and no account (default `sandbox-developer-key`).
    pub developer_api_key: String,
    /// How long a change of the webhook settings takes to come into force, in milliseconds: up to five minutes in
    /// life (default 0).
    pub settings_delay_ms: u64,
    /// How long an event waits for others to be sent with, in milliseconds. With 0 the events of each call are sent at
    /// once and on their own, so that deliveries do not depend on how fast calls follow each other (default 5).
    pub gather_ms: u64,
    /// The scopes the app requires, all of which an authorisation must name.
    pub scopes: Vec<String>,
    /// The scopes the app can do without: those an authorisation asks for are granted where the account has the
    /// tool (default none).
    pub optional_scopes: Vec<String>,
}

/// The add-on as it is registered at Storeganise.
#[derive(Debug, Clone)]
pub struct StoreganisePlatform {
    /// The key that stands behind the pipe in `Authorization: Addon {addonId}|{key}`.
    pub api_key: String,
    /// The secret that signs webhooks.
    pub signature_secret: String,
    /// Where events go unless an installed add-on has its own address; none sends no events.
    pub webhook_url: Option<String>,
    /// How it behaves where the reference leaves it open.
    pub dialect: Dialect,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            seed: 1,
            seeded: true,
            users_per_business: 120,
            hubspot: HubspotApp::default(),
            storeganise: StoreganisePlatform::default(),
            webhook_retry_scale_ms: 1000,
            token_life_s: 1800,
            hubspot_requests_per_window: 110,
            window_ms: 10_000,
        }
    }
}

impl Default for HubspotApp {
    fn default() -> Self {
        Self {
            client_id: "sandbox-client-id".to_owned(),
            client_secret: "sandbox-client-secret".to_owned(),
            app_id: 7_654_321,
            redirect_urls: Vec::new(),
            webhook_url: None,
            developer_api_key: "sandbox-developer-key".to_owned(),
            settings_delay_ms: 0,
            gather_ms: 5,
            scopes: [
                "oauth",
                "crm.objects.contacts.read",
                "crm.objects.contacts.write",
                "crm.schemas.contacts.write",
                "crm.objects.deals.read",
            ]
            .map(str::to_owned)
            .to_vec(),
            optional_scopes: Vec::new(),
        }
    }
}

impl Default for StoreganisePlatform {
    fn default() -> Self {
        Self {
            api_key: "sandbox-api-key".to_owned(),
            signature_secret: "sandbox-signature-secret".to_owned(),
            webhook_url: None,
            dialect: Dialect::default(),
        }
    }
}
