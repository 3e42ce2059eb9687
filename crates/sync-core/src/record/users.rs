//! Users → contacts: read the users, leave alone whom we must, decide each pair. What is written is `pairs`' matter.

use hubspot::record::Record;
use storeganise::user::User;

use super::{
    baseline::Baseline,
    done::Done,
    link::Link,
    newest,
    plan::{Plan, Rules, Sides, needs_contact, plan},
    side::{Field, Values},
};
use crate::{
    core::Core,
    error::Error,
    merge::Directions,
    queue::change::{Subject, Taken},
    turn::Turn,
};

/// A user that is to be synced, and its link where it has one.
#[derive(Debug)]
pub(super) struct Row {
    pub taken: Taken,
    pub user: User,
    pub values: Values,
    pub link: Option<Link>,
}

/// A row that was decided.
#[derive(Debug)]
pub(super) struct Ready {
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
        let rows = self.leave_resting(turn, rows, &mut done).await?;
        let (linked, unlinked): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.link.is_some());
        let mut ready = self.plan_linked(turn, linked, &mut done).await?;
        ready.extend(self.match_unlinked(turn, unlinked, &mut done).await?);
        self.write_pairs(turn, ready, &mut done).await?;
        self.follow_merges(turn, &mut done).await?;
        self.record_done(turn, Subject::User, done).await
    }

    /// Decides the linked rows; the contact is read only where its value can change the decision.
    async fn plan_linked(&self, turn: &Turn, rows: Vec<Row>, done: &mut Done) -> Result<Vec<Ready>, Error> {
        let settings = &turn.installation.settings;
        let asked: Vec<String> = rows.iter().filter_map(|row| contact_to_read(turn, row)).collect();
        let mut contacts = self.read_contacts(turn, asked.clone()).await?;
        let directions = Directions { to_contact: true, to_user: settings.contact_edits };
        let mut ready = Vec::with_capacity(rows.len());
        for row in rows {
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

    /// Decides one pair, comparing under the rules its baseline was made under. Which value is newer is known where
    /// the contact was read with its history.
    pub(super) fn plan_pair(
        &self,
        turn: &Turn,
        row: &Row,
        contact: Option<&Record>,
        directions: Directions,
    ) -> Plan {
        let settings = &turn.installation.settings;
        let record = contact;
        let contact = contact.map(|contact| Values::of_contact(contact, &turn.fields));
        let known = row.link.as_ref().map(|link| (&link.baseline, settings.as_of(&link.baseline_version)));
        let blank = Baseline::default();
        let (baseline, then, directions) = match &known {
            Some((baseline, Some(then))) => (*baseline, then, directions),
            // Rules we no longer know: agree on what is equal, write nothing for it.
            Some((_, None)) => (&blank, settings, Directions { to_contact: false, to_user: false }),
            None => (&blank, settings, directions),
        };
        let user_today = row.values.digests(&turn.key, settings);
        let contact_today = contact.as_ref().map(|values| values.digests(&turn.key, settings));
        let user = row.values.digests(&turn.key, then);
        let contact = contact.as_ref().map(|values| values.digests(&turn.key, then));
        let sides = Sides {
            user: &user,
            contact: contact.as_ref(),
            user_today: &user_today,
            contact_today: contact_today.as_ref(),
        };
        let newer = |field: &Field| newest::newer(&row.user, record?, field);
        let rules =
            Rules { fields: &turn.fields, policy: settings.conflict_policy, directions, newer: &newer };
        plan(sides, baseline, &rules)
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
    must_read.then(|| link.contact_id.clone())
}

/// The user's own time of its last update, in microseconds since 1970.
pub(crate) fn updated_micros(user: &User) -> Option<i64> {
    i64::try_from(user.updated?.unix_timestamp_nanos() / 1_000).ok()
}
