//! The table `data_key`: an installation's data key, wrapped by a master key.

use sea_orm::entity::prelude::*;

/// An installation's data key, wrapped by a master key.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "data_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub installation_id: Uuid,
    pub master_key_id: String,
    pub sealed: Vec<u8>,
    pub created_at: i64,
}

/// The tables are joined by hand, within one installation.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
