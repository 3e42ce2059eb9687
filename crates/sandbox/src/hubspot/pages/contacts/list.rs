//! The list of contacts: searched, paged, and with a form for a new one.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::full_name;
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::crm::record::Record;
use crate::hubspot::crm::write::Claims;
use crate::hubspot::pages::count::total;
use crate::hubspot::pages::fields::{self, Field, page_of};
use crate::hubspot::pages::moment::Moment;
use crate::hubspot::pages::slice::{Slice, Start, slice};
use crate::hubspot::pages::{Head, Id, go, in_account};
use crate::hubspot::portal::Portal;
use crate::world::World;

/// Where the search box looks.
const SEARCHED: [&str; 6] = ["firstname", "lastname", "email", "phone", "city", "company"];

#[derive(Template, WebTemplate)]
#[template(path = "hubspot/contacts/list.html")]
struct List {
    head: Head,
    search: String,
    total: String,
    rows: Vec<Row>,
    newer: Option<u64>,
    older: Option<u64>,
    is_cut: bool,
    fields: Vec<Field>,
}

struct Row {
    id: u64,
    name: String,
    email: String,
    phone: String,
    city: String,
    modified: Moment,
    source: String,
}

/// What of the list is wanted.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    search: String,
    before: String,
    after: String,
    done: String,
}

/// `GET /hubspot/{portal}/contacts`.
pub(super) async fn page(
    State(world): State<Arc<World>>,
    Path(account): Path<Id>,
    Query(wanted): Query<Wanted>,
) -> Response {
    in_account(&world, account, "", |portal, author| Ok(list(portal, wanted, author.at_ms)))
}

/// `POST /hubspot/{portal}/contacts`.
pub(super) async fn create(
    State(world): State<Arc<World>>,
    Path(account): Path<Id>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    in_account(&world, account, "/contacts", |portal, author| {
        let properties = fields::filled(form);
        let plan = portal.plan_create(Kind::Contact, &properties, &[], &mut Claims::default())?;
        let id = portal.carry_out(Kind::Contact, plan, author);
        Ok(go(account, &page_of(Kind::Contact, Id(id)), "created"))
    })
}

fn list(portal: &Portal, wanted: Wanted, now_ms: u64) -> List {
    let found = found(portal, &wanted);
    List {
        head: Head::of(portal, "contacts").after(&wanted.done),
        total: total(portal, Kind::Contact),
        newer: found.newer,
        older: found.older,
        is_cut: found.is_cut,
        rows: found.records.into_iter().map(|contact| row(contact, now_ms)).collect(),
        fields: fields::for_new_contact(portal),
        search: wanted.search,
    }
}

/// The contact with exactly this id or address, or else a page of those whose text contains the words.
fn found<'a>(portal: &'a Portal, wanted: &Wanted) -> Slice<'a> {
    let words = wanted.search.trim().to_lowercase();
    if let Some(contact) = exact(portal, &words) {
        return Slice { records: vec![contact], newer: None, older: None, is_cut: false };
    }
    let fits = |contact: &Record| {
        words.is_empty()
            || SEARCHED.iter().filter_map(|name| contact.stored(name)).any(|v| contains(v, &words))
    };
    slice(portal.store(Kind::Contact), false, Start::read(&wanted.before, &wanted.after), fits)
}

fn exact<'a>(portal: &'a Portal, words: &str) -> Option<&'a Record> {
    let id = match portal.resolve(Kind::Contact, words) {
        Some(id) => id,
        None => portal.store(Kind::Contact).holder("email", words)?,
    };
    portal.live(Kind::Contact, id)
}

fn contains(value: &str, words: &str) -> bool {
    value.to_lowercase().contains(words)
}

fn row(contact: &Record, now_ms: u64) -> Row {
    let text = |name| contact.stored(name).unwrap_or_default().to_owned();
    Row {
        id: contact.id,
        name: full_name(contact),
        email: text("email"),
        phone: text("phone"),
        city: text("city"),
        modified: Moment::of(contact.modified_ms, now_ms),
        source: text("hs_object_source_label"),
    }
}
