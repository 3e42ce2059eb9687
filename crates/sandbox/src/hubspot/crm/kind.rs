//! The two kinds of record the sandbox keeps, and what HubSpot calls each. Companies and tickets are not simulated.

/// A kind of CRM record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A person.
    Contact,
    /// A sale.
    Deal,
}

impl Kind {
    /// Reads any of the names a path may carry: `contacts`, `contact` or `0-1`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "contacts" | "contact" | "0-1" => Some(Self::Contact),
            "deals" | "deal" | "0-3" => Some(Self::Deal),
            _ => None,
        }
    }

    /// The name in event types, such as `contact` in `contact.creation`.
    pub(crate) fn singular(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Deal => "deal",
        }
    }

    /// The name in paths and in association lists.
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Contact => "contacts",
            Self::Deal => "deals",
        }
    }

    /// The name in error texts.
    pub(crate) fn shouted(self) -> &'static str {
        match self {
            Self::Contact => "CONTACT",
            Self::Deal => "DEAL",
        }
    }

    /// HubSpot's object type id.
    pub(crate) fn type_id(self) -> &'static str {
        match self {
            Self::Contact => "0-1",
            Self::Deal => "0-3",
        }
    }

    /// The kind that records of this kind are associated with.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Contact => Self::Deal,
            Self::Deal => Self::Contact,
        }
    }

    /// The type id of an association from this kind to the other one.
    pub(crate) fn association_type_id(self) -> u32 {
        match self {
            Self::Contact => 4,
            Self::Deal => 3,
        }
    }

    /// The name of an association from this kind to the other one.
    pub(crate) fn association_name(self) -> &'static str {
        match self {
            Self::Contact => "contact_to_deal",
            Self::Deal => "deal_to_contact",
        }
    }

    /// The property that moves with every change.
    pub(crate) fn modified_property(self) -> &'static str {
        match self {
            Self::Contact => "lastmodifieddate",
            Self::Deal => "hs_lastmodifieddate",
        }
    }

    /// What a read answers when it names no properties.
    pub(crate) fn default_properties(self) -> &'static [&'static str] {
        match self {
            Self::Contact => &["email", "firstname", "lastname"],
            Self::Deal => &["amount", "closedate", "dealname", "dealstage", "pipeline"],
        }
    }

    /// Any one of these scopes opens a read of the records.
    pub(crate) fn read_scopes(self) -> &'static [&'static str] {
        match self {
            Self::Contact => &["crm.objects.contacts.read"],
            Self::Deal => &["crm.objects.deals.read"],
        }
    }

    /// Any one of these scopes opens a write of the records.
    pub(crate) fn write_scopes(self) -> &'static [&'static str] {
        match self {
            Self::Contact => &["crm.objects.contacts.write"],
            Self::Deal => &["crm.objects.deals.write"],
        }
    }

    /// Any one of these scopes opens a read of the property definitions.
    pub(crate) fn schema_read_scopes(self) -> &'static [&'static str] {
        match self {
            Self::Contact => {
                &["crm.objects.contacts.read", "crm.schemas.contacts.read", "crm.schemas.contacts.write"]
            }
            Self::Deal => &["crm.objects.deals.read", "crm.schemas.deals.read", "crm.schemas.deals.write"],
        }
    }

    /// The scope that opens a write of the property definitions; the record's own write scope does not.
    pub(crate) fn schema_write_scopes(self) -> &'static [&'static str] {
        match self {
            Self::Contact => &["crm.schemas.contacts.write"],
            Self::Deal => &["crm.schemas.deals.write"],
        }
    }
}
