//! What every part of the core needs: the database, the two parameters, the master keys and both providers.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hubspot::budget::Budget;
use secrecy::SecretString;
use storeganise::{
    api_url::{AllowedHosts, ApiUrl, ApiUrlError},
    pace::Pace,
};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{
    clock::Clock, installation::Scope, random::Random, settings::Settings, storage::Db, vault::MasterKeys,
    views::overview::Memory,
};

/// Our standing with Storeganise.
#[derive(Debug)]
pub struct StoreganisePlatform {
    /// The client all businesses are reached with.
    pub http: storeganise::http::Http,
    /// The platform key of the add-on.
    pub key: SecretString,
    /// Hosts an API address may have.
    pub hosts: AllowedHosts,
    /// The API address of a business, with `{business}` for its code.
    pub api_template: String,
}

impl StoreganisePlatform {
    /// The API address of a business that staff name by its code.
    ///
    /// # Errors
    /// The template does not lead to an allowed host.
    pub fn api_url(&self, business_code: &str) -> Result<ApiUrl, ApiUrlError> {
        ApiUrl::parse(&self.api_template.replace("{business}", business_code), &self.hosts)
    }
}

/// Our standing with HubSpot.
#[derive(Debug)]
pub struct HubspotPlatform {
    /// The client all portals are reached with.
    pub http: hubspot::http::Http,
    /// The app's own credentials and addresses.
    pub app: hubspot::oauth::App,
    /// Requests that one portal may be sent in ten seconds.
    pub requests_per_window: usize,
}

/// What a core is made of.
#[derive(Debug)]
pub struct Parts {
    /// The connected database.
    pub db: Db,
    /// Tells the time.
    pub clock: Clock,
    /// Gives random values.
    pub random: Random,
    /// The configured master keys.
    pub master_keys: MasterKeys,
    /// Storeganise.
    pub storeganise: StoreganisePlatform,
    /// HubSpot.
    pub hubspot: HubspotPlatform,
    /// Where people reach us, without a trailing slash.
    pub base_url: String,
    /// Puts a cause code into words, for the tasks that are filed at Storeganise.
    pub words: fn(&str) -> String,
    /// What a new installation starts with.
    pub default_settings: Settings,
    /// Names this process in leases.
    pub worker_name: String,
    /// How long a lease lasts unless it is renewed.
    pub lease: Duration,
    /// Whether metrics may name an installation, by its id.
    pub metrics_per_business: bool,
}

/// The core of one process. Its methods stand in the modules they belong to.
#[derive(Debug)]
pub struct Core {
    pub(crate) parts: Parts,
    /// Told whenever a change is marked here, so that a worker need not wait for its next look.
    pub(crate) work: Arc<Notify>,
    /// Told with it, so that other replicas hear of it: see `wake`.
    pub(crate) elsewhere: Notify,
    budgets: Mutex<HashMap<i64, Budget>>,
    paces: Mutex<HashMap<Uuid, Pace>>,
    /// Reads by e-mail in a row that found nobody, per installation: see `record::matching`.
    empty_reads: Mutex<HashMap<Uuid, u32>>,
    /// How the installations stood when they were last looked over.
    pub(crate) fleet: Memory,
}

impl Core {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            parts,
            work: Arc::default(),
            elsewhere: Notify::new(),
            budgets: Mutex::default(),
            paces: Mutex::default(),
            empty_reads: Mutex::default(),
            fleet: Memory::default(),
        }
    }

    pub(crate) fn db(&self) -> &Db {
        &self.parts.db
    }

    /// The clock everything here is measured by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.parts.clock
    }

    /// The randomness everything here is made with.
    #[must_use]
    pub fn random(&self) -> &Random {
        &self.parts.random
    }

    /// Our standing with Storeganise.
    #[must_use]
    pub fn storeganise(&self) -> &StoreganisePlatform {
        &self.parts.storeganise
    }

    /// Our standing with HubSpot.
    #[must_use]
    pub fn hubspot(&self) -> &HubspotPlatform {
        &self.parts.hubspot
    }

    pub(crate) fn now_micros(&self) -> i64 {
        self.parts.clock.now().0
    }

    /// The request budget of a portal in this process. A portal seen for the first time starts with half:
    /// another process may just have spent the rest.
    pub(crate) fn budget(&self, portal_id: i64) -> Budget {
        let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = self.parts.hubspot.requests_per_window;
        budgets.entry(portal_id).or_insert_with(|| Budget::after_takeover(limit)).clone()
    }

    /// The pace towards one installation's Storeganise; a changed setting makes a new one.
    pub(crate) fn pace(&self, installation: Uuid, settings: &Settings) -> Pace {
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        paces
            .entry(installation)
            .or_insert_with(|| Pace::new(settings.storeganise_requests_per_second))
            .clone()
    }

    /// Forgets an installation's pace, after its settings changed or it went.
    pub(crate) fn forget_pace(&self, installation: Uuid) {
        self.paces.lock().unwrap_or_else(PoisonError::into_inner).remove(&installation);
    }

    pub(crate) fn empty_reads(&self, scope: Scope) -> u32 {
        let reads = self.empty_reads.lock().unwrap_or_else(PoisonError::into_inner);
        reads.get(&scope.id()).copied().unwrap_or(0)
    }

    pub(crate) fn note_read(&self, scope: Scope, found_nobody: bool) {
        let mut reads = self.empty_reads.lock().unwrap_or_else(PoisonError::into_inner);
        let count = reads.entry(scope.id()).or_default();
        *count = if found_nobody { count.saturating_add(1) } else { 0 };
    }
}
