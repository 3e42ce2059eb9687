//! Runs: how far they are, calling one off, what a preview says beforehand, and that nobody's edit waits for them.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, Method};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _,
};
use serde_json::{Value, json};
use server::demo::{control::property, story::Story};
use sync_core::{
    access::audit::Actor,
    core::Core,
    error::Error,
    installation::Installation,
    merge::Side,
    queue::{change::Subject, outcome::Action},
    settings::Settings,
    storage::{
        Db,
        entity::{change, link, preview_row},
    },
    views::runs::{RunKind, RunRow, RunState},
};
use tests::{
    database::{Database, Kind},
    house::{BUSINESS, House, PORTAL, until},
    on_both_databases,
};
use uuid::Uuid;

on_both_databases!(
    a_preview_writes_nothing_and_says_what_the_backfill_then_does,
    a_preview_says_the_same_of_users_who_are_linked_and_of_won_deals,
    a_provider_that_gives_fewer_than_it_is_asked_for_hides_nobody,
    a_run_that_is_cancelled_drops_what_nobody_waits_for_and_the_next_one_finds_it,
    a_cancellation_of_thousands_that_was_cut_short_is_ended_by_the_worker_and_revives_nothing,
    only_one_run_of_a_person_goes_on_at_a_time,
    a_reconcile_asked_for_while_one_works_reads_again_behind_it,
    a_run_says_how_far_it_is_and_what_came_of_it,
    what_a_reconcile_has_to_write_is_counted_as_drift,
    a_run_that_is_refused_again_and_again_fails_and_the_sweep_goes_on,
    the_last_two_previews_are_kept,
    a_run_goes_on_where_its_worker_left_it,
);

fn by() -> Actor {
    Actor::command_line()
}

async fn seed(house: &House, users: usize) {
    let path = format!("storeganise/{BUSINESS}/users/seed");
    house.control().post(&path, &json!({ "count": users })).await.unwrap();
}

async fn begin(house: &House, installation: &Installation, kind: RunKind) -> Uuid {
    house.stage.core().begin_run(installation, kind, &by()).await.unwrap().expect("it has an id at once")
}

/// Waits until a run is over.
async fn over(core: &Arc<Core>, installation: &Installation, id: Uuid) -> RunRow {
    let scope = installation.scope();
    until("the run's end", || async { core.run(scope, id).await.unwrap().state != RunState::Running }).await;
    core.run(scope, id).await.unwrap()
}

/// Requests that write, by what both systems counted; reads by POST and tokens are none.
pub(crate) fn writes(stats: &Value) -> Vec<String> {
    let routes = ["storeganise", "hubspot"].into_iter().filter_map(|side| stats[side]["routes"].as_object());
    let names = routes.flat_map(|routes| routes.keys().cloned());
    let reads = ["/batch/read", "/search", "/token"];
    names.filter(|name| !name.starts_with("GET ") && !reads.iter().any(|read| name.contains(read))).collect()
}

async fn slow(house: &House, story: &Story<'_>, per_second: f64) {
    let installation = story.installation().await.unwrap();
    let settings = Settings { storeganise_requests_per_second: per_second, ..installation.settings.clone() };
    house.stage.core().change_settings(installation.id, &settings, &by()).await.unwrap();
}

async fn a_preview_writes_nothing_and_says_what_the_backfill_then_does(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let (core, control) = (house.stage.core(), house.control());
    seed(&house, 240).await;
    let users = control.users(BUSINESS).await.unwrap();
    let staff =
        json!({ "email": "boss@example.com", "firstName": "Boss", "lastName": "One", "roles": ["admin"] });
    let boss = control.create_user(BUSINESS, &staff).await.unwrap();
    // Some are in the portal already: the same, different, and one who belongs to somebody else.
    for (n, user) in users.iter().take(20).enumerate() {
        let email = user["email"].as_str().unwrap();
        let mut contact = json!({ "email": email, "firstname": format!("Other {n}"), "city": "Elsewhere" });
        if n == 19 {
            contact["storeganise_user_id"] = json!(boss);
        }
        control.create_contact(PORTAL, &contact).await.unwrap();
    }
    story.settle().await.unwrap();

    let installation = story.installation().await.unwrap();
    let db = Db::connect(house.database().url()).await.unwrap();
    let links = link::Entity::find().all(db.reader()).await.unwrap();
    let contacts = control.contacts(PORTAL).await.unwrap();
    control.reset_stats().await.unwrap();
    let preview = begin(&house, &installation, RunKind::Preview).await;
    assert_eq!(over(core, &installation, preview).await.state, RunState::Finished);
    let stats = control.stats().await.unwrap();
    assert_eq!(writes(&stats), Vec::<String>::new(), "a preview wrote");
    assert_eq!(stats["hubspot"]["too_many_requests"], 0);
    assert_eq!(link::Entity::find().all(db.reader()).await.unwrap(), links, "a preview changed a link");
    assert_eq!(control.contacts(PORTAL).await.unwrap(), contacts);

    let report = core.preview_report(installation.scope(), preview).await.unwrap();
    assert_eq!(report.contact.conflicted, 1, "{report:?}");
    assert_eq!((report.contact.skipped, report.contact.created), (1, 220), "{report:?}");
    assert_eq!(report.contact.updated, 19, "{report:?}");
    let backfill = begin(&house, &installation, RunKind::Backfill).await;
    let done = over(core, &installation, backfill).await;
    story.settle().await.unwrap();
    let outcomes = done.outcomes;
    assert_eq!(
        (outcomes.created, outcomes.updated, outcomes.unchanged, outcomes.skipped, outcomes.conflicted),
        (
            report.contact.created,
            report.contact.updated,
            report.contact.unchanged,
            report.contact.skipped,
            report.contact.conflicted
        ),
    );
    assert_eq!(outcomes.failed, report.contact.failed);
    // Each pair's user is written once: with its contact's id.
    assert_eq!(report.user.updated, outcomes.created + outcomes.updated);
}

async fn a_preview_says_the_same_of_users_who_are_linked_and_of_won_deals(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let (core, control) = (house.stage.core(), house.control());
    let person = |n: usize| json!({ "email": format!("p{n}@example.com"), "firstName": "Pat", "lastName": "Lee", "phone": "+44 20 7946 0001" });
    let mut users = Vec::new();
    for n in 0..6 {
        users.push(control.create_user(BUSINESS, &person(n)).await.unwrap());
    }
    story.settle().await.unwrap();
    // From here on nobody tells us anything, and nothing is sent.
    core.pause(story.installation().await.unwrap().id, &by()).await.unwrap();
    control.edit_user(BUSINESS, &users[0], &json!({ "lastName": "Lea" })).await.unwrap();
    // Storeganise takes an address that HubSpot does not.
    control.edit_user(BUSINESS, &users[1], &json!({ "email": ".dotted@example.com" })).await.unwrap();
    let gone = house.contact_of(&users[2]).await;
    let path = format!("hubspot/{PORTAL}/contacts/{}", gone["id"].as_str().unwrap());
    control.call(Method::DELETE, &path, None).await.unwrap();
    control.edit_user(BUSINESS, &users[2], &json!({ "companyName": "Gone Ltd" })).await.unwrap();
    let contact = json!({ "email": "won@example.net", "firstname": "Wanda", "lastname": "Won" });
    let contact = control.create_contact(PORTAL, &contact).await.unwrap();
    let known = house.contact_of(&users[3]).await["id"].as_str().unwrap().to_owned();
    for (name, of) in [("Locker 1", &contact), ("Locker 2", &known)] {
        let deal = json!({ "dealname": name, "pipeline": "default", "dealstage": "closedwon", "closedate": "2026-03-04" });
        control.create_deal(PORTAL, &deal, &[of]).await.unwrap();
    }
    until("all events", || async { control.is_quiet().await.unwrap() }).await;

    let installation = story.installation().await.unwrap();
    let token = house.token().await;
    control.reset_stats().await.unwrap();
    let preview = begin(&house, &installation, RunKind::Preview).await;
    assert_eq!(over(core, &installation, preview).await.state, RunState::Finished, "a paused one may look");
    assert_eq!(writes(&control.stats().await.unwrap()), Vec::<String>::new(), "a preview wrote");
    let report = core.preview_report(installation.scope(), preview).await.unwrap();
    // The contact that a person deleted is not made again.
    assert_eq!((report.user.created, report.contact.created), (1, 0), "{report:?}");
    assert_eq!((report.contact.refused, report.user.refused), (1, 0), "{report:?}");

    // Examples carry both sides' values as they are; the list carries ids and names only.
    let examples = core.preview_examples(&installation, preview).await.unwrap();
    let renamed = examples.iter().find(|example| {
        example.side == Side::Contact && example.row.user_id.as_deref() == Some(users[0].as_str())
    });
    let renamed = renamed.expect("an example of the renamed user");
    assert_eq!(renamed.action, Action::Updated);
    let shown = &renamed.fields[0];
    assert_eq!(
        (shown.field.as_str(), shown.now.as_deref(), shown.then.as_deref()),
        ("lastname", Some("Lee"), Some("Lea"))
    );
    let wanda =
        examples.iter().find(|example| example.side == Side::User && example.action == Action::Created);
    let wanda = wanda.expect("an example of a user to be made");
    assert!(wanda.fields.iter().any(|field| field.then.as_deref() == Some("Wanda")), "{:?}", wanda.fields);
    let path = format!("installations/{}/runs/{preview}", installation.id);
    let csv = get(&house, &token, &format!("{path}/preview.csv")).await;
    assert_eq!(csv.lines().count(), 1 + 6 + 2, "{csv}");
    assert!(csv.contains(&format!("{},", users[0])) && csv.contains("lastname"), "{csv}");
    assert!(!csv.contains("Lea") && !csv.contains("Wanda"), "no value is in the list: {csv}");
    let body: Value = serde_json::from_str(&get(&house, &token, &format!("{path}/preview")).await).unwrap();
    assert_eq!(body["user"]["created"], 1);
    let body = get(&house, &token, &format!("{path}/preview/examples")).await;
    assert!(body.contains("Wanda"), "{body}");
    let db = Db::connect(house.database().url()).await.unwrap();
    let rows = format!("{:?}", preview_row::Entity::find().all(db.reader()).await.unwrap());
    assert!(!rows.contains("Wanda") && !rows.contains("@example"), "no value is kept");

    // What it said is what then happens.
    core.enable(installation.id, &by()).await.unwrap();
    story.settle().await.unwrap();
    let created = house.user_with("won@example.net").await.expect("the won deal's contact became a user");
    assert_eq!(created["firstName"], "Wanda");
    assert_eq!(property(&house.contact_of(&users[0]).await, "lastname"), Some("Lea"));
    assert_eq!(
        control.contact_of(PORTAL, &users[2]).await.unwrap(),
        None,
        "nobody asked for another contact"
    );
}

#[expect(clippy::disallowed_methods, reason = "a stranger's client, which only calls this machine")]
fn client() -> Client {
    rustls::crypto::ring::default_provider().install_default().ok();
    Client::builder().no_proxy().build().unwrap()
}

async fn get(house: &House, token: &str, path: &str) -> String {
    let url = format!("{}/api/v1/{path}", house.stage.base_url);
    let answer = client().get(url).bearer_auth(token).send().await.unwrap();
    assert!(answer.status().is_success(), "{} {path}", answer.status());
    answer.text().await.unwrap()
}

async fn a_provider_that_gives_fewer_than_it_is_asked_for_hides_nobody(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let capped = json!({ "list_limit_max": 20 });
    house.control().put(&format!("storeganise/{BUSINESS}/dialect"), &capped).await.unwrap();
    seed(&house, 90).await;
    let run = begin(&house, &story.installation().await.unwrap(), RunKind::Backfill).await;
    over(house.stage.core(), &story.installation().await.unwrap(), run).await;
    story.settle().await.unwrap();
    assert_eq!(house.control().contacts(PORTAL).await.unwrap().len(), 90);
}

async fn a_run_that_is_cancelled_drops_what_nobody_waits_for_and_the_next_one_finds_it(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let (core, control) = (house.stage.core(), house.control());
    seed(&house, 400).await;
    slow(&house, &story, 5.0).await;
    let installation = story.installation().await.unwrap();
    let scope = installation.scope();
    let backfill = begin(&house, &installation, RunKind::Backfill).await;
    until("some are worked", || async {
        core.run(scope, backfill).await.unwrap().progress.is_some_and(|p| p.total.is_some() && p.done >= 50)
    })
    .await;
    // Nothing is sent for a moment, and somebody edits a user the run has not come to.
    core.pause(installation.id, &by()).await.unwrap();
    let users = control.users(BUSINESS).await.unwrap();
    let last = users.iter().filter_map(|user| user["id"].as_str()).max().unwrap().to_owned();
    control.edit_user(BUSINESS, &last, &json!({ "lastName": "Awaited" })).await.unwrap();
    until("the event", || async { control.is_quiet().await.unwrap() }).await;
    let pending = async || {
        let page = core.changes(scope, Some(false), Some("sync~"), 200).await.unwrap();
        page.items
            .into_iter()
            .filter(|change| change.subject == Subject::User)
            .map(|change| change.subject_id)
    };
    assert!(pending().await.count() > 1);
    core.cancel_run(&installation, backfill, &by()).await.unwrap();
    assert_eq!(pending().await.collect::<Vec<_>>(), [last.as_str()]);
    let row = core.run(scope, backfill).await.unwrap();
    assert_eq!((row.state, row.progress), (RunState::Cancelled, None));
    let again = core.cancel_run(&installation, backfill, &by()).await.unwrap_err();
    assert!(matches!(again, Error::NotNow(_)), "{again:?}");
    let lines = core.audit_lines(scope, 10).await.unwrap();
    assert!(lines.iter().any(|line| line.action == "run.cancelled"), "{lines:?}");
    let contacts = control.contacts(PORTAL).await.unwrap().len();
    assert!((50..400).contains(&contacts), "{contacts} contacts: what was done is gone, or all was done");

    // What the run had found of recent changes is found again by the sweep.
    slow(&house, &story, 200.0).await;
    core.enable(installation.id, &by()).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(property(&house.contact_of(&last).await, "lastname"), Some("Awaited"));
    assert_eq!(story.pairs_agree().await.unwrap(), 400);
    let stranger = core.cancel_run(&installation, Uuid::nil(), &by()).await.unwrap_err();
    assert!(matches!(stranger, Error::NotFound), "{stranger:?}");
}

async fn a_cancellation_of_thousands_that_was_cut_short_is_ended_by_the_worker_and_revives_nothing(
    database: Database,
) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let (core, control) = (house.stage.core(), house.control());
    let installation = story.installation().await.unwrap();
    let scope = installation.scope();
    let db = sync_core::storage::Db::connect(house.database().url()).await.unwrap();
    let ask_for = async |run: Uuid, users: usize| {
        for from in (0..users).step_by(500) {
            let rows = (from..users.min(from + 500)).map(|n| change::ActiveModel {
                installation_id: Set(installation.id),
                subject: Set("user".to_owned()),
                subject_id: Set(format!("of-the-run-{n}")),
                generation: Set(1),
                due_at: Set(0),
                attempts: Set(0),
                origin: Set("sweep".to_owned()),
                marked_at: Set(0),
                parked_at: Set(None),
                cause: Set(None),
                lane: Set(1),
                run_id: Set(Some(run)),
            });
            change::Entity::insert_many(rows).exec_without_returning(db.writer()).await.unwrap();
        }
    };
    let left = async |run: Uuid| {
        change::Entity::find().filter(change::Column::RunId.eq(run)).count(db.reader()).await.unwrap()
    };
    let run = begin(&house, &installation, RunKind::Backfill).await;
    core.pause(installation.id, &by()).await.unwrap();
    ask_for(run, 2_500).await;
    core.cancel_run(&installation, run, &by()).await.unwrap();
    assert_eq!(left(run).await, 0, "more than one step");
    // As if the process had ended before the last steps.
    ask_for(run, 2_500).await;
    control.reset_stats().await.unwrap();
    core.enable(installation.id, &by()).await.unwrap();
    until("the rest is dropped", || async { left(run).await == 0 }).await;
    story.settle().await.unwrap();
    assert_eq!(core.run(scope, run).await.unwrap().state, RunState::Cancelled);
    assert!(house.outcomes_of(&story, "of-the-run-0").await.is_empty(), "nobody of them was looked at");
}

async fn only_one_run_of_a_person_goes_on_at_a_time(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let core = house.stage.core();
    seed(&house, 150).await;
    slow(&house, &story, 2.0).await;
    let installation = story.installation().await.unwrap();
    for kind in [RunKind::Backfill, RunKind::Preview] {
        let run = begin(&house, &installation, kind).await;
        for second in [RunKind::Backfill, RunKind::Reconcile, RunKind::Preview] {
            let refused = core.begin_run(&installation, second, &by()).await.unwrap_err();
            let Error::NotNow(words) = refused else { panic!("{refused:?}") };
            assert!(words.contains("already") && words.contains("cancel"), "{words}");
        }
        core.cancel_run(&installation, run, &by()).await.unwrap();
    }
    core.begin_run(&installation, RunKind::Reconcile, &by()).await.unwrap();
}

async fn a_reconcile_asked_for_while_one_works_reads_again_behind_it(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let (core, control) = (house.stage.core(), house.control());
    seed(&house, 1_000).await;
    slow(&house, &story, 4.0).await;
    let installation = story.installation().await.unwrap();
    let scope = installation.scope();
    let first = begin(&house, &installation, RunKind::Reconcile).await;
    assert_eq!(begin(&house, &installation, RunKind::Reconcile).await, first, "asked twice is asked once");
    until("the first one to have read everybody", || async {
        core.run(scope, first).await.unwrap().progress.is_some_and(|progress| progress.total.is_some())
    })
    .await;
    // From here on it reads nobody.
    let lost = json!([{ "provider": "storeganise", "kind": "webhook_lost" }]);
    control.post("faults", &lost).await.unwrap();
    let late = json!({ "email": "late@example.com", "firstName": "Late", "lastName": "One" });
    let late = control.create_user(BUSINESS, &late).await.unwrap();
    until("the event to be lost", || async { control.webhooks_pending().await.unwrap() == 0 }).await;
    let second = begin(&house, &installation, RunKind::Reconcile).await;
    assert_ne!(second, first);
    slow(&house, &story, 200.0).await;
    assert_eq!(over(core, &installation, first).await.state, RunState::Finished);
    let second = over(core, &installation, second).await;
    assert_eq!((second.state, second.drift()), (RunState::Finished, 1), "{second:?}");
    assert_eq!(property(&house.contact_of(&late).await, "firstname"), Some("Late"));
}

async fn a_run_goes_on_where_its_worker_left_it(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    let installation = story.installation().await.unwrap();
    let scope = installation.scope();
    seed(&house, 1_100).await;
    // Two pages of users, and no slow mirrors behind them.
    let settings = Settings { mirrors: false, ..installation.settings.clone() };
    house.stage.core().change_settings(installation.id, &settings, &by()).await.unwrap();
    house.stage.service.stop().await;
    for kind in [RunKind::Preview, RunKind::Backfill] {
        let run = begin(&house, &installation, kind).await;
        until_over_with_dying_workers(&house, async |core| {
            let row = core.run(scope, run).await.unwrap();
            assert!(matches!(row.state, RunState::Running | RunState::Finished), "{row:?}");
            row.state == RunState::Finished
        })
        .await;
    }
    let core = house.stage.core();
    let runs = core.runs(scope, None, 10).await.unwrap().items;
    let preview = runs.iter().find(|run| run.kind == RunKind::Preview).expect("a preview");
    let report = core.preview_report(scope, preview.id).await.unwrap();
    assert_eq!(report.contact.created, 1_100, "each is counted once: {report:?}");
    assert_eq!(control.contacts(PORTAL).await.unwrap().len(), 1_100, "each was made once");

    // Nobody listens to these events; a reconcile has to find them. Everybody is meant to change.
    let settings = Settings { brake_percent: 100, ..installation.settings.clone() };
    core.change_settings(installation.id, &settings, &by()).await.unwrap();
    let bulk = json!({ "set": { "companyName": "Found Ltd" } });
    control.post(&format!("storeganise/{BUSINESS}/users/bulk"), &bulk).await.unwrap();
    core.begin_run(&installation, RunKind::Reconcile, &by()).await.unwrap();
    until_over_with_dying_workers(&house, async |core| {
        let runs = core.runs(scope, None, 10).await.unwrap().items;
        runs.iter().any(|run| run.drift() > 0)
            && runs.iter().all(|run| run.state == RunState::Finished)
            && core.backlog(scope).await.unwrap().waiting == 0
    })
    .await;
    let contacts = control.contacts(PORTAL).await.unwrap();
    let behind = contacts.iter().filter(|contact| property(contact, "company") != Some("Found Ltd")).count();
    assert_eq!((contacts.len(), behind), (1_100, 0));
}

/// Works with processes that are dropped at some moment of their turn, each a little later than the one before.
async fn until_over_with_dying_workers(house: &House, is_over: impl AsyncFn(&Core) -> bool) {
    house.manners.excuse();
    for moment in 0..600 {
        let worker = bounded("connecting", server::run::core_of(&house.stage.config)).await.unwrap();
        if bounded("looking", is_over(&worker)).await {
            return;
        }
        let patience = Duration::from_millis(15 + 12 * (moment % 60));
        let _ = tokio::time::timeout(patience, worker.run_once()).await;
        // What a dead worker held is free once its lease has run out.
        bounded("freeing leases", free_leases(house)).await;
    }
    panic!("it never ends");
}

/// Nothing here may hang for ever: a test that waits says for what.
async fn bounded<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), work).await.unwrap_or_else(|_| panic!("{what} hangs"))
}

async fn free_leases(house: &House) {
    let db = Db::connect(house.database().url()).await.unwrap();
    db.writer().execute_unprepared("UPDATE lease SET until = 0, hold_until = 0").await.unwrap();
}

async fn a_run_says_how_far_it_is_and_what_came_of_it(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let core = house.stage.core();
    seed(&house, 300).await;
    slow(&house, &story, 8.0).await;
    let installation = story.installation().await.unwrap();
    let scope = installation.scope();
    let run = begin(&house, &installation, RunKind::Backfill).await;
    until("a pace", || async {
        let progress = core.run(scope, run).await.unwrap().progress;
        progress.is_some_and(|p| p.total == Some(300) && p.done > 0 && p.remaining_seconds.is_some())
    })
    .await;
    let token = house.token().await;
    let path = format!("installations/{}/runs/{run}", installation.id);
    let shown: Value = serde_json::from_str(&get(&house, &token, &path).await).unwrap();
    assert_eq!(shown["progress"]["total"], 300, "{shown}");
    slow(&house, &story, 200.0).await;
    let row = over(core, &installation, run).await;
    assert_eq!((row.seen, row.marked, row.outcomes.created), (300, 300, 300));
    // A second one finds nothing to look at, and is over at once.
    story.settle().await.unwrap();
    let run = begin(&house, &installation, RunKind::Backfill).await;
    let row = over(core, &installation, run).await;
    assert_eq!((row.seen, row.marked), (300, 0));
}

async fn what_a_reconcile_has_to_write_is_counted_as_drift(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let (core, control) = (house.stage.core(), house.control());
    let known = json!({ "email": "k@example.com", "firstName": "Kim", "lastName": "Known" });
    let known = control.create_user(BUSINESS, &known).await.unwrap();
    story.settle().await.unwrap();
    // The event is lost for good.
    let lost = json!([{ "provider": "storeganise", "kind": "webhook_lost" }]);
    control.post("faults", &lost).await.unwrap();
    control.edit_user(BUSINESS, &known, &json!({ "lastName": "Found" })).await.unwrap();
    until("the event to be lost", || async { control.is_quiet().await.unwrap() }).await;
    control.post("faults", &json!([])).await.unwrap();
    let installation = story.installation().await.unwrap();
    core.begin_run(&installation, RunKind::Reconcile, &by()).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(property(&house.contact_of(&known).await, "lastname"), Some("Found"));
    until("the drift is counted", || async {
        let runs = core.runs(installation.scope(), None, 10).await.unwrap().items;
        runs.iter().map(RunRow::drift).sum::<u64>() == 1 && runs.iter().all(|r| r.state == RunState::Finished)
    })
    .await;
}

async fn a_run_that_is_refused_again_and_again_fails_and_the_sweep_goes_on(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let (core, control) = (house.stage.core(), house.control());
    seed(&house, 10).await;
    let installation = story.installation().await.unwrap();
    let scope = installation.scope();
    let refusal =
        json!([{ "provider": "hubspot", "kind": "status", "status": 400, "route_contains": "search" }]);
    control.post("faults", &refusal).await.unwrap();
    let run = begin(&house, &installation, RunKind::Backfill).await;
    let sweep = async || {
        let page = core.changes(scope, Some(false), None, 200).await.unwrap();
        page.items.into_iter().find(|change| change.subject == Subject::Sweep)
    };
    until("a refusal", || async { sweep().await.is_some_and(|change| change.attempts > 0) }).await;
    // Nobody waits out the pauses between the attempts.
    let db = Db::connect(house.database().url()).await.unwrap();
    db.writer().execute_unprepared("UPDATE change SET attempts = 9 WHERE subject = 'sweep'").await.unwrap();
    core.replay(scope, Subject::Sweep, "", &by()).await.unwrap();
    assert_eq!(over(core, &installation, run).await.state, RunState::Failed);
    let row = core.run(scope, run).await.unwrap();
    assert!(row.reason.as_deref().is_some_and(|reason| reason.starts_with("hubspot.")), "{row:?}");
    control.post("faults", &json!([])).await.unwrap();
    let run = begin(&house, &installation, RunKind::Backfill).await;
    assert_eq!(over(core, &installation, run).await.state, RunState::Finished);
}

async fn the_last_two_previews_are_kept(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let core = house.stage.core();
    seed(&house, 30).await;
    let installation = story.installation().await.unwrap();
    let mut previews = Vec::new();
    for _ in 0..3 {
        let preview = begin(&house, &installation, RunKind::Preview).await;
        over(core, &installation, preview).await;
        previews.push(preview);
    }
    let scope = installation.scope();
    let gone = core.preview_report(scope, previews[0]).await.unwrap_err();
    assert!(matches!(gone, Error::NotNow(_)), "{gone:?}");
    for kept in &previews[1..] {
        assert_eq!(core.preview_report(scope, *kept).await.unwrap().contact.created, 30);
    }
    let db = Db::connect(house.database().url()).await.unwrap();
    assert_eq!(preview_row::Entity::find().all(db.reader()).await.unwrap().len(), 60);
}

/// Requests both systems have answered.
async fn requests(house: &House) -> u64 {
    let stats = house.control().stats().await.unwrap();
    ["storeganise", "hubspot"].iter().filter_map(|side| stats[side]["total"].as_u64()).sum()
}

/// An edit overtakes what is going on; how many requests were made from the edit until it was seen at HubSpot.
async fn requests_until_seen(house: &House, user: &str, name: &str) -> u64 {
    let before = requests(house).await;
    house.control().edit_user(BUSINESS, user, &json!({ "lastName": name })).await.unwrap();
    until("the edit", || async {
        let contact = house.control().contact_of(PORTAL, user).await.unwrap();
        contact.is_some_and(|contact| property(&contact, "lastname") == Some(name))
    })
    .await;
    requests(house).await - before
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_persons_edit_overtakes_a_backfill_of_2000_users_and_then_its_mirrors() {
    let house = House::new(Database::new(Kind::Sqlite).unwrap()).await;
    let story = house.connected().await;
    let (core, control) = (house.stage.core(), house.control());
    seed(&house, 2_000).await;
    slow(&house, &story, 8.0).await;
    let installation = story.installation().await.unwrap();
    let scope = installation.scope();
    // The one a sync would come to last: changes of a run are taken in the order of their ids.
    let users = control.users(BUSINESS).await.unwrap();
    let last = users.iter().filter_map(|user| user["id"].as_str()).max().unwrap().to_owned();
    let run = begin(&house, &installation, RunKind::Backfill).await;
    until("work on what was found", || async {
        core.run(scope, run).await.unwrap().progress.is_some_and(|p| p.total.is_some() && p.done >= 100)
    })
    .await;
    let made = requests_until_seen(&house, &last, "Overtaker").await;
    let row = core.run(scope, run).await.unwrap();
    let progress = row.progress.expect("the backfill still goes on");
    assert!(progress.total.unwrap_or(0) - progress.done > 500, "it was nearly over: {progress:?}");
    // The batch under way (2 reads, 2 writes), then the edit's own read, match and write, and the next batch's.
    assert!(made <= 14, "{made} requests between the edit and its arrival");

    slow(&house, &story, 200.0).await;
    until("only mirrors are left", || async {
        core.run(scope, run).await.unwrap().state == RunState::Finished
    })
    .await;
    slow(&house, &story, 4.0).await;
    let mirrors = core.backlog(scope).await.unwrap().waiting;
    assert!(mirrors > 200, "{mirrors} mirrors are left: too few to overtake");
    let made = requests_until_seen(&house, &last, "Again").await;
    assert!(made <= 6, "{made} requests between the edit and its arrival");
    assert!(core.backlog(scope).await.unwrap().waiting > 100, "the mirrors went first");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backfill_of_20000_users_reads_a_thousand_at_a_time() {
    let house = House::new(Database::new(Kind::Sqlite).unwrap()).await;
    let story = house.connected().await;
    let (core, control) = (house.stage.core(), house.control());
    house.stage.service.stop().await;
    seed(&house, 20_000).await;
    let installation = story.installation().await.unwrap();
    let scope = installation.scope();
    control.reset_stats().await.unwrap();
    let run = begin(&house, &installation, RunKind::Preview).await;
    // Steps of the preview until it has noted everybody: each is one request and bounded rows.
    until("everybody is noted", || async {
        core.run_once().await.unwrap();
        core.run(scope, run).await.unwrap().progress.is_none_or(|progress| progress.total.is_some())
    })
    .await;
    assert_eq!(core.run(scope, run).await.unwrap().seen, 20_000);
    let stats = control.stats().await.unwrap();
    // 22 pages that overlap a little; what was looked at since then comes by fifty.
    assert!(stats["storeganise"]["total"].as_u64().unwrap() < 22 + 1 + 10 * 2 + 5, "{stats}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_nobody_told_us_of_is_found_even_where_its_contacts_id_was_written_after_it() {
    let house = House::new(Database::new(Kind::Sqlite).unwrap()).await;
    let story = house.connected().await;
    let (core, control) = (house.stage.core(), house.control());
    slow(&house, &story, 0.5).await;
    let fields = json!({ "email": "e@example.com", "firstName": "Eve", "lastName": "Before" });
    let user = control.create_user(BUSINESS, &fields).await.unwrap();
    until("the contact", || async { control.contact_of(PORTAL, &user).await.unwrap().is_some() }).await;
    // The contact's id is still to be written to the user; before it is, the user is edited, and the event is lost.
    let lost = json!([{ "provider": "storeganise", "kind": "webhook_lost" }]);
    control.post("faults", &lost).await.unwrap();
    control.edit_user(BUSINESS, &user, &json!({ "lastName": "After" })).await.unwrap();
    let mirrored = || async {
        let users = control.users(BUSINESS).await.unwrap();
        users[0]["customFields"]["hubspot_contactId"].is_string()
    };
    assert!(!mirrored().await, "the test came too late");
    until("the contact's id on the user", mirrored).await;
    control.post("faults", &json!([])).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(property(&house.contact_of(&user).await, "lastname"), Some("Before"));
    slow(&house, &story, 200.0).await;
    core.begin_run(&story.installation().await.unwrap(), RunKind::Reconcile, &by()).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(property(&house.contact_of(&user).await, "lastname"), Some("After"));
}
