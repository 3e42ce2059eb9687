//! The table `notice`: a task at Storeganise that tells a business what needs a person.

use sea_orm::entity::prelude::*;

/// A task at Storeganise that tells a business what needs a person.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notice")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub installation_id: Uuid,
    pub cause: String,
    pub task_id: Option<String>,
    pub opened_at: i64,
    pub closed_at: Option<i64>,
}

/// The tables are joined by hand, within one installation.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
