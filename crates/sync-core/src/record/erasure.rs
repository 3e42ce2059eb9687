//! Privacy deletion: what we keep of the contact goes, and tombstones stand for it, so that neither it nor a contact of
//! its user is made again. A tombstone is a keyed digest: without the installation's key it names nobody.
//!
//! HubSpot tells it beside an ordinary deletion, in any order, and perhaps twice.

use std::collections::{BTreeSet, HashSet};

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, DatabaseTransaction, DbErr, EntityTrait as _,
    QueryFilter as _, sea_query::OnConflict,
};

use super::done::Done;
use crate::{
    core::Core,
    digest::DigestKey,
    error::Error,
    installation::Scope,
    queue::{
        change::{Mark, Origin, Subject, Taken, mark_in, settle},
        outcome::{Action, Outcome},
    },
    storage::entity::{brake_row, change, conflict, link, link_alias, outcome, preview_row, tombstone},
    turn::Turn,
};

/// What an erased contact went by: its ids, those merged into it among them, and its user's.
#[derive(Debug, Default)]
struct Erased {
    contacts: BTreeSet<String>,
    user: Option<String>,
    /// The users in whose way it stood: that is over.
    waiting: Vec<String>,
}

impl Core {
    /// Erases contacts. Nothing is asked of either provider.
    pub(crate) async fn work_erasures(&self, turn: &Turn, taken: &[Taken]) -> Result<(), Error> {
        let (scope, now) = (turn.scope(), self.now_micros());
        let mut erased = Vec::with_capacity(taken.len());
        for change in taken {
            erased.push(self.what_is_kept_of(scope, &change.id).await?);
        }
        let transaction = self.fenced(&turn.lease).await?;
        for of_contact in &erased {
            forget(&transaction, scope, of_contact).await?;
            entomb(&transaction, scope, of_contact.digests(&turn.key), now).await?;
        }
        let marks: Vec<Mark> = erased.iter().flat_map(|of_contact| of_contact.marks(scope)).collect();
        mark_in(&transaction, &marks, now).await?;
        settle(&transaction, scope, Subject::Erasure, &taken.iter().collect::<Vec<_>>()).await?;
        let outcome = Outcome::nameless(Subject::Erasure, Action::Erased).because("contact_erased");
        self.record_outcomes(&transaction, scope, &vec![outcome; erased.len()]).await?;
        Ok(transaction.commit().await?)
    }

    async fn what_is_kept_of(&self, scope: Scope, contact_id: &str) -> Result<Erased, Error> {
        let mut erased = Erased { contacts: [contact_id.to_owned()].into(), ..Erased::default() };
        let links = self.links_of_contacts(scope, &[contact_id.to_owned()]).await?;
        if let Some(link) = links.get(contact_id) {
            let aliases = link_alias::Entity::find()
                .filter(link_alias::Column::InstallationId.eq(scope.id()))
                .filter(link_alias::Column::UserId.eq(link.user_id.as_str()))
                .all(self.db().reader())
                .await?;
            erased.contacts.extend(aliases.into_iter().map(|alias| alias.contact_id));
            erased.contacts.insert(link.contact_id.clone());
            erased.user = Some(link.user_id.clone());
        }
        let contacts: Vec<String> = erased.contacts.iter().cloned().collect();
        erased.waiting = self.waiting_for_contacts(scope, &contacts).await?;
        Ok(erased)
    }

    /// Takes out the users whose contact was erased.
    pub(super) async fn leave_erased_users<'a>(
        &self,
        turn: &Turn,
        taken: &'a [Taken],
        done: &mut Done,
    ) -> Result<Vec<&'a Taken>, Error> {
        let digest = |change: &Taken| user_digest(&turn.key, &change.id);
        let stones = self.tombstones(turn.scope(), taken.iter().map(digest).collect()).await?;
        let (erased, others): (Vec<&Taken>, Vec<&Taken>) =
            taken.iter().partition(|change| stones.contains(&digest(change)));
        for change in erased {
            let outcome = Outcome::new(Subject::User, &change.id, Action::Skipped);
            done.settle(change, outcome.because("erased_for_privacy"));
        }
        Ok(others)
    }

    /// Takes out the contacts that were erased, without naming them.
    pub(super) async fn leave_erased_contacts<'a>(
        &self,
        turn: &Turn,
        taken: &'a [Taken],
        done: &mut Done,
    ) -> Result<Vec<&'a Taken>, Error> {
        let digest = |change: &Taken| contact_digest(&turn.key, &change.id);
        let stones = self.tombstones(turn.scope(), taken.iter().map(digest).collect()).await?;
        let (erased, others): (Vec<&Taken>, Vec<&Taken>) =
            taken.iter().partition(|change| stones.contains(&digest(change)));
        for change in erased {
            let outcome = Outcome::nameless(Subject::Contact, Action::Skipped);
            done.settle(change, outcome.because("erased_for_privacy"));
        }
        Ok(others)
    }

    /// Whether a contact was erased.
    pub(super) async fn is_erased_contact(
        &self,
        scope: Scope,
        key: &DigestKey,
        contact_id: &str,
    ) -> Result<bool, Error> {
        Ok(!self.tombstones(scope, vec![contact_digest(key, contact_id)]).await?.is_empty())
    }

    /// Whether a user's contact was erased.
    pub(crate) async fn is_erased_user(
        &self,
        scope: Scope,
        key: &DigestKey,
        user_id: &str,
    ) -> Result<bool, Error> {
        Ok(!self.tombstones(scope, vec![user_digest(key, user_id)]).await?.is_empty())
    }

    /// Those of the digests that a tombstone bears.
    async fn tombstones(&self, scope: Scope, digests: Vec<String>) -> Result<HashSet<String>, Error> {
        let rows = tombstone::Entity::find()
            .filter(tombstone::Column::InstallationId.eq(scope.id()))
            .filter(tombstone::Column::Digest.is_in(digests))
            .all(self.db().reader())
            .await?;
        Ok(rows.into_iter().map(|row| row.digest).collect())
    }
}

impl Erased {
    fn digests(&self, key: &DigestKey) -> Vec<String> {
        let contacts = self.contacts.iter().map(|id| contact_digest(key, id));
        contacts.chain(self.user.iter().map(|id| user_digest(key, id))).collect()
    }

    /// What is still to be done about users, once work is allowed: the field of its own holds the contact's id.
    fn marks(&self, scope: Scope) -> impl Iterator<Item = Mark> {
        let mark = move |subject, user: &String| Mark::new(scope, subject, user, Origin::Sync);
        let own = self.user.iter().map(move |user| mark(Subject::Mirror, user));
        let others = self.waiting.iter().filter(|user| self.user.as_ref() != Some(user));
        own.chain(others.map(move |user| mark(Subject::User, user)))
    }

    /// The rows that name the contact or its user.
    fn naming(&self, contact: impl sea_orm::ColumnTrait, user: impl sea_orm::ColumnTrait) -> Condition {
        let of_contact = contact.is_in(self.contacts.iter().map(String::as_str));
        Condition::any().add(of_contact).add_option(self.user.as_deref().map(|id| user.eq(id)))
    }
}

fn user_digest(key: &DigestKey, id: &str) -> String {
    hex::encode(key.digest("tombstone.user", id))
}

fn contact_digest(key: &DigestKey, id: &str) -> String {
    hex::encode(key.digest("tombstone.contact", id))
}

/// Deletes what names the contact or its user: link, aliases, conflicts, previews, outcomes, and what waits for them.
async fn forget(on: &DatabaseTransaction, scope: Scope, erased: &Erased) -> Result<(), DbErr> {
    link::Entity::delete_many()
        .filter(link::Column::InstallationId.eq(scope.id()))
        .filter(erased.naming(link::Column::ContactId, link::Column::UserId))
        .exec(on)
        .await?;
    link_alias::Entity::delete_many()
        .filter(link_alias::Column::InstallationId.eq(scope.id()))
        .filter(erased.naming(link_alias::Column::ContactId, link_alias::Column::UserId))
        .exec(on)
        .await?;
    conflict::Entity::delete_many()
        .filter(conflict::Column::InstallationId.eq(scope.id()))
        .filter(erased.naming(conflict::Column::ContactId, conflict::Column::UserId))
        .exec(on)
        .await?;
    preview_row::Entity::delete_many()
        .filter(preview_row::Column::InstallationId.eq(scope.id()))
        .filter(erased.naming(preview_row::Column::ContactId, preview_row::Column::UserId))
        .exec(on)
        .await?;
    outcome::Entity::delete_many()
        .filter(outcome::Column::InstallationId.eq(scope.id()))
        .filter(erased.naming(outcome::Column::ContactId, outcome::Column::UserId))
        .exec(on)
        .await?;
    if let Some(user) = &erased.user {
        brake_row::Entity::delete_many()
            .filter(brake_row::Column::InstallationId.eq(scope.id()))
            .filter(brake_row::Column::UserId.eq(user.as_str()))
            .exec(on)
            .await?;
        forget_changes(on, scope, Subject::Mirror, [user.as_str()]).await?;
    }
    forget_changes(on, scope, Subject::Contact, erased.contacts.iter().map(String::as_str)).await
}

async fn forget_changes(
    on: &DatabaseTransaction,
    scope: Scope,
    subject: Subject,
    ids: impl IntoIterator<Item = &str>,
) -> Result<(), DbErr> {
    change::Entity::delete_many()
        .filter(change::Column::InstallationId.eq(scope.id()))
        .filter(change::Column::Subject.eq(subject.word()))
        .filter(change::Column::SubjectId.is_in(ids))
        .exec(on)
        .await?;
    Ok(())
}

async fn entomb(on: &DatabaseTransaction, scope: Scope, digests: Vec<String>, now: i64) -> Result<(), DbErr> {
    let stones = digests.into_iter().map(|digest| tombstone::ActiveModel {
        installation_id: Set(scope.id()),
        digest: Set(digest),
        created_at: Set(now),
    });
    let stands_already = OnConflict::columns([tombstone::Column::InstallationId, tombstone::Column::Digest])
        .update_column(tombstone::Column::Digest)
        .to_owned();
    tombstone::Entity::insert_many(stones).on_conflict(stands_already).exec_without_returning(on).await?;
    Ok(())
}
