//! Preparing a portal: the property group `storeganise` and the unique property that holds the user's id.
//!
//! A portal has ten unique properties for all its apps together. Where none is left for us, or somebody made ours
//! without being unique, contacts are found by their e-mail, and what property there is is written for people only.

use hubspot::{
    crm::Portal,
    error::{Class, Error as HubspotError},
    properties::{NewProperty, Property},
};

use crate::{
    core::Core,
    error::Error,
    fields::{CONTACT_GROUP, CONTACT_USER_ID},
    installation::Installation,
    settings::Capabilities,
};

/// What a portal can take.
enum Found {
    /// Our property, unique.
    Unique,
    /// A property of that name that is not, and why.
    Plain(&'static str),
    /// No property that could hold the user's id, and why.
    Nothing(&'static str),
}

impl Core {
    /// Makes the group and the property where they are missing, and remembers what the portal can take. Only where
    /// HubSpot did not say is nothing sent; it is asked again with the next sweep.
    pub(crate) async fn prepare_portal(
        &self,
        installation: &Installation,
        portal: &Portal,
    ) -> Result<(), Error> {
        let found = ensure_property(portal).await;
        let current = self.installation(installation.id).await?;
        let capabilities = Capabilities {
            unique_property: matches!(found, Ok(Found::Unique)),
            plain_property: matches!(found, Ok(Found::Plain(_))),
            email_key: matches!(found, Ok(Found::Plain(_) | Found::Nothing(_))),
            property_problem: match found {
                Ok(Found::Unique) => None,
                Ok(Found::Plain(cause) | Found::Nothing(cause)) => Some(cause.to_owned()),
                Err(error) => Some(error.code()),
            },
            ..current.capabilities
        };
        if let Some(cause) = &capabilities.property_problem {
            tracing::warn!(installation.id = %installation.id, cause, "the portal has no unique property for us");
        }
        self.save_capabilities(installation, &capabilities).await
    }
}

/// Makes the property where there is none: unique, else plain.
async fn ensure_property(portal: &Portal) -> Result<Found, HubspotError> {
    const NOT_UNIQUE: &str = "hubspot.property_not_unique";
    const NONE_LEFT: &str = "hubspot.no_unique_property_left";
    if let Some(known) = portal.contact_property(CONTACT_USER_ID).await? {
        return Ok(taken_for(&known, NOT_UNIQUE));
    }
    portal.ensure_contact_group(CONTACT_GROUP, "Storeganise").await?;
    let description =
        "The Storeganise user this contact is kept the same as. Written by the Storeganise add-on.";
    let plain = NewProperty::text(CONTACT_GROUP, CONTACT_USER_ID, "Storeganise user ID", description);
    match portal.create_contact_property(&plain.clone().unique()).await {
        // One that was archived comes back as it was.
        Ok(made) => Ok(taken_for(&made, NOT_UNIQUE)),
        Err(error) if error.class() == Class::Rejected => {
            match portal.create_contact_property(&plain).await {
                Ok(made) => Ok(taken_for(&made, NONE_LEFT)),
                Err(error) if error.class() == Class::Rejected => Ok(Found::Nothing(NONE_LEFT)),
                Err(error) => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}

/// What a property of our name is good for.
fn taken_for(property: &Property, cause: &'static str) -> Found {
    let is_text = property.kind.as_deref().is_none_or(|kind| kind == "string");
    match (property.has_unique_value, property.is_writable() && is_text) {
        (true, true) => Found::Unique,
        (false, true) => Found::Plain(cause),
        (_, false) => Found::Nothing(cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_unique_text_is_relied_on_and_only_a_text_is_written() {
        let of =
            |body: serde_json::Value| taken_for(&serde_json::from_value(body).expect("a property"), "why");
        let property = |unique: bool, kind: &str| serde_json::json!({ "name": "x", "type": kind, "hasUniqueValue": unique });
        assert!(matches!(of(property(true, "string")), Found::Unique));
        assert!(matches!(of(property(false, "string")), Found::Plain("why")));
        assert!(matches!(of(property(true, "number")), Found::Nothing("why")));
        let computed = serde_json::json!({ "name": "x", "calculated": true });
        assert!(matches!(of(computed), Found::Nothing("why")));
    }
}
