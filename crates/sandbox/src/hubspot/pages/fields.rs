//! The properties of a record as a form by groups, and what of such a form was really changed.
//! A person who saves one field must not write back the others as they were when the page was opened.

use super::Id;
use crate::hubspot::crm::definition::Definition;
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::crm::record::Record;
use crate::hubspot::crm::write::Properties;
use crate::hubspot::portal::Portal;

/// The fields of a form carry what they showed under their own name with this in front.
const WAS: &str = "was.";
/// Offered at once even while they are unset.
const MAIN_FIELDS: [&str; 14] = [
    "firstname",
    "lastname",
    "email",
    "phone",
    "company",
    "address",
    "city",
    "state",
    "zip",
    "country",
    "lifecyclestage",
    "dealname",
    "amount",
    "closedate",
];
/// A deal is moved by a menu of its own.
const MENU_FIELDS: [&str; 2] = ["pipeline", "dealstage"];

/// The properties under one heading.
pub(super) struct Group {
    /// What people read.
    pub(super) label: String,
    /// Set, or usual, or the account's own.
    pub(super) fields: Vec<Field>,
    /// The rest, all of them unset.
    pub(super) more: Vec<Field>,
}

/// One property in a form.
pub(super) struct Field {
    /// What records carry.
    pub(super) name: String,
    /// What people read.
    pub(super) label: String,
    /// The present value.
    pub(super) value: String,
    /// Whether the account's admin demands it.
    pub(super) is_required: bool,
    /// Whether no other record may have its value.
    pub(super) is_key: bool,
    /// Whether it takes several lines.
    pub(super) is_long: bool,
    /// What may be chosen, if not anything.
    pub(super) choices: Vec<Choice>,
}

/// One value that may be chosen.
pub(super) struct Choice {
    /// What the form sends.
    pub(super) value: String,
    /// What people read.
    pub(super) label: String,
    /// Whether it is the present one.
    pub(super) is_present: bool,
}

/// A value that only HubSpot writes.
pub(super) struct Fact {
    /// What people read.
    pub(super) label: String,
    /// What records carry.
    pub(super) name: String,
    /// The present value.
    pub(super) value: String,
}

/// Everything that a person may change of a record.
pub(super) fn groups(portal: &Portal, kind: Kind, record: &Record) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for group in portal.schema(kind).groups() {
        let of_group = portal.schema(kind).all(false).filter(|d| d.group == group["name"]);
        let (fields, more) = of_group
            .filter(|d| !d.read_only && !d.hidden && !MENU_FIELDS.contains(&&*d.name))
            .map(|definition| (definition, field(portal, definition, record.stored(&definition.name))))
            .partition::<Vec<_>, _>(|(definition, field)| is_shown_at_once(definition, field));
        let plain = |fields: Vec<(&Definition, Field)>| fields.into_iter().map(|(_, field)| field).collect();
        let label = group["label"].as_str().unwrap_or_default().to_owned();
        groups.push(Group { label, fields: in_usual_order(plain(fields)), more: plain(more) });
    }
    groups.retain(|group| !group.fields.is_empty() || !group.more.is_empty());
    groups
}

/// The fields for a new contact: the usual ones and those the account's admin demands.
pub(super) fn for_new_contact(portal: &Portal) -> Vec<Field> {
    let usual = ["firstname", "lastname", "email", "phone", "company", "city"];
    let demanded = portal.required.iter().map(String::as_str).filter(|name| !usual.contains(name));
    let names = usual.into_iter().chain(demanded);
    names.filter_map(|name| portal.schema(Kind::Contact).live(name)).map(|d| field(portal, d, None)).collect()
}

/// Everything that HubSpot keeps of a record by itself.
pub(super) fn facts(portal: &Portal, kind: Kind, record: &Record) -> Vec<Fact> {
    let kept = portal.schema(kind).all(false).filter(|definition| definition.read_only);
    let fact = |definition: &Definition| {
        let value = portal.value(kind, record, &definition.name).filter(|value| !value.is_empty())?;
        Some(Fact { label: definition.label.clone(), name: definition.name.to_string(), value })
    };
    kept.filter_map(fact).collect()
}

/// What a person changed in such a form. A field without what it showed counts as changed.
pub(super) fn changed(form: Vec<(String, String)>) -> Properties {
    let (shown, sent): (Vec<_>, Vec<_>) = form.into_iter().partition(|(name, _)| name.starts_with(WAS));
    // Browsers write line breaks in their own way, and drop them from fields of one line.
    let flat = |text: &str| text.replace(['\r', '\n'], "");
    let is_changed = |(name, value): &(String, String)| {
        let before = shown.iter().find(|(was, _)| was[WAS.len()..] == **name);
        before.is_none_or(|(_, before)| flat(before) != flat(value))
    };
    let tidy = |(name, value): (String, String)| (name, value.replace("\r\n", "\n").into());
    sent.into_iter().filter(is_changed).map(tidy).collect()
}

/// What of a form for a new record was filled in.
pub(super) fn filled(form: Vec<(String, String)>) -> Properties {
    changed(form.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect())
}

/// The ids of the records of the other kind that a record belongs to and that are not deleted.
pub(super) fn associated<'a>(
    portal: &'a Portal,
    kind: Kind,
    record: &'a Record,
) -> impl Iterator<Item = &'a Record> {
    record.associated.iter().filter_map(move |id| portal.live(kind.other(), *id))
}

fn is_shown_at_once(definition: &Definition, field: &Field) -> bool {
    !field.value.is_empty()
        || field.is_required
        || !definition.built_in
        || MAIN_FIELDS.contains(&&*definition.name)
}

fn in_usual_order(mut fields: Vec<Field>) -> Vec<Field> {
    let place = |field: &Field| MAIN_FIELDS.iter().position(|main| *main == field.name).unwrap_or(usize::MAX);
    fields.sort_by_key(place);
    fields
}

fn field(portal: &Portal, definition: &Definition, value: Option<&str>) -> Field {
    let value = value.unwrap_or_default();
    Field {
        name: definition.name.to_string(),
        label: definition.label.clone(),
        is_required: portal.required.iter().any(|name| **name == *definition.name),
        is_key: definition.is_key(),
        is_long: definition.field_type == "textarea" || value.contains('\n'),
        choices: choices(definition, value),
        value: value.to_owned(),
    }
}

/// A value that is none of the options stays choosable; several at once are typed, separated by semicolons.
fn choices(definition: &Definition, value: &str) -> Vec<Choice> {
    if definition.options.is_empty() || definition.field_type == "checkbox" {
        return Vec::new();
    }
    let choice = |option: &str, label: &str| Choice {
        value: option.to_owned(),
        label: label.to_owned(),
        is_present: option == value,
    };
    let known = definition.options.iter().map(|option| choice(&option.value, &option.label));
    let mut choices: Vec<Choice> = std::iter::once(choice("", "")).chain(known).collect();
    if !choices.iter().any(|choice| choice.is_present) {
        choices.push(choice(value, value));
    }
    choices
}

/// The address of a record's page below its account.
pub(super) fn page_of(kind: Kind, id: Id) -> String {
    format!("/{}/{}", kind.plural(), id.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_person_changed_is_sent() {
        let form = [
            ("was.city", "Rye"),
            ("city", "Rye"),
            ("was.phone", "1"),
            ("phone", ""),
            ("was.address", "Mill Lane\n3"),
            ("address", "Mill Lane\r\n3"),
            ("was.zip", "A\nB"),
            ("zip", "AB"),
            ("firstname", "Ann"),
        ];
        let form = form.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let expected = [("firstname", "Ann"), ("phone", "")];
        assert_eq!(changed(form), Properties::from(expected.map(|(name, v)| (name.to_owned(), v.into()))));
    }
}
