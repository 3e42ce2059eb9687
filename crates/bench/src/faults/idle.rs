//! Ten thousand businesses that are enabled and connected, and of whom nobody does anything: the memory and the processor's
//! time of one process that serves and works for all of them.

use std::time::Duration;

use anyhow::Context as _;
use tests::population::copies_of_the_first;
use tokio::time::sleep;

use crate::{
    report::Report,
    scene::{Database, Scene},
};

const INSTALLATIONS: usize = 10_000;
const SHORT_INSTALLATIONS: usize = 300;
const WATCHED: Duration = Duration::from_secs(120);
const SHORT_WATCHED: Duration = Duration::from_secs(2);
/// After a start old rows are looked for, as once in every hour, and the first phone number is parsed.
const SETTLES: Duration = Duration::from_secs(60);
const SHORT_SETTLES: Duration = Duration::from_secs(3);

pub(super) async fn run(short: bool, report: &mut Report) -> anyhow::Result<()> {
    let (installations, settles, watched) = if short {
        (SHORT_INSTALLATIONS, SHORT_SETTLES, SHORT_WATCHED)
    } else {
        (INSTALLATIONS, SETTLES, WATCHED)
    };
    for database in [Database::sqlite()?, Database::postgres()?] {
        let name = database.name();
        let mut scene = Scene::set(database, |setting| setting).await?;
        let first = scene.replica().await?;
        let api = scene.api(&first);
        scene.connect(&api, 1).await?;
        scene.rest().await?;
        first.process.stop().await?;
        copies_of_the_first(&scene.db, installations).await?;
        let enabled = scene.count("installation WHERE state = 'enabled'").await?;
        report.note(format!("{name}: businesses enabled and connected"), enabled as f64, "");

        let service = scene.setting.start().await?;
        sleep(settles).await;
        let (before, asked) = (service.process.processor_time()?, requests(&scene).await?);
        report.note(
            format!("{name}: processor, for the start and the hourly round"),
            before.as_secs_f64(),
            "s",
        );
        sleep(watched).await;
        let used = service.process.processor_time()? - before;
        report.note(format!("{name}: memory"), service.process.resident_bytes()? as f64 / 1e6, "MB");
        let share = used.as_secs_f64() / watched.as_secs_f64();
        report.note(format!("{name}: processor from then on, of one core"), share * 100.0, "%");
        report.note(
            format!("{name}: requests to providers meanwhile"),
            (requests(&scene).await? - asked) as f64,
            "",
        );
        service.process.stop().await?;
    }
    report.write()
}

/// Requests that both simulated systems have answered.
async fn requests(scene: &Scene) -> anyhow::Result<u64> {
    let stats = scene.businesses.first().context("there is a business")?.control.stats().await?;
    Ok(["storeganise", "hubspot"].iter().filter_map(|provider| stats[provider]["total"].as_u64()).sum())
}
