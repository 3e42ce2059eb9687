//! An app's webhook endpoint: what arrives waits for the test, which says how it is answered.

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use super::{Answer, App};
use crate::provider::Provider;

/// No event takes this long unless the test is stuck.
const STUCK: Duration = Duration::from_secs(20);
/// The webhook settings of the test's app, and the key to them.
const WEBHOOKS: &str = "/webhooks/v3/7654321";
const KEY: &str = "?hapikey=sandbox-developer-key";

/// A delivery that waits for its answer.
pub(super) struct Delivered {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    answer: oneshot::Sender<StatusCode>,
}

impl Delivered {
    pub(super) fn events(&self) -> Vec<Value> {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Ends the delivery with this status.
    pub(super) fn answer(self, status: u16) {
        self.answer.send(StatusCode::from_u16(status).unwrap()).unwrap();
    }
}

/// Where events arrive.
pub(super) struct Ear {
    pub(super) url: String,
    delivered: UnboundedReceiver<Delivered>,
}

impl Ear {
    /// An ear to which the sandbox tells everything.
    pub(super) async fn of(app: &App) -> Self {
        let ear = Self::open().await;
        app.person.world.set_webhook_url(Provider::Hubspot, ear.url.clone());
        ear
    }

    /// An ear of which nobody knows yet.
    pub(super) async fn open() -> Self {
        let (sender, delivered) = unbounded_channel();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhooks/hubspot", listener.local_addr().unwrap());
        let router = Router::new().route("/webhooks/hubspot", post(hear)).with_state(sender);
        TaskTracker::new().spawn(async move { axum::serve(listener, router).await });
        Self { url, delivered }
    }

    /// The next delivery, which waits for its answer.
    pub(super) async fn delivery(&mut self) -> Delivered {
        tokio::time::timeout(STUCK, self.delivered.recv()).await.expect("a delivery").unwrap()
    }

    /// Hears events until this many have come.
    pub(super) async fn events(&mut self, count: usize) -> Vec<Value> {
        let mut heard = Vec::new();
        while heard.len() < count {
            let delivered = self.delivery().await;
            let events = delivered.events();
            delivered.answer(200);
            assert!(events.len() <= 100);
            heard.extend(events);
        }
        assert_eq!(heard.len(), count, "{heard:?}");
        heard
    }

    /// Takes everything until nothing is under way any more, and answers with the bodies as they came.
    pub(super) async fn bodies(&mut self, app: &App) -> Vec<String> {
        let mut bodies = Vec::new();
        let until_quiet = async {
            while app.person.world.delivery.pending() > 0 || !self.delivered.is_empty() {
                match tokio::time::timeout(Duration::from_millis(1), self.delivered.recv()).await {
                    Ok(delivered) => {
                        let delivered = delivered.unwrap();
                        bodies.push(String::from_utf8_lossy(&delivered.body).into_owned());
                        delivered.answer(200);
                    }
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        };
        tokio::time::timeout(STUCK, until_quiet).await.expect("the webhooks come to an end");
        bodies
    }
}

async fn hear(
    State(heard): State<UnboundedSender<Delivered>>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let (answer, answered) = oneshot::channel();
    heard.send(Delivered { headers, body, answer }).unwrap();
    answered.await.unwrap_or(StatusCode::OK)
}

/// A call to the app's webhook settings with the developer's key.
pub(super) async fn developer(app: &App, method: &str, path: &str, body: Value) -> Answer {
    app.ask(method, &format!("{WEBHOOKS}{path}{KEY}"), body).await
}

/// Subscribes the app to one more kind of change.
pub(super) async fn subscribe(
    app: &App,
    event_type: &str,
    object_type: Option<&str>,
    property: Option<&str>,
) {
    let mut body = json!({"eventType": event_type, "active": true});
    if let Some(object_type) = object_type {
        body["objectTypeId"] = object_type.into();
    }
    if let Some(property) = property {
        body["propertyName"] = property.into();
    }
    let made = developer(app, "POST", "/subscriptions", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
}
