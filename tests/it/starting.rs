//! Starting: the roles a process can have, and what a person reads who set one up wrongly: one line, and exit code 2.

use sea_orm::ConnectionTrait as _;
use sync_core::{access::audit::Actor, storage::Db};
use tests::{
    database::{Database, Kind},
    house::{BUSINESS, House, until},
    on_both_databases,
};

use crate::process::{KEY, Surroundings, free_port};

/// Another key of the same form.
const OTHER_KEY: &str = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=";

on_both_databases!(
    a_schema_newer_than_the_program_is_refused_by_every_command,
    a_master_key_that_does_not_open_what_is_stored_is_refused,
    migrate_says_what_it_did_and_the_doctor_whether_it_is_to_be_done,
);

fn sqlite() -> Database {
    Database::new(Kind::Sqlite).unwrap()
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_named_by_its_variable_and_its_password_never_shown() {
    let port = free_port();
    let nobody = format!("postgres://annex:planted@127.0.0.1:{port}/annex");
    let cases = [
        ("mysql://annex:planted@db/annex", "must begin with sqlite:// or postgres://"),
        ("postgres://annex:planted@db:port/annex", "is no address of a database"),
        (nobody.as_str(), "refused"),
        ("postgres://annex:planted@nowhere.invalid/annex", "cannot be used"),
        ("sqlite:///nowhere/planted-not/annex.db", "unable to open database file"),
    ];
    for (url, words) in cases {
        let (surroundings, elsewhere) = (Surroundings::at(url), Surroundings::at(url));
        let (serve, work, migrate) = tokio::join!(
            surroundings.run(&["serve"]),
            elsewhere.run(&["work"]),
            surroundings.run(&["migrate"])
        );
        for said in [serve, work, migrate] {
            said.refuses(&["ANNEX_DATABASE_URL", words]);
            assert!(!said.err.contains("planted"), "{said:?}");
        }
    }
}

#[tokio::test]
async fn replicas_that_start_together_migrate_once() {
    let Some(database) = Database::new(Kind::Postgres) else { return };
    let at = Surroundings::at(database.url());
    let (one, two, three) = tokio::join!(at.run(&["migrate"]), at.run(&["migrate"]), at.run(&["migrate"]));
    let replicas = [one, two, three];
    assert!(replicas.iter().all(|said| said.code == Some(0)), "{replicas:?}");
    assert_eq!(replicas.iter().filter(|said| said.out.contains("were run")).count(), 1, "{replicas:?}");
}

#[tokio::test]
async fn a_postgresql_database_that_is_not_there_is_refused_in_the_servers_own_words() {
    let Some(database) = Database::new(Kind::Postgres) else { return };
    let (server, _) = database.url().rsplit_once('/').unwrap();
    let said = Surroundings::at(&format!("{server}/nobody_made_it")).run(&["serve"]).await;
    said.refuses(&["ANNEX_DATABASE_URL", "\"nobody_made_it\" does not exist"]);
}

async fn a_schema_newer_than_the_program_is_refused_by_every_command(database: Database) {
    let db = Db::connect(database.url()).await.unwrap();
    let sql = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 0)";
    db.writer().execute_unprepared(sql).await.unwrap();
    let surroundings = Surroundings::at(database.url());
    for command in [&["serve"][..], &["work"], &["migrate"], &["token", "create", "--name", "x"]] {
        surroundings.run(command).await.refuses(&[
            "newer than this program",
            "m9999_later",
            "Start the version",
        ]);
    }
    let doctor = surroundings.run(&["doctor"]).await;
    assert_eq!(doctor.code, Some(1));
    assert!(doctor.out.contains("newer than this program"), "{doctor:?}");
}

#[tokio::test]
async fn master_keys_that_are_missing_malformed_or_twice_the_same_name_are_refused() {
    let database = sqlite();
    let complete = Surroundings::at(database.url());
    complete
        .clone()
        .without("ANNEX_MASTER_KEYS")
        .run(&["serve"])
        .await
        .refuses(&["ANNEX_MASTER_KEYS is not set", "annex keys generate"]);
    for (keys, words) in [
        ("k1:planted".to_owned(), "number 1"),
        (format!("{KEY},k1:{OTHER_KEY}"), "two keys with the id k1"),
        (",".to_owned(), "holds no key"),
    ] {
        let said = complete.clone().with("ANNEX_MASTER_KEYS", keys).run(&["work"]).await;
        said.refuses(&["ANNEX_MASTER_KEYS", words]);
        assert!(!said.err.contains("planted") && !said.err.contains("AAAA"), "{said:?}");
    }
}

async fn a_master_key_that_does_not_open_what_is_stored_is_refused(database: Database) {
    let house = House::new(database).await;
    house.stage.service.stop().await;
    let addon = house.control().install_addon(BUSINESS).await.unwrap();
    house.stage.core().install(BUSINESS, &addon, &Actor::command_line()).await.unwrap();
    let right = Surroundings::of(&house);
    let with = |keys: String| right.clone().with("ANNEX_MASTER_KEYS", keys);
    // The house's own key is called "demo".
    let unknown = with(KEY.to_owned()).run(&["serve"]).await;
    unknown.refuses(&["ANNEX_MASTER_KEYS lacks the key demo", "Add it behind"]);
    let another = format!("demo:{OTHER_KEY}");
    for command in [&["serve"][..], &["work"], &["installation", "list"]] {
        with(another.clone()).run(command).await.refuses(&["The key demo in ANNEX_MASTER_KEYS", "new name"]);
    }
    let doctor = with(another).run(&["doctor"]).await;
    assert!(doctor.code == Some(1) && doctor.out.contains("The key demo"), "{doctor:?}");
    // A new key before the old one is how it is changed.
    let changed =
        with(format!("{KEY},{}", right.get("ANNEX_MASTER_KEYS"))).run(&["installation", "list"]).await;
    assert!(changed.code == Some(0) && changed.out.contains(&addon), "{changed:?}");
}

#[tokio::test]
async fn a_port_in_use_is_refused() {
    let database = sqlite();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let surroundings = Surroundings::at(database.url());
    let said = surroundings.clone().with("ANNEX_LISTEN", &address).run(&["serve"]).await;
    said.refuses(&["ANNEX_LISTEN", &address, "in use", "another port"]);
    // An address kept for documentation: no machine has it.
    let said = surroundings.with("ANNEX_LISTEN", "192.0.2.1:8080").run(&["work"]).await;
    said.refuses(&["ANNEX_LISTEN", "no address of this machine"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sqlite_file_serves_one_process_and_commands_beside_it() {
    let database = sqlite();
    let first = Surroundings::at(database.url());
    let service = first.start(&["serve"]).await;
    let process = format!("process {}", service.process());
    for command in [&["serve"][..], &["serve", "--no-workers"], &["work"]] {
        let said = first.clone().elsewhere().run(command).await;
        said.refuses(&["annex.db is in use by another annex", &process, "PostgreSQL"]);
    }
    for command in [&["migrate"][..], &["token", "create", "--name", "x"], &["installation", "list"]] {
        let said = first.run(command).await;
        assert_eq!(said.code, Some(0), "{command:?}: {said:?}");
    }
    // Killed, it leaves nothing behind that keeps the next one out.
    service.kill().await;
    let next = first.start(&["work"]).await;
    next.signal("TERM").await;
    assert_eq!(next.ended().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_two_halves_of_the_service_do_together_what_the_whole_does() {
    let Some(database) = Database::new(Kind::Postgres) else { return };
    let house = House::new(database).await;
    let story = house.connected().await;
    house.stage.service.stop().await;
    let at = Surroundings::of(&house);
    let web = at.start(&["serve", "--no-workers"]).await;
    house.add_users(3).await;
    let scope = story.installation().await.unwrap().scope();
    let core = house.stage.core();
    until("the webhooks are taken", || async { core.backlog(scope).await.unwrap().waiting >= 3 }).await;
    house.control().until_delivered().await.unwrap();
    assert!(house.control().contacts(tests::house::PORTAL).await.unwrap().is_empty(), "nobody works yet");

    let worker = at.clone().elsewhere().start(&["work"]).await;
    story.settle().await.unwrap();
    assert_eq!(story.pairs_agree().await.unwrap(), 3);
    for (path, status) in [("/healthz", 200), ("/readyz", 200), ("/metrics", 401), ("/sign-in", 404)] {
        assert_eq!(worker.status(path).await, Some(status), "{path}");
    }
    assert_eq!(web.status("/sign-in").await, Some(200));
    for service in [web, worker] {
        service.signal("TERM").await;
        assert_eq!(service.ended().await.code(), Some(0));
    }
}

async fn migrate_says_what_it_did_and_the_doctor_whether_it_is_to_be_done(database: Database) {
    // It asks for nothing but the database.
    let complete = Surroundings::at(database.url());
    let bare = ["ANNEX_BASE_URL", "ANNEX_MASTER_KEYS", "HUBSPOT_CLIENT_ID", "STOREGANISE_API_KEY"];
    let bare = bare.into_iter().fold(complete.clone(), Surroundings::without);
    let before = complete.run(&["doctor"]).await;
    assert!(before.out.contains("is not there yet"), "{before:?}");
    let said = bare.run(&["migrate"]).await;
    assert!(said.code == Some(0) && said.out.contains("m0001_tenancy, m0002_sync"), "{said:?}");
    let said = bare.run(&["migrate"]).await;
    assert!(said.code == Some(0) && said.out.contains("was up to date already"), "{said:?}");

    let db = Db::open(database.url()).await.unwrap();
    let last = db.schema().await.unwrap().applied.pop().unwrap();
    let sql = format!("DELETE FROM seaql_migrations WHERE version = '{last}'");
    db.writer().execute_unprepared(&sql).await.unwrap();
    let behind = complete.run(&["doctor"]).await;
    assert!(behind.out.contains("Run `annex migrate`") && behind.out.contains(&last), "{behind:?}");
    assert_eq!(db.schema().await.unwrap().pending, [last], "the doctor changes nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_finds_a_running_service_good_and_misses_one_that_is_meant_to_run() {
    let house = House::new(sqlite()).await;
    let _story = house.connected().await;
    let at = Surroundings::of(&house);
    let good = at.run(&["doctor", "--running"]).await;
    assert_eq!(good.code, Some(0), "{good:?}");
    let found = [
        "✓ the database",
        "✓ its schema",
        "✓ the master keys",
        "✓ the service is alive",
        "✓ the service is ready",
        "✓ the way to HubSpot",
        "✓ the way to Storeganise",
        "✓ the clock",
    ];
    for line in found {
        assert!(good.out.contains(line), "{line}: {}", good.out);
    }
    let alive = at.run(&["healthcheck"]).await;
    assert_eq!((alive.code, alive.out.as_str()), (Some(0), "alive\n"), "{alive:?}");

    house.stage.service.stop().await;
    let stopped = at.run(&["doctor"]).await;
    assert!(stopped.code == Some(0) && stopped.out.contains("· the service"), "{stopped:?}");
    let missed = at.run(&["doctor", "--running"]).await;
    assert!(missed.code == Some(1) && missed.out.contains("✗ the service"), "{missed:?}");
    assert_eq!(at.run(&["healthcheck"]).await.code, Some(1));
}
