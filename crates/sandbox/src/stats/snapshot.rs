//! The counters as JSON.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

use super::{Counters, SEARCH_WINDOW_MS, Side, Stats, Statuses, window::Window};
use crate::{asked::Party, provider::Provider};

/// Where requests stand whose party is not known.
const UNKNOWN: &str = "unknown";

impl Stats {
    /// All counters.
    #[must_use]
    pub fn snapshot(&self) -> Value {
        let counters = self.lock();
        let (hubspot, storeganise) = (&counters.hubspot, &counters.storeganise);
        let politeness: BTreeMap<&str, Value> = counters
            .politeness
            .iter()
            .map(|(key, p)| (&**key, json!({"highest_at_once": p.highest, "overlapping": p.overlapping})))
            .collect();
        json!({
            "hubspot": {
                "total": hubspot.total,
                "statuses": shown(&hubspot.statuses),
                "routes": hubspot.routes(),
                "portals": hubspot.parties(),
                "too_many_requests": hubspot.statuses.get(&429).copied().unwrap_or_default(),
                "highest_per_window": highest(&hubspot.requests),
            },
            "storeganise": {
                "total": storeganise.total,
                "statuses": shown(&storeganise.statuses),
                "routes": storeganise.routes(),
                "businesses": storeganise.parties(),
                "keys": politeness,
            },
            "windows": {
                "requests": {
                    "window_ms": self.window_ms,
                    "hubspot": highest(&hubspot.requests),
                    "storeganise": highest(&storeganise.requests),
                },
                "searches": {"window_ms": SEARCH_WINDOW_MS, "hubspot": highest(&hubspot.searches)},
            },
            "per_second": counters.per_second(),
            "ever": counters.ever.shown(),
        })
    }

    /// The most requests and searches of each party within any window of `window_ms` milliseconds, among the latest
    /// 100,000 requests.
    #[must_use]
    pub fn windows_of(&self, window_ms: u64) -> Value {
        let counters = self.lock();
        let mut windows: [HashMap<Party, Window>; 3] = Default::default();
        for arrival in &counters.arrivals {
            let place = match (&arrival.party, arrival.is_search) {
                (Party::Portal(_), false) => 0,
                (Party::Portal(_), true) => 1,
                (Party::Business(_), _) => 2,
            };
            windows[place].entry(arrival.party.clone()).or_default().add(arrival.at_ms, window_ms);
        }
        let [requests, searches, storeganise] = windows;
        json!({
            "window_ms": window_ms,
            "hubspot": highest(&requests),
            "hubspot_searches": highest(&searches),
            "storeganise": highest(&storeganise),
        })
    }
}

impl Counters {
    fn per_second(&self) -> Map<String, Value> {
        let second = |counts: &HashMap<(Provider, Option<Party>), u64>| {
            let mut shown = json!({});
            for ((provider, party), n) in counts {
                let party = party.as_ref().map_or_else(|| UNKNOWN.to_owned(), Party::to_string);
                shown[provider.name()][party] = (*n).into();
            }
            shown
        };
        self.seconds.iter().map(|s| (s.at_s.to_string(), second(&s.counts))).collect()
    }
}

impl Side {
    fn routes(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        let of = |(route, methods): (_, &Vec<(&'static str, Statuses)>)| {
            let label = move |method: &str| format!("{method} {route}");
            methods.iter().map(|(method, statuses)| (label(method), shown(statuses))).collect::<Vec<_>>()
        };
        self.routes.iter().flat_map(of).collect()
    }

    fn parties(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        self.parties.iter().map(|(party, statuses)| (party.to_string(), shown(statuses))).collect()
    }
}

fn shown(statuses: &Statuses) -> BTreeMap<String, u64> {
    statuses.iter().map(|(status, n)| (status.to_string(), *n)).collect()
}

fn highest(windows: &HashMap<Party, Window>) -> BTreeMap<String, usize> {
    windows.iter().map(|(party, window)| (party.to_string(), window.highest())).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::asked::Asked;

    fn asked(route: &str, party: Option<Party>, at_ms: u64) -> Asked {
        let provider =
            if matches!(party, Some(Party::Business(_))) { Provider::Storeganise } else { Provider::Hubspot };
        Asked { number: 0, at_ms, provider, method: "GET", route: route.into(), party, key: None }
    }

    fn with_key(key: &str) -> Asked {
        let business = Party::Business("acme".into());
        Asked { key: Some(Arc::from(key)), ..asked("/{business}/api", Some(business), 0) }
    }

    #[test]
    fn requests_are_counted_by_route_status_portal_second_and_rolling_window() {
        let stats = Stats::new(10_000);
        let portal = || Some(Party::Portal(1));
        for at_ms in [0, 9_000, 9_999, 10_000, 15_000, 30_000] {
            stats.begin(&asked("/crm/x", portal(), at_ms)).answered(200, false);
        }
        stats.begin(&asked("/crm/x", portal(), 30_001)).answered(429, false);
        stats.begin(&asked("/oauth", None, 30_002)).answered(0, true);
        let seen = stats.snapshot();
        let hubspot = &seen["hubspot"];
        assert_eq!(hubspot["highest_per_window"]["1"], 4, "9.0, 9.999, 10.0 and 15.0 s share a window");
        assert_eq!(seen["windows"]["requests"]["hubspot"], hubspot["highest_per_window"]);
        assert_eq!((&hubspot["total"], &hubspot["too_many_requests"]), (&json!(8), &json!(1)));
        assert_eq!(hubspot["statuses"], json!({"0": 1, "200": 6, "429": 1}));
        assert_eq!(hubspot["routes"]["GET /crm/x"], json!({"200": 6, "429": 1}));
        assert_eq!(hubspot["portals"], json!({"1": {"200": 6, "429": 1}}));
        assert_eq!(seen["per_second"]["9"], json!({"hubspot": {"1": 2}}));
        assert_eq!(seen["per_second"]["30"], json!({"hubspot": {"1": 2, "unknown": 1}}));
        assert_eq!(stats.windows_of(1_001)["hubspot"]["1"], 3, "9.0, 9.999 and 10.0 s");
    }

    #[test]
    fn searches_have_a_window_of_their_own() {
        let stats = Stats::new(10_000);
        for at_ms in [0, 500, 999, 1_000, 1_400] {
            stats
                .begin(&asked("/crm/objects/contacts/search", Some(Party::Portal(1)), at_ms))
                .answered(200, false);
        }
        let windows = &stats.snapshot()["windows"];
        assert_eq!(windows["searches"]["hubspot"]["1"], 4);
        assert_eq!(windows["requests"]["hubspot"], json!({}));
    }

    #[test]
    fn what_was_ever_asked_too_often_outlives_a_reset_and_faults_are_not_held_against_anybody() {
        let stats = Stats::new(10_000);
        let portal = || Some(Party::Portal(1));
        for at_ms in [0, 1, 2] {
            stats.begin(&asked("/crm/x", portal(), at_ms)).answered(200, false);
        }
        stats.begin(&asked("/crm/x", portal(), 3)).answered(429, true);
        stats.begin(&asked("/crm/x", portal(), 4)).answered(429, false);
        let key = with_key("a");
        let first = stats.begin(&key);
        stats.begin(&key).answered(200, false);
        first.answered(200, false);
        stats.reset();
        stats.begin(&asked("/crm/objects/contacts/search", portal(), 5)).answered(200, false);
        let ever = json!({"too_many_requests": 1, "overlapping": 1, "most_requests": 5, "most_searches": 1});
        assert_eq!(stats.snapshot()["ever"], ever);
    }

    #[test]
    fn seconds_are_kept_for_an_hour() {
        let stats = Stats::new(10_000);
        for at_ms in [0, 1_000, 3_600_000] {
            stats.begin(&asked("/crm/x", None, at_ms)).answered(200, false);
        }
        let seen = stats.snapshot();
        let seconds: Vec<&String> = seen["per_second"].as_object().unwrap().keys().collect();
        assert_eq!(seconds, ["1", "3600"]);
    }

    #[test]
    fn requests_of_one_key_that_overlap_are_counted_and_others_are_not() {
        let stats = Stats::new(10_000);
        let (a, b) = (with_key("a"), with_key("b"));
        let first = stats.begin(&a);
        let second = stats.begin(&a);
        assert_eq!(stats.requests_in_flight(), 2);
        first.answered(200, false);
        drop(second);
        stats.begin(&a).answered(200, false);
        stats.begin(&b).answered(200, false);
        let seen = stats.snapshot();
        let keys = &seen["storeganise"]["keys"];
        assert_eq!(keys["a"], json!({"highest_at_once": 2, "overlapping": 1}));
        assert_eq!(keys["b"], json!({"highest_at_once": 1, "overlapping": 0}));
        assert_eq!(seen["storeganise"]["total"], 3, "one client gave up before it was answered");
        assert_eq!(stats.requests_in_flight(), 0);
    }
}
