//! What each page says, word by word: a change of it is to be meant. `INSTA_UPDATE=always cargo test -p server snapshots`
//! writes down what they say now.

use super::*;

/// The text of a page's main part, a line for each block, with what stands in inputs and where buttons lead.
fn said(answer: &Answer) -> String {
    let page = text(answer);
    let main = page.split_once("<main").and_then(|(_, rest)| rest.split_once('>')).unwrap().1;
    let main = main.split("</main>").next().unwrap();
    let mut said = String::new();
    for part in main.split('<') {
        let (tag, words) = part.split_once('>').unwrap_or(("", part));
        let name = tag.split([' ', '/']).find(|name| !name.is_empty()).unwrap_or_default();
        if !["a", "span", "strong", "code", "time", "bdi", "svg", "path", "summary"].contains(&name) {
            said.push('\n');
        }
        if name == "input" && !tag.contains("type=\"hidden\"") {
            said.push_str("[ ] ");
        }
        said.push_str(words);
    }
    let lines = said.lines().map(|line| match line.trim().strip_prefix("Request ") {
        Some(_) => "Request (its number)".to_owned(),
        None => line.split_whitespace().collect::<Vec<_>>().join(" "),
    });
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn every_page_says_what_it_said() {
    let rig = Rig::start().await;
    let mut staff = Browser::signed_in(&rig, Role::Admin).await;
    let mut nobody = Browser::new(&rig);
    insta::assert_snapshot!("sign-in", said(&nobody.get("/sign-in").await));
    insta::assert_snapshot!("businesses-none", said(&staff.get("/").await));
    let (found, link) = enabled(&rig).await;
    let here = format!("/installations/{}", found.id);
    for (name, path) in [
        ("businesses", "/".to_owned()),
        ("install", "/installations/new".to_owned()),
        ("install-many", "/installations/many".to_owned()),
        ("failures", "/failures".to_owned()),
        ("audit", "/audit".to_owned()),
        ("access", "/access".to_owned()),
        ("account", "/account".to_owned()),
        ("installation", here.clone()),
        ("activity", format!("{here}/activity")),
        ("settings", format!("{here}/settings")),
        ("fields", format!("{here}/fields")),
        ("person", format!("{here}/person")),
        ("conflicts", format!("{here}/conflicts")),
        ("brake", format!("{here}/brake")),
        ("runs", format!("{here}/runs")),
        ("log", format!("{here}/log")),
        ("pause", format!("{here}/pause")),
        ("disable", format!("{here}/disable")),
        ("disconnect", format!("{here}/disconnect")),
        ("remove", format!("{here}/remove")),
        ("new-link", format!("{here}/authorisation-link")),
        ("other-account", format!("{here}/other-account")),
        ("nothing-here", "/nothing-here".to_owned()),
    ] {
        insta::assert_snapshot!(name, said(&staff.get(&path).await));
    }
    insta::assert_snapshot!("connect", said(&nobody.get(&link).await));
    insta::assert_snapshot!("unknown-link", said(&nobody.get("/connect/unknown").await));
    insta::assert_snapshot!("no-visit", said(&nobody.get("/connected").await));
}
