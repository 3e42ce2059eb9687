//! What the API refuses, in which words, and what it does not simulate.

use axum::{
    body::{Body, to_bytes},
    http::{Request, header},
};
use serde_json::Value;
use tower::ServiceExt as _;

use super::{acme, user};
use crate::router;

/// A request as `METHOD path`, its content type and body, and the refusal: status, type, and a part of the message.
type Row = (&'static str, &'static str, &'static str, u16, &'static str, &'static str);

const JSON: &str = "application/json";

const REFUSALS: [Row; 31] = [
    ("POST users", JSON, "{", 400, "validation", "must be a JSON object"),
    ("POST users", JSON, "[]", 400, "validation", "must be a JSON object"),
    ("POST users", JSON, "", 400, "validation", "must be a JSON object"),
    ("POST users", "text/plain", "{}", 415, "unsupported_media_type", "application/json"),
    (
        "PUT users/{A}",
        "application/x-www-form-urlencoded",
        "a=b",
        415,
        "unsupported_media_type",
        "application/json",
    ),
    ("POST users", "application/json;charset=UTF-8", "{}", 400, "validation", "email is required"),
    ("PUT users/{A}", JSON, r#"{"email": null}"#, 400, "validation", "email is required"),
    ("PUT users/{A}", JSON, r#"{"email": "{LONG}@example.com"}"#, 400, "validation", "valid e-mail"),
    ("PUT users/{A}", JSON, r#"{"email": "B@example.com"}"#, 409, "conflict", "already exists"),
    ("PUT users/{A}", JSON, r#"{"address": {}}"#, 400, "validation", "address must be a string"),
    ("PUT users/{A}", JSON, r#"{"customFields": []}"#, 400, "validation", "customFields must be an object"),
    ("PUT users/{A}", JSON, r#"{"roles": "admin"}"#, 400, "validation", "roles must be a list"),
    ("PUT users/{A}", JSON, r#"{"billing": 5}"#, 400, "validation", "billing must be an object"),
    ("PUT users/{A}", JSON, r#"{"password": 5}"#, 400, "validation", "password must be a string"),
    ("PUT users/nobody", JSON, "{}", 404, "not_found", "User not found"),
    ("PATCH users/{A}", JSON, "{}", 404, "not_found", "No such address"),
    ("DELETE users/{A}", JSON, "", 501, "sandbox_not_simulated", "DELETE /v1/admin/users/"),
    ("GET users?limit=-1", JSON, "", 400, "validation", "limit must be a whole number"),
    ("GET users?offset=x", JSON, "", 400, "validation", "offset must be a whole number"),
    ("GET addons/other", JSON, "", 404, "not_found", "Add-on not found"),
    ("GET jobs/none", JSON, "", 404, "not_found", "Job not found"),
    ("GET sites/none", JSON, "", 404, "not_found", "Site not found"),
    (
        "GET units",
        JSON,
        "",
        501,
        "sandbox_not_simulated",
        "The sandbox does not simulate GET /v1/admin/units",
    ),
    ("GET unit-rentals?ownerId={A}", JSON, "", 501, "sandbox_not_simulated", "GET /v1/admin/unit-rentals"),
    ("GET invoices", JSON, "", 501, "sandbox_not_simulated", "GET /v1/admin/invoices"),
    ("POST users/{A}/history", JSON, "{}", 501, "sandbox_not_simulated", "POST /v1/admin/users/"),
    ("PUT settings", JSON, "{}", 501, "sandbox_not_simulated", "PUT /v1/admin/settings"),
    ("POST jobs", JSON, r#"{"type": "lead"}"#, 501, "sandbox_not_simulated", "jobs of type lead"),
    (
        "POST jobs",
        JSON,
        r#"{"type": "task", "data": {"title": "t", "targetType": "site", "targetId": "1"}}"#,
        400,
        "validation",
        "targetType",
    ),
    (
        "POST jobs",
        JSON,
        r#"{"type": "task", "data": {"title": "t", "targetType": "user", "targetId": "1"}}"#,
        400,
        "validation",
        "targetId",
    ),
    (
        "POST jobs",
        JSON,
        r#"{"type": "task", "data": {"targetType": "unit", "targetId": "1"}}"#,
        400,
        "validation",
        "title",
    ),
];

#[tokio::test]
async fn every_refusal_has_its_status_its_type_and_its_words() {
    let (acme, addon) = acme().await;
    let id = user(&acme, "a@example.com").await;
    user(&acme, "b@example.com").await;
    let before = acme.get("/_sandbox/storeganise/acme/users").await;
    for (call, kind, body, status, named, part) in REFUSALS {
        let (method, path) = call.split_once(' ').unwrap();
        let path = path.replace("{A}", &id);
        let request = Request::builder()
            .method(method)
            .uri(format!("/acme/api/v1/admin/{path}"))
            .header(header::CONTENT_TYPE, kind)
            .header(header::AUTHORIZATION, format!("Addon {addon}|sandbox-api-key"))
            .body(Body::from(body.replace("{LONG}", &"l".repeat(300))))
            .unwrap();
        let response = router(&acme.world).oneshot(request).await.unwrap();
        let answered = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let answer: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!((answered, &answer["error"]["type"]), (status, &named.into()), "{call} {body}: {answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(part), "{call} {body}: {answer}");
    }
    assert_eq!(acme.get("/_sandbox/storeganise/acme/users").await, before, "a refusal changes nothing");
}

#[tokio::test]
async fn what_is_not_simulated_is_still_no_place_for_strangers() {
    let (mut acme, _) = acme().await;
    acme.authorise(String::new());
    for (path, status) in [
        ("/acme/api/v1/admin/units", 401),
        ("/acme/api/v1/auth/token", 501),
        ("/acme/api/v1/users", 501),
        ("/nobody/api/v1/admin/units", 404),
        ("/nobody/api/v1/users", 404),
    ] {
        assert_eq!(acme.ask("GET", path, Value::Null).await.0, status, "{path}");
    }
}
