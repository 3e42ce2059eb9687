//! Records as the API shows them, with the values HubSpot calculates.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::kind::Kind;
use super::record::{Record, Source};
use super::values::searchable_phone;
use crate::clock;
use crate::hubspot::portal::Portal;

/// What a reader asked to see of a record.
#[derive(Debug, Default)]
pub(crate) struct View {
    /// The properties; none means HubSpot's choice.
    pub(crate) properties: Vec<String>,
    /// The properties whose history is wanted.
    pub(crate) history: Vec<String>,
    /// Whether the associated records of the other kind are wanted.
    pub(crate) associations: bool,
}

impl Portal {
    /// The present value of a property, stored or calculated.
    pub(crate) fn value(&self, kind: Kind, record: &Record, name: &str) -> Option<String> {
        self.seen(kind, record, name).map(Cow::into_owned)
    }

    /// The same, borrowed where it is stored: for whoever looks at many records.
    pub(super) fn seen<'a>(&self, kind: Kind, record: &'a Record, name: &str) -> Option<Cow<'a, str>> {
        let stage = || self.stage_of(record);
        let phone = |name| record.stored(name).map(searchable_phone);
        let calculated = match name {
            "hs_object_id" => Some(record.id.to_string()),
            "hs_object_source_id" => Some(record.made_by().id()),
            "createdate" => Some(clock::iso(record.created_ms)),
            _ if name == kind.modified_property() => Some(clock::iso(record.modified_ms)),
            "hs_searchable_calculated_phone_number" => phone("phone"),
            "hs_searchable_calculated_mobile_number" => phone("mobilephone"),
            "hs_is_closed" => Some(stage().is_some_and(|s| s.is_closed()).to_string()),
            "hs_is_closed_won" => Some(stage().is_some_and(|s| s.is_won()).to_string()),
            "hs_is_closed_lost" => Some(stage().is_some_and(|s| s.is_lost()).to_string()),
            "hs_deal_stage_probability" => stage().map(|s| s.plain_probability().to_owned()),
            _ => return record.stored(name).map(Cow::Borrowed),
        };
        calculated.map(Cow::Owned)
    }

    /// The record as the API shows it: an unknown property is left out, an unset one is null.
    pub(crate) fn show(&self, kind: Kind, record: &Record, view: &View) -> Value {
        let always = ["hs_object_id", "createdate", kind.modified_property()];
        let asked: Vec<&str> = match view.properties.as_slice() {
            [] => kind.default_properties().to_vec(),
            asked => asked.iter().map(String::as_str).collect(),
        };
        let known = always.into_iter().chain(asked).filter(|name| self.schema(kind).live(name).is_some());
        let mut properties: Map<String, Value> =
            known.map(|name| (name.to_owned(), self.value(kind, record, name).into())).collect();
        if let Some(odd) = self.odd.get(&record.id).filter(|_| kind == Kind::Contact) {
            properties.extend(odd.clone());
        }
        let mut shown = json!({
            "id": record.id.to_string(),
            "properties": properties,
            "createdAt": clock::iso(record.created_ms),
            "updatedAt": clock::iso(record.modified_ms),
            "archived": record.archived,
            "url": format!(
                "https://app.hubspot.com/contacts/{}/record/{}/{}", self.id, kind.type_id(), record.id
            ),
        });
        if !view.history.is_empty() {
            shown["propertiesWithHistory"] = history(record, &view.history);
        }
        if view.associations && !record.associated.is_empty() {
            let results = associated(kind, record);
            shown["associations"] = json!({kind.other().plural(): {"results": results}});
        }
        shown
    }

    /// A view of everything, for whoever watches over the sandbox.
    pub(crate) fn whole_view(&self, kind: Kind) -> View {
        let names = self.schema(kind).all(false).map(|definition| definition.name.to_string());
        View { properties: names.collect(), history: Vec::new(), associations: true }
    }

    /// The record under such a view, without what is unset and with every id it had.
    pub(crate) fn show_whole(&self, kind: Kind, record: &Record, view: &View) -> Value {
        let mut shown = self.show(kind, record, view);
        if let Some(properties) = shown["properties"].as_object_mut() {
            properties.retain(|_, value| !value.is_null());
        }
        let former = self.store(kind).former_ids(record.id);
        shown["formerIds"] = former.iter().map(u64::to_string).collect::<Vec<_>>().into();
        shown
    }
}

/// The associated records in the old, short form.
pub(crate) fn associated(kind: Kind, record: &Record) -> Vec<Value> {
    let form = |id: &u64| json!({"id": id.to_string(), "type": kind.association_name()});
    record.associated.iter().map(form).collect()
}

fn history(record: &Record, names: &[String]) -> Value {
    let of = |name: &String| {
        let shown = record.versions(name).rev().map(|version| {
            let mut entry = json!({
                "value": version.value,
                "timestamp": clock::iso(version.by.at_ms),
                "sourceType": version.by.source.name(),
                "sourceId": version.by.source.id(),
            });
            if let Source::CrmUi(user_id) = version.by.source {
                entry["updatedByUserId"] = user_id.into();
            }
            entry
        });
        (name.clone(), shown.collect())
    };
    let all = names.iter().map(of).filter(|(_, versions): &(String, Vec<Value>)| !versions.is_empty());
    json!(all.collect::<BTreeMap<String, Vec<Value>>>())
}
