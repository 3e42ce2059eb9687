//! The authorisation link: 256 random bits, found by their digest, kept sealed so that staff can be shown the
//! same link again, and issued anew at will.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use super::{Installation, addon::LINK_FIELD};
use crate::{
    access::audit::{Actor, Entry},
    core::Core,
    digest::token_digest,
    error::Error,
    storage::entity::installation,
};

const PURPOSE: &str = "authorisation_link";
const TOKEN_BYTES: usize = 32;

impl Core {
    /// The installation's present authorisation link, if one was issued.
    ///
    /// # Errors
    /// The sealed link does not open, or the database does not answer.
    pub async fn authorisation_link(&self, found: &Installation) -> Result<Option<SecretString>, Error> {
        let row = installation::Entity::find_by_id(found.id).one(self.db().reader()).await?;
        let Some(sealed) = row.ok_or(Error::NotFound)?.link_sealed else { return Ok(None) };
        let token = self.data_key(found.scope()).await?.open(PURPOSE, &sealed)?;
        Ok(Some(self.link_to(&token)))
    }

    /// Issues a new authorisation link; the former one stops working. It is also written to the add-on's
    /// page, as far as Storeganise takes it.
    ///
    /// # Errors
    /// There is no such installation, or the database does not answer.
    pub async fn new_authorisation_link(&self, id: Uuid, by: &Actor) -> Result<SecretString, Error> {
        let found = self.installation(id).await?;
        let token = SecretString::from(BASE64_URL_SAFE_NO_PAD.encode(self.random().bytes::<TOKEN_BYTES>()));
        let sealed = self.data_key(found.scope()).await?.seal(PURPOSE, &token, self.random());
        let now = self.now_micros();
        let transaction = self.db().begin().await?;
        let row = installation::ActiveModel {
            id: Set(id),
            link_digest: Set(Some(token_digest(token.expose_secret()))),
            link_sealed: Set(Some(sealed)),
            link_issued_at: Set(Some(now)),
            changed_at: Set(now),
            ..Default::default()
        };
        installation::Entity::update(row).exec(&transaction).await?;
        self.audit(&transaction, &Entry::about(by, id, "authorisation_link.issued")).await?;
        transaction.commit().await?;
        let link = self.link_to(&token);
        self.write_addon_field(&found, LINK_FIELD, link.expose_secret()).await?;
        Ok(link)
    }

    /// Finds the installation a link's token was issued for.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn by_link_token(&self, token: &str) -> Result<Option<Installation>, Error> {
        let found = installation::Entity::find()
            .filter(installation::Column::LinkDigest.eq(token_digest(token)))
            .one(self.db().reader())
            .await?;
        match found {
            Some(row) => self.with_business(row).await.map(Some),
            None => Ok(None),
        }
    }

    /// Notes that somebody came in by a fresh link, to see the business's pages.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn note_entry(&self, found: &Installation) -> Result<(), Error> {
        let by = Actor::tenant_admin();
        let entry = Entry::about(&by, found.id, "authorisation_link.entered");
        Ok(self.audit(self.db().writer(), &entry).await?)
    }

    fn link_to(&self, token: &SecretString) -> SecretString {
        SecretString::from(format!("{}/connect/{}", self.parts.base_url, token.expose_secret()))
    }
}
