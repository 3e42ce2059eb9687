//! `POST /_sandbox/seed`: many businesses, users, contacts and deals at once, the same for the same seed. Nobody is told.

use std::sync::Arc;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{control::Refused, hubspot, storeganise, world::World};

/// The most businesses, and the most accounts, of one call.
const PLACES_MAX: usize = 1_000;
/// The most users or records of one place.
const RECORDS_MAX: usize = 2_000_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    /// How many businesses to make.
    #[serde(default)]
    businesses: usize,
    /// How many users each of them has, staff among them; as many as those of the start, unless said otherwise.
    users_per_business: Option<usize>,
    /// Accounts that get more records; those that do not exist are opened.
    #[serde(default)]
    portals: Vec<PortalWish>,
}

/// What one account gets.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PortalWish {
    /// Its hub id.
    pub id: u64,
    /// Its name, if it is to be opened.
    pub name: Option<String>,
    /// How many more contacts.
    #[serde(default)]
    pub contacts: usize,
    /// How many more deals, each with a contact.
    #[serde(default)]
    pub deals: usize,
}

/// Makes what is wished and answers with how much that was.
pub(crate) async fn seed(
    State(world): State<Arc<World>>,
    wish: Result<Json<Wish>, JsonRejection>,
) -> Result<Json<Value>, Refused> {
    let wish = wish?.0;
    wish.check().map_err(Refused::Bad)?;
    let users = wish.users_per_business.unwrap_or(world.options.users_per_business);
    let codes = storeganise::found_many(&world, wish.businesses, users)?;
    for portal in &wish.portals {
        hubspot::enlarge(&world, portal)?;
    }
    Ok(Json(json!({
        "businesses": codes,
        "users": codes.len() * users,
        "portals": wish.portals.iter().map(|portal| portal.id).collect::<Vec<_>>(),
        "contacts": wish.portals.iter().map(|portal| portal.contacts).sum::<usize>(),
        "deals": wish.portals.iter().map(|portal| portal.deals).sum::<usize>(),
    })))
}

impl Wish {
    fn check(&self) -> Result<(), String> {
        if self.businesses > PLACES_MAX || self.portals.len() > PLACES_MAX {
            return Err(format!("at most {PLACES_MAX} businesses and {PLACES_MAX} portals at once"));
        }
        if self.users_per_business.is_some() && self.businesses == 0 {
            return Err("users_per_business is of the businesses to be made: say how many".to_owned());
        }
        let counts = self.portals.iter().flat_map(|portal| [portal.contacts, portal.deals]);
        if counts.chain(self.users_per_business).any(|count| count > RECORDS_MAX) {
            return Err(format!("at most {RECORDS_MAX} records of one kind in one place at once"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;
    use crate::{options::Options, visitor::Visitor};

    #[tokio::test]
    async fn seeding_makes_what_is_asked_for_the_same_for_the_same_seed() {
        let wish = json!({"businesses": 2, "users_per_business": 30,
                          "portals": [{"id": 42, "name": "Big", "contacts": 40, "deals": 5}]});
        let mut seen = Vec::new();
        for _ in 0..2 {
            let visitor = Visitor::of_an_empty_world();
            let made = visitor.post("/_sandbox/seed", wish.clone()).await;
            assert_eq!(
                made,
                json!({"businesses": ["site-1", "site-2"], "users": 60, "portals": [42], "contacts": 40, "deals": 5})
            );
            let again = json!({"businesses": 1, "portals": [{"id": 42, "contacts": 2}]});
            assert_eq!(visitor.post("/_sandbox/seed", again).await["businesses"], json!(["site-3"]));
            assert_eq!(visitor.world.delivery.pending(), 0);
            let portals = visitor.get("/_sandbox/hubspot/portals").await;
            assert_eq!((&portals[0]["name"], &portals[0]["contacts"]), (&json!("Big"), &json!(42)));
            assert_eq!(portals[0]["deals"], 5);
            let mut users = visitor.get("/_sandbox/storeganise/site-2/users").await;
            assert_eq!(users.as_array().unwrap().len(), 30);
            seen.push((users.take(), visitor.get("/_sandbox/hubspot/42/contacts").await));
        }
        assert_eq!(seen[0], seen[1]);
    }

    #[tokio::test]
    async fn what_cannot_be_seeded_is_refused_in_words() {
        let visitor = Visitor::of(Options { seeded: false, ..Options::default() });
        for (wish, why) in [
            (json!({"users_per_business": 5}), "say how many"),
            (json!({"businesses": 1_001}), "at most 1000 businesses"),
            (json!({"portals": [{"id": 1, "contacts": 2_000_001}]}), "at most 2000000 records"),
            (json!({"portals": [{"id": 1, "deals": 1}]}), "needs a contact"),
            (json!({"contacts": 1}), "unknown field"),
        ] {
            let (status, answer) = visitor.ask("POST", "/_sandbox/seed", wish.clone()).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{wish}");
            assert!(answer["error"].as_str().unwrap().contains(why), "{wish}: {answer}");
        }
    }
}
