//! What is written for each pair: contacts in batches, users one by one, and what the link remembers of it.

use std::collections::BTreeMap;

use hubspot::{problem::Problem, record::Write};

use super::{
    baseline::Baseline,
    contacts,
    done::Done,
    link::Link,
    side::{Field, Values},
    users::{Ready, Row, updated_micros},
    write::{self, Sent, Via, Written},
};
use crate::{
    core::Core,
    error::Error,
    fields::{CONTACT_USER_ID, USER_CONTACT_ID},
    queue::{
        change::{Mark, Origin, Subject},
        outcome::{Action, Outcome},
    },
    settings::ContactKey,
    turn::Turn,
};

/// How often a refused row is sent again with less in it.
const NARROWINGS: usize = 2;

impl Core {
    /// Writes what was decided: to contacts in batches, to users one by one.
    pub(super) async fn write_pairs(
        &self,
        turn: &Turn,
        ready: Vec<Ready>,
        done: &mut Done,
    ) -> Result<(), Error> {
        let mut sent = Sent::default();
        let writes: Vec<(Via, Write)> = ready.iter().filter_map(|pair| write_of(turn, pair)).collect();
        if !writes.is_empty() {
            let portal = self.turn_portal(turn).await?.clone();
            sent = write::send_all(&portal, writes).await?;
        }
        self.untangle(turn, &ready, &mut sent, done).await?;
        let ready = self.adopt(turn, ready, &mut sent, done).await?;
        self.write_the_rest(turn, &ready, &mut sent).await?;
        for pair in ready {
            self.finish_pair(turn, pair, &sent, done).await?;
        }
        Ok(())
    }

    /// Writes refused rows again without what was in the way: HubSpot does not always name everything at once.
    async fn write_the_rest(&self, turn: &Turn, ready: &[Ready], sent: &mut Sent) -> Result<(), Error> {
        for _ in 0..NARROWINGS {
            let (mut rest, mut nothing_left) = (Vec::new(), Vec::new());
            for pair in ready {
                let Some(problem) = sent.refusal(&pair.row.taken.id) else { continue };
                let Some((via, write)) = write_of(turn, pair) else { continue };
                match write::without_refused_fields(&write, problem) {
                    Some(write) if !write.properties.is_empty() => rest.push((via, write)),
                    Some(write) if via == Via::Update => nothing_left.push(write),
                    _ => {}
                }
            }
            for write in nothing_left {
                // The pair stands, but for what was refused.
                sent.written.insert(write.trace, Written { contact_id: write.id, is_new: false });
            }
            if rest.is_empty() {
                return Ok(());
            }
            let portal = self.turn_portal(turn).await?.clone();
            let later = write::send_all(&portal, rest).await?;
            let is_over = later.refused.is_empty();
            sent.take_in_narrowed(later);
            if is_over {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Brings one pair to its end: the user's side, the link, the mirror, the outcome.
    async fn finish_pair(&self, turn: &Turn, pair: Ready, sent: &Sent, done: &mut Done) -> Result<(), Error> {
        let trace = pair.row.taken.id.clone();
        let refused = sent.refused.get(&trace);
        let written = sent.written.get(&trace);
        if let Some(problem) = sent.refusal(&trace) {
            if pair.row.link.is_some() && write::is_gone(problem) {
                return self.find_moved_contact(turn, &pair.row, done).await;
            }
            let outcome = Outcome::new(Subject::User, &trace, Action::Failed).because("hubspot.refused");
            done.park(&pair.row.taken, outcome.refused(problem));
            return Ok(());
        }
        let contact_id =
            written.map(|written| written.contact_id.clone()).or_else(|| pair.contact_id.clone());
        let contact_id = contact_id.ok_or(Error::Corrupt("pair without a contact"))?;
        let made = written.is_some_and(|written| written.is_new);
        let user_updated = contacts::write_user(turn, &pair).await?;
        let contact = pair.contact.as_ref().map(|contact| Values::of_contact(contact, &turn.fields));
        let unfit = contacts::unfit(&pair.plan, &pair.row.values, contact.as_ref());
        let link = Link {
            user_id: trace.clone(),
            contact_id: contact_id.clone(),
            baseline: agreed(turn, &pair, refused, &unfit, made),
            baseline_version: turn.installation.settings.baseline_version(),
            mirrored_contact_id: mirrored(&pair.row, &contact_id),
            user_updated: user_updated.or_else(|| updated_micros(&pair.row.user)),
            rests: None,
        };
        let is_mirrored = link.mirrored_contact_id.as_deref() == Some(contact_id.as_str());
        if turn.installation.settings.mirrors && !is_mirrored {
            done.marks.push(Mark::new(turn.scope(), Subject::Mirror, trace.clone(), Origin::Sync));
        }
        done.outcomes.push(outcome_of(&pair, &contact_id, refused, &unfit, made));
        done.settled.push(pair.row.taken);
        done.links.push(link);
        Ok(())
    }
}

/// What both sides agree on after all writes.
fn agreed(turn: &Turn, pair: &Ready, refused: Option<&Problem>, unfit: &[Field], made: bool) -> Baseline {
    let mut baseline = pair.plan.baseline.clone();
    if made {
        // Whatever the user leaves blank is blank on both sides of a contact we have just made.
        baseline.agree_on_blanks(&turn.fields);
    }
    let before = pair.row.link.as_ref().map(|link| link.baseline.clone()).unwrap_or_default();
    for field in &turn.fields {
        if refused.is_some_and(|problem| write::names(problem, field.name())) {
            // Not written: the user's change is still a change at the next look.
            baseline.keep(field, &before);
        }
    }
    unfit.iter().for_each(|field| baseline.disagree(field));
    baseline
}

/// How a pair is written; none where there is nothing to write.
pub(super) fn write_of(turn: &Turn, pair: &Ready) -> Option<(Via, Write)> {
    let properties = contact_patch(turn, pair);
    let trace = pair.row.taken.id.clone();
    match (&pair.contact_id, turn.contact_key()) {
        (Some(_), _) if properties.is_empty() => None,
        (Some(id), _) => Some((Via::Update, Write { id: id.clone(), trace, properties })),
        (None, ContactKey::UserId) => Some((Via::Upsert, Write { id: trace.clone(), trace, properties })),
        (None, ContactKey::Email) => Some((Via::Create, Write { id: String::new(), trace, properties })),
    }
}

/// What is written to the contact: the decided fields, and the user's id where it is not there yet.
fn contact_patch(turn: &Turn, pair: &Ready) -> BTreeMap<String, String> {
    let mut patch = contacts::properties(&pair.plan.to_contact, &pair.row.values, pair.contact.as_ref());
    let holds_id = pair.row.link.is_some() && pair.contact.is_none()
        || pair.contact.as_ref().and_then(|contact| contact.text(CONTACT_USER_ID))
            == Some(pair.row.taken.id.as_str());
    if !holds_id && turn.holds_user_id() {
        patch.insert(CONTACT_USER_ID.to_owned(), pair.row.taken.id.clone());
    }
    patch
}

/// Whether a refusal says that another contact has the e-mail.
pub(super) fn email_taken(problem: &Problem) -> bool {
    problem.is_taken(Field::Email.name())
}

/// The contact id the user's custom field is known to hold.
fn mirrored(row: &Row, contact_id: &str) -> Option<String> {
    let shown = row.user.custom_fields.as_ref().and_then(|fields| fields.get(USER_CONTACT_ID));
    if shown.and_then(|value| value.as_str()) == Some(contact_id) {
        return Some(contact_id.to_owned());
    }
    row.link.as_ref().and_then(|link| link.mirrored_contact_id.clone()).filter(|known| known == contact_id)
}

fn outcome_of(
    pair: &Ready,
    contact_id: &str,
    refused: Option<&Problem>,
    unfit: &[Field],
    made: bool,
) -> Outcome {
    let plan = &pair.plan;
    let is_refused = |field: &&Field| refused.is_some_and(|problem| write::names(problem, field.name()));
    let written = plan.to_contact.iter().chain(&plan.to_user).filter(|field| !unfit.contains(field));
    let fields: Vec<&str> = written.filter(|field| !is_refused(field)).map(Field::name).collect();
    let action = match (made, fields.is_empty()) {
        (true, _) => Action::Created,
        (false, false) => Action::Updated,
        (false, true) if pair.row.link.is_none() => Action::Updated,
        (false, true) => Action::Unchanged,
    };
    let outcome = Outcome::new(Subject::User, &pair.row.taken.id, action).fields(fields).contact(contact_id);
    if let Some(problem) = refused {
        return of_refusal(outcome, problem);
    }
    if !plan.asks.is_empty() {
        return Outcome { action: Action::Conflicted, ..outcome }
            .because("conflict_to_decide")
            .fields(plan.asks.iter().map(Field::name));
    }
    if !unfit.is_empty() {
        return outcome.because("value_does_not_fit").fields(unfit.iter().map(Field::name));
    }
    if !plan.conflicts.is_empty() {
        return outcome.because("conflict_decided").fields(plan.conflicts.iter().map(|field| field.name()));
    }
    if pair.row.link.is_none() && !made { outcome.because("linked") } else { outcome }
}

/// The outcome of a pair of which a part was refused: where another contact is in the way, it is named.
fn of_refusal(outcome: Outcome, problem: &Problem) -> Outcome {
    let reason = match (&problem.existing_id, &problem.taken) {
        (Some(_), Some(taken)) if taken == Field::Email.name() => "email_of_another_contact",
        (Some(_), Some(taken)) if taken == CONTACT_USER_ID => "user_named_by_another_contact",
        _ => return outcome.because("hubspot.refused_fields").refused(problem),
    };
    let other = problem.existing_id.clone().unwrap_or_default();
    Outcome { action: Action::Conflicted, ..outcome }.because(reason).refused(problem).contact(&other)
}
