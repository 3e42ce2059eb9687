//! A run's row: how far it came, what came of it, and when it is over.

use std::collections::{BTreeMap, HashMap, HashSet};

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DatabaseTransaction, EntityTrait as _,
    QueryFilter as _, QueryOrder as _, sea_query::Expr,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::cursor::{Cursor, Phase};
use crate::{
    core::Core,
    error::Error,
    installation::Scope,
    queue::{change::Subject, lease::Lease, of_run::is_pending_of_run, outcome::Action},
    record::done::Done,
    storage::entity::run,
    views::runs::{RunKind, RunState},
};

/// What a run has counted so far, kept as JSON.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Counts {
    /// Records marked to be looked at again.
    pub marked: u64,
    /// What came of those it alone asked for.
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub skipped: u64,
    pub conflicted: u64,
    pub failed: u64,
}

impl Counts {
    fn add(&mut self, action: Action) {
        let count = match action {
            Action::Created => &mut self.created,
            Action::Updated => &mut self.updated,
            Action::Unchanged => &mut self.unchanged,
            // A run asks for nobody to be erased.
            Action::Skipped | Action::Erased => &mut self.skipped,
            Action::Conflicted => &mut self.conflicted,
            Action::Failed => &mut self.failed,
        };
        *count += 1;
    }
}

/// A run that goes on.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub id: Uuid,
    pub kind: RunKind,
    /// In microseconds since 1970.
    pub started_at: i64,
    /// None before its first step.
    pub cursor: Option<Cursor>,
    pub counts: Counts,
    /// Records found by the run; known once it has found everything.
    pub total: Option<i64>,
}

impl Run {
    pub(crate) fn from_row(row: &run::Model) -> Result<Self, Error> {
        Ok(Self {
            id: row.id,
            kind: RunKind::from_word(&row.kind).ok_or(Error::Corrupt("run kind"))?,
            started_at: row.started_at,
            cursor: cursor_of(row)?,
            counts: counts_of(row)?,
            total: row.total,
        })
    }

    pub(crate) fn phase(&self) -> Phase {
        self.cursor.as_ref().map_or(Phase::Users, |cursor| cursor.phase)
    }

    /// Whether it is a reconcile that has not read anything yet.
    pub(crate) fn is_reconcile_to_begin(&self) -> bool {
        self.kind == RunKind::Reconcile && self.cursor.is_none()
    }

    /// Whether the sweep has steps to make for it: a preview to its end, the others until all is found.
    fn needs_steps(&self) -> bool {
        self.kind == RunKind::Preview || self.phase() != Phase::Work
    }
}

pub(crate) fn cursor_of(row: &run::Model) -> Result<Option<Cursor>, Error> {
    let read = |text: &String| serde_json::from_str(text).map_err(|_| Error::Corrupt("run cursor"));
    row.cursor.as_ref().map(read).transpose()
}

pub(crate) fn counts_of(row: &run::Model) -> Result<Counts, Error> {
    serde_json::from_str(&row.counts).map_err(|_| Error::Corrupt("run counts"))
}

/// The row of a run that begins.
pub(crate) fn new_run(id: Uuid, scope: Scope, kind: RunKind, now: i64) -> run::ActiveModel {
    run::ActiveModel {
        id: Set(id),
        installation_id: Set(scope.id()),
        kind: Set(kind.word().to_owned()),
        state: Set(RunState::Running.word().to_owned()),
        cursor: Set(None),
        done: Set(0),
        total: Set(None),
        counts: Set(json(&Counts::default())),
        started_at: Set(now),
        finished_at: Set(None),
        reason: Set(None),
    }
}

/// The runs that go on, the one begun first coming first.
pub(crate) async fn running(on: &impl ConnectionTrait, scope: Scope) -> Result<Vec<Run>, Error> {
    let rows = run::Entity::find()
        .filter(run::Column::InstallationId.eq(scope.id()))
        .filter(run::Column::State.eq(RunState::Running.word()))
        .order_by_asc(run::Column::Id)
        .all(on)
        .await?;
    rows.iter().map(Run::from_row).collect()
}

/// Those of these runs that a person called off.
pub(crate) async fn called_off(
    on: &impl ConnectionTrait,
    scope: Scope,
    runs: HashSet<Uuid>,
) -> Result<Vec<Uuid>, Error> {
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    let rows = run::Entity::find()
        .filter(run::Column::InstallationId.eq(scope.id()))
        .filter(run::Column::Id.is_in(runs))
        .filter(run::Column::State.eq(RunState::Cancelled.word()))
        .all(on)
        .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Those of them that the sweep makes steps for.
pub(crate) async fn stepping(on: &impl ConnectionTrait, scope: Scope) -> Result<Vec<Run>, Error> {
    let runs = running(on, scope).await?;
    Ok(runs.into_iter().filter(Run::needs_steps).collect())
}

/// Writes down how far a run has come; false where it was cancelled meanwhile, and the step must not count.
pub(crate) async fn save(on: &DatabaseTransaction, scope: Scope, run: &Run) -> Result<bool, Error> {
    let cursor = run.cursor.as_ref();
    let listed = cursor.map_or(0, |cursor| cursor.users.listed + cursor.deals.listed);
    let saved = run::Entity::update_many()
        .col_expr(run::Column::Cursor, Expr::value(cursor.map(json)))
        .col_expr(run::Column::Counts, Expr::value(json(&run.counts)))
        .col_expr(run::Column::Done, Expr::value(i64::try_from(listed).unwrap_or(i64::MAX)))
        .col_expr(run::Column::Total, Expr::value(run.total))
        .filter(run::Column::InstallationId.eq(scope.id()))
        .filter(run::Column::Id.eq(run.id))
        .filter(run::Column::State.eq(RunState::Running.word()))
        .exec(on)
        .await?;
    Ok(saved.rows_affected > 0)
}

/// Ends a run that goes on; false where it was over already.
pub(crate) async fn end(
    on: &DatabaseTransaction,
    scope: Scope,
    run: Uuid,
    (state, reason): (RunState, Option<&str>),
    now: i64,
) -> Result<bool, Error> {
    let ended = run::Entity::update_many()
        .col_expr(run::Column::State, Expr::value(state.word()))
        .col_expr(run::Column::Reason, Expr::value(reason))
        .col_expr(run::Column::FinishedAt, Expr::value(now))
        .filter(run::Column::InstallationId.eq(scope.id()))
        .filter(run::Column::Id.eq(run))
        .filter(run::Column::State.eq(RunState::Running.word()))
        .exec(on)
        .await?;
    Ok(ended.rows_affected > 0)
}

/// Counts what came of the changes that runs asked for. What a reconcile finds and has to write was lost on the
/// way to us: that is counted for the operator, too.
pub(crate) async fn tally(
    on: &DatabaseTransaction,
    scope: Scope,
    subject: Subject,
    done: &Done,
) -> Result<(), Error> {
    let worked = done.settled.iter().chain(done.failed.iter().map(|(taken, _)| taken));
    let owners: HashMap<&str, Uuid> =
        worked.filter_map(|taken| Some((taken.id.as_str(), taken.run_id?))).collect();
    let mut actions: BTreeMap<Uuid, Vec<Action>> = BTreeMap::new();
    for outcome in done.outcomes.iter().filter(|outcome| outcome.subject == subject) {
        if let Some(run) = owners.get(outcome.id.as_str()) {
            actions.entry(*run).or_default().push(outcome.action);
        }
    }
    for (id, actions) in actions {
        let found =
            run::Entity::find_by_id(id).filter(run::Column::InstallationId.eq(scope.id())).one(on).await?;
        let Some(row) = found else { continue };
        let mut counts = counts_of(&row)?;
        for action in actions {
            counts.add(action);
            let is_drift = row.kind == RunKind::Reconcile.word();
            if is_drift && matches!(action, Action::Created | Action::Updated) {
                metrics::counter!("annex_drift_total").increment(1);
            }
        }
        run::Entity::update_many()
            .col_expr(run::Column::Counts, Expr::value(json(&counts)))
            .filter(run::Column::InstallationId.eq(scope.id()))
            .filter(run::Column::Id.eq(id))
            .exec(on)
            .await?;
    }
    Ok(())
}

impl Core {
    /// Ends the runs of which everything that was found is worked.
    pub(crate) async fn finish_worked_runs(&self, lease: &Lease) -> Result<(), Error> {
        let scope = lease.scope();
        for run in running(self.db().reader(), scope).await?.iter().filter(|run| !run.needs_steps()) {
            if is_pending_of_run(self.db().reader(), scope, run.id).await? {
                continue;
            }
            let transaction = self.fenced(lease).await?;
            if !is_pending_of_run(&transaction, scope, run.id).await? {
                end(&transaction, scope, run.id, (RunState::Finished, None), self.now_micros()).await?;
                transaction.commit().await?;
            }
        }
        Ok(())
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("cursors and counts are plain data")
}
