//! The audit log: every action of a person, written in the transaction that carries it out.

use std::collections::{BTreeSet, HashMap};
use text::text;

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use crate::{
    core::Core,
    error::Error,
    installation::Scope,
    storage::entity::{audit_entry, business, installation},
    views::{Page, bounded},
};

/// Who acts: a staff login, an API token's name, a tenant admin, or a provider. Never an e-mail of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor(String);

impl Actor {
    /// A staff member who signed in.
    #[must_use]
    pub fn staff(login: &str) -> Self {
        Self(format!("staff {login}"))
    }

    /// A program with an API token.
    #[must_use]
    pub fn api_token(name: &str) -> Self {
        Self(format!("API token {name}"))
    }

    /// Whoever holds the authorisation link of an installation.
    #[must_use]
    pub fn tenant_admin() -> Self {
        Self("tenant admin".to_owned())
    }

    /// Somebody at the service's own command line.
    #[must_use]
    pub fn command_line() -> Self {
        Self("command line".to_owned())
    }

    pub(crate) fn storeganise() -> Self {
        Self("Storeganise".to_owned())
    }
}

/// One line of the log before it is written.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'a> {
    actor: &'a Actor,
    installation: Option<Uuid>,
    action: String,
    detail: String,
}

impl<'a> Entry<'a> {
    pub(crate) fn about(actor: &'a Actor, installation: Uuid, action: impl Into<String>) -> Self {
        Self { actor, installation: Some(installation), action: action.into(), detail: String::new() }
    }

    pub(crate) fn general(actor: &'a Actor, action: impl Into<String>) -> Self {
        Self { actor, installation: None, action: action.into(), detail: String::new() }
    }

    pub(crate) fn with(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }
}

/// One line of the log as it is shown.
#[derive(Debug, Clone)]
pub struct Line {
    /// When, in microseconds since 1970.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// What, as a dotted word such as `installation.enabled`.
    pub action: String,
    /// Ids or names that belong to it.
    pub detail: String,
}

impl Line {
    /// On whose side it was done: the business's own, or Storeganise's, without the name.
    #[must_use]
    pub fn side(&self) -> &'static str {
        if self.actor == Actor::tenant_admin().0 { "your business" } else { "Storeganise" }
    }
}

impl Core {
    pub(crate) async fn audit(&self, on: &impl ConnectionTrait, entry: &Entry<'_>) -> Result<(), DbErr> {
        let row = audit_entry::ActiveModel {
            id: Set(self.random().uuid(self.clock().now())),
            at: Set(self.now_micros()),
            actor: Set(entry.actor.0.clone()),
            installation_id: Set(entry.installation),
            action: Set(entry.action.clone()),
            detail: Set(entry.detail.clone()),
        };
        audit_entry::Entity::insert(row).exec_without_returning(on).await?;
        Ok(())
    }

    /// A page of the log, the newest first, each with the code of the business it is about: of one installation, or all of
    /// it.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the cursor is not one of ours.
    pub async fn audit_page(
        &self,
        of: Option<Scope>,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<(Option<String>, Line)>, Error> {
        let limit = bounded(limit);
        let mut query = audit_entry::Entity::find().order_by_desc(audit_entry::Column::Id).limit(limit + 1);
        if let Some(scope) = of {
            query = query.filter(audit_entry::Column::InstallationId.eq(scope.id()));
        }
        if let Some(cursor) = after {
            let id = Uuid::parse_str(cursor)
                .map_err(|_| Error::invalid("cursor", text!("refused-the-cursor-is-the")))?;
            query = query.filter(audit_entry::Column::Id.lt(id));
        }
        let rows = query.all(self.db().reader()).await?;
        let page = Page::cut(rows, limit, |row| row.id.to_string());
        let about = page.items.iter().filter_map(|row| row.installation_id);
        let codes = self.business_codes(about.collect()).await?;
        let items = page.items.into_iter().map(|row| {
            let code = row.installation_id.and_then(|id| codes.get(&id).cloned());
            (code, Line { at: row.at, actor: row.actor, action: row.action, detail: row.detail })
        });
        Ok(Page { items: items.collect(), next: page.next })
    }

    /// The business codes of installations; those that are gone have none.
    async fn business_codes(&self, ids: BTreeSet<Uuid>) -> Result<HashMap<Uuid, String>, Error> {
        let owners: Vec<(Uuid, Uuid)> = installation::Entity::find()
            .select_only()
            .columns([installation::Column::Id, installation::Column::BusinessId])
            .filter(installation::Column::Id.is_in(ids))
            .into_tuple()
            .all(self.db().reader())
            .await?;
        let businesses = business::Entity::find()
            .filter(business::Column::Id.is_in(owners.iter().map(|(_, business)| *business)))
            .all(self.db().reader())
            .await?;
        let codes: HashMap<Uuid, String> = businesses.into_iter().map(|row| (row.id, row.code)).collect();
        let named = |(id, business)| Some((id, codes.get(&business)?.clone()));
        Ok(owners.into_iter().filter_map(named).collect())
    }

    /// The newest lines about one installation.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn audit_lines(&self, scope: Scope, limit: u64) -> Result<Vec<Line>, Error> {
        let page = self.audit_page(Some(scope), None, limit).await?;
        Ok(page.items.into_iter().map(|(_, line)| line).collect())
    }
}
