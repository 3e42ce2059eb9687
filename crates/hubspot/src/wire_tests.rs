//! The client against a small server on loopback: what is on the wire, and what becomes of the answers.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Request, State},
    http::{
        StatusCode,
        header::{AUTHORIZATION, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use url::Url;

use crate::{
    batch::BatchRead,
    budget::{Budget, Kind},
    crm::Portal,
    error::Class,
    http::Http,
    oauth::{App, OAuthClass, OAuthError},
    properties::NewProperty,
    record::{ObjectKind, Write},
};

/// One request as the server saw it: its line, its `Authorization`, its body as text.
type Seen = (String, Option<String>, String);

/// What a request line is answered with, one after the other.
type Replies = BTreeMap<&'static str, Vec<(u16, Value)>>;

/// Answers each request line with the next of its replies, the last one again and again; 404 to all others.
/// What it answers about the account says that two requests are left.
#[derive(Clone)]
struct Peer {
    replies: Arc<Mutex<Replies>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Peer {
    fn new<const N: usize>(replies: [(&'static str, Vec<(u16, Value)>); N]) -> Self {
        Self { replies: Arc::new(Mutex::new(replies.into())), seen: Arc::default() }
    }

    fn one(line: &'static str, status: u16, body: Value) -> Self {
        Self::new([(line, vec![(status, body)])])
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|(line, ..)| line).collect()
    }

    fn body(&self, index: usize) -> Value {
        serde_json::from_str(&self.seen()[index].2).unwrap()
    }

    /// Runs `test` with a client of this peer.
    async fn serve<T>(&self, test: impl AsyncFnOnce(Http) -> T) -> T {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let router = Router::new().fallback(answer).with_state(self.clone());
        tokio::select! {
            ended = axum::serve(listener, router) => panic!("the peer ended: {ended:?}"),
            result = test(Http::new(url)) => result,
        }
    }

    async fn portal<T>(&self, test: impl AsyncFnOnce(Portal) -> T) -> T {
        self.serve(async |http| test(Portal::new(http, secret("s3cret"), Budget::new(110))).await).await
    }
}

async fn answer(State(peer): State<Peer>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, 1_000_000).await.unwrap();
    let line = format!("{} {}", parts.method, parts.uri);
    let authorization = parts.headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
    let text = String::from_utf8(body.to_vec()).unwrap();
    peer.seen.lock().unwrap().push((line.clone(), authorization, text));
    let mut replies = peer.replies.lock().unwrap();
    let (status, body) = match replies.get_mut(line.as_str()) {
        Some(queue) if queue.len() > 1 => queue.remove(0),
        Some(queue) => queue[0].clone(),
        None => (404, json!({ "category": "OBJECT_NOT_FOUND" })),
    };
    let status = StatusCode::from_u16(status).unwrap();
    match parts.uri.path() {
        _ if status == StatusCode::TOO_MANY_REQUESTS => {
            (status, [(RETRY_AFTER, "9")], Json(body)).into_response()
        }
        "/account-info/2026-09/details" => {
            let headers = [("x-hubspot-ratelimit-max", "110"), ("x-hubspot-ratelimit-remaining", "2")];
            (status, headers, Json(body)).into_response()
        }
        _ => (status, Json(body)).into_response(),
    }
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

fn app() -> App {
    App {
        client_id: "cid".to_owned(),
        client_secret: secret("hush"),
        app_id: "77".to_owned(),
        authorize_url: Url::parse("https://app.hubspot.com/oauth/authorize").unwrap(),
        redirect_url: Url::parse("https://a.example/cb").unwrap(),
    }
}

const TOKEN: &str = "POST /oauth/2026-09/token";

#[tokio::test]
async fn a_code_is_exchanged_with_everything_in_the_body() {
    let peer = Peer::one(
        TOKEN,
        200,
        json!({
            "token_type": "bearer", "token_use": "access_token", "access_token": "acc", "refresh_token": "na1-ref",
            "expires_in": 1800, "hub_id": 1_234_567, "user_id": 222_222, "scopes": ["oauth", "crm.objects.contacts.read"],
        }),
    );
    let tokens = peer.serve(async |http| app().exchange(&http, "the code").await.unwrap()).await;
    assert_eq!(tokens.access.expose_secret(), "acc");
    assert_eq!(tokens.refresh.expose_secret(), "na1-ref");
    assert_eq!(tokens.expires_in, Duration::from_secs(1_800));
    assert_eq!(tokens.portal_id, Some(1_234_567));
    assert_eq!(tokens.scopes, ["oauth", "crm.objects.contacts.read"]);
    let (line, authorization, body) = peer.seen().remove(0);
    let mut sent: Vec<&str> = body.split('&').collect();
    sent.sort_unstable();
    let expected = [
        "client_id=cid",
        "client_secret=hush",
        "code=the+code",
        "grant_type=authorization_code",
        "redirect_uri=https%3A%2F%2Fa.example%2Fcb",
    ];
    assert_eq!((line.as_str(), authorization, sent), (TOKEN, None, expected.to_vec()));
}

#[tokio::test]
async fn tokens_are_renewed_without_a_redirect_and_optional_fields_may_be_missing() {
    let reply =
        json!({ "token_type": "bearer", "access_token": "a", "refresh_token": "r", "expires_in": 1800 });
    let peer = Peer::one(TOKEN, 200, reply);
    let tokens = peer.serve(async |http| app().refresh(&http, &secret("old")).await.unwrap()).await;
    assert_eq!((tokens.portal_id, tokens.scopes.len()), (None, 0));
    let body = peer.seen().remove(0).2;
    assert!(body.contains("grant_type=refresh_token") && body.contains("refresh_token=old"), "{body}");
    assert!(!body.contains("redirect_uri") && !body.contains("scope"), "{body}");
}

#[tokio::test]
async fn a_withdrawn_consent_is_told_apart_from_a_wrong_secret() {
    for (error, status, class) in [
        ("invalid_grant", "BAD_REFRESH_TOKEN", OAuthClass::Revoked),
        ("invalid_client", "BAD_CLIENT_SECRET", OAuthClass::Configuration),
    ] {
        let peer = Peer::one(TOKEN, 400, json!({ "error": error, "status": status, "message": "x" }));
        let error = peer.serve(async |http| app().refresh(&http, &secret("r")).await.unwrap_err()).await;
        assert_eq!(error.class(), class, "{error:?}");
    }
}

#[tokio::test]
async fn an_answer_with_tokens_that_is_not_understood_does_not_show_them() {
    let reply = json!({ "token_type": "bearer", "access_token": "s3cret", "refresh_token": "s3cret", "expires_in": "?" });
    let peer = Peer::one(TOKEN, 200, reply);
    let error = peer.serve(async |http| app().exchange(&http, "s3cret").await.unwrap_err()).await;
    assert_eq!(error.class(), OAuthClass::Transient { retry_after: None });
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
}

#[tokio::test]
async fn a_token_that_is_not_active_is_an_error_and_an_active_one_names_its_portal() {
    const LINE: &str = "POST /oauth/2026-09/token/introspect";
    let live = json!({ "active": true, "hub_id": 7, "app_id": 77, "hub_domain": "example.com", "user": "x@example.com",
                       "scopes": ["oauth"], "token_type": "Bearer" });
    let peer = Peer::new([(LINE, vec![(200, live), (200, json!({ "active": false }))])]);
    peer.serve(async |http| {
        let known = app().introspect_access(&http, &secret("acc")).await.unwrap();
        assert_eq!((known.portal_id, known.app_id.as_deref()), (Some(7), Some("77")));
        assert_eq!(app().introspect_access(&http, &secret("acc")).await, Err(OAuthError::Inactive));
    })
    .await;
    let body = peer.seen().remove(0).2;
    assert_eq!(body, "client_id=cid&client_secret=hush&token=acc&token_type_hint=access_token");
}

#[tokio::test]
async fn revoking_a_token_that_is_revoked_already_is_no_error() {
    let gone = json!({ "error": "invalid_grant", "status": "BAD_REFRESH_TOKEN" });
    let peer = Peer::one("POST /oauth/2026-09/token/revoke", 400, gone);
    assert_eq!(peer.serve(async |http| app().revoke(&http, &secret("r")).await).await, Ok(()));
}

#[tokio::test]
async fn a_batch_is_read_written_and_upserted_under_the_dated_paths() {
    let reply = json!({ "results": [{ "id": "1", "properties": {}, "new": true }] });
    let peer = Peer::new([
        ("POST /crm/objects/2026-09/contacts/batch/read", vec![(207, reply.clone())]),
        ("POST /crm/objects/2026-09/contacts/batch/update", vec![(200, reply.clone())]),
        ("POST /crm/objects/2026-09/contacts/batch/upsert", vec![(201, reply)]),
    ]);
    let write = || Write { id: "1".to_owned(), trace: "t".to_owned(), properties: BTreeMap::new() };
    let batch = BatchRead {
        ids: vec!["1".to_owned()],
        id_property: None,
        properties: vec!["email".to_owned()],
        with_history: Vec::new(),
    };
    peer.portal(async |portal| {
        let contact = ObjectKind::Contact;
        assert_eq!(portal.read(contact, &batch).await.unwrap().records.len(), 1);
        assert_eq!(portal.update(contact, vec![write()]).await.unwrap().records.len(), 1);
        let upserted = portal.upsert(contact, "storeganise_user_id", vec![write()]).await.unwrap();
        assert_eq!(upserted.records[0].is_new, Some(true));
        assert!(portal.update(contact, Vec::new()).await.unwrap().records.is_empty());
    })
    .await;
    assert_eq!(peer.lines().len(), 3, "an empty batch is not sent");
    assert_eq!(peer.seen()[0].1.as_deref(), Some("Bearer s3cret"));
    assert_eq!(peer.body(2)["inputs"][0]["idProperty"], "storeganise_user_id");
}

#[tokio::test]
async fn a_record_is_read_by_itself_and_one_that_is_gone_is_none() {
    let line = "GET /crm/objects/2026-09/contacts/512?properties=email%2Cphone";
    let peer = Peer::one(line, 200, json!({ "id": "900", "properties": { "email": "jane@example.com" } }));
    peer.portal(async |portal| {
        let merged = portal.get(ObjectKind::Contact, "512", &["email", "phone"]).await.unwrap().unwrap();
        assert_eq!(merged.id, "900", "the id after a merge");
        assert!(portal.get(ObjectKind::Deal, "5", &[]).await.unwrap().is_none());
        assert!(portal.get(ObjectKind::Deal, "..", &[]).await.unwrap().is_none());
    })
    .await;
    assert_eq!(peer.lines(), [line, "GET /crm/objects/2026-09/deals/5"]);
}

#[tokio::test]
async fn the_contacts_of_deals_are_followed_over_their_pages() {
    let line = "POST /crm/associations/2026-09/deals/contacts/batch/read";
    let page = |contact: u32, paging: Value| {
        let of_deal = json!({ "from": { "id": "5" }, "to": [{ "toObjectId": contact }], "paging": paging });
        json!({ "status": "COMPLETE", "results": [of_deal] })
    };
    let first = page(101, json!({ "next": { "after": "9" } }));
    let peer = Peer::new([(line, vec![(207, first), (200, page(102, Value::Null))])]);
    let deals = ["5", "6"].map(str::to_owned);
    let found = peer.portal(async |portal| portal.deal_contacts(&deals).await.unwrap()).await;
    assert_eq!((found["5"].as_slice(), found["6"].len()), (&["101".to_owned(), "102".to_owned()][..], 0));
    assert_eq!(peer.body(1), json!({ "inputs": [{ "id": "5", "after": "9" }] }));
}

#[tokio::test]
async fn pages_that_never_end_are_given_up() {
    let endless =
        json!({ "results": [{ "from": { "id": "5" }, "to": [], "paging": { "next": { "after": "1" } } }] });
    let peer = Peer::one("POST /crm/associations/2026-09/deals/contacts/batch/read", 200, endless);
    let deals = ["5".to_owned()];
    let error = peer
        .serve(async |http| {
            let portal = Portal::new(http, secret("s3cret"), Budget::new(1_000));
            portal.deal_contacts(&deals).await.unwrap_err()
        })
        .await;
    assert_eq!(error.code(), "hubspot.too_large");
}

#[tokio::test]
async fn won_deals_are_searched_for_a_page_at_a_time() {
    let reply = json!({ "total": 2, "results": [{ "id": "5" }], "paging": { "next": { "after": "200" } } });
    let peer = Peer::one("POST /crm/objects/2026-09/deals/search", 200, reply);
    let page = peer.portal(async |portal| portal.search_won_deals(1_000, Some("0")).await.unwrap()).await;
    assert_eq!((page.records[0].id.as_str(), page.next.as_deref()), ("5", Some("200")));
}

#[tokio::test]
async fn a_property_that_exists_is_taken_and_a_group_that_exists_is_not_made_again() {
    let property = json!({ "name": "storeganise_user_id", "hasUniqueValue": true });
    let peer = Peer::new([
        (
            "GET /crm/properties/2026-09/contacts/groups",
            vec![(200, json!({ "results": [{ "name": "storeganise" }] }))],
        ),
        (
            "POST /crm/properties/2026-09/contacts",
            vec![(409, json!({ "category": "OBJECT_ALREADY_EXISTS" }))],
        ),
        ("GET /crm/properties/2026-09/contacts/storeganise_user_id", vec![(200, property)]),
    ]);
    let new = NewProperty::text("storeganise", "storeganise_user_id", "Storeganise user ID", "x").unique();
    peer.portal(async |portal| {
        portal.ensure_contact_group("storeganise", "Storeganise").await.unwrap();
        assert!(portal.create_contact_property(&new).await.unwrap().has_unique_value);
        assert!(portal.contact_property("unknown").await.unwrap().is_none());
    })
    .await;
    assert!(peer.lines().iter().all(|line| line != "POST /crm/properties/2026-09/contacts/groups"));
}

#[tokio::test]
async fn a_group_that_somebody_makes_meanwhile_is_good_and_a_refusal_without_it_is_an_error() {
    let list = "GET /crm/properties/2026-09/contacts/groups";
    let make = (
        "POST /crm/properties/2026-09/contacts/groups",
        vec![(400, json!({ "category": "VALIDATION_ERROR" }))],
    );
    let (without, with) =
        ((200, json!({ "results": [] })), (200, json!({ "results": [{ "name": "storeganise" }] })));
    for (replies, good) in [(vec![without.clone(), with], true), (vec![without], false)] {
        let peer = Peer::new([(list, replies), make.clone()]);
        let made = peer.portal(async |portal| portal.ensure_contact_group("storeganise", "x").await).await;
        assert_eq!(made.is_ok(), good, "{made:?}");
    }
}

#[tokio::test]
async fn account_pipelines_and_uninstall_speak_their_paths() {
    let stages = json!([{ "id": "closedwon", "label": "Won", "metadata": { "isClosed": "true", "probability": "1.0" } }]);
    let peer = Peer::new([
        (
            "GET /account-info/2026-09/details",
            vec![(200, json!({ "portalId": 7, "uiDomain": "app.hubspot.com" }))],
        ),
        (
            "GET /crm/pipelines/2026-09/deals",
            vec![(200, json!({ "results": [{ "id": "default", "stages": stages }] }))],
        ),
        ("DELETE /appinstalls/2026-09/external-install", vec![(204, json!(null))]),
    ]);
    peer.portal(async |portal| {
        assert_eq!(portal.account().await.unwrap().portal_id, 7);
        assert!(portal.deal_pipelines().await.unwrap()[0].stages[0].won);
        portal.uninstall().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_budget_learns_from_the_headers_and_from_a_refusal() {
    let details = "GET /account-info/2026-09/details";
    let limited = json!({ "errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING", "message": "x" });
    let peer = Peer::new([(details, vec![(200, json!({ "portalId": 7 })), (429, limited)])]);
    let budget = Budget::new(110);
    peer.serve(async |http| {
        let portal = Portal::new(http, secret("s3cret"), budget.clone());
        portal.account().await.unwrap();
        assert_eq!(budget.left(), 2, "as the header says");
        let error = portal.account().await.unwrap_err();
        assert_eq!(error.class(), Class::RateLimited { retry_after: Some(Duration::from_secs(9)) });
        assert_eq!(budget.left(), 0);
    })
    .await;
    assert!(tokio::time::timeout(Duration::from_millis(1), budget.place(Kind::Standard)).await.is_err());
}

#[tokio::test]
async fn what_hubspot_says_when_it_fails_does_not_get_out() {
    for status in [200, 400, 500] {
        let peer =
            Peer::one("GET /account-info/2026-09/details", status, json!({ "message": "jane@example.com" }));
        let (error, portal) =
            peer.portal(async |portal| (portal.account().await.unwrap_err(), format!("{portal:?}"))).await;
        assert!(!format!("{error} {error:?} {}", error.code()).contains("jane"), "{error:?}");
        assert!(!portal.contains("s3cret"), "{portal}");
    }
}
