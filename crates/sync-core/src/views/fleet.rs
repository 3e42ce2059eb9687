//! The fleet: every installation with its state, connection and what waits, in the order of business codes.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, FromQueryResult, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, sea_query::Expr,
};
use uuid::Uuid;

use super::{Page, bounded};
use crate::{
    brake::BrakeState,
    connection::{Connection, ConnectionState},
    core::Core,
    error::Error,
    installation::{Installation, Scope, State},
    queue::change::ASIDE_UNTIL,
    storage::entity::{brake, business, change, connection, installation, lease},
};

/// Which installations to list.
#[derive(Debug, Clone, Default)]
pub struct FleetFilter {
    /// Only those in this state.
    pub state: Option<State>,
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
    /// Records that the brake holds until a person releases or drops them.
    pub braked: u64,
    /// Why the installation is held just now, as a cause code.
    pub held: Option<String>,
    /// Until when it is held.
    pub held_until: Option<i64>,
}

/// Whether an installation needs a person, and for what. The first that applies, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// A signed event announced it: accept or remove.
    Pending,
    /// HubSpot must be authorised again.
    NeedsAuthorisation,
    /// Installed or enabled, but HubSpot was never authorised.
    NotConnected,
    /// The add-on is disabled at Storeganise.
    DisabledAtStoreganise,
    /// The portal does not take our property.
    PortalNotPrepared,
    /// Too many records would change at once: a person releases or drops them.
    Braked,
    /// Changes failed too often.
    Failing,
    /// A provider is down or asked for patience; nothing to do.
    Waiting,
    /// Staff, or the business, have paused or disabled it.
    Resting,
    /// At work.
    Healthy,
}

impl Summary {
    /// What the installation needs.
    #[must_use]
    pub fn health(&self) -> Health {
        let installation = &self.installation;
        let addon = installation.addon_state.as_deref();
        match (installation.state, &self.connection) {
            (State::Pending, _) => Health::Pending,
            (State::Disabled | State::Paused, _) => Health::Resting,
            (_, _) if addon == Some("disabled") => Health::DisabledAtStoreganise,
            (_, None) => Health::NotConnected,
            (_, Some(found)) if found.state == ConnectionState::NeedsAuthorisation => {
                Health::NeedsAuthorisation
            }
            (_, Some(_)) if !installation.capabilities.unique_property => Health::PortalNotPrepared,
            (_, Some(_)) if self.backlog.braked > 0 => Health::Braked,
            (_, Some(_)) if self.backlog.parked > 0 => Health::Failing,
            (_, Some(_)) if self.backlog.held.is_some() => Health::Waiting,
            (State::Installed, _) => Health::Resting,
            (_, _) if addon != Some("enabled") => Health::Resting,
            (_, _) => Health::Healthy,
        }
    }
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

    async fn backlogs(&self, ids: Vec<Uuid>) -> Result<HashMap<Uuid, Backlog>, Error> {
        let counted = change::Entity::find()
            .select_only()
            .column(change::Column::InstallationId)
            .column_as(Expr::cust("COUNT(*)"), "rows")
            .column_as(Expr::cust("COUNT(parked_at)"), "parked")
            .column_as(Expr::cust(format!("COUNT(CASE WHEN due_at = {ASIDE_UNTIL} THEN 1 END)")), "aside")
            .filter(change::Column::InstallationId.is_in(ids.clone()))
            // The sweep that waits for its next turn is no work that waits.
            .filter(
                Condition::any()
                    .add(change::Column::Subject.ne("sweep"))
                    .add(change::Column::ParkedAt.is_not_null()),
            )
            .group_by(change::Column::InstallationId)
            .into_model::<Counted>()
            .all(self.db().reader())
            .await?;
        let now = self.now_micros();
        let mut backlogs: HashMap<Uuid, Backlog> = HashMap::new();
        for row in counted {
            let backlog = backlogs.entry(row.installation_id).or_default();
            backlog.parked = u64::try_from(row.parked).unwrap_or(0);
            backlog.waiting = u64::try_from(row.rows - row.parked - row.aside).unwrap_or(0);
        }
        let held = lease::Entity::find()
            .filter(lease::Column::InstallationId.is_in(ids.clone()))
            .filter(lease::Column::HoldUntil.gt(now))
            .all(self.db().reader())
            .await?;
        for row in held {
            let backlog = backlogs.entry(row.installation_id).or_default();
            backlog.held = row.hold_cause;
            backlog.held_until = Some(row.hold_until);
        }
        let braked = brake::Entity::find()
            .filter(brake::Column::InstallationId.is_in(ids))
            .filter(brake::Column::State.eq(BrakeState::Held.word()))
            .all(self.db().reader())
            .await?;
        for row in braked {
            let backlog = backlogs.entry(row.installation_id).or_default();
            backlog.braked = u64::try_from(row.would_change).unwrap_or(0);
        }
        Ok(backlogs)
    }
}
