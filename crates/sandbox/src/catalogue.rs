//! Every call below `/_sandbox/`, once: the page, the JSON list and the tests of the README read this table.
//! The calls themselves are routed in `control` and in the control modules of both sides.

use serde::Serialize;

/// One call.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Call {
    /// Its method.
    pub method: &'static str,
    /// Its path below `/_sandbox/`, with parameters in braces.
    pub path: &'static str,
    /// An example of its body; empty where there is none.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub body: &'static str,
    /// What it does.
    pub does: &'static str,
}

/// Calls that belong together.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Chapter {
    /// What they are about.
    pub title: &'static str,
    /// The calls.
    pub calls: &'static [Call],
}

/// Everything that can be called.
pub(crate) const CHAPTERS: [Chapter; 4] = [
    Chapter { title: "The sandbox", calls: SANDBOX },
    Chapter { title: "Faults and measures", calls: MEASURES },
    Chapter { title: "Storeganise, in place of a person", calls: STOREGANISE },
    Chapter { title: "HubSpot, in place of a person", calls: HUBSPOT },
];

const SANDBOX: &[Call] = &[
    get("", "A page that tells what this is and what it can do."),
    get("catalogue", "These calls as JSON."),
    post(
        "seed",
        r#"{"businesses": 2, "users_per_business": 500, "portals": [{"id": 42, "name": "Big", "contacts": 1000, "deals": 50}]}"#,
        "More businesses (site-1, site-2, ...), and accounts with more contacts and deals; nobody is told. Answers with what was made.",
    ),
    post(
        "reset",
        "",
        "The first world again, no faults, no latency, counters at zero; webhook addresses stay.",
    ),
    get("quiet", "How many webhooks are pending and how many requests are under way."),
];

const MEASURES: &[Call] = &[
    get(
        "stats",
        "Requests by route, status, portal or business, and second; the most in any rolling window; overlaps by Storeganise key; webhooks. With ?window_ms=, windows of that length, too.",
    ),
    post("stats/reset", "", "Counters at zero."),
    get(
        "trace",
        "The latest requests and webhooks in order, each with the fault that hit it. ?limit= for fewer.",
    ),
    post("trace/reset", "", "Forgets the trace and counts from 0 again."),
    get("faults", "The rules in force, with how many requests each met and how often it fired."),
    post(
        "faults",
        r#"{"seed": 7, "rules": [{"provider": "hubspot", "kind": "status", "status": 429, "rate": 0.1}]}"#,
        "These rules in place of those in force; a plain list is drawn from the sandbox's seed; [] clears. Every draw starts again.",
    ),
    get("latency", "How late answers are."),
    post(
        "latency",
        r#"{"hubspot": {"median_ms": 120, "p99_ms": 400}, "storeganise_ms": 30}"#,
        "How late answers are from now on: a log-normal spread, or a fixed time; what is left out stays.",
    ),
];

const STOREGANISE: &[Call] = &[
    get("storeganise", "All businesses."),
    post(
        "storeganise",
        r#"{"code": "blue-door", "name": "Blue Door Storage", "customFields": ["gateCode"]}"#,
        "A new business; without customFields it has gateCode and vehiclePlate.",
    ),
    get("storeganise/{business}/addons", "Installed add-ons."),
    post("storeganise/{business}/addons", "", "Installs the add-on, paused."),
    put(
        "storeganise/{business}/addons/{addon}",
        r#"{"state": "enabled", "webhookUrl": "http://127.0.0.1:8080/webhooks/storeganise"}"#,
        "Its state (paused, enabled, disabled), its own webhook address, and its own apiKey and signatureSecret; an empty text is the platform's again.",
    ),
    delete("storeganise/{business}/addons/{addon}", "Uninstalls it."),
    get("storeganise/{business}/users", "All users with their custom fields."),
    post(
        "storeganise/{business}/users",
        r#"{"email": "a.anvil@example.com", "firstName": "Amber", "lastName": "Anvil"}"#,
        "A new user, as a person makes it.",
    ),
    get("storeganise/{business}/users/{user}", "One user, by id or e-mail."),
    put("storeganise/{business}/users/{user}", r#"{"phone": "+44 20 7946 0000"}"#, "Changes a user."),
    post("storeganise/{business}/users/{user}/disable", "", "Disables a user."),
    post(
        "storeganise/{business}/users/bulk",
        r#"{"set": {"companyName": "Row {n}"}, "suffix": {"lastName": "-Box"}}"#,
        "Changes many users: those of ids, or all customers; {n} is the row's number.",
    ),
    post("storeganise/{business}/users/seed", r#"{"count": 100}"#, "Made-up customers, and no webhooks."),
    get("storeganise/{business}/tasks", "Tasks that add-ons filed."),
    get("storeganise/dialect", "How Storeganise answers where nobody is sure: every toggle with its value."),
    put(
        "storeganise/dialect",
        r#"{"error_body": "text"}"#,
        "Toggles for all businesses and those to come; an unknown one is refused by its name.",
    ),
    get("storeganise/{business}/dialect", "One business's toggles."),
    put("storeganise/{business}/dialect", r#"{"duplicate_status": 422}"#, "One business's toggles, changed."),
    get("storeganise/{business}/custom-fields", "Custom fields that are defined."),
    post(
        "storeganise/{business}/custom-fields",
        r#"{"owner": "user", "code": "unitSize", "type": "string", "title": {"en": "Unit size"}}"#,
        "Defines a custom field, as an install script does.",
    ),
    delete(
        "storeganise/{business}/custom-fields/{owner}/{code}",
        "Takes a definition away, with its values.",
    ),
    post(
        "storeganise/{business}/daily-event",
        "",
        "Sends addon.dailyEvent.started to the add-ons that are enabled.",
    ),
    post(
        "storeganise/{business}/users/{user}/oddly",
        r#"{"firstName": {"first": "Ada"}}"#,
        "The API shows these values in the place of the user's own: a shape that nobody expects.",
    ),
    post("storeganise/{business}/users/{user}/enable", "", "Enables a user again; no event tells it."),
];

const HUBSPOT: &[Call] = &[
    get("hubspot/portals", "All accounts."),
    post(
        "hubspot/portals",
        r#"{"id": 4711, "name": "Blue Door", "custom_pipeline": true}"#,
        "A new account; unless custom_pipeline is false, with a second pipeline whose stages have numbers.",
    ),
    post(
        "hubspot/revoke/{portal}",
        "",
        "The customer uninstalls the app: tokens die, and no event tells it.",
    ),
    get("hubspot/{portal}/ledger", "How many contacts were made, and which addresses more than once."),
    post(
        "hubspot/{portal}/rules",
        r#"{"required": ["phone"], "conditional": [{"when": {"property": "country", "value": "US"}, "requires": ["state"]}]}"#,
        "The rules of the account's admin, all of them: required properties, conditional ones, phone_validation, all_or_nothing for batches.",
    ),
    post("hubspot/{portal}/search-lag", r#"{"ms": 2000}"#, "How long changes take to be found by searches."),
    get(
        "hubspot/{portal}/{kind}",
        "All contacts or deals with all properties; ?property=value keeps those with this value; ?limit= and ?after= for a part.",
    ),
    post(
        "hubspot/{portal}/{kind}",
        r#"{"properties": {"email": "b.barrel@example.com"}}"#,
        "A new contact or deal (with contacts: [ids]), told as CRM_UI or as made by source.",
    ),
    get("hubspot/{portal}/{kind}/{id}", "One record."),
    put(
        "hubspot/{portal}/{kind}/{id}",
        r#"{"properties": {"city": "Shelfield"}, "source": {"kind": "AUTOMATION_PLATFORM", "id": "7"}}"#,
        "Edits a record, told as CRM_UI or as made by source (INTEGRATION, IMPORT, FORM, AUTOMATION_PLATFORM; with an id).",
    ),
    delete("hubspot/{portal}/{kind}/{id}", "Moves a record to the recycle bin."),
    post("hubspot/{portal}/{kind}/{id}/restore", "", "Takes a record out of the recycle bin."),
    post(
        "hubspot/{portal}/{kind}/merge",
        r#"{"primary": "1", "other": "2"}"#,
        "Merges two records into a new id.",
    ),
    post("hubspot/{portal}/contacts/{id}/privacy-delete", "", "Deletes a contact for good (GDPR)."),
    post(
        "hubspot/{portal}/contacts/seed",
        r#"{"count": 100}"#,
        "Made-up contacts, and no webhooks; set adds properties, {n} is the number.",
    ),
    post("hubspot/{portal}/deals/{id}/contacts/{contact}", "", "Ties a contact to a deal."),
    post("hubspot/token-life", r#"{"s": 60}"#, "How long access tokens live that are given from now on."),
    post(
        "hubspot/{portal}/expire",
        "",
        "Every access token of this account has expired; its refresh tokens stand.",
    ),
    post("hubspot/code-life", r#"{"s": 5}"#, "How long authorisation codes live."),
    delete("hubspot/{portal}", "Closes an account: its tokens answer BAD_HUB."),
    post(
        "hubspot/{portal}/missing-tools",
        r#"{"scopes": ["automation"]}"#,
        "Optional scopes that this account does not grant, silently.",
    ),
    post(
        "hubspot/{portal}/limits",
        r#"{"plan": "professional", "per_window": 190, "searches": 5, "daily": 1000}"#,
        "How many requests the account takes; null for daily is none.",
    ),
    post(
        "hubspot/{portal}/migration",
        r#"{"retry_after_s": 30}"#,
        "Every call answers 477 until it is null.",
    ),
    post(
        "hubspot/{portal}/{kind}/{id}/lock",
        r#"{"ms": 2000}"#,
        "Writes to the record answer 423 for so long.",
    ),
    post(
        "hubspot/{portal}/properties",
        r#"{"name": "unit_size", "label": "Unit size", "type": "string", "fieldType": "text", "groupName": "contactinformation"}"#,
        "A new contact property, as a person makes it.",
    ),
    put(
        "hubspot/{portal}/properties/{name}",
        r#"{"label": "Size of the unit"}"#,
        "Changes a contact property.",
    ),
    delete("hubspot/{portal}/properties/{name}", "Archives a contact property."),
    post(
        "hubspot/{portal}/contacts/{id}/oddly",
        r#"{"firstname": {"first": "Ada"}}"#,
        "The API shows these properties in the place of the contact's own: a shape that nobody expects.",
    ),
    post(
        "hubspot/{portal}/contacts/{id}/emails",
        r#"{"email": "b.second@example.com"}"#,
        "One more address of a contact.",
    ),
];

const fn get(path: &'static str, does: &'static str) -> Call {
    Call { method: "GET", path, body: "", does }
}

const fn post(path: &'static str, body: &'static str, does: &'static str) -> Call {
    Call { method: "POST", path, body, does }
}

const fn put(path: &'static str, body: &'static str, does: &'static str) -> Call {
    Call { method: "PUT", path, body, does }
}

const fn delete(path: &'static str, does: &'static str) -> Call {
    Call { method: "DELETE", path, body: "", does }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{control::UNKNOWN_CALL, options::Options, visitor::Visitor};

    fn calls() -> impl Iterator<Item = &'static Call> {
        CHAPTERS.into_iter().flat_map(|chapter| chapter.calls)
    }

    /// The path with something in place of every parameter, once for contacts and once for deals.
    fn filled(path: &str) -> [String; 2] {
        ["contacts", "deals"].map(|kind| {
            let values = [
                ("{business}", "acme"),
                ("{addon}", "nobody"),
                ("{user}", "nobody"),
                ("{portal}", "1234567"),
                ("{kind}", kind),
                ("{id}", "1"),
                ("{contact}", "1"),
                ("{owner}", "user"),
                ("{code}", "nobody"),
                ("{name}", "nobody"),
            ];
            values
                .into_iter()
                .fold(format!("/_sandbox/{path}"), |path, (name, value)| path.replace(name, value))
        })
    }

    #[tokio::test]
    async fn every_listed_call_is_routed_and_its_example_understood() {
        for call in calls() {
            let body: Value =
                if call.body.is_empty() { Value::Null } else { serde_json::from_str(call.body).unwrap() };
            for path in filled(call.path) {
                let visitor = Visitor::of(Options { users_per_business: 3, ..Options::default() });
                assert!(!path.contains('{'), "{path}: a parameter that this test does not know");
                let (status, answer) = visitor.ask(call.method, &path, body.clone()).await;
                assert_ne!(status, 405, "{} {path}", call.method);
                assert_ne!(answer["error"], UNKNOWN_CALL, "{} {path}", call.method);
                let is_misread = answer["error"].as_str().is_some_and(|why| why.contains("deserialize"));
                assert!(!is_misread, "{} {path}: {answer}", call.method);
            }
        }
    }

    #[test]
    fn the_readme_lists_every_call() {
        let readme = include_str!("../README.md");
        for Call { method, path, .. } in calls() {
            let line = format!("`{method} /_sandbox/{path}`");
            assert!(readme.contains(&line), "README.md does not list {line}");
        }
    }

    #[tokio::test]
    async fn the_page_and_the_list_name_every_call() {
        let visitor = Visitor::of(Options { users_per_business: 3, ..Options::default() });
        let page = visitor.get("/_sandbox/").await;
        let page = page.as_str().unwrap();
        let list = visitor.get("/_sandbox/catalogue").await;
        let listed: Vec<&Value> = list
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|chapter| chapter["calls"].as_array().unwrap())
            .collect();
        for (call, listed) in calls().zip(&listed) {
            let does = call.does.replace('\'', "&#39;");
            assert!(page.contains(call.path) && page.contains(&does), "{}", call.path);
            assert_eq!(**listed, json!(call));
        }
        assert_eq!(listed.len(), calls().count());
    }
}
