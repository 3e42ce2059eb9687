//! Which addresses were given to more than one contact: how a test sees doubles.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use crate::control::Refused;
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::crm::record::Record;
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
    let mut holders: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    for contact in portal.store(Kind::Contact).live() {
        for email in ever_held(contact) {
            holders.entry(email).or_default().insert(contact.id);
        }
    }
    let doubles: Vec<Value> = holders
        .into_iter()
        .filter(|(_, ids)| ids.len() > 1)
        .map(|(email, ids)| {
            json!({"email": email, "contacts": ids.iter().map(u64::to_string).collect::<Vec<_>>()})
        })
        .collect();
    let repeated: BTreeMap<&str, u32> =
        portal.creates.iter().filter(|(_, n)| **n > 1).map(|(email, n)| (&**email, *n)).collect();
    json!({
        "contacts": portal.store(Kind::Contact).live().count(),
        "creates": portal.creates.values().sum::<u32>(),
        "created_more_than_once": repeated,
        "doubles": doubles,
    })
}

/// Every address a contact has or had.
fn ever_held(contact: &Record) -> impl Iterator<Item = &str> {
    let past = contact.properties.get("email").into_iter().flatten().map(|version| &*version.value);
    past.chain(contact.emails()).filter(|email| !email.is_empty())
}
