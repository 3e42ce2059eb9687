//! Won deals → users: which deals are won (by their stage's probability, never by a word), whose contacts
//! they are. What happens to each contact is `won`'s matter.

use std::collections::{BTreeMap, HashMap};

use hubspot::{
    batch::BatchRead,
    deals::DEAL_PROPERTIES,
    pipelines::Pipeline,
    record::{ObjectKind, Record, Write},
};

use super::{
    deal::Deal,
    done::Done,
    won::Pass,
    write::{self, Via},
};
use crate::{
    core::Core,
    error::Error,
    queue::{
        change::{Subject, Taken},
        outcome::{Action, Outcome},
    },
    turn::Turn,
};

impl Core {
    /// Looks at deals and brings the contacts of won ones over as users.
    pub(crate) async fn work_deals(&self, turn: &Turn, taken: &[Taken]) -> Result<(), Error> {
        let mut done = Done::default();
        let mut won = self.won_deals(turn, taken, &mut done).await?;
        // Of two won deals of one user the one closed last is to fill its fields.
        won.sort_by_key(|(_, deal)| deal.closed_on);
        let (contacts_of, mut pass) = self.contacts_of_won(turn, &won).await?;
        for (change, deal) in &won {
            let of_deal = contacts_of.get(&deal.id).map_or(&[][..], Vec::as_slice);
            if of_deal.is_empty() {
                let outcome = Outcome::new(Subject::Deal, &deal.id, Action::Skipped);
                done.settle(change, outcome.because("deal_without_contact"));
                continue;
            }
            done.settled.push((*change).clone());
            for contact_id in of_deal {
                Box::pin(self.bring_over(turn, deal, contact_id, &mut pass, &mut done)).await?;
            }
        }
        self.write_contacts_of_won(turn, &mut pass, &mut done).await?;
        done.links.extend(pass.links_made());
        self.record_done(turn, Subject::Deal, done).await
    }

    /// Reads whose contacts won deals are, and what is known of these contacts.
    pub(super) async fn contacts_of_won(
        &self,
        turn: &Turn,
        won: &[(&Taken, Deal)],
    ) -> Result<(BTreeMap<String, Vec<String>>, Pass), Error> {
        let ids: Vec<String> = won.iter().map(|(_, deal)| deal.id.clone()).collect();
        let contacts_of = match ids.as_slice() {
            [] => BTreeMap::new(),
            ids => self.turn_portal(turn).await?.deal_contacts(ids).await?,
        };
        let mut contact_ids: Vec<String> = contacts_of.values().flatten().cloned().collect();
        contact_ids.sort_unstable();
        contact_ids.dedup();
        let contacts = self.read_contacts(turn, contact_ids.clone()).await?;
        let links = self.links_of_contacts(turn.scope(), &contact_ids).await?;
        Ok((contacts_of, Pass::new(contacts, links, turn.holds_user_id())))
    }

    /// Reads the deals taken and keeps the won ones; each other one ends in its outcome.
    pub(super) async fn won_deals<'a>(
        &self,
        turn: &Turn,
        taken: &'a [Taken],
        done: &mut Done,
    ) -> Result<Vec<(&'a Taken, Deal)>, Error> {
        let batch = BatchRead {
            ids: taken.iter().map(|change| change.id.clone()).collect(),
            id_property: None,
            properties: DEAL_PROPERTIES.into_iter().map(str::to_owned).collect(),
            with_history: Vec::new(),
        };
        let reply = self.turn_portal(turn).await?.read(ObjectKind::Deal, &batch).await?;
        let found: HashMap<&str, &Record> =
            reply.records.iter().map(|record| (record.id.as_str(), record)).collect();
        let unread: HashMap<&str, &str> = reply
            .unread
            .iter()
            .filter_map(|unread| Some((unread.id.as_deref()?, unread.path.as_str())))
            .collect();
        let mut won = Vec::new();
        for change in taken {
            if let Some(path) = unread.get(change.id.as_str()) {
                done.park_unread(change, Subject::Deal, path);
                continue;
            }
            let outcome = || Outcome::new(Subject::Deal, &change.id, Action::Skipped);
            match found.get(change.id.as_str()) {
                None => done.settle(change, outcome().because("deal_gone")),
                Some(record) if !is_won(record, self.turn_pipelines(turn).await?) => {
                    done.settle(change, outcome().because("deal_not_won"));
                }
                Some(record) => won.push((change, Deal::of_record(record))),
            }
        }
        Ok(won)
    }

    /// Writes to the contacts what the pairs decided, their user's id above all. A refusal leaves the link and
    /// the user as they are, and says so.
    async fn write_contacts_of_won(
        &self,
        turn: &Turn,
        pass: &mut Pass,
        done: &mut Done,
    ) -> Result<(), Error> {
        let writes: Vec<Write> = pass.contact_writes();
        for chunk in writes.chunks(hubspot::batch::BATCH) {
            let portal = self.turn_portal(turn).await?;
            let sent = write::send(portal, Via::Update, chunk.to_vec()).await?;
            for (contact_id, problem) in sent.refused {
                pass.forget_contact_patch(&contact_id);
                let outcome = Outcome::new(Subject::Contact, &contact_id, Action::Failed);
                done.outcomes.push(outcome.because("hubspot.refused").refused(&problem));
            }
        }
        Ok(())
    }
}

/// Whether a deal's stage means won: by the probability of the stage in its own pipeline. Only for a stage we
/// are not told of does HubSpot's calculated property decide.
fn is_won(deal: &Record, pipelines: &[Pipeline]) -> bool {
    let pipeline = deal.text("pipeline").and_then(|id| pipelines.iter().find(|pipeline| pipeline.id == id));
    let stage = deal
        .text("dealstage")
        .and_then(|id| pipeline.and_then(|pipeline| pipeline.stages.iter().find(|stage| stage.id == id)));
    stage.map_or_else(|| deal.text("hs_is_closed_won") == Some("true"), |stage| stage.won)
}
