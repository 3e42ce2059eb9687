//! What the next sync would do with a person as a whole, as a code. Pure.

use super::look::{Look, Owner, Reading};
use crate::record::plan::Plan;

/// Every code an explanation may give, for its person as a whole or for a field.
pub const CODES: &[&str] = &[
    "explain.not_found",
    "explain.user_unknown",
    "explain.contact_unknown",
    "explain.contact_waits",
    "explain.erased",
    "explain.would_link",
    "explain.would_make",
    "explain.would_write",
    "explain.in_sync",
    "explain.field_unknown",
    "explain.user_wins",
    "explain.contact_wins",
    "explain.first_time",
    "explain.user_changed",
    "explain.contact_changed",
    "explain.user_unchanged",
    "explain.equal",
    "explain.never_cleared",
    "explain.other_direction",
    "user_gone",
    "staff",
    "empty_profile",
    "contact_gone",
    "contact_of_another_user",
    "user_of_another_contact",
    "conflict_to_decide",
    "contact_edits_off",
    "value_does_not_fit",
];

/// What a verdict is about.
pub(super) struct Case<'a> {
    pub look: &'a Look,
    /// The user has no value in any field.
    pub is_blank: bool,
    pub is_erased: bool,
    /// What would be decided; none where that cannot be known.
    pub plan: Option<&'a Plan>,
}

pub(super) fn verdict(case: &Case<'_>) -> &'static str {
    let look = case.look;
    let is_absent = |reading: &Reading| matches!(reading, Reading::Missing | Reading::Unnamed);
    if look.link.is_none() && is_absent(&look.user.reading) && is_absent(&look.contact.reading) {
        return "explain.not_found";
    }
    match (&look.user.reading, &look.user.record) {
        (Reading::Unknown(_), _) => "explain.user_unknown",
        (Reading::Unnamed, _) if matches!(look.contact.reading, Reading::Unknown(_)) => {
            "explain.contact_unknown"
        }
        (Reading::Unnamed, _) => "explain.contact_waits",
        (Reading::Missing, _) | (Reading::Found, None) => "user_gone",
        (Reading::Found, Some(_)) if case.is_erased => "explain.erased",
        (Reading::Found, Some(user)) if !user.roles.is_empty() => "staff",
        (Reading::Found, Some(_)) if case.is_blank => "empty_profile",
        (Reading::Found, Some(_)) => of_pair(case),
    }
}

/// The user is there and is synced: what about the contact?
fn of_pair(case: &Case<'_>) -> &'static str {
    let look = case.look;
    match look.owner {
        Some(Owner::User(_)) => return "contact_of_another_user",
        Some(Owner::Contact(_)) => return "user_of_another_contact",
        None => {}
    }
    let is_linked = look.link.is_some();
    match (is_linked, &look.contact.reading, case.plan) {
        (true, Reading::Missing, _) => "contact_gone",
        (_, Reading::Unknown(_), None) | (false, Reading::Unknown(_), _) => "explain.contact_unknown",
        (false, Reading::Unnamed | Reading::Missing, _) => "explain.would_make",
        (false, Reading::Found, _) => "explain.would_link",
        (true, _, Some(plan)) if !plan.asks.is_empty() => "conflict_to_decide",
        (true, _, Some(plan)) if !plan.to_contact.is_empty() || !plan.to_user.is_empty() => {
            "explain.would_write"
        }
        (true, _, _) => "explain.in_sync",
    }
}

#[cfg(test)]
mod tests {
    use hubspot::record::Record;
    use storeganise::user::User;

    use super::*;
    use crate::{
        explain::look::Side,
        record::{link::Link, side::Field},
    };

    fn user(roles: bool) -> Side<User> {
        let roles = if roles { "[\"admin\"]" } else { "[]" };
        let text = format!("{{\"id\":\"u1\",\"email\":\"a@example.com\",\"roles\":{roles}}}");
        let record = serde_json::from_str(&text).unwrap();
        Side { id: Some("u1".to_owned()), reading: Reading::Found, record: Some(record) }
    }

    fn contact() -> Side<Record> {
        let record = serde_json::from_str("{\"id\":\"1\",\"properties\":{}}").unwrap();
        Side { id: Some("1".to_owned()), reading: Reading::Found, record: Some(record) }
    }

    fn absent<T>(reading: Reading) -> Side<T> {
        Side { id: None, reading, record: None }
    }

    fn look(is_linked: bool, user: Side<User>, contact: Side<Record>) -> Look {
        let link = is_linked.then(|| Link {
            user_id: "u1".to_owned(),
            contact_id: "1".to_owned(),
            baseline: Default::default(),
            baseline_version: String::new(),
            mirrored_contact_id: None,
            user_updated: None,
            flips: Default::default(),
            intended: Default::default(),
            rests: None,
        });
        Look { link, user, contact, matched_by: None, owner: None }
    }

    #[test]
    fn every_case_has_its_verdict() {
        let down = || Reading::Unknown("hubspot.http_503".to_owned());
        let quiet = Plan::default();
        let writes = Plan { to_contact: vec![Field::Phone], ..Plan::default() };
        let asks = Plan { asks: vec![Field::Phone], ..Plan::default() };
        let of_another = |owner| Look { owner: Some(owner), ..look(false, user(false), contact()) };
        let table = [
            (look(false, absent(Reading::Missing), absent(Reading::Unnamed)), None, "explain.not_found"),
            (look(true, absent(down()), contact()), None, "explain.user_unknown"),
            (look(false, absent(Reading::Unnamed), contact()), None, "explain.contact_waits"),
            (look(false, absent(Reading::Unnamed), absent(down())), None, "explain.contact_unknown"),
            (look(true, absent(Reading::Missing), contact()), None, "user_gone"),
            (look(true, user(true), contact()), Some(&quiet), "staff"),
            (look(true, user(false), absent(Reading::Missing)), None, "contact_gone"),
            (look(true, user(false), absent(down())), None, "explain.contact_unknown"),
            (look(true, user(false), contact()), Some(&quiet), "explain.in_sync"),
            (look(true, user(false), contact()), Some(&writes), "explain.would_write"),
            (look(true, user(false), contact()), Some(&asks), "conflict_to_decide"),
            (look(false, user(false), contact()), Some(&writes), "explain.would_link"),
            (look(false, user(false), absent(Reading::Unnamed)), Some(&writes), "explain.would_make"),
            (of_another(Owner::User("u2".to_owned())), None, "contact_of_another_user"),
            (of_another(Owner::Contact("2".to_owned())), None, "user_of_another_contact"),
        ];
        for (look, plan, expected) in table {
            let found = verdict(&Case { look: &look, is_blank: false, is_erased: false, plan });
            assert_eq!(found, expected);
            assert!(CODES.contains(&found), "{found} stands among the codes");
        }
        let pair = look(true, user(false), contact());
        let erased = Case { look: &pair, is_blank: false, is_erased: true, plan: None };
        assert_eq!(verdict(&erased), "explain.erased");
        assert_eq!(verdict(&Case { is_blank: true, is_erased: false, ..erased }), "empty_profile");
    }
}
