//! What both sides share: faults, counters, and webhooks that are repeated until they are received.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_util::task::TaskTracker;

use crate::{
    Sandbox,
    clock::Clock,
    delivery::{Delivery, Prepared, WebhookRequest},
    faults::Faults,
    options::{Options, StoreganisePlatform},
    provider::Provider,
    start,
    visitor::Visitor,
};

/// No test needs this long unless it is stuck.
const STUCK: Duration = Duration::from_secs(20);

/// A receiver that refuses the first few webhooks with 500 and keeps what came in.
#[derive(Clone)]
struct Receiver {
    refuse: Arc<Mutex<u32>>,
    received: Arc<Mutex<Vec<(String, String)>>>,
}

impl Receiver {
    async fn listen(refuse: u32) -> (Self, String) {
        let receiver = Self { refuse: Arc::new(Mutex::new(refuse)), received: Arc::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let app = Router::new().route("/hook", post(receive)).with_state(receiver.clone());
        TaskTracker::new().spawn(async move { axum::serve(listener, app).await });
        (receiver, url)
    }

    fn received(&self) -> Vec<(String, String)> {
        self.received.lock().unwrap().clone()
    }
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers.get("sg-signature").map_or("", |value| value.to_str().unwrap());
    receiver
        .received
        .lock()
        .unwrap()
        .push((signature.to_owned(), String::from_utf8_lossy(&body).into_owned()));
    let mut refuse = receiver.refuse.lock().unwrap();
    if *refuse == 0 {
        return StatusCode::OK;
    }
    *refuse -= 1;
    StatusCode::INTERNAL_SERVER_ERROR
}

fn delivery(faults: Value) -> Delivery {
    let in_force = Faults::new(1);
    in_force.set(serde_json::from_value(faults).unwrap()).unwrap();
    Delivery::new(Arc::new(Clock::system()), Arc::new(in_force), 1, 1)
}

/// A webhook that is signed with the number of its attempt.
fn webhook(provider: Provider, url: &str) -> WebhookRequest {
    WebhookRequest {
        provider,
        url: url.to_owned(),
        accounts: Vec::new(),
        prepare: Box::new(|attempt| {
            let headers = vec![("sg-signature", attempt.number.to_string())];
            Some(Prepared { headers, body: b"{}".to_vec() })
        }),
    }
}

async fn until_quiet(delivery: &Delivery) {
    let quiet = async {
        while delivery.pending() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(STUCK, quiet).await.expect("the webhooks come to an end");
}

#[tokio::test]
async fn a_webhook_is_signed_anew_and_repeated_until_it_is_received() {
    let (receiver, url) = Receiver::listen(2).await;
    let delivery = delivery(json!([]));
    delivery.send(webhook(Provider::Storeganise, &url));
    assert_eq!(delivery.pending(), 1);
    until_quiet(&delivery).await;
    let signatures: Vec<String> = receiver.received().into_iter().map(|(signature, _)| signature).collect();
    assert_eq!(signatures, ["1", "2", "3"]);
    let counts = &delivery.snapshot()["storeganise"];
    assert_eq!(
        (&counts["delivered"], &counts["retried"], &counts["failed"]),
        (&json!(1), &json!(2), &json!(0))
    );
}

#[tokio::test]
async fn a_webhook_that_nobody_takes_is_given_up_after_its_attempts() {
    let (receiver, url) = Receiver::listen(u32::MAX).await;
    let delivery = delivery(json!([]));
    delivery.send(webhook(Provider::Storeganise, &url));
    until_quiet(&delivery).await;
    assert_eq!(receiver.received().len(), 4, "once, and three times more");
    assert_eq!(delivery.snapshot()["storeganise"]["failed"], 1);
}

#[tokio::test]
async fn webhooks_are_lost_or_doubled_where_a_fault_says_so() {
    let (receiver, url) = Receiver::listen(0).await;
    let delivery = delivery(json!([
        {"provider": "hubspot", "kind": "webhook_lost"},
        {"provider": "storeganise", "kind": "webhook_duplicate", "times": 1},
    ]));
    delivery.send(webhook(Provider::Hubspot, &url));
    assert_eq!(delivery.pending(), 0);
    delivery.send(webhook(Provider::Storeganise, &url));
    delivery.send(webhook(Provider::Storeganise, &url));
    until_quiet(&delivery).await;
    assert_eq!(receiver.received().len(), 3);
    assert_eq!(delivery.snapshot()["hubspot"]["lost"], 1);
}

#[tokio::test]
async fn stopping_drops_what_is_pending() {
    let (_, url) = Receiver::listen(u32::MAX).await;
    let delivery = Delivery::new(Arc::new(Clock::system()), Arc::new(Faults::new(1)), 1, u64::from(u32::MAX));
    delivery.send(webhook(Provider::Hubspot, &url));
    tokio::time::timeout(STUCK, delivery.stop()).await.expect("stopping does not wait for repeats");
    assert_eq!(delivery.pending(), 0);
}

#[tokio::test]
async fn faults_answer_in_the_words_of_the_provider_and_are_counted_by_route() {
    let visitor = Visitor::of_an_empty_world();
    visitor.post("/_sandbox/storeganise", json!({"code": "acme"})).await;
    let rules = json!([
        {"provider": "storeganise", "kind": "status", "status": 503, "times": 1},
        {"provider": "storeganise", "kind": "nonsense", "times": 1},
    ]);
    visitor.post("/_sandbox/faults", rules).await;
    let users = "/acme/api/v1/admin/users";
    let (status, body) = visitor.ask("GET", users, Value::Null).await;
    assert_eq!((status.as_u16(), &body["error"]["message"]), (503, &json!("Service Unavailable")));
    let (status, body) = visitor.ask("GET", users, Value::Null).await;
    assert!(status == StatusCode::OK && body.as_str().unwrap().contains("<html>"));
    assert_eq!(visitor.ask("GET", users, Value::Null).await.0, StatusCode::UNAUTHORIZED);
    let stats = visitor.get("/_sandbox/stats").await;
    let route = &stats["storeganise"]["routes"]["GET /{business}/api/v1/admin/users"];
    assert_eq!(route, &json!({"200": 1, "401": 1, "503": 1}));
    assert_eq!(stats["storeganise"]["total"], 3, "control calls do not count");
    visitor.post("/_sandbox/stats/reset", Value::Null).await;
    assert_eq!(visitor.get("/_sandbox/stats").await["storeganise"]["total"], 0);
}

/// What is traced of the same story under a fault schedule with this seed, but for the times.
async fn traced(seed: u64) -> Vec<Value> {
    let storeganise = StoreganisePlatform {
        webhook_url: Some("http://127.0.0.1:9/nobody".to_owned()),
        ..StoreganisePlatform::default()
    };
    let visitor = Visitor::of(Options { users_per_business: 3, storeganise, ..Options::default() });
    let addon = visitor.post("/_sandbox/storeganise/acme/addons", Value::Null).await;
    let addon = format!("/_sandbox/storeganise/acme/addons/{}", addon["id"].as_str().unwrap());
    visitor.put(&addon, json!({"state": "enabled"})).await;
    let rules = json!({"seed": seed, "rules": [
        {"provider": "storeganise", "kind": "status", "status": 503, "rate": 0.5},
        {"provider": "hubspot", "kind": "expired_token", "every": 3},
        {"provider": "storeganise", "kind": "webhook_lost", "rate": 0.5},
    ]});
    visitor.post("/_sandbox/faults", rules).await;
    for n in 0..30 {
        visitor.ask("GET", "/acme/api/v1/admin/users", Value::Null).await;
        visitor.ask("GET", "/crm/objects/2026-09/contacts", Value::Null).await;
        let all = json!({"set": {"companyName": n.to_string()}});
        visitor.post("/_sandbox/storeganise/acme/users/bulk", all).await;
    }
    let trace = visitor.get("/_sandbox/trace").await;
    visitor.world.delivery.stop().await;
    assert_eq!(trace["earlier"], 0);
    let mut entries = trace["entries"].as_array().unwrap().clone();
    for entry in &mut entries {
        entry.as_object_mut().unwrap().remove("ms").unwrap();
    }
    entries
}

#[tokio::test]
async fn a_fault_schedule_with_the_same_seed_gives_the_same_trace() {
    let first = traced(7).await;
    assert_eq!(first, traced(7).await);
    assert_ne!(first, traced(8).await);
    let numbers: Vec<&Value> = first.iter().map(|entry| &entry["number"]).collect();
    assert_eq!(numbers, (0..first.len()).map(|n| json!(n)).collect::<Vec<_>>().iter().collect::<Vec<_>>());
    assert_eq!(
        first.iter().filter(|entry| entry["fault"]["rule"] == 1).count(),
        10,
        "every third of thirty requests"
    );
    let fates = |fate: &str| first.iter().filter(|entry| entry["webhook"] == fate).count();
    assert!(fates("lost") > 0 && fates("sent") > 0, "{} lost, {} sent", fates("lost"), fates("sent"));
    let hit = first.iter().find(|entry| entry["status"] == 503).unwrap();
    assert_eq!(hit["fault"], json!({"rule": 0, "kind": "status"}));
    assert_eq!((&hit["business"], &hit["method"]), (&json!("acme"), &json!("GET")));
    assert_eq!(hit["route"], "/{business}/api/v1/admin/users");
}

#[tokio::test]
async fn the_rules_in_force_and_the_latency_can_be_read_back() {
    let visitor = Visitor::of_an_empty_world();
    let rules = json!([{"provider": "storeganise", "kind": "nonsense", "status": 502, "times": 1}]);
    visitor.post("/_sandbox/faults", rules).await;
    visitor.ask("GET", "/acme/api/v1/admin/users", Value::Null).await;
    assert_eq!(
        visitor.get("/_sandbox/faults").await,
        json!({"seed": 1, "rules": [{"provider": "storeganise", "kind": "nonsense", "status": 502, "rate": 1.0,
                                     "times": 1, "met": 1, "fired": 1}], "held": 0})
    );
    let spread = json!({"hubspot": {"median_ms": 120, "p99_ms": 400}, "storeganise_ms": 3});
    visitor.post("/_sandbox/latency", spread).await;
    let in_force = json!({
        "hubspot": {"median_ms": 120, "p99_ms": 400}, "storeganise": {"median_ms": 3, "p99_ms": 3},
        "hubspot_ms": 120, "storeganise_ms": 3,
    });
    assert_eq!(visitor.get("/_sandbox/latency").await, in_force);
    visitor.post("/_sandbox/reset", Value::Null).await;
    assert_eq!(visitor.get("/_sandbox/latency").await["hubspot_ms"], 0);
    assert_eq!(visitor.get("/_sandbox/faults").await["rules"], json!([]));
    assert_eq!(visitor.get("/_sandbox/trace").await["entries"], json!([]));
}

#[tokio::test]
async fn the_stats_answer_for_any_window() {
    let visitor = Visitor::of_an_empty_world();
    for _ in 0..3 {
        visitor.ask("GET", "/acme/api/v1/admin/users", Value::Null).await;
        visitor.world.clock.advance(400);
    }
    let windows = &visitor.get("/_sandbox/stats?window_ms=500").await["windows"];
    assert_eq!(windows["asked"]["storeganise"]["acme"], 2);
    assert_eq!(windows["requests"]["storeganise"]["acme"], 3);
    assert_eq!(
        visitor.ask("GET", "/_sandbox/stats?window_ms=0", Value::Null).await.0,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn what_is_lost_afterwards_was_done_all_the_same() {
    let mut visitor = Visitor::of_an_empty_world();
    visitor.post("/_sandbox/storeganise", json!({"code": "acme"})).await;
    let addon = visitor.post("/_sandbox/storeganise/acme/addons", Value::Null).await;
    visitor.authorise(format!("Addon {}|sandbox-api-key", addon["id"].as_str().unwrap()));
    let rule = json!([{"provider": "storeganise", "kind": "lose_after", "method": "POST", "status": 500}]);
    visitor.post("/_sandbox/faults", rule).await;
    let user = json!({"email": "a@example.com", "firstName": "A", "lastName": "B"});
    let (status, _) = visitor.ask("POST", "/acme/api/v1/admin/users", user).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(visitor.get("/acme/api/v1/admin/users").await[0]["email"], "a@example.com");
}

#[tokio::test]
async fn what_is_held_is_done_and_answered_once_other_rules_are_set() {
    let mut visitor = Visitor::of_an_empty_world();
    visitor.post("/_sandbox/storeganise", json!({"code": "acme"})).await;
    let addon = visitor.post("/_sandbox/storeganise/acme/addons", Value::Null).await;
    visitor.authorise(format!("Addon {}|sandbox-api-key", addon["id"].as_str().unwrap()));
    let rule = json!([{"provider": "storeganise", "kind": "hold", "method": "POST", "times": 1}]);
    visitor.post("/_sandbox/faults", rule).await;
    let user = json!({"email": "a@example.com", "firstName": "A", "lastName": "B"});
    let asks = visitor.ask("POST", "/acme/api/v1/admin/users", user);
    let looks = async {
        while visitor.get("/_sandbox/faults").await["held"] == 0 {
            tokio::task::yield_now().await;
        }
        let users = visitor.get("/acme/api/v1/admin/users").await;
        visitor.post("/_sandbox/faults", json!([])).await;
        users
    };
    let ((status, _), users) = tokio::join!(asks, looks);
    assert_eq!((status, &users[0]["email"]), (StatusCode::CREATED, &json!("a@example.com")));
    assert_eq!(visitor.get("/_sandbox/faults").await["held"], 0);
}

#[tokio::test]
async fn control_calls_that_make_no_sense_are_refused_in_words() {
    let visitor = Visitor::of_an_empty_world();
    let bad = json!([{"provider": "storeganise", "kind": "sideways"}]);
    for (path, body, status) in [
        ("/_sandbox/faults", bad, StatusCode::BAD_REQUEST),
        ("/_sandbox/storeganise", json!({"code": "hubspot"}), StatusCode::BAD_REQUEST),
        ("/_sandbox/nothing", json!({}), StatusCode::NOT_FOUND),
        ("/_sandbox/storeganise/nobody/users", json!({}), StatusCode::NOT_FOUND),
    ] {
        let (answered, answer) = visitor.ask("POST", path, body).await;
        assert_eq!(answered, status, "{path}");
        assert!(answer["error"].is_string(), "{path}: {answer}");
    }
}

#[tokio::test]
async fn a_reset_brings_the_first_world_back() {
    let visitor = Visitor::of(Options { users_per_business: 5, ..Options::default() });
    let users = "/_sandbox/storeganise/acme/users";
    let first = visitor.get(users).await;
    visitor.post("/_sandbox/storeganise/acme/users/seed", json!({"count": 3})).await;
    visitor.post("/_sandbox/faults", json!([{"provider": "storeganise", "kind": "cut"}])).await;
    assert_ne!(visitor.get(users).await, first);
    visitor.post("/_sandbox/reset", Value::Null).await;
    assert_eq!(visitor.get(users).await, first);
    let (status, _) = visitor.ask("GET", "/acme/api/v1/admin/users", Value::Null).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "no connection is cut any more");
}

/// Everything that comes back until the connection is closed.
async fn told(sandbox: &Sandbox, request: &str) -> String {
    let mut answer = String::new();
    let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    tokio::time::timeout(STUCK, stream.read_to_string(&mut answer)).await.expect("an end").unwrap();
    answer
}

#[tokio::test]
async fn a_partial_answer_promises_its_whole_length_and_ends_in_the_middle() {
    let sandbox = start(Options { seeded: false, ..Options::default() }).await.unwrap();
    let request = "GET /acme/api/v1/admin/users HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let whole = told(&sandbox, request).await;
    let rule = json!([{"provider": "storeganise", "kind": "partial"}]);
    sandbox.world.faults.set(serde_json::from_value(rule).unwrap()).unwrap();
    let partial = told(&sandbox, request).await;
    let body = |answer: &str| answer.split_once("\r\n\r\n").unwrap().1.to_owned();
    let length = format!("content-length: {}\r\n", body(&whole).len());
    assert!(whole.contains(&length) && partial.contains(&length), "{partial}");
    assert_eq!(body(&partial), body(&whole)[..body(&whole).len() / 2]);
    tokio::time::timeout(STUCK, sandbox.stop()).await.expect("it stops");
}

#[tokio::test]
async fn a_sandbox_answers_on_its_port_cuts_connections_on_demand_and_stops() {
    let sandbox = start(Options { seeded: false, ..Options::default() }).await.unwrap();
    let mut answer = String::new();
    for (request, begins) in [
        ("GET /_sandbox/quiet HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "HTTP/1.1 200"),
        (
            "POST /_sandbox/faults HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: 41\r\n\r\n[{\"provider\":\"storeganise\",\"kind\":\"cut\"}] ",
            "HTTP/1.1 204",
        ),
        ("GET /acme/api/v1/admin/users HTTP/1.1\r\nhost: x\r\n\r\n", ""),
    ] {
        answer = told(&sandbox, request).await;
        assert!(answer.starts_with(begins), "{request} got {answer}");
    }
    assert_eq!(answer, "", "a cut connection says nothing");
    tokio::time::timeout(STUCK, sandbox.stop()).await.expect("it stops");
}
