//! One's own account, and how long a visit lasts.

use super::*;

const MINUTE: u32 = 60 * 1_000_000;
const NEW_PASSWORD: &str = "violet anvil drifts northward";

async fn is_in(browser: &mut Browser<'_>) -> bool {
    browser.get("/failures").await.status == StatusCode::OK
}

#[tokio::test]
async fn a_visit_ends_after_two_idle_hours_and_after_twelve_in_any_case() {
    let rig = Rig::start().await;
    let clock = rig.state.core.clock();
    let wait = |minutes: u32| (0..minutes).for_each(|_| clock.advance(MINUTE));
    let mut browser = Browser::signed_in(&rig, Role::Staff).await;
    wait(119);
    assert!(is_in(&mut browser).await, "somebody is there");
    wait(119);
    assert!(is_in(&mut browser).await, "two hours count from the last page");
    wait(120);
    let led = browser.get("/failures").await;
    assert_eq!(to(&led), "/sign-in?next=%2Ffailures", "and afterwards it goes on where it was");

    browser.post("/sign-in", &[("login", "staff"), ("password", PASSWORD)]).await;
    for _ in 0..11 {
        wait(60);
        assert!(is_in(&mut browser).await);
    }
    wait(60);
    assert!(!is_in(&mut browser).await, "a working day is over");
}

#[tokio::test]
async fn a_page_that_keeps_itself_up_to_date_does_not_keep_anybody_in() {
    let rig = Rig::start().await;
    let mut browser = Browser::signed_in(&rig, Role::Staff).await;
    for hour in 0..4 {
        let request = Request::builder()
            .uri("/failures")
            .header("sec-fetch-dest", "empty")
            .header(header::COOKIE, browser.cookie.clone().unwrap());
        let answer = rig.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status == StatusCode::OK, hour < 2, "hour {hour}");
        (0..60).for_each(|_| rig.state.core.clock().advance(MINUTE));
    }
    assert!(!is_in(&mut browser).await);
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_visit_of_this_account_and_of_no_other() {
    let rig = Rig::start().await;
    let mut here = Browser::signed_in(&rig, Role::Staff).await;
    let mut other = Browser::signed_in(&rig, Role::Viewer).await;
    let mut forgotten = Browser::new(&rig);
    forgotten.post("/sign-in", &[("login", "staff"), ("password", PASSWORD)]).await;
    assert!(is_in(&mut forgotten).await);
    assert!(text(&here.get("/").await).contains("href=\"/account\""), "the name leads there");
    assert_eq!(to(&here.post("/account/sign-out-everywhere", &[]).await), "/sign-in");
    assert!(!is_in(&mut here).await && !is_in(&mut forgotten).await);
    assert!(is_in(&mut other).await);
    assert!(text(&other.get("/audit").await).contains("signed out everywhere"));
}

#[tokio::test]
async fn a_password_is_changed_by_whoever_knows_it_and_ends_every_other_visit() {
    let rig = Rig::start().await;
    let mut here = Browser::signed_in(&rig, Role::Staff).await;
    let mut elsewhere = Browser::new(&rig);
    elsewhere.post("/sign-in", &[("login", "staff"), ("password", PASSWORD)]).await;
    for (present, new, told) in [
        ("another one altogether", NEW_PASSWORD, "not your present password"),
        (PASSWORD, "short", "between 12 and 200"),
        (PASSWORD, "password1234", "easily guessed"),
        (PASSWORD, "staffstaffstaff", "easily guessed"),
        (PASSWORD, "qwertyuiop123456", "easily guessed"),
    ] {
        let refused = here.post("/account/password", &[("password", present), ("new_password", new)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let page = text(&refused);
        assert!(page.contains(told) && !page.contains(new) && !page.contains(present), "{new}: {page}");
    }
    assert!(is_in(&mut elsewhere).await, "nothing was changed");
    let before = here.cookie.clone();
    let form = [("password", PASSWORD), ("new_password", NEW_PASSWORD)];
    assert_eq!(to(&here.post("/account/password", &form).await), "/account");
    assert_ne!(here.cookie, before, "the session has a new id");
    assert!(text(&here.get("/account").await).contains("The password is changed."));
    assert!(!is_in(&mut elsewhere).await);
    let old = elsewhere.post("/sign-in", &[("login", "staff"), ("password", PASSWORD)]).await;
    assert_eq!(old.status, StatusCode::UNPROCESSABLE_ENTITY);
    elsewhere.post("/sign-in", &[("login", "staff"), ("password", NEW_PASSWORD)]).await;
    assert!(is_in(&mut elsewhere).await);
}

#[tokio::test]
async fn whoever_sits_at_a_browser_left_signed_in_cannot_guess_on() {
    let rig = Rig::start().await;
    let mut browser = Browser::signed_in(&rig, Role::Staff).await;
    let guess = [("password", "a guess at it"), ("new_password", NEW_PASSWORD)];
    for _ in 0..5 {
        assert_eq!(browser.post("/account/password", &guess).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let right = [("password", PASSWORD), ("new_password", NEW_PASSWORD)];
    let answer = browser.post("/account/password", &right).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(text(&answer).contains("Too many attempts"));
    rig.state.core.clock().advance(MINUTE);
    assert_eq!(to(&browser.post("/account/password", &right).await), "/account");
}

#[tokio::test]
async fn a_token_runs_out_and_its_page_says_when() {
    let rig = Rig::start().await;
    let mut admin = Browser::signed_in(&rig, Role::Admin).await;
    let mut made = async |days: &str| {
        let form = [("name", "a program"), ("role", "viewer"), ("days", days)];
        let page = text(&admin.post("/access/tokens", &form).await);
        let token = page.split("value=\"annex_").nth(1).unwrap().split('"').next().unwrap();
        format!("annex_{token}")
    };
    let (month, ever) = (made("30").await, made("0").await);
    let page = text(&admin.get("/access").await);
    assert_eq!(page.matches("<br>ends ").count(), 1, "{page}");
    let core = &rig.state.core;
    let is_good = async |token: &str| core.api_token(token).await.unwrap().is_some();
    (0..30 * 24 * 60 - 1).for_each(|_| core.clock().advance(MINUTE));
    assert!(is_good(&month).await && is_good(&ever).await);
    core.clock().advance(MINUTE);
    assert!(!is_good(&month).await && is_good(&ever).await);
    let nonsense = [("name", "a program"), ("role", "viewer"), ("days", "soon")];
    admin.post("/sign-in", &[("login", "admin"), ("password", PASSWORD)]).await;
    assert_eq!(admin.post("/access/tokens", &nonsense).await.status, StatusCode::BAD_REQUEST);
}
