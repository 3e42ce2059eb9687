//! For tests: somebody who asks a sandbox over its routes, within the process and without a port.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{clock::Clock, options::Options, router, world::World};

/// When the world of a visitor begins: 2026-01-01.
pub(crate) const START_MS: u64 = 1_767_225_600_000;

/// An empty or seeded world whose clock stands still, and somebody who asks it.
pub(crate) struct Visitor {
    /// The world.
    pub world: Arc<World>,
    app: Router,
    authorization: String,
}

impl Visitor {
    /// A visitor of an empty world.
    pub(crate) fn of_an_empty_world() -> Self {
        Self::of(Options { seeded: false, ..Options::default() })
    }

    /// A visitor of the world that `options` describe.
    pub(crate) fn of(options: Options) -> Self {
        let world = World::new(options, Clock::manual(START_MS), "http://sandbox.example".to_owned());
        let app = router(&world);
        Self { world, app, authorization: String::new() }
    }

    /// Asks with this `Authorization` header from now on.
    pub(crate) fn authorise(&mut self, authorization: String) {
        self.authorization = authorization;
    }

    /// Asks, and answers with the status and the body: JSON, or text as a JSON string.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.send(method, path, "application/json", body).await
    }

    /// Sends a form, as a browser does, and answers with the status and the page.
    pub(crate) async fn fill_in(&self, path: &str, form: &'static str) -> (StatusCode, Value) {
        self.send("POST", path, "application/x-www-form-urlencoded", Body::from(form)).await
    }

    async fn send(&self, method: &str, path: &str, content_type: &str, body: Body) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, content_type)
            .header(header::AUTHORIZATION, &self.authorization)
            .body(body)
            .unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let text = String::from_utf8_lossy(&bytes);
        (status, serde_json::from_str(&text).unwrap_or_else(|_| json!(text)))
    }

    /// Asks for something that must be there, and answers with the body.
    pub(crate) async fn get(&self, path: &str) -> Value {
        self.must("GET", path, Value::Null).await
    }

    /// Posts something that must be accepted, and answers with the body.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        self.must("POST", path, body).await
    }

    /// Puts something that must be accepted, and answers with the body.
    pub(crate) async fn put(&self, path: &str, body: Value) -> Value {
        self.must("PUT", path, body).await
    }

    async fn must(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(method, path, body).await;
        assert!(status.is_success(), "{method} {path}: {status} {answer}");
        answer
    }
}
