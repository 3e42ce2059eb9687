//! Runs: sweeps over an installation's records, how far they came, asking for one and calling one off.

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use text::text;
use uuid::Uuid;

use super::{Page, bounded};
use crate::{
    access::audit::{Actor, Entry},
    core::Core,
    error::Error,
    installation::{Installation, Scope},
    preview::rows,
    queue::{
        change::{Mark, Origin, Subject, mark_in},
        lease::lock,
        of_run::{drop_some_of_run, pending_of_run},
    },
    storage::entity::{installation, run},
    sweep::{
        cursor::{Cursor, Phase},
        move_cursors,
        run::{Counts, counts_of, cursor_of, end, new_run, running},
    },
};

/// What a run goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunKind {
    /// Every user of the business.
    Backfill,
    /// What changed since the last sweep.
    Reconcile,
    /// Every user of the business, and nothing is written: it says what a backfill would do.
    Preview,
}

impl RunKind {
    /// The word stored, shown and sent in the JSON API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Backfill => "backfill",
            Self::Reconcile => "reconcile",
            Self::Preview => "preview",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Backfill, Self::Reconcile, Self::Preview].into_iter().find(|kind| kind.word() == word)
    }
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// It goes on with the next turn.
    Running,
    /// It went through everything, and all it found is worked.
    Finished,
    /// A person called it off.
    Cancelled,
    /// A provider refused it again and again.
    Failed,
}

impl RunState {
    /// The word stored, shown and sent in the JSON API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Running, Self::Finished, Self::Cancelled, Self::Failed]
            .into_iter()
            .find(|state| state.word() == word)
    }
}

/// A run as it is shown.
#[derive(Debug, Clone)]
pub struct RunRow {
    /// Its id; newer ones sort later.
    pub id: Uuid,
    /// What it goes through.
    pub kind: RunKind,
    /// How far it is.
    pub state: RunState,
    /// Records seen so far.
    pub seen: u64,
    /// Records marked to be looked at again.
    pub marked: u64,
    /// What came of those it alone asked for; of a preview, see its report.
    pub outcomes: Tally,
    /// How far it is, while it goes on.
    pub progress: Option<Progress>,
    /// When it began, in microseconds since 1970.
    pub started_at: i64,
    /// When it ended.
    pub finished_at: Option<i64>,
    /// Why it failed, as a code.
    pub reason: Option<String>,
}

/// What came of the records of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// A record was made on the other side.
    pub created: u64,
    /// The other side's record was changed.
    pub updated: u64,
    /// Both sides agreed already.
    pub unchanged: u64,
    /// It is not synced, for a reason.
    pub skipped: u64,
    /// A person has to decide.
    pub conflicted: u64,
    /// It was refused.
    pub failed: u64,
}

/// How far a run is that goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Progress {
    /// Records done with.
    pub done: u64,
    /// Records there are; none while they are still being counted.
    pub total: Option<u64>,
    /// Records a minute, since all were counted.
    pub per_minute: Option<f64>,
    /// Seconds until it is over, at that pace.
    pub remaining_seconds: Option<u64>,
}

impl RunRow {
    /// What a reconcile found and had to write: each is an event that was lost, or a fault.
    #[must_use]
    pub fn drift(&self) -> u64 {
        if self.kind == RunKind::Reconcile { self.outcomes.created + self.outcomes.updated } else { 0 }
    }
}

impl Core {
    /// Begins a run: its id. A reconcile comes behind the one that goes on, whose reading may be over; where nothing may be
    /// synced just now it has none, and only the add-on's state is asked for.
    ///
    /// # Errors
    /// [`Error::NotNow`] where a backfill or a preview is going on already, or the installation is not ready for it.
    pub async fn begin_run(
        &self,
        installation: &Installation,
        kind: RunKind,
        by: &Actor,
    ) -> Result<Option<Uuid>, Error> {
        let (scope, now) = (installation.scope(), self.now_micros());
        if kind == RunKind::Backfill && !installation.may_work() {
            return Err(Error::NotNow(text!("refused-a-backfill-needs-the").to_owned()));
        }
        if kind == RunKind::Preview && !self.may_preview(installation).await? {
            return Err(Error::NotNow(text!("refused-a-preview-needs-hubspot").to_owned()));
        }
        let may_sync = self.may_sync(installation).await?;
        let transaction = self.db().begin().await?;
        // It locks the lease's row: of two who ask at once, the second one sees the first one's run.
        mark_in(&transaction, &[Mark::new(scope, Subject::Sweep, "", Origin::Person)], now).await?;
        let others = running(&transaction, scope).await?;
        for run in &others {
            let already = match run.kind {
                RunKind::Backfill => text!("refused-users-are-being-synced"),
                RunKind::Preview => text!("refused-a-preview-is-being"),
                RunKind::Reconcile => continue,
            };
            return Err(Error::NotNow(already.to_owned()));
        }
        let begun = if kind != RunKind::Reconcile {
            let id = self.random().uuid(self.clock().now());
            let row = new_run(id, scope, kind, now);
            run::Entity::insert(row).exec_without_returning(&transaction).await?;
            Some(id)
        } else if let Some(waits) = others.iter().find(|run| run.is_reconcile_to_begin()) {
            Some(waits.id)
        } else if may_sync {
            Some(self.insert_reconcile(&transaction, installation).await?)
        } else {
            None
        };
        let action = format!("run.{}", kind.word());
        self.audit(&transaction, &Entry::about(by, installation.id, action)).await?;
        transaction.commit().await?;
        self.wake();
        Ok(begun)
    }

    /// Calls a run off. What it alone asked for and nobody has worked is dropped; what somebody waits for stays, and
    /// what is done stays done. The next sweep begins where the one before the run had ended.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the installation has no such run, [`Error::NotNow`] where it is over.
    pub async fn cancel_run(&self, installation: &Installation, id: Uuid, by: &Actor) -> Result<(), Error> {
        let (scope, now) = (installation.scope(), self.now_micros());
        // Counting a million takes a while, too: not under the lock.
        let dropped = pending_of_run(self.db().reader(), scope, id).await?;
        let transaction = self.db().begin().await?;
        mark_in(&transaction, &[Mark::new(scope, Subject::Sweep, "", Origin::Person)], now).await?;
        let row = run::Entity::find_by_id(id)
            .filter(run::Column::InstallationId.eq(scope.id()))
            .one(&transaction)
            .await?
            .ok_or(Error::NotFound)?;
        if !end(&transaction, scope, id, (RunState::Cancelled, None), now).await? {
            return Err(Error::NotNow(text!("refused-this-run-is-over").to_owned()));
        }
        let cursor = cursor_of(&row)?.filter(|cursor| cursor.phase == Phase::Work);
        if let Some(cursor) = cursor.filter(|_| row.kind != RunKind::Preview.word()) {
            let found = installation::Entity::find_by_id(scope.id()).one(&transaction).await?;
            let now = found.ok_or(Error::NotFound)?;
            let users = back(cursor.users_before, now.users_cursor);
            let deals = back(cursor.deals_before, now.deals_cursor);
            move_cursors(&transaction, scope, (users, deals)).await?;
        }
        let detail = format!("{}, about {dropped} changes dropped", row.kind);
        self.audit(&transaction, &Entry::about(by, installation.id, "run.cancelled").with(detail)).await?;
        transaction.commit().await?;
        // It is called off. What is left of it a worker drops, should this end here.
        self.drop_rest_of_run(scope, id).await?;
        self.wake();
        Ok(())
    }

    /// Drops what a run that was called off alone had asked for, a little at a time.
    async fn drop_rest_of_run(&self, scope: Scope, id: Uuid) -> Result<(), Error> {
        loop {
            let transaction = self.db().begin().await?;
            lock(&transaction, scope).await?;
            let changes = drop_some_of_run(&transaction, scope, id).await?;
            let dropped = changes + rows::drop_some_pending(&transaction, scope, id).await?;
            transaction.commit().await?;
            if dropped == 0 {
                return Ok(());
            }
        }
    }

    /// A page of runs, the newest first.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the cursor is not one of ours.
    pub async fn runs(&self, scope: Scope, before: Option<&str>, limit: u64) -> Result<Page<RunRow>, Error> {
        let limit = bounded(limit);
        let mut query = run::Entity::find()
            .filter(run::Column::InstallationId.eq(scope.id()))
            .order_by_desc(run::Column::Id)
            .limit(limit + 1);
        if let Some(cursor) = before {
            let id = Uuid::parse_str(cursor)
                .map_err(|_| Error::invalid("cursor", text!("refused-the-cursor-is-the")))?;
            query = query.filter(run::Column::Id.lt(id));
        }
        let mut rows = Vec::new();
        for row in query.all(self.db().reader()).await? {
            rows.push(self.run_row(scope, &row).await?);
        }
        Ok(Page::cut(rows, limit, |row| row.id.to_string()))
    }

    /// One run.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the installation has no such run.
    pub async fn run(&self, scope: Scope, id: Uuid) -> Result<RunRow, Error> {
        let found = run::Entity::find_by_id(id)
            .filter(run::Column::InstallationId.eq(scope.id()))
            .one(self.db().reader())
            .await?;
        self.run_row(scope, &found.ok_or(Error::NotFound)?).await
    }

    async fn run_row(&self, scope: Scope, row: &run::Model) -> Result<RunRow, Error> {
        let kind = RunKind::from_word(&row.kind).ok_or(Error::Corrupt("run kind"))?;
        let state = RunState::from_word(&row.state).ok_or(Error::Corrupt("run state"))?;
        let counts = counts_of(row)?;
        let progress = if state == RunState::Running {
            let pending = match kind {
                RunKind::Preview => rows::pending(self.db().reader(), scope, row.id).await?,
                _ => pending_of_run(self.db().reader(), scope, row.id).await?,
            };
            Some(progress(cursor_of(row)?.as_ref(), pending, self.now_micros()))
        } else {
            None
        };
        Ok(RunRow {
            id: row.id,
            kind,
            state,
            seen: u64::try_from(row.done).unwrap_or(0),
            marked: counts.marked,
            outcomes: counts.into(),
            progress,
            started_at: row.started_at,
            finished_at: row.finished_at,
            reason: row.reason.clone(),
        })
    }
}

/// The cursor to go back to, where the present one is further on.
fn back(before: Option<i64>, now: Option<i64>) -> Option<i64> {
    before.filter(|before| now.is_none_or(|now| *before < now))
}

/// How far a run is, by what it found and how much of that is still to be worked.
fn progress(cursor: Option<&Cursor>, pending: u64, now: i64) -> Progress {
    let Some(cursor) = cursor else { return Progress::default() };
    let found = cursor.users.listed + cursor.deals.listed;
    let done = found.saturating_sub(pending);
    let Some(began_at) = cursor.work_began_at else { return Progress { done, ..Progress::default() } };
    let minutes = seconds(now - began_at) / 60.0;
    let worked = cursor.work_at_first.saturating_sub(pending);
    let per_minute = (worked > 0 && minutes > 0.0).then(|| as_number(worked) / minutes);
    let remaining_seconds = per_minute.map(|pace| whole(as_number(pending) / pace * 60.0));
    Progress { done, total: Some(found), per_minute, remaining_seconds }
}

#[expect(clippy::cast_precision_loss, reason = "a pace is shown in three digits")]
fn as_number(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "a pace is shown in three digits")]
fn seconds(micros: i64) -> f64 {
    micros as f64 / 1_000_000.0
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is too long for the number is as good as for ever"
)]
fn whole(seconds: f64) -> u64 {
    seconds.ceil() as u64
}

impl From<Counts> for Tally {
    fn from(counts: Counts) -> Self {
        Self {
            created: counts.created,
            updated: counts.updated,
            unchanged: counts.unchanged,
            skipped: counts.skipped,
            conflicted: counts.conflicted,
            failed: counts.failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn a_run_counts_first_and_then_says_how_long_it_takes() {
        assert_eq!(progress(None, 0, SECOND), Progress::default());
        let mut cursor = Cursor::default();
        cursor.users.listed = 1_000;
        let counting = progress(Some(&cursor), 900, SECOND);
        assert_eq!((counting.done, counting.total, counting.remaining_seconds), (100, None, None));
        cursor.users.listed = 2_000;
        (cursor.work_began_at, cursor.work_at_first) = (Some(10 * SECOND), 1_900);
        assert_eq!(progress(Some(&cursor), 1_900, 10 * SECOND).per_minute, None, "there is no pace yet");
        let working = progress(Some(&cursor), 1_300, 40 * SECOND);
        assert_eq!((working.done, working.total), (700, Some(2_000)));
        assert_eq!((working.per_minute, working.remaining_seconds), (Some(1_200.0), Some(65)));
    }
}
