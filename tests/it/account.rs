//! Whose HubSpot account a business is connected to: the first one its admin chose, and no other one without the leave of
//! Storeganise's staff, whoever holds the link.

use serde_json::json;
use server::demo::{story::Story, visitor::Visitor};
use sync_core::access::audit::Actor;
use tests::{
    database::Database,
    house::{BUSINESS, House, PORTAL},
    on_both_databases,
};

on_both_databases!(
    a_link_in_other_hands_connects_no_other_account_not_even_after_a_disconnect,
    of_two_accounts_that_are_chosen_at_once_one_is_connected,
);

/// The account of somebody who got hold of the link.
const STRANGERS: i64 = 7_654_321;

async fn with_a_stranger(database: Database) -> House {
    let house = House::new(database).await;
    let portal = json!({ "id": STRANGERS, "name": "Somebody else" });
    house.control().post("hubspot/portals", &portal).await.unwrap();
    house
}

/// Somebody goes through the link and chooses an account: what came of it.
async fn choose(story: &mut Story<'_>, portal: i64) -> Result<(), String> {
    story.portal = portal;
    let come_back = story.authorise_by(&Visitor::default(), &[]).await;
    come_back.map(|_| ()).map_err(|error| error.to_string())
}

async fn a_link_in_other_hands_connects_no_other_account_not_even_after_a_disconnect(database: Database) {
    let house = with_a_stranger(database).await;
    let mut story = house.connected().await;
    let found = story.installation().await.unwrap();
    let core = house.stage.core();
    let account = async || core.connection(found.scope()).await.unwrap().map(|known| known.portal_id);
    let refused =
        |come_back: Result<(), String>| assert!(come_back.unwrap_err().contains("409"), "it is refused");

    refused(choose(&mut story, STRANGERS).await);
    assert_eq!(account().await, Some(PORTAL), "nothing was changed");

    let staff = house.staff().await;
    let page = format!("{}/installations/{}", house.stage.base_url, found.id);
    staff.send(&page, &format!("{page}/disconnect"), &[]).await.unwrap();
    assert_eq!(account().await, None);
    refused(choose(&mut story, STRANGERS).await);
    assert_eq!(account().await, None, "the account it had stays its own");
    let link = Visitor::default().open(&story.link).await.unwrap();
    assert!(link.body.contains("was connected to HubSpot account <strong>1234567</strong>, and is not now"));
    assert!(link.body.contains("and no other one"), "{}", link.body);
    let shown = staff.open(&page).await.unwrap();
    assert!(shown.body.contains("1234567, not connected now"), "{}", shown.body);

    choose(&mut story, PORTAL).await.unwrap();
    assert_eq!(account().await, Some(PORTAL));

    // Staff may allow another one: once, and the page says so before anything happens.
    core.disconnect(found.id, &Actor::command_line()).await.unwrap();
    staff.send(&page, &format!("{page}/other-account"), &[]).await.unwrap();
    let link = Visitor::default().open(&story.link).await.unwrap();
    assert!(link.body.contains("Storeganise has allowed another account"), "{}", link.body);
    choose(&mut story, STRANGERS).await.unwrap();
    assert_eq!(account().await, Some(STRANGERS));
    refused(choose(&mut story, PORTAL).await);
    assert_eq!(account().await, Some(STRANGERS), "the leave was for one change");
}

async fn of_two_accounts_that_are_chosen_at_once_one_is_connected(database: Database) {
    let house = with_a_stranger(database).await;
    let mut mine = Story::of(&house.stage, BUSINESS, PORTAL);
    mine.install().await.unwrap();
    mine.enable().await.unwrap();
    let mut theirs = Story::of(&house.stage, BUSINESS, STRANGERS);
    theirs.link.clone_from(&mine.link);
    let (first, second) = tokio::join!(choose(&mut mine, PORTAL), choose(&mut theirs, STRANGERS));
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    let found = mine.installation().await.unwrap();
    let kept = house.stage.core().connection(found.scope()).await.unwrap().unwrap();
    assert_eq!(kept.portal_id, if first.is_ok() { PORTAL } else { STRANGERS });
    assert_eq!(found.portal_id, Some(kept.portal_id));
}
