//! The fields that are kept the same (design 4.2), and the names of those that hold the link itself.
//!
//! How they are read off a record and compared is `record::side`'s matter.

/// The contact property that holds the user's id; unique in the portal.
pub const CONTACT_USER_ID: &str = "storeganise_user_id";
/// The property group it stands in.
pub const CONTACT_GROUP: &str = "storeganise";
/// The user's custom field that holds the contact's id.
pub const USER_CONTACT_ID: &str = "hubspot_contactId";
/// The user's custom field that holds the won deal's id.
pub const USER_DEAL_ID: &str = "hubspot_dealId";
/// The user's custom field that holds the won deal's name.
pub const USER_DEAL_NAME: &str = "hubspot_dealName";
/// The user's custom field that holds the won deal's amount.
pub const USER_DEAL_AMOUNT: &str = "hubspot_dealAmount";
/// The user's custom field that holds the won deal's close date.
pub const USER_DEAL_CLOSE_DATE: &str = "hubspot_dealCloseDate";
/// The custom fields of a user that we alone write: an event that names only these is our own echo.
pub const OUR_USER_FIELDS: [&str; 5] =
    [USER_CONTACT_ID, USER_DEAL_ID, USER_DEAL_NAME, USER_DEAL_AMOUNT, USER_DEAL_CLOSE_DATE];

/// The structured parts of a contact's address beside its street line.
pub const ADDRESS_PARTS: [&str; 4] = ["city", "state", "zip", "country"];

/// Stands in for a name Storeganise requires and HubSpot does not have; never synced back.
pub const NAME_PLACEHOLDER: &str = "-";
