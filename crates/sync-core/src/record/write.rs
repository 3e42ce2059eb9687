//! Sending writes to HubSpot so that one bad row does not cost its neighbours: rows are told apart by their
//! trace, and a batch that is refused as a whole is halved until the bad row stands alone.

use std::collections::HashMap;

use hubspot::{
    batch::BatchReply,
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

/// Sends writes, a hundred at a time at most.
///
/// # Errors
/// The provider's error where it does not concern single rows: nothing is known of the rest then, and the
/// whole may be repeated.
pub(crate) async fn send(portal: &Portal, via: Via, writes: Vec<Write>) -> Result<Sent, Error> {
    let mut sent = Sent::default();
    let mut waiting = vec![writes];
    while let Some(batch) = waiting.pop() {
        if batch.is_empty() {
            continue;
        }
        let reply = match via {
            Via::Update => portal.update(ObjectKind::Contact, batch.clone()).await,
            Via::Upsert => portal.upsert(ObjectKind::Contact, CONTACT_USER_ID, batch.clone()).await,
        };
        match reply {
            Ok(reply) => note(&mut sent, &batch, &reply),
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
    rest.properties.retain(|name, _| !problem.fields.iter().any(|field| field.name == *name));
    (rest.properties.len() < write.properties.len()).then_some(rest)
}

/// Whether a refusal says that the record is gone or was merged into another.
pub(crate) fn is_gone(problem: &Problem) -> bool {
    problem.status == Some(404) || problem.category.as_deref() == Some("OBJECT_NOT_FOUND")
}

fn problem_of(error: &Error) -> Problem {
    error.problem().cloned().unwrap_or_default()
}

/// What comes back is checked against what was asked: a row in neither list counts as refused.
fn note(sent: &mut Sent, batch: &[Write], reply: &BatchReply) {
    for record in &reply.records {
        let by_trace = record.trace.as_deref();
        let by_user = record.text(CONTACT_USER_ID);
        let row = batch
            .iter()
            .find(|row| by_trace == Some(row.trace.as_str()))
            .or_else(|| batch.iter().find(|row| row.id == record.id || Some(row.id.as_str()) == by_user));
        if let Some(row) = row {
            let written = Written { contact_id: record.id.clone(), is_new: record.is_new == Some(true) };
            sent.written.insert(row.trace.clone(), written);
        }
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
