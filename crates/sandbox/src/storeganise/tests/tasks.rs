//! Tasks, settings, sites, and definitions of custom fields.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{API, CONTROL, acme, refusal, user};

#[tokio::test]
async fn a_task_is_filed_listed_read_and_closed_by_the_api_or_a_person() {
    let (acme, _) = acme().await;
    let id = user(&acme, "a@example.com").await;
    let jobs = format!("{API}/jobs");
    let task = |title: &str| {
        let data = json!({"targetType": "user", "targetId": id, "title": title, "desc": "plain text"});
        json!({"type": "task", "ownerId": null, "data": data})
    };
    let first = acme.post(&jobs, task("one")).await;
    assert_eq!(
        (&first["type"], &first["state"], &first["steps"]),
        (&json!("task"), &json!("open"), &json!([]))
    );
    let second = acme.post(&jobs, task("two")).await;
    let path = format!("{jobs}/{}", first["id"].as_str().unwrap());
    assert_eq!(acme.get(&path).await, first);
    let (status, answer) = acme.ask("PUT", &path, json!({"state": "done"})).await;
    assert!(status == StatusCode::BAD_REQUEST && refusal(&answer).contains("completed"));
    assert_eq!(acme.put(&path, json!({"state": "completed"})).await["state"], "completed");
    assert_eq!(acme.get(&format!("{jobs}?state=open")).await, json!([second]));
    assert_eq!(acme.get(&format!("{jobs}?type=lead")).await, json!([]));
    assert_eq!(acme.get(&format!("{jobs}?limit=1&offset=1")).await, json!([second]));

    let page = acme.get("/acme/admin/tasks").await;
    assert!(page.as_str().unwrap().contains("1 task is open"));
    let close = format!("/acme/admin/tasks/{}/close", second["id"].as_str().unwrap());
    assert_eq!(acme.fill_in(&close, "").await.0, StatusCode::SEE_OTHER);
    let states = acme.get(&format!("{CONTROL}/tasks")).await;
    assert_eq!((&states[0]["state"], &states[1]["state"]), (&json!("completed"), &json!("completed")));
}

#[tokio::test]
async fn settings_name_the_business_and_its_site_is_found_by_id_and_code() {
    let (acme, _) = acme().await;
    let settings = acme.get(&format!("{API}/settings")).await;
    assert_eq!((&settings["companyName"], &settings["languages"][0]), (&json!("acme"), &json!("en")));
    let sites = acme.get(&format!("{API}/sites")).await;
    assert_eq!(sites[0]["id"], settings["sites"][0]);
    for name in [sites[0]["id"].as_str().unwrap(), "main"] {
        assert_eq!(acme.get(&format!("{API}/sites/{name}")).await, sites[0]);
    }
}

#[tokio::test]
async fn a_custom_field_is_defined_once_and_its_values_go_with_its_definition() {
    let (acme, _) = acme().await;
    let id = user(&acme, "a@example.com").await;
    let path = format!("{CONTROL}/custom-fields");
    let new = json!({"owner": "user", "code": "pin", "type": "string", "title": {"en": "PIN"}});
    assert_eq!(acme.post(&path, new.clone()).await, new);
    let again = json!({"owner": "user", "code": "pin", "type": "boolean", "title": "Other"});
    assert_eq!(acme.post(&path, again).await, new, "the first definition stays");
    acme.post(&path, json!({"owner": "unitRental", "code": "pin", "type": "string"})).await;
    for (field, value) in [("owner", "nobody"), ("type", "colour"), ("code", "a.b"), ("code", "")] {
        let mut bad = new.clone();
        bad[field] = value.into();
        let (status, answer) = acme.ask("POST", &path, bad).await;
        assert!(
            status == StatusCode::BAD_REQUEST && answer["error"].as_str().unwrap().contains(field),
            "{answer}"
        );
    }
    let user = format!("{API}/users/{id}?include=customFields");
    assert_eq!(
        acme.put(&user, json!({"customFields": {"pin": "1"}})).await["customFields"],
        json!({"pin": "1"})
    );
    let (status, _) = acme.ask("DELETE", &format!("{path}/user/pin"), Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(acme.get(&user).await["customFields"], json!({}));
    let left = acme.get(&path).await;
    assert!(
        left.as_array().unwrap().iter().any(|field| field["owner"] == "unitRental" && field["code"] == "pin")
    );
}
