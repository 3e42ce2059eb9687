//! The pages of the portal: what a person reaches, and what the forms do.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{API, CONTROL, acme, user};
use crate::{options::Options, visitor::Visitor};

/// The pages of Acme that can be reached from its front page, each with its text.
async fn crawl(visitor: &Visitor) -> Vec<(String, String)> {
    let mut found = BTreeSet::from(["/acme/admin".to_owned()]);
    let (mut open, mut pages) = (vec!["/acme/admin".to_owned()], Vec::new());
    while let Some(path) = open.pop() {
        let (status, page) = visitor.ask("GET", &path, Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        let page = page.as_str().unwrap_or_default().to_owned();
        for link in page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            let link = link.replace("&amp;", "&");
            let link = if link.starts_with('?') { format!("/acme/admin{link}") } else { link };
            if (link == "/" || link.starts_with("/acme/")) && found.insert(link.clone()) {
                open.push(link);
            }
        }
        if path != "/" {
            pages.push((path, page));
        }
    }
    pages
}

#[tokio::test]
async fn no_link_is_broken_and_every_form_has_somewhere_to_go() {
    let visitor = Visitor::of(Options { users_per_business: 60, ..Options::default() });
    let first = visitor.get(&format!("{CONTROL}/users")).await[0]["id"].as_str().unwrap().to_owned();
    visitor.post(&format!("{CONTROL}/addons"), Value::Null).await;
    let pages = crawl(&visitor).await;
    for path in [
        "/acme/admin/addons",
        "/acme/admin/tasks",
        "/acme/admin/settings/custom-fields",
        "/acme/admin?offset=50&search=",
        &format!("/acme/admin/users/{first}"),
    ] {
        assert!(pages.iter().any(|(reached, _)| reached == path), "{path} is linked");
    }
    let actions: BTreeSet<(&str, &str)> = pages
        .iter()
        .flat_map(|(_, page)| page.split("<form ").skip(1))
        .map(|form| form.split('>').next().unwrap())
        .map(|tag| (between(tag, "method=\""), between(tag, "action=\"")))
        .collect();
    assert!(actions.len() > 60, "a form per user, and more");
    for (method, action) in actions.iter().filter(|(_, action)| !action.ends_with("/uninstall")) {
        let empty = visitor.ask(&method.to_uppercase(), action, Value::Null).await.0;
        let is_routed = empty != StatusCode::NOT_FOUND && empty != StatusCode::METHOD_NOT_ALLOWED;
        assert!(is_routed, "{method} {action}: {empty}");
    }
}

fn between<'a>(tag: &'a str, start: &str) -> &'a str {
    tag.split(start).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default()
}

#[tokio::test]
async fn a_hostile_name_is_shown_as_text_everywhere() {
    let (acme, _) = acme().await;
    let fields = json!({"email": "h@example.com", "firstName": "<script>x()</script>", "lastName": "\"><b>"});
    let id = acme.post(&format!("{API}/users"), fields).await["id"].clone();
    let task = json!({"type": "task", "data": {"targetType": "user", "targetId": id, "title": "<i>t</i>"}});
    acme.post(&format!("{API}/jobs"), task).await;
    for (path, page) in crawl(&acme).await {
        for tag in ["<script", "<b>", "<i>"] {
            assert!(!page.contains(tag), "{path} has {tag}");
        }
    }
}

#[tokio::test]
async fn a_bulk_update_reaches_those_ticked_or_found_and_refuses_nobody() {
    let (acme, _) = acme().await;
    let first = user(&acme, "a@example.com").await;
    user(&acme, "b@example.org").await;
    let names = || async {
        let all = acme.get(&format!("{CONTROL}/users")).await;
        [&all[0]["lastName"], &all[1]["lastName"]].map(|name| name.as_str().unwrap().to_owned())
    };
    let ticked: &'static str = format!("field=lastName&how=set&value=T{{n}}&whom=ticked&id={first}").leak();
    assert_eq!(acme.fill_in("/acme/admin/users/bulk", ticked).await.0, StatusCode::SEE_OTHER);
    assert_eq!(names().await, ["T1", "Anvil"]);
    let found = "field=lastName&how=append&value=-F&whom=found&search=example.org";
    assert_eq!(acme.fill_in("/acme/admin/users/bulk", found).await.0, StatusCode::SEE_OTHER);
    assert_eq!(names().await, ["T1", "Anvil-F"]);
    for form in [
        "field=lastName&how=set&value=X&whom=ticked",
        "field=lastName&how=set&value=X&whom=found&search=nobody",
        "field=lastName&how=set&value=X&whom=everybody",
        "field=lastName&how=sideways&value=X",
        "how=set&value=X",
    ] {
        assert_eq!(acme.fill_in("/acme/admin/users/bulk", form).await.0, StatusCode::BAD_REQUEST, "{form}");
    }
    assert_eq!(names().await, ["T1", "Anvil-F"]);
}

#[tokio::test]
async fn a_user_page_tells_who_changed_what_and_disables_and_enables() {
    let (acme, addon) = acme().await;
    let id = user(&acme, "a@example.com").await;
    acme.put(&format!("{API}/users/{id}"), json!({"phone": "020 7946 0999"})).await;
    let path = format!("/acme/admin/users/{id}");
    let page = acme.get(&path).await;
    let page = page.as_str().unwrap();
    assert!(page.contains(&format!("add-on {addon}")) && page.contains("<bdi>020 7946 0999</bdi>"));
    for (button, disabled) in [("disable", json!(true)), ("enable", Value::Null)] {
        assert_eq!(acme.fill_in(&format!("{path}/{button}"), "").await.0, StatusCode::SEE_OTHER);
        assert_eq!(acme.get(&format!("{API}/users/{id}")).await["disabled"], disabled);
    }
    let page = acme.get(&path).await;
    assert!(page.as_str().unwrap().contains("a person at the portal"));
}

#[tokio::test]
async fn custom_fields_are_defined_filled_in_as_what_they_are_and_removed_with_their_values() {
    let (acme, _) = acme().await;
    let id = user(&acme, "a@example.com").await;
    let fields = "/acme/admin/settings/custom-fields";
    let form = "owner=user&code=isVip&type=boolean&title=VIP";
    assert_eq!(acme.fill_in(fields, form).await.0, StatusCode::SEE_OTHER);
    assert_eq!(
        acme.fill_in(fields, "owner=user&code=a.b&type=string&title=").await.0,
        StatusCode::BAD_REQUEST
    );
    acme.fill_in(&format!("/acme/admin/users/{id}"), "customFields.isVip=true&customFields.gateCode=true")
        .await;
    let values = || async { acme.get(&format!("{CONTROL}/users/{id}")).await["customFields"].clone() };
    assert_eq!(values().await, json!({"isVip": true, "gateCode": "true"}));
    assert_eq!(
        acme.fill_in(&format!("{fields}/remove"), "owner=user&code=isVip").await.0,
        StatusCode::SEE_OTHER
    );
    assert_eq!(values().await, json!({"gateCode": "true"}));
    assert_eq!(
        acme.fill_in(&format!("{fields}/remove"), "owner=user&code=isVip").await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn an_uninstalled_add_on_is_a_stranger_and_can_be_installed_again() {
    let (acme, id) = acme().await;
    let uninstall = format!("/acme/admin/addons/{id}/uninstall");
    assert_eq!(acme.fill_in(&uninstall, "").await.0, StatusCode::SEE_OTHER);
    assert_eq!(acme.ask("GET", &format!("{API}/users"), Value::Null).await.0, StatusCode::UNAUTHORIZED);
    let page = acme.get("/acme/admin/addons").await;
    assert!(page.as_str().unwrap().contains("Install HubSpot add-on"));
}

#[tokio::test]
async fn the_seeded_world_is_the_same_for_the_same_seed_and_every_page_opens() {
    let (one, two) = (Visitor::of(Options::default()), Visitor::of(Options::default()));
    let users = one.get("/_sandbox/storeganise/acme/users").await;
    assert_eq!(users, two.get("/_sandbox/storeganise/acme/users").await);
    assert_eq!(users.as_array().unwrap().len(), 120);
    assert_ne!(users, one.get("/_sandbox/storeganise/harbour/users").await);
    let first = users[0]["id"].as_str().unwrap();
    for path in
        ["/", "/acme/admin", "/acme/admin?search=amber&offset=50", "/acme/admin/users", "/acme/admin/addons"]
    {
        assert!(one.get(path).await.as_str().unwrap().contains("</html>"), "{path}");
    }
    let page = one.get(&format!("/acme/admin/users/{first}")).await;
    assert!(page.as_str().unwrap().contains(users[0]["email"].as_str().unwrap()));
    assert_eq!(one.ask("GET", "/nobody/admin", Value::Null).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_form_saves_clears_what_is_blank_and_says_what_is_wrong() {
    let (acme, _) = acme().await;
    let id = user(&acme, "a@example.com").await;
    let path = format!("/acme/admin/users/{id}");
    let form = "email=a%40example.com&firstName=Zo%C3%AB&lastName=Anvil&phone=&address=1+Mill+Lane%0D%0ATown&customFields.gateCode=7";
    assert_eq!(acme.fill_in(&path, form).await.0, StatusCode::SEE_OTHER);
    let saved = acme.get(&format!("{CONTROL}/users/{id}")).await;
    assert_eq!((&saved["firstName"], &saved["address"]), (&json!("Zo\u{eb}"), &json!("1 Mill Lane\nTown")));
    assert_eq!((saved.get("phone"), &saved["customFields"]), (None, &json!({"gateCode": "7"})));

    let (status, page) = acme.fill_in(&path, "email=nobody&firstName=A&lastName=B").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(page.as_str().unwrap().contains("email is not a valid e-mail address. Nothing was saved."));
    assert_eq!(acme.get(&format!("{CONTROL}/users/{id}")).await, saved);
}

#[tokio::test]
async fn the_buttons_of_the_add_ons_page_install_enable_pause_and_disable() {
    let acme = Visitor::of_an_empty_world();
    acme.post("/_sandbox/storeganise", json!({"code": "acme"})).await;
    let addons = || async { acme.get(&format!("{CONTROL}/addons")).await };
    assert_eq!(acme.fill_in("/acme/admin/addons", "").await.0, StatusCode::SEE_OTHER);
    let path = format!("/acme/admin/addons/{}", addons().await[0]["id"].as_str().unwrap());
    for (form, state) in
        [("state=enabled", "enabled"), ("state=paused", "paused"), ("state=disabled", "disabled")]
    {
        assert_eq!(acme.fill_in(&path, form).await.0, StatusCode::SEE_OTHER);
        assert_eq!(addons().await[0]["state"], state);
    }
    let form = "field=lastName&how=append&value=+Ltd";
    user_by_hand(&acme).await;
    assert_eq!(acme.fill_in("/acme/admin/users/bulk", form).await.0, StatusCode::SEE_OTHER);
    assert_eq!(acme.get(&format!("{CONTROL}/users")).await[0]["lastName"], "Anvil Ltd");
}

async fn user_by_hand(visitor: &Visitor) {
    let form = "email=a%40example.com&firstName=Amber&lastName=Anvil&phone=&companyName=&address=";
    assert_eq!(visitor.fill_in("/acme/admin/users", form).await.0, StatusCode::SEE_OTHER);
}
