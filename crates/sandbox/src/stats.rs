//! What was asked of the two providers: how often, with which answer, and how politely.
//! It counts; it judges nothing and keeps no bodies.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};

use crate::provider::Provider;

/// Who made a request: the portal of a HubSpot token, the add-on of a Storeganise key.
/// A handler puts it into the extensions of its response, where the wire layer finds it.
#[derive(Debug, Clone)]
pub struct Caller(pub String);

/// One request as it was answered.
#[derive(Debug)]
pub struct Answered<'a> {
    /// The provider that was asked.
    pub provider: Provider,
    /// The request's method.
    pub method: &'a str,
    /// The route it matched, with its parameters as names.
    pub route: &'a str,
    /// The status of the answer.
    pub status: u16,
    /// The portal or add-on that asked, where known.
    pub caller: Option<&'a str>,
    /// When the request came in, in milliseconds.
    pub at_ms: u64,
}

/// The counters of one sandbox.
#[derive(Debug)]
pub struct Stats {
    window_ms: u64,
    counters: Arc<Mutex<Counters>>,
}

/// Held while a request is being answered.
#[derive(Debug)]
pub struct InFlight {
    counters: Arc<Mutex<Counters>>,
    caller: Option<String>,
}

#[derive(Debug, Default)]
struct Counters {
    requests_in_flight: u64,
    totals: BTreeMap<Provider, u64>,
    routes: BTreeMap<(Provider, String), BTreeMap<u16, u64>>,
    too_many: u64,
    windows: BTreeMap<String, Window>,
    politeness: BTreeMap<String, Politeness>,
}

/// The requests of one portal within the last window, and the most there ever were.
#[derive(Debug, Default)]
struct Window {
    recent_ms: VecDeque<u64>,
    highest: usize,
}

/// How many requests of one Storeganise key ran at once.
#[derive(Debug, Default)]
struct Politeness {
    now: u64,
    highest: u64,
    overlapping: u64,
}

impl Stats {
    /// Counters that know how long HubSpot's rolling window is.
    #[must_use]
    pub fn new(window_ms: u64) -> Self {
        Self { window_ms, counters: Arc::default() }
    }

    /// Notes that a request came in; `caller` is the Storeganise key whose overlaps are counted.
    #[must_use]
    pub fn begin(&self, caller: Option<String>) -> InFlight {
        let mut counters = lock(&self.counters);
        counters.requests_in_flight += 1;
        if let Some(key) = &caller {
            let politeness = counters.politeness.entry(key.clone()).or_default();
            politeness.overlapping += u64::from(politeness.now > 0);
            politeness.now += 1;
            politeness.highest = politeness.highest.max(politeness.now);
        }
        InFlight { counters: Arc::clone(&self.counters), caller }
    }

    /// Counts an answered request.
    pub fn record(&self, answered: &Answered<'_>) {
        let mut counters = lock(&self.counters);
        *counters.totals.entry(answered.provider).or_default() += 1;
        let route = (answered.provider, format!("{} {}", answered.method, answered.route));
        *counters.routes.entry(route).or_default().entry(answered.status).or_default() += 1;
        if answered.provider != Provider::Hubspot {
            return;
        }
        counters.too_many += u64::from(answered.status == 429);
        if let Some(portal) = answered.caller {
            counters.windows.entry(portal.to_owned()).or_default().add(answered.at_ms, self.window_ms);
        }
    }

    /// How many requests are being answered right now.
    #[must_use]
    pub fn requests_in_flight(&self) -> u64 {
        lock(&self.counters).requests_in_flight
    }

    /// All counters as JSON.
    #[must_use]
    pub fn snapshot(&self) -> Value {
        let counters = lock(&self.counters);
        let windows: BTreeMap<&String, usize> =
            counters.windows.iter().map(|(p, w)| (p, w.highest)).collect();
        let politeness: BTreeMap<&String, Value> = counters
            .politeness
            .iter()
            .map(|(key, p)| (key, json!({"highest_at_once": p.highest, "overlapping": p.overlapping})))
            .collect();
        json!({
            "hubspot": {
                "total": counters.total(Provider::Hubspot),
                "routes": counters.routes(Provider::Hubspot),
                "too_many_requests": counters.too_many,
                "highest_per_window": windows,
            },
            "storeganise": {
                "total": counters.total(Provider::Storeganise),
                "routes": counters.routes(Provider::Storeganise),
                "keys": politeness,
            },
        })
    }

    /// Forgets everything but the requests that are under way.
    pub fn reset(&self) {
        let mut counters = lock(&self.counters);
        let mut politeness = std::mem::take(&mut counters.politeness);
        politeness.retain(|_, p| p.now > 0);
        for p in politeness.values_mut() {
            *p = Politeness { now: p.now, highest: p.now, overlapping: 0 };
        }
        *counters =
            Counters { requests_in_flight: counters.requests_in_flight, politeness, ..Counters::default() };
    }
}

impl Counters {
    fn total(&self, provider: Provider) -> u64 {
        self.totals.get(&provider).copied().unwrap_or_default()
    }

    fn routes(&self, provider: Provider) -> BTreeMap<&str, BTreeMap<String, u64>> {
        let of_provider = self.routes.iter().filter(|((of, _), _)| *of == provider);
        of_provider
            .map(|((_, route), statuses)| {
                (route.as_str(), statuses.iter().map(|(status, n)| (status.to_string(), *n)).collect())
            })
            .collect()
    }
}

impl Window {
    /// Requests are recorded as they are answered, so a slow one may come in late: it is put where it belongs.
    fn add(&mut self, at_ms: u64, window_ms: u64) {
        let place = self.recent_ms.partition_point(|earlier| *earlier <= at_ms);
        self.recent_ms.insert(place, at_ms);
        let newest = self.recent_ms.back().copied().unwrap_or(at_ms);
        while self.recent_ms.front().is_some_and(|oldest| newest - oldest >= window_ms) {
            self.recent_ms.pop_front();
        }
        self.highest = self.highest.max(self.recent_ms.len());
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut counters = lock(&self.counters);
        counters.requests_in_flight -= 1;
        if let Some(politeness) = self.caller.as_ref().and_then(|key| counters.politeness.get_mut(key)) {
            politeness.now -= 1;
        }
    }
}

fn lock(counters: &Mutex<Counters>) -> MutexGuard<'_, Counters> {
    counters.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(stats: &Stats, status: u16, at_ms: u64) {
        stats.record(&Answered {
            provider: Provider::Hubspot,
            method: "GET",
            route: "/crm/x",
            status,
            caller: Some("1"),
            at_ms,
        });
    }

    #[test]
    fn the_highest_window_is_a_rolling_one() {
        let stats = Stats::new(10_000);
        for at_ms in [0, 9_000, 9_999, 10_000, 15_000, 30_000] {
            asked(&stats, 200, at_ms);
        }
        asked(&stats, 429, 30_001);
        let seen = stats.snapshot();
        assert_eq!(
            seen["hubspot"]["highest_per_window"]["1"], 4,
            "9.0, 9.999, 10.0 and 15.0 s share a window"
        );
        assert_eq!(seen["hubspot"]["too_many_requests"], 1);
        assert_eq!(seen["hubspot"]["routes"]["GET /crm/x"], json!({"200": 6, "429": 1}));
    }

    #[test]
    fn requests_of_one_key_that_overlap_are_counted_and_others_are_not() {
        let stats = Stats::new(10_000);
        let first = stats.begin(Some("a".to_owned()));
        let second = stats.begin(Some("a".to_owned()));
        drop((first, second));
        drop(stats.begin(Some("a".to_owned())));
        drop(stats.begin(Some("b".to_owned())));
        let keys = &stats.snapshot()["storeganise"]["keys"];
        assert_eq!(keys["a"], json!({"highest_at_once": 2, "overlapping": 1}));
        assert_eq!(keys["b"], json!({"highest_at_once": 1, "overlapping": 0}));
        assert_eq!(stats.requests_in_flight(), 0);
    }
}
