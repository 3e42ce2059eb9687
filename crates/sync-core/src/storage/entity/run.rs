//! The table `run`: a sweep over records, with its cursor and counts.

use sea_orm::entity::prelude::*;

/// A sweep over records, with its cursor and counts.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "run")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub installation_id: Uuid,
    pub kind: String,
    pub state: String,
    pub cursor: Option<String>,
    pub done: i64,
    pub total: Option<i64>,
    pub counts: String,
    pub started_at: i64,
    pub finished_at: Option<i64>,
    pub reason: Option<String>,
}

/// The tables are joined by hand, within one installation.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
