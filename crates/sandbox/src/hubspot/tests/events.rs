//! What the app hears, over a real connection.

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::task::TaskTracker;

use super::{App, CONTACTS, CONTROL};
use crate::provider::Provider;

/// No event takes this long unless the test is stuck.
const STUCK: Duration = Duration::from_secs(20);

type Delivered = (HeaderMap, Bytes);

/// Where events arrive.
struct Ear {
    url: String,
    delivered: UnboundedReceiver<Delivered>,
}

impl Ear {
    async fn of(app: &App) -> Self {
        let (sender, delivered) = unbounded_channel();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhooks/hubspot", listener.local_addr().unwrap());
        let router = Router::new().route("/webhooks/hubspot", post(hear)).with_state(sender);
        TaskTracker::new().spawn(async move { axum::serve(listener, router).await });
        app.person.world.set_webhook_url(Provider::Hubspot, url.clone());
        Self { url, delivered }
    }

    async fn delivery(&mut self) -> Delivered {
        tokio::time::timeout(STUCK, self.delivered.recv()).await.unwrap().unwrap()
    }

    /// Hears events until this many have come.
    async fn events(&mut self, count: usize) -> Vec<Value> {
        let mut heard = Vec::new();
        while heard.len() < count {
            let (_, body) = self.delivery().await;
            let events: Vec<Value> = serde_json::from_slice(&body).unwrap();
            assert!(events.len() <= 100);
            heard.extend(events);
        }
        assert_eq!(heard.len(), count, "{heard:?}");
        heard
    }
}

async fn hear(
    State(heard): State<UnboundedSender<Delivered>>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    heard.send((headers, body)).unwrap();
    StatusCode::OK
}

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
    let (headers, body) = ear.delivery().await;
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let timestamp = header("x-hubspot-request-timestamp");
    assert_eq!(timestamp, "1767225600000");
    let message = [b"POST", ear.url.as_bytes(), &body, timestamp.as_bytes()].concat();
    let key = b"sandbox-client-secret";
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::digest([&block.map(|b| b ^ 0x36)[..], &message].concat());
    let outer = Sha256::digest([&block.map(|b| b ^ 0x5c)[..], &inner].concat());
    assert_eq!(header("x-hubspot-signature-v3"), BASE64_STANDARD.encode(outer));
    assert_eq!(header("x-hubspot-signature"), hex::encode(Sha256::digest([&key[..], &body].concat())));
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
