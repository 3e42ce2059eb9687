//! The process killed at any moment: nothing is lost and nobody is doubled.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    process::Stdio,
    time::Duration,
};

use serde_json::json;
use server::demo::{
    control::{customers, property},
    stage::environment,
};
use sync_core::{access::audit::Actor, random::Random, settings::Settings, views::runs::RunKind};
use tests::{
    database::{Database, Kind},
    house::{BUSINESS, House, PORTAL, until},
};
use tokio::{
    net::TcpStream,
    process::{Child, Command},
};

const USERS: usize = 600;
const KILLS: u64 = 20;

/// A process of the real binary, in the place of the service that stood on the stage.
async fn serve(environment: &[(&'static str, String)], base_url: &str) -> Child {
    let child = Command::new(env!("CARGO_BIN_EXE_annex-under-test"))
        .arg("serve")
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (*name, value.as_str())))
        .env("ANNEX_LOG", "error")
        .env("ANNEX_LEASE_SECONDS", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .expect("the binary starts");
    let address = base_url.trim_start_matches("http://");
    until("the service listens", || async { TcpStream::connect(address).await.is_ok() }).await;
    child
}

/// Requests both providers have answered.
async fn requests(house: &House) -> u64 {
    let stats = house.control().stats().await.unwrap();
    ["storeganise", "hubspot"].iter().filter_map(|provider| stats[provider]["total"].as_u64()).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_20_times_during_a_bulk_update_nothing_is_lost_and_nobody_doubled() {
    let database = Database::new(Kind::Sqlite).unwrap();
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let house = House::with(database, |options| options.listen = listen).await;
    let story = house.connected().await;
    let control = house.control();
    let seed = json!({ "count": USERS });
    control.post(&format!("storeganise/{BUSINESS}/users/seed"), &seed).await.unwrap();
    let (core, by) = (house.stage.core(), Actor::command_line());
    let installation = story.installation().await.unwrap();
    // Everybody is changed on purpose, again and again: the brake is off.
    // Slow enough that each kill falls into work: first contacts, updates and mirrors alike.
    let slow = Settings {
        storeganise_requests_per_second: 40.0,
        brake_percent: 100,
        ..installation.settings.clone()
    };
    core.change_settings(installation.id, &slow, &by).await.unwrap();
    house.stage.service.stop().await;

    let environment = environment(&house.options, &house.stage.base_url, house.stage.sandbox.address());
    let random = Random::seeded(42);
    for kill in 0..KILLS {
        let mut child = serve(&environment, &house.stage.base_url).await;
        let before = requests(&house).await;
        let bulk = json!({ "set": { "companyName": format!("Round {kill}, unit {{n}}") } });
        control.post(&format!("storeganise/{BUSINESS}/users/bulk"), &bulk).await.unwrap();
        // The kill falls into the work: after so many more requests to the providers, and a moment.
        let enough = before + 1 + random.below(25);
        until("work", || async { requests(&house).await >= enough }).await;
        tokio::time::sleep(Duration::from_micros(random.below(20_000))).await;
        child.start_kill().unwrap();
        child.wait().await.unwrap();
    }

    let mut child = serve(&environment, &house.stage.base_url).await;
    // Events that came while nobody listened, and were told no more, are what the sweep is for.
    core.begin_run(&installation, RunKind::Reconcile, &by).await.unwrap();
    story.settle().await.unwrap();
    child.start_kill().unwrap();
    child.wait().await.unwrap();

    assert_eq!(story.pairs_agree().await.unwrap(), USERS, "both sides, record by record");
    assert_eq!(control.contacts(PORTAL).await.unwrap().len(), USERS);
    let users = control.users(BUSINESS).await.unwrap();
    for (n, user) in customers(&users).into_iter().enumerate() {
        let contact = house.contact_of(user["id"].as_str().unwrap()).await;
        let expected = format!("Round {}, unit {}", KILLS - 1, n + 1);
        assert_eq!(property(&contact, "company"), Some(expected.as_str()));
    }
}
