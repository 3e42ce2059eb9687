//! Every toggle, as it is and as it can be: what differs on the wire.

use std::collections::BTreeSet;

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use serde_json::{Map, Value, json};
use tower::ServiceExt as _;

use super::{
    API, CONTROL, acme, listen,
    toggles::{ABSENT, Case, accounts, reading, telling, writing},
    told_by, user,
};
use crate::{
    dialect::Dialect,
    router,
    storeganise::event::Happening,
    visitor::{START_MS, Visitor},
};

/// Acme with two users, asked by its add-on; the first user was changed a millisecond after both were made.
async fn stage() -> (Visitor, String, [String; 2]) {
    let (visitor, addon) = acme().await;
    let users = [user(&visitor, "a@example.com").await, user(&visitor, "b@example.com").await];
    let fields =
        json!({"address": "1 Mill Lane, Lower Crateham, ZZ9 9ZZ", "customFields": {"gateCode": "7"}});
    visitor.put(&format!("{API}/users/{}", users[0]), fields).await;
    (visitor, addon, users)
}

async fn set(visitor: &Visitor, toggle: &str, value: &Value) {
    let wish = Value::Object(Map::from_iter([(toggle.to_owned(), value.clone())]));
    visitor.put(&format!("{CONTROL}/dialect"), wish).await;
}

/// Plays a case and answers with what stands at its place.
async fn played(case: &Case, value: Option<&Value>) -> Value {
    let (visitor, addon, [a, b]) = stage().await;
    if let Some(value) = value {
        set(&visitor, case.toggle, value).await;
    }
    let mut answer = Value::Null;
    for (method, path, body) in &case.steps {
        let path = path.replace("{A}", &a).replace("{ADDON}", &addon);
        answer = whole(&visitor, &addon, method, &path, body).await;
    }
    let seen = answer.pointer(case.place).cloned().unwrap_or_else(|| json!(ABSENT));
    match seen.as_str() {
        Some(id) if id == a => json!("{A}"),
        Some(id) if id == b => json!("{B}"),
        _ => seen,
    }
}

/// An answer as `{"status", "retryAfter", "body"}`.
async fn whole(visitor: &Visitor, addon: &str, method: &str, path: &str, body: &Value) -> Value {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Addon {addon}|sandbox-api-key"))
        .body(if body.is_null() { Body::empty() } else { Body::from(body.to_string()) })
        .unwrap();
    let response = router(&visitor.world).oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let retry_after =
        response.headers().get(header::RETRY_AFTER).map(|value| value.to_str().unwrap().to_owned());
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let body: Value = serde_json::from_str(&text).unwrap_or_else(|_| json!(text));
    json!({"status": status, "retryAfter": retry_after, "body": body})
}

#[tokio::test]
async fn every_toggle_of_the_api_changes_what_it_says_and_nothing_before() {
    for case in accounts().into_iter().chain(reading()).chain(writing()) {
        let (toggle, value) = (case.toggle, &case.value);
        assert_eq!(played(&case, None).await, case.by_default, "{toggle} by default, at {}", case.place);
        assert_eq!(played(&case, Some(value)).await, case.then, "{toggle} as {value}, at {}", case.place);
    }
}

#[tokio::test]
async fn every_toggle_of_the_events_changes_what_it_says_and_nothing_before() {
    for case in telling() {
        for (value, expected) in [(None, &case.by_default), (Some(&case.value), &case.then)] {
            let (visitor, addon, [user, _]) = stage().await;
            listen(&visitor);
            visitor.put(&format!("{CONTROL}/addons/{addon}"), json!({"state": "enabled"})).await;
            if let Some(value) = value {
                set(&visitor, case.toggle, value).await;
            }
            let told = Value::Array(told_by(&visitor, |business| (case.work)(business, &visitor, &user)));
            let seen = told.pointer(case.place).cloned().unwrap_or_else(|| json!(ABSENT));
            assert_eq!(seen, *expected, "{} as {value:?}, at {}", case.toggle, case.place);
        }
    }
}

#[tokio::test]
async fn an_event_has_an_id_of_its_own_unless_the_dialect_has_none() {
    let (visitor, addon, _) = stage().await;
    listen(&visitor);
    visitor.put(&format!("{CONTROL}/addons/{addon}"), json!({"state": "enabled"})).await;
    let daily = || told_by(&visitor, |business| business.happenings.push(Happening::daily(START_MS)));
    let (first, second) = (daily(), daily());
    assert_eq!(first[0]["id"].as_str().unwrap().len(), 24);
    assert_ne!(first[0]["id"], second[0]["id"]);
    set(&visitor, "event_id", &json!(false)).await;
    assert_eq!(daily()[0].get("id"), None);
}

#[tokio::test]
async fn the_daily_event_is_told_to_enabled_add_ons_unless_the_dialect_keeps_it() {
    let (visitor, addon, _) = stage().await;
    let told =
        || async { visitor.post(&format!("{CONTROL}/daily-event"), Value::Null).await["told"].clone() };
    assert_eq!(told().await, 0, "paused");
    visitor.put(&format!("{CONTROL}/addons/{addon}"), json!({"state": "enabled"})).await;
    assert_eq!(told().await, 1);
    set(&visitor, "daily_event", &json!(false)).await;
    assert_eq!(told().await, 0, "kept");
}

#[test]
fn the_tables_leave_no_toggle_out() {
    let all = json!(Dialect::default());
    let all: BTreeSet<&str> = all.as_object().unwrap().keys().map(String::as_str).collect();
    let cases: Vec<Case> = accounts().into_iter().chain(reading()).chain(writing()).collect();
    let (told, apart) = (telling(), ["event_id", "daily_event"]);
    let tried: BTreeSet<&str> = cases
        .iter()
        .map(|case| case.toggle)
        .chain(told.iter().map(|case| case.toggle))
        .chain(apart)
        .collect();
    assert_eq!(all, tried);
}

#[tokio::test]
async fn a_dialect_is_set_for_one_business_or_for_those_there_are_and_those_to_come() {
    let (visitor, _) = acme().await;
    visitor.post("/_sandbox/storeganise", json!({"code": "other"})).await;
    let of = |code: &'static str| {
        let path = format!("/_sandbox/storeganise/{code}/dialect");
        let visitor = &visitor;
        async move { visitor.get(&path).await }
    };
    visitor.put(&format!("{CONTROL}/dialect"), json!({"list_limit_max": 7})).await;
    assert_eq!(of("other").await, json!(Dialect::default()));
    let all = visitor.put("/_sandbox/storeganise/dialect", json!({"list_wrapper": "items"})).await;
    assert_eq!(all["list_wrapper"], "items");
    visitor.post("/_sandbox/storeganise", json!({"code": "late"})).await;
    for (code, max) in [("acme", 7), ("other", 1000), ("late", 1000)] {
        let dialect = of(code).await;
        assert_eq!(
            (&dialect["list_wrapper"], &dialect["list_limit_max"]),
            (&json!("items"), &json!(max)),
            "{code}"
        );
    }
    for path in ["/_sandbox/storeganise/dialect".to_owned(), format!("{CONTROL}/dialect")] {
        let (status, answer) = visitor.ask("PUT", &path, json!({"list_wraper": "none"})).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(answer["error"].as_str().unwrap().contains("list_wraper"), "{answer}");
    }
    visitor.post("/_sandbox/reset", Value::Null).await;
    assert_eq!(visitor.get("/_sandbox/storeganise/dialect").await, json!(Dialect::default()));
}

#[tokio::test]
async fn a_rate_limit_is_that_of_one_key_and_over_after_a_second() {
    let (visitor, addon, _) = stage().await;
    let second = visitor.post(&format!("{CONTROL}/addons"), Value::Null).await;
    set(&visitor, "rate_limit_per_s", &json!(1)).await;
    let asks = |addon: String| {
        let visitor = &visitor;
        async move { whole(visitor, &addon, "GET", &format!("{API}/users"), &Value::Null).await["status"].clone() }
    };
    assert_eq!((asks(addon.clone()).await, asks(addon.clone()).await), (json!(200), json!(429)));
    assert_eq!(asks(second["id"].as_str().unwrap().to_owned()).await, 200);
    visitor.world.clock.advance(999);
    assert_eq!(asks(addon.clone()).await, 429);
    visitor.world.clock.advance(1);
    assert_eq!(asks(addon).await, 200);
}
