//! Users → contacts: read the users, decide each pair, write a hundred contacts in one request, remember.

use std::collections::{BTreeMap, HashMap};

use hubspot::{
    batch::BatchRead,
    record::{ObjectKind, Record, Write},
};
use storeganise::{client::IDS_PER_REQUEST, user::User};

use super::{
    asked::other_contact,
    contacts,
    decide::{Ground, Pair, decide},
    done::Done,
    link::Link,
    plan::{Plan, needs_contact},
    side::{Field, Values, contact_properties},
    write::{self, Sent, Via},
};
use crate::{
    conflicts::{Conflict, pair},
    core::Core,
    error::Error,
    fields::{CONTACT_USER_ID, USER_CONTACT_ID},
    merge::Directions,
    queue::{
        change::{Failure, Mark, Origin, Subject, Taken},
        outcome::{Action, Outcome},
    },
    retry::wait_after,
    turn::Turn,
};

/// A user that is to be synced, and its link where it has one.
#[derive(Debug)]
pub(crate) struct Row {
    pub taken: Taken,
    pub user: User,
    pub values: Values,
    pub link: Option<Link>,
    /// What a person has to decide about it, or has decided.
    pub conflicts: Vec<Conflict>,
}

/// A row that was decided.
#[derive(Debug)]
pub(crate) struct Ready {
    pub row: Row,
    /// The contact it is paired with; none where one is to be made.
    pub contact: Option<Record>,
    /// The contact's id, where it is known.
    pub contact_id: Option<String>,
    pub plan: Plan,
}

impl Core {
    /// Looks at up to a hundred users and brings their contacts up to date.
    pub(crate) async fn work_users(&self, turn: &Turn, taken: &[Taken]) -> Result<(), Error> {
        let mut done = Done::default();
        let rows = self.read_users(turn, taken, &mut done).await?;
        let (chosen, rows): (Vec<Row>, Vec<Row>) =
            rows.into_iter().partition(|row| pair::wanted(row).is_some());
        let (linked, unlinked): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.link.is_some());
        let mut ready = self.plan_linked(turn, linked, &mut done).await?;
        ready.extend(self.match_unlinked(turn, unlinked, &mut done).await?);
        ready.extend(self.pair_by_choice(turn, chosen, &mut done).await?);
        let ready = self.brake_users(turn, ready, &mut done).await?;
        self.write_pairs(turn, ready, &mut done).await?;
        self.record_done(turn, Subject::User, done).await
    }

    /// Reads the users taken, fifty in a request. What comes back is checked against what was asked: a user
    /// that is missing is asked for by itself before it counts as gone.
    async fn read_users(&self, turn: &Turn, taken: &[Taken], done: &mut Done) -> Result<Vec<Row>, Error> {
        let ids: Vec<String> = taken.iter().map(|change| change.id.clone()).collect();
        let mut users: HashMap<String, User> = HashMap::new();
        for ids in ids.chunks(IDS_PER_REQUEST) {
            let found = turn.account.users_by_ids(ids).await?;
            users.extend(found.into_iter().map(|user| (user.id.clone(), user)));
        }
        let maps_custom = !turn.installation.settings.custom_fields.is_empty();
        let mut links = self.links_of_users(turn.scope(), &ids).await?;
        let mut conflicts = self.conflicts_of(turn.scope(), &ids).await?;
        let mut rows = Vec::with_capacity(taken.len());
        for change in taken {
            let user = match users.remove(&change.id) {
                Some(user) if user.custom_fields.is_some() || !maps_custom => Some(user),
                // Missing, or without the custom fields that were asked for: by itself before it counts.
                _ => turn.account.user(&change.id).await?,
            };
            let outcome = |action| Outcome::new(Subject::User, &change.id, action);
            let conflicts = conflicts.remove(&change.id).unwrap_or_default();
            if user.is_none() {
                conflicts.iter().for_each(|known| done.conflicts.over(known));
            }
            match user {
                None => done.settle(change, outcome(Action::Skipped).because("user_gone")),
                Some(user) if !user.roles.is_empty() => {
                    done.settle(change, outcome(Action::Skipped).because("staff"));
                }
                Some(user) if user.custom_fields.is_none() && maps_custom => {
                    // What is not shown must not be taken for blank.
                    let names =
                        turn.installation.settings.custom_fields.iter().map(|m| m.user_field.as_str());
                    done.park(change, outcome(Action::Failed).because("unexpected_answer").fields(names));
                }
                Some(user) => {
                    let values = Values::of_user(&user, &turn.fields);
                    let link = links.remove(&change.id);
                    if values.is_empty() {
                        done.settle(change, outcome(Action::Skipped).because("empty_profile"));
                    } else {
                        rows.push(Row { taken: change.clone(), user, values, link, conflicts });
                    }
                }
            }
        }
        Ok(rows)
    }

    /// Decides the linked rows; the contact is read only where its value can change the decision.
    async fn plan_linked(&self, turn: &Turn, rows: Vec<Row>, done: &mut Done) -> Result<Vec<Ready>, Error> {
        let settings = &turn.installation.settings;
        let mut asked = Vec::new();
        for row in &rows {
            let Some(link) = &row.link else { continue };
            let digests =
                row.values.digests(&turn.key, &settings.as_of(&link.baseline_version).unwrap_or_default());
            let unread_is_enough = !needs_contact(
                &turn.fields,
                &digests,
                &link.baseline,
                settings.conflict_policy,
                settings.contact_edits,
            );
            if !unread_is_enough || !row.conflicts.is_empty() {
                asked.push(link.contact_id.clone());
            }
        }
        let in_question: Vec<String> = rows.iter().flat_map(other_contact).collect();
        let both = asked.iter().chain(&in_question).cloned().collect();
        let contacts = self.read_contacts(turn, both).await?;
        let directions = Directions { to_contact: true, to_user: settings.contact_edits };
        let mut ready = Vec::with_capacity(rows.len());
        for mut row in rows {
            row.note_gone_contact(&contacts);
            let contact_id = row.link.as_ref().map(|link| link.contact_id.clone()).unwrap_or_default();
            let contact = contacts.get(&contact_id).cloned();
            if contact.is_none() && asked.contains(&contact_id) {
                self.find_moved_contact(turn, &row, done).await?;
                continue;
            }
            let plan = self.plan_pair(turn, &row, contact.as_ref(), directions);
            ready.push(Ready { row, contact, contact_id: Some(contact_id), plan });
        }
        self.settle_by_newest(turn, &mut ready, directions).await?;
        Ok(ready)
    }

    /// Decides one pair of a turn.
    pub(crate) fn plan_pair(
        &self,
        turn: &Turn,
        row: &Row,
        contact: Option<&Record>,
        directions: Directions,
    ) -> Plan {
        let ground = Ground { settings: &turn.installation.settings, key: &turn.key, fields: &turn.fields };
        let pair = Pair {
            user: &row.user,
            values: &row.values,
            link: row.link.as_ref(),
            contact,
            conflicts: &row.conflicts,
        };
        decide(ground, pair, directions, self.now_micros())
    }

    /// Reads contacts by their ids, a hundred in a request.
    pub(crate) async fn read_contacts(
        &self,
        turn: &Turn,
        ids: Vec<String>,
    ) -> Result<HashMap<String, Record>, Error> {
        self.read_contacts_with_history(turn, ids, Vec::new()).await
    }

    /// The same, with when these properties were written.
    pub(super) async fn read_contacts_with_history(
        &self,
        turn: &Turn,
        ids: Vec<String>,
        with_history: Vec<String>,
    ) -> Result<HashMap<String, Record>, Error> {
        let mut found = HashMap::new();
        for chunk in ids.chunks(hubspot::batch::BATCH) {
            let batch = BatchRead {
                ids: chunk.to_vec(),
                id_property: None,
                properties: contact_properties(&turn.fields),
                with_history: with_history.clone(),
            };
            let reply = self.turn_portal(turn).await?.read(ObjectKind::Contact, &batch).await?;
            found.extend(reply.records.into_iter().map(|record| (record.id.clone(), record)));
        }
        Ok(found)
    }

    /// A linked contact that does not answer was merged into another, or is gone. Either way the user is
    /// looked at again at once, under what was found.
    async fn find_moved_contact(&self, turn: &Turn, row: &Row, done: &mut Done) -> Result<(), Error> {
        let Some(link) = &row.link else { return Ok(()) };
        let portal = self.turn_portal(turn).await?;
        match portal.get(ObjectKind::Contact, &link.contact_id, &[CONTACT_USER_ID]).await? {
            Some(record) if record.id != link.contact_id => {
                done.relinked.push((link.clone(), record.id));
            }
            Some(_) => {
                // There by itself and not in the batch: tried again, but not for ever.
                let wait = wait_after(row.taken.attempts + 1, None, self.random());
                let pause = wait.and_then(|wait| i64::try_from(wait.as_micros()).ok());
                let due_at = pause.map(|pause| self.now_micros() + pause);
                let failure = Failure { cause: "hubspot.not_found".to_owned(), due_at };
                done.failed.push((row.taken.clone(), failure));
                return Ok(());
            }
            None => done.forgotten.push(link.user_id.clone()),
        }
        done.marks.push(Mark::new(turn.scope(), Subject::User, row.taken.id.clone(), Origin::Sync));
        Ok(())
    }

    /// Writes what was decided: to contacts in batches, to users one by one.
    pub(super) async fn write_pairs(
        &self,
        turn: &Turn,
        ready: Vec<Ready>,
        done: &mut Done,
    ) -> Result<(), Error> {
        let (mut updates, mut upserts) = (Vec::new(), Vec::new());
        for pair in &ready {
            if pair.contact_id.is_some() {
                updates.extend(update_of(pair));
            } else {
                let trace = pair.row.taken.id.clone();
                upserts.push(Write { id: trace.clone(), trace, properties: contact_patch(pair) });
            }
        }
        let mut sent = Sent::default();
        if !updates.is_empty() || !upserts.is_empty() {
            let portal = self.turn_portal(turn).await?.clone();
            for (via, writes) in [(Via::Update, updates), (Via::Upsert, upserts)] {
                let first = write::send(&portal, via, writes.clone()).await?;
                let again: Vec<Write> = writes
                    .iter()
                    .filter_map(|row| write::without_refused_fields(row, first.refused.get(&row.trace)?))
                    .collect();
                let second = write::send(&portal, via, again).await?;
                sent.written.extend(first.written);
                sent.written.extend(second.written);
                sent.refused.extend(first.refused);
                sent.refused.extend(second.refused);
            }
        }
        let ready = self.adopt(turn, ready, &mut sent, done).await?;
        for pair in ready {
            self.finish_pair(turn, pair, &sent, done).await?;
        }
        Ok(())
    }

    /// Brings one pair to its end: the user's side, the link, the mirror, the outcome.
    async fn finish_pair(&self, turn: &Turn, pair: Ready, sent: &Sent, done: &mut Done) -> Result<(), Error> {
        let trace = pair.row.taken.id.clone();
        let refused = sent.refused.get(&trace);
        let written = sent.written.get(&trace);
        if let (Some(problem), None) = (refused, written) {
            if pair.row.link.is_some() && write::is_gone(problem) {
                return self.find_moved_contact(turn, &pair.row, done).await;
            }
            let outcome = Outcome::new(Subject::User, &trace, Action::Failed)
                .because("hubspot.refused")
                .fields(problem.fields.iter().map(|field| field.name.clone()))
                .correlation(problem.correlation_id.clone());
            done.park(&pair.row.taken, outcome);
            return Ok(());
        }
        let contact_id =
            written.map(|written| written.contact_id.clone()).or_else(|| pair.contact_id.clone());
        let contact_id = contact_id.ok_or(Error::Corrupt("pair without a contact"))?;
        let made = written.is_some_and(|written| written.is_new);
        let user_updated = contacts::write_user(turn, &pair).await?;
        let mut baseline = pair.plan.baseline.clone();
        if made {
            // Whatever the user leaves blank is blank on both sides of a contact we have just made.
            baseline.agree_on_blanks(&turn.fields);
        }
        let is_refused = |field: &Field| {
            refused.is_some_and(|problem| problem.fields.iter().any(|known| known.name == field.name()))
        };
        for field in turn.fields.iter().filter(|field| is_refused(field)) {
            baseline.disagree(field);
        }
        let contact = pair.contact.as_ref().map(|contact| Values::of_contact(contact, &turn.fields));
        let unfit = contacts::unfit(&pair.plan, &pair.row.values, contact.as_ref());
        unfit.iter().for_each(|field| baseline.disagree(field));
        let link = Link {
            user_id: trace.clone(),
            contact_id: contact_id.clone(),
            baseline,
            baseline_version: turn.installation.settings.baseline_version(),
            mirrored_contact_id: mirrored(&pair.row, &contact_id),
            user_updated: user_updated.or_else(|| updated_micros(&pair.row.user)),
            flips: pair.row.flips_after(&pair.plan, self.now_micros()),
        };
        done.conflicts.after_pair(&pair.row, &pair.plan, &contact_id);
        let is_mirrored = link.mirrored_contact_id.as_deref() == Some(contact_id.as_str());
        if turn.installation.settings.mirrors && !is_mirrored {
            done.marks.push(Mark::new(turn.scope(), Subject::Mirror, trace.clone(), Origin::Sync));
        }
        done.outcomes.push(outcome_of(&pair, refused, &unfit, made).contact(&contact_id));
        done.settled.push(pair.row.taken);
        done.links.push(link);
        Ok(())
    }
}

/// The write that brings a known contact up to date; none where there is nothing to write.
pub(super) fn update_of(pair: &Ready) -> Option<Write> {
    let properties = contact_patch(pair);
    let id = pair.contact_id.clone().filter(|_| !properties.is_empty())?;
    Some(Write { id, trace: pair.row.taken.id.clone(), properties })
}

/// What is written to the contact: the decided fields, and the user's id where it is not there yet.
fn contact_patch(pair: &Ready) -> BTreeMap<String, String> {
    let mut patch = contacts::properties(&pair.plan.to_contact, &pair.row.values, pair.contact.as_ref());
    let holds_id = pair.row.link.is_some() && pair.contact.is_none()
        || pair.contact.as_ref().and_then(|contact| contact.text(CONTACT_USER_ID))
            == Some(pair.row.taken.id.as_str());
    if !holds_id {
        patch.insert(CONTACT_USER_ID.to_owned(), pair.row.taken.id.clone());
    }
    patch
}

/// The contact id the user's custom field is known to hold.
fn mirrored(row: &Row, contact_id: &str) -> Option<String> {
    let shown = row.user.custom_fields.as_ref().and_then(|fields| fields.get(USER_CONTACT_ID));
    if shown.and_then(|value| value.as_str()) == Some(contact_id) {
        return Some(contact_id.to_owned());
    }
    row.link.as_ref().and_then(|link| link.mirrored_contact_id.clone()).filter(|known| known == contact_id)
}

/// The user's own time of its last update, in microseconds since 1970.
pub(crate) fn updated_micros(user: &User) -> Option<i64> {
    i64::try_from(user.updated?.unix_timestamp_nanos() / 1_000).ok()
}

fn outcome_of(
    pair: &Ready,
    refused: Option<&hubspot::problem::Problem>,
    unfit: &[Field],
    made: bool,
) -> Outcome {
    let plan = &pair.plan;
    let written = plan.to_contact.iter().chain(&plan.to_user).filter(|field| !unfit.contains(field));
    let fields: Vec<&str> = written.map(Field::name).collect();
    let action = match (made, fields.is_empty()) {
        (true, _) => Action::Created,
        (false, false) => Action::Updated,
        (false, true) if pair.row.link.is_none() => Action::Updated,
        (false, true) => Action::Unchanged,
    };
    let outcome = Outcome::new(Subject::User, &pair.row.taken.id, action).fields(fields);
    if let Some(problem) = refused {
        return outcome
            .because("hubspot.refused_fields")
            .fields(problem.fields.iter().map(|field| field.name.clone()))
            .correlation(problem.correlation_id.clone());
    }
    if !plan.asks.is_empty() {
        return Outcome { action: Action::Conflicted, ..outcome }
            .because("conflict_to_decide")
            .fields(plan.asks.iter().map(Field::name));
    }
    if !plan.flips.is_empty() {
        return Outcome { action: Action::Conflicted, ..outcome }
            .because("field_flips")
            .fields(plan.flips.iter().map(Field::name));
    }
    if !unfit.is_empty() {
        return outcome.because("value_does_not_fit").fields(unfit.iter().map(Field::name));
    }
    if !plan.chosen.is_empty() {
        return outcome.because("conflict_chosen").fields(plan.chosen.iter().map(Field::name));
    }
    if !plan.conflicts.is_empty() {
        return outcome.because("conflict_decided").fields(plan.conflicts.iter().map(|field| field.name()));
    }
    if pair.row.link.is_none() && !made { outcome.because("linked") } else { outcome }
}
