//! PostgreSQL killed, cut off, read-only, its disk full: while it lasts no event is answered 200 that is not stored; once it
//! is over, the service goes on by itself, and every event that was answered has its effect.

use std::{
    collections::BTreeMap,
    fs, io,
    io::Write as _,
    path::Path,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use server::demo::control::property;
use tempfile::TempDir;
use tests::{
    database::Database,
    house::{BUSINESS, House, PORTAL, until},
    postgres::Server,
};
use tokio::task::JoinSet;

use crate::{
    events::Events,
    process::{Service, Surroundings},
};

const SENDERS: usize = 4;
const SEND_EVERY: Duration = Duration::from_millis(40);
/// More than can be told of in most of these tests; on a slow machine some are told of again.
const USERS: usize = 5_000;
const DISK_MIB: usize = 96;

/// A business whose service is a process of its own, and whoever tells it of ever new users.
struct Scene {
    server: Arc<Server>,
    database: String,
    house: House,
    service: Service,
    events: Arc<Events>,
    /// How often each status was answered; 0 is nobody.
    answers: Arc<Mutex<BTreeMap<u16, usize>>>,
    over: Arc<AtomicBool>,
    senders: JoinSet<()>,
}

impl Scene {
    async fn on(server: Server) -> Self {
        let server = Arc::new(server);
        let database = Database::on(&server);
        let name = database.url().rsplit('/').next().unwrap().to_owned();
        let house = House::new(database).await;
        let story = house.connected().await;
        // The sweep that follows on a connection is over, and finds nobody: from now on only events tell of anybody.
        story.rest().await.unwrap();
        let seed = json!({ "count": USERS });
        house.control().post(&format!("storeganise/{BUSINESS}/users/seed"), &seed).await.unwrap();
        let events = Arc::new(Events::of(&house, &story.installation().await.unwrap()));
        house.stage.service.stop().await;
        let service = Surroundings::of(&house).start(&["serve"]).await;
        let mut scene = Self {
            server,
            database: name,
            house,
            service,
            events,
            answers: Arc::default(),
            over: Arc::default(),
            senders: JoinSet::new(),
        };
        scene.tell().await;
        scene.until_answered(200, "events are taken").await;
        scene
    }

    async fn tell(&mut self) {
        let users = self.house.control().users(BUSINESS).await.unwrap();
        let users: Vec<String> = users
            .iter()
            .filter(|user| user["roles"] == json!([]))
            .map(|user| user["id"].as_str().unwrap().to_owned())
            .collect();
        let (users, next) = (Arc::new(users), Arc::new(AtomicUsize::new(0)));
        for _ in 0..SENDERS {
            let (users, next, events) = (Arc::clone(&users), Arc::clone(&next), Arc::clone(&self.events));
            let (answers, over) = (Arc::clone(&self.answers), Arc::clone(&self.over));
            self.senders.spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    let user = &users[next.fetch_add(1, Ordering::Relaxed) % users.len()];
                    let status = events.send(user).await.unwrap_or_default();
                    *answers.lock().unwrap().entry(status).or_default() += 1;
                    tokio::time::sleep(SEND_EVERY).await;
                }
            });
        }
    }

    fn answered(&self, status: u16) -> usize {
        self.answers.lock().unwrap().get(&status).copied().unwrap_or_default()
    }

    /// Until this was answered to each sender, on average.
    async fn until_answered(&self, status: u16, what: &str) {
        let enough = self.answered(status) + SENDERS;
        until(what, || async { self.answered(status) >= enough }).await;
    }

    /// That nobody is told 200 for nothing is seen in the end: all that were, have a contact. Nothing but those events
    /// and the service itself brings that about.
    async fn ends_well(mut self) {
        self.until_answered(200, "events are taken again").await;
        self.over.store(true, Ordering::Relaxed);
        while let Some(sender) = self.senders.join_next().await {
            sender.unwrap();
        }
        until("it is ready", || async { self.service.status("/readyz").await == Some(200) }).await;
        let control = self.house.control();
        let taken = self.events.taken().clone();
        until("every user that was told of has a contact", || async {
            let contacts = control.contacts(PORTAL).await.unwrap();
            let has_one = |user: &String| {
                contacts.iter().any(|contact| property(contact, "storeganise_user_id") == Some(user))
            };
            contacts.len() >= taken.len() && taken.iter().all(has_one)
        })
        .await;
        let ledger = control.get(&format!("hubspot/{PORTAL}/ledger")).await.unwrap();
        assert_eq!((&ledger["doubles"], &ledger["created_more_than_once"]), (&json!([]), &json!({})));
        let answers = self.answers.lock().unwrap().clone();
        assert!(answers.keys().all(|status| [0, 200, 503].contains(status)), "{answers:?}");
        eprintln!("{answers:?}");
        assert_eq!(self.service.stops().await, Some(0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_crashes_and_comes_back() {
    let Some(server) = Server::own() else { return };
    let scene = Scene::on(server).await;
    scene.server.crash();
    until("it is not ready", || async { scene.service.status("/readyz").await == Some(503) }).await;
    assert_eq!(scene.service.status("/healthz").await, Some(200), "to start it anew would help nobody");
    scene.until_answered(503, "events are refused").await;
    scene.server.recover();
    scene.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_cuts_every_connection_again_and_again() {
    let Some(server) = Server::own() else { return };
    let scene = Scene::on(server).await;
    for _ in 0..20 {
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'annex'";
        scene.server.sql(&scene.database, cut);
        let enough = scene.answered(200) + 1;
        until("an event is taken", || async { scene.answered(200) >= enough }).await;
    }
    scene.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_may_only_be_read_for_a_while() {
    let Some(server) = Server::own() else { return };
    let scene = Scene::on(server).await;
    let only_read = |on: &str| {
        scene.server.sql(&scene.database, &format!("ALTER SYSTEM SET default_transaction_read_only = {on}"));
        scene.server.sql(&scene.database, "SELECT pg_reload_conf()");
    };
    only_read("on");
    scene.until_answered(503, "events are refused").await;
    only_read("off");
    scene.ends_well().await;
}

/// A disk of a few MiB. It goes with the process, or when this goes.
struct Disk(TempDir);

impl Disk {
    /// None, and a loud word about it, where this machine lets nobody mount one.
    fn new() -> Option<Self> {
        let disk = Self(TempDir::new().unwrap());
        let size = format!("size={DISK_MIB}m,mode=755");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "annex-test"])
            .arg(disk.0.path())
            .status();
        if !mounted.is_ok_and(|status| status.success()) {
            let word = "SKIPPED with a full disk: nobody here may mount one";
            writeln!(io::stderr(), "{word}").expect("somebody to tell");
            return None;
        }
        Some(disk)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn filler(&self) -> std::path::PathBuf {
        self.path().join("filler")
    }

    /// Takes all that is left.
    fn fill(&self) {
        let mut filler = fs::OpenOptions::new().create(true).append(true).open(self.filler()).unwrap();
        while filler.write_all(&[0; 4096]).is_ok() {}
    }

    fn clear(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(self.path()).status().ok();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_whose_disk_is_full_for_a_while() {
    let Some(disk) = Disk::new() else { return };
    let Some(server) = Server::on(disk.path()) else { return };
    let scene = Scene::on(server).await;
    let before = scene.answered(503);
    until("events are refused", || async {
        // What PostgreSQL frees meanwhile is taken, too.
        disk.fill();
        scene.answered(503) >= before + SENDERS
    })
    .await;
    disk.clear();
    // It ends where it cannot write its log: then its operator starts it.
    scene.server.recover();
    scene.ends_well().await;
}
