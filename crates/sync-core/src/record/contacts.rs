//! The contact's side: what is written to it, what is read off it into a user, and what its own events mean.

use std::collections::BTreeMap;

use hubspot::record::{ObjectKind, Record};
use storeganise::{
    error::Class,
    user::{User, UserPatch},
};

use super::{
    address,
    done::Done,
    link::{Link, Rests},
    moved::Moved,
    plan::Plan,
    side::{Field, Values},
    users::{Ready, updated_micros},
};
use crate::{
    core::Core,
    error::Error,
    fields::{CONTACT_USER_ID, NAME_PLACEHOLDER},
    queue::{
        change::{Mark, Origin, Subject, Taken},
        outcome::{Action, Outcome},
    },
    turn::Turn,
};

/// The properties that bring these fields to a contact. The address clears the parts its line does not contain; a
/// custom value that the property cannot take is left out (see [`unfit`]).
pub(super) fn properties(
    fields: &[Field],
    values: &Values,
    contact: Option<&Record>,
) -> BTreeMap<String, String> {
    let mut patch = BTreeMap::new();
    for field in fields {
        let value = values.get(field).unwrap_or_default();
        match field {
            Field::Address => {
                let part = |name: &str| contact.and_then(|contact| contact.text(name)).map(str::to_owned);
                for name in address::outdated(value, part) {
                    patch.insert(name.to_owned(), String::new());
                }
                patch.insert(field.name().to_owned(), value.to_owned());
            }
            Field::Custom(mapping) => {
                patch.extend(mapping.to_contact(value).ok().map(|value| (field.name().to_owned(), value)));
            }
            _ => {
                patch.insert(field.name().to_owned(), value.to_owned());
            }
        }
    }
    patch
}

/// The fields of a plan whose value the other side cannot take: they are neither written nor agreed on.
pub(crate) fn unfit(plan: &Plan, user: &Values, contact: Option<&Values>) -> Vec<Field> {
    let to_contact = plan.to_contact.iter().filter(|field| match field {
        Field::Custom(mapping) => mapping.to_contact(user.get(field).unwrap_or_default()).is_err(),
        _ => false,
    });
    let to_user = plan.to_user.iter().filter(|field| match field {
        Field::Custom(mapping) => {
            mapping.to_user(contact.and_then(|values| values.get(field)).unwrap_or_default()).is_err()
        }
        _ => false,
    });
    to_contact.chain(to_user).cloned().collect()
}

/// The patch that brings these fields to a user. A last name that is cleared becomes the placeholder.
pub(super) fn user_patch(fields: &[Field], contact: &Values) -> UserPatch {
    let mut patch = UserPatch::default();
    for field in fields {
        let value = contact.get(field).unwrap_or_default().to_owned();
        match field {
            Field::FirstName => patch.first_name = Some(value),
            Field::LastName if value.is_empty() => patch.last_name = Some(NAME_PLACEHOLDER.to_owned()),
            Field::LastName => patch.last_name = Some(value),
            Field::Email => patch.email = Some(value),
            Field::Phone => patch.phone = Some(value),
            Field::Company => patch.company_name = Some(value),
            Field::Address => patch.address = Some(value),
            Field::Custom(mapping) => {
                patch
                    .custom_fields
                    .extend(mapping.to_user(&value).ok().map(|value| (mapping.user_field.clone(), value)));
            }
        }
    }
    patch
}

/// What became of a user's side.
#[derive(Debug, Default)]
pub(super) struct UserSide {
    /// The time of the user's update, where it was written.
    pub updated: Option<i64>,
    /// The fields Storeganise did not take, and its code.
    pub refused: Option<(Vec<Field>, String)>,
}

/// Writes to the user what was decided for it. An address that another user has is left out, and the rest lands.
pub(super) async fn write_user(turn: &Turn, pair: &Ready) -> Result<UserSide, Error> {
    let Some(contact) = pair.contact.as_ref().filter(|_| !pair.plan.to_user.is_empty()) else {
        return Ok(UserSide::default());
    };
    let mut fields = pair.plan.to_user.clone();
    let mut patch = user_patch(&fields, &Values::of_contact(contact, &turn.fields));
    let mut side = UserSide::default();
    while !patch.is_empty() {
        let refused = match turn.account.update_user(&pair.row.taken.id, &patch).await {
            Ok(user) => {
                // Of an edit made between our read and our write we must not think that we have seen it.
                side.updated =
                    updated_micros(&user).filter(|_| is_as_read(turn, &pair.row.values, &user, &fields));
                return Ok(side);
            }
            Err(error) if matches!(error.class(), Class::Conflict | Class::Rejected) => error.code(),
            Err(error) => return Err(error.into()),
        };
        if patch.email.take().is_some() {
            fields.retain(|field| *field != Field::Email);
            side.refused = Some((vec![Field::Email], refused));
        } else {
            let email = side.refused.map(|(email, _)| email).unwrap_or_default();
            side.refused = Some((email.into_iter().chain(fields).collect(), refused));
            return Ok(side);
        }
    }
    Ok(side)
}

/// Whether a user is as it was read, but for the fields we wrote. Where somebody else wrote between our read and our
/// write, the user's time of its last update must not be taken for seen: no sweep would find the edit any more.
pub(super) fn is_as_read(turn: &Turn, read: &Values, user: &User, written: &[Field]) -> bool {
    let now = Values::of_user(user, &turn.fields);
    turn.fields.iter().filter(|field| !written.contains(field)).all(|field| now.get(field) == read.get(field))
}

impl Core {
    /// Looks at contacts that were edited, merged, deleted or restored. A linked one means its user is looked at again.
    pub(crate) async fn work_contacts(&self, turn: &Turn, taken: &[Taken]) -> Result<(), Error> {
        let mut done = Done::default();
        let taken = self.leave_erased_contacts(turn, taken, &mut done).await?;
        let ids: Vec<String> = taken.iter().map(|change| change.id.clone()).collect();
        let links = self.links_of_contacts(turn.scope(), &ids).await?;
        let contacts = self.read_contacts(turn, links.keys().cloned().collect()).await?;
        let waiting = self.waiting_for_contacts(turn.scope(), &ids).await?;
        done.marks.extend(
            waiting.into_iter().map(|user| Mark::new(turn.scope(), Subject::User, user, Origin::Sync)),
        );
        let mut unlinked = Vec::new();
        for change in taken {
            match links.get(&change.id) {
                None => unlinked.push(change),
                Some(link) if link.contact_id == change.id && contacts.has(&change.id) => {
                    note_alive(turn, change, link, &mut done);
                }
                Some(link) => self.look_for_moved(turn, change, link, &mut done).await?,
            }
        }
        for change in unlinked {
            // What two contacts were merged into is not linked yet, but will be.
            let is_new = done.moved.iter().any(|moved| moved.into.id == change.id);
            let reason = if is_new { "contact_merged" } else { "contact_not_linked" };
            let outcome = Outcome::new(Subject::Contact, &change.id, Action::Skipped);
            done.settle(change, outcome.because(reason));
        }
        self.follow_merges(turn, &mut done).await?;
        self.record_done(turn, Subject::Contact, done).await
    }

    /// A linked contact that does not answer among the others was merged into another one, or is gone.
    async fn look_for_moved(
        &self,
        turn: &Turn,
        change: &Taken,
        link: &Link,
        done: &mut Done,
    ) -> Result<(), Error> {
        let portal = self.turn_portal(turn).await?;
        let properties = [CONTACT_USER_ID, Field::Email.name()];
        let outcome = || Outcome::new(Subject::Contact, &change.id, Action::Skipped);
        match portal.get(ObjectKind::Contact, &change.id, &properties).await? {
            None if link.contact_id == change.id => {
                if link.rests.is_none() {
                    done.rests.push((link.user_id.clone(), Some(Rests::ContactDeleted)));
                }
                done.settle(change, outcome().because("contact_deleted").user(&link.user_id));
            }
            None => done.settle(change, outcome().because("contact_gone")),
            Some(record) if record.id != link.contact_id => {
                let (link, taken) = (link.clone(), change.clone());
                done.moved.push(Moved { link, into: record, subject: Subject::Contact, taken });
            }
            Some(_) => note_alive(turn, change, link, done),
        }
        Ok(())
    }
}

/// A linked contact is there: its user is looked at where that can change anything.
fn note_alive(turn: &Turn, change: &Taken, link: &Link, done: &mut Done) {
    let outcome = |action| Outcome::new(Subject::Contact, &change.id, action).user(&link.user_id);
    let look = Mark::new(turn.scope(), Subject::User, link.user_id.clone(), Origin::Sync);
    if link.rests.is_some() {
        done.rests.push((link.user_id.clone(), None));
        done.marks.push(look);
        done.settle(change, outcome(Action::Updated).because("contact_restored"));
    } else if turn.installation.settings.contact_edits {
        done.marks.push(look);
        done.settle(change, outcome(Action::Unchanged).because("user_looked_at"));
    } else {
        done.settle(change, outcome(Action::Skipped).because("contact_edits_off"));
    }
}
