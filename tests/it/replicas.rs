//! Several replicas on one database.

use server::run::core_of;
use sync_core::{
    queue::change::{Mark, Origin, Subject},
    wake,
};
use tests::{
    database::{Database, Kind},
    house::House,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

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
