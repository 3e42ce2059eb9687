//! One contact: what is known of it, the form that changes it, its deals, and who changed what when.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::full_name;
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::crm::record::Record;
use crate::hubspot::crm::write::Claims;
use crate::hubspot::error::ApiError;
use crate::hubspot::pages::fields::{self, Fact, Group, associated, page_of};
use crate::hubspot::pages::history::{PropertyHistory, history};
use crate::hubspot::pages::moment::Moment;
use crate::hubspot::pages::{Done, Head, Id, go, in_account, present};
use crate::hubspot::portal::Portal;
use crate::world::World;

#[derive(Template, WebTemplate)]
#[template(path = "hubspot/contacts/record.html")]
struct ContactPage {
    head: Head,
    id: u64,
    name: String,
    email: String,
    additional_emails: Vec<String>,
    former_ids: Vec<u64>,
    created: Moment,
    modified: Moment,
    source: String,
    deals: Vec<Deal>,
    groups: Vec<Group>,
    facts: Vec<Fact>,
    history: Vec<PropertyHistory>,
}

struct Deal {
    id: u64,
    name: String,
    amount: String,
    stage: String,
    is_won: bool,
}

/// `GET /hubspot/{portal}/contacts/{id}`; a former id leads to the present one.
pub(super) async fn page(
    State(world): State<Arc<World>>,
    Path((account, id)): Path<(Id, Id)>,
    Query(wanted): Query<Done>,
) -> Response {
    in_account(&world, account, "/contacts", |portal, author| {
        let present = present(portal, Kind::Contact, id)?;
        if present != id.0 {
            let page = page_of(Kind::Contact, Id(present));
            return Ok(Redirect::to(&format!("/hubspot/{}{page}", account.0)).into_response());
        }
        let record = portal.live(Kind::Contact, present);
        let record = record.ok_or_else(|| ApiError::no_record(&present.to_string()))?;
        let mut page = shown(portal, record, author.at_ms);
        page.head = page.head.after(&wanted.done);
        Ok(page.into_response())
    })
}

/// `POST /hubspot/{portal}/contacts/{id}`.
pub(super) async fn change(
    State(world): State<Arc<World>>,
    Path((account, id)): Path<(Id, Id)>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    in_account(&world, account, &page_of(Kind::Contact, id), |portal, author| {
        let id = present(portal, Kind::Contact, id)?;
        let plan = portal.plan_update(Kind::Contact, id, &fields::changed(form), &mut Claims::default())?;
        portal.carry_out(Kind::Contact, plan, author);
        Ok(go(account, &page_of(Kind::Contact, Id(id)), "saved"))
    })
}

fn shown(portal: &Portal, record: &Record, now_ms: u64) -> ContactPage {
    let text = |name| record.stored(name).unwrap_or_default().to_owned();
    let primary = text("email");
    ContactPage {
        head: Head::of(portal, "contacts"),
        id: record.id,
        name: full_name(record),
        additional_emails: record.emails().filter(|e| *e != primary).map(str::to_owned).collect(),
        email: primary,
        former_ids: portal.store(Kind::Contact).former_ids(record.id).to_vec(),
        created: Moment::of(record.created_ms, now_ms),
        modified: Moment::of(record.modified_ms, now_ms),
        source: text("hs_object_source_label"),
        deals: associated(portal, Kind::Contact, record).map(|deal| row(portal, deal)).collect(),
        groups: fields::groups(portal, Kind::Contact, record),
        facts: fields::facts(portal, Kind::Contact, record),
        history: history(portal, Kind::Contact, record, now_ms),
    }
}

fn row(portal: &Portal, deal: &Record) -> Deal {
    let stage = portal.stage_of(deal);
    Deal {
        id: deal.id,
        name: deal.stored("dealname").unwrap_or("(no name)").to_owned(),
        amount: deal.stored("amount").unwrap_or_default().to_owned(),
        stage: stage.map_or_else(|| "No stage".to_owned(), |stage| stage.label.to_string()),
        is_won: stage.is_some_and(|stage| stage.is_won()),
    }
}
