//! What the admin of a business sees and may do: its own installation's pages, and nothing else.

use sea_orm::{ActiveValue::Set, EntityTrait as _};
use serde_json::json;
use server::demo::{story::Story, visitor::Visitor};
use sync_core::{
    installation::{Installation, State},
    storage::{Db, entity::installation},
};
use tests::{
    database::Database,
    house::{BUSINESS, House, PORTAL},
    on_both_databases,
};

on_both_databases!(
    an_admin_who_asked_for_a_preview_finds_it_and_the_business_s_own_pages,
    what_is_storeganise_s_to_decide_is_not_there_for_a_business,
    one_business_never_sees_another,
    a_link_lets_in_by_itself_for_a_day_and_then_only_by_way_of_hubspot,
    a_business_changes_its_settings_and_takes_its_account_away,
);

const OTHER: i64 = 7_654_321;
const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;

/// What a business has of pages; each shows itself to whoever belongs there.
const OWN_PAGES: [&str; 10] = [
    "",
    "/activity",
    "/settings",
    "/fields",
    "/person",
    "/conflicts",
    "/brake",
    "/runs",
    "/log",
    "/disconnect",
];
/// What a business may send.
const OWN_BUTTONS: [&str; 11] = [
    "/settings",
    "/fields",
    "/person",
    "/runs",
    "/runs/019a0000-0000-7000-8000-000000000000/cancel",
    "/check",
    "/replay-all",
    "/replay-cause",
    "/conflicts/u1",
    "/brake/release",
    "/brake/drop",
];

fn page_of(house: &House, of: &Installation, rest: &str) -> String {
    format!("{}/installations/{}{rest}", house.stage.base_url, of.id)
}

/// A second business with an account of its own, authorised by its admin, whose browser this is.
async fn another(house: &House) -> (Installation, Visitor) {
    let control = house.control();
    control.post("storeganise", &json!({ "code": "other" })).await.unwrap();
    control.post("hubspot/portals", &json!({ "id": OTHER, "name": "Other Storage" })).await.unwrap();
    let mut story = Story::of(&house.stage, "other", OTHER);
    story.install().await.unwrap();
    story.enable().await.unwrap();
    let admin = Visitor::default();
    story.authorise_by(&admin, &[]).await.unwrap();
    (story.installation().await.unwrap(), admin)
}

async fn an_admin_who_asked_for_a_preview_finds_it_and_the_business_s_own_pages(database: Database) {
    let house = House::new(database).await;
    let mut story = Story::of(&house.stage, BUSINESS, PORTAL);
    story.install().await.unwrap();
    story.enable().await.unwrap();
    let user = json!({ "email": "ada@example.com", "firstName": "Ada", "lastName": "Moss" });
    house.control().create_user(BUSINESS, &user).await.unwrap();
    let admin = Visitor::default();
    let connected = story.authorise_by(&admin, &[("preview", "yes")]).await.unwrap();
    assert!(
        connected.body.contains("A preview is being made; nothing is written by it."),
        "{}",
        connected.body
    );
    story.settle().await.unwrap();
    let found = story.installation().await.unwrap();
    let preview = connected.body.split("href=\"").find(|part| part.contains("/runs/")).unwrap();
    let preview = preview.split('"').next().unwrap();
    let report = admin.open(&format!("{}{preview}", house.stage.base_url)).await.unwrap();
    assert!(report.body.contains("Preview of all users"), "{}", report.body);
    for page in OWN_PAGES {
        let shown = admin.open(&page_of(&house, &found, page)).await.unwrap();
        assert_eq!(shown.status, 200, "{page}");
        assert!(shown.body.contains(BUSINESS) && shown.body.contains("Your HubSpot add-on"), "{page}");
        for never in ["demo", "Businesses</a>", &found.webhook_key, "/pause", "/remove", "/other-account"] {
            assert!(!shown.body.contains(never), "{never} stands on {page}: {}", shown.body);
        }
    }
    let shown = admin.open(&page_of(&house, &found, "")).await.unwrap();
    for part in ["Storeganise enabled the installation", "your business authorised HubSpot", "Renew the"] {
        assert!(shown.body.contains(part), "{part} is not in {}", shown.body);
    }
    // Whoever signs out is out.
    admin.send(&page_of(&house, &found, ""), "/sign-out", &[]).await.unwrap();
    let out = admin.open(&page_of(&house, &found, "")).await.unwrap();
    assert!(out.url.path() == "/sign-in" && out.body.contains("open the authorisation link"), "{}", out.url);
}

async fn what_is_storeganise_s_to_decide_is_not_there_for_a_business(database: Database) {
    let house = House::new(database).await;
    house.connected().await;
    let (found, admin) = another(&house).await;
    let actions =
        ["/accept", "/enable", "/pause", "/disable", "/remove", "/authorisation-link", "/other-account"];
    for action in actions {
        let address = page_of(&house, &found, action);
        assert_eq!(admin.open(&address).await.unwrap().status, 404, "{action}");
        assert_eq!(admin.send(&address, &address, &[]).await.unwrap().status, 404, "{action}");
    }
    for staff_only in ["/", "/failures", "/audit", "/access", "/installations/new", "/installations/many"] {
        let shown = admin.open(&format!("{}{staff_only}", house.stage.base_url)).await.unwrap();
        assert_eq!(shown.url.path(), "/sign-in", "{staff_only}");
    }
    let picture = page_of(&house, &found, "/authorisation-link.svg");
    assert_eq!(admin.open(&picture).await.unwrap().url.path(), "/sign-in");
    let ask = page_of(&house, &found, "/ask-storeganise");
    assert_eq!(admin.send(&ask, &ask, &[]).await.unwrap().url.path(), "/sign-in");
    let still = house.stage.core().installation(found.id).await.unwrap();
    assert_eq!((still.state, still.link_issued_at), (State::Enabled, found.link_issued_at));
}

async fn one_business_never_sees_another(database: Database) {
    let house = House::new(database).await;
    let story = house.connected().await;
    let theirs = story.installation().await.unwrap();
    let (own, admin) = another(&house).await;
    let nobody = Visitor::default();
    for page in OWN_PAGES {
        let address = page_of(&house, &theirs, page);
        let shown = admin.open(&address).await.unwrap();
        assert_eq!(shown.status, 404, "{page}");
        assert!(!shown.body.contains(BUSINESS), "{page}");
        assert_eq!(nobody.open(&address).await.unwrap().url.path(), "/sign-in", "{page}");
    }
    let before = house.stage.core().installation(theirs.id).await.unwrap();
    let form = [("extent", "all"), ("kind", "backfill"), ("act", "save"), ("who", "ada@example.com")];
    for button in OWN_BUTTONS.iter().chain(&["/disconnect"]) {
        let address = page_of(&house, &theirs, button);
        assert_eq!(admin.send(&address, &address, &form).await.unwrap().status, 404, "{button}");
        assert_eq!(nobody.send(&address, &address, &form).await.unwrap().url.path(), "/sign-in", "{button}");
    }
    let after = house.stage.core().installation(theirs.id).await.unwrap();
    assert_eq!(after.settings, before.settings);
    assert!(
        house.stage.core().connection(theirs.scope()).await.unwrap().unwrap().refresh_fingerprint.is_some()
    );
    // A run of the other one is not there under the own address either.
    let runs = house.stage.core().runs(theirs.scope(), None, 1).await.unwrap().items;
    let run = page_of(&house, &own, &format!("/runs/{}", runs[0].id));
    assert_eq!(admin.open(&run).await.unwrap().status, 404);
}

async fn a_link_lets_in_by_itself_for_a_day_and_then_only_by_way_of_hubspot(database: Database) {
    let house = House::new(database).await;
    let mut story = Story::of(&house.stage, BUSINESS, PORTAL);
    story.install().await.unwrap();
    story.enable().await.unwrap();
    let enter = format!("{}/enter", story.link);
    // Before HubSpot was ever authorised there is nothing to see.
    let early = Visitor::default();
    assert!(!early.open(&story.link).await.unwrap().body.contains("/enter"));
    assert_eq!(early.send(&story.link, &enter, &[]).await.unwrap().status, 403);
    story.authorise().await.unwrap();

    let later = Visitor::default();
    assert!(later.open(&story.link).await.unwrap().body.contains("/enter"), "it is a day old at most");
    let found = story.installation().await.unwrap();
    let inside = later.send(&story.link, &enter, &[]).await.unwrap();
    assert_eq!((inside.status.as_u16(), inside.url.path()), (200, &*format!("/installations/{}", found.id)));
    assert!(inside.body.contains("your business came in by the authorisation link"), "{}", inside.body);

    let db = Db::connect(house.database().url()).await.unwrap();
    let issued = found.link_issued_at.unwrap() - DAY_MICROS - 60_000_000;
    let aged = installation::ActiveModel {
        id: Set(found.id),
        link_issued_at: Set(Some(issued)),
        ..Default::default()
    };
    installation::Entity::update(aged).exec(db.writer()).await.unwrap();
    let out = later.open(inside.url.as_str()).await.unwrap();
    assert_eq!(out.url.path(), "/sign-in", "a link issued anew ends the visits of the one before");
    let late = Visitor::default();
    assert!(!late.open(&story.link).await.unwrap().body.contains("/enter"));
    let refused = late.send(&story.link, &enter, &[]).await.unwrap();
    assert_eq!(refused.status, 403);
    assert!(
        refused.body.contains("older than a day") && refused.body.contains("Begin again"),
        "{}",
        refused.body
    );
    assert_eq!(late.open(inside.url.as_str()).await.unwrap().url.path(), "/sign-in");
    story.authorise_by(&late, &[]).await.unwrap();
    assert_eq!(late.open(inside.url.as_str()).await.unwrap().url.path(), inside.url.path());
}

async fn a_business_changes_its_settings_and_takes_its_account_away(database: Database) {
    let house = House::new(database).await;
    house.connected().await;
    let (found, admin) = another(&house).await;
    let address = page_of(&house, &found, "/settings");
    assert!(!admin.open(&address).await.unwrap().body.contains("storeganise_requests_per_second"));
    let form = [
        ("contact_edits", "on"),
        ("outcome_days", "90"),
        ("storeganise_requests_per_second", "1"),
        ("act", "save"),
    ];
    let saved = admin.send(&address, &address, &form).await.unwrap();
    assert!(saved.body.contains("The settings are saved."), "{}", saved.body);
    let now = house.stage.core().installation(found.id).await.unwrap().settings;
    assert!(now.contact_edits && now.outcome_days == 90);
    let pace = found.settings.storeganise_requests_per_second;
    assert!((now.storeganise_requests_per_second - pace).abs() < f64::EPSILON, "that is not theirs to say");

    let asked = admin.open(&page_of(&house, &found, "/disconnect")).await.unwrap();
    assert!(asked.body.contains("Disconnect HubSpot?"), "{}", asked.body);
    let gone = admin.send(asked.url.as_str(), asked.url.as_str(), &[]).await.unwrap();
    assert!(gone.body.contains("is disconnected from HubSpot"), "{}", gone.body);
    assert!(house.stage.core().connection(found.scope()).await.unwrap().is_none());
    let again = house.staff().await.open(&page_of(&house, &found, "")).await.unwrap();
    assert!(again.body.contains("tenant admin disconnected HubSpot"), "{}", again.body);
}
