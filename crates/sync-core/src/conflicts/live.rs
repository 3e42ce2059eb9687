//! Both values of what is in conflict, read from both sides when a person looks, and never stored or logged.

use std::fmt;

use hubspot::{batch::BatchRead, record::ObjectKind};

use super::Conflict;
use crate::{
    access::audit::{Actor, Entry},
    core::Core,
    error::Error,
    installation::Installation,
    record::side::{Field, Values, contact_properties},
};

/// What a person has to decide about a user, with what both sides hold now.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The conflicts.
    pub conflicts: Vec<Conflict>,
    /// Whether Storeganise still has the user.
    pub has_user: bool,
    /// Whether HubSpot still has the contact.
    pub has_contact: bool,
    /// The fields in question; all of them where it is about the pair.
    pub fields: Vec<BothValues>,
}

/// One field on both sides.
#[derive(Clone, PartialEq, Eq)]
pub struct BothValues {
    /// Its name.
    pub field: String,
    /// The user's value; none where it is blank.
    pub user: Option<String>,
    /// The contact's value; none where it is blank.
    pub contact: Option<String>,
}

impl fmt::Debug for BothValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BothValues").field("field", &self.field).finish_non_exhaustive()
    }
}

impl Core {
    /// Reads both sides of what a person has to decide about a user. That somebody looked is in the audit log.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is no conflict; a provider's error where it does not answer.
    pub async fn look_at_conflicts(
        &self,
        installation: &Installation,
        user_id: &str,
        by: &Actor,
    ) -> Result<Shown, Error> {
        let scope = installation.scope();
        let conflicts = self.conflicts_about(scope, user_id).await?;
        let entry = Entry::about(by, scope.id(), "conflict.looked").with(user_id);
        self.audit(self.db().writer(), &entry).await?;
        let fields = installation.settings.fields();
        let user = self.account(installation).await?.user(user_id).await?;
        let ids: Vec<String> =
            conflicts.iter().filter_map(|known| known.contact_id.clone()).take(1).collect();
        let contact = match ids.as_slice() {
            [] => None,
            [id, ..] => {
                let batch = BatchRead {
                    ids: vec![id.clone()],
                    id_property: None,
                    properties: contact_properties(&fields),
                    with_history: Vec::new(),
                };
                let reply = self.portal(scope).await?.read(ObjectKind::Contact, &batch).await?;
                reply.records.into_iter().next()
            }
        };
        let of_pair = conflicts.iter().any(|known| known.field.is_none());
        let in_question = |field: &&Field| {
            of_pair || conflicts.iter().any(|known| known.field.as_deref() == Some(field.name()))
        };
        let user_values = user.as_ref().map(|user| Values::of_user(user, &fields)).unwrap_or_default();
        let contact_values =
            contact.as_ref().map(|contact| Values::of_contact(contact, &fields)).unwrap_or_default();
        let both = fields.iter().filter(in_question).map(|field| BothValues {
            field: field.name().to_owned(),
            user: user_values.get(field).map(str::to_owned),
            contact: contact_values.get(field).map(str::to_owned),
        });
        Ok(Shown {
            fields: both.collect(),
            has_user: user.is_some(),
            has_contact: contact.is_some(),
            conflicts,
        })
    }
}
