//! The error bodies of the CRM API, word for word as they are on the wire, and the same errors as rows of a
//! batch. The token endpoint has bodies of its own: see `oauth::token_error`.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::{Map, Value, json};

use super::crm::kind::Kind;

/// What the CRM API answers when it refuses.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    status: StatusCode,
    body: Map<String, Value>,
    /// Whether the body stands as text in the message of another one.
    is_nested: bool,
    retry_after_s: Option<u64>,
}

/// What is wrong with one property of a write.
#[derive(Debug, Clone)]
pub(crate) struct PropertyProblem {
    /// The property.
    pub(crate) name: String,
    /// HubSpot's code, such as `INVALID_EMAIL`.
    pub(crate) code: &'static str,
    /// The text for people.
    pub(crate) message: String,
}

impl ApiError {
    fn new(status: StatusCode, category: &str, message: impl Into<String>) -> Self {
        let Value::Object(body) = json!({"status": "error", "message": message.into(), "category": category})
        else {
            unreachable!("an object literal is an object")
        };
        Self { status, body, is_nested: false, retry_after_s: None }
    }

    /// An error of which HubSpot's pages tell the status alone: a body without a category.
    fn bare(status: u16, message: &str) -> Self {
        let status = StatusCode::from_u16(status).expect("the statuses of this file have three digits");
        let mut error = Self::new(status, "", message);
        error.body.remove("category");
        error
    }

    fn with(mut self, key: &str, value: Value) -> Self {
        self.body.insert(key.to_owned(), value);
        self
    }

    /// 400: the request itself cannot be used.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "VALIDATION_ERROR", message)
    }

    /// 400 with a code of its own among `errors`.
    pub(crate) fn invalid_with_code(message: &str, code: &str, context: &Value) -> Self {
        Self::invalid(message).with("errors", json!([{"message": message, "code": code, "context": context}]))
    }

    /// 400: a property that the portal's admin wants of every contact.
    pub(crate) fn required(property: &str) -> Self {
        let message = format!("A value for {property} must be provided");
        let context = json!({"propertyName": [property]});
        Self::invalid_with_code(&message, "MISSING_REQUIRED_PROPERTY", &context)
    }

    /// 400: a property that the portal's admin wants because of the value of another.
    pub(crate) fn required_by_condition(property: &str, because_of: &str) -> Self {
        let message =
            format!("{property} is required because of a conditional property rule based on [{because_of}]");
        let context = json!({"propertyName": [property]});
        Self::invalid_with_code(&message, "MISSING_CONDITIONAL_REQUIRED_PROPERTY", &context)
    }

    /// 400: a property that something uses cannot be archived.
    pub(crate) fn property_in_use(name: &str, uses: usize) -> Self {
        let message = format!("{name} is currently used in {uses} places and cannot be deleted");
        Self::invalid_within("PropertyValidationError.CANNOT_DELETE_PROPERTY_IN_USE", &message)
            .with("context", json!({"usageCount": [uses.to_string()]}))
    }

    /// 400: a group with properties cannot be archived; the one body that comes within another (reference 3).
    pub(crate) fn group_in_use() -> Self {
        let message = "Can't delete or purge a group with active properties";
        let error = Self::invalid_within("PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES", message);
        Self { is_nested: true, ..error }
    }

    /// 400 with a sub-category.
    pub(crate) fn invalid_within(sub_category: &str, message: &str) -> Self {
        Self::invalid(message).with("subCategory", sub_category.into())
    }

    /// 400: the values of a write, the list of problems put into the message as text.
    pub(crate) fn values(portal: u64, problems: &[PropertyProblem]) -> Self {
        let items: Vec<Value> = problems
            .iter()
            .map(|problem| {
                json!({
                    "isValid": false, "message": problem.message, "error": problem.code,
                    "name": problem.name, "localizedErrorMessage": problem.message, "portalId": portal,
                })
            })
            .collect();
        Self::invalid(format!("Property values were not valid: {}", Value::Array(items)))
    }

    /// 400: a unique value that record `holder` already has.
    pub(crate) fn value_taken(kind: Kind, property: &str, value: &str, on: u64, holder: u64) -> Self {
        Self::invalid(format!(
            "Cannot set PropertyValueCoordinates{{objectTypeId={}, propertyName={property}, value={value}}} \
             on {on}. {holder} already has that value.",
            kind.type_id()
        ))
    }

    /// 400: a write keyed on a property that does not tell records apart.
    pub(crate) fn not_unique(kind: Kind, property: &str, portal: u64) -> Self {
        Self::invalid(format!(
            "Unable to perform update/upsert by non-unique {} property {property} in portal ID {portal}",
            kind.type_id()
        ))
    }

    /// 401: no token, or one HubSpot does not know.
    pub(crate) fn unauthenticated() -> Self {
        let message = "Authentication credentials not found. This API supports OAuth 2.0 authentication and \
            you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview";
        Self::new(StatusCode::UNAUTHORIZED, "INVALID_AUTHENTICATION", message)
    }

    /// 401: a developer's key that HubSpot does not know.
    pub(crate) fn unknown_key() -> Self {
        let link = "https://app.hubspot.com/l/api-key/";
        let message = format!("The API key provided is invalid. View or manage your API key here: {link}");
        Self::new(StatusCode::UNAUTHORIZED, "INVALID_AUTHENTICATION", message)
            .with("links", json!({"api key": link}))
    }

    /// 401: a token past its time.
    pub(crate) fn expired(expired_at: &str) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "EXPIRED_AUTHENTICATION",
            format!("The OAuth token used to make this call expired at {expired_at}."),
        )
        .with("context", json!({"expire time": [expired_at]}))
    }

    /// 403: the installation does not carry any of these scopes.
    pub(crate) fn missing_scopes(any_of: &[&str]) -> Self {
        let message = "This app hasn't been granted all required scopes to make this call. Read more about \
            required scopes here: https://developers.hubspot.com/scopes.";
        Self::new(StatusCode::FORBIDDEN, "MISSING_SCOPES", message)
            .with(
                "errors",
                json!([{
                    "message": "One or more of the following scopes are required.",
                    "context": {"requiredGranularScopes": any_of},
                }]),
            )
            .with("links", json!({"scopes": "https://developers.hubspot.com/scopes"}))
    }

    /// 404: a single record.
    pub(crate) fn no_record(id: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "OBJECT_NOT_FOUND",
            "Object not found.  objectId are usually numeric.",
        )
        .with("context", json!({"id": [id]}))
    }

    /// 404: records of a batch.
    pub(crate) fn no_records(kind: Kind, ids: &[String]) -> Self {
        let message = format!(
            "Could not get some {} objects, they may be deleted or not exist. Check that ids are valid.",
            kind.shouted()
        );
        Self::new(StatusCode::NOT_FOUND, "OBJECT_NOT_FOUND", message).with("context", json!({"ids": ids}))
    }

    /// 404: anything else.
    pub(crate) fn not_found(message: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "OBJECT_NOT_FOUND", message)
    }

    /// 405: the path is known, but not for this method.
    pub(crate) fn method_not_allowed(method: &http::Method) -> Self {
        let message = format!("The method {method} is not allowed for this path.");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message)
    }

    /// 501: HubSpot has it, the sandbox has not.
    pub(crate) fn not_simulated(what: &str) -> Self {
        let message = format!("The sandbox does not simulate {what}");
        Self::new(StatusCode::NOT_IMPLEMENTED, "SANDBOX_NOT_SIMULATED", message)
    }

    /// 409: the address belongs to a contact already.
    pub(crate) fn contact_exists(id: u64) -> Self {
        Self::new(StatusCode::CONFLICT, "CONFLICT", format!("Contact already exists. Existing ID: {id}"))
    }

    /// 409: there is such a thing already.
    pub(crate) fn conflict(message: &str) -> Self {
        Self::new(StatusCode::CONFLICT, "CONFLICT", message)
    }

    /// 409: two rows of one batch have the same key.
    pub(crate) fn same_key_twice(key: &str) -> Self {
        Self::new(StatusCode::CONFLICT, "CONFLICT", format!("Duplicate values found in batch input: [{key}]"))
    }

    /// 409: a definition of this name exists.
    pub(crate) fn already_exists(sub_category: &str, message: &str) -> Self {
        Self::new(StatusCode::CONFLICT, "OBJECT_ALREADY_EXISTS", message)
            .with("subCategory", sub_category.into())
    }

    /// 414: an address nobody reads to its end.
    pub(crate) fn uri_too_long() -> Self {
        Self::bare(414, "URI Too Long")
    }

    /// 414: more addresses than one contact may have.
    pub(crate) fn too_many_identities(max: usize) -> Self {
        Self::bare(414, &format!("Cannot have more than {max} identities on a profile"))
    }

    /// 423: the record is being written to.
    pub(crate) fn locked(id: u64) -> Self {
        Self::bare(423, &format!("The record {id} is locked"))
    }

    /// 477: the account is being moved between data centres.
    pub(crate) fn migrating(retry_after_s: u64) -> Self {
        let error = Self::bare(477, "Migration in progress");
        Self { retry_after_s: Some(retry_after_s), ..error }
    }

    /// 429: a limit is reached; this one body has an `errorType` and a policy instead of a category.
    pub(crate) fn limited(message: &str, policy: &str, group: &str) -> Self {
        Self::bare(429, message)
            .with("errorType", "RATE_LIMIT".into())
            .with("policyName", policy.into())
            .with("groupName", group.into())
    }

    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The text for people.
    pub(crate) fn message(&self) -> &str {
        self.body.get("message").and_then(Value::as_str).unwrap_or_default()
    }

    /// The error as one row of a batch, with the row's trace id where it has one.
    pub(crate) fn row(&self, trace: Option<&str>) -> Value {
        let mut row = self.body.clone();
        if let Some(trace) = trace {
            let context = row.entry("context").or_insert_with(|| json!({}));
            context["objectWriteTraceId"] = json!([trace]);
        }
        Value::Object(row)
    }
}

impl IntoResponse for ApiError {
    fn into_response(mut self) -> Response {
        let id = correlation_id();
        self.body.insert("correlationId".to_owned(), id.as_str().into());
        let body = match self.is_nested {
            true => {
                json!({"status": "error", "message": Value::Object(self.body).to_string(), "correlationId": id})
            }
            false => Value::Object(self.body),
        };
        let mut response = (self.status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// A UUID that only has to differ from the others of this process.
pub(super) fn correlation_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("5a4db0c5-0000-4000-8000-{count:012x}")
}
