//! The API from outside: who may, what a refusal looks like, and an installation's life.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};
use sync_core::access::{Role, audit::Actor};

use crate::rig::{Answer, BUSINESS_DOWN, Rig};

const ADDON: &str = "66ce753e7405aa00158ba999";
const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

fn is_problem(answer: &Answer, status: u16, slug: &str) -> Value {
    assert_eq!(answer.status.as_u16(), status);
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/problem+json");
    let problem = answer.json();
    assert_eq!(problem["status"], status);
    assert_eq!(problem["type"], format!("urn:annex:problem:{slug}"));
    assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
    assert_eq!(problem["instance"], format!("urn:annex:request:{}", answer.header("x-request-id")));
    problem
}

/// Every operation of the description as (method, path).
async fn operations(rig: &Rig) -> Vec<(String, String)> {
    let answer = rig.api("GET", "/openapi.json", None, None).await;
    assert_eq!(answer.status, StatusCode::OK);
    let description = answer.json();
    let paths = description["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone()))
        })
        .map(|(method, path)| {
            (method, path.replace("{id}", NOBODY).replace("{user_id}", "u1").replace("{run}", NOBODY))
        })
        .collect()
}

#[tokio::test]
async fn every_operation_has_an_id_of_its_own() {
    let description = Rig::start().await.api("GET", "/openapi.json", None, None).await.json();
    let items = description["paths"].as_object().unwrap().values();
    let operations = items.flat_map(|item| item.as_object().unwrap().values());
    let ids: Vec<&str> = operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), ids.len(), "{ids:?}");
}

#[tokio::test]
async fn no_operation_answers_without_a_token_or_with_an_unknown_one() {
    let rig = Rig::start().await;
    let all = operations(&rig).await;
    assert!(all.len() >= 19, "{all:?}");
    for (method, path) in all {
        let answer = rig.api(&method, &path, None, None).await;
        is_problem(&answer, 401, "no-token");
        assert_eq!(answer.header(header::WWW_AUTHENTICATE), "Bearer", "{method} {path}");
        is_problem(&rig.api(&method, &path, Some("annex_made-up"), None).await, 401, "no-token");
    }
}

#[tokio::test]
async fn a_viewer_looks_and_changes_nothing() {
    let rig = Rig::start().await;
    let token = rig.token(Role::Viewer).await;
    for (method, path) in operations(&rig).await {
        let answer = rig.api(&method, &path, Some(&token), None).await;
        // Asking about a person by e-mail only looks; the address must not stand in a log.
        if method == "GET" || path.ends_with("/explain") {
            assert_ne!(answer.status, StatusCode::FORBIDDEN, "{method} {path}");
        } else {
            is_problem(&answer, 403, "not-allowed");
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_too() {
    let rig = Rig::start().await;
    let token = rig.token(Role::Staff).await;
    is_problem(&rig.api("GET", "/nowhere", Some(&token), None).await, 404, "not-found");
    for path in ["/api", "/api/", "/api/v2", "/api/v1/"] {
        let answer = rig.send(Request::get(path).body(Body::empty()).unwrap()).await;
        is_problem(&answer, 404, "not-found");
    }
    is_problem(&rig.api("GET", "/installations/no-uuid", Some(&token), None).await, 404, "not-found");
    let unknown = "/installations/00000000-0000-7000-8000-000000000000";
    is_problem(&rig.api("GET", unknown, Some(&token), None).await, 404, "not-found");
    is_problem(&rig.api("DELETE", unknown, Some(&token), None).await, 404, "not-found");
    let answer = rig.api("PATCH", unknown, Some(&token), None).await;
    is_problem(&answer, 405, "method-not-allowed");
    assert!(answer.header(header::ALLOW).contains("DELETE"), "{:?}", answer.headers);
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_a_problem() {
    let rig = Rig::start().await;
    let token = rig.token(Role::Staff).await;
    let post = |media_type: &'static str, body: String| {
        Request::post("/api/v1/installations")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, media_type)
            .body(Body::from(body))
            .unwrap()
    };
    let json = "application/json";
    is_problem(&rig.send(post(json, "{".to_owned())).await, 400, "bad-request");
    is_problem(&rig.send(post("text/plain", "{}".to_owned())).await, 415, "not-json");
    is_problem(&rig.send(post(json, "{}".to_owned())).await, 422, "invalid");
    let long = format!("\"{}\"", "a".repeat(64 * 1024));
    is_problem(&rig.send(post(json, long)).await, 413, "too-large");
}

#[tokio::test]
async fn an_input_that_cannot_be_taken_is_named() {
    let rig = Rig::start().await;
    let token = rig.token(Role::Staff).await;
    let new = json!({ "business_code": "not a code", "addon_id": ADDON });
    let problem =
        is_problem(&rig.api("POST", "/installations", Some(&token), Some(new)).await, 422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "business_code");
    let answer = rig.api("GET", "/installations?state=asleep", Some(&token), None).await;
    assert_eq!(is_problem(&answer, 422, "invalid")["errors"][0]["field"], "state");
}

#[tokio::test]
async fn a_provider_that_is_down_is_named_with_a_code() {
    let rig = Rig::start().await;
    let token = rig.token(Role::Staff).await;
    let new = json!({ "business_code": BUSINESS_DOWN, "addon_id": ADDON });
    let problem =
        is_problem(&rig.api("POST", "/installations", Some(&token), Some(new)).await, 502, "provider");
    assert!(problem["code"].as_str().unwrap().starts_with("storeganise."), "{problem}");
}

#[tokio::test]
async fn an_installation_lives_through_the_api() {
    let rig = Rig::start().await;
    let token = rig.token(Role::Staff).await;
    let new = json!({ "business_code": "acme", "addon_id": ADDON });
    let made = rig.api("POST", "/installations", Some(&token), Some(new.clone())).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(made.json()["state"], "installed");
    assert_eq!(made.json()["created_at"], "2026-09-21T14:13:20Z");
    is_problem(&rig.api("POST", "/installations", Some(&token), Some(new)).await, 409, "not-now");

    let path = format!("/installations/{}", made.json()["id"].as_str().unwrap());
    let act = async |action: &str| rig.api("POST", &format!("{path}/{action}"), Some(&token), None).await;
    is_problem(&act("pause").await, 409, "not-now");
    assert_eq!(act("enable").await.json()["state"], "enabled");
    assert_eq!(act("pause").await.json()["state"], "paused");
    assert_eq!(act("disable").await.json()["state"], "disabled");
    is_problem(&act("check").await, 409, "not-now");
    let link = act("authorisation-link").await.json()["link"].as_str().unwrap().to_owned();
    assert!(link.starts_with("https://annex.example.com/connect/"), "{link}");

    let listed = rig.api("GET", "/installations?search=acm&state=disabled", Some(&token), None).await.json();
    assert_eq!(listed["items"][0]["business_code"], "acme");
    assert_eq!(listed["next"], Value::Null);
    let audit = rig.api("GET", &format!("{path}/audit"), Some(&token), None).await.json();
    // The clock stands still, so the lines have no order.
    let issued =
        |line: &Value| line["action"] == "authorisation_link.issued" && line["actor"] == "API token a test";
    assert!(audit["items"].as_array().unwrap().iter().any(issued), "{audit}");

    assert_eq!(rig.api("DELETE", &path, Some(&token), None).await.status, StatusCode::NO_CONTENT);
    is_problem(&rig.api("GET", &path, Some(&token), None).await, 404, "not-found");
}

#[tokio::test]
async fn settings_are_changed_as_a_whole_and_checked() {
    let rig = Rig::start().await;
    let token = rig.token(Role::Staff).await;
    let path = format!("/installations/{}/settings", rig.installation().await.id);
    let mut settings = rig.api("GET", &path, Some(&token), None).await.json();
    assert_eq!(settings["conflict_policy"], "storeganise_wins");
    settings["default_country"] = json!("GB");
    settings["conflict_policy"] = json!("hubspot_wins");
    let changed = rig.api("PUT", &path, Some(&token), Some(settings.clone())).await;
    assert_eq!((changed.status, changed.json()), (StatusCode::OK, settings.clone()));
    settings["default_country"] = json!("Atlantis");
    let problem = is_problem(&rig.api("PUT", &path, Some(&token), Some(settings)).await, 422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "default_country");
}

#[tokio::test]
async fn a_settings_change_names_everything_and_nothing_unknown_and_every_wrong_input_is_told() {
    let rig = Rig::start().await;
    let token = rig.token(Role::Staff).await;
    let path = format!("/installations/{}/settings", rig.installation().await.id);
    let settings = rig.api("GET", &path, Some(&token), None).await.json();
    let put = async |body: Value| rig.api("PUT", &path, Some(&token), Some(body)).await;
    for name in settings.as_object().unwrap().keys().filter(|name| *name != "default_country") {
        let mut part = settings.clone();
        part.as_object_mut().unwrap().remove(name);
        is_problem(&put(part).await, 422, "invalid");
    }
    let mut more = settings.clone();
    more["speed"] = json!("high");
    is_problem(&put(more).await, 422, "invalid");
    let mapping = |user_field: &str, property: &str| json!({ "user_field": user_field, "contact_property": property, "kind": "text", "direction": "both" });
    let mut wrong = settings.clone();
    wrong["outcome_days"] = json!(0);
    wrong["brake_percent"] = json!(101);
    wrong["custom_fields"] = json!([mapping("gateCode", "email"), mapping("hubspot_dealId", "gate_code")]);
    let problem = is_problem(&put(wrong).await, 422, "invalid");
    let fields: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
    let expected =
        ["outcome_days", "brake_percent", "custom_fields[0].contact_property", "custom_fields[1].user_field"];
    assert_eq!(fields, expected);
    // What can only be checked at HubSpot waits for the connection, at trying it as at saving it.
    let mut mapped = settings.clone();
    mapped["custom_fields"] = json!([mapping("gateCode", "gate_code")]);
    let problem = is_problem(&put(mapped.clone()).await, 409, "not-now");
    assert_eq!(problem["code"], "hubspot.needs_authorisation");
    let lint = format!("{path}/lint");
    let trial = Some(json!({ "settings": mapped }));
    is_problem(&rig.api("POST", &lint, Some(&token), trial).await, 409, "not-now");
    let trial = Some(json!({ "setting": {} }));
    is_problem(&rig.api("POST", &lint, Some(&token), trial).await, 422, "invalid");
    assert_eq!(rig.api("GET", &path, Some(&token), None).await.json(), settings, "nothing was saved");
    let mut changed = settings.clone();
    changed["mirrors"] = json!(false);
    changed["outcome_days"] = json!(90);
    changed["conflict_policy"] = json!("newest_wins");
    assert_eq!(put(changed.clone()).await.json(), changed);
    let audit_path = path.replace("/settings", "/audit");
    let audit = rig.api("GET", &audit_path, Some(&token), None).await.json();
    let told = |line: &Value| line["detail"] == "conflict_policy, mirrors, outcome_days";
    assert!(audit["items"].as_array().unwrap().iter().any(told), "{audit}");
}

#[tokio::test]
async fn the_list_is_ordered_and_narrowed_by_what_is_derived() {
    let rig = Rig::start().await;
    let token = rig.token(Role::Viewer).await;
    rig.installation().await;
    let list =
        async |query: &str| rig.api("GET", &format!("/installations?{query}"), Some(&token), None).await;
    for query in ["order=failed", "order=last_event&needs_a_person=true", "health=needs_authorisation"] {
        let items = list(query).await.json()["items"].clone();
        assert_eq!(items[0]["business_code"], json!("acme"), "{query}: {items}");
        assert_eq!((&items[0]["failed_last_day"], &items[0]["last_success_at"]), (&json!(0), &Value::Null));
    }
    assert_eq!(list("health=healthy").await.json()["items"], json!([]));
    for query in ["order=colour", "health=poorly", "cursor=made-up"] {
        is_problem(&list(query).await, 422, "invalid");
    }
}

#[tokio::test]
async fn a_replay_shows_among_the_changes() {
    let rig = Rig::start().await;
    let token = rig.token(Role::Staff).await;
    let path = format!("/installations/{}/changes", rig.installation().await.id);
    let replay = format!("{path}/replay");
    let one = json!({ "subject": "user", "subject_id": "u1" });
    assert_eq!(rig.api("POST", &replay, Some(&token), Some(one)).await.json()["replayed"], 1);
    let all = json!({ "all_parked": true });
    assert_eq!(rig.api("POST", &replay, Some(&token), Some(all)).await.json()["replayed"], 0);
    for unclear in [json!({}), json!({ "subject": "user", "subject_id": "u1", "all_parked": true })] {
        is_problem(&rig.api("POST", &replay, Some(&token), Some(unclear)).await, 422, "invalid");
    }
    let listed = rig.api("GET", &format!("{path}?parked=false"), Some(&token), None).await.json();
    assert_eq!(listed["items"][0]["subject_id"], "u1");
    let parked = rig.api("GET", &format!("{path}?parked=true"), Some(&token), None).await.json();
    assert_eq!(parked["items"], json!([]));
}

#[tokio::test]
async fn failures_are_listed_and_replayed_by_their_cause() {
    let rig = Rig::start().await;
    let token = rig.token(Role::Staff).await;
    let installation = rig.installation().await.id;
    for path in ["/failures".to_owned(), format!("/failures?installation={installation}")] {
        assert_eq!(rig.api("GET", &path, Some(&token), None).await.json(), json!({ "items": [] }));
    }
    let unknown = "/failures?installation=00000000-0000-7000-8000-000000000000";
    is_problem(&rig.api("GET", unknown, Some(&token), None).await, 404, "not-found");
    let replay = async |body: Value| rig.api("POST", "/failures/replay", Some(&token), Some(body)).await;
    let nothing = replay(json!({ "cause": "hubspot.rejected_400", "extent": "all" })).await.json();
    assert_eq!(nothing, json!({ "installations": 0, "records": 0 }));
    is_problem(&replay(json!({ "cause": "x", "extent": "some" })).await, 422, "invalid");
}

#[tokio::test]
async fn a_backfill_waits_until_the_installation_is_enabled() {
    let rig = Rig::start().await;
    let token = rig.token(Role::Staff).await;
    let path = format!("/installations/{}", rig.installation().await.id);
    let runs = format!("{path}/runs");
    let begin = async |kind: &str| rig.api("POST", &runs, Some(&token), Some(json!({ "kind": kind }))).await;
    is_problem(&begin("marathon").await, 422, "invalid");
    is_problem(&begin("backfill").await, 409, "not-now");
    rig.api("POST", &format!("{path}/enable"), Some(&token), None).await;
    assert_eq!(begin("backfill").await.status, StatusCode::ACCEPTED);
    let listed = rig.api("GET", &runs, Some(&token), None).await.json();
    assert_eq!(listed["items"][0]["kind"], "backfill");
    let outcomes = format!("{path}/outcomes?action=failed,skipped&record=u1");
    assert_eq!(rig.api("GET", &outcomes, Some(&token), None).await.json()["items"], json!([]));
}

#[tokio::test]
async fn a_run_is_shown_and_cancelled_by_its_own_installation_only() {
    let rig = Rig::start().await;
    let token = rig.token(Role::Staff).await;
    let path = format!("/installations/{}", rig.installation().await.id);
    rig.api("POST", &format!("{path}/enable"), Some(&token), None).await;
    let begin = async |kind: &str| {
        rig.api("POST", &format!("{path}/runs"), Some(&token), Some(json!({ "kind": kind }))).await
    };
    is_problem(&begin("preview").await, 409, "not-now");
    let id = begin("backfill").await.json()["id"].as_str().unwrap().to_owned();
    let second = is_problem(&begin("backfill").await, 409, "not-now");
    assert!(second["detail"].as_str().unwrap().contains("already"), "{second}");
    let run = format!("{path}/runs/{id}");
    let shown = rig.api("GET", &run, Some(&token), None).await.json();
    assert_eq!((&shown["state"], &shown["progress"]["total"]), (&json!("running"), &Value::Null));
    is_problem(&rig.api("GET", &format!("{run}/preview"), Some(&token), None).await, 404, "not-found");

    let other =
        rig.state.core.install("acme", "66ce753e7405aa00158ba998", &Actor::command_line()).await.unwrap();
    let foreign = format!("/installations/{}/runs/{id}", other.id);
    is_problem(&rig.api("GET", &foreign, Some(&token), None).await, 404, "not-found");
    is_problem(&rig.api("POST", &format!("{foreign}/cancel"), Some(&token), None).await, 404, "not-found");

    let cancelled = rig.api("POST", &format!("{run}/cancel"), Some(&token), None).await;
    assert_eq!((cancelled.status, &cancelled.json()["state"]), (StatusCode::OK, &json!("cancelled")));
    is_problem(&rig.api("POST", &format!("{run}/cancel"), Some(&token), None).await, 409, "not-now");
    let audit = rig.api("GET", &format!("{path}/audit"), Some(&token), None).await.json();
    let line = |line: &Value| line["action"] == "run.cancelled";
    assert!(audit["items"].as_array().unwrap().iter().any(line), "{audit}");
}

#[tokio::test]
async fn nothing_held_back_can_neither_be_released_nor_dropped() {
    let rig = Rig::start().await;
    let token = rig.token(Role::Staff).await;
    let path = format!("/installations/{}/brake", rig.installation().await.id);
    let brake = rig.api("GET", &path, Some(&token), None).await.json();
    assert_eq!(
        (&brake["state"], &brake["would_change"], &brake["items"]),
        (&json!("off"), &json!(0), &json!([]))
    );
    for action in ["release", "drop"] {
        is_problem(&rig.api("POST", &format!("{path}/{action}"), Some(&token), None).await, 409, "not-now");
    }
    is_problem(&rig.api("GET", &format!("{path}?cursor=x"), Some(&token), None).await, 422, "invalid");
}

#[tokio::test]
async fn a_conflict_nobody_knows_of_is_not_there_and_a_decision_names_one_thing() {
    let rig = Rig::start().await;
    let token = rig.token(Role::Staff).await;
    let path = format!("/installations/{}/conflicts", rig.installation().await.id);
    let listed = rig.api("GET", &path, Some(&token), None).await.json();
    assert_eq!((&listed["items"], &listed["next"]), (&json!([]), &Value::Null));
    is_problem(&rig.api("GET", &format!("{path}?cursor=x"), Some(&token), None).await, 422, "invalid");
    let one = format!("{path}/u1");
    is_problem(&rig.api("GET", &one, Some(&token), None).await, 404, "not-found");
    let link = json!({ "pair": "link" });
    is_problem(&rig.api("POST", &one, Some(&token), Some(link)).await, 404, "not-found");
    for unclear in [
        json!({}),
        json!({ "pair": "link", "choices": { "phone": "user" } }),
        json!({ "pair": "maybe" }),
        json!({ "choices": { "phone": "newest" } }),
    ] {
        is_problem(&rig.api("POST", &one, Some(&token), Some(unclear)).await, 422, "invalid");
    }
}

#[tokio::test]
async fn an_installation_says_how_it_is_and_is_found_by_it() {
    let rig = Rig::start().await;
    let token = rig.token(Role::Viewer).await;
    let id = rig.installation().await.id;
    let shown = rig.api("GET", &format!("/installations/{id}"), Some(&token), None).await.json();
    assert_eq!(shown["health"], "needs_authorisation");
    assert_eq!(shown["health_causes"][0]["cause"], "never_authorised");
    assert!(shown["health_causes"][0]["text"].as_str().unwrap().ends_with('.'));
    for (health, listed) in [("needs_authorisation", 1), ("healthy", 0), ("stopped", 0)] {
        let path = format!("/installations?health={health}");
        let found = rig.api("GET", &path, Some(&token), None).await.json();
        assert_eq!(found["items"].as_array().unwrap().len(), listed, "{health}");
    }
    let answer = rig.api("GET", "/installations?health=poorly", Some(&token), None).await;
    assert_eq!(is_problem(&answer, 422, "invalid")["errors"][0]["field"], "health");
    let asked = Request::get("/metrics").header(header::AUTHORIZATION, format!("Bearer {token}"));
    let metrics = rig.send(asked.body(Body::empty()).unwrap()).await;
    let text = String::from_utf8(metrics.body.to_vec()).unwrap();
    assert!(text.contains("annex_installations{health=\"needs_authorisation\"}"), "{text}");
}

#[tokio::test]
async fn what_was_told_and_what_is_only_counted_are_lists_that_begin_empty() {
    let rig = Rig::start().await;
    let token = rig.token(Role::Viewer).await;
    let path = format!("/installations/{}", rig.installation().await.id);
    for list in ["notices", "outcomes/days"] {
        let found = rig.api("GET", &format!("{path}/{list}"), Some(&token), None).await.json();
        assert_eq!(found, json!({ "items": [], "next": null }), "{list}");
        let answer = rig.api("GET", &format!("{path}/{list}?cursor=x"), Some(&token), None).await;
        assert_eq!(is_problem(&answer, 422, "invalid")["errors"][0]["field"], "cursor");
    }
    let outcomes = rig.api("GET", &format!("{path}/outcomes"), Some(&token), None).await.json();
    assert_eq!(outcomes["kept_since"], Value::Null);
}

#[tokio::test]
async fn whoever_explains_a_person_says_whom_and_may_be_a_viewer() {
    let rig = Rig::start().await;
    let token = rig.token(Role::Viewer).await;
    let path = format!("/installations/{}/explain", rig.installation().await.id);
    for (body, field) in [(json!({ "email": "no address" }), "email"), (json!({ "email": "" }), "email")] {
        let answer = rig.api("POST", &path, Some(&token), Some(body)).await;
        assert_eq!(is_problem(&answer, 422, "invalid")["errors"][0]["field"], field);
    }
    is_problem(&rig.api("GET", &path, Some(&token), None).await, 422, "invalid");
    // Neither side answers in this rig: both are said not to be known, and that is no error.
    let answer = rig.api("GET", &format!("{path}?user=u1"), Some(&token), None).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    assert_eq!(answer.json()["stopped"][0]["cause"], "never_authorised");
}
