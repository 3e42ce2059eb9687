//! Which changes the app hears of, and where and how: its subscriptions and webhook settings, the same for every
//! account (reference 5.1). Accounts know nothing of them; `wire::webhooks` is how the developer changes them.
//!
//! HubSpot keeps a copy of the settings for up to five minutes. So there are two sets here: the one that is asked
//! for, which the API shows, and the one in force, which follows it after a while.

mod settings;
mod topic;

use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) use settings::{SettingsInput, Target};
pub(crate) use topic::Topic;

use self::settings::Settings;
use super::crm::kind::Kind;
use super::error::ApiError;
use crate::clock;
use crate::options::Options;

/// How many subscriptions an app may have.
const SUBSCRIPTIONS_MAX: usize = 1_000;
/// The number of the first subscription; the others follow it.
const FIRST_ID: u64 = 7_562_680;
/// When the app was registered with its first subscriptions: 2025-01-01.
const REGISTERED_MS: u64 = 1_735_689_600_000;

/// The properties of contacts and deals to which an app is subscribed from the start.
const CONTACT_PROPERTIES: [&str; 11] = [
    "storeganise_user_id",
    "firstname",
    "lastname",
    "email",
    "phone",
    "company",
    "address",
    "city",
    "state",
    "zip",
    "country",
];
const DEAL_PROPERTIES: [&str; 5] = ["dealstage", "amount", "closedate", "dealname", "pipeline"];
/// What else it is subscribed to from the start.
const RECORD_EVENTS: [&str; 8] = [
    "contact.creation",
    "contact.deletion",
    "contact.merge",
    "contact.restore",
    "contact.privacyDeletion",
    "deal.creation",
    "deal.deletion",
    "deal.associationChange",
];

/// One kind of change that the app hears of.
#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    /// Its number, which events carry.
    pub(crate) id: u64,
    /// What it is about.
    pub(crate) topic: Topic,
    /// Whether it is not paused.
    pub(crate) is_active: bool,
    created_ms: u64,
    updated_ms: Option<u64>,
}

/// A subscription as an app asks for it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewSubscription {
    event_type: String,
    object_type_id: Option<String>,
    property_name: Option<String>,
    #[serde(default)]
    active: bool,
}

/// All subscriptions of the app, and its settings.
#[derive(Debug)]
pub(crate) struct Book {
    asked: Edition,
    in_force: Edition,
    /// When the first change was made that is not in force yet.
    changed_ms: Option<u64>,
    /// The address that is asked for and not in force yet.
    target: Option<Target>,
    delay_ms: u64,
    next_id: u64,
}

#[derive(Debug, Clone)]
struct Edition {
    subscriptions: Vec<Subscription>,
    settings: Settings,
}

impl Book {
    /// What the app is registered with.
    pub(crate) fn new(options: &Options) -> Self {
        let subscriptions: Vec<Subscription> =
            (FIRST_ID..).zip(first_topics()).map(Subscription::first).collect();
        let next_id = subscriptions.iter().map(|one| one.id + 1).max().unwrap_or(FIRST_ID);
        let asked = Edition { subscriptions, settings: Settings::first(REGISTERED_MS) };
        let in_force = asked.clone();
        let delay_ms = options.hubspot.settings_delay_ms;
        Self { asked, in_force, changed_ms: None, target: None, delay_ms, next_id }
    }

    /// The subscriptions by which events are told now.
    pub(crate) fn in_force(&self) -> &[Subscription] {
        &self.in_force.subscriptions
    }

    /// How many deliveries an account may have on the wire at once.
    pub(crate) fn in_flight_max(&self) -> usize {
        self.in_force.settings.in_flight_max()
    }

    /// Puts in force what has been asked for long enough; answers with the new address if there is one.
    pub(crate) fn settle(&mut self, now_ms: u64) -> Option<Target> {
        let is_due = self.changed_ms.is_some_and(|changed| changed.saturating_add(self.delay_ms) <= now_ms);
        if !is_due {
            return None;
        }
        self.changed_ms = None;
        self.in_force = self.asked.clone();
        self.target.take()
    }

    /// Every subscription, as the app asked for it.
    pub(crate) fn all(&self) -> &[Subscription] {
        &self.asked.subscriptions
    }

    /// One subscription, as the app asked for it.
    ///
    /// # Errors
    /// 404 when there is none.
    pub(crate) fn one(&self, id: &str) -> Result<&Subscription, ApiError> {
        let found = id.parse().ok().and_then(|id: u64| self.all().iter().find(|one| one.id == id));
        found.ok_or_else(|| no_subscription(id))
    }

    /// Subscribes to something.
    ///
    /// # Errors
    /// 400 for what cannot be subscribed to and beyond the limit, 409 for what is subscribed to already, 501 for
    /// what the sandbox does not simulate.
    pub(crate) fn create(&mut self, input: &NewSubscription, now_ms: u64) -> Result<&Subscription, ApiError> {
        let topic =
            Topic::read(&input.event_type, input.object_type_id.as_deref(), input.property_name.as_deref())?;
        if self.all().iter().any(|one| one.topic == topic) {
            return Err(ApiError::conflict(&format!(
                "A subscription to {} exists already",
                input.event_type
            )));
        }
        if self.all().len() >= SUBSCRIPTIONS_MAX {
            return Err(ApiError::invalid(format!(
                "An app can have at most {SUBSCRIPTIONS_MAX} subscriptions"
            )));
        }
        let id = self.next_id;
        self.next_id += 1;
        self.changed(now_ms);
        let made =
            Subscription { id, topic, is_active: input.active, created_ms: now_ms, updated_ms: Some(now_ms) };
        self.asked.subscriptions.push(made);
        self.one(&id.to_string())
    }

    /// Pauses a subscription, or lets it go on; without a word of either it stays as it is.
    ///
    /// # Errors
    /// 404 when there is none.
    pub(crate) fn activate(
        &mut self,
        id: &str,
        active: Option<bool>,
        now_ms: u64,
    ) -> Result<&Subscription, ApiError> {
        let id = self.one(id)?.id;
        if let Some(active) = active {
            self.changed(now_ms);
            for one in self.asked.subscriptions.iter_mut().filter(|one| one.id == id) {
                one.is_active = active;
                one.updated_ms = Some(now_ms);
            }
        }
        self.one(&id.to_string())
    }

    /// Ends a subscription.
    ///
    /// # Errors
    /// 404 when there is none.
    pub(crate) fn remove(&mut self, id: &str, now_ms: u64) -> Result<(), ApiError> {
        let id = self.one(id)?.id;
        self.changed(now_ms);
        self.asked.subscriptions.retain(|one| one.id != id);
        Ok(())
    }

    /// The settings as they are asked for, where `url` is the address in force.
    ///
    /// # Errors
    /// 404 when events have no address.
    pub(crate) fn settings(&self, url: Option<&str>) -> Result<Value, ApiError> {
        let url = match &self.target {
            Some(Target::Set(url)) => Some(url.as_str()),
            Some(Target::Cleared) => None,
            None => url,
        };
        let url = url.ok_or_else(|| ApiError::not_found("The app has no webhook settings"))?;
        Ok(self.asked.settings.to_json(url))
    }

    /// Sets the address and how many deliveries it gets at once.
    ///
    /// # Errors
    /// 400 for an address that is not safe, and for too few deliveries at once.
    pub(crate) fn configure(&mut self, input: SettingsInput, now_ms: u64) -> Result<(), ApiError> {
        let target = self.asked.settings.change(input, now_ms)?;
        self.changed(now_ms);
        self.target = Some(target);
        Ok(())
    }

    /// Takes the address away: nothing is told until there is another.
    pub(crate) fn clear(&mut self, now_ms: u64) {
        self.asked.settings = Settings::first(now_ms);
        self.changed(now_ms);
        self.target = Some(Target::Cleared);
    }

    fn changed(&mut self, now_ms: u64) {
        self.changed_ms.get_or_insert(now_ms);
    }
}

impl Subscription {
    fn first((id, topic): (u64, Topic)) -> Self {
        Self { id, topic, is_active: true, created_ms: REGISTERED_MS, updated_ms: None }
    }

    /// The subscription as the API shows it.
    pub(crate) fn to_json(&self) -> Value {
        let mut shown = json!({
            "id": self.id.to_string(), "eventType": self.topic.event_type(), "active": self.is_active,
            "createdAt": clock::iso(self.created_ms),
        });
        if self.topic.is_generic {
            shown["objectTypeId"] = self.topic.kind.type_id().into();
        }
        if let Some(property) = &self.topic.property {
            shown["propertyName"] = json!(&**property);
        }
        if let Some(updated_ms) = self.updated_ms {
            shown["updatedAt"] = clock::iso(updated_ms).into();
        }
        shown
    }
}

/// What an app is subscribed to from the start, in the order of the subscriptions' numbers.
fn first_topics() -> impl Iterator<Item = Topic> {
    let record = |name| Topic::read(name, None, None).expect("a known event type");
    let property = |kind: Kind| {
        move |name| {
            let event_type = format!("{}.propertyChange", kind.singular());
            Topic::read(&event_type, None, Some(name)).expect("a property that can be subscribed to")
        }
    };
    (RECORD_EVENTS.into_iter().map(record))
        .chain(CONTACT_PROPERTIES.into_iter().map(property(Kind::Contact)))
        .chain(DEAL_PROPERTIES.into_iter().map(property(Kind::Deal)))
}

fn no_subscription(id: &str) -> ApiError {
    ApiError::not_found(&format!("There is no webhook subscription with the ID {id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(settings_delay_ms: u64) -> Book {
        let mut options = Options::default();
        options.hubspot.settings_delay_ms = settings_delay_ms;
        Book::new(&options)
    }

    fn new(body: Value) -> NewSubscription {
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn the_first_subscriptions_keep_their_numbers() {
        let book = book(0);
        for (id, event_type, property) in [
            (7_562_680, "contact.creation", None),
            (7_562_684, "contact.privacyDeletion", None),
            (7_562_687, "deal.associationChange", None),
            (7_562_688, "contact.propertyChange", Some("storeganise_user_id")),
            (7_562_691, "contact.propertyChange", Some("email")),
            (7_562_699, "deal.propertyChange", Some("dealstage")),
            (7_562_703, "deal.propertyChange", Some("pipeline")),
        ] {
            let one = book.one(&id.to_string()).unwrap();
            assert_eq!(
                (one.topic.event_type().as_str(), one.topic.property.as_deref()),
                (event_type, property)
            );
        }
        assert_eq!(book.all().len(), 24);
    }

    #[test]
    fn a_change_comes_into_force_when_the_copy_has_grown_old() {
        let mut book = book(300_000);
        book.create(&new(json!({"eventType": "deal.merge", "active": true})), 1_000).unwrap();
        book.remove("7562680", 200_000).unwrap();
        assert_eq!((book.all().len(), book.in_force().len()), (24, 24));
        assert!(book.settle(300_999).is_none());
        assert_eq!(book.in_force()[0].topic.event_type(), "contact.creation", "not yet");
        book.settle(301_000);
        assert_eq!(book.in_force()[0].topic.event_type(), "contact.deletion", "one copy takes over both");
        assert_eq!(book.in_force()[23].topic.event_type(), "deal.merge");
    }

    #[test]
    fn the_thousandth_subscription_is_the_last() {
        let mut book = book(0);
        for number in 24..1_000 {
            let body = json!({"eventType": "contact.propertyChange", "propertyName": format!("p{number}")});
            book.create(&new(body), 1).unwrap();
        }
        let refused = book.create(&new(json!({"eventType": "deal.merge"})), 1).unwrap_err();
        assert_eq!((refused.status().as_u16(), book.all().len()), (400, 1_000));
        assert!(refused.message().contains("1000"));
    }
}
