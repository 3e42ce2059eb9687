//! One contact of a won deal: find its user or make one, fill in the deal's data, link the two.
//!
//! Making a user is not safe to repeat: whatever goes wrong, the user is looked for by e-mail before another
//! attempt, and never made blindly twice.

use std::collections::{BTreeMap, HashMap, HashSet};

use hubspot::record::{Record, Write};
use serde_json::{Map, Value};
use storeganise::{
    error::Class,
    user::{NewUser, User, UserPatch},
};

use super::{
    contacts,
    deal::Deal,
    done::Done,
    intended::Intended,
    link::{Link, Rests},
    plan::Plan,
    read::{Contacts, left_out},
    side::{Field, Values, contact_emails},
    users::{Row, updated_micros},
};
use crate::{
    brake::gate::DealChange,
    conflicts::{Conflict, Kind, standing::is_kept_apart},
    core::Core,
    error::Error,
    fields::{CONTACT_USER_ID, NAME_PLACEHOLDER, USER_CONTACT_ID},
    merge::Directions,
    queue::{
        change::{Mark, Origin, Subject, Taken},
        outcome::{Action, Outcome},
    },
    turn::Turn,
};

/// What one pass over won deals knows and gathers: a contact may stand on several deals.
pub(super) struct Pass {
    contacts: Contacts,
    /// Whether contacts have a property for the user's id.
    holds_user_id: bool,
    links: HashMap<String, Link>,
    made: BTreeMap<String, Link>,
    patches: BTreeMap<String, (BTreeMap<String, String>, Vec<Field>)>,
    /// Users paired in this pass, so that two contacts of one e-mail do not share one.
    paired: HashSet<String>,
}

impl Pass {
    pub(super) fn new(contacts: Contacts, links: HashMap<String, Link>, holds_user_id: bool) -> Self {
        Self {
            contacts,
            holds_user_id,
            links,
            made: BTreeMap::new(),
            patches: BTreeMap::new(),
            paired: HashSet::new(),
        }
    }

    pub(super) fn contact(&self, id: &str) -> Option<&Record> {
        self.contacts.found.get(id)
    }

    /// Remembers a pair for the deals still to come.
    pub(super) fn pair(&mut self, link: Link) {
        self.paired.insert(link.user_id.clone());
        self.links.insert(link.contact_id.clone(), link);
    }

    pub(super) fn links_made(&mut self) -> Vec<Link> {
        std::mem::take(&mut self.made).into_values().collect()
    }

    pub(super) fn contact_writes(&self) -> Vec<Write> {
        let writes = self.patches.iter().filter(|(_, (properties, _))| !properties.is_empty());
        writes
            .map(|(id, (properties, _))| Write {
                id: id.clone(),
                trace: id.clone(),
                properties: properties.clone(),
            })
            .collect()
    }

    /// What was to be written to a contact was refused: nothing is agreed on in those fields.
    pub(super) fn forget_contact_patch(&mut self, contact_id: &str) {
        let Some((_, fields)) = self.patches.get(contact_id) else { return };
        for link in self.made.values_mut().filter(|link| link.contact_id == contact_id) {
            for field in fields {
                link.baseline.disagree(field);
            }
        }
    }
}

/// The user a contact was brought over to.
pub(super) struct Found {
    pub user: User,
    pub created: bool,
}

/// Why a contact is not brought over.
pub(super) enum NotBrought {
    Skipped(&'static str),
    Conflicted(&'static str, String),
    Failed(String),
}

impl Core {
    /// Brings one contact of a won deal over as a user.
    pub(super) async fn bring_over(
        &self,
        turn: &Turn,
        deal: &Deal,
        contact_id: &str,
        pass: &mut Pass,
        done: &mut Done,
    ) -> Result<(), Error> {
        let outcome = |action| Outcome::new(Subject::Deal, &deal.id, action).contact(contact_id);
        if let Some(path) = pass.contacts.unread.get(contact_id) {
            done.outcomes.push(outcome(Action::Failed).because("unexpected_answer").fields([path.as_str()]));
            return Ok(());
        }
        let Some(contact) = pass.contacts.found.get(contact_id).cloned() else {
            done.outcomes.push(outcome(Action::Skipped).because("contact_gone"));
            return Ok(());
        };
        let found = match self.user_of_contact(turn, deal, &contact, pass).await? {
            Ok(found) => found,
            Err(NotBrought::Skipped(reason)) => {
                done.outcomes.push(outcome(Action::Skipped).because(reason));
                return Ok(());
            }
            Err(NotBrought::Conflicted(reason, user_id)) => {
                let known = self.conflicts_of(turn.scope(), std::slice::from_ref(&user_id)).await?;
                let known = known.get(&user_id).map_or(&[][..], Vec::as_slice);
                if is_kept_apart(known, contact_id) {
                    done.outcomes.push(outcome(Action::Skipped).because("kept_apart").user(&user_id));
                    return Ok(());
                }
                done.conflicts.pair_stands(&user_id, contact_id, Kind::UserOfAnotherContact, known);
                done.outcomes.push(outcome(Action::Conflicted).because(reason).user(&user_id));
                return Ok(());
            }
            Err(NotBrought::Failed(cause)) => {
                done.outcomes.push(outcome(Action::Failed).because(cause));
                return Ok(());
            }
        };
        let user_id = found.user.id.clone();
        let conflicts =
            self.conflicts_of(turn.scope(), std::slice::from_ref(&user_id)).await?.remove(&user_id);
        let (row, plan) = self.plan_won(turn, &found.user, &contact, conflicts.unwrap_or_default(), pass);
        if row.link.is_some() {
            let fields = changes(turn, deal, &found, &plan);
            let change = DealChange { deal_id: &deal.id, user_id: &user_id, contact_id, fields };
            if self.brake_deal(turn, change, done).await? {
                return Ok(());
            }
        }
        if row.link.is_some() {
            self.intend(turn, &[(user_id.as_str(), &plan)]).await?;
        }
        let (fields, user_updated) = write_won_user(turn, deal, &contact, &found, &plan).await?;
        let action = match (found.created, fields.is_empty()) {
            (true, _) => Action::Created,
            (false, false) => Action::Updated,
            (false, true) => Action::Unchanged,
        };
        done.outcomes.push(outcome(action).user(&user_id).fields(fields));
        let patch = contact_patch(pass.holds_user_id, &row, &contact, &plan);
        let flips = row.flips_after(&plan, |_| false, self.now_micros());
        done.conflicts.fields_stand(&row, &plan.flips, Kind::Flips, contact_id);
        if !plan.asks.is_empty() || !row.conflicts.is_empty() {
            // Which value is newer, and whether a conflict is over, is for the user's own look to find out.
            done.marks.push(Mark::new(turn.scope(), Subject::User, user_id.clone(), Origin::Sync));
        }
        let link = Link { flips, ..link_of(turn, &found.user, &contact, &plan, user_updated) };
        // Whom the contact was linked to is gone from Storeganise.
        let before = pass.links.get(&contact.id).map(|link| link.user_id.clone());
        done.forgotten.extend(before.filter(|before| *before != user_id));
        pass.patches.insert(contact.id, (patch, plan.to_contact));
        pass.pair(link.clone());
        pass.made.insert(user_id, link);
        Ok(())
    }

    /// Finds the user a contact belongs to; else makes one.
    async fn user_of_contact(
        &self,
        turn: &Turn,
        deal: &Deal,
        contact: &Record,
        pass: &Pass,
    ) -> Result<Result<Found, NotBrought>, Error> {
        if let Some(known) = self.known_user(turn, contact, pass).await? {
            return Ok(known);
        }
        let new = new_user(turn, contact, deal);
        match turn.account.create_user(&new).await {
            Ok(user) => Ok(Ok(Found { user, created: true })),
            Err(error) => match turn.account.user_by_email(&new.email).await? {
                // It was made after all, or a moment ago by somebody else.
                Some(user) => self.checked(turn, contact, user, pass).await,
                None if matches!(error.class(), Class::Rejected | Class::Conflict | Class::NotFound) => {
                    Ok(Err(NotBrought::Failed(error.code())))
                }
                None => Err(error.into()),
            },
        }
    }

    /// Finds the user a contact belongs to: by link, by the id the contact holds, by e-mail. None where one is to
    /// be made.
    pub(super) async fn known_user(
        &self,
        turn: &Turn,
        contact: &Record,
        pass: &Pass,
    ) -> Result<Option<Result<Found, NotBrought>>, Error> {
        let linked = pass.links.get(&contact.id).map(|link| link.user_id.as_str());
        for id in linked.into_iter().chain(contact.text(CONTACT_USER_ID)) {
            if let Some(user) = turn.account.user(id).await? {
                return self.checked(turn, contact, user, pass).await.map(Some);
            }
        }
        let emails = contact_emails(contact);
        for email in &emails {
            if let Some(user) = turn.account.user_by_email(email).await? {
                return self.checked(turn, contact, user, pass).await.map(Some);
            }
        }
        if emails.is_empty() {
            return Ok(Some(Err(NotBrought::Skipped("contact_without_email"))));
        }
        if !turn.installation.settings.create_users {
            return Ok(Some(Err(NotBrought::Skipped("create_users_off"))));
        }
        Ok(None)
    }

    /// A user that was found may still not be the contact's: staff, or linked to another contact.
    async fn checked(
        &self,
        turn: &Turn,
        contact: &Record,
        user: User,
        pass: &Pass,
    ) -> Result<Result<Found, NotBrought>, Error> {
        if let Some(reason) = left_out(&user) {
            return Ok(Err(NotBrought::Skipped(reason)));
        }
        if self.is_erased_user(turn.scope(), &turn.key, &user.id).await? {
            return Ok(Err(NotBrought::Skipped("erased_for_privacy")));
        }
        let of_this_contact = pass.links.get(&contact.id).is_some_and(|link| link.user_id == user.id);
        if !of_this_contact {
            let links = self.links_of_users(turn.scope(), std::slice::from_ref(&user.id)).await?;
            // A contact that was deleted is not in the way of one that a person made and put on a won deal.
            let linked_elsewhere = links.get(&user.id).is_some_and(|link| {
                link.contact_id != contact.id && link.rests != Some(Rests::ContactDeleted)
            });
            let named = contact.text(CONTACT_USER_ID).is_some_and(|id| id != user.id);
            if linked_elsewhere || named || pass.paired.contains(&user.id) {
                return Ok(Err(NotBrought::Conflicted("user_of_another_contact", user.id)));
            }
        }
        Ok(Ok(Found { user, created: false }))
    }

    /// Decides the pair: a won deal brings the contact over, so both directions are open.
    pub(super) fn plan_won(
        &self,
        turn: &Turn,
        user: &User,
        contact: &Record,
        conflicts: Vec<Conflict>,
        pass: &Pass,
    ) -> (Row, Plan) {
        let row = Row {
            taken: Taken::unmarked(user.id.clone()),
            values: Values::of_user(user, &turn.fields),
            link: pass.links.get(&contact.id).filter(|link| link.user_id == user.id).cloned(),
            user: user.clone(),
            conflicts,
        };
        let directions = Directions { to_contact: true, to_user: true };
        let plan = self.plan_pair(turn, &row, Some(contact), directions);
        (row, plan)
    }
}

/// What the link of a pair will remember.
pub(super) fn link_of(turn: &Turn, user: &User, contact: &Record, plan: &Plan, updated: Option<i64>) -> Link {
    Link {
        user_id: user.id.clone(),
        contact_id: contact.id.clone(),
        baseline: plan.baseline.clone(),
        baseline_version: turn.installation.settings.baseline_version(),
        mirrored_contact_id: turn.installation.settings.mirrors.then(|| contact.id.clone()),
        user_updated: updated.or_else(|| updated_micros(user)),
        rests: None,
        flips: super::flips::Flips::default(),
        intended: Intended::default(),
    }
}

/// What is written to the contact: the decided fields, and the user's id where it is not there yet.
pub(super) fn contact_patch(
    holds_user_id: bool,
    row: &Row,
    contact: &Record,
    plan: &Plan,
) -> BTreeMap<String, String> {
    let mut patch = contacts::properties(&plan.to_contact, &row.values, Some(contact));
    if holds_user_id && contact.text(CONTACT_USER_ID) != Some(row.taken.id.as_str()) {
        patch.insert(CONTACT_USER_ID.to_owned(), row.taken.id.clone());
    }
    patch
}

/// The fields of both records that the pair and the deal would change.
fn changes(turn: &Turn, deal: &Deal, found: &Found, plan: &Plan) -> Vec<String> {
    let of_deal = match turn.installation.settings.deal_data {
        true => deal.custom_fields(found.user.custom_fields.as_ref()),
        false => Map::new(),
    };
    let of_pair = plan.to_contact.iter().chain(&plan.to_user).map(|field| field.name().to_owned());
    of_pair.chain(of_deal.into_iter().map(|(name, _)| name)).collect()
}

/// Writes to the user what the pair and the deal bring, in one request; the names of the fields written.
async fn write_won_user(
    turn: &Turn,
    deal: &Deal,
    contact: &Record,
    found: &Found,
    plan: &Plan,
) -> Result<(Vec<String>, Option<i64>), Error> {
    let (patch, fields) = won_patch(turn, deal, contact, found, plan);
    if patch.is_empty() {
        return Ok((fields, None));
    }
    let user = turn.account.update_user(&found.user.id, &patch).await?;
    let read = Values::of_user(&found.user, &turn.fields);
    let is_ours = contacts::is_as_read(turn, &read, &user, &plan.to_user);
    Ok((fields, updated_micros(&user).filter(|_| is_ours)))
}

/// What the pair and the deal bring to the user, and the names of the fields.
pub(super) fn won_patch(
    turn: &Turn,
    deal: &Deal,
    contact: &Record,
    found: &Found,
    plan: &Plan,
) -> (UserPatch, Vec<String>) {
    let mut patch: UserPatch =
        contacts::user_patch(&plan.to_user, &Values::of_contact(contact, &turn.fields));
    let mut fields: Vec<String> = plan.to_user.iter().map(|field| field.name().to_owned()).collect();
    if !found.created {
        let shown = found.user.custom_fields.as_ref();
        if turn.installation.settings.deal_data {
            patch.custom_fields.extend(deal.custom_fields(shown));
        }
        let is_mirrored = shown.and_then(|fields| fields.get(USER_CONTACT_ID)).and_then(Value::as_str)
            == Some(contact.id.as_str());
        if turn.installation.settings.mirrors && !is_mirrored {
            patch.custom_fields.insert(USER_CONTACT_ID.to_owned(), Value::from(contact.id.as_str()));
        }
        fields.extend(patch.custom_fields.keys().cloned());
    }
    (patch, fields)
}

/// The user a contact becomes. Storeganise requires both names: a placeholder stands in for a missing one.
pub(super) fn new_user(turn: &Turn, contact: &Record, deal: &Deal) -> NewUser {
    let settings = &turn.installation.settings;
    let values = Values::of_contact(contact, &turn.fields);
    let text = |field: &Field| values.get(field).map(str::to_owned);
    let name = |field: &Field| Some(text(field).unwrap_or_else(|| NAME_PLACEHOLDER.to_owned()));
    let to_user = Directions { to_contact: false, to_user: true };
    let has_value = |field: &&Field| field.directions(to_user).to_user && values.get(field).is_some();
    let custom: Vec<Field> =
        turn.fields.iter().filter(|f| matches!(f, Field::Custom(_))).filter(has_value).cloned().collect();
    let mut custom_fields = contacts::user_patch(&custom, &values).custom_fields;
    if settings.deal_data {
        custom_fields.extend(deal.custom_fields(None));
    }
    if settings.mirrors {
        custom_fields.insert(USER_CONTACT_ID.to_owned(), Value::from(contact.id.as_str()));
    }
    NewUser {
        email: text(&Field::Email).or_else(|| contact_emails(contact).into_iter().next()).unwrap_or_default(),
        first_name: name(&Field::FirstName),
        last_name: name(&Field::LastName),
        phone: text(&Field::Phone),
        company_name: text(&Field::Company),
        address: text(&Field::Address),
        custom_fields,
    }
}
