//! What this crate's tests stand on: the whole application in this process, over a database of its own, with
//! a clock that stands still and a Storeganise that knows every add-on.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::{Body, Bytes, to_bytes},
    extract::Path,
    http::{HeaderMap, Request, StatusCode, header},
    routing::get,
};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sync_core::{
    access::{Role, audit::Actor},
    clock::{Clock, Micros},
    installation::Installation,
    queue::committer::Committer,
    random::Random,
};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

use crate::{
    app::{AppState, probes::Readiness, router, watched::Metrics},
    config::Config,
    run::{core_with, metrics_handle},
};

/// Where the clock of every rig stands, in milliseconds since 1970.
pub(crate) const NOW_MS: i64 = 1_790_000_000_000;
/// Where providers believe the rig to be.
pub(crate) const BASE_URL: &str = "https://annex.example.com";
/// A business whose Storeganise is down.
pub(crate) const BUSINESS_DOWN: &str = "down";
const ANSWER_MAX_BYTES: usize = 4 * 1024 * 1024;

/// The application and what it stands on.
pub(crate) struct Rig {
    pub state: AppState,
    /// Cancelled, the process is about to stop.
    pub stopping: CancellationToken,
    router: Router,
    _folder: TempDir,
}

/// What came back.
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Rig {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tasks = TaskTracker::new();
        let config = config(&folder, &storeganise(&tasks).await);
        let clock = Clock::manual(Micros(NOW_MS * 1_000));
        let core = core_with(&config, clock, Random::seeded(1)).await.unwrap();
        let (committer, committing) = Committer::new(Arc::clone(&core));
        tasks.spawn(committing);
        let stopping = CancellationToken::new();
        let readiness = Readiness::until(stopping.clone());
        let state = AppState {
            core,
            committer,
            config: Arc::new(config),
            metrics: Metrics::new(metrics_handle()),
            readiness,
        };
        Self { router: router(&state), state, stopping, _folder: folder }
    }

    /// The same application with a committer that is gone.
    pub(crate) fn without_committer(mut self) -> Self {
        let (committer, _) = Committer::new(Arc::clone(&self.state.core));
        self.state.committer = committer;
        self.router = router(&self.state);
        self
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, ANSWER_MAX_BYTES).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// A request to the JSON API.
    pub(crate) async fn api(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = match body {
            Some(body) => {
                request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string()))
            }
            None => request.body(Body::empty()),
        };
        self.send(request.unwrap()).await
    }

    pub(crate) async fn token(&self, role: Role) -> String {
        let made =
            self.state.core.create_api_token("a test", role, None, &Actor::command_line()).await.unwrap();
        made.expose_secret().to_owned()
    }

    /// An installation that was accepted and whose add-on is enabled.
    pub(crate) async fn installation(&self) -> Installation {
        let by = Actor::command_line();
        self.state.core.install("acme", "66ce753e7405aa00158ba999", &by).await.unwrap()
    }

    /// What waits in an installation, as `subject id`.
    pub(crate) async fn waiting(&self, installation: &Installation) -> Vec<String> {
        let page = self.state.core.changes(installation.scope(), None, None, 200).await.unwrap();
        page.items.iter().map(|row| format!("{} {}", row.subject.word(), row.subject_id)).collect()
    }
}

pub(crate) fn config(folder: &TempDir, storeganise: &str) -> Config {
    let database = format!("sqlite://{}/annex.db", folder.path().display());
    let get = |name: &str| {
        let text = match name {
            "ANNEX_BASE_URL" => BASE_URL.to_owned(),
            "ANNEX_DATABASE_URL" => database.clone(),
            "ANNEX_MASTER_KEYS" => "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned(),
            "HUBSPOT_CLIENT_ID" => "client".to_owned(),
            "HUBSPOT_CLIENT_SECRET" => "new-secret,old-secret".to_owned(),
            "HUBSPOT_APP_ID" => "42".to_owned(),
            // Nothing listens there: no test of this crate may reach HubSpot.
            "ANNEX_HUBSPOT_API_URL" => "http://127.0.0.1:9".to_owned(),
            "STOREGANISE_API_KEY" => "key".to_owned(),
            "STOREGANISE_SIGNATURE_SECRETS" => "signature-secret".to_owned(),
            "ANNEX_STOREGANISE_HOSTS" => storeganise.to_owned(),
            "ANNEX_STOREGANISE_API_TEMPLATE" => format!("http://{storeganise}/{{business}}/api"),
            "ANNEX_STOREGANISE_REQUESTS_PER_SECOND" => "50".to_owned(),
            _ => return None,
        };
        Some(text)
    };
    Config::from_env(&get).unwrap()
}

/// A Storeganise where every add-on of every business is enabled, except at the one that is down.
async fn storeganise(tasks: &TaskTracker) -> String {
    let show = async |Path((business, id)): Path<(String, String)>| match business.as_str() {
        BUSINESS_DOWN => Err(StatusCode::INTERNAL_SERVER_ERROR),
        _ => Ok(Json(json!({ "id": id, "state": "enabled" }))),
    };
    let app =
        Router::new().route("/{business}/api/v1/admin/addons/{id}", get(show).put(async || Json(json!({}))));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tasks.spawn(async move { axum::serve(listener, app).await });
    address
}
