//! Notices: what needs a person is told to the business by one Storeganise task per cause, never one per record.
//!
//! `cause` finds what is amiss, `compare` (pure) says which notices to open and to close, `send` files and closes
//! the tasks, and `text` (pure) has their words. It is all done by the worker at the end of a turn, when nothing
//! else is due, and it is best effort: what Storeganise refuses is tried again later, and never holds the sync.

use ::text::text;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, DatabaseTransaction, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, sea_query::Expr,
};
use uuid::Uuid;

use self::compare::{Known, Moves, compare};
use crate::{
    core::Core,
    error::Error,
    installation::{Installation, Scope},
    queue::lease::{Hold, Lease},
    storage::entity::notice,
    views::{Page, bounded},
};

mod cause;
mod compare;
mod send;
mod text;

/// A notice as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRow {
    /// Its id; newer ones sort later.
    pub id: Uuid,
    /// What is amiss, as a cause code.
    pub cause: String,
    /// Records it was about when it was opened; 0 where it is about the installation as a whole.
    pub records: u64,
    /// When it was opened, in microseconds since 1970.
    pub opened_at: i64,
    /// When Storeganise took the task.
    pub filed_at: Option<i64>,
    /// The task at Storeganise.
    pub task_id: Option<String>,
    /// When the cause was over.
    pub closed_at: Option<i64>,
    /// When Storeganise closed the task.
    pub task_closed_at: Option<i64>,
    /// When filing or closing is tried next.
    pub next_try_at: Option<i64>,
    /// Why the last try came to nothing, as a cause code.
    pub problem: Option<String>,
}

/// How far a notice has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeState {
    /// The task is still to be filed.
    ToFile,
    /// The business has its task.
    Filed,
    /// The task could not be filed, or it is not known whether it was, and it is not tried any more.
    NotFiled,
    /// The cause is over, and the task is still to be closed.
    ToClose,
    /// The cause is over, and so is the task, if there was one.
    Closed,
    /// The cause is over; the task could not be closed from here and stays open at Storeganise.
    LeftOpen,
}

impl NoticeState {
    /// The word in the JSON API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ToFile => "to_file",
            Self::Filed => "filed",
            Self::NotFiled => "not_filed",
            Self::ToClose => "to_close",
            Self::Closed => "closed",
            Self::LeftOpen => "left_open",
        }
    }
}

impl NoticeRow {
    /// How far it has come.
    #[must_use]
    pub fn state(&self) -> NoticeState {
        match (self.closed_at, self.filed_at, self.next_try_at) {
            (None, Some(_), _) => NoticeState::Filed,
            (None, None, Some(_)) => NoticeState::ToFile,
            (None, None, None) => NoticeState::NotFiled,
            (Some(_), _, Some(_)) => NoticeState::ToClose,
            (Some(_), Some(_), None) if self.task_closed_at.is_none() => NoticeState::LeftOpen,
            (Some(_), _, None) => NoticeState::Closed,
        }
    }
}

impl From<notice::Model> for NoticeRow {
    fn from(row: notice::Model) -> Self {
        Self {
            id: row.id,
            cause: row.cause,
            records: u64::try_from(row.records).unwrap_or(0),
            opened_at: row.opened_at,
            filed_at: row.filed_at,
            task_id: row.task_id,
            closed_at: row.closed_at,
            task_closed_at: row.task_closed_at,
            next_try_at: row.next_try_at,
            problem: row.problem,
        }
    }
}

/// How a turn ended, as far as notices are concerned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ending<'a> {
    /// Nothing was due any more.
    pub is_idle: bool,
    /// A provider wants to be left alone.
    pub hold: Option<&'a Hold>,
}

impl Ending<'_> {
    /// Whether a call to Storeganise may be added to this turn for something that has waited since `since`: work
    /// goes first, but not for ever.
    fn may_send(self, since: i64, now: i64) -> bool {
        match self.hold {
            Some(hold) => !hold.cause.starts_with("storeganise."),
            None => self.is_idle || now - since > LONGEST_BACK_SEAT_MICROS,
        }
    }
}

/// So long a notice lets all other work of its installation go first.
const LONGEST_BACK_SEAT_MICROS: i64 = 10 * 60 * 1_000_000;

impl Core {
    /// A page of an installation's notices, the newest first.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the cursor is not one of ours.
    pub async fn notices(
        &self,
        scope: Scope,
        before: Option<&str>,
        limit: u64,
    ) -> Result<Page<NoticeRow>, Error> {
        let limit = bounded(limit);
        let mut query = notice::Entity::find()
            .filter(notice::Column::InstallationId.eq(scope.id()))
            .order_by_desc(notice::Column::Id)
            .limit(limit + 1);
        if let Some(cursor) = before {
            let id = Uuid::parse_str(cursor)
                .map_err(|_| Error::invalid("cursor", text!("refused-the-cursor-is-the")))?;
            query = query.filter(notice::Column::Id.lt(id));
        }
        let rows: Vec<NoticeRow> =
            query.all(self.db().reader()).await?.into_iter().map(NoticeRow::from).collect();
        Ok(Page::cut(rows, limit, |row| row.id.to_string()))
    }

    /// Opens and closes notices at the end of a turn, then files and closes their tasks.
    ///
    /// # Errors
    /// The lease was lost, or the database does not answer. What Storeganise refuses is no error.
    pub(crate) async fn keep_notices(
        &self,
        lease: &Lease,
        installation: &Installation,
        ending: Ending<'_>,
    ) -> Result<(), Error> {
        if !installation.may_work() {
            return Ok(());
        }
        let scope = lease.scope();
        let present = self.present_causes(installation).await?;
        let known = self.known_notices(scope).await?;
        let moves = compare(&present, &known, ending.is_idle, self.now_micros());
        if !moves.is_empty() {
            let transaction = self.fenced(lease).await?;
            self.move_notices(&transaction, scope, &moves).await?;
            transaction.commit().await?;
        }
        self.send_notices(lease, installation, ending).await
    }

    /// Those that are open, and those closed so lately that they are not opened again yet.
    async fn known_notices(&self, scope: Scope) -> Result<Vec<Known>, Error> {
        let lately = self.now_micros() - compare::QUIET_MICROS;
        let rows = notice::Entity::find()
            .filter(notice::Column::InstallationId.eq(scope.id()))
            .filter(
                Condition::any()
                    .add(notice::Column::ClosedAt.is_null())
                    .add(notice::Column::ClosedAt.gt(lately)),
            )
            .all(self.db().reader())
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| Known { id: row.id, cause: row.cause, closed_at: row.closed_at })
            .collect())
    }

    async fn move_notices(&self, on: &DatabaseTransaction, scope: Scope, moves: &Moves) -> Result<(), Error> {
        let now = self.now_micros();
        for present in &moves.open {
            let row = notice::ActiveModel {
                id: Set(self.random().uuid(self.clock().now())),
                installation_id: Set(scope.id()),
                cause: Set(present.cause.clone()),
                records: Set(i64::try_from(present.records).unwrap_or(i64::MAX)),
                opened_at: Set(now),
                filed_at: Set(None),
                task_id: Set(None),
                closed_at: Set(None),
                task_closed_at: Set(None),
                tries: Set(0),
                next_try_at: Set(Some(now)),
                problem: Set(None),
            };
            notice::Entity::insert(row).exec_without_returning(on).await?;
        }
        if moves.close.is_empty() {
            return Ok(());
        }
        // Only a task that is known by its id can be closed there.
        let next = format!("CASE WHEN task_id IS NULL THEN NULL ELSE {now} END");
        notice::Entity::update_many()
            .col_expr(notice::Column::ClosedAt, Expr::value(now))
            .col_expr(notice::Column::Tries, Expr::value(0))
            .col_expr(notice::Column::NextTryAt, Expr::cust(next))
            .filter(notice::Column::InstallationId.eq(scope.id()))
            .filter(notice::Column::Id.is_in(moves.close.clone()))
            .exec(on)
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_says_how_far_it_has_come() {
        let open = NoticeRow {
            id: Uuid::nil(),
            cause: String::new(),
            records: 0,
            opened_at: 1,
            filed_at: None,
            task_id: None,
            closed_at: None,
            task_closed_at: None,
            next_try_at: Some(1),
            problem: None,
        };
        let given_up = NoticeRow { next_try_at: None, ..open.clone() };
        let filed = NoticeRow { filed_at: Some(2), ..given_up.clone() };
        let over = NoticeRow { closed_at: Some(3), ..filed.clone() };
        for (row, state) in [
            (open, NoticeState::ToFile),
            (given_up.clone(), NoticeState::NotFiled),
            (filed, NoticeState::Filed),
            (NoticeRow { next_try_at: Some(3), ..over.clone() }, NoticeState::ToClose),
            (NoticeRow { task_closed_at: Some(4), ..over.clone() }, NoticeState::Closed),
            (over, NoticeState::LeftOpen),
            (NoticeRow { closed_at: Some(3), ..given_up }, NoticeState::Closed),
        ] {
            assert_eq!(row.state(), state, "{row:?}");
        }
    }

    #[test]
    fn other_work_goes_first_but_not_for_ever_and_a_provider_that_is_down_is_left_alone() {
        let now = 100 * LONGEST_BACK_SEAT_MICROS;
        let old = now - LONGEST_BACK_SEAT_MICROS - 1;
        let busy = Ending { is_idle: false, hold: None };
        assert!(!busy.may_send(now, now) && busy.may_send(old, now));
        assert!(Ending { is_idle: true, hold: None }.may_send(now, now));
        for (cause, may) in [("storeganise.http_503", false), ("hubspot.needs_authorisation", true)] {
            let hold = Hold { cause: cause.to_owned(), retry_after: None };
            let held = Ending { is_idle: false, hold: Some(&hold) };
            assert_eq!((held.may_send(old, now), held.may_send(now, now)), (may, may), "{cause}");
        }
    }
}
