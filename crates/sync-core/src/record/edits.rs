//! Contacts that were edited and of which no event told: HubSpot tells an app only of properties that it named
//! beforehand, never of a portal's own, and events can be lost. Where edits flow back, the sweep searches for
//! contacts that changed, and looks again at those that differ from what was agreed on.

use hubspot::{
    deals::{CONTACT_MODIFIED, SEARCH_PAGE, SEARCH_RESULTS_MAX},
    record::Record,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    link::Link,
    side::{Digests, Field, Values},
};
use crate::{
    core::Core,
    error::Error,
    fields::CONTACT_USER_ID,
    merge::{Baseline, Directions},
    queue::change::{Mark, Origin, Subject},
    turn::Turn,
};

impl Core {
    /// The users of linked contacts that changed at or after `since_ms` and differ from their baseline in a field
    /// that may flow back; nobody where edits of contacts are not written to users.
    pub(crate) async fn contacts_to_look_at(&self, turn: &Turn, since_ms: i64) -> Result<Vec<Mark>, Error> {
        let mut marks = Vec::new();
        if !turn.installation.settings.contact_edits {
            return Ok(marks);
        }
        let (mut since_ms, mut after, mut seen) = (since_ms, None::<String>, 0);
        loop {
            let portal = self.turn_portal(turn).await?;
            let page = portal.search_changed_contacts(CONTACT_USER_ID, since_ms, after.as_deref()).await?;
            let ids: Vec<String> = page.records.iter().map(|record| record.id.clone()).collect();
            marks.extend(self.edited(turn, &ids).await?);
            seen += SEARCH_PAGE;
            let last = page.records.last().and_then(modified_ms);
            match page.next {
                None => return Ok(marks),
                Some(next) if seen < SEARCH_RESULTS_MAX => after = Some(next),
                // One search ends here: another goes on where it came to, unless time stands still there.
                Some(_) => match last.filter(|last| *last > since_ms) {
                    Some(last) => (since_ms, after, seen) = (last, None, 0),
                    None => return Ok(marks),
                },
            }
        }
    }

    async fn edited(&self, turn: &Turn, contact_ids: &[String]) -> Result<Vec<Mark>, Error> {
        let links = self.links_of_contacts(turn.scope(), contact_ids).await?;
        let linked: Vec<String> = links.keys().cloned().collect();
        let contacts = self.read_contacts(turn, linked).await?;
        let settings = &turn.installation.settings;
        let edited = contacts.found.values().filter_map(|contact| {
            let link = links.get(&contact.id)?;
            let then = settings.as_of(&link.baseline_version)?;
            let digests = Values::of_contact(contact, &turn.fields).digests(&turn.key, &then);
            differs(&turn.fields, &digests, link).then_some(link)
        });
        let mark = |link: &Link| Mark::new(turn.scope(), Subject::User, link.user_id.clone(), Origin::Sweep);
        Ok(edited.map(mark).collect())
    }
}

/// Whether a contact holds what its user has not seen.
fn differs(fields: &[Field], contact: &Digests, link: &Link) -> bool {
    let to_user = Directions { to_contact: false, to_user: true };
    fields.iter().filter(|field| field.directions(to_user).to_user).any(|field| {
        match link.baseline.of(field) {
            Baseline::Agreed(agreed) => agreed.as_ref() != contact.get(field),
            Baseline::None => contact.contains_key(field),
        }
    })
}

fn modified_ms(record: &Record) -> Option<i64> {
    let time = OffsetDateTime::parse(record.text(CONTACT_MODIFIED)?, &Rfc3339).ok()?;
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok()
}
