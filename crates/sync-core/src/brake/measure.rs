//! How much is due, how much was written lately, how much there is. Each count names its scope.

use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _, Select, sea_query::SelectStatement,
};
use uuid::Uuid;

use super::{BURST_MICROS, CHANGES_MIN, RowState, is_too_many};
use crate::{
    installation::Scope,
    queue::change::{Lane, Subject},
    storage::entity::{brake, brake_row, change, link, run},
};

/// What may change linked records.
const SUBJECTS: [Subject; 2] = [Subject::User, Subject::Deal];

/// Since when a change counts, and the run it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub since: i64,
    pub run_id: Option<Uuid>,
}

pub(super) async fn brake_of(on: &impl ConnectionTrait, scope: Scope) -> Result<Option<brake::Model>, DbErr> {
    brake::Entity::find_by_id(scope.id()).one(on).await
}

/// Whether what is due and what was written lately could be too many. Where both are few, as they are nearly always,
/// nothing is counted to its end.
pub(super) async fn could_be_too_many(
    on: &impl ConnectionTrait,
    scope: Scope,
    now: i64,
    percent: u32,
) -> Result<bool, DbErr> {
    let mut few = written(scope, now - BURST_MICROS)
        .select_only()
        .column(link::Column::UserId)
        .limit(CHANGES_MIN)
        .into_tuple::<String>()
        .all(on)
        .await?
        .len();
    for subject in SUBJECTS {
        let due = due(scope, subject, now).select_only().column(change::Column::SubjectId).limit(CHANGES_MIN);
        few += due.into_tuple::<String>().all(on).await?.len();
    }
    if (few as u64) < CHANGES_MIN {
        return Ok(false);
    }
    let window = window(on, scope, now).await?;
    let changes = due_count(on, scope, now).await? + written(scope, window.since).count(on).await?;
    Ok(is_too_many(changes, linked(on, scope).await?, percent))
}

/// A burst counts by the hour. Where work of a run is pending, everything counts since that run began.
pub(super) async fn window(on: &impl ConnectionTrait, scope: Scope, now: i64) -> Result<Window, DbErr> {
    let burst = Window { since: now - BURST_MICROS, run_id: None };
    let marked: Option<i64> = change::Entity::find()
        .select_only()
        .column_as(change::Column::MarkedAt.min(), "marked")
        .filter(change::Column::InstallationId.eq(scope.id()))
        .filter(change::Column::Subject.is_in(SUBJECTS.map(Subject::word)))
        .filter(change::Column::ParkedAt.is_null())
        .filter(change::Column::Lane.eq(Lane::Bulk.number()))
        .into_tuple::<Option<i64>>()
        .one(on)
        .await?
        .flatten();
    let Some(marked) = marked else { return Ok(burst) };
    let of_run = run::Entity::find()
        .filter(run::Column::InstallationId.eq(scope.id()))
        .filter(run::Column::StartedAt.lte(marked))
        .order_by_desc(run::Column::Id)
        .one(on)
        .await?;
    Ok(of_run.map_or(burst, |run| Window {
        since: Ord::min(burst.since, run.started_at - 1),
        run_id: Some(run.id),
    }))
}

/// Changes that are due and may change linked records, but for those a person has let through.
pub(super) async fn due_count(on: &impl ConnectionTrait, scope: Scope, now: i64) -> Result<u64, DbErr> {
    let mut count = 0;
    for subject in SUBJECTS {
        count += due(scope, subject, now).count(on).await?;
    }
    Ok(count)
}

pub(super) async fn linked(on: &impl ConnectionTrait, scope: Scope) -> Result<u64, DbErr> {
    link::Entity::find().filter(link::Column::InstallationId.eq(scope.id())).count(on).await
}

pub(super) async fn waiting(on: &impl ConnectionTrait, scope: Scope) -> Result<u64, DbErr> {
    rows(scope, RowState::Waiting).count(on).await
}

/// Links changed since then whose users do not wait again.
pub(super) async fn written_count(on: &impl ConnectionTrait, scope: Scope, since: i64) -> Result<u64, DbErr> {
    let waiting = column(rows(scope, RowState::Waiting), brake_row::Column::UserId);
    written(scope, since).filter(link::Column::UserId.not_in_subquery(waiting)).count(on).await
}

pub(super) fn rows(scope: Scope, state: RowState) -> Select<brake_row::Entity> {
    brake_row::Entity::find()
        .filter(brake_row::Column::InstallationId.eq(scope.id()))
        .filter(brake_row::Column::State.eq(state.word()))
}

fn written(scope: Scope, since: i64) -> Select<link::Entity> {
    link::Entity::find()
        .filter(link::Column::InstallationId.eq(scope.id()))
        .filter(link::Column::ChangedAt.gt(since))
}

fn due(scope: Scope, subject: Subject, now: i64) -> Select<change::Entity> {
    let released = rows(scope, RowState::Released).filter(brake_row::Column::Subject.eq(subject.word()));
    change::Entity::find()
        .filter(change::Column::InstallationId.eq(scope.id()))
        .filter(change::Column::Subject.eq(subject.word()))
        .filter(change::Column::ParkedAt.is_null())
        .filter(change::Column::DueAt.lte(now))
        .filter(change::Column::SubjectId.not_in_subquery(column(released, brake_row::Column::SubjectId)))
}

fn column(rows: Select<brake_row::Entity>, column: brake_row::Column) -> SelectStatement {
    rows.select_only().column(column).into_query()
}
