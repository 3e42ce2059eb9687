//! Leases: one worker at a time works an installation. A lease is an economy, not a proof: what protects our data is
//! that every write-back first checks the lease's epoch, in its own transaction; what protects the providers' is that
//! no request leaves under a lease that has run out.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use sea_orm::{
    ColumnTrait as _, DatabaseTransaction, DbBackend, DbErr, EntityTrait as _, FromQueryResult,
    QueryFilter as _, QuerySelect as _, Statement, sea_query::Expr,
};
use uuid::Uuid;

use super::change::Subject;
use crate::{
    core::Core,
    error::Error,
    installation::Scope,
    retry::{MAX_ATTEMPTS, wait_after},
    storage::entity::{change, lease},
};

/// How long a lease lasts by default unless it is renewed; also how long a dead worker's work waits.
pub const LEASE: Duration = Duration::from_secs(12);
/// A lease is renewed so many times before it would run out.
pub const RENEWALS_PER_LEASE: u32 = 4;

/// A claim on one installation's work.
#[derive(Debug, Clone)]
pub struct Lease {
    scope: Scope,
    epoch: i64,
    /// Until when nobody else can have claimed the installation; shared by all clones.
    held_until: Arc<AtomicI64>,
}

/// Which changes decide when an installation is ready again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// All that are pending.
    Everything,
    /// Only the sweep: nothing may be synced just now, but the add-on's state is polled.
    SweepOnly,
    /// Only what is to be deleted for privacy: it rests until staff enable it.
    ErasureOnly,
}

impl Waiting {
    /// The subjects that count; all where there is none.
    fn subjects(self) -> Option<&'static [Subject]> {
        match self {
            Self::Everything => None,
            Self::SweepOnly => Some(&[Subject::Sweep, Subject::Erasure]),
            Self::ErasureOnly => Some(&[Subject::Erasure]),
        }
    }
}

/// A reason to leave an installation alone for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hold {
    /// A cause code without personal data.
    pub cause: String,
    /// How long the provider asked us to wait, if it did.
    pub retry_after: Option<Duration>,
}

#[derive(Debug, FromQueryResult)]
struct Claimed {
    installation_id: Uuid,
    epoch: i64,
    until: i64,
}

impl Lease {
    /// The rows this lease gives the right to.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Which claim of the installation it is: both together name a turn in the log.
    #[must_use]
    pub fn epoch(&self) -> i64 {
        self.epoch
    }
}

impl Core {
    /// Claims the installation that has waited longest, if any is ready. A lease that nobody gave back, because its
    /// worker died or was stopped, is taken over once it has run out: such a claim lasts a microsecond longer, by which
    /// it is known and counted.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn claim(&self) -> Result<Option<Lease>, Error> {
        // On SQLite there is one writer, so that two claims cannot meet; there is no row lock to ask for.
        let (backend, lock) = if self.db().is_sqlite() {
            (DbBackend::Sqlite, "")
        } else {
            (DbBackend::Postgres, " FOR UPDATE SKIP LOCKED")
        };
        let sql = format!(
            "UPDATE lease SET owner = $1, until = $2 + CASE WHEN until > 0 THEN 1 ELSE 0 END, epoch = epoch + 1 WHERE installation_id = (\
             SELECT installation_id FROM lease WHERE ready_at <= $3 AND hold_until <= $3 AND until < $3 \
             ORDER BY ready_at LIMIT 1{lock}) RETURNING installation_id, epoch, until"
        );
        let now = self.now_micros();
        let until = now + micros(self.parts.lease);
        let values = [self.parts.worker_name.clone().into(), until.into(), now.into()];
        let claimed = Claimed::find_by_statement(Statement::from_sql_and_values(backend, sql, values))
            .one(self.db().writer())
            .await?;
        if claimed.as_ref().is_some_and(|row| row.until > until) {
            metrics::counter!("annex_lease_takeovers_total").increment(1);
        }
        Ok(claimed.map(|row| Lease {
            scope: Scope::new(row.installation_id),
            epoch: row.epoch,
            held_until: Arc::new(AtomicI64::new(until)),
        }))
    }

    /// Renews a lease.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] where another worker has taken the installation over.
    pub(crate) async fn renew(&self, lease: &Lease) -> Result<(), Error> {
        let until = self.now_micros() + micros(self.parts.lease);
        let transaction = self.fenced(lease).await?;
        transaction.commit().await?;
        lease.held_until.store(until, Ordering::Relaxed);
        Ok(())
    }

    /// Whether a request may still leave under a lease. A worker that was stopped for a while, by its machine or by a
    /// database that did not answer, must not send what it decided before: another may have taken its place.
    pub(crate) fn may_send(&self, lease: &Lease) -> Arc<dyn Fn() -> bool + Send + Sync> {
        let (clock, held_until) = (self.clock().clone(), Arc::clone(&lease.held_until));
        Arc::new(move || clock.now().0 < held_until.load(Ordering::Relaxed))
    }

    /// Begins the transaction of a write-back: it holds the lease's row, so that nobody can take the
    /// installation over before it ends.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] where another worker has taken the installation over.
    pub(crate) async fn fenced(&self, lease: &Lease) -> Result<DatabaseTransaction, Error> {
        let transaction = self.db().begin().await?;
        let renewed = lease::Entity::update_many()
            .col_expr(lease::Column::Until, Expr::value(self.now_micros() + micros(self.parts.lease)))
            .filter(lease::Column::InstallationId.eq(lease.scope.id()))
            .filter(lease::Column::Owner.eq(self.parts.worker_name.as_str()))
            .filter(lease::Column::Epoch.eq(lease.epoch))
            .exec(&transaction)
            .await?;
        if renewed.rows_affected == 0 {
            return Err(Error::LeaseLost);
        }
        Ok(transaction)
    }

    /// Gives a lease back. `waiting` says which changes make it ready again; `hold` keeps it from
    /// being claimed before its time.
    ///
    /// The earliest due time is computed in a second statement, after the first has locked the lease's row:
    /// in one statement PostgreSQL could take it from an older snapshot and lose a change marked meanwhile.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] where another worker has taken the installation over.
    pub(crate) async fn release(
        &self,
        lease: &Lease,
        waiting: Waiting,
        hold: Option<&Hold>,
    ) -> Result<(), Error> {
        let transaction = self.fenced(lease).await?;
        let mut pending = change::Entity::find()
            .select_only()
            .column_as(change::Column::DueAt.min(), "earliest")
            .filter(change::Column::InstallationId.eq(lease.scope.id()))
            .filter(change::Column::ParkedAt.is_null());
        if let Some(subjects) = waiting.subjects() {
            let words = subjects.iter().map(|subject| subject.word());
            pending = pending.filter(change::Column::Subject.is_in(words));
        }
        let earliest: Option<Option<i64>> = pending.into_tuple().one(&transaction).await?;
        // Never before those that have waited meanwhile: whoever has an older backlog than others would keep them out for as
        // long as it lasts.
        let ready_at = earliest.flatten().map(|due| due.max(self.now_micros()));
        let before = lease::Entity::find_by_id(lease.scope.id()).one(&transaction).await?;
        let held_before = before.map_or(0, |row| row.hold_count);
        let (until, count) = match hold {
            None => (0, 0),
            Some(hold) => {
                let failed = u32::try_from(held_before).unwrap_or(0).saturating_add(1);
                let wait = wait_after(failed.min(MAX_ATTEMPTS - 1), hold.retry_after, self.random());
                (self.now_micros() + micros(wait.unwrap_or_default()), held_before.saturating_add(1))
            }
        };
        lease::Entity::update_many()
            .col_expr(lease::Column::Until, Expr::value(0_i64))
            .col_expr(lease::Column::ReadyAt, Expr::value(ready_at))
            .col_expr(lease::Column::HoldUntil, Expr::value(until))
            .col_expr(lease::Column::HoldCause, Expr::value(hold.map(|hold| hold.cause.clone())))
            .col_expr(lease::Column::HoldCount, Expr::value(count))
            .filter(lease::Column::InstallationId.eq(lease.scope.id()))
            .exec(&transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}

/// Makes an installation ready at once, whatever it was held for. In a transaction this comes first: every
/// transaction that writes an installation's rows locks its lease before any other row, so that no two of them
/// wait for each other.
pub(crate) async fn make_ready(on: &DatabaseTransaction, scope: Scope, now: i64) -> Result<(), DbErr> {
    lease::Entity::update_many()
        .col_expr(lease::Column::ReadyAt, Expr::value(now))
        .col_expr(lease::Column::HoldUntil, Expr::value(0_i64))
        .filter(lease::Column::InstallationId.eq(scope.id()))
        .exec(on)
        .await?;
    Ok(())
}

/// Locks an installation's lease and changes nothing about it: the first statement of a transaction that writes the
/// installation's rows beside whoever works it.
pub(crate) async fn lock(on: &DatabaseTransaction, scope: Scope) -> Result<(), DbErr> {
    lease::Entity::update_many()
        .col_expr(lease::Column::Epoch, Expr::col(lease::Column::Epoch))
        .filter(lease::Column::InstallationId.eq(scope.id()))
        .exec(on)
        .await?;
    Ok(())
}

/// A duration in the unit in which times are stored.
pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX / 4)
}
