//! Field by field: what both sides hold, what was agreed on, who wrote last, and what would be done. Pure.

use std::fmt;

use super::look::{self, Look};
use crate::{
    merge::{Baseline, Digest, Side},
    record::{
        contacts::unfit,
        decide::Ground,
        newest::{newer, properties_of},
        plan::Plan,
        side::{Digests, Field, Values},
    },
};

/// A value that is shown to whoever asked and to nobody else: `Debug` does not write it.
#[derive(Clone, PartialEq, Eq)]
pub struct Shown(String);

impl Shown {
    /// The value, to be shown.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[shown]")
    }
}

/// One field.
#[derive(Debug, Clone)]
pub struct FieldView {
    /// Its name at HubSpot.
    pub name: String,
    /// Its name at Storeganise.
    pub user_name: String,
    /// What the user holds.
    pub user_value: Option<Shown>,
    /// What the contact holds.
    pub contact_value: Option<Shown>,
    /// Whether the user's value is what both last agreed on; none where nothing was agreed on, or it is not known.
    pub user_is_agreed: Option<bool>,
    /// The same of the contact's.
    pub contact_is_agreed: Option<bool>,
    /// Who wrote the contact's value, and when.
    pub contact_written: Option<LastWrite>,
    /// Which side was changed last: the property's own history against the last change of the user as a whole.
    pub newer: Option<Side>,
    /// What the next sync would do with it.
    pub next: FieldNext,
    /// Why, as a code.
    pub why: &'static str,
}

/// The last write of a contact's property, from HubSpot's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastWrite {
    /// When, in microseconds since 1970.
    pub at: i64,
    /// What wrote it, such as `CRM_UI` or `INTEGRATION`.
    pub source: Option<String>,
    /// Which one of these, such as an app's id.
    pub source_id: Option<String>,
}

/// What the next sync would do with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldNext {
    /// Nothing.
    Nothing,
    /// Write the user's value to the contact.
    ToContact,
    /// Write the contact's value to the user.
    ToUser,
    /// Ask a person which value to keep.
    Ask,
    /// It is not known: a side does not answer, or there is nobody to sync.
    Unknown,
}

impl FieldNext {
    /// The word in the JSON API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::ToContact => "write_to_contact",
            Self::ToUser => "write_to_user",
            Self::Ask => "ask",
            Self::Unknown => "unknown",
        }
    }
}

/// What the views are made of.
pub(super) struct Facts<'a> {
    pub ground: Ground<'a>,
    pub look: &'a Look,
    pub user: Option<&'a Values>,
    pub plan: Option<&'a Plan>,
}

/// One field's digests, compared under the rules its baseline was made under.
#[derive(Debug, Clone, Copy)]
struct Compared {
    user: Option<Digest>,
    contact: Option<Digest>,
    agreed: Baseline,
}

pub(super) fn field_views(facts: &Facts<'_>) -> Vec<FieldView> {
    let Ground { settings, key, fields } = facts.ground;
    let look = facts.look;
    if look.user.record.is_none() && look.contact.record.is_none() {
        return Vec::new();
    }
    let contact = look.contact.record.as_ref().map(|contact| Values::of_contact(contact, fields));
    let then = look.link.as_ref().and_then(|link| settings.as_of(&link.baseline_version));
    let then = then.unwrap_or_else(|| settings.clone());
    let user_digests = facts.user.map(|values| values.digests(key, &then));
    let contact_digests = contact.as_ref().map(|values| values.digests(key, &then));
    let misfits = match (facts.plan, facts.user) {
        (Some(plan), Some(user)) => unfit(plan, user, contact.as_ref()),
        _ => Vec::new(),
    };
    let of = |digests: &Option<Digests>, field: &Field| digests.as_ref().and_then(|d| d.get(field).copied());
    let view = |field: &Field| {
        let agreed = look.link.as_ref().map_or(Baseline::None, |link| link.baseline.of(field));
        let compared =
            Compared { user: of(&user_digests, field), contact: of(&contact_digests, field), agreed };
        let (next, why) = match facts.plan {
            None => (FieldNext::Unknown, "explain.field_unknown"),
            Some(_) if misfits.contains(field) => (FieldNext::Nothing, "value_does_not_fit"),
            Some(plan) => next_of(field, plan, compared, contact.is_some(), settings.contact_edits),
        };
        let shown = |values: Option<&Values>| values.and_then(|v| v.get(field)).map(|v| Shown(v.to_owned()));
        FieldView {
            name: field.name().to_owned(),
            user_name: field.user_name(),
            user_value: shown(facts.user),
            contact_value: shown(contact.as_ref()),
            user_is_agreed: user_digests.as_ref().and_then(|_| is_agreed(agreed, compared.user)),
            contact_is_agreed: contact_digests.as_ref().and_then(|_| is_agreed(agreed, compared.contact)),
            contact_written: last_write(look, field),
            newer: newer_side(look, field),
            next,
            why,
        }
    };
    fields.iter().map(view).collect()
}

fn is_agreed(agreed: Baseline, value: Option<Digest>) -> Option<bool> {
    match agreed {
        Baseline::None => None,
        Baseline::Agreed(agreed) => Some(agreed == value),
    }
}

fn last_write(look: &Look, field: &Field) -> Option<LastWrite> {
    let contact = look.contact.record.as_ref()?;
    let writes = properties_of(field).filter_map(|name| contact.last_write(name));
    let last = writes.max_by_key(|version| version.timestamp)?;
    Some(LastWrite {
        at: look::micros(last.timestamp?)?,
        source: last.source_type.clone(),
        source_id: last.source_id.clone(),
    })
}

fn newer_side(look: &Look, field: &Field) -> Option<Side> {
    newer(look.user.record.as_ref()?, look.contact.record.as_ref()?, field)
}

/// What the plan does with a field, and why.
fn next_of(
    field: &Field,
    plan: &Plan,
    compared: Compared,
    contact_is_known: bool,
    contact_edits: bool,
) -> (FieldNext, &'static str) {
    let Compared { user, contact, agreed } = compared;
    if plan.asks.contains(field) {
        return (FieldNext::Ask, "conflict_to_decide");
    }
    let by_policy = plan.conflicts.contains(field);
    if plan.to_contact.contains(field) {
        let why = match agreed {
            _ if by_policy => "explain.user_wins",
            Baseline::None => "explain.first_time",
            Baseline::Agreed(_) => "explain.user_changed",
        };
        return (FieldNext::ToContact, why);
    }
    if plan.to_user.contains(field) {
        let why = match agreed {
            _ if by_policy => "explain.contact_wins",
            Baseline::None => "explain.first_time",
            Baseline::Agreed(_) => "explain.contact_changed",
        };
        return (FieldNext::ToUser, why);
    }
    let why = if !contact_is_known {
        "explain.user_unchanged"
    } else if user == contact {
        "explain.equal"
    } else if user.is_none() && *field == Field::Email || contact.is_none() && field.required_of_users() {
        "explain.never_cleared"
    } else if !contact_edits {
        "contact_edits_off"
    } else {
        "explain.other_direction"
    };
    (FieldNext::Nothing, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Option<Digest> = Some([1; 16]);
    const NEW: Option<Digest> = Some([2; 16]);

    fn compared(user: Option<Digest>, contact: Option<Digest>, agreed: Baseline) -> Compared {
        Compared { user, contact, agreed }
    }

    #[test]
    fn what_would_be_done_with_a_field_has_its_reason() {
        let known = Baseline::Agreed(OLD);
        let phone = || vec![Field::Phone];
        let none = Plan::default();
        let to_contact = Plan { to_contact: phone(), ..Plan::default() };
        let won = Plan { to_contact: phone(), conflicts: phone(), ..Plan::default() };
        let to_user = Plan { to_user: phone(), ..Plan::default() };
        let asks = Plan { asks: phone(), ..Plan::default() };
        let table = [
            (&to_contact, compared(NEW, OLD, known), FieldNext::ToContact, "explain.user_changed"),
            (&to_contact, compared(NEW, None, Baseline::None), FieldNext::ToContact, "explain.first_time"),
            (&won, compared(NEW, OLD, Baseline::None), FieldNext::ToContact, "explain.user_wins"),
            (&to_user, compared(OLD, NEW, known), FieldNext::ToUser, "explain.contact_changed"),
            (&asks, compared(NEW, None, known), FieldNext::Ask, "conflict_to_decide"),
            (&none, compared(OLD, OLD, known), FieldNext::Nothing, "explain.equal"),
            (&none, compared(OLD, NEW, known), FieldNext::Nothing, "contact_edits_off"),
        ];
        for (plan, compared, next, why) in table {
            assert_eq!(next_of(&Field::Phone, plan, compared, true, false), (next, why), "{compared:?}");
        }
        let one_sided = compared(OLD, None, known);
        let found = next_of(&Field::Email, &none, one_sided, true, true);
        assert_eq!(found, (FieldNext::Nothing, "explain.never_cleared"));
        let found = next_of(&Field::Phone, &none, one_sided, false, false);
        assert_eq!(found, (FieldNext::Nothing, "explain.user_unchanged"));
    }

    #[test]
    fn a_value_agrees_with_the_baseline_or_differs_or_there_is_none() {
        assert_eq!(is_agreed(Baseline::None, OLD), None);
        assert_eq!(is_agreed(Baseline::Agreed(OLD), OLD), Some(true));
        assert_eq!(is_agreed(Baseline::Agreed(OLD), None), Some(false));
    }

    #[test]
    fn a_shown_value_is_not_written_by_debug() {
        assert_eq!(format!("{:?}", Shown("Ada".to_owned())), "[shown]");
    }
}
