//! What both databases must do alike: migrate under a lock, coalesce, lease to one worker, fence.

use std::sync::Arc;

use sea_orm::{ActiveValue::Set, EntityTrait as _};
use serde_json::json;
use sync_core::{
    access::{Role, audit::Actor},
    clock::Micros,
    core::Core,
    error::Error,
    queue::{
        change::{Mark, Origin, Subject},
        committer::Committer,
        lease::LEASE,
    },
    storage::{Db, entity::run},
    views::runs::RunKind,
};
use tests::{
    database::Database,
    house::{BUSINESS, House},
    on_both_databases,
};

on_both_databases!(
    three_replicas_that_start_together_on_an_empty_database_all_start,
    a_thousand_marks_of_one_record_are_one_change,
    what_the_committer_says_is_committed_is_there_and_a_bad_mark_fails_alone,
    an_installation_is_leased_to_one_worker_at_a_time,
    a_worker_whose_lease_ran_out_records_nothing,
    a_business_with_a_long_list_does_not_keep_another_out_that_came_later,
    what_is_removed_is_gone_with_all_its_rows,
    a_run_asked_for_while_another_goes_on_follows_at_once,
    of_two_admins_who_shut_each_other_at_once_one_is_left,
);

async fn three_replicas_that_start_together_on_an_empty_database_all_start(database: Database) {
    let (one, two, three) =
        tokio::join!(Db::connect(database.url()), Db::connect(database.url()), Db::connect(database.url()));
    for replica in [one, two, three] {
        replica.expect("every replica starts");
    }
}

/// A house whose service is stopped: its core is there, and nobody works but the test.
async fn still_house(database: Database) -> (House, sync_core::installation::Installation) {
    let house = House::new(database).await;
    house.stage.service.stop().await;
    let addon = house.control().install_addon(BUSINESS).await.unwrap();
    let installation = house.stage.core().install(BUSINESS, &addon, &Actor::command_line()).await.unwrap();
    (house, installation)
}

/// A second process on the same database.
async fn neighbour(house: &House) -> Arc<Core> {
    server::run::core_of(&house.stage.config).await.expect("a second core")
}

async fn a_thousand_marks_of_one_record_are_one_change(database: Database) {
    let (house, installation) = still_house(database).await;
    let core = house.stage.core();
    let mark = || Mark::new(installation.scope(), Subject::User, "u1", Origin::Webhook);
    let marks: Vec<Mark> = (0..500).map(|_| mark()).collect();
    core.mark(&marks).await.unwrap();
    for _ in 0..3 {
        core.mark(&[mark()]).await.unwrap();
    }
    let changes = core.changes(installation.scope(), None, None, 10).await.unwrap().items;
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].generation, 4, "marks in one transaction count once");
}

async fn what_the_committer_says_is_committed_is_there_and_a_bad_mark_fails_alone(database: Database) {
    let (house, installation) = still_house(database).await;
    let core = Arc::clone(house.stage.core());
    // An installation that is gone: its row breaks a foreign key.
    let addon = house.control().install_addon(BUSINESS).await.unwrap();
    let gone = core.install(BUSINESS, &addon, &Actor::command_line()).await.unwrap();
    core.remove(gone.id, &Actor::command_line()).await.unwrap();
    let (committer, task) = Committer::new(Arc::clone(&core));
    let running = tests::spawn(task);
    let good =
        |n: usize| vec![Mark::new(installation.scope(), Subject::User, format!("u{n}"), Origin::Webhook)];
    let bad = vec![Mark::new(gone.scope(), Subject::User, "x", Origin::Webhook)];
    let mut commits = Vec::new();
    for n in 0..200 {
        let committer = committer.clone();
        let marks = if n == 100 { bad.clone() } else { good(n) };
        commits.push(tests::spawn(async move { committer.commit(marks, Vec::new()).await }));
    }
    let mut committed = 0;
    for commit in commits {
        committed += usize::from(commit.await.unwrap());
    }
    drop(committer);
    running.await.unwrap();
    assert_eq!(committed, 199);
    assert_eq!(core.backlog(installation.scope()).await.unwrap().waiting, 199);
}

async fn an_installation_is_leased_to_one_worker_at_a_time(database: Database) {
    let (house, installation) = still_house(database).await;
    let (core, neighbour) = (house.stage.core(), neighbour(&house).await);
    core.mark(&[Mark::new(installation.scope(), Subject::User, "u1", Origin::Webhook)]).await.unwrap();
    let (one, two) = tokio::join!(core.claim(), neighbour.claim());
    let claimed = [one.unwrap(), two.unwrap()];
    assert_eq!(claimed.iter().flatten().count(), 1, "one of two workers has it");
    assert!(core.claim().await.unwrap().is_none(), "nor does anybody get it a second time");
}

async fn a_worker_whose_lease_ran_out_records_nothing(database: Database) {
    let house = House::new(database).await;
    house.stage.service.stop().await;
    let clock = sync_core::clock::Clock::manual(sync_core::clock::Micros(1_790_000_000_000_000));
    let one =
        server::run::core_with(&house.stage.config, clock.clone(), sync_core::random::Random::seeded(1))
            .await
            .unwrap();
    let two =
        server::run::core_with(&house.stage.config, clock.clone(), sync_core::random::Random::seeded(2))
            .await
            .unwrap();
    let addon = house.control().install_addon(BUSINESS).await.unwrap();
    let installation = one.install(BUSINESS, &addon, &Actor::command_line()).await.unwrap();
    one.mark(&[Mark::new(installation.scope(), Subject::Sweep, "", Origin::Person)]).await.unwrap();

    let late = one.claim().await.unwrap().expect("the first worker has it");
    clock.advance(u32::try_from(LEASE.as_micros()).unwrap() + 1_000_000);
    let next = two.claim().await.unwrap().expect("the lease ran out");
    assert!(matches!(one.work_turn(&late).await, Err(Error::LeaseLost)));
    let waiting = two.changes(installation.scope(), None, None, 10).await.unwrap().items;
    assert_eq!(waiting.len(), 1, "the late worker settled nothing");
    two.work_turn(&next).await.expect("the next worker does the work");
}

async fn a_business_with_a_long_list_does_not_keep_another_out_that_came_later(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    house.stage.service.stop().await;
    let core = house.stage.core();
    let long = story.installation().await.unwrap().scope();
    let addon = house.control().install_addon(BUSINESS).await.unwrap();
    let later = core.install(BUSINESS, &addon, &Actor::command_line()).await.unwrap().scope();
    // More than one turn's work: people who are gone by the time they are looked for.
    let user = |n: u32| Mark::new(long, Subject::User, format!("66ce753e{n:016x}"), Origin::Webhook);
    core.mark(&(0..1_500).map(user).collect::<Vec<_>>()).await.unwrap();
    core.mark(&[Mark::new(later, Subject::Sweep, "", Origin::Person)]).await.unwrap();
    let first = core.claim().await.unwrap().expect("one has waited longest");
    assert_eq!(first.scope().id(), long.id());
    core.work_turn(&first).await.unwrap();
    assert!(core.backlog(long).await.unwrap().waiting > 0, "it is not through with its list");
    let second = core.claim().await.unwrap().expect("the other one waits");
    assert_eq!(second.scope().id(), later.id());
    core.work_turn(&second).await.unwrap();
    assert_eq!(core.claim().await.unwrap().expect("the list goes on").scope().id(), long.id());
}

async fn what_is_removed_is_gone_with_all_its_rows(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let user = json!({ "email": "a@example.com", "firstName": "A", "lastName": "B" });
    house.control().create_user(BUSINESS, &user).await.unwrap();
    story.settle().await.unwrap();
    let installation = story.installation().await.unwrap();
    let core = house.stage.core();
    core.remove(installation.id, &Actor::command_line()).await.unwrap();
    assert!(matches!(core.installation(installation.id).await, Err(Error::NotFound)));
    let filter = sync_core::views::activity::OutcomeFilter::default();
    let outcomes = core.outcomes(installation.scope(), &filter, None, 10).await.unwrap();
    assert!(outcomes.items.is_empty());
    assert!(core.connection(installation.scope()).await.unwrap().is_none());
    // The add-on can be installed again.
    core.install(BUSINESS, &story.addon, &Actor::command_line()).await.unwrap();
}

async fn a_run_asked_for_while_another_goes_on_follows_at_once(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let seed = json!({ "count": 5 });
    house.control().post(&format!("storeganise/{BUSINESS}/users/seed"), &seed).await.unwrap();
    let installation = story.installation().await.unwrap();
    let core = house.stage.core();
    // A reconcile that has begun and not read its first page yet.
    let begun = run::ActiveModel {
        id: Set(core.random().uuid(Micros(core.clock().now().0 - 1_000_000))),
        installation_id: Set(installation.id),
        kind: Set("reconcile".to_owned()),
        state: Set("running".to_owned()),
        cursor: Set(None),
        done: Set(0),
        total: Set(None),
        counts: Set("{}".to_owned()),
        started_at: Set(core.clock().now().0),
        finished_at: Set(None),
        reason: Set(None),
    };
    let db = Db::connect(house.database().url()).await.unwrap();
    run::Entity::insert(begun).exec_without_returning(db.writer()).await.unwrap();
    core.begin_run(&installation, RunKind::Backfill, &Actor::command_line()).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(story.pairs_agree().await.unwrap(), 5, "the backfill waited for the next sweep");
}

async fn of_two_admins_who_shut_each_other_at_once_one_is_left(database: Database) {
    let house = House::new(database).await;
    let (core, by) = (house.stage.core(), Actor::command_line());
    let second =
        core.create_staff("second", &"correct horse battery".into(), Role::Admin, &by).await.unwrap();
    let accounts = core.accounts().await.unwrap();
    let first = accounts.iter().find(|known| known.staff.id != second).unwrap().staff.id;
    let (one, other) =
        tokio::join!(core.set_staff_disabled(first, true, &by), core.set_staff_disabled(second, true, &by));
    let shut = [one, other].into_iter().filter(Result::is_ok).count();
    let open = core.accounts().await.unwrap().iter().filter(|known| known.disabled_at.is_none()).count();
    assert_eq!((shut, open), (1, 1), "nobody could open the last one again");
}
