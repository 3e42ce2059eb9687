//! Faults on demand: what goes wrong, how often, and with which seed. It decides; the wire and the delivery carry it out.

use std::sync::{Mutex, PoisonError};

use serde::Deserialize;

use crate::{provider::Provider, random::Random};

/// The most rules that can be set at once.
const RULES_MAX: usize = 100;

/// One rule of what goes wrong, as it is posted to `/_sandbox/faults`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Whose requests or webhooks.
    pub provider: Provider,
    /// Only routes or paths that contain this text.
    pub route_contains: Option<String>,
    /// Only this method.
    pub method: Option<String>,
    /// What goes wrong.
    pub kind: Kind,
    /// The status of `status`; for `lose_after`, the status instead of a cut connection.
    pub status: Option<u16>,
    /// How long `slow` takes, in milliseconds.
    pub delay_ms: Option<u64>,
    /// The seconds of a `Retry-After` header on `status`.
    pub retry_after_s: Option<u64>,
    /// How likely the rule is to fire, from 0 to 1.
    #[serde(default = "always")]
    pub rate: f64,
    /// How often it fires at most; without it, as often as it is met.
    pub times: Option<u32>,
}

/// What can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An answer with an error status, and nothing done.
    Status,
    /// A late answer.
    Slow,
    /// A connection that is cut before anything is done.
    Cut,
    /// An answer that is not what the API speaks, with status 200.
    Nonsense,
    /// The work is done, and the client does not learn it.
    LoseAfter,
    /// A webhook that is never sent.
    WebhookLost,
    /// A webhook that is sent twice.
    WebhookDuplicate,
    /// A webhook that is held back, so that later ones overtake it.
    WebhookReorder,
}

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Answer with this status, and perhaps a `Retry-After`.
    Status(u16, Option<u64>),
    /// Wait this many milliseconds, then work as usual.
    Slow(u64),
    /// Cut the connection.
    Cut,
    /// Answer with nonsense.
    Nonsense,
    /// Work as usual, then answer with this status, or cut the connection.
    LoseAfter(Option<u16>),
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
}

/// The rules in force.
#[derive(Debug)]
pub struct Faults {
    seed: u64,
    random: Random,
    rules: Mutex<Vec<Rule>>,
}

impl Faults {
    /// No faults; those that are set later are drawn from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, random: Random::seeded(seed), rules: Mutex::default() }
    }

    /// Puts `rules` in the place of those in force and starts the draw again, so that a run can be repeated.
    ///
    /// # Errors
    ///
    /// Says which rule cannot be carried out, and why; the rules in force then stay.
    pub fn set(&self, rules: Vec<Rule>) -> Result<(), String> {
        if rules.len() > RULES_MAX {
            return Err(format!("at most {RULES_MAX} rules"));
        }
        for (n, rule) in rules.iter().enumerate() {
            rule.check().map_err(|problem| format!("rule {n}: {problem}"))?;
        }
        self.random.reseed(self.seed);
        *self.rules.lock().unwrap_or_else(PoisonError::into_inner) = rules;
        Ok(())
    }

    /// Decides whether anything goes wrong with a request; the first rule that fires decides.
    #[must_use]
    pub fn on_request(&self, provider: Provider, method: &str, route: &str, path: &str) -> Option<Fault> {
        self.first(|rule| {
            let fault = rule.fault()?;
            let meant = rule.provider == provider
                && rule.method.as_deref().is_none_or(|m| m.eq_ignore_ascii_case(method))
                && rule
                    .route_contains
                    .as_deref()
                    .is_none_or(|part| route.contains(part) || path.contains(part));
            meant.then_some(fault)
        })
    }

    /// Decides what becomes of a webhook.
    #[must_use]
    pub fn on_webhook(&self, provider: Provider) -> Fate {
        self.first(|rule| rule.fate().filter(|_| rule.provider == provider)).unwrap_or(Fate::Sent)
    }

    fn first<T>(&self, meant: impl Fn(&Rule) -> Option<T>) -> Option<T> {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        rules.iter_mut().find_map(|rule| {
            let found = meant(rule)?;
            if rule.times == Some(0) || !self.random.chance(rule.rate) {
                return None;
            }
            rule.times = rule.times.map(|left| left - 1);
            Some(found)
        })
    }
}

impl Rule {
    fn check(&self) -> Result<(), String> {
        if !(0.0..=1.0).contains(&self.rate) {
            return Err(format!("rate {} is not between 0 and 1", self.rate));
        }
        if self.status.is_some_and(|status| !(200..600).contains(&status)) {
            return Err("status must be between 200 and 599".to_owned());
        }
        match self.kind {
            Kind::Status if self.status.is_none() => Err("kind status needs a status".to_owned()),
            Kind::Slow if self.delay_ms.is_none() => Err("kind slow needs delay_ms".to_owned()),
            _ => Ok(()),
        }
    }

    fn fault(&self) -> Option<Fault> {
        match self.kind {
            Kind::Status => Some(Fault::Status(self.status?, self.retry_after_s)),
            Kind::Slow => Some(Fault::Slow(self.delay_ms?)),
            Kind::Cut => Some(Fault::Cut),
            Kind::Nonsense => Some(Fault::Nonsense),
            Kind::LoseAfter => Some(Fault::LoseAfter(self.status)),
            Kind::WebhookLost | Kind::WebhookDuplicate | Kind::WebhookReorder => None,
        }
    }

    fn fate(&self) -> Option<Fate> {
        match self.kind {
            Kind::WebhookLost => Some(Fate::Lost),
            Kind::WebhookDuplicate => Some(Fate::Twice),
            Kind::WebhookReorder => Some(Fate::HeldBack),
            _ => None,
        }
    }
}

fn always() -> f64 {
    1.0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(seed: u64, rules: serde_json::Value) -> Faults {
        let faults = Faults::new(seed);
        faults.set(serde_json::from_value(rules).unwrap()).unwrap();
        faults
    }

    fn drawn(faults: &Faults) -> Vec<bool> {
        (0..200).map(|_| faults.on_request(Provider::Hubspot, "GET", "/a", "/a").is_some()).collect()
    }

    #[test]
    fn the_same_seed_draws_the_same_faults_and_another_seed_draws_others() {
        let rule = json!([{"provider": "hubspot", "kind": "cut", "rate": 0.5}]);
        let first = drawn(&faults(7, rule.clone()));
        assert_eq!(first, drawn(&faults(7, rule.clone())));
        assert_ne!(first, drawn(&faults(8, rule)));
        assert!(first.contains(&true) && first.contains(&false));
    }

    #[test]
    fn setting_the_rules_again_repeats_the_draw() {
        let rule = json!([{"provider": "hubspot", "kind": "cut", "rate": 0.5}]);
        let faults = faults(7, rule.clone());
        let first = drawn(&faults);
        faults.set(serde_json::from_value(rule).unwrap()).unwrap();
        assert_eq!(first, drawn(&faults));
    }

    #[test]
    fn a_rule_fires_only_where_it_is_meant_and_only_so_often() {
        let faults = faults(
            1,
            json!([{"provider": "storeganise", "kind": "status", "status": 503, "method": "PUT",
                    "route_contains": "/users/", "times": 2}]),
        );
        let ask = |provider, method, route| faults.on_request(provider, method, route, route);
        assert_eq!(ask(Provider::Hubspot, "PUT", "/users/1"), None);
        assert_eq!(ask(Provider::Storeganise, "GET", "/users/1"), None);
        assert_eq!(ask(Provider::Storeganise, "PUT", "/addons/1"), None);
        assert_eq!(ask(Provider::Storeganise, "PUT", "/users/1"), Some(Fault::Status(503, None)));
        assert_eq!(ask(Provider::Storeganise, "PUT", "/users/1"), Some(Fault::Status(503, None)));
        assert_eq!(ask(Provider::Storeganise, "PUT", "/users/1"), None);
        assert_eq!(faults.on_webhook(Provider::Storeganise), Fate::Sent);
    }

    #[test]
    fn a_rule_that_cannot_be_carried_out_is_refused_and_the_others_stay() {
        let faults = faults(1, json!([{"provider": "hubspot", "kind": "webhook_lost"}]));
        let bad: Vec<Rule> =
            serde_json::from_value(json!([{"provider": "hubspot", "kind": "status"}])).unwrap();
        assert_eq!(faults.set(bad), Err("rule 0: kind status needs a status".to_owned()));
        assert_eq!(faults.on_webhook(Provider::Hubspot), Fate::Lost);
    }
}
