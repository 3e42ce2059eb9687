//! The table `installation`: the add-on put into one business.

use sea_orm::entity::prelude::*;

/// The add-on put into one business.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "installation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub business_id: Uuid,
    pub addon_id: String,
    pub api_url: String,
    pub webhook_key: String,
    pub state: String,
    pub addon_state: Option<String>,
    pub addon_checked_at: Option<i64>,
    pub link_digest: Option<String>,
    pub link_sealed: Option<Vec<u8>>,
    pub link_issued_at: Option<i64>,
    pub storeganise_key_sealed: Option<Vec<u8>>,
    pub settings: String,
    pub capabilities: String,
    pub portal_id: Option<i64>,
    pub other_portal_until: Option<i64>,
    pub users_cursor: Option<i64>,
    pub deals_cursor: Option<i64>,
    pub last_event_at: Option<i64>,
    pub created_at: i64,
    pub changed_at: i64,
}

/// The one join: an installation belongs to a business.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::business::Entity",
        from = "Column::BusinessId",
        to = "super::business::Column::Id"
    )]
    Business,
}

impl Related<super::business::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Business.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
