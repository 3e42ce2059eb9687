//! The HubSpot side as an app meets it: over its routes, within the process, with a clock that stands still.

mod associations;
mod batches;
mod contacts;
mod deals;
mod deliveries;
mod ear;
mod errors;
mod events;
mod limits;
mod oauth;
mod pages;
mod paths;
mod records;
mod search;
mod subscriptions;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::options::Options;
use crate::visitor::Visitor;

const PORTAL: u64 = 1_234_567;
const CONTACTS: &str = "/crm/objects/2026-09/contacts";
const DEALS: &str = "/crm/objects/2026-09/deals";
const CONTROL: &str = "/_sandbox/hubspot/1234567";
const REDIRECT: &str = "https://annex.example/callback";

/// An answer with all that HubSpot says in it.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }
}

/// An app, and the person beside it who steers the sandbox.
struct App {
    person: Visitor,
    token: String,
    refresh: String,
}

impl App {
    /// An app that nobody has connected yet, and one account.
    async fn unconnected(options: Options) -> Self {
        let person = Visitor::of(Options { seeded: false, ..options });
        person.post("/_sandbox/hubspot/portals", json!({"id": PORTAL, "name": "Acme Storage"})).await;
        Self { person, token: String::new(), refresh: String::new() }
    }

    /// An app connected to its account.
    async fn connected() -> Self {
        Self::connected_with(Options::default()).await
    }

    async fn connected_with(options: Options) -> Self {
        let mut app = Self::unconnected(options).await;
        app.connect().await;
        app
    }

    async fn connect(&mut self) {
        let code = self.consent("connect", "").await;
        let tokens = self.exchange(&code, "").await;
        assert_eq!(tokens.status, 200, "{}", tokens.body);
        self.token = tokens.body["access_token"].as_str().unwrap().to_owned();
        self.refresh = tokens.body["refresh_token"].as_str().unwrap().to_owned();
    }

    /// A connected app whose account has the property `storeganise_user_id`.
    async fn prepared() -> Self {
        let app = Self::connected().await;
        let properties = "/crm/properties/2026-09/contacts";
        app.post(&format!("{properties}/groups"), json!({"name": "storeganise", "label": "Storeganise"}))
            .await;
        let made = app
            .post(
                properties,
                json!({
                    "groupName": "storeganise", "name": "storeganise_user_id", "label": "Storeganise user ID",
                    "type": "string", "fieldType": "text", "hasUniqueValue": true,
                }),
            )
            .await;
        assert_eq!((made.status.as_u16(), &made.body["hasUniqueValue"]), (201, &json!(true)));
        app
    }

    /// What the consent page carries along, with more parameters behind.
    fn question(&self, more: &str) -> String {
        let options = &self.person.world.options.hubspot;
        let scopes = options.scopes.join("%20");
        format!("client_id={}&redirect_uri={REDIRECT}&scope={scopes}&state=st{more}", options.client_id)
    }

    /// A person's answer on the consent page: where they are sent.
    async fn decide(&self, decision: &str, more: &str) -> Answer {
        let form = format!("{}&portal={PORTAL}&decision={decision}", self.question(more));
        self.form("/oauth/authorize/decide", &form).await
    }

    /// The code that comes of connecting.
    async fn consent(&self, decision: &str, more: &str) -> String {
        let sent = self.decide(decision, more).await;
        let url = url::Url::parse(sent.header("location")).unwrap();
        url.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
    }

    async fn exchange(&self, code: &str, more: &str) -> Answer {
        self.token_call(&format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT}{more}"))
            .await
    }

    async fn token_call(&self, form: &str) -> Answer {
        let app = &self.person.world.options.hubspot;
        let client = format!("client_id={}&client_secret={}", app.client_id, app.client_secret);
        self.form("/oauth/2026-09/token", &format!("{form}&{client}")).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, Value::Null).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, body).await
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, path, "application/json", body).await
    }

    async fn form(&self, path: &str, form: &str) -> Answer {
        self.send("POST", path, "application/x-www-form-urlencoded", form.to_owned()).await
    }

    async fn send(&self, method: &str, path: &str, content_type: &str, body: String) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, content_type)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .body(Body::from(body))
            .unwrap();
        let response = crate::router(&self.person.world).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)));
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Makes a contact through the API and answers with its id.
    async fn contact(&self, properties: Value) -> String {
        let made = self.post(CONTACTS, json!({"properties": properties})).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.body["id"].as_str().unwrap().to_owned()
    }

    async fn contact_count(&self) -> usize {
        self.person.get(&format!("{CONTROL}/contacts")).await.as_array().unwrap().len()
    }
}
