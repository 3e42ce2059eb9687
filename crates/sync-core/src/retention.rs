//! Retention: what is no longer needed goes, a little at a time. Outcomes become daily counts; ended runs, old previews,
//! decided brakes, closed notices and counts by the hour go. The audit log stays.
//!
//! Every step is a transaction of its own, bounded, and safe to repeat: what a crash left is found the next time.

use std::collections::BTreeMap;

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use crate::{
    core::Core,
    error::Error,
    installation::Scope,
    queue::lease::lock,
    storage::entity::{
        activity_hour, brake, brake_row, installation, notice, outcome, outcome_day, preview_row, run,
    },
    views::day::first_hour,
};

pub(crate) const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;
/// Ended runs and closed notices are kept so long.
const ENDED_KEPT_DAYS: i64 = 90;
/// What a preview found is kept so long: it says what a sync would have done then.
const PREVIEW_KEPT_DAYS: i64 = 30;
/// Rows thinned in one transaction.
const ROWS_PER_STEP: u64 = 1_000;
/// Steps of one kind for one installation in one round; what is left then waits for the next.
const STEPS_PER_ROUND: usize = 500;
/// Installations listed at once.
const INSTALLATIONS_PER_PAGE: u64 = 500;

/// What a round of thinning took away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Thinned {
    /// Outcomes that became counts.
    pub outcomes: u64,
    /// Ended runs, rows of previews, decided brakes, closed notices and hours of activity.
    pub others: u64,
}

/// One kind of row that goes.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Outcomes,
    Previews,
    Runs,
    Brake,
    Notices,
    Hours,
}

impl Kind {
    /// The rows of a preview go before its run.
    const ALL: [Self; 6] =
        [Self::Outcomes, Self::Previews, Self::Runs, Self::Brake, Self::Notices, Self::Hours];
}

impl Core {
    /// Thins every installation once. Several processes may do it at the same time: they take turns.
    ///
    /// # Errors
    /// The database does not answer; what was thinned until then stays thinned.
    pub async fn thin_all(&self) -> Result<Thinned, Error> {
        let mut thinned = Thinned::default();
        let mut after = Uuid::nil();
        loop {
            let page = installation::Entity::find()
                .filter(installation::Column::Id.gt(after))
                .order_by_asc(installation::Column::Id)
                .limit(INSTALLATIONS_PER_PAGE)
                .all(self.db().reader())
                .await?;
            let Some(last) = page.last() else { return Ok(thinned) };
            after = last.id;
            for row in page {
                let id = row.id;
                match self.thin(id).await {
                    Ok(more) => {
                        thinned.outcomes += more.outcomes;
                        thinned.others += more.others;
                    }
                    // Its settings do not read back, or it was removed meanwhile: the others go on.
                    Err(error @ (Error::Corrupt(_) | Error::NotFound)) => {
                        tracing::warn!(installation.id = %id, cause = error.code(), "an installation was not thinned");
                    }
                    Err(error) => return Err(error),
                }
            }
        }
    }

    async fn thin(&self, id: Uuid) -> Result<Thinned, Error> {
        let found = self.installation(id).await?;
        let (scope, days) = (found.scope(), found.settings.outcome_days);
        let mut thinned = Thinned::default();
        for kind in Kind::ALL {
            for _ in 0..STEPS_PER_ROUND {
                let gone = self.thin_step(scope, kind, days).await?;
                match kind {
                    Kind::Outcomes => thinned.outcomes += gone,
                    _ => thinned.others += gone,
                }
                if gone == 0 {
                    break;
                }
            }
        }
        Ok(thinned)
    }

    /// Takes away up to [`ROWS_PER_STEP`] rows of a kind. What there is to do is looked up outside the transaction:
    /// most of the time it is nothing.
    async fn thin_step(&self, scope: Scope, kind: Kind, outcome_days: u32) -> Result<u64, Error> {
        let now = self.now_micros();
        let ended = now - ENDED_KEPT_DAYS * DAY_MICROS;
        match kind {
            Kind::Outcomes => self.thin_outcomes(scope, kept_since(now, outcome_days)).await,
            Kind::Previews => self.drop_previews(scope, now - PREVIEW_KEPT_DAYS * DAY_MICROS).await,
            Kind::Runs => {
                let columns = (run::Column::Id, run::Column::InstallationId, run::Column::FinishedAt);
                self.drop_ended::<run::Entity>(scope, columns, ended).await
            }
            Kind::Brake => self.thin_brake(scope, ended).await,
            Kind::Notices => {
                let columns = (notice::Column::Id, notice::Column::InstallationId, notice::Column::ClosedAt);
                self.drop_ended::<notice::Entity>(scope, columns, ended).await
            }
            Kind::Hours => self.drop_hours(scope, first_hour(now)).await,
        }
    }

    /// A transaction that writes an installation's rows beside its worker.
    async fn beside_the_worker(&self, scope: Scope) -> Result<DatabaseTransaction, Error> {
        let transaction = self.db().begin().await?;
        lock(&transaction, scope).await?;
        Ok(transaction)
    }

    /// Turns the oldest outcomes into counts. They are read again under the lock: two processes must not count them
    /// twice.
    async fn thin_outcomes(&self, scope: Scope, before: i64) -> Result<u64, Error> {
        if old_outcomes(self.db().reader(), scope, before, 1).await?.is_empty() {
            return Ok(0);
        }
        let transaction = self.beside_the_worker(scope).await?;
        let old = old_outcomes(&transaction, scope, before, ROWS_PER_STEP).await?;
        if old.is_empty() {
            return Ok(0);
        }
        add_to_days(&transaction, scope, &old).await?;
        let gone = outcome::Entity::delete_many()
            .filter(outcome::Column::InstallationId.eq(scope.id()))
            .filter(outcome::Column::Id.is_in(old.iter().map(|row| row.id)))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(gone.rows_affected)
    }

    async fn drop_previews(&self, scope: Scope, before: i64) -> Result<u64, Error> {
        let ended = run::Entity::find()
            .select_only()
            .column(run::Column::Id)
            .filter(run::Column::InstallationId.eq(scope.id()))
            .filter(run::Column::FinishedAt.lt(before))
            .into_query();
        let old = preview_row::Entity::find()
            .filter(preview_row::Column::InstallationId.eq(scope.id()))
            .filter(preview_row::Column::RunId.in_subquery(ended))
            .limit(ROWS_PER_STEP)
            .all(self.db().reader())
            .await?;
        let Some(first) = old.first() else { return Ok(0) };
        let of_run = old.iter().filter(|row| row.run_id == first.run_id && row.subject == first.subject);
        let records: Vec<String> = of_run.map(|row| row.record.clone()).collect();
        let transaction = self.beside_the_worker(scope).await?;
        let gone = preview_row::Entity::delete_many()
            .filter(preview_row::Column::InstallationId.eq(scope.id()))
            .filter(preview_row::Column::RunId.eq(first.run_id))
            .filter(preview_row::Column::Subject.eq(first.subject.as_str()))
            .filter(preview_row::Column::Record.is_in(records))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(gone.rows_affected)
    }

    /// Drops rows that have ended, by their ids: nothing that has ended goes on again.
    async fn drop_ended<E: EntityTrait>(
        &self,
        scope: Scope,
        (id, owner, ended): (E::Column, E::Column, E::Column),
        before: i64,
    ) -> Result<u64, Error> {
        let old: Vec<Uuid> = E::find()
            .select_only()
            .column(id)
            .filter(owner.eq(scope.id()))
            .filter(ended.lt(before))
            .limit(ROWS_PER_STEP)
            .into_tuple()
            .all(self.db().reader())
            .await?;
        if old.is_empty() {
            return Ok(0);
        }
        let transaction = self.beside_the_worker(scope).await?;
        let gone =
            E::delete_many().filter(owner.eq(scope.id())).filter(id.is_in(old)).exec(&transaction).await?;
        transaction.commit().await?;
        Ok(gone.rows_affected)
    }

    /// Drops the hours that no page shows any more.
    async fn drop_hours(&self, scope: Scope, before: i64) -> Result<u64, Error> {
        let old = Condition::all()
            .add(activity_hour::Column::InstallationId.eq(scope.id()))
            .add(activity_hour::Column::Hour.lt(before));
        let found = activity_hour::Entity::find().filter(old.clone()).one(self.db().reader()).await?;
        if found.is_none() {
            return Ok(0);
        }
        let transaction = self.beside_the_worker(scope).await?;
        let gone = activity_hour::Entity::delete_many().filter(old).exec(&transaction).await?;
        transaction.commit().await?;
        Ok(gone.rows_affected)
    }

    /// Drops a brake that was decided, its rows first. Whether it was put on again meanwhile is looked up under the
    /// lock.
    async fn thin_brake(&self, scope: Scope, before: i64) -> Result<u64, Error> {
        let decided = || {
            brake::Entity::find()
                .filter(brake::Column::InstallationId.eq(scope.id()))
                .filter(brake::Column::DecidedAt.lt(before))
        };
        if decided().one(self.db().reader()).await?.is_none() {
            return Ok(0);
        }
        let transaction = self.beside_the_worker(scope).await?;
        if decided().one(&transaction).await?.is_none() {
            return Ok(0);
        }
        let users: Vec<String> = brake_row::Entity::find()
            .select_only()
            .column(brake_row::Column::UserId)
            .filter(brake_row::Column::InstallationId.eq(scope.id()))
            .limit(ROWS_PER_STEP)
            .into_tuple()
            .all(&transaction)
            .await?;
        let gone = if users.is_empty() {
            brake::Entity::delete_many()
                .filter(brake::Column::InstallationId.eq(scope.id()))
                .exec(&transaction)
                .await?
        } else {
            brake_row::Entity::delete_many()
                .filter(brake_row::Column::InstallationId.eq(scope.id()))
                .filter(brake_row::Column::UserId.is_in(users))
                .exec(&transaction)
                .await?
        };
        transaction.commit().await?;
        Ok(gone.rows_affected)
    }
}

/// From when on outcomes are kept: the beginning of a day (UTC), so that a day is either there or counted.
fn kept_since(now: i64, days: u32) -> i64 {
    let since = now - i64::from(days.max(1)) * DAY_MICROS;
    since - since.rem_euclid(DAY_MICROS)
}

/// The oldest outcomes, as far as they are older than this. Ids begin with their time, so the index gives them in
/// order.
async fn old_outcomes(
    on: &impl ConnectionTrait,
    scope: Scope,
    before: i64,
    limit: u64,
) -> Result<Vec<outcome::Model>, Error> {
    let rows = outcome::Entity::find()
        .filter(outcome::Column::InstallationId.eq(scope.id()))
        .order_by_asc(outcome::Column::Id)
        .limit(limit)
        .all(on)
        .await?;
    Ok(rows.into_iter().filter(|row| row.at < before).collect())
}

async fn add_to_days(on: &DatabaseTransaction, scope: Scope, old: &[outcome::Model]) -> Result<(), Error> {
    let rows = counted(old).into_iter().map(|((day, action, reason), count)| outcome_day::ActiveModel {
        installation_id: Set(scope.id()),
        day: Set(day),
        action: Set(action),
        reason: Set(reason),
        count: Set(count),
    });
    let key = [
        outcome_day::Column::InstallationId,
        outcome_day::Column::Day,
        outcome_day::Column::Action,
        outcome_day::Column::Reason,
    ];
    let more = OnConflict::columns(key)
        .value(outcome_day::Column::Count, Expr::cust("outcome_day.count + excluded.count"))
        .to_owned();
    outcome_day::Entity::insert_many(rows).on_conflict(more).exec_without_returning(on).await?;
    Ok(())
}

/// Outcomes by day, action and reason.
fn counted(rows: &[outcome::Model]) -> BTreeMap<(i64, String, String), i64> {
    let mut counts = BTreeMap::new();
    for row in rows {
        let day = row.at.div_euclid(DAY_MICROS);
        let key = (day, row.action.clone(), row.reason.clone().unwrap_or_default());
        *counts.entry(key).or_insert(0) += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_kept_for_whole_days_and_for_one_at_least() {
        let noon = 20_000 * DAY_MICROS + DAY_MICROS / 2;
        for (days, kept_since_day) in [(30, 19_970), (1, 19_999), (0, 19_999)] {
            assert_eq!(kept_since(noon, days), kept_since_day * DAY_MICROS, "{days}");
        }
        assert_eq!(kept_since(20_000 * DAY_MICROS, 1), 19_999 * DAY_MICROS, "at midnight");
    }

    #[test]
    fn outcomes_are_counted_by_day_action_and_reason() {
        let row = |at: i64, reason: Option<&str>| outcome::Model {
            id: Uuid::nil(),
            installation_id: Uuid::nil(),
            subject: "user".to_owned(),
            subject_id: "u".to_owned(),
            action: "skipped".to_owned(),
            reason: reason.map(str::to_owned),
            fields: String::new(),
            user_id: None,
            contact_id: None,
            deal_id: None,
            correlation_id: None,
            provider_code: None,
            at,
        };
        let rows =
            [row(0, Some("staff")), row(1, Some("staff")), row(2, None), row(DAY_MICROS, Some("staff"))];
        let key = |day, reason: &str| (day, "skipped".to_owned(), reason.to_owned());
        let expected = BTreeMap::from([(key(0, "staff"), 2), (key(0, ""), 1), (key(1, "staff"), 1)]);
        assert_eq!(counted(&rows), expected);
    }
}
