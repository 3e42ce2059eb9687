//! The table `outcome`: what a sync of one record did.

use sea_orm::entity::prelude::*;

/// What a sync of one record did.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outcome")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub installation_id: Uuid,
    pub subject: String,
    pub subject_id: String,
    pub action: String,
    pub reason: Option<String>,
    pub fields: String,
    pub user_id: Option<String>,
    pub contact_id: Option<String>,
    pub deal_id: Option<String>,
    pub correlation_id: Option<String>,
    pub at: i64,
    pub provider_code: Option<String>,
}

/// The tables are joined by hand, within one installation.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
