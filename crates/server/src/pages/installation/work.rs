//! Buttons that ask for work or for an answer, and change nothing about the installation itself.

use axum::{Form, extract::State, response::Redirect};
use serde::Deserialize;
use sync_core::{error::Error, queue::change::Subject, views::runs::RunKind};
use tower_sessions::Session;

use crate::{
    app::AppState,
    pages::{
        error::PageError,
        failures::{Wish, replayed},
        flash,
        visitor::{Acting, ActingStaff, CurrentInstallation},
    },
};
use text::text;

#[derive(Deserialize)]
pub(super) struct RunWish {
    #[serde(default)]
    kind: String,
}

#[derive(Deserialize)]
pub(super) struct ReplayWish {
    #[serde(default)]
    subject: String,
    #[serde(default)]
    subject_id: String,
}

pub(super) async fn begin_run(
    State(state): State<AppState>,
    Acting { by, found }: Acting,
    session: Session,
    Form(wish): Form<RunWish>,
) -> Result<Redirect, PageError> {
    let kind = RunKind::from_word(&wish.kind).ok_or(PageError::NotFound)?;
    let done = match kind {
        RunKind::Backfill => text!("work-all-users-are-being"),
        RunKind::Reconcile => text!("work-missed-changes-are-being"),
        RunKind::Preview => text!("work-a-preview-is-being"),
    };
    let begun = state.core.begin_run(&found, kind, &by.actor()).await;
    flash::back(&session, &format!("/installations/{}", found.id), begun.map(|_| done.to_owned())).await
}

pub(super) async fn check_connection(
    State(state): State<AppState>,
    Acting { by, found }: Acting,
    session: Session,
) -> Result<Redirect, PageError> {
    let checked = state.core.check_connection(&found, &by.actor()).await;
    let done = checked.map(|()| text!("work-the-refresh-token-works").to_owned());
    flash::back(&session, &format!("/installations/{}", found.id), done).await
}

pub(super) async fn ask_storeganise(
    State(state): State<AppState>,
    _staff: ActingStaff,
    CurrentInstallation(found): CurrentInstallation,
    session: Session,
) -> Result<Redirect, PageError> {
    let asked = state.core.poll_addon(&found).await.map(|found| {
        text!(
            "work-storeganise-says-that-the",
            addon_state = found.addon_state.as_deref().unwrap_or(text!("work-not-known"))
        )
    });
    flash::back(&session, &format!("/installations/{}", found.id), asked).await
}

pub(super) async fn replay(
    State(state): State<AppState>,
    Acting { by, found }: Acting,
    session: Session,
    Form(wish): Form<ReplayWish>,
) -> Result<Redirect, PageError> {
    let subject = Subject::from_word(&wish.subject).filter(|subject| *subject != Subject::Erasure);
    let subject = subject.ok_or(PageError::NotFound)?;
    let replayed = state.core.replay(found.scope(), subject, &wish.subject_id, &by.actor()).await;
    let done = replayed.map(|()| text!("work-the-change-is-being").to_owned());
    flash::back(&session, &activity_of(found.id), done).await
}

pub(super) async fn replay_all(
    State(state): State<AppState>,
    Acting { by, found }: Acting,
    session: Session,
) -> Result<Redirect, PageError> {
    let replayed: Result<u64, Error> = state.core.replay_parked(found.scope(), &by.actor()).await;
    let done = replayed.map(|count| match count {
        0 => text!("work-nothing-had-failed-so").to_owned(),
        count => text!("work-failed-changes-are-being", count),
    });
    flash::back(&session, &activity_of(found.id), done).await
}

pub(super) async fn replay_cause(
    State(state): State<AppState>,
    Acting { by, found }: Acting,
    session: Session,
    Form(wish): Form<Wish>,
) -> Result<Redirect, PageError> {
    let done = replayed(&state.core, Some(found.scope()), &wish, &by.actor()).await?;
    flash::back(&session, &activity_of(found.id), done).await
}

fn activity_of(id: uuid::Uuid) -> String {
    format!("/installations/{id}/activity")
}
