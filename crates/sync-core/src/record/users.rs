//! Users → contacts: read the users, leave alone whom we must, decide each pair. What is written is `pairs`' matter.

use hubspot::record::Record;
use storeganise::user::User;

use super::{
    asked::other_contact,
    decide::{Ground, Pair, decide},
    done::Done,
    link::Link,
    plan::{Plan, needs_contact},
    side::Values,
};
use crate::{
    conflicts::{Conflict, pair},
    core::Core,
    error::Error,
    merge::Directions,
    queue::change::{Subject, Taken},
    turn::Turn,
};

/// A user that is to be synced, and its link where it has one.
#[derive(Debug, Clone)]
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

impl Ready {
    /// Whether the pair is the one that the link remembers.
    pub(super) fn is_linked(&self) -> bool {
        self.row.link.as_ref().is_some_and(|link| Some(&link.contact_id) == self.contact_id.as_ref())
    }
}

impl Core {
    /// Looks at up to a hundred users and brings their contacts up to date.
    pub(crate) async fn work_users(&self, turn: &Turn, taken: &[Taken]) -> Result<(), Error> {
        let mut done = Done::default();
        let rows = self.read_users(turn, taken, &mut done).await?;
        // What a person chose goes before everything, a pair that rests included.
        let (chosen, rows): (Vec<Row>, Vec<Row>) =
            rows.into_iter().partition(|row| pair::wanted(row).is_some());
        let mut ready = self.pair_by_choice(turn, chosen, &mut done).await?;
        // Whose link goes by such a choice is worked once that is recorded: it is marked.
        let rows = rows.into_iter().filter(|row| !done.forgotten.contains(&row.taken.id)).collect();
        let rows = self.leave_resting(turn, rows, &mut done).await?;
        let (linked, unlinked): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.link.is_some());
        ready.extend(self.plan_linked(turn, linked, &mut done).await?);
        ready.extend(self.match_unlinked(turn, unlinked, &mut done).await?);
        let ready = self.brake_users(turn, ready, &mut done).await?;
        self.write_pairs(turn, ready, &mut done).await?;
        self.follow_merges(turn, &mut done).await?;
        self.record_done(turn, Subject::User, done).await
    }

    /// Decides the linked rows; the contact is read only where its value can change the decision.
    pub(super) async fn plan_linked(
        &self,
        turn: &Turn,
        rows: Vec<Row>,
        done: &mut Done,
    ) -> Result<Vec<Ready>, Error> {
        let settings = &turn.installation.settings;
        let asked: Vec<String> = rows.iter().filter_map(|row| contact_to_read(turn, row)).collect();
        let in_question = rows.iter().filter_map(other_contact);
        let both = asked.iter().cloned().chain(in_question).collect();
        let mut contacts = self.read_contacts(turn, both).await?;
        let directions = Directions { to_contact: true, to_user: settings.contact_edits };
        let mut ready = Vec::with_capacity(rows.len());
        for mut row in rows {
            row.note_gone_contact(|id| contacts.has(id));
            let contact_id = row.link.as_ref().map(|link| link.contact_id.clone()).unwrap_or_default();
            if let Some(path) = contacts.unread.get(&contact_id) {
                done.park_unread(&row.taken, Subject::User, path);
                continue;
            }
            let contact = contacts.found.remove(&contact_id);
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
}

/// The contact of a linked row, where it must be read before the row can be decided.
fn contact_to_read(turn: &Turn, row: &Row) -> Option<String> {
    let (link, settings) = (row.link.as_ref()?, &turn.installation.settings);
    let digests = row.values.digests(&turn.key, &settings.as_of(&link.baseline_version).unwrap_or_default());
    let must_read = needs_contact(
        &turn.fields,
        &digests,
        &link.baseline,
        settings.conflict_policy,
        settings.contact_edits,
    );
    (must_read || !row.conflicts.is_empty() || !link.intended.is_empty()).then(|| link.contact_id.clone())
}

/// The user's own time of its last update, in microseconds since 1970.
pub(crate) fn updated_micros(user: &User) -> Option<i64> {
    i64::try_from(user.updated?.unix_timestamp_nanos() / 1_000).ok()
}
