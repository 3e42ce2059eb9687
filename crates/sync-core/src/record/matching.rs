//! Matching: which contact a user without a link belongs to, without ever making a second one.

use std::collections::{HashMap, HashSet};

use hubspot::{
    batch::BatchRead,
    record::{ObjectKind, Record},
};
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};

use super::{
    done::Done,
    link::Link,
    pairs::write_of,
    side::{Field, contact_emails, contact_properties},
    users::{Ready, Row},
    write::{self, Sent},
};
use crate::{
    conflicts::{Kind, standing::is_kept_apart},
    core::Core,
    error::Error,
    fields::CONTACT_USER_ID,
    merge::{self, Directions},
    normalise,
    queue::{
        change::{Failure, Mark, Origin, Subject},
        outcome::{Action, Outcome},
    },
    settings::ContactKey,
    storage::entity::connection,
    turn::Turn,
};

/// After so many reads by e-mail in a row that found nobody, the portal counts as empty and the read is left
/// out; the first 409 takes it up again.
const EMPTY_READS: u32 = 3;
/// How often a user waits for another one to leave the address it has given up.
const WAITS_FOR_ADDRESS: u32 = 3;
const WAIT_FOR_ADDRESS_MICROS: i64 = 500_000;

/// Whose a contact is that another user is to be paired with.
enum Owner {
    /// Nobody's any more: the user it names is gone.
    Nobody,
    /// A user's who has another address by now, and will leave it.
    Leaving,
    /// A user's.
    Somebody,
}

impl Core {
    /// Pairs users that have no link: by e-mail with a contact that is free, else with one to be made.
    pub(super) async fn match_unlinked(
        &self,
        turn: &Turn,
        rows: Vec<Row>,
        done: &mut Done,
    ) -> Result<Vec<Ready>, Error> {
        let rows = match turn.contact_key() {
            ContactKey::UserId => rows,
            ContactKey::Email => leave_nameless(rows, done),
        };
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let by_email = self.contacts_by_email(turn, &rows).await?;
        let candidates = rows.into_iter().map(|row| {
            let contact = email_of(&row).and_then(|email| by_email.get(&email).cloned());
            (row, contact)
        });
        let candidates: Vec<_> = candidates.collect();
        self.pair_up(turn, candidates, HashSet::new(), done).await
    }

    /// Decides first-time pairs. A contact that is somebody else's is left alone for a person to decide; so is one
    /// that was `claimed` in this batch.
    async fn pair_up(
        &self,
        turn: &Turn,
        candidates: Vec<(Row, Option<Record>)>,
        mut claimed: HashSet<String>,
        done: &mut Done,
    ) -> Result<Vec<Ready>, Error> {
        let found: Vec<String> =
            candidates.iter().filter_map(|(_, contact)| Some(contact.as_ref()?.id.clone())).collect();
        let links = self.links_of_contacts(turn.scope(), &found).await?;
        let directions = Directions { to_contact: true, to_user: turn.installation.settings.contact_edits };
        let mut ready = Vec::with_capacity(candidates.len());
        for (row, contact) in candidates {
            if let Some(contact) = &contact {
                if is_kept_apart(&row.conflicts, &contact.id) {
                    let outcome = Outcome::new(Subject::User, &row.taken.id, Action::Skipped);
                    done.settle(&row.taken, outcome.because("kept_apart").contact(&contact.id));
                    continue;
                }
                let owner = self.owner_of(turn, &row, contact, links.get(&contact.id), done).await?;
                match owner {
                    Owner::Nobody if claimed.insert(contact.id.clone()) => {}
                    Owner::Leaving => {
                        wait_for_address(self.now_micros(), &row, done);
                        continue;
                    }
                    Owner::Nobody | Owner::Somebody => {
                        let outcome = Outcome::new(Subject::User, &row.taken.id, Action::Conflicted);
                        let outcome = outcome.because("contact_of_another_user").contact(&contact.id);
                        let kind = Kind::ContactOfAnotherUser;
                        done.conflicts.pair_stands(&row.taken.id, &contact.id, kind, &row.conflicts);
                        done.settle(&row.taken, outcome);
                        continue;
                    }
                }
            }
            let plan = self.plan_pair(turn, &row, contact.as_ref(), directions);
            let contact_id = contact.as_ref().map(|contact| contact.id.clone());
            ready.push(Ready { row, contact, contact_id, plan });
        }
        self.settle_by_newest(turn, &mut ready, directions).await?;
        Ok(ready)
    }

    /// Whose a contact is, as far as this row is concerned. A link to a user that is gone goes with it.
    async fn owner_of(
        &self,
        turn: &Turn,
        row: &Row,
        contact: &Record,
        link: Option<&Link>,
        done: &mut Done,
    ) -> Result<Owner, Error> {
        let link = link.filter(|link| link.user_id != row.taken.id);
        let may_wait = row.taken.attempts < WAITS_FOR_ADDRESS;
        if let (Some(link), Some(email), true) = (link, email_of(row), may_wait)
            && self.has_left(turn, link, &email).await?
        {
            let user = link.user_id.clone();
            done.marks.push(Mark::new(turn.scope(), Subject::User, user, Origin::Sync));
            return Ok(Owner::Leaving);
        }
        let named = contact.text(CONTACT_USER_ID).filter(|named| *named != row.taken.id);
        let linked = link.map(|link| link.user_id.as_str()).filter(|linked| Some(*linked) != named);
        for user_id in named.into_iter().chain(linked) {
            if self.is_still_somebodys(turn, user_id).await? {
                return Ok(Owner::Somebody);
            }
        }
        done.forgotten.extend(link.map(|link| link.user_id.clone()));
        Ok(Owner::Nobody)
    }

    /// Whether a linked user has another address by now than `email`, which both sides of the pair last agreed on:
    /// its contact will have the new one as soon as the user is worked.
    pub(super) async fn has_left(&self, turn: &Turn, link: &Link, email: &str) -> Result<bool, Error> {
        let digest = turn.key.digest(Field::Email.name(), email);
        if link.baseline.of(&Field::Email) != merge::Baseline::Agreed(Some(digest)) {
            return Ok(false);
        }
        let user = turn.account.user(&link.user_id).await?;
        let has_now = user.and_then(|user| user.email).as_deref().and_then(normalise::email);
        Ok(has_now.is_some_and(|now| now != email))
    }

    /// Whether the user a contact names exists. Where several businesses share a portal, it may be another one's,
    /// and nobody can say.
    pub(super) async fn is_still_somebodys(&self, turn: &Turn, user_id: &str) -> Result<bool, Error> {
        if turn.account.user(user_id).await?.is_some() {
            return Ok(true);
        }
        let Some(connection) = self.connection(turn.scope()).await? else { return Ok(true) };
        let sharing = connection::Entity::find()
            .filter(connection::Column::PortalId.eq(connection.portal_id))
            .count(self.db().reader())
            .await?;
        Ok(sharing > 1)
    }

    async fn contacts_by_email(&self, turn: &Turn, rows: &[Row]) -> Result<HashMap<String, Record>, Error> {
        let emails: Vec<String> = rows.iter().filter_map(email_of).collect();
        // Only where making a contact is safe to repeat may the look be left out.
        // A preview has no 409 to learn from: it always reads.
        let counts_as_empty = !turn.dry
            && turn.contact_key() == ContactKey::UserId
            && self.empty_reads(turn.scope()) >= EMPTY_READS;
        if emails.is_empty() || counts_as_empty {
            return Ok(HashMap::new());
        }
        let batch = BatchRead {
            ids: emails,
            id_property: Some(Field::Email.name().to_owned()),
            properties: contact_properties(&turn.fields),
            with_history: Vec::new(),
        };
        let reply = self.turn_portal(turn).await?.read(ObjectKind::Contact, &batch).await?;
        if !turn.dry {
            self.note_read(turn.scope(), reply.records.is_empty() && reply.unread.is_empty());
        }
        let mut found = HashMap::new();
        for record in reply.records {
            for email in contact_emails(&record) {
                found.insert(email, record.clone());
            }
        }
        Ok(found)
    }

    /// Takes up the contacts HubSpot named when it refused to make a second one, or to give one user's id to two, and
    /// writes to them instead.
    pub(super) async fn adopt(
        &self,
        turn: &Turn,
        ready: Vec<Ready>,
        sent: &mut Sent,
        done: &mut Done,
    ) -> Result<Vec<Ready>, Error> {
        let (adoptable, mut rest): (Vec<Ready>, Vec<Ready>) =
            ready.into_iter().partition(|pair| to_adopt(pair, sent).is_some());
        if adoptable.is_empty() {
            return Ok(rest);
        }
        self.note_read(turn.scope(), false);
        let ids = adoptable.iter().filter_map(|pair| to_adopt(pair, sent)).collect();
        let mut contacts = self.read_contacts(turn, ids).await?;
        let written = sent.written.values().map(|written| written.contact_id.clone());
        let claimed = written.chain(rest.iter().filter_map(|pair| pair.contact_id.clone())).collect();
        let mut candidates = Vec::new();
        for pair in adoptable {
            let id = to_adopt(&pair, sent).unwrap_or_default();
            if let Some(path) = contacts.unread.get(&id) {
                done.park_unread(&pair.row.taken, Subject::User, path);
            } else if let Some(contact) = contacts.found.remove(&id) {
                candidates.push((pair.row, Some(contact)));
            } else {
                rest.push(pair);
            }
        }
        let adopted = self.pair_up(turn, candidates, claimed, done).await?;
        for pair in &adopted {
            sent.refused.remove(&pair.row.taken.id);
        }
        let writes = adopted.iter().filter_map(|pair| write_of(turn, pair)).collect();
        let portal = self.turn_portal(turn).await?.clone();
        sent.take_in(write::send_all(&portal, writes).await?);
        rest.extend(adopted);
        Ok(rest)
    }
}

/// The contact a pair is to be made with after all: HubSpot named it when it refused another.
fn to_adopt(pair: &Ready, sent: &Sent) -> Option<String> {
    let trace = &pair.row.taken.id;
    let problem = sent.refused.get(trace).filter(|_| !sent.written.contains_key(trace))?;
    let is_new = pair.row.link.is_none();
    let is_the_users = pair.contact_id.is_none() || problem.is_taken(CONTACT_USER_ID);
    problem.existing_id.clone().filter(|_| is_new && is_the_users)
}

/// Where contacts are found by their e-mail, a user without one is left out.
fn leave_nameless(rows: Vec<Row>, done: &mut Done) -> Vec<Row> {
    let (named, nameless): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| email_of(row).is_some());
    for row in nameless {
        let outcome = Outcome::new(Subject::User, &row.taken.id, Action::Skipped);
        done.settle(&row.taken, outcome.because("no_email_key"));
    }
    named
}

/// Puts a user back until the one that has given up the address is worked; it is counted, so that this ends.
fn wait_for_address(now: i64, row: &Row, done: &mut Done) {
    let failure =
        Failure { cause: "address_not_free_yet".to_owned(), due_at: Some(now + WAIT_FOR_ADDRESS_MICROS) };
    done.failed.push((row.taken.clone(), failure));
}

fn email_of(row: &Row) -> Option<String> {
    row.values.get(&Field::Email).and_then(normalise::email)
}
