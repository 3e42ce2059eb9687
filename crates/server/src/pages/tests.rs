//! The pages as a browser gets them: who is let in, what a form keeps, and the way to HubSpot and back.

mod access;
mod account;
mod snapshots;

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use secrecy::{ExposeSecret as _, SecretString};
use sync_core::{
    access::{Role, audit::Actor},
    installation::Installation,
};
use url::{Url, form_urlencoded};

use crate::rig::{Answer, BASE_URL, BUSINESS_DOWN, Rig};

const PASSWORD: &str = "correct horse battery";
const ADDON_ID: &str = "66ce753e7405aa00158ba999";

/// A browser: it keeps the session's cookie and says where its forms stand.
struct Browser<'a> {
    rig: &'a Rig,
    cookie: Option<String>,
}

impl<'a> Browser<'a> {
    fn new(rig: &'a Rig) -> Self {
        Self { rig, cookie: None }
    }

    async fn signed_in(rig: &'a Rig, role: Role) -> Self {
        let (login, password) = (role.word(), SecretString::from(PASSWORD));
        rig.state.core.create_staff(login, &password, role, &Actor::command_line()).await.unwrap();
        let mut browser = Self::new(rig);
        let answer = browser.post("/sign-in", &[("login", login), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        browser
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.go("GET", path, Body::empty()).await
    }

    async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.go("POST", path, Body::from(body)).await
    }

    async fn go(&mut self, method: &str, path: &str, body: Body) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let answer = self.rig.send(request.body(body).unwrap()).await;
        let set = answer.header(header::SET_COOKIE).split(';').next().unwrap_or_default();
        if !set.is_empty() {
            self.cookie = Some(set.to_owned());
        }
        answer
    }
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.to_vec()).unwrap()
}

fn to(answer: &Answer) -> &str {
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    answer.header(header::LOCATION)
}

/// An enabled installation and the path of its authorisation link.
async fn enabled(rig: &Rig) -> (Installation, String) {
    let by = Actor::command_line();
    let found = rig.installation().await;
    let found = rig.state.core.enable(found.id, &by).await.unwrap();
    let link = rig.state.core.authorisation_link(&found).await.unwrap().unwrap();
    let path = link.expose_secret().strip_prefix(BASE_URL).unwrap().to_owned();
    (found, path)
}

/// Goes to HubSpot; the `state` it was sent with.
async fn begun(browser: &mut Browser<'_>, link: &str) -> String {
    let answer = browser.post(&format!("{link}/start"), &[]).await;
    let address = Url::parse(to(&answer)).unwrap();
    let (_, state) = address.query_pairs().find(|(name, _)| name == "state").unwrap();
    assert_eq!(state.len(), 43, "32 bytes");
    state.into_owned()
}

#[tokio::test]
async fn a_stranger_is_sent_to_sign_in_and_then_back_to_the_page() {
    let rig = Rig::start().await;
    let found = rig.installation().await;
    let mut browser = Browser::new(&rig);
    for path in ["/", "/installations/new", &format!("/installations/{}/activity?action=failed", found.id)] {
        let answer = browser.get(path).await;
        let next: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
        assert_eq!(to(&answer), format!("/sign-in?next={next}"));
    }
    let password = SecretString::from(PASSWORD);
    rig.state.core.create_staff("ann", &password, Role::Staff, &Actor::command_line()).await.unwrap();
    let form = [("login", "ann"), ("password", PASSWORD), ("next", "/?search=a")];
    assert_eq!(to(&browser.post("/sign-in", &form).await), "/?search=a");
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    assert_eq!(to(&browser.post("/sign-out", &[]).await), "/sign-in");
    assert!(to(&browser.get("/").await).starts_with("/sign-in"));
}

#[tokio::test]
async fn a_wrong_password_keeps_the_login_and_the_sixth_attempt_has_to_wait() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    assert!(text(&browser.get("/sign-in").await).contains("annex staff create"), "nobody has an account yet");
    let form = [("login", "<ann>"), ("password", "wrong")];
    for _ in 0..5 {
        let answer = browser.post("/sign-in", &form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        let page = text(&answer);
        assert!(page.contains("Login or password is wrong") && page.contains("&#60;ann&#62;"), "{page}");
    }
    let answer = browser.post("/sign-in", &form).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.header(header::RETRY_AFTER), "60");
}

#[tokio::test]
async fn signing_in_gives_the_session_a_new_id() {
    let rig = Rig::start().await;
    let (_, link) = enabled(&rig).await;
    let mut browser = Browser::new(&rig);
    begun(&mut browser, &link).await;
    let before = browser.cookie.clone().unwrap();
    let password = SecretString::from(PASSWORD);
    rig.state.core.create_staff("ann", &password, Role::Staff, &Actor::command_line()).await.unwrap();
    browser.post("/sign-in", &[("login", "ann"), ("password", PASSWORD)]).await;
    assert_ne!(browser.cookie.as_ref().unwrap(), &before);
    let mut planted = Browser { rig: &rig, cookie: Some(before) };
    assert!(to(&planted.get("/").await).starts_with("/sign-in"));
}

#[tokio::test]
async fn a_viewer_may_look_and_not_change() {
    let rig = Rig::start().await;
    let (found, link) = enabled(&rig).await;
    let mut browser = Browser::signed_in(&rig, Role::Viewer).await;
    let page = text(&browser.get(&format!("/installations/{}", found.id)).await);
    assert!(page.contains("acme") && !page.contains(&link) && !page.contains("Pause syncing"));
    for path in ["pause", "remove", "runs", "settings", "replay-all", "authorisation-link", "check"] {
        let answer = browser.post(&format!("/installations/{}/{path}", found.id), &[]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    for path in ["replay-cause", "conflicts/u1"] {
        let answer = browser.post(&format!("/installations/{}/{path}", found.id), &[("extent", "all")]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(browser.post("/failures/replay", &[("extent", "all")]).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_is_not_there_is_a_page_with_a_number_and_no_secret() {
    let rig = Rig::start().await;
    let mut browser = Browser::signed_in(&rig, Role::Staff).await;
    for path in ["/nothing", "/installations/1", "/installations/019a0000-0000-7000-8000-000000000000"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        let id = answer.header("x-request-id");
        assert!(!id.is_empty() && text(&answer).contains(id), "{path}");
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    }
}

#[tokio::test]
async fn an_address_with_a_made_up_place_in_a_list_says_what_is_expected() {
    let rig = Rig::start().await;
    let here = format!("/installations/{}", rig.installation().await.id);
    let mut staff = Browser::signed_in(&rig, Role::Viewer).await;
    for list in [
        "/",
        "/audit",
        &format!("{here}/conflicts"),
        &format!("{here}/brake"),
        &format!("{here}/activity"),
        &format!("{here}/runs"),
        &format!("{here}/log"),
    ] {
        let answer = staff.get(&format!("{list}?cursor=made-up")).await;
        let page = text(&answer);
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{list}: {page}");
        assert!(page.contains("This cannot be shown") && page.contains("The cursor is"), "{list}: {page}");
    }
}

#[tokio::test]
async fn staff_install_enable_and_see_the_steps_the_link_and_the_empty_token_field() {
    let rig = Rig::start().await;
    let mut browser = Browser::signed_in(&rig, Role::Staff).await;
    assert!(text(&browser.get("/").await).contains("No business yet"));
    let form = [("business_code", "acme"), ("addon_id", ADDON_ID)];
    let here = to(&browser.post("/installations/new", &form).await).to_owned();
    let page = text(&browser.get(&here).await);
    assert!(page.contains("The add-on is installed for acme.") && page.contains("(next)"), "{page}");
    assert!(!text(&browser.get(&here).await).contains("The add-on is installed"), "said once");
    assert_eq!(to(&browser.post(&format!("{here}/enable"), &[]).await), here);
    let page = text(&browser.get(&here).await);
    assert!(page.contains(&format!("{BASE_URL}/connect/")) && page.contains("<dd>empty</dd>"), "{page}");
    assert!(page.contains(&format!("{BASE_URL}/webhooks/hubspot")), "{page}");
    assert!(text(&browser.get("/").await).contains("1 business needs you"));
    assert!(text(&browser.get("/?state=needs-you").await).contains(ADDON_ID));
    assert!(text(&browser.get("/?state=paused").await).contains("No business fits"));
}

#[tokio::test]
async fn the_install_form_keeps_what_was_typed_and_names_the_field() {
    let rig = Rig::start().await;
    let mut browser = Browser::signed_in(&rig, Role::Staff).await;
    for (code, addon, expected) in [
        ("a.b", ADDON_ID, "id=\"business_code_problem\""),
        ("acme", "../x", "id=\"addon_id_problem\""),
        (BUSINESS_DOWN, ADDON_ID, "Storeganise cannot answer at the moment"),
    ] {
        let answer =
            browser.post("/installations/new", &[("business_code", code), ("addon_id", addon)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        let page = text(&answer);
        assert!(page.contains(expected), "{code}: {page}");
        assert!(page.contains(&format!("value=\"{code}\"")) && page.contains(&format!("value=\"{addon}\"")));
    }
}

#[tokio::test]
async fn a_list_of_businesses_is_installed_with_a_report_line_by_line() {
    let rig = Rig::start().await;
    let mut browser = Browser::signed_in(&rig, Role::Staff).await;
    let path = "/installations/many";
    assert!(text(&browser.get("/installations/new").await).contains(path));
    let list = format!(
        "Business code,Add-on id\nacme,{ADDON_ID}\n{BUSINESS_DOWN},66ce753e7405aa00158ba991\nonly a code\nquay;66ce753e7405aa00158ba992\nbad code,1"
    );
    let page = text(&browser.post(path, &[("list", &list)]).await);
    for part in [
        "2 businesses are installed; 3 lines are not",
        "A line has two values",
        "Storeganise",
        &format!("{BUSINESS_DOWN},66ce753e7405aa00158ba991"),
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    assert!(
        !page.split("<textarea").nth(1).unwrap().contains(ADDON_ID),
        "what is done does not stand there again"
    );
    assert_eq!(rig.state.core.overview().await.unwrap().total(), 2);
    // Sent once more, nothing is made twice.
    let again = text(&browser.post(path, &[("list", &format!("acme,{ADDON_ID}"))]).await);
    assert!(again.contains("This add-on is installed already"), "{again}");
    for (list, problem) in
        [("", "Write a line for each business"), (&"a,1\n".repeat(101), "These are 101 lines")]
    {
        assert!(text(&browser.post(path, &[("list", list)]).await).contains(problem), "{problem}");
    }
}

#[tokio::test]
async fn removing_says_what_it_drops_before_it_does_it() {
    let rig = Rig::start().await;
    let found = rig.installation().await;
    let mut browser = Browser::signed_in(&rig, Role::Staff).await;
    let here = format!("/installations/{}", found.id);
    for action in
        ["enable", "pause", "disable", "disconnect", "remove", "authorisation-link", "other-account"]
    {
        let page = text(&browser.get(&format!("{here}/{action}")).await);
        assert!(
            page.contains("What is kept") && page.contains(&format!("action=\"{here}/{action}\"")),
            "{page}"
        );
    }
    assert_eq!(browser.get(&format!("{here}/explode")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get(&here).await.status, StatusCode::OK, "asking does nothing");
    // What the state does not allow is told on the page it came from.
    assert_eq!(to(&browser.post(&format!("{here}/pause"), &[]).await), here);
    assert!(text(&browser.get(&here).await).contains("Only an enabled installation can be paused."));
    assert_eq!(to(&browser.post(&format!("{here}/remove"), &[]).await), "/");
    assert_eq!(browser.get(&here).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn settings_are_saved_or_shown_again_with_the_field_that_does_not_fit() {
    let rig = Rig::start().await;
    let found = rig.installation().await;
    let mut browser = Browser::signed_in(&rig, Role::Staff).await;
    let path = format!("/installations/{}/settings", found.id);
    let form = |country: &'static str| {
        [
            ("conflict_policy", "hubspot_wins"),
            ("default_country", country),
            ("contact_edits", "on"),
            ("storeganise_requests_per_second", "1.5"),
        ]
    };
    let answer = browser.post(&path, &form("Narnia")).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = text(&answer);
    assert!(page.contains("value=\"Narnia\"") && page.contains("id=\"default_country_problem\""), "{page}");
    assert_eq!(to(&browser.post(&path, &form("gb")).await), format!("/installations/{}", found.id));
    let settings = rig.state.core.installation(found.id).await.unwrap().settings;
    assert_eq!(settings.default_country.as_deref(), Some("GB"));
    assert!(settings.contact_edits && !settings.create_users);
}

#[tokio::test]
async fn custom_fields_are_told_at_their_row_what_does_not_fit_and_keep_what_was_typed() {
    let rig = Rig::start().await;
    let found = rig.installation().await;
    let mut browser = Browser::signed_in(&rig, Role::Staff).await;
    let here = format!("/installations/{}", found.id);
    let path = format!("{here}/fields");
    let row = |user_field: &'static str, property: &'static str| {
        [
            ("user_field", user_field),
            ("contact_property", property),
            ("kind", "date"),
            ("direction", "to_user"),
        ]
    };
    let rows = [row("gateCode", "email"), row("", ""), row("vehiclePlate", "vehicle_plate")].concat();
    let with = |more: &[(&'static str, &'static str)]| [&rows, more].concat();
    let wrong = browser.post(&path, &with(&[])).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = text(&wrong);
    for expected in [
        "email is kept the same by itself",
        "value=\"gateCode\"",
        "value=\"vehicle_plate\"",
        "<option value=\"date\" selected>",
    ] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    assert_eq!(page.matches("name=\"user_field\"").count(), 3, "two rows and an empty one");
    let more = browser.post(&path, &with(&[("act", "row")])).await;
    assert_eq!(more.status, StatusCode::OK, "asking for a row saves nothing");
    assert_eq!(text(&more).matches("name=\"user_field\"").count(), 4);
    // What HubSpot has to be asked about is not saved, nor lost.
    for act in ["save", "try"] {
        let answer = browser.post(&path, &with(&[("remove", "0"), ("act", act)])).await;
        assert_eq!(answer.status, StatusCode::CONFLICT);
        let page = text(&answer);
        assert!(page.contains("authorisation") && page.contains("value=\"vehicle_plate\""), "{page}");
        assert!(page.contains("so names are typed"), "there is nothing to choose from: {page}");
        assert!(!page.contains("value=\"gateCode\""), "the row to be removed is gone");
    }
    assert_eq!(rig.state.core.installation(found.id).await.unwrap().settings.custom_fields, []);
    let shown = text(&browser.get(&format!("{here}/settings")).await);
    for name in ["contact_edits", "deal_data", "mirrors", "failure_tasks", "brake_percent"] {
        assert!(shown.contains(&format!("name=\"{name}\"")), "{name}");
    }
    let mut viewer = Browser::signed_in(&rig, Role::Viewer).await;
    assert!(!text(&viewer.get(&format!("{here}/settings")).await).contains("Save settings"));
    assert!(!text(&viewer.get(&path).await).contains("Save these fields"));
    assert_eq!(viewer.post(&path, &[("act", "try")]).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_link_shows_the_business_and_every_scope_before_anything_happens() {
    let rig = Rig::start().await;
    let (_, link) = enabled(&rig).await;
    let mut browser = Browser::new(&rig);
    let answer = browser.get(&link).await;
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    assert_eq!(answer.header(header::REFERRER_POLICY), "no-referrer");
    let page = text(&answer);
    assert!(page.contains("Connect acme to HubSpot") && page.contains("You choose the HubSpot account"));
    for scope in hubspot::oauth::SCOPES {
        assert!(page.contains(scope), "{scope}");
    }
    assert!(browser.cookie.is_none(), "looking begins no session");
}

#[tokio::test]
async fn a_link_that_is_unknown_replaced_or_not_enabled_leads_nowhere_and_says_so() {
    let rig = Rig::start().await;
    let (found, link) = enabled(&rig).await;
    let by = Actor::command_line();
    let mut browser = Browser::new(&rig);
    let answer = browser.get("/connect/unknown").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(text(&answer).contains("ask Storeganise for a new one"));
    rig.state.core.disable(found.id, &by).await.unwrap();
    assert_eq!(browser.get(&link).await.status, StatusCode::CONFLICT);
    assert_eq!(browser.post(&format!("{link}/start"), &[]).await.status, StatusCode::CONFLICT);
    rig.state.core.enable(found.id, &by).await.unwrap();
    rig.state.core.new_authorisation_link(found.id, &by).await.unwrap();
    assert_eq!(browser.get(&link).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.post(&format!("{link}/start"), &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_authorisation_is_finished_only_by_the_session_that_began_it_and_only_once() {
    let rig = Rig::start().await;
    let (_, link) = enabled(&rig).await;
    let (mut admin, mut stranger) = (Browser::new(&rig), Browser::new(&rig));
    let state = begun(&mut admin, &link).await;
    begun(&mut stranger, &link).await;
    let callback = format!("/oauth/hubspot/callback?code=abc&state={state}");
    let answer = stranger.get(&callback).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "another session");
    assert_eq!(Browser::new(&rig).get(&callback).await.status, StatusCode::BAD_REQUEST, "no session");
    // HubSpot cannot be reached from here: the authorisation fails, says so, and is used up.
    let answer = admin.get(&callback).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    let page = text(&answer);
    assert!(page.contains("HubSpot could not be reached") && page.contains(&link), "{page}");
    assert_eq!(admin.get(&callback).await.status, StatusCode::BAD_REQUEST, "used up");
    assert_eq!(admin.get("/connected").await.status, StatusCode::FORBIDDEN, "nothing was connected");
}

#[tokio::test]
async fn a_wrong_state_uses_the_right_one_up() {
    let rig = Rig::start().await;
    let (_, link) = enabled(&rig).await;
    let mut admin = Browser::new(&rig);
    let state = begun(&mut admin, &link).await;
    let wrong = admin.get("/oauth/hubspot/callback?code=abc&state=guess").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let right = admin.get(&format!("/oauth/hubspot/callback?code=abc&state={state}")).await;
    assert_eq!(right.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_refusal_at_hubspot_connects_nothing_and_offers_the_way_back() {
    let rig = Rig::start().await;
    let (found, link) = enabled(&rig).await;
    let mut admin = Browser::new(&rig);
    let state = begun(&mut admin, &link).await;
    let query = format!("error=access_denied&error_description=%3Cb%3Eno&state={state}");
    let page = text(&admin.get(&format!("/oauth/hubspot/callback?{query}")).await);
    assert!(
        page.contains("Nothing was connected") && page.contains(&link) && !page.contains("<b>no"),
        "{page}"
    );
    assert!(rig.state.core.connection(found.scope()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_link_that_was_replaced_while_at_hubspot_connects_nothing() {
    let rig = Rig::start().await;
    let (found, link) = enabled(&rig).await;
    let mut admin = Browser::new(&rig);
    let state = begun(&mut admin, &link).await;
    rig.state.core.clock().advance(1);
    rig.state.core.new_authorisation_link(found.id, &Actor::command_line()).await.unwrap();
    let answer = admin.get(&format!("/oauth/hubspot/callback?code=abc&state={state}")).await;
    assert_eq!(answer.status, StatusCode::GONE);
}

#[tokio::test]
async fn failed_and_waiting_changes_are_replayed_from_the_activity_page() {
    let rig = Rig::start().await;
    let (found, _) = enabled(&rig).await;
    let mut browser = Browser::signed_in(&rig, Role::Staff).await;
    let activity = format!("/installations/{}/activity", found.id);
    assert!(text(&browser.get(&activity).await).contains("Nothing has failed and nothing waits."));
    let form = [("subject", "user"), ("subject_id", "u1")];
    assert_eq!(to(&browser.post(&format!("/installations/{}/replay", found.id), &form).await), activity);
    let page = text(&browser.get(&activity).await);
    assert!(page.contains("The change is being done again.") && page.contains("u1"), "{page}");
    assert_eq!(to(&browser.post(&format!("/installations/{}/replay-all", found.id), &[]).await), activity);
    assert!(text(&browser.get(&activity).await).contains("Nothing had failed"));
    let odd = browser.get(&format!("{activity}?cursor=odd")).await;
    assert_eq!(odd.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_run_shows_how_far_it_is_and_is_cancelled_by_a_button() {
    let rig = Rig::start().await;
    let (found, _) = enabled(&rig).await;
    let mut browser = Browser::signed_in(&rig, Role::Staff).await;
    let here = format!("/installations/{}", found.id);
    browser.post(&format!("{here}/runs"), &[("kind", "preview")]).await;
    assert!(text(&browser.get(&here).await).contains("A preview needs HubSpot authorised"));
    browser.post(&format!("{here}/runs"), &[("kind", "backfill")]).await;
    let run = rig.state.core.runs(found.scope(), None, 1).await.unwrap().items.remove(0);
    let page = format!("{here}/runs/{}", run.id);
    let list = text(&browser.get(&here).await);
    assert!(list.contains("counting, 0 done") && list.contains(&format!("{page}/cancel")), "{list}");
    assert!(text(&browser.get(&page).await).contains("counting, 0 done"));
    assert_eq!(to(&browser.post(&format!("{page}/cancel"), &[]).await), here);
    let shown = text(&browser.get(&page).await);
    assert!(shown.contains("cancelled") && !shown.contains("/cancel\""), "{shown}");
    for odd in [format!("{here}/runs/odd"), format!("{here}/runs/{}", uuid::Uuid::nil())] {
        assert_eq!(browser.get(&odd).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(browser.get(&format!("{page}/preview.csv")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_style_sheet_is_kept_for_ever_under_the_name_the_pages_give_it() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let page = text(&browser.get("/sign-in").await);
    let start = page.find("/assets/annex.css?v=").unwrap();
    let address = page[start..].split('"').next().unwrap();
    assert!(browser.get(address).await.header(header::CACHE_CONTROL).contains("immutable"));
    assert_eq!(browser.get("/assets/annex.css").await.header(header::CACHE_CONTROL), "no-cache");
    assert!(!page.contains("<style") && !page.contains(" style=") && !page.contains(" onclick="));
}
