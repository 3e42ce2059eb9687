//! Reading both sides: users fifty and contacts a hundred in a request. What comes back is checked against what was
//! asked, and whoever is not to be synced ends in an outcome here.

use std::collections::HashMap;

use hubspot::{
    batch::BatchRead,
    record::{ObjectKind, Record},
};
use storeganise::{client::IDS_PER_REQUEST, error::Error as StoreganiseError, user::User};

use super::{
    done::Done,
    side::{Values, contact_properties},
    users::Row,
};
use crate::{
    core::Core,
    error::Error,
    queue::{
        change::{Subject, Taken},
        outcome::{Action, Outcome},
    },
    turn::Turn,
};

/// Contacts as they were read, by id.
#[derive(Debug, Default)]
pub(crate) struct Contacts {
    /// Those that were found.
    pub found: HashMap<String, Record>,
    /// Those that exist in a shape we do not know: where it is odd.
    pub unread: HashMap<String, String>,
}

impl Contacts {
    /// Whether the contact exists, in whatever shape.
    pub(super) fn has(&self, id: &str) -> bool {
        self.found.contains_key(id) || self.unread.contains_key(id)
    }
}

/// A user that was asked for.
enum Asked {
    Found(Box<User>),
    Gone,
    /// In a shape we do not know, at this place.
    Unread(String),
}

impl Core {
    /// Reads the users taken. Those that are not synced, for whatever reason, end in their outcome.
    pub(super) async fn read_users(
        &self,
        turn: &Turn,
        taken: &[Taken],
        done: &mut Done,
    ) -> Result<Vec<Row>, Error> {
        let taken = self.leave_erased_users(turn, taken, done).await?;
        let ids: Vec<String> = taken.iter().map(|change| change.id.clone()).collect();
        let mut users = self.users_asked_for(turn, &ids).await?;
        let mut links = self.links_of_users(turn.scope(), &ids).await?;
        let mut conflicts = self.conflicts_of(turn.scope(), &ids).await?;
        let mut rows = Vec::with_capacity(taken.len());
        for change in taken {
            let outcome = |action| Outcome::new(Subject::User, &change.id, action);
            let conflicts = conflicts.remove(&change.id).unwrap_or_default();
            let user = match users.remove(&change.id) {
                None | Some(Asked::Gone) => {
                    conflicts.iter().for_each(|known| done.conflicts.over(known));
                    done.settle(change, outcome(Action::Skipped).because("user_gone"));
                    continue;
                }
                Some(Asked::Unread(path)) => {
                    done.park_unread(change, Subject::User, &path);
                    continue;
                }
                Some(Asked::Found(user)) => *user,
            };
            let link = links.remove(&change.id);
            if let Some(reason) = left_out(&user) {
                done.settle(change, outcome(Action::Skipped).because(reason));
            } else if user.custom_fields.is_none() && maps_custom_fields(turn) {
                // What is not shown must not be taken for blank.
                let names = turn.installation.settings.custom_fields.iter().map(|m| m.user_field.as_str());
                done.park(change, outcome(Action::Failed).because("unexpected_answer").fields(names));
            } else {
                let values = Values::of_user(&user, &turn.fields);
                if values.is_empty() {
                    done.settle(change, outcome(Action::Skipped).because("empty_profile"));
                } else {
                    rows.push(Row { taken: change.clone(), user, values, link, conflicts });
                }
            }
        }
        Ok(rows)
    }

    /// Users by their ids. One that is missing, or comes without the custom fields that are mapped, is asked for by
    /// itself before that counts.
    async fn users_asked_for(&self, turn: &Turn, ids: &[String]) -> Result<HashMap<String, Asked>, Error> {
        let mut asked = HashMap::with_capacity(ids.len());
        for chunk in ids.chunks(IDS_PER_REQUEST) {
            let reply = turn.account.users_by_ids(chunk).await?;
            for user in reply.records {
                if user.custom_fields.is_some() || !maps_custom_fields(turn) {
                    asked.insert(user.id.clone(), Asked::Found(Box::new(user)));
                }
            }
            for odd in reply.unread {
                asked.extend(odd.id.map(|id| (id, Asked::Unread(odd.path))));
            }
        }
        for id in ids {
            if !asked.contains_key(id) {
                let found = match turn.account.user(id).await {
                    Ok(found) => found.map_or(Asked::Gone, |user| Asked::Found(Box::new(user))),
                    Err(StoreganiseError::NotUnderstood { path }) if names_a_field(&path) => {
                        Asked::Unread(path)
                    }
                    Err(error) => return Err(error.into()),
                };
                asked.insert(id.clone(), found);
            }
        }
        Ok(asked)
    }

    /// Reads contacts by their ids, a hundred in a request.
    pub(crate) async fn read_contacts(&self, turn: &Turn, ids: Vec<String>) -> Result<Contacts, Error> {
        self.read_contacts_with_history(turn, ids, Vec::new()).await
    }

    /// The same, with when these properties were written.
    pub(super) async fn read_contacts_with_history(
        &self,
        turn: &Turn,
        ids: Vec<String>,
        with_history: Vec<String>,
    ) -> Result<Contacts, Error> {
        let mut contacts = Contacts::default();
        for chunk in ids.chunks(hubspot::batch::BATCH) {
            let batch = BatchRead {
                ids: chunk.to_vec(),
                id_property: None,
                properties: contact_properties(&turn.fields),
                with_history: with_history.clone(),
            };
            let reply = self.turn_portal(turn).await?.read(ObjectKind::Contact, &batch).await?;
            contacts.found.extend(reply.records.into_iter().map(|record| (record.id.clone(), record)));
            let odd = reply.unread.into_iter().filter_map(|unread| Some((unread.id?, unread.path)));
            contacts.unread.extend(odd);
        }
        Ok(contacts)
    }
}

/// Why a user is not synced, whatever it holds.
pub(super) fn left_out(user: &User) -> Option<&'static str> {
    if !user.roles.is_empty() {
        return Some("staff");
    }
    (user.disabled == Some(true)).then_some("user_disabled")
}

/// Whether an answer was read as far as some field of the record: not an answer of another kind altogether, which
/// is the provider's trouble and passes.
pub(super) fn names_a_field(path: &str) -> bool {
    path.starts_with(|c: char| c.is_ascii_alphanumeric())
}

fn maps_custom_fields(turn: &Turn) -> bool {
    !turn.installation.settings.custom_fields.is_empty()
}
