//! What ends a contact for good: merging it with another, and deleting it at the person's wish. Neither can be undone.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;

use super::full_name;
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::error::ApiError;
use crate::hubspot::pages::fields::page_of;
use crate::hubspot::pages::{Head, Id, go, in_account, named_contact, present};
use crate::world::World;

#[derive(Template, WebTemplate)]
#[template(path = "hubspot/contacts/erase.html")]
struct ErasePage {
    head: Head,
    id: u64,
    name: String,
    deals: usize,
}

/// The form that names the other contact.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Merge {
    other: String,
}

/// `POST /hubspot/{portal}/contacts/{id}/merge`.
pub(super) async fn merge(
    State(world): State<Arc<World>>,
    Path((account, id)): Path<(Id, Id)>,
    Form(form): Form<Merge>,
) -> Response {
    in_account(&world, account, &page_of(Kind::Contact, id), |portal, author| {
        let primary = present(portal, Kind::Contact, id)?.to_string();
        let other = named_contact(portal, &form.other)?.to_string();
        let merged = portal.merge(Kind::Contact, &primary, &other, author)?;
        Ok(go(account, &page_of(Kind::Contact, Id(merged)), "merged"))
    })
}

/// `GET /hubspot/{portal}/contacts/{id}/erase`: says what is lost before it is.
pub(super) async fn ask_to_erase(
    State(world): State<Arc<World>>,
    Path((account, id)): Path<(Id, Id)>,
) -> Response {
    in_account(&world, account, "/contacts", |portal, _| {
        let id = present(portal, Kind::Contact, id)?;
        let record = portal.live(Kind::Contact, id).ok_or_else(|| ApiError::no_record(&id.to_string()))?;
        let deals = record.associated.len();
        Ok(ErasePage { head: Head::of(portal, "contacts"), id, name: full_name(record), deals })
    })
}

/// `POST /hubspot/{portal}/contacts/{id}/erase`.
pub(super) async fn erase(State(world): State<Arc<World>>, Path((account, id)): Path<(Id, Id)>) -> Response {
    in_account(&world, account, "/contacts", |portal, author| {
        let id = present(portal, Kind::Contact, id)?;
        portal.erase(id, author);
        Ok(go(account, "/contacts", "erased"))
    })
}
