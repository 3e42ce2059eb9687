//! Whether the configured master keys open what is stored: asked before anything is sealed by a wrong one.

use std::collections::BTreeMap;

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use crate::{
    core::Core,
    error::Error,
    storage::entity::data_key,
    vault::{VaultError, WrappedKey},
};

/// Data keys tried for each master key: one that is damaged by itself does not stop the service.
const TRIED_PER_KEY: u64 = 3;

/// What a master key is used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// The key's name.
    pub id: String,
    /// Installations whose data key it wraps.
    pub installations: u64,
    /// Whether it is configured here.
    pub is_configured: bool,
    /// Whether it is the one that wraps new data keys.
    pub is_current: bool,
}

impl Core {
    /// Every master key that is configured or used. One that is used by none can be taken out of the configuration.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn key_uses(&self) -> Result<Vec<KeyUse>, Error> {
        let counted: Vec<(String, i64)> = data_key::Entity::find()
            .select_only()
            .column(data_key::Column::MasterKeyId)
            .column_as(data_key::Column::InstallationId.count(), "installations")
            .group_by(data_key::Column::MasterKeyId)
            .into_tuple()
            .all(self.db().reader())
            .await?;
        let mut used: BTreeMap<String, i64> = counted.into_iter().collect();
        let of = |id: String, installations: i64, place: Option<usize>| KeyUse {
            id,
            installations: u64::try_from(installations).unwrap_or(0),
            is_configured: place.is_some(),
            is_current: place == Some(0),
        };
        let mut uses = Vec::new();
        for (place, id) in self.parts.master_keys.ids().enumerate() {
            let installations = used.remove(id).unwrap_or(0);
            uses.push(of(id.to_owned(), installations, Some(place)));
        }
        uses.extend(used.into_iter().map(|(id, installations)| of(id, installations, None)));
        Ok(uses)
    }

    /// Tries every master key that stored data keys name.
    ///
    /// # Errors
    /// [`VaultError::UnknownKey`] or [`VaultError::WrongKey`] name the first that is missing or another; or the
    /// database does not answer.
    pub async fn check_master_keys(&self) -> Result<(), Error> {
        let named: Vec<String> = data_key::Entity::find()
            .select_only()
            .column(data_key::Column::MasterKeyId)
            .distinct()
            .order_by_asc(data_key::Column::MasterKeyId)
            .into_tuple()
            .all(self.db().reader())
            .await?;
        for master_key_id in named {
            self.check_master_key(master_key_id).await?;
        }
        Ok(())
    }

    async fn check_master_key(&self, id: String) -> Result<(), Error> {
        let rows = data_key::Entity::find()
            .filter(data_key::Column::MasterKeyId.eq(id.as_str()))
            .order_by_desc(data_key::Column::CreatedAt)
            .limit(TRIED_PER_KEY)
            .all(self.db().reader())
            .await?;
        let tries: Vec<Result<(), VaultError>> = rows
            .into_iter()
            .map(|row| {
                let wrapped = WrappedKey { master_key_id: row.master_key_id, sealed: row.sealed };
                self.parts.master_keys.unwrap_data_key(row.installation_id, &wrapped).map(drop)
            })
            .collect();
        if tries.iter().any(Result::is_ok) {
            return Ok(());
        }
        match tries.into_iter().find_map(Result::err) {
            // Removed between the two queries.
            None => Ok(()),
            Some(VaultError::DoesNotOpen) => Err(VaultError::WrongKey(id).into()),
            Some(error) => Err(error.into()),
        }
    }
}
