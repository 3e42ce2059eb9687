//! What HubSpot says is wrong, reduced to what may be kept: codes, ids and names of properties.
//!
//! Its texts quote values, so they are searched here for the few things we need and then dropped.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::lenient;

/// What is wrong with a call or with one row of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status; absent for one row of a batch.
    pub status: Option<u16>,
    /// HubSpot's category, such as `VALIDATION_ERROR`.
    pub category: Option<String>,
    /// What HubSpot's support asks for.
    pub correlation_id: Option<String>,
    /// The record that is in the way, where the answer names one.
    pub existing_id: Option<String>,
    /// The property whose value that record holds already, where the answer names it.
    pub taken: Option<String>,
    /// The properties that were refused.
    pub fields: Vec<FieldProblem>,
    /// Which limit was reached, such as `TEN_SECONDLY_ROLLING`.
    pub policy: Option<String>,
    /// The scopes a call would have needed.
    pub missing_scopes: Vec<String>,
}

/// One property that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// The property's name; empty where the answer does not say.
    pub name: String,
    /// HubSpot's code, such as `INVALID_EMAIL`.
    pub code: String,
}

/// An error as it stands in an answer: of a whole call, of a row, or inside another one.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Envelope {
    #[serde(deserialize_with = "lenient::optional_text")]
    category: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text")]
    error_type: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text")]
    code: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text", rename = "in")]
    place: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text")]
    message: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text")]
    correlation_id: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text")]
    policy_name: Option<String>,
    #[serde(deserialize_with = "lenient::or_empty")]
    context: Map<String, Value>,
    #[serde(deserialize_with = "lenient::or_empty")]
    errors: Vec<Envelope>,
}

impl Problem {
    /// Reads the body of an answer that is no success; one that is not JSON leaves only the status.
    #[must_use]
    pub fn of_answer(status: u16, body: &[u8]) -> Self {
        let envelope: Envelope = serde_json::from_slice(body).unwrap_or_default();
        Self { status: Some(status), ..Self::from(&envelope) }
    }

    /// HubSpot's own code for what is wrong: a field's, else the category.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        let coded = self.fields.iter().map(|field| field.code.as_str()).find(|code| !code.is_empty());
        coded.or(self.category.as_deref())
    }

    /// Whether it is the value of this property that another record holds.
    #[must_use]
    pub fn is_taken(&self, property: &str) -> bool {
        self.existing_id.is_some() && self.taken.as_deref() == Some(property)
    }
}

impl From<&Envelope> for Problem {
    fn from(envelope: &Envelope) -> Self {
        let all = || std::iter::once(envelope).chain(&envelope.errors);
        Self {
            status: None,
            category: envelope.category.as_deref().or(envelope.error_type.as_deref()).and_then(word),
            correlation_id: envelope.correlation_id.clone().filter(|id| is_plain(id)),
            existing_id: all().filter_map(|e| e.message.as_deref()).find_map(existing_id),
            taken: all().filter_map(|e| e.message.as_deref()).find_map(taken),
            fields: fields(all()),
            policy: envelope.policy_name.as_deref().and_then(word),
            missing_scopes: missing_scopes(all()),
        }
    }
}

impl Envelope {
    /// The values under a key of the context, of which there may be one or a list.
    pub(crate) fn context(&self, key: &str) -> Vec<String> {
        match self.context.get(key) {
            Some(Value::Array(values)) => values.iter().filter_map(lenient::text_of).collect(),
            Some(value) => lenient::text_of(value).into_iter().collect(),
            None => Vec::new(),
        }
    }
}

fn fields<'a>(errors: impl Iterator<Item = &'a Envelope>) -> Vec<FieldProblem> {
    let mut fields: Vec<FieldProblem> = Vec::new();
    for error in errors {
        let coded = error.code.as_deref().and_then(word);
        let listed = coded.into_iter().flat_map(|code| {
            let names = named_properties(error);
            names.into_iter().map(move |name| FieldProblem { name, code: code.clone() })
        });
        let quoted = error.message.as_deref().map(quoted_fields).unwrap_or_default();
        for field in listed.chain(quoted) {
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
    }
    fields
}

/// Where an item of `errors` names its property differs from one code to the next.
fn named_properties(error: &Envelope) -> Vec<String> {
    const KEYS: [&str; 4] = ["propertyName", "propertyNames", "properties", "name"];
    let named = KEYS.iter().map(|key| error.context(key)).find(|names| !names.is_empty());
    let names = named.unwrap_or_else(|| error.place.clone().into_iter().collect());
    let names: Vec<String> = names.iter().filter_map(|name| word(name)).collect();
    if names.is_empty() { vec![String::new()] } else { names }
}

/// The list inside `Property values were not valid: [{"name":..,"error":..}]`.
fn quoted_fields(message: &str) -> Vec<FieldProblem> {
    #[derive(Deserialize)]
    struct Quoted {
        #[serde(default, deserialize_with = "lenient::optional_text")]
        name: Option<String>,
        #[serde(default, deserialize_with = "lenient::optional_text")]
        error: Option<String>,
    }
    let Some((_, text)) = message.split_once("Property values were not valid:") else { return Vec::new() };
    // Read as a stream, so that text after the list does no harm.
    let mut list = serde_json::Deserializer::from_str(text).into_iter::<Vec<Quoted>>();
    let quoted = list.next().and_then(Result::ok).unwrap_or_default();
    quoted
        .into_iter()
        .map(|q| FieldProblem {
            name: q.name.as_deref().and_then(word).unwrap_or_default(),
            code: q.error.as_deref().and_then(word).unwrap_or_default(),
        })
        .collect()
}

/// The id in `Contact already exists. Existing ID: 123`, or the last one in
/// `Cannot set PropertyValueCoordinates{...} on 1. 2 already has that value.`
fn existing_id(message: &str) -> Option<String> {
    if let Some((_, rest)) = message.split_once("Existing ID:") {
        let rest = rest.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        return (end > 0).then(|| rest[..end].to_owned());
    }
    if !message.contains("PropertyValueCoordinates") {
        return None;
    }
    let (before, _) = message.rsplit_once(" already has that value")?;
    let start = before.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
    (start < before.len()).then(|| before[start..].to_owned())
}

/// The property in `Cannot set PropertyValueCoordinates{..., propertyName=email, value=...} on 1. 2 already has …`.
fn taken(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("PropertyValueCoordinates{")?;
    let (_, rest) = rest.split_once("propertyName=")?;
    word(rest.split([',', '}']).next()?.trim())
}

fn missing_scopes<'a>(errors: impl Iterator<Item = &'a Envelope>) -> Vec<String> {
    let named = errors.flat_map(|error| {
        let mut scopes = error.context("requiredGranularScopes");
        scopes.extend(error.context("requiredScopes"));
        scopes
    });
    let mut scopes: Vec<String> = named.filter_map(|scope| word(&scope)).collect();
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

/// Lets through what has the form of a code or of a property's name, and so is no sentence, e-mail or phone.
fn word(text: &str) -> Option<String> {
    (text.starts_with(|c: char| c.is_ascii_alphabetic()) && is_plain(text)).then(|| text.to_owned())
}

fn is_plain(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':');
    text.len() <= 128 && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problem(body: &Value) -> Problem {
        Problem::of_answer(400, body.to_string().as_bytes())
    }

    fn field(name: &str, code: &str) -> FieldProblem {
        FieldProblem { name: name.to_owned(), code: code.to_owned() }
    }

    #[test]
    fn invalid_properties_are_named_with_their_codes_and_without_their_values() {
        let list = json!([
            { "isValid": false, "message": "Email address jane@@example.com is invalid", "error": "INVALID_EMAIL",
              "name": "email", "localizedErrorMessage": "jane@@example.com" },
            { "isValid": false, "message": "no", "error": "PROPERTY_DOESNT_EXIST", "name": "shoe_size" },
        ]);
        let problem = problem(&json!({
            "status": "error", "category": "VALIDATION_ERROR", "correlationId": "7fcb4b1a-0000-4000-8000-0123456789ab",
            "message": format!("Property values were not valid: {list}"),
        }));
        assert_eq!(
            problem.fields,
            [field("email", "INVALID_EMAIL"), field("shoe_size", "PROPERTY_DOESNT_EXIST")]
        );
        assert_eq!(problem.category.as_deref(), Some("VALIDATION_ERROR"));
        assert_eq!(problem.correlation_id.as_deref(), Some("7fcb4b1a-0000-4000-8000-0123456789ab"));
        assert!(!format!("{problem:?}").contains("jane"));
    }

    #[test]
    fn a_rule_of_the_portal_names_its_property() {
        let problem = problem(&json!({
            "category": "VALIDATION_ERROR", "message": "a required property is missing",
            "errors": [
                { "message": "x", "code": "MISSING_REQUIRED_PROPERTY", "context": { "propertyName": ["company"] } },
                { "message": "x", "code": "MISSING_CONDITIONAL_REQUIRED_PROPERTY", "in": "phone" },
                { "message": "x", "code": "MISSING_REQUIRED_PROPERTY", "in": "the field of jane@example.com" },
            ],
        }));
        let expected = [
            field("company", "MISSING_REQUIRED_PROPERTY"),
            field("phone", "MISSING_CONDITIONAL_REQUIRED_PROPERTY"),
            field("", "MISSING_REQUIRED_PROPERTY"),
        ];
        assert_eq!(problem.fields, expected);
    }

    #[test]
    fn the_record_in_the_way_is_found_in_every_known_text() {
        for (message, expected) in [
            ("Contact already exists. Existing ID: 123", Some("123")),
            ("Contact already exists. Existing ID:987654321012.", Some("987654321012")),
            (
                "Cannot set PropertyValueCoordinates{portalId=1, objectTypeId=ObjectTypeId{legacyObjectType=CONTACT}, \
                 propertyName=email, value=jane@example.com} on 1001. 2002 already has that value.",
                Some("2002"),
            ),
            ("Existing ID: unknown", None),
            ("77 already has that value.", None),
            ("resource not found", None),
        ] {
            assert_eq!(problem(&json!({ "message": message })).existing_id.as_deref(), expected, "{message}");
            let nested = json!({ "message": "x", "errors": [{ "message": message }] });
            assert_eq!(problem(&nested).existing_id.as_deref(), expected, "nested: {message}");
            let names_the_property = message.contains("propertyName=email");
            assert_eq!(problem(&nested).is_taken("email"), names_the_property, "{message}");
        }
    }

    #[test]
    fn missing_scopes_and_the_limit_that_was_reached_are_named() {
        let refused = problem(&json!({
            "category": "MISSING_SCOPES",
            "errors": [{ "context": { "requiredGranularScopes": ["crm.objects.deals.read"] } },
                       { "context": { "requiredScopes": ["crm.objects.contacts.read", "crm.objects.deals.read"] } }],
        }));
        assert_eq!(refused.missing_scopes, ["crm.objects.contacts.read", "crm.objects.deals.read"]);
        let limited = problem(&json!({
            "status": "error", "message": "You have reached your ten_secondly_rolling limit.",
            "errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING", "correlationId": "c-1",
        }));
        assert_eq!(limited.policy.as_deref(), Some("TEN_SECONDLY_ROLLING"));
        assert_eq!(limited.category.as_deref(), Some("RATE_LIMIT"));
    }

    #[test]
    fn what_is_not_the_known_shape_leaves_only_the_status() {
        for body in ["", "<html>jane@example.com</html>", "[]", r#"{"message":7,"errors":"x","context":[]}"#]
        {
            let expected = Problem { status: Some(502), ..Problem::default() };
            assert_eq!(Problem::of_answer(502, body.as_bytes()), expected, "{body}");
        }
    }
}
