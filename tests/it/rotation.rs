//! A new master key takes the old one's place as docs/operations.md says: step by step, while the service works, and until
//! `annex keys status` says that the old one is not used any more.

use sea_orm::{ActiveValue::Set, EntityTrait as _, PaginatorTrait as _};
use serde_json::json;
use sync_core::{
    access::audit::Actor,
    storage::{Db, entity::data_key},
};
use tests::{
    database::Database,
    house::{BUSINESS, House},
    on_both_databases,
};

use crate::{business::Business, process::Surroundings};

on_both_databases!(
    a_new_master_key_takes_over_while_the_service_works,
    a_data_key_that_does_not_open_is_named_and_keeps_nobody_else_waiting,
);

const NEW_KEY: &str = "k2:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=";

async fn a_new_master_key_takes_over_while_the_service_works(database: Database) {
    let mut business = Business::new(&database, None).await;
    let service = business.at.start(&["serve"]).await;
    business.connect(10).await;
    business.works("the service with the old key").await;
    assert_eq!(service.stops().await, Some(0));
    let old_key = business.at.get("ANNEX_MASTER_KEYS").to_owned();

    // First behind the old one, so that every replica can open what the next step seals; then before it.
    for keys in [format!("{old_key},{NEW_KEY}"), format!("{NEW_KEY},{old_key}")] {
        business.at = business.at.clone().with("ANNEX_MASTER_KEYS", keys);
        let service = business.at.start(&["serve"]).await;
        business.works("the service with both keys").await;
        assert_eq!(service.stops().await, Some(0));
    }
    let before = business.at.run(&["keys", "status"]).await;
    assert_eq!(before.code, Some(0), "{before:?}");
    assert!(before.out.contains("k2: 0 installations, the current one"), "{before:?}");
    assert!(before.out.contains("demo: 1 installations, still needed: run annex keys rotate"), "{before:?}");

    // The service works while the keys change under it.
    let service = business.at.start(&["serve"]).await;
    let at = business.at.clone();
    let (rotated, ()) = tokio::join!(at.run(&["keys", "rotate"]), business.works("the service meanwhile"));
    assert_eq!(rotated.code, Some(0), "{rotated:?}");
    assert!(rotated.out.contains("1 data keys are sealed by the current key now"), "{rotated:?}");
    assert!(
        rotated.out.contains("demo: 0 installations, not used any more: it can be taken out"),
        "{rotated:?}"
    );
    let again = business.at.run(&["keys", "rotate"]).await;
    assert!(again.out.contains("0 data keys") && again.code == Some(0), "{again:?}");
    business.works("the service afterwards").await;
    assert_eq!(service.stops().await, Some(0));

    business.at = business.at.clone().with("ANNEX_MASTER_KEYS", NEW_KEY);
    let service = business.at.start(&["serve"]).await;
    business.works("the service without the old key").await;
    business.nobody_is_doubled().await;
    assert_eq!(service.stops().await, Some(0));

    // Whoever has the old key alone opens nothing.
    let stranger = business.at.clone().with("ANNEX_MASTER_KEYS", old_key);
    stranger.run(&["serve"]).await.refuses(&["ANNEX_MASTER_KEYS lacks the key k2"]);
    let status = stranger.run(&["keys", "status"]).await;
    assert_eq!(status.code, Some(1), "{status:?}");
    assert!(status.out.contains("k2: 1 installations, MISSING in ANNEX_MASTER_KEYS"), "{status:?}");
}

async fn a_data_key_that_does_not_open_is_named_and_keeps_nobody_else_waiting(database: Database) {
    let house = House::new(database).await;
    let control = house.control();
    let mut installed = Vec::new();
    for business in [BUSINESS, "harbour", "hilltop"] {
        if business != BUSINESS {
            control.post("storeganise", &json!({ "code": business })).await.unwrap();
        }
        let addon = control.install_addon(business).await.unwrap();
        let by = Actor::command_line();
        installed.push(house.stage.core().install(business, &addon, &by).await.unwrap().id);
    }
    let db = Db::connect(house.database().url()).await.unwrap();
    // By a key that nobody has any more; and changed by other hands.
    for (id, master_key_id, sealed) in
        [(installed[0], "lost", vec![7; 60]), (installed[1], "demo", vec![7; 60])]
    {
        let row = data_key::ActiveModel {
            installation_id: Set(id),
            master_key_id: Set(master_key_id.to_owned()),
            sealed: Set(sealed),
            ..Default::default()
        };
        data_key::Entity::update(row).exec(db.writer()).await.unwrap();
    }
    let at = Surroundings::of(&house);
    let both = format!("{NEW_KEY},{}", at.get("ANNEX_MASTER_KEYS"));
    let rotated = at.with("ANNEX_MASTER_KEYS", both).run(&["keys", "rotate"]).await;
    assert_eq!(rotated.code, Some(1), "{rotated:?}");
    for shut in &installed[..2] {
        assert!(rotated.err.contains(&format!("installation {shut} did not open")), "{rotated:?}");
    }
    assert!(rotated.out.contains("lost: 1 installations, MISSING"), "{rotated:?}");
    let kept = data_key::Entity::find_by_id(installed[2]).one(db.reader()).await.unwrap().unwrap();
    assert_eq!(kept.master_key_id, "k2");
    assert_eq!(data_key::Entity::find().count(db.reader()).await.unwrap(), 3, "none is gone");
    let log = house.stage.core().audit_page(None, None, 10).await.unwrap();
    assert!(
        log.items
            .iter()
            .any(|(_, line)| line.action == "master_key.rotated" && line.detail == "k2, 1 data keys")
    );
}
