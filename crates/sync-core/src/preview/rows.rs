//! The rows of a preview: one for each record, under its id, so that a record seen twice stands there once. A
//! row that was noted and not looked at yet is `pending`.

use std::collections::HashMap;

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait as _,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::{OnConflict, Query},
};
use uuid::Uuid;

use crate::{
    error::Error,
    installation::Scope,
    queue::{change::Subject, outcome::Action},
    record::finding::Finding,
    storage::entity::{preview_row, run},
    sweep::list::Listed,
    views::runs::RunKind,
};

/// What stands in place of an action until a record was looked at.
pub(crate) const PENDING: &str = "pending";
/// Rows of a preview that is called off go so many of a subject at a time.
const DROPPED_PER_STEP: u64 = 1_000;
/// Previews whose rows are kept, of one installation.
const PREVIEWS_KEPT: u64 = 2;
/// Rows in one statement: below SQLite's limit on bound values, however many columns a row has.
const ROWS_PER_STATEMENT: usize = 500;
/// Rows of an older preview that one step drops, so that no transaction is long.
const DROPPED_AT_ONCE: u64 = 5_000;
/// Older previews that are looked at for rows; those before them were emptied by earlier ones.
const OLDER_LOOKED_AT: u64 = 5;
/// Records looked at in one step: what a sync would take together.
const USERS_PER_STEP: u64 = 100;
const DEALS_PER_STEP: u64 = 10;
/// Contacts that would become users, as far as a later deal of theirs is recognised.
const TO_BECOME_USERS_MAX: u64 = 10_000;

/// Notes a page of a run: what has not changed since it was last read is known not to change now.
pub(crate) async fn note(
    on: &DatabaseTransaction,
    scope: Scope,
    run: Uuid,
    listed: &Listed,
) -> Result<(), DbErr> {
    let users = listed.users.iter().map(|user| preview_row::ActiveModel {
        user_id: Set(Some(user.id.clone())),
        contact_id: Set(user.contact_id.clone()),
        ..blank(
            scope,
            run,
            Subject::User,
            &user.id,
            if user.is_news { PENDING } else { Action::Unchanged.word() },
        )
    });
    let deals = listed.deals.iter().map(|deal| preview_row::ActiveModel {
        deal_id: Set(Some(deal.clone())),
        ..blank(scope, run, Subject::Deal, deal, PENDING)
    });
    let rows: Vec<_> = users.chain(deals).collect();
    let again = key().do_nothing().to_owned();
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        preview_row::Entity::insert_many(chunk.to_vec())
            .on_conflict(again.clone())
            .exec_without_returning(on)
            .await?;
    }
    Ok(())
}

/// The next records to look at: users first, as a sync does.
pub(crate) async fn next(
    on: &impl ConnectionTrait,
    scope: Scope,
    run: Uuid,
) -> Result<Option<(Subject, Vec<String>)>, Error> {
    for (subject, most) in [(Subject::User, USERS_PER_STEP), (Subject::Deal, DEALS_PER_STEP)] {
        let rows = of_run(scope, run)
            .filter(preview_row::Column::ContactAction.eq(PENDING))
            .filter(preview_row::Column::Subject.eq(subject.word()))
            .limit(most)
            .all(on)
            .await?;
        if !rows.is_empty() {
            return Ok(Some((subject, rows.into_iter().map(|row| row.record).collect())));
        }
    }
    Ok(None)
}

/// How many records are still to be looked at.
pub(crate) async fn pending(on: &impl ConnectionTrait, scope: Scope, run: Uuid) -> Result<u64, DbErr> {
    of_run(scope, run).filter(preview_row::Column::ContactAction.eq(PENDING)).count(on).await
}

/// Puts what was found in the place of the records it was found of.
pub(crate) async fn replace(
    on: &DatabaseTransaction,
    (scope, run): (Scope, Uuid),
    subject: Subject,
    records: &[String],
    findings: &[Finding],
) -> Result<(), DbErr> {
    preview_row::Entity::delete_many()
        .filter(preview_row::Column::InstallationId.eq(scope.id()))
        .filter(preview_row::Column::RunId.eq(run))
        .filter(preview_row::Column::Subject.eq(subject.word()))
        .filter(preview_row::Column::ContactAction.eq(PENDING))
        .filter(preview_row::Column::Record.is_in(records))
        .exec(on)
        .await?;
    let rows: Vec<_> = findings.iter().map(|finding| row(scope, run, finding)).collect();
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        preview_row::Entity::insert_many(chunk.to_vec())
            .on_conflict(key().do_nothing().to_owned())
            .exec_without_returning(on)
            .await?;
    }
    Ok(())
}

/// The users these contacts would be linked to by then, by contact.
pub(crate) async fn owners(
    on: &impl ConnectionTrait,
    scope: Scope,
    run: Uuid,
    contacts: &[String],
) -> Result<HashMap<String, String>, Error> {
    let linked = [Action::Created, Action::Updated, Action::Unchanged].map(Action::word);
    let rows = of_run(scope, run)
        .filter(preview_row::Column::Subject.eq(Subject::User.word()))
        .filter(preview_row::Column::ContactId.is_in(contacts))
        .filter(preview_row::Column::ContactAction.is_in(linked))
        .all(on)
        .await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.contact_id?, row.record))).collect())
}

/// Contacts of won deals that would have become users.
pub(crate) async fn contacts_to_become_users(
    on: &impl ConnectionTrait,
    scope: Scope,
    run: Uuid,
) -> Result<Vec<String>, Error> {
    let rows = of_run(scope, run)
        .filter(preview_row::Column::UserAction.eq(Action::Created.word()))
        .limit(TO_BECOME_USERS_MAX)
        .all(on)
        .await?;
    Ok(rows.into_iter().filter_map(|row| row.contact_id).collect())
}

/// Drops some of what a preview that was called off had not looked at; none are left where it drops none.
pub(crate) async fn drop_some_pending(
    on: &DatabaseTransaction,
    scope: Scope,
    run: Uuid,
) -> Result<u64, DbErr> {
    let mut dropped = 0;
    for subject in [Subject::User, Subject::Deal] {
        let pending = || {
            Condition::all()
                .add(preview_row::Column::InstallationId.eq(scope.id()))
                .add(preview_row::Column::RunId.eq(run))
                .add(preview_row::Column::Subject.eq(subject.word()))
                .add(preview_row::Column::ContactAction.eq(PENDING))
        };
        let records: Vec<String> = preview_row::Entity::find()
            .select_only()
            .column(preview_row::Column::Record)
            .filter(pending())
            .limit(DROPPED_PER_STEP)
            .into_tuple()
            .all(on)
            .await?;
        if records.is_empty() {
            continue;
        }
        let gone = preview_row::Entity::delete_many()
            .filter(pending())
            .filter(preview_row::Column::Record.is_in(records))
            .exec(on)
            .await?;
        dropped += gone.rows_affected;
    }
    Ok(dropped)
}

/// The previews whose rows are kept, the newest first.
pub(crate) async fn kept(on: &impl ConnectionTrait, scope: Scope) -> Result<Vec<Uuid>, DbErr> {
    let rows = previews(scope).limit(PREVIEWS_KEPT).all(on).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Drops some rows of previews that are no longer kept.
pub(crate) async fn drop_of_older_previews(on: &DatabaseTransaction, scope: Scope) -> Result<(), DbErr> {
    let older = previews(scope).offset(PREVIEWS_KEPT).limit(OLDER_LOOKED_AT).all(on).await?;
    let mut old = None;
    for preview in &older {
        if of_run(scope, preview.id).one(on).await?.is_some() {
            old = Some(preview.id);
            break;
        }
    }
    let Some(old) = old else { return Ok(()) };
    let records = Query::select()
        .column(preview_row::Column::Record)
        .from(preview_row::Entity)
        .and_where(preview_row::Column::RunId.eq(old))
        .limit(DROPPED_AT_ONCE)
        .to_owned();
    preview_row::Entity::delete_many()
        .filter(preview_row::Column::InstallationId.eq(scope.id()))
        .filter(preview_row::Column::RunId.eq(old))
        .filter(preview_row::Column::Record.in_subquery(records))
        .exec(on)
        .await?;
    Ok(())
}

/// Rows of a preview from a record on, in the order of their keys.
pub(crate) async fn page(
    on: &impl ConnectionTrait,
    scope: Scope,
    run: Uuid,
    after: Option<(&str, &str)>,
    limit: u64,
) -> Result<Vec<preview_row::Model>, DbErr> {
    let mut query = of_run(scope, run)
        .filter(preview_row::Column::ContactAction.ne(PENDING))
        .order_by_asc(preview_row::Column::Subject)
        .order_by_asc(preview_row::Column::Record)
        .limit(limit);
    if let Some((subject, record)) = after {
        let same = Condition::all()
            .add(preview_row::Column::Subject.eq(subject))
            .add(preview_row::Column::Record.gt(record));
        query = query.filter(Condition::any().add(preview_row::Column::Subject.gt(subject)).add(same));
    }
    query.all(on).await
}

pub(crate) fn of_run(scope: Scope, run: Uuid) -> sea_orm::Select<preview_row::Entity> {
    preview_row::Entity::find()
        .filter(preview_row::Column::InstallationId.eq(scope.id()))
        .filter(preview_row::Column::RunId.eq(run))
}

fn previews(scope: Scope) -> sea_orm::Select<run::Entity> {
    run::Entity::find()
        .filter(run::Column::InstallationId.eq(scope.id()))
        .filter(run::Column::Kind.eq(RunKind::Preview.word()))
        .order_by_desc(run::Column::Id)
}

fn key() -> OnConflict {
    OnConflict::columns([
        preview_row::Column::RunId,
        preview_row::Column::Subject,
        preview_row::Column::Record,
    ])
}

fn blank(scope: Scope, run: Uuid, subject: Subject, record: &str, action: &str) -> preview_row::ActiveModel {
    preview_row::ActiveModel {
        run_id: Set(run),
        subject: Set(subject.word().to_owned()),
        record: Set(record.to_owned()),
        installation_id: Set(scope.id()),
        user_id: Set(None),
        contact_id: Set(None),
        deal_id: Set(None),
        contact_action: Set(action.to_owned()),
        contact_fields: Set(String::new()),
        contact_refused: Set(String::new()),
        user_action: Set(action.to_owned()),
        user_fields: Set(String::new()),
        user_refused: Set(String::new()),
        reason: Set(None),
    }
}

fn row(scope: Scope, run: Uuid, finding: &Finding) -> preview_row::ActiveModel {
    preview_row::ActiveModel {
        user_id: Set(finding.user_id.clone()),
        contact_id: Set(finding.contact_id.clone()),
        deal_id: Set(finding.deal_id.clone()),
        contact_action: Set(finding.contact.action.word().to_owned()),
        contact_fields: Set(finding.contact.fields.join(",")),
        contact_refused: Set(finding.contact.refused.join(",")),
        user_action: Set(finding.user.action.word().to_owned()),
        user_fields: Set(finding.user.fields.join(",")),
        user_refused: Set(finding.user.refused.join(",")),
        reason: Set(finding.reason.clone()),
        ..blank(scope, run, finding.subject, &finding.record, PENDING)
    }
}
