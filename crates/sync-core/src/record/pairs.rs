//! What is written for each pair: contacts in batches, users one by one, and what the link remembers of it.

use std::collections::BTreeMap;

use hubspot::{problem::Problem, record::Write};

use super::{
    baseline::Baseline,
    contacts,
    done::Done,
    intended::Intended,
    link::Link,
    plan::Plan,
    side::{Field, Values},
    users::{Ready, Row, updated_micros},
    write::{self, Sent, Via, Written},
};
use crate::{
    conflicts::standing::InTheWay,
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
        let linked = ready.iter().filter(|pair| pair.is_linked());
        let planned: Vec<(&str, &Plan)> =
            linked.map(|pair| (pair.row.taken.id.as_str(), &pair.plan)).collect();
        self.intend(turn, &planned).await?;
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
        let side = contacts::write_user(turn, &pair).await?;
        let contact = pair.contact.as_ref().map(|contact| Values::of_contact(contact, &turn.fields));
        let unfit = contacts::unfit(&pair.plan, &pair.row.values, contact.as_ref());
        let landed =
            Landed { contact_id: &contact_id, refused, user: side.refused.as_ref(), unfit: &unfit, made };
        let link = Link {
            user_id: trace.clone(),
            contact_id: contact_id.clone(),
            baseline: agreed(turn, &pair, &landed),
            baseline_version: turn.installation.settings.baseline_version(),
            mirrored_contact_id: mirrored(&pair.row, &contact_id),
            user_updated: side.updated.or_else(|| updated_micros(&pair.row.user)),
            flips: pair.row.flips_after(&pair.plan, |field| landed.is_refused(field), self.now_micros()),
            rests: None,
            intended: Intended::default(),
        };
        let is_mirrored = link.mirrored_contact_id.as_deref() == Some(contact_id.as_str());
        if turn.installation.settings.mirrors && !is_mirrored {
            done.marks.push(Mark::new(turn.scope(), Subject::Mirror, trace.clone(), Origin::Sync));
        }
        let mut outcome = outcome_of(&pair, &landed);
        let in_the_way = InTheWay::of(&outcome);
        done.conflicts.after_pair(&pair.row, &pair.plan, &contact_id, in_the_way.as_ref());
        if in_the_way.is_some_and(|other| other.is_left(&pair.row.conflicts)) {
            outcome = Outcome { action: Action::Skipped, ..outcome }.because("left_as_it_is");
        }
        match outcome.action {
            Action::Failed => done.park(&pair.row.taken, outcome),
            _ => done.settle(&pair.row.taken, outcome),
        }
        done.links.push(link);
        Ok(())
    }
}

/// What both writes of a pair came to.
struct Landed<'a> {
    contact_id: &'a str,
    /// What HubSpot did not take.
    refused: Option<&'a Problem>,
    /// What Storeganise did not take, and its code.
    user: Option<&'a (Vec<Field>, String)>,
    /// What could not be put into the other side's form.
    unfit: &'a [Field],
    /// Whether the contact is new.
    made: bool,
}

impl Landed<'_> {
    fn is_refused(&self, field: &Field) -> bool {
        self.refused.is_some_and(|problem| write::names(problem, field.name()))
            || self.user.is_some_and(|(fields, _)| fields.contains(field))
    }
}

/// What both sides agree on after all writes.
fn agreed(turn: &Turn, pair: &Ready, landed: &Landed<'_>) -> Baseline {
    let mut baseline = pair.plan.baseline.clone();
    if landed.made {
        // Whatever the user leaves blank is blank on both sides of a contact we have just made.
        baseline.agree_on_blanks(&turn.fields);
    }
    for field in turn.fields.iter().filter(|field| landed.is_refused(field)) {
        // Not written: what changed is still a change at the next look.
        baseline.keep(field, &pair.plan.known);
    }
    landed.unfit.iter().for_each(|field| baseline.disagree(field));
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
pub(super) fn contact_patch(turn: &Turn, pair: &Ready) -> BTreeMap<String, String> {
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
pub(super) fn mirrored(row: &Row, contact_id: &str) -> Option<String> {
    let shown = row.user.custom_fields.as_ref().and_then(|fields| fields.get(USER_CONTACT_ID));
    if shown.and_then(|value| value.as_str()) == Some(contact_id) {
        return Some(contact_id.to_owned());
    }
    row.link.as_ref().and_then(|link| link.mirrored_contact_id.clone()).filter(|known| known == contact_id)
}

/// What the outcome will be if nothing is refused.
pub(super) fn unwritten_outcome(pair: &Ready, unfit: &[Field]) -> Outcome {
    let contact_id = pair.contact_id.as_deref().unwrap_or_default();
    let made = pair.contact_id.is_none();
    outcome_of(pair, &Landed { contact_id, refused: None, user: None, unfit, made })
}

fn outcome_of(pair: &Ready, landed: &Landed<'_>) -> Outcome {
    let plan = &pair.plan;
    let written = plan.to_contact.iter().chain(&plan.to_user);
    let written = written.filter(|field| !landed.unfit.contains(field) && !landed.is_refused(field));
    let fields: Vec<&str> = written.map(Field::name).collect();
    let action = match (landed.made, fields.is_empty()) {
        (true, _) => Action::Created,
        (false, false) => Action::Updated,
        (false, true) if pair.row.link.is_none() => Action::Updated,
        (false, true) => Action::Unchanged,
    };
    let outcome = Outcome::new(Subject::User, &pair.row.taken.id, action);
    let outcome = outcome.fields(fields).contact(landed.contact_id);
    if let Some(problem) = landed.refused {
        return of_refusal(outcome, problem);
    }
    if let Some((fields, code)) = landed.user {
        return of_users_refusal(outcome, fields, code);
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
    if !landed.unfit.is_empty() {
        return outcome.because("value_does_not_fit").fields(landed.unfit.iter().map(Field::name));
    }
    if !plan.chosen.is_empty() {
        return outcome.because("conflict_chosen").fields(plan.chosen.iter().map(Field::name));
    }
    if !plan.conflicts.is_empty() {
        return outcome.because("conflict_decided").fields(plan.conflicts.iter().map(|field| field.name()));
    }
    if pair.row.link.is_none() && !landed.made { outcome.because("linked") } else { outcome }
}

/// The outcome of a pair whose user did not take everything: an address that another user has is for a person.
fn of_users_refusal(outcome: Outcome, fields: &[Field], code: &str) -> Outcome {
    let names = fields.iter().map(Field::name);
    if fields == [Field::Email] {
        let outcome = Outcome { action: Action::Conflicted, ..outcome };
        return outcome.because("email_of_another_user").fields(names);
    }
    Outcome { action: Action::Failed, ..outcome }.because(code).fields(names)
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
