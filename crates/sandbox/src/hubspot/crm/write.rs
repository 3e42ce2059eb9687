//! Writing one record in two steps: a plan that checks everything and changes nothing, then the change itself,
//! which cannot fail. That is what lets a batch be refused as a whole.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::association::{Tie, TypeSpec};
use super::definition::Definition;
use super::kind::Kind;
use super::record::{Author, Record};
use super::values::{appended, canonical, is_phone, validated_phone};
use crate::clock;
use crate::hubspot::error::{ApiError, PropertyProblem};
use crate::hubspot::event::Change;
use crate::hubspot::portal::Portal;

/// The properties of a write as they came: the values are text, or plain JSON that is taken as text.
pub(crate) type Properties = BTreeMap<String, Value>;

/// A record to associate a new one with.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct AssociationInput {
    /// The other record.
    pub(crate) to: AssociationTarget,
    /// In which ways besides HubSpot's own.
    #[serde(default)]
    pub(crate) types: Vec<TypeSpec>,
}

/// The id of the other record.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct AssociationTarget {
    /// Text, or a number.
    pub(crate) id: Value,
}

/// A write that was checked and will succeed.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The record to write.
    pub(crate) id: u64,
    /// Whether it is to be made.
    pub(crate) is_new: bool,
    values: Vec<(Arc<str>, String)>,
    associate: Vec<Tie>,
}

/// The keys that earlier rows of the same batch will hold, and whether the writer is above the admin's rules.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    held: HashMap<(Arc<str>, String), u64>,
    above_the_rules: bool,
}

impl Claims {
    /// No keys yet; the writer obeys what the portal's admin requires, or does not, as it was before 2026-09.
    pub(crate) fn of_a_writer(obeys_the_admin: bool) -> Self {
        Self { above_the_rules: !obeys_the_admin, ..Self::default() }
    }
}

impl Portal {
    /// Checks the making of a record; its id is spent even if it is refused.
    ///
    /// # Errors
    /// 400 for values, required properties and associations; 409 for an address that is taken.
    pub(crate) fn plan_create(
        &mut self,
        kind: Kind,
        properties: &Properties,
        associations: &[AssociationInput],
        claims: &mut Claims,
    ) -> Result<Plan, ApiError> {
        let id = self.store_mut(kind).allot();
        let mut values = self.checked(kind, None, properties)?;
        if kind == Kind::Deal && !properties.contains_key("pipeline") {
            values.push(("pipeline".into(), "default".to_owned()));
        }
        if !claims.above_the_rules {
            self.check_rules(kind, None, &values)?;
        }
        self.check_keys(kind, None, id, &values, claims)?;
        let associate = associations.iter().map(|a| self.association(kind, a)).collect::<Result<_, _>>()?;
        Ok(Plan { id, is_new: true, values, associate })
    }

    /// Checks the change of a record that exists.
    ///
    /// # Errors
    /// 400 for values, required properties and keys that another record holds; 423 while the record is locked.
    pub(crate) fn plan_update(
        &self,
        kind: Kind,
        id: u64,
        properties: &Properties,
        claims: &mut Claims,
    ) -> Result<Plan, ApiError> {
        let record = self.live(kind, id).ok_or_else(|| ApiError::no_record(&id.to_string()))?;
        self.check_unlocked(kind, id)?;
        let values = self.checked(kind, Some(record), properties)?;
        if !claims.above_the_rules {
            self.check_rules(kind, Some(record), &values)?;
        }
        self.check_keys(kind, Some(id), id, &values, claims)?;
        Ok(Plan { id, is_new: false, values, associate: Vec::new() })
    }

    /// Does what was planned and tells of it.
    pub(crate) fn carry_out(&mut self, kind: Kind, plan: Plan, author: Author) -> u64 {
        let Plan { id, is_new, mut values, associate } = plan;
        values.extend(self.closing_date(kind, id, &values, author));
        if is_new {
            self.make(kind, id, &values, author);
        } else {
            for (name, value) in values {
                self.set(kind, id, &name, &value, author);
            }
        }
        for tie in associate {
            self.tie(kind, id, &tie, author);
        }
        id
    }

    /// Sets one property, keeps the keys true, and tells of the change if there was one.
    pub(crate) fn set(&mut self, kind: Kind, id: u64, name: &Arc<str>, value: &str, author: Author) {
        if kind == Kind::Contact && &**name == "email" {
            self.swap_email(id, value, author);
        }
        let is_key = self.is_key(kind, name);
        let store = self.store_mut(kind);
        let Some(before) = store.set(id, name, value, author) else { return };
        if is_key {
            let is_still_held = store.exact(id).is_some_and(|record| record.holds(name, &before));
            if !before.is_empty() && !is_still_held {
                store.release(name, &before, id);
            }
            if !value.is_empty() {
                store.claim(name, value, id);
            }
        }
        let change = Change::Property { name: Arc::clone(name), value: value.to_owned() };
        self.tell(kind, id, author, change);
    }

    fn is_key(&self, kind: Kind, name: &str) -> bool {
        self.schema(kind).live(name).is_some_and(Definition::is_key)
    }

    fn make(&mut self, kind: Kind, id: u64, values: &[(Arc<str>, String)], author: Author) {
        self.store_mut(kind).insert(Record::new(id, values, author));
        self.tell(kind, id, author, Change::Created);
        for (name, value) in values.iter().filter(|(_, value)| !value.is_empty()) {
            if self.is_key(kind, name) {
                self.store_mut(kind).claim(name, value, id);
            }
            if kind == Kind::Contact && &**name == "email" {
                self.creates.add(value);
            }
            let change = Change::Property { name: Arc::clone(name), value: value.clone() };
            self.tell(kind, id, author, change);
        }
    }

    /// A deal that closes gets the present moment as its closing date, unless the same write names one.
    fn closing_date(
        &self,
        kind: Kind,
        id: u64,
        values: &[(Arc<str>, String)],
        author: Author,
    ) -> Option<(Arc<str>, String)> {
        let written = |name: &str| values.iter().find(|(n, _)| &**n == name).map(|(_, v)| v.as_str());
        if kind != Kind::Deal || written("closedate").is_some() {
            return None;
        }
        let deal = self.live(kind, id);
        let was_closed = deal.and_then(|deal| self.stage_of(deal)).is_some_and(|stage| stage.is_closed());
        let pipeline = written("pipeline").or_else(|| deal?.stored("pipeline"))?;
        let closes = self.stage(pipeline, written("dealstage")?)?.is_closed();
        (closes && !was_closed).then(|| ("closedate".into(), clock::iso(author.at_ms)))
    }

    fn checked(
        &self,
        kind: Kind,
        on: Option<&Record>,
        properties: &Properties,
    ) -> Result<Vec<(Arc<str>, String)>, ApiError> {
        let mut values = Vec::with_capacity(properties.len());
        let mut problems = Vec::new();
        for (name, raw) in properties {
            let raw = text(raw)
                .ok_or_else(|| ApiError::invalid(format!("Invalid input JSON: {name} is not a string")))?;
            match self.schema(kind).live(name) {
                None => problems.push(PropertyProblem {
                    name: name.clone(),
                    code: "PROPERTY_DOESNT_EXIST",
                    message: format!("Property \"{name}\" does not exist"),
                }),
                Some(definition) => match self.stored_form(definition, on, &raw) {
                    Ok(value) => values.extend(value.map(|value| (Arc::clone(&definition.name), value))),
                    Err(problem) => problems.push(problem),
                },
            }
        }
        if kind == Kind::Deal {
            problems.extend(self.stage_problem(on, &values));
        }
        if problems.is_empty() { Ok(values) } else { Err(ApiError::values(self.id, &problems)) }
    }

    /// What a written value is stored as; nothing where it is passed over without a word: a lifecycle stage only
    /// moves forward, and goes back by way of no stage at all (reference 2.5).
    fn stored_form(
        &self,
        definition: &Definition,
        on: Option<&Record>,
        raw: &str,
    ) -> Result<Option<String>, PropertyProblem> {
        let present = on.and_then(|record| record.stored(&definition.name));
        let raw = appended(definition, present, raw).unwrap_or_else(|| raw.to_owned());
        let value = canonical(definition, &raw)?;
        if self.phone_validation && is_phone(definition) && !value.is_empty() {
            return validated_phone(definition, &value).map(Some);
        }
        let rank = |stage: &str| definition.options.iter().position(|option| option.value == stage);
        let goes_back = &*definition.name == "lifecyclestage"
            && present.and_then(rank).is_some_and(|now| rank(&value).is_some_and(|then| then < now));
        Ok((!goes_back).then_some(value))
    }

    /// A stage must be one of the deal's pipeline, and a pipeline one of the portal's.
    fn stage_problem(&self, on: Option<&Record>, values: &[(Arc<str>, String)]) -> Option<PropertyProblem> {
        let written = |name: &str| values.iter().find(|(n, _)| &**n == name).map(|(_, v)| v.as_str());
        let problem = |name: &str, value: &str| {
            let message = format!("{value} was not one of the allowed options");
            Some(PropertyProblem { name: name.to_owned(), code: "INVALID_OPTION", message })
        };
        let pipeline =
            written("pipeline").or_else(|| on.and_then(|deal| deal.stored("pipeline"))).unwrap_or("default");
        if !self.pipelines.iter().any(|known| known.id == pipeline) {
            return problem("pipeline", pipeline);
        }
        let stage = written("dealstage").filter(|stage| !stage.is_empty())?;
        if self.stage(pipeline, stage).is_none() { problem("dealstage", stage) } else { None }
    }

    fn check_keys(
        &self,
        kind: Kind,
        on: Option<u64>,
        id: u64,
        values: &[(Arc<str>, String)],
        claims: &mut Claims,
    ) -> Result<(), ApiError> {
        let schema = self.schema(kind);
        let keys: Vec<_> = values
            .iter()
            .filter(|(name, value)| !value.is_empty() && schema.live(name).is_some_and(|d| d.is_key()))
            .collect();
        for (name, value) in &keys {
            let claimed = claims.held.get(&(Arc::clone(name), value.clone())).copied();
            let holder = claimed.or_else(|| self.store(kind).holder(name, value));
            match holder.filter(|holder| Some(*holder) != on) {
                None => {}
                Some(holder) if on.is_none() && &**name == "email" => {
                    return Err(ApiError::contact_exists(holder));
                }
                Some(holder) => return Err(ApiError::value_taken(kind, name, value, id, holder)),
            }
        }
        claims.held.extend(keys.into_iter().map(|key| (key.clone(), id)));
        Ok(())
    }

    fn association(&self, kind: Kind, input: &AssociationInput) -> Result<Tie, ApiError> {
        let labels = self.labels_meant(kind, &input.types)?;
        let id = text(&input.to.id).unwrap_or_default();
        let to = self.resolve(kind.other(), &id).ok_or_else(|| {
            ApiError::invalid(format!(
                "Cannot associate with {} {id}: it does not exist",
                kind.other().singular()
            ))
        })?;
        Ok(Tie { to, labels })
    }
}

/// A JSON scalar as text; HubSpot's values are all text, and it takes numbers and truth values for it.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}
