//! The settings as a form: what stands in it, what is wrong with it, and what was typed read as settings.

use sync_core::{error::InvalidInput, merge::Policy, settings::Settings};

use text::text;

/// A form as a browser sends it: names may stand in it more than once.
pub(super) type Typed = Vec<(String, String)>;

/// The form, with what stands in it and what is wrong with it.
#[derive(Default)]
pub(super) struct SettingsForm {
    pub(super) conflict_policy: String,
    pub(super) default_country: String,
    pub(super) contact_edits: bool,
    pub(super) create_users: bool,
    pub(super) deal_data: bool,
    pub(super) mirrors: bool,
    pub(super) failure_tasks: bool,
    pub(super) outcome_days: String,
    pub(super) brake_percent: String,
    pub(super) requests_per_second: String,
    problems: Vec<InvalidInput>,
}

/// One line of the settings as they are told on the installation's page.
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) value: String,
}

impl SettingsForm {
    /// The form of settings as they are.
    pub(super) fn of(settings: &Settings) -> Self {
        Self {
            conflict_policy: policy_word(settings.conflict_policy).to_owned(),
            default_country: settings.default_country.clone().unwrap_or_default(),
            contact_edits: settings.contact_edits,
            create_users: settings.create_users,
            deal_data: settings.deal_data,
            mirrors: settings.mirrors,
            failure_tasks: settings.failure_tasks,
            outcome_days: settings.outcome_days.to_string(),
            brake_percent: settings.brake_percent.to_string(),
            requests_per_second: settings.storeganise_requests_per_second.to_string(),
            problems: Vec::new(),
        }
    }

    /// The form with what was typed into it.
    pub(super) fn of_typed(typed: &Typed, current: &Settings) -> Self {
        let mut form = Self::of(current);
        let is_on = |name: &str| all(typed, name).next().is_some();
        for (place, name) in [
            (&mut form.conflict_policy, "conflict_policy"),
            (&mut form.default_country, "default_country"),
            (&mut form.outcome_days, "outcome_days"),
            (&mut form.brake_percent, "brake_percent"),
            (&mut form.requests_per_second, "storeganise_requests_per_second"),
        ] {
            if let Some(text) = all(typed, name).next() {
                text.clone_into(place);
            }
        }
        form.contact_edits = is_on("contact_edits");
        form.create_users = is_on("create_users");
        form.deal_data = is_on("deal_data");
        form.mirrors = is_on("mirrors");
        form.failure_tasks = is_on("failure_tasks");
        form
    }

    /// What stands in the form as settings; what has a page of its own stays. What is no number is out of every bound, and
    /// refused as that.
    pub(super) fn read(&self, current: &Settings) -> Settings {
        let country = self.default_country.trim().to_uppercase();
        let per_second = self.requests_per_second.trim().replace(',', ".");
        Settings {
            conflict_policy: policy_of(&self.conflict_policy),
            default_country: (!country.is_empty()).then_some(country),
            contact_edits: self.contact_edits,
            create_users: self.create_users,
            storeganise_requests_per_second: per_second.parse().unwrap_or(f64::NAN),
            custom_fields: current.custom_fields.clone(),
            deal_data: self.deal_data,
            mirrors: self.mirrors,
            failure_tasks: self.failure_tasks,
            outcome_days: self.outcome_days.trim().parse().unwrap_or(0),
            brake_percent: self.brake_percent.trim().parse().unwrap_or(0),
        }
    }

    /// Puts what is wrong at its input.
    pub(super) fn refuse(&mut self, problems: Vec<InvalidInput>) {
        self.problems = problems;
    }

    /// What is wrong with an input.
    pub(super) fn problem(&self, field: &str) -> Option<&str> {
        self.problems.iter().find(|problem| problem.field == field).map(|problem| problem.message.as_str())
    }
}

/// What was typed into the inputs of this name.
pub(super) fn all<'a>(typed: &'a Typed, name: &'a str) -> impl Iterator<Item = &'a str> {
    typed.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn policy_word(policy: Policy) -> &'static str {
    match policy {
        Policy::StoreganiseWins => "storeganise_wins",
        Policy::HubspotWins => "hubspot_wins",
        Policy::NewestWins => "newest_wins",
    }
}

fn policy_of(word: &str) -> Policy {
    match word {
        "hubspot_wins" => Policy::HubspotWins,
        "newest_wins" => Policy::NewestWins,
        _ => Policy::StoreganiseWins,
    }
}

/// The settings in a few lines.
pub(super) fn facts(settings: &Settings) -> Vec<Fact> {
    let yes_no =
        |is_on: bool| if is_on { text!("settings-form-yes") } else { text!("settings-form-no") }.to_owned();
    let policy = match settings.conflict_policy {
        Policy::StoreganiseWins => text!("settings-form-storeganise-wins"),
        Policy::HubspotWins => text!("settings-form-hubspot-wins"),
        Policy::NewestWins => text!("settings-form-the-newest-wins"),
    };
    let mapped: Vec<&str> = settings.custom_fields.iter().map(|m| m.contact_property.as_str()).collect();
    let or_none = |text: String| if text.is_empty() { text!("settings-form-none").to_owned() } else { text };
    [
        (text!("settings-form-when-both-sides-changed"), policy.to_owned()),
        (
            text!("settings-form-default-country"),
            settings.default_country.clone().unwrap_or_else(|| text!("settings-form-none").to_owned()),
        ),
        (text!("settings-form-edits-of-contacts-change"), yes_no(settings.contact_edits)),
        (text!("settings-form-won-deals-create-users"), yes_no(settings.create_users)),
        (text!("settings-form-custom-fields"), or_none(mapped.join(", "))),
    ]
    .map(|(name, value)| Fact { name, value })
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(pairs: &[(&str, &str)]) -> Typed {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_is_typed_is_read_as_it_is_meant_and_what_the_form_lacks_stays() {
        let form = typed(&[
            ("conflict_policy", "hubspot_wins"),
            ("default_country", " gb "),
            ("contact_edits", "on"),
            ("storeganise_requests_per_second", "1,5"),
        ]);
        let current = Settings { outcome_days: 90, ..Settings::default() };
        let expected = Settings {
            conflict_policy: Policy::HubspotWins,
            default_country: Some("GB".to_owned()),
            contact_edits: true,
            create_users: false,
            deal_data: false,
            mirrors: false,
            failure_tasks: false,
            storeganise_requests_per_second: 1.5,
            outcome_days: 90,
            ..Settings::default()
        };
        assert_eq!(SettingsForm::of_typed(&form, &current).read(&current), expected);
        let blank = typed(&[("default_country", " ")]);
        assert_eq!(SettingsForm::of_typed(&blank, &expected).read(&expected).default_country, None);
    }

    #[test]
    fn what_is_no_number_is_refused_by_its_field() {
        let form = typed(&[
            ("storeganise_requests_per_second", "fast"),
            ("outcome_days", "-1"),
            ("brake_percent", "20 %"),
        ]);
        let read = SettingsForm::of_typed(&form, &Settings::default()).read(&Settings::default());
        let fields: Vec<String> = read.problems().into_iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["storeganise_requests_per_second", "outcome_days", "brake_percent"]);
    }
}
