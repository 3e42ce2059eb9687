//! The board: the deals of one pipeline, a column for each stage, and a form for a new deal.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::stage::{Menu, in_stage, menu};
use super::{Person, deal_name, people};
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::crm::pipeline::{Pipeline, Stage};
use crate::hubspot::crm::record::Record;
use crate::hubspot::crm::write::Claims;
use crate::hubspot::error::ApiError;
use crate::hubspot::pages::count::total;
use crate::hubspot::pages::fields::page_of;
use crate::hubspot::pages::slice::LOOKED_AT_RECORDS_MAX;
use crate::hubspot::pages::{Head, Id, go, in_account, named_contact};
use crate::hubspot::portal::Portal;
use crate::world::World;

/// How many cards a column shows.
const CARDS_SHOWN: usize = 50;

#[derive(Template, WebTemplate)]
#[template(path = "hubspot/deals/board.html")]
struct Board {
    head: Head,
    total: String,
    tabs: Vec<Tab>,
    columns: Vec<Column>,
    is_cut: bool,
    menus: Vec<Menu>,
    contact: String,
}

struct Tab {
    id: String,
    label: String,
    is_chosen: bool,
}

struct Column {
    label: String,
    end: &'static str,
    count: usize,
    cards: Vec<Card>,
}

struct Card {
    id: u64,
    name: String,
    amount: String,
    people: Vec<Person>,
    menu: Menu,
}

/// What of the board is wanted.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    pipeline: String,
    /// Whom the form for a new deal begins with.
    contact: String,
    done: String,
}

/// The form for a new deal.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct NewDeal {
    dealname: String,
    amount: String,
    stage: String,
    contact: String,
}

/// `GET /hubspot/{portal}/deals`.
pub(super) async fn page(
    State(world): State<Arc<World>>,
    Path(account): Path<Id>,
    Query(wanted): Query<Wanted>,
) -> Response {
    in_account(&world, account, "/deals", |portal, _| {
        let chosen =
            portal.pipelines.iter().find(|p| wanted.pipeline.is_empty() || *p.id == *wanted.pipeline);
        let chosen = chosen.ok_or_else(|| ApiError::not_found("There is no such pipeline"))?;
        Ok(board(portal, chosen, &wanted))
    })
}

/// `POST /hubspot/{portal}/deals`.
pub(super) async fn create(
    State(world): State<Arc<World>>,
    Path(account): Path<Id>,
    Form(form): Form<NewDeal>,
) -> Response {
    in_account(&world, account, "/deals", |portal, author| {
        let contact = match form.contact.trim() {
            "" => None,
            named => Some(named_contact(portal, named)?),
        };
        let mut properties = in_stage(&form.stage);
        properties.insert("dealname".to_owned(), form.dealname.into());
        properties.insert("amount".to_owned(), form.amount.into());
        let plan = portal.plan_create(Kind::Deal, &properties, &[], &mut Claims::default())?;
        let deal = portal.carry_out(Kind::Deal, plan, author);
        if let Some(contact) = contact {
            portal.associate(deal, contact, author);
        }
        Ok(go(account, &page_of(Kind::Deal, Id(deal)), "created"))
    })
}

fn board(portal: &Portal, chosen: &Pipeline, wanted: &Wanted) -> Board {
    let (columns, is_cut) = columns(portal, chosen);
    let tab = |pipeline: &Pipeline| Tab {
        id: pipeline.id.to_string(),
        label: pipeline.label.to_string(),
        is_chosen: pipeline.id == chosen.id,
    };
    Board {
        head: Head::of(portal, "deals").after(&wanted.done),
        total: total(portal, Kind::Deal),
        tabs: portal.pipelines.iter().map(tab).collect(),
        columns,
        is_cut,
        menus: portal.pipelines.iter().map(|pipeline| menu(pipeline, None)).collect(),
        contact: wanted.contact.clone(),
    }
}

/// The columns of a pipeline, with one for deals without a stage where there are any; and whether there were too
/// many deals to look at.
fn columns(portal: &Portal, pipeline: &Pipeline) -> (Vec<Column>, bool) {
    let mut columns: Vec<Column> = pipeline.stages.iter().map(column).collect();
    let mut stray = Column { label: "No stage".to_owned(), end: "", count: 0, cards: Vec::new() };
    let mut deals = portal.store(Kind::Deal).before(u64::MAX, false);
    let looked_at = deals.by_ref().take(LOOKED_AT_RECORDS_MAX);
    for deal in looked_at.filter(|deal| deal.stored("pipeline") == Some(pipeline.id)) {
        let place = pipeline.stages.iter().position(|stage| deal.stored("dealstage") == Some(stage.id));
        let column = place.map_or(&mut stray, |place| &mut columns[place]);
        column.count += 1;
        if column.cards.len() < CARDS_SHOWN {
            column.cards.push(card(portal, pipeline, deal));
        }
    }
    let is_cut = deals.next().is_some();
    columns.splice(0..0, Some(stray).filter(|stray| stray.count > 0));
    (columns, is_cut)
}

fn column(stage: &Stage) -> Column {
    let end = match stage {
        won if won.is_won() => "won",
        lost if lost.is_lost() => "lost",
        _ => "",
    };
    Column { label: stage.label.to_string(), end, count: 0, cards: Vec::new() }
}

fn card(portal: &Portal, pipeline: &Pipeline, deal: &Record) -> Card {
    Card {
        id: deal.id,
        name: deal_name(deal),
        amount: deal.stored("amount").unwrap_or_default().to_owned(),
        people: people(portal, deal),
        menu: menu(pipeline, Some(deal)),
    }
}
