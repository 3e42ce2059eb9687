//! A person's choice that a user and a contact belong together. It is carried out only where nobody else would lose
//! their pair by it: not while another user that is still there is linked to the contact, and not while the user's own
//! contact is still there. Who wants that merges the two records at their provider first. Where a person did so with two
//! linked contacts, the choice says whose the one that is left is: the other user's link goes.

use std::collections::HashSet;

use hubspot::{
    crm::Portal,
    record::{ObjectKind, Record},
};
use storeganise::client::Account;

use super::{Choice, Conflict, Kind};
use crate::{
    core::Core,
    error::Error,
    fields::CONTACT_USER_ID,
    installation::Scope,
    merge::Directions,
    queue::{
        change::{Mark, Origin, Subject},
        outcome::{Action, Outcome},
    },
    record::{
        done::Done,
        users::{Ready, Row},
    },
    turn::Turn,
};

/// What keeps a user and a contact from being linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// Another user that is still there is linked to the contact.
    OtherUser(String),
    /// The user is linked to another contact that is still there.
    OtherContact(String),
}

/// Who is asked whether a record is still there.
pub(super) struct Sides<'a> {
    pub scope: Scope,
    pub account: &'a Account,
    pub portal: &'a Portal,
}

/// The pair conflict of a user that a person wants linked, if there is one.
pub(crate) fn wanted(row: &Row) -> Option<&Conflict> {
    row.conflicts.iter().find(|known| known.choice == Some(Choice::Link))
}

impl Core {
    /// Pairs users with the contacts a person chose for them.
    pub(crate) async fn pair_by_choice(
        &self,
        turn: &Turn,
        rows: Vec<Row>,
        done: &mut Done,
    ) -> Result<Vec<Ready>, Error> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let ids = rows.iter().filter_map(|row| wanted(row)?.contact_id.clone()).collect();
        let contacts = self.read_contacts(turn, ids).await?;
        let portal = self.turn_portal(turn).await?.clone();
        let sides = Sides { scope: turn.scope(), account: &turn.account, portal: &portal };
        let directions = Directions { to_contact: true, to_user: turn.installation.settings.contact_edits };
        let mut claimed = HashSet::new();
        let mut ready = Vec::with_capacity(rows.len());
        for mut row in rows {
            let Some(known) = wanted(&row).cloned() else { continue };
            let Some(contact) = known.contact_id.as_ref().and_then(|id| contacts.found.get(id)).cloned()
            else {
                // It is gone: the user is looked at as any other.
                done.conflicts.over(&known);
                done.marks.push(Mark::new(turn.scope(), Subject::User, row.taken.id.clone(), Origin::Sync));
                continue;
            };
            let free = match self.obstacle(&sides, &row.taken.id, &contact).await? {
                Err(Obstacle::OtherUser(keeper)) if known.kind == Kind::ContactsMerged => Some(vec![keeper]),
                Ok(gone) => Some(gone),
                Err(_) => None,
            };
            let Some(gone) = free.filter(|_| claimed.insert(contact.id.clone())) else {
                done.conflicts.pair_stands(&row.taken.id, &contact.id, known.kind, &row.conflicts);
                let outcome = Outcome::new(Subject::User, &row.taken.id, Action::Conflicted);
                done.settle(&row.taken, outcome.because(known.kind.word()).contact(&contact.id));
                continue;
            };
            // Who had it is looked at anew: as a user without a contact, where it is still there.
            let looks = gone.iter().map(|user| Mark::new(turn.scope(), Subject::User, user, Origin::Sync));
            done.marks.extend(looks.filter(|_| known.kind == Kind::ContactsMerged));
            done.forgotten.extend(gone);
            row.link = None;
            let plan = self.plan_pair(turn, &row, Some(&contact), directions);
            ready.push(Ready { row, contact_id: Some(contact.id.clone()), contact: Some(contact), plan });
        }
        self.settle_by_newest(turn, &mut ready, directions).await?;
        Ok(ready)
    }

    /// What keeps these two from being linked; where nothing does, the users that are gone and whose links go.
    pub(super) async fn obstacle(
        &self,
        sides: &Sides<'_>,
        user_id: &str,
        contact: &Record,
    ) -> Result<Result<Vec<String>, Obstacle>, Error> {
        let mut gone = Vec::new();
        let links = self.links_of_contacts(sides.scope, std::slice::from_ref(&contact.id)).await?;
        for link in links.values().filter(|link| link.user_id != user_id) {
            if sides.account.user(&link.user_id).await?.is_some() {
                return Ok(Err(Obstacle::OtherUser(link.user_id.clone())));
            }
            gone.push(link.user_id.clone());
        }
        let own = self.links_of_users(sides.scope, &[user_id.to_owned()]).await?;
        if let Some(link) = own.get(user_id).filter(|link| link.contact_id != contact.id) {
            let found = sides.portal.get(ObjectKind::Contact, &link.contact_id, &[CONTACT_USER_ID]).await?;
            if found.is_some_and(|found| found.id == link.contact_id) {
                return Ok(Err(Obstacle::OtherContact(link.contact_id.clone())));
            }
        }
        Ok(Ok(gone))
    }
}
