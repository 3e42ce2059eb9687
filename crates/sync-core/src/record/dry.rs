//! What a sync would do: read and decided by the same functions, and nothing written. `finding` says what
//! came of it, without a value; the values are shown by whoever asks for an example, from what is read then.

use std::collections::{BTreeMap, HashMap, HashSet};

use hubspot::{
    batch::{BATCH, BatchRead},
    record::{ObjectKind, Record},
};
use serde_json::Value;
use storeganise::user::User;

use super::{
    contacts,
    deal::Deal,
    done::Done,
    finding::{Effect, Finding, finding_of},
    side::{Field, Values, contact_properties},
    users::{Ready, Row},
    won::{self, Found, NotBrought, Pass, link_of, new_user, won_patch},
};
use crate::{
    core::Core,
    error::Error,
    fields::{CONTACT_USER_ID, USER_CONTACT_ID},
    mapping,
    preview::examples::Shown,
    queue::{
        change::{Subject, Taken},
        outcome::{Action, Outcome},
    },
    settings::ContactKey,
    turn::Turn,
};

impl Core {
    /// What would happen to users. `unwritable` are contact properties that take no value from us.
    pub(crate) async fn dry_users(
        &self,
        turn: &Turn,
        ids: &[String],
        unwritable: &[String],
    ) -> Result<Vec<Finding>, Error> {
        let taken: Vec<Taken> = ids.iter().map(Taken::unmarked).collect();
        let mut done = Done::default();
        let rows = self.read_users(turn, &taken, &mut done).await?;
        let rows = self.leave_resting(turn, rows, &mut done).await?;
        let known: HashMap<String, Row> =
            rows.iter().map(|row| (row.taken.id.clone(), row.clone())).collect();
        let (linked, unlinked): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.link.is_some());
        let planned = self.plan_linked(turn, linked, &mut done).await?;
        let mut ready = self.without_missing(turn, planned, &mut done).await?;
        // Contacts that were merged: the sync would note that and look again.
        let moved: Vec<Row> = std::mem::take(&mut done.moved)
            .into_iter()
            .filter_map(|moved| {
                let mut link = moved.link;
                link.contact_id = moved.into.id;
                Some(Row { link: Some(link.clone()), ..known.get(&link.user_id)?.clone() })
            })
            .collect();
        ready.extend(self.plan_linked(turn, moved, &mut done).await?);
        let mut paired = self.match_unlinked(turn, unlinked, &mut done).await?;
        self.find_by_user_id(turn, &mut paired).await?;
        ready.extend(paired);
        let mut findings: Vec<Finding> =
            ready.iter().map(|pair| finding_of(turn, pair, unwritable)).collect();
        findings.extend(done.outcomes.into_iter().map(Finding::of_outcome));
        let said: HashSet<String> = findings.iter().map(|finding| finding.record.clone()).collect();
        let failed = done.failed.into_iter().filter(|(taken, _)| !said.contains(&taken.id));
        findings.extend(failed.map(|(taken, failure)| {
            Finding::of_outcome(Outcome::new(Subject::User, &taken.id, Action::Failed).because(failure.cause))
        }));
        Ok(findings)
    }

    /// A contact that was not read to decide may be missing: a sync would learn it from the refusal.
    async fn without_missing(
        &self,
        turn: &Turn,
        planned: Vec<Ready>,
        done: &mut Done,
    ) -> Result<Vec<Ready>, Error> {
        let is_unread = |pair: &Ready| pair.contact.is_none() && !pair.plan.to_contact.is_empty();
        let unread = planned.iter().filter(|pair| is_unread(pair));
        let contacts =
            self.read_contacts(turn, unread.filter_map(|pair| pair.contact_id.clone()).collect()).await?;
        let mut ready = Vec::with_capacity(planned.len());
        for pair in planned {
            let is_there = pair.contact_id.as_ref().is_some_and(|id| contacts.has(id));
            if is_unread(&pair) && !is_there {
                self.find_moved_contact(turn, &pair.row, done).await?;
            } else {
                ready.push(pair);
            }
        }
        Ok(ready)
    }

    /// An upsert goes by the user's id: it makes no contact where one holds it already.
    async fn find_by_user_id(&self, turn: &Turn, pairs: &mut [Ready]) -> Result<(), Error> {
        if turn.contact_key() != ContactKey::UserId {
            return Ok(());
        }
        let new: Vec<String> = pairs
            .iter()
            .filter(|pair| pair.contact_id.is_none())
            .map(|pair| pair.row.taken.id.clone())
            .collect();
        for ids in new.chunks(BATCH) {
            let batch = BatchRead {
                ids: ids.to_vec(),
                id_property: Some(CONTACT_USER_ID.to_owned()),
                properties: contact_properties(&turn.fields),
                with_history: Vec::new(),
            };
            let reply = self.turn_portal(turn).await?.read(ObjectKind::Contact, &batch).await?;
            for contact in reply.records {
                let of_user = contact.text(CONTACT_USER_ID).map(str::to_owned);
                if let Some(pair) = pairs.iter_mut().find(|pair| of_user.as_ref() == Some(&pair.row.taken.id))
                {
                    pair.contact_id = Some(contact.id.clone());
                    pair.contact = Some(contact);
                }
            }
        }
        Ok(())
    }

    /// What would happen to the contacts of deals. `to_be_made` are contacts that would have become users by then.
    pub(crate) async fn dry_deals(
        &self,
        turn: &Turn,
        ids: &[String],
        to_be_made: &mut HashSet<String>,
    ) -> Result<Vec<Finding>, Error> {
        let taken: Vec<Taken> = ids.iter().map(Taken::unmarked).collect();
        let mut done = Done::default();
        let mut won = self.won_deals(turn, &taken, &mut done).await?;
        won.sort_by_key(|(_, deal)| deal.closed_on);
        let (contacts_of, mut pass) = self.contacts_of_won(turn, &won).await?;
        let mut findings = Vec::new();
        for (_, deal) in &won {
            let of_deal = contacts_of.get(&deal.id).map_or(&[][..], Vec::as_slice);
            if of_deal.is_empty() {
                let outcome = Outcome::new(Subject::Deal, &deal.id, Action::Skipped);
                done.outcomes.push(outcome.because("deal_without_contact"));
            }
            for contact_id in of_deal {
                findings.push(self.dry_won(turn, deal, contact_id, &mut pass, to_be_made).await?);
            }
        }
        findings.extend(done.outcomes.into_iter().map(Finding::of_outcome));
        Ok(findings)
    }

    async fn dry_won(
        &self,
        turn: &Turn,
        deal: &Deal,
        contact_id: &str,
        pass: &mut Pass,
        to_be_made: &mut HashSet<String>,
    ) -> Result<Finding, Error> {
        let outcome = |action| Outcome::new(Subject::Deal, &deal.id, action).contact(contact_id);
        let Some(contact) = pass.contact(contact_id).cloned() else {
            return Ok(Finding::of_outcome(outcome(Action::Skipped).because("contact_gone")));
        };
        let blank = Finding::of_outcome(outcome(Action::Unchanged));
        let finding = match self.known_user(turn, &contact, pass).await? {
            Some(Ok(found)) => {
                let finding = self.dry_found(turn, deal, &contact, &found, pass).await?;
                Finding { user_id: Some(found.user.id), ..finding }
            }
            Some(Err(NotBrought::Skipped(reason))) => {
                Finding::of_outcome(outcome(Action::Skipped).because(reason))
            }
            Some(Err(NotBrought::Conflicted(reason, user_id))) => {
                Finding::of_outcome(outcome(Action::Conflicted).because(reason).user(&user_id))
            }
            Some(Err(NotBrought::Failed(cause))) => {
                Finding::of_outcome(outcome(Action::Failed).because(cause))
            }
            None if to_be_made.insert(contact_id.to_owned()) => Finding {
                contact: Effect::written(vec![CONTACT_USER_ID.to_owned()]),
                user: Effect { fields: fields_of_new(turn, &contact, deal), ..Effect::of(Action::Created) },
                ..blank
            },
            // A second deal of one who is not a user yet: its data is all it would bring.
            None => {
                Finding { user: Effect::written(deal.custom_fields(None).keys().cloned().collect()), ..blank }
            }
        };
        Ok(finding)
    }

    async fn dry_found(
        &self,
        turn: &Turn,
        deal: &Deal,
        contact: &Record,
        found: &Found,
        pass: &mut Pass,
    ) -> Result<Finding, Error> {
        let user_id = &found.user.id;
        let conflicts = self.conflicts_of(turn.scope(), std::slice::from_ref(user_id)).await?.remove(user_id);
        let (row, plan) = self.plan_won(turn, &found.user, contact, conflicts.unwrap_or_default(), pass);
        let (_, user_fields) = won_patch(turn, deal, contact, found, &plan);
        let patch = won::contact_patch(turn.holds_user_id(), &row, contact, &plan);
        pass.pair(link_of(turn, &found.user, contact, &plan, None));
        let outcome = Outcome::new(Subject::Deal, &deal.id, Action::Unchanged).contact(&contact.id);
        Ok(Finding {
            contact: Effect::written(names(&plan.to_contact, &patch)),
            user: Effect::written(user_fields),
            ..Finding::of_outcome(outcome)
        })
    }
}

fn names(fields: &[Field], patch: &BTreeMap<String, String>) -> Vec<String> {
    let id = patch.contains_key(CONTACT_USER_ID).then(|| CONTACT_USER_ID.to_owned());
    fields.iter().map(|field| field.name().to_owned()).chain(id).collect()
}

fn fields_of_new(turn: &Turn, contact: &Record, deal: &Deal) -> Vec<String> {
    let values = Values::of_contact(contact, &turn.fields);
    let built_in = Field::BUILT_IN.iter().filter(|field| values.get(field).is_some());
    let custom = new_user(turn, contact, deal).custom_fields;
    built_in.map(|field| field.name().to_owned()).chain(custom.keys().cloned()).collect()
}

/// The values behind the names of fields on the contact: as they are, and as they would be.
pub(crate) fn shown_on_contact(
    fields: &[Field],
    names: &[String],
    user: &User,
    contact: Option<&Record>,
) -> Vec<Shown> {
    let named: Vec<Field> =
        fields.iter().filter(|field| names.iter().any(|n| n == field.name())).cloned().collect();
    let mut patch = contacts::properties(&named, &Values::of_user(user, fields), contact);
    if names.iter().any(|name| name == CONTACT_USER_ID) {
        patch.insert(CONTACT_USER_ID.to_owned(), user.id.clone());
    }
    let shown = patch.into_iter().map(|(name, then)| Shown {
        now: contact.and_then(|contact| contact.text(&name)).map(str::to_owned),
        then: Some(then).filter(|then| !then.is_empty()),
        field: name,
    });
    shown.collect()
}

/// The values behind the names of fields on the user: as they are, and as they would be.
pub(crate) fn shown_on_user(
    fields: &[Field],
    names: &[String],
    user: Option<&User>,
    contact: Option<&Record>,
    deal: Option<&Record>,
) -> Vec<Shown> {
    let now = user.map(|user| Values::of_user(user, fields)).unwrap_or_default();
    let then = contact.map(|contact| Values::of_contact(contact, fields)).unwrap_or_default();
    let deal = deal.map(|deal| Deal::of_record(deal).custom_fields(None)).unwrap_or_default();
    let custom = user.and_then(|user| user.custom_fields.as_ref());
    let shown = names.iter().map(|name| {
        if let Some(field) = fields.iter().find(|field| field.name() == name) {
            return Shown {
                field: field.user_name(),
                now: now.get(field).map(str::to_owned),
                then: then.get(field).map(str::to_owned),
            };
        }
        let contact_id = contact.filter(|_| name == USER_CONTACT_ID).map(|contact| contact.id.clone());
        Shown {
            now: mapping::text_of(custom.and_then(|fields| fields.get(name))),
            then: contact_id.or_else(|| deal.get(name).and_then(Value::as_str).map(str::to_owned)),
            field: name.clone(),
        }
    });
    shown.collect()
}
