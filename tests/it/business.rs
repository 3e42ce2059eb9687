//! A business whose service is nothing but processes of the real binary, this one or an older one: everything goes through
//! what people and programs use, which is commands, webhooks and the JSON API.

use std::path::PathBuf;

use serde_json::{Map, Value, json};
use server::demo::{
    control::{Control, customers, property},
    story::{consent_to, pair_agrees},
    visitor::Visitor,
};
use tests::{
    database::{Database, Kind},
    house::{BUSINESS, House, PORTAL, call, until},
};

use crate::process::{Service, Surroundings};

/// One business, and how the processes of its service are started.
pub struct Business {
    house: House,
    /// The surroundings of this version's binary.
    pub at: Surroundings,
    token: String,
    people: usize,
    edits: usize,
}

impl Business {
    /// The simulated systems, and an empty database in which the binary makes its schema; this version's where none is
    /// named.
    pub async fn new(database: &Database, binary: Option<PathBuf>) -> Self {
        // The house's own service is only there for its simulated systems.
        let house = House::new(Database::new(Kind::Sqlite).unwrap()).await;
        house.stage.service.stop().await;
        let at = Surroundings::of(&house).with("ANNEX_DATABASE_URL", database.url());
        let first = binary.map_or_else(|| at.clone(), |binary| at.clone().of_binary(binary));
        let made = first.run(&["token", "create", "--name", "test"]).await;
        assert_eq!(made.code, Some(0), "{made:?}");
        Self { house, at, token: made.out.trim().to_owned(), people: 0, edits: 0 }
    }

    /// Moves the simulated systems.
    pub fn control(&self) -> &Control {
        self.house.control()
    }

    /// Calls the JSON API of whoever listens.
    pub async fn api(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let address = format!("{}/api/v1{path}", self.house.stage.base_url);
        let (status, answer) = call(method, &address, &self.token, body.as_ref()).await;
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }

    /// The token it calls the JSON API with.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// What a process shows of itself.
    pub async fn metrics(&self, service: &Service) -> String {
        service.metrics(&self.token).await
    }

    /// The three steps: install, enable, authorise; with so many users. The path of the installation.
    pub async fn connect(&mut self, users: usize) -> String {
        let control = self.house.control();
        let seed = json!({ "count": users });
        control.post(&format!("storeganise/{BUSINESS}/users/seed"), &seed).await.unwrap();
        let addon = control.install_addon(BUSINESS).await.unwrap();
        let new = json!({ "business_code": BUSINESS, "addon_id": addon });
        let made = self.api("POST", "/installations", Some(new)).await;
        let path = format!("/installations/{}", made["id"].as_str().unwrap());
        control.set_addon_state(BUSINESS, &addon, "enabled").await.unwrap();
        self.api("POST", &format!("{path}/enable"), None).await;
        let issued = self.api("POST", &format!("{path}/authorisation-link"), None).await;
        self.authorise(issued["link"].as_str().unwrap()).await;
        let mut settings = self.api("GET", &format!("{path}/settings"), None).await;
        settings["brake_percent"] = json!(100);
        self.api("PUT", &format!("{path}/settings"), Some(settings)).await;
        self.people = users;
        path
    }

    /// What an admin of the business does with a link.
    pub async fn authorise(&self, link: &str) {
        let admin = Visitor::default();
        let page = admin.open(link).await.unwrap();
        let consent = admin.send(link, &format!("{}/start", page.url.path()), &[]).await.unwrap();
        let connected = consent_to(&admin, &consent, PORTAL, "connect").await.unwrap();
        assert_eq!(connected.url.path(), "/connected");
    }

    /// Somebody new, everybody edited, a deal won: all of it arrives, whoever works.
    pub async fn works(&mut self, who: &str) {
        self.edits += 1;
        self.people += 2;
        let (control, n) = (self.house.control(), self.edits);
        let new = json!({ "email": format!("new{n}@example.com"), "firstName": "New", "lastName": format!("User {n}") });
        control.create_user(BUSINESS, &new).await.unwrap();
        let bulk = json!({ "set": { "companyName": format!("Edit {n} Ltd") } });
        control.post(&format!("storeganise/{BUSINESS}/users/bulk"), &bulk).await.unwrap();
        let won = json!({ "email": format!("won{n}@example.com"), "firstname": "Won", "lastname": format!("Deal {n}") });
        let contact = control.create_contact(PORTAL, &won).await.unwrap();
        let deal =
            json!({ "dealname": format!("Locker {n}"), "pipeline": "default", "dealstage": "closedwon" });
        control.create_deal(PORTAL, &deal, &[&contact]).await.unwrap();
        until(&format!("edit {n}, with {who} at work,"), || async { self.disagreeing().await.is_empty() })
            .await;
        until("no event is on its way", || async { control.is_quiet().await.unwrap() }).await;
    }

    /// The users that do not have a contact with the same values. As long as anybody is missing, all of them.
    pub async fn disagreeing(&self) -> Vec<String> {
        let users = self.house.control().users(BUSINESS).await.unwrap();
        let contacts = self.house.control().contacts(PORTAL).await.unwrap();
        let customers = customers(&users);
        let agrees = |user: &Map<String, Value>| {
            let is_its = |contact: &&Value| property(contact, "storeganise_user_id") == user["id"].as_str();
            contacts.iter().find(is_its).is_some_and(|contact| pair_agrees(user, contact).is_ok())
        };
        let is_whole = customers.len() == self.people;
        let disagreeing = customers.iter().filter(|user| !is_whole || !agrees(user));
        disagreeing.map(|user| user["id"].as_str().unwrap().to_owned()).collect()
    }

    /// As many people on both sides as came, and nobody twice.
    pub async fn nobody_is_doubled(&self) {
        let ledger = self.house.control().get(&format!("hubspot/{PORTAL}/ledger")).await.unwrap();
        assert_eq!((&ledger["doubles"], &ledger["created_more_than_once"]), (&json!([]), &json!({})));
        let users = self.house.control().users(BUSINESS).await.unwrap();
        assert_eq!(customers(&users).len(), self.people);
    }
}
