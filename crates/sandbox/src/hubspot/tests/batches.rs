//! Batches: when good rows pass beside bad ones, and when one bad row refuses them all.

use serde_json::{Value, json};

use super::{App, CONTACTS, CONTROL};

fn upsert(user: &str, email: &str, trace: &str) -> Value {
    json!({"id": user, "idProperty": "storeganise_user_id", "objectWriteTraceId": trace,
           "properties": {"email": email}})
}

#[tokio::test]
async fn one_bad_row_refuses_the_whole_batch_unless_every_row_has_a_trace_id() {
    let app = App::prepared().await;
    let path = format!("{CONTACTS}/batch/create");
    let mut rows = json!([
        {"properties": {"email": "good@example.com"}, "objectWriteTraceId": "t1"},
        {"properties": {"email": "not an address"}},
    ]);
    let refused = app.post(&path, json!({"inputs": rows})).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.body["category"], "VALIDATION_ERROR");
    assert_eq!(app.contact_count().await, 0, "nothing of a refused batch is written");

    rows[1]["objectWriteTraceId"] = json!("t2");
    let mixed = app.post(&path, json!({"inputs": rows})).await;
    assert_eq!(mixed.status, 207);
    assert_eq!(mixed.body["results"][0]["objectWriteTraceId"], "t1");
    assert_eq!(mixed.body["numErrors"], 1);
    let error = &mixed.body["errors"][0];
    assert_eq!(error["context"]["objectWriteTraceId"], json!(["t2"]));
    let problems =
        error["message"].as_str().unwrap().strip_prefix("Property values were not valid: ").unwrap();
    let problems: Value = serde_json::from_str(problems).unwrap();
    assert_eq!((&problems[0]["error"], &problems[0]["name"]), (&json!("INVALID_EMAIL"), &json!("email")));
    assert_eq!(app.contact_count().await, 1);
}

#[tokio::test]
async fn the_same_upsert_twice_makes_one_contact() {
    let app = App::prepared().await;
    let path = format!("{CONTACTS}/batch/upsert");
    let inputs =
        json!({"inputs": [upsert("u1", "Ann@Example.com", "t1"), upsert("u2", "bo@example.com", "t2")]});
    let first = app.post(&path, inputs.clone()).await;
    let second = app.post(&path, inputs).await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 200));
    for row in 0..2 {
        assert_eq!(first.body["results"][row]["new"], true);
        assert_eq!(second.body["results"][row]["new"], false);
        assert_eq!(first.body["results"][row]["id"], second.body["results"][row]["id"]);
    }
    assert_eq!(first.body["results"][0]["properties"]["email"], "ann@example.com");
    assert_eq!(app.contact_count().await, 2);
    let ledger = app.person.get(&format!("{CONTROL}/ledger")).await;
    assert_eq!((&ledger["doubles"], &ledger["created_more_than_once"]), (&json!([]), &json!({})));
}

#[tokio::test]
async fn an_upsert_of_a_known_address_under_a_new_key_names_the_contact_that_has_it() {
    let app = App::prepared().await;
    let id = app.contact(json!({"email": "ann@example.com"})).await;
    let path = format!("{CONTACTS}/batch/upsert");
    let rows =
        json!({"inputs": [upsert("u1", "ann@example.com", "t1"), upsert("u2", "bo@example.com", "t2")]});
    let answer = app.post(&path, rows).await;
    assert_eq!(answer.status, 207);
    let error = &answer.body["errors"][0];
    assert_eq!(error["category"], "CONFLICT");
    assert_eq!(error["message"], format!("Contact already exists. Existing ID: {id}"));
    assert_eq!(answer.body["results"][0]["objectWriteTraceId"], "t2");
}

#[tokio::test]
async fn an_address_is_no_key_for_updates_and_an_all_or_nothing_key_for_upserts() {
    let app = App::prepared().await;
    app.contact(json!({"email": "ann@example.com"})).await;
    let row = |email: &str, trace: &str, company: &str| {
        json!({"id": email, "idProperty": "email", "objectWriteTraceId": trace,
               "properties": {"company": company}})
    };
    let rows = json!({"inputs": [row("ann@example.com", "t1", "Crates")]});
    let update = app.post(&format!("{CONTACTS}/batch/update"), rows.clone()).await;
    assert_eq!(update.status, 400);
    let expected = "Unable to perform update/upsert by non-unique 0-1 property email in portal ID 1234567";
    assert_eq!(update.message(), expected);
    let upserted = app.post(&format!("{CONTACTS}/batch/upsert"), rows).await;
    assert_eq!((upserted.status.as_u16(), &upserted.body["results"][0]["new"]), (200, &json!(false)));
    let mixed = json!({"inputs": [row("ann@example.com", "t1", "Boxes"), row("nobody", "t2", "Boxes")]});
    assert_eq!(app.post(&format!("{CONTACTS}/batch/upsert"), mixed).await.status, 400);
}

#[tokio::test]
async fn an_address_in_the_place_of_an_id_changes_nothing_and_says_nothing() {
    let app = App::prepared().await;
    let id = app.contact(json!({"email": "ann@example.com"})).await;
    let row = json!({"id": "ann@example.com", "properties": {"company": "Crates"}});
    let answer = app.post(&format!("{CONTACTS}/batch/update"), json!({"inputs": [row]})).await;
    assert_eq!((answer.status.as_u16(), &answer.body["results"]), (200, &json!([])));
    let contact = app.get(&format!("{CONTACTS}/{id}?properties=company")).await;
    assert_eq!(contact.body["properties"]["company"], Value::Null);
}

#[tokio::test]
async fn a_hundred_and_one_rows_are_too_many_and_the_same_key_twice_is_a_conflict() {
    let app = App::prepared().await;
    let many: Vec<Value> = (0..101).map(|n| json!({"id": n.to_string(), "properties": {}})).collect();
    for call in ["create", "update", "read"] {
        let answer = app.post(&format!("{CONTACTS}/batch/{call}"), json!({"inputs": many})).await;
        assert_eq!(answer.status, 400, "{call}");
    }
    let twice = json!({"inputs": [upsert("u1", "a@example.com", "t1"), upsert("u1", "b@example.com", "t2")]});
    assert_eq!(app.post(&format!("{CONTACTS}/batch/upsert"), twice).await.status, 409);
    assert_eq!(app.contact_count().await, 0);
}

#[tokio::test]
async fn a_batch_read_answers_with_what_there_is_and_names_what_there_is_not() {
    let app = App::prepared().await;
    let id = app.contact(json!({"email": "ann@example.com", "firstname": "Ann"})).await;
    let asked = json!({
        "inputs": [{"id": "ANN@example.com"}, {"id": "bo@example.com"}], "idProperty": "email",
        "properties": ["firstname", "phone", "unheard_of"], "propertiesWithHistory": ["firstname"],
    });
    let answer = app.post(&format!("{CONTACTS}/batch/read"), asked).await;
    assert_eq!(answer.status, 207);
    let found = &answer.body["results"][0];
    assert_eq!((&found["id"], &found["properties"]["firstname"]), (&json!(id), &json!("Ann")));
    assert_eq!(found["properties"].get("phone"), Some(&Value::Null), "known and unset");
    assert_eq!(found["properties"].get("unheard_of"), None, "unknown");
    let history = &found["propertiesWithHistory"]["firstname"][0];
    assert_eq!((&history["sourceType"], &history["sourceId"]), (&json!("INTEGRATION"), &json!("7654321")));
    assert_eq!(answer.body["errors"][0]["category"], "OBJECT_NOT_FOUND");
    assert_eq!(answer.body["errors"][0]["context"]["ids"], json!(["bo@example.com"]));
}
