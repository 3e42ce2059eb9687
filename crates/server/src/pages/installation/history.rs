//! What an installation's page shows the newest of, as far back as it is kept: its runs, and who did what.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::{Query, State};
use serde::Deserialize;
use sync_core::access::audit::Line as Logged;

use super::run::Run;
use crate::{
    app::AppState,
    pages::{
        error::PageError,
        frame::{Frame, Notice},
        moment::Moment,
        visitor::{Looking, Visitor},
    },
    words,
};
use text::{filters, text};

const RUNS: u64 = 25;
const LINES: u64 = 50;

#[derive(Template, WebTemplate)]
#[template(path = "pages/installation/runs.html")]
pub(super) struct RunsPage {
    frame: Frame,
    here: String,
    business_code: String,
    runs: Vec<Run>,
    next: Option<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "pages/installation/log.html")]
pub(super) struct LogPage {
    frame: Frame,
    here: String,
    business_code: String,
    lines: Vec<Line>,
    next: Option<String>,
}

/// What somebody did.
pub(super) struct Line {
    pub at: Moment,
    pub actor: String,
    pub action: String,
    pub detail: String,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    cursor: Option<String>,
}

pub(super) async fn runs(
    State(state): State<AppState>,
    Looking { by, found }: Looking,
    notice: Notice,
    Query(asked): Query<Asked>,
) -> Result<RunsPage, PageError> {
    let now = state.core.clock().now().0;
    let page = state.core.runs(found.scope(), asked.cursor.as_deref(), RUNS).await?;
    let here = format!("/installations/{}", found.id);
    Ok(RunsPage {
        frame: Frame::of(&by, notice),
        next: page.next.map(|cursor| format!("{here}/runs?cursor={cursor}")),
        runs: page.items.iter().map(|run| Run::of(run, now)).collect(),
        business_code: found.business_code,
        here,
    })
}

pub(super) async fn log(
    State(state): State<AppState>,
    Looking { by, found }: Looking,
    notice: Notice,
    Query(asked): Query<Asked>,
) -> Result<LogPage, PageError> {
    let now = state.core.clock().now().0;
    let page = state.core.audit_page(Some(found.scope()), asked.cursor.as_deref(), LINES).await?;
    let here = format!("/installations/{}", found.id);
    Ok(LogPage {
        lines: page.items.into_iter().map(|(_, line)| Line::of(line, &by, now)).collect(),
        frame: Frame::of(&by, notice),
        next: page.next.map(|cursor| format!("{here}/log?cursor={cursor}")),
        business_code: found.business_code,
        here,
    })
}

impl Line {
    /// A line of the log. Who of Storeganise it was is not told to the business.
    pub(super) fn of(line: Logged, by: &Visitor, now: i64) -> Self {
        Self {
            at: Moment::new(line.at, now),
            actor: if by.is_staff() { line.actor } else { line.side().to_owned() },
            action: words::audit(&line.action).to_owned(),
            detail: if line.action == "connection.checked" { checked(&line.detail) } else { line.detail },
        }
    }
}

/// The detail of a check is its answer, as a code.
fn checked(answer: &str) -> String {
    if answer == "works" { text!("history-it-works").to_owned() } else { words::explain(answer).what }
}
