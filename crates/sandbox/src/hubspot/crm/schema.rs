//! The properties and property groups of one kind in one portal, and the rules for making and archiving them
//! (reference section 3).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::builtin;
use super::definition::{Definition, FIELD_TYPES, PropertyInput, TYPES};
use super::kind::Kind;
use crate::hubspot::error::ApiError;
use crate::hubspot::portal::Portal;

/// How many unique properties one kind may have, whoever made them.
const MAX_UNIQUE_PROPERTIES: usize = 10;

/// A heading over properties.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Group {
    /// The name that properties carry.
    pub(crate) name: String,
    /// What people read.
    pub(crate) label: String,
    /// Its place in the list.
    #[serde(default = "last")]
    pub(crate) display_order: i64,
}

/// What changes of a group.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct GroupChange {
    /// What people read.
    pub(crate) label: Option<String>,
    /// Its place in the list.
    pub(crate) display_order: Option<i64>,
}

fn last() -> i64 {
    -1
}

/// All properties and groups of one kind.
#[derive(Debug)]
pub(crate) struct Schema {
    definitions: BTreeMap<String, Definition>,
    groups: Vec<Group>,
}

impl Schema {
    /// What every portal starts with.
    pub(crate) fn builtin(kind: Kind, at_ms: u64) -> Self {
        let (group, label) = match kind {
            Kind::Contact => ("contactinformation", "Contact information"),
            Kind::Deal => ("dealinformation", "Deal information"),
        };
        let definitions = builtin::definitions(kind, group, at_ms);
        Self {
            definitions: definitions.into_iter().map(|d| (d.name.to_string(), d)).collect(),
            groups: vec![Group { name: group.to_owned(), label: label.to_owned(), display_order: 0 }],
        }
    }

    /// A property in use, by name.
    pub(crate) fn live(&self, name: &str) -> Option<&Definition> {
        self.definitions.get(name).filter(|definition| !definition.archived)
    }

    /// A property, in use or archived as asked.
    ///
    /// # Errors
    /// 404 when there is none.
    pub(crate) fn find(&self, name: &str, archived: bool) -> Result<&Definition, ApiError> {
        let found = self.definitions.get(name).filter(|definition| definition.archived == archived);
        found.ok_or_else(|| no_property(name))
    }

    /// All properties, in use or archived as asked.
    pub(crate) fn all(&self, archived: bool) -> impl Iterator<Item = &Definition> {
        self.definitions.values().filter(move |definition| definition.archived == archived)
    }

    /// Makes a property; an archived one of the same name comes back as it was, unique or not.
    ///
    /// # Errors
    /// 400 for what cannot be defined, 409 when the name is taken.
    pub(crate) fn create(&mut self, input: PropertyInput, at_ms: u64) -> Result<&Definition, ApiError> {
        let name = self.checked(&input)?;
        if self.live(&name).is_some() {
            return Err(ApiError::already_exists(
                "Properties.PROPERTY_WITH_NAME_EXISTS",
                &format!("A property named '{name}' already exists."),
            ));
        }
        let is_unique = input.has_unique_value.unwrap_or(false);
        let comes_back = self.definitions.contains_key(&name);
        if is_unique && !comes_back && self.unique_count() >= MAX_UNIQUE_PROPERTIES {
            return Err(ApiError::invalid_within(
                "PropertyValidationError.UNIQUE_PROPERTY_LIMIT_EXCEEDED",
                "The limit of 10 properties with unique values is reached.",
            ));
        }
        let blank = Definition { unique: is_unique, ..builtin::blank(&name, at_ms) };
        let made = self.definitions.entry(name).or_insert(blank);
        made.archived = false;
        made.change(input, at_ms);
        Ok(made)
    }

    /// Changes a property in use; its name and uniqueness stay.
    ///
    /// # Errors
    /// 400 for an unknown type, group, or an attempt to change uniqueness; 404 when there is none.
    pub(crate) fn change(
        &mut self,
        name: &str,
        input: PropertyInput,
        at_ms: u64,
    ) -> Result<&Definition, ApiError> {
        let unique = self.find(name, false)?.unique;
        if input.has_unique_value.is_some_and(|asked| asked != unique) {
            return Err(ApiError::invalid("hasUniqueValue cannot be changed once a property exists."));
        }
        self.check_words(&input)?;
        let found = self.definitions.get_mut(name).ok_or_else(|| no_property(name))?;
        found.change(input, at_ms);
        Ok(found)
    }

    /// Puts a property into the recycle bin.
    ///
    /// # Errors
    /// 400 for HubSpot's own properties, 404 when there is none.
    pub(crate) fn archive(&mut self, name: &str, at_ms: u64) -> Result<(), ApiError> {
        let found =
            self.definitions.get_mut(name).filter(|d| !d.archived).ok_or_else(|| no_property(name))?;
        if found.built_in {
            return Err(ApiError::invalid_within(
                "PropertyValidationError.CANNOT_DELETE_HUBSPOT_DEFINED_PROPERTY",
                &format!("The property '{name}' is defined by HubSpot and cannot be archived."),
            ));
        }
        found.archived = true;
        found.updated_ms = at_ms;
        Ok(())
    }

    /// All groups as the API shows them.
    pub(crate) fn groups(&self) -> Vec<Value> {
        self.groups.iter().map(group_json).collect()
    }

    /// Makes a group.
    ///
    /// # Errors
    /// 400 without a name, 409 when the name is taken.
    pub(crate) fn create_group(&mut self, group: Group) -> Result<Value, ApiError> {
        if !is_name(&group.name) {
            return Err(ApiError::invalid(format!("Group name '{}' is not valid.", group.name)));
        }
        if self.groups.iter().any(|known| known.name == group.name) {
            return Err(ApiError::already_exists(
                "PropertyGroupError.GROUP_ALREADY_EXISTS",
                &format!("A property group named '{}' already exists.", group.name),
            ));
        }
        let shown = group_json(&group);
        self.groups.push(group);
        Ok(shown)
    }

    /// A group as the API shows it.
    ///
    /// # Errors
    /// 404 when there is none.
    pub(crate) fn group(&self, name: &str) -> Result<Value, ApiError> {
        self.groups.iter().find(|group| group.name == name).map(group_json).ok_or_else(|| no_group(name))
    }

    /// Changes a group; its name stays.
    ///
    /// # Errors
    /// 404 when there is none.
    pub(crate) fn change_group(&mut self, name: &str, change: GroupChange) -> Result<Value, ApiError> {
        let found = self.groups.iter_mut().find(|group| group.name == name).ok_or_else(|| no_group(name))?;
        found.label = change.label.unwrap_or_else(|| std::mem::take(&mut found.label));
        found.display_order = change.display_order.unwrap_or(found.display_order);
        Ok(group_json(found))
    }

    /// Takes a group away.
    ///
    /// # Errors
    /// 400 while properties in use stand in it, 404 when there is none.
    pub(crate) fn archive_group(&mut self, name: &str) -> Result<(), ApiError> {
        self.group(name)?;
        if self.all(false).any(|definition| definition.group == name) {
            return Err(ApiError::group_in_use());
        }
        self.groups.retain(|group| group.name != name);
        Ok(())
    }

    fn unique_count(&self) -> usize {
        self.all(false).filter(|definition| definition.unique).count()
    }

    fn checked(&self, input: &PropertyInput) -> Result<String, ApiError> {
        let required = [
            ("name", &input.name),
            ("label", &input.label),
            ("type", &input.value_type),
            ("fieldType", &input.field_type),
            ("groupName", &input.group_name),
        ];
        let missing: Vec<&str> =
            required.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| *name).collect();
        if !missing.is_empty() {
            return Err(ApiError::invalid(format!(
                "Invalid input JSON: some required fields were not set: [{}]",
                missing.join(", ")
            )));
        }
        self.check_words(input)?;
        let name = input.name.clone().unwrap_or_default();
        if !is_name(&name) {
            return Err(ApiError::invalid_within(
                "PropertyValidationError.INVALID_NAME",
                &format!("Property name '{name}' is not valid: lower-case letters, digits and underscores."),
            ));
        }
        Ok(name)
    }

    fn check_words(&self, input: &PropertyInput) -> Result<(), ApiError> {
        let known_type = input.value_type.as_deref().is_none_or(|word| TYPES.contains(&word));
        let known_field = input.field_type.as_deref().is_none_or(|word| FIELD_TYPES.contains(&word));
        if !known_type || !known_field {
            return Err(ApiError::invalid(
                "Invalid input JSON: type or fieldType is not one of the allowed.",
            ));
        }
        match &input.group_name {
            Some(group) if !self.groups.iter().any(|known| known.name == *group) => {
                Err(ApiError::invalid_within(
                    "PropertyValidationError.GROUP_DOES_NOT_EXIST",
                    &format!("The property group '{group}' does not exist."),
                ))
            }
            _ => Ok(()),
        }
    }
}

fn group_json(group: &Group) -> Value {
    json!({"name": group.name, "label": group.label, "displayOrder": group.display_order, "archived": false})
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn no_group(name: &str) -> ApiError {
    ApiError::not_found(&format!("Property group '{name}' does not exist"))
}

fn no_property(name: &str) -> ApiError {
    ApiError::not_found(&format!("Property '{name}' does not exist"))
}

impl Portal {
    /// Puts a property into the recycle bin unless a rule of the portal uses it.
    ///
    /// # Errors
    /// 400 for what is in use or HubSpot's own, 404 when there is none.
    pub(crate) fn archive_property(&mut self, kind: Kind, name: &str, at_ms: u64) -> Result<(), ApiError> {
        self.schema(kind).find(name, false)?;
        match self.uses_of(kind, name) {
            0 => self.schema_mut(kind).archive(name, at_ms),
            uses => Err(ApiError::property_in_use(name, uses)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_property(name: &str, unique: bool) -> PropertyInput {
        serde_json::from_value(json!({
            "name": name, "label": name, "type": "string", "fieldType": "text",
            "groupName": "contactinformation", "hasUniqueValue": unique,
        }))
        .unwrap()
    }

    #[test]
    fn an_archived_property_comes_back_as_unique_as_it_was() {
        let mut schema = Schema::builtin(Kind::Contact, 0);
        schema.create(text_property("door", false), 1).unwrap();
        let taken = schema.create(text_property("door", true), 2).unwrap_err();
        assert_eq!(taken.status(), 409);
        schema.archive("door", 3).unwrap();
        assert!(schema.find("door", false).is_err() && schema.find("door", true).is_ok());
        assert!(!schema.create(text_property("door", true), 4).unwrap().unique);
    }

    #[test]
    fn the_eleventh_unique_property_is_refused_and_a_plain_one_is_not() {
        let mut schema = Schema::builtin(Kind::Contact, 0);
        for number in 0..10 {
            schema.create(text_property(&format!("key_{number}"), true), 1).unwrap();
        }
        assert_eq!(schema.create(text_property("key_10", true), 1).unwrap_err().status(), 400);
        assert!(schema.create(text_property("key_10", false), 1).is_ok());
    }

    #[test]
    fn a_property_needs_its_group_first() {
        let mut schema = Schema::builtin(Kind::Contact, 0);
        let mut input = text_property("storeganise_user_id", true);
        input.group_name = Some("storeganise".to_owned());
        assert_eq!(schema.create(input.clone(), 1).unwrap_err().status(), 400);
        let group =
            Group { name: "storeganise".to_owned(), label: "Storeganise".to_owned(), display_order: -1 };
        schema.create_group(group.clone()).unwrap();
        assert_eq!(schema.create_group(group).unwrap_err().status(), 409);
        assert!(schema.create(input, 1).is_ok());
    }

    #[test]
    fn a_group_goes_only_when_its_properties_have_gone() {
        let mut schema = Schema::builtin(Kind::Contact, 0);
        let group = Group { name: "doors".to_owned(), label: "Doors".to_owned(), display_order: -1 };
        schema.create_group(group).unwrap();
        let input = GroupChange { label: Some("All doors".to_owned()), display_order: None };
        assert_eq!(schema.change_group("doors", input).unwrap()["label"], "All doors");
        assert_eq!(schema.group("doors").unwrap()["displayOrder"], -1);
        let door = PropertyInput { group_name: Some("doors".to_owned()), ..text_property("door", false) };
        schema.create(door, 1).unwrap();
        assert_eq!(schema.archive_group("doors").unwrap_err().status(), 400);
        schema.archive("door", 2).unwrap();
        schema.archive_group("doors").unwrap();
        assert_eq!(schema.archive_group("doors").unwrap_err().status(), 404);
        assert!(!schema.groups().iter().any(|group| group["name"] == "doors"));
    }

    #[test]
    fn a_list_of_options_replaces_the_one_before_and_no_list_keeps_it() {
        let mut schema = Schema::builtin(Kind::Contact, 0);
        let option =
            |value: &str| json!({"label": value, "value": value, "displayOrder": 0, "hidden": false});
        let input = json!({
            "name": "size", "label": "Size", "type": "enumeration", "fieldType": "select",
            "groupName": "contactinformation", "options": [option("s"), option("m")],
        });
        schema.create(serde_json::from_value(input).unwrap(), 1).unwrap();
        let mut change = |input: Value| {
            let changed = schema.change("size", serde_json::from_value(input).unwrap(), 2).unwrap();
            changed.options.iter().map(|option| option.value.clone()).collect::<Vec<_>>()
        };
        assert_eq!(change(json!({"label": "How big"})), ["s", "m"]);
        assert_eq!(change(json!({"options": [option("m"), option("l")]})), ["m", "l"]);
    }
}
