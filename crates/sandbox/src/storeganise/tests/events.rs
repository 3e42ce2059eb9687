//! Which events there are, of whom, and how they are signed.

use serde_json::{Value, json};

use super::{API, CONTROL, acme, listen, told_by, user};
use crate::{
    delivery::Attempt,
    storeganise::{
        business::Business,
        event::{self, signature},
        patch::Patch,
    },
    visitor::{START_MS, Visitor},
};

async fn enabled() -> (Visitor, String) {
    let (visitor, addon) = acme().await;
    listen(&visitor);
    visitor.put(&format!("{CONTROL}/addons/{addon}"), json!({"state": "enabled"})).await;
    (visitor, addon)
}

fn patch(fields: &Value) -> Patch {
    Patch::read(fields.as_object().unwrap()).unwrap()
}

#[tokio::test]
async fn each_thing_that_happens_to_a_user_has_its_event_and_enabling_has_none() {
    let (acme, _) = enabled().await;
    let clock = &acme.world.clock;
    let new = json!({"email": "a@example.com", "firstName": "A", "lastName": "B", "roles": ["manager"]});
    let mut id = String::new();
    let told = told_by(&acme, |business| id = business.create(&patch(&new), clock).unwrap().id.clone());
    assert_eq!(
        (&told[0]["type"], &told[0]["data"]),
        (&json!("user.created"), &json!({"userId": id})),
        "of staff as well"
    );
    let kinds = |told: Vec<Value>| {
        told.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let billing = json!({"billing": {"id": "x", "type": "custom"}});
    let pay = |business: &mut Business| {
        business.update(&id, &patch(&billing), clock).unwrap();
    };
    let told = told_by(&acme, |business| pay(business));
    assert_eq!(told[0]["data"], json!({"userId": id}));
    assert_eq!(kinds(told), ["user.billing.updated"]);
    let told = told_by(&acme, |business| pay(business));
    assert_eq!(kinds(told), Vec::<String>::new(), "nothing changed");
    let told = told_by(&acme, |business| drop(business.disable(&id, clock).unwrap().id.clone()));
    assert_eq!(kinds(told), ["user.disabled"]);
    let told = told_by(&acme, |business| drop(business.enable(&id, clock).unwrap().id.clone()));
    assert_eq!(kinds(told), Vec::<String>::new());
    assert_eq!(acme.get(&format!("{API}/users/{id}")).await.get("disabled"), None);
}

#[tokio::test]
async fn an_add_on_with_a_key_and_a_secret_of_its_own_uses_them_and_no_others() {
    let (mut acme, addon) = enabled().await;
    let own = json!({"apiKey": "own-key", "signatureSecret": "own-secret"});
    acme.put(&format!("{CONTROL}/addons/{addon}"), own).await;
    for (key, status) in [("sandbox-api-key", 401), ("own-key", 200)] {
        acme.authorise(format!("Addon {addon}|{key}"));
        assert_eq!(acme.ask("GET", &format!("{API}/users"), Value::Null).await.0, status, "{key}");
    }
    let id = user(&acme, "a@example.com").await;
    let prepared = {
        let mut state = acme.world.storeganise();
        let business = state.business_mut("acme").unwrap();
        business.disable(&id, &acme.world.clock).unwrap();
        let webhook = event::webhooks(&acme.world, business).remove(0);
        (webhook.prepare)(&Attempt { number: 1, at_ms: START_MS, shuffle: None }).unwrap()
    };
    assert_eq!(prepared.headers, [("sg-signature", signature("own-secret", &prepared.body))]);
    acme.put(&format!("{CONTROL}/addons/{addon}"), json!({"apiKey": ""})).await;
    acme.authorise(format!("Addon {addon}|sandbox-api-key"));
    acme.get(&format!("{API}/users")).await;
}
