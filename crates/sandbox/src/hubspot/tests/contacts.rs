//! What a contact's values may be and what becomes of them: stages, choices, addresses, rules of the account.

use serde_json::{Value, json};

use super::{App, CONTACTS, CONTROL};

impl App {
    async fn patch(&self, id: &str, properties: Value) -> super::Answer {
        self.ask("PATCH", &format!("{CONTACTS}/{id}"), json!({"properties": properties})).await
    }

    async fn value(&self, id: &str, property: &str) -> Value {
        self.get(&format!("{CONTACTS}/{id}?properties={property}")).await.body["properties"][property].clone()
    }
}

#[tokio::test]
async fn a_lifecycle_stage_moves_forward_and_goes_back_only_by_way_of_none() {
    let app = App::connected().await;
    let id = app.contact(json!({"email": "ann@example.com", "lifecyclestage": "lead"})).await;
    for (written, stands) in [
        ("customer", json!("customer")),
        ("lead", json!("customer")),
        ("customer", json!("customer")),
        ("", Value::Null),
        ("lead", json!("lead")),
    ] {
        let answer = app.patch(&id, json!({"lifecyclestage": written, "city": "Rye"})).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body["properties"]["lifecyclestage"]),
            (200, &stands),
            "{written}"
        );
    }
    assert_eq!(app.value(&id, "city").await, "Rye", "the rest of the write counts");
}

#[tokio::test]
async fn choices_are_added_by_a_leading_semicolon_and_replaced_without() {
    let app = App::connected().await;
    let option = |value: &str| json!({"label": value, "value": value, "displayOrder": 0, "hidden": false});
    let boxes = json!({
        "name": "sizes", "label": "Sizes", "type": "enumeration", "fieldType": "checkbox",
        "groupName": "contactinformation", "options": [option("s"), option("m"), option("l")],
    });
    assert_eq!(app.post("/crm/properties/2026-09/contacts", boxes).await.status, 201);
    let id = app.contact(json!({"email": "ann@example.com", "sizes": "s;m"})).await;
    for (written, stands) in [(";l", "s;m;l"), (";m", "s;m;l"), ("m", "m"), (";s;l", "m;s;l")] {
        assert_eq!(app.patch(&id, json!({"sizes": written})).await.status, 200);
        assert_eq!(app.value(&id, "sizes").await, stands, "{written}");
    }
    let refused = app.patch(&id, json!({"sizes": ";s;xl"})).await;
    assert!(refused.status == 400 && refused.message().contains("INVALID_OPTION"), "{}", refused.body);
}

#[tokio::test]
async fn an_additional_address_leads_to_its_contact_and_may_become_the_primary_one() {
    let app = App::prepared().await;
    let id = app.contact(json!({"email": "ann@example.com"})).await;
    let emails = format!("{CONTROL}/contacts/{id}/emails");
    for email in ["Ann.Old@example.com", "ann.older@example.com"] {
        app.person.post(&emails, json!({"email": email})).await;
    }
    for taken in ["ann@example.com", "ann.old@example.com", "nonsense"] {
        assert_eq!(app.person.ask("POST", &emails, json!({"email": taken})).await.0, 400, "{taken}");
    }
    let row = json!({"id": "ann.old@example.com", "idProperty": "email", "properties": {"city": "Rye"}});
    let upserted = app.post(&format!("{CONTACTS}/batch/upsert"), json!({"inputs": [row]})).await;
    let result = &upserted.body["results"][0];
    assert_eq!((&result["id"], &result["new"]), (&json!(id), &json!(false)), "{}", upserted.body);
    let read = json!({"inputs": [{"id": "ann.older@example.com"}], "idProperty": "email"});
    assert_eq!(app.post(&format!("{CONTACTS}/batch/read"), read).await.body["results"][0]["id"], id);

    assert_eq!(app.patch(&id, json!({"email": "ann.old@example.com"})).await.status, 200);
    assert_eq!(app.value(&id, "hs_additional_emails").await, "ann@example.com;ann.older@example.com");
    let found = app.get(&format!("{CONTACTS}/ann@example.com?idProperty=email")).await;
    assert_eq!(
        (&found.body["id"], &found.body["properties"]["email"]),
        (&json!(id), &json!("ann.old@example.com"))
    );
}

#[tokio::test]
async fn a_contact_has_no_more_than_250_addresses() {
    let app = App::connected().await;
    let id = app.contact(json!({"email": "0@example.com"})).await;
    let emails = format!("{CONTROL}/contacts/{id}/emails");
    for number in 1..250 {
        app.person.post(&emails, json!({"email": format!("{number}@example.com")})).await;
    }
    let other = app.contact(json!({"email": "250@example.com"})).await;
    let merge = json!({"primaryObjectId": id, "objectIdToMerge": other});
    let refused = app.post(&format!("{CONTACTS}/merge"), merge).await;
    assert_eq!(refused.status, 414);
    assert_eq!(refused.message(), "Cannot have more than 250 identities on a profile");
    assert_eq!(app.get(&format!("{CONTACTS}/{other}")).await.status, 200, "nothing was merged");
}

#[tokio::test]
async fn a_conditional_rule_binds_the_writes_that_touch_it_and_no_others() {
    let app = App::connected().await;
    let id = app.contact(json!({"email": "ann@example.com", "country": "Norway"})).await;
    let rule = json!({"when": {"property": "country", "value": "Norway"}, "requires": ["state", "zip"]});
    app.person.post(&format!("{CONTROL}/rules"), json!({"conditional": [rule]})).await;
    for (written, status) in [
        (json!({"city": "Oslo"}), 200),
        (json!({"country": "Norway"}), 400),
        (json!({"state": "Oslo"}), 400),
        (json!({"country": "Norway", "state": "Oslo", "zip": "0001"}), 200),
        (json!({"zip": ""}), 400),
        (json!({"country": "Sweden", "zip": ""}), 200),
    ] {
        let answer = app.patch(&id, written.clone()).await;
        assert_eq!(answer.status, status, "{written}: {}", answer.body);
        if status == 400 {
            let error = &answer.body["errors"][0];
            assert_eq!(error["code"], "MISSING_CONDITIONAL_REQUIRED_PROPERTY");
            assert!(error["context"]["propertyName"].is_array(), "{error}");
        }
    }
    let made = app.post(CONTACTS, json!({"properties": {"country": "Norway"}})).await;
    assert_eq!(made.status, 400);
}

#[tokio::test]
async fn validated_phones_are_stored_in_their_international_form() {
    let app = App::connected().await;
    app.person.post(&format!("{CONTROL}/rules"), json!({"phone_validation": true})).await;
    let id = app.contact(json!({"phone": "+1 (888) 482-7768", "mobilephone": ""})).await;
    assert_eq!(app.value(&id, "phone").await, "+18884827768");
    assert_eq!(app.value(&id, "hs_searchable_calculated_phone_number").await, "8884827768");
    assert_eq!(app.patch(&id, json!({"mobilephone": "0171 123"})).await.status, 400);
    app.person.post(&format!("{CONTROL}/rules"), json!({})).await;
    assert_eq!(app.patch(&id, json!({"mobilephone": "0171 123"})).await.status, 200);
}

#[tokio::test]
async fn an_erased_address_may_be_made_again_and_an_erased_id_never_comes_back() {
    let app = App::prepared().await;
    let first = app.contact(json!({"email": "a@example.com"})).await;
    let second = app.contact(json!({"email": "b@example.com"})).await;
    let merge = json!({"primaryObjectId": first, "objectIdToMerge": second});
    let merged = app.post(&format!("{CONTACTS}/merge"), merge).await.body["id"].clone();
    let erase = json!({"objectId": "b@example.com", "idProperty": "email"});
    assert_eq!(app.post(&format!("{CONTACTS}/gdpr-delete"), erase).await.status, 204);
    for id in [first.as_str(), second.as_str(), merged.as_str().unwrap()] {
        assert_eq!(app.get(&format!("{CONTACTS}/{id}")).await.status, 404);
        assert_eq!(app.get(&format!("{CONTACTS}/{id}?archived=true")).await.status, 404);
    }
    let again = app.contact(json!({"email": "a@example.com"})).await;
    assert!(![first, second].contains(&again) && merged != again);
}

#[tokio::test]
async fn the_recycle_bin_keeps_a_contact_for_ninety_days() {
    let app = App::connected().await;
    let ids =
        [app.contact(json!({"email": "a@example.com"})).await, app.contact(json!({"city": "Rye"})).await];
    for id in &ids {
        app.person.ask("DELETE", &format!("{CONTROL}/contacts/{id}"), Value::Null).await;
    }
    for _ in 0..90 {
        app.person.world.clock.advance(24 * 3_600_000);
    }
    let restore = |id: &String| format!("{CONTROL}/contacts/{id}/restore");
    assert_eq!(app.person.ask("POST", &restore(&ids[0]), Value::Null).await.0, 204);
    app.person.world.clock.advance(1);
    assert_eq!(app.person.ask("POST", &restore(&ids[1]), Value::Null).await.0, 400);
}

#[tokio::test]
async fn a_merge_keeps_both_histories_and_both_lists_of_deals() {
    let app = App::connected().await;
    let first = app.contact(json!({"email": "a@example.com", "city": "Rye"})).await;
    let second = app.contact(json!({"email": "b@example.com", "city": "Hythe", "zip": "1"})).await;
    app.person.world.clock.advance(1_000);
    app.patch(&second, json!({"zip": "2"})).await;
    for contact in [&first, &second] {
        let deal = json!({"properties": {"dealname": "A"}, "contacts": [contact]});
        app.person.post(&format!("{CONTROL}/deals"), deal).await;
    }
    let merge = json!({"primaryObjectId": first, "objectIdToMerge": second});
    let merged = app.post(&format!("{CONTACTS}/merge"), merge).await.body;
    let id = merged["id"].as_str().unwrap();
    let read =
        app.get(&format!("{CONTACTS}/{id}?associations=deals&propertiesWithHistory=zip,city")).await.body;
    assert_eq!(read["associations"]["deals"]["results"].as_array().unwrap().len(), 2);
    let values = |property: &str| -> Vec<&str> {
        let history = read["propertiesWithHistory"][property].as_array().unwrap();
        history.iter().map(|version| version["value"].as_str().unwrap()).collect()
    };
    assert_eq!((values("zip"), values("city")), (vec!["2", "1"], vec!["Rye"]));
}

#[tokio::test]
async fn a_seed_of_many_is_paged_counted_and_marked_as_asked() {
    let app = App::prepared().await;
    let seed = json!({"count": 2_500, "set": {"storeganise_user_id": "user-{n}"}});
    let made = app.person.post(&format!("{CONTROL}/contacts/seed"), seed).await;
    assert_eq!(made["contacts"], 2_500);
    let first = app.person.get(&format!("{CONTROL}/contacts?limit=1200")).await;
    let first = first.as_array().unwrap();
    let last = first.last().unwrap()["id"].as_str().unwrap();
    let rest = app.person.get(&format!("{CONTROL}/contacts?after={last}")).await;
    assert_eq!((first.len(), rest.as_array().unwrap().len()), (1_200, 1_300));
    let user = &first[7]["properties"]["storeganise_user_id"];
    let found =
        app.person.get(&format!("{CONTROL}/contacts?storeganise_user_id={}", user.as_str().unwrap())).await;
    assert_eq!((found.as_array().unwrap().len(), &found[0]["id"]), (1, &first[7]["id"]));
    assert_eq!(app.person.get(&format!("{CONTROL}/ledger")).await["creates"], 2_500);
}

#[tokio::test]
async fn an_address_that_went_from_one_contact_to_another_shows_in_the_ledger() {
    let app = App::connected().await;
    let first = app.contact(json!({"email": "ann@example.com"})).await;
    app.patch(&first, json!({"email": "other@example.com"})).await;
    let second = app.contact(json!({"email": "ann@example.com"})).await;
    let ledger = app.person.get(&format!("{CONTROL}/ledger")).await;
    assert_eq!(ledger["doubles"], json!([{"email": "ann@example.com", "contacts": [first, second]}]));
    assert_eq!(ledger["created_more_than_once"], json!({"ann@example.com": 2}));
}
