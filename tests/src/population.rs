//! Many businesses, for tests and benchmarks of what a large fleet costs: copies of one that was installed and connected.

use anyhow::Context as _;
use sea_orm::EntityTrait as _;
use sync_core::{
    clock::Micros,
    random::Random,
    storage::{
        Db,
        entity::{business, connection, data_key, installation, lease},
    },
};

/// Rows written in one statement.
const CHUNK: usize = 500;
/// When the copies' next sweep is due: sweeps are work, and not rest.
const SWEEP_DUE: i64 = i64::MAX / 4;

/// Makes of the one installation that is there as many as this, each of its own business and portal.
///
/// # Errors
/// There is none, or the database refuses the rows.
pub async fn copies_of_the_first(db: &Db, installations: usize) -> anyhow::Result<()> {
    let db = db.writer();
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
