//! What no policy settles waits for a person, with both values as they are; the choice is carried out and stays.

use serde_json::{Value, json};
use server::demo::{control::property, story::Story};
use sync_core::{access::audit::Actor, merge::Policy, settings::Settings};
use tests::{
    database::Database,
    house::{BUSINESS, House, PORTAL, until},
    on_both_databases,
};

on_both_databases!(
    a_field_a_workflow_rewrites_is_held_at_the_third_flip_until_a_person_chooses,
    of_two_values_of_one_moment_the_one_a_person_chooses_is_written_and_agreed_on,
    a_conflict_that_mends_itself_goes_by_itself,
    a_contact_of_another_user_is_linked_or_kept_apart_as_a_person_says,
    a_contact_is_never_taken_from_a_user_who_is_still_there,
    a_user_of_another_contact_is_linked_once_that_contact_is_gone_or_kept_apart,
    an_email_of_another_contact_waits_with_all_three_records_until_it_is_free_or_a_person_chooses,
    an_email_of_another_user_waits_with_all_three_records_until_it_is_free_or_a_person_chooses,
    a_user_named_by_another_contact_waits_until_that_contact_is_gone_or_left_alone,
    a_person_says_whose_a_merged_contact_is_and_the_other_user_gets_one_or_is_left_alone,
);

async fn settings(house: &House, story: &Story<'_>, change: impl FnOnce(&mut Settings)) {
    let installation = story.installation().await.unwrap();
    let mut settings = installation.settings;
    change(&mut settings);
    house.stage.core().change_settings(installation.id, &settings, &Actor::command_line()).await.unwrap();
}

async fn call(
    house: &House,
    story: &Story<'_>,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> (u16, Value) {
    let id = story.installation().await.unwrap().id;
    let address = format!("{}/api/v1/installations/{id}/{path}", house.stage.base_url);
    tests::house::call(method, &address, &house.token().await, body).await
}

/// What waits, as user, field and kind.
async fn inbox(house: &House, story: &Story<'_>) -> Vec<(String, Option<String>, String)> {
    let (_, list) = call(house, story, "GET", "conflicts", None).await;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let rows = list["items"].as_array().unwrap().iter();
    rows.map(|row| (text(&row["user_id"]).unwrap(), text(&row["field"]), text(&row["kind"]).unwrap()))
        .collect()
}

async fn decide(house: &House, story: &Story<'_>, user: &str, decision: Value) -> (u16, Value) {
    let decided = call(house, story, "POST", &format!("conflicts/{user}"), Some(&decision)).await;
    story.settle().await.unwrap();
    decided
}

async fn last_outcome(house: &House, story: &Story<'_>, user: &str) -> (String, String) {
    let row = house.outcomes_of(story, user).await.remove(0);
    (row.action.word().to_owned(), row.reason.unwrap_or_default())
}

async fn person(house: &House, story: &Story<'_>, name: &str) -> (String, String) {
    let fields = json!({
        "email": format!("{name}@example.com"), "firstName": name, "lastName": "Moss", "phone": "+44 20 7946 0001",
    });
    let user = house.control().create_user(BUSINESS, &fields).await.unwrap();
    story.settle().await.unwrap();
    let contact = house.contact_of(&user).await["id"].as_str().unwrap().to_owned();
    (user, contact)
}

async fn a_field_a_workflow_rewrites_is_held_at_the_third_flip_until_a_person_chooses(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    settings(&house, &story, |settings| settings.contact_edits = true).await;
    let control = house.control();
    for (name, keep, kept) in [("eve", "user", "+44 20 7946 0777"), ("ida", "contact", "+44 20 7946 0001")] {
        let (user, contact) = person(&house, &story, name).await;
        let desired = json!({ "phone": "+44 20 7946 0777", "companyName": format!("{name} Ltd") });
        let rewritten = json!({ "phone": "+44 20 7946 0001" });
        for _ in 0..2 {
            // The person at the desk insists, and so does the workflow.
            control.edit_user(BUSINESS, &user, &desired).await.unwrap();
            story.settle().await.unwrap();
            assert_eq!(property(&house.contact_of(&user).await, "phone"), Some("+44 20 7946 0777"));
            control.edit_contact(PORTAL, &contact, &rewritten).await.unwrap();
            story.settle().await.unwrap();
        }
        let email = format!("{name}@example.com");
        assert_eq!(house.user_with(&email).await.unwrap()["phone"], "+44 20 7946 0777", "the third is held");
        assert_eq!(inbox(&house, &story).await, [(user.clone(), Some("phone".into()), "flips".into())]);
        assert_eq!(last_outcome(&house, &story, &user).await, ("conflicted".into(), "field_flips".into()));

        // Other fields go on, and the held one stays held.
        control.edit_user(BUSINESS, &user, &json!({ "companyName": "Other Ltd" })).await.unwrap();
        story.settle().await.unwrap();
        let now = house.contact_of(&user).await;
        assert_eq!(
            (property(&now, "company"), property(&now, "phone")),
            (Some("Other Ltd"), Some("+44 20 7946 0001"))
        );
        let (_, shown) = call(&house, &story, "GET", &format!("conflicts/{user}"), None).await;
        assert_eq!(
            shown["fields"],
            json!([{
                "field": "phone", "user": "+44 20 7946 0777", "contact": "+44 20 7946 0001", "third": null,
            }])
        );

        let (status, _) = decide(&house, &story, &user, json!({ "choices": { "phone": keep } })).await;
        assert_eq!(status, 202);
        assert_eq!(property(&house.contact_of(&user).await, "phone"), Some(kept));
        assert_eq!(house.user_with(&email).await.unwrap()["phone"], kept);
        assert_eq!(inbox(&house, &story).await, []);
        let chosen = house.outcomes_of(&story, &user).await;
        assert!(chosen.iter().any(|row| row.reason.as_deref() == Some("conflict_chosen")), "{chosen:?}");
        // The count begins anew.
        control.edit_user(BUSINESS, &user, &json!({ "phone": "+44 20 7946 0555" })).await.unwrap();
        story.settle().await.unwrap();
        assert_eq!(property(&house.contact_of(&user).await, "phone"), Some("+44 20 7946 0555"));
    }
    let (_, audit) = call(&house, &story, "GET", "audit", None).await;
    let actions: Vec<&str> =
        audit["items"].as_array().unwrap().iter().filter_map(|line| line["action"].as_str()).collect();
    assert!(actions.contains(&"conflict.decided") && actions.contains(&"conflict.looked"), "{actions:?}");
    assert!(!audit.to_string().contains("7946"), "no value stands in the audit log");
}

/// Edits both sides until both say that it happened in the same millisecond: nobody knows which is newer.
async fn edit_at_one_moment(house: &House, story: &Story<'_>, user: &str, contact: &str) {
    let control = house.control();
    let core = house.stage.core();
    let (id, by) = (story.installation().await.unwrap().id, Actor::command_line());
    core.pause(id, &by).await.unwrap();
    for n in 0.. {
        assert!(n < 500, "never in the same millisecond");
        let (one, other) = (format!("+44 20 7946 1{n:03}"), format!("+44 20 7946 2{n:03}"));
        let (one, other) = (json!({ "phone": one }), json!({ "phone": other }));
        let edits = tokio::join!(
            control.edit_user(BUSINESS, user, &one),
            control.edit_contact(PORTAL, contact, &other),
        );
        edits.0.unwrap();
        edits.1.unwrap();
        let users = control.users(BUSINESS).await.unwrap();
        let edited = users.iter().find(|found| found["id"] == user).unwrap();
        let found = house.contact_of(user).await;
        if edited["updated"] == found["updatedAt"] {
            break;
        }
    }
    until("every event was told", || async { control.is_quiet().await.unwrap() }).await;
    core.enable(id, &by).await.unwrap();
    story.settle().await.unwrap();
}

async fn of_two_values_of_one_moment_the_one_a_person_chooses_is_written_and_agreed_on(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    // Contact edits are off: a person's choice is carried out all the same.
    settings(&house, &story, |settings| settings.conflict_policy = Policy::NewestWins).await;
    for (name, keep) in [("una", "user"), ("col", "contact")] {
        let (user, contact) = person(&house, &story, name).await;
        edit_at_one_moment(&house, &story, &user, &contact).await;
        assert_eq!(
            inbox(&house, &story).await,
            [(user.clone(), Some("phone".into()), "newest_unknown".into())]
        );
        let outcome = last_outcome(&house, &story, &user).await;
        assert_eq!(outcome, ("conflicted".into(), "conflict_to_decide".into()));
        let (_, shown) = call(&house, &story, "GET", &format!("conflicts/{user}"), None).await;
        let values = &shown["fields"][0];
        assert_ne!(values["user"], values["contact"]);

        for wrong in
            [json!({ "choices": { "email": "user" } }), json!({ "choices": {} }), json!({ "pair": "link" })]
        {
            assert_eq!(decide(&house, &story, &user, wrong).await.0, 422);
        }
        assert_eq!(decide(&house, &story, &user, json!({ "choices": { "phone": keep } })).await.0, 202);
        let now = house.user_with(&format!("{name}@example.com")).await.unwrap();
        assert_eq!(now["phone"], values[keep]);
        assert_eq!(property(&house.contact_of(&user).await, "phone"), values[keep].as_str());
        assert_eq!(inbox(&house, &story).await, []);
        assert_eq!(call(&house, &story, "GET", &format!("conflicts/{user}"), None).await.0, 404);
        // It is the baseline: the next edit is a change like any other.
        let next = json!({ "phone": "+44 20 7946 0999" });
        house.control().edit_user(BUSINESS, &user, &next).await.unwrap();
        story.settle().await.unwrap();
        assert_eq!(property(&house.contact_of(&user).await, "phone"), Some("+44 20 7946 0999"));
    }
}

async fn a_conflict_that_mends_itself_goes_by_itself(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    settings(&house, &story, |settings| settings.conflict_policy = Policy::NewestWins).await;
    let (user, contact) = person(&house, &story, "meg").await;
    edit_at_one_moment(&house, &story, &user, &contact).await;
    assert_eq!(inbox(&house, &story).await.len(), 1);
    let same = house.user_with("meg@example.com").await.unwrap()["phone"].clone();
    house.control().edit_contact(PORTAL, &contact, &json!({ "phone": same })).await.unwrap();
    house.control().edit_user(BUSINESS, &user, &json!({ "companyName": "Meg Ltd" })).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(inbox(&house, &story).await, []);
}

/// A user whose e-mail leads to a contact that carries the id of a colleague who is never linked.
async fn crossed(house: &House, story: &Story<'_>, name: &str) -> (String, String) {
    let control = house.control();
    let boss = json!({
        "email": format!("boss-{name}@example.com"), "firstName": "The", "lastName": "Boss", "roles": ["admin"],
    });
    let boss = control.create_user(BUSINESS, &boss).await.unwrap();
    let email = format!("{name}@example.com");
    let contact = json!({ "email": email, "storeganise_user_id": boss, "company": "Kept Ltd" });
    let contact = control.create_contact(PORTAL, &contact).await.unwrap();
    let user = json!({ "email": email, "firstName": name, "lastName": "One" });
    let user = control.create_user(BUSINESS, &user).await.unwrap();
    story.settle().await.unwrap();
    (user, contact)
}

async fn a_contact_of_another_user_is_linked_or_kept_apart_as_a_person_says(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    let (user, contact) = crossed(&house, &story, "twin").await;
    assert_eq!(inbox(&house, &story).await, [(user.clone(), None, "contact_of_another_user".into())]);
    let (_, shown) = call(&house, &story, "GET", &format!("conflicts/{user}"), None).await;
    let company = shown["fields"].as_array().unwrap().iter().find(|row| row["field"] == "company").unwrap();
    assert_eq!((&company["user"], &company["contact"]), (&Value::Null, &json!("Kept Ltd")));
    assert_eq!(decide(&house, &story, &user, json!({ "pair": "link" })).await.0, 202);
    let linked = house.contact_of(&user).await;
    assert_eq!((&linked["id"], property(&linked, "firstname")), (&json!(contact), Some("twin")));
    assert_eq!(inbox(&house, &story).await, []);
    control.edit_user(BUSINESS, &user, &json!({ "lastName": "Two" })).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(property(&house.contact_of(&user).await, "lastname"), Some("Two"));

    let (user, contact) = crossed(&house, &story, "double").await;
    assert_eq!(decide(&house, &story, &user, json!({ "pair": "apart" })).await.0, 202);
    assert_eq!(last_outcome(&house, &story, &user).await, ("skipped".into(), "kept_apart".into()));
    control.edit_user(BUSINESS, &user, &json!({ "lastName": "Two" })).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(last_outcome(&house, &story, &user).await, ("skipped".into(), "kept_apart".into()));
    assert_eq!(inbox(&house, &story).await, [], "nobody is asked again");
    assert_eq!(control.contact_of(PORTAL, &user).await.unwrap(), None);
    // Until the person changes their mind, or the user comes by another address.
    let other = json!({ "email": "another@example.com" });
    control.edit_user(BUSINESS, &user, &other).await.unwrap();
    story.settle().await.unwrap();
    assert_ne!(house.contact_of(&user).await["id"], json!(contact));
    assert_eq!(call(&house, &story, "GET", &format!("conflicts/{user}"), None).await.0, 404);
}

async fn a_contact_is_never_taken_from_a_user_who_is_still_there(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    let (first, contact) = person(&house, &story, "first").await;
    // In HubSpot the first one's contact now has the address of the second.
    control.edit_contact(PORTAL, &contact, &json!({ "email": "second@example.com" })).await.unwrap();
    let second = json!({ "email": "second@example.com", "firstName": "Sec", "lastName": "Ond" });
    let second = control.create_user(BUSINESS, &second).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(inbox(&house, &story).await, [(second.clone(), None, "contact_of_another_user".into())]);
    let (status, problem) = decide(&house, &story, &second, json!({ "pair": "link" })).await;
    assert_eq!(status, 409, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains(&first), "{problem}");
    assert_eq!(house.contact_of(&first).await["id"], json!(contact));
    assert_eq!(inbox(&house, &story).await.len(), 1, "it still waits");
}

async fn a_user_of_another_contact_is_linked_once_that_contact_is_gone_or_kept_apart(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    let won = json!({ "dealname": "Unit", "pipeline": "default", "dealstage": "closedwon" });
    for (name, decision) in [("lena", "link"), ("paul", "apart")] {
        let (user, own) = person(&house, &story, name).await;
        // The contact got another address, and somebody made a second one under the old.
        let moved = json!({ "email": format!("{name}-new@example.com") });
        control.edit_contact(PORTAL, &own, &moved).await.unwrap();
        let second = json!({ "email": format!("{name}@example.com"), "firstname": name });
        let second = control.create_contact(PORTAL, &second).await.unwrap();
        let deal = control.create_deal(PORTAL, &won, &[&second]).await.unwrap();
        story.settle().await.unwrap();
        assert_eq!(inbox(&house, &story).await, [(user.clone(), None, "user_of_another_contact".into())]);
        let (status, problem) = decide(&house, &story, &user, json!({ "pair": "link" })).await;
        assert_eq!(status, 409, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(&own), "{problem}");
        if decision == "link" {
            let path = format!("hubspot/{PORTAL}/contacts/{own}");
            control.call(reqwest::Method::DELETE, &path, None).await.unwrap();
            story.settle().await.unwrap();
        }
        let (status, answer) = decide(&house, &story, &user, json!({ "pair": decision })).await;
        assert_eq!(status, 202, "{answer}");
        assert_eq!(inbox(&house, &story).await, []);
        if decision == "link" {
            assert_eq!(house.contact_of(&user).await["id"], json!(second));
            continue;
        }
        control.edit_deal(PORTAL, &deal, &json!({ "amount": "12" })).await.unwrap();
        story.settle().await.unwrap();
        assert_eq!(last_outcome(&house, &story, &deal).await, ("skipped".into(), "kept_apart".into()));
        assert_eq!(inbox(&house, &story).await, []);
        control.edit_user(BUSINESS, &user, &json!({ "lastName": "Still" })).await.unwrap();
        story.settle().await.unwrap();
        assert_eq!(property(&house.contact_of(&user).await, "lastname"), Some("Still"));
        assert_eq!(house.contact_of(&user).await["id"], json!(own));
    }
}

async fn an_email_of_another_contact_waits_with_all_three_records_until_it_is_free_or_a_person_chooses(
    database: Database,
) {
    let house = House::new(database).await;
    let story = house.connected().await;
    // Only so do edits of contacts come to be known by themselves.
    settings(&house, &story, |settings| settings.contact_edits = true).await;
    let control = house.control();
    for (n, ends) in ["freed", "erased", "user", "contact", "leave"].into_iter().enumerate() {
        let (user, contact) = person(&house, &story, &format!("u{n}")).await;
        let (own, wanted) = (format!("u{n}@example.com"), format!("w{n}@example.com"));
        let holder = control.create_contact(PORTAL, &json!({ "email": wanted })).await.unwrap();
        control.edit_user(BUSINESS, &user, &json!({ "email": wanted, "lastName": "Lands" })).await.unwrap();
        story.settle().await.unwrap();
        let kind = "email_of_another_contact";
        assert_eq!(last_outcome(&house, &story, &user).await, ("conflicted".into(), kind.into()));
        assert_eq!(inbox(&house, &story).await, [(user.clone(), Some("email".into()), kind.into())]);
        let (_, shown) = call(&house, &story, "GET", &format!("conflicts/{user}"), None).await;
        let values = json!([{ "field": "email", "user": wanted, "contact": own, "third": wanted }]);
        assert_eq!((&shown["fields"], &shown["third_contact_id"]), (&values, &json!(holder)));
        assert_eq!(shown["conflicts"][0]["choices"], json!(["user", "contact", "leave"]));
        assert_eq!(decide(&house, &story, &user, json!({ "pair": "link" })).await.0, 422);
        let free = async || {
            let elsewhere = json!({ "email": format!("free{n}@example.com") });
            control.edit_contact(PORTAL, &holder, &elsewhere).await.unwrap();
            story.settle().await.unwrap();
        };
        match ends {
            // The other contact's own event is enough.
            "freed" => free().await,
            "erased" => {
                let path = format!("hubspot/{PORTAL}/contacts/{holder}/privacy-delete");
                control.post(&path, &json!({})).await.unwrap();
                story.settle().await.unwrap();
            }
            "user" => {
                let again = json!({ "choices": { "email": "user" } });
                assert_eq!(decide(&house, &story, &user, again.clone()).await.0, 202);
                assert_eq!(inbox(&house, &story).await.len(), 1, "it is still not free: asked again");
                free().await;
            }
            "contact" => {
                let choice = json!({ "choices": { "email": "contact" } });
                assert_eq!(decide(&house, &story, &user, choice).await.0, 202);
            }
            _ => {
                let choice = json!({ "choices": { "email": "leave" } });
                assert_eq!(decide(&house, &story, &user, choice).await.0, 202);
                control.edit_user(BUSINESS, &user, &json!({ "lastName": "Goes On" })).await.unwrap();
                story.settle().await.unwrap();
                assert_eq!(property(&house.contact_of(&user).await, "lastname"), Some("Goes On"));
                let left = ("skipped".into(), "left_as_it_is".into());
                assert_eq!(last_outcome(&house, &story, &user).await, left);
            }
        }
        assert_eq!(inbox(&house, &story).await, [], "{ends}");
        let now = house.contact_of(&user).await;
        let kept = if matches!(ends, "freed" | "erased" | "user") { &wanted } else { &own };
        assert_eq!((property(&now, "email"), &now["id"]), (Some(kept.as_str()), &json!(contact)), "{ends}");
        let is_the_users = house.user_with(kept).await.is_some();
        assert_eq!(is_the_users, ends != "leave", "{ends}");
        if ends == "leave" {
            // Left alone is not given up: once it is free, it lands.
            free().await;
            assert_eq!(property(&house.contact_of(&user).await, "email"), Some(wanted.as_str()));
        }
        assert_eq!(call(&house, &story, "GET", &format!("conflicts/{user}"), None).await.0, 404, "{ends}");
    }
}

async fn an_email_of_another_user_waits_with_all_three_records_until_it_is_free_or_a_person_chooses(
    database: Database,
) {
    let house = House::new(database).await;
    let story = house.connected().await;
    settings(&house, &story, |settings| settings.contact_edits = true).await;
    let control = house.control();
    for (n, ends) in ["freed", "contact", "user", "leave"].into_iter().enumerate() {
        let (user, contact) = person(&house, &story, &format!("u{n}")).await;
        // A colleague, who has no contact.
        let (own, wanted) = (format!("u{n}@example.com"), format!("w{n}@example.com"));
        let boss = json!({ "email": wanted, "firstName": "The", "lastName": "Boss", "roles": ["admin"] });
        let boss = control.create_user(BUSINESS, &boss).await.unwrap();
        let edit = json!({ "email": wanted, "lastname": "Lands" });
        control.edit_contact(PORTAL, &contact, &edit).await.unwrap();
        story.settle().await.unwrap();
        let kind = "email_of_another_user";
        assert_eq!(last_outcome(&house, &story, &user).await, ("conflicted".into(), kind.into()));
        assert_eq!(inbox(&house, &story).await, [(user.clone(), Some("email".into()), kind.into())]);
        let (_, shown) = call(&house, &story, "GET", &format!("conflicts/{user}"), None).await;
        let values = json!([{ "field": "email", "user": own, "contact": wanted, "third": wanted }]);
        assert_eq!((&shown["fields"], &shown["third_user_id"]), (&values, &json!(boss)));
        let free = async || {
            let elsewhere = json!({ "email": format!("free{n}@example.com") });
            control.edit_user(BUSINESS, &boss, &elsewhere).await.unwrap();
        };
        match ends {
            "freed" => {
                free().await;
                control.edit_contact(PORTAL, &contact, &json!({ "company": "Any Ltd" })).await.unwrap();
                story.settle().await.unwrap();
            }
            "contact" => {
                let again = json!({ "choices": { "email": "contact" } });
                assert_eq!(decide(&house, &story, &user, again.clone()).await.0, 202);
                assert_eq!(inbox(&house, &story).await.len(), 1, "it is still not free: asked again");
                free().await;
                assert_eq!(decide(&house, &story, &user, again).await.0, 202);
            }
            _ => {
                let choice = json!({ "choices": { "email": ends } });
                assert_eq!(decide(&house, &story, &user, choice).await.0, 202);
            }
        }
        assert_eq!(inbox(&house, &story).await, [], "{ends}");
        let kept = if matches!(ends, "freed" | "contact") { &wanted } else { &own };
        assert_eq!(house.user_with(kept).await.unwrap()["id"], json!(user), "{ends}");
        let contacts = if ends == "leave" { &wanted } else { kept };
        assert_eq!(property(&house.contact_of(&user).await, "email"), Some(contacts.as_str()), "{ends}");
        if ends == "leave" {
            control.edit_contact(PORTAL, &contact, &json!({ "lastname": "Goes On" })).await.unwrap();
            story.settle().await.unwrap();
            assert_eq!(house.user_with(&own).await.unwrap()["lastName"], "Goes On");
            assert_eq!(inbox(&house, &story).await, [], "nobody is asked again");
        }
    }
}

async fn a_user_named_by_another_contact_waits_until_that_contact_is_gone_or_left_alone(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    for ends in ["gone", "apart"] {
        let (user, contact) = person(&house, &story, ends).await;
        // Somebody moved the user's id to another contact by hand.
        control.edit_contact(PORTAL, &contact, &json!({ "storeganise_user_id": "" })).await.unwrap();
        let other = json!({ "email": format!("other-{ends}@example.com"), "storeganise_user_id": user });
        let other = control.create_contact(PORTAL, &other).await.unwrap();
        // An address is decided with the contact read.
        control.edit_user(BUSINESS, &user, &json!({ "address": "1 High Street" })).await.unwrap();
        story.settle().await.unwrap();
        let kind = "user_named_by_another_contact";
        assert_eq!(last_outcome(&house, &story, &user).await, ("conflicted".into(), kind.into()));
        assert_eq!(inbox(&house, &story).await, [(user.clone(), None, kind.into())]);
        let (_, shown) = call(&house, &story, "GET", &format!("conflicts/{user}"), None).await;
        assert_eq!(shown["third_contact_id"], json!(other));
        let row = shown["fields"].as_array().unwrap().iter().find(|row| row["field"] == "address").unwrap();
        assert_eq!(
            (&row["user"], &row["contact"]),
            (&row["contact"], &json!("1 High Street")),
            "the rest landed"
        );
        let (status, problem) = decide(&house, &story, &user, json!({ "pair": "link" })).await;
        assert_eq!(status, 409, "its own contact is still there: {problem}");
        if ends == "gone" {
            let path = format!("hubspot/{PORTAL}/contacts/{other}");
            control.call(reqwest::Method::DELETE, &path, None).await.unwrap();
            story.settle().await.unwrap();
            assert_eq!(house.contact_of(&user).await["id"], json!(contact));
        } else {
            assert_eq!(decide(&house, &story, &user, json!({ "pair": "apart" })).await.0, 202);
            control.edit_user(BUSINESS, &user, &json!({ "address": "2 High Street" })).await.unwrap();
            story.settle().await.unwrap();
            let left = ("skipped".into(), "left_as_it_is".into());
            assert_eq!(last_outcome(&house, &story, &user).await, left);
            let contacts = control.contacts(PORTAL).await.unwrap();
            let own = contacts.iter().find(|found| found["id"] == json!(contact)).unwrap();
            assert_eq!(property(own, "address"), Some("2 High Street"));
        }
        assert_eq!(inbox(&house, &story).await, [], "{ends}");
    }
}

async fn a_person_says_whose_a_merged_contact_is_and_the_other_user_gets_one_or_is_left_alone(
    database: Database,
) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    for ends in ["link", "apart"] {
        let (one, first) = person(&house, &story, &format!("one-{ends}")).await;
        let (two, second) = person(&house, &story, &format!("two-{ends}")).await;
        let merge = json!({ "primary": first, "other": second });
        let merged = control.post(&format!("hubspot/{PORTAL}/contacts/merge"), &merge).await.unwrap();
        let merged = merged["id"].clone();
        story.settle().await.unwrap();
        assert_eq!(inbox(&house, &story).await, [(two.clone(), None, "contacts_merged".into())]);
        let (_, shown) = call(&house, &story, "GET", &format!("conflicts/{two}"), None).await;
        assert_eq!((&shown["third_user_id"], &shown["conflicts"][0]["contact_id"]), (&json!(one), &merged));
        let row = shown["fields"].as_array().unwrap().iter().find(|row| row["field"] == "firstname").unwrap();
        let (theirs, ours) = (json!(format!("one-{ends}")), json!(format!("two-{ends}")));
        assert_eq!((&row["user"], &row["contact"], &row["third"]), (&ours, &theirs, &theirs));
        assert_eq!(decide(&house, &story, &two, json!({ "pair": ends })).await.0, 202);
        if ends == "link" {
            let now = house.contact_of(&two).await;
            assert_eq!((&now["id"], property(&now, "firstname")), (&merged, ours.as_str()));
            // The other user is without a contact, and the address by which it would be found is on this one.
            let kind = "contact_of_another_user";
            assert_eq!(inbox(&house, &story).await, [(one.clone(), None, kind.into())]);
            assert_eq!(decide(&house, &story, &one, json!({ "pair": "apart" })).await.0, 202);
        } else {
            control.edit_user(BUSINESS, &two, &json!({ "lastName": "Still" })).await.unwrap();
            story.settle().await.unwrap();
            assert_eq!(last_outcome(&house, &story, &two).await, ("skipped".into(), "kept_apart".into()));
            assert_eq!(house.contact_of(&one).await["id"], merged);
        }
        assert_eq!(inbox(&house, &story).await, [], "{ends}");
    }
}
