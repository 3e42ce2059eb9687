//! The page of custom field definitions, at the address where the real portal has it.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::{Path, State},
    response::Redirect,
};
use serde::Deserialize;

use super::{Head, Problem};
use crate::{
    storeganise::{
        change,
        definition::{Definition, OWNERS, TYPES},
    },
    world::World,
};

/// The page.
#[derive(Template, WebTemplate)]
#[template(path = "storeganise/fields.html")]
pub(super) struct FieldsPage {
    business: Head,
    rows: Vec<Definition>,
    owners: &'static [&'static str],
    types: &'static [&'static str],
}

/// The form of a new field.
#[derive(Deserialize)]
pub(super) struct NewField {
    owner: String,
    code: String,
    r#type: String,
    title: String,
}

/// The button that removes a field.
#[derive(Deserialize)]
pub(super) struct Removed {
    owner: String,
    code: String,
}

/// `GET /{business}/admin/settings/custom-fields`.
pub(super) async fn list(
    State(world): State<Arc<World>>,
    Path(code): Path<String>,
) -> Result<FieldsPage, Problem> {
    let state = world.storeganise();
    let business = state.business(&code)?;
    Ok(FieldsPage {
        business: Head::of(business),
        rows: business.definitions.all().cloned().collect(),
        owners: &OWNERS,
        types: &TYPES,
    })
}

/// `POST /{business}/admin/settings/custom-fields`.
pub(super) async fn define(
    State(world): State<Arc<World>>,
    Path(code): Path<String>,
    Form(form): Form<NewField>,
) -> Result<Redirect, Problem> {
    let field = form.code.trim().to_owned();
    let title = if form.title.trim().is_empty() { field.clone() } else { form.title };
    let new = Definition { owner: form.owner, code: field, kind: form.r#type, title };
    change(&world, &code, |business| business.definitions.ensure(new).map(|_| ()))?;
    Ok(back(&code))
}

/// `POST /{business}/admin/settings/custom-fields/remove`.
pub(super) async fn remove(
    State(world): State<Arc<World>>,
    Path(code): Path<String>,
    Form(form): Form<Removed>,
) -> Result<Redirect, Problem> {
    change(&world, &code, |business| business.undefine(&form.owner, &form.code))?;
    Ok(back(&code))
}

fn back(code: &str) -> Redirect {
    Redirect::to(&format!("/{code}/admin/settings/custom-fields"))
}
