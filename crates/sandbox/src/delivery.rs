//! Sends webhooks the way the providers do: some at once, each with a time limit, repeated when they fail,
//! and signed anew at every attempt. What is in them is the providers' business.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    clock::Clock,
    faults::{Fate, Faults},
    provider::Provider,
    random::Random,
};

/// How many webhooks are on the wire at once.
const IN_FLIGHT_MAX: usize = 64;
/// How long a receiver may take to answer.
const ANSWER_TIMEOUT_S: u64 = 5;
/// The spacing stops growing at this many times the first one.
const SPACING_FACTOR_MAX: u64 = 64;

/// A webhook to be sent until it is received or its attempts are used up.
pub struct WebhookRequest {
    /// Who sends it.
    pub provider: Provider,
    /// Where it goes.
    pub url: String,
    /// Makes the headers and the body of one attempt.
    pub prepare: Box<dyn Fn(&Attempt) -> Prepared + Send + Sync>,
}

/// One attempt to deliver.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    /// 1 for the first.
    pub number: u32,
    /// When it is made, in milliseconds.
    pub at_ms: u64,
}

/// The headers and the body of one attempt.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Headers beside the content type, which is JSON.
    pub headers: Vec<(&'static str, String)>,
    /// The body, as it was signed.
    pub body: Vec<u8>,
}

/// The queue of webhooks of one sandbox. Clones share it.
#[derive(Clone)]
pub struct Delivery(Arc<Inner>);

/// Counts as a pending webhook until it is dropped: for events that are gathered before they are sent.
pub struct Pending(Arc<AtomicU64>);

struct Inner {
    client: reqwest::Client,
    clock: Arc<Clock>,
    faults: Arc<Faults>,
    random: Random,
    retry_scale_ms: u64,
    wire: Semaphore,
    pending: Arc<AtomicU64>,
    tasks: TaskTracker,
    forget: Mutex<CancellationToken>,
    counts: Mutex<BTreeMap<Provider, Counts>>,
}

#[derive(Default)]
struct Counts {
    delivered: u64,
    retried: u64,
    failed: u64,
    lost: u64,
    duplicated: u64,
}

impl Delivery {
    /// An empty queue.
    #[must_use]
    pub fn new(clock: Arc<Clock>, faults: Arc<Faults>, seed: u64, retry_scale_ms: u64) -> Self {
        Self(Arc::new(Inner {
            client: client(),
            clock,
            faults,
            random: Random::seeded(seed),
            retry_scale_ms,
            wire: Semaphore::new(IN_FLIGHT_MAX),
            pending: Arc::default(),
            tasks: TaskTracker::new(),
            forget: Mutex::default(),
            counts: Mutex::default(),
        }))
    }

    /// Queues a webhook. Must be called within the runtime.
    pub fn send(&self, request: WebhookRequest) {
        let provider = request.provider;
        let request = Arc::new(request);
        match self.0.faults.on_webhook(provider) {
            Fate::Sent => self.queue(request, 0),
            Fate::Lost => self.0.count(provider, |c| c.lost += 1),
            Fate::Twice => {
                self.0.count(provider, |c| c.duplicated += 1);
                self.queue(Arc::clone(&request), 0);
                self.queue(request, 0);
            }
            Fate::Delayed(ms) => self.queue(request, ms),
            Fate::HeldBack => {
                let hold_ms = 1 + self.0.random.below(self.0.retry_scale_ms.saturating_mul(2).max(20));
                self.queue(request, hold_ms);
            }
        }
    }

    /// Runs `work` on the sandbox's tasks, so that stopping waits for it or ends it.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let forget = self.0.forget_token();
        self.0.tasks.spawn(async move {
            let _ = forget.run_until_cancelled(work).await;
        });
    }

    /// Counts as one pending webhook until the answer is dropped.
    #[must_use]
    pub fn hold(&self) -> Pending {
        self.0.pending.fetch_add(1, Ordering::SeqCst);
        Pending(Arc::clone(&self.0.pending))
    }

    /// How many webhooks are queued, on the wire or waiting to be repeated.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.0.pending.load(Ordering::SeqCst)
    }

    /// What became of the webhooks so far, by provider.
    #[must_use]
    pub fn snapshot(&self) -> Value {
        let counts = self.0.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |provider| {
            let none = Counts::default();
            let c = counts.get(&provider).unwrap_or(&none);
            json!({"delivered": c.delivered, "retried": c.retried, "failed": c.failed,
                   "lost": c.lost, "duplicated": c.duplicated})
        };
        json!({"hubspot": of(Provider::Hubspot), "storeganise": of(Provider::Storeganise)})
    }

    /// Sets the counts of webhooks to zero.
    pub fn reset(&self) {
        self.0.counts.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Drops every webhook that is pending.
    pub fn forget(&self) {
        let mut token = self.0.forget.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *token).cancel();
    }

    /// Drops what is pending and waits until nothing runs any more.
    pub async fn stop(&self) {
        self.forget();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    fn queue(&self, request: Arc<WebhookRequest>, hold_ms: u64) {
        let (pending, inner) = (self.hold(), Arc::clone(&self.0));
        self.spawn(async move {
            tokio::time::sleep(Duration::from_millis(hold_ms)).await;
            inner.deliver(&request).await;
            drop(pending);
        });
    }
}

impl Inner {
    async fn deliver(&self, request: &WebhookRequest) {
        let attempts = 1 + request.provider.webhook_retries();
        for number in 1..=attempts {
            if self.attempt(request, number).await {
                return self.count(request.provider, |c| c.delivered += 1);
            }
            if number < attempts {
                self.count(request.provider, |c| c.retried += 1);
                tokio::time::sleep(self.spacing(number)).await;
            }
        }
        tracing::warn!(provider = request.provider.name(), attempts, "a webhook was given up");
        self.count(request.provider, |c| c.failed += 1);
    }

    /// Makes one attempt; true if the receiver took it.
    async fn attempt(&self, request: &WebhookRequest, number: u32) -> bool {
        let Ok(_permit) = self.wire.acquire().await else { return false };
        let prepared = (request.prepare)(&Attempt { number, at_ms: self.clock.now_ms() });
        let mut post = self.client.post(&request.url).header("content-type", "application/json");
        for (name, value) in prepared.headers {
            post = post.header(name, value);
        }
        match post.body(prepared.body).send().await {
            Ok(answer) => request.provider.takes(answer.status().as_u16()),
            Err(_) => false,
        }
    }

    /// The wait after attempt `number`: doubled each time, and spread by half to either side.
    fn spacing(&self, number: u32) -> Duration {
        let factor = 1_u64.checked_shl(number - 1).unwrap_or(u64::MAX).min(SPACING_FACTOR_MAX);
        let middle_ms = self.retry_scale_ms.saturating_mul(factor);
        Duration::from_millis(middle_ms / 2 + self.random.below(middle_ms.saturating_add(1)))
    }

    fn forget_token(&self) -> CancellationToken {
        self.forget.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn count(&self, provider: Provider, change: impl FnOnce(&mut Counts)) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        change(counts.entry(provider).or_default());
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[expect(clippy::disallowed_methods, reason = "the home of the sandbox's outgoing client")]
fn client() -> reqwest::Client {
    // Another part of the process may have installed it already; any provider will do.
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder()
        .timeout(Duration::from_secs(ANSWER_TIMEOUT_S))
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(IN_FLIGHT_MAX)
        .user_agent("annex-sandbox")
        .build()
        .expect("a client with fixed settings can be built")
}
