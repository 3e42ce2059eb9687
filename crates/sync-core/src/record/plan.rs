//! The plan for one pair: which fields go where, and what the link will remember. Pure, and free of values.

use super::{
    baseline::Baseline,
    intended::Intended,
    side::{Digests, Field},
};
use crate::merge::{self, Decision, Digest, Directions, Policy, Side};

/// What to do with one pair.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Fields to write to the contact.
    pub to_contact: Vec<Field>,
    /// Fields to write to the user.
    pub to_user: Vec<Field>,
    /// Fields in which both sides had a value of their own and the policy decided.
    pub conflicts: Vec<Field>,
    /// Fields in which both sides have a value of their own and a person has to decide.
    pub asks: Vec<Field>,
    /// Fields that went back and forth too often: neither side is written, a person has to decide.
    pub flips: Vec<Field>,
    /// Fields in which a person had chosen which side's value to keep.
    pub chosen: Vec<Field>,
    /// What the link will remember once both writes are done.
    pub baseline: Baseline,
    /// What both sides agreed on before.
    pub known: Baseline,
    /// What is noted before anything is written.
    pub intended: Intended,
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

/// How a pair is decided, whatever its values.
pub struct Rules<'a> {
    /// The fields that are kept the same.
    pub fields: &'a [Field],
    /// Who wins where both sides changed.
    pub policy: Policy,
    /// What may be written.
    pub directions: Directions,
    /// Which side's value of a field was written last, where that is known.
    pub newer: &'a dyn Fn(&Field) -> Option<Side>,
    /// Which side's value a person chose to keep, where one was asked.
    pub chosen: &'a dyn Fn(&Field) -> Option<Side>,
    /// Whether writing this value to this side would be one time too often.
    pub flips: &'a dyn Fn(&Field, Side, Option<Digest>) -> bool,
}

impl<'a> Rules<'a> {
    /// Rules of which no more is known: neither what is newer, nor what a person chose, nor what flips.
    #[must_use]
    pub fn plain(fields: &'a [Field], policy: Policy, directions: Directions) -> Self {
        Self { fields, policy, directions, newer: &|_| None, chosen: &|_| None, flips: &|_, _, _| false }
    }
}

impl Plan {
    /// Whether it writes to either side.
    #[must_use]
    pub fn writes(&self) -> bool {
        !self.to_contact.is_empty() || !self.to_user.is_empty()
    }
}

/// Decides every field of a pair.
#[must_use]
pub fn plan(sides: Sides<'_>, known: &Baseline, rules: &Rules<'_>) -> Plan {
    let mut plan = Plan { baseline: known.clone(), known: known.clone(), ..Plan::default() };
    for field in rules.fields {
        let user = sides.user.get(field).copied();
        let before = known.of(field);
        let contact = match (sides.contact, before) {
            (Some(contact), _) => contact.get(field).copied(),
            (None, merge::Baseline::Agreed(agreed)) => agreed,
            (None, merge::Baseline::None) => None,
        };
        let (user_today, contact_today) =
            (sides.user_today.get(field).copied(), sides.contact_today.and_then(|c| c.get(field).copied()));
        // A value nobody may clear is not cleared: neither the address by which a contact is found, nor what a
        // user must have.
        let open = field.directions(rules.directions);
        let allowed = Directions {
            to_contact: open.to_contact && (user.is_some() || *field != Field::Email),
            to_user: open.to_user && (contact.is_some() || !field.required_of_users()),
        };
        let newer = (rules.newer)(field);
        let pair = merge::Field { user, contact, baseline: before, newer };
        let chosen = (rules.chosen)(field).filter(|_| user != contact);
        let decision = match chosen {
            Some(side) => by_choice(field, side, pair),
            None => merge::decide(pair, rules.policy, allowed),
        };
        let flips = chosen.is_none()
            && match decision {
                Decision::ToContact { .. } => (rules.flips)(field, Side::Contact, user_today),
                Decision::ToUser { .. } => (rules.flips)(field, Side::User, contact_today),
                Decision::Leave | Decision::Agree | Decision::Ask => false,
            };
        if flips {
            plan.flips.push(field.clone());
            continue;
        }
        if chosen.is_some() && decision != Decision::Ask {
            plan.chosen.push(field.clone());
        }
        match decision {
            Decision::ToContact { conflict } => {
                plan.to_contact.push(field.clone());
                plan.baseline.agree(field, user_today);
                plan.conflicts.extend(conflict.then(|| field.clone()));
            }
            Decision::ToUser { conflict } => {
                plan.to_user.push(field.clone());
                plan.baseline.agree(field, contact_today);
                plan.conflicts.extend(conflict.then(|| field.clone()));
            }
            Decision::Agree => plan.baseline.agree(field, user_today),
            // Remembered as it was: the next look must find the same two changes again.
            Decision::Ask => plan.asks.push(field.clone()),
            Decision::Leave => match before {
                merge::Baseline::Agreed(agreed) if agreed == user => plan.baseline.agree(field, user_today),
                // An unread contact still holds what was agreed on.
                merge::Baseline::Agreed(agreed) if agreed == contact && sides.contact.is_none() => {}
                merge::Baseline::Agreed(agreed) if agreed == contact => {
                    plan.baseline.agree(field, contact_today);
                }
                // Both sides went their own way and nothing may be written: remembered as it was. With nothing agreed
                // on, the next look would take it for a first link, and fill what was cleared on purpose.
                merge::Baseline::Agreed(_) | merge::Baseline::None => {}
            },
        }
    }
    plan.intended = Intended::of(&plan, &sides);
    plan
}

/// What a person chose goes before every rule and setting but one: a value nobody may clear is not cleared, and the
/// person is asked again.
fn by_choice(field: &Field, keep: Side, pair: merge::Field) -> Decision {
    match keep {
        Side::User if pair.user.is_some() || *field != Field::Email => {
            Decision::ToContact { conflict: false }
        }
        Side::Contact if pair.contact.is_some() || !field.required_of_users() => {
            Decision::ToUser { conflict: false }
        }
        Side::User | Side::Contact => Decision::Ask,
    }
}

/// Whether the contact must be read before a changed user is decided: where its value can change the decision.
#[must_use]
pub fn needs_contact(
    fields: &[Field],
    user: &Digests,
    known: &Baseline,
    policy: Policy,
    contact_edits: bool,
) -> bool {
    if policy != Policy::StoreganiseWins {
        return true;
    }
    fields.iter().any(|field| {
        let open = field.directions(Directions { to_contact: true, to_user: contact_edits });
        // A field that may be written on neither side is nobody's question.
        open.to_user
            || open.to_contact
                && match known.of(field) {
                    // The parts a new line does not contain are cleared: they must be known.
                    merge::Baseline::Agreed(agreed) => {
                        *field == Field::Address && agreed.as_ref() != user.get(field)
                    }
                    merge::Baseline::None => user.contains_key(field),
                }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::mapping::{Direction, Kind, Mapping};

    const TO_CONTACT: Directions = Directions { to_contact: true, to_user: false };
    const BOTH: Directions = Directions { to_contact: true, to_user: true };

    fn digests(given: &[(Field, u8)]) -> Digests {
        given.iter().map(|(field, n)| (field.clone(), [*n; 16])).collect()
    }

    fn decide(user: &Digests, contact: Option<&Digests>, known: &Baseline, directions: Directions) -> Plan {
        let sides = Sides { user, contact, user_today: user, contact_today: contact };
        plan(sides, known, &rules(Policy::StoreganiseWins, directions))
    }

    fn rules(policy: Policy, directions: Directions) -> Rules<'static> {
        Rules::plain(&Field::BUILT_IN, policy, directions)
    }

    fn needs(user: &Digests, known: &Baseline, policy: Policy, contact_edits: bool) -> bool {
        needs_contact(&Field::BUILT_IN, user, known, policy, contact_edits)
    }

    fn agreed(given: &Digests) -> Baseline {
        decide(given, Some(given), &Baseline::default(), TO_CONTACT).baseline
    }

    #[test]
    fn an_unread_contact_counts_as_unchanged_and_only_the_changed_field_is_written() {
        let before = digests(&[(Field::Email, 1), (Field::Phone, 2)]);
        let known = agreed(&before);
        let after = digests(&[(Field::Email, 1), (Field::Phone, 3)]);
        assert!(!needs(&after, &known, Policy::StoreganiseWins, false));
        let plan = decide(&after, None, &known, TO_CONTACT);
        assert_eq!(plan.to_contact, [Field::Phone]);
        assert!(plan.baseline.fits(&Field::BUILT_IN, &after));
    }

    #[test]
    fn on_a_first_link_a_blank_user_field_does_not_erase_the_contacts_and_is_not_agreed_on() {
        let user = digests(&[(Field::Email, 1)]);
        let contact = digests(&[(Field::Email, 1), (Field::Phone, 2)]);
        let plan = decide(&user, Some(&contact), &Baseline::default(), TO_CONTACT);
        assert_eq!((plan.to_contact, plan.to_user), (vec![], vec![]));
        assert_eq!(plan.baseline.of(&Field::Phone), merge::Baseline::None);
        // A second look, the contact unread, writes nothing either.
        assert!(plan.baseline.fits(&Field::BUILT_IN, &user));
    }

    #[test]
    fn the_address_and_a_field_never_agreed_on_need_the_contact() {
        let before = digests(&[(Field::Email, 1), (Field::Address, 2)]);
        let known = agreed(&before);
        let moved = digests(&[(Field::Email, 1), (Field::Address, 3)]);
        assert!(needs(&moved, &known, Policy::StoreganiseWins, false));
        let named = digests(&[(Field::Email, 1), (Field::Address, 2), (Field::Company, 4)]);
        let blank_known = Baseline::default();
        assert!(needs(&named, &blank_known, Policy::StoreganiseWins, false));
        assert!(needs(&before, &known, Policy::HubspotWins, false));
        assert!(needs(&before, &known, Policy::StoreganiseWins, true));
    }

    #[test]
    fn a_field_that_only_comes_from_the_contact_is_neither_asked_for_nor_forgotten_while_edits_are_off() {
        let mapping = |direction| Mapping {
            user_field: "tier".to_owned(),
            contact_property: "tier".to_owned(),
            kind: Kind::Text,
            direction,
            options: Vec::new(),
        };
        let tier = [Field::Custom(Arc::new(mapping(Direction::ToUser)))];
        let digests = |n: u8| Digests::from([(tier[0].clone(), [n; 16])]);
        let rules = Rules::plain(&tier, Policy::StoreganiseWins, TO_CONTACT);
        let same = digests(1);
        let known =
            Sides { user: &same, contact: Some(&same), user_today: &same, contact_today: Some(&same) };
        let known = plan(known, &Baseline::default(), &rules).baseline;
        let moved = digests(2);
        for baseline in [&known, &Baseline::default()] {
            assert!(!needs_contact(&tier, &moved, baseline, Policy::StoreganiseWins, false));
            assert!(needs_contact(&tier, &moved, baseline, Policy::StoreganiseWins, true));
        }
        let sides = Sides { user: &moved, contact: None, user_today: &moved, contact_today: None };
        let left = plan(sides, &known, &rules);
        assert_eq!((&left.to_contact, &left.to_user), (&vec![], &vec![]));
        assert_eq!(left.baseline, known, "the contact still holds what was agreed on");
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
    fn what_a_person_must_decide_is_asked_again_at_every_look_until_it_is_answered() {
        let before = digests(&[(Field::Email, 1), (Field::Phone, 2)]);
        let known = agreed(&before);
        let (user, contact) = (
            digests(&[(Field::Email, 1), (Field::Phone, 3)]),
            digests(&[(Field::Email, 1), (Field::Phone, 4)]),
        );
        let sides =
            Sides { user: &user, contact: Some(&contact), user_today: &user, contact_today: Some(&contact) };
        let asked = plan(sides, &known, &rules(Policy::NewestWins, BOTH));
        assert_eq!((asked.asks, asked.to_contact, asked.to_user), (vec![Field::Phone], vec![], vec![]));
        let again = plan(sides, &asked.baseline, &rules(Policy::NewestWins, BOTH));
        assert_eq!(again.asks, [Field::Phone]);
        let answered = Rules { newer: &|_| Some(Side::Contact), ..rules(Policy::NewestWins, BOTH) };
        assert_eq!(plan(sides, &again.baseline, &answered).to_user, [Field::Phone]);
    }

    #[test]
    fn what_policy_would_write_and_may_not_is_left_however_often_it_is_looked_at() {
        let before = digests(&[(Field::Email, 1), (Field::Phone, 2)]);
        let rules = rules(Policy::HubspotWins, TO_CONTACT);
        let look = |user: &Digests, contact: &Digests, known: &Baseline| {
            let sides =
                Sides { user, contact: Some(contact), user_today: user, contact_today: Some(contact) };
            plan(sides, known, &rules)
        };
        let (changed, cleared) =
            (digests(&[(Field::Email, 1), (Field::Phone, 3)]), digests(&[(Field::Email, 1)]));
        let first = look(&changed, &cleared, &agreed(&before));
        assert!(!first.writes(), "HubSpot's blank wins, and may not be written: {first:?}");
        let second = look(&changed, &cleared, &first.baseline);
        assert!(!second.writes(), "a blank that somebody made is not filled by looking again: {second:?}");
        let back = look(&changed, &before, &second.baseline);
        assert_eq!(back.to_contact, [Field::Phone], "the contact is as it was: only the user changed");
    }

    #[test]
    fn what_a_person_chose_goes_before_policy_and_directions_but_clears_nothing_that_must_be_there() {
        let known = agreed(&digests(&[(Field::Email, 1), (Field::FirstName, 1), (Field::Phone, 2)]));
        let user = digests(&[(Field::Email, 1), (Field::FirstName, 1), (Field::Phone, 3)]);
        let contact = digests(&[(Field::Email, 1), (Field::Phone, 4)]);
        let sides =
            Sides { user: &user, contact: Some(&contact), user_today: &user, contact_today: Some(&contact) };
        let keep = |side| move |field: &Field| (*field != Field::Email).then_some(side);
        let of_contact = keep(Side::Contact);
        let rules = Rules { chosen: &of_contact, ..rules(Policy::StoreganiseWins, TO_CONTACT) };
        let kept = plan(sides, &known, &rules);
        assert_eq!((&kept.to_user, &kept.chosen), (&vec![Field::Phone], &vec![Field::Phone]));
        assert_eq!((&kept.asks, &kept.to_contact), (&vec![Field::FirstName], &vec![]));
        let of_user = keep(Side::User);
        let kept = plan(sides, &known, &Rules { chosen: &of_user, ..rules });
        assert_eq!(kept.to_contact, [Field::FirstName, Field::Phone]);
        assert_eq!(kept.baseline.of(&Field::Phone), merge::Baseline::Agreed(Some([3; 16])));
    }

    #[test]
    fn a_field_that_flips_is_written_on_neither_side_and_remembered_as_it_was() {
        let known = agreed(&digests(&[(Field::Email, 1), (Field::Phone, 2)]));
        let user = digests(&[(Field::Email, 1), (Field::Phone, 3)]);
        let flips =
            |field: &Field, to: Side, _: Option<Digest>| *field == Field::Phone && to == Side::Contact;
        let sides = Sides { user: &user, contact: None, user_today: &user, contact_today: None };
        let held = plan(sides, &known, &Rules { flips: &flips, ..rules(Policy::StoreganiseWins, BOTH) });
        assert_eq!((&held.flips, held.writes()), (&vec![Field::Phone], false));
        assert_eq!(held.baseline, known);
    }

    #[test]
    fn a_changed_rule_alone_writes_nothing_and_the_baseline_moves_to_todays_rules() {
        let old = digests(&[(Field::Phone, 1)]);
        let today = digests(&[(Field::Phone, 9)]);
        let known = agreed(&old);
        let sides =
            Sides { user: &old, contact: Some(&old), user_today: &today, contact_today: Some(&today) };
        let plan = plan(sides, &known, &rules(Policy::StoreganiseWins, BOTH));
        assert_eq!((&plan.to_contact, &plan.to_user), (&vec![], &vec![]));
        assert!(plan.baseline.fits(&Field::BUILT_IN, &today));
    }
}
