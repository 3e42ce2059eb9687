//! The addresses of a contact: one primary, any number of additional ones, each of which leads to it alone.

use std::sync::Arc;

use super::kind::Kind;
use super::record::{Author, Record};
use super::values::canonical;
use crate::hubspot::error::ApiError;
use crate::hubspot::portal::Portal;

/// How many addresses one contact may have.
const IDENTITIES_MAX: usize = 250;
const ADDITIONAL: &str = "hs_additional_emails";

impl Portal {
    /// Gives a contact one more address, as a person does in HubSpot's pages; it becomes the primary one where
    /// there is none.
    ///
    /// # Errors
    /// 400 for what is no address or belongs to another contact, 404 without the contact, 414 beyond 250.
    pub(crate) fn add_email(&mut self, id: u64, email: &str, author: Author) -> Result<(), ApiError> {
        let kind = Kind::Contact;
        let contact = self.live(kind, id).ok_or_else(|| ApiError::no_record(&id.to_string()))?;
        let definition =
            self.schema(kind).live("email").expect("no portal is without HubSpot's own properties");
        let email = canonical(definition, email).map_err(|problem| ApiError::values(self.id, &[problem]))?;
        if email.is_empty() || contact.holds("email", &email) {
            return Err(ApiError::invalid(format!("Contact {id} has this address already")));
        }
        if let Some(holder) = self.store(kind).holder("email", &email) {
            return Err(ApiError::value_taken(kind, "email", &email, id, holder));
        }
        check_identities(contact.emails().count() + 1)?;
        if contact.stored("email").is_none() {
            self.set(kind, id, &"email".into(), &email, author);
            return Ok(());
        }
        let more = joined(contact.emails().skip(1).chain([email.as_str()]));
        self.set(kind, id, &ADDITIONAL.into(), &more, author);
        self.store_mut(kind).claim("email", &email, id);
        Ok(())
    }

    /// Where an additional address is about to become the primary one, the primary one takes its place.
    pub(super) fn swap_email(&mut self, id: u64, email: &str, author: Author) {
        let Some(contact) = self.live(Kind::Contact, id) else { return };
        let is_additional = |contact: &Record| contact.emails().skip(1).any(|known| known == email);
        if contact.stored("email").is_some() && is_additional(contact) {
            let others = contact.emails().filter(|known| *known != email);
            let more = joined(others);
            let name: Arc<str> = ADDITIONAL.into();
            self.set(Kind::Contact, id, &name, &more, author);
        }
    }
}

/// Refuses more addresses than one contact may have.
///
/// # Errors
/// 414 beyond 250.
pub(super) fn check_identities(count: usize) -> Result<(), ApiError> {
    if count <= IDENTITIES_MAX { Ok(()) } else { Err(ApiError::too_many_identities(IDENTITIES_MAX)) }
}

fn joined<'a>(emails: impl Iterator<Item = &'a str>) -> String {
    emails.collect::<Vec<_>>().join(";")
}
