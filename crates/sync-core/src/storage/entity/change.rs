//! The table `change`: a pending "look at this record again".

use sea_orm::entity::prelude::*;

/// A pending "look at this record again".
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "change")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub installation_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: String,
    pub generation: i64,
    pub due_at: i64,
    pub attempts: i32,
    pub origin: String,
    pub marked_at: i64,
    pub parked_at: Option<i64>,
    pub cause: Option<String>,
    pub lane: i32,
}

/// The tables are joined by hand, within one installation.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
