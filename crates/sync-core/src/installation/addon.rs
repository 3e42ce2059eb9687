//! The add-on's record at Storeganise: its state, which no webhook announces, and the two fields we fill.
//!
//! Writing the fields is best effort: it may need a role our key does not have, and it never stands in the
//! way of connecting.

use sea_orm::{ActiveValue::Set, EntityTrait as _};
use serde_json::{Map, Value};
use storeganise::{addon::AddonState, error::Class};

use super::{Installation, install::json};
use crate::{core::Core, error::Error, settings::Capabilities, storage::entity::installation};

/// The add-on's custom field that shows the authorisation link.
pub const LINK_FIELD: &str = "hubspot_authorisationLink";
/// The add-on's custom field that shows whether a refresh token is held: a fingerprint, never the token.
pub const TOKEN_FIELD: &str = "hubspot_refreshToken";

/// The state as the word that is stored and shown.
#[must_use]
pub fn state_word(state: &AddonState) -> String {
    match state {
        AddonState::Paused => "paused".to_owned(),
        AddonState::Enabled => "enabled".to_owned(),
        AddonState::Disabled => "disabled".to_owned(),
        AddonState::Other(word) => word.clone(),
    }
}

impl Core {
    /// Asks Storeganise for the add-on's state and remembers it. A refused key is how `disabled` looks.
    ///
    /// # Errors
    /// Storeganise cannot be asked, or the database does not answer.
    pub async fn poll_addon(&self, installation: &Installation) -> Result<Installation, Error> {
        let state = match self.account(installation).await?.addon().await {
            Ok(addon) => addon.state.as_ref().map(state_word),
            Err(error) if error.class() == Class::AccessDenied => Some("disabled".to_owned()),
            Err(error) => return Err(error.into()),
        };
        let now = self.now_micros();
        let row = installation::ActiveModel {
            id: Set(installation.id),
            addon_state: Set(state),
            addon_checked_at: Set(Some(now)),
            ..Default::default()
        };
        installation::Entity::update(row).exec(self.db().writer()).await?;
        self.installation(installation.id).await
    }

    /// Writes one of our fields on the add-on's page, and remembers whether Storeganise took it.
    pub(crate) async fn write_addon_field(
        &self,
        installation: &Installation,
        field: &str,
        text: &str,
    ) -> Result<(), Error> {
        let mut fields = Map::new();
        fields.insert(field.to_owned(), Value::from(text));
        let written = match self.account(installation).await?.put_addon_fields(&fields).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(
                    installation.id = %installation.id,
                    cause = error.code(),
                    "Storeganise did not take a field of the add-on's page"
                );
                false
            }
        };
        let current = self.installation(installation.id).await?;
        let capabilities = Capabilities { addon_fields_written: Some(written), ..current.capabilities };
        self.save_capabilities(installation, &capabilities).await
    }

    pub(crate) async fn save_capabilities(
        &self,
        installation: &Installation,
        capabilities: &Capabilities,
    ) -> Result<(), Error> {
        let row = installation::ActiveModel {
            id: Set(installation.id),
            capabilities: Set(json(capabilities)),
            ..Default::default()
        };
        installation::Entity::update(row).exec(self.db().writer()).await?;
        Ok(())
    }
}
