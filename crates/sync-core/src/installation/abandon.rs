//! A master key that is lost for good: what it sealed stays shut, so it is let go, and everything else begins again from
//! there. Links, changes, outcomes and settings are not sealed and stay.

use sea_orm::{
    ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, sea_query::Expr,
};
use text::text;
use uuid::Uuid;

use crate::{
    access::audit::{Actor, Entry},
    core::Core,
    error::Error,
    installation::Scope,
    queue::lease,
    record::baseline::Baseline,
    storage::entity::{connection, data_key, installation, link, tombstone},
};

/// Why access was lost where a key was abandoned.
const CAUSE: &str = "annex.key_abandoned";

/// What a lost master key took along.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Abandoned {
    /// Installations whose secrets it sealed: they have to be authorised again.
    pub installations: u64,
    /// People whom they had been told to erase: that is not known any more.
    pub erased: u64,
}

impl Core {
    /// How many installations have secrets that only this master key opens.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the key is configured, and so is not lost; or the database does not answer.
    pub async fn sealed_by(&self, master_key_id: &str) -> Result<u64, Error> {
        if self.parts.master_keys.has(master_key_id) {
            return Err(Error::invalid("master_key_id", text!("refused-the-key-is-in", master_key_id)));
        }
        let sealed = data_key::Entity::find().filter(data_key::Column::MasterKeyId.eq(master_key_id));
        Ok(sealed.count(self.db().reader()).await?)
    }

    /// Lets go of everything that a lost master key sealed: each installation gets a new data key under the current one,
    /// and has to be authorised again. One after the other, each wholly or not at all: what is interrupted is gone on with
    /// by beginning again.
    ///
    /// Field digests and the tombstones of the erased were made with the lost data keys and match nothing any more. So the
    /// fields of each pair count as never agreed on, and who was erased before is not known any longer.
    ///
    /// # Errors
    /// As [`Core::sealed_by`].
    pub async fn abandon_master_key(&self, master_key_id: &str, by: &Actor) -> Result<Abandoned, Error> {
        self.sealed_by(master_key_id).await?;
        let mut abandoned = Abandoned::default();
        loop {
            let next: Option<Uuid> = data_key::Entity::find()
                .select_only()
                .column(data_key::Column::InstallationId)
                .filter(data_key::Column::MasterKeyId.eq(master_key_id))
                .order_by_asc(data_key::Column::InstallationId)
                .into_tuple()
                .one(self.db().reader())
                .await?;
            let Some(id) = next else { return Ok(abandoned) };
            abandoned.erased += self.begin_again(Scope::new(id), master_key_id, by).await?;
            abandoned.installations += 1;
        }
    }

    /// One of them; the tombstones that it had.
    async fn begin_again(&self, scope: Scope, master_key_id: &str, by: &Actor) -> Result<u64, Error> {
        let id = scope.id();
        let (_, wrapped) = self.parts.master_keys.new_data_key(id, self.random());
        let nothing = || Expr::value(Option::<Vec<u8>>::None);
        let transaction = self.db().begin().await?;
        lease::lock(&transaction, scope).await?;
        data_key::Entity::update_many()
            .col_expr(data_key::Column::MasterKeyId, Expr::value(wrapped.master_key_id))
            .col_expr(data_key::Column::Sealed, Expr::value(wrapped.sealed))
            .col_expr(data_key::Column::CreatedAt, Expr::value(self.now_micros()))
            .filter(data_key::Column::InstallationId.eq(id))
            .exec(&transaction)
            .await?;
        self.access_lost(scope, CAUSE)
            .col_expr(connection::Column::RefreshSealed, nothing())
            .col_expr(connection::Column::RefreshFingerprint, Expr::value(Option::<String>::None))
            .col_expr(connection::Column::RefreshClaim, Expr::value(Option::<Uuid>::None))
            .exec(&transaction)
            .await?;
        // The link itself still works for whoever has it; it can only not be shown again.
        installation::Entity::update_many()
            .col_expr(installation::Column::LinkSealed, nothing())
            .col_expr(installation::Column::StoreganiseKeySealed, nothing())
            .col_expr(installation::Column::UsersCursor, Expr::value(Option::<i64>::None))
            .filter(installation::Column::Id.eq(id))
            .exec(&transaction)
            .await?;
        link::Entity::update_many()
            .col_expr(link::Column::Baseline, Expr::value(Baseline::default().to_json()))
            .col_expr(link::Column::Flips, Expr::value(Option::<String>::None))
            .col_expr(link::Column::Intended, Expr::value(Option::<String>::None))
            .col_expr(link::Column::UserUpdated, Expr::value(Option::<i64>::None))
            .filter(link::Column::InstallationId.eq(id))
            .exec(&transaction)
            .await?;
        let forgotten = tombstone::Entity::delete_many()
            .filter(tombstone::Column::InstallationId.eq(id))
            .exec(&transaction)
            .await?;
        let told = format!("{master_key_id}, {} tombstones", forgotten.rows_affected);
        self.audit(&transaction, &Entry::about(by, id, "master_key.abandoned").with(told)).await?;
        transaction.commit().await?;
        Ok(forgotten.rows_affected)
    }
}
