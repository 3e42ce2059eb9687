//! One contact or deal with the history of every property. It knows no rules about values: see `values` and `write`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Who changed something, as property history and webhooks tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// An app through the API, by its app id.
    Integration(u64),
    /// A person in HubSpot's own pages, by their user id.
    CrmUi(u64),
    /// Something else in the account, by its id.
    Other(Channel, u64),
}

/// What else in an account changes records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    /// A file that was imported.
    Import,
    /// A form that was filled in.
    Form,
    /// A workflow.
    Workflow,
}

impl Source {
    /// Reads a source from HubSpot's name for it and the id of the app, the person, or whatever it is.
    pub(crate) fn named(name: &str, id: u64) -> Option<Self> {
        match name {
            "INTEGRATION" => Some(Self::Integration(id)),
            "CRM_UI" => Some(Self::CrmUi(id)),
            "IMPORT" => Some(Self::Other(Channel::Import, id)),
            "FORM" => Some(Self::Other(Channel::Form, id)),
            "AUTOMATION_PLATFORM" => Some(Self::Other(Channel::Workflow, id)),
            _ => None,
        }
    }

    /// HubSpot's name for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Integration(_) => "INTEGRATION",
            Self::CrmUi(_) => "CRM_UI",
            Self::Other(Channel::Import, _) => "IMPORT",
            Self::Other(Channel::Form, _) => "FORM",
            Self::Other(Channel::Workflow, _) => "AUTOMATION_PLATFORM",
        }
    }

    /// The name for people.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Integration(_) => "Integration",
            Self::CrmUi(_) => "CRM UI",
            Self::Other(Channel::Import, _) => "Import",
            Self::Other(Channel::Form, _) => "Form",
            Self::Other(Channel::Workflow, _) => "Automation platform",
        }
    }

    /// Which app, person or other thing it was.
    pub(crate) fn id(self) -> String {
        match self {
            Self::Integration(id) | Self::Other(_, id) => id.to_string(),
            Self::CrmUi(user_id) => format!("userId:{user_id}"),
        }
    }
}

/// Who writes, and when (milliseconds since 1970).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Author {
    /// Who it is.
    pub(crate) source: Source,
    /// The moment of the write.
    pub(crate) at_ms: u64,
}

/// One value a property has had; an empty value means it was cleared.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    /// The value.
    pub(crate) value: Box<str>,
    /// Who wrote it, and when.
    pub(crate) by: Author,
}

/// A contact or a deal.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// The current id.
    pub(crate) id: u64,
    /// When it was made, in milliseconds since 1970.
    pub(crate) created_ms: u64,
    /// When any property last changed.
    pub(crate) modified_ms: u64,
    /// Whether it lies in the recycle bin.
    pub(crate) archived: bool,
    /// The stored properties, oldest value first.
    pub(crate) properties: BTreeMap<Arc<str>, Vec<Version>>,
    /// The associated records of the other kind.
    pub(crate) associated: BTreeSet<u64>,
}

impl Record {
    /// A record without any property.
    pub(crate) fn new(id: u64, at_ms: u64) -> Self {
        Self {
            id,
            created_ms: at_ms,
            modified_ms: at_ms,
            archived: false,
            properties: BTreeMap::new(),
            associated: BTreeSet::new(),
        }
    }

    /// The present value of a stored property, `None` when unset or cleared.
    pub(crate) fn stored(&self, name: &str) -> Option<&str> {
        let latest = self.properties.get(name)?.last()?;
        (!latest.value.is_empty()).then_some(&*latest.value)
    }

    /// Sets a property; `false` when it already had this value and nothing was recorded.
    pub(crate) fn set(&mut self, name: &Arc<str>, value: &str, by: Author) -> bool {
        if self.stored(name).unwrap_or("") == value {
            return false;
        }
        let versions = self.properties.entry(Arc::clone(name)).or_default();
        versions.push(Version { value: value.into(), by });
        self.modified_ms = self.modified_ms.max(by.at_ms);
        true
    }

    /// The primary address and every additional one, all of which belong to this contact alone.
    pub(crate) fn emails(&self) -> impl Iterator<Item = &str> {
        let additional = self.stored("hs_additional_emails").unwrap_or("").split(';');
        self.stored("email").into_iter().chain(additional.filter(|email| !email.is_empty()))
    }
}
