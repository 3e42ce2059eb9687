//! Every status and every body with which HubSpot refuses (reference section 2.3 and 6), in one table.

use serde_json::{Value, json};

use super::{App, CONTACTS, CONTROL, DEALS};

const PROPERTIES: &str = "/crm/properties/2026-09/contacts";

/// One call that is refused.
struct Refusal {
    /// What the account is like: control calls below the account.
    before: Vec<(&'static str, Value)>,
    call: (&'static str, String, Value),
    /// How often it is made; the last answer counts.
    times: usize,
    status: u16,
    category: Option<&'static str>,
    /// What must stand in the body, as text.
    marker: String,
}

fn refusal(
    call: (&'static str, String, Value),
    status: u16,
    category: &'static str,
    marker: &str,
) -> Refusal {
    let category = Some(category).filter(|category| !category.is_empty());
    Refusal { before: Vec::new(), call, times: 1, status, category, marker: marker.to_owned() }
}

impl Refusal {
    fn when(mut self, control: &'static str, body: Value) -> Self {
        self.before.push((control, body));
        self
    }
}

fn create(properties: Value) -> (&'static str, String, Value) {
    let mut body = json!({});
    body["properties"] = properties;
    ("POST", CONTACTS.to_owned(), body)
}

fn property(name: &str, unique: bool) -> Value {
    json!({"name": name, "label": name, "type": "string", "fieldType": "text", "groupName": "storeganise",
           "hasUniqueValue": unique})
}

/// An account with two contacts, ten unique properties, and a locked contact.
async fn scene() -> (App, [String; 3]) {
    let app = App::prepared().await;
    for number in 1..10 {
        assert_eq!(app.post(PROPERTIES, property(&format!("key_{number}"), true)).await.status, 201);
    }
    let ann = app.contact(json!({"email": "ann@example.com"})).await;
    let bo = app.contact(json!({"email": "bo@example.com", "firstname": "Bo"})).await;
    let locked = app.contact(json!({"email": "locked@example.com"})).await;
    app.person.post(&format!("{CONTROL}/contacts/{locked}/lock"), json!({"ms": 2_000})).await;
    (app, [ann, bo, locked])
}

fn values_and_rules(bo: &str) -> Vec<Refusal> {
    let invalid = |property: &str, value: &str, code: &str| {
        refusal(
            create(json!({property: value})),
            400,
            "VALIDATION_ERROR",
            &format!("\\\"error\\\":\\\"{code}\\\""),
        )
    };
    let patch = |properties: Value| ("PATCH", format!("{CONTACTS}/{bo}"), json!({"properties": properties}));
    let rules = json!({"required": ["company"], "conditional": [
        {"when": {"property": "country", "value": "Norway"}, "requires": ["state"]},
    ]});
    vec![
        invalid("email", "nobody", "INVALID_EMAIL"),
        invalid("unheard_of", "1", "PROPERTY_DOESNT_EXIST"),
        invalid("lifecyclestage", "retired", "INVALID_OPTION"),
        invalid("createdate", "2026-01-01", "READ_ONLY_VALUE"),
        invalid("firstname", "https://example.com", "FAILED_VALIDATION"),
        invalid("phone", "020 7946 0123", "INVALID_PHONE_NUMBER")
            .when("rules", json!({"phone_validation": true})),
        refusal(
            create(json!({"email": "c@example.com"})),
            400,
            "VALIDATION_ERROR",
            "MISSING_REQUIRED_PROPERTY",
        )
        .when("rules", rules),
        refusal(
            patch(json!({"country": "Norway"})),
            400,
            "VALIDATION_ERROR",
            "\"message\":\"state is required because of a conditional property rule based on [country]\"",
        ),
        refusal(
            patch(json!({"country": "Norway"})),
            400,
            "VALIDATION_ERROR",
            "MISSING_CONDITIONAL_REQUIRED_PROPERTY",
        ),
        refusal(
            patch(json!({"email": "ann@example.com"})),
            400,
            "VALIDATION_ERROR",
            " already has that value.",
        )
        .when("rules", json!({})),
        refusal(create(json!({"email": ["x"]})), 400, "VALIDATION_ERROR", "Invalid input JSON"),
    ]
}

fn requests(ann: &str, locked: &str) -> Vec<Refusal> {
    let at = |method, path: String, body| (method, path, body);
    let many: Vec<Value> = (0..101).map(|n| json!({"id": n.to_string()})).collect();
    let by_email = json!({"inputs": [{"id": "a@example.com", "idProperty": "email", "properties": {}}]});
    vec![
        refusal(
            at("POST", CONTACTS.to_owned(), json!("text")),
            400,
            "VALIDATION_ERROR",
            "Invalid input JSON",
        ),
        refusal(
            at("POST", format!("{CONTACTS}/batch/read"), json!({"inputs": many})),
            400,
            "VALIDATION_ERROR",
            "The maximum number of inputs supported in a batch request is 100.",
        ),
        refusal(
            at("POST", format!("{CONTACTS}/batch/update"), by_email),
            400,
            "VALIDATION_ERROR",
            "Unable to perform update/upsert by non-unique 0-1 property email in portal ID 1234567",
        ),
        refusal(
            at("POST", PROPERTIES.to_owned(), property("key_10", true)),
            400,
            "VALIDATION_ERROR",
            "UNIQUE_PROPERTY_LIMIT_EXCEEDED",
        ),
        refusal(
            at("PATCH", format!("{PROPERTIES}/key_1"), json!({"hasUniqueValue": false})),
            400,
            "VALIDATION_ERROR",
            "hasUniqueValue",
        ),
        refusal(
            at("DELETE", format!("{PROPERTIES}/key_1"), Value::Null),
            400,
            "VALIDATION_ERROR",
            "\"subCategory\":\"PropertyValidationError.CANNOT_DELETE_PROPERTY_IN_USE\"",
        )
        .when("rules", json!({"required": ["key_1"]})),
        refusal(
            at("DELETE", format!("{PROPERTIES}/groups/storeganise"), Value::Null),
            400,
            "",
            "\\\"subCategory\\\":\\\"PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES\\\"",
        )
        .when("rules", json!({})),
        refusal(
            at("POST", DEALS.to_owned(), json!({"properties": {"dealname": "A"}})),
            403,
            "MISSING_SCOPES",
            "\"requiredGranularScopes\":[\"crm.objects.deals.write\"]",
        ),
        refusal(
            at("GET", format!("{CONTACTS}/1"), Value::Null),
            404,
            "OBJECT_NOT_FOUND",
            "Object not found.",
        ),
        refusal(at("GET", format!("{PROPERTIES}/none"), Value::Null), 404, "OBJECT_NOT_FOUND", "none"),
        refusal(at("GET", format!("{PROPERTIES}/groups/none"), Value::Null), 404, "OBJECT_NOT_FOUND", "none"),
        refusal(
            create(json!({"email": "ANN@example.com"})),
            409,
            "CONFLICT",
            &format!("\"message\":\"Contact already exists. Existing ID: {ann}\""),
        ),
        refusal(
            at("POST", PROPERTIES.to_owned(), property("key_1", true)),
            409,
            "OBJECT_ALREADY_EXISTS",
            "\"subCategory\":\"Properties.PROPERTY_WITH_NAME_EXISTS\"",
        ),
        refusal(
            at("GET", format!("{CONTACTS}?properties={}", "a".repeat(17_000)), Value::Null),
            414,
            "",
            "URI Too Long",
        ),
        refusal(
            at("PATCH", format!("{CONTACTS}/{locked}"), json!({"properties": {"city": "Rye"}})),
            423,
            "",
            "locked",
        ),
        refusal(at("DELETE", format!("{CONTACTS}/{locked}"), Value::Null), 423, "", "locked"),
    ]
}

fn limits() -> Vec<Refusal> {
    let list = || ("GET", CONTACTS.to_owned(), Value::Null);
    let search = ("POST", format!("{CONTACTS}/search"), json!({}));
    let unlimited = json!({"plan": "marketplace"});
    vec![
        refusal(list(), 429, "", "\"policyName\":\"TEN_SECONDLY_ROLLING\"")
            .when("limits", json!({"per_window": 0})),
        refusal(list(), 429, "", "\"policyName\":\"DAILY\"")
            .when("limits", json!({"plan": "enterprise", "daily": 0})),
        refusal(search.clone(), 429, "", "You have reached your daily limit."),
        Refusal { times: 6, ..refusal(search, 429, "", "\"policyName\":\"SECONDLY\"") }
            .when("limits", unlimited),
        refusal(list(), 477, "", "Migration in progress").when("migration", json!({"retry_after_s": 30})),
    ]
}

#[tokio::test]
async fn every_refusal_has_its_status_its_category_and_its_words() {
    let (mut app, [ann, bo, locked]) = scene().await;
    let table = [values_and_rules(&bo), requests(&ann, &locked), limits()];
    for refusal in table.into_iter().flatten() {
        check(&app, refusal).await;
    }
    app.person.post(&format!("{CONTROL}/migration"), json!({"retry_after_s": null})).await;
    assert_eq!(app.get(CONTACTS).await.status, 200, "the account has moved");

    let list = || ("GET", CONTACTS.to_owned(), Value::Null);
    app.person.world.clock.advance(1_800_000);
    check(&app, refusal(list(), 401, "EXPIRED_AUTHENTICATION", "\"expire time\"")).await;
    app.token = "unheard-of".to_owned();
    check(&app, refusal(list(), 401, "INVALID_AUTHENTICATION", "Authentication credentials not found")).await;
}

async fn check(app: &App, refusal: Refusal) {
    for (control, body) in refusal.before {
        app.person.post(&format!("{CONTROL}/{control}"), body).await;
    }
    let (method, path, body) = refusal.call;
    for _ in 1..refusal.times {
        assert_eq!(app.ask(method, &path, body.clone()).await.status, 200);
    }
    let answer = app.ask(method, &path, body).await;
    let about = format!("{method} {} -> {}", &path[..path.len().min(100)], answer.body);
    assert_eq!(answer.status.as_u16(), refusal.status, "{about}");
    assert_eq!(answer.body.get("category").and_then(Value::as_str), refusal.category, "{about}");
    assert_eq!(answer.body["status"], "error", "{about}");
    assert!(answer.body["correlationId"].as_str().is_some_and(|id| id.len() == 36), "{about}");
    assert!(answer.body.to_string().contains(&refusal.marker), "{} in {about}", refusal.marker);
}

#[tokio::test]
async fn a_group_in_use_is_refused_by_a_body_within_a_body() {
    let (app, _) = scene().await;
    let refused = app.ask("DELETE", &format!("{PROPERTIES}/groups/storeganise"), Value::Null).await;
    let nested: Value = serde_json::from_str(refused.message()).unwrap();
    assert_eq!((refused.body.get("category"), &nested["category"]), (None, &json!("VALIDATION_ERROR")));
    assert_eq!(nested["message"], "Can't delete or purge a group with active properties");
    assert_eq!(nested["correlationId"], refused.body["correlationId"]);
}

#[tokio::test]
async fn a_lock_ends_with_its_time_and_a_locked_row_leaves_the_others_of_a_batch_alone() {
    let (app, [ann, _, locked]) = scene().await;
    let row =
        |id: &str, trace: &str| json!({"id": id, "objectWriteTraceId": trace, "properties": {"city": "Rye"}});
    let rows = json!({"inputs": [row(&ann, "t1"), row(&locked, "t2")]});
    let mixed = app.post(&format!("{CONTACTS}/batch/update"), rows).await;
    assert_eq!((mixed.status.as_u16(), &mixed.body["numErrors"]), (207, &json!(1)));
    assert_eq!(mixed.body["errors"][0]["context"]["objectWriteTraceId"], json!(["t2"]));
    let merge = json!({"primaryObjectId": ann, "objectIdToMerge": locked});
    assert_eq!(app.post(&format!("{CONTACTS}/merge"), merge).await.status, 423);
    let city = json!({"properties": {"city": "Hythe"}});
    let path = format!("{CONTACTS}/{locked}");
    app.person.world.clock.advance(1_999);
    assert_eq!(app.ask("PATCH", &path, city.clone()).await.status, 423);
    assert_eq!(app.get(&path).await.status, 200, "reading is free");
    app.person.world.clock.advance(1);
    assert_eq!(app.ask("PATCH", &path, city).await.status, 200);
}

#[tokio::test]
async fn a_moving_account_says_how_long_to_wait_and_takes_no_place_of_the_limit() {
    let app = App::connected().await;
    app.person.post(&format!("{CONTROL}/migration"), json!({"retry_after_s": 86_400})).await;
    for (method, path) in [("GET", CONTACTS.to_owned()), ("POST", format!("{CONTACTS}/search"))] {
        let answer = app.ask(method, &path, json!({})).await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (477, "86400"));
    }
    app.person.post(&format!("{CONTROL}/migration"), json!({"retry_after_s": null})).await;
    assert_eq!(app.get(CONTACTS).await.header("x-hubspot-ratelimit-remaining"), "109");
}
