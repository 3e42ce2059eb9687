//! The same story on every family of paths, and what is on none of them.

use serde_json::{Value, json};

use super::{Answer, App, CONTROL, PORTAL, REDIRECT};
use crate::options::Options;

/// Where one family of paths has its parts.
struct Family {
    token: &'static str,
    account: &'static str,
    objects: &'static str,
    properties: &'static str,
    pipelines: &'static str,
    associations: &'static str,
    uninstall: &'static str,
}

const NUMBERED: Family = Family {
    token: "/oauth/v1/token",
    account: "/account-info/v3/details",
    objects: "/crm/v3/objects",
    properties: "/crm/v3/properties",
    pipelines: "/crm/v3/pipelines",
    associations: "/crm/v4/associations",
    uninstall: "/appinstalls/v3/external-install",
};
const MARCH: Family = Family {
    token: "/oauth/2026-03/token",
    account: "/account-info/2026-03/details",
    objects: "/crm/objects/2026-03",
    properties: "/crm/properties/2026-03",
    pipelines: "/crm/pipelines/2026-03",
    associations: "/crm/associations/2026-03",
    uninstall: "/appinstalls/2026-03/external-install",
};
const SEPTEMBER: Family = Family {
    token: "/oauth/2026-09/token",
    account: "/account-info/2026-09/details",
    objects: "/crm/objects/2026-09",
    properties: "/crm/properties/2026-09",
    pipelines: "/crm/pipelines/2026-09",
    associations: "/crm/associations/2026-09",
    uninstall: "/appinstalls/2026-09/external-install",
};

/// Every family with each of the names that contacts and deals have in paths.
const WORLDS: [(Family, &str, &str); 4] = [
    (NUMBERED, "contacts", "deals"),
    (NUMBERED, "0-1", "0-3"),
    (MARCH, "contacts", "deals"),
    (SEPTEMBER, "0-1", "0-3"),
];

impl App {
    /// An app that may write deals, too, connected over the token endpoint of this family.
    async fn connected_over(family: &Family) -> Self {
        let mut options = Options::default();
        options.hubspot.scopes.push("crm.objects.deals.write".to_owned());
        let mut app = Self::unconnected(options).await;
        let code = app.consent("connect", "").await;
        let client = "client_id=sandbox-client-id&client_secret=sandbox-client-secret";
        let form = format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT}&{client}");
        let tokens = app.form(family.token, &form).await.expect(200);
        app.token = tokens["access_token"].as_str().unwrap().to_owned();
        app.refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
        app
    }

    async fn must(&self, status: u16, method: &str, path: &str, body: Value) -> Value {
        self.ask(method, path, body).await.expect(status)
    }
}

impl Answer {
    fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }
}

#[tokio::test]
async fn contacts_live_the_same_life_on_every_family_of_paths() {
    for (family, contacts, _) in WORLDS {
        let app = App::connected_over(&family).await;
        assert_eq!(app.must(200, "GET", family.account, Value::Null).await["portalId"], json!(PORTAL));
        let all = format!("{}/{contacts}", family.objects);
        let body =
            json!({"properties": {"email": "ann@example.com", "firstname": "Ann"}, "associations": []});
        let made = app.must(201, "POST", &all, body.clone()).await;
        let one = format!("{all}/{}", made["id"].as_str().unwrap());
        assert_eq!(app.must(409, "POST", &all, body).await["category"], "CONFLICT");
        let changed = json!({"properties": {"phone": "1", "firstname": "Anna"}});
        app.must(200, "PATCH", &one, changed).await;
        for query in ["properties=phone&properties=city", "properties=phone,city", "properties=phone%2Ccity"]
        {
            let shown = app.must(200, "GET", &format!("{one}?{query}"), Value::Null).await;
            let properties = &shown["properties"];
            assert_eq!((&properties["phone"], &properties["city"]), (&json!("1"), &Value::Null), "{query}");
            assert_eq!(properties.get("firstname"), None, "{query}");
        }
        for query in [
            "propertiesWithHistory=firstname,phone",
            "propertiesWithHistory=firstname&propertiesWithHistory=phone",
        ] {
            let by_email = format!("{all}/ann%40example.com?idProperty=email&{query}");
            let history = app.must(200, "GET", &by_email, Value::Null).await["propertiesWithHistory"].take();
            assert_eq!(history["firstname"].as_array().unwrap().len(), 2, "{query}");
            assert_eq!(history["phone"][0]["sourceType"], "INTEGRATION");
        }
        let search =
            json!({"filterGroups": [], "sorts": ["-createdate"], "properties": ["email"], "limit": 1});
        assert_eq!(app.must(200, "POST", &format!("{all}/search"), search).await["total"], 1);
        app.must(204, "DELETE", &one, Value::Null).await;
        assert_eq!(app.must(200, "GET", &all, Value::Null).await["results"], json!([]));
        let archived = app.must(200, "GET", &format!("{all}?archived=true"), Value::Null).await;
        assert_eq!(archived["results"][0]["id"], made["id"]);
        app.must(404, "GET", &one, Value::Null).await;
    }
}

#[tokio::test]
async fn batches_merges_and_erasures_are_the_same_on_every_family_of_paths() {
    for (family, contacts, _) in WORLDS {
        let app = App::connected_over(&family).await;
        let all = format!("{}/{contacts}", family.objects);
        let batch = |verb: &str| format!("{all}/batch/{verb}");
        let rows = json!({"inputs": [{"properties": {"email": "a@example.com"}}, {"properties": {"email": "b@example.com"}}]});
        let made = app.must(201, "POST", &batch("create"), rows).await;
        let ids = [0, 1].map(|row| made["results"][row]["id"].clone());
        let rows = json!({"inputs": [{"id": ids[0], "properties": {"city": "Rye"}}]});
        assert_eq!(app.must(200, "POST", &batch("update"), rows).await["status"], "COMPLETE");
        let rows = json!({"inputs": [{"id": "c@example.com", "idProperty": "email", "properties": {"city": "Rye"}}]});
        assert_eq!(app.must(200, "POST", &batch("upsert"), rows).await["results"][0]["new"], true);
        let rows = json!({"inputs": [{"id": ids[0]}, {"id": "999"}], "properties": ["city"], "propertiesWithHistory": ["city"]});
        let read = app.must(207, "POST", &batch("read"), rows).await;
        assert_eq!(read["results"][0]["propertiesWithHistory"]["city"][0]["value"], "Rye");
        assert_eq!(read["errors"][0]["context"]["ids"], json!(["999"]));
        let merge = json!({"primaryObjectId": ids[0], "objectIdToMerge": ids[1]});
        let merged = app.must(200, "POST", &format!("{all}/merge"), merge).await["id"].take();
        let rows = json!({"inputs": [{"id": merged}]});
        app.must(204, "POST", &batch("archive"), rows.clone()).await;
        let archived = app.must(200, "POST", &format!("{}?archived=true", batch("read")), rows).await;
        assert_eq!(archived["results"][0]["archived"], true);
        let erase = json!({"objectId": "c@example.com", "idProperty": "email"});
        app.must(204, "POST", &format!("{all}/gdpr-delete"), erase).await;
        assert_eq!(app.contact_count().await, 0);
    }
}

#[tokio::test]
async fn definitions_are_kept_the_same_way_on_every_family_of_paths() {
    for (family, contacts, _) in WORLDS {
        let app = App::connected_over(&family).await;
        let all = format!("{}/{contacts}", family.properties);
        let group = format!("{all}/groups/storeganise");
        let named = |name: &str| json!({"groupName": "storeganise", "name": name, "label": name, "type": "string", "fieldType": "text"});
        app.must(404, "GET", &group, Value::Null).await;
        app.must(201, "POST", &format!("{all}/groups"), json!({"name": "storeganise", "label": "S"})).await;
        let changed = app.must(200, "PATCH", &group, json!({"label": "Storeganise"})).await;
        assert_eq!(changed["label"], "Storeganise");
        assert_eq!(app.must(200, "GET", &group, Value::Null).await, changed);
        assert_eq!(app.must(201, "POST", &all, named("door")).await["groupName"], "storeganise");
        app.must(200, "PATCH", &format!("{all}/door"), json!({"label": "Door"})).await;

        let rows = json!({"inputs": [named("gate"), named("door")]});
        let made = app.must(207, "POST", &format!("{all}/batch/create"), rows).await;
        assert_eq!(
            (&made["results"][0]["name"], &made["errors"][0]["category"]),
            (&json!("gate"), &json!("OBJECT_ALREADY_EXISTS"))
        );
        let names = json!({"inputs": [{"name": "gate"}, {"name": "door"}], "archived": false});
        let read = app.must(200, "POST", &format!("{all}/batch/read"), names.clone()).await;
        assert_eq!(read["results"][1]["label"], "Door");
        let refused = app.must(400, "DELETE", &group, Value::Null).await;
        assert!(refused.to_string().contains("GROUP_WITH_ACTIVE_PROPERTIES"), "{refused}");
        app.must(204, "POST", &format!("{all}/batch/archive"), names).await;
        let gone = json!({"inputs": [{"name": "gate"}], "archived": true});
        app.must(200, "POST", &format!("{all}/batch/read"), gone).await;
        app.must(204, "DELETE", &group, Value::Null).await;
        app.must(404, "GET", &format!("{all}/gate"), Value::Null).await;
    }
}

#[tokio::test]
async fn pipelines_are_read_and_never_written_on_every_family_of_paths() {
    for (family, _, deals) in WORLDS {
        let app = App::connected_over(&family).await;
        let all = format!("{}/{deals}", family.pipelines);
        let listed = app.must(200, "GET", &all, Value::Null).await["results"].take();
        let one = format!("{all}/{}", listed[1]["id"].as_str().unwrap());
        assert_eq!(app.must(200, "GET", &one, Value::Null).await, listed[1]);
        let stages = app.must(200, "GET", &format!("{one}/stages"), Value::Null).await["results"].take();
        assert_eq!(stages, listed[1]["stages"]);
        let stage = format!("{one}/stages/{}", stages[2]["id"].as_str().unwrap());
        let metadata = app.must(200, "GET", &stage, Value::Null).await["metadata"].take();
        assert_eq!(metadata, json!({"isClosed": "true", "probability": "1.0"}), "all of it text");
        app.must(404, "GET", &format!("{all}/unheard-of/stages"), Value::Null).await;
        app.must(404, "GET", &format!("{one}/stages/closedwon"), Value::Null).await;
        for (method, path) in [("POST", &all), ("PATCH", &one), ("DELETE", &one), ("PUT", &stage)] {
            let refused = app.must(501, method, path, json!({})).await;
            assert_eq!(refused["message"], format!("The sandbox does not simulate {method} {path}"));
        }
    }
}

#[tokio::test]
async fn deals_are_tied_read_and_parted_on_every_family_of_paths() {
    for (family, contacts, deals) in WORLDS {
        let app = App::connected_over(&family).await;
        let contact = app.contact(json!({"email": "ann@example.com"})).await;
        let types = json!([{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}]);
        let body = json!({"properties": {"dealname": "Locker"}, "associations": [{"to": {"id": contact}, "types": types}]});
        let all = format!("{}/{deals}", family.objects);
        let deal = app.must(201, "POST", &all, body).await["id"].as_str().unwrap().to_owned();
        let with = app.must(200, "GET", &format!("{all}/{deal}?associations={contacts}"), Value::Null).await;
        assert_eq!(
            with["associations"]["contacts"]["results"],
            json!([{"id": contact, "type": "deal_to_contact"}])
        );
        let short = app.must(200, "GET", &format!("{all}/{deal}/associations/{contacts}"), Value::Null).await;
        assert_eq!(short["results"][0]["id"], contact);

        let between = format!("{}/{deals}/{contacts}/batch", family.associations);
        let read = app.must(200, "POST", &format!("{between}/read"), json!({"inputs": [{"id": deal}]})).await;
        assert_eq!(read["results"][0]["to"][0]["associationTypes"][0]["typeId"], 3);
        let parting = json!({"inputs": [{"from": {"id": deal}, "to": [{"id": contact}]}]});
        app.must(204, "POST", &format!("{between}/archive"), parting).await;
        let read = app.must(207, "POST", &format!("{between}/read"), json!({"inputs": [{"id": deal}]})).await;
        assert_eq!(read["errors"][0]["category"], "OBJECT_NOT_FOUND");
        app.must(501, "GET", &format!("{all}/{deal}?associations=companies"), Value::Null).await;
    }
}

#[tokio::test]
async fn what_the_accounts_admin_requires_binds_from_2026_09_on_and_not_before() {
    for (family, status) in [(NUMBERED, 201), (MARCH, 201), (SEPTEMBER, 400)] {
        let app = App::connected_over(&family).await;
        app.person.post(&format!("{CONTROL}/rules"), json!({"required": ["company"]})).await;
        let all = format!("{}/contacts", family.objects);
        let properties = json!({"properties": {"email": "ann@example.com"}});
        app.must(status, "POST", &all, properties.clone()).await;
        let rows = json!({"inputs": [{"properties": {"email": "bo@example.com"}}]});
        app.must(status, "POST", &format!("{all}/batch/create"), rows).await;
        let emptied = json!({"properties": {"company": ""}});
        let cy = json!({"properties": {"email": "cy@example.com", "company": "Acme"}});
        let made = app.person.post(&format!("{CONTROL}/contacts"), cy).await;
        let one = format!("{all}/{}", made["id"].as_str().unwrap());
        app.must(if status == 201 { 200 } else { 400 }, "PATCH", &one, emptied).await;
    }
}

#[tokio::test]
async fn an_app_takes_itself_out_of_the_account_on_every_family_of_paths() {
    for family in [NUMBERED, MARCH, SEPTEMBER] {
        let app = App::connected_over(&family).await;
        app.must(204, "DELETE", family.uninstall, Value::Null).await;
        app.must(401, "GET", family.account, Value::Null).await;
    }
}

#[tokio::test]
async fn whatever_is_not_simulated_says_so_instead_of_smiling() {
    let app = App::connected().await;
    for (method, path) in [
        ("GET", "/crm/v3/objects/companies"),
        ("POST", "/crm/objects/2026-09/tickets/search"),
        ("GET", "/crm/objects/2026-09/0-2/5"),
        ("GET", "/crm/v9/objects/contacts"),
        ("GET", "/crm/objects/2027-03-beta/contacts"),
        ("GET", "/crm/v3/properties/companies"),
        ("GET", "/crm/pipelines/2026-09/tickets"),
        ("GET", "/crm/v3/owners/"),
        ("GET", "/crm/limits/2026-09/custom-properties"),
        ("POST", "/crm/v3/associations/deals/contacts/batch/read"),
        ("PUT", "/crm/v3/objects/deals/1/associations/contacts/2/3"),
        ("POST", "/crm/v4/associations/contacts/companies/batch/read"),
        ("GET", "/crm/v4/objects/contacts/1/associations/contacts"),
        ("DELETE", "/crm/v4/associations/deals/contacts/labels/1000"),
        ("PUT", "/crm/v4/associations/deals/contacts/labels"),
        ("GET", "/oauth/v2/token"),
        ("GET", "/oauth/1234567/elsewhere"),
        ("POST", "/oauth/v1/token/introspect"),
        ("GET", "/account-info/v3/activity/audit-logs"),
        ("GET", "/webhooks-journal/journal/2026-09/earliest"),
        ("GET", "/marketing/v3/forms/"),
        ("POST", "/automation/v4/actions"),
        ("GET", "/cms/v3/pages"),
        ("POST", "/files/v3/files"),
        ("GET", "/settings/v3/users"),
        ("GET", "/integrations/v1/me"),
        ("GET", "/communication-preferences/v3/definitions"),
        ("GET", "/events/v3/events"),
    ] {
        let refused = app.must(501, method, path, json!({"inputs": []})).await;
        assert_eq!(refused["category"], "SANDBOX_NOT_SIMULATED", "{method} {path}");
        assert_eq!(refused["status"], "error");
        assert!(refused["correlationId"].is_string());
        assert!(
            refused["message"].as_str().unwrap().starts_with("The sandbox does not simulate "),
            "{refused}"
        );
    }
    let told = app.must(501, "GET", "/crm/v3/objects/companies?limit=1", Value::Null).await;
    assert_eq!(told["message"], "The sandbox does not simulate GET /crm/v3/objects/companies");
}

#[tokio::test]
async fn a_path_that_is_known_for_another_method_is_405_in_the_envelope() {
    let app = App::connected().await;
    for (method, path) in [
        ("PUT", "/crm/v3/objects/contacts"),
        ("GET", "/crm/objects/2026-09/contacts/batch/read"),
        ("PUT", "/crm/v3/properties/contacts/email"),
        ("GET", "/crm/v4/associations/deals/contacts/batch/create"),
        ("POST", "/account-info/2026-03/details"),
        ("GET", "/oauth/2026-09/token"),
        ("POST", "/oauth/v1/access-tokens/abc"),
        ("GET", "/appinstalls/v3/external-install"),
    ] {
        let refused = app.ask(method, path, json!({})).await;
        assert!(!refused.header("allow").is_empty(), "{method} {path}");
        let refused = refused.expect(405);
        assert_eq!(refused["category"], "METHOD_NOT_ALLOWED", "{method} {path}");
        assert!(refused["correlationId"].is_string());
    }
}

#[tokio::test]
async fn requests_are_counted_under_the_route_they_came_by() {
    let app = App::connected().await;
    app.get("/crm/v3/objects/contacts/5").await;
    app.get("/crm/objects/2026-09/contacts/5").await;
    app.get("/crm/v3/objects/companies").await;
    let routes = app.person.get("/_sandbox/stats").await["hubspot"]["routes"].take();
    for (route, status) in [
        ("GET /crm/v3/objects/contacts/{id}", "404"),
        ("GET /crm/objects/2026-09/contacts/{id}", "404"),
        ("GET /crm/{*rest}", "501"),
        ("POST /oauth/2026-09/token", "200"),
    ] {
        assert_eq!(routes[route][status], 1, "{route} in {routes}");
    }
}
