//! All that a running sandbox knows. Handlers share it; both states are locked shortly and never across an await.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    clock::Clock, delivery::Delivery, faults::Faults, hubspot, latency::Latency, names::Names,
    options::Options, provider::Provider, random::Random, stats::Stats, storeganise, trace::Trace,
};

/// The shared state of one sandbox.
pub(crate) struct World {
    /// How it was set up.
    pub options: Options,
    /// Where it answers, without a slash at the end.
    pub base_url: String,
    /// Its time.
    pub clock: Arc<Clock>,
    /// The words of its counters and its trace.
    pub names: Names,
    /// Its counters.
    pub stats: Stats,
    /// What happened in it.
    pub trace: Arc<Trace>,
    /// What goes wrong.
    pub faults: Arc<Faults>,
    /// How slow it is.
    pub latency: Latency,
    /// Its outgoing webhooks.
    pub delivery: Delivery,
    /// Its randomness, for ids and tokens.
    pub random: Random,
    /// The Storeganise side.
    pub storeganise: Mutex<storeganise::State>,
    /// The HubSpot side.
    pub hubspot: Mutex<hubspot::State>,
    webhook_urls: Mutex<BTreeMap<Provider, String>>,
}

impl World {
    /// A world that answers at `base_url`, seeded if the options say so.
    pub(crate) fn new(options: Options, clock: Clock, base_url: String) -> Arc<Self> {
        let clock = Arc::new(clock);
        let trace = Arc::new(Trace::new(Arc::clone(&clock)));
        let faults = Arc::new(Faults::traced(options.seed, Arc::clone(&trace)));
        let urls = [
            (Provider::Hubspot, options.hubspot.webhook_url.clone()),
            (Provider::Storeganise, options.storeganise.webhook_url.clone()),
        ];
        let world = Arc::new(Self {
            base_url,
            names: Names::default(),
            stats: Stats::new(options.window_ms),
            trace,
            latency: Latency::new(options.seed),
            delivery: Delivery::new(
                Arc::clone(&clock),
                Arc::clone(&faults),
                options.seed,
                options.webhook_retry_scale_ms,
            ),
            random: Random::seeded(options.seed),
            storeganise: Mutex::new(storeganise::State::new(&options)),
            hubspot: Mutex::new(hubspot::State::new(&options)),
            webhook_urls: Mutex::new(urls.into_iter().filter_map(|(p, url)| Some((p, url?))).collect()),
            clock,
            faults,
            options,
        });
        world.seed();
        world
    }

    /// The Storeganise side, locked.
    pub(crate) fn storeganise(&self) -> MutexGuard<'_, storeganise::State> {
        self.storeganise.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The HubSpot side, locked.
    pub(crate) fn hubspot(&self) -> MutexGuard<'_, hubspot::State> {
        self.hubspot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the webhooks of `provider` go, if anywhere.
    pub(crate) fn webhook_url(&self, provider: Provider) -> Option<String> {
        self.webhook_urls.lock().unwrap_or_else(PoisonError::into_inner).get(&provider).cloned()
    }

    /// Sends the webhooks of `provider` to `url` from now on.
    pub(crate) fn set_webhook_url(&self, provider: Provider, url: String) {
        self.webhook_urls.lock().unwrap_or_else(PoisonError::into_inner).insert(provider, url);
    }

    /// Sends no webhooks of `provider` from now on.
    pub(crate) fn clear_webhook_url(&self, provider: Provider) {
        self.webhook_urls.lock().unwrap_or_else(PoisonError::into_inner).remove(&provider);
    }

    /// Everything as it was at the start, except for the webhook addresses.
    pub(crate) fn reset(&self) {
        self.delivery.forget();
        self.delivery.reset();
        self.stats.reset();
        self.faults.set(Vec::new()).expect("no rules can always be set");
        self.latency.clear();
        self.trace.clear();
        self.random.reseed(self.options.seed);
        *self.storeganise() = storeganise::State::new(&self.options);
        *self.hubspot() = hubspot::State::new(&self.options);
        self.seed();
    }

    fn seed(&self) {
        if self.options.seeded {
            storeganise::seed(self);
            hubspot::seed(self);
        }
    }
}
