//! Mirrors: the contact's id written into the user's custom field. One request each at Storeganise's slow
//! pace, so they come last; our own link table is what counts, the field is for people. Of a contact that was erased for
//! privacy the id is taken off again.

use serde_json::{Map, Value};
use storeganise::{
    error::Class,
    user::{User, UserPatch},
};

use super::{
    done::Done,
    link::{self, Link},
    side::Values,
    users::updated_micros,
};
use crate::{
    core::Core,
    error::Error,
    fields::USER_CONTACT_ID,
    queue::{
        change::{Subject, Taken, settle},
        outcome::{Action, Outcome},
    },
    turn::Turn,
};

impl Core {
    /// Writes a few contact ids back, as long as nobody waits for something else: what is left stays due.
    pub(crate) async fn work_mirrors(&self, turn: &Turn, taken: &[Taken]) -> Result<(), Error> {
        let ids: Vec<String> = taken.iter().map(|change| change.id.clone()).collect();
        let links = self.links_of_users(turn.scope(), &ids).await?;
        for (at, change) in taken.iter().enumerate() {
            if at > 0 && self.somebody_waits(turn).await? {
                return Ok(());
            }
            match links.get(&change.id) {
                Some(link) if link.rests.is_none() => self.mirror(turn, change, link).await?,
                _ => self.take_mirror_off(turn, change).await?,
            }
        }
        Ok(())
    }

    async fn mirror(&self, turn: &Turn, change: &Taken, link: &Link) -> Result<(), Error> {
        let patch = patch(Value::from(link.contact_id.as_str()));
        let outcome = Outcome::new(Subject::Mirror, &change.id, Action::Updated)
            .contact(&link.contact_id)
            .fields([USER_CONTACT_ID]);
        let user = match turn.account.update_user(&change.id, &patch).await {
            Ok(user) => user,
            Err(error) if error.class() == Class::NotFound => {
                return self.settle_mirror(turn, change, Action::Skipped, "user_gone").await;
            }
            Err(error) => return Err(error.into()),
        };
        let transaction = self.fenced(&turn.lease).await?;
        link::note_mirrored(&transaction, turn.scope(), link, seen(turn, link, &user)).await?;
        settle(&transaction, turn.scope(), Subject::Mirror, &[change]).await?;
        self.record_outcomes(&transaction, turn.scope(), &[outcome]).await?;
        Ok(transaction.commit().await?)
    }

    /// Takes the id of a contact that was erased off its user. What else the field holds by now stays.
    async fn take_mirror_off(&self, turn: &Turn, change: &Taken) -> Result<(), Error> {
        let scope = turn.scope();
        if !self.is_erased_user(scope, &turn.key, &change.id).await? {
            return self.settle_mirror(turn, change, Action::Skipped, "not_linked").await;
        }
        let Some(user) = turn.account.user(&change.id).await? else {
            return self.settle_mirror(turn, change, Action::Skipped, "user_gone").await;
        };
        let held = user.custom_fields.as_ref().and_then(|fields| fields.get(USER_CONTACT_ID)?.as_str());
        let is_erased = match held {
            Some(contact_id) => self.is_erased_contact(scope, &turn.key, contact_id).await?,
            None => false,
        };
        if !is_erased {
            return self.settle_mirror(turn, change, Action::Unchanged, "erased_for_privacy").await;
        }
        match turn.account.update_user(&change.id, &patch(Value::Null)).await {
            Ok(_) => self.settle_mirror(turn, change, Action::Updated, "mirror_cleared").await,
            Err(error) if error.class() == Class::NotFound => {
                self.settle_mirror(turn, change, Action::Skipped, "user_gone").await
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn settle_mirror(
        &self,
        turn: &Turn,
        change: &Taken,
        action: Action,
        reason: &'static str,
    ) -> Result<(), Error> {
        let mut done = Done::default();
        let outcome = Outcome::new(Subject::Mirror, &change.id, action).because(reason);
        let fields = (action == Action::Updated).then_some(USER_CONTACT_ID);
        done.settle(change, outcome.fields(fields));
        self.record_done(turn, Subject::Mirror, done).await
    }
}

fn patch(contact_id: Value) -> UserPatch {
    let custom_fields = Map::from_iter([(USER_CONTACT_ID.to_owned(), contact_id)]);
    UserPatch { custom_fields, ..UserPatch::default() }
}

/// The user's time of its last update, where nothing but our own write can be behind it. An edit that came before
/// the write, and that nobody has looked at, must not be taken for seen: no sweep would find it any more.
fn seen(turn: &Turn, link: &Link, user: &User) -> Option<i64> {
    let then = turn.installation.settings.as_of(&link.baseline_version)?;
    let digests = Values::of_user(user, &turn.fields).digests(&turn.key, &then);
    updated_micros(user).filter(|_| link.baseline.fits(&turn.fields, &digests))
}
