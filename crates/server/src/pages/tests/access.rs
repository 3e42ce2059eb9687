//! Who is let in where, and who says so.

use super::*;

#[tokio::test]
async fn an_admin_says_who_may_come_in_and_nobody_else_does() {
    let rig = Rig::start().await;
    for role in [Role::Viewer, Role::Staff] {
        let mut other = Browser::signed_in(&rig, role).await;
        assert_eq!(other.get("/access").await.status, StatusCode::FORBIDDEN);
        let form = [("login", "eve"), ("password", PASSWORD), ("role", "admin"), ("name", "x")];
        for path in ["/access/staff", "/access/tokens"] {
            assert_eq!(other.post(path, &form).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        assert!(!text(&other.get("/").await).contains("href=\"/access\""));
    }
    let mut admin = Browser::signed_in(&rig, Role::Admin).await;
    let short = [("login", "eve"), ("password", "short"), ("role", "staff")];
    let refused = admin.post("/access/staff", &short).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = text(&refused);
    assert!(
        page.contains("between 12 and 200")
            && page.contains("value=\"eve\"")
            && !page.contains("value=\"short\"")
    );
    let form = [("login", "eve"), ("password", PASSWORD), ("role", "staff")];
    assert_eq!(to(&admin.post("/access/staff", &form).await), "/access");
    assert!(text(&admin.get("/access").await).contains("eve may sign in now."));
    let mut eve = Browser::new(&rig);
    eve.post("/sign-in", &[("login", "eve"), ("password", PASSWORD)]).await;
    assert_eq!(eve.get("/").await.status, StatusCode::OK);

    let accounts = rig.state.core.accounts().await.unwrap();
    let id = |login: &str| accounts.iter().find(|known| known.staff.login == login).unwrap().staff.id;
    admin.post(&format!("/access/staff/{}/shut", id("eve")), &[]).await;
    assert!(to(&eve.get("/").await).starts_with("/sign-in"), "whoever is in is out at once");
    admin.post(&format!("/access/staff/{}/open", id("eve")), &[]).await;
    assert_eq!(eve.get("/").await.status, StatusCode::OK);
    admin.post(&format!("/access/staff/{}/shut", id("admin")), &[]).await;
    let page = text(&admin.get("/access").await);
    assert!(page.contains("last admin") && page.contains("your own"), "{page}");
    let audit = text(&admin.get("/audit").await);
    for line in ["made a staff account", "shut a staff account", "opened a staff account again"] {
        assert!(audit.contains(line), "{line}");
    }
}

#[tokio::test]
async fn a_token_is_shown_once_and_is_good_until_it_is_revoked() {
    let rig = Rig::start().await;
    let mut admin = Browser::signed_in(&rig, Role::Admin).await;
    assert_eq!(
        admin.post("/access/tokens", &[("role", "viewer")]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let made = text(&admin.post("/access/tokens", &[("name", "prometheus"), ("role", "viewer")]).await);
    let token = made.split("value=\"annex_").nth(1).unwrap().split('"').next().unwrap();
    let token = format!("annex_{token}");
    assert!(!text(&admin.get("/access").await).contains(&token), "only once");
    let found = rig.state.core.api_token(&token).await.unwrap().expect("it is good");
    assert_eq!(found.role, Role::Viewer);
    admin.post(&format!("/access/tokens/{}/revoke", found.id), &[]).await;
    assert!(rig.state.core.api_token(&token).await.unwrap().is_none());
    assert_eq!(
        admin.post(&format!("/access/tokens/{}/revoke", found.id), &[]).await.status,
        StatusCode::NOT_FOUND
    );
    let (_, _) = enabled(&rig).await;
    let page = text(&admin.get("/access").await);
    assert!(page.contains("The current one") && page.contains("There is none."), "{page}");
}

/// What is there for whoever comes: signing in and out, what pages are made of, and the way by the authorisation link, whose
/// holders are told apart by the link and by their session.
const OPEN: [(&str, &str); 11] = [
    ("get", "/sign-in"),
    ("post", "/sign-in"),
    ("post", "/sign-out"),
    ("get", "/assets/annex.css"),
    ("get", "/assets/annex.js"),
    ("get", "/connect/{token}"),
    ("post", "/connect/{token}/start"),
    ("post", "/connect/{token}/enter"),
    ("get", "/oauth/hubspot/callback"),
    ("get", "/connected"),
    ("post", "/connected/check"),
];

/// Every route of the pages, as the source has it.
fn routes() -> Vec<(&'static str, String)> {
    let (mut routes, mut folders) =
        (Vec::new(), vec![concat!(env!("CARGO_MANIFEST_DIR"), "/src/pages").into()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir::<std::path::PathBuf>(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("tests.rs")
            {
                routes.extend(routes_in(&std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    assert!(routes.len() > 50, "{routes:?}");
    routes
}

fn routes_in(source: &str) -> Vec<(&'static str, String)> {
    let here = source.split("const HERE: &str = \"").nth(1).and_then(|rest| rest.split('"').next());
    let mut found = Vec::new();
    for route in source.split(".route(").skip(1) {
        let (pattern, handlers) = route.split_once(',').unwrap();
        let pattern = if pattern == "HERE" { here.unwrap() } else { pattern.trim_matches('"') };
        let handlers = handlers.split('\n').next().unwrap();
        for method in ["get", "post"] {
            if handlers.contains(&format!("{method}(")) {
                found.push((method, pattern.to_owned()));
            }
        }
    }
    found
}

fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len()
        && pattern.iter().zip(path).all(|(part, given)| part.starts_with('{') || *part == given)
}

/// Who may come where: pages to look at, buttons for staff, and what is an admin's.
#[tokio::test]
async fn every_page_and_every_button_is_for_whom_it_is_for() {
    let rig = Rig::start().await;
    let (found, _) = enabled(&rig).await;
    let here = format!("/installations/{}", found.id);
    let of = |paths: &[&str]| paths.iter().map(|path| path.replace("{here}", &here)).collect::<Vec<_>>();
    let looked_at = of(&[
        "/",
        "/failures",
        "/audit",
        "/account",
        "{here}",
        "{here}/activity",
        "{here}/settings",
        "{here}/fields",
        "{here}/person",
        "{here}/conflicts",
        "{here}/brake",
        "{here}/runs",
        "{here}/log",
    ]);
    let asked_first = of(&[
        "/installations/new",
        "/installations/many",
        "{here}/authorisation-link.svg",
        "{here}/pause",
        "{here}/disable",
        "{here}/remove",
        "{here}/authorisation-link",
    ]);
    let buttons = of(&[
        "/installations/new",
        "/installations/many",
        "/failures/replay",
        "{here}/settings",
        "{here}/fields",
        "{here}/runs",
        "{here}/runs/019a0000-0000-7000-8000-000000000000/cancel",
        "{here}/check",
        "{here}/ask-storeganise",
        "{here}/replay",
        "{here}/replay-all",
        "{here}/replay-cause",
        "{here}/conflicts/u1",
        "{here}/brake/release",
        "{here}/brake/drop",
        "{here}/pause",
        "{here}/enable",
        "{here}/disable",
        "{here}/disconnect",
        "{here}/other-account",
        "{here}/authorisation-link",
        "{here}/remove",
    ]);
    let account = "019a0000-0000-7000-8000-000000000000";
    let admins = [
        "/access/staff".to_owned(),
        "/access/tokens".to_owned(),
        format!("/access/staff/{account}/shut"),
        format!("/access/tokens/{account}/revoke"),
    ];
    let not_there = of(&[
        "{here}/conflicts/u1",
        "{here}/runs/019a0000-0000-7000-8000-000000000000",
        "{here}/runs/019a0000-0000-7000-8000-000000000000/preview.csv",
    ]);
    // Its answer has no end: whom it is for is tried where a stream can be left.
    let endless = of(&["{here}/live"]);
    let of_admins = ["/access".to_owned()];
    let opened: Vec<&String> =
        looked_at.iter().chain(&asked_first).chain(&not_there).chain(&endless).chain(&of_admins).collect();
    // A form that only looks for somebody.
    let looked_for = format!("{here}/person");
    let of_ones_own = of(&["/account/password", "/account/sign-out-everywhere"]);
    let sent: Vec<&String> = buttons.iter().chain(&admins).chain([&looked_for]).chain(&of_ones_own).collect();
    for (method, pattern) in routes() {
        let tried = if method == "get" { &opened } else { &sent };
        let is_open = OPEN.contains(&(method, pattern.as_str()));
        assert!(is_open || tried.iter().any(|path| fits(&pattern, path)), "nobody tries {method} {pattern}");
    }
    let form = [("extent", "all"), ("kind", "preview"), ("role", "staff")];
    let mut stranger = Browser::new(&rig);
    for path in opened {
        assert!(to(&stranger.get(path).await).starts_with("/sign-in?next="), "{path}");
    }
    for path in sent {
        assert!(to(&stranger.post(path, &form).await).starts_with("/sign-in?next="), "{path}");
    }
    let mut viewer = Browser::signed_in(&rig, Role::Viewer).await;
    assert_eq!(viewer.post(&looked_for, &form).await.status, StatusCode::OK);
    assert_eq!(viewer.post("/account/password", &form).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    for path in &not_there {
        assert_eq!(viewer.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in &looked_at {
        assert_eq!(viewer.get(path).await.status, StatusCode::OK, "{path}");
    }
    for path in &asked_first {
        assert_eq!(viewer.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    for path in buttons.iter().chain(&admins) {
        assert_eq!(viewer.post(path, &form).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let mut staff = Browser::signed_in(&rig, Role::Staff).await;
    for path in looked_at.iter().chain(&asked_first) {
        assert_eq!(staff.get(path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(staff.get("/access").await.status, StatusCode::FORBIDDEN);
    for path in &admins {
        assert_eq!(staff.post(path, &form).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let mut admin = Browser::signed_in(&rig, Role::Admin).await;
    assert_eq!(admin.get("/access").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_announced_business_is_accepted_with_one_click_in_the_list() {
    let rig = Rig::start().await;
    let known = rig.installation().await;
    let event = serde_json::json!({ "type": "user.updated", "addonId": "66ce753e7405aa00158ba000",
        "businessCode": "harbour", "apiUrl": known.api_url, "data": { "userId": "u1" } });
    let body = event.to_string();
    let signature =
        storeganise::signature::sign(body.as_bytes(), &SecretString::from("signature-secret".to_owned()));
    let announced =
        Request::post("/webhooks/storeganise").header("sg-signature", signature).body(Body::from(body));
    assert_eq!(rig.send(announced.unwrap()).await.status, StatusCode::OK);
    let mut viewer = Browser::signed_in(&rig, Role::Viewer).await;
    let listed = text(&viewer.get("/").await);
    assert!(listed.contains("harbour") && !listed.contains("/accept"), "{listed}");
    let mut staff = Browser::signed_in(&rig, Role::Staff).await;
    let listed = text(&staff.get("/").await);
    assert!(listed.contains("aria-label=\"Accept harbour\""), "{listed}");
    let action = listed.split("action=\"").find(|part| part.contains("/accept\"")).unwrap();
    let accepted = staff.post(action.split('"').next().unwrap(), &[]).await;
    assert!(text(&staff.get(to(&accepted)).await).contains("The installation for harbour is accepted."));
    assert!(!text(&staff.get("/").await).contains("/accept"));
}

#[tokio::test]
async fn a_form_that_is_sent_twice_does_one_thing() {
    let rig = Rig::start().await;
    let mut staff = Browser::signed_in(&rig, Role::Admin).await;
    let install = [("business_code", "acme"), ("addon_id", ADDON_ID)];
    let first = staff.post("/installations/new", &install).await;
    let here = to(&first).to_owned();
    let again = staff.post("/installations/new", &install).await;
    assert!(text(&again).contains("This add-on is installed already"), "{}", text(&again));
    for action in ["enable", "pause", "disable", "enable"] {
        for _ in 0..2 {
            assert_eq!(to(&staff.post(&format!("{here}/{action}"), &[]).await), here, "{action}");
        }
    }
    let account = [("login", "eve"), ("password", PASSWORD), ("role", "viewer")];
    assert_eq!(to(&staff.post("/access/staff", &account).await), "/access");
    assert_eq!(staff.post("/access/staff", &account).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let remove = format!("{here}/remove");
    assert_eq!(to(&staff.post(&remove, &[]).await), "/");
    assert_eq!(staff.post(&remove, &[]).await.status, StatusCode::NOT_FOUND);
    let audit = text(&staff.get("/audit").await);
    for (line, times) in [
        ("installed the add-on", 1),
        ("enabled the installation", 2),
        ("paused the installation", 1),
        ("disabled the installation", 1),
        ("removed the installation", 1),
        ("made a staff account", 2),
    ] {
        assert_eq!(audit.matches(line).count(), times, "{line}");
    }
}
