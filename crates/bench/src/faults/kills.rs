//! One of three replicas killed, again and again, while businesses are told of 200 events a second and another one is
//! backfilled. Nothing that was answered may be without effect, nobody may be doubled, and what a dead replica was at is
//! taken over within fifteen seconds.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sea_orm::FromQueryResult;
use serde_json::json;
use server::demo::control::{Control, customers};
use sync_core::random::Random;
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep},
};
use uuid::Uuid;

use crate::{
    business::Business,
    report::{Report, within},
    scene::{Database, Scene},
    service::{Api, ServiceProcess},
};

const REPLICAS: usize = 3;
const KILLS: u64 = 200;
const SHORT_KILLS: u64 = 1;
/// Businesses that are told of events.
const TOLD: usize = 3;
const USERS_EACH: u64 = 500;
const EVENTS_PER_SECOND: u64 = 200;
/// So many senders share them: one request after the other would not come to it.
const SENDERS: u64 = 4;
/// Users of the business that is backfilled, each time.
const BACKFILLED: u64 = 5_000;
/// Every so many events it is somebody new, and a deal that was won.
const NEW_EVERY: u64 = 25;
const WON_EVERY: u64 = 50;
/// Between one kill and the next, and from a kill to the next start, in milliseconds at most.
const CALM_MS: u64 = 2_000;
const GONE_MS: u64 = 1_000;
const LOOK_EVERY: Duration = Duration::from_millis(20);
const BETWEEN_BACKFILLS: Duration = Duration::from_millis(500);

/// What an installation's turn is held under.
#[derive(Debug, FromQueryResult)]
struct Held {
    installation_id: Uuid,
    epoch: i64,
}

pub(super) async fn run(short: bool, report: &mut Report) -> anyhow::Result<()> {
    let kills = if short { SHORT_KILLS } else { KILLS };
    let mut scene = Scene::set(Database::postgres()?, |setting| setting).await?;
    let mut replicas = Vec::new();
    for _ in 0..REPLICAS {
        replicas.push(scene.replica().await?);
    }
    let api = scene.api(&replicas[0]);
    scene.connect(&api, TOLD + 1).await?;
    for business in &mut scene.businesses[..TOLD] {
        business.grow_to(USERS_EACH).await?;
        business.run(&api, "backfill").await?;
    }
    scene.rest().await?;

    let over = Arc::new(AtomicBool::new(false));
    let events = Arc::new(AtomicU64::new(0));
    let mut load = JoinSet::new();
    let mut told = Vec::new();
    for business in &scene.businesses[..TOLD] {
        let users = business.control.users(&business.code).await?;
        let ids =
            customers(&users).iter().filter_map(|user| user["id"].as_str().map(str::to_owned)).collect();
        told.push(Told {
            control: business.control.clone(),
            code: business.code.clone(),
            portal: business.portal,
            ids,
        });
    }
    let told = Arc::new(told);
    for sender in 0..SENDERS {
        load.spawn(tell(Arc::clone(&told), sender, Arc::clone(&events), Arc::clone(&over)));
    }
    let again_and_again = backfill(scene.businesses[TOLD].clone(), api.clone(), Arc::clone(&over));
    load.spawn(again_and_again);

    let began = Instant::now();
    let taken_over: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let scene = Arc::new(scene);
    let mut watches = JoinSet::new();
    let random = Random::seeded(7);
    for _ in 0..kills {
        sleep(Duration::from_millis(random.below(CALM_MS))).await;
        let victim = replicas.swap_remove(usize::try_from(random.below(replicas.len() as u64))?);
        let name = format!("{}-", victim.process.id()?);
        scene.kill(victim).await?;
        let at = Instant::now();
        let held: Vec<Held> = scene
            .rows(&format!(
                "SELECT installation_id, epoch FROM lease WHERE until > 0 AND owner LIKE '{name}%'"
            ))
            .await?;
        for one in held {
            watches.spawn(watch(Arc::clone(&scene), one, at, Arc::clone(&taken_over)));
        }
        sleep(Duration::from_millis(random.below(GONE_MS))).await;
        replicas.push(scene.replica().await?);
    }
    while let Some(watched) = watches.join_next().await {
        watched??;
    }
    let took = began.elapsed();
    over.store(true, Ordering::Relaxed);
    while let Some(done) = load.join_next().await {
        done??;
    }
    scene.rest().await?;

    report.note("replicas killed", kills as f64, "of three");
    report.note("it took", took.as_secs_f64(), "s");
    let told_in_all = events.load(Ordering::Relaxed);
    report.note("events", told_in_all as f64 / took.as_secs_f64(), "per second");
    report.note("events in all", told_in_all as f64, "");
    let mut taken = taken_over.lock().map_err(|_| anyhow::anyhow!("a watch panicked"))?.clone();
    taken.sort_unstable();
    report.note("turns that a dead replica had begun", taken.len() as f64, "");
    for (what, share) in [("half of them taken over within", 0.5), ("all of them taken over within", 1.0)] {
        report.note(what, within(&taken, share).as_secs_f64(), "s");
    }
    conclude(&scene, report, &replicas).await?;
    report.write()
}

async fn conclude(scene: &Scene, report: &mut Report, replicas: &[ServiceProcess]) -> anyhow::Result<()> {
    let counted = scene.counted().await?;
    report.note("users", counted.users as f64, "");
    report.note("users whose contact misses something", counted.disagreeing as f64, "");
    report.note("contacts doubled", counted.doubled_contacts as f64, "");
    report.note("users doubled", counted.doubled_users as f64, "");
    report.note("businesses that must authorise again", counted.access_lost as f64, "");
    report.note("changes parked", counted.parked as f64, "");
    // A sweep over those that were told of events finds whatever no event brought about.
    let api = scene.api(&replicas[0]);
    let mut found = 0;
    for business in &scene.businesses[..TOLD] {
        business.run(&api, "reconcile").await?;
        let runs = api.get(&format!("{}/runs?limit=1", business.path)).await?;
        let outcomes: BTreeMap<String, u64> = serde_json::from_value(runs["items"][0]["outcomes"].clone())?;
        found += outcomes
            .iter()
            .filter(|(word, _)| !["unchanged", "skipped"].contains(&word.as_str()))
            .map(|(_, n)| n)
            .sum::<u64>();
    }
    report.note("records that a reconcile still had to write", found as f64, "");
    Ok(())
}

/// Backfills a business whenever the last one is over: then there are users again that nobody told of. A replica that dies
/// while it is asked is asked again.
async fn backfill(business: Business, api: Api, over: Arc<AtomicBool>) -> anyhow::Result<()> {
    let (seed, path) = (format!("storeganise/{}/users/seed", business.code), &business.path);
    while !over.load(Ordering::Relaxed) {
        let runs = api.get(&format!("{path}/runs?limit=1")).await.unwrap_or_default();
        let goes_on = runs["items"].as_array().is_none_or(|runs| {
            runs.first().is_some_and(|run| run["kind"] == "backfill" && run["finished_at"].is_null())
        });
        if !goes_on {
            business.control.post(&seed, &json!({ "count": BACKFILLED })).await?;
            while api.post(&format!("{path}/runs"), &json!({ "kind": "backfill" })).await.is_err() {
                sleep(LOOK_EVERY).await;
            }
        }
        sleep(BETWEEN_BACKFILLS).await;
    }
    Ok(())
}

/// A business that is told of events.
struct Told {
    control: Control,
    code: String,
    portal: i64,
    ids: Vec<String>,
}

/// One sender's share of the events: edits, somebody new, a deal that was won.
async fn tell(
    told: Arc<Vec<Told>>,
    sender: u64,
    events: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
) -> anyhow::Result<()> {
    let mut tick = interval(Duration::from_micros(1_000_000 * SENDERS / EVENTS_PER_SECOND));
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let random = Random::seeded(sender);
    for n in 0_u64.. {
        tick.tick().await;
        if over.load(Ordering::Relaxed) {
            break;
        }
        let business = &told[usize::try_from(random.below(told.len() as u64))?];
        if n % WON_EVERY == WON_EVERY - 1 {
            let contact = json!({ "email": format!("won-{sender}-{n}@example.com"), "firstname": "Won", "lastname": format!("Deal {n}") });
            let contact = business.control.create_contact(business.portal, &contact).await?;
            let deal =
                json!({ "dealname": format!("Locker {n}"), "pipeline": "default", "dealstage": "closedwon" });
            business.control.create_deal(business.portal, &deal, &[&contact]).await?;
        } else if n % NEW_EVERY == NEW_EVERY - 1 {
            let user = json!({ "email": format!("new-{sender}-{n}@example.com"), "firstName": "New", "lastName": format!("User {n}") });
            business.control.create_user(&business.code, &user).await?;
        } else {
            let user = &business.ids[usize::try_from(random.below(business.ids.len() as u64))?];
            let edit = json!({ "companyName": format!("Edit {sender}-{n}") });
            business.control.edit_user(&business.code, user, &edit).await?;
        }
        events.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Until another replica has claimed what a dead one held.
async fn watch(
    scene: Arc<Scene>,
    held: Held,
    since: Instant,
    taken_over: Arc<Mutex<Vec<Duration>>>,
) -> anyhow::Result<()> {
    let same = format!("lease WHERE installation_id = '{}' AND epoch = {}", held.installation_id, held.epoch);
    while scene.count(&same).await? > 0 {
        sleep(LOOK_EVERY).await;
    }
    taken_over.lock().map_err(|_| anyhow::anyhow!("a watch panicked"))?.push(since.elapsed());
    Ok(())
}
