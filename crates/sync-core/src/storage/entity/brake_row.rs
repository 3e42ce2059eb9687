//! The table `brake_row`: a record the brake holds back.

use sea_orm::entity::prelude::*;

/// A record the brake holds back.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "brake_row")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub installation_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: String,
    pub user_id: String,
    pub fields: String,
    pub state: String,
}

/// The tables are joined by hand, within one installation.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
