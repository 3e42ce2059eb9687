//! Which pairs of a batch are written now, and which are set aside until it is known how many there are.

use std::collections::HashMap;

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::{BrakeState, NEVER_PERCENT, RowState, aside::Aside, measure};
use crate::{
    core::Core,
    error::Error,
    queue::{
        change::Subject,
        outcome::{Action, Outcome},
    },
    record::{
        done::Done,
        side::Field,
        users::{Ready, updated_micros},
    },
    storage::entity::brake_row,
    turn::Turn,
};

/// What is let through.
#[derive(Debug)]
struct Gate {
    is_open: bool,
    /// Records that were set aside before and may go on; true where a person said so.
    let_through: HashMap<String, bool>,
}

/// A change of a won deal to a user that is linked already.
pub(crate) struct DealChange<'a> {
    pub deal_id: &'a str,
    pub user_id: &'a str,
    pub contact_id: &'a str,
    pub fields: Vec<String>,
}

impl Gate {
    fn lets(&self, id: &str) -> bool {
        self.is_open || self.let_through.contains_key(id)
    }

    /// What a person let through was counted and approved: it does not count towards the next burst.
    fn counts(&self, id: &str) -> bool {
        self.let_through.get(id) != Some(&true)
    }
}

impl Core {
    /// Takes out of a batch the linked pairs that would be changed and may not be now; they are set aside.
    pub(crate) async fn brake_users(
        &self,
        turn: &Turn,
        ready: Vec<Ready>,
        done: &mut Done,
    ) -> Result<Vec<Ready>, Error> {
        let changes = |pair: &Ready| pair.row.link.is_some() && pair.plan.writes();
        let ids: Vec<String> =
            ready.iter().filter(|pair| changes(pair)).map(|pair| pair.row.taken.id.clone()).collect();
        if ids.is_empty() {
            return Ok(ready);
        }
        let gate = self.gate(turn, Subject::User, &ids).await?;
        let (go, held): (Vec<Ready>, Vec<Ready>) =
            ready.into_iter().partition(|pair| !changes(pair) || gate.lets(&pair.row.taken.id));
        let counted = go.iter().filter(|pair| changes(pair)).map(|pair| pair.row.taken.id.clone());
        done.changed.extend(counted.filter(|id| gate.counts(id)));
        for pair in held {
            let fields: Vec<&str> =
                pair.plan.to_contact.iter().chain(&pair.plan.to_user).map(Field::name).collect();
            let outcome = Outcome::new(Subject::User, &pair.row.taken.id, Action::Skipped)
                .because("brake_held")
                .fields(fields);
            let aside = Aside {
                id: pair.row.taken.id.clone(),
                user_id: pair.row.taken.id.clone(),
                fields: outcome.fields.clone(),
                user_updated: updated_micros(&pair.row.user),
            };
            done.settle(&pair.row.taken, Outcome { contact_id: pair.contact_id, ..outcome });
            done.set_aside(aside);
        }
        Ok(go)
    }

    /// Whether a won deal has to wait before it changes a user that is linked already; it is set aside then.
    pub(crate) async fn brake_deal(
        &self,
        turn: &Turn,
        change: DealChange<'_>,
        done: &mut Done,
    ) -> Result<bool, Error> {
        if change.fields.is_empty() {
            return Ok(false);
        }
        let gate = self.gate(turn, Subject::Deal, &[change.deal_id.to_owned()]).await?;
        if gate.lets(change.deal_id) {
            if gate.counts(change.deal_id) {
                done.changed.push(change.user_id.to_owned());
            }
            return Ok(false);
        }
        let outcome = Outcome::new(Subject::Deal, change.deal_id, Action::Skipped)
            .because("brake_held")
            .fields(change.fields.clone());
        done.outcomes.push(outcome.user(change.user_id).contact(change.contact_id));
        done.set_aside(Aside {
            id: change.deal_id.to_owned(),
            user_id: change.user_id.to_owned(),
            fields: change.fields,
            user_updated: None,
        });
        Ok(true)
    }

    async fn gate(&self, turn: &Turn, subject: Subject, ids: &[String]) -> Result<Gate, Error> {
        let (scope, reader) = (turn.scope(), self.db().reader());
        let brake = measure::brake_of(reader, scope).await?;
        let let_through = match &brake {
            None => HashMap::new(),
            Some(_) => self.let_through(turn, subject, ids).await?,
        };
        let is_on =
            brake.and_then(|brake| BrakeState::from_word(&brake.state)).is_some_and(BrakeState::is_on);
        let percent = turn.installation.settings.brake_percent;
        let is_open = if is_on || percent >= NEVER_PERCENT {
            !is_on
        } else {
            !measure::could_be_too_many(reader, scope, self.now_micros(), percent).await?
        };
        Ok(Gate { is_open, let_through })
    }

    async fn let_through(
        &self,
        turn: &Turn,
        subject: Subject,
        ids: &[String],
    ) -> Result<HashMap<String, bool>, Error> {
        let rows = brake_row::Entity::find()
            .filter(brake_row::Column::InstallationId.eq(turn.scope().id()))
            .filter(brake_row::Column::Subject.eq(subject.word()))
            .filter(brake_row::Column::SubjectId.is_in(ids))
            .filter(brake_row::Column::State.ne(RowState::Waiting.word()))
            .all(self.db().reader())
            .await?;
        let released = RowState::Released.word();
        Ok(rows.into_iter().map(|row| (row.subject_id, row.state == released)).collect())
    }
}
