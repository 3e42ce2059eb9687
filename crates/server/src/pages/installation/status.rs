//! What the first lines of an installation's page say. Pure.

use sync_core::{
    connection::{Connection, ConnectionState},
    installation::Installation,
    settings::ContactKey,
    views::fleet::Summary,
};

use crate::{
    pages::moment::Moment,
    words::{self, Words},
};
use text::text;

/// State, account and last event in one sentence.
pub(super) fn sentence(summary: &Summary, now: i64) -> String {
    let state = words::state(summary.installation.state);
    let account = match &summary.connection {
        Some(found) if found.state == ConnectionState::Active => {
            text!("status-connected-to-hubspot-account", portal_id = found.portal_id)
        }
        Some(found) => text!("status-hubspot-account-must-be", portal_id = found.portal_id),
        None => text!("status-not-authorised-at-hubspot").to_owned(),
    };
    let event = match summary.last_event {
        Some(at) => text!("status-last-event-now", now = Moment::new(at, now).words()),
        None => text!("status-no-event-yet").to_owned(),
    };
    format!("{state}, {account}, {event}.")
}

/// Why nothing can be sent or why it waits, if so, each in plain words.
pub(super) fn problems(summary: &Summary) -> Vec<Words> {
    let lost = summary.connection.as_ref().and_then(lost);
    let portal = summary.connection.as_ref().and_then(|_| not_prepared(&summary.installation));
    let held = summary.backlog.held.as_deref().map(words::explain);
    [lost, portal, held].into_iter().flatten().collect()
}

fn lost(connection: &Connection) -> Option<Words> {
    if connection.state == ConnectionState::Active {
        return None;
    }
    Some(words::explain(connection.lost_reason.as_deref().unwrap_or("hubspot.needs_authorisation")))
}

/// What an account that is not all we need means, if so.
pub(in crate::pages) fn not_prepared(installation: &Installation) -> Option<Words> {
    let capabilities = &installation.capabilities;
    let (what, todo) = match capabilities.contact_key() {
        Some(ContactKey::UserId) => return None,
        Some(ContactKey::Email) => (text!("status-contacts-are-found-by"), ""),
        None => (text!("status-the-hubspot-account-does"), text!("status-authorise-again-the-property")),
    };
    let mut found = Words { what: what.to_owned(), todo: todo.to_owned() };
    if let Some(cause) = capabilities.property_problem.as_deref().map(words::explain) {
        found.what = format!("{what} {}", cause.what);
        if !cause.todo.is_empty() {
            found.todo = cause.todo;
        }
    }
    Some(found)
}

/// The business's Add-ons page at Storeganise.
pub(in crate::pages) fn addons_page(installation: &Installation) -> String {
    let address = installation.api_url.trim_end_matches('/');
    format!("{}/admin/addons", address.strip_suffix("/api").unwrap_or(address))
}
