//! What an event costs, what a page takes and what a process holds as businesses become more: ten, a hundred, a thousand, ten
//! thousand, each installed, enabled and authorised as people do it, each with its own users and links. One service, one
//! PostgreSQL, both providers at once as fast as they can.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use sea_orm::FromQueryResult;
use serde_json::{Value, json};
use server::demo::control::{Control, property};
use sync_core::random::Random;
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep},
};

use crate::{
    business::Business,
    report::{Report, within},
    scene::{Database, Scene},
    service::{Api, HUBSPOT_PER_WINDOW_VARIABLE, ServiceProcess, Setting},
};

const SIZES: &[usize] = &[10, 100, 1_000, 10_000];
const SHORT_SIZES: &[usize] = &[3, 6];
const USERS_EACH: u64 = 10;
const SHORT_USERS_EACH: u64 = 5;
const EVENTS_PER_SECOND: u64 = 100;
const EVENTS_FOR: Duration = Duration::from_secs(30);
const SHORT_EVENTS_FOR: Duration = Duration::from_secs(2);
/// While no event comes.
const IDLE_FOR: Duration = Duration::from_secs(30);
const SHORT_IDLE_FOR: Duration = Duration::from_secs(1);
/// What HubSpot grants one app in one account within ten seconds.
const HUBSPOT_PER_WINDOW: usize = 110;
const PAGES: usize = 200;
const LOOK_EVERY: Duration = Duration::from_millis(2);
const PATIENCE: Duration = Duration::from_secs(120);

/// A user that is edited.
struct Told {
    control: Control,
    code: String,
    portal: i64,
    user: String,
}

/// Takes the figures.
///
/// # Errors
/// A process does not start, or what is worked at does not end.
pub(crate) async fn run(short: bool) -> anyhow::Result<()> {
    let (sizes, users, events_for, idle_for) = if short {
        (SHORT_SIZES, SHORT_USERS_EACH, SHORT_EVENTS_FOR, SHORT_IDLE_FOR)
    } else {
        (SIZES, USERS_EACH, EVENTS_FOR, IDLE_FOR)
    };
    let mut report = Report::new("fleet");
    // No business comes near its account's limit here, and what is kept to keep within it is part of the memory.
    let as_in_life = |setting: Setting| setting.with(HUBSPOT_PER_WINDOW_VARIABLE, HUBSPOT_PER_WINDOW);
    let mut scene = Scene::set(Database::postgres()?, as_in_life).await?;
    let service = scene.replica().await?;
    let api = scene.api(&service);
    for size in sizes {
        grow(&mut scene, &api, *size, users, &mut report).await?;
        let mut note =
            |what: &str, figure: f64, unit| report.note(format!("{size} businesses: {what}"), figure, unit);

        let before = service.process.processor_time()?;
        sleep(idle_for).await;
        let idle = service.process.processor_time()? - before;
        note("processor at rest, of one core", idle.as_secs_f64() / idle_for.as_secs_f64() * 100.0, "%");

        let (before, began) = (service.process.processor_time()?, Instant::now());
        let (events, mut took) = events(&scene, events_for).await?;
        scene.rest().await?;
        let used = service.process.processor_time()? - before;
        note("events", events as f64 / began.elapsed().as_secs_f64(), "per second");
        note("processor for each event", used.as_secs_f64() * 1e3 / events as f64, "ms");
        took.sort_unstable();
        note("from an edit to the contact: p50", within(&took, 0.5).as_secs_f64() * 1e3, "ms");
        note("from an edit to the contact: p99", within(&took, 0.99).as_secs_f64() * 1e3, "ms");

        let mut pages = pages(&service, "/installations?limit=50").await?;
        pages.sort_unstable();
        note("a page of the list: p99", within(&pages, 0.99).as_secs_f64() * 1e3, "ms");
        note("memory", service.process.resident_bytes()? as f64 / 1e6, "MB");
        note("database", database_bytes(&scene).await? / 1e6, "MB");
        note("links", scene.count("link").await? as f64, "");
    }
    let counted = scene.counted().await?;
    report.note("users whose contact misses something", counted.disagreeing as f64, "");
    report.note("doubled", (counted.doubled_contacts + counted.doubled_users) as f64, "");
    report.write()
}

/// Connects businesses until there are so many, and syncs their users.
async fn grow(
    scene: &mut Scene,
    api: &Api,
    size: usize,
    users: u64,
    report: &mut Report,
) -> anyhow::Result<()> {
    let first = scene.businesses.len();
    let began = Instant::now();
    scene.connect(api, size - first).await?;
    let each = began.elapsed().as_secs_f64() * 1e3 / (size - first) as f64;
    report.note(format!("{size} businesses: to connect one, eight side by side"), each, "ms");
    scene.rest().await?;
    let began = Instant::now();
    for business in &mut scene.businesses[first..] {
        business.grow_to(users).await?;
        api.post(&format!("{}/runs", business.path), &json!({ "kind": "backfill" })).await?;
    }
    scene.rest().await?;
    let made = (size - first) as f64 * users as f64;
    report.note(
        format!("{size} businesses: first syncs"),
        made / began.elapsed().as_secs_f64(),
        "contacts per second",
    );
    Ok(())
}

/// Edits of users of any business, and how long every tenth took to arrive.
async fn events(scene: &Scene, time: Duration) -> anyhow::Result<(u64, Vec<Duration>)> {
    let random = Random::seeded(3);
    let mut told = Vec::new();
    for _ in 0..scene.businesses.len().min(500) {
        let business = &scene.businesses[usize::try_from(random.below(scene.businesses.len() as u64))?];
        told.push(Arc::new(one_of(business).await?));
    }
    let mut tick = interval(Duration::from_micros(1_000_000 / EVENTS_PER_SECOND));
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (began, mut sent, mut watched) = (Instant::now(), 0_u64, JoinSet::new());
    while began.elapsed() < time {
        tick.tick().await;
        let one = Arc::clone(&told[usize::try_from(random.below(told.len() as u64))?]);
        let company = format!("Event {sent}");
        let edit = json!({ "companyName": company });
        if sent % 10 == 0 {
            watched.spawn(arrives(one, edit, company));
        } else {
            one.control.edit_user(&one.code, &one.user, &edit).await?;
        }
        sent += 1;
    }
    let mut took = Vec::new();
    while let Some(arrived) = watched.join_next().await {
        took.extend(arrived??);
    }
    Ok((sent, took))
}

async fn one_of(business: &Business) -> anyhow::Result<Told> {
    let users = business.control.users(&business.code).await?;
    let user = users.iter().find(|user| user["roles"] == json!([])).context("a customer")?;
    Ok(Told {
        control: business.control.clone(),
        code: business.code.clone(),
        portal: business.portal,
        user: user["id"].as_str().context("an id")?.to_owned(),
    })
}

/// How long it took until the contact showed what the user was edited to; nothing where another edit overtook it.
async fn arrives(told: Arc<Told>, edit: Value, company: String) -> anyhow::Result<Option<Duration>> {
    let began = Instant::now();
    told.control.edit_user(&told.code, &told.user, &edit).await?;
    let before = told.control.contact_of(told.portal, &told.user).await?;
    loop {
        let contact = told.control.contact_of(told.portal, &told.user).await?;
        let shown = contact.as_ref().and_then(|contact| property(contact, "company"));
        if shown == Some(&company) {
            return Ok(Some(began.elapsed()));
        }
        if shown != before.as_ref().and_then(|contact| property(contact, "company")) {
            return Ok(None);
        }
        ensure!(began.elapsed() < PATIENCE, "an edit does not arrive");
        sleep(LOOK_EVERY).await;
    }
}

async fn pages(service: &ServiceProcess, path: &str) -> anyhow::Result<Vec<Duration>> {
    let mut took = Vec::new();
    for _ in 0..PAGES {
        let began = Instant::now();
        service.api.get(path).await?;
        took.push(began.elapsed());
    }
    Ok(took)
}

async fn database_bytes(scene: &Scene) -> anyhow::Result<f64> {
    #[derive(FromQueryResult)]
    struct Size {
        bytes: i64,
    }
    let sizes: Vec<Size> = scene.rows("SELECT pg_database_size(current_database()) AS bytes").await?;
    Ok(sizes.first().context("a size")?.bytes as f64)
}
