//! Both values of what is in conflict, read from both sides when a person looks, and never stored or logged.

use std::fmt;

use hubspot::{
    batch::BatchRead,
    record::{ObjectKind, Record},
};
use storeganise::{client::Account, user::User};

use super::{Conflict, Kind};
use crate::{
    access::audit::{Actor, Entry},
    core::Core,
    error::Error,
    installation::{Installation, Scope},
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
    /// The record that stands in the way, where there is one and it is known.
    pub third: Option<Third>,
    /// The fields in question; all of them where it is about the pair.
    pub fields: Vec<BothValues>,
}

/// The record that stands in the way of a user and a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Third {
    /// A HubSpot contact.
    Contact(String),
    /// A Storeganise user.
    User(String),
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
    /// The value of the record that stands in the way.
    pub third: Option<String>,
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
        let account = self.account(installation).await?;
        let user = account.user(user_id).await?;
        let own = self.links_of_users(scope, &[user_id.to_owned()]).await?.remove(user_id);
        let about = About::of(&conflicts, own.map(|link| link.contact_id));
        let contact = self.contact_to_show(scope, about.contact_id.as_deref(), &fields).await?;
        let third = match (about.third_contact_id, about.third_user) {
            (Some(id), _) => {
                let record = self.contact_to_show(scope, Some(&id), &fields).await?;
                Some((Third::Contact(id), record.map(|record| Values::of_contact(&record, &fields))))
            }
            (None, Some(by)) => self.third_user(scope, &account, by, contact.as_ref()).await?.map(|user| {
                let values = Values::of_user(&user, &fields);
                (Third::User(user.id), Some(values))
            }),
            (None, None) => None,
        };
        let in_question = |field: &&Field| {
            conflicts.iter().any(|known| known.field.as_deref().is_none_or(|name| name == field.name()))
        };
        let user_values = user.as_ref().map(|user| Values::of_user(user, &fields)).unwrap_or_default();
        let contact_values =
            contact.as_ref().map(|contact| Values::of_contact(contact, &fields)).unwrap_or_default();
        let (third, third_values) = third.unzip();
        let third_values = third_values.flatten().unwrap_or_default();
        let both = fields.iter().filter(in_question).map(|field| BothValues {
            field: field.name().to_owned(),
            user: user_values.get(field).map(str::to_owned),
            contact: contact_values.get(field).map(str::to_owned),
            third: third_values.get(field).map(str::to_owned),
        });
        Ok(Shown {
            fields: both.collect(),
            has_user: user.is_some(),
            has_contact: contact.is_some(),
            third,
            conflicts,
        })
    }

    async fn contact_to_show(
        &self,
        scope: Scope,
        id: Option<&str>,
        fields: &[Field],
    ) -> Result<Option<Record>, Error> {
        let Some(id) = id else { return Ok(None) };
        let batch = BatchRead {
            ids: vec![id.to_owned()],
            id_property: None,
            properties: contact_properties(fields),
            with_history: Vec::new(),
        };
        let reply = self.portal(scope).await?.read(ObjectKind::Contact, &batch).await?;
        Ok(reply.records.into_iter().next())
    }

    /// The other user of a conflict, where one is found.
    async fn third_user(
        &self,
        scope: Scope,
        account: &Account,
        by: ThirdUser,
        contact: Option<&Record>,
    ) -> Result<Option<User>, Error> {
        let Some(contact) = contact else { return Ok(None) };
        match by {
            ThirdUser::WithEmail => match contact.text(Field::Email.name()) {
                Some(email) => Ok(account.user_by_email(email).await?),
                None => Ok(None),
            },
            ThirdUser::Linked => {
                let links = self.links_of_contacts(scope, std::slice::from_ref(&contact.id)).await?;
                match links.get(&contact.id) {
                    Some(link) => Ok(account.user(&link.user_id).await?),
                    None => Ok(None),
                }
            }
        }
    }
}

/// How the other user of a conflict is found.
#[derive(Debug, Clone, Copy)]
enum ThirdUser {
    /// It has the contact's e-mail.
    WithEmail,
    /// It is linked to the contact.
    Linked,
}

/// Which records a user's conflicts are about.
#[derive(Debug)]
struct About {
    /// The contact on the other side.
    contact_id: Option<String>,
    /// The contact that stands in the way of the two.
    third_contact_id: Option<String>,
    /// The user that does.
    third_user: Option<ThirdUser>,
}

impl About {
    fn of(conflicts: &[Conflict], own: Option<String>) -> Self {
        let third = conflicts.iter().find(|known| known.kind.is_of_third());
        let other = conflicts.iter().find(|known| !known.kind.is_of_third());
        let third_user = conflicts.iter().find_map(|known| match known.kind {
            Kind::EmailOfAnotherUser => Some(ThirdUser::WithEmail),
            Kind::ContactsMerged | Kind::ContactOfAnotherUser => Some(ThirdUser::Linked),
            _ => None,
        });
        Self {
            contact_id: other.and_then(|known| known.contact_id.clone()).or(own),
            third_contact_id: third.and_then(|known| known.contact_id.clone()),
            third_user,
        }
    }
}
