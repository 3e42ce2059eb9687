//! The list of all businesses: what it says of each, and that a fleet of thousands is no burden.

use std::sync::Arc;

use sea_orm::{EntityTrait as _, PaginatorTrait as _};
use serde_json::json;
use sync_core::{
    access::audit::Actor,
    clock::Clock,
    core::Core,
    installation::State,
    queue::change::{Mark, Origin, Subject},
    random::Random,
    storage::{
        Db,
        entity::{activity_hour, heard, installation, outcome},
    },
    views::overview::{FleetFilter, Order},
};
use tests::{
    database::Database,
    house::{BUSINESS, House, PORTAL},
    on_both_databases,
    population::copies_of_the_first,
};
use uuid::Uuid;

on_both_databases!(
    a_list_says_what_went_well_what_failed_and_what_was_heard,
    what_a_day_held_is_forgotten_with_the_day,
    of_a_large_fleet_the_order_may_be_old_but_what_a_person_did_shows_at_once,
    a_page_of_every_order_holds_each_of_a_large_fleet_once,
);

const MINUTE: u32 = 60_000_000;
const HOUR: u32 = 60 * MINUTE;

/// The service, stopped, and a core in its place whose clock the test moves.
async fn still(house: &House) -> (Arc<Core>, Clock) {
    house.manners.excuse();
    house.stage.service.stop().await;
    let clock = Clock::manual(house.stage.core().clock().now());
    let core = server::run::core_with(&house.stage.config, clock.clone(), Random::seeded(7)).await.unwrap();
    (core, clock)
}

async fn listed(core: &Core, filter: &FleetFilter) -> Vec<Uuid> {
    let page = core.installations(filter, None, 200).await.unwrap();
    page.items.iter().map(|row| row.installation.id).collect()
}

async fn a_list_says_what_went_well_what_failed_and_what_was_heard(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    house.add_users(2).await;
    story.settle().await.unwrap();
    let staff = house.staff().await;
    let list = staff.open(&format!("{}/", house.stage.base_url)).await.unwrap();
    for part in ["The one business is well", " done, 0 failed", "v-16"] {
        assert!(list.body.contains(part), "{part} is not in {}", list.body);
    }
    assert!(!list.body.contains("none yet"), "there was an event, and a success");

    let rule = json!({ "required": ["company"] });
    house.control().post(&format!("hubspot/{PORTAL}/rules"), &rule).await.unwrap();
    let bare = json!({ "email": "ada@example.com", "firstName": "Ada", "lastName": "Moss" });
    house.control().create_user(BUSINESS, &bare).await.unwrap();
    story.settle().await.unwrap();
    let list = staff.open(&format!("{}/", house.stage.base_url)).await.unwrap();
    for part in ["1 business needs you", " done, 1 failed", "wait for a person", "Look at failures"] {
        assert!(list.body.contains(part), "{part} is not in {}", list.body);
    }

    let page = house.page(&story).await;
    let of = |kind: &str| page.split(kind).nth(1).unwrap().split("</tr>").next().unwrap().to_owned();
    assert!(of("user.created").contains("<time"), "{}", of("user.created"));
    assert!(of("addon.dailyEvent.started").contains("never"), "{}", of("addon.dailyEvent.started"));
    let db = Db::connect(house.database().url()).await.unwrap();
    assert!(heard::Entity::find().count(db.reader()).await.unwrap() > 0);
}

async fn what_a_day_held_is_forgotten_with_the_day(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    house.add_users(3).await;
    story.settle().await.unwrap();
    let id = story.installation().await.unwrap().id;
    let (core, clock) = still(&house).await;
    let db = Db::connect(house.database().url()).await.unwrap();
    let kept = async || activity_hour::Entity::find().count(db.reader()).await.unwrap();
    let summary = core.summary(id).await.unwrap();
    let outcomes = outcome::Entity::find().count(db.reader()).await.unwrap();
    assert_eq!((summary.day.worked(), summary.day.failed()), (outcomes, 0));
    assert!(outcomes >= 3);
    core.thin_all().await.unwrap();
    assert!(kept().await > 0, "the day is not over");
    let succeeded = summary.succeeded_at.unwrap();
    (0..24).for_each(|_| clock.advance(HOUR));
    let later = core.summary(id).await.unwrap();
    assert_eq!((later.day.worked(), later.succeeded_at), (0, Some(succeeded)));
    core.thin_all().await.unwrap();
    assert_eq!(kept().await, 0);
}

async fn of_a_large_fleet_the_order_may_be_old_but_what_a_person_did_shows_at_once(database: Database) {
    let house = House::new(database).await;
    house.connected().await;
    let (core, clock) = still(&house).await;
    let db = Db::connect(house.database().url()).await.unwrap();
    copies_of_the_first(&db, 600).await.unwrap();
    let by = Actor::staff("sam");
    assert_eq!(core.overview().await.unwrap().total(), 600);
    clock.advance(10 * MINUTE);
    assert_eq!(core.overview().await.unwrap().total(), 600);
    let all = listed(&core, &FleetFilter::default()).await;
    let (busy, paused, removed) = (all[7], all[8], all[9]);

    // Events come in all the time: a list by what waits may be a minute old, but never tells an old number.
    let waiting = FleetFilter { order: Order::Waiting, ..FleetFilter::default() };
    let scope = core.installation(busy).await.unwrap().scope();
    core.mark(&[Mark::new(scope, Subject::User, "u1", Origin::Webhook)]).await.unwrap();
    let page = core.installations(&waiting, None, 200).await.unwrap();
    let row = page.items.iter().find(|row| row.installation.id == busy).unwrap();
    assert_eq!(row.backlog.waiting, 1);
    assert_ne!(page.items[0].installation.id, busy, "it stands where it stood");

    // A person who has just done something looks for it.
    core.pause(paused, &by).await.unwrap();
    core.remove(removed, &by).await.unwrap();
    let now_paused = FleetFilter { state: Some(State::Paused), ..FleetFilter::default() };
    assert_eq!(listed(&core, &now_paused).await, [paused]);
    assert_eq!(core.overview().await.unwrap().total(), 599);

    clock.advance(MINUTE);
    assert_eq!(listed(&core, &waiting).await[0], busy, "what is a minute old is looked over again");
}

async fn a_page_of_every_order_holds_each_of_a_large_fleet_once(database: Database) {
    let house = House::new(database).await;
    house.connected().await;
    let (core, clock) = still(&house).await;
    let db = Db::connect(house.database().url()).await.unwrap();
    copies_of_the_first(&db, 501).await.unwrap();
    let ids: Vec<Uuid> =
        installation::Entity::find().all(db.reader()).await.unwrap().into_iter().map(|row| row.id).collect();
    let hour = clock.now().0 / i64::from(HOUR);
    for (id, hour, failed) in
        [(ids[3], hour, 4), (ids[3], hour - 23, 3), (ids[5], hour, 5), (ids[6], hour - 24, 99)]
    {
        let row = activity_hour::Model { installation_id: id, hour, worked: 1, failed };
        activity_hour::Entity::insert(activity_hour::ActiveModel::from(row)).exec(db.writer()).await.unwrap();
    }
    let failed = FleetFilter { order: Order::Failed, ..FleetFilter::default() };
    assert_eq!(
        listed(&core, &failed).await[..2],
        [ids[3], ids[5]],
        "what failed longer ago than a day does not count"
    );
    for order in Order::ALL {
        let filter = FleetFilter { order, ..FleetFilter::default() };
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let page = core.installations(&filter, cursor.as_deref(), 200).await.unwrap();
            seen.extend(page.items.into_iter().map(|row| row.installation.id));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 501, "{order:?}");
    }
}
