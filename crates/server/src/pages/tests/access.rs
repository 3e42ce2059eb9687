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
        "{here}",
        "{here}/activity",
        "{here}/settings",
        "{here}/fields",
        "{here}/person",
        "{here}/conflicts",
        "{here}/brake",
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
    let form = [("extent", "all"), ("kind", "preview"), ("role", "staff")];
    let mut stranger = Browser::new(&rig);
    for path in looked_at.iter().chain(&asked_first).chain([&"/access".to_owned()]) {
        assert!(to(&stranger.get(path).await).starts_with("/sign-in?next="), "{path}");
    }
    for path in buttons.iter().chain(&admins) {
        assert!(to(&stranger.post(path, &form).await).starts_with("/sign-in?next="), "{path}");
    }
    let mut viewer = Browser::signed_in(&rig, Role::Viewer).await;
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
