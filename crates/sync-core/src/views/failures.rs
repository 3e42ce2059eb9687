//! What failed too often, by its cause: in one installation, or in all of them, because one cause is mended once.

use std::collections::BTreeMap;

use sea_orm::{
    ColumnTrait as _, EntityTrait as _, FromQueryResult, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    Select, sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    access::audit::{Actor, Entry},
    core::Core,
    error::Error,
    installation::Scope,
    queue::change::{Mark, Origin, Subject, mark_in},
    storage::entity::change,
};

/// Causes listed; there are far fewer.
const CAUSES_MAX: u64 = 500;
/// Changes replayed in one call.
pub(super) const REPLAYED_AT_ONCE_MAX: u64 = 10_000;

/// Records that failed too often for one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The cause, as a code.
    pub cause: String,
    /// Installations it is found in.
    pub installations: u64,
    /// Records.
    pub records: u64,
    /// When the first of them was given up, in microseconds since 1970.
    pub since: i64,
}

/// How much of a cause is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// The record that was given up last: does what was mended help?
    One,
    /// All of them, 10,000 at most in one call.
    All,
}

/// What is tried again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Installations.
    pub installations: u64,
    /// Records.
    pub records: u64,
}

#[derive(Debug, FromQueryResult)]
struct Counted {
    cause: Option<String>,
    installations: i64,
    records: i64,
    since: Option<i64>,
}

impl Core {
    /// What failed too often, by cause, most records first; of all installations where no scope is given.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn failures(&self, scope: Option<Scope>) -> Result<Vec<Failure>, Error> {
        let counted = given_up(scope)
            .select_only()
            .column(change::Column::Cause)
            .column_as(Expr::cust("COUNT(DISTINCT installation_id)"), "installations")
            .column_as(Expr::cust("COUNT(*)"), "records")
            .column_as(change::Column::ParkedAt.min(), "since")
            .group_by(change::Column::Cause)
            .limit(CAUSES_MAX)
            .into_model::<Counted>()
            .all(self.db().reader())
            .await?;
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        let mut failures: Vec<Failure> = counted
            .into_iter()
            .filter_map(|row| {
                Some(Failure {
                    cause: row.cause?,
                    installations: count(row.installations),
                    records: count(row.records),
                    since: row.since?,
                })
            })
            .collect();
        failures
            .sort_by(|one, other| other.records.cmp(&one.records).then_with(|| one.cause.cmp(&other.cause)));
        Ok(failures)
    }

    /// Does again what failed for one cause, one record or all of them. Each installation's are marked in a transaction of
    /// their own, and stand in its audit log.
    ///
    /// # Errors
    /// The database does not answer; what was marked until then is done again.
    pub async fn replay_cause(
        &self,
        scope: Option<Scope>,
        cause: &str,
        extent: Extent,
        by: &Actor,
    ) -> Result<Replayed, Error> {
        let limit = if extent == Extent::One { 1 } else { REPLAYED_AT_ONCE_MAX };
        let rows = given_up(scope)
            .filter(change::Column::Cause.eq(cause))
            .order_by_desc(change::Column::ParkedAt)
            .limit(limit)
            .all(self.db().reader())
            .await?;
        let mut by_installation: BTreeMap<Uuid, Vec<Mark>> = BTreeMap::new();
        for row in rows {
            let subject = Subject::from_word(&row.subject).ok_or(Error::Corrupt("subject"))?;
            let mark = Mark::new(Scope::new(row.installation_id), subject, row.subject_id, Origin::Person);
            by_installation.entry(row.installation_id).or_default().push(mark);
        }
        let mut replayed = Replayed::default();
        for (id, marks) in by_installation {
            let scope = Scope::new(id);
            let transaction = self.db().begin().await?;
            mark_in(&transaction, &marks, self.now_micros()).await?;
            let told = format!("{} of {cause}", marks.len());
            self.audit(&transaction, &Entry::about(by, id, "change.replayed_cause").with(told)).await?;
            transaction.commit().await?;
            self.lift_hold(scope).await?;
            replayed.installations += 1;
            replayed.records += marks.len() as u64;
        }
        Ok(replayed)
    }
}

/// What waits for a person because it failed too often.
fn given_up(scope: Option<Scope>) -> Select<change::Entity> {
    let given_up = change::Entity::find()
        .filter(change::Column::Cause.is_not_null())
        .filter(change::Column::ParkedAt.is_not_null());
    match scope {
        Some(scope) => given_up.filter(change::Column::InstallationId.eq(scope.id())),
        None => given_up,
    }
}
