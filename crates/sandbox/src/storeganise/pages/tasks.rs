//! The Tasks page: what add-ons ask a person to look at, open ones first, each with a button that closes it.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    response::Redirect,
};
use serde_json::{Map, Value};

use super::{Head, Problem, filters};
use crate::{
    clock::iso,
    storeganise::{business::Business, change, task::Task, user::User},
    world::World,
};

/// How many tasks the page shows.
const SHOWN_MAX: usize = 200;

/// The page.
#[derive(Template, WebTemplate)]
#[template(path = "storeganise/tasks.html")]
pub(super) struct TasksPage {
    business: Head,
    total: usize,
    rows: Vec<Row>,
}

struct Row {
    id: String,
    title: String,
    text: String,
    about: String,
    /// The page of the user it is about; empty if it is about something else.
    user_id: String,
    state: &'static str,
    is_open: bool,
    created: String,
}

/// `GET /{business}/admin/tasks`.
pub(super) async fn list(
    State(world): State<Arc<World>>,
    Path(code): Path<String>,
) -> Result<TasksPage, Problem> {
    let state = world.storeganise();
    let business = state.business(&code)?;
    let (open, closed): (Vec<&Task>, Vec<&Task>) =
        business.tasks.iter().rev().partition(|task| task.is_open());
    Ok(TasksPage {
        business: Head::of(business),
        total: business.tasks.len(),
        rows: open.into_iter().chain(closed).take(SHOWN_MAX).map(|task| Row::of(task, business)).collect(),
    })
}

/// `POST /{business}/admin/tasks/{id}/close`.
pub(super) async fn close(
    State(world): State<Arc<World>>,
    Path((code, id)): Path<(String, String)>,
) -> Result<Redirect, Problem> {
    let completed = Map::from_iter([("state".to_owned(), Value::from("completed"))]);
    change(&world, &code, |business| business.task_mut(&id)?.change(&completed, world.clock.now_ms()))?;
    Ok(Redirect::to(&format!("/{code}/admin/tasks")))
}

impl Row {
    fn of(task: &Task, business: &Business) -> Self {
        let (kind, target) = (task.text("targetType"), task.text("targetId"));
        let user = business.user_by_id(target).ok().filter(|_| kind == "user");
        Self {
            id: task.id.clone(),
            title: task.text("title").to_owned(),
            text: task.text("desc").to_owned(),
            about: user.map_or_else(|| format!("{kind} {target}"), User::name),
            user_id: user.map(|user| user.id.clone()).unwrap_or_default(),
            state: task.state,
            is_open: task.is_open(),
            created: iso(task.created_ms),
        }
    }
}
