//! HubSpot's token is refreshed once, whoever wants it: several workers, several replicas, a person who checks. Whoever comes
//! too late writes nothing over what stands by then.

use std::sync::Arc;

use sea_orm::{ConnectionTrait as _, EntityTrait as _};
use serde_json::{Value, json};
use server::run::{core_of, core_with};
use sync_core::{
    access::audit::Actor,
    clock::Clock,
    connection::ConnectionState,
    core::Core,
    error::Error,
    explain::Who,
    installation::Installation,
    random::Random,
    storage::{Db, entity::connection},
};
use tests::{
    database::Database,
    house::{House, until},
    on_both_databases,
};
use tokio::task::JoinSet;

on_both_databases!(
    of_many_replicas_that_find_a_token_expired_one_renews_it,
    of_many_people_who_check_at_once_one_asks_hubspot,
    a_renewal_that_fails_is_no_lost_authorisation_and_the_next_one_is_made,
    a_replica_that_dies_while_it_renews_is_taken_over,
    an_authorisation_that_comes_meanwhile_stays,
    a_business_that_was_disconnected_meanwhile_stays_so,
);

const REPLICAS: usize = 8;
/// Longer than a replica waits for another's refresh, in microseconds.
const PAST_THE_CLAIM: u32 = 60_000_000;

async fn check(core: &Core, installation: &Installation) -> Result<(), Error> {
    core.check_connection(installation, &Actor::command_line()).await
}

/// A connected business whose service is stopped, with a token that has expired.
async fn expired(house: &House) -> Installation {
    let story = house.connected().await;
    house.stage.service.stop().await;
    expire(house).await;
    house.control().reset_stats().await.unwrap();
    story.installation().await.unwrap()
}

async fn expire(house: &House) {
    let db = Db::connect(house.database().url()).await.unwrap();
    db.writer().execute_unprepared("UPDATE connection SET access_expires_at = 0").await.unwrap();
}

async fn row(house: &House) -> Option<connection::Model> {
    let db = Db::connect(house.database().url()).await.unwrap();
    connection::Entity::find().one(db.reader()).await.unwrap()
}

async fn replicas(house: &House) -> Vec<Arc<Core>> {
    let mut cores = Vec::new();
    for _ in 0..REPLICAS {
        cores.push(core_of(&house.stage.config).await.unwrap());
    }
    cores
}

/// What the token endpoint answered, by status.
async fn answers(house: &House) -> Value {
    let stats = house.control().stats().await.unwrap();
    let routes = stats["hubspot"]["routes"].as_object().unwrap();
    let tokens = routes.iter().find(|(route, _)| route.ends_with("/token"));
    tokens.map_or_else(|| json!({}), |(_, statuses)| statuses.clone())
}

/// HubSpot takes its time, so that everybody wants the token before anybody has it.
async fn slow(house: &House, milliseconds: u64) {
    house.control().post("latency", &json!({ "hubspot_ms": milliseconds })).await.unwrap();
}

/// The next request for a token is answered after a minute, which is never.
async fn hang(house: &House) {
    let never = json!([{ "provider": "hubspot", "kind": "slow", "delay_ms": 60_000, "route_contains": "token", "times": 1 }]);
    house.control().post("faults", &never).await.unwrap();
}

async fn is_asking(house: &House) {
    let asks = || async { house.control().get("quiet").await.unwrap()["requests_in_flight"] != 0 };
    until("a request for a token", asks).await;
}

async fn of_many_replicas_that_find_a_token_expired_one_renews_it(database: Database) {
    let house = House::new(database).await;
    let installation = expired(&house).await;
    slow(&house, 200).await;
    // So many people never look one person up at once: of each replica's request to Storeganise the others know nothing.
    house.manners.excuse();
    let mut looks = JoinSet::new();
    for core in replicas(&house).await {
        let installation = installation.clone();
        looks.spawn(async move {
            let who = Who::Email("nobody@example.com".to_owned());
            core.explain(&installation, who, &Actor::command_line()).await.map(drop)
        });
    }
    while let Some(looked) = looks.join_next().await {
        looked.unwrap().unwrap();
    }
    assert_eq!(answers(&house).await, json!({ "200": 1 }));
    let stats = house.control().stats().await.unwrap();
    assert_eq!(stats["hubspot"]["statuses"]["401"], Value::Null, "nobody uses the old one: {stats}");
}

async fn of_many_people_who_check_at_once_one_asks_hubspot(database: Database) {
    let house = House::new(database).await;
    let installation = expired(&house).await;
    slow(&house, 200).await;
    let mut checks = JoinSet::new();
    for core in replicas(&house).await {
        let installation = installation.clone();
        checks.spawn(async move { check(&core, &installation).await });
    }
    while let Some(checked) = checks.join_next().await {
        checked.unwrap().unwrap();
    }
    assert_eq!(answers(&house).await, json!({ "200": 1 }));
    // A check later on is one of its own.
    check(house.stage.core(), &installation).await.unwrap();
    assert_eq!(answers(&house).await, json!({ "200": 2 }));
}

async fn a_renewal_that_fails_is_no_lost_authorisation_and_the_next_one_is_made(database: Database) {
    let house = House::new(database).await;
    let installation = expired(&house).await;
    slow(&house, 200).await;
    let faults = [
        json!({ "kind": "status", "status": 503 }),
        json!({ "kind": "status", "status": 429 }),
        json!({ "kind": "nonsense" }),
        json!({ "kind": "cut" }),
    ];
    for fault in faults {
        expire(&house).await;
        let only_once = json!({ "provider": "hubspot", "route_contains": "token", "times": 1 });
        let mut rule = only_once.as_object().unwrap().clone();
        rule.extend(fault.as_object().unwrap().clone());
        house.control().post("faults", &json!([rule])).await.unwrap();
        let mut checks = JoinSet::new();
        for core in replicas(&house).await {
            let installation = installation.clone();
            checks.spawn(async move { check(&core, &installation).await });
        }
        let mut failed = 0;
        while let Some(checked) = checks.join_next().await {
            match checked.unwrap() {
                Ok(()) => {}
                Err(Error::NotRenewed(cause)) => assert!(cause.starts_with("hubspot.oauth."), "{cause}"),
                Err(Error::OAuth(_)) => failed += 1,
                Err(other) => panic!("{fault}: {other:?}"),
            }
        }
        assert_eq!(failed, 1, "one learnt it from HubSpot: {fault}");
        let found = house.stage.core().connection(installation.scope()).await.unwrap().unwrap();
        assert_eq!(found.state, ConnectionState::Active, "{fault}");
        check(house.stage.core(), &installation).await.unwrap();
    }
}

async fn a_replica_that_dies_while_it_renews_is_taken_over(database: Database) {
    let house = House::new(database).await;
    let installation = expired(&house).await;
    let clock = Clock::manual(house.stage.core().clock().now());
    let core = |seed| core_with(&house.stage.config, clock.clone(), Random::seeded(seed));
    let (dying, other) = (core(1).await.unwrap(), core(2).await.unwrap());
    hang(&house).await;
    tokio::select! {
        checked = check(&dying, &installation) => panic!("it is over: {checked:?}"),
        () = is_asking(&house) => {}
    }
    assert!(row(&house).await.unwrap().refresh_until.is_some(), "it left its claim behind");
    clock.advance(PAST_THE_CLAIM);
    check(&other, &installation).await.unwrap();
    assert_eq!(answers(&house).await["200"], json!(1));
}

async fn an_authorisation_that_comes_meanwhile_stays(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let installation = story.installation().await.unwrap();
    let core = core_of(&house.stage.config).await.unwrap();
    let slowly = json!([{ "provider": "hubspot", "kind": "slow", "delay_ms": 1_500, "route_contains": "token", "times": 1 }]);
    house.control().post("faults", &slowly).await.unwrap();
    let meanwhile = async {
        is_asking(&house).await;
        story.authorise().await.unwrap();
        row(&house).await.unwrap()
    };
    let (checked, authorised) = tokio::join!(check(&core, &installation), meanwhile);
    checked.unwrap();
    let found = row(&house).await.unwrap();
    assert_eq!(found.refresh_fingerprint, authorised.refresh_fingerprint);
    assert_eq!((found.state.as_str(), found.access_sealed), ("active", authorised.access_sealed));
}

async fn a_business_that_was_disconnected_meanwhile_stays_so(database: Database) {
    let house = House::new(database).await;
    let installation = expired(&house).await;
    let core = core_of(&house.stage.config).await.unwrap();
    let slowly = json!([{ "provider": "hubspot", "kind": "slow", "delay_ms": 1_500, "route_contains": "token", "times": 1 }]);
    house.control().post("faults", &slowly).await.unwrap();
    let meanwhile = async {
        is_asking(&house).await;
        let db = Db::connect(house.database().url()).await.unwrap();
        connection::Entity::delete_by_id(installation.id).exec(db.writer()).await.unwrap();
    };
    let (checked, ()) = tokio::join!(check(&core, &installation), meanwhile);
    assert!(matches!(checked, Err(Error::NeedsAuthorisation)), "{checked:?}");
    assert_eq!(row(&house).await, None);
}
