//! Writing up to a hundred records at once. Only where every row brings a trace id of its own do good rows
//! pass beside bad ones (207); otherwise one bad row refuses them all (reference section 2.2).

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value;

use super::kind::Kind;
use super::record::Author;
use super::view::View;
use super::write::{AssociationInput, Claims, Plan, Properties, text};
use crate::hubspot::error::ApiError;
use crate::hubspot::portal::Portal;

/// The most rows of a batch.
pub(crate) const BATCH_MAX: usize = 100;

/// What a batch does with its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Makes records.
    Create,
    /// Changes records.
    Update,
    /// Changes the records that hold a key and makes the others.
    Upsert,
}

/// One record to write.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Row {
    /// The id, or the key's value.
    pub(crate) id: Value,
    /// The key that `id` is a value of.
    pub(crate) id_property: Option<String>,
    /// What to write.
    pub(crate) properties: Properties,
    /// What to associate a new record with.
    pub(crate) associations: Vec<AssociationInput>,
    /// The caller's name for the row.
    pub(crate) object_write_trace_id: Option<String>,
}

/// What became of a batch.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// The records as they are now.
    pub(crate) results: Vec<Value>,
    /// The rows that were refused.
    pub(crate) errors: Vec<Value>,
}

/// Why a row cannot be written: on its own account, or because the batch makes no sense.
enum Refusal {
    Row(ApiError),
    Batch(ApiError),
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Row(error)
    }
}

/// Refuses a batch that is too long.
///
/// # Errors
/// 400 above `max` rows.
pub(crate) fn check_size(rows: usize, max: usize) -> Result<(), ApiError> {
    if rows <= max {
        return Ok(());
    }
    Err(ApiError::invalid(format!("The maximum number of inputs supported in a batch request is {max}.")))
}

impl Portal {
    /// Writes a batch.
    ///
    /// # Errors
    /// The whole batch is refused, and nothing written, when it is too long, makes no sense, or has a bad row
    /// without all rows having trace ids.
    pub(crate) fn write_batch(
        &mut self,
        kind: Kind,
        verb: Verb,
        rows: &[Row],
        mut claims: Claims,
        author: Author,
    ) -> Result<Answer, ApiError> {
        check_size(rows.len(), BATCH_MAX)?;
        check_keys_differ(verb, rows)?;
        let stands_alone = !self.all_or_nothing && are_traced(rows) && !is_keyed_by_email(verb, rows);
        let (mut plans, mut answer) = (Vec::new(), Answer::default());
        for row in rows {
            match self.plan_row(kind, verb, row, &mut claims) {
                Ok(plan) => plans.extend(plan.map(|plan| (plan, row))),
                Err(Refusal::Row(error)) if stands_alone => {
                    answer.errors.push(error.row(row.object_write_trace_id.as_deref()));
                }
                Err(Refusal::Row(error) | Refusal::Batch(error)) => return Err(error),
            }
        }
        for (plan, row) in plans {
            answer.results.push(self.write_row(kind, verb, plan, row, author));
        }
        Ok(answer)
    }

    fn plan_row(
        &mut self,
        kind: Kind,
        verb: Verb,
        row: &Row,
        claims: &mut Claims,
    ) -> Result<Option<Plan>, Refusal> {
        let plan = match verb {
            Verb::Create => self.plan_create(kind, &row.properties, &row.associations, claims)?,
            Verb::Update => match self.row_to_update(kind, row)? {
                Some(id) => self.plan_update(kind, id, &row.properties, claims)?,
                None => return Ok(None),
            },
            Verb::Upsert => self.plan_upsert(kind, row, claims)?,
        };
        Ok(Some(plan))
    }

    /// The record a row means. An address given as an id means none, and HubSpot says nothing about it.
    fn row_to_update(&self, kind: Kind, row: &Row) -> Result<Option<u64>, Refusal> {
        let key = text(&row.id).unwrap_or_default();
        let found = match row.id_property.as_deref() {
            None | Some("hs_object_id") if key.contains('@') => return Ok(None),
            None | Some("hs_object_id") => {
                key.parse().ok().and_then(|id| self.live(kind, id)).map(|record| record.id)
            }
            Some("email") => return Err(Refusal::Batch(ApiError::not_unique(kind, "email", self.id))),
            Some(property) => self.keyed(kind, property, &key).map_err(Refusal::Batch)?,
        };
        match found {
            Some(id) => Ok(Some(id)),
            None => Err(Refusal::Row(ApiError::no_records(kind, &[key]))),
        }
    }

    fn plan_upsert(&mut self, kind: Kind, row: &Row, claims: &mut Claims) -> Result<Plan, Refusal> {
        let (Some(property), Some(key)) = (row.id_property.as_deref(), text(&row.id)) else {
            return Err(Refusal::Batch(ApiError::invalid("An upsert needs an id and an idProperty")));
        };
        match self.keyed(kind, property, &key).map_err(Refusal::Batch)? {
            Some(id) => Ok(self.plan_update(kind, id, &row.properties, claims)?),
            None => {
                let mut properties = row.properties.clone();
                properties.insert(property.to_owned(), key.into());
                Ok(self.plan_create(kind, &properties, &row.associations, claims)?)
            }
        }
    }

    fn write_row(&mut self, kind: Kind, verb: Verb, plan: Plan, row: &Row, author: Author) -> Value {
        let is_new = plan.is_new;
        let id = self.carry_out(kind, plan, author);
        let mut shown = self.show_written(kind, id, &row.properties);
        if let Some(trace) = &row.object_write_trace_id {
            shown["objectWriteTraceId"] = trace.as_str().into();
        }
        if verb == Verb::Upsert {
            shown["new"] = is_new.into();
        }
        shown
    }

    /// A record as a write answers with it: what was written, and what every read brings.
    pub(crate) fn show_written(&self, kind: Kind, id: u64, written: &Properties) -> Value {
        let view = View { properties: written.keys().cloned().collect(), ..View::default() };
        self.live(kind, id).map_or(Value::Null, |record| self.show(kind, record, &view))
    }
}

/// Whether the caller can tell every row by a trace id.
fn are_traced(rows: &[Row]) -> bool {
    let traces: HashSet<&str> = rows.iter().filter_map(|row| row.object_write_trace_id.as_deref()).collect();
    traces.len() == rows.len() && !traces.contains("")
}

/// An upsert by address is not partial: HubSpot does not support that.
fn is_keyed_by_email(verb: Verb, rows: &[Row]) -> bool {
    verb == Verb::Upsert && rows.iter().any(|row| row.id_property.as_deref() == Some("email"))
}

fn check_keys_differ(verb: Verb, rows: &[Row]) -> Result<(), ApiError> {
    let mut seen = HashSet::new();
    for row in rows.iter().filter(|_| verb != Verb::Create) {
        let mut key = text(&row.id).unwrap_or_default();
        if row.id_property.as_deref() == Some("email") {
            key = key.trim().to_lowercase();
        }
        if seen.contains(&(row.id_property.as_deref(), key.clone())) {
            return Err(match verb {
                Verb::Upsert => ApiError::same_key_twice(&key),
                _ => ApiError::invalid(format!(
                    "Duplicate IDs found in batch input: [{key}]. IDs must be unique"
                )),
            });
        }
        seen.insert((row.id_property.as_deref(), key));
    }
    Ok(())
}
