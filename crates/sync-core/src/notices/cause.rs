//! What is amiss in an installation, gathered from its rows.

use sea_orm::{
    ColumnTrait as _, EntityTrait as _, FromQueryResult, QueryFilter as _, QuerySelect as _, Select,
    sea_query::Expr,
};

use super::compare::Present;
use crate::{
    connection::ConnectionState,
    core::Core,
    error::Error,
    installation::{Installation, Scope},
    storage::entity::change,
};

/// HubSpot no longer lets us in.
pub(super) const ACCESS_LOST: &str = "hubspot.needs_authorisation";
/// The portal cannot take our unique property.
pub(super) const NO_PROPERTY: &str = "hubspot.no_unique_property";
/// A change of unusually many records waits to be released or dropped.
pub(super) const BRAKE_HELD: &str = "brake_held";
/// Conflicts wait for a person.
pub(super) const CONFLICTS: &str = "conflicts_waiting";

#[derive(Debug, FromQueryResult)]
struct Counted {
    cause: Option<String>,
    rows: i64,
    parked: i64,
}

impl Core {
    /// Everything that is amiss; nothing where the business does not want to be told.
    pub(super) async fn present_causes(&self, installation: &Installation) -> Result<Vec<Present>, Error> {
        if !installation.settings.failure_tasks {
            return Ok(Vec::new());
        }
        let scope = installation.scope();
        let connection = self.connection(scope).await?;
        let (braked, conflicts) = self.left_to_people(scope).await?;
        let access = connection.as_ref().map(|found| found.state);
        let property_problem = installation.capabilities.property_problem.is_some()
            && installation.capabilities.contact_key().is_none()
            && access == Some(ConnectionState::Active);
        let whole = [
            (ACCESS_LOST, 0, access == Some(ConnectionState::NeedsAuthorisation)),
            (NO_PROPERTY, 0, property_problem),
            (BRAKE_HELD, braked, braked > 0),
            (CONFLICTS, conflicts, conflicts > 0),
        ];
        let mut present: Vec<Present> = whole
            .into_iter()
            .filter(|(_, _, applies)| *applies)
            .map(|(cause, records, _)| Present { cause: cause.to_owned(), records, needs_a_person: true })
            .collect();
        present.extend(self.failed_changes(installation).await?);
        Ok(present)
    }

    /// Changes that failed, by their cause: those that are parked need a person, the others are tried again.
    async fn failed_changes(&self, installation: &Installation) -> Result<Vec<Present>, Error> {
        let counted = failed(installation.scope()).into_model::<Counted>().all(self.db().reader()).await?;
        let mut found: Vec<Present> = counted
            .into_iter()
            .filter_map(|row| {
                let parked = u64::try_from(row.parked).unwrap_or(0);
                let records = if parked > 0 { parked } else { u64::try_from(row.rows).unwrap_or(0) };
                let cause = row.cause.filter(|cause| !cause.is_empty())?;
                Some(Present { cause, records, needs_a_person: parked > 0 })
            })
            .collect();
        found.sort_by(|one, other| other.records.cmp(&one.records).then_with(|| one.cause.cmp(&other.cause)));
        Ok(found)
    }
}

/// Failed changes, counted by their cause.
fn failed(scope: Scope) -> Select<change::Entity> {
    change::Entity::find()
        .select_only()
        .column(change::Column::Cause)
        .column_as(Expr::cust("COUNT(*)"), "rows")
        .column_as(Expr::cust("COUNT(parked_at)"), "parked")
        .filter(change::Column::InstallationId.eq(scope.id()))
        .filter(change::Column::Cause.is_not_null())
        .group_by(change::Column::Cause)
}

#[cfg(test)]
mod tests {
    use sea_orm::{DbBackend, QueryTrait as _};
    use uuid::Uuid;

    use super::*;
    use crate::storage::tests::plan_of;

    #[tokio::test]
    async fn what_failed_is_counted_without_reading_what_is_pending() {
        let plan = plan_of(failed(Scope::new(Uuid::nil())).build(DbBackend::Sqlite)).await;
        assert!(
            plan.starts_with("SEARCH change USING COVERING INDEX change_failed (installation_id=?"),
            "{plan}"
        );
    }
}
