//! A provider that is down, slow, cut off or answers nonsense: the change stays pending, is tried again, and
//! the cause can be read on the activity page.

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use server::demo::{control::property, stage::LOGIN, story::Story, visitor::Visitor};
use sync_core::{access::audit::Actor, queue::change::Subject};
use tests::{
    database::Database,
    house::{BUSINESS, House, PORTAL, until},
    on_both_databases,
};

on_both_databases!(
    whatever_a_provider_does_the_change_stays_pending_and_arrives_in_the_end,
    an_answer_that_is_lost_never_doubles_anybody,
    a_refused_row_is_parked_with_hubspots_reason_and_its_neighbours_land,
    access_that_was_revoked_stops_the_work_and_a_new_authorisation_resumes_it,
);

async fn activity_page(house: &House, story: &Story<'_>) -> String {
    let staff = Visitor::default();
    let sign_in = format!("{}/sign-in", house.stage.base_url);
    let form = [("login", LOGIN), ("password", house.stage.password.expose_secret())];
    staff.send(&sign_in, "/sign-in", &form).await.unwrap();
    let id = story.installation().await.unwrap().id;
    let page = staff.open(&format!("{}/installations/{id}/activity", house.stage.base_url)).await.unwrap();
    assert!(page.status.is_success());
    page.body
}

async fn whatever_a_provider_does_the_change_stays_pending_and_arrives_in_the_end(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    let (core, by) = (house.stage.core(), Actor::command_line());
    let faults = [
        ("hubspot", json!({ "kind": "status", "status": 503 }), "hubspot.http_503"),
        ("hubspot", json!({ "kind": "cut" }), "hubspot.unreachable"),
        ("hubspot", json!({ "kind": "nonsense" }), "hubspot.not_understood"),
        ("storeganise", json!({ "kind": "status", "status": 500 }), "storeganise.http_500"),
        ("storeganise", json!({ "kind": "nonsense" }), "storeganise.not_understood"),
    ];
    for (n, (provider, fault, cause)) in faults.into_iter().enumerate() {
        let mut rule = fault;
        rule["provider"] = json!(provider);
        control.post("faults", &json!([rule])).await.unwrap();
        let fields =
            json!({ "email": format!("f{n}@example.com"), "firstName": "F", "lastName": format!("N{n}") });
        let user = control.create_user(BUSINESS, &fields).await.unwrap();
        let scope = story.installation().await.unwrap().scope();
        let user = user.as_str();
        until(cause, || async {
            let pending = core.changes(scope, Some(false), None, 50).await.unwrap().items;
            pending.iter().any(|change| change.subject_id == user && change.cause.as_deref() == Some(cause))
        })
        .await;
        let page = activity_page(&house, &story).await;
        let words = if provider == "hubspot" { "HubSpot" } else { "Storeganise" };
        assert!(page.contains(words) && page.contains(user), "the activity page does not tell of {cause}");
        control.post("faults", &json!([])).await.unwrap();
        // A person who asks again does not wait for the pause to pass.
        core.replay(scope, Subject::User, user, &by).await.unwrap();
        story.settle().await.unwrap();
        assert_eq!(property(&house.contact_of(user).await, "firstname"), Some("F"));
    }
    // Slow is not wrong.
    let slow = json!([{ "provider": "hubspot", "kind": "slow", "delay_ms": 400 }]);
    control.post("faults", &slow).await.unwrap();
    let late = json!({ "email": "late@example.com", "firstName": "Late", "lastName": "Comer" });
    let late = control.create_user(BUSINESS, &late).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(property(&house.contact_of(&late).await, "firstname"), Some("Late"));
}

async fn an_answer_that_is_lost_never_doubles_anybody(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    let (core, by) = (house.stage.core(), Actor::command_line());
    // The work is done, but we never learn of it: once for each kind of write.
    let lost = [("hubspot", "batch/upsert"), ("storeganise", "users"), ("hubspot", "batch/update")];
    for (n, (provider, route)) in lost.into_iter().enumerate() {
        let rule = json!([{ "provider": provider, "kind": "lose_after", "method": "POST", "route_contains": route, "times": 1 }]);
        control.post("faults", &rule).await.unwrap();
        let fields =
            json!({ "email": format!("lost{n}@example.com"), "firstName": "Lost", "lastName": "Answer" });
        let user = control.create_user(BUSINESS, &fields).await.unwrap();
        let email = format!("won{n}@example.net");
        let contact = json!({ "email": email, "firstname": "Lost", "lastname": "Answer" });
        let contact = control.create_contact(PORTAL, &contact).await.unwrap();
        let deal = json!({ "dealname": "Lost", "pipeline": "default", "dealstage": "closedwon" });
        let deal = control.create_deal(PORTAL, &deal, &[&contact]).await.unwrap();
        let scope = story.installation().await.unwrap().scope();
        core.replay(scope, Subject::User, &user, &by).await.unwrap();
        core.replay(scope, Subject::Deal, &deal, &by).await.unwrap();
        story.settle().await.unwrap();
    }
    control.post("faults", &json!([])).await.unwrap();
    let users = control.users(BUSINESS).await.unwrap();
    assert_eq!(users.len(), 6);
    assert_eq!(story.pairs_agree().await.unwrap(), 6, "nobody is doubled on either side");
    assert_eq!(control.contacts(PORTAL).await.unwrap().len(), 6);
}

async fn a_refused_row_is_parked_with_hubspots_reason_and_its_neighbours_land(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    // From now on the portal's admin requires a company of every contact: bare profiles are refused.
    control.post(&format!("hubspot/{PORTAL}/rules"), &json!({ "required": ["company"] })).await.unwrap();
    let bare = json!({ "email": "bare@example.com", "firstName": "Bare", "lastName": "One" });
    let bare = control.create_user(BUSINESS, &bare).await.unwrap();
    for n in 0..9 {
        let whole = json!({ "email": format!("w{n}@example.com"), "firstName": "W", "lastName": "H", "companyName": "C" });
        control.create_user(BUSINESS, &whole).await.unwrap();
    }
    story.settle().await.unwrap();
    assert_eq!(control.contacts(PORTAL).await.unwrap().len(), 9);
    let outcome = house.outcomes_of(&story, &bare).await.remove(0);
    assert_eq!((outcome.action.word(), outcome.reason.as_deref()), ("failed", Some("hubspot.refused")));
    assert!(outcome.fields.contains(&"company".to_owned()), "{:?}", outcome.fields);
    let scope = story.installation().await.unwrap().scope();
    let parked = house.stage.core().changes(scope, Some(true), None, 10).await.unwrap().items;
    assert_eq!(parked.len(), 1);
    assert!(activity_page(&house, &story).await.contains("company"));

    // Mended and replayed, it lands.
    control.post(&format!("hubspot/{PORTAL}/rules"), &json!({ "required": [] })).await.unwrap();
    house.stage.core().replay_parked(scope, &Actor::command_line()).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(property(&house.contact_of(&bare).await, "firstname"), Some("Bare"));
}

async fn access_that_was_revoked_stops_the_work_and_a_new_authorisation_resumes_it(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    control.post(&format!("hubspot/revoke/{PORTAL}"), &Value::Null).await.unwrap();
    let gil = json!({ "email": "gil@example.com", "firstName": "Gil", "lastName": "Wait" });
    let gil = control.create_user(BUSINESS, &gil).await.unwrap();
    let core = house.stage.core();
    let scope = story.installation().await.unwrap().scope();
    until("needs authorisation", || async {
        let connection = core.connection(scope).await.unwrap().unwrap();
        connection.state == sync_core::connection::ConnectionState::NeedsAuthorisation
    })
    .await;
    assert_eq!(core.backlog(scope).await.unwrap().waiting, 1, "the change is kept");
    story.authorise().await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(property(&house.contact_of(&gil).await, "firstname"), Some("Gil"));
}
