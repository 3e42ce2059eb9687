//! Which rule fires when: matching, counting, and draws that repeat.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;

const READ: Met<'static> =
    Met { provider: Provider::Hubspot, method: "GET", route: "/a/{id}", path: "/a/1", party: None };

fn faults(seed: u64, rules: Value) -> Faults {
    let faults = Faults::new(seed);
    faults.set(serde_json::from_value(rules).unwrap()).unwrap();
    faults
}

fn refusal(status: u16) -> Fault {
    Fault::Status(Refusal { status, retry_after_s: None, policy: Policy::TenSecondlyRolling })
}

fn fault(faults: &Faults, met: &Met<'_>) -> Option<Fault> {
    faults.on_request(met).map(|fired| fired.fault)
}

fn drawn(faults: &Faults, n: usize) -> Vec<bool> {
    (0..n).map(|_| faults.on_request(&READ).is_some()).collect()
}

#[test]
fn the_same_seed_draws_the_same_faults_and_another_seed_draws_others() {
    let rule = json!([{"provider": "hubspot", "kind": "cut", "rate": 0.5}]);
    let first = drawn(&faults(7, rule.clone()), 200);
    assert_eq!(first, drawn(&faults(7, rule.clone()), 200));
    assert_ne!(first, drawn(&faults(8, rule.clone()), 200));
    let chosen = Faults::new(1);
    chosen.schedule(Schedule { seed: Some(7), rules: serde_json::from_value(rule).unwrap() }).unwrap();
    assert_eq!(first, drawn(&chosen, 200), "a seed of the schedule's own goes before the sandbox's");
    let fired = first.iter().filter(|fired| **fired).count();
    assert!((70..130).contains(&fired), "{fired} of 200 at an even rate");
}

#[test]
fn setting_the_rules_again_repeats_the_draw() {
    let rule = json!([{"provider": "hubspot", "kind": "cut", "rate": 0.5}]);
    let faults = faults(7, rule.clone());
    let first = drawn(&faults, 200);
    faults.set(serde_json::from_value(rule).unwrap()).unwrap();
    assert_eq!(first, drawn(&faults, 200));
}

#[test]
fn neither_other_traffic_nor_another_rule_shifts_the_draw_of_a_rule() {
    let alone = json!([
        {"provider": "storeganise", "kind": "cut", "rate": 0.5},
        {"provider": "hubspot", "kind": "cut", "rate": 0.5},
    ]);
    let first = drawn(&faults(7, alone.clone()), 200);
    let disturbed = faults(7, alone);
    let other = Met { provider: Provider::Storeganise, ..READ };
    let among_others: Vec<bool> = (0..200)
        .map(|_| {
            let _ = disturbed.on_request(&other);
            let _ = disturbed.on_webhook(Provider::Hubspot);
            disturbed.on_request(&READ).is_some()
        })
        .collect();
    assert_eq!(first, among_others);

    let behind = faults(
        7,
        json!([{"provider": "hubspot", "kind": "nonsense", "times": 3},
               {"provider": "hubspot", "kind": "cut", "rate": 0.5}]),
    );
    assert_eq!(drawn(&behind, 200)[3..], first[3..], "three went to the rule before it");
}

#[test]
fn a_rule_fires_only_where_it_is_meant_and_only_so_often() {
    let faults = faults(
        1,
        json!([{"provider": "storeganise", "kind": "status", "status": 503, "method": "PUT",
                "route_contains": "/users/", "times": 2}]),
    );
    let ask =
        |provider, method, route| fault(&faults, &Met { provider, method, route, path: route, party: None });
    assert_eq!(ask(Provider::Hubspot, "PUT", "/users/1"), None);
    assert_eq!(ask(Provider::Storeganise, "GET", "/users/1"), None);
    assert_eq!(ask(Provider::Storeganise, "PUT", "/addons/1"), None);
    assert_eq!(ask(Provider::Storeganise, "PUT", "/users/1"), Some(refusal(503)));
    assert_eq!(ask(Provider::Storeganise, "PUT", "/users/1"), Some(refusal(503)));
    assert_eq!(ask(Provider::Storeganise, "PUT", "/users/1"), None);
    assert_eq!(faults.on_webhook(Provider::Storeganise), Fate::Sent);
    let shown = faults.snapshot();
    assert_eq!((&shown["rules"][0]["met"], &shown["rules"][0]["fired"]), (&json!(3), &json!(2)));
}

#[test]
fn a_rule_is_due_after_so_many_and_then_every_so_many() {
    let faults =
        faults(1, json!([{"provider": "hubspot", "kind": "cut", "after": 2, "every": 3, "times": 2}]));
    let fired: Vec<usize> =
        drawn(&faults, 20).iter().enumerate().filter(|(_, fired)| **fired).map(|(n, _)| n + 1).collect();
    assert_eq!(fired, [5, 8]);
}

#[test]
fn a_rule_may_be_meant_for_one_account_or_one_business_alone() {
    let faults = faults(
        1,
        json!([{"provider": "hubspot", "kind": "cut", "portal": 7},
               {"provider": "storeganise", "kind": "cut", "business": "acme"}]),
    );
    for (provider, party, is_meant) in [
        (Provider::Hubspot, Some(Party::Portal(7)), true),
        (Provider::Hubspot, Some(Party::Portal(8)), false),
        (Provider::Hubspot, None, false),
        (Provider::Storeganise, Some(Party::Business(Arc::from("acme"))), true),
        (Provider::Storeganise, Some(Party::Business(Arc::from("harbour"))), false),
    ] {
        let met = Met { provider, party: party.as_ref(), ..READ };
        assert_eq!(faults.on_request(&met).is_some(), is_meant, "{party:?}");
    }
}

#[test]
fn rules_that_cannot_be_carried_out_are_refused_with_the_reason_and_the_others_stay() {
    let faults = faults(1, json!([{"provider": "hubspot", "kind": "webhook_lost"}]));
    for (rule, problem) in [
        (json!({"kind": "status"}), "kind status needs a status"),
        (json!({"kind": "slow"}), "kind slow needs delay_ms"),
        (json!({"kind": "webhook_delay"}), "kind webhook_delay needs delay_ms"),
        (json!({"kind": "cut", "rate": 1.5}), "rate must be between 0 and 1"),
        (json!({"kind": "cut", "every": 0}), "every must be at least 1"),
        (json!({"kind": "status", "status": 99}), "status must be between 200 and 599"),
        (
            json!({"kind": "webhook_lost", "method": "POST"}),
            "webhooks have no route, method, portal or business",
        ),
        (json!({"kind": "cut", "business": "acme"}), "only storeganise has businesses"),
        (
            json!({"kind": "cut", "status": 500}),
            "status belongs to the kinds status, lose_after and nonsense",
        ),
        (
            json!({"kind": "status", "status": 500, "policy": "DAILY"}),
            "policy belongs to a status 429 of hubspot",
        ),
        (json!({"kind": "cut", "retry_after_s": 1}), "retry_after_s belongs to a status"),
        (json!({"kind": "cut", "delay_ms": 1}), "delay_ms belongs to the kinds slow and webhook_delay"),
        (json!({"provider": "storeganise", "kind": "expired_token"}), "only hubspot has tokens that expire"),
        (json!({"provider": "storeganise", "kind": "cut", "portal": 1}), "only hubspot has portals"),
    ] {
        let mut rule = rule;
        if rule.get("provider").is_none() {
            rule["provider"] = "hubspot".into();
        }
        let bad = serde_json::from_value(json!([{"provider": "hubspot", "kind": "cut"}, rule])).unwrap();
        assert_eq!(faults.set(bad), Err(format!("rule 1: {problem}")));
    }
    assert_eq!(faults.on_webhook(Provider::Hubspot), Fate::Lost);
}

#[test]
fn webhooks_are_lost_doubled_held_back_or_late() {
    for (rule, fate) in [
        (json!({"kind": "webhook_lost"}), Fate::Lost),
        (json!({"kind": "webhook_duplicate"}), Fate::Twice),
        (json!({"kind": "webhook_reorder"}), Fate::HeldBack),
        (json!({"kind": "webhook_delay", "delay_ms": 70}), Fate::Delayed(70)),
    ] {
        let mut rule = rule;
        rule["provider"] = "storeganise".into();
        rule["after"] = 1.into();
        let faults = faults(1, json!([rule]));
        assert_eq!(faults.on_webhook(Provider::Storeganise), Fate::Sent);
        assert_eq!(faults.on_webhook(Provider::Hubspot), Fate::Sent);
        assert_eq!(faults.on_webhook(Provider::Storeganise), fate);
    }
}
