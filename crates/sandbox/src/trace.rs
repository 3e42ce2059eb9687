//! What happened, in order: every request with its answer and its fault, and what became of every webhook.
//! The latest so many are kept. The same seed and the same calls, one after the other, give the same trace but for the
//! times.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Value, json};

use crate::{
    asked::{Asked, Party},
    clock::Clock,
    faults::{Fate, Kind},
    provider::Provider,
};

/// How much is kept.
const ENTRIES_MAX: usize = 10_000;

/// The trace of one sandbox.
#[derive(Debug)]
pub struct Trace {
    clock: Arc<Clock>,
    next: AtomicU64,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    since_ms: u64,
    forgotten: u64,
    entries: VecDeque<Entry>,
}

/// The rule that fired: its place in the list, from 0, and its kind.
pub type Rule = (usize, Kind);

#[derive(Debug)]
struct Entry {
    number: u64,
    at_ms: u64,
    provider: Provider,
    rule: Option<Rule>,
    what: What,
}

#[derive(Debug)]
enum What {
    Request { method: &'static str, route: Arc<str>, party: Option<Party>, status: u16 },
    Webhook { fate: Fate },
}

impl Trace {
    /// An empty trace that starts now.
    #[must_use]
    pub fn new(clock: Arc<Clock>) -> Self {
        let kept = Kept { since_ms: clock.now_ms(), ..Kept::default() };
        Self { clock, next: AtomicU64::new(0), kept: Mutex::new(kept) }
    }

    /// The number of what happens next; requests take theirs as they come in.
    #[must_use]
    pub fn next_number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Notes an answered request.
    pub(crate) fn request(&self, asked: Asked, status: u16, rule: Option<Rule>) {
        let Asked { number, at_ms, provider, method, route, party, .. } = asked;
        self.keep(Entry {
            number,
            at_ms,
            provider,
            rule,
            what: What::Request { method, route, party, status },
        });
    }

    /// Notes what becomes of a webhook.
    pub fn webhook(&self, provider: Provider, fate: Fate, rule: Option<Rule>) {
        let (number, at_ms) = (self.next_number(), self.clock.now_ms());
        self.keep(Entry { number, at_ms, provider, rule, what: What::Webhook { fate } });
    }

    /// The latest `limit` entries, oldest first, and how many more there were.
    #[must_use]
    pub fn show(&self, limit: usize) -> Value {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut entries: Vec<&Entry> = kept.entries.iter().collect();
        // They are kept as they were answered; they are told as they came in.
        entries.sort_by_key(|entry| entry.number);
        let hidden = entries.len().saturating_sub(limit);
        let shown: Vec<Value> = entries[hidden..].iter().map(|entry| entry.show(kept.since_ms)).collect();
        json!({"earlier": kept.forgotten + hidden as u64, "entries": shown})
    }

    /// Forgets everything and counts from 0 again.
    pub fn clear(&self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Kept { since_ms: self.clock.now_ms(), ..Kept::default() };
        self.next.store(0, Ordering::Relaxed);
    }

    fn keep(&self, entry: Entry) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.entries.len() >= ENTRIES_MAX {
            kept.entries.pop_front();
            kept.forgotten += 1;
        }
        kept.entries.push_back(entry);
    }
}

impl Entry {
    fn show(&self, since_ms: u64) -> Value {
        let mut shown = json!({
            "number": self.number,
            "ms": self.at_ms.saturating_sub(since_ms),
            "provider": self.provider,
        });
        match &self.what {
            What::Request { method, route, party, status } => {
                shown["method"] = (*method).into();
                shown["route"] = (**route).into();
                shown["status"] = (*status).into();
                match party {
                    Some(Party::Portal(id)) => shown["portal"] = (*id).into(),
                    Some(Party::Business(code)) => shown["business"] = (**code).into(),
                    None => {}
                }
            }
            What::Webhook { fate } => shown["webhook"] = fate.name().into(),
        }
        if let Some((rule, kind)) = self.rule {
            shown["fault"] = json!({"rule": rule, "kind": kind});
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_kept_and_the_rest_are_counted() {
        let trace = Trace::new(Arc::new(Clock::manual(5_000)));
        for _ in 0..ENTRIES_MAX + 3 {
            trace.webhook(Provider::Hubspot, Fate::Sent, None);
        }
        let shown = trace.show(2);
        assert_eq!(shown["earlier"], ENTRIES_MAX + 1);
        assert_eq!(
            shown["entries"][1],
            json!({"number": ENTRIES_MAX + 2, "ms": 0, "provider": "hubspot", "webhook": "sent"})
        );
        trace.clear();
        assert_eq!(trace.show(2), json!({"earlier": 0, "entries": []}));
        assert_eq!(trace.next_number(), 0);
    }
}
