//! The limits an app runs into, and how it learns of them.

use serde_json::json;

use super::{App, CONTACTS, CONTROL};
use crate::options::Options;

#[tokio::test]
async fn the_window_rolls_and_every_answer_says_what_is_left() {
    let app = App::connected_with(Options { hubspot_requests_per_window: 3, ..Options::default() }).await;
    for remaining in ["2", "1", "0"] {
        let answer = app.get(CONTACTS).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-hubspot-ratelimit-remaining"), remaining);
        assert_eq!(answer.header("x-hubspot-ratelimit-max"), "3");
        assert_eq!(answer.header("x-hubspot-ratelimit-interval-milliseconds"), "10000");
        app.person.world.clock.advance(1_000);
    }
    let refused = app.get(CONTACTS).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.body["policyName"], "TEN_SECONDLY_ROLLING");
    assert_eq!((&refused.body["errorType"], refused.body.get("category")), (&json!("RATE_LIMIT"), None));
    assert_eq!(refused.message(), "You have reached your ten_secondly_rolling limit.");
    assert_eq!(refused.header("x-hubspot-ratelimit-remaining"), "0");

    app.person.world.clock.advance(6_999);
    assert_eq!(app.get(CONTACTS).await.status, 429, "the first request is 9.999 s old");
    app.person.world.clock.advance(1);
    assert_eq!(app.get(CONTACTS).await.status, 200, "and now it left the window");
    assert_eq!(app.get(CONTACTS).await.status, 429, "the second has not");
    let stats = app.person.get("/_sandbox/stats").await;
    assert_eq!(stats["hubspot"]["too_many_requests"], 3);
}

#[tokio::test]
async fn each_account_has_a_window_of_its_own_for_searches_which_tell_nothing() {
    let app = App::connected_with(Options { hubspot_requests_per_window: 1, ..Options::default() }).await;
    let search = format!("{CONTACTS}/search");
    for _ in 0..5 {
        let answer = app.post(&search, json!({})).await;
        assert_eq!((answer.status.as_u16(), answer.header("x-hubspot-ratelimit-remaining")), (200, ""));
    }
    let refused = app.post(&search, json!({})).await;
    assert_eq!((refused.status.as_u16(), &refused.body["policyName"]), (429, &json!("SECONDLY")));
    assert_eq!(app.get(CONTACTS).await.status, 200, "searches took no place of other requests");
    app.person.world.clock.advance(1_000);
    assert_eq!(app.post(&search, json!({})).await.status, 200);
}

#[tokio::test]
async fn a_day_has_its_limit_for_everything_and_begins_again_at_midnight() {
    let app = App::connected().await;
    let set = app.person.post(&format!("{CONTROL}/limits"), json!({"per_window": 100, "daily": 2})).await;
    assert_eq!(set, json!({"per_window": 100, "searches": 5, "daily": 2}));
    assert_eq!(app.get(CONTACTS).await.header("x-hubspot-ratelimit-max"), "100");
    assert_eq!(app.post(&format!("{CONTACTS}/search"), json!({})).await.status, 200);
    let refused = app.get(CONTACTS).await;
    assert_eq!((refused.status.as_u16(), &refused.body["policyName"]), (429, &json!("DAILY")));
    assert_eq!(refused.message(), "You have reached your daily limit.");
    assert_eq!(refused.header("x-hubspot-ratelimit-daily"), "", "not told where the token is OAuth's");
    app.person.world.clock.advance(24 * 3_600_000);
    let mut app = app;
    app.connect().await;
    assert_eq!(app.get(CONTACTS).await.status, 200);
}

#[tokio::test]
async fn searches_may_be_granted_more_or_fewer() {
    let app = App::connected().await;
    let set = app.person.post(&format!("{CONTROL}/limits"), json!({"searches": 1})).await;
    assert_eq!(set["searches"], 1);
    let search = format!("{CONTACTS}/search");
    assert_eq!(app.post(&search, json!({})).await.status, 200);
    assert_eq!(app.post(&search, json!({})).await.body["policyName"], "SECONDLY");
}

#[tokio::test]
async fn a_plan_says_how_often_an_app_may_ask() {
    let app = App::connected().await;
    for (plan, per_window, daily) in [
        ("marketplace", 110, json!(null)),
        ("starter", 100, json!(250_000)),
        ("professional", 190, json!(625_000)),
        ("enterprise", 190, json!(1_000_000)),
    ] {
        let set = app.person.post(&format!("{CONTROL}/limits"), json!({"plan": plan})).await;
        assert_eq!(set, json!({"per_window": per_window, "searches": 5, "daily": daily}), "{plan}");
        assert_eq!(app.get(CONTACTS).await.header("x-hubspot-ratelimit-max"), per_window.to_string());
    }
}
