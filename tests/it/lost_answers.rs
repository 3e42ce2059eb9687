//! A write that arrived and whose answer did not: whoever edits the record before we look again is not overwritten.

use serde_json::{Value, json};
use server::demo::{control::property, story::Story};
use sync_core::{access::audit::Actor, merge::Policy, queue::change::Subject, settings::Settings};
use tests::{
    database::Database,
    house::{BUSINESS, House, PORTAL, until},
    on_both_databases,
};

on_both_databases!(
    a_contact_edited_again_before_the_first_edits_answer_was_seen_keeps_the_second,
    a_user_edited_again_before_the_first_edits_answer_was_seen_keeps_the_second,
);

const FIRST: &str = "+44 20 7946 0001";
const SECOND: &str = "+44 20 7946 0002";

async fn pair(house: &House, story: &Story<'_>, change: impl FnOnce(&mut Settings)) -> (String, String) {
    let installation = story.installation().await.unwrap();
    let mut settings = Settings { mirrors: false, ..installation.settings };
    change(&mut settings);
    house.stage.core().change_settings(installation.id, &settings, &Actor::command_line()).await.unwrap();
    let fields = json!({ "email": "ada@example.com", "firstName": "Ada", "lastName": "Locke" });
    let user = house.control().create_user(BUSINESS, &fields).await.unwrap();
    story.settle().await.unwrap();
    let contact = house.contact_of(&user).await["id"].as_str().unwrap().to_owned();
    (user, contact)
}

/// The next write arrives and its answer is lost; the users cannot be read again until the faults are gone.
async fn lose_the_next_answer(house: &House, write: Value) {
    let mut lost = write;
    lost["kind"] = json!("lose_after");
    lost["times"] = json!(1);
    let then = json!({ "provider": "storeganise", "kind": "status", "status": 503, "method": "GET",
        "route_contains": "users", "after": 1 });
    house.control().post("faults", &json!([lost, then])).await.unwrap();
}

async fn faults_are_over(house: &House, story: &Story<'_>, user: &str) {
    house.control().until_delivered().await.unwrap();
    house.control().post("faults", &json!([])).await.unwrap();
    let scope = story.installation().await.unwrap().scope();
    house.stage.core().replay(scope, Subject::User, user, &Actor::command_line()).await.unwrap();
    story.settle().await.unwrap();
}

async fn edit_contact(house: &House, contact: &str, phone: &str) {
    let path = format!("hubspot/{PORTAL}/contacts/{contact}");
    house.control().put(&path, &json!({ "properties": { "phone": phone } })).await.unwrap();
}

async fn edit_user(house: &House, user: &str, phone: &str) {
    house.control().edit_user(BUSINESS, user, &json!({ "phone": phone })).await.unwrap();
}

async fn phone_of_user(house: &House, user: &str) -> String {
    let users = house.control().users(BUSINESS).await.unwrap();
    let user = users.into_iter().find(|known| known["id"] == user).unwrap();
    user["phone"].as_str().unwrap_or_default().to_owned()
}

async fn phone_of_contact(house: &House, user: &str) -> String {
    property(&house.contact_of(user).await, "phone").unwrap_or_default().to_owned()
}

async fn both_hold_the_second(house: &House, story: &Story<'_>, user: &str) {
    assert_eq!(
        (phone_of_user(house, user).await, phone_of_contact(house, user).await),
        (SECOND.into(), SECOND.into())
    );
    let outcomes = house.outcomes_of(story, user).await;
    let decided = outcomes.iter().find(|row| row.reason.as_deref() == Some("conflict_decided"));
    assert!(decided.is_none(), "our own write is no edit of anybody: {outcomes:?}");
}

async fn a_contact_edited_again_before_the_first_edits_answer_was_seen_keeps_the_second(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let (user, contact) = pair(&house, &story, |settings| settings.contact_edits = true).await;
    lose_the_next_answer(&house, json!({ "provider": "storeganise", "method": "PUT" })).await;
    edit_contact(&house, &contact, FIRST).await;
    until("the first edit arrives", || async { phone_of_user(&house, &user).await == FIRST }).await;
    edit_contact(&house, &contact, SECOND).await;
    faults_are_over(&house, &story, &user).await;
    both_hold_the_second(&house, &story, &user).await;
}

async fn a_user_edited_again_before_the_first_edits_answer_was_seen_keeps_the_second(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let hubspot_wins = |settings: &mut Settings| {
        settings.conflict_policy = Policy::HubspotWins;
        settings.contact_edits = true;
    };
    let (user, _) = pair(&house, &story, hubspot_wins).await;
    lose_the_next_answer(&house, json!({ "provider": "hubspot", "route_contains": "batch/update" })).await;
    edit_user(&house, &user, FIRST).await;
    until("the first edit arrives", || async { phone_of_contact(&house, &user).await == FIRST }).await;
    edit_user(&house, &user, SECOND).await;
    faults_are_over(&house, &story, &user).await;
    both_hold_the_second(&house, &story, &user).await;
}
