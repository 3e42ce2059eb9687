//! Single contacts: conflicts, merges, erasure, validation, search.

use serde_json::{Value, json};

use super::{App, CONTACTS, CONTROL};

#[tokio::test]
async fn a_second_contact_with_the_same_address_is_refused_with_the_first_ones_id() {
    let app = App::connected().await;
    let id = app.contact(json!({"email": "ann@example.com"})).await;
    let refused = app.post(CONTACTS, json!({"properties": {"email": " ANN@example.com"}})).await;
    assert_eq!(refused.status, 409);
    assert_eq!(refused.message(), format!("Contact already exists. Existing ID: {id}"));
    assert_eq!(refused.body["category"], "CONFLICT");
    assert!(refused.body["correlationId"].is_string());
}

#[tokio::test]
async fn a_secondary_address_is_as_taken_as_a_primary_one() {
    let app = App::prepared().await;
    let ann = app.contact(json!({"email": "ann@example.com"})).await;
    let old = app.contact(json!({"email": "ann.old@example.com", "phone": "1"})).await;
    let asked = json!({"primaryObjectId": ann, "objectIdToMerge": old});
    let merged = app.post(&format!("{CONTACTS}/merge"), asked).await;
    assert_eq!(merged.status, 200, "{}", merged.body);
    let id = merged.body["id"].as_str().unwrap();
    let refused = app.post(CONTACTS, json!({"properties": {"email": "ann.old@example.com"}})).await;
    assert_eq!(refused.message(), format!("Contact already exists. Existing ID: {id}"));
    let bo = app.contact(json!({"email": "bo@example.com"})).await;
    let moved = json!({"properties": {"email": "ann.old@example.com"}});
    let refused = app.ask("PATCH", &format!("{CONTACTS}/{bo}"), moved).await;
    assert_eq!(refused.status, 400);
    assert!(
        refused.message().ends_with(&format!("on {bo}. {id} already has that value.")),
        "{}",
        refused.message()
    );
    let found = app.get(&format!("{CONTACTS}/ann.old@example.com?idProperty=email")).await;
    assert_eq!(found.body["id"], id);
}

#[tokio::test]
async fn both_old_ids_of_a_merge_lead_to_the_new_one_except_in_a_batch_update() {
    let app = App::prepared().await;
    let first = app.contact(json!({"email": "a@example.com", "storeganise_user_id": "u1"})).await;
    let second =
        app.contact(json!({"email": "b@example.com", "storeganise_user_id": "u2", "city": "Rye"})).await;
    let asked = json!({"primaryObjectId": first, "objectIdToMerge": second});
    let merged = app.post(&format!("{CONTACTS}/merge"), asked).await;
    let id = merged.body["id"].as_str().unwrap().to_owned();
    assert!(id != first && id != second);

    let wanted = "properties=email,storeganise_user_id&properties=city&properties=hs_merged_object_ids";
    for old in [&first, &second] {
        let found = app.get(&format!("{CONTACTS}/{old}?{wanted}")).await;
        assert_eq!(found.body["id"], id, "{}", found.body);
        let properties = &found.body["properties"];
        assert_eq!(properties["email"], "a@example.com");
        assert_eq!(properties["storeganise_user_id"], "u1", "the primary's value wins");
        assert_eq!(properties["city"], "Rye", "a blank is filled");
        assert_eq!(properties["hs_merged_object_ids"], format!("{first};{second}"));
        let row = json!({"inputs": [{"id": old, "properties": {"phone": "1"}}]});
        let refused = app.post(&format!("{CONTACTS}/batch/update"), row).await;
        assert_eq!(refused.body["category"], "OBJECT_NOT_FOUND");
        assert_eq!(refused.body["context"]["ids"], json!([old]));
        let patched =
            app.ask("PATCH", &format!("{CONTACTS}/{old}"), json!({"properties": {"phone": old}})).await;
        assert_eq!((patched.status.as_u16(), &patched.body["id"]), (200, &json!(id)));
    }
    let lost = app.get(&format!("{CONTACTS}/u2?idProperty=storeganise_user_id")).await;
    assert_eq!(lost.status, 404, "the other user's id is gone with its contact");
}

#[tokio::test]
async fn an_unknown_and_a_read_only_property_refuse_the_whole_write() {
    let app = App::connected().await;
    let properties = json!({"firstname": "Ann", "unheard_of": "1", "createdate": "2026-01-01"});
    let refused = app.post(CONTACTS, json!({"properties": properties})).await;
    assert_eq!(refused.status, 400);
    for code in ["PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE"] {
        assert!(refused.message().contains(code), "{}", refused.message());
    }
    assert_eq!(app.contact_count().await, 0);
}

#[tokio::test]
async fn a_property_the_accounts_admin_requires_is_missed_by_name() {
    let app = App::connected().await;
    app.person.post(&format!("{CONTROL}/rules"), json!({"required": ["company"]})).await;
    let refused = app.post(CONTACTS, json!({"properties": {"email": "ann@example.com"}})).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.body["errors"][0]["code"], "MISSING_REQUIRED_PROPERTY");
    assert_eq!(refused.body["errors"][0]["context"]["propertyName"], json!(["company"]));
}

#[tokio::test]
async fn an_archived_contact_frees_its_address_and_comes_back_only_while_it_is_free() {
    let app = App::connected().await;
    let id = app.contact(json!({"email": "ann@example.com"})).await;
    assert_eq!(app.ask("DELETE", &format!("{CONTACTS}/{id}"), Value::Null).await.status, 204);
    assert_eq!(app.get(&format!("{CONTACTS}/{id}")).await.status, 404);
    assert_eq!(app.get(&format!("{CONTACTS}/{id}?archived=true")).await.body["archived"], true);
    let other = app.contact(json!({"email": "ann@example.com"})).await;
    let restore = format!("{CONTROL}/contacts/{id}/restore");
    assert_eq!(app.person.ask("POST", &restore, Value::Null).await.0, 400);
    app.person.ask("DELETE", &format!("{CONTROL}/contacts/{other}"), Value::Null).await;
    assert_eq!(app.person.ask("POST", &restore, Value::Null).await.0, 204);
    assert_eq!(app.get(&format!("{CONTACTS}/{id}")).await.status, 200);
}

#[tokio::test]
async fn a_search_pages_sorts_and_filters_and_knows_its_bounds() {
    let app = App::connected().await;
    for number in 0..5 {
        app.contact(json!({"email": format!("{number}@example.com"), "city": if number > 1 { "Rye" } else { "Hythe" }}))
            .await;
    }
    let path = format!("{CONTACTS}/search");
    let search = json!({
        "filterGroups": [{"filters": [{"propertyName": "city", "operator": "EQ", "value": "rye"}]}],
        "sorts": [{"propertyName": "hs_object_id", "direction": "DESCENDING"}], "properties": ["email"], "limit": 2,
    });
    let first = app.post(&path, search.clone()).await;
    assert_eq!((&first.body["total"], &first.body["paging"]["next"]["after"]), (&json!(3), &json!("2")));
    assert_eq!(first.body["results"][0]["properties"]["email"], "4@example.com");
    let mut next = search.clone();
    next["after"] = json!("2");
    let second = app.post(&path, next).await;
    assert_eq!(second.body["results"][0]["properties"]["email"], "2@example.com");
    assert_eq!(second.body.get("paging"), None);
    for (name, value) in [("limit", json!(201)), ("after", json!("10000"))] {
        let mut too_far = search.clone();
        too_far[name] = value;
        assert_eq!(app.post(&path, too_far).await.status, 400, "{name}");
    }
}

#[tokio::test]
async fn a_search_that_lags_finds_a_new_contact_later_while_a_create_conflicts_at_once() {
    let app = App::connected().await;
    app.person.post(&format!("{CONTROL}/search-lag"), json!({"ms": 3_000})).await;
    let contact = json!({"email": "ann@example.com"});
    app.contact(contact.clone()).await;
    let search = format!("{CONTACTS}/search");
    app.person.world.clock.advance(2_999);
    assert_eq!(app.post(&search, json!({})).await.body["total"], 0);
    assert_eq!(app.post(CONTACTS, json!({"properties": contact})).await.status, 409);
    app.person.world.clock.advance(1);
    assert_eq!(app.post(&search, json!({})).await.body["total"], 1);
}

#[tokio::test]
async fn a_list_goes_through_all_contacts_page_by_page() {
    let app = App::connected().await;
    app.person.post(&format!("{CONTROL}/contacts/seed"), json!({"count": 25})).await;
    let (mut after, mut seen) = (String::new(), Vec::new());
    for _ in 0..3 {
        let page = app.get(&format!("{CONTACTS}?limit=10&after={after}")).await;
        seen.extend(page.body["results"].as_array().unwrap().iter().map(|contact| contact["id"].clone()));
        after = page.body["paging"]["next"]["after"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!((seen.len(), after.as_str()), (25, ""));
    seen.dedup();
    assert_eq!(seen.len(), 25);
}
