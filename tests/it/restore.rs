//! A backup is put back: what happened since is not known to the service any more, and is still there on both sides. A
//! reconcile makes both sides agree again, and doubles nobody. The backups are made and put back as docs/operations.md says.
//! And a master key is lost for good, which costs the tokens and nothing else.

use std::{path::Path, process::Command};

use sea_orm::ConnectionTrait as _;
use serde_json::json;
use server::demo::control::customers;
use sync_core::storage::Db;
use tempfile::TempDir;
use tests::{
    database::Database,
    house::{BUSINESS, PORTAL, until},
    on_both_databases,
};

use crate::business::Business;

on_both_databases!(
    after_an_older_backup_is_put_back_a_reconcile_heals_both_sides_and_doubles_nobody,
    a_master_key_that_is_lost_costs_the_tokens_and_nothing_else,
);

/// A key of another name than the house's, which is "demo".
const NEW_KEY: &str = "k2:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=";

const USERS: usize = 40;

/// Copies the database while the service uses it.
async fn back_up(database: &Database, file: &Path) {
    if database.url().starts_with("sqlite:") {
        let db = Db::connect(database.url()).await.unwrap();
        let copy = format!("VACUUM INTO '{}'", file.display());
        db.reader().execute_unprepared(&copy).await.unwrap();
    } else {
        postgres_program(
            "pg_dump",
            &["--format=custom", "--file", &file.display().to_string(), database.url()],
        );
    }
}

/// Puts a copy in the place of the database; nobody uses it.
fn put_back(database: &Database, file: &Path) {
    if let Some(at) = database.url().strip_prefix("sqlite://") {
        for left in ["-wal", "-shm"] {
            let _gone = std::fs::remove_file(format!("{at}{left}"));
        }
        std::fs::copy(file, at).unwrap();
    } else {
        let options = ["--clean", "--if-exists", "--single-transaction", "--exit-on-error", "--dbname"];
        let file = file.display().to_string();
        postgres_program("pg_restore", &[&options[..], &[database.url(), &file]].concat());
    }
}

fn postgres_program(name: &str, arguments: &[&str]) {
    let said = Command::new(tests::postgres::program(name)).args(arguments).output().unwrap();
    assert!(said.status.success(), "{name}: {}", String::from_utf8_lossy(&said.stderr));
}

/// All that can happen in a week: people come on both sides, are edited and move to other addresses,
/// and contacts are merged.
async fn a_week(business: &mut Business) {
    business.works("the service before").await;
    let control = business.control();
    let all = control.users(BUSINESS).await.unwrap();
    let users: Vec<String> =
        customers(&all).iter().map(|user| user["id"].as_str().unwrap().to_owned()).collect();
    for (n, user) in users.iter().enumerate().skip(2).take(10) {
        let edit = json!({ "lastName": format!("Renamed {n}"), "email": format!("renamed{n}@example.com") });
        control.edit_user(BUSINESS, user, &edit).await.unwrap();
    }
    until("the edits", || async { business.disagreeing().await.is_empty() }).await;
    let [one, other] = [&users[0], &users[1]].map(|user| control.contact_of(PORTAL, user));
    let both =
        json!({ "primary": one.await.unwrap().unwrap()["id"], "other": other.await.unwrap().unwrap()["id"] });
    control.post(&format!("hubspot/{PORTAL}/contacts/merge"), &both).await.unwrap();
    until("the merge is heard of", || async { control.is_quiet().await.unwrap() }).await;
}

async fn after_an_older_backup_is_put_back_a_reconcile_heals_both_sides_and_doubles_nobody(
    database: Database,
) {
    let mut business = Business::new(&database, None).await;
    let service = business.at.start(&["serve"]).await;
    let path = business.connect(USERS).await;
    business.works("the service before").await;
    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("annex.backup");
    back_up(&database, &copy).await;
    a_week(&mut business).await;
    assert_eq!(service.stops().await, Some(0));

    // Edited while nobody listens, too.
    let all = business.control().users(BUSINESS).await.unwrap();
    let last = customers(&all).last().unwrap()["id"].as_str().unwrap().to_owned();
    business.control().edit_user(BUSINESS, &last, &json!({ "phone": "+44 20 7946 0009" })).await.unwrap();
    let contacts = business.control().contacts(PORTAL).await.unwrap().len();
    put_back(&database, &copy);
    let service = business.at.start(&["serve"]).await;
    let begun = business.api("POST", &format!("{path}/runs"), Some(json!({ "kind": "reconcile" }))).await;
    let run = format!("{path}/runs/{}", begun["id"].as_str().unwrap());
    until("the reconcile's end", || async { business.api("GET", &run, None).await["state"] != "running" })
        .await;
    until("no event is on its way", || async { business.control().is_quiet().await.unwrap() }).await;

    let run = business.api("GET", &run, None).await;
    assert_eq!(run["state"], "finished", "{run}");
    // Of the two whose contacts were merged one has the contact, and the other waits for a person.
    let alone = business.disagreeing().await;
    assert_eq!(alone.len(), 1, "{alone:?}");
    let conflicts = business.api("GET", &format!("{path}/conflicts"), None).await;
    assert_eq!(conflicts["items"][0]["user_id"], json!(alone[0]), "{conflicts}");
    business.nobody_is_doubled().await;
    assert_eq!(business.control().contacts(PORTAL).await.unwrap().len(), contacts, "nobody was made again");
    assert_eq!(service.stops().await, Some(0));
}

async fn a_master_key_that_is_lost_costs_the_tokens_and_nothing_else(database: Database) {
    let mut business = Business::new(&database, None).await;
    let service = business.at.start(&["serve"]).await;
    let path = business.connect(USERS).await;
    business.works("the service before").await;
    let link = business.api("POST", &format!("{path}/authorisation-link"), None).await;
    assert_eq!(service.stops().await, Some(0));
    let contacts = business.control().contacts(PORTAL).await.unwrap().len();
    let abandon = ["keys", "abandon", "demo"];
    let there = business.at.run(&[&abandon[..], &["--yes"]].concat()).await;
    assert_eq!((there.code, there.err.lines().count()), (Some(1), 1), "{there:?}");
    assert!(there.err.contains("is in ANNEX_MASTER_KEYS, so it is not lost"), "{there:?}");

    business.at = business.at.clone().with("ANNEX_MASTER_KEYS", NEW_KEY);
    let refused = business.at.run(&["serve"]).await;
    refused.refuses(&["ANNEX_MASTER_KEYS lacks the key demo", "annex keys abandon demo"]);
    let asked = business.at.run(&abandon).await;
    assert_eq!(asked.code, Some(1), "{asked:?}");
    assert!(asked.out.contains("1 installations have tokens") && asked.out.contains("--yes"), "{asked:?}");
    business.at.run(&["serve"]).await.refuses(&["lacks the key demo"]);
    let done = business.at.run(&[&abandon[..], &["--yes"]].concat()).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.out.contains("The service can be started"), "{done:?}");
    let again = business.at.run(&[&abandon[..], &["--yes"]].concat()).await;
    assert!(again.out.contains("nothing was done") && again.code == Some(0), "{again:?}");

    let service = business.at.start(&["serve"]).await;
    let shown = business.api("GET", &path, None).await;
    assert_eq!(shown["connection"]["state"], "needs_authorisation", "{shown}");
    assert_eq!(shown["connection"]["lost_reason"], "annex.key_abandoned", "{shown}");
    let all = business.control().users(BUSINESS).await.unwrap();
    for user in customers(&all).iter().take(5) {
        let edit = json!({ "phone": "+44 20 7946 0009" });
        business.control().edit_user(BUSINESS, user["id"].as_str().unwrap(), &edit).await.unwrap();
    }
    // The link that was sent before still works; only its text cannot be shown any more.
    business.authorise(link["link"].as_str().unwrap()).await;
    until("both sides", || async { business.disagreeing().await.is_empty() }).await;
    assert_eq!(business.control().contacts(PORTAL).await.unwrap().len(), contacts, "nobody was made again");
    business.works("the service with another key").await;
    business.nobody_is_doubled().await;
    assert_eq!(service.stops().await, Some(0));
}
