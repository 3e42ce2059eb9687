//! Examples of what a preview found, with the values of both sides as they are now: read when they are asked for, and
//! never stored.

use std::collections::{BTreeMap, HashMap};

use hubspot::{
    batch::{BATCH, BatchRead},
    crm::Portal,
    deals::DEAL_PROPERTIES,
    record::{ObjectKind, Record},
};
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use storeganise::{client::IDS_PER_REQUEST, user::User};
use uuid::Uuid;

use super::{report::PreviewRow, rows};
use crate::{
    core::Core,
    error::Error,
    installation::{Installation, Scope},
    merge::Side,
    queue::outcome::Action,
    record::{
        dry::{shown_on_contact, shown_on_user},
        side::{Field, contact_properties},
    },
    storage::entity::preview_row,
};

/// Examples of each action on each side.
const EXAMPLES: u64 = 10;
/// What examples are shown of; the rest changes nothing, and is in the list of all records.
const ACTIONS: [Action; 5] =
    [Action::Created, Action::Updated, Action::Conflicted, Action::Skipped, Action::Failed];

/// A record as it is and as it would be.
#[derive(Debug, Clone)]
pub struct Example {
    /// The side it is an example of.
    pub side: Side,
    /// What would happen there.
    pub action: Action,
    /// The record.
    pub row: PreviewRow,
    /// The fields that would be written, with their values.
    pub fields: Vec<Shown>,
}

/// A field's value as it is and as it would be. `Debug` shows the name only.
#[derive(Clone, PartialEq, Eq)]
pub struct Shown {
    /// The field's name on the side that would be written.
    pub field: String,
    /// Its value now; none where it is blank.
    pub now: Option<String>,
    /// What it would become; none where it would be cleared.
    pub then: Option<String>,
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shown").field("field", &self.field).finish_non_exhaustive()
    }
}

/// What both sides hold of the records that are shown.
#[derive(Default)]
struct Live {
    users: HashMap<String, User>,
    contacts: HashMap<String, Record>,
    deals: HashMap<String, Record>,
}

impl Core {
    /// Up to ten records of each action on each side, with their values as they are now.
    ///
    /// # Errors
    /// As [`Core::preview_report`]; and the provider's error where it cannot be read just now.
    pub async fn preview_examples(
        &self,
        installation: &Installation,
        run: Uuid,
    ) -> Result<Vec<Example>, Error> {
        let scope = installation.scope();
        self.kept_preview(scope, run).await?;
        let mut chosen = Vec::new();
        for (side, column) in [
            (Side::Contact, preview_row::Column::ContactAction),
            (Side::User, preview_row::Column::UserAction),
        ] {
            for action in ACTIONS {
                let found = self.some(scope, run, column, action).await?;
                chosen.extend(found.into_iter().map(|row| (side, action, row)));
            }
        }
        let fields = installation.settings.fields();
        let shown: Vec<&PreviewRow> =
            chosen.iter().filter(|(_, action, _)| writes(*action)).map(|(_, _, row)| row).collect();
        let live = self.read_examples(installation, &fields, &shown).await?;
        let examples = chosen.into_iter().map(|(side, action, row)| {
            let fields = if writes(action) { live.shown(side, &row, &fields) } else { Vec::new() };
            Example { side, action, row, fields }
        });
        Ok(examples.collect())
    }

    async fn some(
        &self,
        scope: Scope,
        run: Uuid,
        column: preview_row::Column,
        action: Action,
    ) -> Result<Vec<PreviewRow>, Error> {
        let found = rows::of_run(scope, run)
            .filter(column.eq(action.word()))
            .order_by_asc(preview_row::Column::Subject)
            .order_by_asc(preview_row::Column::Record)
            .limit(EXAMPLES)
            .all(self.db().reader())
            .await?;
        found.into_iter().map(PreviewRow::from_row).collect()
    }

    async fn read_examples(
        &self,
        installation: &Installation,
        fields: &[Field],
        rows: &[&PreviewRow],
    ) -> Result<Live, Error> {
        let mut live = Live::default();
        if rows.is_empty() {
            return Ok(live);
        }
        let account = self.account(installation).await?;
        for ids in ids(rows, |row| row.user_id.as_ref()).chunks(IDS_PER_REQUEST) {
            let found = account.users_by_ids(ids).await?;
            live.users.extend(found.records.into_iter().map(|user| (user.id.clone(), user)));
        }
        let portal = self.portal(installation.scope()).await?;
        let contacts = ids(rows, |row| row.contact_id.as_ref());
        live.contacts = read(&portal, ObjectKind::Contact, contacts, contact_properties(fields)).await?;
        let deals = ids(rows, |row| row.deal_id.as_ref());
        let properties = DEAL_PROPERTIES.map(str::to_owned).to_vec();
        live.deals = read(&portal, ObjectKind::Deal, deals, properties).await?;
        Ok(live)
    }
}

impl Live {
    fn shown(&self, side: Side, row: &PreviewRow, fields: &[Field]) -> Vec<Shown> {
        let user = row.user_id.as_ref().and_then(|id| self.users.get(id));
        let contact = row.contact_id.as_ref().and_then(|id| self.contacts.get(id));
        let deal = row.deal_id.as_ref().and_then(|id| self.deals.get(id));
        match (side, user) {
            (Side::Contact, Some(user)) => {
                let mut names = row.contact.fields.clone();
                names.extend(row.contact.refused.clone());
                shown_on_contact(fields, &names, user, contact)
            }
            // The user, and with it the id its contact will hold, is still to be made.
            (Side::Contact, None) => {
                let blank = |name: &String| Shown { field: name.clone(), now: None, then: None };
                row.contact.fields.iter().map(blank).collect()
            }
            (Side::User, user) => shown_on_user(fields, &row.user.fields, user, contact, deal),
        }
    }
}

/// Whether an action has values to show.
fn writes(action: Action) -> bool {
    matches!(action, Action::Created | Action::Updated | Action::Conflicted)
}

fn ids<'a>(rows: &[&'a PreviewRow], id: impl Fn(&'a PreviewRow) -> Option<&'a String>) -> Vec<String> {
    let once: BTreeMap<&String, ()> = rows.iter().filter_map(|row| Some((id(row)?, ()))).collect();
    once.into_keys().cloned().collect()
}

async fn read(
    portal: &Portal,
    kind: ObjectKind,
    ids: Vec<String>,
    properties: Vec<String>,
) -> Result<HashMap<String, Record>, Error> {
    let mut found = HashMap::new();
    for chunk in ids.chunks(BATCH) {
        let batch = BatchRead {
            ids: chunk.to_vec(),
            id_property: None,
            properties: properties.clone(),
            with_history: Vec::new(),
        };
        let reply = portal.read(kind, &batch).await?;
        found.extend(reply.records.into_iter().map(|record| (record.id.clone(), record)));
    }
    Ok(found)
}
