//! One side of a pair: the values of the mapped fields, as they are written, and their digests. Pure.

use std::collections::BTreeMap;

use hubspot::record::Record;
use storeganise::user::User;

use super::address;
use crate::{
    digest::DigestKey,
    fields::{ADDRESS_PARTS, CONTACT_USER_ID, NAME_PLACEHOLDER},
    merge::Digest,
    normalise,
    settings::Settings,
};

/// A field both sides have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// First name.
    FirstName,
    /// Last name.
    LastName,
    /// E-mail address.
    Email,
    /// Phone number.
    Phone,
    /// Company.
    Company,
    /// The composite address.
    Address,
}

impl Field {
    /// Every field, in the order they are shown.
    pub const ALL: [Self; 6] =
        [Self::FirstName, Self::LastName, Self::Email, Self::Phone, Self::Company, Self::Address];

    /// Its name in outcomes, baselines and digests: the contact property's.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FirstName => "firstname",
            Self::LastName => "lastname",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Company => "company",
            Self::Address => "address",
        }
    }

    /// Whether a user must have it: it may be changed there, never cleared.
    #[must_use]
    pub fn required_of_users(self) -> bool {
        matches!(self, Self::FirstName | Self::Email)
    }
}

/// The contact properties every sync reads.
#[must_use]
pub fn contact_properties() -> Vec<String> {
    Field::ALL
        .into_iter()
        .map(Field::name)
        .chain(ADDRESS_PARTS)
        .chain(["hs_additional_emails", CONTACT_USER_ID])
        .map(str::to_owned)
        .collect()
}

/// The values one side has; a blank field is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values(BTreeMap<Field, String>);

/// Digests of the normalised values; a blank field is absent.
pub type Digests = BTreeMap<Field, Digest>;

impl Values {
    /// The values of a user. The placeholder for a missing name is no value.
    #[must_use]
    pub fn of_user(user: &User) -> Self {
        let named = |name: &Option<String>| name.clone().filter(|name| name.trim() != NAME_PLACEHOLDER);
        let (first_name, last_name) = (named(&user.first_name), named(&user.last_name));
        Self::collect([
            (Field::FirstName, first_name.as_deref()),
            (Field::LastName, last_name.as_deref()),
            (Field::Email, user.email.as_deref()),
            (Field::Phone, user.phone.as_deref()),
            (Field::Company, user.company_name.as_deref()),
            (Field::Address, user.address.as_deref()),
        ])
    }

    /// The values of a contact, its address joined into one line.
    #[must_use]
    pub fn of_contact(contact: &Record) -> Self {
        let address = address::joined(contact.text(Field::Address.name()), |part| {
            contact.text(part).map(str::to_owned)
        });
        let plain = Field::ALL.into_iter().filter(|field| *field != Field::Address);
        let mut values = Self::collect(plain.map(|field| (field, contact.text(field.name()))));
        if let Some(address) = address {
            values.0.insert(Field::Address, address);
        }
        values
    }

    fn collect<'a>(given: impl IntoIterator<Item = (Field, Option<&'a str>)>) -> Self {
        let present = given.into_iter().filter_map(|(field, value)| {
            value.filter(|value| !value.trim().is_empty()).map(|value| (field, value.to_owned()))
        });
        Self(present.collect())
    }

    /// A field's value, if it has one.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<&str> {
        self.0.get(&field).map(String::as_str)
    }

    /// The digests of the normalised values under an installation's key and settings.
    #[must_use]
    pub fn digests(&self, key: &DigestKey, settings: &Settings) -> Digests {
        let normal = self.0.iter().filter_map(|(field, value)| {
            let normal = match field {
                Field::Email => normalise::email(value),
                Field::Phone => normalise::phone(value, settings.phone_country()),
                _ => normalise::text(value),
            };
            normal.map(|normal| (*field, key.digest(field.name(), &normal)))
        });
        normal.collect()
    }
}

/// Every address a contact answers to, in lower case: its own and the additional ones.
#[must_use]
pub fn contact_emails(contact: &Record) -> Vec<String> {
    let own = contact.text(Field::Email.name()).and_then(normalise::email);
    let more = contact.text("hs_additional_emails").unwrap_or_default();
    own.into_iter().chain(more.split(';').filter_map(normalise::email)).collect()
}
