//! What we leave behind: no personal data and no token in the database, whatever was synced; nor in anything that a process
//! says, whatever it is asked.

use std::process::Command;

use serde_json::json;
use server::demo::control::customers;
use sync_core::{access::audit::Actor, explain::Who};
use tests::{
    database::{Database, Kind},
    house::{BUSINESS, House, PORTAL, until},
    on_both_databases,
};

use crate::{business::Business, process::stranger};

on_both_databases!(nothing_a_process_says_or_keeps_holds_a_name_or_a_secret);

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

/// All that a database keeps, as bytes.
fn kept(database: &Database) -> Vec<u8> {
    let Some(folder) = &database.folder else {
        let dump = Command::new(tests::postgres::program("pg_dump")).arg(database.url()).output().unwrap();
        assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
        return dump.stdout;
    };
    let files = std::fs::read_dir(folder.path()).unwrap();
    files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
}

async fn nothing_a_process_says_or_keeps_holds_a_name_or_a_secret(database: Database) {
    let mut business = Business::new(&database, None).await;
    let folder = tempfile::TempDir::new().unwrap();
    let log = folder.path().join("annex.log");
    // All of ours that can be said, and what libraries say where an operator looks for a fault.
    let filter = "debug,annex=trace,server=trace,sync_core=trace,hubspot=trace,storeganise=trace";
    let service = business.at.start_logging(&["serve"], filter, &log).await;
    let path = business.connect(5).await;
    business.works("the service that is listened to").await;
    let user = json!({
        "email": "quill.feather@example.com", "firstName": "Quillfeather", "lastName": "Brambleworth",
        "phone": "+44 20 7946 0555", "address": "9 Nettlebed Crescent", "companyName": "Thistlewick Holdings",
    });
    let all = business.control().users(BUSINESS).await.unwrap();
    let first = customers(&all)[0]["id"].as_str().unwrap().to_owned();
    business.control().edit_user(BUSINESS, &first, &user).await.unwrap();
    until("the person of note", || async { business.disagreeing().await.is_empty() }).await;
    // And one that is refused, with a sentence of HubSpot's that quotes it.
    let refused = json!({ "email": "quill.feather@localhost" });
    business.control().edit_user(BUSINESS, &first, &refused).await.ok();
    until("the refusal is heard of", || async { business.control().is_quiet().await.unwrap() }).await;
    business.control().edit_user(BUSINESS, &first, &user).await.unwrap();
    business.works("the service with a person of note").await;

    // Whoever knocks with a name in hand hears nothing of it from the log.
    let base = business.at.get("ANNEX_BASE_URL").to_owned();
    let named =
        json!({ "type": "user.created", "data": { "lastName": "Brambleworth" }, "email": "quill.feather@x" });
    for (method, at) in [
        ("POST", "/webhooks/hubspot"),
        ("POST", "/webhooks/storeganise/planted-Quillfeather"),
        ("POST", "/sign-in"),
        ("POST", "/api/v1/installations"),
        ("GET", "/connect/Quillfeather"),
        ("GET", "/oauth/hubspot/callback?code=Quillfeather&state=Brambleworth"),
        ("GET", "/api/v1/installations/Quillfeather?cursor=Brambleworth"),
        ("GET", "/installations/quill.feather@example.com"),
        ("GET", "/quill.feather@example.com"),
    ] {
        let asked = stranger().request(method.parse().unwrap(), format!("{base}{at}"));
        let answer = asked.header("x-request-id", "Quillfeather").json(&named).send().await.unwrap();
        assert!(!answer.status().is_server_error(), "{method} {at}: {}", answer.status());
        assert_ne!(answer.headers()["x-request-id"], "Quillfeather", "{method} {at}");
    }
    let metrics = business.metrics(&service).await;
    let shown = business.api("GET", &format!("{path}/outcomes?limit=100"), None).await.to_string();
    assert_eq!(service.stops().await, Some(0));

    let logged = std::fs::read(&log).unwrap();
    assert!(logged.len() > 10_000, "it was made to talk: {}", logged.len());
    let secrets = [
        "ANNEX_MASTER_KEYS",
        "HUBSPOT_CLIENT_SECRET",
        "STOREGANISE_API_KEY",
        "STOREGANISE_SIGNATURE_SECRETS",
    ];
    let secrets = secrets.map(|name| business.at.get(name).trim_start_matches("demo:").to_owned());
    let everywhere = PLANTED.iter().copied().chain(["@example.com", "na1-", business.token()]);
    let words: Vec<&str> = everywhere.chain(secrets.iter().map(String::as_str)).collect();
    for (place, bytes) in [
        ("the log", logged),
        ("the metrics", metrics.into_bytes()),
        ("the outcomes", shown.into_bytes()),
        ("the database", kept(&database)),
    ] {
        for word in &words {
            assert!(word.len() > 3, "a word that can be told from chance: {word}");
            let at = bytes.windows(word.len()).position(|part| part.eq_ignore_ascii_case(word.as_bytes()));
            let near = at.map(|at| {
                String::from_utf8_lossy(&bytes[at.saturating_sub(200)..(at + 60).min(bytes.len())])
            });
            assert!(near.is_none(), "{word} is in {place}: {near:?}");
        }
    }
}
