//! Addresses that change hands: HubSpot lets no two contacts have one, so a user that takes over another's address
//! cannot be written before the other has left it, and two that swap cannot be written at all. Where the other has
//! left it at Storeganise, its contact gives the address up, and the refused rows are sent once more.

use std::collections::{BTreeMap, HashMap};

use hubspot::record::Write;

use super::{
    done::Done,
    link::Link,
    pairs::{email_taken, write_of},
    side::Field,
    users::Ready,
    write::{self, Sent, Via},
};
use crate::{
    core::Core,
    error::Error,
    merge, normalise,
    queue::change::{Mark, Origin, Subject},
    turn::Turn,
};

/// A row that was refused because another contact has its address.
struct Blocked {
    via: Via,
    write: Write,
    /// The address it wants, normalised.
    email: String,
    /// The contact that has it.
    holder: String,
}

impl Core {
    /// Frees the addresses that refused rows wait for, where their holders have others by now, and sends the rows
    /// again. What is still refused then is a conflict.
    pub(super) async fn untangle(
        &self,
        turn: &Turn,
        ready: &[Ready],
        sent: &mut Sent,
        done: &mut Done,
    ) -> Result<(), Error> {
        let blocked: Vec<Blocked> = ready.iter().filter_map(|pair| blocked(turn, pair, sent)).collect();
        if blocked.is_empty() {
            return Ok(());
        }
        let holders: Vec<String> = blocked.iter().map(|row| row.holder.clone()).collect();
        let links = self.links_of_contacts(turn.scope(), &holders).await?;
        let by_contact: HashMap<&str, &Ready> =
            ready.iter().filter_map(|pair| Some((pair.contact_id.as_deref()?, pair))).collect();
        let (mut again, mut to_clear) = (Vec::new(), BTreeMap::new());
        for row in blocked {
            let in_batch = by_contact.get(row.holder.as_str()).copied();
            let freed = in_batch.is_some_and(|pair| sent.written.contains_key(&pair.row.taken.id));
            if !freed {
                let Some(link) = links.get(&row.holder) else { continue };
                let left = match in_batch {
                    Some(pair) => leaves(turn, pair, link, &row.email),
                    None => self.has_left(turn, link, &row.email).await?,
                };
                if !left {
                    continue;
                }
                if in_batch.is_none() {
                    let user = link.user_id.clone();
                    done.marks.push(Mark::new(turn.scope(), Subject::User, user, Origin::Sync));
                }
                to_clear.insert(row.holder.clone(), cleared(&row.holder));
            }
            again.push((row.via, row.write));
        }
        if again.is_empty() {
            return Ok(());
        }
        let portal = self.turn_portal(turn).await?.clone();
        write::send(&portal, Via::Update, to_clear.into_values().collect()).await?;
        let later = write::send_all(&portal, again).await?;
        for trace in later.written.keys() {
            sent.refused.remove(trace);
        }
        sent.take_in(later);
        Ok(())
    }
}

fn blocked(turn: &Turn, pair: &Ready, sent: &Sent) -> Option<Blocked> {
    let problem = sent.refusal(&pair.row.taken.id).filter(|problem| email_taken(problem))?;
    let holder = problem.existing_id.clone()?;
    let (via, write) = write_of(turn, pair)?;
    let email = write.properties.get(Field::Email.name()).and_then(|email| normalise::email(email))?;
    Some(Blocked { via, write, email, holder })
}

/// Whether a pair of this batch is about to leave the address both sides last agreed on.
fn leaves(turn: &Turn, pair: &Ready, link: &Link, email: &str) -> bool {
    let digest = turn.key.digest(Field::Email.name(), email);
    let agreed = link.baseline.of(&Field::Email) == merge::Baseline::Agreed(Some(digest));
    let wanted = pair.row.values.get(&Field::Email).and_then(normalise::email);
    agreed && wanted.is_some_and(|wanted| wanted != email)
}

/// The write that takes the address off a contact. It gets its own with the same request's end, or at its own look:
/// nothing of this is agreed on.
fn cleared(contact_id: &str) -> Write {
    Write {
        id: contact_id.to_owned(),
        trace: contact_id.to_owned(),
        properties: BTreeMap::from([(Field::Email.name().to_owned(), String::new())]),
    }
}
