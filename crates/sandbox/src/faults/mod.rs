//! Faults on demand: what goes wrong, where, how often, and with which seed. It decides; the wire and the delivery carry
//! it out, and the words of a refusal are the providers'.

mod rule;

#[cfg(test)]
mod tests;

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;

use self::rule::Armed;
pub use self::rule::{Kind, Policy, Rule};
use crate::{asked::Party, provider::Provider, trace::Trace};

/// The most rules that can be set at once.
const RULES_MAX: usize = 100;

/// Rules and the seed they are drawn from, as they are posted to `/_sandbox/faults`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The seed; without it, the sandbox's own.
    pub seed: Option<u64>,
    /// The rules; the first that fires decides.
    pub rules: Vec<Rule>,
}

/// A request as the rules see it.
#[derive(Debug, Clone, Copy)]
pub struct Met<'a> {
    /// Who is asked.
    pub provider: Provider,
    /// Its method.
    pub method: &'a str,
    /// The route it fits.
    pub route: &'a str,
    /// Its path.
    pub path: &'a str,
    /// Whose data it is about.
    pub party: Option<&'a Party>,
}

/// A rule that fired on a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fired {
    /// The rule's place in the list, from 0.
    pub place: usize,
    /// The rule's kind.
    pub kind: Kind,
    /// What happens.
    pub fault: Fault,
}

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Refuse it.
    Status(Refusal),
    /// Wait this many milliseconds, then work as usual.
    Slow(u64),
    /// Cut the connection.
    Cut,
    /// Work as usual, and cut the connection in the middle of the answer.
    Partial,
    /// Answer with a web page of this status.
    Nonsense(u16),
    /// Work as usual, and hold the answer back until other rules are set.
    Hold,
    /// Work as usual, then refuse, or cut the connection.
    LoseAfter(Option<Refusal>),
    /// Refuse it as if its token had expired.
    ExpiredToken,
}

/// How a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: u16,
    /// The seconds of a `Retry-After` header.
    pub retry_after_s: Option<u64>,
    /// The limit that a 429 of HubSpot names.
    pub policy: Policy,
}

/// What happens to one webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is sent.
    Sent,
    /// It is never sent.
    Lost,
    /// It is sent twice.
    Twice,
    /// It is held back for a while.
    HeldBack,
    /// It is sent this many milliseconds later.
    Delayed(u64),
}

/// The rules in force.
#[derive(Debug)]
pub struct Faults {
    seed: u64,
    trace: Arc<Trace>,
    /// Whether there are any rules: without them, no request waits for the lock.
    is_armed: AtomicBool,
    force: Mutex<Force>,
    /// How many answers are held back just now.
    held: AtomicU64,
    /// Says whenever other rules are set.
    others_set: watch::Sender<()>,
}

/// Counts an answer that is held back for as long as it is, whether it is released or its client goes.
struct Held<'a>(&'a AtomicU64);

impl<'a> Held<'a> {
    fn counted(by: &'a AtomicU64) -> Self {
        by.fetch_add(1, Ordering::SeqCst);
        Self(by)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Debug)]
struct Force {
    seed: u64,
    rules: Vec<Armed>,
}

impl Faults {
    /// No faults; those that are set later are drawn from `seed`, and what becomes of webhooks is noted in `trace`.
    #[must_use]
    pub fn traced(seed: u64, trace: Arc<Trace>) -> Self {
        let force = Mutex::new(Force { seed, rules: Vec::new() });
        Self {
            seed,
            trace,
            is_armed: AtomicBool::new(false),
            force,
            held: AtomicU64::new(0),
            others_set: watch::Sender::new(()),
        }
    }

    /// No faults, and a trace that nobody reads.
    #[cfg(test)]
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::traced(seed, Arc::new(Trace::new(Arc::new(crate::clock::Clock::manual(0)))))
    }

    /// Puts `rules` in the place of those in force, drawn from the sandbox's seed.
    ///
    /// # Errors
    ///
    /// As [`Self::schedule`].
    pub fn set(&self, rules: Vec<Rule>) -> Result<(), String> {
        self.schedule(Schedule { seed: None, rules })
    }

    /// Puts the rules in the place of those in force and starts every draw again, so that a run can be repeated.
    ///
    /// # Errors
    ///
    /// Says which rule cannot be carried out, and why; the rules in force then stay.
    pub fn schedule(&self, schedule: Schedule) -> Result<(), String> {
        let Schedule { seed, rules } = schedule;
        if rules.len() > RULES_MAX {
            return Err(format!("at most {RULES_MAX} rules"));
        }
        for (place, rule) in rules.iter().enumerate() {
            rule.check().map_err(|problem| format!("rule {place}: {problem}"))?;
        }
        let mut force = self.lock();
        self.is_armed.store(!rules.is_empty(), Ordering::SeqCst);
        *force =
            Force { seed: seed.unwrap_or(self.seed), rules: rules.into_iter().map(Armed::new).collect() };
        self.others_set.send_replace(());
        Ok(())
    }

    /// Holds an answer back until other rules are set.
    pub async fn hold(&self) {
        let mut others_set = self.others_set.subscribe();
        let _held = Held::counted(&self.held);
        // The sender lives as long as the faults.
        others_set.changed().await.ok();
    }

    /// The rules in force, with how many they met and how often each fired, and how many answers are held back.
    #[must_use]
    pub fn snapshot(&self) -> Value {
        let force = self.lock();
        let rules: Vec<Value> = force
            .rules
            .iter()
            .map(|armed| {
                let mut shown = json!(armed.rule);
                shown["met"] = armed.met.into();
                shown["fired"] = armed.fired.into();
                shown
            })
            .collect();
        json!({"seed": force.seed, "rules": rules, "held": self.held.load(Ordering::SeqCst)})
    }

    /// Decides whether anything goes wrong with a request; the first rule that fires decides.
    #[must_use]
    pub fn on_request(&self, met: &Met<'_>) -> Option<Fired> {
        let (place, kind, fault) = self.first(|rule| rule.fault_for(met))?;
        Some(Fired { place, kind, fault })
    }

    /// Decides what becomes of a webhook.
    #[must_use]
    pub fn on_webhook(&self, provider: Provider) -> Fate {
        let fired = self.first(|rule| rule.fate().filter(|_| rule.provider == provider));
        let fate = fired.map_or(Fate::Sent, |(_, _, fate)| fate);
        self.trace.webhook(provider, fate, fired.map(|(place, kind, _)| (place, kind)));
        fate
    }

    /// The first rule that fires. All that are meant count and draw all the same, so that no rule shifts another's draw.
    fn first<T: Copy>(&self, meant: impl Fn(&Rule) -> Option<T>) -> Option<(usize, Kind, T)> {
        if !self.is_armed.load(Ordering::SeqCst) {
            return None;
        }
        let mut force = self.lock();
        let seed = force.seed;
        let mut decided = None;
        for (place, armed) in force.rules.iter_mut().enumerate() {
            let Some(found) = meant(&armed.rule) else { continue };
            if armed.meets(seed, place) && decided.is_none() {
                armed.fired += 1;
                decided = Some((place, armed.rule.kind, found));
            }
        }
        decided
    }

    fn lock(&self) -> MutexGuard<'_, Force> {
        self.force.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fate {
    /// The name in the trace.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Lost => "lost",
            Self::Twice => "sent_twice",
            Self::HeldBack => "held_back",
            Self::Delayed(_) => "delayed",
        }
    }
}
