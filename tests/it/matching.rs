//! Who belongs to whom: one contact for each user and one user for each contact, whatever their addresses do.

use serde_json::json;
use server::demo::control::property;
use sync_core::{access::audit::Actor, queue::change::Subject, settings::Settings};
use tests::{
    database::Database,
    house::{BUSINESS, House, PORTAL},
    on_both_databases,
};

on_both_databases!(
    two_users_with_one_email_in_one_batch_have_one_contact_and_the_second_is_a_conflict,
    of_two_users_with_one_email_the_one_that_comes_first_keeps_the_contact,
    an_email_that_two_users_swap_ends_right_on_both_and_doubles_nobody,
    an_email_that_goes_down_a_row_of_users_ends_right_on_all,
    an_email_given_up_by_one_user_and_taken_by_a_new_one_makes_a_second_contact,
    an_email_that_another_contact_has_is_a_conflict_and_the_rest_of_the_record_lands,
    an_email_edited_in_hubspot_that_another_user_has_is_a_conflict_and_the_rest_lands,
    a_contact_found_by_an_additional_email_is_the_same_contact,
    a_contact_that_names_a_user_who_is_gone_is_adopted,
    two_contacts_merged_into_one_stay_with_one_user_and_the_other_is_a_conflict,
    a_merge_that_no_event_told_is_found_out_by_reading,
    without_a_unique_property_contacts_are_found_by_email_and_nobody_is_doubled,
    a_property_made_by_hand_is_written_and_not_relied_on,
);

fn told(action: &str, reason: &str) -> (String, String) {
    (action.to_owned(), reason.to_owned())
}

/// A contact property as somebody else makes it.
fn property_named(name: &str, unique: bool) -> serde_json::Value {
    json!({
        "name": name, "label": name, "type": "string", "fieldType": "text",
        "groupName": "contactinformation", "hasUniqueValue": unique,
    })
}

async fn user(house: &House, first: &str, email: &str) -> String {
    let fields = json!({ "email": email, "firstName": first, "lastName": "Moss" });
    house.control().create_user(BUSINESS, &fields).await.unwrap()
}

async fn contact(house: &House, email: &str) -> String {
    house.control().create_contact(PORTAL, &json!({ "email": email })).await.unwrap()
}

async fn merge(house: &House, primary: &str, other: &str) -> String {
    let both = json!({ "primary": primary, "other": other });
    let merged = house.control().post(&format!("hubspot/{PORTAL}/contacts/merge"), &both).await.unwrap();
    merged["id"].as_str().unwrap().to_owned()
}

async fn share_emails(house: &House) {
    let dialect = json!({ "shared_emails": true });
    house.control().put(&format!("storeganise/{BUSINESS}/dialect"), &dialect).await.unwrap();
}

async fn webhooks(house: &House, provider: &str, kind: &str) {
    let rule = json!([{ "provider": provider, "kind": kind }]);
    house.control().post("faults", &rule).await.unwrap();
}

async fn email_of(house: &House, user: &str) -> Option<String> {
    property(&house.contact_of(user).await, "email").map(str::to_owned)
}

async fn count(house: &House) -> usize {
    house.control().contacts(PORTAL).await.unwrap().len()
}

async fn two_users_with_one_email_in_one_batch_have_one_contact_and_the_second_is_a_conflict(
    database: Database,
) {
    let house = House::new(database).await;
    let story = house.connected().await;
    share_emails(&house).await;
    let mut twins = Vec::new();
    house
        .at_once(&story, async || {
            for first in ["Ann", "Amy"] {
                twins.push(user(&house, first, "twin@example.com").await);
            }
        })
        .await;
    let mut all = Vec::new();
    for twin in &twins {
        all.push(house.told(&story, twin).await);
    }
    all.sort();
    assert_eq!(all, [told("conflicted", "contact_of_another_user"), told("created", "")]);
    assert_eq!(count(&house).await, 1);
}

async fn of_two_users_with_one_email_the_one_that_comes_first_keeps_the_contact(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    share_emails(&house).await;
    let first = user(&house, "Ann", "twin@example.com").await;
    story.settle().await.unwrap();
    let second = user(&house, "Amy", "twin@example.com").await;
    story.settle().await.unwrap();
    // Nor does the second get it by changing, or by being looked at again.
    house.control().edit_user(BUSINESS, &second, &json!({ "phone": "1234567" })).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(house.told(&story, &second).await, told("conflicted", "contact_of_another_user"));
    assert_eq!(property(&house.contact_of(&first).await, "firstname"), Some("Ann"));
    assert_eq!((count(&house).await, property(&house.contact_of(&first).await, "phone")), (1, None));
}

async fn an_email_that_two_users_swap_ends_right_on_both_and_doubles_nobody(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let (one, two) =
        (user(&house, "One", "one@example.com").await, user(&house, "Two", "two@example.com").await);
    story.settle().await.unwrap();
    let before = [house.contact_of(&one).await["id"].clone(), house.contact_of(&two).await["id"].clone()];
    house
        .at_once(&story, async || {
            for (user, email) in
                [(&one, "spare@example.com"), (&two, "one@example.com"), (&one, "two@example.com")]
            {
                house.control().edit_user(BUSINESS, user, &json!({ "email": email })).await.unwrap();
            }
        })
        .await;
    assert_eq!(email_of(&house, &one).await.as_deref(), Some("two@example.com"));
    assert_eq!(email_of(&house, &two).await.as_deref(), Some("one@example.com"));
    let after = [house.contact_of(&one).await["id"].clone(), house.contact_of(&two).await["id"].clone()];
    assert_eq!((before, count(&house).await), (after, 2));
    story.rest().await.unwrap();
}

async fn an_email_that_goes_down_a_row_of_users_ends_right_on_all(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let mut row = Vec::new();
    for n in 0..5 {
        row.push(user(&house, "Row", &format!("row{n}@example.com")).await);
    }
    story.settle().await.unwrap();
    house
        .at_once(&story, async || {
            // The last one first: each takes what its neighbour has just given up.
            for n in (0..5).rev() {
                let email = format!("row{}@example.com", n + 1);
                house.control().edit_user(BUSINESS, &row[n], &json!({ "email": email })).await.unwrap();
            }
        })
        .await;
    for (n, user) in row.iter().enumerate() {
        assert_eq!(email_of(&house, user).await, Some(format!("row{}@example.com", n + 1)));
    }
    assert_eq!(count(&house).await, 5);
}

async fn an_email_given_up_by_one_user_and_taken_by_a_new_one_makes_a_second_contact(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let old = user(&house, "Old", "desk@example.com").await;
    story.settle().await.unwrap();
    let mut new = String::new();
    house
        .at_once(&story, async || {
            let left = json!({ "email": "old@example.com" });
            house.control().edit_user(BUSINESS, &old, &left).await.unwrap();
            new = user(&house, "New", "desk@example.com").await;
        })
        .await;
    assert_eq!(email_of(&house, &old).await.as_deref(), Some("old@example.com"));
    assert_eq!(email_of(&house, &new).await.as_deref(), Some("desk@example.com"));
    assert_eq!(count(&house).await, 2);
}

async fn an_email_that_another_contact_has_is_a_conflict_and_the_rest_of_the_record_lands(
    database: Database,
) {
    let house = House::new(database).await;
    let story = house.connected().await;
    // Once as its own address, once as an additional one.
    let own = contact(&house, "own@example.com").await;
    let two = contact(&house, "additional@example.com").await;
    let other = contact(&house, "primary@example.com").await;
    let merged = merge(&house, &other, &two).await;
    let ada = user(&house, "Ada", "ada@example.com").await;
    story.settle().await.unwrap();
    for (n, (email, holder)) in
        [("own@example.com", &own), ("additional@example.com", &merged)].into_iter().enumerate()
    {
        let phone = format!("+44 20 7946 055{n}");
        let edit = json!({ "email": email, "phone": phone });
        house.control().edit_user(BUSINESS, &ada, &edit).await.unwrap();
        story.settle().await.unwrap();
        let outcome = house.outcomes_of(&story, &ada).await.remove(0);
        let (action, reason) = (outcome.action.word(), outcome.reason.as_deref());
        assert_eq!((action, reason), ("conflicted", Some("email_of_another_contact")));
        assert_eq!((outcome.contact_id.as_ref(), outcome.fields), (Some(holder), vec!["email".to_owned()]));
        let contact = house.contact_of(&ada).await;
        assert_eq!(property(&contact, "phone"), Some(phone.as_str()), "the rest landed");
        assert_eq!(property(&contact, "email"), Some("ada@example.com"));
    }
    // Once the other contact has given it up, a replay brings the rest.
    let edit = json!({ "email": "own@example.com" });
    house.control().edit_user(BUSINESS, &ada, &edit).await.unwrap();
    house.control().edit_contact(PORTAL, &own, &json!({ "email": "elsewhere@example.com" })).await.unwrap();
    story.settle().await.unwrap();
    let scope = story.installation().await.unwrap().scope();
    house.stage.core().replay(scope, Subject::User, &ada, &Actor::command_line()).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(email_of(&house, &ada).await.as_deref(), Some("own@example.com"));
    assert!(house.stage.core().conflicts(scope, None, 10).await.unwrap().items.is_empty());
}

async fn an_email_edited_in_hubspot_that_another_user_has_is_a_conflict_and_the_rest_lands(
    database: Database,
) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let installation = story.installation().await.unwrap();
    let settings = Settings { contact_edits: true, ..installation.settings };
    let (core, by) = (house.stage.core(), Actor::command_line());
    core.change_settings(installation.id, &settings, &by).await.unwrap();
    let ada = user(&house, "Ada", "ada@example.com").await;
    user(&house, "Eve", "eve@example.com").await;
    story.settle().await.unwrap();
    // Somebody at HubSpot frees Eve's address and gives it to Ada, while no event tells of the first.
    let id = async |user: &str| house.contact_of(user).await["id"].as_str().unwrap().to_owned();
    let eve = house.user_with("eve@example.com").await.unwrap()["id"].as_str().unwrap().to_owned();
    webhooks(&house, "hubspot", "webhook_lost").await;
    house
        .control()
        .edit_contact(PORTAL, &id(&eve).await, &json!({ "email": "e@example.com" }))
        .await
        .unwrap();
    house.control().until_delivered().await.unwrap();
    house.control().post("faults", &json!([])).await.unwrap();
    let edit = json!({ "email": "eve@example.com", "phone": "7654321" });
    house.control().edit_contact(PORTAL, &id(&ada).await, &edit).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(house.told(&story, &ada).await, told("conflicted", "email_of_another_user"));
    let user = house.user_with("ada@example.com").await.unwrap();
    assert_eq!((user["id"].as_str(), user["phone"].as_str()), (Some(&*ada), Some("7654321")));
}

async fn a_contact_found_by_an_additional_email_is_the_same_contact(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let (main, more) = (contact(&house, "main@example.com").await, contact(&house, "more@example.com").await);
    let merged = merge(&house, &main, &more).await;
    let ada = user(&house, "Ada", "more@example.com").await;
    story.settle().await.unwrap();
    assert_eq!(house.contact_of(&ada).await["id"], merged.as_str());
    // And who comes with its other address does not get it.
    let eve = user(&house, "Eve", "main@example.com").await;
    story.settle().await.unwrap();
    assert_ne!(house.contact_of(&ada).await["id"], json!(null));
    assert!(count(&house).await <= 2, "nobody is doubled");
    assert_eq!(property(&house.contact_of(&ada).await, "firstname"), Some("Ada"), "{eve}");
}

async fn a_contact_that_names_a_user_who_is_gone_is_adopted(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let taken = json!({ "email": "ada@example.com", "storeganise_user_id": "66ce753e7405aa0015800000" });
    let taken = house.control().create_contact(PORTAL, &taken).await.unwrap();
    let ada = user(&house, "Ada", "ada@example.com").await;
    story.settle().await.unwrap();
    assert_eq!(house.contact_of(&ada).await["id"], taken.as_str());
    assert_eq!(house.told(&story, &ada).await.0, "updated");
    assert_eq!(count(&house).await, 1);
}

async fn two_contacts_merged_into_one_stay_with_one_user_and_the_other_is_a_conflict(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    webhooks(&house, "hubspot", "webhook_duplicate").await;
    let (one, two) =
        (user(&house, "One", "one@example.com").await, user(&house, "Two", "two@example.com").await);
    story.settle().await.unwrap();
    let id = async |user: &str| house.contact_of(user).await["id"].as_str().unwrap().to_owned();
    let (first, second) = (id(&one).await, id(&two).await);
    let merged = merge(&house, &first, &second).await;
    story.settle().await.unwrap();
    assert_eq!(house.told(&story, &two).await, told("conflicted", "contacts_merged"));
    // The first one's edits arrive at the new record; the second one's nowhere, and it is told why.
    for user in [&one, &two] {
        house.control().edit_user(BUSINESS, user, &json!({ "phone": "7654321" })).await.unwrap();
    }
    story.settle().await.unwrap();
    let contact = house.contact_of(&one).await;
    assert_eq!((contact["id"].as_str(), property(&contact, "phone")), (Some(&*merged), Some("7654321")));
    assert_eq!(property(&contact, "firstname"), Some("One"));
    assert_eq!(house.told(&story, &two).await, told("conflicted", "contacts_merged"));
    assert_eq!(count(&house).await, 1);
    // Merged once more, with a stranger's as the primary: the old ids still lead there.
    let stranger = contact_named(&house, "stranger@example.com").await;
    let again = merge(&house, &stranger, &merged).await;
    story.settle().await.unwrap();
    house.control().edit_user(BUSINESS, &one, &json!({ "phone": "1111111" })).await.unwrap();
    story.settle().await.unwrap();
    let contact = house.contact_of(&one).await;
    assert_eq!((contact["id"].as_str(), property(&contact, "phone")), (Some(&*again), Some("1111111")));
}

async fn contact_named(house: &House, email: &str) -> String {
    let properties = json!({ "email": email, "firstname": "A", "lastname": "Stranger" });
    house.control().create_contact(PORTAL, &properties).await.unwrap()
}

async fn a_merge_that_no_event_told_is_found_out_by_reading(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let (one, two) =
        (user(&house, "One", "one@example.com").await, user(&house, "Two", "two@example.com").await);
    story.settle().await.unwrap();
    let id = async |user: &str| house.contact_of(user).await["id"].as_str().unwrap().to_owned();
    let (first, second) = (id(&one).await, id(&two).await);
    webhooks(&house, "hubspot", "webhook_lost").await;
    let merged = merge(&house, &first, &second).await;
    // In one batch, the one that loses its contact among them.
    house
        .at_once(&story, async || {
            for user in [&two, &one] {
                house.control().edit_user(BUSINESS, user, &json!({ "phone": "7654321" })).await.unwrap();
            }
        })
        .await;
    let contact = house.contact_of(&one).await;
    assert_eq!((contact["id"].as_str(), property(&contact, "phone")), (Some(&*merged), Some("7654321")));
    assert_eq!(house.told(&story, &two).await, told("conflicted", "contacts_merged"));
    assert_eq!(count(&house).await, 1);
}

async fn without_a_unique_property_contacts_are_found_by_email_and_nobody_is_doubled(database: Database) {
    let house = House::new(database).await;
    let control = house.control();
    for n in 0..10 {
        control
            .post(&format!("hubspot/{PORTAL}/properties"), &property_named(&format!("other_key_{n}"), true))
            .await
            .unwrap();
    }
    let story = house.connected().await;
    let capabilities = story.installation().await.unwrap().capabilities;
    assert_eq!((capabilities.unique_property, capabilities.email_key), (false, true));
    assert_eq!(capabilities.property_problem.as_deref(), Some("hubspot.no_unique_property_left"));

    let known = contact(&house, "known@example.com").await;
    let ann = user(&house, "Ann", "known@example.com").await;
    let bob = user(&house, "Bob", "bob@example.com").await;
    let nobody = user(&house, "No", "nobody@example.com").await;
    let path = format!("storeganise/{BUSINESS}/users/{nobody}/oddly");
    control.post(&path, &json!({ "email": null })).await.unwrap();
    story.settle().await.unwrap();
    let scope = story.installation().await.unwrap().scope();
    let (core, by) = (house.stage.core(), Actor::command_line());
    core.replay(scope, Subject::User, &nobody, &by).await.unwrap();
    // The contact is made, but we never learn of it: the next look finds it by its address.
    let lost = json!([{ "provider": "hubspot", "kind": "lose_after", "route_contains": "batch/create", "times": 1 }]);
    control.post("faults", &lost).await.unwrap();
    let cat = user(&house, "Cat", "cat@example.com").await;
    tests::house::until("the batch is held", || async { core.backlog(scope).await.unwrap().held.is_some() })
        .await;
    core.replay(scope, Subject::User, &cat, &by).await.unwrap();
    story.settle().await.unwrap();

    assert_eq!(house.contact_of(&ann).await["id"], known.as_str());
    for (user, first) in [(&bob, "Bob"), (&cat, "Cat")] {
        assert_eq!(property(&house.contact_of(user).await, "firstname"), Some(first));
    }
    control.edit_user(BUSINESS, &bob, &json!({ "email": "bob.new@example.com" })).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(email_of(&house, &bob).await.as_deref(), Some("bob.new@example.com"));
    // The one without an address was linked while it had one, or is left out and told why.
    let made_first = control.contact_of(PORTAL, &nobody).await.unwrap().is_some();
    assert!(made_first || house.told(&story, &nobody).await == told("skipped", "no_email_key"));
    assert_eq!(count(&house).await, if made_first { 4 } else { 3 });
    let page = house.page(&story).await;
    assert!(page.contains("found by their e-mail address"), "the page tells it");
}

async fn a_property_made_by_hand_is_written_and_not_relied_on(database: Database) {
    let house = House::new(database).await;
    let control = house.control();
    let by_hand = property_named("storeganise_user_id", false);
    control.post(&format!("hubspot/{PORTAL}/properties"), &by_hand).await.unwrap();
    let story = house.connected().await;
    let mut all = Vec::new();
    house
        .at_once(&story, async || {
            share_emails(&house).await;
            all.push(user(&house, "Ann", "twin@example.com").await);
            all.push(user(&house, "Amy", "twin@example.com").await);
            all.push(user(&house, "Bob", "bob@example.com").await);
        })
        .await;
    assert_eq!(email_of(&house, &all[2]).await.as_deref(), Some("bob@example.com"));
    let mut twins = [house.told(&story, &all[0]).await, house.told(&story, &all[1]).await];
    twins.sort();
    assert_eq!(twins, [told("conflicted", "contact_of_another_user"), told("created", "")]);
    assert_eq!(count(&house).await, 2);
}
