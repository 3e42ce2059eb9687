//! Budgets: how many requests a thousand people cost, counted by the systems that are asked. That nobody asks for more
//! than is granted is looked at when a [`House`] goes, in every test.

use serde_json::{Value, json};
use server::demo::{control::property, story::Story};
use sync_core::{access::audit::Actor, brake::NEVER_PERCENT, queue::change::Subject, settings::Settings};
use tests::{
    database::{Database, Kind},
    house::{BUSINESS, House, PORTAL, until},
};

const PEOPLE: usize = 1_000;
/// What was asked since the counters were last set to zero.
struct Asked(Value);

impl Asked {
    async fn of(house: &House) -> Self {
        Self(house.control().stats().await.unwrap())
    }

    fn hubspot(&self) -> u64 {
        self.0["hubspot"]["total"].as_u64().unwrap()
    }

    /// The requests of one provider whose route has this text.
    fn routes(&self, provider: &str, text: &str) -> u64 {
        let routes = self.0[provider]["routes"].as_object().unwrap().iter();
        let counts = routes.filter(|(route, _)| route.contains(text)).map(|(_, statuses)| statuses);
        counts.flat_map(|statuses| statuses.as_object().unwrap().values()).filter_map(Value::as_u64).sum()
    }

    fn hubspot_writes(&self) -> u64 {
        let kinds = ["batch/create", "batch/update", "batch/upsert"];
        kinds.into_iter().map(|kind| self.routes("hubspot", kind)).sum()
    }

    fn shown(&self) -> String {
        format!("hubspot {} storeganise {}", self.0["hubspot"]["routes"], self.0["storeganise"]["routes"])
    }
}

async fn house() -> House {
    House::new(Database::new(Kind::Sqlite).unwrap()).await
}

/// The way back to Storeganise is off, for it is not counted here, and a change of everybody is meant.
async fn plain(house: &House, story: &Story<'_>) {
    let installation = story.installation().await.unwrap();
    let settings = Settings { mirrors: false, brake_percent: NEVER_PERCENT, ..installation.settings };
    let by = Actor::command_line();
    house.stage.core().change_settings(installation.id, &settings, &by).await.unwrap();
    story.settle().await.unwrap();
}

async fn seed(house: &House) {
    let path = format!("storeganise/{BUSINESS}/users/seed");
    house.control().post(&path, &json!({ "count": PEOPLE })).await.unwrap();
}

/// A thousand users who have their contacts, and nothing left to do.
async fn linked(house: &House) -> Story<'_> {
    let story = house.connected().await;
    plain(house, &story).await;
    seed(house).await;
    story.ask_for_all().await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(house.control().contacts(PORTAL).await.unwrap().len(), PEOPLE);
    story
}

/// Long enough for a thousand events to arrive meanwhile.
const HELD_MS: u64 = 6_000;

/// Changes everybody at once: all events arrive while another user, who is staff, is being read.
async fn bulk(house: &House, story: &Story<'_>, set: Value) -> Asked {
    let control = house.control();
    let staff = json!({ "email": "b@example.com", "firstName": "B", "lastName": "O", "roles": ["admin"] });
    let staff = control.create_user(BUSINESS, &staff).await.unwrap();
    story.settle().await.unwrap();
    let slow = json!([{ "provider": "storeganise", "kind": "slow", "delay_ms": HELD_MS, "times": 1 }]);
    control.post("faults", &slow).await.unwrap();
    control.reset_stats().await.unwrap();
    let (core, by) = (house.stage.core(), Actor::command_line());
    let scope = story.installation().await.unwrap().scope();
    core.replay(scope, Subject::User, &staff, &by).await.unwrap();
    let is_held = async || control.get("quiet").await.unwrap()["requests_in_flight"] != 0;
    until("the staff member is read", is_held).await;
    let path = format!("storeganise/{BUSINESS}/users/bulk");
    let done = control.post(&path, &json!({ "set": set })).await.unwrap();
    assert_eq!(done["updated"], json!(PEOPLE));
    control.until_delivered().await.unwrap();
    assert!(is_held().await, "the events took longer than the one read");
    story.settle().await.unwrap();
    Asked::of(house).await
}

async fn first_sync(house: &House, story: &Story<'_>) -> Asked {
    house.control().reset_stats().await.unwrap();
    story.ask_for_all().await.unwrap();
    story.settle().await.unwrap();
    Asked::of(house).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_linked_users_changed_at_once_take_at_most_10_writes_and_no_read_at_hubspot() {
    let house = house().await;
    let story = linked(&house).await;
    let asked = bulk(&house, &story, json!({ "companyName": "Unit {n} Ltd" })).await;
    let (writes, reads) = (asked.hubspot_writes(), asked.routes("storeganise", "users"));
    eprintln!("changed: {} at HubSpot, {writes} of them writes; {reads} reads", asked.hubspot());
    assert!(writes <= 10, "{}", asked.shown());
    assert_eq!(asked.hubspot(), writes, "nothing is read at HubSpot: {}", asked.shown());
    assert!(reads <= 21, "{}", asked.shown());
    let contacts = house.control().contacts(PORTAL).await.unwrap();
    let followed = contacts.iter().filter(|contact| property(contact, "company").is_some()).count();
    assert_eq!(followed, PEOPLE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_users_touched_but_unchanged_ask_nothing_of_hubspot() {
    let house = house().await;
    let story = linked(&house).await;
    let asked = bulk(&house, &story, json!({ "phone2": "+44 20 7946 0{n}" })).await;
    eprintln!("touched: {} at HubSpot", asked.hubspot());
    assert_eq!(asked.hubspot(), 0, "{}", asked.shown());
    assert!(asked.routes("storeganise", "users") <= 21, "{}", asked.shown());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_sync_of_a_thousand_users_into_an_empty_portal_takes_at_most_14_requests() {
    let house = house().await;
    let story = house.connected().await;
    plain(&house, &story).await;
    seed(&house).await;
    let asked = first_sync(&house, &story).await;
    eprintln!("first sync, empty: {} at HubSpot", asked.hubspot());
    assert!(asked.hubspot() <= 14, "{}", asked.shown());
    assert_eq!(house.control().contacts(PORTAL).await.unwrap().len(), PEOPLE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_sync_of_a_thousand_users_into_a_portal_that_has_them_takes_at_most_21_requests() {
    let house = house().await;
    let control = house.control();
    let story = house.connected().await;
    plain(&house, &story).await;
    seed(&house).await;
    for user in control.users(BUSINESS).await.unwrap() {
        control.create_contact(PORTAL, &json!({ "email": user["email"] })).await.unwrap();
    }
    story.settle().await.unwrap();
    let contacts = control.contacts(PORTAL).await.unwrap();
    assert!(contacts.iter().all(|contact| property(contact, "storeganise_user_id").is_none()));
    let asked = first_sync(&house, &story).await;
    eprintln!("first sync, known: {} at HubSpot", asked.hubspot());
    assert!(asked.hubspot() <= 21, "{}", asked.shown());
    let contacts = control.contacts(PORTAL).await.unwrap();
    let paired = contacts.iter().filter(|contact| property(contact, "storeganise_user_id").is_some()).count();
    assert_eq!((contacts.len(), paired), (PEOPLE, PEOPLE), "everybody is known, nobody is doubled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_both_ways_never_asks_for_more_than_is_granted() {
    let house = house().await;
    let story = house.connected().await;
    story.without_brake().await.unwrap();
    let control = house.control();
    control.reset_stats().await.unwrap();
    control.post(&format!("storeganise/{BUSINESS}/users/seed"), &json!({ "count": 300 })).await.unwrap();
    let all = json!({ "set": { "companyName": "Unit {n} Ltd" } });
    control.post(&format!("storeganise/{BUSINESS}/users/bulk"), &all).await.unwrap();
    // Won deals come one by one, each with reads of its own, while the users are on their way.
    for n in 0..60 {
        let person = json!({ "email": format!("crowd{n}@example.net"), "firstname": "Vera" });
        let contact = control.create_contact(PORTAL, &person).await.unwrap();
        let deal = json!({ "dealname": "Box", "pipeline": "default", "dealstage": "closedwon" });
        control.create_deal(PORTAL, &deal, &[&contact]).await.unwrap();
    }
    story.ask_for_all().await.unwrap();
    story.settle().await.unwrap();
    let asked = Asked::of(&house).await;
    eprintln!("crowd: {}", asked.0["windows"]);
    assert_eq!(story.pairs_agree().await.unwrap(), 360);
}
