//! One deal: its stage, its contacts, the form that changes it, and who changed what when.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::stage::{Menu, menu};
use super::{Person, deal_name, people};
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::crm::record::Record;
use crate::hubspot::crm::write::Claims;
use crate::hubspot::error::ApiError;
use crate::hubspot::pages::fields::{self, Fact, Group, page_of};
use crate::hubspot::pages::history::{PropertyHistory, history};
use crate::hubspot::pages::moment::Moment;
use crate::hubspot::pages::{Done, Head, Id, go, in_account, named_contact, present};
use crate::hubspot::portal::Portal;
use crate::world::World;

#[derive(Template, WebTemplate)]
#[template(path = "hubspot/deals/deal.html")]
struct DealPage {
    head: Head,
    id: u64,
    name: String,
    pipeline: String,
    pipeline_id: String,
    stage: String,
    is_won: bool,
    modified: Moment,
    people: Vec<Person>,
    menus: Vec<Menu>,
    groups: Vec<Group>,
    facts: Vec<Fact>,
    history: Vec<PropertyHistory>,
}

/// `GET /hubspot/{portal}/deals/{id}`.
pub(super) async fn page(
    State(world): State<Arc<World>>,
    Path((account, id)): Path<(Id, Id)>,
    Query(wanted): Query<Done>,
) -> Response {
    in_account(&world, account, "/deals", |portal, author| {
        let id = present(portal, Kind::Deal, id)?;
        let deal = portal.live(Kind::Deal, id).ok_or_else(|| ApiError::no_record(&id.to_string()))?;
        let mut page = shown(portal, deal, author.at_ms);
        page.head = page.head.after(&wanted.done);
        Ok(page)
    })
}

/// `POST /hubspot/{portal}/deals/{id}`.
pub(super) async fn change(
    State(world): State<Arc<World>>,
    Path((account, id)): Path<(Id, Id)>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    in_account(&world, account, &page_of(Kind::Deal, id), |portal, author| {
        let id = present(portal, Kind::Deal, id)?;
        let plan = portal.plan_update(Kind::Deal, id, &fields::changed(form), &mut Claims::default())?;
        portal.carry_out(Kind::Deal, plan, author);
        Ok(go(account, &page_of(Kind::Deal, Id(id)), "saved"))
    })
}

/// The form that names a contact.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Attach {
    contact: String,
}

/// `POST /hubspot/{portal}/deals/{id}/contacts`.
pub(super) async fn attach(
    State(world): State<Arc<World>>,
    Path((account, id)): Path<(Id, Id)>,
    Form(form): Form<Attach>,
) -> Response {
    in_account(&world, account, &page_of(Kind::Deal, id), |portal, author| {
        let deal = present(portal, Kind::Deal, id)?;
        let contact = named_contact(portal, &form.contact)?;
        portal.associate(deal, contact, author);
        Ok(go(account, &page_of(Kind::Deal, Id(deal)), "attached"))
    })
}

/// `POST /hubspot/{portal}/deals/{id}/contacts/{contact}/detach`.
pub(super) async fn detach(
    State(world): State<Arc<World>>,
    Path((account, id, contact)): Path<(Id, Id, Id)>,
) -> Response {
    in_account(&world, account, &page_of(Kind::Deal, id), |portal, author| {
        let deal = present(portal, Kind::Deal, id)?;
        let contact = present(portal, Kind::Contact, contact)?;
        portal.dissociate(deal, contact, author);
        Ok(go(account, &page_of(Kind::Deal, Id(deal)), "detached"))
    })
}

fn shown(portal: &Portal, deal: &Record, now_ms: u64) -> DealPage {
    let stage = portal.stage_of(deal);
    let pipeline_id = deal.stored("pipeline").unwrap_or_default();
    let pipeline = portal.pipelines.iter().find(|pipeline| *pipeline.id == *pipeline_id);
    DealPage {
        head: Head::of(portal, "deals"),
        id: deal.id,
        name: deal_name(deal),
        pipeline: pipeline.map_or_else(|| "no pipeline".to_owned(), |pipeline| pipeline.label.to_string()),
        pipeline_id: pipeline.map_or_else(String::new, |pipeline| pipeline.id.to_string()),
        stage: stage.map_or_else(|| "No stage".to_owned(), |stage| stage.label.to_string()),
        is_won: stage.is_some_and(|stage| stage.is_won()),
        modified: Moment::of(deal.modified_ms, now_ms),
        people: people(portal, deal),
        menus: portal.pipelines.iter().map(|pipeline| menu(pipeline, Some(deal))).collect(),
        groups: fields::groups(portal, Kind::Deal, deal),
        facts: fields::facts(portal, Kind::Deal, deal),
        history: history(portal, Kind::Deal, deal, now_ms),
    }
}
