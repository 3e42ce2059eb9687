//! Sends webhooks the way the providers do: some at once, each with a time limit, repeated when they fail,
//! and signed anew at every attempt. What is in them is the providers' business.
//!
//! Whatever is left to chance is drawn when a webhook is queued, from the seed and the webhook's number (`course`):
//! the same calls with the same seed make the same attempts, however their tasks take turns.

mod course;
mod gates;

#[cfg(test)]
mod tests;

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
};

use self::{course::Course, gates::Gates};

/// How many webhooks are on the wire at once.
const IN_FLIGHT_MAX: usize = 64;
/// How many deliveries an account has on the wire at once, until its provider's settings say otherwise.
pub(crate) const ACCOUNT_IN_FLIGHT: usize = 10;

/// A webhook to be sent until it is received or its attempts are used up.
pub struct WebhookRequest {
    /// Who sends it.
    pub provider: Provider,
    /// Where it goes.
    pub url: String,
    /// The accounts it is about, each of which has a limit of deliveries at once; ascending, without doubles.
    pub accounts: Vec<u64>,
    /// Makes the headers and the body of one attempt; nothing when there is nothing left to tell.
    pub prepare: Prepare,
}

/// Makes one attempt of a webhook.
pub type Prepare = Box<dyn Fn(&Attempt) -> Option<Prepared> + Send + Sync>;

/// One attempt to deliver.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    /// 1 for the first.
    pub number: u32,
    /// When it is made, in milliseconds.
    pub at_ms: u64,
    /// With which seed events within the body are to be put out of order, if at all.
    pub shuffle: Option<u64>,
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
    seed: u64,
    next_sequence: AtomicU64,
    retry_scale_ms: u64,
    gates: Gates,
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
            seed,
            next_sequence: AtomicU64::new(0),
            retry_scale_ms,
            gates: Gates::new(ACCOUNT_IN_FLIGHT),
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
            Fate::Sent => self.queue(request, self.0.course(provider, Course::usual)),
            Fate::Lost => self.0.count(provider, |c| c.lost += 1),
            Fate::Twice => {
                self.0.count(provider, |c| c.duplicated += 1);
                self.queue(Arc::clone(&request), self.0.course(provider, Course::usual));
                self.queue(request, self.0.course(provider, Course::usual));
            }
            Fate::Delayed(ms) => {
                let usual = self.0.course(provider, Course::usual);
                self.queue(request, Course { hold: Duration::from_millis(ms), ..usual });
            }
            Fate::HeldBack => self.queue(request, self.0.course(provider, Course::held_back)),
        }
    }

    /// Lets every account have at most `max` deliveries on the wire at once from now on.
    pub fn limit_accounts(&self, max: usize) {
        self.0.gates.set_max(max);
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

    /// Drops every webhook that is pending, and numbers those to come from the start again.
    pub fn forget(&self) {
        self.0.next_sequence.store(0, Ordering::SeqCst);
        let mut token = self.0.forget.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *token).cancel();
    }

    /// Drops what is pending and waits until nothing runs any more.
    pub async fn stop(&self) {
        self.forget();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    fn queue(&self, request: Arc<WebhookRequest>, course: Course) {
        let (pending, inner) = (self.hold(), Arc::clone(&self.0));
        self.spawn(async move {
            tokio::time::sleep(course.hold).await;
            inner.deliver(&request, &course).await;
            drop(pending);
        });
    }
}

/// What became of one attempt.
enum Outcome {
    Taken,
    Refused,
    NothingLeft,
}

impl Inner {
    /// The course of the next webhook.
    fn course(&self, provider: Provider, draw: fn(u64, u64, u32, u64) -> Course) -> Course {
        let sequence = self.next_sequence.fetch_add(1, Ordering::SeqCst);
        draw(self.seed, sequence, provider.webhook_retries(), self.retry_scale_ms)
    }

    async fn deliver(&self, request: &WebhookRequest, course: &Course) {
        let mut spacings = course.spacings.iter();
        for number in 1.. {
            match self.attempt(request, number, course.shuffle).await {
                Outcome::Taken => return self.count(request.provider, |c| c.delivered += 1),
                Outcome::NothingLeft => return,
                Outcome::Refused => {}
            }
            let Some(spacing) = spacings.next() else {
                tracing::warn!(
                    provider = request.provider.name(),
                    attempts = number,
                    "a webhook was given up"
                );
                return self.count(request.provider, |c| c.failed += 1);
            };
            self.count(request.provider, |c| c.retried += 1);
            tokio::time::sleep(*spacing).await;
        }
    }

    async fn attempt(&self, request: &WebhookRequest, number: u32, shuffle: Option<u64>) -> Outcome {
        let _places = self.gates.enter(&request.accounts).await;
        let Ok(_permit) = self.wire.acquire().await else { return Outcome::Refused };
        let attempt = Attempt { number, at_ms: self.clock.now_ms(), shuffle };
        let Some(prepared) = (request.prepare)(&attempt) else { return Outcome::NothingLeft };
        let mut post = self.client.post(&request.url).header("content-type", "application/json");
        for (name, value) in prepared.headers {
            post = post.header(name, value);
        }
        match post.timeout(request.provider.patience()).body(prepared.body).send().await {
            Ok(answer) if request.provider.takes(answer.status().as_u16()) => Outcome::Taken,
            _ => Outcome::Refused,
        }
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
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(IN_FLIGHT_MAX)
        .user_agent("annex-sandbox")
        .build()
        .expect("a client with fixed settings can be built")
}
