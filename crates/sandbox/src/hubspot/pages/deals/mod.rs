//! Deals: the board of a pipeline, and one deal.

mod board;
mod deal;
mod stage;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::contacts::full_name;
use super::fields::associated;
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::crm::record::Record;
use crate::hubspot::portal::Portal;
use crate::world::World;

/// The pages of deals and their forms.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/hubspot/{portal}/deals", get(board::page).post(board::create))
        .route("/hubspot/{portal}/deals/{id}", get(deal::page).post(deal::change))
        .route("/hubspot/{portal}/deals/{id}/stage", post(stage::change))
        .route("/hubspot/{portal}/deals/{id}/contacts", post(deal::attach))
        .route("/hubspot/{portal}/deals/{id}/contacts/{contact}/detach", post(deal::detach))
}

/// A contact of a deal.
struct Person {
    id: u64,
    name: String,
}

/// Whom a deal is with.
fn people(portal: &Portal, deal: &Record) -> Vec<Person> {
    let person = |contact: &Record| Person { id: contact.id, name: full_name(contact) };
    associated(portal, Kind::Deal, deal).map(person).collect()
}

/// What a deal is called.
fn deal_name(deal: &Record) -> String {
    deal.stored("dealname").unwrap_or("(no name)").to_owned()
}
