//! Pausing: nothing is sent; enabled again, what changed meanwhile arrives.

use serde_json::json;
use server::demo::control::property;
use sync_core::{access::audit::Actor, views::runs::RunKind};
use tests::{
    database::Database,
    house::{BUSINESS, House, PORTAL, until},
    on_both_databases,
};

on_both_databases!(
    paused_at_storeganise_nothing_is_sent_and_enabled_again_what_changed_arrives,
    paused_here_changes_collect_and_enabled_again_they_arrive,
    disabled_at_storeganise_is_found_out_and_heals_once_it_is_enabled,
);

async fn paused_at_storeganise_nothing_is_sent_and_enabled_again_what_changed_arrives(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    let ann = json!({ "email": "ann@example.com", "firstName": "Ann", "lastName": "Old" });
    let ann = control.create_user(BUSINESS, &ann).await.unwrap();
    story.settle().await.unwrap();

    control.set_addon_state(BUSINESS, &story.addon, "paused").await.unwrap();
    control.reset_stats().await.unwrap();
    control.edit_user(BUSINESS, &ann, &json!({ "lastName": "New" })).await.unwrap();
    let bob = json!({ "email": "bob@example.com", "firstName": "Bob", "lastName": "Born" });
    let bob = control.create_user(BUSINESS, &bob).await.unwrap();
    story.settle().await.unwrap();
    let stats = control.stats().await.unwrap();
    assert_eq!(
        (&stats["hubspot"]["total"], &stats["webhooks"]["storeganise"]["delivered"]),
        (&json!(0), &json!(0))
    );

    control.set_addon_state(BUSINESS, &story.addon, "enabled").await.unwrap();
    // The sweep comes by itself every 15 minutes; a person need not wait for it.
    let installation = story.installation().await.unwrap();
    house.stage.core().begin_run(&installation, RunKind::Reconcile, &Actor::command_line()).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(property(&house.contact_of(&ann).await, "lastname"), Some("New"));
    assert_eq!(property(&house.contact_of(&bob).await, "firstname"), Some("Bob"));
}

async fn paused_here_changes_collect_and_enabled_again_they_arrive(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    let (core, by) = (house.stage.core(), Actor::command_line());
    let id = story.installation().await.unwrap().id;
    core.pause(id, &by).await.unwrap();
    control.reset_stats().await.unwrap();
    let cat = json!({ "email": "cat@example.com", "firstName": "Cat", "lastName": "Quiet" });
    let cat = control.create_user(BUSINESS, &cat).await.unwrap();
    let contact = json!({ "email": "won@example.net", "firstname": "Won", "lastname": "Late" });
    let contact = control.create_contact(PORTAL, &contact).await.unwrap();
    let deal = json!({ "dealname": "Late", "pipeline": "default", "dealstage": "closedwon" });
    control.create_deal(PORTAL, &deal, &[&contact]).await.unwrap();
    // Every webhook is answered only once its change is committed: quiet means collected.
    until("quiet", || async { control.is_quiet().await.unwrap() }).await;
    assert_eq!(core.backlog(story.installation().await.unwrap().scope()).await.unwrap().waiting, 2);
    let stats = control.stats().await.unwrap();
    assert_eq!((&stats["hubspot"]["total"], &stats["storeganise"]["total"]), (&json!(0), &json!(0)));

    core.enable(id, &by).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(property(&house.contact_of(&cat).await, "firstname"), Some("Cat"));
    assert!(house.user_with("won@example.net").await.is_some());
}

async fn disabled_at_storeganise_is_found_out_and_heals_once_it_is_enabled(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    let dan = json!({ "email": "dan@example.com", "firstName": "Dan", "lastName": "One" });
    let dan = control.create_user(BUSINESS, &dan).await.unwrap();
    story.settle().await.unwrap();
    control.edit_user(BUSINESS, &dan, &json!({ "lastName": "Two" })).await.unwrap();
    control.set_addon_state(BUSINESS, &story.addon, "disabled").await.unwrap();
    let (core, by) = (house.stage.core(), Actor::command_line());
    let installation = story.installation().await.unwrap();
    core.begin_run(&installation, RunKind::Reconcile, &by).await.unwrap();
    until("disabled at Storeganise is found out", || async {
        story.installation().await.unwrap().addon_state.as_deref() == Some("disabled")
    })
    .await;
    control.set_addon_state(BUSINESS, &story.addon, "enabled").await.unwrap();
    core.begin_run(&installation, RunKind::Reconcile, &by).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(property(&house.contact_of(&dan).await, "lastname"), Some("Two"));
}
