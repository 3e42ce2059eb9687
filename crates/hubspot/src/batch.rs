//! Batches: up to a hundred records in one request, and one shape for whatever comes back.

use std::{collections::HashSet, fmt};

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::{
    lenient,
    problem::{Envelope, Problem},
    record::{Record, Unread, Write},
};

/// How many records one request may carry.
pub const BATCH: usize = 100;

/// Which records to read, and which of their properties.
#[derive(Clone, PartialEq, Eq)]
pub struct BatchRead {
    /// Up to [`BATCH`] ids, or values of `id_property`.
    pub ids: Vec<String>,
    /// The property the ids are values of; `None` for record ids.
    pub id_property: Option<String>,
    /// The properties to read.
    pub properties: Vec<String>,
    /// The properties whose history to read, too: it makes long answers.
    pub with_history: Vec<String>,
}

/// What a batch did: the same for a whole success and for a part of one.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(from = "WireReply")]
pub struct BatchReply {
    /// The records found or written.
    pub records: Vec<Record>,
    /// The records that are not what we know.
    pub unread: Vec<Unread>,
    /// The rows that were refused or not found.
    pub errors: Vec<RowError>,
}

#[derive(Deserialize)]
struct WireReply {
    #[serde(default, deserialize_with = "lenient::null_is_empty")]
    results: Vec<Value>,
    #[serde(default, deserialize_with = "row_errors")]
    errors: Vec<RowError>,
}

impl From<WireReply> for BatchReply {
    fn from(reply: WireReply) -> Self {
        let (records, unread) = lenient::each(reply.results);
        Self { records, unread, errors: reply.errors }
    }
}

impl BatchReply {
    /// Names the request in every refusal that does not name it itself.
    pub(crate) fn correlate(&mut self, id: Option<&str>) {
        for error in &mut self.errors {
            let known = &mut error.problem.correlation_id;
            *known = known.take().or_else(|| id.map(str::to_owned));
        }
    }
}

/// What is wrong with one or more rows of a batch.
#[derive(Clone, PartialEq, Eq)]
pub struct RowError {
    /// The traces of the writes it is about; empty where HubSpot names none.
    pub traces: Vec<String>,
    /// The ids it is about. They may be e-mail addresses, so `Debug` shows only their number.
    pub ids: Vec<String>,
    /// What is wrong.
    pub problem: Problem,
}

impl BatchRead {
    /// The request's body; an id that is named twice is sent once.
    pub(crate) fn body(&self) -> Value {
        let mut seen = HashSet::new();
        let once = self.ids.iter().filter(|id| seen.insert(id.as_str()));
        let inputs: Vec<Value> = once.map(|id| json!({ "id": id })).collect();
        let mut body = json!({
            "inputs": inputs, "properties": self.properties, "propertiesWithHistory": self.with_history,
        });
        if let Some(property) = &self.id_property {
            body["idProperty"] = json!(property);
        }
        body
    }
}

/// The body of a batch that makes records; the writes' ids stay here.
pub(crate) fn new_records(writes: Vec<Write>) -> Value {
    let input = |write: Write| json!({ "properties": write.properties, "objectWriteTraceId": write.trace });
    json!({ "inputs": writes.into_iter().map(input).collect::<Vec<_>>() })
}

/// The body of a batch of writes; `id_property` is given for an upsert only.
pub(crate) fn writes(writes: Vec<Write>, id_property: Option<&str>) -> Value {
    let input = |write: Write| {
        let mut input = json!({
            "id": write.id, "properties": write.properties, "objectWriteTraceId": write.trace,
        });
        if let Some(property) = id_property {
            input["idProperty"] = json!(property);
        }
        input
    };
    json!({ "inputs": writes.into_iter().map(input).collect::<Vec<_>>() })
}

impl fmt::Debug for BatchRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchRead")
            .field("ids", &self.ids.len())
            .field("id_property", &self.id_property)
            .field("properties", &self.properties)
            .finish()
    }
}

impl fmt::Debug for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowError")
            .field("traces", &self.traces)
            .field("ids", &self.ids.len())
            .field("problem", &self.problem)
            .finish()
    }
}

fn row_errors<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<RowError>, D::Error> {
    let envelopes: Vec<Envelope> = lenient::null_is_empty(deserializer)?;
    Ok(envelopes.iter().map(RowError::from).collect())
}

impl From<&Envelope> for RowError {
    fn from(envelope: &Envelope) -> Self {
        let ids = ["ids", "id"].iter().map(|key| envelope.context(key)).find(|ids| !ids.is_empty());
        Self {
            traces: envelope.context("objectWriteTraceId"),
            ids: ids.unwrap_or_default(),
            problem: Problem::from(envelope),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::problem::FieldProblem;

    fn read(body: &Value) -> BatchReply {
        lenient::read(body.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_part_of_a_success_names_the_refused_writes_by_their_traces() {
        let reply = read(&json!({
            "status": "COMPLETE", "numErrors": 2, "startedAt": "x", "completedAt": "x",
            "results": [{ "id": "1", "properties": {}, "objectWriteTraceId": "t1" }],
            "errors": [
                { "status": "error", "category": "VALIDATION_ERROR", "context": { "objectWriteTraceId": ["t2"] },
                  "message": r#"Property values were not valid: [{"isValid":false,"error":"INVALID_EMAIL","name":"email"}]"# },
                { "status": "error", "category": "CONFLICT", "context": { "objectWriteTraceId": "t3" },
                  "message": "Contact already exists. Existing ID: 77" },
            ],
        }));
        assert_eq!(reply.records[0].trace.as_deref(), Some("t1"));
        let [invalid, taken] = reply.errors.as_slice() else { panic!("{reply:?}") };
        let expected = FieldProblem { name: "email".to_owned(), code: "INVALID_EMAIL".to_owned() };
        assert_eq!(
            (invalid.traces.as_slice(), &invalid.problem.fields),
            (&["t2".to_owned()][..], &vec![expected])
        );
        assert_eq!(taken.traces, ["t3"]);
        assert_eq!(taken.problem.existing_id.as_deref(), Some("77"));
    }

    #[test]
    fn records_that_were_not_found_are_named_by_their_ids() {
        let reply = read(&json!({
            "results": [],
            "errors": [{ "category": "OBJECT_NOT_FOUND", "message": "x", "context": { "ids": ["999", "jane@example.com"] } }],
        }));
        assert_eq!(reply.errors[0].ids, ["999", "jane@example.com"]);
        assert_eq!(reply.errors[0].problem.category.as_deref(), Some("OBJECT_NOT_FOUND"));
        assert!(!format!("{reply:?}").contains("jane"));
    }

    #[test]
    fn one_record_of_another_shape_does_not_lose_the_others() {
        let reply = read(&json!({ "results": [
            { "id": "1" }, { "id": 2, "properties": { "phone": { "jane": 1 } }, "objectWriteTraceId": "t2" },
            { "properties": {} }, 7,
        ] }));
        let unread: Vec<_> = reply.unread.iter().map(|u| (u.id.as_deref(), u.path.as_str())).collect();
        assert_eq!(reply.records.len(), 1);
        assert_eq!(unread, [(Some("2"), "properties.phone"), (None, "id"), (None, "id")]);
        assert_eq!(reply.unread[0].trace.as_deref(), Some("t2"));
    }

    #[test]
    fn a_whole_success_has_no_errors() {
        for body in
            [json!({ "results": [{ "id": "1" }] }), json!({ "results": [{ "id": "1" }], "errors": null })]
        {
            let reply = read(&body);
            assert_eq!((reply.records.len(), reply.errors.len()), (1, 0), "{body}");
        }
    }

    #[test]
    fn a_read_sends_each_id_once_and_the_property_only_where_there_is_one() {
        let mut batch = BatchRead {
            ids: ["2", "1", "2"].map(str::to_owned).to_vec(),
            id_property: None,
            properties: vec!["email".to_owned()],
            with_history: Vec::new(),
        };
        let expected = json!({ "inputs": [{ "id": "2" }, { "id": "1" }], "properties": ["email"], "propertiesWithHistory": [] });
        assert_eq!(batch.body(), expected);
        batch.id_property = Some("email".to_owned());
        assert_eq!(batch.body()["idProperty"], "email");
    }

    #[test]
    fn every_write_carries_its_trace_and_an_upsert_the_property_it_goes_by() {
        let write = || Write {
            id: "u1".to_owned(),
            trace: "t1".to_owned(),
            properties: BTreeMap::from([("phone".to_owned(), String::new())]),
        };
        assert_eq!(
            writes(vec![write()], None),
            json!({ "inputs": [{ "id": "u1", "properties": { "phone": "" }, "objectWriteTraceId": "t1" }] })
        );
        assert_eq!(
            writes(vec![write()], Some("storeganise_user_id"))["inputs"][0]["idProperty"],
            "storeganise_user_id"
        );
    }
}
