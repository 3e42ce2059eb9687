//! Deals: won by probability, and with whom.

use serde_json::{Value, json};

use super::{App, CONTROL, DEALS};

const ASSOCIATIONS: &str = "/crm/associations/2026-09/deals/contacts/batch/read";

async fn deal(app: &App, body: Value) -> String {
    app.person.post(&format!("{CONTROL}/deals"), body).await["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_deal_is_won_by_the_probability_of_its_stage_in_whatever_pipeline() {
    let app = App::connected().await;
    let pipelines = app.get("/crm/pipelines/2026-09/deals").await.body;
    let custom = &pipelines["results"][1];
    let won =
        custom["stages"].as_array().unwrap().iter().find(|stage| stage["metadata"]["probability"] == "1.0");
    let won = &won.unwrap()["id"];
    assert!(won.as_str().unwrap().bytes().all(|b| b.is_ascii_digit()));
    let id = deal(
        &app,
        json!({"properties": {"dealname": "A", "pipeline": custom["id"], "dealstage": "148392101"}}),
    )
    .await;
    let path =
        format!("{DEALS}/{id}?properties=hs_is_closed_won,hs_is_closed,hs_deal_stage_probability,closedate");
    assert_eq!(app.get(&path).await.body["properties"]["hs_is_closed_won"], "false");
    app.person.put(&format!("{CONTROL}/deals/{id}"), json!({"properties": {"dealstage": won}})).await;
    let properties = &app.get(&path).await.body["properties"];
    assert_eq!(
        (&properties["hs_is_closed_won"], &properties["hs_is_closed"]),
        (&json!("true"), &json!("true"))
    );
    assert_eq!(properties["hs_deal_stage_probability"], "1");
    assert_eq!(properties["closedate"], "2026-01-01T00:00:00.000Z", "closing sets the date");

    let search = json!({"filterGroups": [{"filters": [
        {"propertyName": "hs_is_closed_won", "operator": "EQ", "value": "true"},
        {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "1767225600000"},
    ]}], "sorts": [{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}], "limit": 200});
    let found = app.post(&format!("{DEALS}/search"), search).await;
    assert_eq!((&found.body["total"], &found.body["results"][0]["id"]), (&json!(1), &json!(id)));
}

#[tokio::test]
async fn a_stage_of_another_pipeline_is_refused() {
    let app = App::connected().await;
    let body = json!({"properties": {"dealname": "A", "pipeline": "default", "dealstage": "148392103"}});
    let (status, refused) = app.person.ask("POST", &format!("{CONTROL}/deals"), body).await;
    assert_eq!(status, 400);
    assert!(refused["error"].as_str().unwrap().contains("INVALID_OPTION"), "{refused}");
}

#[tokio::test]
async fn the_contacts_of_deals_are_read_in_batches_and_a_lonely_deal_is_an_error_among_them() {
    let app = App::connected().await;
    let contact = app.contact(json!({"email": "ann@example.com"})).await;
    let with = deal(&app, json!({"properties": {"dealname": "A"}, "contacts": [contact]})).await;
    let without = deal(&app, json!({"properties": {"dealname": "B"}})).await;
    let asked = json!({"inputs": [{"id": with}, {"id": without}]});
    let answer = app.post(ASSOCIATIONS, asked.clone()).await;
    assert_eq!(answer.status, 207);
    assert_eq!(answer.body["results"].as_array().unwrap().len(), 1);
    let row = &answer.body["results"][0];
    assert_eq!(row["from"]["id"], with);
    assert_eq!(row["to"][0]["toObjectId"], json!(contact.parse::<u64>().unwrap()), "a number");
    assert_eq!(row["to"][0]["associationTypes"][0]["typeId"], 3);
    assert_eq!(answer.body["errors"][0]["context"]["fromObjectId"], json!([without]));

    app.person.post(&format!("{CONTROL}/deals/{without}/contacts/{contact}"), Value::Null).await;
    assert_eq!(app.post(ASSOCIATIONS, asked).await.status, 200);
    let single = app.get(&format!("{DEALS}/{without}/associations/contacts")).await;
    assert_eq!(single.body["results"], json!([{"id": contact, "type": "deal_to_contact"}]));
    let deals = app.get(&format!("{}/{contact}?associations=deals", super::CONTACTS)).await;
    assert_eq!(deals.body["associations"]["deals"]["results"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn every_demo_account_has_contacts_and_open_deals_of_two_pipelines() {
    let person = crate::visitor::Visitor::of(crate::options::Options::default());
    let portals = person.get("/_sandbox/hubspot/portals").await;
    assert_eq!(portals.as_array().unwrap().len(), 3);
    for portal in portals.as_array().unwrap() {
        let deals = person.get(&format!("/_sandbox/hubspot/{}/deals", portal["id"])).await;
        for deal in deals.as_array().unwrap() {
            assert_eq!(deal["properties"]["hs_is_closed"], "false");
            assert_eq!(deal["associations"]["contacts"]["results"].as_array().unwrap().len(), 1);
        }
        let custom = deals.as_array().unwrap().iter().filter(|d| d["properties"]["pipeline"] != "default");
        assert_eq!((deals.as_array().unwrap().len(), custom.count()), (6, 3));
    }
}
