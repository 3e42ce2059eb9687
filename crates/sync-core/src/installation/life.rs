//! An installation's life after the install: enable, pause, disable, remove.

use sea_orm::{ActiveValue::Set, EntityTrait as _};
use text::text;
use uuid::Uuid;

use super::{Installation, Scope, State};
use crate::{
    access::audit::{Actor, Entry},
    core::Core,
    error::Error,
    queue::{
        change::{Mark, Origin, Subject},
        lease::make_ready,
    },
    storage::entity::installation,
};

/// How long staff's permission to connect another portal lasts.
const OTHER_PORTAL_MICROS: i64 = 24 * 3_600 * 1_000_000;

impl Core {
    /// Enables an installation: asks Storeganise for the add-on's state, issues the authorisation link where
    /// there is none, and lets work begin as soon as HubSpot is authorised.
    ///
    /// # Errors
    /// [`Error::NotNow`] while it is pending or where the add-on is disabled at Storeganise.
    pub async fn enable(&self, id: Uuid, by: &Actor) -> Result<Installation, Error> {
        let found = self.installation(id).await?;
        if found.state == State::Pending {
            return Err(Error::NotNow(text!("refused-accept-before-enabling").to_owned()));
        }
        let found = self.poll_addon(&found).await?;
        if found.addon_state.as_deref() == Some("disabled") {
            return Err(Error::NotNow(text!("refused-storeganise-refuses-access-to").to_owned()));
        }
        if found.link_issued_at.is_none() {
            self.new_authorisation_link(id, by).await?;
        }
        self.set_state(id, State::Enabled, by).await
    }

    /// Pauses an installation: nothing is sent any more, changes keep collecting.
    ///
    /// # Errors
    /// [`Error::NotNow`] where it is not enabled.
    pub async fn pause(&self, id: Uuid, by: &Actor) -> Result<Installation, Error> {
        // Paused already is what was asked for: a form may be sent twice.
        if !matches!(self.installation(id).await?.state, State::Enabled | State::Paused) {
            return Err(Error::NotNow(text!("refused-only-an-enabled-installation").to_owned()));
        }
        self.set_state(id, State::Paused, by).await
    }

    /// Disables an installation: nothing is sent and no change collects. Links and connection are kept.
    ///
    /// # Errors
    /// [`Error::NotNow`] while it is pending.
    pub async fn disable(&self, id: Uuid, by: &Actor) -> Result<Installation, Error> {
        if self.installation(id).await?.state == State::Pending {
            return Err(Error::NotNow(text!("refused-accept-or-remove").to_owned()));
        }
        self.set_state(id, State::Disabled, by).await
    }

    /// Removes an installation: uninstalls and revokes at HubSpot as far as it answers, then deletes
    /// everything we hold of it. Records on both sides stay as they are; the audit log keeps that it was.
    ///
    /// # Errors
    /// There is no such installation, or the database does not answer.
    pub async fn remove(&self, id: Uuid, by: &Actor) -> Result<(), Error> {
        let found = self.installation(id).await?;
        self.leave_hubspot(&found).await;
        let transaction = self.db().begin().await?;
        make_ready(&transaction, found.scope(), self.now_micros()).await?;
        let entry = Entry::about(by, id, "installation.removed")
            .with(format!("{} {}", found.business_code, found.addon_id));
        self.audit(&transaction, &entry).await?;
        if installation::Entity::delete_by_id(id).exec(&transaction).await?.rows_affected == 0 {
            return Err(Error::NotFound);
        }
        transaction.commit().await?;
        self.forget_pace(id);
        Ok(())
    }

    /// Lets another portal be connected, once, for 24 hours.
    ///
    /// # Errors
    /// There is no such installation, or the database does not answer.
    pub async fn allow_other_portal(&self, id: Uuid, by: &Actor) -> Result<(), Error> {
        self.installation(id).await?;
        let transaction = self.db().begin().await?;
        let row = installation::ActiveModel {
            id: Set(id),
            other_portal_until: Set(Some(self.now_micros() + OTHER_PORTAL_MICROS)),
            ..Default::default()
        };
        installation::Entity::update(row).exec(&transaction).await?;
        self.audit(&transaction, &Entry::about(by, id, "connection.other_portal_allowed")).await?;
        Ok(transaction.commit().await?)
    }

    /// Sets the state and marks a sweep, so that what happened meanwhile is found. Who asks for what is so already leaves no
    /// second line in the log.
    async fn set_state(&self, id: Uuid, state: State, by: &Actor) -> Result<Installation, Error> {
        let now = self.now_micros();
        let transaction = self.db().begin().await?;
        // What collected while nothing was sent has no ready time of its own.
        make_ready(&transaction, Scope::new(id), now).await?;
        let before = installation::Entity::find_by_id(id).one(&transaction).await?.ok_or(Error::NotFound)?;
        if before.state != state.word() {
            let row = installation::ActiveModel {
                id: Set(id),
                state: Set(state.word().to_owned()),
                changed_at: Set(now),
                ..Default::default()
            };
            installation::Entity::update(row).exec(&transaction).await?;
            let action = format!("installation.{}", state.word());
            self.audit(&transaction, &Entry::about(by, id, action)).await?;
        }
        transaction.commit().await?;
        let found = self.installation(id).await?;
        if state == State::Enabled {
            self.mark(&[Mark::new(found.scope(), Subject::Sweep, "", Origin::Person)]).await?;
        }
        Ok(found)
    }
}
