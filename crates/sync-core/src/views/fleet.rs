//! The fleet: every installation with its state, connection and what waits, in the order of business codes.

use std::collections::{BTreeMap, HashMap};

use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, FromQueryResult, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, sea_query::Expr,
};
use uuid::Uuid;

use super::{Page, bounded, runs::RunState};
use crate::{
    connection::Connection,
    core::Core,
    error::Error,
    health::{Assessment, Facts, Health, assess},
    installation::{Installation, Scope, State},
    queue::change::ASIDE_UNTIL,
    storage::entity::{brake, business, change, conflict, connection, installation, lease, run},
};

/// Which installations to list.
#[derive(Debug, Clone, Default)]
pub struct FleetFilter {
    /// Only those in this state.
    pub state: Option<State>,
    /// Only those in this health.
    pub health: Option<Health>,
    /// Only those whose business code or add-on id contains this.
    pub search: Option<String>,
}

/// One installation in a list.
#[derive(Debug, Clone)]
pub struct Summary {
    /// The installation.
    pub installation: Installation,
    /// Its connection, if it was ever authorised.
    pub connection: Option<Connection>,
    /// What waits.
    pub backlog: Backlog,
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

    fn place(&self) -> String {
        format!("{}~{}", self.installation.business_code, self.installation.addon_id)
    }
}

/// The state of a brake that waits for a person.
const BRAKE_HELD: &str = "held";
/// Installations looked at together where the health of many is asked for.
const LOOKED_AT_ONCE: u64 = 500;
/// How long a census is good for: whoever asks more often is told the same.
const CENSUS_MICROS: i64 = 10 * 1_000_000;

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
    /// A page of installations, ordered by business code and add-on id.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn installations(
        &self,
        filter: &FleetFilter,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<Summary>, Error> {
        let limit = bounded(limit);
        let Some(health) = filter.health else { return self.summaries_after(filter, after, limit).await };
        // Health is derived, not stored: the one derivation is asked, many installations at a time.
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let (mut fitting, mut cursor) = (Vec::new(), after.map(str::to_owned));
        loop {
            let page = self.summaries_after(filter, cursor.as_deref(), LOOKED_AT_ONCE).await?;
            let fits = |row: &Summary| row.assessment().health == health;
            fitting.extend(page.items.into_iter().filter(fits));
            cursor = page.next;
            if cursor.is_none() || fitting.len() > wanted {
                return Ok(Page::cut(fitting, limit, Summary::place));
            }
        }
    }

    /// How many installations there are of each health.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn health_census(&self) -> Result<BTreeMap<Health, u64>, Error> {
        let now = self.now_micros();
        if let Some(known) = self.known_census(now - CENSUS_MICROS) {
            return Ok(known);
        }
        let mut counts: BTreeMap<Health, u64> = Health::ALL.into_iter().map(|health| (health, 0)).collect();
        let mut cursor: Option<String> = None;
        loop {
            let page =
                self.summaries_after(&FleetFilter::default(), cursor.as_deref(), LOOKED_AT_ONCE).await?;
            for row in &page.items {
                *counts.entry(row.assessment().health).or_default() += 1;
            }
            cursor = page.next;
            if cursor.is_none() {
                self.remember_census(now, &counts);
                return Ok(counts);
            }
        }
    }

    /// A page of installations with all that their summaries show, in so many queries however long it is.
    async fn summaries_after(
        &self,
        filter: &FleetFilter,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<Summary>, Error> {
        let mut query = installation::Entity::find()
            .find_also_related(business::Entity)
            .order_by_asc(business::Column::Code)
            .order_by_asc(installation::Column::AddonId)
            .limit(limit + 1);
        if let Some(state) = filter.state {
            query = query.filter(installation::Column::State.eq(state.word()));
        }
        if let Some(text) = filter.search.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            let pattern = format!("%{}%", text.to_lowercase().replace(['%', '_'], ""));
            query = query.filter(
                Condition::any()
                    .add(business::Column::Code.like(&pattern))
                    .add(installation::Column::AddonId.like(&pattern)),
            );
        }
        if let Some((code, addon)) = after.and_then(|cursor| cursor.split_once('~')) {
            query = query.filter(
                Condition::any().add(business::Column::Code.gt(code)).add(
                    Condition::all()
                        .add(business::Column::Code.eq(code))
                        .add(installation::Column::AddonId.gt(addon)),
                ),
            );
        }
        let rows = query.all(self.db().reader()).await?;
        let mut found = Vec::with_capacity(rows.len());
        for (row, business) in rows {
            let code = business.ok_or(Error::Corrupt("business"))?.code;
            found.push(Installation::from_row(row, code)?);
        }
        let page = Page::cut(found, limit, |row| format!("{}~{}", row.business_code, row.addon_id));
        Ok(Page { items: self.summaries(page.items).await?, next: page.next })
    }

    /// One installation as lists show it.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is none.
    pub async fn summary(&self, id: Uuid) -> Result<Summary, Error> {
        let found = self.installation(id).await?;
        let mut summaries = self.summaries(vec![found]).await?;
        summaries.pop().ok_or(Error::NotFound)
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
        let mut backlogs = self.backlogs(ids).await?;
        Ok(found
            .into_iter()
            .map(|installation| Summary {
                connection: connections.remove(&installation.id),
                backlog: backlogs.remove(&installation.id).unwrap_or_default(),
                installation,
            })
            .collect())
    }

    /// What waits in one installation.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn backlog(&self, scope: Scope) -> Result<Backlog, Error> {
        Ok(self.backlogs(vec![scope.id()]).await?.remove(&scope.id()).unwrap_or_default())
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

    async fn backlogs(&self, ids: Vec<Uuid>) -> Result<HashMap<Uuid, Backlog>, Error> {
        let mut backlogs: HashMap<Uuid, Backlog> = HashMap::new();
        let mut aside: HashMap<Uuid, u64> = HashMap::new();
        for row in self.changes_counted(&ids).await? {
            aside.insert(row.installation_id, u64::try_from(row.aside).unwrap_or(0));
            let backlog = backlogs.entry(row.installation_id).or_default();
            backlog.parked = u64::try_from(row.parked).unwrap_or(0);
            backlog.waiting = u64::try_from(row.rows - row.parked - row.aside).unwrap_or(0);
        }
        let held = lease::Entity::find()
            .filter(lease::Column::InstallationId.is_in(ids.clone()))
            .filter(lease::Column::HoldUntil.gt(self.now_micros()))
            .all(self.db().reader())
            .await?;
        for row in held {
            let backlog = backlogs.entry(row.installation_id).or_default();
            backlog.held = row.hold_cause;
            backlog.held_until = Some(row.hold_until);
        }
        for row in self.conflicts_counted(&ids).await? {
            let backlog = backlogs.entry(row.installation_id).or_default();
            backlog.conflicts = u64::try_from(row.conflicts).unwrap_or(0);
        }
        for id in self.braked(&ids).await? {
            // Held with nothing left to hold is still a person's to end.
            let held = aside.get(&id).copied().unwrap_or(0).max(1);
            backlogs.entry(id).or_default().braked = held;
        }
        for id in self.running_among(&ids).await? {
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
