//! Merged contacts: HubSpot makes one record of two under a new id, and both old ids lead to it. Told by an event, or
//! discovered by reading. Where two linked contacts became one, one user keeps the link: whom the new record names,
//! else who had it first; the other pair rests until a person decides.

use std::collections::{BTreeMap, HashMap};

use hubspot::{
    error::Error as HubspotError,
    record::{ObjectKind, Record},
};

use super::{
    done::Done,
    link::{Link, Rests},
    read::names_a_field,
    side::{Field, contact_emails},
    users::Row,
};
use crate::{
    conflicts::Kind,
    core::Core,
    error::Error,
    fields::CONTACT_USER_ID,
    merge,
    queue::{
        change::{Failure, Mark, Origin, Subject, Taken},
        outcome::{Action, Outcome},
    },
    retry::wait_after,
    turn::Turn,
};

/// A link whose contact turned out to be another record by now.
#[derive(Debug)]
pub(crate) struct Moved {
    pub link: Link,
    /// The record its contact was merged into.
    pub into: Record,
    /// The change that found it out.
    pub subject: Subject,
    pub taken: Taken,
}

impl Core {
    /// A linked contact that does not answer was merged into another, or is gone.
    pub(super) async fn find_moved_contact(
        &self,
        turn: &Turn,
        row: &Row,
        done: &mut Done,
    ) -> Result<(), Error> {
        let Some(link) = &row.link else { return Ok(()) };
        let portal = self.turn_portal(turn).await?;
        match portal.get(ObjectKind::Contact, &link.contact_id, &[CONTACT_USER_ID, Field::Email.name()]).await
        {
            Ok(Some(record)) if record.id != link.contact_id => {
                let (link, taken) = (link.clone(), row.taken.clone());
                done.moved.push(Moved { link, into: record, subject: Subject::User, taken });
            }
            Ok(Some(_)) => {
                // There by itself and not in the batch: tried again, but not for ever.
                let wait = wait_after(row.taken.attempts + 1, None, self.random());
                let pause = wait.and_then(|wait| i64::try_from(wait.as_micros()).ok());
                let due_at = pause.map(|pause| self.now_micros() + pause);
                let failure = Failure { cause: "hubspot.not_found".to_owned(), due_at };
                done.failed.push((row.taken.clone(), failure));
            }
            Ok(None) => done.lay_to_rest(&row.taken, link, Rests::ContactDeleted),
            Err(HubspotError::NotUnderstood { path }) if names_a_field(&path) => {
                done.park_unread(&row.taken, Subject::User, &path);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Decides who keeps each merged contact, once all of the batch is known.
    pub(super) async fn follow_merges(&self, turn: &Turn, done: &mut Done) -> Result<(), Error> {
        let mut by_record: BTreeMap<String, Vec<Moved>> = BTreeMap::new();
        for moved in std::mem::take(&mut done.moved) {
            by_record.entry(moved.into.id.clone()).or_default().push(moved);
        }
        if by_record.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = by_record.keys().cloned().collect();
        let known = self.links_of_contacts(turn.scope(), &ids).await?;
        let mut owners: HashMap<String, Link> =
            known.into_iter().filter(|(id, l)| l.contact_id == *id).collect();
        owners.extend(done.links.iter().map(|link| (link.contact_id.clone(), link.clone())));
        let named = by_record.values().filter_map(|moved| named_by(&moved[0].into));
        let named = named.map(str::to_owned).collect::<Vec<_>>();
        let of_named = self.links_of_users(turn.scope(), &named).await?;
        for (contact_id, moved) in by_record {
            let mut claims: BTreeMap<String, Link> =
                moved.iter().map(|moved| (moved.link.user_id.clone(), moved.link.clone())).collect();
            let others = owners.remove(&contact_id).into_iter();
            let others = others.chain(named_by(&moved[0].into).and_then(|user| of_named.get(user)).cloned());
            claims.extend(others.map(|link| (link.user_id.clone(), link)));
            let keeper = self.keeper(turn, &moved[0].into, &claims).await?;
            settle_merge(turn, &contact_id, &claims, keeper.as_deref(), done);
            settle_changes(moved, keeper.as_deref(), done);
        }
        Ok(())
    }

    /// Who keeps a merged contact; nobody of those where it names a user that is not linked yet.
    async fn keeper(
        &self,
        turn: &Turn,
        record: &Record,
        claims: &BTreeMap<String, Link>,
    ) -> Result<Option<String>, Error> {
        if let Some(user_id) = named_by(record) {
            let is_one_of_us = claims.contains_key(user_id);
            if is_one_of_us || self.is_still_somebodys(turn, user_id).await? {
                return Ok(Some(user_id.to_owned()));
            }
        }
        let emails: Vec<merge::Baseline> = contact_emails(record)
            .iter()
            .map(|email| merge::Baseline::Agreed(Some(turn.key.digest(Field::Email.name(), email))))
            .collect();
        Ok(first_claim(record, &emails, claims))
    }
}

/// Of those who claim a record that names none of them: whose contact it is already, else whose address it has (its
/// own, which is the primary's, before the additional ones), else whoever comes first.
fn first_claim(
    record: &Record,
    emails: &[merge::Baseline],
    claims: &BTreeMap<String, Link>,
) -> Option<String> {
    let holder = claims.values().find(|link| link.contact_id == record.id);
    let by_email = |email: &merge::Baseline| {
        claims.values().find(|link| link.rests.is_none() && link.baseline.of(&Field::Email) == *email)
    };
    let at_work = || claims.values().find(|link| link.rests.is_none());
    let found = holder.or_else(|| emails.iter().find_map(by_email)).or_else(at_work);
    found.or_else(|| claims.values().next()).map(|link| link.user_id.clone())
}

/// Moves the keeper's link, lets the others rest, and remembers the old ids as leading to the keeper's contact.
fn settle_merge(
    turn: &Turn,
    contact_id: &str,
    claims: &BTreeMap<String, Link>,
    keeper: Option<&str>,
    done: &mut Done,
) {
    for link in claims.values() {
        let is_elsewhere = link.contact_id != contact_id;
        if let Some(keeper) = keeper.filter(|_| is_elsewhere) {
            done.aliases.push((link.contact_id.clone(), keeper.to_owned()));
        }
        if keeper == Some(link.user_id.as_str()) {
            if is_elsewhere {
                done.relinked.push((link.clone(), contact_id.to_owned()));
            }
            continue;
        }
        if is_elsewhere {
            done.rests.push((link.user_id.clone(), Some(Rests::ContactsMerged)));
        } else {
            done.forgotten.push(link.user_id.clone());
        }
        done.conflicts.pair_stands(&link.user_id, contact_id, Kind::ContactsMerged, &[]);
        let outcome = Outcome::new(Subject::User, &link.user_id, Action::Conflicted);
        done.outcomes.push(outcome.because("contacts_merged").contact(contact_id));
    }
    if let Some(keeper) = keeper {
        done.marks.push(Mark::new(turn.scope(), Subject::User, keeper, Origin::Sync));
    }
}

/// Ends the changes that found the merge out. The keeper's own stays due: it is looked at again with the new record.
fn settle_changes(moved: Vec<Moved>, keeper: Option<&str>, done: &mut Done) {
    for moved in moved {
        match moved.subject {
            Subject::User if keeper == Some(moved.link.user_id.as_str()) => {}
            Subject::User => done.settled.push(moved.taken),
            subject => {
                let outcome = Outcome::new(subject, &moved.taken.id, Action::Updated);
                let outcome = outcome.because("contact_merged").contact(&moved.into.id);
                let user = keeper.unwrap_or(&moved.link.user_id);
                done.settle(&moved.taken, outcome.user(user));
            }
        }
    }
}

fn named_by(record: &Record) -> Option<&str> {
    record.text(CONTACT_USER_ID)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::baseline::Baseline;

    fn record(id: &str) -> Record {
        serde_json::from_value(serde_json::json!({ "id": id })).unwrap()
    }

    fn claim(user: &str, contact: &str, email: u8, rests: Option<Rests>) -> (String, Link) {
        let mut baseline = Baseline::default();
        baseline.agree(&Field::Email, Some([email; 16]));
        let link = Link {
            user_id: user.to_owned(),
            contact_id: contact.to_owned(),
            baseline,
            baseline_version: String::new(),
            mirrored_contact_id: None,
            user_updated: None,
            flips: Default::default(),
            intended: Default::default(),
            rests,
        };
        (user.to_owned(), link)
    }

    #[test]
    fn of_two_who_claim_a_merged_contact_it_stays_with_whose_it_is_else_whose_address_it_has() {
        let email = |n: u8| merge::Baseline::Agreed(Some([n; 16]));
        let two = || BTreeMap::from([claim("a", "1", 1, None), claim("b", "2", 2, None)]);
        let keeper = |record_id: &str, emails: &[merge::Baseline], claims: BTreeMap<String, Link>| {
            first_claim(&record(record_id), emails, &claims)
        };
        assert_eq!(keeper("2", &[email(1)], two()).as_deref(), Some("b"), "it is there already");
        assert_eq!(keeper("3", &[email(2), email(1)], two()).as_deref(), Some("b"), "the primary's address");
        assert_eq!(keeper("3", &[], two()).as_deref(), Some("a"), "whoever comes first");
        let resting =
            BTreeMap::from([claim("a", "1", 1, Some(Rests::ContactsMerged)), claim("b", "2", 2, None)]);
        assert_eq!(
            keeper("3", &[email(1)], resting).as_deref(),
            Some("b"),
            "who rests does not come back so"
        );
    }
}
