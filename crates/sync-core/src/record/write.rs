//! Sending writes to HubSpot so that one bad row does not cost its neighbours: rows are told apart by their
//! trace, and a batch that is refused as a whole is halved until the bad row stands alone.

use std::collections::HashMap;

use hubspot::{
    batch::{BATCH, BatchReply},
    crm::Portal,
    error::{Class, Error},
    problem::Problem,
    record::{ObjectKind, Write},
};

use crate::fields::CONTACT_USER_ID;

/// How a contact is addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    /// By its own id.
    Update,
    /// By the user's id in the unique property: made where it does not exist, and safe to repeat.
    Upsert,
    /// Made anew. After a failure it must be looked for before it is made again.
    Create,
}

/// A contact that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    /// The contact's id.
    pub contact_id: String,
    /// Whether it was made by this write.
    pub is_new: bool,
}

/// What became of each write, by its trace.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    pub written: HashMap<String, Written>,
    pub refused: HashMap<String, Problem>,
}

impl Sent {
    /// Adds what became of further writes. A refusal of what was written meanwhile stays: it says what is missing.
    pub(crate) fn take_in(&mut self, later: Self) {
        self.written.extend(later.written);
        self.refused.extend(later.refused);
    }

    /// Adds what became of rows that were sent again without what was refused in them: all refusals of a row count.
    pub(crate) fn take_in_narrowed(&mut self, later: Self) {
        self.written.extend(later.written);
        for (trace, problem) in later.refused {
            let known = self.refused.remove(&trace).unwrap_or_default();
            let both = Problem {
                fields: known.fields.into_iter().chain(problem.fields.iter().cloned()).collect(),
                taken: known.taken.or_else(|| problem.taken.clone()),
                existing_id: known.existing_id.or_else(|| problem.existing_id.clone()),
                ..problem
            };
            self.refused.insert(trace, both);
        }
    }

    /// Whether a write was refused, and nothing of it was written since.
    pub(crate) fn refusal(&self, trace: &str) -> Option<&Problem> {
        self.refused.get(trace).filter(|_| !self.written.contains_key(trace))
    }
}

/// Sends writes of all kinds, each kind in batches of its own.
///
/// # Errors
/// As [`send`].
pub(crate) async fn send_all(portal: &Portal, writes: Vec<(Via, Write)>) -> Result<Sent, Error> {
    let mut sent = Sent::default();
    for via in [Via::Update, Via::Upsert, Via::Create] {
        let of_kind = writes.iter().filter(|(kind, _)| *kind == via).map(|(_, write)| write.clone());
        sent.take_in(send(portal, via, of_kind.collect()).await?);
    }
    Ok(sent)
}

/// Sends writes of one kind, a hundred at a time at most.
///
/// # Errors
/// The provider's error where it does not concern single rows: nothing is known of the rest then, and the
/// whole may be repeated.
pub(crate) async fn send(portal: &Portal, via: Via, writes: Vec<Write>) -> Result<Sent, Error> {
    let mut sent = Sent::default();
    let mut waiting: Vec<Vec<Write>> = writes.chunks(BATCH).map(<[Write]>::to_vec).collect();
    while let Some(batch) = waiting.pop() {
        let reply = match via {
            Via::Update => portal.update(ObjectKind::Contact, batch.clone()).await,
            Via::Upsert => portal.upsert(ObjectKind::Contact, CONTACT_USER_ID, batch.clone()).await,
            Via::Create => portal.create(ObjectKind::Contact, batch.clone()).await,
        };
        match reply {
            Ok(reply) => note(&mut sent, via, &batch, &reply),
            Err(error) => match (error.class(), batch.as_slice()) {
                (Class::Rejected | Class::Conflict | Class::NotFound, [only]) => {
                    sent.refused.insert(only.trace.clone(), problem_of(&error));
                }
                (Class::Rejected | Class::Conflict | Class::NotFound, rows) => {
                    let (left, right) = rows.split_at(rows.len() / 2);
                    waiting.extend([right.to_vec(), left.to_vec()]);
                }
                _ => return Err(error),
            },
        }
    }
    Ok(sent)
}

/// The same write without the fields HubSpot refused; none where nothing of it was named.
pub(crate) fn without_refused_fields(write: &Write, problem: &Problem) -> Option<Write> {
    let mut rest = write.clone();
    rest.properties.retain(|name, _| !names(problem, name));
    (rest.properties.len() < write.properties.len()).then_some(rest)
}

/// Whether a refusal is about this property: its value cannot be taken, or another record has it.
pub(crate) fn names(problem: &Problem, property: &str) -> bool {
    problem.is_taken(property) || problem.fields.iter().any(|field| field.name == property)
}

/// Whether a refusal says that the record is gone or was merged into another.
pub(crate) fn is_gone(problem: &Problem) -> bool {
    problem.status == Some(404) || problem.category.as_deref() == Some("OBJECT_NOT_FOUND")
}

fn problem_of(error: &Error) -> Problem {
    error.problem().cloned().unwrap_or_default()
}

/// What comes back is checked against what was asked: a row in neither list counts as refused.
fn note(sent: &mut Sent, via: Via, batch: &[Write], reply: &BatchReply) {
    for record in &reply.records {
        let by_trace = record.trace.as_deref();
        let by_user = record.text(CONTACT_USER_ID);
        let row = batch
            .iter()
            .find(|row| by_trace == Some(row.trace.as_str()))
            .or_else(|| batch.iter().find(|row| row.id == record.id || Some(row.id.as_str()) == by_user));
        if let Some(row) = row {
            let is_new = via == Via::Create || record.is_new == Some(true);
            let written = Written { contact_id: record.id.clone(), is_new };
            sent.written.insert(row.trace.clone(), written);
        }
    }
    // Written, and answered in a shape we do not know: the id is all that is needed.
    for odd in &reply.unread {
        let (Some(id), Some(trace)) = (&odd.id, &odd.trace) else { continue };
        let written = Written { contact_id: id.clone(), is_new: via == Via::Create };
        sent.written.insert(trace.clone(), written);
    }
    for error in &reply.errors {
        for row in batch.iter().filter(|row| error.traces.contains(&row.trace) || error.ids.contains(&row.id))
        {
            if !sent.written.contains_key(&row.trace) {
                sent.refused.insert(row.trace.clone(), error.problem.clone());
            }
        }
    }
    for row in batch {
        if !sent.written.contains_key(&row.trace) && !sent.refused.contains_key(&row.trace) {
            let unnamed = reply.errors.iter().find(|error| error.traces.is_empty() && error.ids.is_empty());
            let problem = unnamed.map(|error| error.problem.clone()).unwrap_or_default();
            sent.refused.insert(row.trace.clone(), problem);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hubspot::problem::FieldProblem;
    use std::collections::BTreeMap;

    fn write(properties: &[&str]) -> Write {
        let properties: BTreeMap<_, _> =
            properties.iter().map(|name| ((*name).to_owned(), "x".to_owned())).collect();
        Write { id: "1".to_owned(), trace: "u".to_owned(), properties }
    }

    fn invalid(name: &str) -> Problem {
        let field = FieldProblem { name: name.to_owned(), code: "INVALID".to_owned() };
        Problem { fields: vec![field], ..Problem::default() }
    }

    fn taken(name: &str) -> Problem {
        let (taken, existing_id) = (Some(name.to_owned()), Some("7".to_owned()));
        Problem { taken, existing_id, ..Problem::default() }
    }

    #[test]
    fn a_refused_field_is_left_out_whether_it_is_invalid_or_somebody_elses() {
        for problem in [invalid("email"), taken("email")] {
            let rest = without_refused_fields(&write(&["email", "phone"]), &problem).unwrap();
            assert_eq!(rest.properties.keys().collect::<Vec<_>>(), ["phone"]);
            assert_eq!(without_refused_fields(&write(&["phone"]), &problem), None);
        }
    }

    #[test]
    fn two_refusals_of_one_row_are_both_told_and_a_later_success_leaves_them_as_what_is_missing() {
        let of = |problem: Problem| Sent {
            refused: HashMap::from([("u".to_owned(), problem)]),
            ..Sent::default()
        };
        let mut sent = of(taken("email"));
        sent.take_in_narrowed(of(invalid("phone")));
        let problem = sent.refusal("u").unwrap();
        assert!(names(problem, "email") && names(problem, "phone") && !names(problem, "company"));
        let written = Written { contact_id: "1".to_owned(), is_new: false };
        let landed = Sent { written: HashMap::from([("u".to_owned(), written)]), ..Sent::default() };
        sent.take_in_narrowed(landed);
        assert_eq!(sent.refusal("u"), None);
        assert!(names(&sent.refused["u"], "phone"));
    }
}
