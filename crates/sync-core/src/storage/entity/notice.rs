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
    pub records: i64,
    pub opened_at: i64,
    pub filed_at: Option<i64>,
    pub task_id: Option<String>,
    pub closed_at: Option<i64>,
    pub task_closed_at: Option<i64>,
    pub tries: i32,
    pub next_try_at: Option<i64>,
    pub problem: Option<String>,
}

/// The tables are joined by hand, within one installation.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
