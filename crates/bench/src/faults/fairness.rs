//! One change of one business beside neighbours with a hundred thousand: how long until its contact shows it, alone and then
//! beside them. Both providers answer as slowly as in life.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::json;
use server::demo::control::property;
use tokio::time::sleep;

use crate::{
    business::Business,
    report::{Report, within},
    scene::{Database, Scene},
};

const SAMPLES: usize = 300;
const SHORT_SAMPLES: usize = 5;
const CROWD_SAMPLES: usize = 50;
const PENDING: u64 = 100_000;
const SHORT_PENDING: u64 = 2_000;
/// Neighbours beyond the one that is asked for: more than there are workers.
const CROWD: usize = 8;
const HUBSPOT_MS: u64 = 120;
const STOREGANISE_MS: u64 = 80;
const LOOK_EVERY: Duration = Duration::from_millis(2);
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two changes, so that each is one by itself.
const CALM: Duration = Duration::from_millis(50);

pub(super) async fn run(short: bool, report: &mut Report) -> anyhow::Result<()> {
    let (samples, pending, crowd) =
        if short { (SHORT_SAMPLES, SHORT_PENDING, 1) } else { (SAMPLES, PENDING, CROWD) };
    let mut scene = Scene::set(Database::postgres()?, |setting| setting).await?;
    let replica = scene.replica().await?;
    let api = scene.api(&replica);
    scene.connect(&api, 1 + crowd).await?;
    let (one, neighbours) = scene.businesses.split_at_mut(1);
    let user = json!({ "email": "one@example.com", "firstName": "One", "lastName": "Change" });
    let user = one[0].control.create_user(&one[0].code, &user).await?;
    for (n, neighbour) in neighbours.iter_mut().enumerate() {
        neighbour.set(&api, "mirrors", false.into()).await?;
        // The first one's changes are all of people who are there; of the crowd's, one in ten.
        neighbour.grow_to(if n == 0 { pending } else { pending / 10 }).await?;
    }
    scene.rest().await?;
    let latency = json!({ "hubspot_ms": HUBSPOT_MS, "storeganise_ms": STOREGANISE_MS });
    scene.businesses[0].control.post("latency", &latency).await?;

    let alone = sample(&scene.businesses[0], &user, samples, "alone").await?;
    note(report, "alone", &alone);
    for neighbours in if short { vec![1] } else { vec![1, CROWD] } {
        for neighbour in &scene.businesses[1..=neighbours] {
            burden(&scene, neighbour, pending).await?;
        }
        let what = format!("beside {neighbours} with {pending} changes each");
        // Each then waits for turns of the others, which take seconds.
        let samples = if neighbours == 1 { samples } else { CROWD_SAMPLES };
        let beside = sample(&scene.businesses[0], &user, samples, &what).await?;
        note(report, &what, &beside);
        let left = scene.count("change WHERE parked_at IS NULL AND subject <> 'sweep'").await?;
        report.note(format!("{what}: changes left then"), left as f64, "");
        let times = within(&beside, 0.99).as_secs_f64() / within(&alone, 0.99).as_secs_f64();
        report.note(format!("{what}: p99"), times, "times as long as alone");
    }
    report.write()
}

/// So many changes that somebody waits for, as an import at Storeganise brings them.
async fn burden(scene: &Scene, business: &Business, pending: u64) -> anyhow::Result<()> {
    let id = business.path.rsplit('/').next().context("an id")?;
    // The users that are there, and others that are gone by the time they are looked at.
    let users = business.control.users(&business.code).await?;
    let ids: Vec<&str> = users.iter().filter_map(|user| user["id"].as_str()).collect();
    let mut wanted = u64::try_from(ids.len())?;
    for chunk in ids.chunks(1_000) {
        let values: Vec<String> = chunk.iter().map(|user| row(id, user)).collect();
        insert(scene, &values).await?;
    }
    while wanted < pending {
        let values: Vec<String> =
            (wanted..pending.min(wanted + 1_000)).map(|n| row(id, &format!("66ce753e{n:016x}"))).collect();
        wanted += u64::try_from(values.len())?;
        insert(scene, &values).await?;
    }
    scene.tell(&format!("UPDATE lease SET ready_at = 0 WHERE installation_id = '{id}'")).await
}

fn row(installation: &str, user: &str) -> String {
    format!("('{installation}', 'user', '{user}', 1, 0, 0, 'webhook', 0, 0)")
}

async fn insert(scene: &Scene, values: &[String]) -> anyhow::Result<()> {
    let columns =
        "installation_id, subject, subject_id, generation, due_at, attempts, origin, marked_at, lane";
    scene
        .tell(&format!("INSERT INTO change ({columns}) VALUES {} ON CONFLICT DO NOTHING", values.join(",")))
        .await
}

/// How long each of so many edits took, from the moment it was made until the contact showed it; shortest first.
async fn sample(
    business: &Business,
    user: &str,
    samples: usize,
    what: &str,
) -> anyhow::Result<Vec<Duration>> {
    let mut took = Vec::new();
    for n in 0..samples {
        let company = format!("{what} {n}");
        let began = Instant::now();
        business.control.edit_user(&business.code, user, &json!({ "companyName": company })).await?;
        loop {
            let contact = business.control.contact_of(business.portal, user).await?;
            if contact.is_some_and(|contact| property(&contact, "company") == Some(&company)) {
                break;
            }
            ensure!(began.elapsed() < PATIENCE, "{what}: a change does not arrive");
            sleep(LOOK_EVERY).await;
        }
        took.push(began.elapsed());
        sleep(CALM).await;
    }
    took.sort_unstable();
    Ok(took)
}

fn note(report: &mut Report, what: &str, took: &[Duration]) {
    for (name, share) in [("p50", 0.5), ("p99", 0.99), ("longest", 1.0)] {
        report.note(format!("{what}: {name}"), within(took, share).as_secs_f64() * 1e3, "ms");
    }
}
