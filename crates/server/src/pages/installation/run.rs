//! One run: how far it is, what came of it, and, of a preview, what would happen, with examples read live.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    response::{Redirect, Response},
};
use sync_core::{
    core::Core,
    installation::Installation,
    merge::Side,
    preview::{
        examples::{Example as Found, Shown},
        report::SideCounts,
    },
    queue::outcome::Action,
    views::runs::{Progress, RunKind, RunRow, RunState, Tally},
};
use tower_sessions::Session;
use uuid::Uuid;

use crate::{
    app::AppState,
    pages::{
        error::PageError,
        flash,
        frame::{Frame, Notice},
        moment::Moment,
        shown::Badge,
        visitor::{Acting, Looking},
    },
    preview_csv, words,
};
use text::{filters, grouped, text};

const MINUTE_SECONDS: u64 = 60;
const HOUR_SECONDS: u64 = 3_600;
const ACTIONS: [Action; 6] = [
    Action::Created,
    Action::Updated,
    Action::Unchanged,
    Action::Skipped,
    Action::Conflicted,
    Action::Failed,
];

/// A run as the installation's page lists it.
pub(super) struct Run {
    pub id: Uuid,
    pub name: &'static str,
    pub state: Badge,
    /// Where it is, while it goes on.
    pub progress: Option<String>,
    pub may_cancel: bool,
    pub seen: String,
    pub marked: String,
    pub started: Moment,
    pub finished: Option<Moment>,
    pub is_over: bool,
}

#[derive(Template, WebTemplate)]
#[template(path = "pages/installation/run.html")]
pub(super) struct RunPage {
    frame: Frame,
    here: String,
    business_code: String,
    run: Run,
    failed: Option<String>,
    drift: Option<String>,
    counts: Vec<Count>,
    preview: Option<Preview>,
}

/// How many records came to what.
struct Count {
    action: Badge,
    records: String,
}

/// What a preview found.
struct Preview {
    sides: Vec<SideShown>,
    reasons: Vec<(String, String)>,
    /// Why there are no examples.
    no_examples: Option<String>,
}

struct SideShown {
    name: &'static str,
    counts: Vec<Count>,
    refused: String,
    examples: Vec<Example>,
}

struct Example {
    action: Badge,
    user_id: Option<String>,
    contact_id: Option<String>,
    deal_id: Option<String>,
    reason: Option<String>,
    refused: String,
    fields: Vec<Shown>,
}

pub(super) async fn show(
    State(state): State<AppState>,
    Looking { by, found }: Looking,
    Path((_, id)): Path<(Uuid, String)>,
    notice: Notice,
) -> Result<RunPage, PageError> {
    let core = &state.core;
    let now = core.clock().now().0;
    let row = core.run(found.scope(), named(&id)?).await?;
    let preview = match row.kind {
        RunKind::Preview => preview(core, &found, &row).await?,
        RunKind::Backfill | RunKind::Reconcile => None,
    };
    Ok(RunPage {
        frame: Frame::of(&by, notice),
        here: format!("/installations/{}", found.id),
        business_code: found.business_code,
        run: Run::of(&row, now),
        failed: row.reason.as_deref().map(|reason| words::explain(reason).text()),
        drift: Some(row.drift())
            .filter(|drift| *drift > 0)
            .map(|drift| text!("run-no-event-had-told", records = drift)),
        counts: if preview.is_none() { counts(|action| tally(row.outcomes, action)) } else { Vec::new() },
        preview,
    })
}

pub(super) async fn cancel(
    State(state): State<AppState>,
    Acting { by, found }: Acting,
    Path((_, id)): Path<(Uuid, String)>,
    session: Session,
) -> Result<Redirect, PageError> {
    let cancelled = state.core.cancel_run(&found, named(&id)?, &by.actor()).await;
    let done = cancelled.map(|()| text!("run-the-run-is-cancelled").to_owned());
    flash::back(&session, &format!("/installations/{}", found.id), done).await
}

pub(super) async fn rows(
    State(state): State<AppState>,
    Looking { found, .. }: Looking,
    Path((_, id)): Path<(Uuid, String)>,
) -> Result<Response, PageError> {
    Ok(preview_csv::answer(Arc::clone(&state.core), found.scope(), named(&id)?).await?)
}

fn named(id: &str) -> Result<Uuid, PageError> {
    Uuid::parse_str(id).map_err(|_| PageError::NotFound)
}

impl Run {
    pub(super) fn of(row: &RunRow, now: i64) -> Self {
        let tone = match row.state {
            RunState::Running => "work",
            RunState::Finished => "good",
            RunState::Cancelled => "rest",
            RunState::Failed => "bad",
        };
        Self {
            id: row.id,
            name: words::run(row.kind),
            state: Badge::new(tone, words::run_state(row.state)),
            progress: row.progress.map(sentence),
            may_cancel: row.state == RunState::Running,
            seen: grouped(row.seen),
            marked: grouped(row.marked),
            started: Moment::new(row.started_at, now),
            is_over: row.finished_at.is_some(),
            finished: row.finished_at.map(|at| Moment::new(at, now)),
        }
    }
}

/// Where a run is: "1,200 of 2,000 done, 600 a minute, about 2 minutes left".
fn sentence(progress: Progress) -> String {
    let Some(total) = progress.total else { return text!("run-counting", done = progress.done) };
    let mut text = text!("run-done-of-total-done", done = progress.done, total);
    if let (Some(pace), Some(left)) = (progress.per_minute, progress.remaining_seconds) {
        text = text!("run-with-pace", text, pace = format!("{pace:.0}"), left = about(left));
    }
    text
}

fn about(seconds: u64) -> String {
    match seconds {
        ..MINUTE_SECONDS => text!("run-less-than-a-minute").to_owned(),
        MINUTE_SECONDS..HOUR_SECONDS => {
            text!("run-about-minutes", count = seconds.div_ceil(MINUTE_SECONDS))
        }
        _ => text!("run-about-hours", count = seconds.div_ceil(HOUR_SECONDS)),
    }
}

/// What a preview found; none where it is no longer kept.
async fn preview(core: &Core, found: &Installation, row: &RunRow) -> Result<Option<Preview>, PageError> {
    let report = match core.preview_report(found.scope(), row.id).await {
        Ok(report) => report,
        Err(error) => {
            let words = flash::in_words(error)?;
            return Ok(Some(Preview { sides: Vec::new(), reasons: Vec::new(), no_examples: Some(words) }));
        }
    };
    // Examples are read at both providers: not again and again while the preview is still being made.
    let examples = match row.finished_at {
        Some(_) => core.preview_examples(found, row.id).await,
        None => Ok(Vec::new()),
    };
    let (examples, no_examples) = match examples {
        Ok(examples) => (examples, None),
        Err(error) => (Vec::new(), Some(flash::in_words(error)?)),
    };
    let reasons = report.reasons.iter();
    Ok(Some(Preview {
        sides: vec![
            side(text!("run-contacts-in-hubspot"), Side::Contact, report.contact, &examples),
            side(text!("run-users-in-storeganise"), Side::User, report.user, &examples),
        ],
        reasons: reasons.map(|(reason, n)| (words::explain(reason).text(), grouped(*n))).collect(),
        no_examples,
    }))
}

fn side(name: &'static str, side: Side, found: SideCounts, examples: &[Found]) -> SideShown {
    let examples = examples.iter().filter(|example| example.side == side);
    SideShown {
        name,
        counts: counts(|action| found.of(action)),
        refused: grouped(found.refused),
        examples: examples.map(example).collect(),
    }
}

fn example(found: &Found) -> Example {
    let side = if found.side == Side::Contact { &found.row.contact } else { &found.row.user };
    Example {
        action: Badge::new(words::tone(found.action), words::outcome(found.action)),
        user_id: found.row.user_id.clone(),
        contact_id: found.row.contact_id.clone(),
        deal_id: found.row.deal_id.clone(),
        reason: found.row.reason.as_deref().map(|reason| words::explain(reason).text()),
        refused: side.refused.join(", "),
        fields: found.fields.clone(),
    }
}

fn counts(of: impl Fn(Action) -> u64) -> Vec<Count> {
    let shown = ACTIONS.into_iter().map(|action| Count {
        action: Badge::new(words::tone(action), words::outcome(action)),
        records: grouped(of(action)),
    });
    shown.collect()
}

fn tally(tally: Tally, action: Action) -> u64 {
    match action {
        Action::Created => tally.created,
        Action::Updated => tally.updated,
        Action::Unchanged => tally.unchanged,
        Action::Skipped | Action::Erased => tally.skipped,
        Action::Conflicted => tally.conflicted,
        Action::Failed => tally.failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_says_where_it_is_and_how_long_it_takes() {
        let counting = Progress { done: 100, ..Progress::default() };
        assert_eq!(sentence(counting), "counting, 100 done");
        let begun = Progress { done: 100, total: Some(2_000), ..Progress::default() };
        assert_eq!(sentence(begun), "100 of 2,000 done");
        let working = Progress { per_minute: Some(600.4), remaining_seconds: Some(190), ..begun };
        assert_eq!(sentence(working), "100 of 2,000 done, 600 a minute, about 4 minutes left");
    }

    #[test]
    fn a_duration_is_told_in_the_unit_people_would_use() {
        for (seconds, expected) in [
            (3, "less than a minute"),
            (60, "about 1 minute"),
            (3_599, "about 60 minutes"),
            (7_201, "about 3 hours"),
        ] {
            assert_eq!(about(seconds), expected);
        }
    }
}
