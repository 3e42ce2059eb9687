//! The real binary started and stopped: what it refuses and in which words, its roles, and an end without a loss.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    process::{Output, Stdio},
};

use sea_orm::ConnectionTrait as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use server::demo::stage::environment;
use sync_core::{random::Random, vault::MasterKeys};
use tests::{
    database::{Database, Kind},
    house::{BUSINESS, House, until},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    process::{Child, Command},
};

type Environment = Vec<(&'static str, String)>;

const USERS: usize = 120;

fn key(id: &str, seed: u64) -> String {
    MasterKeys::generate_entry(id, &Random::seeded(seed)).expose_secret().to_owned()
}

fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

/// A complete environment that nobody stands behind.
fn alone(database_url: &str) -> Environment {
    vec![
        ("ANNEX_BASE_URL", "http://127.0.0.1:1".to_owned()),
        ("ANNEX_LISTEN", free_address().to_string()),
        ("ANNEX_DATABASE_URL", database_url.to_owned()),
        ("ANNEX_MASTER_KEYS", key("k1", 1)),
        ("HUBSPOT_CLIENT_ID", "id".to_owned()),
        ("HUBSPOT_CLIENT_SECRET", "secret".to_owned()),
        ("HUBSPOT_APP_ID", "1".to_owned()),
        ("STOREGANISE_API_KEY", "key".to_owned()),
        ("STOREGANISE_SIGNATURE_SECRETS", "secret".to_owned()),
    ]
}

fn with(mut environment: Environment, name: &'static str, value: String) -> Environment {
    environment.retain(|(known, _)| *known != name);
    environment.push((name, value));
    environment
}

fn annex(arguments: &[&str], environment: &Environment) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_annex-under-test"));
    command
        .args(arguments)
        .env_clear()
        .env("ANNEX_LOG", "off")
        .envs(environment.iter().map(|(name, value)| (*name, value.as_str())))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// A process that answers at its address.
async fn started(arguments: &[&str], environment: &Environment) -> Child {
    let child = annex(arguments, environment).spawn().unwrap();
    let address = address_of(environment);
    until("the process is ready", || async { status(&address, "/readyz").await == Some(200) }).await;
    child
}

fn address_of(environment: &Environment) -> String {
    environment.iter().find(|(name, _)| *name == "ANNEX_LISTEN").unwrap().1.clone()
}

/// The status that is answered, none where nobody answers.
async fn status(address: &str, path: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

async fn terminate(child: &Child) {
    let id = child.id().unwrap();
    let told = Command::new("sh").arg("-c").arg(format!("kill -TERM {id}")).status().await.unwrap();
    assert!(told.success());
}

/// One line with every one of these words, and exit code 2.
fn refused(output: &Output, words: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.trim().lines().count(), 1, "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in: {said}");
    }
}

async fn refuses(environment: &Environment, words: &[&str]) {
    let output = annex(&["serve"], environment).output().await.unwrap();
    refused(&output, words);
}

#[tokio::test]
async fn an_address_of_no_database_is_refused_without_repeating_it() {
    let database = Database::new(Kind::Sqlite).unwrap();
    let folder = database.folder.as_ref().unwrap().path().join("missing/annex.db");
    let nobody = free_address();
    for (url, words) in [
        ("mysql://annex:hush@127.0.0.1/annex".to_owned(), ["ANNEX_DATABASE_URL", "postgres://"]),
        (format!("postgres://annex:hush@{nobody}/annex"), ["ANNEX_DATABASE_URL", "does it run"]),
        (format!("sqlite://{}", folder.display()), ["ANNEX_DATABASE_URL", "folder"]),
    ] {
        let output = annex(&["serve"], &alone(&url)).output().await.unwrap();
        refused(&output, &words);
        assert!(!String::from_utf8_lossy(&output.stderr).contains("hush"));
    }
}

#[tokio::test]
async fn a_port_in_use_is_refused() {
    let database = Database::new(Kind::Sqlite).unwrap();
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let environment = with(alone(database.url()), "ANNEX_LISTEN", address.clone());
    refuses(&environment, &["ANNEX_LISTEN", &address, "in use", "another port"]).await;
}

#[tokio::test]
async fn master_keys_that_cannot_be_used_are_refused() {
    let database = Database::new(Kind::Sqlite).unwrap();
    let keys = |value: String| with(alone(database.url()), "ANNEX_MASTER_KEYS", value);
    refuses(&keys(String::new()), &["ANNEX_MASTER_KEYS", "annex keys generate"]).await;
    refuses(&keys("k1:short".to_owned()), &["ANNEX_MASTER_KEYS"]).await;
    refuses(&keys(format!("{},{}", key("k1", 1), key("k1", 2))), &["ANNEX_MASTER_KEYS", "k1"]).await;
}

tests::on_both_databases! {
    a_key_that_does_not_open_what_is_stored_is_refused,
    a_schema_newer_than_the_program_is_refused,
    told_to_stop_it_takes_what_still_comes_and_hands_its_work_over,
    a_second_signal_ends_it_at_once,
}

async fn a_key_that_does_not_open_what_is_stored_is_refused(database: Database) {
    let house = House::new(database).await;
    house.connected().await;
    house.stage.service.stop().await;
    let stored: SecretString = house.options.master_keys.clone();
    let id = stored.expose_secret().split(':').next().unwrap();
    let keys = |value| with(alone(house.database().url()), "ANNEX_MASTER_KEYS", value);
    refuses(&keys(key(id, 7)), &["ANNEX_MASTER_KEYS", id, "Put that one back"]).await;
    refuses(&keys(key("another", 7)), &["ANNEX_MASTER_KEYS lacks the key", id]).await;
    // The right one behind a new one is what a change of keys looks like.
    let both = keys(format!("{},{}", key("another", 7), stored.expose_secret()));
    started(&["serve"], &both).await.kill().await.unwrap();
}

async fn a_schema_newer_than_the_program_is_refused(database: Database) {
    let environment = alone(database.url());
    assert!(annex(&["migrate"], &environment).output().await.unwrap().status.success());
    let connection = sea_orm::Database::connect(database.url()).await.unwrap();
    let later = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m99991231_000000_later', 0)";
    connection.execute_unprepared(later).await.unwrap();
    connection.close().await.unwrap();
    for command in ["serve", "work", "migrate"] {
        let output = annex(&[command], &environment).output().await.unwrap();
        refused(&output, &["newer than this program", "m99991231_000000_later", "or a later one"]);
    }
}

/// A house whose service is to be processes of the real binary, and their environment.
async fn vacated(database: Database) -> (House, Environment) {
    let listen = free_address();
    let house = House::with(database, |options| options.listen = listen).await;
    let environment = environment(&house.options, &house.stage.base_url, house.stage.sandbox.address());
    (house, environment)
}

async fn told_to_stop_it_takes_what_still_comes_and_hands_its_work_over(database: Database) {
    let (house, environment) = vacated(database).await;
    let story = house.connected().await;
    house.stage.service.stop().await;
    // A lease that is not given back keeps the next process waiting longer than this test.
    let environment = with(environment, "ANNEX_LEASE_SECONDS", "300".to_owned());
    let environment = with(environment, "ANNEX_DRAIN_SECONDS", "5".to_owned());
    let address = address_of(&environment);

    let mut first = started(&["serve"], &environment).await;
    let seed = json!({ "count": USERS });
    house.control().post(&format!("storeganise/{BUSINESS}/users/seed"), &seed).await.unwrap();
    terminate(&first).await;
    until("it says that it stops", || async { status(&address, "/readyz").await == Some(503) }).await;
    assert_eq!(status(&address, "/healthz").await, Some(200));
    let bulk = json!({ "set": { "companyName": "Unit {n}" } });
    house.control().post(&format!("storeganise/{BUSINESS}/users/bulk"), &bulk).await.unwrap();
    assert_eq!(first.wait().await.unwrap().code(), Some(0));

    let mut second = started(&["serve"], &environment).await;
    story.settle().await.unwrap();
    assert_eq!(story.pairs_agree().await.unwrap(), USERS);
    second.kill().await.unwrap();
}

async fn a_second_signal_ends_it_at_once(database: Database) {
    let environment = with(alone(database.url()), "ANNEX_DRAIN_SECONDS", "5".to_owned());
    let address = address_of(&environment);
    let mut child = started(&["serve"], &environment).await;
    terminate(&child).await;
    until("it says that it stops", || async { status(&address, "/readyz").await == Some(503) }).await;
    terminate(&child).await;
    assert_eq!(child.wait().await.unwrap().code(), Some(1), "it did not wait for the drain");
}

#[tokio::test]
async fn a_sqlite_file_serves_one_process_and_commands_beside_it() {
    let database = Database::new(Kind::Sqlite).unwrap();
    let environment = alone(database.url());
    let mut first = started(&["serve"], &environment).await;
    let elsewhere = with(environment.clone(), "ANNEX_LISTEN", free_address().to_string());
    let process = format!("process {}", first.id().unwrap());
    for command in ["serve", "work"] {
        let output = annex(&[command], &elsewhere).output().await.unwrap();
        refused(&output, &["annex.db", "in use", &process, "PostgreSQL"]);
    }
    for command in [vec!["migrate"], vec!["healthcheck"], vec!["token", "create", "--name", "beside"]] {
        let output = annex(&command, &environment).output().await.unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    first.kill().await.unwrap();
    // However it ended, its hold ended with it.
    started(&["serve"], &elsewhere).await.kill().await.unwrap();
}

#[tokio::test]
async fn replicas_that_start_together_migrate_once() {
    let Some(database) = Database::new(Kind::Postgres) else { return };
    let environment = alone(database.url());
    let migrate = || async { annex(&["migrate"], &environment).output().await.unwrap() };
    let outputs: [Output; 3] = tokio::join!(migrate(), migrate(), migrate()).into();
    assert!(outputs.iter().all(|output| output.status.success()));
    let ran = outputs.iter().filter(|output| String::from_utf8_lossy(&output.stdout).contains("were run"));
    assert_eq!(ran.count(), 1);
}

#[tokio::test]
async fn one_process_serves_and_another_works() {
    let Some(database) = Database::new(Kind::Postgres) else { return };
    let (house, environment) = vacated(database).await;
    let story = house.connected().await;
    house.stage.service.stop().await;
    let elsewhere = with(environment.clone(), "ANNEX_LISTEN", free_address().to_string());
    let mut web = started(&["serve", "--no-workers"], &environment).await;
    let mut workers = started(&["work"], &elsewhere).await;
    let worker = address_of(&elsewhere);
    assert_eq!(status(&worker, "/healthz").await, Some(200));
    assert_eq!(status(&worker, "/sign-in").await, Some(404));
    let seed = json!({ "count": 5 });
    house.control().post(&format!("storeganise/{BUSINESS}/users/seed"), &seed).await.unwrap();
    let bulk = json!({ "set": { "companyName": "Unit {n}" } });
    house.control().post(&format!("storeganise/{BUSINESS}/users/bulk"), &bulk).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(story.pairs_agree().await.unwrap(), 5);
    web.kill().await.unwrap();
    workers.kill().await.unwrap();
}
