//! The contact's side: what is written to it, what is read off it into a user, and what its own events mean.

use std::collections::BTreeMap;

use hubspot::record::{ObjectKind, Record};
use storeganise::user::UserPatch;

use super::{
    address,
    done::Done,
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

/// Writes to the user what was decided for it; the time of the user's update where it was written.
pub(super) async fn write_user(turn: &Turn, pair: &Ready) -> Result<Option<i64>, Error> {
    let Some(contact) = pair.contact.as_ref().filter(|_| !pair.plan.to_user.is_empty()) else {
        return Ok(None);
    };
    let patch = user_patch(&pair.plan.to_user, &Values::of_contact(contact, &turn.fields));
    if patch.is_empty() {
        return Ok(None);
    }
    let user = turn.account.update_user(&pair.row.taken.id, &patch).await?;
    Ok(updated_micros(&user))
}

impl Core {
    /// Looks at contacts that were edited, merged or deleted. A linked one means its user is looked at again.
    pub(crate) async fn work_contacts(&self, turn: &Turn, taken: &[Taken]) -> Result<(), Error> {
        let mut done = Done::default();
        let ids: Vec<String> = taken.iter().map(|change| change.id.clone()).collect();
        let links = self.links_of_contacts(turn.scope(), &ids).await?;
        for change in taken {
            let outcome = |action| Outcome::new(Subject::Contact, &change.id, action);
            let Some(link) = links.get(&change.id) else {
                done.settle(change, outcome(Action::Skipped).because("contact_not_linked"));
                continue;
            };
            let portal = self.turn_portal(turn).await?;
            let found = portal.get(ObjectKind::Contact, &change.id, &[CONTACT_USER_ID]).await?;
            let look = Mark::new(turn.scope(), Subject::User, link.user_id.clone(), Origin::Sync);
            match found {
                None if link.contact_id == change.id => {
                    done.forgotten.push(link.user_id.clone());
                    let outcome = outcome(Action::Skipped).because("contact_gone").user(&link.user_id);
                    done.settle(change, outcome);
                }
                None => done.settle(change, outcome(Action::Skipped).because("contact_gone")),
                Some(record) if record.id != link.contact_id => {
                    done.relinked.push((link.clone(), record.id.clone()));
                    done.marks.push(look);
                    let outcome = outcome(Action::Updated).because("contact_merged").user(&link.user_id);
                    done.settle(change, outcome.contact(&record.id));
                }
                Some(_) if turn.installation.settings.contact_edits => {
                    done.marks.push(look);
                    let outcome = outcome(Action::Unchanged).because("user_looked_at").user(&link.user_id);
                    done.settle(change, outcome);
                }
                Some(_) => {
                    let outcome = outcome(Action::Skipped).because("contact_edits_off").user(&link.user_id);
                    done.settle(change, outcome);
                }
            }
        }
        self.record_done(turn, Subject::Contact, done).await
    }
}
