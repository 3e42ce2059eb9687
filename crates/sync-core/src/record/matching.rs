//! Matching: which contact a user without a link belongs to, without ever making a second one.

use std::collections::{HashMap, HashSet};

use hubspot::{
    batch::BatchRead,
    record::{ObjectKind, Record},
};

use super::{
    done::Done,
    side::{Field, contact_emails, contact_properties},
    users::{Ready, Row},
    write::{self, Sent, Via},
};
use crate::{
    conflicts::{Kind, standing::is_kept_apart},
    core::Core,
    error::Error,
    fields::CONTACT_USER_ID,
    installation::Scope,
    merge::Directions,
    normalise,
    queue::{
        change::Subject,
        outcome::{Action, Outcome},
    },
    turn::Turn,
};

/// After so many reads by e-mail in a row that found nobody, the portal counts as empty and the read is left
/// out; the first 409 takes it up again.
const EMPTY_READS: u32 = 3;

impl Core {
    /// Pairs users that have no link: by e-mail with a contact that is free, else with one to be made.
    pub(super) async fn match_unlinked(
        &self,
        turn: &Turn,
        rows: Vec<Row>,
        done: &mut Done,
    ) -> Result<Vec<Ready>, Error> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let by_email = self.contacts_by_email(turn, &rows).await?;
        let candidates = rows.into_iter().map(|row| {
            let email = row.values.get(&Field::Email).and_then(normalise::email);
            let contact = email.and_then(|email| by_email.get(&email).cloned());
            (row, contact)
        });
        let candidates: Vec<_> = candidates.collect();
        self.pair_up(turn, candidates, done).await
    }

    /// Decides first-time pairs. A contact that is somebody else's is left alone for a person to decide.
    async fn pair_up(
        &self,
        turn: &Turn,
        candidates: Vec<(Row, Option<Record>)>,
        done: &mut Done,
    ) -> Result<Vec<Ready>, Error> {
        let found: Vec<String> =
            candidates.iter().filter_map(|(_, contact)| Some(contact.as_ref()?.id.clone())).collect();
        let owners = self.owners_of_contacts(turn.scope(), &found).await?;
        let directions = Directions { to_contact: true, to_user: turn.installation.settings.contact_edits };
        let mut claimed = HashSet::new();
        let mut ready = Vec::with_capacity(candidates.len());
        for (row, contact) in candidates {
            if let Some(contact) = &contact {
                if is_kept_apart(&row.conflicts, &contact.id) {
                    let outcome = Outcome::new(Subject::User, &row.taken.id, Action::Skipped);
                    done.settle(&row.taken, outcome.because("kept_apart").contact(&contact.id));
                    continue;
                }
                let named = contact.text(CONTACT_USER_ID).or(owners.get(&contact.id).map(String::as_str));
                let of_another = named.is_some_and(|owner| owner != row.taken.id);
                if of_another || !claimed.insert(contact.id.clone()) {
                    let outcome = Outcome::new(Subject::User, &row.taken.id, Action::Conflicted)
                        .because("contact_of_another_user")
                        .contact(&contact.id);
                    let kind = Kind::ContactOfAnotherUser;
                    done.conflicts.pair_stands(&row.taken.id, &contact.id, kind, &row.conflicts);
                    done.settle(&row.taken, outcome);
                    continue;
                }
            }
            let plan = self.plan_pair(turn, &row, contact.as_ref(), directions);
            let contact_id = contact.as_ref().map(|contact| contact.id.clone());
            ready.push(Ready { row, contact, contact_id, plan });
        }
        self.settle_by_newest(turn, &mut ready, directions).await?;
        Ok(ready)
    }

    async fn contacts_by_email(&self, turn: &Turn, rows: &[Row]) -> Result<HashMap<String, Record>, Error> {
        let emails: Vec<String> =
            rows.iter().filter_map(|row| row.values.get(&Field::Email).and_then(normalise::email)).collect();
        if emails.is_empty() || self.empty_reads(turn.scope()) >= EMPTY_READS {
            return Ok(HashMap::new());
        }
        let batch = BatchRead {
            ids: emails,
            id_property: Some(Field::Email.name().to_owned()),
            properties: contact_properties(&turn.fields),
            with_history: Vec::new(),
        };
        let reply = self.turn_portal(turn).await?.read(ObjectKind::Contact, &batch).await?;
        self.note_read(turn.scope(), reply.records.is_empty());
        let mut found = HashMap::new();
        for record in reply.records {
            for email in contact_emails(&record) {
                found.insert(email, record.clone());
            }
        }
        Ok(found)
    }

    /// Who each of these contacts is linked to already.
    async fn owners_of_contacts(
        &self,
        scope: Scope,
        contact_ids: &[String],
    ) -> Result<HashMap<String, String>, Error> {
        let links = self.links_of_contacts(scope, contact_ids).await?;
        Ok(links.into_iter().map(|(contact_id, link)| (contact_id, link.user_id)).collect())
    }

    /// Takes up the contacts HubSpot named when it refused to make a second one, and writes to them instead.
    pub(super) async fn adopt(
        &self,
        turn: &Turn,
        ready: Vec<Ready>,
        sent: &mut Sent,
        done: &mut Done,
    ) -> Result<Vec<Ready>, Error> {
        let named = |pair: &Ready, sent: &Sent| {
            let trace = &pair.row.taken.id;
            let refused = sent.refused.get(trace).filter(|_| !sent.written.contains_key(trace));
            refused.and_then(|problem| problem.existing_id.clone()).filter(|_| pair.contact_id.is_none())
        };
        let (adoptable, mut rest): (Vec<Ready>, Vec<Ready>) =
            ready.into_iter().partition(|pair| named(pair, sent).is_some());
        if adoptable.is_empty() {
            return Ok(rest);
        }
        self.note_read(turn.scope(), false);
        let ids = adoptable.iter().filter_map(|pair| named(pair, sent)).collect();
        let contacts = self.read_contacts(turn, ids).await?;
        let mut candidates = Vec::new();
        for pair in adoptable {
            match named(&pair, sent).and_then(|id| contacts.get(&id).cloned()) {
                Some(contact) => candidates.push((pair.row, Some(contact))),
                None => rest.push(pair),
            }
        }
        let adopted = self.pair_up(turn, candidates, done).await?;
        let writes = adopted.iter().filter_map(super::users::update_of).collect();
        let portal = self.turn_portal(turn).await?.clone();
        let again = write::send(&portal, Via::Update, writes).await?;
        for pair in &adopted {
            sent.refused.remove(&pair.row.taken.id);
        }
        sent.written.extend(again.written);
        sent.refused.extend(again.refused);
        rest.extend(adopted);
        Ok(rest)
    }
}
