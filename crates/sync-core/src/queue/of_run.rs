//! The changes a run alone asked for: counted while it goes on, dropped where a person calls it off.

use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait as _,
    PaginatorTrait as _, QueryFilter as _, QuerySelect as _,
};
use uuid::Uuid;

use super::change::Subject;
use crate::{installation::Scope, storage::entity::change};

/// Changes of a run that is cancelled go so many of a subject at a time: nobody waits long for the lease's lock.
const DROPPED_PER_STEP: u64 = 1_000;

/// How many changes a run alone asked for and that are still to be worked; parked ones are not.
pub(crate) async fn pending_of_run(on: &impl ConnectionTrait, scope: Scope, run: Uuid) -> Result<u64, DbErr> {
    change::Entity::find()
        .filter(change::Column::InstallationId.eq(scope.id()))
        .filter(change::Column::RunId.eq(run))
        .filter(change::Column::ParkedAt.is_null())
        .count(on)
        .await
}

/// Whether there are any such changes.
pub(crate) async fn is_pending_of_run(
    on: &impl ConnectionTrait,
    scope: Scope,
    run: Uuid,
) -> Result<bool, DbErr> {
    let found = change::Entity::find()
        .filter(change::Column::InstallationId.eq(scope.id()))
        .filter(change::Column::RunId.eq(run))
        .filter(change::Column::ParkedAt.is_null())
        .limit(1)
        .one(on)
        .await?;
    Ok(found.is_some())
}

/// Drops some of what a run alone asked for and nobody has worked; what failed too often stays to be seen. None are
/// left where it drops none.
pub(crate) async fn drop_some_of_run(
    on: &DatabaseTransaction,
    scope: Scope,
    run: Uuid,
) -> Result<u64, DbErr> {
    let mut dropped = 0;
    for subject in [Subject::User, Subject::Deal, Subject::Contact] {
        let of_run = || {
            Condition::all()
                .add(change::Column::InstallationId.eq(scope.id()))
                .add(change::Column::Subject.eq(subject.word()))
                .add(change::Column::RunId.eq(run))
                .add(change::Column::ParkedAt.is_null())
        };
        let ids: Vec<String> = change::Entity::find()
            .select_only()
            .column(change::Column::SubjectId)
            .filter(of_run())
            .limit(DROPPED_PER_STEP)
            .into_tuple()
            .all(on)
            .await?;
        if ids.is_empty() {
            continue;
        }
        let gone = change::Entity::delete_many()
            .filter(of_run())
            .filter(change::Column::SubjectId.is_in(ids))
            .exec(on)
            .await?;
        dropped += gone.rows_affected;
    }
    Ok(dropped)
}
