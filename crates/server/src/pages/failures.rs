//! What failed too often in all businesses, by its cause: mend the cause, try it on one record, then replay the rest.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form, Router,
    extract::State,
    response::Redirect,
    routing::{get, post},
};
use serde::Deserialize;
use sync_core::{
    access::audit::Actor,
    core::Core,
    error::Error,
    installation::Scope,
    views::failures::{Extent, Failure, Replayed},
};
use tower_sessions::Session;

use super::{
    error::PageError,
    flash,
    frame::{Frame, Notice},
    moment::Moment,
    visitor::{ActingStaff, CurrentStaff},
};
use crate::{app::AppState, words};
use text::{filters, grouped, text};

const HERE: &str = "/failures";

pub(super) fn router() -> Router<AppState> {
    Router::new().route(HERE, get(show)).route("/failures/replay", post(replay))
}

#[derive(Template, WebTemplate)]
#[template(path = "pages/failures.html")]
struct FailuresPage {
    frame: Frame,
    headline: String,
    causes: Vec<Cause>,
    /// Where the forms go.
    action: &'static str,
    may_act: bool,
}

/// One cause, as both this page and an installation's show it.
pub(super) struct Cause {
    pub code: String,
    pub what: String,
    pub todo: String,
    pub businesses: String,
    pub records: String,
    pub since: Moment,
    pub is_one: bool,
}

/// Which cause, and how much of it.
#[derive(Debug, Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    cause: String,
    #[serde(default)]
    extent: String,
}

async fn show(
    State(state): State<AppState>,
    CurrentStaff(staff): CurrentStaff,
    notice: Notice,
) -> Result<FailuresPage, PageError> {
    let found = state.core.failures(None).await?;
    let frame = Frame::of_staff(&staff, notice);
    Ok(FailuresPage {
        headline: headline(&found),
        may_act: frame.may_act,
        causes: causes(found, state.core.clock().now().0),
        action: "/failures/replay",
        frame,
    })
}

fn headline(found: &[Failure]) -> String {
    let records: u64 = found.iter().map(|failure| failure.records).sum();
    match found.len() {
        0 => text!("failures-nothing-has-failed-for").to_owned(),
        causes => text!("failures-failed-for-causes", records, causes),
    }
}

/// The rows of it.
pub(super) fn causes(found: Vec<Failure>, now: i64) -> Vec<Cause> {
    let shown = found.into_iter().map(|failure| {
        let words = words::explain(&failure.cause);
        Cause {
            what: words.what,
            todo: words.todo,
            businesses: grouped(failure.installations),
            records: grouped(failure.records),
            since: Moment::new(failure.since, now),
            is_one: failure.records == 1,
            code: failure.cause,
        }
    });
    shown.collect()
}

async fn replay(
    State(state): State<AppState>,
    staff: ActingStaff,
    session: Session,
    Form(wish): Form<Wish>,
) -> Result<Redirect, PageError> {
    let done = replayed(&state.core, None, &wish, &staff.actor()).await?;
    flash::back(&session, HERE, done).await
}

/// Does what was wished for, and says it in a sentence.
pub(super) async fn replayed(
    core: &Core,
    scope: Option<Scope>,
    wish: &Wish,
    by: &Actor,
) -> Result<Result<String, Error>, PageError> {
    let extent = match wish.extent.as_str() {
        "one" => Extent::One,
        "all" => Extent::All,
        _ => return Err(PageError::NotFound),
    };
    let replayed = core.replay_cause(scope, &wish.cause, extent, by).await;
    Ok(replayed.map(|Replayed { installations, records }| match (records, extent) {
        (0, _) => text!("failures-nothing-fails-for-this").to_owned(),
        (_, Extent::One) => text!("failures-one-record-is-being").to_owned(),
        (records, Extent::All) => text!("failures-all-being-tried-again", records, installations),
    }))
}
