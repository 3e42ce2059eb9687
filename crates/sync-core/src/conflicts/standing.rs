//! Which conflicts stand after a look at a record, and which are over: recorded with the batch. A choice that came in
//! while the batch was worked is neither deleted nor reset: its own look is marked already.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, DatabaseTransaction, DbErr, EntityTrait as _, QueryFilter as _,
    sea_query::{Expr, OnConflict},
};

use super::{Choice, Conflict, Kind};
use crate::{
    installation::Scope,
    queue::outcome::Outcome,
    record::{plan::Plan, side::Field, users::Row},
    storage::entity::conflict,
};

/// What a batch found out about conflicts.
#[derive(Debug, Default)]
pub(crate) struct Found {
    stand: Vec<Key>,
    over: Vec<Key>,
}

/// One conflict, and the choice that was known when it was looked at.
#[derive(Debug)]
struct Key {
    user_id: String,
    field: String,
    kind: Kind,
    contact_id: Option<String>,
    /// When the choice known was made; none known is before all.
    seen: i64,
}

impl Found {
    /// Notes what a pair that was worked leaves to a person: the fields that could not be decided stand, what
    /// stood before and was settled is over. `contact_id` is the contact the user is now linked to.
    pub(crate) fn after_pair(
        &mut self,
        row: &Row,
        plan: &Plan,
        contact_id: &str,
        in_the_way: Option<&InTheWay>,
    ) {
        let fields = plan.asks.iter().chain(&plan.flips);
        for known in &row.conflicts {
            let is_in_the_way = in_the_way.is_some_and(|other| other.field() == known.field.as_deref());
            let stands = match &known.field {
                _ if is_in_the_way => true,
                Some(name) => fields.clone().any(|field| field.name() == name),
                None => {
                    known.kind == Kind::UserOfAnotherContact
                        && known.contact_id.as_deref().is_some_and(|id| id != contact_id)
                }
            };
            if !stands {
                self.over(known);
            }
        }
        self.fields_stand(row, &plan.asks, Kind::NewestUnknown, contact_id);
        self.fields_stand(row, &plan.flips, Kind::Flips, contact_id);
        let Some(other) = in_the_way.filter(|other| !other.is_left(&row.conflicts)) else { return };
        match other.field() {
            Some(_) => self.fields_stand(row, &[Field::Email], other.kind, &other.contact_id),
            None => self.pair_stands(&row.taken.id, &other.contact_id, other.kind, &row.conflicts),
        }
    }

    /// Notes fields that cannot be decided without a person.
    pub(crate) fn fields_stand(&mut self, row: &Row, fields: &[Field], kind: Kind, contact_id: &str) {
        for field in fields {
            let known = row.conflicts.iter().find(|known| known.field.as_deref() == Some(field.name()));
            self.stand.push(Key {
                user_id: row.taken.id.clone(),
                field: field.name().to_owned(),
                kind,
                contact_id: Some(contact_id.to_owned()),
                seen: seen(known),
            });
        }
    }

    /// Notes that a user and a contact cannot be paired without a person.
    pub(crate) fn pair_stands(&mut self, user_id: &str, contact_id: &str, kind: Kind, known: &[Conflict]) {
        self.stand.push(Key {
            user_id: user_id.to_owned(),
            field: String::new(),
            kind,
            contact_id: Some(contact_id.to_owned()),
            seen: seen(known.iter().find(|known| known.field.is_none())),
        });
    }

    /// Notes that a conflict is over.
    pub(crate) fn over(&mut self, known: &Conflict) {
        self.over.push(Key {
            user_id: known.user_id.clone(),
            field: known.field.clone().unwrap_or_default(),
            kind: known.kind,
            contact_id: known.contact_id.clone(),
            seen: seen(Some(known)),
        });
    }
}

/// A third record that kept a part of a pair from being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InTheWay {
    kind: Kind,
    /// The contact it is about: the other one, or the pair's own where a user is in the way.
    contact_id: String,
}

impl InTheWay {
    /// What an outcome tells of it.
    pub(crate) fn of(outcome: &Outcome) -> Option<Self> {
        let kind = outcome.reason.as_deref().and_then(Kind::from_word)?;
        let is_third = kind.is_of_third() || kind == Kind::EmailOfAnotherUser;
        let contact_id = outcome.contact_id.clone().filter(|_| is_third)?;
        Some(Self { kind, contact_id })
    }

    fn field(&self) -> Option<&'static str> {
        (self.kind != Kind::UserNamedByAnotherContact).then(|| Field::Email.name())
    }

    /// Whether a person said that this one may stay in the way.
    pub(crate) fn is_left(&self, known: &[Conflict]) -> bool {
        known.iter().any(|known| {
            matches!(known.choice, Some(Choice::Leave | Choice::Apart))
                && known.kind == self.kind
                && known.contact_id.as_deref() == Some(self.contact_id.as_str())
        })
    }
}

/// Whether a person said that this contact is not this user's.
pub(crate) fn is_kept_apart(known: &[Conflict], contact_id: &str) -> bool {
    known
        .iter()
        .any(|known| known.choice == Some(Choice::Apart) && known.contact_id.as_deref() == Some(contact_id))
}

fn seen(known: Option<&Conflict>) -> i64 {
    known.and_then(|known| known.decided_at).unwrap_or(i64::MIN)
}

/// Records them.
pub(crate) async fn record(
    on: &DatabaseTransaction,
    scope: Scope,
    found: &Found,
    now: i64,
) -> Result<(), DbErr> {
    for over in &found.over {
        conflict::Entity::delete_many()
            .filter(conflict::Column::InstallationId.eq(scope.id()))
            .filter(conflict::Column::UserId.eq(over.user_id.as_str()))
            .filter(conflict::Column::Field.eq(over.field.as_str()))
            .filter(
                Condition::any()
                    .add(conflict::Column::DecidedAt.is_null())
                    .add(conflict::Column::DecidedAt.lte(over.seen)),
            )
            .exec(on)
            .await?;
    }
    for stand in &found.stand {
        let row = conflict::ActiveModel {
            installation_id: Set(scope.id()),
            user_id: Set(stand.user_id.clone()),
            field: Set(stand.field.clone()),
            kind: Set(stand.kind.word().to_owned()),
            contact_id: Set(stand.contact_id.clone()),
            noticed_at: Set(now),
            choice: Set(None),
            decided_at: Set(None),
        };
        // A choice that was known could not be carried out: the person is asked again.
        let newer = |column: &str| {
            Expr::cust(format!(
                "CASE WHEN \"conflict\".decided_at > {} THEN \"conflict\".{column} ELSE NULL END",
                Ord::max(stand.seen, 0)
            ))
        };
        let again = OnConflict::columns([
            conflict::Column::InstallationId,
            conflict::Column::UserId,
            conflict::Column::Field,
        ])
        .update_columns([conflict::Column::Kind, conflict::Column::ContactId])
        .value(conflict::Column::Choice, newer("choice"))
        .value(conflict::Column::DecidedAt, newer("decided_at"))
        .to_owned();
        conflict::Entity::insert(row).on_conflict(again).exec_without_returning(on).await?;
    }
    Ok(())
}
