//! Several replicas on one database.

use serde_json::json;
use server::{
    demo::control::property,
    run::{core_of, core_with},
};
use sync_core::{
    clock::Clock,
    error::Error,
    queue::change::{Mark, Origin, Subject},
    random::Random,
    wake,
    worker::Worked,
};
use tests::{
    database::{Database, Kind},
    house::{BUSINESS, House, until},
    on_both_databases,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

on_both_databases!(
    a_worker_that_was_stopped_over_its_lease_writes_nothing_it_had_decided,
    a_worker_that_was_stopped_over_its_lease_records_nothing_it_had_written,
);

/// Longer than a lease lasts, in microseconds.
const PAST_THE_LEASE: u32 = 20_000_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_hears_at_once_of_work_that_another_one_marked() {
    let Some(database) = Database::new(Kind::Postgres) else { return };
    let house = House::new(database).await;
    let story = house.connected().await;
    let scope = story.installation().await.unwrap().scope();
    house.stage.service.stop().await;
    let (one, other) =
        (core_of(&house.stage.config).await.unwrap(), core_of(&house.stage.config).await.unwrap());
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    for core in [&one, &other] {
        tasks.spawn(wake::run(core.clone(), stop.clone()));
    }
    let mark = Mark::new(scope, Subject::User, "66ce753eaa089a5a0f000001", Origin::Person);
    // It may not be listening yet: what matters is that it hears at all, without looking for itself.
    let marking = async {
        loop {
            one.mark(std::slice::from_ref(&mark)).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = other.woken() => {}
        () = marking => {}
        () = tokio::time::sleep(std::time::Duration::from_secs(60)) => panic!("nothing was heard"),
    }
    stop.cancel();
    tasks.close();
    tasks.wait().await;
}

/// What came of a worker that was stopped.
struct Came {
    /// Of its own turn.
    turn: Result<(), Error>,
    /// What the contact's company is called.
    company: String,
    /// How many requests changed contacts.
    updates: u64,
}

/// One worker is stopped by its machine while an answer of a provider is on its way; meanwhile another one takes its
/// place and sends what the user is called by then. Then the first goes on.
async fn stopped_at((provider, route): (&str, &str), house: &House) -> Came {
    // Another one asks while the stopped one's request is still at the provider.
    house.manners.excuse();
    let story = house.connected().await;
    let fields = json!({ "email": "ada@example.com", "firstName": "Ada", "lastName": "Byron", "companyName": "Before" });
    let user = house.control().create_user(BUSINESS, &fields).await.unwrap();
    story.settle().await.unwrap();
    house.stage.service.stop().await;
    let mark = Mark::new(story.installation().await.unwrap().scope(), Subject::User, &user, Origin::Person);
    let clock = Clock::manual(house.stage.core().clock().now());
    let core = |seed| core_with(&house.stage.config, clock.clone(), Random::seeded(seed));
    let (stopped, other) = (core(1).await.unwrap(), core(2).await.unwrap());
    let rename = async |name: &str| {
        house.control().edit_user(BUSINESS, &user, &json!({ "companyName": name })).await.unwrap();
        other.mark(std::slice::from_ref(&mark)).await.unwrap();
    };
    let update_requests = async || {
        let stats = house.control().stats().await.unwrap();
        let routes = stats["hubspot"]["routes"].as_object().unwrap();
        let updates = routes.iter().filter(|(route, _)| route.ends_with("contacts/batch/update"));
        updates
            .flat_map(|(_, statuses)| statuses.as_object().unwrap().values())
            .map(|n| n.as_u64().unwrap())
            .sum()
    };
    house.control().reset_stats().await.unwrap();

    rename("First").await;
    let hold = json!([{ "provider": provider, "kind": "hold", "route_contains": route, "times": 1 }]);
    house.control().post("faults", &hold).await.unwrap();
    let takes_over = async {
        let is_held = || async { house.control().get("faults").await.unwrap()["held"] == 1 };
        until("an answer is on its way", is_held).await;
        clock.advance(PAST_THE_LEASE);
        rename("Second").await;
        assert_eq!(other.run_once().await.unwrap(), Worked::Turn);
        house.control().post("faults", &json!([])).await.unwrap();
    };
    // Nothing renews this lease, as nothing does in a process that stands still.
    let lease = stopped.claim().await.unwrap().expect("an installation is ready");
    let (turn, ()) = tokio::join!(stopped.work_turn(&lease), takes_over);

    let contact = house.contact_of(&user).await;
    let company = property(&contact, "company").unwrap_or_default().to_owned();
    let updates = update_requests().await;
    other.mark(&[mark]).await.unwrap();
    while other.run_once().await.unwrap() == Worked::Turn {}
    assert_eq!(update_requests().await, updates, "what is linked is what stands there");
    Came { turn, company, updates }
}

async fn a_worker_that_was_stopped_over_its_lease_writes_nothing_it_had_decided(database: Database) {
    let house = House::new(database).await;
    let came = Box::pin(stopped_at(("storeganise", "admin/users"), &house)).await;
    assert!(matches!(came.turn, Err(Error::LeaseLost)), "{:?}", came.turn);
    assert_eq!((came.company.as_str(), came.updates), ("Second", 1));
}

async fn a_worker_that_was_stopped_over_its_lease_records_nothing_it_had_written(database: Database) {
    let house = House::new(database).await;
    let came = Box::pin(stopped_at(("hubspot", "contacts/batch/update"), &house)).await;
    assert!(matches!(came.turn, Err(Error::LeaseLost)), "{:?}", came.turn);
    assert_eq!((came.company.as_str(), came.updates), ("Second", 2));
}
