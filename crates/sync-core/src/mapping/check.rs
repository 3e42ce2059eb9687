//! Whether mappings can be saved: what the names alone say, and what to know about a property that fits. Pure.

use std::collections::BTreeMap;
use text::text;

use hubspot::properties::Property;

use super::{Direction, Kind, Mapping};
use crate::{
    error::InvalidInput,
    fields::{ADDRESS_PARTS, CONTACT_USER_ID},
    record::side::Field,
};

/// The most mappings an installation may have.
pub const MAPPINGS_MAX: usize = 30;
const NAME_CHARS_MAX: usize = 100;
/// The beginning of our own custom fields of users.
pub(super) const OUR_USER_FIELDS: &str = "hubspot_";
/// The stage of a contact's life, which HubSpot only moves forward.
const LIFECYCLE: &str = "lifecyclestage";

/// Something to know about a mapping that does not keep it from being saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The input it is about, as in the JSON API.
    pub field: String,
    /// What to know, in plain words.
    pub message: String,
}

/// The path of one part of a mapping, as in the JSON API.
#[must_use]
pub fn path(index: usize, part: &str) -> String {
    format!("custom_fields[{index}].{part}")
}

/// What can be said of mappings without asking anybody.
#[must_use]
pub fn names(mappings: &[Mapping]) -> Vec<InvalidInput> {
    let mut problems = Vec::new();
    if mappings.len() > MAPPINGS_MAX {
        let message = text!("mapping-at-most-custom-fields", most = MAPPINGS_MAX);
        problems.push(InvalidInput::new("custom_fields", message));
        return problems;
    }
    for (index, mapping) in mappings.iter().enumerate() {
        let before = &mappings[..index];
        if let Some(message) = user_field_problem(mapping, before) {
            problems.push(InvalidInput::new(path(index, "user_field"), message));
        }
        if let Some(message) = property_problem(mapping, before) {
            problems.push(InvalidInput::new(path(index, "contact_property"), message));
        }
    }
    problems
}

fn user_field_problem(mapping: &Mapping, before: &[Mapping]) -> Option<String> {
    let code = mapping.user_field.as_str();
    if code.is_empty() || code.chars().count() > NAME_CHARS_MAX || code.chars().any(is_out_of_place) {
        return Some(text!("mapping-write-the-custom-fields").to_owned());
    }
    if code.to_lowercase().starts_with(OUR_USER_FIELDS) {
        return Some(text!("mapping-is-a-field-that", code));
    }
    let again = before.iter().find(|known| known.user_field == code && overlap(known, mapping))?;
    Some(text!("mapping-field-is-mapped", code, contact_property = again.contact_property))
}

fn property_problem(mapping: &Mapping, before: &[Mapping]) -> Option<String> {
    let name = mapping.contact_property.as_str();
    let is_name = !name.is_empty()
        && name.len() <= NAME_CHARS_MAX
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !is_name {
        return Some(text!("mapping-write-the-propertys-internal").to_owned());
    }
    if is_synced_anyway(name) {
        return Some(text!("mapping-is-kept-the-same", name));
    }
    if name == LIFECYCLE && (mapping.direction, mapping.kind) != (Direction::ToContact, Kind::Choice) {
        return Some(text!("mapping-can-only-be-mapped", name));
    }
    let again = before.iter().find(|known| known.contact_property == name && overlap(known, mapping));
    if let Some(again) = again {
        return Some(text!("mapping-property-is-mapped", name, user_field = again.user_field));
    }
    let pair =
        before.iter().any(|known| known.contact_property == name && known.user_field == mapping.user_field);
    pair.then(|| text!("mapping-and-are-mapped-already", name, user_field = mapping.user_field))
}

fn overlap(one: &Mapping, other: &Mapping) -> bool {
    one.direction.reaches_contacts() && other.direction.reaches_contacts()
        || one.direction.reaches_users() && other.direction.reaches_users()
}

fn is_out_of_place(sign: char) -> bool {
    sign.is_whitespace() || sign.is_control()
}

fn is_synced_anyway(name: &str) -> bool {
    let more = ["hs_additional_emails", CONTACT_USER_ID];
    Field::BUILT_IN.iter().any(|field| field.name() == name)
        || ADDRESS_PARTS.contains(&name)
        || more.contains(&name)
}

/// What to know about a mapping whose property takes it.
#[must_use]
pub fn warnings(index: usize, mapping: &Mapping, property: &Property) -> Vec<Warning> {
    let name = &mapping.contact_property;
    let writes = mapping.direction.reaches_contacts();
    let unique = (property.has_unique_value && writes).then(|| text!("mapping-no-two-contacts-may", name));
    let forward = (name == LIFECYCLE).then(|| text!("mapping-hubspot-only-moves-forward", name));
    let of_property = unique.into_iter().chain(forward);
    of_property.map(|message| Warning { field: path(index, "contact_property"), message }).collect()
}

/// Properties by name.
#[must_use]
pub fn by_name(properties: &[Property]) -> BTreeMap<&str, &Property> {
    properties.iter().map(|property| (property.name.as_str(), property)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn mapping(user_field: &str, contact_property: &str, kind: Kind, direction: Direction) -> Mapping {
        Mapping {
            user_field: user_field.to_owned(),
            contact_property: contact_property.to_owned(),
            kind,
            direction,
            options: Vec::new(),
        }
    }

    fn text(user_field: &str, contact_property: &str, direction: Direction) -> Mapping {
        mapping(user_field, contact_property, Kind::Text, direction)
    }

    fn property(given: &Value) -> Property {
        serde_json::from_value(given.clone()).unwrap()
    }

    fn fields(mappings: &[Mapping]) -> Vec<String> {
        names(mappings).into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn what_is_synced_anyway_or_ours_is_not_mapped_again() {
        use Direction::{Both, ToContact, ToUser};
        for name in ["firstname", "email", "phone", "address", "city", "country", "storeganise_user_id"] {
            let problem = &names(&[text("gateCode", name, Both)])[0];
            assert_eq!(problem.field, "custom_fields[0].contact_property");
            assert!(problem.message.contains(name));
        }
        for code in ["", "gate code", "hubspot_dealId", "HubSpot_own"] {
            assert_eq!(fields(&[text(code, "gate_code", Both)]), ["custom_fields[0].user_field"], "{code}");
        }
        for name in ["", "Gate", "gate code", "größe", "a,b"] {
            assert_eq!(
                fields(&[text("gateCode", name, Both)]),
                ["custom_fields[0].contact_property"],
                "{name}"
            );
        }
        let stage = |kind, direction| fields(&[mapping("tier", "lifecyclestage", kind, direction)]).len();
        assert_eq!(stage(Kind::Choice, ToContact), 0);
        assert_eq!(
            (stage(Kind::Text, ToContact), stage(Kind::Choice, ToUser), stage(Kind::Choice, Both)),
            (1, 1, 1)
        );
        let many = vec![text("gateCode", "gate_code", Both); MAPPINGS_MAX + 1];
        assert_eq!(fields(&many), ["custom_fields"]);
    }

    #[test]
    fn a_field_and_a_property_have_one_mapping_in_each_direction() {
        use Direction::{Both, ToContact, ToUser};
        let first = text("a", "one", ToContact);
        assert_eq!(fields(&[first.clone(), text("b", "two", Both)]), Vec::<String>::new());
        assert_eq!(fields(&[first.clone(), text("b", "one", ToUser)]), Vec::<String>::new());
        assert_eq!(fields(&[first.clone(), text("a", "two", ToUser)]), Vec::<String>::new());
        assert_eq!(fields(&[first.clone(), text("b", "one", Both)]), ["custom_fields[1].contact_property"]);
        assert_eq!(fields(&[first.clone(), text("a", "two", ToContact)]), ["custom_fields[1].user_field"]);
        // The same pair once for each direction would share one baseline.
        assert_eq!(fields(&[first, text("a", "one", ToUser)]), ["custom_fields[1].contact_property"]);
    }

    #[test]
    fn a_unique_property_may_be_written_and_says_what_that_means() {
        let unique = property(&json!({ "name": "gate_code", "type": "string", "hasUniqueValue": true }));
        let warned = |direction| warnings(3, &text("gateCode", "gate_code", direction), &unique);
        assert_eq!(warned(Direction::ToUser), []);
        assert_eq!(warned(Direction::Both)[0].field, "custom_fields[3].contact_property");
        let stage = property(&json!({ "name": "lifecyclestage", "type": "enumeration" }));
        let tier = mapping("tier", "lifecyclestage", Kind::Choice, Direction::ToContact);
        assert!(warnings(0, &tier, &stage)[0].message.contains("forward"));
    }
}
