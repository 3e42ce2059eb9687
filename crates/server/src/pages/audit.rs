//! Who did what, in all businesses.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Router,
    extract::{Query, State},
    routing::get,
};
use serde::Deserialize;

use super::{
    error::PageError,
    frame::{Frame, Notice},
    moment::Moment,
    visitor::CurrentStaff,
};
use crate::{app::AppState, words};
use text::filters;

const LINES: u64 = 80;

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/audit", get(show))
}

#[derive(Template, WebTemplate)]
#[template(path = "pages/audit.html")]
struct AuditPage {
    frame: Frame,
    lines: Vec<Line>,
    next: Option<String>,
}

struct Line {
    at: Moment,
    actor: String,
    action: String,
    business: Option<String>,
    detail: String,
}

#[derive(Deserialize)]
struct Asked {
    cursor: Option<String>,
}

async fn show(
    State(state): State<AppState>,
    CurrentStaff(staff): CurrentStaff,
    notice: Notice,
    Query(asked): Query<Asked>,
) -> Result<AuditPage, PageError> {
    let now = state.core.clock().now().0;
    let page = state.core.audit_page(None, asked.cursor.as_deref(), LINES).await?;
    let lines = page.items.into_iter().map(|(business, line)| Line {
        at: Moment::new(line.at, now),
        actor: line.actor,
        action: words::audit(&line.action).to_owned(),
        business,
        detail: line.detail,
    });
    Ok(AuditPage {
        frame: Frame::of_staff(&staff, notice),
        lines: lines.collect(),
        next: page.next.map(|cursor| format!("/audit?cursor={cursor}")),
    })
}
