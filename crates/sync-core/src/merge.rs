//! What to do with one field, given both sides and what they last agreed on. Pure, and free of values:
//! it compares digests of normalised values only.
//!
//! The contract is design 4.1: no write for what did not change, and a blank never erases unless it is a
//! change against a baseline that had a value.

use serde::{Deserialize, Serialize};

/// A keyed digest of a normalised value; a blank field is `None`.
pub type Digest = [u8; 16];

/// One field on both sides and on the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The Storeganise user's value.
    pub user: Option<Digest>,
    /// The HubSpot contact's value.
    pub contact: Option<Digest>,
    /// What both last agreed on.
    pub baseline: Baseline,
    /// Which value was written last, where that is known.
    pub newer: Option<Side>,
}

/// One of the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The Storeganise user.
    User,
    /// The HubSpot contact.
    Contact,
}

/// What a link remembers of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Baseline {
    /// The pair is new (or the field newly mapped): there is nothing to compare with.
    None,
    /// Both sides agreed on this value, or on a blank.
    Agreed(Option<Digest>),
}

/// Who wins where both sides changed to different values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// The default: the user's value is written to the contact.
    StoreganiseWins,
    /// The contact's value is written to the user.
    HubspotWins,
    /// The value that was written last is written to the other side; a person decides where that is not known.
    NewestWins,
}

/// Which sides may be written in this sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Directions {
    /// Users → contacts.
    pub to_contact: bool,
    /// Contacts → users.
    pub to_user: bool,
}

/// What to do with one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Both sides are as they were, or differ in a way that may not be written now.
    Leave,
    /// Both sides hold the same value already: remember it.
    Agree,
    /// Write the user's value to the contact; `conflict` where another value is replaced by policy.
    ToContact {
        /// Both sides had a value of their own.
        conflict: bool,
    },
    /// Write the contact's value to the user; `conflict` as above.
    ToUser {
        /// Both sides had a value of their own.
        conflict: bool,
    },
    /// Both sides have a value of their own and the policy cannot tell which to keep: write neither, ask a person.
    Ask,
}

/// Decides one field.
#[must_use]
pub fn decide(field: Field, policy: Policy, directions: Directions) -> Decision {
    if field.user == field.contact {
        let known = field.baseline == Baseline::Agreed(field.user);
        return if known { Decision::Leave } else { Decision::Agree };
    }
    let wanted = match field.baseline {
        Baseline::None => first_link(field, policy),
        Baseline::Agreed(agreed) => match (field.user == agreed, field.contact == agreed) {
            (false, true) => Decision::ToContact { conflict: false },
            (true, false) => Decision::ToUser { conflict: false },
            (_, _) => by_policy(field, policy),
        },
    };
    let allowed = match wanted {
        Decision::ToContact { .. } => directions.to_contact,
        Decision::ToUser { .. } => directions.to_user,
        Decision::Ask => directions.to_contact || directions.to_user,
        Decision::Leave | Decision::Agree => true,
    };
    if allowed { wanted } else { Decision::Leave }
}

/// A value fills a blank, a blank never erases; two different values are for the policy.
fn first_link(field: Field, policy: Policy) -> Decision {
    match (field.user, field.contact) {
        (Some(_), None) => Decision::ToContact { conflict: false },
        (None, Some(_)) => Decision::ToUser { conflict: false },
        (_, _) => by_policy(field, policy),
    }
}

fn by_policy(field: Field, policy: Policy) -> Decision {
    match (policy, field.newer) {
        (Policy::StoreganiseWins, _) | (Policy::NewestWins, Some(Side::User)) => {
            Decision::ToContact { conflict: true }
        }
        (Policy::HubspotWins, _) | (Policy::NewestWins, Some(Side::Contact)) => {
            Decision::ToUser { conflict: true }
        }
        (Policy::NewestWins, None) => Decision::Ask,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOTH: Directions = Directions { to_contact: true, to_user: true };

    /// The field after its decision was carried out.
    fn carry_out(field: Field, decision: Decision) -> Field {
        match decision {
            Decision::Leave | Decision::Ask => field,
            Decision::Agree | Decision::ToContact { .. } => {
                Field { contact: field.user, baseline: Baseline::Agreed(field.user), ..field }
            }
            Decision::ToUser { .. } => {
                Field { user: field.contact, baseline: Baseline::Agreed(field.contact), ..field }
            }
        }
    }

    fn to_contact(decision: Decision) -> bool {
        matches!(decision, Decision::ToContact { .. })
    }

    fn to_user(decision: Decision) -> bool {
        matches!(decision, Decision::ToUser { .. })
    }

    fn value() -> impl Strategy<Value = Option<Digest>> {
        proptest::option::of((0_u8..3).prop_map(|n| [n; 16]))
    }

    fn field() -> impl Strategy<Value = Field> {
        let baseline = prop_oneof![Just(Baseline::None), value().prop_map(Baseline::Agreed)];
        (value(), value(), baseline, newer()).prop_map(|(user, contact, baseline, newer)| Field {
            user,
            contact,
            baseline,
            newer,
        })
    }

    fn newer() -> impl Strategy<Value = Option<Side>> {
        proptest::option::of(prop_oneof![Just(Side::User), Just(Side::Contact)])
    }

    fn policy() -> impl Strategy<Value = Policy> {
        prop_oneof![Just(Policy::StoreganiseWins), Just(Policy::HubspotWins), Just(Policy::NewestWins)]
    }

    fn directions() -> impl Strategy<Value = Directions> {
        any::<(bool, bool)>().prop_map(|(to_contact, to_user)| Directions { to_contact, to_user })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100_000))]

        #[test]
        fn with_both_directions_on_it_converges_in_one_round_and_then_rests(f in field(), p in policy()) {
            let decision = decide(f, p, BOTH);
            let after = carry_out(f, decision);
            if decision == Decision::Ask {
                // A person's answer ends it: whichever value they take is the baseline from then on.
                for newer in [Side::User, Side::Contact] {
                    let asked = Field { newer: Some(newer), ..f };
                    let after = carry_out(asked, decide(asked, p, BOTH));
                    prop_assert_eq!(after.user, after.contact);
                    prop_assert_eq!(decide(after, p, BOTH), Decision::Leave);
                }
            } else {
                prop_assert_eq!(after.user, after.contact);
                prop_assert_eq!(decide(after, p, BOTH), Decision::Leave);
            }
        }

        #[test]
        fn a_second_round_never_undoes_the_first(f in field(), p in policy(), d in directions()) {
            let decision = decide(f, p, d);
            let after = carry_out(f, decision);
            let rests = if decision == Decision::Ask { Decision::Ask } else { Decision::Leave };
            prop_assert_eq!(decide(after, p, d), rests);
        }

        #[test]
        fn a_side_that_did_not_change_is_never_written_over_the_one_that_did(f in field(), p in policy(), d in directions()) {
            if let Baseline::Agreed(agreed) = f.baseline {
                match decide(f, p, d) {
                    Decision::ToContact { .. } => prop_assert_ne!(f.user, agreed, "an unchanged user was written"),
                    Decision::ToUser { .. } => prop_assert_ne!(f.contact, agreed, "an unchanged contact was written"),
                    Decision::Leave | Decision::Agree | Decision::Ask => {}
                }
            }
        }

        #[test]
        fn on_a_first_link_a_blank_never_erases(
            user in value(), contact in value(), newer in newer(), p in policy(), d in directions(),
        ) {
            let after = decide(Field { user, contact, baseline: Baseline::None, newer }, p, d);
            prop_assert!(!(to_contact(after) && user.is_none()));
            prop_assert!(!(to_user(after) && contact.is_none()));
        }

        #[test]
        fn only_the_newest_policy_asks_and_only_where_nobody_knows_which_is_newer(f in field(), p in policy(), d in directions()) {
            if decide(f, p, d) == Decision::Ask {
                prop_assert_eq!((p, f.newer), (Policy::NewestWins, None));
                prop_assert_ne!(f.user, f.contact);
            }
        }

        #[test]
        fn a_direction_that_is_off_is_never_written(f in field(), p in policy(), d in directions()) {
            let decision = decide(f, p, d);
            prop_assert!(d.to_contact || !to_contact(decision));
            prop_assert!(d.to_user || !to_user(decision));
        }
    }
}
