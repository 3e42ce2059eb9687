//! What people complain of in such integrations, and what clients of Storeganise have run into: each line has a test that
//! shows it does not happen here. Those that stand nowhere else stand below.
//!
//! Complaints about integrations with HubSpot (reference hubspot 9.2):
//!
//! - H1, duplicates, for want of an address, by a second address or because the search lags:
//!   `tests/it/complaints.rs::a_contact_that_the_search_does_not_find_yet_is_not_doubled`,
//!   `tests/it/complaints.rs::a_won_deal_of_a_contact_without_an_address_makes_nobody_and_says_why`,
//!   `tests/it/matching.rs::a_contact_found_by_an_additional_email_is_the_same_contact`,
//!   `tests/it/matching.rs::without_a_unique_property_contacts_are_found_by_email_and_nobody_is_doubled`,
//!   `tests/it/failures.rs::an_answer_that_is_lost_never_doubles_anybody`
//! - H2, people's edits overwritten, and old data that comes back:
//!   `tests/it/complaints.rs::an_edit_of_one_field_leaves_what_people_wrote_into_the_others`,
//!   `tests/it/complaints.rs::an_event_that_comes_late_brings_no_old_data_back`,
//!   `tests/it/guide.rs::a_contact_edited_in_hubspot_changes_the_user_only_once_that_is_switched_on`,
//!   `tests/it/convergence.rs::whatever_goes_wrong_both_sides_end_alike_and_no_edit_is_lost`
//! - H3, loops:
//!   `tests/it/guide.rs::both_sides_hold_each_others_id_and_then_nothing_is_asked_any_more`,
//!   `tests/it/conflicts.rs::a_field_a_workflow_rewrites_is_held_at_the_third_flip_until_a_person_chooses`,
//!   `crates/hubspot/src/event.rs::a_person_is_never_taken_for_our_echo`
//! - H4, several people under one address, of whom the last one wins:
//!   `tests/it/matching.rs::two_users_with_one_email_in_one_batch_have_one_contact_and_the_second_is_a_conflict`,
//!   `tests/it/matching.rs::of_two_users_with_one_email_the_one_that_comes_first_keeps_the_contact`
//! - H5, formats of phones, countries and states:
//!   `tests/it/complaints.rs::a_phone_that_hubspot_refuses_blanks_nothing_and_the_rest_lands`,
//!   `tests/it/guide.rs::incomplete_profiles_sync_and_a_blank_never_erases`,
//!   `tests/it/custom_fields.rs::a_value_that_does_not_fit_is_left_out_and_the_rest_lands`
//! - H6, failures nobody is told of:
//!   `tests/it/batches.rs::every_refusal_is_told_with_hubspots_own_code_and_correlation_id`,
//!   `tests/it/notices.rs::many_refused_records_are_one_task_and_it_is_closed_once_they_are_mended`,
//!   `crates/hubspot/src/batch.rs::a_part_of_a_success_names_the_refused_writes_by_their_traces`
//! - H7, merges that break links:
//!   `tests/it/matching.rs::two_contacts_merged_into_one_stay_with_one_user_and_the_other_is_a_conflict`,
//!   `tests/it/matching.rs::a_merge_that_no_event_told_is_found_out_by_reading`
//! - H8, properties that the portal requires:
//!   `tests/it/failures.rs::a_refused_row_is_parked_with_hubspots_reason_and_its_neighbours_land`,
//!   `crates/hubspot/src/problem.rs::a_rule_of_the_portal_names_its_property`
//! - H9, a first import that floods workflows and the marketing contacts:
//!   `tests/it/complaints.rs::connecting_makes_no_contact_of_those_who_are_there_until_a_person_asks_for_all`,
//!   `tests/it/complaints.rs::a_contact_we_make_holds_nothing_but_the_user_and_is_no_marketing_contact`,
//!   `tests/it/requests.rs::a_crowd_both_ways_never_asks_for_more_than_is_granted`,
//!   `tests/it/brake.rs::a_first_sync_is_never_stopped_and_a_run_over_changed_users_is`,
//!   `tests/it/runs.rs::a_preview_writes_nothing_and_says_what_the_backfill_then_does`
//!
//! What clients of Storeganise ran into (reference storeganise 4):
//!
//! - S1, events that never arrive:
//!   `tests/it/complaints.rs::users_whose_events_never_arrive_are_found_by_the_next_reconcile`
//! - S2, events that arrive twice:
//!   `tests/it/complaints.rs::an_event_that_is_told_twice_is_written_once`
//! - S3, our own writes come back as events:
//!   `tests/it/guide.rs::both_sides_hold_each_others_id_and_then_nothing_is_asked_any_more`
//! - S4, events that do not say what changed:
//!   `tests/it/complaints.rs::an_event_that_does_not_say_what_changed_brings_every_change`,
//!   `crates/storeganise/src/event.rs::missing_or_null_data_is_empty_and_missing_changed_keys_mean_anything`
//! - S5, staff and test accounts:
//!   `tests/it/guide.rs::staff_and_people_who_share_an_address_are_left_alone_and_the_reason_is_told`
//! - S6, a field that is missing is not a field that was cleared:
//!   `tests/it/complaints.rs::a_field_that_is_null_or_missing_clears_nothing_that_it_did_not_fill`,
//!   `tests/it/guide.rs::incomplete_profiles_sync_and_a_blank_never_erases`
//! - S7, pages that repeat users, and answers that are shorter than was asked for:
//!   `tests/it/runs.rs::a_provider_that_gives_fewer_than_it_is_asked_for_hides_nobody`,
//!   `tests/it/complaints.rs::pages_that_repeat_users_lose_and_double_nobody`,
//!   `tests/it/complaints.rs::users_that_a_short_answer_leaves_out_are_not_taken_for_gone`,
//!   `tests/it/complaints.rs::a_list_is_read_whatever_stands_around_it`
//! - S8, who asks much has to say who it is, and asks one thing at a time:
//!   `crates/storeganise/src/wire_tests.rs::every_call_says_whose_it_is`,
//!   `tests/it/requests.rs::a_crowd_both_ways_never_asks_for_more_than_is_granted`
//! - S9, phone numbers in many spellings:
//!   `tests/it/complaints.rs::another_spelling_of_a_phone_number_is_no_change`,
//!   `crates/sync-core/src/normalise.rs::spellings_of_one_phone_number_are_the_same_and_an_extension_is_not_lost`
//! - S10, jobs of two layouts:
//!   `crates/storeganise/src/task.rs::a_task_is_found_again_by_its_words_in_a_list_of_either_form`
//! - S11, values that no document names, and addresses and refusals of several shapes:
//!   `crates/storeganise/src/addon.rs::an_unknown_state_is_kept_and_a_missing_one_is_absent`,
//!   `crates/storeganise/src/user.rs::odd_values_do_not_lose_the_user`,
//!   `tests/it/batches.rs::a_user_in_a_shape_nobody_expects_does_not_hold_up_the_next_one`,
//!   `tests/it/complaints.rs::an_address_is_the_same_in_each_of_its_forms`,
//!   `tests/it/complaints.rs::a_refusal_is_told_whatever_its_body_looks_like`
//! - S12, hosts that changed:
//!   `crates/storeganise/src/api_url.rs::a_business_of_storeganise_is_taken_without_its_trailing_slash`,
//!   `crates/storeganise/src/api_url.rs::everything_else_is_refused_with_its_reason`
//! - S13, signatures that are missing or malformed:
//!   `crates/storeganise/src/signature.rs::a_missing_malformed_or_foreign_signature_is_told_apart`,
//!   `tests/it/doors.rs::a_webhook_that_cannot_be_believed_or_read_is_refused_with_the_right_status`
//! - S14, keys and secrets in files:
//!   `tests/it/complaints.rs::no_file_of_ours_holds_a_key_in_the_form_of_a_real_one`,
//!   `tests/it/traces.rs::no_name_address_phone_or_token_is_in_the_database_after_a_sync_both_ways`

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use server::demo::{
    control::property,
    stage::{Options, Stage},
    story::Story,
};
use sync_core::{access::audit::Actor, settings::Settings, views::runs::RunKind};
use tests::{
    database::{Database, Kind},
    house::{BUSINESS, House, PORTAL},
};

/// An account that the sandbox has not of itself.
const EMPTY_PORTAL: i64 = 7_654_321;

async fn house() -> House {
    House::new(Database::new(Kind::Sqlite).unwrap()).await
}

async fn dialect(house: &House, switches: Value) {
    house.control().put(&format!("storeganise/{BUSINESS}/dialect"), &switches).await.unwrap();
}

async fn webhooks(house: &House, rule: Value) {
    let mut rule = rule;
    rule["provider"] = json!("storeganise");
    house.control().post("faults", &json!([rule])).await.unwrap();
}

async fn user(house: &House, fields: Value) -> String {
    let mut user = json!({ "firstName": "Ada", "lastName": "Locke" });
    user.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    house.control().create_user(BUSINESS, &user).await.unwrap()
}

async fn edit(house: &House, story: &Story<'_>, user: &str, fields: Value) {
    house.control().edit_user(BUSINESS, user, &fields).await.unwrap();
    story.settle().await.unwrap();
}

async fn value(house: &House, user: &str, name: &str) -> Option<String> {
    property(&house.contact_of(user).await, name).map(str::to_owned)
}

async fn count(house: &House) -> usize {
    house.control().contacts(PORTAL).await.unwrap().len()
}

async fn won_deal(house: &House, contact: &str) -> String {
    let deal = json!({ "dealname": "Box", "pipeline": "default", "dealstage": "closedwon" });
    house.control().create_deal(PORTAL, &deal, &[contact]).await.unwrap()
}

/// Requests to HubSpot that write contacts, since the counters were last set to zero.
async fn writes(house: &House) -> u64 {
    let stats = house.control().stats().await.unwrap();
    let routes = stats["hubspot"]["routes"].as_object().unwrap().iter();
    let is_write = |route: &str| ["create", "update", "upsert"].iter().any(|kind| route.ends_with(kind));
    let counts = routes.filter(|(route, _)| is_write(route)).map(|(_, statuses)| statuses);
    counts.flat_map(|statuses| statuses.as_object().unwrap().values()).filter_map(Value::as_u64).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_that_the_search_does_not_find_yet_is_not_doubled() {
    let house = house().await;
    let story = house.connected().await;
    house.control().post(&format!("hubspot/{PORTAL}/search-lag"), &json!({ "ms": 600_000 })).await.unwrap();
    let known = json!({ "email": "ada@example.com", "jobtitle": "Analyst" });
    let contact = house.control().create_contact(PORTAL, &known).await.unwrap();
    let ada = user(&house, json!({ "email": "ada@example.com" })).await;
    story.settle().await.unwrap();
    assert_eq!((house.contact_of(&ada).await["id"].as_str(), count(&house).await), (Some(&*contact), 1));
    // And a won deal that the search would not show is brought by its event.
    let vera = json!({ "email": "vera@example.net", "firstname": "Vera" });
    let vera = house.control().create_contact(PORTAL, &vera).await.unwrap();
    won_deal(&house, &vera).await;
    story.settle().await.unwrap();
    assert!(house.user_with("vera@example.net").await.is_some());
    assert_eq!(story.pairs_agree().await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_won_deal_of_a_contact_without_an_address_makes_nobody_and_says_why() {
    let house = house().await;
    let story = house.connected().await;
    let nobody = json!({ "firstname": "No", "lastname": "Address", "phone": "+44 20 7946 0018" });
    let contact = house.control().create_contact(PORTAL, &nobody).await.unwrap();
    let deal = won_deal(&house, &contact).await;
    story.settle().await.unwrap();
    assert!(house.control().users(BUSINESS).await.unwrap().is_empty());
    let told = house.told(&story, &deal).await;
    assert_eq!(told, ("skipped".to_owned(), "contact_without_email".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_of_one_field_leaves_what_people_wrote_into_the_others() {
    let house = house().await;
    let story = house.connected().await;
    let fields = json!({ "email": "ada@example.com", "phone": "1234567", "companyName": "Locke Ltd" });
    let ada = user(&house, fields).await;
    story.settle().await.unwrap();
    let contact = house.contact_of(&ada).await["id"].as_str().unwrap().to_owned();
    let people = json!({ "lastname": "Fern", "company": "Fern & Sons", "city": "Hull", "jobtitle": "Owner" });
    house.control().edit_contact(PORTAL, &contact, &people).await.unwrap();
    story.settle().await.unwrap();
    edit(&house, &story, &ada, json!({ "phone": "7654321" })).await;
    for (name, expected) in people.as_object().unwrap() {
        assert_eq!(value(&house, &ada, name).await.as_deref(), expected.as_str(), "{name}");
    }
    assert_eq!(value(&house, &ada, "phone").await.as_deref(), Some("7654321"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_comes_late_brings_no_old_data_back() {
    let house = house().await;
    let story = house.connected().await;
    let ada = user(&house, json!({ "email": "ada@example.com", "phone": "1111111" })).await;
    story.settle().await.unwrap();
    webhooks(&house, json!({ "kind": "webhook_delay", "delay_ms": 700, "times": 1 })).await;
    house.control().edit_user(BUSINESS, &ada, &json!({ "phone": "2222222" })).await.unwrap();
    house.control().edit_user(BUSINESS, &ada, &json!({ "phone": "3333333" })).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(value(&house, &ada, "phone").await.as_deref(), Some("3333333"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_that_hubspot_refuses_blanks_nothing_and_the_rest_lands() {
    let house = house().await;
    let story = house.connected().await;
    let ada = user(&house, json!({ "email": "ada@example.com", "phone": "+44 20 7946 0018" })).await;
    story.settle().await.unwrap();
    let rules = json!({ "phone_validation": true });
    house.control().post(&format!("hubspot/{PORTAL}/rules"), &rules).await.unwrap();
    edit(&house, &story, &ada, json!({ "phone": "ask at the desk", "companyName": "Locke Ltd" })).await;
    assert_eq!(value(&house, &ada, "phone").await.as_deref(), Some("+44 20 7946 0018"));
    assert_eq!(value(&house, &ada, "company").await.as_deref(), Some("Locke Ltd"));
    let told = house.told(&story, &ada).await;
    assert_eq!(told, ("updated".to_owned(), "hubspot.refused_fields".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_we_make_holds_nothing_but_the_user_and_is_no_marketing_contact() {
    let house = house().await;
    let story = house.connected().await;
    let ada = user(&house, json!({ "email": "ada@example.com" })).await;
    story.settle().await.unwrap();
    let contact = house.contact_of(&ada).await;
    let kept_by_hubspot = |name: &str| name.starts_with("hs_") || name.ends_with("date");
    let names = contact["properties"].as_object().unwrap().keys();
    let ours: BTreeSet<&str> = names
        .map(String::as_str)
        .filter(|name| property(&contact, name).is_some() && !kept_by_hubspot(name))
        .collect();
    assert_eq!(ours, BTreeSet::from(["email", "firstname", "lastname", "storeganise_user_id"]));
    for name in ["hs_marketable_status", "hs_marketable_reason_id", "hs_lead_status"] {
        assert_eq!(property(&contact, name), None, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connecting_makes_no_contact_of_those_who_are_there_until_a_person_asks_for_all() {
    let database = Database::new(Kind::Sqlite).unwrap();
    let mut options = Options::at(database.url().to_owned());
    options.requests_per_second = 200.0;
    // The businesses of the demo have users who were made hours and days ago.
    options.sandbox = sandbox::options::Options { users_per_business: 20, ..Default::default() };
    let stage = Stage::set(options).await.unwrap();
    let portal = json!({ "id": EMPTY_PORTAL, "name": "Acme Storage" });
    stage.control.post("hubspot/portals", &portal).await.unwrap();
    let mut story = Story::of(&stage, BUSINESS, EMPTY_PORTAL);
    story.install().await.unwrap();
    story.enable().await.unwrap();
    story.authorise().await.unwrap();
    story.settle().await.unwrap();
    let contacts = async || stage.control.contacts(EMPTY_PORTAL).await.unwrap().len();
    assert_eq!(contacts().await, 0, "nobody asked for them");
    story.sync_all().await.unwrap();
    assert_eq!(contacts().await, story.pairs_agree().await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_whose_events_never_arrive_are_found_by_the_next_reconcile() {
    let house = house().await;
    let story = house.connected().await;
    let ada = user(&house, json!({ "email": "ada@example.com", "phone": "1111111" })).await;
    story.settle().await.unwrap();
    webhooks(&house, json!({ "kind": "webhook_lost" })).await;
    let new = user(&house, json!({ "email": "new@example.com" })).await;
    edit(&house, &story, &ada, json!({ "phone": "2222222" })).await;
    assert_eq!((count(&house).await, value(&house, &ada, "phone").await.as_deref()), (1, Some("1111111")));
    let installation = story.installation().await.unwrap();
    let core = house.stage.core();
    core.begin_run(&installation, RunKind::Reconcile, &Actor::command_line()).await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(value(&house, &ada, "phone").await.as_deref(), Some("2222222"));
    assert_eq!(value(&house, &new, "email").await.as_deref(), Some("new@example.com"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_told_twice_is_written_once() {
    for with_id in [true, false] {
        let house = house().await;
        let story = house.connected().await;
        dialect(&house, json!({ "event_id": with_id, "event_details": with_id })).await;
        webhooks(&house, json!({ "kind": "webhook_duplicate" })).await;
        house.control().reset_stats().await.unwrap();
        let ada = user(&house, json!({ "email": "ada@example.com" })).await;
        story.settle().await.unwrap();
        assert_eq!((count(&house).await, writes(&house).await), (1, 1), "made");
        edit(&house, &story, &ada, json!({ "phone": "1234567" })).await;
        assert_eq!(
            (value(&house, &ada, "phone").await.as_deref(), writes(&house).await),
            (Some("1234567"), 2)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_does_not_say_what_changed_brings_every_change() {
    let house = house().await;
    let story = house.connected().await;
    for keys in ["empty", "missing"] {
        dialect(&house, json!({ "changed_keys": keys })).await;
        let fields = json!({ "email": format!("{keys}@example.com"), "phone": "1234567" });
        let ada = user(&house, fields).await;
        story.settle().await.unwrap();
        edit(&house, &story, &ada, json!({ "lastName": "Fern", "companyName": "Fern Ltd" })).await;
        assert_eq!(value(&house, &ada, "lastname").await.as_deref(), Some("Fern"), "{keys}");
        assert_eq!(value(&house, &ada, "company").await.as_deref(), Some("Fern Ltd"), "{keys}");
        assert_eq!(value(&house, &ada, "phone").await.as_deref(), Some("1234567"), "{keys}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_field_that_is_null_or_missing_clears_nothing_that_it_did_not_fill() {
    let house = house().await;
    let story = house.connected().await;
    for as_null in [true, false] {
        dialect(&house, json!({ "unset_as_null": as_null, "changed_keys": "missing" })).await;
        let email = format!("{as_null}@example.com");
        let known =
            json!({ "email": email, "phone": "1234567", "company": "Known Ltd", "address": "1 Old Road" });
        house.control().create_contact(PORTAL, &known).await.unwrap();
        let ada = user(&house, json!({ "email": email })).await;
        story.settle().await.unwrap();
        edit(&house, &story, &ada, json!({ "firstName": "Adele" })).await;
        assert_eq!(value(&house, &ada, "firstname").await.as_deref(), Some("Adele"));
        for name in ["phone", "company", "address"] {
            assert_eq!(value(&house, &ada, name).await.as_deref(), known[name].as_str(), "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_that_repeat_users_lose_and_double_nobody() {
    let house = house().await;
    let story = house.connected().await;
    dialect(&house, json!({ "list_repeats": 3 })).await;
    // More than one page of them.
    let path = format!("storeganise/{BUSINESS}/users/seed");
    house.control().post(&path, &json!({ "count": 1_010 })).await.unwrap();
    story.ask_for_all().await.unwrap();
    story.settle_but_for_mirrors().await.unwrap();
    let contacts = house.control().contacts(PORTAL).await.unwrap();
    let users: BTreeSet<_> = contacts.iter().map(|one| property(one, "storeganise_user_id")).collect();
    assert_eq!((contacts.len(), users.len()), (1_010, 1_010));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_that_a_short_answer_leaves_out_are_not_taken_for_gone() {
    let house = house().await;
    let story = house.connected().await;
    let path = format!("storeganise/{BUSINESS}/users");
    house.control().post(&format!("{path}/seed"), &json!({ "count": 60 })).await.unwrap();
    story.sync_all().await.unwrap();
    // Fifty are asked for by their ids, and twenty are answered.
    dialect(&house, json!({ "list_limit_max": 20 })).await;
    story.without_brake().await.unwrap();
    let all = json!({ "set": { "companyName": "Unit {n} Ltd" } });
    let change = async || {
        house.control().post(&format!("{path}/bulk"), &all).await.unwrap();
    };
    house.at_once(&story, change).await;
    let contacts = house.control().contacts(PORTAL).await.unwrap();
    let followed = contacts.iter().filter(|contact| property(contact, "company").is_some()).count();
    assert_eq!((contacts.len(), followed), (60, 60));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_read_whatever_stands_around_it() {
    let house = house().await;
    let story = house.connected().await;
    for (n, wrapper) in ["data", "items", "results", "users", "none"].into_iter().enumerate() {
        dialect(&house, json!({ "list_wrapper": wrapper })).await;
        let path = format!("storeganise/{BUSINESS}/users/seed");
        house.control().post(&path, &json!({ "count": 5 })).await.unwrap();
        story.sync_all().await.unwrap();
        assert_eq!(count(&house).await, 5 * (n + 1), "{wrapper}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_spelling_of_a_phone_number_is_no_change() {
    let house = house().await;
    let story = house.connected().await;
    let installation = story.installation().await.unwrap();
    let settings = Settings { default_country: Some("KR".to_owned()), ..installation.settings };
    house.stage.core().change_settings(installation.id, &settings, &Actor::command_line()).await.unwrap();
    let ada = user(&house, json!({ "email": "ada@example.com", "phone": "+82 10 2345 6789" })).await;
    story.settle().await.unwrap();
    house.control().reset_stats().await.unwrap();
    for spelling in ["010-2345-6789", "10 2345 6789", "+82 (0)10 2345 6789", "+821023456789"] {
        edit(&house, &story, &ada, json!({ "phone": spelling })).await;
        assert_eq!(writes(&house).await, 0, "{spelling}");
    }
    edit(&house, &story, &ada, json!({ "phone": "010-9876-5432" })).await;
    assert_eq!(value(&house, &ada, "phone").await.as_deref(), Some("010-9876-5432"), "as it was typed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_is_the_same_in_each_of_its_forms() {
    let house = house().await;
    let story = house.connected().await;
    let ada = user(&house, json!({ "email": "ada@example.com", "address": "3 Mill Lane, York" })).await;
    story.settle().await.unwrap();
    house.control().reset_stats().await.unwrap();
    for form in ["formatted", "lines", "text"] {
        dialect(&house, json!({ "address": form })).await;
        edit(&house, &story, &ada, json!({ "area": form })).await;
        assert_eq!(writes(&house).await, 0, "{form}: a form is no change");
        assert_eq!(value(&house, &ada, "address").await.as_deref(), Some("3 Mill Lane, York"), "{form}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_told_whatever_its_body_looks_like() {
    let house = house().await;
    let story = house.connected().await;
    // Nobody can be made at Storeganise without a password, which we do not have.
    for body in ["object", "detail", "string", "message", "text", "empty"] {
        dialect(&house, json!({ "error_body": body, "create_requires": ["email", "password"] })).await;
        let vera = json!({ "email": format!("{body}@example.net"), "firstname": "Vera" });
        let contact = house.control().create_contact(PORTAL, &vera).await.unwrap();
        let deal = won_deal(&house, &contact).await;
        story.settle().await.unwrap();
        let (action, reason) = house.told(&story, &deal).await;
        assert_eq!((action.as_str(), reason.as_str()), ("failed", "storeganise.rejected_400"), "{body}");
    }
    assert!(house.control().users(BUSINESS).await.unwrap().is_empty());
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every file we keep, but for what is built or fetched.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let is_ours = !name.starts_with('.') && name != "target" && name != "node_modules";
        match path.is_dir() {
            true if is_ours => files(&path, found),
            false if is_ours => found.push(path),
            _ => {}
        }
    }
}

#[test]
fn no_file_of_ours_holds_a_key_in_the_form_of_a_real_one() {
    // Written in halves, so that this file does not hold them.
    let beginnings = [
        ["pat-", "na1-"],
        ["pat-", "eu1-"],
        ["-----BEGIN ", "PRIVATE KEY"],
        ["-----BEGIN ", "RSA PRIVATE KEY"],
        ["-----BEGIN ", "EC PRIVATE KEY"],
        ["ghp", "_"],
        ["xox", "b-"],
        ["AKI", "A"],
    ]
    .map(|halves| halves.concat());
    let mut all = Vec::new();
    files(&root(), &mut all);
    assert!(all.len() > 200, "{} files were looked at", all.len());
    for path in all {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let held = beginnings.iter().find(|beginning| text.contains(beginning.as_str()));
        assert_eq!(held, None, "{}", path.display());
    }
}

#[test]
fn every_complaint_has_its_tests_and_every_test_it_names_exists() {
    let mut lines: Vec<(String, Vec<String>)> = Vec::new();
    for line in include_str!("complaints.rs").lines().map_while(|line| line.strip_prefix("//!")) {
        if let Some(title) = line.strip_prefix(" - ") {
            lines.push((title.split(',').next().unwrap().to_owned(), Vec::new()));
        }
        let named = line.split('`').skip(1).step_by(2).map(str::to_owned);
        if let Some((_, tests)) = lines.last_mut() {
            tests.extend(named);
        }
    }
    let titles: Vec<String> = lines.iter().map(|(title, _)| title.clone()).collect();
    let hubspot = (1..=9).map(|n| format!("H{n}"));
    assert_eq!(titles, hubspot.chain((1..=14).map(|n| format!("S{n}"))).collect::<Vec<_>>());
    for (title, tests) in lines {
        assert!(!tests.is_empty(), "{title} has no test");
        for test in tests {
            let (path, name) = test.split_once("::").unwrap_or_else(|| panic!("{title}: {test}"));
            let source = fs::read_to_string(root().join(path)).unwrap_or_default();
            assert!(source.contains(&format!("fn {name}(")), "{title}: there is no {test}");
        }
    }
}
