//! An account: whether the app is connected, its deals with a menu of stages, its contacts.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::Deserialize;

use super::refused;
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::crm::record::Record;
use crate::hubspot::crm::write::{AssociationInput, AssociationTarget, Claims, Properties};
use crate::hubspot::desk::{PERSON, in_portal};
use crate::hubspot::portal::Portal;
use crate::world::World;

/// A page shows no more contacts than this; the search narrows them down.
const CONTACTS_SHOWN: usize = 200;
const DEALS_SHOWN: usize = 100;

/// The account's page and its forms.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/hubspot/{portal}", get(page))
        .route("/hubspot/{portal}/contacts", post(add_contact))
        .route("/hubspot/{portal}/deals", post(add_deal))
        .route("/hubspot/{portal}/deals/{id}/stage", post(move_deal))
        .route("/hubspot/{portal}/uninstall", post(uninstall))
}

#[derive(Template, WebTemplate)]
#[template(path = "hubspot/portal.html")]
struct PortalPage {
    id: u64,
    name: String,
    is_connected: bool,
    search: String,
    contacts: Vec<Contact>,
    contact_count: usize,
    deals: Vec<Deal>,
    deal_count: usize,
    won_count: usize,
    stages: Vec<Stage>,
}

struct Contact {
    id: u64,
    name: String,
    email: String,
    phone: String,
    company: String,
}

struct Deal {
    id: u64,
    name: String,
    amount: String,
    pipeline: &'static str,
    stage_label: &'static str,
    is_won: bool,
    stages: Vec<Stage>,
    contacts: Vec<(u64, String)>,
}

struct Stage {
    value: String,
    label: String,
    is_present: bool,
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    search: String,
}

async fn page(
    State(world): State<Arc<World>>,
    Path(portal): Path<u64>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let shown = in_portal(&world, portal, PERSON, |portal, _| Ok(shown(portal, wanted.search)));
    shown.map_or_else(|error| refused(&error), |page| page.into_response())
}

fn shown(portal: &Portal, search: String) -> PortalPage {
    let words = search.to_lowercase();
    let fits = |contact: &&Record| {
        let searched = ["firstname", "lastname", "email", "phone", "company"];
        searched.iter().any(|p| contact.stored(p).unwrap_or_default().to_lowercase().contains(&words))
    };
    let deals = portal.store(Kind::Deal);
    let is_won = |deal: &&Record| portal.stage_of(deal).is_some_and(|stage| stage.is_won());
    PortalPage {
        id: portal.id,
        name: portal.name.clone(),
        is_connected: portal.installation.is_some(),
        contacts: portal.store(Kind::Contact).live().filter(fits).take(CONTACTS_SHOWN).map(contact).collect(),
        contact_count: portal.store(Kind::Contact).live().count(),
        deals: deals.live().take(DEALS_SHOWN).map(|record| deal(portal, record)).collect(),
        deal_count: deals.live().count(),
        won_count: deals.live().filter(is_won).count(),
        stages: stages(portal, None),
        search,
    }
}

fn contact(record: &Record) -> Contact {
    let text = |name| record.stored(name).unwrap_or_default().to_owned();
    Contact {
        id: record.id,
        name: full_name(record),
        email: text("email"),
        phone: text("phone"),
        company: text("company"),
    }
}

fn deal(portal: &Portal, record: &Record) -> Deal {
    let stage = portal.stage_of(record);
    let pipeline = portal.pipelines.iter().find(|p| Some(p.id) == record.stored("pipeline"));
    let with = record.associated.iter().filter_map(|id| portal.live(Kind::Contact, *id));
    Deal {
        id: record.id,
        name: record.stored("dealname").unwrap_or("(no name)").to_owned(),
        amount: record.stored("amount").unwrap_or_default().to_owned(),
        pipeline: pipeline.map_or("", |pipeline| pipeline.label),
        stage_label: stage.map_or("No stage", |stage| stage.label),
        is_won: stage.is_some_and(|stage| stage.is_won()),
        stages: stages(portal, Some(record)),
        contacts: with.map(|contact| (contact.id, full_name(contact))).collect(),
    }
}

/// All stages of all pipelines, in the form in which the menus send them.
fn stages(portal: &Portal, of: Option<&Record>) -> Vec<Stage> {
    let present = of.map(|deal| (deal.stored("pipeline"), deal.stored("dealstage")));
    let all = portal.pipelines.iter().flat_map(|pipeline| pipeline.stages.iter().map(move |s| (pipeline, s)));
    all.map(|(pipeline, stage)| Stage {
        value: format!("{}/{}", pipeline.id, stage.id),
        label: format!("{}: {}", pipeline.label, stage.label),
        is_present: present == Some((Some(pipeline.id), Some(stage.id))),
    })
    .collect()
}

/// What a contact is called, by name or else by address.
pub(super) fn full_name(contact: &Record) -> String {
    let names: Vec<&str> = ["firstname", "lastname"].iter().filter_map(|name| contact.stored(name)).collect();
    match names.is_empty() {
        true => contact.stored("email").unwrap_or("(no name)").to_owned(),
        false => names.join(" "),
    }
}

async fn add_contact(
    State(world): State<Arc<World>>,
    Path(id): Path<u64>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let filled = fields.into_iter().filter(|(_, value)| !value.trim().is_empty());
    let properties: Properties = filled.map(|(name, value)| (name, value.into())).collect();
    let added = in_portal(&world, id, PERSON, |portal, author| {
        let plan = portal.plan_create(Kind::Contact, &properties, &[], &mut Claims::default())?;
        Ok(portal.carry_out(Kind::Contact, plan, author))
    });
    match added {
        Ok(contact) => Redirect::to(&format!("/hubspot/{id}/contacts/{contact}")).into_response(),
        Err(error) => refused(&error),
    }
}

#[derive(Deserialize)]
struct NewDeal {
    dealname: String,
    amount: String,
    stage: String,
    contact: String,
}

async fn add_deal(
    State(world): State<Arc<World>>,
    Path(id): Path<u64>,
    Form(form): Form<NewDeal>,
) -> Response {
    let mut properties = in_stage(&form.stage);
    properties.insert("dealname".to_owned(), form.dealname.into());
    properties.insert("amount".to_owned(), form.amount.into());
    let contact = Some(form.contact).filter(|contact| !contact.is_empty());
    let tie = |id: String| AssociationInput { to: AssociationTarget { id: id.into() }, types: Vec::new() };
    let ties: Vec<AssociationInput> = contact.map(tie).into_iter().collect();
    let added = in_portal(&world, id, PERSON, |portal, author| {
        let plan = portal.plan_create(Kind::Deal, &properties, &ties, &mut Claims::default())?;
        Ok(portal.carry_out(Kind::Deal, plan, author))
    });
    added.map_or_else(|error| refused(&error), |_| back(id))
}

#[derive(Deserialize)]
struct Move {
    stage: String,
}

async fn move_deal(
    State(world): State<Arc<World>>,
    Path((id, deal)): Path<(u64, u64)>,
    Form(form): Form<Move>,
) -> Response {
    let moved = in_portal(&world, id, PERSON, |portal, author| {
        let plan = portal.plan_update(Kind::Deal, deal, &in_stage(&form.stage), &mut Claims::default())?;
        Ok(portal.carry_out(Kind::Deal, plan, author))
    });
    moved.map_or_else(|error| refused(&error), |_| back(id))
}

async fn uninstall(State(world): State<Arc<World>>, Path(id): Path<u64>) -> Response {
    world.hubspot().uninstall(id);
    back(id)
}

/// A menu's `pipeline/stage` as properties of a deal.
fn in_stage(choice: &str) -> Properties {
    let (pipeline, stage) = choice.split_once('/').unwrap_or(("default", choice));
    Properties::from([("pipeline".to_owned(), pipeline.into()), ("dealstage".to_owned(), stage.into())])
}

fn back(portal: u64) -> Response {
    Redirect::to(&format!("/hubspot/{portal}")).into_response()
}
