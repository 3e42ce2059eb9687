//! The master keys over all installations: whether they open what is stored, asked before anything is sealed by a wrong one;
//! what each is used for; and how all data keys come under the current one.

use std::collections::BTreeMap;

use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    access::audit::{Actor, Entry},
    core::Core,
    error::Error,
    storage::entity::data_key,
    vault::{VaultError, WrappedKey},
};

/// Data keys tried for each master key: one that is damaged by itself does not stop the service.
const TRIED_PER_KEY: u64 = 3;

/// Data keys read at once while they are wrapped anew.
const ROTATED_AT_ONCE: u64 = 200;

/// What came of wrapping all data keys by the current master key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rotated {
    /// Data keys that are wrapped by the current one now and were not before.
    pub installations: u64,
    /// Installations whose data key did not open, by a key that is missing or another: they are as they were.
    pub shut: Vec<Uuid>,
}

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

    /// Wraps every data key by the current master key; what the data keys sealed stays as it is. The service goes on
    /// meanwhile: whoever needs a data key reads it, and both wrappings open as long as both master keys are configured.
    /// One data key after the other, each in a statement of its own: what is interrupted is gone on with by beginning
    /// again.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn rotate_master_keys(&self, by: &Actor) -> Result<Rotated, Error> {
        let current = self.parts.master_keys.ids().next().unwrap_or_default().to_owned();
        let mut rotated = Rotated::default();
        let mut after = Uuid::nil();
        loop {
            let rows = data_key::Entity::find()
                .filter(data_key::Column::MasterKeyId.ne(current.as_str()))
                .filter(data_key::Column::InstallationId.gt(after))
                .order_by_asc(data_key::Column::InstallationId)
                .limit(ROTATED_AT_ONCE)
                .all(self.db().reader())
                .await?;
            let Some(last) = rows.last() else { break };
            after = last.installation_id;
            for row in rows {
                let id = row.installation_id;
                match self.wrap_anew(row).await? {
                    Some(is_changed) => rotated.installations += u64::from(is_changed),
                    None => rotated.shut.push(id),
                }
            }
        }
        if rotated.installations > 0 {
            let told = format!("{current}, {} data keys", rotated.installations);
            let entry = Entry::general(by, "master_key.rotated").with(told);
            self.audit(self.db().writer(), &entry).await?;
        }
        Ok(rotated)
    }

    /// Whether a data key was wrapped anew: not where somebody else changed or removed it meanwhile. `None` where it does
    /// not open.
    async fn wrap_anew(&self, row: data_key::Model) -> Result<Option<bool>, Error> {
        let keys = &self.parts.master_keys;
        let before = WrappedKey { master_key_id: row.master_key_id, sealed: row.sealed };
        let Ok(opened) = keys.unwrap_data_key(row.installation_id, &before) else { return Ok(None) };
        let after = keys.wrap(&opened, self.random());
        let changed = data_key::Entity::update_many()
            .col_expr(data_key::Column::MasterKeyId, Expr::value(after.master_key_id))
            .col_expr(data_key::Column::Sealed, Expr::value(after.sealed))
            .filter(data_key::Column::InstallationId.eq(row.installation_id))
            .filter(data_key::Column::Sealed.eq(before.sealed))
            .exec(self.db().writer())
            .await?;
        Ok(Some(changed.rows_affected == 1))
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
