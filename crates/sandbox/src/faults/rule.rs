//! One rule of what goes wrong: how it is written, whether it can be carried out, what it is meant for, when it is due.

use serde::{Deserialize, Serialize};

use super::{Fate, Fault, Met, Refusal};
use crate::{asked::Party, provider::Provider, random::uniform};

/// One rule, as it is posted to `/_sandbox/faults`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Whose requests or webhooks.
    pub provider: Provider,
    /// What goes wrong.
    pub kind: Kind,
    /// Only routes or paths that contain this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route_contains: Option<String>,
    /// Only this method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Only requests of this HubSpot account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub portal: Option<u64>,
    /// Only requests to this Storeganise business.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business: Option<String>,
    /// The status of `status`; for `lose_after`, the status instead of a cut connection; for `nonsense`, instead of 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Which of HubSpot's limits a 429 names; without it, the ten-secondly one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// How long `slow` and `webhook_delay` take, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// The seconds of a `Retry-After` header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
    /// How likely the rule is to fire where it is due, from 0 to 1.
    #[serde(default = "always")]
    pub rate: f64,
    /// It lets this many pass before it is due for the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// It is due only every so many times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<u64>,
    /// How often it fires at most; without it, as often as it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
}

/// What can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An answer with an error status, and nothing done.
    Status,
    /// A late answer.
    Slow,
    /// A connection that is cut before anything is done.
    Cut,
    /// The work is done, and the connection is cut in the middle of the answer's body.
    Partial,
    /// A web page instead of what the API speaks, and nothing done.
    Nonsense,
    /// The work is done, and the answer is held back until other rules are set.
    Hold,
    /// The work is done, and the client does not learn it.
    LoseAfter,
    /// HubSpot takes the access token for expired, and nothing is done.
    ExpiredToken,
    /// A webhook that is never sent.
    WebhookLost,
    /// A webhook that is sent twice.
    WebhookDuplicate,
    /// A webhook that is held back, so that later ones overtake it.
    WebhookReorder,
    /// A webhook that is sent so much later.
    WebhookDelay,
}

/// The limits that a 429 of HubSpot may name (reference 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Policy {
    /// Requests of one app in one account within ten seconds.
    TenSecondlyRolling,
    /// Searches in one account within a second.
    Secondly,
    /// Requests of a day.
    Daily,
}

/// A rule in force, with what it met.
#[derive(Debug)]
pub(super) struct Armed {
    /// The rule.
    pub(super) rule: Rule,
    /// How many requests or webhooks it was meant for.
    pub(super) met: u64,
    /// How often it fired.
    pub(super) fired: u64,
}

impl Armed {
    /// A rule that met nothing yet.
    pub(super) fn new(rule: Rule) -> Self {
        Self { rule, met: 0, fired: 0 }
    }

    /// Counts what it was meant for and says whether it wants to fire, by draw `met` of the stream of its own.
    pub(super) fn meets(&mut self, seed: u64, place: usize) -> bool {
        let drawn = uniform(seed, place as u64, self.met);
        self.met += 1;
        let past = self.met.saturating_sub(self.rule.after.unwrap_or(0));
        let is_due = past > 0 && past.is_multiple_of(self.rule.every.unwrap_or(1));
        is_due && drawn < self.rule.rate && self.rule.times.is_none_or(|times| self.fired < times)
    }
}

impl Rule {
    /// Whether it can be carried out at all.
    ///
    /// # Errors
    ///
    /// Says what is missing, out of range, or without meaning for this kind.
    pub(super) fn check(&self) -> Result<(), String> {
        let problem = self.out_of_range().or_else(|| self.missing()).or_else(|| self.meaningless());
        problem.map_or(Ok(()), |problem| Err(problem.to_owned()))
    }

    fn out_of_range(&self) -> Option<&'static str> {
        let bad_status = self.status.is_some_and(|status| !(200..600).contains(&status));
        [
            (!(0.0..=1.0).contains(&self.rate), "rate must be between 0 and 1"),
            (bad_status, "status must be between 200 and 599"),
            (self.every == Some(0), "every must be at least 1"),
        ]
        .into_iter()
        .find_map(|(is_wrong, problem)| is_wrong.then_some(problem))
    }

    fn missing(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Status if self.status.is_none() => Some("kind status needs a status"),
            Kind::Slow if self.delay_ms.is_none() => Some("kind slow needs delay_ms"),
            Kind::WebhookDelay if self.delay_ms.is_none() => Some("kind webhook_delay needs delay_ms"),
            _ => None,
        }
    }

    fn meaningless(&self) -> Option<&'static str> {
        let is_hubspot = self.provider == Provider::Hubspot;
        let is_refusal = matches!(self.kind, Kind::Status | Kind::LoseAfter);
        let is_narrowed = self.route_contains.is_some()
            || self.method.is_some()
            || self.portal.is_some()
            || self.business.is_some();
        [
            (self.kind.is_of_webhooks() && is_narrowed, "webhooks have no route, method, portal or business"),
            (self.portal.is_some() && !is_hubspot, "only hubspot has portals"),
            (self.business.is_some() && is_hubspot, "only storeganise has businesses"),
            (self.kind == Kind::ExpiredToken && !is_hubspot, "only hubspot has tokens that expire"),
            (
                self.status.is_some() && !is_refusal && self.kind != Kind::Nonsense,
                "status belongs to the kinds status, lose_after and nonsense",
            ),
            (
                self.policy.is_some() && !(is_hubspot && is_refusal && self.status == Some(429)),
                "policy belongs to a status 429 of hubspot",
            ),
            (
                self.retry_after_s.is_some() && !(is_refusal && self.status.is_some()),
                "retry_after_s belongs to a status",
            ),
            (
                self.delay_ms.is_some() && !matches!(self.kind, Kind::Slow | Kind::WebhookDelay),
                "delay_ms belongs to the kinds slow and webhook_delay",
            ),
        ]
        .into_iter()
        .find_map(|(is_wrong, problem)| is_wrong.then_some(problem))
    }

    /// What happens to a request it is meant for.
    pub(super) fn fault_for(&self, met: &Met<'_>) -> Option<Fault> {
        let is_meant = self.provider == met.provider
            && self.method.as_deref().is_none_or(|method| method.eq_ignore_ascii_case(met.method))
            && self.portal.is_none_or(|id| met.party == Some(&Party::Portal(id)))
            && self
                .business
                .as_deref()
                .is_none_or(|code| matches!(met.party, Some(Party::Business(asked)) if **asked == *code))
            && self
                .route_contains
                .as_deref()
                .is_none_or(|part| met.route.contains(part) || met.path.contains(part));
        self.fault().filter(|_| is_meant)
    }

    /// What becomes of a webhook, where it is about webhooks.
    pub(super) fn fate(&self) -> Option<Fate> {
        match self.kind {
            Kind::WebhookLost => Some(Fate::Lost),
            Kind::WebhookDuplicate => Some(Fate::Twice),
            Kind::WebhookReorder => Some(Fate::HeldBack),
            Kind::WebhookDelay => Some(Fate::Delayed(self.delay_ms?)),
            _ => None,
        }
    }

    fn fault(&self) -> Option<Fault> {
        match self.kind {
            Kind::Status => Some(Fault::Status(self.refusal()?)),
            Kind::Slow => Some(Fault::Slow(self.delay_ms?)),
            Kind::Cut => Some(Fault::Cut),
            Kind::Hold => Some(Fault::Hold),
            Kind::Partial => Some(Fault::Partial),
            Kind::Nonsense => Some(Fault::Nonsense(self.status.unwrap_or(200))),
            Kind::LoseAfter => Some(Fault::LoseAfter(self.refusal())),
            Kind::ExpiredToken => Some(Fault::ExpiredToken),
            _ => None,
        }
    }

    fn refusal(&self) -> Option<Refusal> {
        Some(Refusal {
            status: self.status?,
            retry_after_s: self.retry_after_s,
            policy: self.policy.unwrap_or(Policy::TenSecondlyRolling),
        })
    }
}

impl Kind {
    fn is_of_webhooks(self) -> bool {
        matches!(self, Self::WebhookLost | Self::WebhookDuplicate | Self::WebhookReorder | Self::WebhookDelay)
    }
}

fn always() -> f64 {
    1.0
}
