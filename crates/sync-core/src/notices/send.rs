//! Filing and closing the tasks: a few calls at the end of a turn, each noted before it is made, so that a crash or a
//! lost answer does not file a second task.

use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, sea_query::Expr,
};
use secrecy::ExposeSecret as _;
use storeganise::{
    client::Account,
    error::{Class, Error as StoreganiseError},
};

use super::{
    Ending,
    cause::ACCESS_LOST,
    text::{About, reference, task},
};
use crate::{
    core::Core, error::Error, installation::Installation, queue::lease::Lease, storage::entity::notice,
};

/// Notices filed or closed in one turn: each costs a request or two at Storeganise's slow pace.
const SENT_PER_TURN: u64 = 3;
/// The first wait after a try that came to nothing; it doubles.
const FIRST_WAIT_MICROS: i64 = 60 * 1_000_000;
/// No wait is longer.
const LONGEST_WAIT_MICROS: i64 = 6 * 3_600 * 1_000_000;
/// After so many tries (more than a day) it is left.
const TRIES_MAX: i32 = 12;
/// What stands as the problem while an answer is awaited: whoever finds it knows that we were cut off.
const UNANSWERED: &str = "annex.unanswered";

/// What a try came to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Sent {
    /// The task is filed, under this id if it was named.
    Filed(Option<String>),
    /// The task is closed.
    Closed,
    /// It may work later.
    Later(String),
    /// It will not work.
    Never(String),
}

impl Core {
    /// Files and closes what is due.
    pub(super) async fn send_notices(
        &self,
        lease: &Lease,
        installation: &Installation,
        ending: Ending<'_>,
    ) -> Result<(), Error> {
        let now = self.now_micros();
        let due = notice::Entity::find()
            .filter(notice::Column::InstallationId.eq(installation.id))
            .filter(notice::Column::NextTryAt.lte(now))
            .order_by_asc(notice::Column::NextTryAt)
            .order_by_asc(notice::Column::Id)
            .limit(SENT_PER_TURN)
            .all(self.db().reader())
            .await?;
        for row in due {
            if !ending.may_send(row.closed_at.unwrap_or(row.opened_at), now) {
                continue;
            }
            self.note_try(lease, &row).await?;
            let account = self.account(installation).await?.behind(self.may_send(lease));
            let sent = match (&row.closed_at, &row.task_id) {
                (None, _) => self.file(&account, installation, &row).await?,
                (Some(_), Some(task_id)) => close(&account, task_id).await,
                (Some(_), None) => Sent::Closed,
            };
            self.note_sent(lease, &row, sent).await?;
        }
        Ok(())
    }

    /// Files a task; where an earlier try may have filed it, it is looked for first.
    async fn file(
        &self,
        account: &Account,
        installation: &Installation,
        row: &notice::Model,
    ) -> Result<Sent, Error> {
        if row.problem.as_deref().is_some_and(may_be_filed) {
            match account.open_task(&reference(row.id)).await {
                Ok(Some(id)) => return Ok(Sent::Filed(Some(id))),
                Ok(None) => {}
                Err(error) => return Ok(not_found_out(&error)),
            }
        }
        let link = match row.cause.as_str() {
            ACCESS_LOST => self.authorisation_link(installation).await?,
            _ => None,
        };
        let task = task(&About {
            installation,
            notice: row.id,
            cause: &row.cause,
            records: u64::try_from(row.records).unwrap_or(0),
            words: (self.parts.words)(&row.cause),
            base_url: &self.parts.base_url,
            link: link.as_ref().map(|link| link.expose_secret()),
        });
        Ok(match account.file_task(&task).await {
            Ok(id) => Sent::Filed(id),
            // Even a refusal that stays may be mended: the add-on's rights are changed at Storeganise.
            Err(error) => Sent::Later(error.code()),
        })
    }

    /// Notes that a try begins, and when the next one is due if nothing is heard of this one.
    async fn note_try(&self, lease: &Lease, row: &notice::Model) -> Result<(), Error> {
        let transaction = self.fenced(lease).await?;
        notice::Entity::update_many()
            .col_expr(notice::Column::Tries, Expr::value(row.tries + 1))
            .col_expr(notice::Column::NextTryAt, Expr::value(self.now_micros() + wait(row.tries + 1)))
            .col_expr(notice::Column::Problem, Expr::value(UNANSWERED))
            .filter(notice::Column::InstallationId.eq(lease.scope().id()))
            .filter(notice::Column::Id.eq(row.id))
            .exec(&transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    async fn note_sent(&self, lease: &Lease, row: &notice::Model, sent: Sent) -> Result<(), Error> {
        let now = self.now_micros();
        if let Sent::Later(cause) | Sent::Never(cause) = &sent {
            tracing::warn!(
                installation.id = %lease.scope().id(),
                notice.cause = row.cause,
                attempt = row.tries + 1,
                cause,
                "a task at Storeganise could not be filed or closed"
            );
        }
        let is_last = row.tries + 1 >= TRIES_MAX;
        let none = Expr::value(None::<i64>);
        let mut update = notice::Entity::update_many();
        update = match sent {
            Sent::Filed(task_id) => update
                .col_expr(notice::Column::FiledAt, Expr::value(now))
                .col_expr(notice::Column::TaskId, Expr::value(task_id))
                .col_expr(notice::Column::Problem, Expr::value(None::<String>))
                .col_expr(notice::Column::NextTryAt, none),
            Sent::Closed => update
                .col_expr(notice::Column::TaskClosedAt, Expr::value(now))
                .col_expr(notice::Column::Problem, Expr::value(None::<String>))
                .col_expr(notice::Column::NextTryAt, none),
            Sent::Later(cause) if !is_last => update.col_expr(notice::Column::Problem, Expr::value(cause)),
            Sent::Later(cause) | Sent::Never(cause) => update
                .col_expr(notice::Column::Problem, Expr::value(cause))
                .col_expr(notice::Column::NextTryAt, none),
        };
        let transaction = self.fenced(lease).await?;
        update
            .filter(notice::Column::InstallationId.eq(lease.scope().id()))
            .filter(notice::Column::Id.eq(row.id))
            .exec(&transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}

async fn close(account: &Account, task_id: &str) -> Sent {
    match account.complete_task(task_id).await {
        Ok(()) => Sent::Closed,
        Err(error) => match error.class() {
            // Somebody deleted it, or this Storeganise does not let us: it is closed on our side.
            Class::NotFound | Class::Conflict | Class::Rejected => Sent::Never(error.code()),
            Class::Transient { .. } | Class::AccessDenied => Sent::Later(error.code()),
        },
    }
}

/// Whether a try that ended like this may have filed a task all the same.
fn may_be_filed(problem: &str) -> bool {
    let is_refusal = ["rejected_", "conflict", "not_found", "access_denied", "rate_limited", "unusable_"]
        .iter()
        .any(|cause| problem.strip_prefix("storeganise.").is_some_and(|rest| rest.starts_with(cause)));
    !is_refusal
}

/// Whether an earlier try filed the task cannot be found out: one task too few is better than one a day.
fn not_found_out(error: &StoreganiseError) -> Sent {
    match error.class() {
        Class::NotFound | Class::Conflict | Class::Rejected => Sent::Never(UNANSWERED.to_owned()),
        Class::Transient { .. } | Class::AccessDenied => Sent::Later(UNANSWERED.to_owned()),
    }
}

fn wait(tries: i32) -> i64 {
    let doublings = u32::try_from(tries.saturating_sub(1)).unwrap_or(0).min(20);
    FIRST_WAIT_MICROS.saturating_mul(1 << doublings).min(LONGEST_WAIT_MICROS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_six_hours() {
        let minutes: Vec<i64> = (1..=12).map(|tries| wait(tries) / 60_000_000).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]);
    }

    #[test]
    fn only_a_plain_refusal_says_that_nothing_was_filed() {
        for (problem, may) in [
            ("storeganise.rejected_400", false),
            ("storeganise.not_found", false),
            ("storeganise.access_denied", false),
            ("storeganise.timeout", true),
            ("storeganise.unreachable", true),
            ("storeganise.http_502", true),
            (UNANSWERED, true),
        ] {
            assert_eq!(may_be_filed(problem), may, "{problem}");
        }
    }
}
