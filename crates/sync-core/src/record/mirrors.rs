//! Mirrors: the contact's id written into the user's custom field. One request each at Storeganise's slow
//! pace, so they come last; our own link table is what counts, the field is for people.

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
                _ => {
                    let mut done = Done::default();
                    let outcome = Outcome::new(Subject::Mirror, &change.id, Action::Skipped);
                    done.settle(change, outcome.because("not_linked"));
                    self.record_done(turn, Subject::Mirror, done).await?;
                }
            }
        }
        Ok(())
    }

    async fn mirror(&self, turn: &Turn, change: &Taken, link: &Link) -> Result<(), Error> {
        let mut custom_fields = Map::new();
        custom_fields.insert(USER_CONTACT_ID.to_owned(), Value::from(link.contact_id.as_str()));
        let patch = UserPatch { custom_fields, ..UserPatch::default() };
        let outcome = Outcome::new(Subject::Mirror, &change.id, Action::Updated)
            .contact(&link.contact_id)
            .fields([USER_CONTACT_ID]);
        let user = match turn.account.update_user(&change.id, &patch).await {
            Ok(user) => user,
            Err(error) if error.class() == Class::NotFound => {
                let mut done = Done::default();
                let outcome = Outcome::new(Subject::Mirror, &change.id, Action::Skipped);
                done.settle(change, outcome.because("user_gone"));
                return self.record_done(turn, Subject::Mirror, done).await;
            }
            Err(error) => return Err(error.into()),
        };
        let transaction = self.fenced(&turn.lease).await?;
        link::note_mirrored(&transaction, turn.scope(), link, seen(turn, link, &user)).await?;
        settle(&transaction, turn.scope(), Subject::Mirror, &[change]).await?;
        self.record_outcomes(&transaction, turn.scope(), &[outcome]).await?;
        Ok(transaction.commit().await?)
    }
}

/// The user's time of its last update, where nothing but our own write can be behind it. An edit that came before
/// the write, and that nobody has looked at, must not be taken for seen: no sweep would find it any more.
fn seen(turn: &Turn, link: &Link, user: &User) -> Option<i64> {
    let then = turn.installation.settings.as_of(&link.baseline_version)?;
    let digests = Values::of_user(user, &turn.fields).digests(&turn.key, &then);
    updated_micros(user).filter(|_| link.baseline.fits(&turn.fields, &digests))
}
