//! HubSpot as a person clicks through it: one module and one template per page, in the order of the menu.
//!
//! Nobody signs in: whoever clicks is the account's one person, and every write goes through `desk` in their name,
//! so that history and webhooks say `CRM_UI`. The pages decide nothing that `crm` does not decide for the API as well.

mod apps;
mod bin;
mod contacts;
mod count;
mod deals;
mod fields;
mod history;
mod moment;
mod overview;
mod refused;
mod settings;
mod slice;

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use self::refused::refused;
use super::crm::kind::Kind;
use super::crm::record::Author;
use super::desk::{PERSON, in_portal};
use super::error::ApiError;
use super::portal::Portal;
use crate::world::World;

/// All pages.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new()
        .merge(overview::router())
        .merge(contacts::router())
        .merge(deals::router())
        .merge(bin::router())
        .merge(apps::router())
        .merge(settings::router())
        .route("/contacts/{portal}/record/0-1/{id}", get(contact_record))
        .route("/contacts/{portal}/record/0-3/{id}", get(deal_record))
}

/// A number in an address; whatever is none reads as 0, which nothing has.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(from = "String")]
struct Id(u64);

impl From<String> for Id {
    fn from(text: String) -> Self {
        Self(text.trim().parse().unwrap_or(0))
    }
}

/// What the top of every page says.
struct Head {
    id: u64,
    name: String,
    tab: &'static str,
    done: &'static str,
}

impl Head {
    fn of(portal: &Portal, tab: &'static str) -> Self {
        Self { id: portal.id, name: portal.name.clone(), tab, done: "" }
    }

    /// With a line on what the form before this page did.
    fn after(self, done: &str) -> Self {
        let done = match done {
            "created" => "Created.",
            "saved" => "Saved.",
            "merged" => "Merged. This record has a new ID; the former ones lead here.",
            "deleted" => "Moved to the recycle bin.",
            "restored" => "Restored from the recycle bin.",
            "erased" => "Deleted for good. Nothing of the contact is left.",
            "moved" => "The deal was moved.",
            "attached" => "The contact now belongs to the deal.",
            "detached" => "The contact no longer belongs to the deal.",
            "uninstalled" => "The app was uninstalled. It learns of it at its next token refresh.",
            _ => "",
        };
        Self { done, ..self }
    }
}

/// What the form before a page did, in one word.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Done {
    done: String,
}

/// Works in an account as its person; a refusal becomes a page with a link to `back`, a path below the account.
fn in_account<T: IntoResponse>(
    world: &Arc<World>,
    account: Id,
    back: &str,
    work: impl FnOnce(&mut Portal, Author) -> Result<T, ApiError>,
) -> Response {
    match in_portal(world, account.0, PERSON, work) {
        Ok(done) => done.into_response(),
        Err(error) => refused(world, account, &error, back),
    }
}

/// To a page of the account, which then says what was done, in one of the words that `Head::after` knows.
fn go(account: Id, path: &str, done: &str) -> Redirect {
    let sign = if path.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("/hubspot/{}{path}{sign}done={done}", account.0))
}

/// The present id of the record under an id or former id.
fn present(portal: &Portal, kind: Kind, id: Id) -> Result<u64, ApiError> {
    let id = id.0.to_string();
    portal.resolve(kind, &id).ok_or_else(|| ApiError::no_record(&id))
}

/// The contact that a person named by record id or by e-mail address.
fn named_contact(portal: &Portal, text: &str) -> Result<u64, ApiError> {
    let text = text.trim();
    let found = match portal.resolve(Kind::Contact, text) {
        Some(id) => Some(id),
        None => portal.keyed(Kind::Contact, "email", text)?,
    };
    found.ok_or_else(|| ApiError::no_record(text))
}

/// HubSpot's own address of a contact, which other systems link to.
async fn contact_record(Path((portal, id)): Path<(Id, Id)>) -> Redirect {
    Redirect::to(&format!("/hubspot/{}/contacts/{}", portal.0, id.0))
}

/// HubSpot's own address of a deal.
async fn deal_record(Path((portal, id)): Path<(Id, Id)>) -> Redirect {
    Redirect::to(&format!("/hubspot/{}/deals/{}", portal.0, id.0))
}
