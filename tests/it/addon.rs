//! The files that are entered at Storeganise and HubSpot, held against the code they belong to.
//!
//! The scopes are compared where they are written down, in `hubspot::oauth`.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};
use sync_core::{fields::OUR_USER_FIELDS, installation::addon, record::side};
use tests::node;

/// Runs the webtask against an `api` that records each call, and refuses the fields named in its second argument.
const RUN_WEBTASK: &str = r"
import { readFileSync } from 'node:fs';
const [path, refused] = process.argv.slice(1);
const source = readFileSync(path).toString('base64');
const webtask = await import(`data:text/javascript;base64,${source}`);
const calls = [];
const api = {
  async ensureCustomField(owner, field) {
    calls.push({ owner, field });
    if (JSON.parse(refused).includes(field.code)) throw new Error('planted refusal');
  },
};
let error = null;
try { await webtask.default({ api, context: {} }); } catch (caught) { error = caught.message; }
console.log(JSON.stringify({ calls, error }));
";

#[test]
fn every_json_file_of_the_addon_can_be_read() {
    let mut found = Vec::new();
    collect_json(&addon_file(""), &mut found);
    assert_eq!(found.len(), 5, "{found:?}");
    for path in found {
        read_json(&path);
    }
}

#[test]
fn installing_makes_exactly_the_user_fields_we_write() {
    let Some(ran) = run_webtask(&[]) else { return };
    let calls = ran["calls"].as_array().unwrap();
    let codes: Vec<&str> = calls.iter().map(|call| call["field"]["code"].as_str().unwrap()).collect();
    assert_eq!(codes, OUR_USER_FIELDS);
    for call in calls {
        assert_eq!(call["owner"], "user");
        let field = &call["field"];
        assert_eq!(field["type"], "string", "{field}");
        assert!(field["title"]["en"].as_str().is_some_and(|title| title.starts_with("HubSpot ")), "{field}");
        assert_eq!(field.get("ownerAcl"), None, "customers do not see what is for staff");
    }
    assert_eq!(ran["error"], Value::Null);
}

#[test]
fn a_field_that_cannot_be_made_is_named_and_does_not_stop_the_others() {
    let refused = OUR_USER_FIELDS[1];
    let Some(ran) = run_webtask(&[refused]) else { return };
    assert_eq!(ran["calls"].as_array().unwrap().len(), OUR_USER_FIELDS.len());
    let error = ran["error"].as_str().expect("the webtask reports the failure");
    assert!(error.contains(&format!("{refused}: planted refusal")), "{error}");
    for made in OUR_USER_FIELDS.iter().filter(|code| **code != refused) {
        assert!(!error.contains(made), "{made} was made: {error}");
    }
}

#[test]
fn the_addons_page_has_the_fields_we_fill_and_nobody_else_writes_them() {
    let file = read_json(&addon_file("storeganise/custom-fields.json"));
    let fields = file["customFields"].as_array().unwrap();
    let codes: Vec<&str> = fields.iter().map(|field| field["code"].as_str().unwrap()).collect();
    assert_eq!(codes, [addon::LINK_FIELD, addon::TOKEN_FIELD]);
    assert!(fields.iter().all(|field| field["readOnly"] == true), "{fields:?}");
}

#[test]
fn hubspot_tells_us_of_every_contact_property_that_is_synced() {
    let subscribed = subscribed_properties("contact.propertyChange");
    let ours = ["hs_additional_emails", sync_core::fields::CONTACT_USER_ID];
    let synced: BTreeSet<String> = side::contact_properties(&side::Field::BUILT_IN)
        .into_iter()
        .filter(|name| !ours.contains(&name.as_str()))
        .collect();
    assert_eq!(subscribed, synced);
}

#[test]
fn hubspot_tells_us_of_every_change_of_a_deal_that_matters() {
    let expected = ["dealstage", "pipeline", "amount", "closedate", "dealname"].map(str::to_owned);
    assert_eq!(subscribed_properties("deal.propertyChange"), BTreeSet::from(expected));
    let webhooks = webhooks();
    let types: BTreeSet<&str> = subscriptions(&webhooks, "legacyCrmObjects")
        .iter()
        .map(|subscription| subscription["subscriptionType"].as_str().unwrap())
        .filter(|kind| !kind.ends_with(".propertyChange"))
        .collect();
    let expected =
        ["contact.deletion", "contact.merge", "contact.restore", "deal.creation", "deal.associationChange"];
    assert_eq!(types, BTreeSet::from(expected));
    assert_eq!(
        subscriptions(&webhooks, "hubEvents"),
        &[json!({"subscriptionType": "contact.privacyDeletion", "active": true})]
    );
}

#[test]
fn hubspot_sends_people_and_events_to_addresses_we_serve() {
    let app = read_json(&addon_file("hubspot/src/app/app-hsmeta.json"));
    assert_eq!(
        app["config"]["auth"]["redirectUrls"],
        json!(["https://annex.example.com/oauth/hubspot/callback"])
    );
    assert_eq!(webhooks()["config"]["settings"]["targetUrl"], "https://annex.example.com/webhooks/hubspot");
}

/// What the webtask did, or `None`, said loudly, where there is no Node to run it.
fn run_webtask(refused: &[&str]) -> Option<Value> {
    if !node::is_here("the install webtask") {
        return None;
    }
    let output = Command::new("node")
        .args(["--input-type=module", "--eval", RUN_WEBTASK])
        .arg(addon_file("storeganise/addon-installed.js"))
        .arg(json!(refused).to_string())
        .output()
        .expect("node can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).expect("the script prints JSON"))
}

fn subscribed_properties(kind: &str) -> BTreeSet<String> {
    subscriptions(&webhooks(), "legacyCrmObjects")
        .iter()
        .filter(|subscription| subscription["subscriptionType"] == kind && subscription["active"] == true)
        .map(|subscription| subscription["propertyName"].as_str().unwrap().to_owned())
        .collect()
}

fn subscriptions<'a>(webhooks: &'a Value, group: &str) -> &'a [Value] {
    webhooks["config"]["subscriptions"][group].as_array().expect("a list of subscriptions")
}

fn webhooks() -> Value {
    read_json(&addon_file("hubspot/src/app/webhooks/webhooks-hsmeta.json"))
}

fn addon_file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../addon").join(path)
}

fn read_json(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn collect_json(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_json(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
}
