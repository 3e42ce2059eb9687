//! The tables of toggles: each with a value that is not its default, and what the wire says with and without it.

use serde_json::{Value, json};

use crate::{
    storeganise::{business::Business, patch::Patch},
    visitor::Visitor,
};

/// A method, a path and a body.
pub(super) type Step = (&'static str, &'static str, Value);

/// One value of one toggle; the last of the steps is looked at, at a place in its answer.
/// `{A}` and `{B}` stand for two users, `{ADDON}` for the add-on that asks.
pub(super) struct Case {
    pub(super) toggle: &'static str,
    pub(super) value: Value,
    pub(super) steps: Vec<Step>,
    pub(super) place: &'static str,
    pub(super) by_default: Value,
    pub(super) then: Value,
}

/// What stands for a place that is not there.
pub(super) const ABSENT: &str = "(absent)";

/// One value of a toggle, some work in Acme, and the one event that tells of it.
pub(super) struct EventCase {
    pub(super) toggle: &'static str,
    pub(super) value: Value,
    pub(super) work: fn(&mut Business, &Visitor, &str),
    pub(super) place: &'static str,
    pub(super) by_default: Value,
    pub(super) then: Value,
}

fn case(
    (toggle, value): (&'static str, Value),
    steps: impl Into<Vec<Step>>,
    place: &'static str,
    (by_default, then): (Value, Value),
) -> Case {
    Case { toggle, value, steps: steps.into(), place, by_default, then }
}

fn get(path: &'static str) -> Step {
    ("GET", path, Value::Null)
}

/// Who may call, and how it is refused.
pub(super) fn accounts() -> Vec<Case> {
    let user = "/acme/api/v1/admin/users/{A}";
    let users = "/acme/api/v1/admin/users";
    let addon = "/acme/api/v1/admin/addons/{ADDON}";
    let own_control = "/_sandbox/storeganise/acme/addons/{ADDON}";
    let dialect = "/_sandbox/storeganise/acme/dialect";
    let enable = ("PUT", own_control, json!({"state": "enabled"}));
    let uninstall = ("DELETE", own_control, Value::Null);
    let link = ("PUT", addon, json!({"customFields": {"hubspot_authorisationLink": "x"}}));
    let slow = ("PUT", dialect, json!({"rate_limit_per_s": 1}));
    let none = get("/acme/api/v1/admin/users/nobody");
    let refused = json!({"error": {"message": "User not found", "type": "not_found"}});
    vec![
        case(("enabled_may_call", json!(false)), [enable, get(user)], "/status", (json!(200), json!(403))),
        case(
            ("unknown_addon_status", json!(403)),
            [uninstall.clone(), get(user)],
            "/status",
            (json!(401), json!(403)),
        ),
        case(
            ("unknown_addon_status", json!(404)),
            [uninstall, get(user)],
            "/status",
            (json!(401), json!(404)),
        ),
        case(("addon_fields_writable", json!(false)), [link], "/status", (json!(200), json!(403))),
        case(
            ("settings_readable", json!(false)),
            [get("/acme/api/v1/admin/settings")],
            "/status",
            (json!(200), json!(403)),
        ),
        case(
            ("rate_limit_per_s", json!(2)),
            [get(users), get(users), get(users)],
            "/status",
            (json!(200), json!(429)),
        ),
        case(
            ("retry_after", json!(false)),
            [slow, get(users), get(users)],
            "/retryAfter",
            (json!("1"), Value::Null),
        ),
        case(
            ("error_body", json!("detail")),
            [none.clone()],
            "/body",
            (refused.clone(), json!({"error": {"detail": "User not found"}})),
        ),
        case(
            ("error_body", json!("string")),
            [none.clone()],
            "/body",
            (refused.clone(), json!({"error": "User not found"})),
        ),
        case(
            ("error_body", json!("message")),
            [none.clone()],
            "/body",
            (refused.clone(), json!({"message": "User not found"})),
        ),
        case(
            ("error_body", json!("text")),
            [none.clone()],
            "/body",
            (refused.clone(), json!("User not found")),
        ),
        case(("error_body", json!("empty")), [none], "/body", (refused, json!(""))),
    ]
}

/// How users are read.
pub(super) fn reading() -> Vec<Case> {
    let user = "/acme/api/v1/admin/users/{A}";
    let one = "/acme/api/v1/admin/users?limit=1";
    let disable = ("POST", "/_sandbox/storeganise/acme/users/{A}/disable", Value::Null);
    let (text, absent) = (json!("1 Mill Lane, Lower Crateham, ZZ9 9ZZ"), json!(ABSENT));
    let mut cases = vec![
        case(
            ("address", json!("formatted")),
            [get(user)],
            "/body/address",
            (text.clone(), json!({"formatted": text})),
        ),
        case(
            ("address", json!("lines")),
            [get(user)],
            "/body/address",
            (text, json!({"line1": "1 Mill Lane", "line2": "Lower Crateham, ZZ9 9ZZ"})),
        ),
        case(("unset_as_null", json!(true)), [get(user)], "/body/phone2", (absent.clone(), Value::Null)),
        case(
            ("disabled_flag", json!(false)),
            [disable, get(user)],
            "/body/disabled",
            (json!(true), absent.clone()),
        ),
        case(
            ("get_by_email", json!(false)),
            [get("/acme/api/v1/admin/users/a%40example.com")],
            "/status",
            (json!(200), json!(404)),
        ),
        case(
            ("list_limit_default", json!(1)),
            [get("/acme/api/v1/admin/users")],
            "/body/1/id",
            (json!("{B}"), absent.clone()),
        ),
        case(
            ("list_limit_max", json!(1)),
            [get("/acme/api/v1/admin/users?limit=9")],
            "/body/1/id",
            (json!("{B}"), absent.clone()),
        ),
        case(
            ("list_repeats", json!(1)),
            [get("/acme/api/v1/admin/users?limit=1&offset=1")],
            "/body/0/id",
            (json!("{B}"), json!("{A}")),
        ),
        case(
            ("updated_after_inclusive", json!(true)),
            [get("/acme/api/v1/admin/users?updatedAfter=2026-01-01T00:00:00.000Z")],
            "/body/1/id",
            (absent.clone(), json!("{B}")),
        ),
    ];
    for (wrapper, place) in [
        ("data", "/body/data/0/id"),
        ("items", "/body/items/0/id"),
        ("results", "/body/results/0/id"),
        ("users", "/body/users/0/id"),
    ] {
        let values = (absent.clone(), json!("{A}"));
        cases.push(case(("list_wrapper", json!(wrapper)), [get(one)], place, values));
    }
    cases
}

/// How users are written.
pub(super) fn writing() -> Vec<Case> {
    let users = "/acme/api/v1/admin/users";
    let user = "/acme/api/v1/admin/users/{A}";
    let with_fields = "/acme/api/v1/admin/users/{A}?include=customFields";
    let new = ("POST", users, json!({"email": "c@example.com", "firstName": "C", "lastName": "D"}));
    let bare = ("POST", users, json!({"email": "c@example.com"}));
    let again = ("POST", users, json!({"email": "A@example.com", "firstName": "C", "lastName": "D"}));
    let plate = ("PUT", with_fields, json!({"customFields": {"vehiclePlate": "X"}}));
    let unheard = ("PUT", with_fields, json!({"customFields": {"unheard": "x"}}));
    let phone = |path| ("PUT", path, json!({"phone": "1"}));
    let absent = json!(ABSENT);
    vec![
        case(("create_requires", json!(["email"])), [bare.clone()], "/status", (json!(400), json!(201))),
        case(
            ("create_requires", json!(["password"])),
            [bare],
            "/body/error/message",
            (json!("firstName is required"), json!("password is required")),
        ),
        case(("create_status", json!(200)), [new.clone()], "/status", (json!(201), json!(200))),
        case(("shared_emails", json!(true)), [again.clone()], "/status", (json!(409), json!(201))),
        case(("duplicate_status", json!(422)), [again.clone()], "/status", (json!(409), json!(422))),
        case(("duplicate_status", json!(400)), [again], "/status", (json!(409), json!(400))),
        case(
            ("welcome_email", json!(true)),
            [new, get("/_sandbox/storeganise/acme/users/c%40example.com")],
            "/body/welcomeEmail",
            (absent.clone(), json!(true)),
        ),
        case(
            ("language_checked", json!(true)),
            [("PUT", user, json!({"language": "xx"}))],
            "/status",
            (json!(200), json!(400)),
        ),
        case(
            ("custom_fields_replace", json!(true)),
            [plate],
            "/body/customFields",
            (json!({"gateCode": "7", "vehiclePlate": "X"}), json!({"vehiclePlate": "X"})),
        ),
        case(
            ("undefined_custom_field", json!("rejected")),
            [unheard.clone()],
            "/status",
            (json!(200), json!(400)),
        ),
        case(
            ("undefined_custom_field", json!("stored")),
            [unheard],
            "/body/customFields/unheard",
            (absent.clone(), json!("x")),
        ),
        case(
            ("write_answer_custom_fields", json!("never")),
            [phone(with_fields)],
            "/body/customFields/gateCode",
            (json!("7"), absent.clone()),
        ),
        case(
            ("write_answer_custom_fields", json!("always")),
            [phone(user)],
            "/body/customFields/gateCode",
            (absent, json!("7")),
        ),
    ]
}

/// What events say.
pub(super) fn telling() -> Vec<EventCase> {
    let touch: fn(&mut Business, &Visitor, &str) = |business, visitor, id| {
        let fields = json!({"phone": "1"});
        let patch = Patch::read(fields.as_object().unwrap()).unwrap();
        business.update(id, &patch, &visitor.world.clock).unwrap();
    };
    let disable: fn(&mut Business, &Visitor, &str) = |business, visitor, id| {
        business.disable(id, &visitor.world.clock).unwrap();
    };
    let install: fn(&mut Business, &Visitor, &str) = |business, visitor, _| {
        business.install(&visitor.world.clock);
    };
    let absent = json!(ABSENT);
    let event = |toggle, value, work, place, by_default, then| EventCase {
        toggle,
        value,
        work,
        place,
        by_default,
        then,
    };
    vec![
        event("event_details", json!(false), touch, "/0/businessCode", json!("acme"), absent.clone()),
        event(
            "event_details",
            json!(false),
            touch,
            "/0/apiUrl",
            json!("http://sandbox.example/acme/api"),
            json!("http://sandbox.example/acme/api"),
        ),
        event("changed_keys", json!("empty"), touch, "/0/data/changedKeys", json!(["phone"]), json!([])),
        event(
            "changed_keys",
            json!("missing"),
            touch,
            "/0/data/changedKeys",
            json!(["phone"]),
            absent.clone(),
        ),
        event("disabled_event", json!("none"), disable, "/0/type", json!("user.disabled"), absent.clone()),
        event(
            "disabled_event",
            json!("user_updated"),
            disable,
            "/0/type",
            json!("user.disabled"),
            json!("user.updated"),
        ),
        event(
            "disabled_event",
            json!("user_updated"),
            disable,
            "/0/data/changedKeys",
            absent.clone(),
            json!(["disabled"]),
        ),
        event("installed_event", json!(true), install, "/0/type", absent, json!("addon.installed")),
    ]
}
