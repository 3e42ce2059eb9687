//! What the Storeganise side promises, asked over its routes.

mod dialect;
mod events;
mod pages;
mod refusals;
mod tasks;
mod toggles;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{business::Business, change, event, patch::Patch};
use crate::{
    delivery::Attempt,
    visitor::{START_MS, Visitor},
};

const API: &str = "/acme/api/v1/admin";
const CONTROL: &str = "/_sandbox/storeganise/acme";

/// Acme with the add-on installed, and the add-on asking.
async fn acme() -> (Visitor, String) {
    let mut visitor = Visitor::of_an_empty_world();
    visitor.post("/_sandbox/storeganise", json!({"code": "acme"})).await;
    let addon = visitor.post(&format!("{CONTROL}/addons"), Value::Null).await;
    let id = addon["id"].as_str().unwrap().to_owned();
    visitor.authorise(format!("Addon {id}|sandbox-api-key"));
    (visitor, id)
}

async fn user(visitor: &Visitor, email: &str) -> String {
    let user = json!({"email": email, "firstName": "Amber", "lastName": "Anvil", "phone": "020 7946 0001"});
    visitor.post(&format!("{API}/users"), user).await["id"].as_str().unwrap().to_owned()
}

fn refusal(answer: &Value) -> &str {
    answer["error"]["message"].as_str().unwrap_or_default()
}

/// The bodies of the webhooks that a change of a user in Acme would send, without sending them.
fn told(visitor: &Visitor, id: &str, fields: &Value) -> Vec<Value> {
    told_by(visitor, |business| {
        let patch = Patch::read(fields.as_object().unwrap()).unwrap();
        business.update(id, &patch, &visitor.world.clock).unwrap();
    })
}

/// The bodies of the webhooks that some work in Acme would send, without sending them.
fn told_by(visitor: &Visitor, work: impl FnOnce(&mut Business)) -> Vec<Value> {
    let mut state = visitor.world.storeganise();
    let business = state.business_mut("acme").unwrap();
    work(business);
    let attempt = Attempt { number: 1, at_ms: START_MS, shuffle: None };
    let webhooks = event::webhooks(&visitor.world, business);
    webhooks
        .iter()
        .map(|webhook| serde_json::from_slice(&(webhook.prepare)(&attempt).unwrap().body).unwrap())
        .collect()
}

fn listen(visitor: &Visitor) {
    visitor
        .world
        .set_webhook_url(crate::provider::Provider::Storeganise, "http://127.0.0.1:9/hook".to_owned());
}

#[tokio::test]
async fn a_put_changes_what_it_names_clears_what_is_null_and_leaves_the_rest() {
    let (acme, _) = acme().await;
    let id = user(&acme, "a@example.com").await;
    let path = format!("{API}/users/{id}?include=customFields");
    acme.put(&path, json!({"customFields": {"hubspot_contactId": "5", "gateCode": "77"}})).await;
    let answer = acme.put(&path, json!({"lastName": "Barrel", "phone": null, "unheardOf": 1})).await;
    assert_eq!(answer["firstName"], "Amber");
    assert_eq!(answer["lastName"], "Barrel");
    assert_eq!(answer["name"], "Amber Barrel");
    assert_eq!(answer.get("phone"), None, "a cleared field is absent, not null");
    assert_eq!(answer["customFields"], json!({"gateCode": "77", "hubspot_contactId": "5"}));

    let answer = acme.put(&path, json!({"customFields": {"gateCode": null, "undefined": "x"}})).await;
    assert_eq!(answer["customFields"], json!({"hubspot_contactId": "5"}), "no definition, no value");
    assert_eq!(answer, acme.get(&path).await);
}

#[tokio::test]
async fn custom_fields_come_only_when_they_are_asked_for() {
    let (acme, _) = acme().await;
    let id = user(&acme, "a@example.com").await;
    for path in [format!("{API}/users/{id}"), format!("{API}/users/a%40example.com")] {
        let answer = acme.get(&path).await;
        assert_eq!(answer["id"], id.as_str());
        assert_eq!(answer.get("customFields"), None);
        assert_eq!(acme.get(&format!("{path}?include=units,customFields")).await["customFields"], json!({}));
    }
    assert_eq!(acme.get(&format!("{API}/users")).await[0].get("customFields"), None);
}

#[tokio::test]
async fn a_second_user_with_the_same_email_is_refused() {
    let (acme, _) = acme().await;
    let first = user(&acme, "a@example.com").await;
    let second = user(&acme, "b@example.com").await;
    let again = json!({"email": "A@Example.com", "firstName": "B", "lastName": "C"});
    let (status, _) = acme.ask("POST", &format!("{API}/users"), again.clone()).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let (status, _) =
        acme.ask("PUT", &format!("{API}/users/{second}"), json!({"email": "a@EXAMPLE.com"})).await;
    assert_eq!(status, StatusCode::CONFLICT);

    acme.put(&format!("{API}/users/{first}"), json!({"email": "A@example.com"})).await;
    acme.put(&format!("{API}/users/{first}"), json!({"email": "c@example.com"})).await;
    acme.post(&format!("{API}/users"), again).await;
}

#[tokio::test]
async fn a_missing_or_wrong_field_is_named() {
    let (acme, _) = acme().await;
    for (body, named) in [
        (json!({"firstName": "A", "lastName": "B"}), "email"),
        (json!({"email": "a@example.com", "lastName": "B"}), "firstName"),
        (json!({"email": "a@example.com", "firstName": "A", "lastName": " "}), "lastName"),
        (json!({"email": "nobody", "firstName": "A", "lastName": "B"}), "email"),
        (json!({"email": "a@example.com", "firstName": "A", "lastName": "B", "phone": 5}), "phone"),
    ] {
        let (status, answer) = acme.ask("POST", &format!("{API}/users"), body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(refusal(&answer).contains(named), "{answer} names {named}");
    }
    assert_eq!(acme.get(&format!("{API}/users")).await, json!([]));
}

#[tokio::test]
async fn fifty_ids_may_be_named_and_no_more() {
    let (acme, _) = acme().await;
    let id = user(&acme, "a@example.com").await;
    let ids = |n: usize| vec![id.as_str(); n].join(",");
    let found = acme.get(&format!("{API}/users?ids={}", ids(50))).await;
    assert_eq!(found.as_array().unwrap().len(), 1);
    let (status, answer) = acme.ask("GET", &format!("{API}/users?ids={}", ids(51)), Value::Null).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(refusal(&answer).contains("50"));
}

#[tokio::test]
async fn updated_after_finds_what_was_changed_since_and_nothing_else() {
    let (acme, _) = acme().await;
    let first = user(&acme, "a@example.com").await;
    user(&acme, "b@example.com").await;
    let list = format!("{API}/users?updatedAfter=2026-01-01T00:00:00.000Z");
    assert_eq!(acme.get(&list).await, json!([]), "the bound itself does not count");
    acme.world.clock.advance(10);
    acme.put(&format!("{API}/users/{first}"), json!({"phone": "020 7946 0002"})).await;
    acme.put(&format!("{API}/users/{first}"), json!({"phone": "020 7946 0002"})).await;
    let changed = acme.get(&list).await;
    assert_eq!(changed.as_array().unwrap().len(), 1);
    assert_eq!(changed[0]["id"], first.as_str());
    assert_eq!(changed[0]["updated"], "2026-01-01T00:00:00.010Z", "saving without a change is no change");
    let (status, _) = acme.ask("GET", &format!("{API}/users?updatedAfter=soon"), Value::Null).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat() {
    let (acme, _) = acme().await;
    acme.post(&format!("{CONTROL}/users/seed"), json!({"count": 1005})).await;
    let ids = |page: &Value| -> Vec<String> {
        page.as_array().unwrap().iter().map(|u| u["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&acme.get(&format!("{API}/users")).await).len(), 50);
    let mut seen = ids(&acme.get(&format!("{API}/users?limit=5000")).await);
    assert_eq!(seen.len(), 1000);
    seen.extend(ids(&acme.get(&format!("{API}/users?limit=1000&offset=1000")).await));
    let all = acme.get(&format!("{CONTROL}/users")).await;
    assert_eq!(seen, ids(&all));
}

#[tokio::test]
async fn a_search_looks_into_names_addresses_or_the_named_field() {
    let (acme, _) = acme().await;
    let id = user(&acme, "a@example.com").await;
    user(&acme, "b@example.org").await;
    acme.put(&format!("{API}/users/{id}"), json!({"customFields": {"hubspot_contactId": "123"}})).await;
    for (search, found) in
        [("hubspot_contactId:123", 1), ("phone:7946", 2), ("b@example.org", 1), ("aNVil", 2), ("x:1", 0)]
    {
        let page = acme.get(&format!("{API}/users?search={search}")).await;
        assert_eq!(page.as_array().unwrap().len(), found, "{search}");
    }
}

#[tokio::test]
async fn only_an_installed_add_on_of_this_business_that_is_not_disabled_gets_in() {
    let (mut acme, id) = acme().await;
    acme.post("/_sandbox/storeganise", json!({"code": "other"})).await;
    let other = acme.post("/_sandbox/storeganise/other/addons", Value::Null).await;
    let other = other["id"].as_str().unwrap().to_owned();
    let users = format!("{API}/users");
    assert_eq!(acme.ask("GET", &users, Value::Null).await.0, StatusCode::OK, "paused may call");
    assert_eq!(acme.get(&format!("{API}/addons/{id}")).await["state"], "paused");
    for (authorization, status) in [
        (String::new(), 401),
        ("ApiKey sandbox-api-key".to_owned(), 401),
        (format!("Addon {id}|wrong"), 401),
        ("Addon 000000000000000000000000|sandbox-api-key".to_owned(), 401),
        (format!("Addon {other}|sandbox-api-key"), 403),
    ] {
        acme.authorise(authorization.clone());
        let (answered, body) = acme.ask("GET", &users, Value::Null).await;
        assert_eq!(answered.as_u16(), status, "{authorization}");
        assert!(!refusal(&body).is_empty());
    }
    acme.authorise(format!("Addon {id}|sandbox-api-key"));
    for (state, status) in [("enabled", 200), ("disabled", 403), ("paused", 200)] {
        acme.put(&format!("{CONTROL}/addons/{id}"), json!({"state": state})).await;
        assert_eq!(acme.ask("GET", &users, Value::Null).await.0.as_u16(), status, "{state}");
    }
    assert_eq!(acme.ask("GET", "/nobody/api/v1/admin/users", Value::Null).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn events_are_told_only_while_the_add_on_is_enabled_and_something_changed() {
    let (acme, id) = acme().await;
    let user = user(&acme, "a@example.com").await;
    listen(&acme);
    assert_eq!(told(&acme, &user, &json!({"phone": "1"})), Vec::<Value>::new(), "paused");
    acme.put(&format!("{CONTROL}/addons/{id}"), json!({"state": "enabled"})).await;
    let events = told(
        &acme,
        &user,
        &json!({"phone": "2", "firstName": "Amber", "customFields": {"hubspot_contactId": "9"}}),
    );
    assert_eq!(events.len(), 1, "what happened while paused is not made up for");
    assert_eq!(events[0]["type"], "user.updated");
    assert_eq!(
        events[0]["data"],
        json!({"userId": user, "changedKeys": ["phone", "customFields.hubspot_contactId"]})
    );
    assert_eq!(events[0]["addonId"], id.as_str());
    assert_eq!(events[0]["businessCode"], "acme");
    assert_eq!(events[0]["apiUrl"], "http://sandbox.example/acme/api");
    assert_eq!(told(&acme, &user, &json!({"phone": "2"})), Vec::<Value>::new(), "nothing changed");
    acme.put(&format!("{CONTROL}/addons/{id}"), json!({"state": "disabled"})).await;
    assert_eq!(told(&acme, &user, &json!({"phone": "3"})), Vec::<Value>::new(), "disabled");
}

#[tokio::test]
async fn an_installation_with_an_address_of_its_own_is_told_there() {
    let (acme, id) = acme().await;
    let user = user(&acme, "a@example.com").await;
    listen(&acme);
    let own = json!({"state": "enabled", "webhookUrl": "http://127.0.0.1:9/own"});
    acme.put(&format!("{CONTROL}/addons/{id}"), own).await;
    change(&acme.world, "acme", |business| {
        let fields = json!({"phone": "2"});
        let patch = Patch::read(fields.as_object().unwrap()).unwrap();
        business.update(&user, &patch, &acme.world.clock)?;
        let urls: Vec<String> = event::webhooks(&acme.world, business).into_iter().map(|w| w.url).collect();
        assert_eq!(urls, ["http://127.0.0.1:9/own"]);
        Ok(())
    })
    .unwrap();
}

#[tokio::test]
async fn a_bulk_update_changes_every_customer_and_no_staff() {
    let (acme, _) = acme().await;
    user(&acme, "a@example.com").await;
    user(&acme, "b@example.com").await;
    let staff = json!({"email": "s@example.com", "firstName": "S", "lastName": "T", "roles": ["manager"]});
    acme.post(&format!("{CONTROL}/users"), staff).await;
    let wish = json!({"set": {"phone": "020 7946 000{n}"}, "suffix": {"lastName": " X"}});
    assert_eq!(acme.post(&format!("{CONTROL}/users/bulk"), wish).await, json!({"updated": 2}));
    let all = acme.get(&format!("{CONTROL}/users")).await;
    assert_eq!((&all[0]["phone"], &all[0]["lastName"]), (&json!("020 7946 0001"), &json!("Anvil X")));
    assert_eq!(all[1]["phone"], "020 7946 0002");
    assert_eq!(all[2]["lastName"], "T");
    let (status, body) = acme.ask("POST", &format!("{CONTROL}/users/bulk"), json!({"sett": {}})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body["error"].as_str().unwrap().contains("sett"));
}

#[tokio::test]
async fn the_add_on_keeps_its_own_fields_and_a_task_reaches_staff() {
    let (acme, id) = acme().await;
    let link = "https://annex.example.com/connect/x";
    let fields = json!({"customFields": {"hubspot_authorisationLink": link, "undefined": "y"}});
    let addon = acme.put(&format!("{API}/addons/{id}"), fields).await;
    assert_eq!(addon["customFields"], json!({"hubspot_authorisationLink": link}));
    assert!(acme.get("/acme/admin/addons").await.as_str().unwrap().contains(&format!("href=\"{link}\"")));
    let task = json!({"type": "task", "ownerId": null, "data": {"targetType": "addon", "targetId": id, "title": "Connect HubSpot again", "desc": "…"}});
    acme.post(&format!("{API}/jobs"), task).await;
    assert_eq!(acme.get(&format!("{CONTROL}/tasks")).await[0]["data"]["title"], "Connect HubSpot again");
    assert!(acme.get("/acme/admin").await.as_str().unwrap().contains("Connect HubSpot again"));
}
