//! What lists show of an installation: its state, connection, what waits, and its last day.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, FromQueryResult, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, sea_query::Expr,
};
use uuid::Uuid;

use super::{day::Day, runs::RunState};
use crate::{
    connection::Connection,
    core::Core,
    error::Error,
    health::{Assessment, Facts, assess},
    installation::{Installation, Scope},
    queue::change::ASIDE_UNTIL,
    storage::entity::{brake, business, change, conflict, connection, installation, lease, run},
};

/// One installation in a list.
#[derive(Debug, Clone)]
pub struct Summary {
    /// The installation.
    pub installation: Installation,
    /// Its connection, if it was ever authorised.
    pub connection: Option<Connection>,
    /// What waits.
    pub backlog: Backlog,
    /// Its last day, by the hour.
    pub day: Day,
    /// When a record last came to an end that was no failure.
    pub succeeded_at: Option<i64>,
    /// When an event last arrived, whether or not it asked for work.
    pub last_event: Option<i64>,
}

/// What waits to be worked in one installation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Changes that will be worked by themselves.
    pub waiting: u64,
    /// Changes that failed too often and need a person.
    pub parked: u64,
    /// Why the installation is held just now, as a cause code.
    pub held: Option<String>,
    /// Until when it is held.
    pub held_until: Option<i64>,
    /// Conflicts that wait for a person.
    pub conflicts: u64,
    /// Records held back because too many would change at once: a person releases or drops them.
    pub braked: u64,
    /// A run goes on.
    pub is_running: bool,
}

impl Summary {
    /// How the installation is, and why.
    #[must_use]
    pub fn assessment(&self) -> Assessment {
        let connection = self.connection.as_ref().map(|found| found.state);
        assess(Facts {
            waiting: self.backlog.waiting,
            parked: self.backlog.parked,
            conflicts: self.backlog.conflicts,
            is_held: self.backlog.held.is_some(),
            is_braked: self.backlog.braked > 0,
            is_running: self.backlog.is_running,
            ..Facts::of(&self.installation, connection)
        })
    }
}

/// The state of a brake that waits for a person.
const BRAKE_HELD: &str = "held";

#[derive(Debug, FromQueryResult)]
struct Conflicted {
    installation_id: Uuid,
    conflicts: i64,
}

#[derive(Debug, FromQueryResult)]
struct Counted {
    installation_id: Uuid,
    rows: i64,
    parked: i64,
    aside: i64,
}

impl Core {
    /// One installation as lists show it.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is none.
    pub async fn summary(&self, id: Uuid) -> Result<Summary, Error> {
        let found = self.installation(id).await?;
        let mut summaries = self.summaries(vec![found]).await?;
        self.add_days(&mut summaries).await?;
        summaries.pop().ok_or(Error::NotFound)
    }

    /// Installations with all that lists show of them, in so many queries however many they are. Those that are gone are
    /// left out; the order is by their ids.
    pub(crate) async fn summaries_of(&self, ids: &[Uuid]) -> Result<Vec<Summary>, Error> {
        let mut summaries = self.summaries_without_days(ids).await?;
        self.add_days(&mut summaries).await?;
        Ok(summaries)
    }

    /// The same without their days: the order of a fleet needs one number of each, and not its hours.
    pub(crate) async fn summaries_without_days(&self, ids: &[Uuid]) -> Result<Vec<Summary>, Error> {
        let rows = installation::Entity::find()
            .find_also_related(business::Entity)
            .filter(installation::Column::Id.is_in(ids.to_vec()))
            .order_by_asc(installation::Column::Id)
            .all(self.db().reader())
            .await?;
        let mut found = Vec::with_capacity(rows.len());
        for (row, business) in rows {
            let code = business.ok_or(Error::Corrupt("business"))?.code;
            found.push(Installation::from_row(row, code)?);
        }
        self.summaries(found).await
    }

    async fn summaries(&self, found: Vec<Installation>) -> Result<Vec<Summary>, Error> {
        let ids: Vec<Uuid> = found.iter().map(|installation| installation.id).collect();
        let mut connections = HashMap::new();
        let rows = connection::Entity::find()
            .filter(connection::Column::InstallationId.is_in(ids.clone()))
            .all(self.db().reader())
            .await?;
        for row in rows {
            connections.insert(row.installation_id, Connection::from_row(row)?);
        }
        let mut heard = self.heard_of(&ids).await?;
        let leases = self.leases(&ids).await?;
        let mut succeeded: HashMap<Uuid, i64> =
            leases.iter().filter_map(|row| Some((row.installation_id, row.succeeded_at?))).collect();
        let mut backlogs = self.backlogs(&ids, leases).await?;
        Ok(found
            .into_iter()
            .map(|installation| Summary {
                connection: connections.remove(&installation.id),
                backlog: backlogs.remove(&installation.id).unwrap_or_default(),
                day: Day::default(),
                succeeded_at: succeeded.remove(&installation.id),
                last_event: installation.last_event_at.max(heard.remove(&installation.id)),
                installation,
            })
            .collect())
    }

    async fn add_days(&self, summaries: &mut [Summary]) -> Result<(), Error> {
        let ids: Vec<Uuid> = summaries.iter().map(|summary| summary.installation.id).collect();
        let mut days = self.days(&ids).await?;
        for summary in summaries {
            summary.day = days.remove(&summary.installation.id).unwrap_or_default();
        }
        Ok(())
    }

    async fn leases(&self, ids: &[Uuid]) -> Result<Vec<lease::Model>, Error> {
        let leases = lease::Entity::find().filter(lease::Column::InstallationId.is_in(ids.to_vec()));
        Ok(leases.all(self.db().reader()).await?)
    }

    /// What waits in one installation.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn backlog(&self, scope: Scope) -> Result<Backlog, Error> {
        let ids = [scope.id()];
        let leases = self.leases(&ids).await?;
        Ok(self.backlogs(&ids, leases).await?.remove(&scope.id()).unwrap_or_default())
    }

    /// What waits for a person in one installation: records its brake holds back, and conflicts. Every turn asks for it,
    /// so that what is merely pending, which may be everybody, is not counted.
    pub(crate) async fn left_to_people(&self, scope: Scope) -> Result<(u64, u64), Error> {
        let ids = [scope.id()];
        let conflicts = self.conflicts_counted(&ids).await?;
        let conflicts = conflicts.first().map_or(0, |row| u64::try_from(row.conflicts).unwrap_or(0));
        if self.braked(&ids).await?.is_empty() {
            return Ok((0, conflicts));
        }
        let counted = self.changes_counted(&ids).await?;
        let aside = counted.first().map_or(0, |row| u64::try_from(row.aside).unwrap_or(0));
        // Held with nothing left to hold is still a person's to end.
        Ok((aside.max(1), conflicts))
    }

    async fn backlogs(
        &self,
        ids: &[Uuid],
        leases: Vec<lease::Model>,
    ) -> Result<HashMap<Uuid, Backlog>, Error> {
        let mut backlogs: HashMap<Uuid, Backlog> = HashMap::new();
        let mut aside: HashMap<Uuid, u64> = HashMap::new();
        for row in self.changes_counted(ids).await? {
            aside.insert(row.installation_id, u64::try_from(row.aside).unwrap_or(0));
            let backlog = backlogs.entry(row.installation_id).or_default();
            backlog.parked = u64::try_from(row.parked).unwrap_or(0);
            backlog.waiting = u64::try_from(row.rows - row.parked - row.aside).unwrap_or(0);
        }
        let now = self.now_micros();
        for row in leases.into_iter().filter(|row| row.hold_until > now) {
            let backlog = backlogs.entry(row.installation_id).or_default();
            backlog.held = row.hold_cause;
            backlog.held_until = Some(row.hold_until);
        }
        for row in self.conflicts_counted(ids).await? {
            let backlog = backlogs.entry(row.installation_id).or_default();
            backlog.conflicts = u64::try_from(row.conflicts).unwrap_or(0);
        }
        for id in self.braked(ids).await? {
            // Held with nothing left to hold is still a person's to end.
            let held = aside.get(&id).copied().unwrap_or(0).max(1);
            backlogs.entry(id).or_default().braked = held;
        }
        for id in self.running_among(ids).await? {
            backlogs.entry(id).or_default().is_running = true;
        }
        Ok(backlogs)
    }

    async fn changes_counted(&self, ids: &[Uuid]) -> Result<Vec<Counted>, Error> {
        Ok(change::Entity::find()
            .select_only()
            .column(change::Column::InstallationId)
            .column_as(Expr::cust("COUNT(*)"), "rows")
            .column_as(Expr::cust("COUNT(parked_at)"), "parked")
            .column_as(Expr::cust(format!("COUNT(CASE WHEN due_at = {ASIDE_UNTIL} THEN 1 END)")), "aside")
            .filter(change::Column::InstallationId.is_in(ids.to_vec()))
            // The sweep that waits for its next turn is no work that waits.
            .filter(
                Condition::any()
                    .add(change::Column::Subject.ne("sweep"))
                    .add(change::Column::ParkedAt.is_not_null()),
            )
            .group_by(change::Column::InstallationId)
            .into_model::<Counted>()
            .all(self.db().reader())
            .await?)
    }

    /// Pairs a person has to decide about, however many of their fields are in conflict.
    async fn conflicts_counted(&self, ids: &[Uuid]) -> Result<Vec<Conflicted>, Error> {
        Ok(conflict::Entity::find()
            .select_only()
            .column(conflict::Column::InstallationId)
            .column_as(Expr::cust("COUNT(DISTINCT user_id)"), "conflicts")
            .filter(conflict::Column::InstallationId.is_in(ids.to_vec()))
            .filter(conflict::Column::Choice.is_null())
            .group_by(conflict::Column::InstallationId)
            .into_model::<Conflicted>()
            .all(self.db().reader())
            .await?)
    }

    /// Those whose brake is on and waits for a person.
    pub(crate) async fn braked(&self, ids: &[Uuid]) -> Result<Vec<Uuid>, Error> {
        Ok(brake::Entity::find()
            .select_only()
            .column(brake::Column::InstallationId)
            .filter(brake::Column::InstallationId.is_in(ids.to_vec()))
            .filter(brake::Column::State.eq(BRAKE_HELD))
            .into_tuple()
            .all(self.db().reader())
            .await?)
    }

    async fn running_among(&self, ids: &[Uuid]) -> Result<Vec<Uuid>, Error> {
        Ok(run::Entity::find()
            .select_only()
            .column(run::Column::InstallationId)
            .distinct()
            .filter(run::Column::InstallationId.is_in(ids.to_vec()))
            // Most runs have ended: these are found by an index of their own.
            .filter(run::Column::FinishedAt.is_null())
            .filter(run::Column::State.eq(RunState::Running.word()))
            .into_tuple()
            .all(self.db().reader())
            .await?)
    }
}
