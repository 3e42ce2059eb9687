//! What holds for every answer, whoever asks.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use sync_core::access::Role;
use tower::ServiceExt as _;

use crate::rig::Rig;

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn every_answer_carries_the_security_headers_and_an_id() {
    let rig = Rig::start().await;
    for path in ["/healthz", "/sign-in", "/nowhere", "/api/v1/nowhere", "/webhooks/hubspot"] {
        let answer = rig.send(get(path)).await;
        let csp = answer.header(header::CONTENT_SECURITY_POLICY);
        assert!(csp.starts_with("default-src 'none'"), "{path}: {csp}");
        assert!(csp.contains("form-action 'self' https://app.hubspot.com"), "{path}: {csp}");
        assert!(csp.contains("frame-ancestors 'none'"), "{path}: {csp}");
        assert!(!csp.contains("unsafe"), "{path}: {csp}");
        assert_eq!(answer.header(header::REFERRER_POLICY), "no-referrer", "{path}");
        assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{path}");
        assert!(answer.header(header::STRICT_TRANSPORT_SECURITY).starts_with("max-age="), "{path}");
        assert_eq!(answer.header("x-request-id").len(), 36, "{path}");
    }
}

#[tokio::test]
async fn a_proxy_s_id_is_kept_and_whatever_else_is_sent_as_one_is_not_repeated() {
    let rig = Rig::start().await;
    let id_of = async |given: &str| {
        let request = Request::builder().uri("/sign-in").header("x-request-id", given);
        rig.send(request.body(Body::empty()).unwrap()).await.header("x-request-id").to_owned()
    };
    let proxys = "019a0000-0000-7000-8000-000000000000";
    assert_eq!(id_of(proxys).await, proxys);
    for strange in ["", "ada@example.com", "<script>", &"7".repeat(5_000)] {
        let id = id_of(strange).await;
        assert!(id.len() == 36 && id != strange, "{strange}: {id}");
    }
}

#[tokio::test]
async fn the_probes_need_no_token() {
    let rig = Rig::start().await;
    for (path, says) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let answer = rig.send(get(path)).await;
        assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, says.as_bytes()), "{path}");
    }
}

#[tokio::test]
async fn a_process_that_stops_is_alive_but_not_ready() {
    let rig = Rig::start().await;
    rig.stopping.cancel();
    assert_eq!(rig.send(get("/healthz")).await.status, StatusCode::OK);
    let answer = rig.send(get("/readyz")).await;
    assert_eq!((answer.status, &answer.body[..]), (StatusCode::SERVICE_UNAVAILABLE, &b"stopping\n"[..]));
}

#[tokio::test]
async fn a_process_that_only_works_answers_the_probes_and_nothing_else() {
    let rig = Rig::start().await;
    let workers = super::router_of_workers(&rig.state);
    for (path, status) in
        [("/healthz", 200), ("/readyz", 200), ("/metrics", 401), ("/sign-in", 404), ("/", 404)]
    {
        let answer = workers.clone().oneshot(get(path)).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{path}");
    }
}

#[tokio::test]
async fn metrics_are_for_those_with_a_token() {
    let rig = Rig::start().await;
    assert_eq!(rig.send(get("/metrics")).await.status, StatusCode::UNAUTHORIZED);
    let bearer = format!("Bearer {}", rig.token(Role::Viewer).await);
    let asked = Request::get("/metrics").header(header::AUTHORIZATION, bearer).body(Body::empty()).unwrap();
    let answer = rig.send(asked).await;
    assert_eq!(answer.status, StatusCode::OK);
    let text = String::from_utf8_lossy(&answer.body);
    for line in [
        r#"annex_installations{health="healthy"} 0"#,
        r#"annex_changes_due{lane="prompt"} 0"#,
        r#"annex_oldest_change_due_seconds{lane="bulk"} 0"#,
    ] {
        assert!(text.lines().any(|known| known == line), "{line} is not in {text}");
    }
}

#[tokio::test]
async fn a_form_sent_from_another_site_is_refused() {
    let rig = Rig::start().await;
    let foreign = Request::post("/sign-out")
        .header(header::HOST, "annex.example.com")
        .header(header::ORIGIN, "https://elsewhere.example.org")
        .header("sec-fetch-site", "cross-site")
        .body(Body::empty())
        .unwrap();
    assert_eq!(rig.send(foreign).await.status, StatusCode::FORBIDDEN);
}
