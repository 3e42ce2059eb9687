//! What one record does to the others of its batch: nothing, whether it is refused, breaks the provider, or has a shape
//! that nobody expects.

use serde_json::json;
use server::demo::{control::property, story::Story};
use sync_core::access::audit::Actor;
use tests::{
    database::Database,
    house::{BUSINESS, House, PORTAL, until},
    on_both_databases,
};

on_both_databases!(
    one_bad_row_in_a_hundred_refused_whole_costs_at_most_14_requests_more,
    every_refusal_is_told_with_hubspots_own_code_and_correlation_id,
    a_field_that_is_refused_is_left_out_even_where_the_whole_batch_was_refused,
    a_record_that_breaks_its_provider_is_parked_in_the_end_and_its_neighbours_land,
    a_user_in_a_shape_nobody_expects_does_not_hold_up_the_next_one,
    a_contact_in_a_shape_nobody_expects_does_not_hold_up_the_next_one,
);

async fn rules(house: &House, rules: serde_json::Value) {
    house.control().post(&format!("hubspot/{PORTAL}/rules"), &rules).await.unwrap();
}

async fn users(house: &House, n: usize) -> Vec<String> {
    let mut users = Vec::new();
    for n in 0..n {
        let fields =
            json!({ "email": format!("u{n}@example.com"), "firstName": "U", "lastName": format!("N{n}") });
        users.push(house.control().create_user(BUSINESS, &fields).await.unwrap());
    }
    users
}

async fn one_bad_row_in_a_hundred_refused_whole_costs_at_most_14_requests_more(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    rules(&house, json!({ "all_or_nothing": true, "required": ["company"] })).await;
    let path = format!("storeganise/{BUSINESS}/users");
    let mut bare = String::new();
    house
        .at_once(&story, async || {
            control.post(&format!("{path}/seed"), &json!({ "count": 99 })).await.unwrap();
            let company = json!({ "set": { "companyName": "Unit {n} Ltd" } });
            control.post(&format!("{path}/bulk"), &company).await.unwrap();
            bare = users(&house, 1).await.remove(0);
            control.until_delivered().await.unwrap();
            control.reset_stats().await.unwrap();
        })
        .await;
    assert_eq!(control.contacts(PORTAL).await.unwrap().len(), 99);
    let stats = control.stats().await.unwrap();
    let routes = stats["hubspot"]["routes"].as_object().unwrap();
    let count = |part: &str| -> u64 {
        let of_part = routes.iter().filter(|(route, _)| route.contains(part));
        of_part
            .flat_map(|(_, counts)| {
                counts.as_object().unwrap().values().filter_map(serde_json::Value::as_u64)
            })
            .sum()
    };
    let upserts = count("batch/upsert");
    // Whatever came in apart is a batch of its own, which has one read by e-mail.
    let batches = count("batch/read");
    assert!(upserts > batches && upserts <= batches + 14, "{upserts} requests: {routes:?}");
    let outcome = house.outcomes_of(&story, &bare).await.remove(0);
    assert_eq!(outcome.provider_code.as_deref(), Some("MISSING_REQUIRED_PROPERTY"));
}

async fn every_refusal_is_told_with_hubspots_own_code_and_correlation_id(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    for all_or_nothing in [false, true] {
        rules(&house, json!({ "required": ["company"], "all_or_nothing": all_or_nothing })).await;
        let fields =
            json!({ "email": format!("{all_or_nothing}@example.com"), "firstName": "A", "lastName": "B" });
        let bare = house.control().create_user(BUSINESS, &fields).await.unwrap();
        story.settle().await.unwrap();
        let outcome = house.outcomes_of(&story, &bare).await.remove(0);
        assert_eq!((outcome.action.word(), outcome.reason.as_deref()), ("failed", Some("hubspot.refused")));
        assert_eq!(outcome.provider_code.as_deref(), Some("MISSING_REQUIRED_PROPERTY"));
        assert_eq!(outcome.fields, ["company"]);
        assert!(outcome.correlation_id.is_some(), "{outcome:?}");
    }
}

async fn a_field_that_is_refused_is_left_out_even_where_the_whole_batch_was_refused(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let all = users(&house, 3).await;
    story.settle().await.unwrap();
    rules(&house, json!({ "all_or_nothing": true })).await;
    let edit = async |user: &str, fields: serde_json::Value| {
        house.control().edit_user(BUSINESS, user, &fields).await.unwrap();
    };
    house
        .at_once(&story, async || {
            // An address that one of the two takes and the other does not.
            let odd = format!("storeganise/{BUSINESS}/users/{}/oddly", all[0]);
            house.control().post(&odd, &json!({ "email": "u0@nowhere" })).await.unwrap();
            edit(&all[0], json!({ "phone": "1234567" })).await;
            edit(&all[1], json!({ "phone": "1234567" })).await;
            edit(&all[2], json!({ "phone": "1234567" })).await;
        })
        .await;
    for user in &all {
        assert_eq!(property(&house.contact_of(user).await, "phone"), Some("1234567"));
    }
    let outcome = house.outcomes_of(&story, &all[0]).await.remove(0);
    assert_eq!(
        (outcome.action.word(), outcome.reason.as_deref()),
        ("updated", Some("hubspot.refused_fields"))
    );
    assert_eq!(
        (outcome.fields, outcome.provider_code.as_deref()),
        (vec!["email".to_owned()], Some("INVALID_EMAIL"))
    );
}

/// Asks again whenever something waits after a failure, until `holds`. What is being tried just now is let be: a change
/// that is asked for in the midst of an attempt is a new one, and the attempt does not count.
async fn impatiently<F: Future<Output = bool>>(house: &House, story: &Story<'_>, holds: impl Fn() -> F) {
    let scope = story.installation().await.unwrap().scope();
    let (core, by) = (house.stage.core(), Actor::command_line());
    until("what was waited for", || async {
        if holds().await {
            return true;
        }
        let is_held = core.backlog(scope).await.unwrap().held.is_some();
        let pending = core.changes(scope, Some(false), None, 100).await.unwrap().items;
        let failed = pending.iter().filter(|change| change.cause.is_some());
        for change in failed.filter(|change| is_held || change.due_at > change.marked_at) {
            core.replay(scope, change.subject, &change.subject_id, &by).await.ok();
        }
        false
    })
    .await;
}

async fn a_record_that_breaks_its_provider_is_parked_in_the_end_and_its_neighbours_land(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    let (core, scope) = (house.stage.core(), story.installation().await.unwrap().scope());
    let all = users(&house, 6).await;
    story.settle().await.unwrap();
    let poison = all[3].clone();
    let rule =
        json!([{ "provider": "storeganise", "kind": "status", "status": 500, "route_contains": poison }]);
    control.post("faults", &rule).await.unwrap();
    let company = json!({ "set": { "companyName": "Unit {n} Ltd" } });
    control.post(&format!("storeganise/{BUSINESS}/users/bulk"), &company).await.unwrap();
    control.until_delivered().await.unwrap();
    let landed = || async {
        let contacts = control.contacts(PORTAL).await.unwrap();
        contacts.iter().filter(|contact| property(contact, "company").is_some()).count() == 5
    };
    impatiently(&house, &story, landed).await;
    let parked = || async { !core.changes(scope, Some(true), None, 5).await.unwrap().items.is_empty() };
    impatiently(&house, &story, parked).await;
    let parked = core.changes(scope, Some(true), None, 5).await.unwrap().items;
    let told: Vec<_> =
        parked.iter().map(|change| (change.subject_id.as_str(), change.cause.as_deref())).collect();
    assert_eq!(told, [(poison.as_str(), Some("storeganise.http_500"))], "only the one at fault");
    // While it lasts, others are not held up.
    control.edit_user(BUSINESS, &all[1], &json!({ "companyName": "Elsewhere" })).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(property(&house.contact_of(&all[1]).await, "company"), Some("Elsewhere"));
    // Mended and replayed, it lands.
    control.post("faults", &json!([])).await.unwrap();
    core.replay_parked(scope, &Actor::command_line()).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(property(&house.contact_of(&poison).await, "company"), Some("Unit 4 Ltd"));
}

async fn a_user_in_a_shape_nobody_expects_does_not_hold_up_the_next_one(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    let all = users(&house, 3).await;
    story.settle().await.unwrap();
    let odd = format!("storeganise/{BUSINESS}/users/{}/oddly", all[1]);
    control.post(&odd, &json!({ "phone": { "country": 44 } })).await.unwrap();
    let company = json!({ "set": { "companyName": "Unit {n} Ltd", "phone": "1234567" } });
    control.post(&format!("storeganise/{BUSINESS}/users/bulk"), &company).await.unwrap();
    story.settle().await.unwrap();
    for user in [&all[0], &all[2]] {
        assert_eq!(property(&house.contact_of(user).await, "phone"), Some("1234567"));
    }
    let outcome = house.outcomes_of(&story, &all[1]).await.remove(0);
    assert_eq!((outcome.action.word(), outcome.reason.as_deref()), ("failed", Some("unexpected_answer")));
    assert_eq!(outcome.fields, ["phone"]);
    assert_eq!(property(&house.contact_of(&all[1]).await, "company"), None, "nothing is written of it");
    // A run goes through everybody, the odd one among them.
    story.ask_for_all().await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(house.told(&story, &all[1]).await.0, "failed");
}

async fn a_contact_in_a_shape_nobody_expects_does_not_hold_up_the_next_one(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    let all = users(&house, 3).await;
    story.settle().await.unwrap();
    let odd = house.contact_of(&all[1]).await["id"].as_str().unwrap().to_owned();
    let path = format!("hubspot/{PORTAL}/contacts/{odd}/oddly");
    control.post(&path, &json!({ "address": ["12 High Street"] })).await.unwrap();
    let moved = json!({ "set": { "address": "{n} Mill Lane" } });
    control.post(&format!("storeganise/{BUSINESS}/users/bulk"), &moved).await.unwrap();
    story.settle().await.unwrap();
    for (n, user) in [(1, &all[0]), (3, &all[2])] {
        let address = format!("{n} Mill Lane");
        assert_eq!(property(&house.contact_of(user).await, "address"), Some(address.as_str()));
    }
    let outcome = house.outcomes_of(&story, &all[1]).await.remove(0);
    assert_eq!((outcome.action.word(), outcome.reason.as_deref()), ("failed", Some("unexpected_answer")));
    assert_eq!(outcome.fields, ["properties.address"]);
}
