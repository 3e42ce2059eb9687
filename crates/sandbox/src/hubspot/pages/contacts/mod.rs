//! Contacts: the list of all, and one with what can be done to it.

mod ending;
mod list;
mod record;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::hubspot::crm::record::Record;
use crate::world::World;

/// The pages of contacts and their forms.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/hubspot/{portal}/contacts", get(list::page).post(list::create))
        .route("/hubspot/{portal}/contacts/{id}", get(record::page).post(record::change))
        .route("/hubspot/{portal}/contacts/{id}/merge", post(ending::merge))
        .route("/hubspot/{portal}/contacts/{id}/erase", get(ending::ask_to_erase).post(ending::erase))
}

/// What a contact is called, by name or else by address.
pub(super) fn full_name(contact: &Record) -> String {
    let names: Vec<&str> = ["firstname", "lastname"].iter().filter_map(|name| contact.stored(name)).collect();
    match names.is_empty() {
        true => contact.stored("email").unwrap_or("(no name)").to_owned(),
        false => names.join(" "),
    }
}
