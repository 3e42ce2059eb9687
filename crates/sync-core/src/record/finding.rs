//! What a look came to that wrote nothing, as both sides would see it. Pure. Ids, names of fields and codes, never a value.

use super::{
    contacts,
    pairs::{contact_patch, mirrored, unwritten_outcome},
    side::{Field, Values},
    users::Ready,
};
use crate::{
    fields::{CONTACT_USER_ID, USER_CONTACT_ID},
    queue::{
        change::Subject,
        outcome::{Action, Outcome},
    },
    turn::Turn,
};

/// HubSpot keeps no longer text in a property.
const PROPERTY_CHARS_MAX: usize = 65_536;

/// What a sync would do with one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub subject: Subject,
    /// What it is kept under: the user's id, or the deal's and its contact's.
    pub record: String,
    pub user_id: Option<String>,
    pub contact_id: Option<String>,
    pub deal_id: Option<String>,
    pub contact: Effect,
    pub user: Effect,
    pub reason: Option<String>,
}

/// What would happen to one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Effect {
    pub action: Action,
    /// The fields that would be written, or are in the way.
    pub fields: Vec<String>,
    /// The fields that would be refused, as far as that is known without trying.
    pub refused: Vec<String>,
}

impl Effect {
    pub(crate) fn of(action: Action) -> Self {
        Self { action, fields: Vec::new(), refused: Vec::new() }
    }

    pub(super) fn written(fields: Vec<String>) -> Self {
        let action = if fields.is_empty() { Action::Unchanged } else { Action::Updated };
        Self { action, fields, refused: Vec::new() }
    }
}

impl Finding {
    /// A record that would be left alone on both sides, or cannot be done.
    pub(super) fn of_outcome(outcome: Outcome) -> Self {
        Self {
            subject: outcome.subject,
            record: match (outcome.subject, &outcome.contact_id) {
                (Subject::Deal, Some(contact)) => deal_record(&outcome.id, contact),
                _ => outcome.id,
            },
            user_id: outcome.user_id,
            contact_id: outcome.contact_id,
            deal_id: outcome.deal_id,
            contact: Effect { fields: outcome.fields.clone(), ..Effect::of(outcome.action) },
            user: Effect { fields: outcome.fields, ..Effect::of(outcome.action) },
            reason: outcome.reason,
        }
    }

    /// The same user, whose contact another user of the same preview would be linked to first.
    pub(crate) fn contact_taken(self) -> Self {
        let (contact, user) = (Effect::of(Action::Conflicted), Effect::of(Action::Conflicted));
        Self { contact, user, reason: Some("contact_of_another_user".to_owned()), ..self }
    }
}

/// What was decided for a pair, as both sides would see it.
pub(super) fn finding_of(turn: &Turn, pair: &Ready, unwritable: &[String]) -> Finding {
    let contact = pair.contact.as_ref().map(|contact| Values::of_contact(contact, &turn.fields));
    let unfit = contacts::unfit(&pair.plan, &pair.row.values, contact.as_ref());
    let outcome = unwritten_outcome(pair, &unfit);
    let (on_contact, on_user) = if outcome.action != Action::Conflicted {
        (contact_effect(turn, pair, &unfit, unwritable), user_effect(turn, pair, contact.as_ref(), &unfit))
    } else {
        let asked = || Effect { fields: outcome.fields.clone(), ..Effect::of(Action::Conflicted) };
        (asked(), asked())
    };
    Finding {
        user_id: Some(pair.row.taken.id.clone()),
        contact_id: pair.contact_id.clone(),
        contact: on_contact,
        user: on_user,
        ..Finding::of_outcome(outcome)
    }
}

fn contact_effect(turn: &Turn, pair: &Ready, unfit: &[Field], unwritable: &[String]) -> Effect {
    let is_refused = |field: &Field| {
        let value = pair.row.values.get(field).unwrap_or_default();
        unfit.contains(field)
            || unwritable.iter().any(|name| name == field.name())
            || value.chars().count() > PROPERTY_CHARS_MAX
            || *field == Field::Email && !is_email(value)
    };
    let (refused, fine): (Vec<&Field>, Vec<&Field>) =
        pair.plan.to_contact.iter().partition(|field| is_refused(field));
    let mut fields: Vec<String> = fine.iter().map(|field| field.name().to_owned()).collect();
    if contact_patch(turn, pair).contains_key(CONTACT_USER_ID) {
        fields.push(CONTACT_USER_ID.to_owned());
    }
    let action = match (pair.contact_id.is_none(), fields.is_empty()) {
        (true, _) => Action::Created,
        (false, false) => Action::Updated,
        (false, true) => Action::Unchanged,
    };
    Effect { action, fields, refused: refused.iter().map(|field| field.name().to_owned()).collect() }
}

fn user_effect(turn: &Turn, pair: &Ready, contact: Option<&Values>, unfit: &[Field]) -> Effect {
    let is_refused = |field: &Field| {
        let value = contact.and_then(|contact| contact.get(field)).unwrap_or_default();
        unfit.contains(field) || *field == Field::Email && !is_email(value)
    };
    let (refused, fine): (Vec<&Field>, Vec<&Field>) =
        pair.plan.to_user.iter().partition(|field| is_refused(field));
    let mut fields: Vec<String> = fine.iter().map(|field| field.name().to_owned()).collect();
    let holds_id = pair.contact_id.as_ref().is_some_and(|id| mirrored(&pair.row, id).as_ref() == Some(id));
    if turn.installation.settings.mirrors && !holds_id {
        fields.push(USER_CONTACT_ID.to_owned());
    }
    let refused = refused.iter().map(|field| field.name().to_owned()).collect();
    Effect { refused, ..Effect::written(fields) }
}

/// What a contact of a deal is kept under.
fn deal_record(deal: &str, contact: &str) -> String {
    format!("{deal}/{contact}")
}

/// Whether HubSpot would take it for an address: something before the one `@`, and a domain with a dot behind it.
fn is_email(text: &str) -> bool {
    let text = text.trim();
    let Some((local, domain)) = text.split_once('@') else { return false };
    let is_label = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    !local.is_empty()
        && !local.starts_with('.')
        && !local.ends_with('.')
        && domain.contains('.')
        && !domain.contains('@')
        && domain.split('.').all(is_label)
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || ",;<>()[]\"\\".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_hubspot_would_refuse_is_told_before_it_does() {
        for good in ["a@b.example", " zoë.ñandú@example.com ", "a+b@mail.example.org"] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "nobody",
            "@example.com",
            "a@example",
            "a@@example.com",
            "a b@example.com",
            "a@.com",
            ".a@example.com",
            "a@-example.com",
            "a@b..c",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
