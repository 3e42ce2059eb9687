//! The words of a task: what is wrong, how many records, what to do, where to look. Pure, and free of personal data.

use ::text::text;
use storeganise::task::{Task, TaskTarget};
use uuid::Uuid;

use super::cause::{ACCESS_LOST, BRAKE_HELD, CONFLICTS, NO_PROPERTY};
use crate::installation::Installation;

/// What a task is made of.
pub(super) struct About<'a> {
    pub installation: &'a Installation,
    pub notice: Uuid,
    pub cause: &'a str,
    pub records: u64,
    /// What is wrong and what to do, in words.
    pub words: String,
    /// Where people reach us, without a trailing slash.
    pub base_url: &'a str,
    /// The authorisation link, where it is what the business needs.
    pub link: Option<&'a str>,
}

/// The task that tells of a notice; it is about the add-on as a whole.
pub(super) fn task(about: &About<'_>) -> Task {
    Task {
        target: TaskTarget::Addon(about.installation.addon_id.clone()),
        title: title(about.cause).to_owned(),
        description: description(about),
    }
}

/// By what a task is found again at Storeganise.
pub(super) fn reference(notice: Uuid) -> String {
    format!("annex-{}", notice.simple())
}

fn title(cause: &str) -> &'static str {
    match cause {
        ACCESS_LOST => text!("task-hubspot-must-be-authorised"),
        NO_PROPERTY => text!("task-hubspot-cannot-take-the"),
        BRAKE_HELD => text!("task-a-change-of-many"),
        CONFLICTS => text!("task-some-customers-differ-in"),
        _ => text!("task-some-customers-are-not"),
    }
}

fn description(about: &About<'_>) -> String {
    let mut lines = vec![about.words.clone()];
    match about.records {
        0 => {}
        count => lines.push(text!("task-it-concerned", count)),
    }
    lines.extend(about.link.map(|link| text!("task-authorise-here-link", link)));
    let page = if about.cause == ACCESS_LOST { "" } else { "/activity" };
    let base = about.base_url;
    lines.push(text!("task-storeganise-staff-see-the", base, id = about.installation.id.to_string(), page));
    lines.push(text!("task-this-task-is-closed", notice = reference(about.notice)));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        installation::State,
        settings::{Capabilities, Settings},
    };

    fn installation() -> Installation {
        Installation {
            id: Uuid::from_u128(7),
            business_code: "acme".to_owned(),
            addon_id: "addon-1".to_owned(),
            api_url: String::new(),
            webhook_key: String::new(),
            state: State::Enabled,
            addon_state: None,
            addon_checked_at: None,
            link_issued_at: None,
            settings: Settings::default(),
            capabilities: Capabilities::default(),
            portal_id: None,
            other_portal_until: None,
            users_cursor: None,
            deals_cursor: None,
            last_event_at: None,
            created_at: 0,
        }
    }

    #[test]
    fn a_task_says_what_is_wrong_how_many_what_to_do_and_where() {
        let installation = installation();
        let about = |cause, records, link| About {
            installation: &installation,
            notice: Uuid::from_u128(9),
            cause,
            records,
            words: "It is wrong. Mend it.".to_owned(),
            base_url: "https://annex.example.com",
            link,
        };
        let refused = task(&about("hubspot.refused", 12, None));
        assert_eq!(refused.target, TaskTarget::Addon("addon-1".to_owned()));
        assert_eq!(refused.title, "Some customers are not synced with HubSpot");
        let lines: Vec<&str> = refused.description.lines().collect();
        assert_eq!(
            lines[..2],
            ["It is wrong. Mend it.", "It concerned 12 records when this task was filed."]
        );
        assert!(lines[2].ends_with("/installations/00000000-0000-0000-0000-000000000007/activity"));
        assert!(lines[3].contains(&reference(Uuid::from_u128(9))));

        let lost = task(&about(ACCESS_LOST, 0, Some("https://annex.example.com/connect/x"))).description;
        assert!(lost.contains("Authorise here: https://annex.example.com/connect/x"), "{lost}");
        assert!(!lost.contains("concerned"), "{lost}");
        assert!(task(&about("hubspot.refused", 1, None)).description.contains("1 record when"));
    }
}
