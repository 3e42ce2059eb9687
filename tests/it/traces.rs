//! What we leave behind: no personal data and no token in the database, whatever was synced.

use serde_json::json;
use sync_core::{access::audit::Actor, explain::Who};
use tests::{
    database::{Database, Kind},
    house::{BUSINESS, House, PORTAL},
};

/// Words that stand nowhere but in the records of this test.
const PLANTED: [&str; 6] = [
    "Quillfeather",
    "Brambleworth",
    "quill.feather",
    "7946 0555",
    "Nettlebed Crescent",
    "Thistlewick Holdings",
];

#[tokio::test]
async fn no_name_address_phone_or_token_is_in_the_database_after_a_sync_both_ways() {
    let house = House::new(Database::new(Kind::Sqlite).unwrap()).await;
    let story = house.connected().await;
    let control = house.control();
    let user = json!({
        "email": "quill.feather@example.com", "firstName": "Quillfeather", "lastName": "Brambleworth",
        "phone": "+44 20 7946 0555", "address": "9 Nettlebed Crescent", "companyName": "Thistlewick Holdings",
    });
    control.create_user(BUSINESS, &user).await.unwrap();
    let contact = json!({
        "email": "quill.feather.two@example.net", "firstname": "Quillfeather", "lastname": "Brambleworth",
        "phone": "+44 20 7946 0555", "address": "9 Nettlebed Crescent", "company": "Thistlewick Holdings",
    });
    let contact = control.create_contact(PORTAL, &contact).await.unwrap();
    let deal = json!({ "dealname": "Thistlewick Holdings", "pipeline": "default", "dealstage": "closedwon" });
    control.create_deal(PORTAL, &deal, &[&contact]).await.unwrap();
    // And one that is refused, with a sentence of HubSpot's that quotes it.
    let refused = json!({ "email": "quill.feather@localhost", "firstName": "Quillfeather", "lastName": "B" });
    control.create_user(BUSINESS, &refused).await.ok();
    story.settle().await.unwrap();
    // Somebody who looks at a person is shown everything, and leaves only ids behind.
    let installation = story.installation().await.unwrap();
    let who = Who::Email("quill.feather@example.com".to_owned());
    let shown = house.stage.core().explain(&installation, who, &Actor::command_line()).await.unwrap();
    assert!(shown.fields.iter().all(|field| field.contact_value.is_some()), "{shown:?}");
    assert!(!format!("{shown:?}").contains("Quillfeather"));
    house.stage.service.stop().await;

    let folder = house.database().folder.as_ref().unwrap().path();
    let (mut searched, mut found_what_is_there) = (0, false);
    for file in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        searched += bytes.len();
        for word in PLANTED.iter().chain(&["na1-"]) {
            let found = bytes.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()));
            assert!(!found, "{word} is in the database");
        }
        found_what_is_there |= bytes.windows(BUSINESS.len()).any(|part| part == BUSINESS.as_bytes());
    }
    assert!(found_what_is_there, "the search finds what must be there");
    assert!(searched > 50_000, "the database was searched");
}
