//! The brake: what would change many linked records at once stops before it is written, and a person decides.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use server::demo::{
    control::{customers, property},
    story::Story,
};
use sync_core::{
    access::audit::Actor,
    brake::{BrakeState, decide::Brake},
    health::Cause,
    queue::outcome::Action,
    settings::Settings,
    views::{activity::OutcomeFilter, runs::RunKind},
};
use tests::{
    database::Database,
    house::{BUSINESS, House, PORTAL, until},
    on_both_databases,
};

on_both_databases!(
    a_burst_of_100_of_300_linked_users_writes_nothing_until_a_person_releases_it,
    what_a_person_drops_is_never_written_and_the_next_edit_works_as_ever,
    a_burst_of_40_of_300_is_written_at_once_and_one_of_55_passes_once_it_is_counted,
    a_first_sync_is_never_stopped_and_a_run_over_changed_users_is,
    a_burst_that_trickles_in_is_stopped_at_the_share,
    what_is_held_back_stands_on_a_page_with_both_ways_on,
    who_changes_back_leaves_the_list_and_a_brake_that_holds_nobody_is_off,
    won_deals_of_linked_people_are_held_and_new_people_come_over_meanwhile,
);

const LINKED: usize = 300;

/// Users that are linked, by id, in the order they were made.
async fn linked(house: &House, story: &Story<'_>, count: usize) -> Vec<String> {
    let path = format!("storeganise/{BUSINESS}/users/seed");
    house.control().post(&path, &json!({ "count": count })).await.unwrap();
    story.sync_all().await.unwrap();
    let users = house.control().users(BUSINESS).await.unwrap();
    let ids: Vec<String> =
        customers(&users).iter().map(|user| user["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), count);
    ids
}

async fn name_company(house: &House, ids: &[String], company: &str) {
    let bulk = json!({ "ids": ids, "set": { "companyName": company } });
    house.control().post(&format!("storeganise/{BUSINESS}/users/bulk"), &bulk).await.unwrap();
}

/// Changes that arrive while we are paused here are all pending before the first of them is worked.
async fn while_paused<F: Future<Output = ()>>(house: &House, story: &Story<'_>, changes: F) {
    let (core, by) = (house.stage.core(), Actor::command_line());
    let id = story.installation().await.unwrap().id;
    core.pause(id, &by).await.unwrap();
    changes.await;
    until("every event was told", || async { house.control().is_quiet().await.unwrap() }).await;
    core.enable(id, &by).await.unwrap();
    story.settle().await.unwrap();
}

async fn companies(house: &House, company: &str) -> usize {
    let contacts = house.control().contacts(PORTAL).await.unwrap();
    contacts.iter().filter(|contact| property(contact, "company") == Some(company)).count()
}

/// A business whose brake holds back as many as two pages.
pub(crate) async fn held_back(house: &House) -> Story<'_> {
    let story = house.connected().await;
    let users = linked(house, &story, LINKED).await;
    while_paused(house, &story, name_company(house, &users[..100], "Import")).await;
    story
}

async fn brake(house: &House, story: &Story<'_>) -> Brake {
    let scope = story.installation().await.unwrap().scope();
    house.stage.core().brake(scope).await.unwrap()
}

async fn call(house: &House, story: &Story<'_>, method: &str, path: &str, token: &str) -> (u16, Value) {
    let id = story.installation().await.unwrap().id;
    let address = format!("{}/api/v1/installations/{id}/{path}", house.stage.base_url);
    tests::house::call(method, &address, token, None).await
}

async fn a_burst_of_100_of_300_linked_users_writes_nothing_until_a_person_releases_it(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let users = linked(&house, &story, LINKED).await;
    while_paused(&house, &story, async {
        name_company(&house, &users[..100], "Import").await;
        // A newcomer in the middle of it is no change of a linked record.
        let new = json!({ "email": "new@example.com", "firstName": "New", "lastName": "Comer" });
        house.control().create_user(BUSINESS, &new).await.unwrap();
    })
    .await;
    assert_eq!(companies(&house, "Import").await, 0, "nothing was written");
    assert_eq!(house.control().contacts(PORTAL).await.unwrap().len(), LINKED + 1, "the newcomer was");

    let summary = house.stage.core().summary(story.installation().await.unwrap().id).await.unwrap();
    assert!(summary.assessment().causes.contains(&Cause::BrakeHeld));
    assert_eq!((summary.backlog.braked, summary.backlog.waiting), (100, 0));
    let token = house.token().await;
    let (_, first) = call(&house, &story, "GET", "brake?limit=60", &token).await;
    assert_eq!((&first["state"], &first["would_change"]), (&json!("held"), &json!(100)));
    assert_eq!((&first["run_id"], first["since"].is_string()), (&Value::Null, true));
    let cursor = first["next"].as_str().unwrap();
    let (_, second) = call(&house, &story, "GET", &format!("brake?limit=60&cursor={cursor}"), &token).await;
    let rows = [&first, &second].map(|page| page["items"].as_array().unwrap().clone()).concat();
    let listed: BTreeSet<&str> = rows.iter().map(|row| row["user_id"].as_str().unwrap()).collect();
    assert_eq!(listed, users[..100].iter().map(String::as_str).collect());
    assert!(rows.iter().all(|row| row["fields"] == json!(["company"])), "{rows:?}");

    // Whoever is edited meanwhile stays in the list; what is released is decided from what both sides hold then.
    name_company(&house, &users[..1], "Mended").await;
    story.settle().await.unwrap();
    assert_eq!(brake(&house, &story).await.would_change, 100);
    let (status, released) = call(&house, &story, "POST", "brake/release", &token).await;
    assert_eq!((status, &released["records"]), (200, &json!(100)));
    story.settle().await.unwrap();
    assert_eq!((companies(&house, "Import").await, companies(&house, "Mended").await), (99, 1));
    assert_eq!(story.pairs_agree().await.unwrap(), LINKED + 1);
    assert_eq!(brake(&house, &story).await.state, BrakeState::Released);
    assert_eq!(call(&house, &story, "POST", "brake/drop", &token).await.0, 409, "there is nothing left");
    let lines = call(&house, &story, "GET", "audit", &token).await.1;
    let audited = |line: &&Value| line["action"] == "brake.released" && line["detail"] == "100";
    assert!(lines["items"].as_array().unwrap().iter().any(|line| audited(&line)), "{lines}");
    // What a person let through does not count towards the next burst.
    while_paused(&house, &story, name_company(&house, &users[200..240], "Later")).await;
    assert_eq!(companies(&house, "Later").await, 40);
}

async fn what_a_person_drops_is_never_written_and_the_next_edit_works_as_ever(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let users = linked(&house, &story, LINKED).await;
    while_paused(&house, &story, name_company(&house, &users[..100], "Mistake")).await;
    let token = house.token().await;
    let (status, dropped) = call(&house, &story, "POST", "brake/drop", &token).await;
    assert_eq!((status, &dropped["records"]), (200, &json!(100)));
    story.settle().await.unwrap();

    let (core, by) = (house.stage.core(), Actor::command_line());
    let installation = story.installation().await.unwrap();
    let filter = OutcomeFilter { actions: vec![Action::Skipped], ..OutcomeFilter::default() };
    let outcomes = core.outcomes(installation.scope(), &filter, None, 200).await.unwrap().items;
    let dropped = outcomes.iter().filter(|row| row.reason.as_deref() == Some("brake_dropped"));
    assert_eq!(dropped.count(), 100);
    // Neither a sweep nor a run over everybody takes it up again.
    for kind in [RunKind::Reconcile, RunKind::Backfill] {
        core.begin_run(&installation, kind, &by).await.unwrap();
        story.settle().await.unwrap();
    }
    assert_eq!(brake(&house, &story).await.state, BrakeState::Dropped);
    assert_eq!(companies(&house, "Mistake").await, 0);

    house.control().edit_user(BUSINESS, &users[0], &json!({ "companyName": "Right" })).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!((companies(&house, "Right").await, companies(&house, "Mistake").await), (1, 0));
}

async fn a_burst_of_40_of_300_is_written_at_once_and_one_of_55_passes_once_it_is_counted(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let users = linked(&house, &story, LINKED).await;
    while_paused(&house, &story, name_company(&house, &users[..40], "Few")).await;
    assert_eq!(companies(&house, "Few").await, 40);
    assert_eq!(brake(&house, &story).await.state, BrakeState::Off);

    // The same users again are the same records; with 15 others 55 were changed within the hour: below 60.
    while_paused(&house, &story, async {
        name_company(&house, &users[..40], "Again").await;
        name_company(&house, &users[40..55], "Again").await;
    })
    .await;
    assert_eq!(companies(&house, "Again").await, 55);
    // Six more are too many.
    while_paused(&house, &story, name_company(&house, &users[55..61], "Last")).await;
    assert_eq!(companies(&house, "Last").await, 0);
    let held = brake(&house, &story).await;
    assert_eq!((held.state, held.would_change, held.linked), (BrakeState::Held, 6, 300));
}

async fn a_first_sync_is_never_stopped_and_a_run_over_changed_users_is(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let users = linked(&house, &story, 150).await;
    assert_eq!(brake(&house, &story).await.state, BrakeState::Off);
    // Nobody tells us of these changes: a run finds them.
    let control = house.control();
    control.set_addon_state(BUSINESS, &story.addon, "paused").await.unwrap();
    name_company(&house, &users[..100], "Found").await;
    control.set_addon_state(BUSINESS, &story.addon, "enabled").await.unwrap();
    story.ask_for_all().await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(companies(&house, "Found").await, 0);
    let held = brake(&house, &story).await;
    assert_eq!((held.state, held.would_change, held.linked), (BrakeState::Held, 100, 150));
    let scope = story.installation().await.unwrap().scope();
    let core = house.stage.core();
    let runs = core.runs(scope, None, 10).await.unwrap().items;
    assert!(runs.iter().any(|run| Some(run.id) == held.run_id), "the run is named");

    core.release_brake(scope, &Actor::command_line()).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(companies(&house, "Found").await, 100);
}

async fn a_burst_that_trickles_in_is_stopped_at_the_share(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let users = linked(&house, &story, LINKED).await;
    name_company(&house, &users[..150], "Trickle").await;
    story.settle().await.unwrap();
    let held = brake(&house, &story).await;
    let written = companies(&house, "Trickle").await;
    assert_eq!(held.state, BrakeState::Held);
    assert!(written <= 60, "{written} were written before it was stopped");
    assert_eq!(written as u64 + held.would_change, 150);
    let scope = story.installation().await.unwrap().scope();
    house.stage.core().release_brake(scope, &Actor::command_line()).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(companies(&house, "Trickle").await, 150);
}

async fn what_is_held_back_stands_on_a_page_with_both_ways_on(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let users = linked(&house, &story, 60).await;
    let staff = house.staff().await;
    let here = format!("{}/installations/{}", house.stage.base_url, story.installation().await.unwrap().id);
    let page = format!("{here}/brake");
    assert!(staff.open(&page).await.unwrap().body.contains("Nothing is held back"));
    let way = |word: &str| format!("{page}/{word}");
    for (company, word, done, written) in [
        ("Mistake", "drop", "60 records are dropped, and nothing was written.", 0),
        ("Meant", "release", "60 records go on: each is decided from what both sides hold now.", 60),
    ] {
        while_paused(&house, &story, name_company(&house, &users, company)).await;
        let installation = staff.open(&here).await.unwrap().body;
        assert!(installation.contains("60 records are held back"), "{installation}");
        let shown = staff.open(&page).await.unwrap().body;
        for part in ["A change of 60 records waits for your decision", "of the 60 linked records", "company"]
        {
            assert!(shown.contains(part), "{part} is not in {shown}");
        }
        let cursor = shown.split("/brake?cursor=").nth(1).unwrap().split('"').next().unwrap();
        let next = format!("{page}?cursor={cursor}");
        let rows = [&shown, &staff.open(&next).await.unwrap().body]
            .map(|page| page.matches("/person?user=").count());
        assert_eq!(rows, [50, 10], "{shown}");
        let decided = staff.send(&way(word), &way(word), &[]).await.unwrap().body;
        assert!(decided.contains(done) && decided.contains("Nothing is held back"), "{decided}");
        let again = staff.send(&way(word), &way(word), &[]).await.unwrap().body;
        assert!(
            again.contains("Nothing is held back") && !again.contains(done),
            "a second click does nothing: {again}"
        );
        story.settle().await.unwrap();
        assert_eq!(companies(&house, company).await, written);
    }
}

async fn who_changes_back_leaves_the_list_and_a_brake_that_holds_nobody_is_off(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let users = linked(&house, &story, 60).await;
    let before = house.control().users(BUSINESS).await.unwrap();
    while_paused(&house, &story, name_company(&house, &users, "Oops")).await;
    assert_eq!(brake(&house, &story).await.would_change, 60);
    let change_back = async |ids: &[String]| {
        for user in before.iter().filter(|user| ids.iter().any(|id| user["id"] == *id)) {
            let company = json!({ "companyName": user["companyName"] });
            house.control().edit_user(BUSINESS, user["id"].as_str().unwrap(), &company).await.unwrap();
        }
        story.settle().await.unwrap();
    };
    change_back(&users[..20]).await;
    let held = brake(&house, &story).await;
    assert_eq!((held.state, held.would_change), (BrakeState::Held, 40));
    change_back(&users[20..]).await;
    assert_eq!(brake(&house, &story).await.state, BrakeState::Off);
    assert_eq!(companies(&house, "Oops").await, 0);
}

async fn won_deals_of_linked_people_are_held_and_new_people_come_over_meanwhile(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let users = linked(&house, &story, 55).await;
    let control = house.control();
    // Contact ids are not the matter here: without mirrors there is less to wait for.
    let installation = story.installation().await.unwrap();
    let settings = Settings { mirrors: false, ..installation.settings };
    house.stage.core().change_settings(installation.id, &settings, &Actor::command_line()).await.unwrap();
    let won = json!({ "dealname": "Unit", "pipeline": "default", "dealstage": "closedwon" });
    while_paused(&house, &story, async {
        for user in &users {
            let contact = house.contact_of(user).await["id"].as_str().unwrap().to_owned();
            control.create_deal(PORTAL, &won, &[&contact]).await.unwrap();
        }
        let new = json!({ "email": "fresh@example.net", "firstname": "Fresh", "lastname": "Face" });
        let new = control.create_contact(PORTAL, &new).await.unwrap();
        control.create_deal(PORTAL, &won, &[&new]).await.unwrap();
    })
    .await;
    let named = async || {
        let all = control.users(BUSINESS).await.unwrap();
        all.iter().filter(|user| user["customFields"]["hubspot_dealName"] == "Unit").count()
    };
    assert!(house.user_with("fresh@example.net").await.is_some(), "a new person comes over");
    assert_eq!(named().await, 1, "nobody else has the deal's data");
    let scope = story.installation().await.unwrap().scope();
    let core = house.stage.core();
    let page = core.held_rows(scope, None, 200).await.unwrap();
    let listed: BTreeSet<String> = page.items.iter().map(|row| row.user_id.clone()).collect();
    assert_eq!(listed, users.into_iter().collect());
    assert!(page.items.iter().all(|row| row.fields.contains(&"hubspot_dealName".to_owned())));
    core.release_brake(scope, &Actor::command_line()).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(named().await, 56);
}
