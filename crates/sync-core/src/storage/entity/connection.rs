//! The table `connection`: an authorised HubSpot account of an installation.

use sea_orm::entity::prelude::*;

/// An authorised HubSpot account of an installation.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "connection")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub installation_id: Uuid,
    pub portal_id: i64,
    pub ui_domain: Option<String>,
    pub state: String,
    pub scopes: String,
    pub refresh_sealed: Option<Vec<u8>>,
    pub refresh_fingerprint: Option<String>,
    pub access_sealed: Option<Vec<u8>>,
    pub access_expires_at: Option<i64>,
    pub authorised_at: i64,
    pub refreshed_at: Option<i64>,
    pub lost_at: Option<i64>,
    pub lost_reason: Option<String>,
    pub refresh_claim: Option<Uuid>,
    pub refresh_until: Option<i64>,
    pub refresh_failed_at: Option<i64>,
    pub refresh_failure: Option<String>,
}

/// The tables are joined by hand, within one installation.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
