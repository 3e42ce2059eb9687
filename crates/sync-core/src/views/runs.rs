//! Runs: sweeps over an installation's records, how far they came, and asking for one.

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::{Page, bounded};
use crate::{
    access::audit::{Actor, Entry},
    core::Core,
    error::Error,
    installation::{Installation, Scope},
    queue::change::{Mark, Origin, Subject, mark_in},
    storage::entity::run,
};

/// What a run goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunKind {
    /// Every user of the business.
    Backfill,
    /// What changed since the last sweep.
    Reconcile,
}

impl RunKind {
    /// The word stored, shown and sent in the JSON API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Backfill => "backfill",
            Self::Reconcile => "reconcile",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Backfill, Self::Reconcile].into_iter().find(|kind| kind.word() == word)
    }
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// It goes on with the next turn.
    Running,
    /// It went through everything.
    Finished,
}

impl RunState {
    /// The word stored, shown and sent in the JSON API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Running, Self::Finished].into_iter().find(|state| state.word() == word)
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
    /// When it began, in microseconds since 1970.
    pub started_at: i64,
    /// When it ended.
    pub finished_at: Option<i64>,
}

impl Core {
    /// Begins a run. Runs of one installation go on one after the other; a reconcile is only asked for sooner
    /// than by itself.
    ///
    /// # Errors
    /// [`Error::NotNow`] where a backfill is going on already, or the installation may not work.
    pub async fn begin_run(
        &self,
        installation: &Installation,
        kind: RunKind,
        by: &Actor,
    ) -> Result<(), Error> {
        let scope = installation.scope();
        let now = self.now_micros();
        if kind == RunKind::Backfill {
            if !installation.may_work() {
                return Err(Error::NotNow(
                    "A backfill needs the add-on enabled, here and at Storeganise.".to_owned(),
                ));
            }
            if self.backfill_is_running(scope).await? {
                return Err(Error::NotNow(
                    "All users are being synced already. Wait until that has ended.".to_owned(),
                ));
            }
        }
        let transaction = self.db().begin().await?;
        if kind == RunKind::Backfill {
            let row = new_run(self.random().uuid(self.clock().now()), scope, kind, None, now);
            run::Entity::insert(row).exec_without_returning(&transaction).await?;
        }
        mark_in(&transaction, &[Mark::new(scope, Subject::Sweep, "", Origin::Person)], now).await?;
        let action = format!("run.{}", kind.word());
        self.audit(&transaction, &Entry::about(by, installation.id, action)).await?;
        transaction.commit().await?;
        self.work.notify_one();
        Ok(())
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
                .map_err(|_| Error::invalid("cursor", "The cursor is the `next` of the page before."))?;
            query = query.filter(run::Column::Id.lt(id));
        }
        let rows = query.all(self.db().reader()).await?;
        let rows = rows.iter().map(RunRow::from_row).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::cut(rows, limit, |row| row.id.to_string()))
    }

    async fn backfill_is_running(&self, scope: Scope) -> Result<bool, Error> {
        let found = run::Entity::find()
            .filter(run::Column::InstallationId.eq(scope.id()))
            .filter(run::Column::State.eq(RunState::Running.word()))
            .filter(run::Column::Kind.eq(RunKind::Backfill.word()))
            .one(self.db().reader())
            .await?;
        Ok(found.is_some())
    }

    /// The run that is going on, if any: the one begun first.
    pub(crate) async fn running(&self, scope: Scope) -> Result<Option<run::Model>, Error> {
        Ok(run::Entity::find()
            .filter(run::Column::InstallationId.eq(scope.id()))
            .filter(run::Column::State.eq(RunState::Running.word()))
            .order_by_asc(run::Column::Id)
            .one(self.db().reader())
            .await?)
    }
}

pub(crate) fn new_run(
    id: Uuid,
    scope: Scope,
    kind: RunKind,
    cursor: Option<String>,
    now: i64,
) -> run::ActiveModel {
    run::ActiveModel {
        id: Set(id),
        installation_id: Set(scope.id()),
        kind: Set(kind.word().to_owned()),
        state: Set(RunState::Running.word().to_owned()),
        cursor: Set(cursor),
        done: Set(0),
        total: Set(None),
        counts: Set("{\"marked\":0}".to_owned()),
        started_at: Set(now),
        finished_at: Set(None),
        reason: Set(None),
    }
}

/// What a run has counted so far, kept as JSON.
#[derive(Debug, Clone, Copy, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Counts {
    /// Records marked to be looked at again.
    pub marked: u64,
}

impl RunRow {
    fn from_row(row: &run::Model) -> Result<Self, Error> {
        let counts: Counts = serde_json::from_str(&row.counts).map_err(|_| Error::Corrupt("run counts"))?;
        Ok(Self {
            id: row.id,
            kind: RunKind::from_word(&row.kind).ok_or(Error::Corrupt("run kind"))?,
            state: RunState::from_word(&row.state).ok_or(Error::Corrupt("run state"))?,
            seen: u64::try_from(row.done).unwrap_or(0),
            marked: counts.marked,
            started_at: row.started_at,
            finished_at: row.finished_at,
        })
    }
}
