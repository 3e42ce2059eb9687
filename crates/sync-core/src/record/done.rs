//! The write-back of a batch: what was done, in one transaction under the lease.

use super::{
    link::{self, Link, Rests},
    moved::Moved,
};
use crate::{
    brake::aside::Aside,
    conflicts::standing::{self, Found},
    core::Core,
    error::Error,
    installation::Installation,
    queue::{
        change::{self, Failure, Mark, Subject, Taken, mark_in},
        outcome::{Action, Outcome},
    },
    retry::{LONGEST_WAIT, wait_after},
    storage::entity::installation,
    sweep::run::tally,
    turn::Turn,
};
use sea_orm::{ActiveValue::Set, EntityTrait as _};

/// What a batch did, to be recorded together.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// Changes that are worked, at the generation taken.
    pub settled: Vec<Taken>,
    /// Changes put back, each with its reason.
    pub failed: Vec<(Taken, Failure)>,
    /// What happened to each record.
    pub outcomes: Vec<Outcome>,
    /// Links made or moved on.
    pub links: Vec<Link>,
    /// Links whose contact turned out to be another record by now: see `moved`.
    pub moved: Vec<Moved>,
    /// Links whose contact was merged into this one.
    pub relinked: Vec<(Link, String)>,
    /// Contact ids that were merged away, and whose contact they lead to.
    pub aliases: Vec<(String, String)>,
    /// Users whose pair rests from now on, or no longer.
    pub rests: Vec<(String, Option<Rests>)>,
    /// Users whose link belongs to somebody else.
    pub forgotten: Vec<String>,
    /// Records to look at next.
    pub marks: Vec<Mark>,
    /// Of the settled, those that were decided but not written: see `brake`.
    pub aside: Vec<Aside>,
    /// Users that were linked already and were changed, or their contacts.
    pub changed: Vec<String>,
    /// What a person has to decide, or no longer has to.
    pub conflicts: Found,
}

impl Done {
    /// A record that is done with.
    pub(crate) fn settle(&mut self, taken: &Taken, outcome: Outcome) {
        self.settled.push(taken.clone());
        self.outcomes.push(outcome);
    }

    /// A record whose pair rests, for a reason the outcome gives.
    pub(crate) fn lay_to_rest(&mut self, taken: &Taken, link: &Link, rests: Rests) {
        self.rests.push((link.user_id.clone(), Some(rests)));
        let outcome = Outcome::new(Subject::User, &link.user_id, Action::Skipped).because(rests.word());
        self.settle(taken, outcome.contact(&link.contact_id));
    }

    /// A record of another shape than we know: parked, because asking again changes nothing.
    pub(crate) fn park_unread(&mut self, taken: &Taken, subject: Subject, path: &str) {
        let outcome = Outcome::new(subject, &taken.id, Action::Failed).because("unexpected_answer");
        self.park(taken, outcome.fields([path]));
    }

    /// A record that waits until it is known how many would be changed.
    pub(crate) fn set_aside(&mut self, aside: Aside) {
        match self.aside.iter_mut().find(|known| known.id == aside.id) {
            Some(known) => known.fields.extend(aside.fields),
            None => self.aside.push(aside),
        }
    }

    /// Whether a record waits.
    pub(crate) fn is_aside(&self, id: &str) -> bool {
        self.aside.iter().any(|aside| aside.id == id)
    }

    /// A record a provider refused: parked at once, because asking again changes nothing.
    pub(crate) fn park(&mut self, taken: &Taken, outcome: Outcome) {
        let cause = outcome.reason.clone().unwrap_or_default();
        self.failed.push((taken.clone(), Failure { cause, due_at: None }));
        self.outcomes.push(outcome);
    }
}

impl Core {
    /// Records what a batch did; all of it or, where the lease was lost, nothing.
    pub(crate) async fn record_done(&self, turn: &Turn, subject: Subject, done: Done) -> Result<(), Error> {
        let (scope, now) = (turn.scope(), self.now_micros());
        let transaction = self.fenced(&turn.lease).await?;
        for user_id in &done.forgotten {
            link::forget(&transaction, scope, user_id).await?;
        }
        link::save(&transaction, scope, &done.links, now).await?;
        for (link, contact_id) in &done.relinked {
            link::relink(&transaction, scope, link, contact_id).await?;
        }
        for (contact_id, user_id) in &done.aliases {
            link::add_alias(&transaction, scope, (contact_id, user_id), now).await?;
        }
        for (user_id, rests) in &done.rests {
            link::rest(&transaction, scope, (user_id, *rests), now).await?;
        }
        let settled: Vec<&Taken> = done.settled.iter().filter(|taken| !done.is_aside(&taken.id)).collect();
        change::settle(&transaction, scope, subject, &settled).await?;
        for (taken, failure) in &done.failed {
            change::put_back(&transaction, scope, subject, taken, failure, now).await?;
        }
        mark_in(&transaction, &done.marks, now).await?;
        tally(&transaction, scope, subject, &done).await?;
        standing::record(&transaction, scope, &done.conflicts, now).await?;
        self.record_brake(&transaction, turn, subject, &done).await?;
        self.record_outcomes(&transaction, scope, &done.outcomes).await?;
        Ok(transaction.commit().await?)
    }

    /// Puts a batch back whose request was refused as a whole: attempts counted, parked in the end. The sweep is
    /// never parked: without it nothing would be found that no event tells.
    pub(crate) async fn put_back_rejected(
        &self,
        turn: &Turn,
        subject: Subject,
        taken: &[Taken],
        cause: &str,
    ) -> Result<(), Error> {
        let now = self.now_micros();
        let failures = taken.iter().map(|change| {
            let wait = wait_after(change.attempts + 1, None, self.random())
                .or((subject == Subject::Sweep).then_some(LONGEST_WAIT));
            let due_at = wait.map(|wait| now + i64::try_from(wait.as_micros()).unwrap_or(i64::MAX / 4));
            (change.clone(), Failure { cause: cause.to_owned(), due_at })
        });
        let done = Done { failed: failures.collect(), ..Done::default() };
        self.record_done(turn, subject, done).await
    }

    /// Notes on changes that stay due why the last attempt came to nothing.
    pub(crate) async fn note_cause(
        &self,
        turn: &Turn,
        subject: Subject,
        taken: &[Taken],
        cause: &str,
    ) -> Result<(), Error> {
        let transaction = self.fenced(&turn.lease).await?;
        change::note_cause(&transaction, turn.scope(), subject, taken, cause).await?;
        Ok(transaction.commit().await?)
    }

    /// Notes that Storeganise no longer answers to our key: the sweep will find out when it does again.
    pub(crate) async fn note_addon_disabled(&self, installation: &Installation) -> Result<(), Error> {
        let row = installation::ActiveModel {
            id: Set(installation.id),
            addon_state: Set(Some("disabled".to_owned())),
            addon_checked_at: Set(Some(self.now_micros())),
            ..Default::default()
        };
        installation::Entity::update(row).exec(self.db().writer()).await?;
        Ok(())
    }
}
