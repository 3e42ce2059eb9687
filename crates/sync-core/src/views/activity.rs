//! What happened and what waits in one installation, and doing a change again by hand.

use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::Expr,
};
use text::text;
use uuid::Uuid;

use super::failures::REPLAYED_AT_ONCE_MAX;
use super::{Page, bounded};
use crate::{
    access::audit::{Actor, Entry},
    core::Core,
    error::Error,
    installation::Scope,
    queue::{
        change::{Mark, Origin, Subject, mark_in},
        outcome::Action,
    },
    retention::DAY_MICROS,
    storage::entity::{change, lease, outcome, outcome_day},
};

/// An outcome as it is shown.
#[derive(Debug, Clone)]
pub struct OutcomeRow {
    /// Its id; newer ones sort later.
    pub id: Uuid,
    /// When, in microseconds since 1970.
    pub at: i64,
    /// What was looked at.
    pub subject: Subject,
    /// Its id at its provider.
    pub subject_id: String,
    /// What happened.
    pub action: Action,
    /// Why, as a code.
    pub reason: Option<String>,
    /// The fields written, or in the way.
    pub fields: Vec<String>,
    /// The Storeganise user concerned.
    pub user_id: Option<String>,
    /// The HubSpot contact concerned.
    pub contact_id: Option<String>,
    /// The HubSpot deal concerned.
    pub deal_id: Option<String>,
    /// HubSpot's own code for a refusal.
    pub provider_code: Option<String>,
    /// HubSpot's own id of a refusal.
    pub correlation_id: Option<String>,
}

/// A pending change as it is shown.
#[derive(Debug, Clone)]
pub struct ChangeRow {
    /// What is to be looked at.
    pub subject: Subject,
    /// Its id at its provider.
    pub subject_id: String,
    /// How often it was marked.
    pub generation: i64,
    /// When it is due, in microseconds since 1970.
    pub due_at: i64,
    /// Failed attempts so far.
    pub attempts: u32,
    /// Who marked it last: `webhook`, `sweep`, `person` or `sync`.
    pub origin: String,
    /// When it was marked last.
    pub marked_at: i64,
    /// When it was parked; none while it is tried by itself.
    pub parked_at: Option<i64>,
    /// Why the last attempt failed, as a code.
    pub cause: Option<String>,
}

/// How many outcomes of a kind a day had, of those that are no longer kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayRow {
    /// When the day began (UTC), in microseconds since 1970.
    pub day: i64,
    /// What happened.
    pub action: Action,
    /// Why, as a code.
    pub reason: Option<String>,
    /// How often.
    pub count: u64,
}

/// Which outcomes to list.
#[derive(Debug, Clone, Default)]
pub struct OutcomeFilter {
    /// Only these actions; all where it is empty.
    pub actions: Vec<Action>,
    /// Only those that concern this user, contact or deal.
    pub record: Option<String>,
}

impl Core {
    /// A page of outcomes, the newest first.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the cursor is not one of ours.
    pub async fn outcomes(
        &self,
        scope: Scope,
        filter: &OutcomeFilter,
        before: Option<&str>,
        limit: u64,
    ) -> Result<Page<OutcomeRow>, Error> {
        let limit = bounded(limit);
        let mut query = outcome::Entity::find()
            .filter(outcome::Column::InstallationId.eq(scope.id()))
            .order_by_desc(outcome::Column::Id)
            .limit(limit + 1);
        if !filter.actions.is_empty() {
            query = query.filter(outcome::Column::Action.is_in(filter.actions.iter().map(|a| a.word())));
        }
        if let Some(record) = &filter.record {
            query = query.filter(
                Condition::any()
                    .add(outcome::Column::UserId.eq(record.as_str()))
                    .add(outcome::Column::ContactId.eq(record.as_str()))
                    .add(outcome::Column::DealId.eq(record.as_str())),
            );
        }
        if let Some(cursor) = before {
            let id = Uuid::parse_str(cursor).map_err(|_| not_a_cursor())?;
            query = query.filter(outcome::Column::Id.lt(id));
        }
        let rows = query.all(self.db().reader()).await?;
        let rows = rows.into_iter().map(OutcomeRow::from_row).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::cut(rows, limit, |row| row.id.to_string()))
    }

    /// From when on outcomes are kept one by one; before that there are only counts. None where none was thinned yet.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn outcomes_kept_since(&self, scope: Scope) -> Result<Option<i64>, Error> {
        let newest = outcome_day::Entity::find()
            .filter(outcome_day::Column::InstallationId.eq(scope.id()))
            .order_by_desc(outcome_day::Column::Day)
            .one(self.db().reader())
            .await?;
        Ok(newest.map(|row| (row.day + 1) * DAY_MICROS))
    }

    /// A page of daily counts, the newest day first.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the cursor is not one of ours.
    pub async fn outcome_days(
        &self,
        scope: Scope,
        before: Option<&str>,
        limit: u64,
    ) -> Result<Page<DayRow>, Error> {
        let limit = bounded(limit);
        let mut query = outcome_day::Entity::find()
            .filter(outcome_day::Column::InstallationId.eq(scope.id()))
            .order_by_desc(outcome_day::Column::Day)
            .order_by_asc(outcome_day::Column::Action)
            .order_by_asc(outcome_day::Column::Reason)
            .limit(limit + 1);
        if let Some(cursor) = before {
            query = query.filter(after_day(cursor).ok_or_else(not_a_cursor)?);
        }
        let rows = query.all(self.db().reader()).await?;
        let rows = rows.into_iter().map(DayRow::from_row).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::cut(rows, limit, DayRow::cursor))
    }

    /// A page of pending changes, ordered by subject and id; only the parked ones where `parked`.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the cursor is not one of ours.
    pub async fn changes(
        &self,
        scope: Scope,
        parked: Option<bool>,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<ChangeRow>, Error> {
        let limit = bounded(limit);
        let mut query = change::Entity::find()
            .filter(change::Column::InstallationId.eq(scope.id()))
            .order_by_asc(change::Column::Subject)
            .order_by_asc(change::Column::SubjectId)
            .limit(limit + 1);
        match parked {
            Some(true) => query = query.filter(change::Column::ParkedAt.is_not_null()),
            Some(false) => query = query.filter(change::Column::ParkedAt.is_null()),
            None => {}
        }
        if let Some(cursor) = after {
            let (subject, id) = cursor.split_once('~').ok_or_else(not_a_cursor)?;
            query = query.filter(
                Condition::any().add(change::Column::Subject.gt(subject)).add(
                    Condition::all()
                        .add(change::Column::Subject.eq(subject))
                        .add(change::Column::SubjectId.gt(id)),
                ),
            );
        }
        let rows = query.all(self.db().reader()).await?;
        let rows = rows.into_iter().map(ChangeRow::from_row).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::cut(rows, limit, |row| format!("{}~{}", row.subject.word(), row.subject_id)))
    }

    /// Does one record again, whether or not a change of it is pending.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the id cannot be one.
    pub async fn replay(&self, scope: Scope, subject: Subject, id: &str, by: &Actor) -> Result<(), Error> {
        let fits = if subject == Subject::Sweep { id.is_empty() } else { (1..=64).contains(&id.len()) };
        if !fits {
            return Err(Error::invalid("subject_id", text!("refused-a-records-id-is")));
        }
        let transaction = self.db().begin().await?;
        mark_in(&transaction, &[Mark::new(scope, subject, id, Origin::Person)], self.now_micros()).await?;
        let entry = Entry::about(by, scope.id(), "change.replayed").with(format!("{} {id}", subject.word()));
        self.audit(&transaction, &entry).await?;
        transaction.commit().await?;
        self.lift_hold(scope).await
    }

    /// Does every parked change of the installation again (10,000 at most in one call); the number replayed.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn replay_parked(&self, scope: Scope, by: &Actor) -> Result<u64, Error> {
        let parked = change::Entity::find()
            .filter(change::Column::InstallationId.eq(scope.id()))
            .filter(change::Column::ParkedAt.is_not_null())
            .limit(REPLAYED_AT_ONCE_MAX)
            .all(self.db().reader())
            .await?;
        let mut marks = Vec::with_capacity(parked.len());
        for row in &parked {
            let subject = Subject::from_word(&row.subject).ok_or(Error::Corrupt("subject"))?;
            marks.push(Mark::new(scope, subject, row.subject_id.clone(), Origin::Person));
        }
        let transaction = self.db().begin().await?;
        mark_in(&transaction, &marks, self.now_micros()).await?;
        let entry = Entry::about(by, scope.id(), "change.replayed_parked").with(marks.len().to_string());
        self.audit(&transaction, &entry).await?;
        transaction.commit().await?;
        self.lift_hold(scope).await?;
        Ok(marks.len() as u64)
    }

    /// A person who asks for work does not wait for a provider's quiet time to pass.
    pub(crate) async fn lift_hold(&self, scope: Scope) -> Result<(), Error> {
        lease::Entity::update_many()
            .col_expr(lease::Column::HoldUntil, Expr::value(0_i64))
            .filter(lease::Column::InstallationId.eq(scope.id()))
            .exec(self.db().writer())
            .await?;
        self.wake();
        Ok(())
    }
}

fn not_a_cursor() -> Error {
    Error::invalid("cursor", text!("refused-the-cursor-is-the"))
}

/// The rows that stand after the one a cursor names.
fn after_day(cursor: &str) -> Option<Condition> {
    let mut parts = cursor.splitn(3, '~');
    let day: i64 = parts.next()?.parse().ok()?;
    let (action, reason) = (parts.next()?, parts.next()?);
    let same_day = outcome_day::Column::Day.eq(day);
    let same_action = outcome_day::Column::Action.eq(action);
    Some(
        Condition::any()
            .add(outcome_day::Column::Day.lt(day))
            .add(Condition::all().add(same_day.clone()).add(outcome_day::Column::Action.gt(action)))
            .add(Condition::all().add(same_day).add(same_action).add(outcome_day::Column::Reason.gt(reason))),
    )
}

impl DayRow {
    fn from_row(row: outcome_day::Model) -> Result<Self, Error> {
        Ok(Self {
            day: row.day * DAY_MICROS,
            action: Action::from_word(&row.action).ok_or(Error::Corrupt("action"))?,
            reason: Some(row.reason).filter(|reason| !reason.is_empty()),
            count: u64::try_from(row.count).unwrap_or(0),
        })
    }

    fn cursor(&self) -> String {
        let reason = self.reason.as_deref().unwrap_or_default();
        format!("{}~{}~{reason}", self.day / DAY_MICROS, self.action.word())
    }
}

impl OutcomeRow {
    fn from_row(row: outcome::Model) -> Result<Self, Error> {
        Ok(Self {
            id: row.id,
            at: row.at,
            subject: Subject::from_word(&row.subject).ok_or(Error::Corrupt("subject"))?,
            subject_id: row.subject_id,
            action: Action::from_word(&row.action).ok_or(Error::Corrupt("action"))?,
            reason: row.reason,
            fields: row.fields.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            user_id: row.user_id,
            contact_id: row.contact_id,
            deal_id: row.deal_id,
            provider_code: row.provider_code,
            correlation_id: row.correlation_id,
        })
    }
}

impl ChangeRow {
    pub(crate) fn from_row(row: change::Model) -> Result<Self, Error> {
        Ok(Self {
            subject: Subject::from_word(&row.subject).ok_or(Error::Corrupt("subject"))?,
            subject_id: row.subject_id,
            generation: row.generation,
            due_at: row.due_at,
            attempts: u32::try_from(row.attempts).unwrap_or(0),
            origin: row.origin,
            marked_at: row.marked_at,
            parked_at: row.parked_at,
            cause: row.cause,
        })
    }
}
