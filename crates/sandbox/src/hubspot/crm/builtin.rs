//! The properties HubSpot itself defines for contacts and deals, as far as the sandbox knows them.

use super::definition::{Choice, Definition};
use super::kind::Kind;

/// Name, label, type, field type, and whether only HubSpot writes it.
type Row = (&'static str, &'static str, &'static str, &'static str, bool);

const CONTACT: &[Row] = &[
    ("firstname", "First Name", "string", "text", false),
    ("lastname", "Last Name", "string", "text", false),
    ("email", "Email", "string", "text", false),
    ("phone", "Phone Number", "string", "phonenumber", false),
    ("mobilephone", "Mobile Phone Number", "string", "phonenumber", false),
    ("fax", "Fax Number", "string", "text", false),
    ("jobtitle", "Job Title", "string", "text", false),
    ("company", "Company Name", "string", "text", false),
    ("website", "Website URL", "string", "text", false),
    ("address", "Street Address", "string", "text", false),
    ("city", "City", "string", "text", false),
    ("state", "State/Region", "string", "text", false),
    ("zip", "Postal Code", "string", "text", false),
    ("country", "Country/Region", "string", "text", false),
    ("hs_country_region_code", "Country/Region Code", "string", "text", false),
    ("hs_state_code", "State/Region Code", "string", "text", false),
    ("lifecyclestage", "Lifecycle Stage", "enumeration", "radio", false),
    ("hs_lead_status", "Lead Status", "enumeration", "radio", false),
    ("hubspot_owner_id", "Contact owner", "string", "text", false),
    ("hs_timezone", "Time Zone", "string", "text", false),
    ("createdate", "Create Date", "datetime", "date", true),
    ("lastmodifieddate", "Last Modified Date", "datetime", "date", true),
    ("hs_object_id", "Record ID", "number", "number", true),
    ("hs_object_source", "Record creation source", "string", "text", true),
    ("hs_object_source_id", "Record creation source ID", "string", "text", true),
    ("hs_object_source_label", "Record source", "string", "text", true),
    ("hs_additional_emails", "Additional email addresses", "string", "text", true),
    ("hs_merged_object_ids", "Merged record IDs", "string", "text", true),
    ("hs_searchable_calculated_phone_number", "Calculated Phone Number", "string", "text", true),
    ("hs_searchable_calculated_mobile_number", "Calculated Mobile Number", "string", "text", true),
];

const DEAL: &[Row] = &[
    ("dealname", "Deal Name", "string", "text", false),
    ("dealstage", "Deal Stage", "enumeration", "radio", false),
    ("pipeline", "Pipeline", "enumeration", "select", false),
    ("amount", "Amount", "number", "number", false),
    ("closedate", "Close Date", "datetime", "date", false),
    ("dealtype", "Deal Type", "enumeration", "radio", false),
    ("description", "Deal Description", "string", "textarea", false),
    ("hubspot_owner_id", "Deal owner", "string", "text", false),
    ("createdate", "Create Date", "datetime", "date", true),
    ("hs_lastmodifieddate", "Last Modified Date", "datetime", "date", true),
    ("hs_object_id", "Record ID", "number", "number", true),
    ("hs_object_source", "Record creation source", "string", "text", true),
    ("hs_object_source_id", "Record creation source ID", "string", "text", true),
    ("hs_object_source_label", "Record source", "string", "text", true),
    ("hs_merged_object_ids", "Merged record IDs", "string", "text", true),
    ("hs_is_closed", "Is Deal Closed?", "bool", "booleancheckbox", true),
    ("hs_is_closed_won", "Is Closed Won", "bool", "booleancheckbox", true),
    ("hs_is_closed_lost", "Is Closed Lost", "bool", "booleancheckbox", true),
    ("hs_deal_stage_probability", "Deal probability", "number", "number", true),
];

const LIFECYCLE_STAGES: &[&str] = &[
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
];
const LEAD_STATUSES: &[&str] = &["NEW", "OPEN", "IN_PROGRESS", "OPEN_DEAL", "UNQUALIFIED", "CONNECTED"];
const DEAL_TYPES: &[&str] = &["newbusiness", "existingbusiness"];

/// What every portal has from the start; stages and pipelines carry no options here, `write` checks them.
pub(crate) fn definitions(kind: Kind, group: &str, at_ms: u64) -> Vec<Definition> {
    let rows = match kind {
        Kind::Contact => CONTACT,
        Kind::Deal => DEAL,
    };
    let define = |&(name, label, value_type, field_type, read_only): &Row| Definition {
        label: label.to_owned(),
        group: group.to_owned(),
        value_type: value_type.to_owned(),
        field_type: field_type.to_owned(),
        options: options(name),
        read_only,
        built_in: true,
        ..blank(name, at_ms)
    };
    rows.iter().map(define).collect()
}

/// A property of which nothing but the name is known yet.
pub(crate) fn blank(name: &str, at_ms: u64) -> Definition {
    Definition {
        name: name.into(),
        label: String::new(),
        description: String::new(),
        group: String::new(),
        value_type: String::new(),
        field_type: String::new(),
        options: Vec::new(),
        unique: false,
        read_only: false,
        built_in: false,
        form_field: false,
        hidden: false,
        display_order: -1,
        created_ms: at_ms,
        updated_ms: at_ms,
        archived: false,
    }
}

fn options(name: &str) -> Vec<Choice> {
    let words = match name {
        "lifecyclestage" => LIFECYCLE_STAGES,
        "hs_lead_status" => LEAD_STATUSES,
        "dealtype" => DEAL_TYPES,
        _ => &[],
    };
    let choice = |(order, word): (i64, &&str)| Choice {
        label: (*word).to_owned(),
        value: (*word).to_owned(),
        display_order: order,
        hidden: false,
    };
    (0..).zip(words).map(choice).collect()
}
