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

const CLIENT: &str = "client_id=sandbox-client-id&client_secret=sandbox-client-secret";
const TOKEN: [&str; 4] =
    ["/oauth/v1/token", "/oauth/v3/token", "/oauth/2026-03/token", "/oauth/2026-09/token"];

#[tokio::test]
async fn every_refusal_of_the_token_endpoint_is_400_and_says_which_on_every_path() {
    let app = App::connected().await;
    let code = format!("code={}&redirect_uri={}", app.consent("connect", "").await, super::REDIRECT);
    let refresh = format!("grant_type=refresh_token&refresh_token={}", app.refresh);
    let exchange = "grant_type=authorization_code";
    for (form, error, status) in [
        (
            format!("grant_type=refresh_token&refresh_token=na1-x&{CLIENT}"),
            "invalid_grant",
            "BAD_REFRESH_TOKEN",
        ),
        (format!("grant_type=refresh_token&{CLIENT}"), "invalid_grant", "BAD_REFRESH_TOKEN"),
        (
            format!("{exchange}&code=na1-x&redirect_uri={}&{CLIENT}", super::REDIRECT),
            "invalid_grant",
            "BAD_AUTH_CODE",
        ),
        (format!("{exchange}&redirect_uri={}&{CLIENT}", super::REDIRECT), "invalid_grant", "BAD_AUTH_CODE"),
        (format!("{exchange}&code=na1-x&{CLIENT}"), "invalid_request", "BAD_REDIRECT_URI"),
        (format!("{exchange}&{code}&client_id=x&client_secret=x"), "invalid_client", "BAD_CLIENT_ID"),
        (format!("{exchange}&{code}&client_secret=x"), "invalid_client", "BAD_CLIENT_ID"),
        (
            format!("{refresh}&client_id=sandbox-client-id&client_secret=x"),
            "invalid_client",
            "BAD_CLIENT_SECRET",
        ),
        (format!("{refresh}&client_id=sandbox-client-id"), "invalid_client", "BAD_CLIENT_SECRET"),
        (format!("grant_type=password&{CLIENT}"), "unsupported_grant_type", "BAD_GRANT_TYPE"),
        (CLIENT.to_owned(), "unsupported_grant_type", "BAD_GRANT_TYPE"),
        (String::new(), "unsupported_grant_type", "BAD_GRANT_TYPE"),
        (format!("{refresh}&scope=oauth%20tickets&{CLIENT}"), "invalid_scope", "BAD_SCOPES"),
    ] {
        for path in TOKEN {
            let refused = app.form(path, &form).await;
            let told = (&refused.body["error"], &refused.body["status"]);
            assert_eq!(
                (refused.status.as_u16(), told),
                (400, (&json!(error), &json!(status))),
                "{path} {form}"
            );
            assert_eq!(refused.body["error_description"], refused.body["message"], "{form}");
            assert!(!refused.message().is_empty());
        }
    }
    let spent = app.token_call(&format!("{exchange}&{code}")).await;
    assert_eq!(spent.status, 200, "a refusal that was not about the code leaves it alone: {}", spent.body);
    assert_eq!(app.form(TOKEN[0], &format!("{refresh}&scope=oauth&{CLIENT}")).await.status, 200);
}

#[tokio::test]
async fn a_code_with_another_redirect_is_refused_and_one_past_its_time_as_well() {
    let app = App::unconnected(Options::default()).await;
    let code = app.consent("connect", "").await;
    let form = format!("grant_type=authorization_code&code={code}&redirect_uri=https://annex.example/other");
    let refused = app.token_call(&form).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.body["status"]),
        (400, &json!("MISMATCH_REDIRECT_URI_AUTH_CODE"))
    );
    app.person.post("/_sandbox/hubspot/code-life", json!({"s": 5})).await;
    let code = app.consent("connect", "").await;
    app.person.world.clock.advance(5_001);
    let refused = app.exchange(&code, "").await;
    assert_eq!((refused.status.as_u16(), &refused.body["status"]), (400, &json!("EXPIRED_AUTH_CODE")));
    let code = app.consent("connect", "").await;
    app.person.world.clock.advance(5_000);
    assert_eq!(app.exchange(&code, "").await.status, 200);
}

#[tokio::test]
async fn only_a_form_counts_as_sent() {
    let app = App::connected().await;
    let body = json!({
        "grant_type": "refresh_token", "refresh_token": app.refresh,
        "client_id": "sandbox-client-id", "client_secret": "sandbox-client-secret",
    });
    let refused = app.post("/oauth/2026-09/token", body).await;
    assert_eq!((refused.status.as_u16(), &refused.body["status"]), (400, &json!("BAD_GRANT_TYPE")));
    let query = format!("grant_type=refresh_token&refresh_token={}&{CLIENT}", app.refresh);
    let refused = app.form(&format!("/oauth/v1/token?{query}"), "").await;
    assert_eq!((refused.status.as_u16(), &refused.body["status"]), (400, &json!("BAD_GRANT_TYPE")));
    let refused = app.post("/oauth/2026-09/token/introspect", json!({"token": app.token})).await;
    assert_eq!((refused.status.as_u16(), &refused.body["status"]), (400, &json!("BAD_CLIENT_ID")));
    let typed = "application/x-www-form-urlencoded; charset=UTF-8";
    assert_eq!(app.send("POST", "/oauth/v3/token", typed, query).await.status, 200);
}

#[tokio::test]
async fn app_level_tokens_are_not_simulated_and_v1_never_had_them() {
    let app = App::unconnected(Options::default()).await;
    let form = format!("grant_type=client_credentials&scope=developer.webhooks_journal.read&{CLIENT}");
    for path in TOKEN {
        let refused = app.form(path, &form).await;
        if path == "/oauth/v1/token" {
            assert_eq!((refused.status.as_u16(), &refused.body["status"]), (400, &json!("BAD_GRANT_TYPE")));
        } else {
            assert_eq!(
                (refused.status.as_u16(), &refused.body["category"]),
                (501, &json!("SANDBOX_NOT_SIMULATED"))
            );
        }
    }
    let stranger = form.replace("client_secret=sandbox", "client_secret=x");
    assert_eq!(app.form(TOKEN[3], &stranger).await.body["status"], "BAD_CLIENT_SECRET");
}

#[tokio::test]
async fn an_account_that_was_closed_is_no_longer_a_hub_and_a_new_one_of_its_number_is_a_stranger() {
    let app = App::connected().await;
    let waiting = app.consent("connect", "").await;
    let closed = app.person.ask("DELETE", &format!("/_sandbox/hubspot/{PORTAL}"), Value::Null).await;
    assert_eq!(closed.0, 204);
    for refused in [app.refreshed().await, app.exchange(&waiting, "").await] {
        assert_eq!((refused.status.as_u16(), &refused.body["status"]), (400, &json!("BAD_HUB")));
        assert_eq!(
            (&refused.body["error"], refused.message()),
            (&json!("access_denied"), "missing or unknown hub id")
        );
    }
    assert_eq!(app.get(CONTACTS).await.status, 401);
    let form = format!("token={}&{CLIENT}", app.token);
    assert_eq!(app.form("/oauth/v3/token/introspect", &form).await.body, json!({"active": false}));
    assert_eq!(app.get(&format!("/oauth/v1/access-tokens/{}", app.token)).await.status, 404);
    assert_eq!(app.person.ask("DELETE", &format!("/_sandbox/hubspot/{PORTAL}"), Value::Null).await.0, 404);

    app.person.post("/_sandbox/hubspot/portals", json!({"id": PORTAL, "name": "Acme again"})).await;
    assert_eq!(app.refreshed().await.body["status"], "BAD_REFRESH_TOKEN");
    assert_eq!(app.get(CONTACTS).await.status, 401);
}

#[tokio::test]
async fn an_optional_scope_is_granted_where_the_account_has_the_tool_and_left_out_where_it_has_not() {
    let mut options = Options::default();
    options.hubspot.optional_scopes = ["crm.objects.deals.write", "automation"].map(str::to_owned).to_vec();
    let app = App::unconnected(options).await;
    let required = app.person.world.options.hubspot.scopes.len();
    let granted = async |more: &str| {
        let code = app.consent("connect", more).await;
        app.exchange(&code, "").await.body["scopes"].as_array().unwrap().clone()
    };
    assert_eq!(granted("").await.len(), required);
    let both = "&optional_scope=crm.objects.deals.write%20automation";
    assert_eq!(granted(both).await[required..], [json!("crm.objects.deals.write"), json!("automation")]);
    app.person.post(&format!("{}/missing-tools", super::CONTROL), json!({"scopes": ["automation"]})).await;
    assert_eq!(granted(both).await[required..], [json!("crm.objects.deals.write")]);
    let page = format!("/oauth/authorize?{}", app.question("&optional_scope=tickets"));
    let refused = app.get(&page).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.as_str().unwrap().contains("optional scope"), "{}", refused.body);
}

#[tokio::test]
async fn the_state_comes_back_as_it_was_sent_whatever_is_in_it() {
    let app = App::unconnected(Options::default()).await;
    let sent = "a b&c=d+%/ü?#\"";
    let encoded: String = url::form_urlencoded::byte_serialize(sent.as_bytes()).collect();
    let question = app.question("").replace("state=st", &format!("state={encoded}"));
    let question = question.replace(super::REDIRECT, "http://localhost:8080/callback?tenant=7");
    for decision in ["connect", "cancel"] {
        let form = format!("{question}&portal={PORTAL}&decision={decision}");
        let answer = app.form("/oauth/authorize/decide", &form).await;
        let url = url::Url::parse(answer.header("location")).unwrap();
        let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        assert_eq!(query[0], ("tenant".to_owned(), "7".to_owned()));
        assert_eq!(query.iter().find(|(name, _)| name == "state").unwrap().1, sent);
        let is_refusal = query.iter().any(|(name, value)| name == "error_description" && !value.is_empty());
        assert_eq!(is_refusal, decision == "cancel");
    }
}

#[tokio::test]
async fn a_plain_redirect_is_taken_on_this_machine_alone() {
    let app = App::unconnected(Options::default()).await;
    for (redirect, status) in [
        ("http://localhost:3000/cb", 200),
        ("http://127.0.0.1/cb", 200),
        ("http://[::1]:3000/cb", 200),
        ("https://annex.example/cb", 200),
        ("http://annex.example/cb", 400),
        ("http://localhost.example/cb", 400),
        ("ftp://localhost/cb", 400),
        ("cb", 400),
    ] {
        let question = app.question("").replace(super::REDIRECT, redirect);
        assert_eq!(app.get(&format!("/oauth/authorize?{question}")).await.status, status, "{redirect}");
    }
    let stranger = app.get(&format!("/oauth/999/authorize?{}", app.question(""))).await;
    assert_eq!(stranger.status, 400, "an account that is not there cannot be chosen");
}

#[tokio::test]
async fn tokens_live_as_long_as_they_are_told_to() {
    let app = App::connected().await;
    app.person.post("/_sandbox/hubspot/token-life", json!({"s": 60})).await;
    let refreshed = app.refreshed().await.body;
    assert_eq!(refreshed["expires_in"], 60);
    let form = format!("token={}&{CLIENT}", refreshed["access_token"].as_str().unwrap());
    app.person.world.clock.advance(59_000);
    let shown = app.form("/oauth/2026-09/token/introspect", &form).await.body;
    assert_eq!((&shown["active"], &shown["expires_in"]), (&json!(true), &json!(1)));
    app.person.world.clock.advance(1_000);
    assert_eq!(app.form("/oauth/2026-09/token/introspect", &form).await.body, json!({"active": false}));
    assert_eq!(app.get(CONTACTS).await.status, 200, "what was made before lives on");
}

#[tokio::test]
async fn access_tokens_expire_when_they_are_told_to_and_a_new_one_works() {
    let app = App::connected().await;
    app.person.post(&format!("{}/expire", super::CONTROL), json!(null)).await;
    assert_eq!(app.get(CONTACTS).await.status, 401);
    let refreshed = app.refreshed().await.body;
    let form = format!("token={}&{CLIENT}", refreshed["access_token"].as_str().unwrap());
    assert_eq!(app.form("/oauth/2026-09/token/introspect", &form).await.body["active"], true);
}

#[tokio::test]
async fn introspection_tells_of_either_token_what_it_is_for() {
    let app = App::connected().await;
    for path in
        ["/oauth/v3/token/introspect", "/oauth/2026-03/token/introspect", "/oauth/2026-09/token/introspect"]
    {
        let ask = async |token: &str| app.form(path, &format!("token={token}&{CLIENT}")).await.body;
        let (access, refresh) = (ask(&app.token).await, ask(&app.refresh).await);
        for shown in [&access, &refresh] {
            assert_eq!((&shown["active"], &shown["hub_id"]), (&json!(true), &json!(PORTAL)));
            assert_eq!(
                (&shown["app_id"], &shown["client_id"]),
                (&json!(7_654_321), &json!("sandbox-client-id"))
            );
            assert_eq!(
                (&shown["token_type"], &shown["is_private_distribution"]),
                (&json!("Bearer"), &json!(false))
            );
            assert!(
                shown["user"].is_string() && shown["hub_domain"].is_string() && shown["scopes"].is_array()
            );
        }
        assert_eq!(
            (&access["token_use"], &refresh["token_use"]),
            (&json!("access_token"), &json!("refresh_token"))
        );
        assert_eq!((&access["expires_in"], refresh.get("expires_in")), (&json!(1800), None));
        assert_eq!(
            (&access["signed_access_token"]["hublet"], refresh.get("signed_access_token")),
            (&json!("na1"), None)
        );
        assert_eq!(ask("unheard-of").await, json!({"active": false}));
    }
}

#[tokio::test]
async fn v1_tells_of_tokens_in_its_own_form_and_ends_a_refresh_token() {
    let app = App::connected().await;
    let access = app.get(&format!("/oauth/v1/access-tokens/{}", app.token)).await.body;
    assert_eq!((&access["token_type"], &access["expires_in"]), (&json!("access"), &json!(1800)));
    assert_eq!((&access["token"], &access["app_id"]), (&json!(app.token), &json!(7_654_321)));
    assert!(access["signed_access_token"].is_object());
    let path = format!("/oauth/v1/refresh-tokens/{}", app.refresh);
    let refresh = app.get(&path).await.body;
    assert_eq!(
        (&refresh["token_type"], &refresh["client_id"]),
        (&json!("refresh"), &json!("sandbox-client-id"))
    );
    for shown in [&access, &refresh] {
        assert_eq!((&shown["hub_id"], shown.get("active")), (&json!(PORTAL), None));
    }
    assert_eq!(app.get(&format!("/oauth/v1/access-tokens/{}", app.refresh)).await.status, 404);
    assert_eq!(app.get(&format!("/oauth/v1/refresh-tokens/{}", app.token)).await.status, 404);
    assert_eq!(app.ask("DELETE", &path, Value::Null).await.status, 204);
    assert_eq!(app.get(&path).await.status, 404);
    assert_eq!(app.refreshed().await.body["status"], "BAD_REFRESH_TOKEN");
    let portals = app.person.get("/_sandbox/hubspot/portals").await;
    assert_eq!(portals[0]["installed"], true, "that does not uninstall");
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
