//! Links: the lasting pairs of one installation. Every call here names its scope.

use std::collections::HashMap;

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, DatabaseTransaction, DbErr, EntityTrait as _, QueryFilter as _,
    sea_query::{Expr, OnConflict},
};

use super::{baseline::Baseline, flips::Flips, intended::Intended};
use crate::{
    core::Core,
    error::Error,
    installation::Scope,
    storage::entity::{link, link_alias},
};

/// Rows in one statement: below SQLite's limit on bound values.
const ROWS_PER_STATEMENT: usize = 500;

/// Why a pair rests: nothing is written for it, and no other contact is made for its user, by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rests {
    /// Its contact is in the recycle bin, or gone.
    ContactDeleted,
    /// Its contact was merged into another user's.
    ContactsMerged,
}

impl Rests {
    /// The word stored, which is the reason's code.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ContactDeleted => "contact_deleted",
            Self::ContactsMerged => "contacts_merged",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::ContactDeleted, Self::ContactsMerged].into_iter().find(|rests| rests.word() == word)
    }
}

/// A pair of a user and a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The Storeganise user.
    pub user_id: String,
    /// The HubSpot contact.
    pub contact_id: String,
    /// What both sides last agreed on.
    pub baseline: Baseline,
    /// The rules and settings the baseline was made under.
    pub baseline_version: String,
    /// The contact id the user's custom field is known to hold.
    pub mirrored_contact_id: Option<String>,
    /// The user's own time of its last update, as last read, in microseconds since 1970.
    pub user_updated: Option<i64>,
    /// Why it rests, if it does.
    pub rests: Option<Rests>,
    /// Fields that were written lately, and which way.
    pub flips: Flips,
    /// Values that are on their way to a side, and may have arrived.
    pub intended: Intended,
}

impl Link {
    pub(super) fn from_row(row: link::Model) -> Result<Self, Error> {
        let rests =
            row.gone_because.as_deref().map(|word| Rests::from_word(word).ok_or(Error::Corrupt("link")));
        Ok(Self {
            rests: rests.transpose()?,
            user_id: row.user_id,
            contact_id: row.contact_id,
            baseline: Baseline::from_json(&row.baseline)?,
            baseline_version: row.baseline_version,
            mirrored_contact_id: row.mirrored_contact_id,
            user_updated: row.user_updated,
            flips: Flips::from_json(row.flips.as_deref())?,
            intended: Intended::from_json(row.intended.as_deref())?,
        })
    }
}

impl Core {
    /// The links of these users, by user id.
    pub(crate) async fn links_of_users(
        &self,
        scope: Scope,
        user_ids: &[String],
    ) -> Result<HashMap<String, Link>, Error> {
        let mut found = HashMap::new();
        for ids in user_ids.chunks(ROWS_PER_STATEMENT) {
            let rows = link::Entity::find()
                .filter(link::Column::InstallationId.eq(scope.id()))
                .filter(link::Column::UserId.is_in(ids))
                .all(self.db().reader())
                .await?;
            for row in rows {
                found.insert(row.user_id.clone(), Link::from_row(row)?);
            }
        }
        Ok(found)
    }

    /// The links of these contacts, by the contact id asked for: its own, or one that was merged away.
    pub(crate) async fn links_of_contacts(
        &self,
        scope: Scope,
        contact_ids: &[String],
    ) -> Result<HashMap<String, Link>, Error> {
        let mut found = HashMap::new();
        for ids in contact_ids.chunks(ROWS_PER_STATEMENT) {
            let rows = link::Entity::find()
                .filter(link::Column::InstallationId.eq(scope.id()))
                .filter(link::Column::ContactId.is_in(ids))
                .all(self.db().reader())
                .await?;
            for row in rows {
                found.insert(row.contact_id.clone(), Link::from_row(row)?);
            }
            let aliases = link_alias::Entity::find()
                .filter(link_alias::Column::InstallationId.eq(scope.id()))
                .filter(link_alias::Column::ContactId.is_in(ids))
                .all(self.db().reader())
                .await?;
            let users: Vec<String> = aliases.iter().map(|alias| alias.user_id.clone()).collect();
            let links = self.links_of_users(scope, &users).await?;
            for alias in aliases {
                if let Some(link) = links.get(&alias.user_id) {
                    found.entry(alias.contact_id).or_insert_with(|| link.clone());
                }
            }
        }
        Ok(found)
    }
}

/// Writes links, whether or not their users had one. A pair that is written is at work again, and nothing of it is on
/// its way any more.
pub(crate) async fn save(
    on: &DatabaseTransaction,
    scope: Scope,
    links: &[Link],
    now: i64,
) -> Result<(), DbErr> {
    let columns = [
        link::Column::ContactId,
        link::Column::Baseline,
        link::Column::BaselineVersion,
        link::Column::MirroredContactId,
        link::Column::UserUpdated,
        link::Column::SyncedAt,
        link::Column::GoneAt,
        link::Column::GoneBecause,
        link::Column::Flips,
        link::Column::Intended,
    ];
    for chunk in links.chunks(ROWS_PER_STATEMENT) {
        let rows = chunk.iter().map(|link| link::ActiveModel {
            installation_id: Set(scope.id()),
            user_id: Set(link.user_id.clone()),
            contact_id: Set(link.contact_id.clone()),
            baseline: Set(link.baseline.to_json()),
            baseline_version: Set(link.baseline_version.clone()),
            mirrored_contact_id: Set(link.mirrored_contact_id.clone()),
            user_updated: Set(link.user_updated),
            created_at: Set(now),
            synced_at: Set(now),
            gone_at: Set(None),
            gone_because: Set(None),
            flips: Set(link.flips.to_json()),
            intended: Set(None),
            changed_at: Set(None),
        });
        link::Entity::insert_many(rows)
            .on_conflict(
                OnConflict::columns([link::Column::InstallationId, link::Column::UserId])
                    .update_columns(columns)
                    .to_owned(),
            )
            .exec_without_returning(on)
            .await?;
    }
    Ok(())
}

/// Moves a link to the id its contact was merged into. Nothing counts as agreed on with a record that is new to us:
/// it is read before anything is decided.
pub(crate) async fn relink(
    on: &DatabaseTransaction,
    scope: Scope,
    link: &Link,
    new_contact_id: &str,
) -> Result<(), DbErr> {
    link::Entity::update_many()
        .col_expr(link::Column::ContactId, Expr::value(new_contact_id))
        .col_expr(link::Column::Baseline, Expr::value(Baseline::default().to_json()))
        .col_expr(link::Column::Intended, Expr::value(Option::<String>::None))
        .col_expr(link::Column::GoneAt, Expr::value(Option::<i64>::None))
        .col_expr(link::Column::GoneBecause, Expr::value(Option::<String>::None))
        .filter(link::Column::InstallationId.eq(scope.id()))
        .filter(link::Column::UserId.eq(link.user_id.as_str()))
        .exec(on)
        .await?;
    Ok(())
}

/// Remembers that an id was merged away, and into whose contact.
pub(crate) async fn add_alias(
    on: &DatabaseTransaction,
    scope: Scope,
    (contact_id, user_id): (&str, &str),
    now: i64,
) -> Result<(), DbErr> {
    let alias = link_alias::ActiveModel {
        installation_id: Set(scope.id()),
        contact_id: Set(contact_id.to_owned()),
        user_id: Set(user_id.to_owned()),
        created_at: Set(now),
    };
    link_alias::Entity::insert(alias)
        .on_conflict(
            OnConflict::columns([link_alias::Column::InstallationId, link_alias::Column::ContactId])
                .update_column(link_alias::Column::UserId)
                .to_owned(),
        )
        .exec_without_returning(on)
        .await?;
    Ok(())
}

/// Lets a pair rest, or puts it to work again. The user stays as it is.
pub(crate) async fn rest(
    on: &DatabaseTransaction,
    scope: Scope,
    (user_id, rests): (&str, Option<Rests>),
    now: i64,
) -> Result<(), DbErr> {
    link::Entity::update_many()
        .col_expr(link::Column::GoneAt, Expr::value(rests.map(|_| now)))
        .col_expr(link::Column::GoneBecause, Expr::value(rests.map(Rests::word)))
        .filter(link::Column::InstallationId.eq(scope.id()))
        .filter(link::Column::UserId.eq(user_id))
        .exec(on)
        .await?;
    Ok(())
}

/// Forgets a link. The user stays as it is.
pub(crate) async fn forget(on: &DatabaseTransaction, scope: Scope, user_id: &str) -> Result<(), DbErr> {
    link::Entity::delete_many()
        .filter(link::Column::InstallationId.eq(scope.id()))
        .filter(link::Column::UserId.eq(user_id))
        .exec(on)
        .await?;
    Ok(())
}

/// Notes that the user's custom field holds the contact's id.
pub(crate) async fn note_mirrored(
    on: &DatabaseTransaction,
    scope: Scope,
    link: &Link,
    user_updated: Option<i64>,
) -> Result<(), DbErr> {
    let mut update = link::Entity::update_many()
        .col_expr(link::Column::MirroredContactId, Expr::value(link.contact_id.as_str()));
    if user_updated.is_some() {
        update = update.col_expr(link::Column::UserUpdated, Expr::value(user_updated));
    }
    update
        .filter(link::Column::InstallationId.eq(scope.id()))
        .filter(link::Column::UserId.eq(link.user_id.as_str()))
        .filter(link::Column::ContactId.eq(link.contact_id.as_str()))
        .exec(on)
        .await?;
    Ok(())
}
