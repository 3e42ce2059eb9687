//! One contact: a form with its main properties, its deals, and who changed what when.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};

use super::portal::full_name;
use super::refused;
use crate::clock;
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::crm::record::{Record, Source};
use crate::hubspot::crm::write::{Claims, Properties};
use crate::hubspot::desk::{PERSON, in_portal};
use crate::hubspot::error::ApiError;
use crate::hubspot::portal::Portal;
use crate::world::World;

/// What the form offers to change; a property of the app joins them where the account has it.
const EDITABLE: [&str; 11] = [
    "firstname",
    "lastname",
    "email",
    "phone",
    "company",
    "address",
    "city",
    "state",
    "zip",
    "country",
    "storeganise_user_id",
];
const HISTORY_SHOWN: usize = 200;

/// The contact's page and its form.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new().route("/hubspot/{portal}/contacts/{id}", get(page).post(change))
}

#[derive(Template, WebTemplate)]
#[template(path = "hubspot/contact.html")]
struct ContactPage {
    portal: u64,
    portal_name: String,
    id: u64,
    name: String,
    former_ids: Vec<u64>,
    fields: Vec<Field>,
    deals: Vec<String>,
    history: Vec<Entry>,
}

struct Field {
    name: String,
    label: String,
    value: String,
}

struct Entry {
    at_ms: u64,
    at: String,
    property: String,
    value: String,
    who: String,
}

async fn page(State(world): State<Arc<World>>, Path((portal, id)): Path<(u64, String)>) -> Response {
    let shown = in_portal(&world, portal, PERSON, |portal, _| {
        let record = portal.resolve(Kind::Contact, &id).and_then(|id| portal.live(Kind::Contact, id));
        Ok(shown(portal, record.ok_or_else(|| ApiError::no_record(&id))?))
    });
    shown.map_or_else(|error| refused(&error), |page| page.into_response())
}

async fn change(
    State(world): State<Arc<World>>,
    Path((portal_id, id)): Path<(u64, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let properties: Properties = fields.into_iter().map(|(name, value)| (name, value.into())).collect();
    let changed = in_portal(&world, portal_id, PERSON, |portal, author| {
        let id = portal.resolve(Kind::Contact, &id).ok_or_else(|| ApiError::no_record(&id))?;
        let plan = portal.plan_update(Kind::Contact, id, &properties, &mut Claims::default())?;
        Ok(portal.carry_out(Kind::Contact, plan, author))
    });
    match changed {
        Ok(id) => Redirect::to(&format!("/hubspot/{portal_id}/contacts/{id}")).into_response(),
        Err(error) => refused(&error),
    }
}

fn shown(portal: &Portal, record: &Record) -> ContactPage {
    let fields = EDITABLE.iter().filter_map(|name| portal.schema(Kind::Contact).live(name));
    let deals = record.associated.iter().filter_map(|id| portal.live(Kind::Deal, *id));
    ContactPage {
        portal: portal.id,
        portal_name: portal.name.clone(),
        id: record.id,
        name: full_name(record),
        former_ids: portal.store(Kind::Contact).former_ids(record.id).to_vec(),
        fields: fields
            .map(|definition| Field {
                name: definition.name.to_string(),
                label: definition.label.clone(),
                value: record.stored(&definition.name).unwrap_or_default().to_owned(),
            })
            .collect(),
        deals: deals
            .map(|deal| {
                let stage = portal.stage_of(deal).map_or("no stage", |stage| stage.label);
                format!("{} ({stage})", deal.stored("dealname").unwrap_or("(no name)"))
            })
            .collect(),
        history: history(record),
    }
}

/// The latest changes first.
fn history(record: &Record) -> Vec<Entry> {
    let mut entries: Vec<Entry> = record
        .names()
        .flat_map(|name| record.versions(name))
        .map(|version| Entry {
            at_ms: version.by.at_ms,
            at: clock::iso(version.by.at_ms),
            property: version.name.to_string(),
            value: version.value.to_string(),
            who: match version.by.source {
                Source::Integration(app_id) => format!("app {app_id}"),
                Source::CrmUi(user_id) => format!("person {user_id}"),
            },
        })
        .collect();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.at_ms));
    entries.truncate(HISTORY_SHOWN);
    entries
}
