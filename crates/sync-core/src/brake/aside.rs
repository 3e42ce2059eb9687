//! Setting changes aside, and deciding about all of them once everything that is due has been looked at. All of it
//! happens in the transaction of a batch's write-back, so that a crash finds either all or nothing.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, DatabaseTransaction, DbErr, EntityTrait as _, QueryFilter as _,
    sea_query::{Expr, OnConflict},
};

use super::{BrakeState, NEVER_PERCENT, RowState, is_too_many, measure};
use crate::{
    core::Core,
    error::Error,
    installation::Scope,
    queue::change::{ASIDE_UNTIL, Subject, Taken, at_generation},
    record::done::Done,
    storage::entity::{brake, brake_row, change, link},
    turn::Turn,
};

/// Rows in one statement: below SQLite's limit on bound values.
const ROWS_PER_STATEMENT: usize = 500;
/// The cause of a change that was set aside.
const CAUSE: &str = "brake";

/// A record that was decided, and is not written until it is known how many there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Aside {
    /// The id of what was looked at.
    pub id: String,
    /// The user that would be changed, or whose contact.
    pub user_id: String,
    /// The names of the fields that would be written.
    pub fields: Vec<String>,
    /// The user's own time of its last update: no sweep need mark it again.
    pub user_updated: Option<i64>,
}

impl Core {
    /// Records what a batch changed and what it set aside, then decides about the whole where that is possible.
    pub(crate) async fn record_brake(
        &self,
        on: &DatabaseTransaction,
        turn: &Turn,
        subject: Subject,
        done: &Done,
    ) -> Result<(), Error> {
        if !matches!(subject, Subject::User | Subject::Deal) {
            return Ok(());
        }
        let (scope, now) = (turn.scope(), self.now_micros());
        note_changed(on, scope, &done.changed, now).await?;
        let known = measure::brake_of(on, scope).await?;
        if known.is_none() && done.aside.is_empty() {
            return Ok(());
        }
        let (aside, worked): (Vec<&Taken>, Vec<&Taken>) =
            done.settled.iter().partition(|taken| done.is_aside(&taken.id));
        forget_rows(on, scope, subject, &worked).await?;
        if !aside.is_empty() {
            put_aside(on, scope, subject, &aside).await?;
            keep_rows(on, scope, subject, &done.aside).await?;
            let is_on = known.is_some_and(|brake| state_of(&brake).is_on());
            if !is_on {
                self.begin(on, scope).await?;
            }
        }
        self.decide(on, turn).await
    }

    /// Decides where the last that was due went away without being looked at.
    pub(crate) async fn settle_brake(&self, turn: &Turn) -> Result<(), Error> {
        let known = measure::brake_of(self.db().reader(), turn.scope()).await?;
        if known.is_none_or(|brake| state_of(&brake) != BrakeState::Counting) {
            return Ok(());
        }
        let transaction = self.fenced(&turn.lease).await?;
        self.decide(&transaction, turn).await?;
        Ok(transaction.commit().await?)
    }

    async fn begin(&self, on: &DatabaseTransaction, scope: Scope) -> Result<(), Error> {
        let now = self.now_micros();
        let window = measure::window(on, scope, now).await?;
        let row = brake::ActiveModel {
            installation_id: Set(scope.id()),
            state: Set(BrakeState::Counting.word().to_owned()),
            would_change: Set(0),
            linked: Set(0),
            run_id: Set(window.run_id),
            held_at: Set(now),
            decided_at: Set(None),
        };
        let again = OnConflict::column(brake::Column::InstallationId)
            .update_columns([
                brake::Column::State,
                brake::Column::WouldChange,
                brake::Column::Linked,
                brake::Column::RunId,
                brake::Column::HeldAt,
                brake::Column::DecidedAt,
            ])
            .to_owned();
        brake::Entity::insert(row).on_conflict(again).exec_without_returning(on).await?;
        Ok(())
    }

    /// Too many: held. Few enough, and nothing more is due: all goes on. Neither: it goes on counting.
    async fn decide(&self, on: &DatabaseTransaction, turn: &Turn) -> Result<(), Error> {
        let (scope, now) = (turn.scope(), self.now_micros());
        let Some(brake) = measure::brake_of(on, scope).await? else { return Ok(()) };
        let state = state_of(&brake);
        if !state.is_on() {
            return Ok(());
        }
        let waiting = measure::waiting(on, scope).await?;
        if waiting == 0 {
            brake::Entity::delete_by_id(scope.id()).exec(on).await?;
            return Ok(());
        }
        let linked = measure::linked(on, scope).await?;
        let window = measure::window(on, scope, now).await?;
        let changes = waiting + measure::written_count(on, scope, window.since).await?;
        let percent = turn.installation.settings.brake_percent;
        let next = if state == BrakeState::Held || is_too_many(changes, linked, percent) {
            BrakeState::Held
        } else if percent >= NEVER_PERCENT || measure::due_count(on, scope, now).await? == 0 {
            let_go(on, scope, RowState::Below, now).await?;
            BrakeState::Passed
        } else {
            BrakeState::Counting
        };
        if next == BrakeState::Held && state == BrakeState::Counting {
            metrics::counter!("annex_brakes_total").increment(1);
            tracing::warn!(
                installation.id = %scope.id(),
                records = waiting,
                linked,
                "too many linked records would change: a person is asked"
            );
        }
        let row = brake::ActiveModel {
            installation_id: Set(scope.id()),
            state: Set(next.word().to_owned()),
            would_change: Set(i64::try_from(waiting).unwrap_or(i64::MAX)),
            linked: Set(i64::try_from(linked).unwrap_or(i64::MAX)),
            ..Default::default()
        };
        brake::Entity::update(row).exec(on).await?;
        Ok(())
    }
}

pub(super) fn state_of(brake: &brake::Model) -> BrakeState {
    BrakeState::from_word(&brake.state).unwrap_or(BrakeState::Off)
}

/// Lets everything that waits go on: it is due now, and the gate knows it.
pub(super) async fn let_go(
    on: &DatabaseTransaction,
    scope: Scope,
    state: RowState,
    now: i64,
) -> Result<(), DbErr> {
    brake_row::Entity::update_many()
        .col_expr(brake_row::Column::State, Expr::value(state.word()))
        .filter(brake_row::Column::InstallationId.eq(scope.id()))
        .filter(brake_row::Column::State.eq(RowState::Waiting.word()))
        .exec(on)
        .await?;
    change::Entity::update_many()
        .col_expr(change::Column::DueAt, Expr::value(now))
        .col_expr(change::Column::Cause, Expr::value(Option::<String>::None))
        .filter(change::Column::InstallationId.eq(scope.id()))
        .filter(change::Column::Cause.eq(CAUSE))
        .filter(change::Column::DueAt.eq(ASIDE_UNTIL))
        .exec(on)
        .await?;
    Ok(())
}

/// Notes when links were last changed.
async fn note_changed(
    on: &DatabaseTransaction,
    scope: Scope,
    users: &[String],
    now: i64,
) -> Result<(), DbErr> {
    for ids in users.chunks(ROWS_PER_STATEMENT) {
        link::Entity::update_many()
            .col_expr(link::Column::ChangedAt, Expr::value(now))
            .filter(link::Column::InstallationId.eq(scope.id()))
            .filter(link::Column::UserId.is_in(ids))
            .exec(on)
            .await?;
    }
    Ok(())
}

/// Forgets records that were worked after all.
pub(super) async fn forget_rows(
    on: &DatabaseTransaction,
    scope: Scope,
    subject: Subject,
    worked: &[&Taken],
) -> Result<(), DbErr> {
    for chunk in worked.chunks(ROWS_PER_STATEMENT) {
        brake_row::Entity::delete_many()
            .filter(brake_row::Column::InstallationId.eq(scope.id()))
            .filter(brake_row::Column::Subject.eq(subject.word()))
            .filter(brake_row::Column::SubjectId.is_in(chunk.iter().map(|taken| taken.id.as_str())))
            .exec(on)
            .await?;
    }
    Ok(())
}

/// Changes that were marked again meanwhile stay due.
async fn put_aside(
    on: &DatabaseTransaction,
    scope: Scope,
    subject: Subject,
    aside: &[&Taken],
) -> Result<(), DbErr> {
    change::Entity::update_many()
        .col_expr(change::Column::DueAt, Expr::value(ASIDE_UNTIL))
        .col_expr(change::Column::Cause, Expr::value(CAUSE))
        .filter(change::Column::InstallationId.eq(scope.id()))
        .filter(change::Column::Subject.eq(subject.word()))
        .filter(at_generation(aside))
        .exec(on)
        .await?;
    Ok(())
}

async fn keep_rows(
    on: &DatabaseTransaction,
    scope: Scope,
    subject: Subject,
    aside: &[Aside],
) -> Result<(), DbErr> {
    let key = [brake_row::Column::InstallationId, brake_row::Column::Subject, brake_row::Column::SubjectId];
    let kept = [brake_row::Column::UserId, brake_row::Column::Fields, brake_row::Column::State];
    for chunk in aside.chunks(ROWS_PER_STATEMENT) {
        let rows = chunk.iter().map(|aside| brake_row::ActiveModel {
            installation_id: Set(scope.id()),
            subject: Set(subject.word().to_owned()),
            subject_id: Set(aside.id.clone()),
            user_id: Set(aside.user_id.clone()),
            fields: Set(aside.fields.join(",")),
            state: Set(RowState::Waiting.word().to_owned()),
        });
        let again = OnConflict::columns(key).update_columns(kept).to_owned();
        brake_row::Entity::insert_many(rows).on_conflict(again).exec_without_returning(on).await?;
    }
    for aside in aside.iter().filter(|aside| aside.user_updated.is_some()) {
        link::Entity::update_many()
            .col_expr(link::Column::UserUpdated, Expr::value(aside.user_updated))
            .filter(link::Column::InstallationId.eq(scope.id()))
            .filter(link::Column::UserId.eq(aside.user_id.as_str()))
            .exec(on)
            .await?;
    }
    Ok(())
}
