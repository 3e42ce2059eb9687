//! Convergence: random edits on both sides while both providers fail in every way they can. In the end both sides are
//! equal by the rules, nobody is doubled, no edit is lost, and all is quiet.
//!
//! A small form runs always. `ANNEX_CONVERGENCE=users,edits,first-last` runs a larger one over those seeds, such as
//! `5000,5000,1-50`.

use std::{collections::BTreeMap, env, time::Duration};

use serde_json::{Value, json};
use server::demo::{control::property, story::Story};
use sync_core::{access::audit::Actor, queue::change::Subject, settings::Settings, views::runs::RunKind};
use tests::{
    database::Database,
    house::{BUSINESS, House, PORTAL, until_within},
    on_both_databases,
};

on_both_databases!(whatever_goes_wrong_both_sides_end_alike_and_no_edit_is_lost);

/// A field that is edited, by its names at Storeganise and at HubSpot.
pub(crate) const FIELDS: [(&str, &str); 6] = [
    ("firstName", "firstname"),
    ("lastName", "lastname"),
    ("email", "email"),
    ("phone", "phone"),
    ("companyName", "company"),
    ("address", "address"),
];
/// The third turn of a field within an hour is a person's to decide: two are not.
const EDITS_PER_FIELD: usize = 2;

/// How much is done.
struct Extent {
    users: usize,
    edits: usize,
    seeds: Vec<u64>,
}

impl Extent {
    fn chosen() -> Self {
        let Ok(text) = env::var("ANNEX_CONVERGENCE") else {
            return Self { users: 120, edits: 150, seeds: vec![1] };
        };
        let parts: Vec<&str> = text.split(',').collect();
        let [users, edits, seeds] = parts[..] else { panic!("ANNEX_CONVERGENCE is users,edits,first-last") };
        let (first, last) = seeds.split_once('-').unwrap_or((seeds, seeds));
        let number = |text: &str| text.parse::<u64>().expect("a number");
        Self {
            users: number(users) as usize,
            edits: number(edits) as usize,
            seeds: (number(first)..=number(last)).collect(),
        }
    }

    /// What may be waited for: HubSpot grants eleven requests a second, whatever this machine can do.
    fn patience(&self) -> Duration {
        Duration::from_secs(120 + (self.users + self.edits) as u64 / 20)
    }
}

/// Three requests in ten go wrong, and one webhook in six.
fn faults(seed: u64) -> Value {
    let mut rules = Vec::new();
    for provider in ["hubspot", "storeganise"] {
        for rule in [
            json!({"kind": "status", "status": 503, "rate": 0.06}),
            json!({"kind": "status", "status": 429, "retry_after_s": 1, "rate": 0.05}),
            json!({"kind": "cut", "rate": 0.05}),
            json!({"kind": "partial", "rate": 0.04}),
            json!({"kind": "lose_after", "rate": 0.05}),
            json!({"kind": "nonsense", "rate": 0.04}),
            json!({"kind": "slow", "delay_ms": 15, "rate": 0.05}),
            json!({"kind": "webhook_lost", "rate": 0.06}),
            json!({"kind": "webhook_duplicate", "rate": 0.06}),
            json!({"kind": "webhook_reorder", "rate": 0.06}),
        ] {
            let mut rule = rule;
            rule["provider"] = json!(provider);
            rules.push(rule);
        }
    }
    json!({ "seed": seed, "rules": rules })
}

/// Small, seeded, and nobody else's: the order of draws is the test's own.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % end as u64).expect("it is below a usize")
    }
}

/// What people wrote into one field of one pair, in their order: whether at HubSpot, and what.
type Written = BTreeMap<(String, usize), Vec<(bool, String)>>;

async fn whatever_goes_wrong_both_sides_end_alike_and_no_edit_is_lost(database: Database) {
    let extent = Extent::chosen();
    for seed in extent.seeds.clone() {
        converge(database.another(), &extent, seed).await;
    }
}

async fn converge(database: Database, extent: &Extent, seed: u64) {
    let house = House::with(database, |options| options.sandbox.seed = seed).await;
    let story = house.connected().await;
    let control = house.control();
    let (core, by) = (house.stage.core(), Actor::command_line());
    let installation = story.installation().await.unwrap();
    // Everything may change at once here, and the mirrors are another test's matter.
    let settings =
        Settings { contact_edits: true, mirrors: false, brake_percent: 100, ..installation.settings.clone() };
    core.change_settings(installation.id, &settings, &by).await.unwrap();
    let count = json!({ "count": extent.users });
    control.post(&format!("storeganise/{BUSINESS}/users/seed"), &count).await.unwrap();
    story.ask_for_all().await.unwrap();
    story.settle().await.unwrap();

    control.post("faults", &faults(seed)).await.unwrap();
    let written = edit(&house, extent.edits, seed).await;
    let rules = control.get("faults").await.unwrap();
    let rules = rules.as_array().or(rules["rules"].as_array()).cloned().unwrap_or_default();
    let fired: u64 = rules.iter().filter_map(|rule| rule["fired"].as_u64()).sum();
    assert!(fired as usize > extent.edits / 20, "seed {seed}: only {fired} faults");
    control.post("faults", &json!([])).await.unwrap();

    // What no event told is found by the sweep; what waits after a failure is asked for again by a person.
    let installation = story.installation().await.unwrap();
    core.begin_run(&installation, RunKind::Reconcile, &by).await.unwrap();
    let scope = installation.scope();
    until_within(extent.patience(), "everything is worked", || async {
        let pending = core.changes(scope, None, None, 100).await.unwrap().items;
        let mut waiting = 0;
        for change in pending.iter().filter(|change| change.subject != Subject::Sweep) {
            waiting += 1;
            if change.cause.is_some() {
                core.replay(scope, change.subject, &change.subject_id, &by).await.ok();
            }
        }
        waiting == 0 && runs_are_over(&house, &story).await
    })
    .await;
    story.settle().await.unwrap();
    let conflicts = core.conflicts(scope, None, 10).await.unwrap().items;
    assert!(conflicts.is_empty(), "seed {seed}: nobody needs to be asked: {conflicts:?}");
    both_sides_agree(&house, &written, seed).await;
    story.rest().await.unwrap();
    let edits: usize = written.values().map(Vec::len).sum();
    eprintln!("seed {seed}: {} users, {edits} edits, {fired} faults: both sides agree", extent.users);
    house.stage.strike().await;
}

async fn runs_are_over(house: &House, story: &Story<'_>) -> bool {
    let scope = story.installation().await.unwrap().scope();
    let runs = house.stage.core().runs(scope, None, 10).await.unwrap().items;
    runs.iter().all(|run| run.finished_at.is_some())
}

/// Edits as people make them, on either side.
async fn edit(house: &House, edits: usize, seed: u64) -> Written {
    let control = house.control();
    let users = control.users(BUSINESS).await.unwrap();
    let customers: Vec<&Value> = users.iter().filter(|user| user["roles"] == json!([])).collect();
    let contacts = contacts_by_user(house).await;
    let mut dice = Dice::of(seed);
    let mut written = Written::new();
    for n in 0..edits {
        let user = customers[dice.below(customers.len())]["id"].as_str().unwrap().to_owned();
        let field = dice.below(FIELDS.len());
        let so_far = written.entry((user.clone(), field)).or_default();
        if so_far.len() == EDITS_PER_FIELD {
            continue;
        }
        let value = match FIELDS[field].1 {
            "email" => format!("edit{n}@example.com"),
            "phone" => format!("+44 20 7946 {:04}", n % 10_000),
            _ => format!("Edit {n} Łódź"),
        };
        let at_hubspot = dice.below(2) == 1;
        if at_hubspot {
            let path = format!("hubspot/{PORTAL}/contacts/{}", contacts[&user]["id"].as_str().unwrap());
            control.put(&path, &json!({ "properties": { FIELDS[field].1: value } })).await.unwrap();
        } else {
            control.edit_user(BUSINESS, &user, &json!({ FIELDS[field].0: value })).await.unwrap();
        }
        so_far.push((at_hubspot, value));
    }
    written
}

async fn contacts_by_user(house: &House) -> BTreeMap<String, Value> {
    let contacts = house.control().contacts(PORTAL).await.unwrap().into_iter();
    contacts
        .filter_map(|contact| Some((property(&contact, "storeganise_user_id")?.to_owned(), contact)))
        .collect()
}

/// A value as it counts: neither the case of an address nor the spaces of a number are a difference, and one that is
/// only written differently is not written again.
fn compared(value: &str) -> String {
    match value.strip_prefix('+') {
        Some(number) => number.replace(' ', ""),
        None => value.to_lowercase(),
    }
}

async fn both_sides_agree(house: &House, written: &Written, seed: u64) {
    let control = house.control();
    let users = control.users(BUSINESS).await.unwrap();
    let contacts = contacts_by_user(house).await;
    let ledger = control.get(&format!("hubspot/{PORTAL}/ledger")).await.unwrap();
    assert_eq!(ledger["doubles"], json!([]), "seed {seed}");
    assert_eq!(ledger["created_more_than_once"], json!({}), "seed {seed}");
    let customers = users.iter().filter(|user| user["roles"] == json!([])).count();
    assert_eq!(contacts.len(), customers, "seed {seed}: every customer has a contact");
    for user in users.iter().filter(|user| user["roles"] == json!([])) {
        let id = user["id"].as_str().unwrap();
        let contact = &contacts[id];
        for (n, (at_storeganise, at_hubspot)) in FIELDS.into_iter().enumerate() {
            let ours = compared(user[at_storeganise].as_str().unwrap_or_default());
            let theirs = compared(property(contact, at_hubspot).unwrap_or_default());
            let place = format!("seed {seed}, user {id}, {at_hubspot}");
            let Some(edits) = written.get(&(id.to_owned(), n)).filter(|edits| !edits.is_empty()) else {
                continue;
            };
            assert_eq!(ours, theirs, "{place}");
            let allowed: Vec<String> = match edits.as_slice() {
                // One side alone: what was written there last.
                edits if edits.iter().all(|(side, _)| *side == edits[0].0) => {
                    vec![compared(&edits[edits.len() - 1].1)]
                }
                // Both: one of the two, as the rule or their order has it.
                edits => edits.iter().map(|(_, value)| compared(value)).collect(),
            };
            assert!(allowed.contains(&ours), "{place}: {ours} is none of {allowed:?}");
        }
    }
}
