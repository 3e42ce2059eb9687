//! What waits in all installations together, by lane: for whoever watches the service, never for a tenant's page.

use std::time::Duration;

use sea_orm::{ColumnTrait as _, EntityTrait as _, FromQueryResult, QueryFilter as _, QuerySelect as _};

use uuid::Uuid;

use crate::{
    core::Core,
    error::Error,
    queue::change::{Lane, Subject},
    storage::entity::change,
};

/// Changes of one lane that are due and not worked yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// The lane.
    pub lane: Lane,
    /// How many.
    pub changes: u64,
    /// For how long the oldest of them has been due.
    pub oldest: Duration,
}

/// Changes of one installation that are due and not worked yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingFor {
    /// The installation.
    pub installation: Uuid,
    /// How many.
    pub changes: u64,
    /// For how long the oldest of them has been due.
    pub oldest: Duration,
}

#[derive(Debug, FromQueryResult)]
struct CountedFor {
    installation_id: Uuid,
    changes: i64,
    oldest: i64,
}

#[derive(Debug, FromQueryResult)]
struct Counted {
    changes: i64,
    oldest: Option<i64>,
}

impl Core {
    /// What is due now in each lane; sweeps, which are always due at some time, are left out.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn waiting(&self) -> Result<Vec<Waiting>, Error> {
        let now = self.now_micros();
        let mut lanes = Vec::new();
        for lane in [Lane::Prompt, Lane::Bulk] {
            let counted = change::Entity::find()
                .select_only()
                .column_as(change::Column::SubjectId.count(), "changes")
                .column_as(change::Column::DueAt.min(), "oldest")
                .filter(change::Column::ParkedAt.is_null())
                .filter(change::Column::DueAt.lte(now))
                .filter(change::Column::Lane.eq(lane.number()))
                .filter(change::Column::Subject.ne(Subject::Sweep.word()))
                .into_model::<Counted>()
                .one(self.db().reader())
                .await?;
            let (changes, oldest) = counted.map_or((0, None), |row| (row.changes, row.oldest));
            let oldest = oldest.map_or(0, |due| u64::try_from(now - due).unwrap_or(0));
            let changes = u64::try_from(changes).unwrap_or(0);
            lanes.push(Waiting { lane, changes, oldest: Duration::from_micros(oldest) });
        }
        Ok(lanes)
    }

    /// What is due now in each installation that has any; sweeps are left out.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn waiting_by_installation(&self) -> Result<Vec<WaitingFor>, Error> {
        let now = self.now_micros();
        let counted = change::Entity::find()
            .select_only()
            .column(change::Column::InstallationId)
            .column_as(change::Column::SubjectId.count(), "changes")
            .column_as(change::Column::DueAt.min(), "oldest")
            .filter(change::Column::ParkedAt.is_null())
            .filter(change::Column::DueAt.lte(now))
            .filter(change::Column::Subject.ne(Subject::Sweep.word()))
            .group_by(change::Column::InstallationId)
            .into_model::<CountedFor>()
            .all(self.db().reader())
            .await?;
        let told = counted.into_iter().map(|row| WaitingFor {
            installation: row.installation_id,
            changes: u64::try_from(row.changes).unwrap_or(0),
            oldest: Duration::from_micros(u64::try_from(now - row.oldest).unwrap_or(0)),
        });
        Ok(told.collect())
    }
}
