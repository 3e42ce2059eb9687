//! What is about to be written, noted before it is. Where an answer is lost, or the process dies between a provider's
//! acceptance and our own commit, the next look finds the value there, tells our own write from a person's edit, and
//! takes it for agreed on. Without it, an edit made in that gap would look like the second of two changes, and could be
//! overwritten. Kept on the link as JSON until the pair is recorded: names, sides and digests, never values.

use std::collections::BTreeMap;

use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _,
    sea_query::{CaseStatement, Expr, ExprTrait as _},
};
use serde::{Deserialize, Serialize};

use super::{
    baseline::Baseline,
    flips::Direction,
    plan::{Plan, Sides},
    side::{Digests, Field},
};
use crate::{core::Core, error::Error, merge::Policy, settings::Settings, storage::entity::link, turn::Turn};

/// Rows in one statement: below SQLite's limit on bound values.
const ROWS_PER_STATEMENT: usize = 200;

/// Values on their way to a side, by the fields' baseline names, as digests under the rules of the link's baseline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Intended(BTreeMap<String, Written>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Written {
    to: Direction,
    /// The digest of the value in hexadecimal; none for a blank.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

impl Intended {
    /// Reads what a link keeps.
    ///
    /// # Errors
    /// The text is not one of ours.
    pub fn from_json(text: Option<&str>) -> Result<Self, Error> {
        let stored = text.map(serde_json::from_str).transpose();
        Ok(Self(stored.map_err(|_| Error::Corrupt("intended"))?.unwrap_or_default()))
    }

    /// Whether nothing is on its way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a plan is about to write.
    #[must_use]
    pub fn of(plan: &Plan, sides: &Sides<'_>) -> Self {
        let written = |field: &Field, to: Direction, from: Option<&Digests>| {
            let value = from.and_then(|digests| digests.get(field)).map(hex::encode);
            (field.baseline_name().into_owned(), Written { to, value })
        };
        let to_contact = plan.to_contact.iter().map(|f| written(f, Direction::Contact, Some(sides.user)));
        let to_user = plan.to_user.iter().map(|f| written(f, Direction::User, sides.contact));
        Self(to_contact.chain(to_user).collect())
    }

    /// The baseline as it is once what has arrived counts as agreed on. A contact that was not read shows nothing.
    #[must_use]
    pub fn arrived(
        &self,
        fields: &[Field],
        baseline: &Baseline,
        user: &Digests,
        contact: Option<&Digests>,
    ) -> Baseline {
        let mut known = baseline.clone();
        for field in fields {
            let Some(written) = self.0.get(&*field.baseline_name()) else { continue };
            let there = match written.to {
                Direction::User => Some(user),
                Direction::Contact => contact,
            };
            let Some(value) = there.map(|digests| digests.get(field).copied()) else { continue };
            if value.map(hex::encode) == written.value {
                known.agree(field, value);
            }
        }
        known
    }

    fn to_json(&self) -> String {
        serde_json::to_string(&self.0).expect("names, sides and digests are plain data")
    }
}

/// Whether a value of ours could be taken for a person's edit that goes before another one: not where the user's
/// value always goes to the contact.
fn matters(settings: &Settings) -> bool {
    settings.contact_edits || settings.conflict_policy != Policy::StoreganiseWins
}

impl Core {
    /// Notes what these pairs are about to be sent, in one transaction, before any of it is. Pairs without a link
    /// have nothing agreed on that could be misread.
    pub(super) async fn intend(&self, turn: &Turn, pairs: &[(&str, &Plan)]) -> Result<(), Error> {
        let pairs: Vec<&(&str, &Plan)> = pairs.iter().filter(|(_, plan)| plan.writes()).collect();
        if !matters(&turn.installation.settings) || pairs.is_empty() {
            return Ok(());
        }
        let transaction = self.fenced(&turn.lease).await?;
        for chunk in pairs.chunks(ROWS_PER_STATEMENT) {
            let (mut intended, mut baseline) = (CaseStatement::new(), CaseStatement::new());
            for (user_id, plan) in chunk {
                let is_this = || Expr::col(link::Column::UserId).eq(*user_id);
                intended = intended.case(is_this(), plan.intended.to_json());
                baseline = baseline.case(is_this(), plan.known.to_json());
            }
            link::Entity::update_many()
                .col_expr(link::Column::Intended, intended.into())
                .col_expr(link::Column::Baseline, baseline.into())
                .filter(link::Column::InstallationId.eq(turn.scope().id()))
                .filter(link::Column::UserId.is_in(chunk.iter().map(|(user_id, _)| *user_id)))
                .exec(&transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        merge::Directions,
        record::plan::{Rules, plan},
    };

    const BOTH: Directions = Directions { to_contact: true, to_user: true };

    fn digests(phone: u8) -> Digests {
        Digests::from([(Field::Email, [1; 16]), (Field::Phone, [phone; 16])])
    }

    fn decide(user: &Digests, contact: &Digests, known: &Baseline) -> Plan {
        let rules = Rules::plain(&Field::BUILT_IN, Policy::StoreganiseWins, BOTH);
        let sides = Sides { user, contact: Some(contact), user_today: user, contact_today: Some(contact) };
        plan(sides, known, &rules)
    }

    #[test]
    fn a_write_whose_answer_was_lost_is_no_edit_of_the_side_it_went_to() {
        let agreed = decide(&digests(2), &digests(2), &Baseline::default()).baseline;
        let first = decide(&digests(2), &digests(3), &agreed);
        assert_eq!(first.to_user, [Field::Phone]);
        // It arrived, nobody learnt of it, and the contact was edited once more.
        let (user, contact) = (digests(3), digests(4));
        assert_eq!(decide(&user, &contact, &agreed).to_contact, [Field::Phone], "the edit would be lost");
        let known = first.intended.arrived(&Field::BUILT_IN, &agreed, &user, Some(&contact));
        let second = decide(&user, &contact, &known);
        assert_eq!((second.to_user, second.to_contact), (vec![Field::Phone], vec![]));
        assert_eq!(second.conflicts, []);
    }

    #[test]
    fn what_did_not_arrive_or_cannot_be_seen_counts_for_nothing() {
        let agreed = decide(&digests(2), &digests(2), &Baseline::default()).baseline;
        let to_contact = decide(&digests(3), &digests(2), &agreed).intended;
        let fields = &Field::BUILT_IN;
        assert_eq!(to_contact.arrived(fields, &agreed, &digests(3), Some(&digests(2))), agreed);
        assert_eq!(to_contact.arrived(fields, &agreed, &digests(3), None), agreed);
        assert_ne!(to_contact.arrived(fields, &agreed, &digests(3), Some(&digests(3))), agreed);
    }

    #[test]
    fn a_note_reads_back_as_it_was_stored_and_a_cleared_value_is_one() {
        let agreed = decide(&digests(2), &digests(2), &Baseline::default()).baseline;
        let cleared = Digests::from([(Field::Email, [1; 16])]);
        let note = decide(&digests(2), &cleared, &agreed).intended;
        assert_eq!(Intended::from_json(Some(&note.to_json())).unwrap(), note);
        let known = note.arrived(&Field::BUILT_IN, &agreed, &cleared, Some(&digests(4)));
        assert_eq!(known.of(&Field::Phone), crate::merge::Baseline::Agreed(None));
        assert!(Intended::from_json(None).unwrap().is_empty());
        assert!(Intended::from_json(Some("[]")).is_err());
    }
}
