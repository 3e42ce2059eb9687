//! Which of two values was written last, where the policy is that the newest wins: HubSpot keeps the history of
//! every property, Storeganise the time of a user's last update.

use hubspot::record::Record;
use storeganise::user::User;

use super::{
    side::Field,
    users::{Ready, updated_micros},
};
use crate::{
    core::Core,
    error::Error,
    fields::ADDRESS_PARTS,
    merge::{Directions, Policy, Side},
    turn::Turn,
};

/// Which side's value of a field was written last; none where a side does not say, or both say the same moment.
pub(crate) fn newer(user: &User, contact: &Record, field: &Field) -> Option<Side> {
    let user = updated_micros(user)?;
    let written = properties_of(field).filter_map(|name| contact.last_write(name)?.timestamp).max()?;
    let contact = i64::try_from(written.unix_timestamp_nanos() / 1_000).ok()?;
    match user.cmp(&contact) {
        std::cmp::Ordering::Greater => Some(Side::User),
        std::cmp::Ordering::Less => Some(Side::Contact),
        std::cmp::Ordering::Equal => None,
    }
}

/// The properties a field is made of.
pub(crate) fn properties_of(field: &Field) -> impl Iterator<Item = &str> {
    let parts = if *field == Field::Address { &ADDRESS_PARTS[..] } else { &[] };
    std::iter::once(field.name()).chain(parts.iter().copied())
}

impl Core {
    /// Decides again what the policy could not: the contacts in question are read with the history of just the
    /// fields in question, in as few requests as there are hundreds of them.
    pub(crate) async fn settle_by_newest(
        &self,
        turn: &Turn,
        ready: &mut [Ready],
        directions: Directions,
    ) -> Result<(), Error> {
        if turn.installation.settings.conflict_policy != Policy::NewestWins {
            return Ok(());
        }
        let asking = ready.iter().filter(|pair| !pair.plan.asks.is_empty());
        let (mut ids, mut names) = (Vec::new(), Vec::new());
        for pair in asking {
            ids.extend(pair.contact_id.clone());
            names.extend(pair.plan.asks.iter().flat_map(|field| properties_of(field).map(str::to_owned)));
        }
        names.sort_unstable();
        names.dedup();
        let contacts = self.read_contacts_with_history(turn, ids, names).await?;
        for pair in ready.iter_mut().filter(|pair| !pair.plan.asks.is_empty()) {
            let read = pair.contact_id.as_ref().and_then(|id| contacts.found.get(id)).cloned();
            if let Some(contact) = read {
                pair.plan = self.plan_pair(turn, &pair.row, Some(&contact), directions);
                pair.contact = Some(contact);
            }
        }
        Ok(())
    }
}
