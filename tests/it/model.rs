//! The model: people edit both sides at random, events are lost, doubled and reordered, workers die between any two of
//! their steps, and in the end both sides are, letter by letter, what the rule says, which [`rule`] states for itself.
//!
//! A small form runs always. `ANNEX_MODEL=rounds,first-last` runs so many rounds over those seeds, such as `20,1-30`; a
//! seed says what the business chose: each policy, with edits of contacts written to users and without.

mod dying;
mod people;
mod rule;

use std::{collections::BTreeMap, env, net::Ipv4Addr, sync::Arc};

use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};
use server::{
    config::Config,
    demo::{control::property, stage::point_webhooks, story::Story},
    run::{self, Running},
};
use sync_core::{
    access::audit::Actor, core::Core, installation::Scope, merge::Policy, queue::change::Subject,
    settings::Settings, storage::Db, views::runs::RunKind, worker::Worked,
};
use tests::{
    database::{Database, Kind},
    house::{BUSINESS, House, PORTAL},
    on_both_databases,
};
use tokio::{
    net::TcpListener,
    time::{Duration, Instant, sleep},
};

use self::{
    dying::{Dying, Moments},
    people::Known,
    rule::{Chosen, Field},
};
use crate::{
    convergence::{Dice, FIELDS},
    runs::writes,
};

on_both_databases!(whoever_edits_and_whenever_a_worker_dies_both_sides_end_as_the_rule_says);

/// Pairs in the first round; one more comes in every later one.
const PAIRS_AT_FIRST: usize = 6;
/// Contacts that are nobody's.
const STRANGERS: usize = 2;
const EDITS_PER_ROUND: usize = 14;
/// Workers that die in a round before what events told is worked, and as many before what a reconcile finds is.
const DEATHS: usize = 4;

const CONTACT_USER_ID: &str = "storeganise_user_id";
/// More than what the clocks of both sides can tell apart.
const CLOCK_STEP: Duration = Duration::from_millis(2);
const LOOK_EVERY: Duration = Duration::from_millis(2);
const PATIENCE: Duration = Duration::from_secs(60);

/// How much is done.
struct Extent {
    rounds: usize,
    seeds: Vec<u64>,
}

impl Extent {
    fn chosen() -> Self {
        let Ok(text) = env::var("ANNEX_MODEL") else {
            return Self { rounds: 3, seeds: (1..=6).collect() };
        };
        let (rounds, seeds) = text.split_once(',').expect("ANNEX_MODEL is rounds,first-last");
        let (first, last) = seeds.split_once('-').unwrap_or((seeds, seeds));
        let number = |text: &str| text.parse::<u64>().expect("a number");
        Self { rounds: number(rounds) as usize, seeds: (number(first)..=number(last)).collect() }
    }
}

fn by() -> Actor {
    Actor::command_line()
}

fn chosen(seed: u64) -> Chosen {
    let policy = [Policy::StoreganiseWins, Policy::HubspotWins, Policy::NewestWins][seed as usize % 3];
    Chosen { policy, edits: seed.is_multiple_of(2) }
}

async fn whoever_edits_and_whenever_a_worker_dies_both_sides_end_as_the_rule_says(database: Database) {
    let extent = Extent::chosen();
    let kind = if database.url().starts_with("sqlite") { Kind::Sqlite } else { Kind::Postgres };
    let (mut database, mut moments) = (Some(database), Moments::new());
    for seed in extent.seeds {
        let database = database.take().or_else(|| Database::new(kind)).expect("there was one before");
        let house = House::with(database, |options| options.sandbox.seed = seed).await;
        let story = house.connected().await;
        let mut play = Play::begin(&house, &story, seed, &mut moments).await;
        for round in 1..=extent.rounds {
            play.round = round;
            play.one_round().await;
        }
        play.service.stop().await;
    }
    assert!(
        moments.deaths > extent.rounds,
        "{} workers died, at {} of the {} moments of the longest turn",
        moments.deaths,
        moments.covered(),
        moments.longest
    );
}

/// One seed's story.
struct Play<'a> {
    house: &'a House,
    story: &'a Story<'a>,
    /// Takes events in, and has no workers of its own.
    service: Running,
    config: Config,
    db: Db,
    scope: Scope,
    seed: u64,
    round: usize,
    chosen: Chosen,
    dice: Dice,
    /// The order in which things are written.
    moment: u64,
    people: Vec<Known>,
    moments: &'a mut Moments,
}

impl<'a> Play<'a> {
    async fn begin(house: &'a House, story: &'a Story<'a>, seed: u64, moments: &'a mut Moments) -> Self {
        let (chosen, installation) = (chosen(seed), story.installation().await.unwrap());
        let settings = Settings {
            conflict_policy: chosen.policy,
            contact_edits: chosen.edits,
            // An id that is written back is an update of the user, too: where edits stay where they are and a conflict
            // may stay open, the time of the user's last update must be a person's.
            mirrors: chosen.edits || chosen.policy == Policy::StoreganiseWins,
            brake_percent: 100,
            ..installation.settings.clone()
        };
        house.stage.core().change_settings(installation.id, &settings, &by()).await.unwrap();
        house.stage.service.stop().await;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        // HubSpot signs the address, too.
        let config = Config { workers: 0, base_url: base_url.clone(), ..house.stage.config.clone() };
        let service = run::start(config.clone(), listener).await.unwrap();
        point_webhooks(&house.stage.sandbox, &base_url);
        let faults = ["hubspot", "storeganise"].into_iter().flat_map(|provider| {
            ["webhook_lost", "webhook_duplicate", "webhook_reorder"]
                .map(|kind| json!({ "provider": provider, "kind": kind, "rate": 0.2 }))
        });
        let faults = json!({ "seed": seed, "rules": faults.collect::<Vec<_>>() });
        house.control().post("faults", &faults).await.unwrap();
        // Each worker begins with a budget of its own, as if those before it had died long ago.
        house.manners.excuse();
        let limits = json!({ "per_window": 100_000, "searches": 100_000 });
        house.control().post(&format!("hubspot/{PORTAL}/limits"), &limits).await.unwrap();
        for n in 0..STRANGERS {
            let stranger = json!({ "email": format!("stranger{n}@example.com"), "firstname": "Stranger" });
            house.control().create_contact(PORTAL, &stranger).await.unwrap();
        }
        Self {
            db: Db::connect(house.database().url()).await.unwrap(),
            scope: installation.scope(),
            dice: Dice::of(seed),
            round: 0,
            moment: 0,
            people: Vec::new(),
            house,
            story,
            service,
            config,
            seed,
            chosen,
            moments,
        }
    }

    async fn one_round(&mut self) {
        // What went back and forth more than an hour ago no longer counts: between two rounds an hour goes by.
        self.db.writer().execute_unprepared("UPDATE link SET flips = NULL").await.unwrap();
        let is_first = self.people.is_empty();
        for _ in 0..if is_first { 0 } else { EDITS_PER_ROUND } {
            self.edit().await;
        }
        for _ in 0..if is_first { PAIRS_AT_FIRST } else { 1 } {
            self.join().await;
        }
        self.house.control().until_delivered().await.unwrap();
        self.work_dying().await;
        // What no event told is found by the sweep.
        let installation = self.story.installation().await.unwrap();
        self.core().begin_run(&installation, RunKind::Reconcile, &by()).await.unwrap();
        self.work_dying().await;

        let moment = self.next_moment().await;
        for known in self.people.iter_mut().filter(|known| known.is_looked_at) {
            known.settle(self.chosen, moment);
        }
        self.compare().await;
        self.rest().await;
    }

    /// The core that asks and marks, and never works.
    fn core(&self) -> &'a Arc<Core> {
        self.house.stage.core()
    }

    /// Of writes one comes before the other, also by the clocks of both sides, where that decides.
    async fn next_moment(&mut self) -> u64 {
        if self.chosen.policy == Policy::NewestWins {
            sleep(CLOCK_STEP).await;
        }
        self.moment += 1;
        self.moment
    }

    /// Works all there is to do, with some workers that die in the midst of it.
    async fn work_dying(&mut self) {
        for _ in 0..DEATHS {
            let (worker, moment) = (self.new_worker().await, self.moments.draw(&mut self.dice));
            let (worked, polls) = bounded("a turn", Dying::at(moment, worker.run_once())).await;
            match worked.map(Result::unwrap) {
                None => self.moments.note_death(moment),
                Some(Worked::Turn) => self.moments.note_turn(polls),
                Some(Worked::Nothing) => break,
            }
        }
        self.work().await;
    }

    /// Works all there is to do, until no event is on its way any more.
    async fn work(&mut self) {
        let give_up = Instant::now() + PATIENCE;
        let worker = self.new_worker().await;
        while !self.is_done().await {
            let (worked, polls) = bounded("a turn", Dying::never(worker.run_once())).await;
            match worked.expect("nobody died").unwrap() {
                Worked::Turn => self.moments.note_turn(polls),
                Worked::Nothing => {
                    sleep(LOOK_EVERY).await;
                    // What a dead one had just asked of the database may have come to pass after its death.
                    self.let_leases_run_out().await;
                }
            }
            let left = self.core().changes(self.scope, None, None, 5).await.unwrap().items;
            assert!(Instant::now() < give_up, "{} does not come to its end: {left:?}", self.place());
        }
    }

    /// A worker of a process that has just begun, after whoever was at work is known to be dead.
    async fn new_worker(&self) -> Arc<Core> {
        self.let_leases_run_out().await;
        bounded("connecting", run::core_of(&self.config)).await.unwrap()
    }

    async fn let_leases_run_out(&self) {
        self.db.writer().execute_unprepared("UPDATE lease SET until = 0").await.unwrap();
    }

    async fn is_done(&self) -> bool {
        let control = self.house.control();
        if !control.is_quiet().await.unwrap() {
            return false;
        }
        let now = self.core().clock().now().0;
        let waiting = self.core().changes(self.scope, None, None, 10).await.unwrap().items;
        let done = waiting.iter().all(|change| change.subject == Subject::Sweep && change.due_at > now);
        done && control.is_quiet().await.unwrap()
    }

    async fn compare(&mut self) {
        let control = self.house.control();
        let users = by_text(control.users(BUSINESS).await.unwrap(), |user| user["id"].as_str());
        let contacts = control.contacts(PORTAL).await.unwrap();
        let contacts_count = contacts.len();
        let contacts = by_text(contacts, |contact| property(contact, CONTACT_USER_ID));
        let ledger = control.get(&format!("hubspot/{PORTAL}/ledger")).await.unwrap();
        let place = self.place();
        assert_eq!(ledger["doubles"], json!([]), "{place}");
        assert_eq!(ledger["created_more_than_once"], json!({}), "{place}");
        assert_eq!(
            (users.len(), contacts_count),
            (self.people.len(), self.people.len() + STRANGERS),
            "{place}"
        );
        assert_eq!(
            contacts.len(),
            self.people.len(),
            "{place}: every user has a contact, and no stranger has one"
        );
        let spelling_matters = self.chosen.policy != Policy::StoreganiseWins || self.chosen.edits;
        let mut wrong = Vec::new();
        for known in &mut self.people {
            let (user, contact) = (&users[&known.user_id], &contacts[&known.user_id]);
            known.contact_id = contact["id"].as_str().map(str::to_owned);
            for (field, (at_storeganise, at_hubspot)) in rule::FIELDS.into_iter().zip(FIELDS) {
                let got_user = user[at_storeganise].as_str().unwrap_or_default();
                let got_contact = property(contact, at_hubspot).unwrap_or_default();
                // An equal value may be written again where the contact need not be read for the decision.
                if !spelling_matters && rule::is_same(field, &known.pair.cell(field).contact, got_contact) {
                    known.pair.take_spelling(field, got_contact);
                }
                let cell = known.pair.cell(field);
                let mut expect = |side: &str, expected: &str, got: &str| {
                    if expected != got {
                        let id = &known.user_id;
                        wrong.push(format!(
                            "user {id}, {at_hubspot} {side}: expected {expected:?}, got {got:?}; {cell:?}"
                        ));
                    }
                };
                expect("at Storeganise", &cell.user, got_user);
                expect("at HubSpot", &cell.contact, got_contact);
                if field == Field::Address {
                    expect(
                        "(its city) at HubSpot",
                        &cell.city,
                        property(contact, "city").unwrap_or_default(),
                    );
                }
            }
        }
        assert!(wrong.is_empty(), "{place}:\n{}", wrong.join("\n"));
    }

    /// Once both sides are as they should be, looking again writes nothing, and nobody has to be asked.
    async fn rest(&mut self) {
        let control = self.house.control();
        let stats = control.stats().await.unwrap();
        for provider in ["storeganise", "hubspot"] {
            let webhooks = &stats["webhooks"][provider];
            assert_eq!(webhooks["failed"], 0, "{}: events get lost by no fault: {webhooks}", self.place());
        }
        control.reset_stats().await.unwrap();
        for known in self.people.iter().filter(|known| known.is_looked_at) {
            self.core().replay(self.scope, Subject::User, &known.user_id, &by()).await.unwrap();
        }
        self.work().await;
        let (place, stats) = (self.place(), control.stats().await.unwrap());
        assert_eq!(writes(&stats), Vec::<String>::new(), "{place}: it does not rest");
        let conflicts = self.core().conflicts(self.scope, None, 10).await.unwrap().items;
        assert!(conflicts.is_empty(), "{place}: nobody needs to be asked: {conflicts:?}");
        for known in &mut self.people {
            // Where edits of contacts stay where they are, a pair is looked at when its user changed.
            known.is_looked_at = self.chosen.edits;
        }
    }

    fn place(&self) -> String {
        format!("seed {} ({:?}), round {}", self.seed, self.chosen, self.round)
    }
}

fn by_text(records: Vec<Value>, text: impl Fn(&Value) -> Option<&str>) -> BTreeMap<String, Value> {
    let named = records.into_iter().filter_map(|record| Some((text(&record)?.to_owned(), record)));
    named.collect()
}

/// Nothing here may hang for ever: a test that waits says for what.
async fn bounded<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| panic!("{what} hangs"))
}
