//! What can be chosen for an installation, and what was found out about its two accounts.

use std::{ops::RangeInclusive, sync::Arc};
use text::text;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    digest::token_digest,
    error::InvalidInput,
    mapping::{Mapping, fit::Fault},
    merge::Policy,
    normalise::RULES_VERSION,
    record::side::Field,
};

/// Requests per second to Storeganise.
pub const REQUESTS_PER_SECOND: RangeInclusive<f64> = 0.1..=200.0;
/// Days that outcomes may be kept.
pub const OUTCOME_DAYS: RangeInclusive<u32> = 1..=400;
/// The share above which a person is asked, in percent.
pub const BRAKE_PERCENT: RangeInclusive<u32> = 1..=100;
/// Digits of the fingerprint of what a baseline covers.
const FINGERPRINT_DIGITS: usize = 8;

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

    /// What cannot be taken, but for the mappings, each with what is expected.
    #[must_use]
    pub fn problems(&self) -> Vec<InvalidInput> {
        let mut problems = Vec::new();
        let mut refuse = |field: &str, message: String| problems.push(InvalidInput::new(field, message));
        if self.default_country.is_some() && self.phone_country().is_none() {
            let message = text!("setting-the-default-country-is");
            refuse("default_country", message.to_owned());
        }
        if !REQUESTS_PER_SECOND.contains(&self.storeganise_requests_per_second) {
            let message = text!("setting-requests-per-second-to");
            refuse("storeganise_requests_per_second", message.to_owned());
        }
        if !OUTCOME_DAYS.contains(&self.outcome_days) {
            let message = text!("setting-what-happened-to-a");
            refuse("outcome_days", message.to_owned());
        }
        if !BRAKE_PERCENT.contains(&self.brake_percent) {
            let message = text!("setting-the-share-at-which");
            refuse("brake_percent", message.to_owned());
        }
        problems
    }

    /// These settings with the options known of mappings that `known` has, too.
    #[must_use]
    pub fn with_options_of(&self, known: &Self) -> Self {
        let mut settings = self.clone();
        for mapping in &mut settings.custom_fields {
            let before =
                known.custom_fields.iter().find(|known| known.baseline_name() == mapping.baseline_name());
            mapping.options = before.map(|before| before.options.clone()).unwrap_or_default();
        }
        settings
    }

    /// Whether these settings have a mapping that `known` has not.
    #[must_use]
    pub fn maps_more_than(&self, known: &Self) -> bool {
        let is_known =
            |mapping: &Mapping| known.custom_fields.iter().any(|known| known.says_the_same_as(mapping));
        !self.custom_fields.iter().all(is_known)
    }

    /// The names of what differs in `other`: of settings and of mapped properties, never of values.
    #[must_use]
    pub fn names_of_changes(&self, other: &Self) -> Vec<String> {
        let plain = |settings: &Self| match serde_json::to_value(settings) {
            Ok(Value::Object(fields)) => fields,
            _ => serde_json::Map::new(),
        };
        let (before, after) = (plain(self), plain(other));
        let differs = |name: &&String| *name != "custom_fields" && before.get(*name) != after.get(*name);
        let mut names: Vec<String> = after.keys().filter(differs).cloned().collect();
        names.extend(changed_mappings(&self.custom_fields, &other.custom_fields));
        names
    }

    /// Names the rules and settings a baseline is made under: a change of them re-baselines records as they
    /// are next read. The country decides how values compare; the rest, which fields were looked at and which
    /// side may be written, is only a fingerprint, by which a run knows that a record has to be looked at again.
    #[must_use]
    pub fn baseline_version(&self) -> String {
        let country = self.default_country.as_deref().unwrap_or("-");
        let mut covered: Vec<String> = self
            .custom_fields
            .iter()
            .map(|mapping| format!("{}>{}", mapping.baseline_name(), mapping.direction.word()))
            .collect();
        covered.extend(self.contact_edits.then(|| "contact_edits".to_owned()));
        if covered.is_empty() {
            return format!("{RULES_VERSION}/{country}");
        }
        covered.sort_unstable();
        let fingerprint = token_digest(&covered.join("\n"));
        format!("{RULES_VERSION}/{country}/{}", &fingerprint[..FINGERPRINT_DIGITS])
    }

    /// These settings as they were when a baseline of this version was made; none where its rules are no
    /// longer known, so that nothing can be compared with it.
    #[must_use]
    pub fn as_of(&self, baseline_version: &str) -> Option<Self> {
        let mut parts = baseline_version.split('/');
        let (rules, country) = (parts.next()?, parts.next()?);
        (rules == RULES_VERSION.to_string()).then(|| Self {
            default_country: Some(country.to_owned()).filter(|country| country != "-"),
            ..self.clone()
        })
    }
}

/// What happened to mappings, by the names of their properties.
fn changed_mappings(before: &[Mapping], after: &[Mapping]) -> Vec<String> {
    let same = |one: &Mapping, other: &Mapping| {
        (&one.user_field, &one.contact_property) == (&other.user_field, &other.contact_property)
    };
    let lacks = |list: &[Mapping], mapping: &Mapping| !list.iter().any(|known| same(known, mapping));
    let named = |word: &str, mapping: &Mapping| format!("{word} {}", mapping.contact_property);
    let added = after.iter().filter(|mapping| lacks(before, mapping)).map(|mapping| named("mapped", mapping));
    let removed = before
        .iter()
        .filter(|mapping| lacks(after, mapping))
        .map(|mapping| named("no longer mapped", mapping));
    let changed = after
        .iter()
        .filter(|mapping| before.iter().any(|known| same(known, mapping) && !known.says_the_same_as(mapping)))
        .map(|mapping| named("mapped otherwise", mapping));
    added.chain(removed).chain(changed).collect()
}

/// What was found out of an installation's two accounts, kept as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    /// The portal has our unique property `storeganise_user_id`.
    pub unique_property: bool,
    /// The portal cannot take it: contacts are found and made by their e-mail instead.
    pub email_key: bool,
    /// The portal has a property of that name that is not unique; it is written for people, and not relied on.
    pub plain_property: bool,
    /// Why the property could not be made, as a cause code.
    pub property_problem: Option<String>,
    /// Whether Storeganise took our fields on the add-on's page when we last wrote them.
    pub addon_fields_written: Option<bool>,
    /// When the properties of mapped fields were last looked at, in microseconds since 1970.
    pub mappings_checked_at: Option<i64>,
    /// Mappings that HubSpot no longer takes, found since they were saved.
    pub mapping_faults: Vec<MappingFault>,
}

/// A mapping whose contact property no longer takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingFault {
    /// The custom field's code at Storeganise.
    pub user_field: String,
    /// The property's name at HubSpot.
    pub contact_property: String,
    /// Why.
    pub fault: Fault,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::{Direction, Kind};

    fn mapping(contact_property: &str, kind: Kind, direction: Direction) -> Mapping {
        Mapping {
            user_field: "size".to_owned(),
            contact_property: contact_property.to_owned(),
            kind,
            direction,
            options: Vec::new(),
        }
    }

    fn with(custom_fields: Vec<Mapping>) -> Settings {
        Settings { custom_fields, ..Settings::default() }
    }

    #[test]
    fn every_bound_is_kept_and_everything_wrong_is_named_at_once() {
        assert_eq!(Settings::default().problems(), []);
        let wrong = Settings {
            default_country: Some("Atlantis".to_owned()),
            storeganise_requests_per_second: f64::NAN,
            outcome_days: 0,
            brake_percent: 101,
            ..Settings::default()
        };
        let fields: Vec<String> = wrong.problems().into_iter().map(|problem| problem.field).collect();
        let expected =
            ["default_country", "storeganise_requests_per_second", "outcome_days", "brake_percent"];
        assert_eq!(fields, expected);
    }

    #[test]
    fn a_baseline_names_what_it_covers_and_is_still_compared_under_its_country() {
        let plain = Settings { default_country: Some("GB".to_owned()), ..Settings::default() };
        assert_eq!(plain.baseline_version(), format!("{RULES_VERSION}/GB"));
        let mapped = Settings {
            custom_fields: vec![mapping("unit_size", Kind::Number, Direction::Both)],
            ..plain.clone()
        };
        let versions = [
            plain.baseline_version(),
            mapped.baseline_version(),
            Settings { contact_edits: true, ..mapped }.baseline_version(),
            Settings {
                custom_fields: vec![mapping("unit_size", Kind::Text, Direction::Both)],
                ..plain.clone()
            }
            .baseline_version(),
            Settings { custom_fields: vec![mapping("unit_size", Kind::Number, Direction::ToUser)], ..plain }
                .baseline_version(),
        ];
        let different: std::collections::BTreeSet<&String> = versions.iter().collect();
        assert_eq!(different.len(), versions.len(), "{versions:?}");
        for version in &versions {
            let then = Settings::default().as_of(version).unwrap();
            assert_eq!(then.default_country.as_deref(), Some("GB"), "{version}");
        }
        assert_eq!(Settings::default().as_of("0/GB"), None);
    }

    #[test]
    fn changes_are_told_by_name_and_never_by_value() {
        let before = with(vec![
            mapping("kept", Kind::Text, Direction::Both),
            mapping("gone", Kind::Text, Direction::Both),
            mapping("turned", Kind::Text, Direction::Both),
        ]);
        let mut after = with(vec![
            mapping("kept", Kind::Text, Direction::Both),
            mapping("turned", Kind::Text, Direction::ToUser),
            mapping("new", Kind::Text, Direction::Both),
        ]);
        after.default_country = Some("GB".to_owned());
        let expected = ["default_country", "mapped new", "no longer mapped gone", "mapped otherwise turned"];
        assert_eq!(before.names_of_changes(&after), expected);
        assert_eq!(before.names_of_changes(&before), Vec::<String>::new());
    }

    #[test]
    fn only_a_new_or_changed_mapping_has_to_be_checked() {
        let known =
            with(vec![mapping("a", Kind::Text, Direction::Both), mapping("b", Kind::Text, Direction::Both)]);
        assert!(!with(vec![mapping("b", Kind::Text, Direction::Both)]).maps_more_than(&known));
        for changed in [
            mapping("b", Kind::Date, Direction::Both),
            mapping("b", Kind::Text, Direction::ToUser),
            mapping("c", Kind::Text, Direction::Both),
        ] {
            assert!(with(vec![changed]).maps_more_than(&known));
        }
    }
}

/// By what a contact is found again before it is linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactKey {
    /// By the user's id in the unique property.
    UserId,
    /// By its e-mail.
    Email,
}

impl ContactKey {
    /// The word in the JSON API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::UserId => "storeganise_user_id",
            Self::Email => "email",
        }
    }
}

impl Capabilities {
    /// By what contacts are found; none while it is not known what the portal can take.
    #[must_use]
    pub fn contact_key(&self) -> Option<ContactKey> {
        match (self.unique_property, self.email_key) {
            (true, _) => Some(ContactKey::UserId),
            (false, true) => Some(ContactKey::Email),
            (false, false) => None,
        }
    }

    /// Whether contacts have a property that can hold the user's id.
    #[must_use]
    pub fn holds_user_id(&self) -> bool {
        self.unique_property || self.plain_property
    }
}
