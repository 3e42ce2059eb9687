//! The plan for one pair: which fields go where, and what the link will remember. Pure, and free of values.

use super::{
    baseline::Baseline,
    side::{Digests, Field},
};
use crate::merge::{self, Decision, Directions, Policy};

/// What to do with one pair.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Fields to write to the contact.
    pub to_contact: Vec<Field>,
    /// Fields to write to the user.
    pub to_user: Vec<Field>,
    /// Fields in which both sides had a value of their own and the policy decided.
    pub conflicts: Vec<Field>,
    /// What the link will remember once both writes are done.
    pub baseline: Baseline,
}

/// The digests of both sides, under the rules the baseline was made under and under today's.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'a> {
    /// The user under the baseline's rules.
    pub user: &'a Digests,
    /// The contact under the baseline's rules; none where it need not be read, and counts as unchanged.
    pub contact: Option<&'a Digests>,
    /// The user under today's rules.
    pub user_today: &'a Digests,
    /// The contact under today's rules.
    pub contact_today: Option<&'a Digests>,
}

/// Decides every field of a pair.
#[must_use]
pub fn plan(sides: Sides<'_>, known: &Baseline, policy: Policy, directions: Directions) -> Plan {
    let mut plan = Plan::default();
    for field in Field::ALL {
        let user = sides.user.get(&field).copied();
        let before = known.of(field);
        let contact = match (sides.contact, before) {
            (Some(contact), _) => contact.get(&field).copied(),
            (None, merge::Baseline::Agreed(agreed)) => agreed,
            (None, merge::Baseline::None) => None,
        };
        let (user_today, contact_today) =
            (sides.user_today.get(&field).copied(), sides.contact_today.and_then(|c| c.get(&field).copied()));
        // A value nobody may clear is not cleared: neither the address by which a contact is found, nor what a
        // user must have.
        let allowed = Directions {
            to_contact: directions.to_contact && (user.is_some() || field != Field::Email),
            to_user: directions.to_user && (contact.is_some() || !field.required_of_users()),
        };
        let decided = merge::decide(merge::Field { user, contact, baseline: before }, policy, allowed);
        match decided {
            Decision::ToContact { conflict } => {
                plan.to_contact.push(field);
                plan.baseline.agree(field, user_today);
                plan.conflicts.extend(conflict.then_some(field));
            }
            Decision::ToUser { conflict } => {
                plan.to_user.push(field);
                plan.baseline.agree(field, contact_today);
                plan.conflicts.extend(conflict.then_some(field));
            }
            Decision::Agree => plan.baseline.agree(field, user_today),
            Decision::Leave => match before {
                merge::Baseline::Agreed(agreed) if agreed == user => plan.baseline.agree(field, user_today),
                merge::Baseline::Agreed(agreed) if agreed == contact => {
                    plan.baseline.agree(field, contact_today);
                }
                // Both sides went their own way and nothing may be written: there is nothing agreed on.
                _ => {}
            },
        }
    }
    plan
}

/// Whether the contact must be read before a changed user is decided: where its value can change the decision.
#[must_use]
pub fn needs_contact(user: &Digests, known: &Baseline, policy: Policy, contact_edits: bool) -> bool {
    if contact_edits || policy != Policy::StoreganiseWins {
        return true;
    }
    Field::ALL.into_iter().any(|field| match known.of(field) {
        // The parts a new line does not contain are cleared: they must be known.
        merge::Baseline::Agreed(agreed) => field == Field::Address && agreed.as_ref() != user.get(&field),
        merge::Baseline::None => user.contains_key(&field),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TO_CONTACT: Directions = Directions { to_contact: true, to_user: false };
    const BOTH: Directions = Directions { to_contact: true, to_user: true };

    fn digests(given: &[(Field, u8)]) -> Digests {
        given.iter().map(|(field, n)| (*field, [*n; 16])).collect()
    }

    fn decide(user: &Digests, contact: Option<&Digests>, known: &Baseline, directions: Directions) -> Plan {
        let sides = Sides { user, contact, user_today: user, contact_today: contact };
        plan(sides, known, Policy::StoreganiseWins, directions)
    }

    fn agreed(given: &Digests) -> Baseline {
        decide(given, Some(given), &Baseline::default(), TO_CONTACT).baseline
    }

    #[test]
    fn an_unread_contact_counts_as_unchanged_and_only_the_changed_field_is_written() {
        let before = digests(&[(Field::Email, 1), (Field::Phone, 2)]);
        let known = agreed(&before);
        let after = digests(&[(Field::Email, 1), (Field::Phone, 3)]);
        assert!(!needs_contact(&after, &known, Policy::StoreganiseWins, false));
        let plan = decide(&after, None, &known, TO_CONTACT);
        assert_eq!(plan.to_contact, [Field::Phone]);
        assert!(plan.baseline.fits(&after));
    }

    #[test]
    fn on_a_first_link_a_blank_user_field_does_not_erase_the_contacts_and_is_not_agreed_on() {
        let user = digests(&[(Field::Email, 1)]);
        let contact = digests(&[(Field::Email, 1), (Field::Phone, 2)]);
        let plan = decide(&user, Some(&contact), &Baseline::default(), TO_CONTACT);
        assert_eq!((plan.to_contact, plan.to_user), (vec![], vec![]));
        assert_eq!(plan.baseline.of(Field::Phone), merge::Baseline::None);
        // A second look, the contact unread, writes nothing either.
        assert!(plan.baseline.fits(&user));
    }

    #[test]
    fn the_address_and_a_field_never_agreed_on_need_the_contact() {
        let before = digests(&[(Field::Email, 1), (Field::Address, 2)]);
        let known = agreed(&before);
        let moved = digests(&[(Field::Email, 1), (Field::Address, 3)]);
        assert!(needs_contact(&moved, &known, Policy::StoreganiseWins, false));
        let named = digests(&[(Field::Email, 1), (Field::Address, 2), (Field::Company, 4)]);
        let blank_known = Baseline::default();
        assert!(needs_contact(&named, &blank_known, Policy::StoreganiseWins, false));
        assert!(needs_contact(&before, &known, Policy::HubspotWins, false));
        assert!(needs_contact(&before, &known, Policy::StoreganiseWins, true));
    }

    #[test]
    fn an_email_is_never_cleared_and_a_users_first_name_neither() {
        let before = digests(&[(Field::Email, 1), (Field::FirstName, 2)]);
        let known = agreed(&before);
        let blank = Digests::new();
        assert_eq!(decide(&blank, None, &known, TO_CONTACT).to_contact, [Field::FirstName]);
        assert_eq!(decide(&before, Some(&blank), &known, BOTH).to_user, []);
    }

    #[test]
    fn a_changed_rule_alone_writes_nothing_and_the_baseline_moves_to_todays_rules() {
        let old = digests(&[(Field::Phone, 1)]);
        let today = digests(&[(Field::Phone, 9)]);
        let known = agreed(&old);
        let sides =
            Sides { user: &old, contact: Some(&old), user_today: &today, contact_today: Some(&today) };
        let plan = plan(sides, &known, Policy::StoreganiseWins, BOTH);
        assert_eq!((&plan.to_contact, &plan.to_user), (&vec![], &vec![]));
        assert!(plan.baseline.fits(&today));
    }
}
