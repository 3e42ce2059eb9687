//! Explain: for one person, what both sides hold now, who changed what, what would be done and what was done.

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use server::demo::story::Story;
use sync_core::{
    access::audit::Actor,
    explain::{Explanation, FieldNext, FieldView, MatchedBy, Owner, Reading, Who},
    health::Cause,
    merge::Side,
};
use tests::{
    database::{Database, Kind},
    house::{BUSINESS, House, PORTAL, until},
    on_both_databases,
};

on_both_databases!(
    a_linked_person_is_explained_by_user_contact_and_email_field_by_field,
    a_merged_away_contact_still_leads_to_its_person,
    people_without_a_link_are_told_whom_they_would_be_paired_with,
    what_stops_a_sync_is_said_beside_what_it_would_do,
    a_refusal_is_explained_with_its_parked_change,
);

async fn explain(house: &House, story: &Story<'_>, who: Who) -> Explanation {
    let installation = story.installation().await.unwrap();
    house.stage.core().explain(&installation, who, &Actor::command_line()).await.unwrap()
}

fn user(id: &str) -> Who {
    Who::User(id.to_owned())
}

fn field<'a>(explanation: &'a Explanation, name: &str) -> &'a FieldView {
    explanation.fields.iter().find(|field| field.name == name).unwrap()
}

fn held(value: Option<&sync_core::explain::Shown>) -> Option<String> {
    value.cloned().map(sync_core::explain::Shown::into_text)
}

fn text(record: &Value) -> String {
    record["id"].as_str().unwrap().to_owned()
}

async fn pause_here(house: &House, story: &Story<'_>) {
    let id = story.installation().await.unwrap().id;
    house.stage.core().pause(id, &Actor::command_line()).await.unwrap();
}

async fn quiet(house: &House) {
    until("quiet", || async { house.control().is_quiet().await.unwrap() }).await;
}

async fn a_linked_person_is_explained_by_user_contact_and_email_field_by_field(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let ada = json!({ "email": "ada@example.com", "firstName": "Ada", "lastName": "Locke", "phone": "+44 20 7946 0018" });
    let ada = house.control().create_user(BUSINESS, &ada).await.unwrap();
    story.settle().await.unwrap();
    let contact = text(&house.contact_of(&ada).await);
    // Edited in HubSpot while edits of contacts stay there.
    house.control().edit_contact(PORTAL, &contact, &json!({ "phone": "+44 20 7946 0999" })).await.unwrap();
    story.settle().await.unwrap();

    for who in [user(&ada), Who::Contact(contact.clone()), Who::Email(" ADA@example.com ".to_owned())] {
        let found = explain(&house, &story, who).await;
        let link = found.link.as_ref().unwrap();
        assert_eq!((link.user_id.as_str(), link.contact_id.as_str()), (ada.as_str(), contact.as_str()));
        assert!(link.is_mirrored && link.aliases.is_empty() && link.since <= link.synced_at);
        assert_eq!((&found.user.reading, &found.contact.reading), (&Reading::Found, &Reading::Found));
        assert_eq!((found.next.as_str(), found.stopped.is_none()), ("explain.in_sync", true));

        let phone = field(&found, "phone");
        assert_eq!(held(phone.user_value.as_ref()).as_deref(), Some("+44 20 7946 0018"));
        assert_eq!(held(phone.contact_value.as_ref()).as_deref(), Some("+44 20 7946 0999"));
        assert_eq!((phone.user_is_agreed, phone.contact_is_agreed), (Some(true), Some(false)));
        assert_eq!(
            (phone.newer, phone.next, phone.why),
            (Some(Side::Contact), FieldNext::Nothing, "contact_edits_off")
        );
        assert_eq!(phone.contact_written.as_ref().unwrap().source.as_deref(), Some("CRM_UI"));
        let name = field(&found, "firstname");
        assert_eq!((name.user_name.as_str(), name.why), ("firstName", "explain.equal"));
        assert_eq!(name.contact_written.as_ref().unwrap().source.as_deref(), Some("INTEGRATION"));
        assert!(found.outcomes.iter().any(|outcome| outcome.action.word() == "created"));
        assert!(found.changes.is_empty() && found.conflicts.is_empty() && found.braked.is_none());
    }
    let scope = story.installation().await.unwrap().scope();
    let lines = house.stage.core().audit_lines(scope, 50).await.unwrap();
    let looked: Vec<_> = lines.iter().filter(|line| line.action == "explain.looked").collect();
    assert_eq!(looked.len(), 3);
    assert!(looked.iter().all(|line| line.detail == format!("user {ada}, contact {contact}")), "{looked:?}");
}

async fn a_merged_away_contact_still_leads_to_its_person(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let ben = json!({ "email": "ben@example.com", "firstName": "Ben", "lastName": "Old" });
    let ben = house.control().create_user(BUSINESS, &ben).await.unwrap();
    story.settle().await.unwrap();
    let before = text(&house.contact_of(&ben).await);
    let other = json!({ "email": "ben.two@example.com", "firstname": "Ben" });
    let other = house.control().create_contact(PORTAL, &other).await.unwrap();
    let merge = json!({ "primary": before, "other": other });
    let merged = house.control().post(&format!("hubspot/{PORTAL}/contacts/merge"), &merge).await.unwrap();
    story.settle().await.unwrap();

    let after = text(&merged);
    assert_ne!(after, before);
    let found = explain(&house, &story, Who::Contact(before.clone())).await;
    let link = found.link.as_ref().unwrap();
    assert_eq!((&link.user_id, &link.contact_id, &link.aliases), (&ben, &after, &vec![before]));
    assert_eq!(found.contact.id.as_deref(), Some(after.as_str()));
}

async fn people_without_a_link_are_told_whom_they_would_be_paired_with(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    let known = json!({ "email": "cleo@example.com", "firstName": "Cleo", "lastName": "One" });
    let known = control.create_user(BUSINESS, &known).await.unwrap();
    story.settle().await.unwrap();
    let known_contact = text(&house.contact_of(&known).await);
    pause_here(&house, &story).await;
    let contact = json!({ "email": "dora@example.com", "firstname": "Dora" });
    let contact = control.create_contact(PORTAL, &contact).await.unwrap();
    let dora = json!({ "email": "dora@example.com", "firstName": "Dora", "lastName": "Two" });
    let dora = control.create_user(BUSINESS, &dora).await.unwrap();
    let emil = json!({ "email": "emil@example.com", "firstName": "Emil", "lastName": "Three" });
    let emil = control.create_user(BUSINESS, &emil).await.unwrap();
    let staff =
        json!({ "email": "fay@example.com", "firstName": "Fay", "lastName": "Staff", "roles": ["admin"] });
    let staff = control.create_user(BUSINESS, &staff).await.unwrap();
    let lone = json!({ "email": "gus@example.com", "firstname": "Gus" });
    let lone = control.create_contact(PORTAL, &lone).await.unwrap();
    // Cleo's contact now answers to Hal's address as well: it is somebody else's.
    control.edit_contact(PORTAL, &known_contact, &json!({ "email": "hal@example.com" })).await.unwrap();
    let hal = json!({ "email": "hal@example.com", "firstName": "Hal", "lastName": "Four" });
    let hal = control.create_user(BUSINESS, &hal).await.unwrap();
    quiet(&house).await;

    let found = explain(&house, &story, user(&dora)).await;
    assert_eq!((found.next.as_str(), found.matched_by), ("explain.would_link", Some(MatchedBy::Email)));
    assert_eq!(found.contact.id.as_ref(), Some(&contact));
    assert_eq!(field(&found, "lastname").next, FieldNext::ToContact);
    assert_eq!(field(&found, "lastname").why, "explain.first_time");
    assert!(found.link.is_none());
    assert_eq!(found.changes.len(), 1, "it waits: the installation is paused");
    let same = explain(&house, &story, Who::Contact(contact)).await;
    assert_eq!((same.next.as_str(), same.user.id.as_ref()), ("explain.would_link", Some(&dora)));

    let found = explain(&house, &story, user(&emil)).await;
    assert_eq!((found.next.as_str(), &found.contact.reading), ("explain.would_make", &Reading::Unnamed));
    assert_eq!(explain(&house, &story, user(&staff)).await.next, "staff");
    let found = explain(&house, &story, Who::Contact(lone)).await;
    assert_eq!((found.next.as_str(), &found.user.reading), ("explain.contact_waits", &Reading::Unnamed));
    let found = explain(&house, &story, user(&hal)).await;
    assert_eq!((found.next.as_str(), found.owner), ("contact_of_another_user", Some(Owner::User(known))));
    for nobody in [
        user("66ce753e7405aa00158ba000"),
        Who::Contact("999".to_owned()),
        Who::Email("no@one.example".to_owned()),
    ] {
        let found = explain(&house, &story, nobody).await;
        assert_eq!(found.next, "explain.not_found");
        assert!(found.fields.is_empty() && found.outcomes.is_empty());
    }
}

async fn what_stops_a_sync_is_said_beside_what_it_would_do(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    let ida = json!({ "email": "ida@example.com", "firstName": "Ida", "lastName": "Old" });
    let ida = control.create_user(BUSINESS, &ida).await.unwrap();
    story.settle().await.unwrap();
    pause_here(&house, &story).await;
    control.edit_user(BUSINESS, &ida, &json!({ "lastName": "New" })).await.unwrap();
    quiet(&house).await;
    let found = explain(&house, &story, user(&ida)).await;
    assert_eq!(found.next, "explain.would_write");
    assert_eq!(found.stopped.unwrap().causes, [Cause::Paused]);
    let name = found.fields.iter().find(|field| field.name == "lastname").unwrap();
    assert_eq!((name.next, name.why), (FieldNext::ToContact, "explain.user_changed"));
    assert_eq!((name.user_is_agreed, name.contact_is_agreed), (Some(false), Some(true)));

    control
        .post("faults", &json!([{ "provider": "hubspot", "kind": "status", "status": 503 }]))
        .await
        .unwrap();
    let found = explain(&house, &story, user(&ida)).await;
    assert_eq!(found.contact.reading, Reading::Unknown("hubspot.http_503".to_owned()));
    assert_eq!(found.user.reading, Reading::Found);
    assert!(found.link.is_some());
    control
        .post("faults", &json!([{ "provider": "storeganise", "kind": "status", "status": 500 }]))
        .await
        .unwrap();
    let found = explain(&house, &story, user(&ida)).await;
    assert_eq!(found.next, "explain.user_unknown");
    assert!(found.fields.iter().all(|field| field.next == FieldNext::Unknown));
}

async fn a_refusal_is_explained_with_its_parked_change(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    control.post(&format!("hubspot/{PORTAL}/rules"), &json!({ "required": ["company"] })).await.unwrap();
    let bare = json!({ "email": "bare@example.com", "firstName": "Bare", "lastName": "One" });
    let bare = control.create_user(BUSINESS, &bare).await.unwrap();
    story.settle().await.unwrap();
    let found = explain(&house, &story, user(&bare)).await;
    assert_eq!(found.outcomes[0].reason.as_deref(), Some("hubspot.refused"));
    let [parked] = found.changes.as_slice() else { panic!("{:?}", found.changes) };
    assert!(parked.parked_at.is_some() && parked.cause.as_deref() == Some("hubspot.refused"));
}

#[tokio::test]
async fn the_json_api_takes_an_email_in_the_body_and_its_answer_is_not_to_be_kept() {
    let house = House::new(Database::new(Kind::Sqlite).unwrap()).await;
    let story = house.connected().await;
    let jo = json!({ "email": "jo@example.com", "firstName": "Jo", "lastName": "Wire", "phone": "555" });
    let jo = house.control().create_user(BUSINESS, &jo).await.unwrap();
    story.settle().await.unwrap();
    let id = story.installation().await.unwrap().id;
    let (http, token) = (client(), house.token().await);
    let address = format!("{}/api/v1/installations/{id}/explain", house.stage.base_url);
    let ask = http.post(&address).bearer_auth(&token).json(&json!({ "email": "jo@example.com" }));
    let answer = ask.send().await.unwrap();
    assert_eq!(
        (answer.status(), &answer.headers()["cache-control"]),
        (StatusCode::OK, &"no-store".parse().unwrap())
    );
    let found: Value = answer.json().await.unwrap();
    assert_eq!((&found["link"]["user_id"], &found["next"]["code"]), (&json!(jo), &json!("explain.in_sync")));
    let phone = found["fields"].as_array().unwrap().iter().find(|field| field["name"] == "phone").unwrap();
    assert_eq!((&phone["user_value"], &phone["contact_written"]["by_us"]), (&json!("555"), &json!(true)));
    assert_eq!(phone["why"]["text"], "Both sides hold the same value.");
    assert_eq!(found["outcomes"].as_array().unwrap().last().unwrap()["action"], "created");

    for query in ["", "?user=a&contact=b", "?user=%20"] {
        let answer = http.get(format!("{address}{query}")).bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{query}");
    }
    let answer = http.get(format!("{address}?user={jo}")).bearer_auth(&token).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["user"]["id"], json!(jo));
}

#[expect(clippy::disallowed_methods, reason = "a test's own client")]
fn client() -> Client {
    Client::new()
}
