//! The pages that show records, with real records on both sides: one person, and what somebody has to decide.

use std::collections::BTreeSet;

use secrecy::ExposeSecret as _;
use serde_json::json;
use server::demo::{
    control::property,
    story::Story,
    visitor::{Visit, Visitor},
};
use sync_core::{access::audit::Actor, merge::Policy, settings::Settings};
use tests::{
    database::Database,
    house::{BUSINESS, House, PORTAL, call},
    on_both_databases,
};

use crate::{browser::lived_in, process::stranger};

on_both_databases!(
    a_person_is_found_by_what_staff_have_at_hand_and_shown_field_by_field,
    what_waits_for_a_person_is_decided_on_its_page,
    what_failed_in_several_businesses_is_tried_on_one_record_and_then_replayed,
    every_link_leads_to_a_page_and_every_form_to_somebody_who_takes_it,
    a_page_that_is_open_is_told_when_there_is_something_new_until_the_service_stops,
);

/// What a page says, without its tags.
fn words(page: &Visit) -> String {
    let mut words = String::new();
    let mut is_tag = false;
    for letter in page.body.chars() {
        match letter {
            '<' => is_tag = true,
            '>' => (is_tag, words) = (false, words + " "),
            _ if !is_tag => words.push(letter),
            _ => {}
        }
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn a_person_is_found_by_what_staff_have_at_hand_and_shown_field_by_field(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let ada = json!({ "email": "ada@example.com", "firstName": "Ada & Bo", "lastName": "Locke", "phone": "+44 20 7946 0018" });
    let user = house.control().create_user(BUSINESS, &ada).await.unwrap();
    story.settle().await.unwrap();
    let contact = house.contact_of(&user).await["id"].as_str().unwrap().to_owned();
    house.control().edit_contact(PORTAL, &contact, &json!({ "phone": "+44 20 7946 0999" })).await.unwrap();
    story.settle().await.unwrap();
    let staff = house.staff().await;
    let id = story.installation().await.unwrap().id;
    let address = format!("{}/installations/{id}/person", house.stage.base_url);

    let empty = staff.open(&address).await.unwrap();
    assert!(words(&empty).contains("Nothing is written by looking"), "{}", words(&empty));
    for who in ["ada@example.com", user.as_str(), contact.as_str()] {
        let shown = staff.send(&address, &address, &[("who", who)]).await.unwrap();
        let text = words(&shown);
        for part in [
            "The two belong together, and there is nothing to write.",
            "Ada &#38; Bo",
            "+44 20 7946 0018",
            "+44 20 7946 0999 written by a person",
            "Sync this person now",
        ] {
            assert!(text.contains(part), "{who}: {part} is not in {text}");
        }
        let record = format!("/contacts/{PORTAL}/record/0-1/{contact}");
        assert!(shown.body.contains(&record), "the record in HubSpot is a link");
        assert_eq!(shown.headers["cache-control"], "no-store");
    }
    assert!(!words(&staff.open(&format!("{address}?user={user}")).await.unwrap()).contains("no such record"));
    let nobody = words(&staff.send(&address, &address, &[("who", "nobody@example.com")]).await.unwrap());
    assert!(nobody.contains("Neither side has such a person"), "{nobody}");
    let blank = staff.send(&address, &address, &[("who", " ")]).await.unwrap();
    assert!(
        blank.body.contains("aria-invalid") && words(&blank).contains("Give the id of a user"),
        "{}",
        blank.body
    );
}

async fn what_waits_for_a_person_is_decided_on_its_page(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let installation = story.installation().await.unwrap();
    let settings = Settings {
        contact_edits: true,
        conflict_policy: Policy::NewestWins,
        ..installation.settings.clone()
    };
    house.stage.core().change_settings(installation.id, &settings, &Actor::command_line()).await.unwrap();
    // An address that another contact has.
    let other = json!({ "email": "kit@example.com", "firstname": "Kit", "lastname": "Ames" });
    house.control().create_contact(PORTAL, &other).await.unwrap();
    let user = json!({ "email": "joe@example.com", "firstName": "Joe", "lastName": "Moss" });
    let user = house.control().create_user(BUSINESS, &user).await.unwrap();
    story.settle().await.unwrap();
    house.control().edit_user(BUSINESS, &user, &json!({ "email": "kit@example.com" })).await.unwrap();
    story.settle().await.unwrap();

    let staff = house.staff().await;
    let here = format!("{}/installations/{}", house.stage.base_url, installation.id);
    assert!(words(&staff.open(&here).await.unwrap()).contains("1 decision waits for you"));
    let list = staff.open(&format!("{here}/conflicts")).await.unwrap();
    assert!(words(&list).contains("Another contact has this e-mail already"), "{}", words(&list));
    let address = format!("{here}/conflicts/{user}");
    let page = staff.open(&address).await.unwrap();
    for part in ["kit@example.com", "joe@example.com", "in the way", "Keep the contact&#39;s", "Leave both"] {
        assert!(words(&page).contains(part), "{part} is not in {}", words(&page));
    }
    let nothing = staff.send(&address, &address, &[]).await.unwrap();
    assert!(words(&nothing).contains("Nothing was chosen"), "{}", words(&nothing));
    let decided = staff.send(&address, &address, &[("field.email", "contact")]).await.unwrap();
    assert!(words(&decided).contains("Decided; it is carried out now."), "{}", words(&decided));
    story.settle().await.unwrap();
    assert_eq!(house.user_with("joe@example.com").await.unwrap()["id"], user.as_str());
    assert_eq!(property(&house.contact_of(&user).await, "email"), Some("joe@example.com"));
    assert!(words(&staff.open(&format!("{here}/conflicts")).await.unwrap()).contains("Nothing waits"));
    assert_eq!(staff.open(&address).await.unwrap().status, 404, "it is settled");
}

async fn what_failed_in_several_businesses_is_tried_on_one_record_and_then_replayed(database: Database) {
    let house = House::new(database).await;
    let acme = house.connected().await;
    let (control, staff) = (house.control(), house.staff().await);
    control.post("storeganise", &json!({ "code": "other" })).await.unwrap();
    control.post("hubspot/portals", &json!({ "id": 7_654_321, "name": "Other Storage" })).await.unwrap();
    let mut other = Story::of(&house.stage, "other", 7_654_321);
    other.install().await.unwrap();
    other.enable().await.unwrap();
    other.authorise().await.unwrap();
    let failures = format!("{}/failures", house.stage.base_url);
    assert!(words(&staff.open(&failures).await.unwrap()).contains("Nothing has failed for good"));
    // Both accounts want a property that these users do not have.
    for portal in [PORTAL, 7_654_321] {
        control.post(&format!("hubspot/{portal}/rules"), &json!({ "required": ["company"] })).await.unwrap();
    }
    for (business, name) in [(BUSINESS, "one"), (BUSINESS, "two"), ("other", "three")] {
        let user = json!({ "email": format!("{name}@example.com"), "firstName": name, "lastName": "Moss" });
        control.create_user(business, &user).await.unwrap();
    }
    for story in [&acme, &other] {
        story.settle().await.unwrap();
    }
    let page = staff.open(&failures).await.unwrap();
    let text = words(&page);
    assert!(text.contains("3 records have failed for one cause") && text.contains("Replay all"), "{text}");
    let cause =
        page.body.split("name=\"cause\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let replay = format!("{failures}/replay");
    let send = async |address: &str, extent: &str| {
        words(&staff.send(address, address, &[("cause", &cause), ("extent", extent)]).await.unwrap())
    };
    let one = send(&replay, "one").await;
    assert!(
        one.contains("One record is being tried again.") && one.contains("2 records have failed"),
        "{one}"
    );
    for story in [&acme, &other] {
        story.settle().await.unwrap();
    }
    let all = send(&replay, "all").await;
    assert!(all.contains("3 records are being tried again, of 2 businesses."), "{all}");
    for story in [&acme, &other] {
        story.settle().await.unwrap();
    }
    let here = format!("{}/installations/{}", house.stage.base_url, acme.installation().await.unwrap().id);
    let activity = words(&staff.open(&format!("{here}/activity")).await.unwrap());
    assert!(activity.contains("2 failed too often") && activity.contains("Try one"), "{activity}");
    let own = send(&format!("{here}/replay-cause"), "all").await;
    assert!(own.contains("2 records are being tried again, of 1 business."), "{own}");
    let odd = staff.send(&replay, &replay, &[("cause", &cause), ("extent", "some")]).await.unwrap();
    assert_eq!(odd.status, 404);
    // A program sees the same.
    acme.settle().await.unwrap();
    let (token, api) = (house.token().await, format!("{}/api/v1/failures", house.stage.base_url));
    let (_, listed) = call("GET", &api, &token, None).await;
    let found = &listed["items"][0];
    assert_eq!((&found["installations"], &found["records"]), (&json!(2), &json!(3)), "{listed}");
    assert_eq!(found["cause"], json!(cause));
    let wanted = json!({ "cause": cause, "extent": "one" });
    let (status, replayed) = call("POST", &format!("{api}/replay"), &token, Some(&wanted)).await;
    assert_eq!((status, replayed), (200, json!({ "installations": 1, "records": 1 })));
}

/// What stands in an attribute, such as the addresses of links.
fn attributes(body: &str, name: &str) -> BTreeSet<String> {
    let begins = format!(" {name}=\"");
    let values = body.split(&begins).skip(1).filter_map(|rest| rest.split('"').next());
    values.map(|value| value.replace("&#38;", "&").replace("&amp;", "&")).collect()
}

async fn every_link_leads_to_a_page_and_every_form_to_somebody_who_takes_it(database: Database) {
    let house = House::new(database).await;
    let (found, _) = lived_in(&house).await;
    let staff = gone_through(&house, &house.staff().await, "/").await;
    assert!(staff.0 > 20 && staff.1 > 10, "{staff:?}");
    // The business's admin goes the same ways, as far as they are its own.
    let admin = Visitor::default();
    let link = house.stage.core().authorisation_link(&found).await.unwrap().unwrap();
    let link = link.expose_secret();
    admin.send(link, &format!("{link}/enter"), &[]).await.unwrap();
    let own = gone_through(&house, &admin, &format!("/installations/{}", found.id)).await;
    assert!(own.0 > 15 && own.1 > 7, "{own:?}");
}

/// Follows every link from this page on, and asks for whom each form is; how many of both there were.
async fn gone_through(house: &House, visitor: &Visitor, from: &str) -> (usize, usize) {
    let (base, http) = (&house.stage.base_url, stranger());
    let (mut to_open, mut seen, mut forms) = (vec![from.to_owned()], BTreeSet::new(), BTreeSet::new());
    while let Some(path) = to_open.pop() {
        let page = visitor.open(&format!("{base}{path}")).await.unwrap();
        assert_eq!(page.status, 200, "{path}");
        assert_ne!(page.url.path(), "/sign-in", "{path}");
        for attribute in ["action", "formaction"] {
            forms.extend(attributes(&page.body, attribute));
        }
        for link in attributes(&page.body, "href") {
            let is_ours = link.starts_with('/') && !link.starts_with("//");
            let path = link.split('#').next().unwrap().to_owned();
            if is_ours && seen.insert(path.clone()) {
                to_open.push(path);
            }
        }
    }
    for form in &forms {
        let path = form.split('#').next().unwrap();
        // No form is sent in this way: whoever takes it says so, and nobody else does.
        let answer = http.put(format!("{base}{path}")).send().await.unwrap();
        assert_eq!(answer.status(), 405, "{path}");
    }
    (seen.len(), forms.len())
}

async fn a_page_that_is_open_is_told_when_there_is_something_new_until_the_service_stops(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let address =
        format!("{}/installations/{}/live", house.stage.base_url, story.installation().await.unwrap().id);
    let signed_out = Visitor::default().listen(&address).await.unwrap();
    assert_eq!(signed_out.status(), 303, "it is for whom the page is");
    let mut stream = house.staff().await.listen(&address).await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    // What it was like when the page was opened, then what is new; never what it is.
    told(&mut stream).await;
    let user = json!({ "email": "ada@example.com", "firstName": "Ada", "lastName": "Moss" });
    house.control().create_user(BUSINESS, &user).await.unwrap();
    told(&mut stream).await;
    house.stage.service.stop().await;
    while stream.chunk().await.unwrap().is_some() {}
}

/// Waits until the stream says to look.
async fn told(stream: &mut reqwest::Response) {
    loop {
        let part = stream.chunk().await.unwrap().expect("the stream goes on");
        match &*String::from_utf8(part.to_vec()).unwrap() {
            "event: look\ndata: again\n\n" => return,
            kept_open => assert!(kept_open.starts_with(':'), "{kept_open}"),
        }
    }
}
