//! The ways in: webhooks, the authorisation link, the pages and the JSON API.

use reqwest::{Client, Method, StatusCode, header::CONTENT_TYPE};
use serde_json::{Value, json};
use server::demo::{story::consent_to, visitor::Visitor};
use sync_core::connection::ConnectionState;
use tests::{
    database::{Database, Kind},
    house::{BUSINESS, House, PORTAL},
};

#[expect(clippy::disallowed_methods, reason = "a stranger's client, which only calls this machine")]
fn stranger() -> Client {
    rustls::crypto::ring::default_provider().install_default().ok();
    Client::builder().no_proxy().build().unwrap()
}

async fn house() -> House {
    House::new(Database::new(Kind::Sqlite).unwrap()).await
}

#[tokio::test]
async fn a_webhook_that_cannot_be_believed_or_read_is_refused_with_the_right_status() {
    let house = house().await;
    let story = house.connected().await;
    let (http, base) = (stranger(), house.stage.base_url.clone());
    let key = story.installation().await.unwrap().webhook_key;
    let storeganise = format!("{base}/webhooks/storeganise/{key}");
    let post = |url: String, signature: Option<&'static str>, body: Vec<u8>| {
        let mut request = http.post(url).header(CONTENT_TYPE, "application/json").body(body);
        if let Some(signature) = signature {
            request = request.header("sg-signature", signature);
        }
        async move { request.send().await.unwrap().status() }
    };
    let event = br#"{"type":"user.updated","data":{"userId":"u"}}"#.to_vec();
    let wrong = Some("pu/xkPIn2lTDvb+DhGzzFtLxpniuMPc8noqLgJdd4pc=");
    assert_eq!(post(storeganise.clone(), wrong, event.clone()).await, StatusCode::UNAUTHORIZED);
    assert_eq!(post(storeganise.clone(), None, event.clone()).await, StatusCode::UNAUTHORIZED);
    assert_eq!(post(storeganise.clone(), Some("rubbish"), event.clone()).await, StatusCode::UNAUTHORIZED);
    let huge = vec![b' '; 256 * 1024 + 1];
    assert_eq!(post(storeganise.clone(), wrong, huge).await, StatusCode::PAYLOAD_TOO_LARGE);
    let unknown = format!("{base}/webhooks/storeganise/{}", "0".repeat(32));
    assert_eq!(post(unknown, wrong, event.clone()).await, StatusCode::NOT_FOUND);
    let hubspot = format!("{base}/webhooks/hubspot");
    assert_eq!(post(hubspot, None, b"[]".to_vec()).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_refused_consent_connects_nothing_and_the_link_still_works_afterwards() {
    let house = house().await;
    let mut story = server::demo::story::Story::of(&house.stage, BUSINESS, PORTAL);
    story.install().await.unwrap();
    story.enable().await.unwrap();
    let admin = Visitor::default();
    admin.open(&story.link).await.unwrap();
    let start = format!("{}/start", story.link);
    let consent = admin.send(&story.link, &start, &[]).await.unwrap();
    let refused = consent_to(&admin, &consent, PORTAL, "cancel").await.unwrap();
    assert!(refused.body.contains("othing was connected"), "{}", refused.body);
    let scope = story.installation().await.unwrap().scope();
    assert!(house.stage.core().connection(scope).await.unwrap().is_none());
    story.authorise().await.unwrap();
}

#[tokio::test]
async fn a_state_that_is_not_this_visitors_and_a_code_used_twice_connect_nothing() {
    let house = house().await;
    let mut story = server::demo::story::Story::of(&house.stage, BUSINESS, PORTAL);
    story.install().await.unwrap();
    story.enable().await.unwrap();
    let callback = format!("{}/oauth/hubspot/callback?code=abc&state=forged", house.stage.base_url);
    let page = Visitor::default().open(&callback).await.unwrap();
    assert!(page.status.is_client_error(), "{}", page.status);
    let unknown = format!("{}/connect/{}", house.stage.base_url, "A".repeat(43));
    assert_eq!(Visitor::default().open(&unknown).await.unwrap().status, StatusCode::NOT_FOUND);
    let scope = story.installation().await.unwrap().scope();
    assert!(house.stage.core().connection(scope).await.unwrap().is_none());
}

#[tokio::test]
async fn a_leaked_link_cannot_move_a_business_to_another_hubspot_account() {
    let house = house().await;
    let story = house.connected().await;
    let stranger_portal = 7_777_777;
    let portal = json!({ "id": stranger_portal, "name": "Stranger" });
    house.control().post("hubspot/portals", &portal).await.unwrap();
    let thief = Visitor::default();
    let start = format!("{}/start", story.link);
    let consent = thief.send(&story.link, &start, &[]).await.unwrap();
    let page = consent_to(&thief, &consent, stranger_portal, "connect").await.unwrap();
    assert!(page.body.contains(&PORTAL.to_string()), "the page names the account that is connected");
    let scope = story.installation().await.unwrap().scope();
    let connection = house.stage.core().connection(scope).await.unwrap().unwrap();
    assert_eq!((connection.portal_id, connection.state), (PORTAL, ConnectionState::Active));
}

/// Calls the JSON API; the status and the body.
async fn api(
    house: &House,
    token: Option<&str>,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> (u16, Value) {
    let mut request = stranger().request(method, format!("{}/api/v1{path}", house.stage.base_url));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

#[tokio::test]
async fn an_installation_lives_its_life_through_the_json_api() {
    let house = house().await;
    let token = house.token().await;
    let call = |method, path: String, body| {
        let (house, token) = (&house, token.as_str());
        async move { api(house, Some(token), method, &path, body).await }
    };
    let addon = house.control().install_addon(BUSINESS).await.unwrap();
    let new = json!({ "business_code": BUSINESS, "addon_id": addon });
    let (status, made) = call(Method::POST, "/installations".to_owned(), Some(new.clone())).await;
    assert_eq!(status, 201, "{made}");
    let id = made["id"].as_str().unwrap().to_owned();
    let (status, again) = call(Method::POST, "/installations".to_owned(), Some(new)).await;
    assert_eq!(status, 409, "{again}");
    house.control().set_addon_state(BUSINESS, &addon, "enabled").await.unwrap();
    let (status, enabled) = call(Method::POST, format!("/installations/{id}/enable"), None).await;
    assert_eq!((status, &enabled["state"]), (200, &json!("enabled")), "{enabled}");
    let (status, link) = call(Method::POST, format!("/installations/{id}/authorisation-link"), None).await;
    assert!(status < 300 && link.to_string().contains("/connect/"), "{status} {link}");
    let (status, list) = call(Method::GET, "/installations?limit=1".to_owned(), None).await;
    assert_eq!(status, 200);
    assert!(list.to_string().contains(&id), "{list}");
    let (status, _) = call(Method::POST, format!("/installations/{id}/pause"), None).await;
    assert_eq!(status, 200);
    for path in ["changes", "outcomes", "runs", "audit", "settings"] {
        let (status, body) = call(Method::GET, format!("/installations/{id}/{path}"), None).await;
        assert_eq!(status, 200, "{path}: {body}");
    }
    let (status, _) = call(Method::DELETE, format!("/installations/{id}"), None).await;
    assert!(status < 300);
    let (status, gone) = call(Method::GET, format!("/installations/{id}"), None).await;
    assert_eq!((status, &gone["status"]), (404, &json!(404)), "{gone}");
}

#[tokio::test]
async fn whoever_has_no_token_or_types_nonsense_gets_a_problem_that_says_so() {
    let house = house().await;
    let token = house.token().await;
    let (status, problem) = api(&house, None, Method::GET, "/installations", None).await;
    assert_eq!((status, problem["status"].as_u64()), (401, Some(401)));
    let wrong = json!({ "business_code": "nobody", "addon_id": "66ce753e7405aa00158ba999" });
    let (status, problem) = api(&house, Some(&token), Method::POST, "/installations", Some(wrong)).await;
    assert_eq!(status, 422, "{problem}");
    assert_eq!(problem["errors"][0]["field"], "addon_id", "{problem}");
    let (status, description) = api(&house, None, Method::GET, "/openapi.json", None).await;
    assert_eq!(status, 200);
    assert!(description["paths"].as_object().is_some_and(|paths| paths.len() >= 12));
}

/// Runs the real binary's command line against the house's database; what it says.
async fn annex(house: &House, arguments: &[&str]) -> (bool, String) {
    let environment = server::demo::stage::environment(
        &house.options,
        &house.stage.base_url,
        house.stage.sandbox.address(),
    );
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_annex-under-test"))
        .args(arguments)
        .env_clear()
        .envs(environment)
        .output()
        .await
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_installation_lives_its_life_from_the_command_line_too() {
    let house = house().await;
    let addon = house.control().install_addon(BUSINESS).await.unwrap();
    house.control().set_addon_state(BUSINESS, &addon, "enabled").await.unwrap();
    let (good, said) =
        annex(&house, &["installation", "install", "--business", BUSINESS, "--addon", &addon]).await;
    assert!(good && said.contains("installed"), "{said}");
    let (good, said) = annex(&house, &["installation", "enable", &addon]).await;
    assert!(good && said.contains("/connect/"), "{said}");
    let (good, said) = annex(&house, &["installation", "list"]).await;
    assert!(good && said.contains(&addon), "{said}");
    let (good, said) = annex(&house, &["installation", "pause", &addon]).await;
    assert!(good && said.contains("paused"), "{said}");
    let (good, said) = annex(&house, &["installation", "check", &addon]).await;
    assert!(!good && said.contains("authorised"), "{said}");
    let (good, said) = annex(&house, &["installation", "remove", &addon]).await;
    assert!(good, "{said}");
    let (good, said) = annex(&house, &["installation", "show", &addon]).await;
    assert!(!good && said.contains(&addon), "{said}");
    let (good, said) = annex(&house, &["token", "create", "--name", "robot"]).await;
    assert!(good && said.contains("annex_"), "{said}");
    let (good, said) = annex(&house, &["doctor"]).await;
    assert!(good, "{said}");
}
