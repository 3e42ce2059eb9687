//! The app's webhook settings, as its developer changes them.

use serde_json::{Value, json};

use super::ear::{Ear, developer};
use super::{App, CONTROL};
use crate::options::{HubspotApp, Options};
use crate::provider::Provider;

const KEY: &str = "hapikey=sandbox-developer-key";

#[tokio::test]
async fn every_version_has_the_settings_and_only_the_developer_of_the_app_reaches_them() {
    let app = App::connected().await;
    for root in ["/webhooks/v3", "/webhooks/2026-03", "/app-webhooks/2026-09"] {
        for (path, status, category) in [
            (format!("{root}/7654321/subscriptions?{KEY}"), 200, None),
            (format!("{root}/7654321/subscriptions/7562680?{KEY}"), 200, None),
            (format!("{root}/7654321/subscriptions"), 401, Some("INVALID_AUTHENTICATION")),
            (format!("{root}/7654321/subscriptions?hapikey=guess"), 401, Some("INVALID_AUTHENTICATION")),
            (format!("{root}/7654322/subscriptions?{KEY}"), 404, Some("OBJECT_NOT_FOUND")),
            (format!("{root}/mine/settings?{KEY}"), 404, Some("OBJECT_NOT_FOUND")),
            (format!("{root}/7654321/settings?{KEY}"), 404, Some("OBJECT_NOT_FOUND")),
            (format!("{root}/7654321/subscriptions/1?{KEY}"), 404, Some("OBJECT_NOT_FOUND")),
            (format!("{root}/7654321/subscriptions/x?{KEY}"), 404, Some("OBJECT_NOT_FOUND")),
        ] {
            // The app's own token is in the header all the time, and opens none of this.
            let answer = app.get(&path).await;
            assert_eq!(
                (answer.status.as_u16(), answer.body["category"].as_str()),
                (status, category),
                "{path}"
            );
            assert_eq!(answer.body["correlationId"].is_string(), status != 200, "{path}");
        }
    }
    let (status, nobody) = app.person.ask("GET", "/webhooks/v3/7654321/settings", Value::Null).await;
    assert_eq!(status, 401);
    assert!(nobody["message"].as_str().unwrap().starts_with("Authentication credentials not found"));
}

#[tokio::test]
async fn the_developers_key_may_come_as_a_bearer_token() {
    let mut app = App::connected().await;
    app.token = "sandbox-developer-key".to_owned();
    assert_eq!(app.get("/app-webhooks/2026-09/7654321/subscriptions").await.status, 200);
}

#[tokio::test]
async fn a_subscription_is_made_shown_paused_and_ended() {
    let app = App::connected().await;
    let body =
        json!({"eventType": "object.propertyChange", "objectTypeId": "deal", "propertyName": "amount"});
    let made = developer(&app, "POST", "/subscriptions", body).await;
    assert_eq!(made.status, 201);
    let shown = json!({
        "id": "7562704", "eventType": "object.propertyChange", "objectTypeId": "0-3", "propertyName": "amount",
        "active": false, "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z",
    });
    assert_eq!(made.body, shown, "paused unless it says otherwise");
    let one = "/subscriptions/7562704";
    assert_eq!(developer(&app, "GET", one, Value::Null).await.body, shown);
    let list = developer(&app, "GET", "/subscriptions", Value::Null).await;
    assert_eq!(list.body["results"].as_array().unwrap().len(), 25);
    assert_eq!(list.body["results"][24], shown);
    let active = developer(&app, "PATCH", one, json!({"active": true})).await;
    assert_eq!((active.status.as_u16(), &active.body["active"]), (200, &json!(true)));
    assert_eq!(developer(&app, "PATCH", one, json!({})).await.body["active"], true);
    assert_eq!(developer(&app, "DELETE", one, Value::Null).await.status, 204);
    for (method, body) in [("GET", Value::Null), ("PATCH", json!({"active": true})), ("DELETE", Value::Null)]
    {
        assert_eq!(developer(&app, method, one, body).await.status, 404, "{method}");
    }
}

#[tokio::test]
async fn a_batch_pauses_many_and_names_those_it_does_not_find() {
    let app = App::connected().await;
    let path = "/subscriptions/batch/update";
    let body = json!({"inputs": [{"id": 7_562_680, "active": false}, {"id": "7562681", "active": false}]});
    let done = developer(&app, "POST", path, body).await;
    assert_eq!((done.status.as_u16(), &done.body["status"]), (200, &json!("COMPLETE")));
    assert_eq!(done.body["results"][1]["active"], false);
    assert_eq!(done.body["startedAt"], "2026-01-01T00:00:00.000Z");
    let body = json!({"inputs": [{"id": 7_562_680, "active": true}, {"id": 1, "active": true}]});
    let partly = developer(&app, "POST", path, body).await;
    assert_eq!((partly.status.as_u16(), &partly.body["numErrors"]), (207, &json!(1)));
    assert_eq!(partly.body["results"][0]["active"], true);
    assert_eq!(partly.body["errors"][0]["category"], "OBJECT_NOT_FOUND");
    let many: Vec<Value> = (0..101).map(|_| json!({"id": 7_562_680, "active": true})).collect();
    assert_eq!(developer(&app, "POST", path, json!({"inputs": many})).await.status, 400);
}

#[tokio::test]
async fn what_cannot_be_subscribed_to_or_set_is_refused_in_words() {
    let app = App::connected().await;
    let settings =
        |url: &str, max: Value| json!({"targetUrl": url, "throttling": {"maxConcurrentRequests": max}});
    let (make, set, good) = (("POST", "/subscriptions"), ("PUT", "/settings"), "https://annex.example/hook");
    for ((method, path), body, status, word) in [
        (make, json!({"eventType": "contact.creation"}), 409, "exists already"),
        (
            make,
            json!({"eventType": "contact.propertyChange", "propertyName": "email"}),
            409,
            "exists already",
        ),
        (make, json!({"eventType": "contact.propertyChange"}), 400, "propertyName is required"),
        (
            make,
            json!({"eventType": "deal.merge", "propertyName": "amount"}),
            400,
            "propertyName is not allowed",
        ),
        (make, json!({"eventType": "object.creation"}), 400, "objectTypeId is required"),
        (make, json!({"eventType": "contact.dance"}), 400, "not a known eventType"),
        (make, json!({"eventType": "ticket.creation"}), 501, "does not simulate"),
        (make, json!({"active": true}), 400, "eventType"),
        (make, json!("nonsense"), 400, "Invalid input JSON"),
        (set, settings("http://annex.example/hook", json!(10)), 400, "HTTPS"),
        (set, settings("nonsense", json!(10)), 400, "HTTPS"),
        (set, settings(good, json!(5)), 400, "greater than 5"),
        (set, settings(good, json!(-1)), 400, "Invalid input JSON"),
        (set, json!({"targetUrl": good}), 400, "throttling"),
        (set, json!({"throttling": {"maxConcurrentRequests": 10}}), 400, "targetUrl"),
    ] {
        let refused = developer(&app, method, path, body.clone()).await;
        assert_eq!(refused.status.as_u16(), status, "{body}: {}", refused.body);
        assert!(refused.message().contains(word), "{body}: {}", refused.message());
    }
    let list = developer(&app, "GET", "/subscriptions", Value::Null).await;
    assert_eq!(list.body["results"].as_array().unwrap().len(), 24, "nothing came of it");
    assert_eq!(developer(&app, "GET", "/settings", Value::Null).await.status, 404);
}

#[tokio::test]
async fn events_go_to_the_address_that_is_set_until_it_is_cleared() {
    let app = App::connected().await;
    let mut ear = Ear::open().await;
    let body = json!({"targetUrl": ear.url, "throttling": {"maxConcurrentRequests": 6}});
    let set = developer(&app, "PUT", "/settings", body).await;
    let shown = json!({
        "targetUrl": ear.url, "throttling": {"maxConcurrentRequests": 6},
        "createdAt": "2025-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z",
    });
    assert_eq!((set.status.as_u16(), &set.body), (200, &shown));
    assert_eq!(developer(&app, "GET", "/settings", Value::Null).await.body, shown);
    app.contact(json!({})).await;
    ear.events(1).await;
    assert_eq!(developer(&app, "DELETE", "/settings", Value::Null).await.status, 204);
    assert_eq!(developer(&app, "GET", "/settings", Value::Null).await.status, 404);
    assert_eq!(app.person.world.webhook_url(Provider::Hubspot), None);
}

#[tokio::test]
async fn a_paused_subscription_tells_nothing() {
    let app = App::connected().await;
    let mut ear = Ear::of(&app).await;
    developer(&app, "PATCH", "/subscriptions/7562680", json!({"active": false})).await;
    app.contact(json!({"city": "Rye"})).await;
    let events = ear.events(1).await;
    assert_eq!(
        (&events[0]["subscriptionType"], &events[0]["propertyName"]),
        (&json!("contact.propertyChange"), &json!("city"))
    );
}

#[tokio::test]
async fn settings_come_into_force_after_their_delay_and_are_shown_at_once() {
    let hubspot = HubspotApp { settings_delay_ms: 300_000, gather_ms: 0, ..HubspotApp::default() };
    let app = App::connected_with(Options { hubspot, ..Options::default() }).await;
    let mut ear = Ear::open().await;
    let body = json!({"targetUrl": ear.url, "throttling": {"maxConcurrentRequests": 10}});
    assert_eq!(developer(&app, "PUT", "/settings", body).await.status, 200);
    assert_eq!(developer(&app, "GET", "/settings", Value::Null).await.body["targetUrl"], ear.url);
    app.person.world.clock.advance(299_999);
    let unheard = app.contact(json!({})).await;
    app.person.world.clock.advance(1);
    let path = format!("{CONTROL}/contacts/{unheard}");
    app.person.put(&path, json!({"properties": {"city": "Rye"}})).await;
    let events = ear.events(1).await;
    assert_eq!(events[0]["subscriptionType"], "contact.propertyChange", "the creation was not heard");
}
