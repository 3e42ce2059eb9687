//! Preparing a portal: the property group `storeganise` and the unique property that holds the user's id.

use hubspot::{crm::Portal, properties::NewProperty};

use crate::{
    core::Core,
    error::Error,
    fields::{CONTACT_GROUP, CONTACT_USER_ID},
    installation::Installation,
    settings::Capabilities,
};

impl Core {
    /// Makes the group and the property where they are missing, and remembers whether the portal has them.
    /// A portal that cannot take the property is connected all the same; its page says why nothing is sent.
    pub(crate) async fn prepare_portal(
        &self,
        installation: &Installation,
        portal: &Portal,
    ) -> Result<(), Error> {
        let problem = match ensure_property(portal).await {
            Ok(true) => None,
            Ok(false) => Some("hubspot.property_not_unique".to_owned()),
            Err(error) => Some(error.code()),
        };
        if let Some(cause) = &problem {
            tracing::warn!(installation.id = %installation.id, cause, "the portal is not prepared");
        }
        let current = self.installation(installation.id).await?;
        let capabilities = Capabilities {
            unique_property: problem.is_none(),
            property_problem: problem,
            ..current.capabilities
        };
        self.save_capabilities(installation, &capabilities).await
    }
}

/// Whether the portal now has the property, and it is unique.
async fn ensure_property(portal: &Portal) -> Result<bool, hubspot::error::Error> {
    if let Some(known) = portal.contact_property(CONTACT_USER_ID).await? {
        return Ok(known.has_unique_value);
    }
    portal.ensure_contact_group(CONTACT_GROUP, "Storeganise").await?;
    let description =
        "The Storeganise user this contact is kept the same as. Written by the Storeganise add-on.";
    let property =
        NewProperty::text(CONTACT_GROUP, CONTACT_USER_ID, "Storeganise user ID", description).unique();
    Ok(portal.create_contact_property(&property).await?.has_unique_value)
}
