//! One side of a pair: the values of the mapped fields, as they are written, and their digests. Pure.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use hubspot::record::Record;
use storeganise::user::User;

use super::address;
use crate::{
    digest::DigestKey,
    fields::{ADDRESS_PARTS, CONTACT_USER_ID, NAME_PLACEHOLDER},
    mapping::{self, Mapping},
    merge::{Digest, Directions},
    normalise,
    settings::Settings,
};

/// A field both sides have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// A custom field that the installation maps.
    Custom(Arc<Mapping>),
}

impl Field {
    /// The fields of every installation, in the order they are shown.
    pub const BUILT_IN: [Self; 6] =
        [Self::FirstName, Self::LastName, Self::Email, Self::Phone, Self::Company, Self::Address];

    /// Its name in outcomes and on pages: the contact property's.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::FirstName => "firstname",
            Self::LastName => "lastname",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Company => "company",
            Self::Address => "address",
            Self::Custom(mapping) => &mapping.contact_property,
        }
    }

    /// Its name at Storeganise.
    #[must_use]
    pub fn user_name(&self) -> String {
        match self {
            Self::FirstName => "firstName".to_owned(),
            Self::LastName => "lastName".to_owned(),
            Self::Company => "companyName".to_owned(),
            Self::Email | Self::Phone | Self::Address => self.name().to_owned(),
            Self::Custom(mapping) => format!("customFields.{}", mapping.user_field),
        }
    }

    /// Its name in baselines and digests.
    #[must_use]
    pub fn baseline_name(&self) -> Cow<'_, str> {
        match self {
            Self::Custom(mapping) => mapping.baseline_name().into(),
            built_in => built_in.name().into(),
        }
    }

    /// Whether a user must have it: it may be changed there, never cleared.
    #[must_use]
    pub fn required_of_users(&self) -> bool {
        matches!(self, Self::FirstName | Self::Email)
    }

    /// The directions this field may go, of those the sync allows.
    #[must_use]
    pub fn directions(&self, allowed: Directions) -> Directions {
        match self {
            Self::Custom(mapping) => mapping.directions(allowed),
            _ => allowed,
        }
    }
}

/// The contact properties a sync of these fields reads.
#[must_use]
pub fn contact_properties(fields: &[Field]) -> Vec<String> {
    let names = fields.iter().map(Field::name);
    names.chain(ADDRESS_PARTS).chain(["hs_additional_emails", CONTACT_USER_ID]).map(str::to_owned).collect()
}

/// The values one side has; a blank field is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values(BTreeMap<Field, String>);

/// Digests of the normalised values; a blank field is absent.
pub type Digests = BTreeMap<Field, Digest>;

impl Values {
    /// The values of a user. The placeholder for a missing name is no value.
    #[must_use]
    pub fn of_user(user: &User, fields: &[Field]) -> Self {
        let named = |name: &Option<String>| name.clone().filter(|name| name.trim() != NAME_PLACEHOLDER);
        Self::collect(fields, |field| match field {
            Field::FirstName => named(&user.first_name),
            Field::LastName => named(&user.last_name),
            Field::Email => user.email.clone(),
            Field::Phone => user.phone.clone(),
            Field::Company => user.company_name.clone(),
            Field::Address => user.address.clone(),
            Field::Custom(mapping) => mapping::text_of(
                user.custom_fields.as_ref().and_then(|fields| fields.get(&mapping.user_field)),
            ),
        })
    }

    /// The values of a contact, its address joined into one line.
    #[must_use]
    pub fn of_contact(contact: &Record, fields: &[Field]) -> Self {
        Self::collect(fields, |field| match field {
            Field::Address => {
                address::joined(contact.text(field.name()), |part| contact.text(part).map(str::to_owned))
            }
            _ => contact.text(field.name()).map(str::to_owned),
        })
    }

    fn collect(fields: &[Field], value: impl Fn(&Field) -> Option<String>) -> Self {
        let present = fields.iter().filter_map(|field| {
            value(field).filter(|value| !value.trim().is_empty()).map(|value| (field.clone(), value))
        });
        Self(present.collect())
    }

    /// A field's value, if it has one.
    #[must_use]
    pub fn get(&self, field: &Field) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }

    /// Whether every field is blank.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The digests of the normalised values under an installation's key and settings.
    #[must_use]
    pub fn digests(&self, key: &DigestKey, settings: &Settings) -> Digests {
        let normal = self.0.iter().filter_map(|(field, value)| {
            let normal = match field {
                Field::Email => normalise::email(value),
                Field::Phone => normalise::phone(value, settings.phone_country()),
                Field::Custom(mapping) => mapping.normal(value),
                _ => normalise::text(value),
            };
            normal.map(|normal| (field.clone(), key.digest(&field.baseline_name(), &normal)))
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
