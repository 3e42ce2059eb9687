//! Custom fields: each kind both ways, what is refused before it is saved, and what trying them tells.

mod page;

use sea_orm::{ActiveValue::Set, EntityTrait as _};
use serde_json::{Value, json};
use server::demo::{control::property, story::Story};
use sync_core::{
    access::audit::Actor,
    error::Error,
    mapping::{Direction, Kind, Mapping, fit::Fault},
    queue::change::Subject,
    settings::{Capabilities, Settings},
    storage::{Db, entity::installation},
};
use tests::{
    database::Database,
    house::{House, PORTAL},
    on_both_databases,
};

on_both_databases!(
    every_kind_goes_to_the_contact_follows_a_change_and_is_cleared,
    every_kind_comes_back_from_the_contact_though_hubspot_sends_no_event_for_it,
    a_value_that_does_not_fit_is_left_out_and_the_rest_lands,
    a_won_deal_brings_the_mapped_fields_along,
    a_mapping_that_cannot_be_is_refused_by_its_row_and_says_what_it_needs,
    a_settings_change_alone_writes_nothing,
    a_newly_mapped_field_is_filled_in_by_a_sync_of_all_users,
    a_field_mapped_again_remembers_what_was_agreed_on,
    a_renamed_option_is_no_change_and_a_lost_property_is_told,
    trying_the_custom_fields_counts_and_writes_nothing,
);

const FIELDS_BUSINESS: &str = "fields";

/// Code, property and kind of each custom field, its value at Storeganise, then at HubSpot, and another one.
type Case = (&'static str, &'static str, Kind, Value, &'static str, Value, &'static str);

fn cases() -> [Case; 5] {
    [
        ("note", "door_note", Kind::Text, json!("Blue “Tür” 🚪"), "Blue “Tür” 🚪", json!("Red"), "Red"),
        ("size", "unit_size", Kind::Number, json!(12.5), "12.5", json!(30), "30"),
        ("vip", "is_vip", Kind::Boolean, json!(true), "true", json!(false), "false"),
        (
            "since",
            "customer_since",
            Kind::Date,
            json!("2026-03-04"),
            "2026-03-04",
            json!("2027-01-31"),
            "2027-01-31",
        ),
        ("tier", "unit_tier", Kind::Choice, json!("Large unit"), "l", json!("Small unit"), "s"),
    ]
}

fn mapping(user_field: &str, contact_property: &str, kind: Kind, direction: Direction) -> Mapping {
    Mapping {
        user_field: user_field.to_owned(),
        contact_property: contact_property.to_owned(),
        kind,
        direction,
        options: Vec::new(),
    }
}

fn mappings(direction: Direction) -> Vec<Mapping> {
    cases().into_iter().map(|(code, name, kind, ..)| mapping(code, name, kind, direction)).collect()
}

/// A business with custom fields of its own, connected to a portal with properties for them.
async fn connected(house: &House) -> Story<'_> {
    let fields: Vec<&str> = cases().iter().map(|case| case.0).chain(["extra"]).collect();
    let business = json!({ "code": FIELDS_BUSINESS, "customFields": fields });
    house.control().post("storeganise", &business).await.unwrap();
    let tiers = json!([{ "value": "s", "label": "Small unit" }, { "value": "l", "label": "Large unit" }]);
    for (name, value_type, how, options) in [
        ("door_note", "string", "text", json!([])),
        ("unit_size", "number", "number", json!([])),
        ("is_vip", "bool", "booleancheckbox", json!([])),
        ("customer_since", "date", "date", json!([])),
        ("moved_in_at", "datetime", "date", json!([])),
        ("unit_tier", "enumeration", "select", tiers.clone()),
        ("many_tiers", "enumeration", "checkbox", tiers),
    ] {
        let property = json!({
            "name": name, "label": name, "groupName": "contactinformation", "type": value_type,
            "fieldType": how, "options": options,
        });
        house.control().post(&format!("hubspot/{PORTAL}/properties"), &property).await.unwrap();
    }
    let mut story = Story::of(&house.stage, FIELDS_BUSINESS, PORTAL);
    story.install().await.unwrap();
    story.enable().await.unwrap();
    story.authorise().await.unwrap();
    story.settle().await.unwrap();
    story
}

/// Changes settings as staff do; the words of every warning.
async fn set(house: &House, story: &Story<'_>, change: impl FnOnce(&mut Settings)) -> Vec<String> {
    let installation = story.installation().await.unwrap();
    let mut settings = installation.settings;
    change(&mut settings);
    let by = Actor::command_line();
    let warnings = house.stage.core().change_settings(installation.id, &settings, &by).await.unwrap();
    warnings.into_iter().map(|warning| warning.message).collect()
}

/// The inputs that are refused, each with its words.
async fn refused(house: &House, story: &Story<'_>, custom_fields: Vec<Mapping>) -> Vec<(String, String)> {
    let installation = story.installation().await.unwrap();
    let settings = Settings { custom_fields, ..installation.settings };
    let by = Actor::command_line();
    match house.stage.core().change_settings(installation.id, &settings, &by).await {
        Err(Error::InvalidInputs(inputs)) => {
            inputs.into_iter().map(|input| (input.field, input.message)).collect()
        }
        other => panic!("it was not refused: {other:?}"),
    }
}

async fn user(house: &House, email: &str, custom_fields: Value) -> String {
    let fields = json!({
        "email": email, "firstName": "Ada", "lastName": "Locke", "customFields": custom_fields,
    });
    house.control().create_user(FIELDS_BUSINESS, &fields).await.unwrap()
}

async fn edit(house: &House, id: &str, custom_fields: Value) {
    let fields = json!({ "customFields": custom_fields });
    house.control().edit_user(FIELDS_BUSINESS, id, &fields).await.unwrap();
}

async fn custom_fields(house: &House, id: &str) -> Value {
    let path = format!("storeganise/{FIELDS_BUSINESS}/users/{id}");
    house.control().get(&path).await.unwrap()["customFields"].clone()
}

async fn sweep(house: &House, story: &Story<'_>) {
    let scope = story.installation().await.unwrap().scope();
    house.stage.core().replay(scope, Subject::Sweep, "", &Actor::command_line()).await.unwrap();
    story.settle().await.unwrap();
}

/// Looks at one user again, changed or not.
async fn look(house: &House, story: &Story<'_>, id: &str) {
    let scope = story.installation().await.unwrap().scope();
    house.stage.core().replay(scope, Subject::User, id, &Actor::command_line()).await.unwrap();
    story.settle().await.unwrap();
}

/// The requests that change a record on either side, since the counters were set to zero.
async fn writes(house: &House) -> Vec<String> {
    let stats = house.control().stats().await.unwrap();
    let of = |provider: &str| -> Vec<String> {
        stats[provider]["routes"].as_object().unwrap().keys().cloned().collect()
    };
    let hubspot = of("hubspot").into_iter().filter(|route| {
        ["batch/update", "batch/upsert", "batch/create"].iter().any(|write| route.contains(write))
            || route.starts_with("PATCH")
    });
    let storeganise =
        of("storeganise").into_iter().filter(|route| route.starts_with("PUT") || route.starts_with("POST"));
    hubspot.chain(storeganise).collect()
}

async fn every_kind_goes_to_the_contact_follows_a_change_and_is_cleared(database: Database) {
    let house = House::new(database).await;
    let story = connected(&house).await;
    set(&house, &story, |settings| settings.custom_fields = mappings(Direction::ToContact)).await;
    let pick = |value: fn(&Case) -> Value| -> Value {
        cases().iter().map(|case| (case.0.to_owned(), value(case))).collect::<serde_json::Map<_, _>>().into()
    };
    let ada = user(&house, "ada@example.com", pick(|case| case.3.clone())).await;
    story.settle().await.unwrap();
    let contact = house.contact_of(&ada).await;
    for (_, name, _, _, expected, ..) in cases() {
        assert_eq!(property(&contact, name), Some(expected), "{name}");
    }
    edit(&house, &ada, pick(|case| case.5.clone())).await;
    story.settle().await.unwrap();
    let contact = house.contact_of(&ada).await;
    for (_, name, .., expected) in cases() {
        assert_eq!(property(&contact, name), Some(expected), "{name}");
    }
    edit(&house, &ada, pick(|_| Value::Null)).await;
    story.settle().await.unwrap();
    let contact = house.contact_of(&ada).await;
    for (_, name, ..) in cases() {
        assert_eq!(property(&contact, name), None, "{name} was cleared");
    }
}

async fn every_kind_comes_back_from_the_contact_though_hubspot_sends_no_event_for_it(database: Database) {
    let house = House::new(database).await;
    let story = connected(&house).await;
    set(&house, &story, |settings| {
        settings.custom_fields = mappings(Direction::Both);
        settings.contact_edits = true;
    })
    .await;
    let ada = user(&house, "ada@example.com", json!({ "note": "first", "size": 1 })).await;
    story.settle().await.unwrap();
    let contact = house.contact_of(&ada).await["id"].as_str().unwrap().to_owned();
    let properties = |value: fn(&Case) -> &'static str| -> Value {
        let pairs = cases().iter().map(|case| (case.1.to_owned(), value(case).into())).collect();
        Value::Object(pairs)
    };
    house.control().edit_contact(PORTAL, &contact, &properties(|case| case.4)).await.unwrap();
    sweep(&house, &story).await;
    let fields = custom_fields(&house, &ada).await;
    for (code, _, _, expected, ..) in cases() {
        assert_eq!(fields[code], expected, "{code}");
    }
    house.control().edit_contact(PORTAL, &contact, &properties(|_| "")).await.unwrap();
    sweep(&house, &story).await;
    let fields = custom_fields(&house, &ada).await;
    for (code, ..) in cases() {
        assert_eq!(fields[code], Value::Null, "{code} was cleared");
    }
    // And it comes to rest: a contact that agrees is not looked at again.
    house.control().reset_stats().await.unwrap();
    sweep(&house, &story).await;
    assert_eq!(writes(&house).await, Vec::<String>::new());
}

async fn a_value_that_does_not_fit_is_left_out_and_the_rest_lands(database: Database) {
    let house = House::new(database).await;
    let story = connected(&house).await;
    set(&house, &story, |settings| settings.custom_fields = mappings(Direction::ToContact)).await;
    let values = json!({ "note": "lands", "size": "twelve", "since": "soon", "tier": "Huge" });
    let ada = user(&house, "ada@example.com", values).await;
    story.settle().await.unwrap();
    let contact = house.contact_of(&ada).await;
    assert_eq!(property(&contact, "door_note"), Some("lands"));
    for name in ["unit_size", "customer_since", "unit_tier"] {
        assert_eq!(property(&contact, name), None, "{name}");
    }
    let outcomes = house.outcomes_of(&story, &ada).await;
    let told = outcomes.iter().find(|row| row.reason.as_deref() == Some("value_does_not_fit")).unwrap();
    assert_eq!(told.fields, ["unit_size", "customer_since", "unit_tier"]);
    edit(&house, &ada, json!({ "size": 12 })).await;
    story.settle().await.unwrap();
    assert_eq!(property(&house.contact_of(&ada).await, "unit_size"), Some("12"), "mended");
}

async fn a_won_deal_brings_the_mapped_fields_along(database: Database) {
    let house = House::new(database).await;
    let story = connected(&house).await;
    set(&house, &story, |settings| settings.custom_fields = mappings(Direction::ToUser)).await;
    let mut properties = json!({ "email": "vera@example.net", "firstname": "Vera" });
    for (_, name, _, _, value, ..) in cases() {
        properties[name] = value.into();
    }
    let contact = house.control().create_contact(PORTAL, &properties).await.unwrap();
    let deal = json!({ "dealname": "Locker", "pipeline": "default", "dealstage": "closedwon" });
    house.control().create_deal(PORTAL, &deal, &[&contact]).await.unwrap();
    story.settle().await.unwrap();
    let users = house.control().users(FIELDS_BUSINESS).await.unwrap();
    assert_eq!(users.len(), 1);
    for (code, _, _, expected, ..) in cases() {
        assert_eq!(users[0]["customFields"][code], expected, "{code}");
    }
}

async fn a_mapping_that_cannot_be_is_refused_by_its_row_and_says_what_it_needs(database: Database) {
    let house = House::new(database).await;
    let story = connected(&house).await;
    user(&house, "ada@example.com", json!({ "size": 7, "note": "x", "vip": true })).await;
    story.settle().await.unwrap();
    let properties = format!("hubspot/{PORTAL}/properties");
    let gone = json!({
        "name": "gone", "label": "Gone", "groupName": "contactinformation", "type": "string", "fieldType": "text",
    });
    house.control().post(&properties, &gone).await.unwrap();
    house.control().call(reqwest::Method::DELETE, &format!("{properties}/gone"), None).await.unwrap();
    let fine = mapping("note", "door_note", Kind::Text, Direction::Both);
    let property_of = |name, kind| mapping("extra", name, kind, Direction::Both);
    for (wrong, part, needs) in [
        (property_of("no_such", Kind::Text), "contact_property", "has no contact property no_such"),
        (property_of("gone", Kind::Text), "contact_property", "gone is archived"),
        (property_of("hs_object_id", Kind::Number), "contact_property", "lets nobody write it"),
        (property_of("createdate", Kind::Date), "contact_property", "lets nobody write it"),
        (property_of("moved_in_at", Kind::Date), "contact_property", "without a time of day"),
        (property_of("unit_size", Kind::Text), "contact_property", "holds a number"),
        (property_of("jobtitle", Kind::Number), "contact_property", "needs a number property"),
        (property_of("jobtitle", Kind::Boolean), "contact_property", "needs a single checkbox"),
        (property_of("jobtitle", Kind::Choice), "contact_property", "needs a dropdown or radio"),
        (property_of("many_tiers", Kind::Choice), "contact_property", "several choices"),
        (property_of("email", Kind::Text), "contact_property", "kept the same by itself"),
        (property_of("city", Kind::Text), "contact_property", "kept the same by itself"),
        (property_of("storeganise_user_id", Kind::Text), "contact_property", "storeganise_user_id"),
        (property_of("door_note", Kind::Text), "contact_property", "mapped to note"),
        (property_of("lifecyclestage", Kind::Choice), "contact_property", "from users to contacts"),
        (mapping("hubspot_dealId", "jobtitle", Kind::Text, Direction::ToContact), "user_field", "by itself"),
        (mapping("note", "jobtitle", Kind::Text, Direction::ToContact), "user_field", "mapped to door_note"),
        (mapping("size", "jobtitle", Kind::Text, Direction::Both), "kind", "size holds a number"),
        (mapping("vip", "unit_size", Kind::Number, Direction::ToContact), "kind", "vip holds yes or no"),
    ] {
        let told = refused(&house, &story, vec![fine.clone(), wrong.clone()]).await;
        let [(field, message)] = told.as_slice() else { panic!("{wrong:?}: {told:?}") };
        assert_eq!(*field, format!("custom_fields[1].{part}"), "{message}");
        assert!(message.contains(needs), "{message}");
    }
    assert_eq!(story.installation().await.unwrap().settings.custom_fields, [], "nothing was saved");

    // What cannot be known for sure is told, and saved.
    let stage = mapping("tier", "lifecyclestage", Kind::Choice, Direction::ToContact);
    let warnings = set(&house, &story, |settings| settings.custom_fields = vec![fine, stage]).await;
    assert!(warnings.iter().any(|words| words.contains("tier") && words.contains("note")), "{warnings:?}");
    assert!(warnings.iter().any(|words| words.contains("forward")), "{warnings:?}");
    let scope = story.installation().await.unwrap().scope();
    let audit = house.stage.core().audit_lines(scope, 1).await.unwrap();
    assert_eq!(audit[0].action, "settings.changed");
    assert_eq!(audit[0].detail, "mapped door_note, mapped lifecyclestage");

    // A mapping goes without anybody being asked.
    house.control().reset_stats().await.unwrap();
    set(&house, &story, |settings| settings.custom_fields.truncate(1)).await;
    let stats = house.control().stats().await.unwrap();
    assert_eq!((&stats["hubspot"]["total"], &stats["storeganise"]["total"]), (&json!(0), &json!(0)));
}

async fn a_settings_change_alone_writes_nothing(database: Database) {
    let house = House::new(database).await;
    let story = connected(&house).await;
    let fields = json!({
        "email": "ada@example.com", "firstName": "Ada", "lastName": "Locke", "phone": "020 7946 0018",
        "customFields": { "size": 12, "note": "same" },
    });
    let ada = house.control().create_user(FIELDS_BUSINESS, &fields).await.unwrap();
    story.settle().await.unwrap();
    let contact = house.contact_of(&ada).await["id"].as_str().unwrap().to_owned();
    // The two sides spell the same.
    let spelt = json!({ "unit_size": "12.0", "door_note": " same " });
    house.control().edit_contact(PORTAL, &contact, &spelt).await.unwrap();
    story.settle().await.unwrap();
    house.control().reset_stats().await.unwrap();
    let size = |kind| mapping("size", "unit_size", kind, Direction::Both);
    let note = || mapping("note", "door_note", Kind::Text, Direction::Both);
    type Change = Box<dyn FnOnce(&mut Settings)>;
    let changes: [(&str, Change); 7] = [
        ("a country", Box::new(|settings| settings.default_country = Some("GB".to_owned()))),
        ("a mapping", Box::new(move |settings| settings.custom_fields = vec![size(Kind::Number)])),
        ("another", Box::new(move |settings| settings.custom_fields.push(note()))),
        (
            "another direction",
            Box::new(|settings| settings.custom_fields[0].direction = Direction::ToContact),
        ),
        ("contact edits", Box::new(|settings| settings.contact_edits = true)),
        ("another country", Box::new(|settings| settings.default_country = Some("DE".to_owned()))),
        ("no mapping", Box::new(|settings| settings.custom_fields.clear())),
    ];
    for (what, change) in changes {
        set(&house, &story, change).await;
        look(&house, &story, &ada).await;
        story.ask_for_all().await.unwrap();
        story.settle().await.unwrap();
        assert_eq!(writes(&house).await, Vec::<String>::new(), "{what}");
    }
    let contact = house.contact_of(&ada).await;
    assert_eq!(property(&contact, "unit_size"), Some("12.0"));

    // Another kind is another field: equal on both sides, so there is nothing to write either.
    let text = json!({ "name": "extra_text", "label": "x", "groupName": "contactinformation", "type": "string",
        "fieldType": "text" });
    house.control().post(&format!("hubspot/{PORTAL}/properties"), &text).await.unwrap();
    edit(&house, &ada, json!({ "extra": "2026-03-04" })).await;
    let extra = |kind, name| mapping("extra", name, kind, Direction::ToContact);
    set(&house, &story, |settings| settings.custom_fields = vec![extra(Kind::Text, "extra_text")]).await;
    look(&house, &story, &ada).await;
    assert_eq!(
        property(&house.contact_of(&ada).await, "extra_text"),
        Some("2026-03-04"),
        "a first link fills"
    );
    let date = json!({ "type": "date", "fieldType": "date" });
    house.control().put(&format!("hubspot/{PORTAL}/properties/extra_text"), &date).await.unwrap();
    house.control().reset_stats().await.unwrap();
    set(&house, &story, |settings| settings.custom_fields = vec![extra(Kind::Date, "extra_text")]).await;
    look(&house, &story, &ada).await;
    assert_eq!(writes(&house).await, Vec::<String>::new(), "another kind");
}

async fn a_newly_mapped_field_is_filled_in_by_a_sync_of_all_users(database: Database) {
    let house = House::new(database).await;
    let story = connected(&house).await;
    let ada = user(&house, "ada@example.com", json!({ "size": 12 })).await;
    let bea = user(&house, "bea@example.com", json!({})).await;
    story.settle().await.unwrap();
    let of_bea = house.contact_of(&bea).await["id"].as_str().unwrap().to_owned();
    house.control().edit_contact(PORTAL, &of_bea, &json!({ "unit_size": "5" })).await.unwrap();
    story.settle().await.unwrap();
    let size = mapping("size", "unit_size", Kind::Number, Direction::Both);
    set(&house, &story, |settings| settings.custom_fields = vec![size]).await;
    story.ask_for_all().await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(property(&house.contact_of(&ada).await, "unit_size"), Some("12"));
    assert_eq!(property(&house.contact_of(&bea).await, "unit_size"), Some("5"), "a blank never erases");
    assert_eq!(custom_fields(&house, &bea).await["size"], Value::Null, "edits of contacts are off");
    set(&house, &story, |settings| settings.contact_edits = true).await;
    story.ask_for_all().await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(custom_fields(&house, &bea).await["size"], json!(5), "what was there before comes along");
}

async fn a_field_mapped_again_remembers_what_was_agreed_on(database: Database) {
    let house = House::new(database).await;
    let story = connected(&house).await;
    let note = || vec![mapping("note", "door_note", Kind::Text, Direction::Both)];
    set(&house, &story, |settings| settings.custom_fields = note()).await;
    let ada = user(&house, "ada@example.com", json!({ "note": "first" })).await;
    story.settle().await.unwrap();
    set(&house, &story, |settings| settings.custom_fields.clear()).await;
    edit(&house, &ada, json!({ "note": "second" })).await;
    story.settle().await.unwrap();
    assert_eq!(property(&house.contact_of(&ada).await, "door_note"), Some("first"), "not mapped");
    set(&house, &story, |settings| settings.custom_fields = note()).await;
    story.ask_for_all().await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(property(&house.contact_of(&ada).await, "door_note"), Some("second"), "nothing was lost");
}

/// Makes the sweep look at the properties of mappings again, as it does once a day.
async fn forget_that_mappings_were_checked(house: &House, story: &Story<'_>) {
    let found = story.installation().await.unwrap();
    let capabilities = Capabilities { mappings_checked_at: None, ..found.capabilities };
    let row = installation::ActiveModel {
        id: Set(found.id),
        capabilities: Set(serde_json::to_string(&capabilities).unwrap()),
        ..Default::default()
    };
    let database = Db::connect(house.database().url()).await.unwrap();
    installation::Entity::update(row).exec(database.writer()).await.unwrap();
}

async fn a_renamed_option_is_no_change_and_a_lost_property_is_told(database: Database) {
    let house = House::new(database).await;
    let story = connected(&house).await;
    set(&house, &story, |settings| settings.custom_fields = mappings(Direction::Both)).await;
    let ada = user(&house, "ada@example.com", json!({ "tier": "Large unit", "note": "x" })).await;
    story.settle().await.unwrap();
    assert_eq!(property(&house.contact_of(&ada).await, "unit_tier"), Some("l"));

    let properties = format!("hubspot/{PORTAL}/properties");
    let options =
        json!({ "options": [{ "value": "l", "label": "Grand" }, { "value": "m", "label": "Middle" }] });
    house.control().put(&format!("{properties}/unit_tier"), &options).await.unwrap();
    house.control().call(reqwest::Method::DELETE, &format!("{properties}/door_note"), None).await.unwrap();
    forget_that_mappings_were_checked(&house, &story).await;
    sweep(&house, &story).await;
    let found = story.installation().await.unwrap();
    let tier = found.settings.custom_fields.iter().find(|mapping| mapping.kind == Kind::Choice).unwrap();
    let offered: Vec<&str> =
        tier.options.iter().filter(|option| !option.retired).map(|option| option.label.as_str()).collect();
    assert_eq!(offered, ["Grand", "Middle"]);
    let [lost] = found.capabilities.mapping_faults.as_slice() else { panic!("{:?}", found.capabilities) };
    assert_eq!((lost.contact_property.as_str(), &lost.fault), ("door_note", &Fault::Archived));

    house.control().reset_stats().await.unwrap();
    look(&house, &story, &ada).await;
    assert_eq!(writes(&house).await, Vec::<String>::new(), "the old label means what it meant");
    edit(&house, &ada, json!({ "tier": "Middle" })).await;
    story.settle().await.unwrap();
    assert_eq!(property(&house.contact_of(&ada).await, "unit_tier"), Some("m"));
    // The next day nothing is asked again.
    house.control().reset_stats().await.unwrap();
    sweep(&house, &story).await;
    let stats = house.control().stats().await.unwrap();
    let routes: Vec<&String> = stats["hubspot"]["routes"].as_object().unwrap().keys().collect();
    assert!(!routes.iter().any(|route| route.contains("properties")), "{routes:?}");
}

async fn trying_the_custom_fields_counts_and_writes_nothing(database: Database) {
    let house = House::new(database).await;
    let story = connected(&house).await;
    let blank = user(&house, "a@example.com", json!({})).await;
    let equal = user(&house, "b@example.com", json!({ "size": 7, "tier": "Large unit" })).await;
    let filled = user(&house, "c@example.com", json!({ "size": 8, "tier": "Huge" })).await;
    let both = user(&house, "d@example.com", json!({ "size": 9 })).await;
    story.settle().await.unwrap();
    for (id, properties) in [
        (&blank, json!({ "unit_size": "5" })),
        (&equal, json!({ "unit_size": "7", "unit_tier": "l" })),
        (&both, json!({ "unit_size": "1000", "unit_tier": "s" })),
    ] {
        let contact = house.contact_of(id).await["id"].as_str().unwrap().to_owned();
        house.control().edit_contact(PORTAL, &contact, &properties).await.unwrap();
    }
    story.settle().await.unwrap();
    house.control().reset_stats().await.unwrap();
    let token = house.token().await;
    let id = story.installation().await.unwrap().id;
    let url = format!("{}/api/v1/installations/{id}/settings", house.stage.base_url);
    let http = stranger();
    let mut wanted: Value = http.get(&url).bearer_auth(&token).send().await.unwrap().json().await.unwrap();
    wanted["contact_edits"] = json!(true);
    wanted["custom_fields"] = json!([
        { "user_field": "size", "contact_property": "unit_size", "kind": "number", "direction": "both" },
        { "user_field": "tier", "contact_property": "unit_tier", "kind": "choice", "direction": "to_contact" },
    ]);
    let body = json!({ "settings": wanted });
    let answer = http.post(format!("{url}/lint")).bearer_auth(&token).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let lint: Value = answer.json().await.unwrap();
    assert_eq!((&lint["users"], &lint["contacts"]), (&json!(4), &json!(4)));
    let counts = |line: &Value| {
        ["to_contact", "to_user", "conflicts", "unchanged", "blank"].map(|name| line[name].as_u64().unwrap())
    };
    let (size, tier) = (&lint["mappings"][0], &lint["mappings"][1]);
    assert_eq!(counts(size), [2, 1, 1, 1, 0], "{size}");
    assert_eq!(size["refused"], json!([]));
    assert_eq!(counts(tier), [0, 0, 0, 2, 1], "{tier}");
    let expected = json!([{
        "side": "user", "why": "not_an_option", "count": 1,
        "examples": [{
            "user_id": filled, "contact_id": house.contact_of(&filled).await["id"], "value": "Huge",
        }],
    }]);
    assert_eq!(tier["refused"], expected);
    assert_eq!(writes(&house).await, Vec::<String>::new());
    let found = story.installation().await.unwrap();
    assert_eq!(found.settings.custom_fields, [], "nothing was saved");
    let audit = house.stage.core().audit_lines(found.scope(), 1).await.unwrap();
    assert_eq!((audit[0].action.as_str(), audit[0].detail.as_str()), ("settings.tried", "4 users"));

    // What a sync then does is what was told.
    set(&house, &story, |settings| {
        settings.contact_edits = true;
        settings.custom_fields = vec![
            mapping("size", "unit_size", Kind::Number, Direction::Both),
            mapping("tier", "unit_tier", Kind::Choice, Direction::ToContact),
        ];
    })
    .await;
    story.ask_for_all().await.unwrap();
    story.settle().await.unwrap();
    assert_eq!(property(&house.contact_of(&filled).await, "unit_size"), Some("8"));
    assert_eq!(property(&house.contact_of(&both).await, "unit_size"), Some("9"), "Storeganise wins");
    assert_eq!(property(&house.contact_of(&both).await, "unit_tier"), Some("s"), "a blank never erases");
    assert_eq!(custom_fields(&house, &blank).await["size"], json!(5));

    // A row that cannot be is named, as when it is saved.
    wanted["custom_fields"][1]["contact_property"] = json!("no_such");
    let answer = http.put(&url).bearer_auth(&token).json(&wanted).send().await.unwrap();
    assert_eq!(answer.status(), 422);
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["errors"][0]["field"], "custom_fields[1].contact_property");
}

#[expect(clippy::disallowed_methods, reason = "a program with a token, which only calls this machine")]
fn stranger() -> reqwest::Client {
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder().no_proxy().build().unwrap()
}
