//! The accounts of the demo, and made-up contacts in any number. Everybody lives at example.net, so that nobody
//! is a Storeganise user by accident; the same seed makes the same people.

use std::collections::BTreeMap;

use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};

use super::crm::kind::Kind;
use super::crm::pipeline::Pipeline;
use super::crm::record::Author;
use super::crm::write::{AssociationInput, AssociationTarget, Claims, Properties};
use super::desk::PERSON;
use super::error::ApiError;
use super::portal::Portal;
use crate::seed::PortalWish;
use crate::storeganise::DEMO_BUSINESSES;
use crate::world::World;

/// The hub id of the first demo account; the others follow at this distance.
const FIRST_PORTAL: u64 = 1_234_567;
const PORTAL_DISTANCE: u64 = 1_111_111;
const CONTACTS: usize = 24;
const DEALS: usize = 6;
/// The demo's contacts were made this long before it starts.
const AGE_MS: u64 = 30 * 24 * 3_600_000;

const FIRST_NAMES: &[&str] = &[
    "Agate", "Beryl", "Coral", "Dune", "Ember", "Flint", "Garnet", "Harbor", "Indigo", "Jade", "Kestrel",
    "Lark", "Merle", "Nova", "Opal", "Pearl", "Reed", "Slate", "Teal", "Wren",
];
const LAST_NAMES: &[&str] = &[
    "Bobbin", "Cask", "Dresser", "Engine", "Flask", "Gasket", "Hinge", "Ironing", "Joist", "Keyring",
    "Ladder", "Mortar", "Nutmeg", "Ottoman", "Pantry", "Ribbon", "Spindle", "Thimble", "Vessel", "Wicker",
];
const COMPANIES: &[&str] = &["Bobbin & Daughters", "Flask Fabrications", "Spindle GmbH", "Wicker Wares Ltd"];
const UNITS: &[&str] =
    &["5 m² locker", "10 m² unit", "20 m² unit", "container", "wine vault", "archive room"];

/// One account for every business of the demo, with contacts and open deals; nobody is told.
pub(crate) fn seed(world: &World) {
    let made_ms = world.clock.now_ms().saturating_sub(AGE_MS);
    for ((_, name), place) in DEMO_BUSINESSES.iter().zip(0_u64..) {
        let id = FIRST_PORTAL + place * PORTAL_DISTANCE;
        let mut portal = Portal::new(id, name, &world.options, made_ms);
        portal.pipelines.push(Pipeline::move_ins());
        let author = Author { source: PERSON, at_ms: made_ms };
        let mut random = StdRng::seed_from_u64(world.options.seed.wrapping_add(id));
        contacts_from(&mut random, &mut portal, CONTACTS, &BTreeMap::new(), author)
            .and_then(|()| deals(&mut random, &mut portal, DEALS, author))
            .expect("the demo's contacts and deals break no rule of a fresh account");
        world.hubspot().open(portal);
    }
}

/// Gives an account more contacts and deals, and opens it before where there is none; nobody is told.
///
/// # Errors
/// As [`contacts`], and for deals in an account without contacts.
pub(crate) fn enlarge(world: &World, wish: &PortalWish) -> Result<(), ApiError> {
    let author = Author { source: PERSON, at_ms: world.clock.now_ms() };
    let mut state = world.hubspot();
    if state.portal(wish.id).is_none() {
        let name = wish.name.clone().unwrap_or_else(|| format!("Account {}", wish.id));
        let mut portal = Portal::new(wish.id, &name, &world.options, author.at_ms);
        portal.pipelines.push(Pipeline::move_ins());
        state.open(portal);
    }
    let portal = state.portal_mut(wish.id).expect("the account is there by now");
    let mut random = StdRng::seed_from_u64(world.options.seed.wrapping_add(wish.id));
    let done = contacts(portal, wish.contacts, &BTreeMap::new(), author)
        .and_then(|()| deals(&mut random, portal, wish.deals, author));
    portal.take_events();
    done
}

/// Makes this many contacts more, each with these properties besides; `{n}` in them is the contact's number.
///
/// # Errors
/// What a write may be refused for: a property the account's admin requires, or an unknown one in `besides`.
pub(super) fn contacts(
    portal: &mut Portal,
    count: usize,
    besides: &BTreeMap<String, String>,
    author: Author,
) -> Result<(), ApiError> {
    let already = portal.store(Kind::Contact).live_count() as u64;
    let mut random = StdRng::seed_from_u64(portal.id.wrapping_add(already));
    contacts_from(&mut random, portal, count, besides, author)
}

fn contacts_from(
    random: &mut StdRng,
    portal: &mut Portal,
    count: usize,
    besides: &BTreeMap<String, String>,
    author: Author,
) -> Result<(), ApiError> {
    for _ in 0..count {
        let (first, last) = (pick(random, FIRST_NAMES), pick(random, LAST_NAMES));
        // The next id is in the address: no two contacts of an account share one.
        let number = portal.store_mut(Kind::Contact).allot();
        let mut properties = Properties::from([
            ("firstname".to_owned(), first.into()),
            ("lastname".to_owned(), last.into()),
            ("email".to_owned(), format!("{first}.{last}.{number}@example.net").into()),
        ]);
        let phone = format!("+44 20 7946 0{:03}", random.random_range(0..1000));
        for (name, value, rate) in [
            ("phone", phone, 0.8),
            ("company", pick(random, COMPANIES).to_owned(), 0.3),
            ("address", format!("{} Cooper Street", random.random_range(1..200)), 0.5),
            ("city", "Shelfield".to_owned(), 0.5),
            ("zip", "ZZ4 7QX".to_owned(), 0.5),
            ("country", "United Kingdom".to_owned(), 0.5),
        ] {
            if random.random_bool(rate) {
                properties.insert(name.to_owned(), value.into());
            }
        }
        for (name, pattern) in besides {
            properties.insert(name.clone(), pattern.replace("{n}", &number.to_string()).into());
        }
        let plan = portal.plan_create(Kind::Contact, &properties, &[], &mut Claims::default())?;
        portal.carry_out(Kind::Contact, plan, author);
    }
    Ok(())
}

fn deals(random: &mut StdRng, portal: &mut Portal, count: usize, author: Author) -> Result<(), ApiError> {
    let contacts: Vec<u64> = portal.store(Kind::Contact).live().map(|contact| contact.id).collect();
    for number in 0..count {
        let contact = *contacts.choose(random).ok_or_else(|| ApiError::invalid("A deal needs a contact"))?;
        let name =
            portal.live(Kind::Contact, contact).and_then(|c| c.stored("lastname")).unwrap_or("Somebody");
        let pipeline = &portal.pipelines[number % portal.pipelines.len()];
        let properties = json!({
            "dealname": format!("{name}: {}", pick(random, UNITS)),
            "amount": (random.random_range(4..80) * 10).to_string(),
            "pipeline": pipeline.id,
            "dealstage": pipeline.stages[number % 2].id,
        });
        let Value::Object(properties) = properties else { unreachable!("an object literal is an object") };
        let with =
            AssociationInput { to: AssociationTarget { id: contact.to_string().into() }, types: Vec::new() };
        let properties: Properties = properties.into_iter().collect();
        let plan = portal.plan_create(Kind::Deal, &properties, &[with], &mut Claims::default())?;
        portal.carry_out(Kind::Deal, plan, author);
    }
    Ok(())
}

fn pick<'a>(random: &mut StdRng, words: &[&'a str]) -> &'a str {
    words.choose(random).expect("a list of words is not empty")
}
