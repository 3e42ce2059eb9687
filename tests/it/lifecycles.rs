//! What becomes of a pair: disabled, deleted, restored, erased for privacy.

use sea_orm::{ColumnTrait as _, Condition, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};
use serde_json::json;
use server::demo::{control::property, story::Story};
use sync_core::{
    access::audit::Actor,
    queue::change::Subject,
    storage::entity::{link, link_alias, outcome, tombstone},
    views::runs::RunKind,
};
use tests::{
    database::Database,
    house::{BUSINESS, House, PORTAL},
    on_both_databases,
};

on_both_databases!(
    a_contact_erased_for_privacy_leaves_nothing_but_tombstones_and_is_not_made_again,
    an_erasure_told_before_the_deletion_or_twice_is_the_same,
    an_erasure_is_carried_out_even_where_nothing_else_is_worked,
    an_erased_contacts_id_is_taken_off_its_user_once_work_is_allowed,
    a_deleted_contact_is_not_made_again_until_it_is_restored,
    a_deletion_and_a_restoration_that_no_event_told_are_found_out,
    a_person_may_let_another_contact_be_made_and_that_is_audited,
    a_deleted_contacts_user_takes_the_contact_that_a_won_deal_brings,
    a_disabled_user_leaves_its_contact_as_it_is_and_enabled_again_goes_on,
);

#[expect(clippy::disallowed_methods, reason = "a stranger's client, which only calls this machine")]
fn stranger() -> reqwest::Client {
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

fn told(action: &str, reason: &str) -> (String, String) {
    (action.to_owned(), reason.to_owned())
}

/// A user and its contact.
async fn pair(house: &House, story: &Story<'_>) -> (String, String) {
    let fields = json!({ "email": "ada@example.com", "firstName": "Ada", "lastName": "Locke" });
    let user = house.control().create_user(BUSINESS, &fields).await.unwrap();
    story.settle().await.unwrap();
    let contact = house.contact_of(&user).await["id"].as_str().unwrap().to_owned();
    (user, contact)
}

async fn edit(house: &House, story: &Story<'_>, user: &str, phone: &str) {
    house.control().edit_user(BUSINESS, user, &json!({ "phone": phone })).await.unwrap();
    story.settle().await.unwrap();
}

async fn delete(house: &House, contact: &str) {
    let path = format!("hubspot/{PORTAL}/contacts/{contact}");
    house.control().call(reqwest::Method::DELETE, &path, None).await.unwrap();
}

async fn act(house: &House, contact: &str, action: &str) {
    let path = format!("hubspot/{PORTAL}/contacts/{contact}/{action}");
    house.control().post(&path, &json!({})).await.unwrap();
}

async fn webhooks(house: &House, kind: &str) {
    house.control().post("faults", &json!([{ "provider": "hubspot", "kind": kind }])).await.unwrap();
}

async fn count(house: &House) -> usize {
    house.control().contacts(PORTAL).await.unwrap().len()
}

/// How many rows name the contact, and how many tombstones there are.
async fn traces(house: &House, story: &Story<'_>, contact: &str) -> (u64, u64) {
    let scope = story.installation().await.unwrap().scope();
    let db = sync_core::storage::Db::connect(house.database().url()).await.unwrap();
    let of_contact = Condition::any()
        .add(outcome::Column::ContactId.eq(contact))
        .add(outcome::Column::SubjectId.eq(contact));
    let outcomes = outcome::Entity::find().filter(of_contact).count(db.reader()).await.unwrap();
    let links = link::Entity::find().filter(link::Column::ContactId.eq(contact)).count(db.reader());
    let aliases = link_alias::Entity::find().filter(link_alias::Column::ContactId.eq(contact));
    let named = outcomes + links.await.unwrap() + aliases.count(db.reader()).await.unwrap();
    let changes = house.stage.core().changes(scope, None, None, 100).await.unwrap().items;
    let waiting = changes.iter().filter(|change| change.subject_id == contact).count() as u64;
    (named + waiting, tombstone::Entity::find().count(db.reader()).await.unwrap())
}

async fn a_contact_erased_for_privacy_leaves_nothing_but_tombstones_and_is_not_made_again(
    database: Database,
) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let (user, contact) = pair(&house, &story).await;
    act(&house, &contact, "privacy-delete").await;
    story.settle().await.unwrap();
    assert_eq!(
        traces(&house, &story, &contact).await,
        (0, 2),
        "a tombstone for the contact and one for the user"
    );

    // Neither its user's next change, nor a run, nor a won deal with a new contact brings it back.
    let expected = told("skipped", "erased_for_privacy");
    edit(&house, &story, &user, "1234567").await;
    assert_eq!(house.told(&story, &user).await, expected);
    story.ask_for_all().await.unwrap();
    story.settle().await.unwrap();
    assert_eq!((house.told(&story, &user).await, count(&house).await), (expected.clone(), 0));
    let again = json!({ "email": "ada@example.com", "firstname": "Ada", "lastname": "Locke" });
    let again = house.control().create_contact(PORTAL, &again).await.unwrap();
    let deal = json!({ "dealname": "Locker", "pipeline": "default", "dealstage": "closedwon" });
    let deal = house.control().create_deal(PORTAL, &deal, &[&again]).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(house.told(&story, &deal).await, expected);
    assert_eq!(house.control().users(BUSINESS).await.unwrap().len(), 1);
    let scope = story.installation().await.unwrap().scope();
    let by = Actor::command_line();
    assert!(house.stage.core().make_contact(scope, &user, &by).await.is_err(), "nor does a person");
}

async fn an_erasure_told_before_the_deletion_or_twice_is_the_same(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    for kind in ["webhook_duplicate", "webhook_reorder"] {
        let (user, contact) = pair(&house, &story).await;
        webhooks(&house, kind).await;
        act(&house, &contact, "privacy-delete").await;
        story.settle().await.unwrap();
        assert_eq!(traces(&house, &story, &contact).await.0, 0, "{kind}");
        house.control().post("faults", &json!([])).await.unwrap();
        edit(&house, &story, &user, "1234567").await;
        assert_eq!(house.told(&story, &user).await, told("skipped", "erased_for_privacy"), "{kind}");
        house
            .control()
            .edit_user(BUSINESS, &user, &json!({ "email": format!("{kind}@example.com") }))
            .await
            .unwrap();
    }
}

async fn an_erasure_is_carried_out_even_where_nothing_else_is_worked(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let (_, contact) = pair(&house, &story).await;
    let id = story.installation().await.unwrap().id;
    house.stage.core().disable(id, &Actor::command_line()).await.unwrap();
    act(&house, &contact, "privacy-delete").await;
    tests::house::until("the contact is erased", || async {
        traces(&house, &story, &contact).await == (0, 2)
    })
    .await;
}

async fn an_erased_contacts_id_is_taken_off_its_user_once_work_is_allowed(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let (user, contact) = pair(&house, &story).await;
    let shown = async || {
        let user = house.user_with("ada@example.com").await.unwrap();
        user["customFields"]["hubspot_contactId"].clone()
    };
    assert_eq!(shown().await, json!(contact));
    let (core, by) = (house.stage.core(), Actor::command_line());
    let installation = story.installation().await.unwrap();
    core.pause(installation.id, &by).await.unwrap();
    act(&house, &contact, "privacy-delete").await;
    tests::house::until("the contact is erased", || async {
        traces(&house, &story, &contact).await == (0, 2)
    })
    .await;
    assert_eq!(shown().await, json!(contact), "nothing is written while it is paused");
    core.enable(installation.id, &by).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(shown().await, json!(null));
    let scope = installation.scope();
    let outcomes = house.outcomes_of(&story, &user).await;
    let cleared = outcomes.iter().find(|row| row.reason.as_deref() == Some("mirror_cleared")).unwrap();
    assert_eq!((cleared.action.word(), cleared.contact_id.as_deref()), ("updated", None));
    assert_eq!(traces(&house, &story, &contact).await, (0, 2));
    let waiting = core.changes(scope, None, None, 100).await.unwrap().items;
    assert!(waiting.iter().all(|change| change.subject == Subject::Sweep), "{waiting:?}");

    // What the field holds by the time is not touched.
    let other = house.control();
    let fields = json!({ "email": "eve@example.com", "firstName": "Eve", "lastName": "Locke" });
    let eve = other.create_user(BUSINESS, &fields).await.unwrap();
    story.settle().await.unwrap();
    let contact = house.contact_of(&eve).await["id"].as_str().unwrap().to_owned();
    other
        .edit_user(BUSINESS, &eve, &json!({ "customFields": { "hubspot_contactId": "mine" } }))
        .await
        .unwrap();
    act(&house, &contact, "privacy-delete").await;
    story.settle().await.unwrap();
    let eve = house.user_with("eve@example.com").await.unwrap();
    assert_eq!(eve["customFields"]["hubspot_contactId"], "mine");
}

async fn a_deleted_contact_is_not_made_again_until_it_is_restored(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let (user, contact) = pair(&house, &story).await;
    delete(&house, &contact).await;
    story.settle().await.unwrap();
    edit(&house, &story, &user, "1234567").await;
    assert_eq!(house.told(&story, &user).await, told("skipped", "contact_deleted"));
    story.ask_for_all().await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(count(&house).await, 0, "a person deleted it on purpose");

    act(&house, &contact, "restore").await;
    story.settle().await.unwrap();
    let restored = house.contact_of(&user).await;
    assert_eq!((restored["id"].as_str(), property(&restored, "phone")), (Some(&*contact), Some("1234567")));
    edit(&house, &story, &user, "7654321").await;
    assert_eq!(
        (property(&house.contact_of(&user).await, "phone"), count(&house).await),
        (Some("7654321"), 1)
    );
}

async fn a_deletion_and_a_restoration_that_no_event_told_are_found_out(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let (user, contact) = pair(&house, &story).await;
    webhooks(&house, "webhook_lost").await;
    delete(&house, &contact).await;
    edit(&house, &story, &user, "1234567").await;
    assert_eq!(
        (house.told(&story, &user).await, count(&house).await),
        (told("skipped", "contact_deleted"), 0)
    );

    act(&house, &contact, "restore").await;
    let installation = story.installation().await.unwrap();
    let reconcile = async || {
        let core = house.stage.core();
        core.begin_run(&installation, RunKind::Reconcile, &Actor::command_line()).await.unwrap();
        story.settle().await.unwrap();
    };
    reconcile().await;
    assert_eq!(property(&house.contact_of(&user).await, "phone"), Some("1234567"), "the sweep found it");
    // And a change of the user finds it, too.
    delete(&house, &contact).await;
    edit(&house, &story, &user, "2222222").await;
    act(&house, &contact, "restore").await;
    edit(&house, &story, &user, "3333333").await;
    assert_eq!(
        (property(&house.contact_of(&user).await, "phone"), count(&house).await),
        (Some("3333333"), 1)
    );
}

async fn a_person_may_let_another_contact_be_made_and_that_is_audited(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let (user, contact) = pair(&house, &story).await;
    let installation = story.installation().await.unwrap();
    let (core, by) = (house.stage.core(), Actor::command_line());
    let scope = installation.scope();
    assert!(core.make_contact(scope, &user, &by).await.is_err(), "there is one");
    delete(&house, &contact).await;
    story.settle().await.unwrap();
    let wish = json!({ "subject": "user", "subject_id": user, "make_contact": true });
    let url = format!("{}/api/v1/installations/{}/changes/replay", house.stage.base_url, installation.id);
    let request = stranger().post(url).bearer_auth(house.token().await).json(&wish);
    assert_eq!(request.send().await.unwrap().status(), reqwest::StatusCode::OK);
    story.settle().await.unwrap();
    assert_ne!(house.contact_of(&user).await["id"], contact.as_str());
    assert_eq!(count(&house).await, 1);
    let audit = core.audit_lines(scope, 20).await.unwrap();
    assert!(audit.iter().any(|entry| entry.action == "user.contact_asked_for"), "{audit:?}");
}

async fn a_deleted_contacts_user_takes_the_contact_that_a_won_deal_brings(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let (user, contact) = pair(&house, &story).await;
    delete(&house, &contact).await;
    story.settle().await.unwrap();
    let again = json!({ "email": "ada@example.com", "firstname": "Ada", "lastname": "Locke" });
    let again = house.control().create_contact(PORTAL, &again).await.unwrap();
    let deal = json!({ "dealname": "Locker", "pipeline": "default", "dealstage": "closedwon" });
    house.control().create_deal(PORTAL, &deal, &[&again]).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(house.contact_of(&user).await["id"], again.as_str());
    edit(&house, &story, &user, "1234567").await;
    assert_eq!(property(&house.contact_of(&user).await, "phone"), Some("1234567"));
}

async fn a_disabled_user_leaves_its_contact_as_it_is_and_enabled_again_goes_on(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let (user, _) = pair(&house, &story).await;
    let act = async |action: &str| {
        let path = format!("storeganise/{BUSINESS}/users/{user}/{action}");
        house.control().post(&path, &json!({})).await.unwrap();
        story.settle().await.unwrap();
    };
    act("disable").await;
    edit(&house, &story, &user, "1234567").await;
    assert_eq!(house.told(&story, &user).await, told("skipped", "user_disabled"));
    let contact = house.contact_of(&user).await;
    assert_eq!((property(&contact, "firstname"), property(&contact, "phone")), (Some("Ada"), None));
    // Enabling is never told: the user's next change is.
    act("enable").await;
    edit(&house, &story, &user, "1234568").await;
    assert_eq!(property(&house.contact_of(&user).await, "phone"), Some("1234568"));
    let scope = story.installation().await.unwrap().scope();
    assert!(house.stage.core().changes(scope, Some(true), None, 5).await.unwrap().items.is_empty());
    assert_eq!(Subject::from_word("erasure"), Some(Subject::Erasure));
}
