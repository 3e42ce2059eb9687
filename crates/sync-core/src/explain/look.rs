//! Finding a person's two records, live: by the link, else as the sync would match them.

use hubspot::{
    batch::BatchRead,
    crm::Portal,
    record::{ObjectKind, Record},
};
use storeganise::{client::Account, user::User};
use time::OffsetDateTime;

use super::Who;
use crate::{
    core::Core,
    error::Error,
    fields::CONTACT_USER_ID,
    installation::Installation,
    record::{
        link::Link,
        newest::properties_of,
        side::{Field, contact_properties},
    },
};

/// Whether a record is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// It is.
    Found,
    /// It is not: its provider has no such record.
    Missing,
    /// Its provider did not answer; why, as a cause code.
    Unknown(String),
    /// Nothing names one.
    Unnamed,
}

/// By what two records that are not linked were found to belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchedBy {
    /// The contact holds the user's id.
    UserId,
    /// Both have the same e-mail address.
    Email,
}

/// Whom a record that was matched belongs to already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// The contact is this other user's.
    User(String),
    /// The user is this other contact's.
    Contact(String),
}

/// One side as it was found.
pub(super) struct Side<T> {
    /// The id that was asked for, or found.
    pub id: Option<String>,
    pub reading: Reading,
    pub record: Option<T>,
}

/// Both sides as they were found.
pub(super) struct Look {
    pub link: Option<Link>,
    pub user: Side<User>,
    pub contact: Side<Record>,
    pub matched_by: Option<MatchedBy>,
    /// Whom the record matched belongs to already: the two are not paired.
    pub owner: Option<Owner>,
}

impl<T> Side<T> {
    fn unnamed() -> Self {
        Self { id: None, reading: Reading::Unnamed, record: None }
    }

    fn of(id: Option<String>, read: Result<Option<T>, Error>, id_of: impl Fn(&T) -> String) -> Self {
        match read {
            Ok(Some(record)) => {
                Self { id: Some(id_of(&record)), reading: Reading::Found, record: Some(record) }
            }
            // Nobody asked for by an id is nobody named.
            Ok(None) if id.is_none() => Self::unnamed(),
            Ok(None) => Self { id, reading: Reading::Missing, record: None },
            Err(error) => Self { id, reading: Reading::Unknown(error.code()), record: None },
        }
    }
}

impl Look {
    pub(super) fn user_id(&self) -> Option<&str> {
        self.link.as_ref().map(|link| link.user_id.as_str()).or(self.user.id.as_deref())
    }

    /// The contact as it is now: one that was merged answers under its new id.
    pub(super) fn contact_id(&self) -> Option<&str> {
        self.contact.id.as_deref().or(self.link.as_ref().map(|link| link.contact_id.as_str()))
    }

    /// Who was looked at, for the audit log: ids only.
    pub(super) fn ids(&self) -> String {
        let named = |kind: &str, id: Option<&str>| id.map(|id| format!("{kind} {id}"));
        let ids = [named("user", self.user_id()), named("contact", self.contact_id())];
        let ids: Vec<String> = ids.into_iter().flatten().collect();
        if ids.is_empty() { "nobody found".to_owned() } else { ids.join(", ") }
    }
}

/// The way to both sides.
struct Ways {
    account: Account,
    portal: Result<Portal, Error>,
    fields: Vec<Field>,
}

impl Core {
    pub(super) async fn look(&self, installation: &Installation, who: Who) -> Result<Look, Error> {
        let ways = Ways {
            account: self.account(installation).await?,
            portal: self.portal(installation.scope()).await,
            fields: installation.settings.fields(),
        };
        match who {
            Who::User(id) => self.look_for_user(installation, &ways, id).await,
            Who::Contact(id) => self.look_for_contact(installation, &ways, id).await,
            Who::Email(address) => self.look_for_email(installation, &ways, &address).await,
        }
    }

    async fn look_for_email(
        &self,
        installation: &Installation,
        ways: &Ways,
        address: &str,
    ) -> Result<Look, Error> {
        let user = Side::of(None, user_by_email(ways, address).await, |user: &User| user.id.clone());
        if let Some(id) = user.id.clone() {
            return self.look_for_user(installation, ways, id).await;
        }
        let contact = Side::of(None, contact_by(ways, Field::Email.name(), address).await, id_of);
        match contact.id.clone() {
            Some(id) => self.look_for_contact(installation, ways, id).await,
            None => Ok(Look { link: None, user, contact, matched_by: None, owner: None }),
        }
    }

    async fn look_for_user(
        &self,
        installation: &Installation,
        ways: &Ways,
        id: String,
    ) -> Result<Look, Error> {
        let link = self.links_of_users(installation.scope(), std::slice::from_ref(&id)).await?.remove(&id);
        if let Some(link) = link {
            return Ok(look_at_pair(ways, link).await);
        }
        let user = read_user(ways, &id).await;
        let (contact, matched_by) = match &user.record {
            Some(user) => contact_for(ways, user).await,
            None => (Side::unnamed(), None),
        };
        let named =
            contact.record.as_ref().and_then(|contact| contact.text(CONTACT_USER_ID)).map(str::to_owned);
        let owner = match (named, &contact.id) {
            (Some(owner), _) => Some(owner),
            (None, Some(contact)) => {
                let links =
                    self.links_of_contacts(installation.scope(), std::slice::from_ref(contact)).await?;
                links.get(contact).map(|link| link.user_id.clone())
            }
            (None, None) => None,
        };
        let owner = owner.filter(|owner| *owner != id).map(Owner::User);
        Ok(Look { link: None, user, contact, matched_by, owner })
    }

    async fn look_for_contact(
        &self,
        installation: &Installation,
        ways: &Ways,
        id: String,
    ) -> Result<Look, Error> {
        let scope = installation.scope();
        let mut link = self.links_of_contacts(scope, std::slice::from_ref(&id)).await?.remove(&id);
        let mut contact = Side::unnamed();
        if link.is_none() {
            contact = read_contact(ways, &id).await;
            let now = contact.id.clone().filter(|now| *now != id);
            if let Some(now) = now {
                link = self.links_of_contacts(scope, std::slice::from_ref(&now)).await?.remove(&now);
            }
        }
        if let Some(link) = link {
            return Ok(look_at_pair(ways, link).await);
        }
        let (user, matched_by) = match &contact.record {
            Some(contact) => user_for(ways, contact).await,
            None => (Side::unnamed(), None),
        };
        let other = match &user.id {
            Some(user) => self.links_of_users(scope, std::slice::from_ref(user)).await?.remove(user),
            None => None,
        };
        let owner = other.map(|link| Owner::Contact(link.contact_id));
        Ok(Look { link: None, user, contact, matched_by, owner })
    }
}

async fn look_at_pair(ways: &Ways, link: Link) -> Look {
    let user = read_user(ways, &link.user_id).await;
    let contact = read_contact(ways, &link.contact_id).await;
    Look { link: Some(link), user, contact, matched_by: None, owner: None }
}

async fn read_user(ways: &Ways, id: &str) -> Side<User> {
    let read = ways.account.user(id).await.map_err(Error::from);
    Side::of(Some(id.to_owned()), read, |user| user.id.clone())
}

/// Reads a contact with when each of its fields was written. One that was merged is read under its new id.
async fn read_contact(ways: &Ways, id: &str) -> Side<Record> {
    let read = async {
        let portal = portal_of(ways)?;
        if let Some(found) = contacts(portal, ways, None, id).await? {
            return Ok(Some(found));
        }
        match portal.get(ObjectKind::Contact, id, &[CONTACT_USER_ID]).await? {
            Some(moved) => contacts(portal, ways, None, &moved.id).await,
            None => Ok(None),
        }
    };
    Side::of(Some(id.to_owned()), read.await, id_of)
}

/// The contact a user without link would be paired with: the one of its address, else the one that holds its id.
async fn contact_for(ways: &Ways, user: &User) -> (Side<Record>, Option<MatchedBy>) {
    let by_email = match &user.email {
        Some(address) => contact_by(ways, Field::Email.name(), address).await,
        None => Ok(None),
    };
    if !matches!(by_email, Ok(None)) {
        return (Side::of(None, by_email, id_of), Some(MatchedBy::Email));
    }
    let by_id = contact_by(ways, CONTACT_USER_ID, &user.id).await;
    let found = matches!(by_id, Ok(Some(_))).then_some(MatchedBy::UserId);
    (Side::of(None, by_id, id_of), found)
}

/// The user a contact without link would be paired with: the one it holds the id of, else the one of its address.
async fn user_for(ways: &Ways, contact: &Record) -> (Side<User>, Option<MatchedBy>) {
    if let Some(id) = contact.text(CONTACT_USER_ID) {
        return (read_user(ways, id).await, Some(MatchedBy::UserId));
    }
    let Some(address) = contact.text(Field::Email.name()) else { return (Side::unnamed(), None) };
    let read = user_by_email(ways, address).await;
    let found = matches!(read, Ok(Some(_))).then_some(MatchedBy::Email);
    (Side::of(None, read, |user: &User| user.id.clone()), found)
}

async fn user_by_email(ways: &Ways, address: &str) -> Result<Option<User>, Error> {
    Ok(ways.account.user_by_email(address).await?)
}

async fn contact_by(ways: &Ways, property: &str, value: &str) -> Result<Option<Record>, Error> {
    contacts(portal_of(ways)?, ways, Some(property), value).await
}

async fn contacts(
    portal: &Portal,
    ways: &Ways,
    by: Option<&str>,
    value: &str,
) -> Result<Option<Record>, Error> {
    let written = ways.fields.iter().flat_map(properties_of).map(str::to_owned);
    let batch = BatchRead {
        ids: vec![value.to_owned()],
        id_property: by.map(str::to_owned),
        properties: contact_properties(&ways.fields),
        with_history: written.collect(),
    };
    Ok(portal.read(ObjectKind::Contact, &batch).await?.records.into_iter().next())
}

fn portal_of(ways: &Ways) -> Result<&Portal, Error> {
    ways.portal.as_ref().map_err(|error| match error {
        Error::HubSpot(error) => Error::HubSpot(error.clone()),
        _ => Error::NeedsAuthorisation,
    })
}

fn id_of(record: &Record) -> String {
    record.id.clone()
}

pub(super) fn micros(time: OffsetDateTime) -> Option<i64> {
    i64::try_from(time.unix_timestamp_nanos() / 1_000).ok()
}
