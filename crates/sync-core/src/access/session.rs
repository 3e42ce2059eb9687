//! Browser sessions at rest: opaque data under the digest of the cookie's id, so that whoever reads the table
//! cannot sign in with it. The server's session store is built on these four.

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, sea_query::OnConflict,
};

use crate::{core::Core, digest::token_digest, error::Error, storage::entity::session};

impl Core {
    /// Stores a new session; false where its id is taken.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn create_session(&self, id: &str, data: String, expires_at: i64) -> Result<bool, Error> {
        let inserted = session::Entity::insert(row(id, data, expires_at))
            .on_conflict(OnConflict::column(session::Column::IdDigest).do_nothing().to_owned())
            .exec_without_returning(self.db().writer())
            .await?;
        Ok(inserted == 1)
    }

    /// Stores a session, whether or not it was there.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn save_session(&self, id: &str, data: String, expires_at: i64) -> Result<(), Error> {
        let columns = [session::Column::Data, session::Column::ExpiresAt];
        session::Entity::insert(row(id, data, expires_at))
            .on_conflict(OnConflict::column(session::Column::IdDigest).update_columns(columns).to_owned())
            .exec_without_returning(self.db().writer())
            .await?;
        Ok(())
    }

    /// Reads a session that has not expired.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn load_session(&self, id: &str) -> Result<Option<String>, Error> {
        let found = session::Entity::find_by_id(token_digest(id))
            .filter(session::Column::ExpiresAt.gt(self.now_micros()))
            .one(self.db().reader())
            .await?;
        Ok(found.map(|row| row.data))
    }

    /// Forgets a session.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn delete_session(&self, id: &str) -> Result<(), Error> {
        session::Entity::delete_by_id(token_digest(id)).exec(self.db().writer()).await?;
        Ok(())
    }

    /// Forgets every expired session; the number forgotten.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn delete_expired_sessions(&self) -> Result<u64, Error> {
        let gone = session::Entity::delete_many()
            .filter(session::Column::ExpiresAt.lte(self.now_micros()))
            .exec(self.db().writer())
            .await?;
        Ok(gone.rows_affected)
    }
}

fn row(id: &str, data: String, expires_at: i64) -> session::ActiveModel {
    session::ActiveModel { id_digest: Set(token_digest(id)), data: Set(data), expires_at: Set(expires_at) }
}
