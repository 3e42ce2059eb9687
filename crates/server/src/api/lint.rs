//! What trying settings came to, on the wire. The values are for whoever asked: nothing of them is kept.

use serde::Serialize;
use sync_core::{
    mapping::lint::{Example, Lint, Refused, Tried},
    merge::Side,
};
use utoipa::ToSchema;

use super::settings::{FieldMapping, SettingWarning};

/// What trying the mappings came to. Nothing was written.
#[derive(Serialize, ToSchema)]
pub(crate) struct LintBody {
    /// The users that were read, staff left out.
    users: u64,
    /// Their linked contacts that were read.
    contacts: u64,
    /// One line for each mapping.
    mappings: Vec<TriedBody>,
    /// What to know about the mappings.
    warnings: Vec<SettingWarning>,
}

/// What one mapping came to.
#[derive(Serialize, ToSchema)]
pub(crate) struct TriedBody {
    #[serde(flatten)]
    mapping: FieldMapping,
    /// Contacts that would be written.
    to_contact: u64,
    /// Users that would be written.
    to_user: u64,
    /// Records of which both sides have a value of their own.
    conflicts: u64,
    /// Records with a value that would stay as they are.
    unchanged: u64,
    /// Records that are blank on both sides.
    blank: u64,
    /// Values that would be left out.
    refused: Vec<RefusedBody>,
}

/// Values of one side that the other cannot take.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefusedBody {
    /// Whose values they are: `user` or `contact`.
    side: &'static str,
    /// `not_of_kind`, `not_an_option` or `too_long`.
    why: &'static str,
    /// How many there are.
    count: u64,
    /// Ten of them at most.
    examples: Vec<ExampleBody>,
}

/// A record with a value that does not fit.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExampleBody {
    /// The Storeganise user.
    user_id: String,
    /// The HubSpot contact, where there is one.
    contact_id: Option<String>,
    /// The first 200 characters of the value.
    value: String,
}

impl LintBody {
    pub(super) fn of(lint: Lint) -> Self {
        Self {
            users: lint.users,
            contacts: lint.contacts,
            mappings: lint.mappings.into_iter().map(TriedBody::of).collect(),
            warnings: lint.warnings.into_iter().map(SettingWarning::from).collect(),
        }
    }
}

impl TriedBody {
    fn of(tried: Tried) -> Self {
        Self {
            mapping: FieldMapping::of(&tried.mapping),
            to_contact: tried.to_contact,
            to_user: tried.to_user,
            conflicts: tried.conflicts,
            unchanged: tried.unchanged,
            blank: tried.blank,
            refused: tried.misfits.into_iter().map(RefusedBody::of).collect(),
        }
    }
}

impl RefusedBody {
    fn of(refused: Refused) -> Self {
        Self {
            side: match refused.side {
                Side::User => "user",
                Side::Contact => "contact",
            },
            why: refused.why.word(),
            count: refused.count,
            examples: refused.examples.into_iter().map(ExampleBody::of).collect(),
        }
    }
}

impl ExampleBody {
    fn of(example: Example) -> Self {
        Self { user_id: example.user_id, contact_id: example.contact_id, value: example.value }
    }
}
