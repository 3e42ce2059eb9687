//! Changes and outcomes as rows of a page: on an installation's activity and on one person's page.

use sync_core::{
    queue::outcome::Action,
    views::activity::{ChangeRow, OutcomeRow},
};
use url::form_urlencoded;

use text::text;

use crate::{
    pages::{moment::Moment, shown::Badge},
    words,
};

/// A change that waits or failed.
pub(super) struct Change {
    pub subject: &'static str,
    pub subject_word: &'static str,
    pub subject_id: String,
    pub cause: Option<String>,
    pub attempts: u32,
    pub due: Moment,
    pub origin: String,
    pub marked: Moment,
}

/// What happened to a record.
pub(super) struct Outcome {
    pub at: Moment,
    pub subject: &'static str,
    pub subject_word: &'static str,
    pub subject_id: String,
    pub can_replay: bool,
    pub ids: Vec<RecordId>,
    pub action: Badge,
    pub reason: Option<String>,
    pub fields: String,
    pub correlation_id: Option<String>,
}

/// A record's id; following it shows what happened to that record.
pub(super) struct RecordId {
    pub kind: &'static str,
    pub id: String,
    pub href: String,
}

/// A row of it.
pub(super) fn change(row: ChangeRow, now: i64) -> Change {
    Change {
        subject: words::subject(row.subject),
        subject_word: row.subject.word(),
        subject_id: row.subject_id,
        cause: row.cause.as_deref().map(|cause| words::explain(cause).text()),
        attempts: row.attempts,
        due: Moment::new(row.due_at, now),
        origin: words::origin(&row.origin).to_owned(),
        marked: Moment::new(row.marked_at, now),
    }
}

/// A row of it, on the page of an installation.
pub(super) fn outcome(row: OutcomeRow, here: &str, now: i64) -> Outcome {
    let ids = [
        (text!("records-user"), row.user_id),
        (text!("records-contact"), row.contact_id),
        (text!("records-deal"), row.deal_id),
    ];
    let ids = ids.into_iter().filter_map(|(kind, id)| id.map(|id| (kind, id)));
    Outcome {
        at: Moment::new(row.at, now),
        subject: words::subject(row.subject),
        subject_word: row.subject.word(),
        subject_id: row.subject_id,
        can_replay: matches!(row.action, Action::Skipped | Action::Conflicted | Action::Failed),
        ids: ids.map(|(kind, id)| RecordId { kind, href: address_of(here, "", &id, None), id }).collect(),
        action: Badge::new(words::tone(row.action), words::outcome(row.action)),
        reason: row.reason.as_deref().map(|reason| words::explain(reason).text()),
        fields: row.fields.join(", "),
        correlation_id: row.correlation_id,
    }
}

/// The address of an installation's activity, filtered.
pub(super) fn address_of(here: &str, action: &str, record: &str, cursor: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in [("action", Some(action)), ("record", Some(record)), ("cursor", cursor)] {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            query.append_pair(name, value);
        }
    }
    format!("{here}/activity?{}", query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_carries_only_what_was_chosen_and_escapes_it() {
        assert_eq!(address_of("/i/1", "failed", "", Some("c")), "/i/1/activity?action=failed&cursor=c");
        assert_eq!(address_of("/i/1", "", "a&b", None), "/i/1/activity?record=a%26b");
    }
}
