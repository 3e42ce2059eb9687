//! Changing an installation's settings: what is wanted is checked as a whole, and everything that does not fit is
//! named at once.

use sea_orm::{ActiveValue::Set, EntityTrait as _};
use uuid::Uuid;

use super::{Installation, install::json};
use crate::{
    access::audit::{Actor, Entry},
    core::Core,
    error::Error,
    mapping::check::{Warning, names},
    queue::lease::lock,
    settings::{Capabilities, Settings},
    storage::entity::installation,
};

impl Core {
    /// Changes an installation's settings. Mappings that are new or changed are checked against both sides first;
    /// what to know about them comes back.
    ///
    /// # Errors
    /// [`Error::InvalidInputs`] names every setting that cannot be taken; [`Error::NeedsAuthorisation`] or a
    /// provider's error where mappings cannot be checked.
    pub async fn change_settings(
        &self,
        id: Uuid,
        wanted: &Settings,
        by: &Actor,
    ) -> Result<Vec<Warning>, Error> {
        let found = self.installation(id).await?;
        let mut problems = wanted.problems();
        problems.extend(names(&wanted.custom_fields));
        if !problems.is_empty() {
            return Err(Error::InvalidInputs(problems));
        }
        let mut settings = wanted.with_options_of(&found.settings);
        let (mut warnings, mut is_checked) = (Vec::new(), false);
        if settings.maps_more_than(&found.settings) {
            // Boxed: reading both sides is far larger than the rest.
            let checked = Box::pin(self.check_mappings(&found, &settings.custom_fields)).await?;
            (settings.custom_fields, warnings, is_checked) = (checked.mappings, checked.warnings, true);
        }
        self.keep_settings(&found, &settings, is_checked, by).await?;
        self.forget_pace(id);
        Ok(warnings)
    }

    async fn keep_settings(
        &self,
        found: &Installation,
        settings: &Settings,
        is_checked: bool,
        by: &Actor,
    ) -> Result<(), Error> {
        let now = self.now_micros();
        let transaction = self.db().begin().await?;
        // The sweep writes the same row when it renews the options of choices.
        lock(&transaction, found.scope()).await?;
        let row = installation::Entity::find_by_id(found.id).one(&transaction).await?;
        let before = Installation::from_row(row.ok_or(Error::NotFound)?, found.business_code.clone())?;
        let mut row = installation::ActiveModel {
            id: Set(found.id),
            settings: Set(json(settings)),
            changed_at: Set(now),
            ..Default::default()
        };
        if is_checked {
            let capabilities = Capabilities {
                mappings_checked_at: Some(now),
                mapping_faults: Vec::new(),
                ..before.capabilities
            };
            row.capabilities = Set(json(&capabilities));
        }
        installation::Entity::update(row).exec(&transaction).await?;
        let changed = before.settings.names_of_changes(settings).join(", ");
        self.audit(&transaction, &Entry::about(by, found.id, "settings.changed").with(changed)).await?;
        Ok(transaction.commit().await?)
    }
}
