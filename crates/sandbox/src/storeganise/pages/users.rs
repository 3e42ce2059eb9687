//! The Users page: search, pages of users, a form for a new one, and the form of the bulk update.

use std::{collections::HashMap, sync::Arc};

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::{Path, Query, State},
    response::Redirect,
};
use serde::Deserialize;

use super::{Head, Problem, encoded, filters, user::fields_of_form};
use crate::{
    clock::iso,
    storeganise::{business::Business, change, patch::Patch, query::matches, user::User},
    world::World,
};

/// How many users a page shows.
const PAGE: usize = 50;
/// How many open tasks are named above the users.
const TASKS_SHOWN: usize = 3;

/// The page.
#[derive(Template, WebTemplate)]
#[template(path = "storeganise/users.html")]
pub(super) struct UsersPage {
    business: Head,
    search: String,
    notice: String,
    rows: Vec<Row>,
    from: usize,
    total: usize,
    previous: Option<usize>,
    next: Option<usize>,
    open_tasks: Vec<String>,
}

struct Row {
    id: String,
    name: String,
    email: String,
    phone: String,
    company: String,
    kind: &'static str,
    updated: String,
}

/// What the page's address may say.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    search: String,
    #[serde(default)]
    offset: usize,
    #[serde(default)]
    notice: String,
}

/// Some of the users that a search finds, and how many it finds.
struct Found<'a> {
    users: Vec<&'a User>,
    total: usize,
}

/// `GET /{business}/admin`, and `/{business}/admin/users`.
pub(super) async fn list(
    State(world): State<Arc<World>>,
    Path(code): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<UsersPage, Problem> {
    let state = world.storeganise();
    let business = state.business(&code)?;
    let search = asked.search.trim();
    let found = find(business, search, asked.offset);
    let after = asked.offset.saturating_add(PAGE);
    let open_tasks = business.tasks.iter().rev().filter(|task| task.is_open()).take(TASKS_SHOWN);
    Ok(UsersPage {
        business: Head::of(business),
        rows: found.users.into_iter().map(Row::of).collect(),
        from: asked.offset,
        total: found.total,
        previous: (asked.offset > 0).then(|| asked.offset.saturating_sub(PAGE)),
        next: (after < found.total).then_some(after),
        open_tasks: open_tasks.map(|task| task.text("title").to_owned()).collect(),
        search: search.to_owned(),
        notice: asked.notice,
    })
}

/// `POST /{business}/admin/users`.
pub(super) async fn create(
    State(world): State<Arc<World>>,
    Path(code): Path<String>,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Redirect, Problem> {
    let patch = Patch::read(&fields_of_form(&form))?;
    let name = change(&world, &code, |business| Ok(business.create(&patch, &world.clock)?.name()))?;
    Ok(back(&code, &format!("{name} was added.")))
}

/// Back to the page, with a word on what was done.
pub(super) fn back(code: &str, notice: &str) -> Redirect {
    Redirect::to(&format!("/{code}/admin?notice={}", encoded(notice)))
}

/// One page of the users that a search finds, newest first; without a search nobody is looked at who is not shown.
fn find<'a>(business: &'a Business, search: &str, offset: usize) -> Found<'a> {
    let users = business.users();
    if search.is_empty() {
        let page = users.iter().rev().skip(offset).take(PAGE).collect();
        return Found { users: page, total: users.len() };
    }
    let mut found = Found { users: Vec::new(), total: 0 };
    for user in users.iter().rev().filter(|user| matches(user, search, business)) {
        if found.total >= offset && found.users.len() < PAGE {
            found.users.push(user);
        }
        found.total += 1;
    }
    found
}

impl Row {
    fn of(user: &User) -> Self {
        Self {
            id: user.id.clone(),
            name: user.name(),
            email: user.text("email").to_owned(),
            phone: user.text("phone").to_owned(),
            company: user.text("companyName").to_owned(),
            kind: match (user.disabled, user.roles.is_empty(), user.is_active) {
                (true, _, _) => "Disabled",
                (_, false, _) => "Staff",
                (_, _, true) => "Active",
                _ => "Inactive",
            },
            updated: iso(user.updated_ms),
        }
    }
}
