//! Ten thousand businesses that are enabled and connected, and of whom nobody does anything: the memory and the processor's
//! time of one process that serves and works for all of them.

use std::time::Duration;

use anyhow::Context as _;
use sea_orm::EntityTrait as _;
use sync_core::{
    clock::Micros,
    random::Random,
    storage::entity::{business, connection, data_key, installation, lease},
};
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
/// Rows written in one statement.
const CHUNK: usize = 500;
/// When the neighbours' next sweep is due: sweeps are work, and not rest.
const SWEEP_DUE: i64 = i64::MAX / 4;

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
        copy_the_first(&scene, installations).await?;
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

/// Makes as many installations of the one that is there.
async fn copy_the_first(scene: &Scene, installations: usize) -> anyhow::Result<()> {
    let db = scene.db.writer();
    let the_first = "the first installation has all of its rows";
    let whose = business::Entity::find().one(db).await?.context(the_first)?;
    let what = installation::Entity::find().one(db).await?.context(the_first)?;
    let access = connection::Entity::find().one(db).await?.context(the_first)?;
    let key = data_key::Entity::find().one(db).await?.context(the_first)?;
    let held = lease::Entity::find().one(db).await?.context(the_first)?;
    let random = Random::seeded(1);
    let ids: Vec<_> = (1..installations).map(|_| random.uuid(Micros(0))).collect();
    for (n, ids) in ids.chunks(CHUNK).enumerate() {
        let each = || ids.iter().copied().zip(n * CHUNK + 1..);
        business::Entity::insert_many(each().map(|(id, n)| {
            business::ActiveModel::from(business::Model {
                id,
                code: format!("neighbour-{n}"),
                ..whose.clone()
            })
        }))
        .exec(db)
        .await?;
        installation::Entity::insert_many(each().map(|(id, _)| {
            installation::ActiveModel::from(installation::Model {
                id,
                business_id: id,
                addon_id: id.to_string(),
                webhook_key: id.to_string(),
                link_digest: None,
                ..what.clone()
            })
        }))
        .exec(db)
        .await?;
        connection::Entity::insert_many(each().map(|(id, n)| {
            connection::ActiveModel::from(connection::Model {
                installation_id: id,
                portal_id: 100_000_000 + n as i64,
                ..access.clone()
            })
        }))
        .exec(db)
        .await?;
        data_key::Entity::insert_many(each().map(|(id, _)| {
            data_key::ActiveModel::from(data_key::Model { installation_id: id, ..key.clone() })
        }))
        .exec(db)
        .await?;
        lease::Entity::insert_many(each().map(|(id, _)| {
            lease::ActiveModel::from(lease::Model {
                installation_id: id,
                ready_at: Some(SWEEP_DUE),
                ..held.clone()
            })
        }))
        .exec(db)
        .await?;
    }
    Ok(())
}
