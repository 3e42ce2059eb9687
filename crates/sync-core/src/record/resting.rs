//! Pairs that rest. A person deleted the contact on purpose, or merged it into another user's: we never make it again
//! by ourselves. The pair is at work again once the contact is back (by event, by a read, by the sweep), or once a
//! person asks for another contact.

use hubspot::record::ObjectKind;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, sea_query::Expr,
};
use text::text;

use super::{
    done::Done,
    link::{self, Link, Rests},
    users::Row,
};
use crate::{
    access::audit::{Actor, Entry},
    conflicts::{Kind, standing::is_kept_apart},
    core::Core,
    error::Error,
    fields::CONTACT_USER_ID,
    installation::Scope,
    queue::{
        change::{Mark, Origin, Subject, mark_in},
        outcome::{Action, Outcome},
    },
    storage::entity,
    turn::Turn,
};

/// Deleted contacts a sweep looks for: one request. Those looked for longest ago come first.
const LOOKED_FOR_PER_SWEEP: u64 = hubspot::batch::BATCH as u64;

impl Core {
    /// Takes out the rows whose pair rests, unless their contact turns out to be back.
    pub(super) async fn leave_resting(
        &self,
        turn: &Turn,
        rows: Vec<Row>,
        done: &mut Done,
    ) -> Result<Vec<Row>, Error> {
        let deleted = rows.iter().filter_map(|row| row.link.as_ref());
        let deleted = deleted.filter(|link| link.rests == Some(Rests::ContactDeleted));
        let contacts =
            self.read_contacts(turn, deleted.map(|link| link.contact_id.clone()).collect()).await?;
        let mut at_work = Vec::with_capacity(rows.len());
        for mut row in rows {
            match row.link.as_mut().and_then(|link| Some((link.rests?, link))) {
                Some((Rests::ContactDeleted, link)) if contacts.has(&link.contact_id) => link.rests = None,
                Some((Rests::ContactsMerged, _)) => {
                    self.leave_merged(turn, &row, done).await?;
                    continue;
                }
                Some((rests, link)) => {
                    let outcome = Outcome::new(Subject::User, &row.taken.id, Action::Skipped);
                    done.settle(&row.taken, outcome.because(rests.word()).contact(&link.contact_id));
                    continue;
                }
                None => {}
            }
            at_work.push(row);
        }
        Ok(at_work)
    }

    /// A user whose contact was merged into another's waits for a person, who is asked until they have said it.
    async fn leave_merged(&self, turn: &Turn, row: &Row, done: &mut Done) -> Result<(), Error> {
        let outcome = |action| Outcome::new(Subject::User, &row.taken.id, action);
        let known = row.conflicts.iter().find(|known| known.kind == Kind::ContactsMerged);
        let contact_id = match (known.and_then(|known| known.contact_id.clone()), &row.link) {
            (Some(contact_id), _) => contact_id,
            (None, Some(link)) => {
                // Its own id leads to the record that is left.
                let portal = self.turn_portal(turn).await?;
                let left = portal.get(ObjectKind::Contact, &link.contact_id, &[CONTACT_USER_ID]).await?;
                left.map_or_else(|| link.contact_id.clone(), |record| record.id)
            }
            (None, None) => return Ok(()),
        };
        if is_kept_apart(&row.conflicts, &contact_id) {
            done.settle(&row.taken, outcome(Action::Skipped).because("kept_apart").contact(&contact_id));
            return Ok(());
        }
        done.conflicts.pair_stands(&row.taken.id, &contact_id, Kind::ContactsMerged, &row.conflicts);
        let merged = outcome(Action::Conflicted).because(Rests::ContactsMerged.word());
        done.settle(&row.taken, merged.contact(&contact_id));
        Ok(())
    }

    /// The users of deleted contacts that are back without an event having told it.
    pub(crate) async fn restored_to_look_at(&self, turn: &Turn) -> Result<Vec<Mark>, Error> {
        let rows = entity::link::Entity::find()
            .filter(entity::link::Column::InstallationId.eq(turn.scope().id()))
            .filter(entity::link::Column::GoneAt.is_not_null())
            .filter(entity::link::Column::GoneBecause.eq(Rests::ContactDeleted.word()))
            .order_by_asc(entity::link::Column::SyncedAt)
            .limit(LOOKED_FOR_PER_SWEEP)
            .all(self.db().reader())
            .await?;
        let links = rows.into_iter().map(Link::from_row).collect::<Result<Vec<_>, _>>()?;
        if links.is_empty() {
            return Ok(Vec::new());
        }
        let ids = links.iter().map(|link| link.contact_id.clone()).collect();
        let contacts = self.read_contacts(turn, ids).await?;
        let transaction = self.fenced(&turn.lease).await?;
        entity::link::Entity::update_many()
            .col_expr(entity::link::Column::SyncedAt, Expr::value(self.now_micros()))
            .filter(entity::link::Column::InstallationId.eq(turn.scope().id()))
            .filter(entity::link::Column::UserId.is_in(links.iter().map(|link| link.user_id.as_str())))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        let back = links.into_iter().filter(|link| contacts.has(&link.contact_id));
        Ok(back.map(|link| Mark::new(turn.scope(), Subject::User, link.user_id, Origin::Sweep)).collect())
    }

    /// A person asks for a new contact in the place of one that was deleted or merged away. It is found by the user's
    /// e-mail where there is one by now, else made.
    ///
    /// # Errors
    /// [`Error::NotNow`] where the user's contact is neither, or was erased for privacy.
    pub async fn make_contact(&self, scope: Scope, user_id: &str, by: &Actor) -> Result<(), Error> {
        let key = self.data_key(scope).await?.digest_key();
        if self.is_erased_user(scope, &key, user_id).await? {
            return Err(Error::NotNow(text!("refused-this-users-contact-was").to_owned()));
        }
        let link = self.links_of_users(scope, &[user_id.to_owned()]).await?.remove(user_id);
        if link.is_none_or(|link| link.rests.is_none()) {
            return Err(Error::NotNow(text!("refused-there-is-no-contact").to_owned()));
        }
        let transaction = self.db().begin().await?;
        let mark = Mark::new(scope, Subject::User, user_id, Origin::Person);
        mark_in(&transaction, &[mark], self.now_micros()).await?;
        link::forget(&transaction, scope, user_id).await?;
        self.audit(&transaction, &Entry::about(by, scope.id(), "user.contact_asked_for").with(user_id))
            .await?;
        transaction.commit().await?;
        self.lift_hold(scope).await
    }
}
