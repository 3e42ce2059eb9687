//! The page of the custom fields, with real fields on both sides.

use serde_json::json;
use sync_core::mapping::{Direction, Kind};
use tests::{database::Database, house::House, on_both_databases};

use super::{connected, mapping, user};

on_both_databases!(the_page_offers_what_both_sides_have_and_tells_at_each_row_what_it_would_do);

async fn the_page_offers_what_both_sides_have_and_tells_at_each_row_what_it_would_do(database: Database) {
    let house = House::new(database).await;
    let story = connected(&house).await;
    user(&house, "ada@example.com", json!({ "size": 7, "note": "Blue" })).await;
    user(&house, "bo@example.com", json!({ "size": 8, "vip": true })).await;
    story.settle().await.unwrap();
    let staff = house.staff().await;
    let address =
        format!("{}/installations/{}/fields", house.stage.base_url, story.installation().await.unwrap().id);
    let page = staff.open(&address).await.unwrap().body;
    for offered in [
        "<option value=\"size\" label=\"a number\">",
        "<option value=\"vip\" label=\"yes or no\">",
        "<option value=\"unit_tier\" label=\"unit_tier: a choice\">",
        "<option value=\"customer_since\" label=\"customer_since: a date\">",
        "user ⇄ contact",
    ] {
        assert!(page.contains(offered), "{offered} is not in {page}");
    }
    for never in
        ["value=\"email\"", "value=\"many_tiers\"", "value=\"moved_in_at\"", "value=\"hubspot_contactId"]
    {
        assert!(!page.contains(never), "{never} is in {page}");
    }
    let row = [
        ("user_field", "size"),
        ("contact_property", "unit_size"),
        ("kind", "number"),
        ("direction", "to_contact"),
    ];
    let with = |act: &'static str| [&row[..], &[("act", act)]].concat();
    let tried = staff.send(&address, &address, &with("try")).await.unwrap().body;
    for part in [
        "Tried on the newest 2 users and their 2 linked contacts. Nothing was written.",
        "2 contacts and 0 users would be written; on 0 both sides have a value of their own; 0 would stay as they are.",
        "value=\"unit_size\"",
    ] {
        assert!(tried.contains(part), "{part} is not in {tried}");
    }
    assert!(
        story.installation().await.unwrap().settings.custom_fields.is_empty(),
        "nothing is saved by trying"
    );
    let saved = staff.send(&address, &address, &with("save")).await.unwrap();
    assert!(saved.body.contains("The settings are saved."), "{}", saved.body);
    let kept = story.installation().await.unwrap().settings.custom_fields;
    assert_eq!(kept, [mapping("size", "unit_size", Kind::Number, Direction::ToContact)]);
    // The settings' own form leaves them alone.
    let settings = address.replace("/fields", "/settings");
    staff.send(&settings, &settings, &[("create_users", "on")]).await.unwrap();
    assert_eq!(story.installation().await.unwrap().settings.custom_fields, kept);
}
