//! The client against a small server on loopback: what is on the wire, and what becomes of the answers.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Request, State},
    http::{
        StatusCode,
        header::{AUTHORIZATION, USER_AGENT},
    },
    response::{IntoResponse, Response},
};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    addon::AddonState,
    api_url::{AllowedHosts, ApiUrl},
    client::Account,
    error::{Class, Error},
    http::Http,
    pace::Pace,
    task::{Task, TaskTarget},
    user::{NewUser, UserPatch, UsersQuery},
};

/// One request as the server saw it.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    line: String,
    authorization: String,
    agent: String,
    body: Value,
}

type Reply = (u16, Value);

/// Answers by what `METHOD path?query` begins with (404 otherwise), and remembers what it was asked.
#[derive(Clone)]
struct Peer {
    replies: Arc<Vec<(&'static str, Reply)>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Peer {
    fn new(replies: impl IntoIterator<Item = (&'static str, Reply)>) -> Self {
        Self { replies: Arc::new(replies.into_iter().collect()), seen: Arc::default() }
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }

    /// Runs `test` with an account at this peer.
    async fn serve<T>(&self, test: impl AsyncFnOnce(Account) -> T) -> T {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let router = Router::new().fallback(answer).with_state(self.clone());
        let allowed = AllowedHosts::new([host.clone()]);
        let api_url = ApiUrl::parse(&format!("http://{host}/api"), &allowed).unwrap();
        let key = SecretString::from("s3cret".to_owned());
        let account = Account::new(Http::new(), api_url, "a1".to_owned(), key, Pace::new(1_000.0));
        tokio::select! {
            ended = axum::serve(listener, router) => panic!("the peer ended: {ended:?}"),
            result = test(account) => result,
        }
    }
}

async fn answer(State(peer): State<Peer>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, 1_000_000).await.unwrap();
    let line = format!("{} {}", parts.method, parts.uri);
    let authorization = parts.headers[AUTHORIZATION].to_str().unwrap().to_owned();
    let agent = parts.headers[USER_AGENT].to_str().unwrap().to_owned();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    peer.seen.lock().unwrap().push(Seen { line: line.clone(), authorization, agent, body });
    let found = peer.replies.iter().find(|(start, _)| line.starts_with(start));
    let (status, body) =
        found.map_or((404, json!({ "error": { "message": "x" } })), |(_, reply)| reply.clone());
    let status = StatusCode::from_u16(status).unwrap();
    match body {
        Value::String(text) => {
            (status, [("retry-after", "7"), ("location", "/api/v1/admin/users")], text).into_response()
        }
        body => (status, Json(body)).into_response(),
    }
}

fn user(id: &str, email: &str) -> Value {
    json!({ "id": id, "email": email })
}

#[tokio::test]
async fn every_call_carries_the_add_on_and_its_key_and_the_record_is_read() {
    let peer = Peer::new([("GET /api/v1/admin/addons/a1", (200, json!({ "id": "a1", "state": "paused" })))]);
    let addon = peer.serve(async |account| account.addon().await.unwrap()).await;
    assert_eq!(addon.state, Some(AddonState::Paused));
    assert_eq!(peer.seen()[0].authorization, "Addon a1|s3cret");
}

#[tokio::test]
async fn every_call_says_whose_it_is() {
    let peer = Peer::new([("GET /api/v1/admin/addons/a1", (200, json!({ "id": "a1", "state": "paused" })))]);
    peer.serve(async |account| account.addon().await.unwrap()).await;
    assert_eq!(peer.seen()[0].agent, concat!("annex/", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn a_user_that_does_not_exist_is_none_and_an_id_that_is_a_path_is_not_asked_for() {
    let peer = Peer::new([]);
    peer.serve(async |account| {
        assert!(account.user("u1").await.unwrap().is_none());
        for id in ["", " ", ".", ".."] {
            assert!(account.user(id).await.unwrap().is_none(), "{id}");
        }
        assert!(account.user("../addons/a1").await.unwrap().is_none());
    })
    .await;
    assert_eq!(
        peer.lines(),
        [
            "GET /api/v1/admin/users/u1?include=customFields",
            "GET /api/v1/admin/users/..%2Faddons%2Fa1?include=customFields"
        ]
    );
}

#[tokio::test]
async fn an_email_is_looked_up_directly_and_where_that_fails_searched_for_exactly() {
    const DIRECT: &str = "GET /api/v1/admin/users/jane%2Bx%40example.com?include=customFields";
    const SEARCH: &str =
        "GET /api/v1/admin/users?search=jane%2Bx%40example.com&limit=50&include=customFields";
    let wanted = user("u2", " Jane+X@Example.com");
    let others = || json!([user("u1", "jane+xy@example.com"), { "id": "u3" }]);
    let both = || json!({ "data": [user("u1", "jane+xy@example.com"), wanted.clone()] });
    for (direct, search, found, asked) in [
        ((200, wanted.clone()), (200, json!([])), Some("u2"), &[DIRECT][..]),
        ((404, json!({})), (200, both()), Some("u2"), &[DIRECT, SEARCH]),
        ((400, json!({})), (200, both()), Some("u2"), &[DIRECT, SEARCH]),
        ((200, user("u1", "someone@example.com")), (200, both()), Some("u2"), &[DIRECT, SEARCH]),
        ((404, json!({})), (200, others()), None, &[DIRECT, SEARCH]),
    ] {
        let peer = Peer::new([(DIRECT, direct), (SEARCH, search)]);
        let answer =
            peer.serve(async |account| account.user_by_email(" jane+x@example.com ").await.unwrap()).await;
        assert_eq!(answer.map(|user| user.id).as_deref(), found);
        assert_eq!(peer.lines(), asked);
    }
}

#[tokio::test]
async fn a_failing_lookup_is_not_taken_for_an_absent_user() {
    let peer = Peer::new([("GET", (403, json!({})))]);
    let error =
        peer.serve(async |account| account.user_by_email("jane@example.com").await.unwrap_err()).await;
    assert_eq!(error.class(), Class::AccessDenied);
}

#[tokio::test]
async fn users_by_ids_come_once_each_and_no_others_among_them() {
    let unheeded =
        json!([user("u9", "x@example.com"), user("u2", "b@example.com"), user("u2", "b@example.com")]);
    let peer = Peer::new([("GET /api/v1/admin/users?ids=", (200, unheeded))]);
    let ids = ["u2", "u1", "u2"].map(str::to_owned);
    let users = peer
        .serve(async |account| {
            assert!(account.users_by_ids(&[]).await.unwrap().records.is_empty());
            account.users_by_ids(&ids).await.unwrap().records
        })
        .await;
    assert_eq!(users.iter().map(|user| user.id.as_str()).collect::<Vec<_>>(), ["u2"]);
    assert_eq!(peer.lines(), ["GET /api/v1/admin/users?ids=u1%2Cu2&limit=50&include=customFields"]);
}

#[tokio::test]
async fn a_page_says_how_long_it_is_and_where_it_begins() {
    let peer = Peer::new([("GET /api/v1/admin/users?limit=", (200, json!([user("u1", "a@example.com")])))]);
    let query = UsersQuery { updated_after: None, limit: 1_000, offset: 2_000, custom_fields: false };
    let users = peer.serve(async |account| account.users_page(&query).await.unwrap()).await;
    assert_eq!(users.records.len(), 1);
    assert_eq!(peer.lines(), ["GET /api/v1/admin/users?limit=1000&offset=2000"]);
}

#[tokio::test]
async fn writes_send_only_what_they_are_about() {
    let peer = Peer::new([
        ("POST /api/v1/admin/users", (201, user("u1", "jane@example.com"))),
        ("PUT /api/v1/admin/users/u1", (200, user("u1", "jane@example.com"))),
        ("PUT /api/v1/admin/addons/a1", (200, json!({}))),
        ("POST /api/v1/admin/jobs", (200, json!({ "id": "j1" }))),
        ("PUT /api/v1/admin/jobs/j1", (200, json!({}))),
    ]);
    let new = NewUser { email: "jane@example.com".to_owned(), ..NewUser::default() };
    let patch = UserPatch { phone: Some("555-0100".to_owned()), ..UserPatch::default() };
    let fields = json!({ "hubspot_status": "connected" });
    let task = Task {
        target: TaskTarget::User("u1".to_owned()),
        title: "t".to_owned(),
        description: "d".to_owned(),
    };
    peer.serve(async |account| {
        assert_eq!(account.create_user(&new).await.unwrap().id, "u1");
        assert_eq!(account.update_user("u1", &patch).await.unwrap().id, "u1");
        account.put_addon_fields(fields.as_object().unwrap()).await.unwrap();
        assert_eq!(account.file_task(&task).await.unwrap().as_deref(), Some("j1"));
        account.complete_task("j1").await.unwrap();
    })
    .await;
    let data = json!({ "targetType": "user", "targetId": "u1", "title": "t", "desc": "d" });
    let bodies: Vec<Value> = peer.seen().into_iter().map(|seen| seen.body).collect();
    let expected = [
        json!({ "email": "jane@example.com" }),
        json!({ "phone": "555-0100" }),
        json!({ "customFields": { "hubspot_status": "connected" } }),
        json!({ "type": "task", "ownerId": null, "data": data }),
        json!({ "state": "completed" }),
    ];
    assert_eq!(bodies, expected);
}

#[tokio::test]
async fn what_the_provider_says_when_it_fails_does_not_get_out() {
    for (status, body) in
        [(503, "jane@example.com"), (200, "<html>jane@example.com</html>"), (302, "jane@example.com")]
    {
        let peer = Peer::new([("GET", (status, json!(body)))]);
        let error = peer.serve(async |account| account.addon().await.unwrap_err()).await;
        assert!(matches!(error.class(), Class::Transient { .. }), "{status}");
        assert!(!format!("{error} {error:?} {}", error.code()).contains("jane"), "{error:?}");
        assert_eq!(peer.lines().len(), 1, "a redirect is not followed");
        if let Error::Refused { retry_after, .. } = error {
            assert_eq!(retry_after.map(|wait| wait.as_secs()), Some(7));
        }
    }
}

#[tokio::test]
async fn an_account_does_not_print_its_key() {
    let printed = Peer::new([]).serve(async |account| format!("{account:?}")).await;
    assert!(printed.contains("a1") && !printed.contains("s3cret"), "{printed}");
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_not_taken_in() {
    let peer = Peer::new([("GET", (200, json!(" ".repeat(33 * 1024 * 1024))))]);
    assert_eq!(peer.serve(async |account| account.addon().await.unwrap_err()).await, Error::TooLarge);
}
