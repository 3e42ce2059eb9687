//! Connecting, refreshing and losing an account.

use serde_json::{Value, json};

use super::{App, CONTACTS, PORTAL};
use crate::options::Options;

const REVOKED: &str = "refresh token is invalid, expired or revoked";

impl App {
    async fn refreshed(&self) -> super::Answer {
        self.token_call(&format!("grant_type=refresh_token&refresh_token={}", self.refresh)).await
    }
}

#[tokio::test]
async fn a_code_connects_once() {
    let app = App::unconnected(Options::default()).await;
    let code = app.consent("connect", "").await;
    let tokens = app.exchange(&code, "").await;
    assert_eq!(tokens.status, 200);
    assert_eq!((&tokens.body["hub_id"], &tokens.body["expires_in"]), (&json!(PORTAL), &json!(1800)));
    assert!(tokens.body["refresh_token"].as_str().unwrap().starts_with("na1-"));
    let again = app.exchange(&code, "").await;
    assert_eq!((again.status.as_u16(), &again.body["status"]), (400, &json!("BAD_AUTH_CODE")));
    assert_eq!(again.body["error"], "invalid_grant");
}

#[tokio::test]
async fn a_person_who_cancels_is_sent_back_with_the_reason_and_the_state() {
    let app = App::unconnected(Options::default()).await;
    let sent = app.decide("cancel", "").await;
    let url = url::Url::parse(sent.header("location")).unwrap();
    let query: Vec<_> = url.query_pairs().into_owned().collect();
    assert!(query.contains(&("error".to_owned(), "access_denied".to_owned())), "{query:?}");
    assert!(query.contains(&("state".to_owned(), "st".to_owned())), "{query:?}");
    assert!(!query.iter().any(|(name, _)| name == "code"));
}

#[tokio::test]
async fn the_consent_page_refuses_what_does_not_fit_the_app() {
    let mut options = Options::default();
    options.hubspot.redirect_urls = vec![super::REDIRECT.to_owned()];
    let app = App::unconnected(options).await;
    let good = app.question("");
    let page = app.get(&format!("/oauth/authorize?{good}")).await;
    assert!(page.body.as_str().unwrap().contains("Connect app") && page.status == 200);
    let chosen = app.get(&format!("/oauth/{PORTAL}/authorize?{good}")).await;
    assert_eq!(chosen.status, 200);
    for bad in [
        good.replace("client_id=", "client_id=x"),
        good.replace("/callback", "/elsewhere"),
        good.replace("https://", "http://"),
        good.replace("scope=oauth%20", "scope="),
        good.replace("scope=oauth%20", "scope=oauth%20crm.objects.companies.read%20"),
    ] {
        assert_eq!(app.get(&format!("/oauth/authorize?{bad}")).await.status, 400, "{bad}");
        let form = format!("{bad}&portal={PORTAL}&decision=connect");
        assert_eq!(app.form("/oauth/authorize/decide", &form).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn a_code_that_was_asked_for_with_a_challenge_needs_its_verifier() {
    let app = App::unconnected(Options::default()).await;
    let challenge = "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
    let code = app.consent("connect", challenge).await;
    assert_eq!(app.exchange(&code, "").await.body["status"], "BAD_CODE_VERIFIER");
    let code = app.consent("connect", challenge).await;
    let verifier = "&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    assert_eq!(app.exchange(&code, verifier).await.status, 200);
}

#[tokio::test]
async fn a_wrong_secret_is_no_reason_to_think_that_the_tenant_left() {
    let app = App::connected().await;
    let form = format!(
        "grant_type=refresh_token&refresh_token={}&client_id=sandbox-client-id&client_secret=guess",
        app.refresh
    );
    let refused = app.form("/oauth/2026-09/token", &form).await;
    assert_eq!(
        (&refused.body["error"], &refused.body["status"]),
        (&json!("invalid_client"), &json!("BAD_CLIENT_SECRET"))
    );
}

#[tokio::test]
async fn after_a_revocation_no_refresh_works_and_introspection_says_so() {
    let app = App::connected().await;
    let client = "client_id=sandbox-client-id&client_secret=sandbox-client-secret";
    let form = format!("token={}&token_type_hint=refresh_token&{client}", app.refresh);
    let before = app.form("/oauth/2026-09/token/introspect", &form).await;
    assert_eq!((&before.body["active"], &before.body["hub_id"]), (&json!(true), &json!(PORTAL)));
    assert_eq!(app.refreshed().await.status, 200);
    assert_eq!(app.form("/oauth/2026-09/token/revoke", &form).await.status, 200);
    let refused = app.refreshed().await;
    assert_eq!((refused.status.as_u16(), &refused.body["status"]), (400, &json!("BAD_REFRESH_TOKEN")));
    assert_eq!((&refused.body["error"], refused.message()), (&json!("invalid_grant"), REVOKED));
    assert_eq!(app.form("/oauth/2026-09/token/introspect", &form).await.body, json!({"active": false}));
    assert_eq!(app.get(CONTACTS).await.status, 200, "the access token lives on");
}

#[tokio::test]
async fn a_customer_who_uninstalls_is_noticed_at_the_next_refresh() {
    let app = App::connected().await;
    let told = app.person.post(&format!("/_sandbox/hubspot/revoke/{PORTAL}"), Value::Null).await;
    assert_eq!(told["was_installed"], true);
    assert_eq!(app.refreshed().await.body["status"], "BAD_REFRESH_TOKEN");
    assert_eq!(app.get(CONTACTS).await.status, 401);
}

#[tokio::test]
async fn an_app_that_takes_itself_out_of_the_account_is_gone() {
    let app = App::connected().await;
    let gone = app.ask("DELETE", "/appinstalls/2026-09/external-install", Value::Null).await;
    assert_eq!(gone.status, 204);
    assert_eq!(app.refreshed().await.body["status"], "BAD_REFRESH_TOKEN");
    let portals = app.person.get("/_sandbox/hubspot/portals").await;
    assert_eq!(portals[0]["installed"], false);
}

#[tokio::test]
async fn an_expired_token_an_unknown_one_and_a_missing_scope_are_told_apart() {
    let mut app = App::connected().await;
    let forbidden = app.post(super::DEALS, json!({"properties": {"dealname": "A"}})).await;
    assert_eq!((forbidden.status.as_u16(), &forbidden.body["category"]), (403, &json!("MISSING_SCOPES")));
    let scopes = &forbidden.body["errors"][0]["context"]["requiredGranularScopes"];
    assert_eq!(scopes, &json!(["crm.objects.deals.write"]));
    app.person.world.clock.advance(1_800_000);
    let expired = app.get(CONTACTS).await;
    assert_eq!((expired.status.as_u16(), &expired.body["category"]), (401, &json!("EXPIRED_AUTHENTICATION")));
    assert_eq!(expired.body["context"]["expire time"], json!(["2026-01-01T00:30:00.000Z"]));
    app.token = "unheard-of".to_owned();
    let unknown = app.get(CONTACTS).await;
    assert_eq!((unknown.status.as_u16(), &unknown.body["category"]), (401, &json!("INVALID_AUTHENTICATION")));
}
