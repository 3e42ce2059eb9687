//! The person's part: what the brake holds, letting all of it go on, or dropping it.

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, DatabaseTransaction, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use text::text;
use uuid::Uuid;

use super::{
    BrakeState, RowState,
    aside::{forget_rows, let_go, state_of},
    measure,
};
use crate::{
    access::audit::{Actor, Entry},
    core::Core,
    error::Error,
    installation::Scope,
    queue::{
        change::{ASIDE_UNTIL, Subject, Taken},
        lease::make_ready,
        outcome::{Action, Outcome},
    },
    storage::entity::{brake, brake_row, change},
    views::{Page, bounded},
};

/// Records dropped in one transaction.
const DROPPED_AT_ONCE: u64 = 500;

/// Where an installation's brake stands.
#[derive(Debug, Clone)]
pub struct Brake {
    /// Whether something is held back, or what became of it.
    pub state: BrakeState,
    /// Records that wait.
    pub would_change: u64,
    /// Linked records in all, when that was counted.
    pub linked: u64,
    /// The run that was stopped; none for a burst of events.
    pub run_id: Option<Uuid>,
    /// When it began to hold back, in microseconds since 1970.
    pub since: Option<i64>,
    /// When a person decided.
    pub decided_at: Option<i64>,
}

/// A record that is held back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRow {
    /// What was looked at: a user, or a won deal.
    pub subject: Subject,
    /// Its id.
    pub subject_id: String,
    /// The user that would be changed, or whose contact.
    pub user_id: String,
    /// The names of the fields that would be written.
    pub fields: Vec<String>,
}

impl Core {
    /// Where the brake stands.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn brake(&self, scope: Scope) -> Result<Brake, Error> {
        let reader = self.db().reader();
        let Some(row) = measure::brake_of(reader, scope).await? else { return Ok(Brake::off()) };
        Ok(Brake {
            state: state_of(&row),
            would_change: measure::waiting(reader, scope).await?,
            linked: u64::try_from(row.linked).unwrap_or(0),
            run_id: row.run_id,
            since: Some(row.held_at),
            decided_at: row.decided_at,
        })
    }

    /// A page of what is held back, ordered by kind and id.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the cursor is not one of ours.
    pub async fn held_rows(
        &self,
        scope: Scope,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<HeldRow>, Error> {
        let limit = bounded(limit);
        let mut query = measure::rows(scope, RowState::Waiting);
        if let Some(cursor) = after {
            let (subject, id) = cursor
                .split_once('~')
                .ok_or_else(|| Error::invalid("cursor", text!("refused-the-cursor-is-the")))?;
            query = query.filter(
                Condition::any().add(brake_row::Column::Subject.gt(subject)).add(
                    Condition::all()
                        .add(brake_row::Column::Subject.eq(subject))
                        .add(brake_row::Column::SubjectId.gt(id)),
                ),
            );
        }
        let rows = query
            .order_by_asc(brake_row::Column::Subject)
            .order_by_asc(brake_row::Column::SubjectId)
            .limit(limit + 1)
            .all(self.db().reader())
            .await?;
        let rows = rows.into_iter().map(HeldRow::from_row).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::cut(rows, limit, |row| format!("{}~{}", row.subject.word(), row.subject_id)))
    }

    /// Lets everything that is held go on: each record is decided again from what both sides hold then. The number
    /// of records.
    ///
    /// # Errors
    /// [`Error::NotNow`] where nothing is held.
    pub async fn release_brake(&self, scope: Scope, by: &Actor) -> Result<u64, Error> {
        let now = self.now_micros();
        let transaction = self.db().begin().await?;
        make_ready(&transaction, scope, now).await?;
        is_held(&transaction, scope).await?;
        let count = measure::waiting(&transaction, scope).await?;
        let_go(&transaction, scope, RowState::Released, now).await?;
        self.set_brake(&transaction, scope, BrakeState::Released).await?;
        let entry = Entry::about(by, scope.id(), "brake.released").with(count.to_string());
        self.audit(&transaction, &entry).await?;
        transaction.commit().await?;
        self.wake();
        Ok(count)
    }

    /// Drops everything that is held: nothing is written, and what both sides last agreed on stays as it was, so
    /// that the next edit of one of these records brings the rest of it along. The number of records.
    ///
    /// Goes through the list in bounded transactions; where it breaks off, the rest is still held.
    ///
    /// # Errors
    /// [`Error::NotNow`] where nothing is held.
    pub async fn drop_brake(&self, scope: Scope, by: &Actor) -> Result<u64, Error> {
        let mut dropped = 0;
        loop {
            let transaction = self.db().begin().await?;
            make_ready(&transaction, scope, self.now_micros()).await?;
            is_held(&transaction, scope).await?;
            if dropped == 0 {
                let count = measure::waiting(&transaction, scope).await?;
                let entry = Entry::about(by, scope.id(), "brake.dropped").with(count.to_string());
                self.audit(&transaction, &entry).await?;
            }
            let count = self.drop_some(&transaction, scope).await?;
            dropped += count;
            if count < DROPPED_AT_ONCE {
                self.set_brake(&transaction, scope, BrakeState::Dropped).await?;
                transaction.commit().await?;
                return Ok(dropped);
            }
            transaction.commit().await?;
        }
    }

    async fn drop_some(&self, on: &DatabaseTransaction, scope: Scope) -> Result<u64, Error> {
        let rows = measure::rows(scope, RowState::Waiting).limit(DROPPED_AT_ONCE).all(on).await?;
        let rows = rows.into_iter().map(HeldRow::from_row).collect::<Result<Vec<_>, _>>()?;
        for subject in [Subject::User, Subject::Deal] {
            let of_subject = rows.iter().filter(|row| row.subject == subject);
            let worked: Vec<Taken> = of_subject.map(|row| Taken::unmarked(row.subject_id.clone())).collect();
            if worked.is_empty() {
                continue;
            }
            // Whoever was edited again since is due, and stays.
            change::Entity::delete_many()
                .filter(change::Column::InstallationId.eq(scope.id()))
                .filter(change::Column::Subject.eq(subject.word()))
                .filter(change::Column::SubjectId.is_in(worked.iter().map(|taken| taken.id.as_str())))
                .filter(change::Column::DueAt.eq(ASIDE_UNTIL))
                .exec(on)
                .await?;
            forget_rows(on, scope, subject, &worked.iter().collect::<Vec<_>>()).await?;
        }
        let outcomes: Vec<Outcome> = rows
            .iter()
            .map(|row| {
                Outcome::new(row.subject, &row.subject_id, Action::Skipped)
                    .because("brake_dropped")
                    .fields(row.fields.clone())
                    .user(&row.user_id)
            })
            .collect();
        self.record_outcomes(on, scope, &outcomes).await?;
        Ok(rows.len() as u64)
    }

    async fn set_brake(
        &self,
        on: &DatabaseTransaction,
        scope: Scope,
        state: BrakeState,
    ) -> Result<(), Error> {
        let row = brake::ActiveModel {
            installation_id: Set(scope.id()),
            state: Set(state.word().to_owned()),
            decided_at: Set(Some(self.now_micros())),
            ..Default::default()
        };
        brake::Entity::update(row).exec(on).await?;
        Ok(())
    }
}

async fn is_held(on: &DatabaseTransaction, scope: Scope) -> Result<(), Error> {
    let brake = measure::brake_of(on, scope).await?;
    match brake.map(|brake| state_of(&brake)) {
        Some(BrakeState::Held) => Ok(()),
        _ => Err(Error::NotNow(text!("refused-nothing-is-held-back").to_owned())),
    }
}

impl Brake {
    fn off() -> Self {
        Self {
            state: BrakeState::Off,
            would_change: 0,
            linked: 0,
            run_id: None,
            since: None,
            decided_at: None,
        }
    }
}

impl HeldRow {
    fn from_row(row: brake_row::Model) -> Result<Self, Error> {
        Ok(Self {
            subject: Subject::from_word(&row.subject).ok_or(Error::Corrupt("subject"))?,
            subject_id: row.subject_id,
            user_id: row.user_id,
            fields: row.fields.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        })
    }
}
