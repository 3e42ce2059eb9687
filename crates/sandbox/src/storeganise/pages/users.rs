//! The Users page: search, pages of users, a form for a new one, bulk update, and the tasks that add-ons filed.

use std::{collections::HashMap, sync::Arc};

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::{Path, Query, State},
    response::Redirect,
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Head, Problem, encoded, user::fields_of_form};
use crate::{
    clock::iso,
    storeganise::{
        change,
        control::{Bulk, bulk},
        patch::Patch,
        query::matches,
        user::User,
    },
    world::World,
};

/// How many users a page shows.
const PAGE: usize = 50;

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
    tasks: Vec<Task>,
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

struct Task {
    title: String,
    text: String,
    created: String,
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

/// The bulk update form.
#[derive(Deserialize)]
pub(super) struct BulkForm {
    field: String,
    value: String,
    how: How,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum How {
    Set,
    Append,
}

/// `GET /{business}/admin`.
pub(super) async fn list(
    State(world): State<Arc<World>>,
    Path(code): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<UsersPage, Problem> {
    let state = world.storeganise();
    let business = state.business(&code)?;
    let search = asked.search.trim();
    let found: Vec<&User> = business
        .users()
        .iter()
        .rev()
        .filter(|user| search.is_empty() || matches(user, search, business))
        .collect();
    let after = asked.offset + PAGE;
    Ok(UsersPage {
        business: Head::of(business),
        rows: found.iter().skip(asked.offset).take(PAGE).map(|user| Row::of(user)).collect(),
        from: asked.offset,
        total: found.len(),
        previous: (asked.offset > 0).then(|| asked.offset.saturating_sub(PAGE)),
        next: (after < found.len()).then_some(after),
        tasks: business.tasks.iter().rev().map(Task::of).collect(),
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

/// `POST /{business}/admin/users/bulk`.
pub(super) async fn bulk_update(
    State(world): State<Arc<World>>,
    Path(code): Path<String>,
    Form(form): Form<BulkForm>,
) -> Result<Redirect, Problem> {
    let mut wish = Bulk::default();
    if form.how == How::Append {
        wish.suffix.insert(form.field, form.value);
    } else {
        wish.set = Map::from_iter([(form.field, form.value.into())]);
    }
    let updated = bulk(&world, &code, &wish)?;
    Ok(back(&code, &format!("{updated} users were updated.")))
}

fn back(code: &str, notice: &str) -> Redirect {
    Redirect::to(&format!("/{code}/admin?notice={}", encoded(notice)))
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

impl Task {
    fn of(task: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            title: text(&task["data"]["title"]),
            text: text(&task["data"]["desc"]),
            created: text(&task["created"]),
        }
    }
}
