//! Bearer tokens of the JSON API. Only their digest is kept: a token is shown once, when it is made.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, sea_query::Expr,
};
use secrecy::{ExposeSecret as _, SecretString};
use text::text;
use uuid::Uuid;

use super::{
    Role,
    audit::{Actor, Entry},
};
use crate::{
    core::Core, digest::token_digest, error::Error, retention::DAY_MICROS, storage::entity::api_token,
};

const TOKEN_BYTES: usize = 32;
/// What a token begins with, so that one that leaks is recognised by scanners.
const PREFIX: &str = "annex_";
/// The last use is noted at most this often: it is for people, not for counting.
const USE_NOTED_EVERY_MICROS: i64 = 60 * 1_000_000;

/// A token that was presented and found.
#[derive(Debug, Clone)]
pub struct ApiToken {
    /// Its id.
    pub id: Uuid,
    /// The name it was made under.
    pub name: String,
    /// What it may do.
    pub role: Role,
}

/// A token as an admin sees it: never the token.
#[derive(Debug, Clone)]
pub struct KnownToken {
    /// Which.
    pub token: ApiToken,
    /// When it was made, in microseconds since 1970.
    pub created_at: i64,
    /// When it was last used, to the minute.
    pub last_used_at: Option<i64>,
    /// When it stops being good, if it does, in microseconds since 1970.
    pub expires_at: Option<i64>,
}

impl Core {
    /// Every token that is good, by name.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn api_tokens(&self) -> Result<Vec<KnownToken>, Error> {
        let rows = api_token::Entity::find()
            .filter(api_token::Column::RevokedAt.is_null())
            .order_by_asc(api_token::Column::Name)
            .order_by_asc(api_token::Column::Id)
            .all(self.db().reader())
            .await?;
        let known = |row: api_token::Model| {
            let role = Role::from_word(&row.role).ok_or(Error::Corrupt("role"))?;
            let token = ApiToken { id: row.id, name: row.name, role };
            Ok(KnownToken {
                token,
                created_at: row.created_at,
                last_used_at: row.last_used_at,
                expires_at: row.expires_at,
            })
        };
        rows.into_iter().map(known).collect()
    }

    /// Ends a token: from now on it is good for nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is none that is good.
    pub async fn revoke_api_token(&self, id: Uuid, by: &Actor) -> Result<(), Error> {
        let row = api_token::Entity::find_by_id(id).one(self.db().reader()).await?;
        let row = row.filter(|row| row.revoked_at.is_none()).ok_or(Error::NotFound)?;
        let transaction = self.db().begin().await?;
        api_token::Entity::update_many()
            .col_expr(api_token::Column::RevokedAt, Expr::value(self.now_micros()))
            .filter(api_token::Column::Id.eq(id))
            .exec(&transaction)
            .await?;
        self.audit(&transaction, &Entry::general(by, "api_token.revoked").with(row.name)).await?;
        Ok(transaction.commit().await?)
    }

    /// Makes a token under a name, good for so many days or, without any, until it is revoked.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the name is empty.
    pub async fn create_api_token(
        &self,
        name: &str,
        role: Role,
        days: Option<u16>,
        by: &Actor,
    ) -> Result<SecretString, Error> {
        let name = name.trim();
        if name.is_empty() {
            return Err(Error::invalid("name", text!("refused-give-the-token-a")));
        }
        let random = BASE64_URL_SAFE_NO_PAD.encode(self.random().bytes::<TOKEN_BYTES>());
        let token = SecretString::from(format!("{PREFIX}{random}"));
        let row = api_token::ActiveModel {
            id: Set(self.random().uuid(self.clock().now())),
            name: Set(name.to_owned()),
            digest: Set(token_digest(token.expose_secret())),
            role: Set(role.word().to_owned()),
            created_at: Set(self.now_micros()),
            last_used_at: Set(None),
            revoked_at: Set(None),
            expires_at: Set(days.map(|days| self.now_micros() + i64::from(days) * DAY_MICROS)),
        };
        let transaction = self.db().begin().await?;
        api_token::Entity::insert(row).exec_without_returning(&transaction).await?;
        self.audit(&transaction, &Entry::general(by, "api_token.created").with(name)).await?;
        transaction.commit().await?;
        Ok(token)
    }

    /// Finds the token that was presented, if it is still good.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn api_token(&self, presented: &str) -> Result<Option<ApiToken>, Error> {
        let found = api_token::Entity::find()
            .filter(api_token::Column::Digest.eq(token_digest(presented)))
            .filter(api_token::Column::RevokedAt.is_null())
            .one(self.db().reader())
            .await?;
        let now = self.now_micros();
        let Some(row) = found.filter(|row| row.expires_at.is_none_or(|end| end > now)) else {
            return Ok(None);
        };
        if row.last_used_at.is_none_or(|used| now - used >= USE_NOTED_EVERY_MICROS) {
            let used = api_token::ActiveModel {
                id: Set(row.id),
                last_used_at: Set(Some(now)),
                ..Default::default()
            };
            api_token::Entity::update(used).exec(self.db().writer()).await?;
        }
        let role = Role::from_word(&row.role).ok_or(Error::Corrupt("role"))?;
        Ok(Some(ApiToken { id: row.id, name: row.name, role }))
    }
}
