//! What can be chosen for an installation, and what was found out about its two accounts.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{mapping::Mapping, merge::Policy, normalise::RULES_VERSION, record::side::Field};

/// An installation's settings, kept as JSON; a missing one has its default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Who wins where both sides changed to different values.
    pub conflict_policy: Policy,
    /// ISO 3166-1 alpha-2 code for phone numbers written without a country; none by default.
    pub default_country: Option<String>,
    /// Whether an edit of a linked contact is written to its user; off by default.
    pub contact_edits: bool,
    /// Whether a won deal may create a user that does not exist yet; on by default.
    pub create_users: bool,
    /// Requests per second to Storeganise, one at a time; 2 by default.
    pub storeganise_requests_per_second: f64,
    /// Custom fields of users that are kept the same as contact properties; none by default.
    pub custom_fields: Vec<Mapping>,
    /// Whether a won deal's data goes into its user's custom fields; on by default.
    pub deal_data: bool,
    /// Whether the contact's id goes into the user's custom field; on by default.
    pub mirrors: bool,
    /// Whether the business gets a task at Storeganise when something needs a person; on by default.
    pub failure_tasks: bool,
    /// Days that outcomes are kept; 30 by default.
    pub outcome_days: u32,
    /// The share of linked records, in percent, above which a run or a burst of changes stops and asks a person;
    /// 20 by default, 100 never asks.
    pub brake_percent: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            conflict_policy: Policy::StoreganiseWins,
            default_country: None,
            contact_edits: false,
            create_users: true,
            storeganise_requests_per_second: 2.0,
            custom_fields: Vec::new(),
            deal_data: true,
            mirrors: true,
            failure_tasks: true,
            outcome_days: 30,
            brake_percent: 20,
        }
    }
}

impl Settings {
    /// Every field that is kept the same: those of every installation, then the custom ones.
    #[must_use]
    pub fn fields(&self) -> Vec<Field> {
        let custom = self.custom_fields.iter().map(|mapping| Field::Custom(Arc::new(mapping.clone())));
        Field::BUILT_IN.into_iter().chain(custom).collect()
    }

    /// The default country as the phone library knows it.
    #[must_use]
    pub fn phone_country(&self) -> Option<phonenumber::country::Id> {
        self.default_country.as_deref()?.parse().ok()
    }

    /// Names the rules and settings a baseline is made under: a change of them re-baselines records as they
    /// are next read.
    #[must_use]
    pub fn baseline_version(&self) -> String {
        let country = self.default_country.as_deref().unwrap_or("-");
        format!("{RULES_VERSION}/{country}")
    }

    /// These settings as they were when a baseline of this version was made; none where its rules are no
    /// longer known, so that nothing can be compared with it.
    #[must_use]
    pub fn as_of(&self, baseline_version: &str) -> Option<Self> {
        let (rules, country) = baseline_version.split_once('/')?;
        (rules == RULES_VERSION.to_string()).then(|| Self {
            default_country: Some(country.to_owned()).filter(|country| country != "-"),
            ..self.clone()
        })
    }
}

/// What was found out of an installation's two accounts, kept as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    /// The portal has our unique property `storeganise_user_id`.
    pub unique_property: bool,
    /// Why the property could not be made, as a cause code.
    pub property_problem: Option<String>,
    /// Whether Storeganise took our fields on the add-on's page when we last wrote them.
    pub addon_fields_written: Option<bool>,
}
