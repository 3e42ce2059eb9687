//! The product guide, line by line, against the running service over real HTTP.

use serde_json::{Value, json};
use server::demo::control::property;
use sync_core::settings::Settings;
use tests::{
    database::Database,
    house::{BUSINESS, House, PORTAL},
    on_both_databases,
};

on_both_databases!(
    a_user_created_becomes_a_contact_and_a_user_updated_updates_it,
    a_won_deal_brings_its_contact_over_with_the_deals_data,
    a_won_deal_of_a_known_person_updates_the_user_and_does_not_double_it,
    special_characters_survive_both_ways_unchanged,
    incomplete_profiles_sync_and_a_blank_never_erases,
    a_contact_without_a_won_deal_stays_out,
    a_contact_edited_in_hubspot_changes_the_user_only_once_that_is_switched_on,
    both_sides_hold_each_others_id_and_then_nothing_is_asked_any_more,
    staff_and_people_who_share_an_address_are_left_alone_and_the_reason_is_told,
);

async fn a_user_created_becomes_a_contact_and_a_user_updated_updates_it(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let fields = json!({
        "email": "Ada.Locke@example.com", "firstName": "Ada", "lastName": "Locke",
        "phone": "+44 20 7946 0018", "address": "12 High Street, Leeds, LS1 4AP, United Kingdom",
    });
    let user = house.control().create_user(BUSINESS, &fields).await.unwrap();
    story.settle().await.unwrap();

    let contact = house.contact_of(&user).await;
    for (name, value) in [
        ("firstname", "Ada"),
        ("lastname", "Locke"),
        ("email", "ada.locke@example.com"),
        ("phone", "+44 20 7946 0018"),
        ("address", "12 High Street, Leeds, LS1 4AP, United Kingdom"),
    ] {
        assert_eq!(property(&contact, name), Some(value), "{name}");
    }

    let change = json!({ "phone": "+44 20 7946 0777", "address": "3 Mill Lane, York" });
    house.control().edit_user(BUSINESS, &user, &change).await.unwrap();
    story.settle().await.unwrap();
    let contact = house.contact_of(&user).await;
    assert_eq!(property(&contact, "phone"), Some("+44 20 7946 0777"));
    assert_eq!(property(&contact, "address"), Some("3 Mill Lane, York"));
    assert_eq!(property(&contact, "firstname"), Some("Ada"));
    assert_eq!(house.control().contacts(PORTAL).await.unwrap().len(), 1);
}

/// A stage of the portal's own pipeline; its names say nothing of winning.
const OWN_PIPELINE: &str = "74839210";
const OWN_OPEN: &str = "148392101";
const OWN_WON: &str = "148392103";

async fn person(house: &House, first: &str, email: &str) -> String {
    let properties =
        json!({ "firstname": first, "lastname": "Prüfer", "email": email, "phone": "+49 30 901820" });
    house.control().create_contact(PORTAL, &properties).await.unwrap()
}

async fn a_won_deal_brings_its_contact_over_with_the_deals_data(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    for (first, pipeline, open, won) in
        [("Vera", OWN_PIPELINE, OWN_OPEN, OWN_WON), ("Wanda", "default", "qualifiedtobuy", "closedwon")]
    {
        let email = format!("{first}@example.net").to_lowercase();
        let contact = person(&house, first, &email).await;
        let deal =
            json!({ "dealname": "Locker 12", "amount": "420.50", "pipeline": pipeline, "dealstage": open });
        let deal = control.create_deal(PORTAL, &deal, &[&contact]).await.unwrap();
        story.settle().await.unwrap();
        assert_eq!(house.user_with(&email).await, None, "the deal is not won yet");

        let won = json!({ "dealstage": won, "closedate": "2026-03-04T10:00:00Z" });
        control.edit_deal(PORTAL, &deal, &won).await.unwrap();
        story.settle().await.unwrap();
        let user = house.user_with(&email).await.expect("the contact came over");
        assert_eq!((&user["firstName"], &user["lastName"]), (&json!(first), &json!("Prüfer")));
        assert_eq!(user["phone"], "+49 30 901820");
        let data = &user["customFields"];
        assert_eq!(data["hubspot_contactId"], json!(contact));
        assert_eq!(data["hubspot_dealId"], json!(deal));
        assert_eq!(data["hubspot_dealName"], "Locker 12");
        assert_eq!(data["hubspot_dealAmount"], "420.50");
        assert_eq!(data["hubspot_dealCloseDate"], "2026-03-04");
        let id = user["id"].as_str().unwrap();
        assert_eq!(house.contact_of(id).await["id"], json!(contact), "the contact holds the user's id");
    }
    let lost = person(&house, "Lothar", "lothar@example.net").await;
    let deal = json!({ "dealname": "Gone", "pipeline": "default", "dealstage": "closedlost" });
    control.create_deal(PORTAL, &deal, &[&lost]).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(house.user_with("lothar@example.net").await, None);
}

async fn a_won_deal_of_a_known_person_updates_the_user_and_does_not_double_it(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    // Known already at Storeganise, by e-mail only; and known by its link.
    let known = json!({ "email": "nils@example.net", "firstName": "Nils", "lastName": "Prüfer" });
    let nils = control.create_user(BUSINESS, &known).await.unwrap();
    story.settle().await.unwrap();
    let contact = house.contact_of(&nils).await["id"].as_str().unwrap().to_owned();
    let deal = json!({ "dealname": "Unit 7", "pipeline": OWN_PIPELINE, "dealstage": OWN_WON, "closedate": "2026-05-01" });
    let first = control.create_deal(PORTAL, &deal, &[&contact]).await.unwrap();
    story.settle().await.unwrap();
    let users = control.users(BUSINESS).await.unwrap();
    assert_eq!(users.len(), 1, "nobody was doubled");
    assert_eq!(users[0]["customFields"]["hubspot_dealId"], json!(first));

    // Of a second won deal, closed earlier, the user's fields show nothing.
    let earlier = json!({ "dealname": "Unit 6", "pipeline": OWN_PIPELINE, "dealstage": OWN_WON, "closedate": "2026-04-01" });
    control.create_deal(PORTAL, &earlier, &[&contact]).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(control.users(BUSINESS).await.unwrap()[0]["customFields"]["hubspot_dealId"], json!(first));
    assert_eq!(control.contacts(PORTAL).await.unwrap().len(), 1);
}

/// Accents, CJK, emoji, right to left, quotes, 4-byte letters, combining marks, markup.
const SPECIAL: [&str; 8] = [
    "Zoë Ñandú-Ørsted",
    "山田 太郎 김철수",
    "🗝️📦 Emoji 👩‍👩‍👧",
    "שרה כהן مرحبا",
    "O'Brien \"The Box\" & Sons <b>",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𠮷野家",
    "Ame\u{301}lie e\u{323}\u{302}",
    "back\\slash; semi,comma %41 {x}",
];

async fn special_characters_survive_both_ways_unchanged(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    let mut users = Vec::new();
    for (n, text) in SPECIAL.iter().enumerate() {
        let fields = json!({
            "email": format!("special{n}@example.com"), "firstName": text, "lastName": text,
            "companyName": text, "address": format!("{text}, 1"),
        });
        users.push(control.create_user(BUSINESS, &fields).await.unwrap());
    }
    story.settle().await.unwrap();
    for (user, text) in users.iter().zip(SPECIAL) {
        let contact = house.contact_of(user).await;
        for name in ["firstname", "lastname", "company"] {
            assert_eq!(property(&contact, name), Some(text), "{name}");
        }
        assert_eq!(property(&contact, "address"), Some(format!("{text}, 1").as_str()));
    }
    for (n, text) in SPECIAL.iter().enumerate() {
        let email = format!("back{n}@example.net");
        let properties = json!({ "firstname": text, "lastname": text, "email": email, "company": text });
        let contact = control.create_contact(PORTAL, &properties).await.unwrap();
        let deal = json!({ "dealname": text, "pipeline": OWN_PIPELINE, "dealstage": OWN_WON });
        control.create_deal(PORTAL, &deal, &[&contact]).await.unwrap();
    }
    story.settle().await.unwrap();
    for (n, text) in SPECIAL.iter().enumerate() {
        let user = house.user_with(&format!("back{n}@example.net")).await.expect("it came over");
        for name in ["firstName", "lastName", "companyName"] {
            assert_eq!(user[name], json!(text), "{name}");
        }
        assert_eq!(user["customFields"]["hubspot_dealName"], json!(text));
    }
}

async fn incomplete_profiles_sync_and_a_blank_never_erases(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    // HubSpot knows more of this person than Storeganise does.
    let rich = json!({
        "email": "mia@example.com", "firstname": "Mia", "lastname": "Rich", "phone": "+44 20 7946 0123",
        "company": "Rich Ltd", "address": "1 Old Road", "city": "Leeds", "country": "United Kingdom",
    });
    let contact = control.create_contact(PORTAL, &rich).await.unwrap();
    let bare = json!({ "email": "mia@example.com", "firstName": "Mia", "lastName": "-" });
    let mia = control.create_user(BUSINESS, &bare).await.unwrap();
    let lone = json!({ "email": "lone@example.com", "firstName": "Lone", "lastName": "-" });
    let lone = control.create_user(BUSINESS, &lone).await.unwrap();
    story.settle().await.unwrap();

    let found = house.contact_of(&mia).await;
    assert_eq!(found["id"], json!(contact), "the contact that was there is taken, not a second one made");
    for name in ["lastname", "phone", "company", "address", "city", "country"] {
        assert_eq!(property(&found, name), rich[name].as_str(), "{name} was erased");
    }
    let lone = house.contact_of(&lone).await;
    assert_eq!(property(&lone, "firstname"), Some("Lone"));
    assert_eq!(property(&lone, "lastname"), None, "the placeholder is never synced");

    // And a contact without a last name becomes a user that has the placeholder.
    let only = json!({ "firstname": "Only", "email": "only@example.net" });
    let only = control.create_contact(PORTAL, &only).await.unwrap();
    let deal = json!({ "dealname": "Box", "pipeline": OWN_PIPELINE, "dealstage": OWN_WON });
    control.create_deal(PORTAL, &deal, &[&only]).await.unwrap();
    story.settle().await.unwrap();
    let user = house.user_with("only@example.net").await.expect("it came over");
    assert_eq!(user["lastName"], "-");
    let contact = house.contact_of(user["id"].as_str().unwrap()).await;
    assert_eq!(property(&contact, "lastname"), None, "the placeholder is never synced back");

    // A phone that is cleared where there was one is a change, and clears the contact's.
    control.edit_user(BUSINESS, &mia, &json!({ "phone": "+44 20 7946 0999" })).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(property(&house.contact_of(&mia).await, "phone"), Some("+44 20 7946 0999"));
    control.edit_user(BUSINESS, &mia, &json!({ "phone": Value::Null })).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(property(&house.contact_of(&mia).await, "phone"), None);
}

async fn a_contact_without_a_won_deal_stays_out(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let alone = person(&house, "Alma", "alma@example.net").await;
    let open = person(&house, "Olga", "olga@example.net").await;
    let deal = json!({ "dealname": "Maybe", "pipeline": OWN_PIPELINE, "dealstage": OWN_OPEN });
    house.control().create_deal(PORTAL, &deal, &[&open]).await.unwrap();
    house.control().edit_contact(PORTAL, &alone, &json!({ "phone": "123" })).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(house.control().users(BUSINESS).await.unwrap(), Vec::<Value>::new());
}

async fn a_contact_edited_in_hubspot_changes_the_user_only_once_that_is_switched_on(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    let fields =
        json!({ "email": "eve@example.com", "firstName": "Eve", "lastName": "Moss", "phone": "1234567" });
    let eve = control.create_user(BUSINESS, &fields).await.unwrap();
    story.settle().await.unwrap();
    let contact = house.contact_of(&eve).await["id"].as_str().unwrap().to_owned();
    control.edit_contact(PORTAL, &contact, &json!({ "lastname": "Fern", "city": "Hull" })).await.unwrap();
    story.settle().await.unwrap();
    let before = house.user_with("eve@example.com").await.unwrap();
    assert_eq!(before["lastName"], "Moss", "contact edits are off");
    assert_eq!(property(&house.contact_of(&eve).await, "lastname"), Some("Fern"), "nor is the edit undone");

    let installation = story.installation().await.unwrap();
    let settings = Settings { contact_edits: true, ..installation.settings };
    let by = sync_core::access::audit::Actor::command_line();
    house.stage.core().change_settings(installation.id, &settings, &by).await.unwrap();
    control.edit_contact(PORTAL, &contact, &json!({ "phone": "7654321" })).await.unwrap();
    story.settle().await.unwrap();
    let after = house.user_with("eve@example.com").await.unwrap();
    assert_eq!(after["phone"], "7654321");
    assert_eq!(after["lastName"], "Fern", "what was edited before comes along");
    // And it comes to rest.
    control.reset_stats().await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(control.stats().await.unwrap()["hubspot"]["total"], 0);
}

async fn both_sides_hold_each_others_id_and_then_nothing_is_asked_any_more(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let path = format!("storeganise/{BUSINESS}/users/seed");
    house.control().post(&path, &json!({ "count": 40 })).await.unwrap();
    story.sync_all().await.unwrap();
    assert_eq!(story.pairs_agree().await.unwrap(), 40);
    story.rest().await.unwrap();
    // An event that is told twice costs at most a look, and changes nothing.
    let users = house.control().users(BUSINESS).await.unwrap();
    let core = house.stage.core();
    let scope = story.installation().await.unwrap().scope();
    let by = sync_core::access::audit::Actor::command_line();
    let id = users[0]["id"].as_str().unwrap();
    core.replay(scope, sync_core::queue::change::Subject::User, id, &by).await.unwrap();
    story.settle().await.unwrap();
    let stats = house.control().stats().await.unwrap();
    assert_eq!(stats["hubspot"]["total"], 0, "a user that is as it was is not written again");
    assert_eq!(house.outcomes_of(&story, id).await[0].action.word(), "unchanged");
}

async fn staff_and_people_who_share_an_address_are_left_alone_and_the_reason_is_told(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    let staff =
        json!({ "email": "boss@example.com", "firstName": "The", "lastName": "Boss", "roles": ["admin"] });
    let boss = control.create_user(BUSINESS, &staff).await.unwrap();
    // A contact that carries another user's id is that user's.
    let taken = json!({ "email": "twin@example.com", "storeganise_user_id": boss });
    control.create_contact(PORTAL, &taken).await.unwrap();
    let twin = json!({ "email": "twin@example.com", "firstName": "Twin", "lastName": "One" });
    let twin = control.create_user(BUSINESS, &twin).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(control.contact_of(PORTAL, &twin).await.unwrap(), None);
    let contacts = control.contacts(PORTAL).await.unwrap();
    assert_eq!((contacts.len(), property(&contacts[0], "firstname")), (1, None), "nothing was written");
    let told = |outcomes: Vec<sync_core::views::activity::OutcomeRow>| {
        outcomes.first().map(|row| (row.action.word(), row.reason.clone().unwrap_or_default()))
    };
    assert_eq!(told(house.outcomes_of(&story, &boss).await), Some(("skipped", "staff".to_owned())));
    let conflict = Some(("conflicted", "contact_of_another_user".to_owned()));
    assert_eq!(told(house.outcomes_of(&story, &twin).await), conflict);
}

/// Storeganise is asked at a pace near the real one, so that what is marked meanwhile shares requests.
const BULK_PER_SECOND: f64 = 10.0;
const BULK: usize = 2_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_update_of_2000_synced_users_takes_at_most_45_hubspot_requests_and_no_429() {
    let database = Database::new(tests::database::Kind::Sqlite).unwrap();
    let house = House::new(database).await;
    let story = house.connected().await;
    let path = format!("storeganise/{BUSINESS}/users/seed");
    house.control().post(&path, &json!({ "count": BULK })).await.unwrap();
    story.sync_all().await.unwrap();
    set_pace(&house, &story).await;
    let done = story.bulk_update().await.unwrap();
    assert_eq!(story.pairs_agree().await.unwrap(), BULK, "{done}");
    let stats = house.control().stats().await.unwrap();
    let polite = &stats["storeganise"]["keys"][&story.addon]["overlapping"];
    assert_eq!(*polite, json!(0), "Storeganise is asked one thing at a time");
    let requests = stats["hubspot"]["total"].as_u64().unwrap();
    eprintln!("{requests} HubSpot requests for {BULK} users");
    assert!(requests <= 45, "{requests} requests for {BULK} users");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_update_of_2000_users_never_seen_before_takes_at_most_45_hubspot_requests_and_no_429() {
    let database = Database::new(tests::database::Kind::Sqlite).unwrap();
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    control.post(&format!("storeganise/{BUSINESS}/users/seed"), &json!({ "count": BULK })).await.unwrap();
    set_pace(&house, &story).await;
    control.reset_stats().await.unwrap();
    let bulk = json!({ "set": { "companyName": "Unit {n} Ltd" } });
    control.post(&format!("storeganise/{BUSINESS}/users/bulk"), &bulk).await.unwrap();
    story.settle_but_for_mirrors().await.unwrap();
    let stats = control.stats().await.unwrap();
    assert_eq!(stats["hubspot"]["too_many_requests"], 0);
    let requests = stats["hubspot"]["total"].as_u64().unwrap();
    eprintln!("{requests} HubSpot requests for {BULK} users");
    assert!(requests <= 45, "{requests} requests for {BULK} users");
    let contacts = control.contacts(PORTAL).await.unwrap();
    let companies = contacts.iter().filter(|contact| property(contact, "company").is_some()).count();
    assert_eq!((contacts.len(), companies), (BULK, BULK));
}

async fn set_pace(house: &House, story: &server::demo::story::Story<'_>) {
    let installation = story.installation().await.unwrap();
    // Everybody is changed on purpose: the brake is off.
    let settings = Settings {
        storeganise_requests_per_second: BULK_PER_SECOND,
        brake_percent: 100,
        ..installation.settings
    };
    let by = sync_core::access::audit::Actor::command_line();
    house.stage.core().change_settings(installation.id, &settings, &by).await.unwrap();
}
