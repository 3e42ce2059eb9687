//! Search: its bounds, its operators, its shortcuts, and what it does not know yet.

use serde_json::{Value, json};

use super::{Answer, App, CONTACTS, CONTROL, DEALS};

fn filter(property: &str, operator: &str, value: Value) -> Value {
    let key = match operator {
        "IN" | "NOT_IN" => "values",
        _ => "value",
    };
    let mut filter = json!({"propertyName": property, "operator": operator});
    filter[key] = value;
    filter
}

fn search_of(filters: Vec<Value>) -> Value {
    json!({"filterGroups": [{"filters": Value::Array(filters)}], "limit": 200})
}

impl App {
    /// Searches, and does not care how often a second.
    async fn search(&self, search: Value) -> Answer {
        self.person.world.clock.advance(1_000);
        self.post(&format!("{CONTACTS}/search"), search).await
    }

    /// The ids that a search finds, in its order.
    async fn found(&self, search: Value) -> Vec<String> {
        let answer = self.search(search.clone()).await;
        assert_eq!(answer.status, 200, "{search}: {}", answer.body);
        let rows = answer.body["results"].as_array().unwrap();
        assert_eq!(answer.body["total"], rows.len(), "{search}");
        rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    }
}

/// Six contacts made a second apart; the second one was changed last.
async fn six() -> (App, Vec<String>) {
    let app = App::prepared().await;
    let mut ids = Vec::new();
    for number in 0..6 {
        let city = if number % 2 == 0 { "Rye" } else { "Hythe" };
        let properties = json!({
            "email": format!("c{number}@example.com"), "city": city, "storeganise_user_id": format!("User-{number}"),
        });
        app.person.world.clock.advance(1_000);
        ids.push(app.contact(properties).await);
    }
    app.person.world.clock.advance(1_000);
    let change = json!({"properties": {"phone": "+44 20 7946 0123", "hs_lead_status": "NEW"}});
    assert_eq!(app.ask("PATCH", &format!("{CONTACTS}/{}", ids[1]), change).await.status, 200);
    (app, ids)
}

#[tokio::test]
async fn every_operator_finds_what_it_should() {
    let (app, ids) = six().await;
    let modified = app.get(&format!("{CONTACTS}/{}", ids[4])).await.body["updatedAt"].clone();
    let between =
        json!({"propertyName": "hs_object_id", "operator": "BETWEEN", "value": ids[1], "highValue": ids[3]});
    for (filters, places) in [
        (vec![filter("email", "EQ", json!("C2@Example.com"))], vec![2]),
        (
            vec![filter("email", "IN", json!(["c2@example.com", "c4@example.com", "x@example.com"]))],
            vec![2, 4],
        ),
        (vec![filter("email", "IN", json!(["C2@example.com"]))], vec![]),
        (vec![filter("email", "NOT_IN", json!(["c2@example.com"]))], vec![0, 1, 3, 4, 5]),
        (vec![filter("storeganise_user_id", "EQ", json!("user-3"))], vec![3]),
        (vec![filter("storeganise_user_id", "IN", json!(["user-3", "user-5"]))], vec![3, 5]),
        (vec![filter("hs_object_id", "EQ", json!(ids[3]))], vec![3]),
        (vec![filter("hs_object_id", "GT", json!(ids[3]))], vec![4, 5]),
        (vec![filter("hs_object_id", "GTE", json!(ids[3])), filter("city", "EQ", json!("rye"))], vec![4]),
        (vec![filter("hs_object_id", "LT", json!(ids[1]))], vec![0]),
        (vec![filter("hs_object_id", "LTE", json!(ids[1]))], vec![0, 1]),
        (vec![filter("hs_object_id", "LT", json!("0"))], vec![]),
        (vec![between.clone(), filter("hs_object_id", "GT", json!(ids[2]))], vec![3]),
        (vec![between], vec![1, 2, 3]),
        (vec![filter("lastmodifieddate", "GTE", modified.clone())], vec![1, 4, 5]),
        (vec![filter("lastmodifieddate", "GT", modified.clone())], vec![1, 5]),
        (vec![filter("lastmodifieddate", "EQ", modified)], vec![4]),
        (vec![filter("city", "NEQ", json!("Rye"))], vec![1, 3, 5]),
        (vec![filter("phone", "HAS_PROPERTY", Value::Null)], vec![1]),
        (vec![filter("phone", "NOT_HAS_PROPERTY", Value::Null)], vec![0, 2, 3, 4, 5]),
        (vec![filter("email", "CONTAINS_TOKEN", json!("c3*"))], vec![3]),
        (vec![filter("email", "NOT_CONTAINS_TOKEN", json!("c3*"))], vec![0, 1, 2, 4, 5]),
        (vec![filter("hs_lead_status", "EQ", json!("new"))], vec![]),
        (vec![filter("hs_lead_status", "EQ", json!("NEW"))], vec![1]),
        (vec![filter("hs_searchable_calculated_phone_number", "EQ", json!("2079460123"))], vec![1]),
    ] {
        let expected: Vec<&String> = places.iter().map(|place: &usize| &ids[*place]).collect();
        let mut found = app.found(search_of(filters.clone())).await;
        found.sort();
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filters:?}");
    }
}

#[tokio::test]
async fn a_shortcut_finds_the_same_in_the_same_order_as_looking_at_everybody() {
    let (app, ids) = six().await;
    let modified = app.get(&format!("{CONTACTS}/{}", ids[2])).await.body["updatedAt"].clone();
    agree(&app, &ids, &modified).await;
    let last = app.found(json!({"sorts": ["-lastmodifieddate"], "limit": 200})).await;
    assert_eq!(last, [&ids[1], &ids[5], &ids[4], &ids[3], &ids[2], &ids[0]].map(Clone::clone));

    // The same while the index lags: one contact changed, one went into the bin, one came, one went for good.
    app.person.post(&format!("{CONTROL}/search-lag"), json!({"ms": 600_000})).await;
    app.person.world.clock.advance(600_000);
    app.ask("PATCH", &format!("{CONTACTS}/{}", ids[2]), json!({"properties": {"city": "Deal"}})).await;
    app.ask("DELETE", &format!("{CONTACTS}/{}", ids[3]), Value::Null).await;
    app.contact(json!({"city": "Rye"})).await;
    app.post(&format!("{CONTACTS}/gdpr-delete"), json!({"objectId": ids[4]})).await;
    agree(&app, &ids, &modified).await;
    assert_eq!(app.found(json!({"sorts": ["-lastmodifieddate"], "limit": 200})).await, last);
}

/// Searches that have a shortcut agree with the same searches that have none.
async fn agree(app: &App, ids: &[String], modified: &Value) {
    for property in ["hs_object_id", "lastmodifieddate", "email"] {
        for direction in ["ASCENDING", "DESCENDING"] {
            for filter in [
                filter("hs_object_id", "GT", json!(ids[1])),
                filter("lastmodifieddate", "GTE", modified.clone()),
                filter("lastmodifieddate", "LT", modified.clone()),
            ] {
                let mut one = search_of(vec![filter.clone()]);
                one["sorts"] = json!([{"propertyName": property, "direction": direction}]);
                // The same group twice asks for the same, and no shortcut leads through two groups.
                let mut two = one.clone();
                two["filterGroups"] = json!([{"filters": [filter.clone()]}, {"filters": [filter]}]);
                assert_eq!(app.found(one.clone()).await, app.found(two).await, "{one}");
            }
        }
    }
}

#[tokio::test]
async fn pages_of_a_shortcut_follow_each_other() {
    let (app, ids) = six().await;
    let (mut seen, mut after) = (Vec::new(), json!(0));
    for _ in 0..3 {
        let page = json!({
            "filterGroups": [{"filters": [filter("hs_object_id", "GT", json!(ids[0]))]}], "limit": 2, "after": after,
            "sorts": [{"propertyName": "hs_object_id", "direction": "DESCENDING"}],
        });
        let answer = app.search(page).await;
        assert_eq!(answer.body["total"], 5);
        seen.extend(answer.body["results"].as_array().unwrap().iter().map(|row| row["id"].clone()));
        after = answer.body["paging"]["next"]["after"].clone();
    }
    assert_eq!((seen, after), (ids[1..].iter().rev().map(|id| json!(id)).collect(), Value::Null));
}

#[tokio::test]
async fn what_is_beyond_a_bound_or_unknown_is_refused() {
    let app = App::prepared().await;
    let one = || filter("city", "EQ", json!("Rye"));
    let group = |count: usize| json!({"filters": (0..count).map(|_| one()).collect::<Vec<_>>()});
    let good = [
        json!({"filterGroups": [group(6), group(6), group(6)]}),
        json!({"filterGroups": [group(1), group(1), group(1), group(1), group(1)]}),
        json!({"limit": 200, "after": "9800"}),
        json!({"sorts": ["city"]}),
        json!({"query": "a".repeat(2_900)}),
    ];
    for search in good {
        let answer = app.search(search.clone()).await;
        assert_eq!(answer.status, 200, "{search}: {}", answer.body);
    }
    for search in [
        json!({"filterGroups": [group(7)]}),
        json!({"filterGroups": [group(6), group(6), group(6), group(1)]}),
        json!({"filterGroups": [group(1), group(1), group(1), group(1), group(1), group(1)]}),
        json!({"limit": 201}),
        json!({"limit": 0, "after": "10000"}),
        json!({"limit": 200, "after": "9801"}),
        json!({"after": "soon"}),
        json!({"query": "a".repeat(3_000)}),
        json!({"sorts": ["city", "email"]}),
        json!({"sorts": [{"propertyName": "city", "direction": "SIDEWAYS"}]}),
        json!({"sorts": [{"propertyName": "unheard_of"}]}),
        search_of(vec![filter("unheard_of", "EQ", json!("1"))]),
        search_of(vec![filter("city", "LIKE", json!("1"))]),
        search_of(vec![filter("city", "IN", json!([]))]),
        search_of(vec![json!({"propertyName": "city", "operator": "BETWEEN", "value": "1"})]),
        search_of(vec![filter("associations.contact", "EQ", json!("1"))]),
        search_of(vec![filter("associations.company", "EQ", json!("1"))]),
    ] {
        let answer = app.search(search.clone()).await;
        assert_eq!(answer.status, 400, "{search}: {}", answer.body);
        assert_eq!(answer.body["category"], "VALIDATION_ERROR", "{search}");
        assert_eq!(answer.header("x-hubspot-ratelimit-max"), "");
    }
}

#[tokio::test]
async fn deals_are_found_by_their_contact() {
    let app = App::connected().await;
    let contact = app.contact(json!({"email": "ann@example.com"})).await;
    for contacts in [json!([contact]), json!([])] {
        let deal = json!({"properties": {"dealname": "A"}, "contacts": contacts});
        app.person.post(&format!("{CONTROL}/deals"), deal).await;
    }
    for (operator, value, total) in
        [("EQ", json!(contact), 1), ("HAS_PROPERTY", Value::Null, 1), ("NOT_HAS_PROPERTY", Value::Null, 1)]
    {
        let search = search_of(vec![filter("associations.contact", operator, value)]);
        assert_eq!(app.post(&format!("{DEALS}/search"), search).await.body["total"], total, "{operator}");
    }
}

#[tokio::test]
async fn a_slow_index_shows_creates_changes_and_deletions_late_alike() {
    let (app, ids) = six().await;
    app.person.post(&format!("{CONTROL}/search-lag"), json!({"ms": 60_000})).await;
    app.person.world.clock.advance(60_000);
    let path = |id: &str| format!("{CONTACTS}/{id}");
    let made = app.contact(json!({"city": "Rye"})).await;
    app.ask("PATCH", &path(&ids[1]), json!({"properties": {"city": "Rye"}})).await;
    app.ask("PATCH", &path(&ids[0]), json!({"properties": {"city": "Hythe"}})).await;
    app.ask("DELETE", &path(&ids[2]), Value::Null).await;
    app.post(&format!("{CONTACTS}/gdpr-delete"), json!({"objectId": ids[4]})).await;
    let rye = || search_of(vec![filter("city", "EQ", json!("Rye"))]);
    assert_eq!(app.found(rye()).await, [&ids[0], &ids[2], &ids[4]].map(Clone::clone), "as it was");
    let by_key = || search_of(vec![filter("email", "EQ", json!("c4@example.com"))]);
    assert_eq!(app.found(by_key()).await, [ids[4].clone()], "erased, and not yet known to be");
    assert_eq!(
        app.get(&path(&ids[1])).await.body["properties"]["email"],
        "c1@example.com",
        "reads lag in nothing"
    );
    app.person.world.clock.advance(60_000);
    assert_eq!(app.found(rye()).await, [ids[1].clone(), made]);
    assert!(app.found(by_key()).await.is_empty());
}
