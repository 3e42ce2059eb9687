//! The account as a person clicks through it: every link leads somewhere, every form does what it says and is told
//! as a person's doing, and nothing that somebody wrote is taken for markup.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::task::TaskTracker;

use super::{Answer, App, CONTROL, PORTAL};
use crate::options::Options;
use crate::provider::Provider;

/// No event takes this long unless the test is stuck.
const STUCK: Duration = Duration::from_secs(20);
const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";

impl App {
    /// A page below the account.
    async fn page(&self, path: &str) -> String {
        let answer = self.get(&format!("/hubspot/{PORTAL}{path}")).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        text(&answer)
    }

    /// Sends a form below the account, which must be accepted, and answers with where it leads.
    async fn submit(&self, path: &str, form: &str) -> String {
        let answer = self.form(&format!("/hubspot/{PORTAL}{path}"), form).await;
        assert_eq!(answer.status, 303, "{path}: {}", answer.body);
        answer.header("location").to_owned()
    }

    /// Sends a form that must be refused, and answers with the page that says so.
    async fn refused(&self, path: &str, form: &str, status: u16) -> String {
        let answer = self.form(&format!("/hubspot/{PORTAL}{path}"), form).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        let page = text(&answer);
        assert!(page.contains("HubSpot refused that"), "{page}");
        page
    }

    async fn made(&self, kind: &str, body: Value) -> String {
        let made = self.person.post(&format!("{CONTROL}/{kind}"), body).await;
        made["id"].as_str().unwrap().to_owned()
    }

    async fn property(&self, kind: &str, id: &str, name: &str) -> Value {
        self.person.get(&format!("{CONTROL}/{kind}/{id}")).await["properties"][name].clone()
    }

    /// Visits everything that can be reached from the account's page, and answers with the pages by address.
    async fn crawl(&self) -> Vec<(String, String)> {
        let start = format!("/hubspot/{PORTAL}");
        let (mut seen, mut queue) = (BTreeSet::from([start.clone()]), VecDeque::from([start]));
        let mut pages = Vec::new();
        while let Some(address) = queue.pop_front() {
            let answer = self.get(&address).await;
            assert_eq!(answer.status, 200, "{address}");
            let page = text(&answer);
            for link in links(&page) {
                if let Some(place) = link.strip_prefix('#') {
                    assert!(page.contains(&format!("id=\"{place}\"")), "{address} has no place {place}");
                    continue;
                }
                let path = address.split('?').next().unwrap();
                let target = if link.starts_with('?') { format!("{path}{link}") } else { link };
                let target = target.split('#').next().unwrap().to_owned();
                // The pages around the account are others' business, but they must be there.
                if !target.starts_with("/hubspot/") {
                    assert_eq!(self.get(&target).await.status, 200, "{target}");
                } else if seen.insert(target.clone()) {
                    queue.push_back(target);
                }
            }
            pages.push((address, page));
        }
        pages
    }
}

fn text(answer: &Answer) -> String {
    answer.body.as_str().unwrap().to_owned()
}

fn links(page: &str) -> Vec<String> {
    let attributes = page.split("<a ").skip(1).filter_map(|anchor| anchor.split("href=\"").nth(1));
    attributes.map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&")).collect()
}

/// The number in an address such as `/hubspot/1234567/contacts/541900000001?done=created`.
fn id_in(location: &str) -> String {
    location.split('?').next().unwrap().rsplit('/').next().unwrap().to_owned()
}

/// Hears what the app would hear.
struct Listener(UnboundedReceiver<Vec<Value>>);

impl Listener {
    async fn of(app: &App) -> Self {
        let (sender, receiver) = unbounded_channel();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let router = Router::new().route("/", post(hear)).with_state(sender);
        TaskTracker::new().spawn(async move { axum::serve(listener, router).await });
        app.person.world.set_webhook_url(Provider::Hubspot, url);
        Self(receiver)
    }

    /// Waits for an event of each of these types, all of them by the account's person.
    async fn hears(&mut self, expected: &[&str]) {
        let mut missing: BTreeSet<&str> = expected.iter().copied().collect();
        while !missing.is_empty() {
            for event in tokio::time::timeout(STUCK, self.0.recv()).await.unwrap().unwrap() {
                assert_eq!(
                    (&event["changeSource"], &event["sourceId"]),
                    (&json!("CRM_UI"), &json!("userId:222222"))
                );
                missing.remove(event["subscriptionType"].as_str().unwrap());
            }
        }
    }
}

async fn hear(State(sender): State<UnboundedSender<Vec<Value>>>, body: String) {
    sender.send(serde_json::from_str(&body).unwrap()).unwrap();
}

/// A connected account with something of everything in it, named as badly as can be.
async fn full_account(name: &str) -> App {
    let app = App::prepared().await;
    app.person.post(&format!("{CONTROL}/contacts/seed"), json!({"count": 60})).await;
    let contact = |number: usize| {
        json!({"properties": {
            "firstname": name, "lastname": name, "phone": name, "city": name, "jobtitle": name,
            "storeganise_user_id": format!("{name}{number}"), "email": format!("{number}@example.com"),
        }})
    };
    let mut ids = Vec::new();
    for number in 0..4 {
        ids.push(app.made("contacts", contact(number)).await);
    }
    let merge = json!({"primary": ids[0], "other": ids[1]});
    ids[0] =
        app.person.post(&format!("{CONTROL}/contacts/merge"), merge).await["id"].as_str().unwrap().to_owned();
    app.person.ask("DELETE", &format!("{CONTROL}/contacts/{}", ids[2]), Value::Null).await;
    for stage in ["closedwon", "appointmentscheduled", ""] {
        let properties = json!({"dealname": name, "amount": "80", "dealstage": stage, "description": name});
        app.made("deals", json!({"properties": properties, "contacts": [ids[0], ids[3]]})).await;
    }
    app
}

#[tokio::test]
async fn every_link_on_every_page_leads_somewhere() {
    let app = full_account("Ann").await;
    let pages = app.crawl().await;
    for part in ["", "/contacts", "/contacts/bin", "/deals", "/deals/bin", "/apps", "/settings"] {
        let address = format!("/hubspot/{PORTAL}{part}");
        assert!(pages.iter().any(|(known, _)| *known == address), "no link leads to {address}");
    }
    let of_records = pages.iter().filter(|(address, _)| address.contains("/contacts/5419")).count();
    assert!(of_records >= 2 * 62, "the second page of contacts was reached, too: {of_records}");
    assert!(pages.iter().all(|(_, page)| page.contains("not HubSpot but an imitation")), "a page looks real");
}

#[tokio::test]
async fn nothing_that_somebody_wrote_is_taken_for_markup() {
    let app = full_account(HOSTILE).await;
    let mut pages = app.crawl().await;
    let search = "%3Cscript%3Ealert(1)";
    for asked in [format!("/contacts?search={search}"), format!("/deals?contact=%22%3E{search}")] {
        pages.push((asked.clone(), app.page(&asked).await));
    }
    pages.push(("refused".to_owned(), app.refused("/contacts", &format!("email={search}"), 400).await));
    for (address, page) in &pages {
        assert!(!page.contains("<script") && !page.contains("<img"), "{address}: {page}");
    }
    let shown = pages.iter().filter(|(_, page)| page.contains("&#60;script&#62;alert(1)")).count();
    assert!(shown > 5, "the name is shown as text: {shown}");
}

#[tokio::test]
async fn each_form_of_a_contact_does_what_it_says_and_is_told_as_a_persons_doing() {
    let app = App::prepared().await;
    let mut ears = Listener::of(&app).await;
    let form = "firstname=Ann&lastname=&email=ann%40example.com&phone=&company=&city=Rye";
    let id = id_in(&app.submit("/contacts", form).await);
    ears.hears(&["contact.creation", "contact.propertyChange"]).await;
    let page = app.page(&format!("/contacts/{id}")).await;
    for shown in ["ann@example.com", "CRM_UI", "person 222222", "Storeganise user ID"] {
        assert!(page.contains(shown), "{shown} in {page}");
    }

    let form = "was.city=Rye&city=Deal&was.firstname=Ann&firstname=Ann&was.storeganise_user_id=&storeganise_user_id=u1";
    app.submit(&format!("/contacts/{id}"), form).await;
    ears.hears(&["contact.propertyChange"]).await;
    assert_eq!(app.property("contacts", &id, "city").await, "Deal");
    assert_eq!(app.property("contacts", &id, "storeganise_user_id").await, "u1");

    let other = id_in(&app.submit("/contacts", "email=bob%40example.com&phone=1").await);
    ears.hears(&["contact.creation"]).await;
    let merged = id_in(&app.submit(&format!("/contacts/{id}/merge"), "other=bob%40example.com").await);
    ears.hears(&["contact.merge"]).await;
    let former = app.get(&format!("/hubspot/{PORTAL}/contacts/{other}")).await;
    assert_eq!(id_in(former.header("location")), merged, "a former id leads to the record");
    let page = app.page(&format!("/contacts/{merged}")).await;
    for shown in ["Merged from", &id, &other, "Additional e-mails", "bob@example.com"] {
        assert!(page.contains(shown), "{shown} in {page}");
    }

    app.submit(&format!("/contacts/{merged}/delete"), "").await;
    ears.hears(&["contact.deletion"]).await;
    assert!(app.page("/contacts/bin").await.contains(&merged));
    assert_eq!(app.contact_count().await, 0);
    app.submit(&format!("/contacts/{merged}/restore"), "").await;
    ears.hears(&["contact.restore"]).await;
    assert_eq!(app.contact_count().await, 1);
    assert!(app.page("/contacts/bin").await.contains("The bin is empty"));

    assert!(app.page(&format!("/contacts/{merged}/erase")).await.contains("cannot be restored"));
    app.submit(&format!("/contacts/{merged}/erase"), "").await;
    ears.hears(&["contact.privacyDeletion", "contact.deletion"]).await;
    assert_eq!(app.contact_count().await, 0);
}

#[tokio::test]
async fn each_form_of_a_deal_does_what_it_says_and_is_told_as_a_persons_doing() {
    let app = App::connected().await;
    let ann =
        app.made("contacts", json!({"properties": {"email": "ann@example.com", "firstname": "Ann"}})).await;
    let bob =
        app.made("contacts", json!({"properties": {"email": "bob@example.com", "firstname": "Bob"}})).await;
    let mut ears = Listener::of(&app).await;
    let form = format!("dealname=Locker&amount=80&contact={ann}&stage=default/appointmentscheduled");
    let id = id_in(&app.submit("/deals", &form).await);
    ears.hears(&["deal.creation", "deal.associationChange", "deal.propertyChange"]).await;

    let sent = app.submit(&format!("/deals/{id}/stage"), "stage=default/closedwon").await;
    assert_eq!(sent, format!("/hubspot/{PORTAL}/deals?pipeline=default&done=moved"));
    ears.hears(&["deal.propertyChange"]).await;
    assert_eq!(app.property("deals", &id, "hs_is_closed_won").await, "true");
    let page = app.page("/deals?pipeline=default").await;
    for shown in ["<h1>1 deal</h1>", "✓ Closed Won <span class=\"quiet\">1</span>", "Locker", "Ann"] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    let sent = app.submit(&format!("/deals/{id}/stage"), "stage=74839210/148392103&from=deal").await;
    assert_eq!(id_in(&sent), id, "the menu of the deal's page leads back there");
    ears.hears(&["deal.propertyChange"]).await;
    assert!(app.page(&format!("/contacts/{ann}")).await.contains("✓ Moved in"));

    app.submit(&format!("/deals/{id}/contacts"), "contact=bob%40example.com").await;
    ears.hears(&["deal.associationChange"]).await;
    assert!(app.page(&format!("/contacts/{bob}")).await.contains("Locker"));
    app.submit(&format!("/deals/{id}/contacts/{ann}/detach"), "").await;
    ears.hears(&["deal.associationChange"]).await;
    assert!(!app.page(&format!("/contacts/{ann}")).await.contains("Locker"));
    assert!(!app.page(&format!("/deals/{id}")).await.contains("Ann"));

    app.submit(&format!("/deals/{id}"), "was.amount=80&amount=90&was.dealname=Locker&dealname=Locker").await;
    ears.hears(&["deal.propertyChange"]).await;
    assert_eq!(app.property("deals", &id, "amount").await, "90");
    app.submit(&format!("/deals/{id}/delete"), "").await;
    ears.hears(&["deal.deletion"]).await;
    assert!(app.page("/deals/bin").await.contains("Locker"));
    app.submit(&format!("/deals/{id}/restore"), "").await;
    assert!(app.page(&format!("/deals/{id}")).await.contains("Bob"));
}

#[tokio::test]
async fn a_person_who_saves_one_field_does_not_write_back_the_others() {
    let app = App::connected().await;
    let id = app.contact(json!({"email": "ann@example.com", "phone": "1"})).await;
    let path = format!("{}/{id}", super::CONTACTS);
    // The app changes the phone number while the person has the page open.
    app.ask("PATCH", &path, json!({"properties": {"phone": "2"}})).await;
    app.submit(&format!("/contacts/{id}"), "was.phone=1&phone=1&was.city=&city=Rye").await;
    assert_eq!(app.property("contacts", &id, "phone").await, "2");
    assert_eq!(app.property("contacts", &id, "city").await, "Rye");
    let page = app.page(&format!("/contacts/{id}")).await;
    for shown in ["Phone Number: 2 values", "app 7654321", "person 222222", "INTEGRATION"] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
}

#[tokio::test]
async fn a_refusal_is_a_page_with_the_reason_and_a_way_back() {
    let app = App::connected().await;
    app.contact(json!({"email": "ann@example.com"})).await;
    let id = app.contact(json!({"email": "bob@example.com"})).await;
    let back = |path: &str| format!("<a href=\"/hubspot/{PORTAL}{path}\">Go back</a>");
    let contact = format!("/contacts/{id}");
    for (path, form, status, reason, way) in [
        (
            contact.as_str(),
            "email=nonsense",
            400,
            "email: Email address nonsense is invalid",
            contact.as_str(),
        ),
        ("/contacts", "email=ann%40example.com", 409, "Contact already exists. Existing ID:", "/contacts"),
        (&format!("{contact}/merge"), "other=nobody", 404, "Object not found.", &contact),
        (&format!("{contact}/merge"), &format!("other={id}"), 400, "into itself", &contact),
        (&format!("{contact}/restore"), "", 400, "not in the recycle bin", "/contacts/bin"),
        ("/deals", "dealname=A&stage=default/nowhere", 400, "dealstage: nowhere was not one", "/deals"),
        ("/deals", "dealname=A&stage=default/closedwon&contact=x%40example.com", 404, "not found", "/deals"),
    ] {
        let page = app.refused(path, form, status).await;
        assert!(page.contains(reason) && page.contains(&back(way)), "{path} {form}: {page}");
        assert!(!page.contains("&#60;a"), "{page}");
    }
    for missing in ["/contacts/1", "/contacts/x", "/contacts/1/erase", "/deals/1", "/deals?pipeline=x"] {
        let answer = app.get(&format!("/hubspot/{PORTAL}{missing}")).await;
        assert_eq!(answer.status, 404, "{missing}");
        assert!(text(&answer).contains("Go back"), "{missing}");
    }
    for stranger in ["/hubspot/1", "/hubspot/x/contacts", "/hubspot/1/apps", "/hubspot/1/settings"] {
        let answer = app.get(stranger).await;
        assert_eq!(answer.status, 404, "{stranger}");
        assert!(text(&answer).contains("<a href=\"/\">Go back</a>"), "{stranger}");
    }
    assert_eq!(app.form("/hubspot/1/uninstall", "").await.status, 404);
}

#[tokio::test]
async fn contacts_are_found_by_any_part_of_their_text_and_by_their_id() {
    let app = App::connected().await;
    let ann = app.contact(json!({"email": "ann@example.com", "city": "Rye"})).await;
    app.contact(json!({"email": "bob@example.com", "phone": "+44 20 7946 0001"})).await;
    for (search, found) in [
        ("", ["ann@", "bob@"].as_slice()),
        ("EXAMPLE.com", &["ann@", "bob@"]),
        ("ry", &["ann@"]),
        ("7946", &["bob@"]),
        ("ann%40example.com", &["ann@"]),
        (&ann, &["ann@"]),
        ("nobody", &[]),
    ] {
        let page = app.page(&format!("/contacts?search={search}")).await;
        let rows: Vec<&str> =
            ["ann@", "bob@"].into_iter().filter(|a| page.contains(&format!("<td>{a}"))).collect();
        assert_eq!(rows, found, "{search}");
    }
}

#[tokio::test]
async fn the_form_for_a_contact_asks_for_what_the_account_demands() {
    let app = App::connected().await;
    app.person.ask("POST", &format!("{CONTROL}/rules"), json!({"required": ["zip"]})).await;
    assert!(app.page("/contacts").await.contains("name=\"zip\""));
    assert!(app.page("/settings").await.contains("<code>zip</code>"));
    let page = app.refused("/contacts", "firstname=Ann&zip=", 400).await;
    assert!(page.contains("A value for zip must be provided"), "{page}");
    app.submit("/contacts", "firstname=Ann&zip=ZZ4").await;
}

#[tokio::test]
async fn the_page_of_apps_shows_how_the_tokens_stand_and_takes_the_app_out_untold() {
    let app = App::connected().await;
    assert!(app.page("").await.contains("The app is connected"));
    let page = app.page("/apps").await;
    for shown in ["1 app is connected", "person 222222", "See your contacts", "2026-01-01T00:30:00.000Z"] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    app.person.world.clock.advance(1_800_000);
    assert!(app.page("/apps").await.contains("expired"));
    assert_eq!(app.submit("/uninstall", "").await, format!("/hubspot/{PORTAL}/apps?done=uninstalled"));
    assert!(app.page("/apps").await.contains("No app is connected"));
    let refused = app.token_call(&format!("grant_type=refresh_token&refresh_token={}", app.refresh)).await;
    assert_eq!(refused.body["status"], "BAD_REFRESH_TOKEN");
}

#[tokio::test]
async fn settings_mark_the_apps_property_and_count_the_requests_of_the_window() {
    let app = App::prepared().await;
    let page = app.page("/settings").await;
    let row = page.split("<tr>").find(|row| row.contains("storeganise_user_id")).unwrap();
    assert!(row.contains("Custom") && row.contains("Unique") && !row.contains("Read only"), "{row}");
    assert!(
        page.contains("<td>Requests of the app</td><td data-label=\"Used now\">2</td>"),
        "making a group and a property: {page}"
    );
    app.person.world.clock.advance(10_000);
    assert!(
        app.page("/settings")
            .await
            .contains("<td>Requests of the app</td><td data-label=\"Used now\">0</td>")
    );
}

#[tokio::test]
async fn hubspots_own_addresses_of_records_lead_to_their_pages() {
    let app = App::unconnected(Options::default()).await;
    for (address, page) in [("0-1/7", "contacts/7"), ("0-3/8", "deals/8")] {
        let sent = app.get(&format!("/contacts/{PORTAL}/record/{address}")).await;
        assert_eq!(sent.header("location"), format!("/hubspot/{PORTAL}/{page}"));
    }
}
