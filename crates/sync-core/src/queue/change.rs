//! Pending changes: marked by whoever suspects one, taken by the worker, deleted at the generation worked.

use std::collections::BTreeMap;

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, DatabaseTransaction, DbErr, DeleteMany, EntityTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::{Expr, ExprTrait as _, OnConflict},
};
use uuid::Uuid;

use crate::{
    core::Core,
    error::Error,
    installation::Scope,
    storage::entity::{change, lease},
};

/// Rows in one statement: below SQLite's limit on bound values, however many columns a change has.
const ROWS_PER_STATEMENT: usize = 500;

/// When a change is due that was set aside (see `brake`): never by itself, the year 9999 in microseconds since 1970.
pub(crate) const ASIDE_UNTIL: i64 = 253_370_764_800_000_000;

/// What kind of record to look at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The sweep: has the add-on's state changed, were events missed? Its id is empty.
    Sweep,
    /// A contact that was deleted for privacy: what we keep of it goes.
    Erasure,
    /// A Storeganise user.
    User,
    /// A HubSpot deal.
    Deal,
    /// A HubSpot contact.
    Contact,
    /// A user whose custom field does not hold its contact's id yet.
    Mirror,
}

impl Subject {
    /// The word stored, shown and sent in the JSON API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Sweep => "sweep",
            Self::Erasure => "erasure",
            Self::User => "user",
            Self::Deal => "deal",
            Self::Contact => "contact",
            Self::Mirror => "mirror",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Sweep, Self::Erasure, Self::User, Self::Deal, Self::Contact, Self::Mirror]
            .into_iter()
            .find(|subject| subject.word() == word)
    }
}

/// Who marked a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A provider's event.
    Webhook,
    /// A sweep that found what no event told.
    Sweep,
    /// A person: replay, enable, sync now.
    Person,
    /// The sync itself: a follow-up such as a mirror.
    Sync,
}

impl Origin {
    fn word(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Sweep => "sweep",
            Self::Person => "person",
            Self::Sync => "sync",
        }
    }
}

/// What goes first: a person's edit overtakes a run that goes through everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Somebody waits for it.
    Prompt,
    /// It comes with many others.
    Bulk,
}

impl Lane {
    pub(crate) fn number(self) -> i32 {
        match self {
            Self::Prompt => 0,
            Self::Bulk => 1,
        }
    }

    fn from_number(number: i32) -> Self {
        if number == 0 { Self::Prompt } else { Self::Bulk }
    }

    /// The word in metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Bulk => "bulk",
        }
    }
}

/// A record to be looked at again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub(crate) scope: Scope,
    pub(crate) subject: Subject,
    pub(crate) id: String,
    pub(crate) origin: Origin,
    /// Not before this time; at once where it is none.
    pub(crate) due_at: Option<i64>,
    pub(crate) lane: Lane,
    /// The run that asks for it.
    pub(crate) run_id: Option<Uuid>,
}

impl Mark {
    /// A record to be looked at as soon as possible.
    #[must_use]
    pub fn new(scope: Scope, subject: Subject, id: impl Into<String>, origin: Origin) -> Self {
        Self { scope, subject, id: id.into(), origin, due_at: None, lane: Lane::Prompt, run_id: None }
    }

    pub(crate) fn due(self, at: i64) -> Self {
        Self { due_at: Some(at), ..self }
    }

    /// One of the many records a run goes through.
    pub(crate) fn of_run(self, run: Uuid) -> Self {
        Self { lane: Lane::Bulk, run_id: Some(run), ..self }
    }
}

/// A change as a worker took it: settled only while the generation is still this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The record's id at its provider.
    pub id: String,
    /// The generation taken.
    pub generation: i64,
    /// Failed attempts so far.
    pub attempts: u32,
    /// Whether somebody waits for it.
    pub lane: Lane,
    /// The run that alone asked for it.
    pub run_id: Option<Uuid>,
}

impl Taken {
    /// A record that is looked at without having been marked: there is nothing to settle.
    pub(crate) fn unmarked(id: impl Into<String>) -> Self {
        Self { id: id.into(), generation: 0, attempts: 0, lane: Lane::Bulk, run_id: None }
    }
}

impl Core {
    /// Marks changes in one transaction and wakes a worker.
    ///
    /// # Errors
    /// The database does not answer; nothing is marked then.
    pub async fn mark(&self, marks: &[Mark]) -> Result<(), Error> {
        if marks.is_empty() {
            return Ok(());
        }
        let transaction = self.db().begin().await?;
        mark_in(&transaction, marks, self.now_micros()).await?;
        transaction.commit().await?;
        self.wake();
        Ok(())
    }
}

/// Marks changes inside a transaction. A record marked twice is one row of a higher generation and the earlier
/// due time; a parked one is due again with its attempts forgotten.
pub(crate) async fn mark_in(on: &DatabaseTransaction, marks: &[Mark], now: i64) -> Result<(), DbErr> {
    // Key order keeps two committers from waiting for each other's rows; one key may stand in a statement once.
    let mut rows: BTreeMap<(uuid::Uuid, &'static str, &str), &Mark> = BTreeMap::new();
    let mut ready: BTreeMap<uuid::Uuid, i64> = BTreeMap::new();
    for mark in marks {
        let key = (mark.scope.id(), mark.subject.word(), mark.id.as_str());
        let earlier =
            rows.get(&key).is_none_or(|known| mark.due_at.unwrap_or(now) < known.due_at.unwrap_or(now));
        if earlier {
            rows.insert(key, mark);
        }
        let due = mark.due_at.unwrap_or(now);
        ready
            .entry(mark.scope.id())
            .and_modify(|earliest| *earliest = Ord::min(due, *earliest))
            .or_insert(due);
    }
    // The lease's row first, and always, even where its ready time is early enough already: whoever gives the
    // lease back locks that row before it looks for the earliest change. On PostgreSQL a mark that does not
    // lock it can be missed there, and one that locks it last can deadlock with a write-back.
    for (installation, due) in ready {
        let earlier = format!("CASE WHEN ready_at IS NULL OR ready_at > {due} THEN {due} ELSE ready_at END");
        lease::Entity::update_many()
            .col_expr(lease::Column::ReadyAt, Expr::cust(earlier))
            .filter(lease::Column::InstallationId.eq(installation))
            .exec(on)
            .await?;
    }
    let rows: Vec<_> = rows.values().map(|mark| row(mark, now)).collect();
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        change::Entity::insert_many(chunk.to_vec()).on_conflict(again()).exec_without_returning(on).await?;
    }
    Ok(())
}

fn row(mark: &Mark, now: i64) -> change::ActiveModel {
    change::ActiveModel {
        installation_id: Set(mark.scope.id()),
        subject: Set(mark.subject.word().to_owned()),
        subject_id: Set(mark.id.clone()),
        generation: Set(1),
        due_at: Set(mark.due_at.unwrap_or(now)),
        attempts: Set(0),
        origin: Set(mark.origin.word().to_owned()),
        marked_at: Set(now),
        parked_at: Set(None),
        cause: Set(None),
        lane: Set(mark.lane.number()),
        run_id: Set(mark.run_id),
    }
}

fn again() -> OnConflict {
    OnConflict::columns([change::Column::InstallationId, change::Column::Subject, change::Column::SubjectId])
        .update_columns([change::Column::Origin, change::Column::MarkedAt, change::Column::ParkedAt])
        .value(change::Column::Generation, Expr::cust("change.generation + 1"))
        .value(
            change::Column::DueAt,
            Expr::cust(
                "CASE WHEN change.parked_at IS NULL AND change.due_at < excluded.due_at \
                 THEN change.due_at ELSE excluded.due_at END",
            ),
        )
        // Marked by a person's edit, too: it goes with those.
        .value(
            change::Column::Lane,
            Expr::cust("CASE WHEN excluded.lane < change.lane THEN excluded.lane ELSE change.lane END"),
        )
        // A run that is cancelled drops what nobody else but a run asked for: the next run finds that again.
        .value(
            change::Column::RunId,
            Expr::cust("CASE WHEN excluded.run_id IS NULL THEN NULL ELSE change.run_id END"),
        )
        .value(
            change::Column::Attempts,
            Expr::cust("CASE WHEN change.parked_at IS NULL THEN change.attempts ELSE 0 END"),
        )
        .to_owned()
}

/// Takes up to `limit` due changes of one subject: those somebody waits for first, of each lane the longest waiting.
pub(crate) async fn due(
    on: &impl ConnectionTrait,
    scope: Scope,
    subject: Subject,
    now: i64,
    limit: u64,
) -> Result<Vec<Taken>, Error> {
    let rows = change::Entity::find()
        .filter(change::Column::InstallationId.eq(scope.id()))
        .filter(change::Column::Subject.eq(subject.word()))
        .filter(change::Column::ParkedAt.is_null())
        .filter(change::Column::DueAt.lte(now))
        // The same in all of them, and named so that the index `change_lane` gives the order on both databases.
        .order_by_asc(change::Column::ParkedAt)
        .order_by_asc(change::Column::Lane)
        .order_by_asc(change::Column::DueAt)
        .order_by_asc(change::Column::SubjectId)
        .limit(limit)
        .all(on)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| Taken {
            id: row.subject_id,
            generation: row.generation,
            attempts: u32::try_from(row.attempts).unwrap_or(0),
            lane: Lane::from_number(row.lane),
            run_id: row.run_id,
        })
        .collect())
}

/// Deletes the changes that are still at the generation taken; one marked meanwhile survives.
pub(crate) async fn settle(
    on: &DatabaseTransaction,
    scope: Scope,
    subject: Subject,
    taken: &[&Taken],
) -> Result<(), DbErr> {
    if !taken.is_empty() {
        worked(scope, subject, taken).exec(on).await?;
    }
    Ok(())
}

fn worked(scope: Scope, subject: Subject, taken: &[&Taken]) -> DeleteMany<change::Entity> {
    change::Entity::delete_many()
        .filter(change::Column::InstallationId.eq(scope.id()))
        .filter(change::Column::Subject.eq(subject.word()))
        .filter(at_generation(taken))
}

/// These changes, while their generation is the one taken. Their ids are named once more by themselves: of a long list of
/// pairs SQLite makes no use of the key, and would read everything that is pending.
pub(crate) fn at_generation(taken: &[&Taken]) -> Condition {
    let pairs = taken.iter().fold(Condition::any(), |any, taken| {
        any.add(
            Condition::all()
                .add(change::Column::SubjectId.eq(taken.id.as_str()))
                .add(change::Column::Generation.eq(taken.generation)),
        )
    });
    let ids = taken.iter().map(|taken| taken.id.as_str());
    Condition::all().add(change::Column::SubjectId.is_in(ids)).add(pairs)
}

/// Puts a failed change back: due again at `due_at`, or parked where there is none. A change that was marked
/// meanwhile keeps its own due time.
pub(crate) async fn put_back(
    on: &DatabaseTransaction,
    scope: Scope,
    subject: Subject,
    taken: &Taken,
    failure: &Failure,
    now: i64,
) -> Result<(), DbErr> {
    let mut update = change::Entity::update_many()
        .col_expr(change::Column::Attempts, Expr::col(change::Column::Attempts).add(1))
        .col_expr(change::Column::Cause, Expr::value(failure.cause.clone()));
    update = match failure.due_at {
        Some(due_at) => update.col_expr(change::Column::DueAt, Expr::value(due_at)),
        None => update.col_expr(change::Column::ParkedAt, Expr::value(now)),
    };
    update
        .filter(change::Column::InstallationId.eq(scope.id()))
        .filter(change::Column::Subject.eq(subject.word()))
        .filter(change::Column::SubjectId.eq(taken.id.as_str()))
        .filter(change::Column::Generation.eq(taken.generation))
        .exec(on)
        .await?;
    Ok(())
}

/// Why a change is put back, and when it is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// A cause code without personal data.
    pub cause: String,
    /// When to try again; none parks it.
    pub due_at: Option<i64>,
}

/// Notes why the last attempt at these changes came to nothing; they stay due.
pub(crate) async fn note_cause(
    on: &DatabaseTransaction,
    scope: Scope,
    subject: Subject,
    taken: &[Taken],
    cause: &str,
) -> Result<(), DbErr> {
    for chunk in taken.chunks(ROWS_PER_STATEMENT) {
        change::Entity::update_many()
            .col_expr(change::Column::Cause, Expr::value(cause))
            .filter(change::Column::InstallationId.eq(scope.id()))
            .filter(change::Column::Subject.eq(subject.word()))
            .filter(change::Column::SubjectId.is_in(chunk.iter().map(|taken| taken.id.as_str())))
            .exec(on)
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use sea_orm::{DbBackend, QueryTrait as _};

    use super::*;
    use crate::storage::tests::plan_of;

    #[tokio::test]
    async fn a_batch_is_settled_by_its_keys_however_much_is_pending() {
        let scope = Scope::new(Uuid::nil());
        let taken: Vec<Taken> = (0..100).map(|n| Taken::unmarked(format!("user {n}"))).collect();
        let taken: Vec<&Taken> = taken.iter().collect();
        let plan = plan_of(worked(scope, Subject::User, &taken).build(DbBackend::Sqlite)).await;
        assert!(plan.contains("(installation_id=? AND subject=? AND subject_id=?)"), "{plan}");
    }
}
