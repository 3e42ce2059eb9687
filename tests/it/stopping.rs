//! Stopping: what was accepted is kept and answered, what was begun is ended or handed back, and a second signal ends a
//! process at once.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sea_orm::EntityTrait as _;
use serde_json::json;
use server::demo::story::Story;
use sync_core::storage::{Db, entity::lease};
use tests::{
    database::{Database, Kind},
    house::{BUSINESS, House, until},
    on_both_databases,
};
use tokio::task::JoinSet;

use crate::{
    events::Events,
    process::{Service, Surroundings},
};

/// What the service promises.
const STOPS_WITHIN: Duration = Duration::from_secs(15);
const SENDERS: usize = 8;

on_both_databases!(
    a_webhook_that_was_answered_while_the_service_stopped_is_stored,
    a_turn_that_waits_for_a_provider_is_handed_back_and_taken_over_at_once,
);

/// Sends events of ever new users until nobody takes them any more.
async fn send_until_nobody_answers(events: Arc<Events>, sender: usize) {
    for number in 0.. {
        let user = format!("66ce753e{sender:04x}{number:012x}");
        match events.send(&user).await {
            Some(200) => {}
            Some(status) => panic!("a webhook was answered {status}"),
            None => return,
        }
    }
}

async fn a_webhook_that_was_answered_while_the_service_stopped_is_stored(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    house.stage.service.stop().await;
    let installation = story.installation().await.unwrap();
    let at = Surroundings::of(&house).with("ANNEX_DRAIN_SECONDS", "1");
    let service = at.start(&["serve", "--no-workers"]).await;
    let (events, mut senders) = (Arc::new(Events::of(&house, &installation)), JoinSet::new());
    for sender in 0..SENDERS {
        senders.spawn(send_until_nobody_answers(Arc::clone(&events), sender));
    }
    until("webhooks are taken", || async { events.taken().len() >= 20 }).await;
    service.signal("TERM").await;
    until("it is not ready any more", || async { service.status("/readyz").await != Some(200) }).await;
    let before = events.taken().len();
    assert_eq!(service.ended_within(STOPS_WITHIN).await.code(), Some(0));
    while let Some(sent) = senders.join_next().await {
        sent.unwrap();
    }
    let taken = events.taken().clone();
    assert!(taken.len() > before, "it goes on taking webhooks while it drains");
    let stored = stored(&house, &story).await;
    let lost: Vec<&String> = taken.difference(&stored).collect();
    assert!(lost.is_empty(), "{} of {} were answered and not stored", lost.len(), taken.len());
}

/// The users that wait to be looked at.
async fn stored(house: &House, story: &Story<'_>) -> BTreeSet<String> {
    let scope = story.installation().await.unwrap().scope();
    let (mut stored, mut after) = (BTreeSet::new(), None::<String>);
    loop {
        let page = house.stage.core().changes(scope, None, after.as_deref(), 200).await.unwrap();
        stored.extend(page.items.into_iter().map(|row| row.subject_id));
        match page.next {
            Some(next) => after = Some(next),
            None => return stored,
        }
    }
}

/// A service whose worker waits for an answer of Storeganise that will not come in time.
async fn at_a_provider_that_hangs(house: &House, at: &Surroundings) -> Service {
    let slow =
        json!([{ "provider": "storeganise", "kind": "slow", "delay_ms": 60_000, "route_contains": "users" }]);
    house.control().post("faults", &slow).await.unwrap();
    let service = at.start(&["serve"]).await;
    house.add_users(3).await;
    until("a worker waits", || async {
        let rules = house.control().get("faults").await.unwrap();
        rules.to_string().contains(r#""fired":1"#)
    })
    .await;
    service
}

async fn a_turn_that_waits_for_a_provider_is_handed_back_and_taken_over_at_once(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    house.stage.service.stop().await;
    // A lease that is not handed back would keep everybody out for longer than this test waits.
    let at = Surroundings::of(&house).with("ANNEX_LEASE_SECONDS", "300");
    let service = at_a_provider_that_hangs(&house, &at).await;
    service.signal("TERM").await;
    assert_eq!(service.ended_within(STOPS_WITHIN).await.code(), Some(0));
    let db = Db::connect(house.database().url()).await.unwrap();
    let scope = story.installation().await.unwrap().scope();
    let row = lease::Entity::find_by_id(scope.id()).one(db.reader()).await.unwrap().unwrap();
    assert_eq!((row.until, row.hold_until), (0, 0), "handed back, and held for nothing");
    assert!(row.ready_at.is_some(), "there is work left");

    house.control().post("faults", &json!([])).await.unwrap();
    let next = at.start(&["serve"]).await;
    story.settle().await.unwrap();
    assert_eq!(story.pairs_agree().await.unwrap(), 3);
    next.signal("INT").await;
    assert_eq!(next.ended_within(STOPS_WITHIN).await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_told_to_stop_is_not_ready_but_alive_and_ends_with_code_0() {
    let database = Database::new(Kind::Sqlite).unwrap();
    let service = Surroundings::at(database.url()).with("ANNEX_DRAIN_SECONDS", "5").start(&["serve"]).await;
    service.signal("TERM").await;
    until("it is not ready", || async { service.status("/readyz").await == Some(503) }).await;
    assert_eq!(service.status("/healthz").await, Some(200));
    assert_eq!(service.ended_within(STOPS_WITHIN).await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_a_service_at_once() {
    let house = House::new(Database::new(Kind::Sqlite).unwrap()).await;
    let _story = house.connected().await;
    house.stage.service.stop().await;
    let at = Surroundings::of(&house).with("ANNEX_DRAIN_SECONDS", "5");
    let service = at_a_provider_that_hangs(&house, &at).await;
    service.signal("TERM").await;
    until("it stops", || async { service.status("/readyz").await == Some(503) }).await;
    service.signal("TERM").await;
    // In order it would have ended with 0, after the drain.
    assert_eq!(service.ended().await.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_under_way_is_answered_before_the_service_ends() {
    let house = House::new(Database::new(Kind::Sqlite).unwrap()).await;
    let token = house.token().await;
    let addon = house.control().install_addon(BUSINESS).await.unwrap();
    house.stage.service.stop().await;
    let slow = json!([{ "provider": "storeganise", "kind": "slow", "delay_ms": 2_000 }]);
    house.control().post("faults", &slow).await.unwrap();
    let service = Surroundings::of(&house).start(&["serve"]).await;
    let asked = AtomicBool::new(false);
    let address = format!("{}/api/v1/installations", house.stage.base_url);
    let new = json!({ "business_code": BUSINESS, "addon_id": addon });
    let installing = async {
        let answer = tests::house::call("POST", &address, &token, Some(&new)).await;
        assert!(asked.load(Ordering::SeqCst), "it was told to stop meanwhile");
        answer
    };
    let stopping = async {
        until("Storeganise is asked", || async {
            let rules = house.control().get("faults").await.unwrap();
            rules.to_string().contains(r#""fired":1"#)
        })
        .await;
        asked.store(true, Ordering::SeqCst);
        service.signal("TERM").await;
        service.ended_within(STOPS_WITHIN).await.code()
    };
    let ((status, answer), code) = tokio::join!(installing, stopping);
    assert_eq!((status, code), (201, Some(0)), "{answer}");
}
