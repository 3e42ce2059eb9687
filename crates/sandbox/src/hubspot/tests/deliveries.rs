//! How events reach the app when something goes wrong: repeated, doubled, lost, out of order, or no longer meant.

use serde_json::{Value, json};

use super::ear::Ear;
use super::{App, CONTACTS, CONTROL, PORTAL};
use crate::options::{HubspotApp, Options};

/// Repeats come after a millisecond, and every call's events go out at once and on their own.
fn at_once(seed: u64) -> Options {
    let hubspot = HubspotApp { gather_ms: 0, ..HubspotApp::default() };
    Options { seed, hubspot, webhook_retry_scale_ms: 1, ..Options::default() }
}

async fn webhooks(app: &App) -> Value {
    app.person.get("/_sandbox/stats").await["webhooks"]["hubspot"].clone()
}

#[tokio::test]
async fn a_refused_delivery_is_repeated_ten_times_and_signed_anew_each_time() {
    let app = App::connected_with(at_once(1)).await;
    let mut ear = Ear::of(&app).await;
    app.contact(json!({})).await;
    let mut signatures = Vec::new();
    for attempt in 0..=10 {
        let delivered = ear.delivery().await;
        assert_eq!(delivered.events()[0]["attemptNumber"], attempt);
        signatures.push(delivered.headers["x-hubspot-signature-v3"].clone());
        app.person.world.clock.advance(1);
        delivered.answer(if attempt % 2 == 0 { 404 } else { 503 });
    }
    assert_eq!(ear.bodies(&app).await, Vec::<String>::new(), "then it is given up");
    let count = signatures.len();
    signatures.sort();
    signatures.dedup();
    assert_eq!((signatures.len(), count), (11, 11));
    let counts = webhooks(&app).await;
    assert_eq!(
        (&counts["retried"], &counts["failed"], &counts["delivered"]),
        (&json!(10), &json!(1), &json!(0))
    );
}

#[tokio::test]
async fn an_account_that_removes_the_app_tells_no_more_not_even_what_was_waiting_to_be_repeated() {
    let app = App::connected_with(at_once(1)).await;
    let mut ear = Ear::of(&app).await;
    app.contact(json!({})).await;
    let delivered = ear.delivery().await;
    app.person.post(&format!("/_sandbox/hubspot/revoke/{PORTAL}"), Value::Null).await;
    delivered.answer(500);
    assert_eq!(ear.bodies(&app).await, Vec::<String>::new());
    let counts = webhooks(&app).await;
    assert_eq!(
        (&counts["retried"], &counts["failed"], &counts["delivered"]),
        (&json!(1), &json!(0), &json!(0))
    );
}

#[tokio::test]
async fn what_an_account_told_and_nobody_sent_yet_is_dropped_with_the_app() {
    let hubspot = HubspotApp { gather_ms: 60_000, ..HubspotApp::default() };
    let app = App::connected_with(Options { hubspot, ..Options::default() }).await;
    let _ear = Ear::of(&app).await;
    app.contact(json!({})).await;
    let world = &app.person.world;
    assert!(world.hubspot().outbox.is_waiting());
    app.person.post(&format!("/_sandbox/hubspot/revoke/{PORTAL}"), Value::Null).await;
    assert!(!world.hubspot().outbox.is_waiting());
}

#[tokio::test]
async fn one_array_may_hold_events_of_two_accounts() {
    let mut app = App::connected().await;
    let other = json!({"id": 7_777_777, "name": "Harbour Storage"});
    app.person.post("/_sandbox/hubspot/portals", other).await;
    let decided = format!("{}&portal=7777777&decision=connect", app.question(""));
    let sent = app.form("/oauth/authorize/decide", &decided).await;
    let code = url::Url::parse(sent.header("location")).unwrap();
    let code = code.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let tokens = app.exchange(&code, "").await;
    let mut ear = Ear::of(&app).await;
    app.person.world.hubspot().outbox.hold();
    app.contact(json!({})).await;
    app.token = tokens.body["access_token"].as_str().unwrap().to_owned();
    app.contact(json!({})).await;
    crate::hubspot::outbox::gather(&app.person.world);
    let delivered = ear.delivery().await;
    let portals: Vec<Value> = delivered.events().iter().map(|event| event["portalId"].clone()).collect();
    assert_eq!(portals, [1_234_567, 7_777_777]);
}

#[tokio::test]
async fn a_doubled_delivery_has_the_same_event_ids_and_a_lost_one_is_never_sent() {
    let app = App::connected_with(at_once(1)).await;
    let mut ear = Ear::of(&app).await;
    let twice = json!([{"provider": "hubspot", "kind": "webhook_duplicate"}]);
    app.person.post("/_sandbox/faults", twice).await;
    app.contact(json!({"city": "Rye"})).await;
    let bodies = ear.bodies(&app).await;
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0], bodies[1]);
    app.person.post("/_sandbox/faults", json!([{"provider": "hubspot", "kind": "webhook_lost"}])).await;
    app.contact(json!({"city": "Rye"})).await;
    assert_eq!(ear.bodies(&app).await, Vec::<String>::new());
}

/// What an app hears of the same few calls while a third of the deliveries goes wrong in each way.
async fn a_bad_day(seed: u64) -> Vec<String> {
    let app = App::connected_with(at_once(seed)).await;
    let mut ear = Ear::of(&app).await;
    let fault = |kind: &str| json!({"provider": "hubspot", "kind": kind, "rate": 0.3});
    let faults = ["webhook_lost", "webhook_duplicate", "webhook_reorder"].map(fault);
    app.person.post("/_sandbox/faults", json!(faults)).await;
    for call in 0..8 {
        let rows: Vec<Value> =
            (0..10).map(|n| json!({"properties": {"city": format!("{call} {n}")}})).collect();
        let made = app.post(&format!("{CONTACTS}/batch/create"), json!({"inputs": rows})).await;
        assert_eq!(made.status, 201, "{}", made.body);
    }
    // The order of arrival is the network's; what arrives, how often and in which order within, is not.
    let mut bodies = ear.bodies(&app).await;
    bodies.sort();
    bodies
}

#[tokio::test]
async fn the_same_seed_and_calls_send_the_same_bodies_and_another_seed_sends_others() {
    let first = a_bad_day(7).await;
    assert_eq!(first, a_bad_day(7).await);
    assert_ne!(first, a_bad_day(8).await);
}

#[tokio::test]
async fn a_delivery_held_back_also_has_its_events_out_of_order() {
    let app = App::connected_with(at_once(1)).await;
    let mut ear = Ear::of(&app).await;
    app.person.post("/_sandbox/faults", json!([{"provider": "hubspot", "kind": "webhook_reorder"}])).await;
    let rows: Vec<Value> = (0..20).map(|_| json!({"properties": {"jobtitle": "Packer"}})).collect();
    app.post(&format!("{CONTACTS}/batch/create"), json!({"inputs": rows})).await;
    let ids =
        |events: &[Value]| events.iter().map(|event| event["objectId"].as_u64().unwrap()).collect::<Vec<_>>();
    let delivered = ear.delivery().await;
    let first = ids(&delivered.events());
    let mut in_order = first.clone();
    in_order.sort_unstable();
    assert_eq!(in_order.len(), 20);
    assert_ne!(first, in_order);
    delivered.answer(500);
    assert_eq!(ids(&ear.delivery().await.events()), first, "and the same disorder when it is repeated");
}

#[tokio::test]
async fn a_reset_begins_the_same_day_again() {
    let app = App::connected_with(at_once(3)).await;
    let mut ear = Ear::of(&app).await;
    let day = async |ear: &mut Ear, app: &App| {
        app.person
            .post("/_sandbox/faults", json!([{"provider": "hubspot", "kind": "webhook_reorder"}]))
            .await;
        for city in ["A", "B", "C"] {
            let contact = json!({"properties": {"city": city, "zip": "1", "state": "2", "country": "3"}});
            app.person.post(&format!("{CONTROL}/contacts"), contact).await;
        }
        let mut bodies = ear.bodies(app).await;
        bodies.sort();
        bodies
    };
    let first = day(&mut ear, &app).await;
    assert_eq!(first.len(), 3);
    app.person.post("/_sandbox/reset", Value::Null).await;
    let portal = json!({"id": PORTAL, "name": "Acme Storage"});
    app.person.post("/_sandbox/hubspot/portals", portal).await;
    let code = app.consent("connect", "").await;
    app.exchange(&code, "").await;
    assert_eq!(day(&mut ear, &app).await, first);
}
