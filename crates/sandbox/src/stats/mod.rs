//! What was asked of the two providers: how often, by whom, with which answer, and how politely.
//! It counts; it judges nothing and keeps no bodies. One short lock as a request comes in and one as it is answered.

mod ever;
mod snapshot;
mod window;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use self::{ever::Ever, window::Window};
use crate::{
    asked::{Asked, Party},
    provider::Provider,
};

/// HubSpot counts searches by the second.
const SEARCH_WINDOW_MS: u64 = 1_000;
/// How many seconds the counts by second reach back.
const SECONDS_MAX: u64 = 3_600;
/// How many arrivals are kept for windows of other lengths.
const ARRIVALS_MAX: usize = 100_000;

/// The counters of one sandbox.
#[derive(Debug)]
pub struct Stats {
    window_ms: u64,
    counters: Mutex<Counters>,
}

/// Held while a request is being answered.
#[derive(Debug)]
pub(crate) struct InFlight<'a> {
    stats: &'a Stats,
    asked: &'a Asked,
    is_answered: bool,
}

#[derive(Debug, Default)]
struct Counters {
    requests_in_flight: u64,
    hubspot: Side,
    storeganise: Side,
    politeness: BTreeMap<Arc<str>, Politeness>,
    seconds: VecDeque<Second>,
    arrivals: VecDeque<Arrival>,
    ever: Ever,
}

/// What was asked of one provider.
#[derive(Debug, Default)]
struct Side {
    total: u64,
    statuses: Statuses,
    routes: HashMap<Arc<str>, Vec<(&'static str, Statuses)>>,
    parties: HashMap<Party, Statuses>,
    requests: HashMap<Party, Window>,
    searches: HashMap<Party, Window>,
}

/// How many answers had each status.
type Statuses = BTreeMap<u16, u64>;

/// How many requests came in within one second of the clock.
#[derive(Debug)]
struct Second {
    at_s: u64,
    counts: HashMap<(Provider, Option<Party>), u64>,
}

/// A request whose party is known.
#[derive(Debug)]
struct Arrival {
    at_ms: u64,
    is_search: bool,
    party: Party,
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
        Self { window_ms, counters: Mutex::default() }
    }

    /// Notes that a request came in.
    #[must_use]
    pub(crate) fn begin<'a>(&'a self, asked: &'a Asked) -> InFlight<'a> {
        let mut counters = self.lock();
        counters.requests_in_flight += 1;
        if let Some(key) = &asked.key
            && counters.politeness.entry(Arc::clone(key)).or_default().begin()
        {
            counters.ever.overlapping += 1;
        }
        counters.second(asked.at_ms / 1000, asked);
        if let Some(party) = &asked.party {
            counters.arrive(party, asked, self.window_ms);
        }
        InFlight { stats: self, asked, is_answered: false }
    }

    /// How many requests are being answered right now.
    #[must_use]
    pub fn requests_in_flight(&self) -> u64 {
        self.lock().requests_in_flight
    }

    /// Forgets everything but the requests that are under way and what is counted for ever.
    pub fn reset(&self) {
        let mut counters = self.lock();
        let mut politeness = std::mem::take(&mut counters.politeness);
        politeness.retain(|_, p| p.now > 0);
        for p in politeness.values_mut() {
            *p = Politeness { now: p.now, highest: p.now, overlapping: 0 };
        }
        *counters = Counters {
            requests_in_flight: counters.requests_in_flight,
            politeness,
            ever: std::mem::take(&mut counters.ever),
            ..Counters::default()
        };
    }

    fn lock(&self) -> MutexGuard<'_, Counters> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InFlight<'_> {
    /// Counts the answer; 0 stands for a connection that was cut. No answer to a fault is held against who asked.
    pub(crate) fn answered(mut self, status: u16, is_fault: bool) {
        self.is_answered = true;
        let mut counters = self.stats.lock();
        if status == 429 && !is_fault {
            counters.ever.too_many_requests += 1;
        }
        counters.side(self.asked.provider).answer(self.asked, status);
        counters.end(self.asked);
    }
}

impl Drop for InFlight<'_> {
    /// A client may give up before it is answered: that counts as no answer.
    fn drop(&mut self) {
        if !self.is_answered {
            self.stats.lock().end(self.asked);
        }
    }
}

impl Counters {
    fn side(&mut self, provider: Provider) -> &mut Side {
        match provider {
            Provider::Hubspot => &mut self.hubspot,
            Provider::Storeganise => &mut self.storeganise,
        }
    }

    fn second(&mut self, now_s: u64, asked: &Asked) {
        if self.seconds.back().is_none_or(|last| last.at_s < now_s) {
            self.seconds.push_back(Second { at_s: now_s, counts: HashMap::new() });
            while self.seconds.front().is_some_and(|first| first.at_s + SECONDS_MAX <= now_s) {
                self.seconds.pop_front();
            }
        }
        if let Some(last) = self.seconds.back_mut() {
            *last.counts.entry((asked.provider, asked.party.clone())).or_default() += 1;
        }
    }

    fn arrive(&mut self, party: &Party, asked: &Asked, window_ms: u64) {
        let is_search = asked.is_search();
        let side = self.side(asked.provider);
        let (windows, length_ms) = match is_search {
            true => (&mut side.searches, SEARCH_WINDOW_MS),
            false => (&mut side.requests, window_ms),
        };
        windows.entry(party.clone()).or_default().add(asked.at_ms, length_ms);
        self.ever.arrive(party, is_search, asked.at_ms, length_ms);
        if self.arrivals.len() >= ARRIVALS_MAX {
            self.arrivals.pop_front();
        }
        self.arrivals.push_back(Arrival { at_ms: asked.at_ms, is_search, party: party.clone() });
    }

    fn end(&mut self, asked: &Asked) {
        self.requests_in_flight -= 1;
        if let Some(politeness) = asked.key.as_ref().and_then(|key| self.politeness.get_mut(key)) {
            politeness.now -= 1;
        }
    }
}

impl Side {
    fn answer(&mut self, asked: &Asked, status: u16) {
        self.total += 1;
        *self.statuses.entry(status).or_default() += 1;
        if let Some(party) = &asked.party {
            *self.parties.entry(party.clone()).or_default().entry(status).or_default() += 1;
        }
        let methods = self.routes.entry(Arc::clone(&asked.route)).or_default();
        match methods.iter_mut().find(|(method, _)| *method == asked.method) {
            Some((_, statuses)) => *statuses.entry(status).or_default() += 1,
            None => methods.push((asked.method, Statuses::from([(status, 1)]))),
        }
    }
}

impl Politeness {
    /// Whether another request was under way already.
    fn begin(&mut self) -> bool {
        let overlaps = self.now > 0;
        self.overlapping += u64::from(overlaps);
        self.now += 1;
        self.highest = self.highest.max(self.now);
        overlaps
    }
}
