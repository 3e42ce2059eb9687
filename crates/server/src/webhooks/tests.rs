//! Each answer a provider can get, and that a 200 means it is committed.

use ::hubspot::signature::{SignedRequest, sign as sign_hubspot};
use ::storeganise::signature::sign as sign_storeganise;
use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use sync_core::{installation::Installation, storage::Db};

use super::BODY_MAX_BYTES;
use crate::rig::{BASE_URL, NOW_MS, Rig};

const FOR_ALL: &str = "/webhooks/storeganise";

fn secret(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

fn storeganise(path: &str, body: &str) -> Request<Body> {
    let signature = sign_storeganise(body.as_bytes(), &secret("signature-secret"));
    Request::post(path).header("sg-signature", signature).body(Body::from(body.to_owned())).unwrap()
}

fn user_event(installation: &Installation) -> Value {
    json!({
        "type": "user.updated",
        "addonId": installation.addon_id,
        "apiUrl": installation.api_url,
        "data": { "userId": "u1", "changedKeys": ["phone"] },
    })
}

fn own_address(installation: &Installation) -> String {
    format!("{FOR_ALL}/{}", installation.webhook_key)
}

async fn status(rig: &Rig, request: Request<Body>) -> u16 {
    rig.send(request).await.status.as_u16()
}

#[tokio::test]
async fn a_signed_event_is_answered_200_once_its_change_is_committed() {
    let rig = Rig::start().await;
    let installation = rig.installation().await;
    let body = user_event(&installation).to_string();
    for path in [FOR_ALL, &own_address(&installation)] {
        assert_eq!(status(&rig, storeganise(path, &body)).await, 200);
        assert_eq!(rig.waiting(&installation).await, ["user u1"]);
    }
}

#[tokio::test]
async fn a_body_over_256_kib_is_a_413_and_one_of_exactly_that_is_read() {
    let rig = Rig::start().await;
    let largest = " ".repeat(BODY_MAX_BYTES);
    assert_eq!(status(&rig, storeganise(FOR_ALL, &largest)).await, 400);
    assert_eq!(status(&rig, storeganise(FOR_ALL, &format!("{largest} "))).await, 413);
    assert_eq!(status(&rig, storeganise("/webhooks/storeganise/unknown", &format!("{largest} "))).await, 413);
}

#[tokio::test]
async fn an_unknown_address_is_a_404_whatever_is_sent() {
    let rig = Rig::start().await;
    for path in ["/webhooks/storeganise/unknown", "/webhooks/hubspot/unknown"] {
        assert_eq!(status(&rig, storeganise(path, "{}")).await, 404);
        assert_eq!(status(&rig, Request::post(path).body(Body::empty()).unwrap()).await, 404);
    }
}

#[tokio::test]
async fn a_signature_that_is_missing_malformed_or_anothers_is_a_401() {
    let rig = Rig::start().await;
    let installation = rig.installation().await;
    let body = user_event(&installation).to_string();
    let foreign = sign_storeganise(body.as_bytes(), &secret("another"));
    for path in [FOR_ALL, &own_address(&installation)] {
        let bare = Request::post(path).body(Body::from(body.clone())).unwrap();
        assert_eq!(status(&rig, bare).await, 401);
        for signature in ["nonsense", &foreign] {
            let request = Request::post(path).header("sg-signature", signature);
            assert_eq!(status(&rig, request.body(Body::from(body.clone())).unwrap()).await, 401);
        }
    }
    assert!(rig.waiting(&installation).await.is_empty());
}

#[tokio::test]
async fn a_signed_body_that_is_not_json_is_a_400() {
    let rig = Rig::start().await;
    assert_eq!(status(&rig, storeganise(FOR_ALL, "not json")).await, 400);
    assert_eq!(status(&rig, hubspot("/webhooks/hubspot", "{}", "new-secret")).await, 400);
}

#[tokio::test]
async fn an_unknown_event_type_is_a_200_and_counted() {
    let rig = Rig::start().await;
    let installation = rig.installation().await;
    let mut event = user_event(&installation);
    event["type"] = json!("user.sneezed");
    assert_eq!(status(&rig, storeganise(FOR_ALL, &event.to_string())).await, 200);
    assert!(rig.waiting(&installation).await.is_empty());
    let counted = "annex_webhook_events_total{provider=\"storeganise\",verdict=\"unknown_type\"}";
    assert!(rig.state.metrics.render().contains(counted));
}

#[tokio::test]
async fn when_each_kind_of_event_last_arrived_is_known_whether_or_not_it_asked_for_work() {
    let rig = Rig::start().await;
    let installation = rig.installation().await;
    let mut unknown = user_event(&installation);
    unknown["type"] = json!("user.sneezed");
    let mut foreign = user_event(&installation);
    foreign["apiUrl"] = json!("https://elsewhere.example.org/api");
    // The last one is committed before it is answered, and the others with it.
    for (event, expected) in [(&unknown, 200), (&foreign, 403), (&user_event(&installation), 200)] {
        assert_eq!(status(&rig, storeganise(FOR_ALL, &event.to_string())).await, expected);
    }
    let heard = rig.state.core.last_heard(installation.scope()).await.unwrap();
    let shown: Vec<(&str, bool)> =
        heard.iter().map(|event| (event.kind.as_str(), event.at.is_some())).collect();
    let expected = [
        ("user.created", false),
        ("user.updated", true),
        ("addon.dailyEvent.started", false),
        ("storeganise.other", true),
        ("deal.propertyChange", false),
    ];
    assert_eq!(shown, expected);
    assert_eq!(heard.iter().find_map(|event| event.at), Some(NOW_MS * 1_000));
}

#[tokio::test]
async fn an_event_that_contradicts_the_install_is_a_403() {
    let rig = Rig::start().await;
    let installation = rig.installation().await;
    let mut event = user_event(&installation);
    event["apiUrl"] = json!("https://elsewhere.example.org/api");
    assert_eq!(status(&rig, storeganise(FOR_ALL, &event.to_string())).await, 403);
    let mut event = user_event(&installation);
    event["addonId"] = json!("another");
    assert_eq!(status(&rig, storeganise(&own_address(&installation), &event.to_string())).await, 403);
    assert!(rig.waiting(&installation).await.is_empty());
}

#[tokio::test]
async fn what_cannot_be_committed_is_a_503() {
    let rig = Rig::start().await.without_committer();
    let installation = rig.installation().await;
    let body = user_event(&installation).to_string();
    assert_eq!(status(&rig, storeganise(FOR_ALL, &body)).await, 503);
}

#[tokio::test]
async fn whoever_looks_whether_the_address_is_there_gets_a_200() {
    let rig = Rig::start().await;
    for path in [FOR_ALL, "/webhooks/storeganise/any", "/webhooks/hubspot", "/webhooks/hubspot/any"] {
        for method in ["GET", "HEAD"] {
            let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
            assert_eq!(rig.send(request).await.status, StatusCode::OK, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_signed_event_of_an_unknown_addon_is_announced_to_staff() {
    let rig = Rig::start().await;
    let known = rig.installation().await;
    let mut event = user_event(&known);
    event["addonId"] = json!("66ce753e7405aa00158ba000");
    event["businessCode"] = json!("harbour");
    assert_eq!(status(&rig, storeganise(FOR_ALL, &event.to_string())).await, 200);
    let listed = rig.state.core.installations(&Default::default(), None, 10).await.unwrap();
    let states: Vec<_> = listed
        .items
        .iter()
        .map(|s| (s.installation.business_code.as_str(), s.installation.state.word()))
        .collect();
    assert_eq!(states, [("acme", "installed"), ("harbour", "pending")]);
}

fn hubspot(path: &str, body: &str, key: &str) -> Request<Body> {
    let timestamp = NOW_MS.to_string();
    let signed = SignedRequest {
        method: "POST",
        url: &format!("{BASE_URL}{path}"),
        body: body.as_bytes(),
        signature: None,
        timestamp: Some(&timestamp),
    };
    let signature = sign_hubspot(&signed, &timestamp, &secret(key));
    Request::post(path)
        // What HubSpot signed does not depend on what the proxy makes of the host.
        .header("host", "10.0.0.1:8080")
        .header("x-hubspot-signature-v3", signature)
        .header("x-hubspot-request-timestamp", timestamp)
        .body(Body::from(body.to_owned()))
        .unwrap()
}

#[tokio::test]
async fn hubspot_is_believed_under_each_active_secret_at_the_configured_address() {
    let rig = Rig::start().await;
    let installation = rig.installation().await;
    let own = format!("/webhooks/hubspot/{}?from=test", installation.webhook_key);
    let body = json!([{ "portalId": 1, "subscriptionType": "deal.creation", "objectId": 7 }]).to_string();
    for path in ["/webhooks/hubspot", &own] {
        assert_eq!(status(&rig, hubspot(path, &body, "new-secret")).await, 200, "{path}");
        assert_eq!(status(&rig, hubspot(path, &body, "old-secret")).await, 200, "{path}");
        assert_eq!(status(&rig, hubspot(path, &body, "stranger")).await, 401, "{path}");
        let bare = Request::post(path).body(Body::from(body.clone())).unwrap();
        assert_eq!(status(&rig, bare).await, 401, "{path}");
    }
}

#[tokio::test]
async fn a_hubspot_webhook_signed_for_another_address_is_a_401() {
    let rig = Rig::start().await;
    let mut request = hubspot("/webhooks/hubspot", "[]", "new-secret");
    *request.uri_mut() = "/webhooks/hubspot?added=1".parse().unwrap();
    assert_eq!(status(&rig, request).await, 401);
}

#[tokio::test]
async fn a_process_that_cannot_store_webhooks_is_not_ready_and_is_again_once_it_can() {
    let rig = Rig::start().await;
    let installation = rig.installation().await;
    // Whoever writes to the file keeps everybody else from it, who wait five seconds.
    let other = Db::connect(rig.state.config.database_url.expose_secret()).await.unwrap();
    let writing = other.begin().await.unwrap();
    let ready = || async { status(&rig, Request::get("/readyz").body(Body::empty()).unwrap()).await };
    let sent = storeganise(FOR_ALL, &user_event(&installation).to_string());
    let (answered, ()) = tokio::join!(status(&rig, sent), async {
        // The committer has begun as soon as the clock's hands make a difference to it.
        while rig.state.committer.lag().is_zero() {
            assert_eq!(ready().await, 200);
            tokio::task::yield_now().await;
            rig.state.core.clock().advance(6_000_000);
        }
        rig.state.core.clock().advance(6_000_000);
        assert_eq!(ready().await, 503);
        writing.rollback().await.unwrap();
    });
    assert_eq!(answered, 200, "it was stored after all");
    assert_eq!(rig.waiting(&installation).await, ["user u1"]);
    assert_eq!(ready().await, 200);
}
