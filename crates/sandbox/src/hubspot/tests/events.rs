//! What the app hears, over a real connection.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::ear::{Ear, subscribe};
use super::{App, CONTACTS, CONTROL, DEALS};
use crate::options::{HubspotApp, Options};

fn kinds(events: &[Value]) -> Vec<(String, String)> {
    let text = |event: &'_ Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
    events.iter().map(|event| (text(event, "subscriptionType"), text(event, "propertyName"))).collect()
}

fn owned<const N: usize>(kinds: [(&str, &str); N]) -> Vec<(String, String)> {
    kinds.map(|(kind, property)| (kind.to_owned(), property.to_owned())).to_vec()
}

#[tokio::test]
async fn an_apps_own_write_comes_back_as_integration_under_its_app_id() {
    let app = App::connected().await;
    let mut ear = Ear::of(&app).await;
    let id = app.contact(json!({"email": "ann@example.com", "jobtitle": "Packer"})).await;
    let events = ear.events(2).await;
    assert_eq!(kinds(&events), owned([("contact.creation", ""), ("contact.propertyChange", "email")]));
    for event in &events {
        assert_eq!((&event["changeSource"], &event["sourceId"]), (&json!("INTEGRATION"), &json!("7654321")));
        assert_eq!((&event["appId"], &event["portalId"]), (&json!(7_654_321), &json!(1_234_567)));
        assert_eq!(event["objectId"], json!(id.parse::<u64>().unwrap()));
        assert_eq!(event["attemptNumber"], 0);
    }
    assert_eq!(events[1]["propertyValue"], "ann@example.com");
}

#[tokio::test]
async fn a_persons_edit_is_told_once_per_property_and_a_save_without_change_not_at_all() {
    let app = App::connected().await;
    let id = app.contact(json!({"email": "ann@example.com"})).await;
    let mut ear = Ear::of(&app).await;
    let path = format!("{CONTROL}/contacts/{id}");
    app.person.put(&path, json!({"properties": {"email": "ann@example.com"}})).await;
    app.person.put(&path, json!({"properties": {"phone": "1", "city": "Rye", "jobtitle": "Packer"}})).await;
    let events = ear.events(2).await;
    assert_eq!(
        kinds(&events),
        owned([("contact.propertyChange", "city"), ("contact.propertyChange", "phone")])
    );
    assert_eq!(
        (&events[0]["changeSource"], &events[0]["sourceId"]),
        (&json!("CRM_UI"), &json!("userId:222222"))
    );
}

#[tokio::test]
async fn a_merge_and_an_erasure_are_told_by_id() {
    let app = App::connected().await;
    let first = app.contact(json!({"email": "a@example.com"})).await;
    let second = app.contact(json!({"email": "b@example.com", "city": "Rye"})).await;
    let mut ear = Ear::of(&app).await;
    let merged = app
        .person
        .post(&format!("{CONTROL}/contacts/merge"), json!({"primary": first, "other": second}))
        .await;
    let event = &ear.events(1).await[0];
    let new_id: u64 = merged["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(event["subscriptionType"], "contact.merge");
    assert_eq!(event["newObjectId"], new_id);
    assert_eq!(event["primaryObjectId"].to_string(), first);
    assert_eq!(event["mergedObjectIds"][0].to_string(), second);
    assert_eq!(event["numberOfPropertiesMoved"], 1, "the town");
    app.person.post(&format!("{CONTROL}/contacts/{new_id}/privacy-delete"), Value::Null).await;
    let events = ear.events(2).await;
    assert_eq!(kinds(&events), owned([("contact.privacyDeletion", ""), ("contact.deletion", "")]));
    assert_eq!(app.contact_count().await, 0);
}

#[tokio::test]
async fn a_big_batch_arrives_in_arrays_of_at_most_a_hundred() {
    let app = App::connected().await;
    let mut ear = Ear::of(&app).await;
    let rows: Vec<Value> = (0..100)
        .map(|n| json!({"properties": {"email": format!("{n}@example.com"), "city": "Rye"}}))
        .collect();
    assert_eq!(app.post(&format!("{CONTACTS}/batch/create"), json!({"inputs": rows})).await.status, 201);
    ear.events(300).await;
}

#[tokio::test]
async fn a_delivery_is_signed_over_exactly_what_arrives() {
    let app = App::connected().await;
    let mut ear = Ear::of(&app).await;
    app.contact(json!({"email": "ann@example.com"})).await;
    let delivered = ear.delivery().await;
    let (headers, body) = (&delivered.headers, &delivered.body);
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let timestamp = header("x-hubspot-request-timestamp");
    assert_eq!(timestamp, "1767225600000");
    let message = [b"POST", ear.url.as_bytes(), body, timestamp.as_bytes()].concat();
    let key = b"sandbox-client-secret";
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::digest([&block.map(|b| b ^ 0x36)[..], &message].concat());
    let outer = Sha256::digest([&block.map(|b| b ^ 0x5c)[..], &inner].concat());
    assert_eq!(header("x-hubspot-signature-v3"), BASE64_STANDARD.encode(outer));
    assert_eq!(header("x-hubspot-signature"), hex::encode(Sha256::digest([&key[..], body].concat())));
}

#[tokio::test]
async fn an_account_without_the_app_tells_nothing() {
    let app = App::connected().await;
    app.person.post("/_sandbox/hubspot/portals", json!({"id": 7_777_777, "name": "Stranger"})).await;
    let mut ear = Ear::of(&app).await;
    let contact = json!({"properties": {"email": "silent@example.com"}});
    app.person.post("/_sandbox/hubspot/7777777/contacts", contact).await;
    app.contact(json!({"email": "heard@example.com"})).await;
    assert!(ear.events(2).await.iter().all(|event| event["portalId"] == 1_234_567));
}

/// An event without what only numbers it.
fn told(event: &Value) -> Value {
    let mut told = event.clone();
    for name in ["eventId", "subscriptionId", "portalId", "appId", "occurredAt", "attemptNumber"] {
        assert!(
            told.as_object_mut().unwrap().remove(name).is_some_and(|value| value.is_u64()),
            "{name}: {event}"
        );
    }
    told
}

fn number(id: &str) -> u64 {
    id.parse().unwrap()
}

#[tokio::test]
async fn every_kind_of_change_of_a_contact_has_its_form() {
    let app = App::connected().await;
    let mut ear = Ear::of(&app).await;
    let mut expect = async |expected: Vec<Value>| {
        let events = ear.events(expected.len()).await;
        assert_eq!(events.iter().map(told).collect::<Vec<_>>(), expected);
    };
    let by_app = |kind: &str, id: u64| json!({"subscriptionType": kind, "objectId": id, "changeSource": "INTEGRATION", "sourceId": "7654321"});
    let by_person = |kind: &str, id: u64| json!({"subscriptionType": kind, "objectId": id, "changeSource": "CRM_UI", "sourceId": "userId:222222"});
    let with = |mut event: Value, more: Value| {
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };

    let text = app.contact(json!({"city": "Rye"})).await;
    let id = number(&text);
    expect(vec![
        with(by_app("contact.creation", id), json!({"changeFlag": "CREATED"})),
        with(by_app("contact.propertyChange", id), json!({"propertyName": "city", "propertyValue": "Rye"})),
    ])
    .await;
    app.ask("PATCH", &format!("{CONTACTS}/{id}"), json!({"properties": {"city": ""}})).await;
    let cleared = json!({"propertyName": "city", "propertyValue": ""});
    expect(vec![with(by_app("contact.propertyChange", id), cleared)]).await;
    app.ask("DELETE", &format!("{CONTACTS}/{id}"), Value::Null).await;
    expect(vec![with(by_app("contact.deletion", id), json!({"changeFlag": "DELETED"}))]).await;
    app.person.post(&format!("{CONTROL}/contacts/{id}/restore"), Value::Null).await;
    expect(vec![with(by_person("contact.restore", id), json!({"changeFlag": "RESTORED"}))]).await;
    app.person.post(&format!("{CONTROL}/contacts/{id}/privacy-delete"), Value::Null).await;
    expect(vec![
        by_person("contact.privacyDeletion", id),
        with(by_person("contact.deletion", id), json!({"changeFlag": "DELETED"})),
    ])
    .await;
}

#[tokio::test]
async fn an_association_is_told_from_both_sides_to_who_subscribed_to_both() {
    let app = App::connected().await;
    subscribe(&app, "contact.associationChange", None, None).await;
    subscribe(&app, "object.associationChange", Some("0-3"), None).await;
    let contact = app.contact(json!({"email": "ann@example.com"})).await;
    let deal = app.person.post(&format!("{CONTROL}/deals"), json!({"properties": {"dealname": "A"}})).await;
    let deal = deal["id"].as_str().unwrap();
    let mut ear = Ear::of(&app).await;
    app.person.post(&format!("{CONTROL}/deals/{deal}/contacts/{contact}"), Value::Null).await;
    let side = |kind: &str, association: &str, from: &str, to: &str| {
        json!({
            "subscriptionType": kind, "objectId": number(from), "changeSource": "CRM_UI",
            "sourceId": "userId:222222", "associationType": association, "fromObjectId": number(from),
            "toObjectId": number(to), "associationRemoved": false, "isPrimaryAssociation": false,
        })
    };
    let mut generic = side("object.associationChange", "DEAL_TO_CONTACT", deal, &contact);
    for (name, value) in [
        ("objectTypeId", json!("0-3")),
        ("isSensitive", json!(false)),
        ("fromObjectTypeId", json!("0-3")),
        ("toObjectTypeId", json!("0-1")),
    ] {
        generic[name] = value;
    }
    assert_eq!(
        ear.events(3).await.iter().map(told).collect::<Vec<_>>(),
        [
            side("deal.associationChange", "DEAL_TO_CONTACT", deal, &contact),
            generic,
            side("contact.associationChange", "CONTACT_TO_DEAL", &contact, deal),
        ]
    );
}

#[tokio::test]
async fn a_generic_subscription_tells_the_same_change_once_more_with_its_object_type() {
    let app = App::connected().await;
    for (event_type, object_type, property) in [
        ("object.creation", "contact", None),
        ("object.propertyChange", "0-1", Some("phone")),
        ("object.merge", "0-1", None),
    ] {
        subscribe(&app, event_type, Some(object_type), property).await;
    }
    let mut ear = Ear::of(&app).await;
    app.contact(json!({"phone": "1"})).await;
    let events = ear.events(4).await;
    assert_eq!(
        kinds(&events),
        owned([
            ("contact.creation", ""),
            ("object.creation", ""),
            ("contact.propertyChange", "phone"),
            ("object.propertyChange", "phone"),
        ])
    );
    for twins in events.chunks(2) {
        let (own, generic) = (told(&twins[0]), told(&twins[1]));
        assert_eq!((&generic["objectTypeId"], &generic["isSensitive"]), (&json!("0-1"), &json!(false)));
        assert_eq!((own.get("objectTypeId"), own.get("isSensitive")), (None, None));
        assert_eq!(
            (&own["objectId"], &own["propertyValue"]),
            (&generic["objectId"], &generic["propertyValue"])
        );
        assert_ne!(twins[0]["subscriptionId"], twins[1]["subscriptionId"]);
    }
}

#[tokio::test]
async fn a_calculated_property_is_never_told_though_it_may_be_subscribed_to() {
    let app = App::connected().await;
    for property in ["hs_is_closed_won", "hs_is_closed", "hs_deal_stage_probability"] {
        subscribe(&app, "deal.propertyChange", None, Some(property)).await;
    }
    let deal = json!({"properties": {"dealname": "A", "pipeline": "74839210", "dealstage": "148392101"}});
    let deal = app.person.post(&format!("{CONTROL}/deals"), deal).await;
    let mut ear = Ear::of(&app).await;
    let path = format!("{CONTROL}/deals/{}", deal["id"].as_str().unwrap());
    app.person.put(&path, json!({"properties": {"dealstage": "148392103"}})).await;
    app.person.put(&path, json!({"properties": {"dealname": "B"}})).await;
    let read =
        app.get(&format!("{DEALS}/{}?properties=hs_is_closed_won", deal["id"].as_str().unwrap())).await;
    assert_eq!(read.body["properties"]["hs_is_closed_won"], "true", "it did change");
    let changed = |name| ("deal.propertyChange", name);
    assert_eq!(
        kinds(&ear.events(3).await),
        owned([changed("dealstage"), changed("closedate"), changed("dealname")])
    );
}

#[tokio::test]
async fn a_test_may_act_as_another_app_or_as_anything_else_in_the_account() {
    let app = App::connected().await;
    let id = app.contact(json!({"email": "ann@example.com"})).await;
    let mut ear = Ear::of(&app).await;
    let path = format!("{CONTROL}/contacts/{id}");
    for (city, kind, source_id, told) in [
        ("A", "INTEGRATION", json!("2931120"), "2931120"),
        ("B", "CRM_UI", json!(333), "userId:333"),
        ("C", "IMPORT", json!(4), "4"),
        ("D", "FORM", json!(5), "5"),
        ("E", "AUTOMATION_PLATFORM", json!(6), "6"),
    ] {
        let source = json!({"kind": kind, "id": source_id});
        app.person.put(&path, json!({"properties": {"city": city}, "source": source})).await;
        let event = &ear.events(1).await[0];
        assert_eq!((&event["changeSource"], &event["sourceId"]), (&json!(kind), &json!(told)));
        let read = app.get(&format!("{CONTACTS}/{id}?propertiesWithHistory=city")).await;
        let latest = &read.body["propertiesWithHistory"]["city"][0];
        assert_eq!((&latest["sourceType"], &latest["sourceId"]), (&json!(kind), &json!(told)));
    }
    for source in [json!({"kind": "ALIENS", "id": 1}), json!({"kind": "IMPORT"})] {
        let body = json!({"properties": {"city": "F"}, "source": source});
        assert_eq!(app.person.ask("PUT", &path, body).await.0, 400);
    }
}

#[tokio::test]
async fn an_app_without_the_scope_for_deals_hears_nothing_of_them() {
    let mut hubspot = HubspotApp::default();
    hubspot.scopes.retain(|scope| !scope.contains("deals"));
    let app = App::connected_with(Options { hubspot, ..Options::default() }).await;
    let mut ear = Ear::of(&app).await;
    app.person.post(&format!("{CONTROL}/deals"), json!({"properties": {"dealname": "A"}})).await;
    app.contact(json!({})).await;
    assert_eq!(kinds(&ear.events(1).await), owned([("contact.creation", "")]));
}
