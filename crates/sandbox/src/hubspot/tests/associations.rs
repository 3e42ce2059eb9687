//! Deals and contacts tied, labelled and parted, one by one and in batches.

use serde_json::{Value, json};

use super::{App, CONTROL};
use crate::options::Options;

const BATCH: &str = "/crm/v4/associations/deals/contacts/batch";
const LABELS: &str = "/crm/v4/associations/deals/contacts/labels";
const OWN: &str = "HUBSPOT_DEFINED";
const LABEL: &str = "USER_DEFINED";

/// A connected app, a deal and two contacts that nothing ties yet.
struct Strangers {
    app: App,
    deal: String,
    contacts: [String; 2],
}

impl Strangers {
    async fn meet() -> Self {
        let mut options = Options::default();
        options.hubspot.scopes.push("crm.schemas.deals.write".to_owned());
        let app = App::connected_with(options).await;
        let made =
            app.person.post(&format!("{CONTROL}/deals"), json!({"properties": {"dealname": "A"}})).await;
        let deal = made["id"].as_str().unwrap().to_owned();
        let mut contacts = [String::new(), String::new()];
        for (place, contact) in contacts.iter_mut().enumerate() {
            *contact = app.contact(json!({"email": format!("{place}@example.com")})).await;
        }
        Self { app, deal, contacts }
    }

    /// Makes the label "Payer", whose inverse is "Paid by": 1000 from the deal, 1001 from the contact.
    async fn with_label(self) -> Self {
        let asked = json!({"name": "payer", "label": "Payer", "inverseLabel": "Paid by"});
        let made = self.app.post(LABELS, asked).await;
        assert_eq!(
            (made.status.as_u16(), &made.body["results"]),
            (200, &json!([typed(1000, LABEL, "Payer"), typed(1001, LABEL, "Paid by")]))
        );
        self
    }

    /// The contacts of the deal with the types, as `v4` shows them.
    async fn read(&self) -> Vec<Value> {
        let path = format!("/crm/v4/objects/deals/{}/associations/contacts", self.deal);
        let answer = self.app.get(&path).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["results"].as_array().unwrap().clone()
    }

    fn single(&self, contact: usize) -> String {
        format!("/crm/v4/objects/deals/{}/associations/contacts/{}", self.deal, self.contacts[contact])
    }
}

fn typed(id: u32, category: &str, label: &str) -> Value {
    json!({"category": category, "typeId": id, "label": label})
}

fn spec(category: &str, id: u32) -> Value {
    json!([{"associationCategory": category, "associationTypeId": id}])
}

#[tokio::test]
async fn a_default_association_is_told_in_both_directions_and_ends_without_a_trace() {
    let met = Strangers::meet().await;
    let [ann, bo] = &met.contacts;
    let path = format!("/crm/v4/objects/deals/{}/associations/default/contacts/{ann}", met.deal);
    for _ in 0..2 {
        let tied = met.app.ask("PUT", &path, Value::Null).await;
        assert_eq!(tied.status, 200, "{}", tied.body);
        let both = &tied.body["results"];
        assert_eq!((&both[0]["from"]["id"], &both[0]["to"]["id"]), (&json!(met.deal), &json!(ann)));
        assert_eq!(both[0]["associationSpec"], spec(OWN, 3)[0]);
        assert_eq!((&both[1]["from"]["id"], &both[1]["associationSpec"]), (&json!(ann), &spec(OWN, 4)[0]));
    }
    let own = json!([{"category": OWN, "typeId": 3, "label": null}]);
    assert_eq!(met.read().await, [json!({"toObjectId": ann, "associationTypes": own})]);
    for contact in [0, 1, 0] {
        assert_eq!(met.app.ask("DELETE", &met.single(contact), Value::Null).await.status, 204);
    }
    assert_eq!(met.read().await, Vec::<Value>::new());
    let missing = met.app.ask("PUT", &path.replace(ann.as_str(), "999"), Value::Null).await;
    assert_eq!((missing.status.as_u16(), &missing.body["category"]), (404, &json!("OBJECT_NOT_FOUND")));
    assert!(
        met.app.get(&format!("/crm/v4/objects/contacts/{bo}/associations/0-3")).await.body["paging"]
            .is_null()
    );
}

#[tokio::test]
async fn an_association_carries_hubspots_own_type_and_its_labels_in_either_direction() {
    let met = Strangers::meet().await.with_label().await;
    let made = met.app.ask("PUT", &met.single(0), spec(LABEL, 1000)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(
        made.body,
        json!({"fromObjectTypeId": "0-3", "fromObjectId": met.deal, "toObjectTypeId": "0-1",
               "toObjectId": met.contacts[0], "labels": ["Payer"]})
    );
    let types = &met.read().await[0]["associationTypes"];
    assert_eq!(*types, json!([{"category": OWN, "typeId": 3, "label": null}, typed(1000, LABEL, "Payer")]));
    let path = format!("/crm/v4/objects/contacts/{}/associations/deals", met.contacts[0]);
    let back = &met.app.get(&path).await.body["results"][0]["associationTypes"];
    assert_eq!(*back, json!([{"category": OWN, "typeId": 4, "label": null}, typed(1001, LABEL, "Paid by")]));
    let listed = met.app.get(LABELS).await.body;
    assert_eq!(listed["results"].as_array().unwrap().len(), 2);
    let again = met.app.post(LABELS, json!({"name": "payer", "label": "Other"})).await;
    assert_eq!(again.status, 400);
}

#[tokio::test]
async fn a_type_that_does_not_lead_there_is_refused() {
    let met = Strangers::meet().await.with_label().await;
    for types in
        [spec(OWN, 4), spec(OWN, 1000), spec(LABEL, 3), spec(LABEL, 1001), spec("INTEGRATOR_DEFINED", 1000)]
    {
        let refused = met.app.ask("PUT", &met.single(0), types.clone()).await;
        assert_eq!((refused.status.as_u16(), &refused.body["category"]), (400, &json!("VALIDATION_ERROR")));
        let row = json!({"from": {"id": met.deal}, "to": {"id": met.contacts[0]}, "types": types});
        assert_eq!(met.app.post(&format!("{BATCH}/create"), json!({"inputs": [row]})).await.status, 400);
    }
    assert_eq!(met.read().await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_batch_ties_what_is_there_and_names_what_is_not() {
    let met = Strangers::meet().await.with_label().await;
    let row = |to: &str, types: Value| json!({"from": {"id": met.deal}, "to": {"id": to}, "types": types});
    let [ann, bo] = &met.contacts;
    let rows =
        json!({"inputs": [row(ann, spec(LABEL, 1000)), row("999", spec(OWN, 3)), row(bo, spec(OWN, 3))]});
    let made = met.app.post(&format!("{BATCH}/create"), rows).await;
    assert_eq!((made.status.as_u16(), &made.body["numErrors"]), (207, &json!(1)));
    assert_eq!(made.body["errors"][0]["context"]["id"], json!(["999"]));
    let labels: Vec<&Value> =
        made.body["results"].as_array().unwrap().iter().map(|row| &row["labels"]).collect();
    assert_eq!(labels, [&json!(["Payer"]), &json!([])]);

    let rows = json!({"inputs": [row(ann, spec(LABEL, 1000)), row(bo, spec(LABEL, 1000))]});
    assert_eq!(met.app.post(&format!("{BATCH}/labels/archive"), rows).await.status, 204);
    let left = met.read().await;
    assert!(left.len() == 2 && left.iter().all(|to| to["associationTypes"].as_array().unwrap().len() == 1));

    let rows = json!({"inputs": [row(ann, spec(OWN, 3))]});
    assert_eq!(met.app.post(&format!("{BATCH}/labels/archive"), rows).await.status, 204);
    assert_eq!(met.read().await.len(), 1, "nothing is left without HubSpot's own type");
    let rows =
        json!({"inputs": [{"from": {"id": met.deal}, "to": [{"id": ann}, {"id": bo}, {"id": "999"}]}]});
    assert_eq!(met.app.post(&format!("{BATCH}/archive"), rows).await.status, 204);
    assert_eq!(met.read().await.len(), 0);

    let rows = json!({"inputs": [{"from": {"id": met.deal}, "to": {"id": bo}}]});
    let tied = met.app.post(&format!("{BATCH}/associate/default"), rows).await;
    assert_eq!((tied.status.as_u16(), tied.body["results"].as_array().unwrap().len()), (200, 2));
    assert_eq!(met.read().await.len(), 1);
}

#[tokio::test]
async fn batches_have_their_bounds() {
    let met = Strangers::meet().await;
    let row = json!({"from": {"id": met.deal}, "to": {"id": met.contacts[0]}});
    let wanted = |n| json!({"inputs": vec![json!({"id": met.deal}); n]});
    let pairs = |n| json!({"inputs": vec![row.clone(); n]});
    for (verb, body, status) in [
        ("read", wanted(1_001), 400),
        ("read", wanted(1_000), 207),
        ("create", pairs(2_001), 400),
        ("create", pairs(2_000), 201),
        ("associate/default", pairs(2_001), 400),
        ("labels/archive", pairs(2_001), 400),
    ] {
        assert_eq!(met.app.post(&format!("{BATCH}/{verb}"), body).await.status, status, "{verb}");
    }
    assert_eq!(met.read().await.len(), 1, "and the same pair twice is tied once");
}

#[tokio::test]
async fn the_contacts_of_a_deal_come_in_pages() {
    let met = Strangers::meet().await;
    for contact in &met.contacts {
        met.app.person.post(&format!("{CONTROL}/deals/{}/contacts/{contact}", met.deal), Value::Null).await;
    }
    let path = format!("/crm/v4/objects/deals/{}/associations/contacts", met.deal);
    let first = met.app.get(&format!("{path}?limit=1")).await.body;
    let next = first["paging"]["next"]["after"].as_str().unwrap();
    assert_eq!((next, first["results"].as_array().unwrap().len()), (met.contacts[0].as_str(), 1));
    let second = met.app.get(&format!("{path}?limit=1&after={next}")).await.body;
    assert_eq!(
        second["results"][0]["toObjectId"],
        json!(met.contacts[1]),
        "text, as the published clients have it"
    );
    assert_eq!(second.get("paging"), None);
    let inputs = json!({"inputs": [{"id": met.deal, "after": next}]});
    let batch = met.app.post(&format!("{BATCH}/read"), inputs).await.body;
    assert_eq!(batch["results"][0]["to"], second["results"]);
    assert_eq!(met.app.get(&format!("{path}?limit=501")).await.status, 400);
}

#[tokio::test]
async fn a_merged_contact_keeps_its_labels_and_one_in_the_recycle_bin_is_not_shown() {
    let met = Strangers::meet().await.with_label().await;
    let [ann, bo] = &met.contacts;
    met.app.ask("PUT", &met.single(1), spec(LABEL, 1000)).await;
    let merge = json!({"primaryObjectId": ann, "objectIdToMerge": bo});
    let merged = met.app.post(&format!("{}/merge", super::CONTACTS), merge).await.body;
    let id = merged["id"].as_str().unwrap();
    let tied = met.read().await;
    assert_eq!((tied.len(), &tied[0]["toObjectId"]), (1, &json!(id)));
    assert_eq!(tied[0]["associationTypes"][1], typed(1000, LABEL, "Payer"));
    assert_eq!(met.app.ask("DELETE", &format!("{}/{id}", super::CONTACTS), Value::Null).await.status, 204);
    assert_eq!(met.read().await.len(), 0);
    let answer = met.app.post(&format!("{BATCH}/read"), json!({"inputs": [{"id": met.deal}]})).await;
    assert_eq!((answer.status.as_u16(), &answer.body["results"]), (207, &json!([])));
}

#[tokio::test]
async fn a_new_deal_can_be_made_with_a_label() {
    let mut options = Options::default();
    options.hubspot.scopes.push("crm.objects.deals.write".to_owned());
    let app = App::connected_with(options).await;
    app.post(LABELS, json!({"name": "payer", "label": "Payer"})).await;
    let contact = app.contact(json!({"email": "ann@example.com"})).await;
    let ties = json!([{"to": {"id": contact}, "types": spec(LABEL, 1000)}]);
    let made = app.post(super::DEALS, json!({"properties": {"dealname": "A"}, "associations": ties})).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let path = format!("/crm/v4/objects/0-3/{}/associations/0-1", made.body["id"].as_str().unwrap());
    let types = &app.get(&path).await.body["results"][0]["associationTypes"];
    assert_eq!(types[1], typed(1000, LABEL, "Payer"));
}
