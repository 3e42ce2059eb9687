//! The Storeganise side: businesses with users, the add-on as it is installed in them, the admin API and its events,
//! the portal's pages, and the control routes that stand in for a person.

mod addon;
mod api;
mod auth;
mod bulk;
mod business;
mod control;
mod definition;
mod directory;
mod error;
mod event;
mod fault;
mod history;
mod ids;
mod pages;
mod patch;
mod people;
mod query;
mod settings;
mod task;
mod user;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use self::{addon::Addon, business::Business, error::ApiError, ids::Ids, people::Mix};
pub(crate) use self::{api::router as wire, control::control, fault::refusal, pages::router as pages};
use crate::{dialect::Dialect, options::Options, world::World};

/// The code and the name of each business of the demo.
pub(crate) const DEMO_BUSINESSES: [(&str, &str); 3] =
    [("acme", "Acme Storage"), ("harbour", "Harbour Self Storage"), ("northside", "Northside Lock-Up")];

/// Custom fields that a business has of its own, unless it is made with others.
const OWN_FIELDS: [&str; 2] = ["gateCode", "vehiclePlate"];
/// The users of the demo were made this far apart.
const SPACING_MS: u64 = 97 * 60 * 1000;
/// First parts of paths that belong to others on this port, beside HubSpot's areas.
const RESERVED: [&str; 6] = ["_sandbox", "hubspot", "contacts", "oauth", "webhooks", "app-webhooks"];

/// All businesses.
#[derive(Debug)]
pub(crate) struct State {
    seed: u64,
    ids: Ids,
    /// How businesses that are still to be made behave.
    dialect: Dialect,
    businesses: BTreeMap<String, Business>,
}

impl State {
    /// No businesses.
    pub(crate) fn new(options: &Options) -> Self {
        let dialect = options.storeganise.dialect.clone();
        Self { seed: options.seed, ids: Ids::new(options.seed), dialect, businesses: BTreeMap::new() }
    }

    /// All businesses, by code.
    pub(crate) fn businesses(&self) -> impl Iterator<Item = &Business> {
        self.businesses.values()
    }

    /// The business with this code.
    ///
    /// # Errors
    ///
    /// There may be none.
    pub(crate) fn business(&self, code: &str) -> Result<&Business, ApiError> {
        self.businesses.get(code).ok_or_else(|| ApiError::missing("No such business"))
    }

    /// The business with this code, to be changed.
    ///
    /// # Errors
    ///
    /// There may be none.
    pub(crate) fn business_mut(&mut self, code: &str) -> Result<&mut Business, ApiError> {
        self.businesses.get_mut(code).ok_or_else(|| ApiError::missing("No such business"))
    }

    /// Makes a business, with custom fields of its own.
    ///
    /// # Errors
    ///
    /// The code is taken, or cannot stand in an address.
    pub(crate) fn found(&mut self, code: &str, name: &str, fields: &[String]) -> Result<&Business, ApiError> {
        let speakable = code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if code.is_empty() || !speakable || is_reserved(code) {
            return Err(ApiError::invalid(
                "code must be lower-case letters, digits and hyphens, and not a reserved word",
            ));
        }
        if self.businesses.contains_key(code) {
            return Err(ApiError::conflict("A business with this code exists already"));
        }
        let mut business = Business::new(code, name, self.seed, self.ids.clone());
        business.dialect.clone_from(&self.dialect);
        fields.iter().try_for_each(|field| business.define(field))?;
        Ok(self.businesses.entry(code.to_owned()).or_insert(business))
    }

    /// The add-on with this id, in whichever business it is installed.
    pub(crate) fn addon(&self, id: &str) -> Option<&Addon> {
        self.businesses().flat_map(|business| &business.addons).find(|addon| addon.id == id)
    }
}

/// The businesses of the demo, with users of all kinds; nobody is told.
pub(crate) fn seed(world: &World) {
    let count = world.options.users_per_business;
    let now_ms = world.clock.now_ms();
    let mut state = world.storeganise();
    for (code, name) in DEMO_BUSINESSES {
        state
            .found(code, name, &OWN_FIELDS.map(str::to_owned))
            .expect("the demo's codes differ and can be spoken");
        let business = state.businesses.get_mut(code).expect("the business was just made");
        let age_ms = |n: usize| u64::try_from(count - n).unwrap_or_default() * SPACING_MS;
        business.generate(count, Mix::Everyone, |n| now_ms.saturating_sub(age_ms(n)));
    }
}

/// Makes `count` businesses with `users` users each, under the first codes that are free, and answers with these codes;
/// nobody is told.
///
/// # Errors
///
/// As [`State::found`], if a code cannot be used after all.
pub(crate) fn found_many(world: &World, count: usize, users: usize) -> Result<Vec<String>, ApiError> {
    let now_ms = world.clock.now_ms();
    let mut state = world.storeganise();
    let free = (1_usize..).filter(|n| !state.businesses.contains_key(&format!("site-{n}")));
    let numbers: Vec<usize> = free.take(count).collect();
    numbers
        .into_iter()
        .map(|n| {
            let code = format!("site-{n}");
            state.found(&code, &format!("Site {n} Storage"), &OWN_FIELDS.map(str::to_owned))?;
            let business = state.businesses.get_mut(&code).expect("the business was just made");
            business.generate(users, Mix::Everyone, |_| now_ms);
            Ok(code)
        })
        .collect()
}

fn is_reserved(code: &str) -> bool {
    RESERVED.contains(&code) || crate::hubspot::AREAS.contains(&code)
}

/// Does `work` in one business, then tells the add-ons what happened in it.
///
/// # Errors
///
/// There is no such business, or `work` refuses; what happened until then is told all the same.
pub(crate) fn change<T>(
    world: &World,
    code: &str,
    work: impl FnOnce(&mut Business) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let mut state = world.storeganise();
    let business = state.business_mut(code)?;
    let done = work(business);
    let webhooks = event::webhooks(world, business);
    drop(state);
    webhooks.into_iter().for_each(|webhook| world.delivery.send(webhook));
    done
}
