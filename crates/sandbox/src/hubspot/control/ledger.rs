//! Which addresses were given to more than one contact: how a test sees doubles.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use crate::control::Refused;
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::desk::{PERSON, in_portal};
use crate::hubspot::portal::Portal;
use crate::world::World;

/// Counts contacts and creates, and lists the addresses with more than one of either.
pub(super) async fn show(
    State(world): State<Arc<World>>,
    Path(portal): Path<u64>,
) -> Result<Json<Value>, Refused> {
    in_portal(&world, portal, PERSON, |portal, _| Ok(Json(ledger(portal)))).map_err(Refused::from)
}

fn ledger(portal: &Portal) -> Value {
    let doubles: Vec<Value> = doubles(portal)
        .into_iter()
        .filter(|(_, ids)| ids.len() > 1)
        .map(|(email, ids)| {
            json!({"email": email, "contacts": ids.iter().map(u64::to_string).collect::<Vec<_>>()})
        })
        .collect();
    json!({
        "contacts": portal.store(Kind::Contact).live_count(),
        "creates": portal.creates.total(),
        "created_more_than_once": portal.creates.repeated(),
        "doubles": doubles,
    })
}

/// The contacts that have or had an address, for every address that may have gone from one to another. No two have
/// the same one now, so only an address that one of them had before can be a double.
fn doubles(portal: &Portal) -> BTreeMap<&str, BTreeSet<u64>> {
    let store = portal.store(Kind::Contact);
    let mut holders: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    for contact in store.live() {
        for version in contact.replaced().filter(|version| holds_addresses(version.name)) {
            for email in version.value.split(';').filter(|email| !email.is_empty()) {
                holders.entry(email).or_default().insert(contact.id);
            }
        }
    }
    for (email, ids) in &mut holders {
        ids.extend(store.holder("email", email));
    }
    holders
}

fn holds_addresses(property: &str) -> bool {
    matches!(property, "email" | "hs_additional_emails")
}
