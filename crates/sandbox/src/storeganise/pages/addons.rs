//! The Add-ons page: install, enable, pause, disable, and the add-on's own fields with the authorisation link.

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
        addon::{AUTHORISATION_LINK, Addon, AddonState, REFRESH_TOKEN},
        change,
        event::api_url,
        patch::plain,
    },
    world::World,
};

/// The page.
#[derive(Template, WebTemplate)]
#[template(path = "storeganise/addons.html")]
pub(super) struct AddonsPage {
    business: Head,
    api_url: String,
    addons: Vec<Card>,
}

struct Card {
    id: String,
    state: AddonState,
    link: String,
    link_is_followable: bool,
    refresh_token: String,
    others: Vec<(String, String)>,
}

/// The buttons of a card.
#[derive(Deserialize)]
pub(super) struct Button {
    state: AddonState,
}

/// `GET /{business}/admin/addons`.
pub(super) async fn show(
    State(world): State<Arc<World>>,
    Path(code): Path<String>,
) -> Result<AddonsPage, Problem> {
    let state = world.storeganise();
    let business = state.business(&code)?;
    Ok(AddonsPage {
        business: Head::of(business),
        api_url: api_url(&world, &code),
        addons: business.addons.iter().map(Card::of).collect(),
    })
}

/// `POST /{business}/admin/addons`.
pub(super) async fn install(
    State(world): State<Arc<World>>,
    Path(code): Path<String>,
) -> Result<Redirect, Problem> {
    change(&world, &code, |business| {
        business.install(&world.clock);
        Ok(())
    })?;
    Ok(back(&code))
}

/// `POST /{business}/admin/addons/{id}`.
pub(super) async fn change_state(
    State(world): State<Arc<World>>,
    Path((code, id)): Path<(String, String)>,
    Form(button): Form<Button>,
) -> Result<Redirect, Problem> {
    change(&world, &code, |business| {
        let addon = business.addon_mut(&id)?;
        addon.state = button.state;
        addon.updated_ms = world.clock.after(addon.updated_ms);
        Ok(())
    })?;
    Ok(back(&code))
}

/// `POST /{business}/admin/addons/{id}/uninstall`.
pub(super) async fn uninstall(
    State(world): State<Arc<World>>,
    Path((code, id)): Path<(String, String)>,
) -> Result<Redirect, Problem> {
    change(&world, &code, |business| business.uninstall(&id))?;
    Ok(back(&code))
}

fn back(code: &str) -> Redirect {
    Redirect::to(&format!("/{code}/admin/addons"))
}

impl Card {
    fn of(addon: &Addon) -> Self {
        let link = addon.field(AUTHORISATION_LINK);
        let own = [AUTHORISATION_LINK, REFRESH_TOKEN];
        let others = addon.custom_fields.iter().filter(|(code, _)| !own.contains(&code.as_str()));
        Self {
            id: addon.id.clone(),
            state: addon.state,
            link: link.to_owned(),
            link_is_followable: link.starts_with("https://") || link.starts_with("http://"),
            refresh_token: addon.field(REFRESH_TOKEN).to_owned(),
            others: others.map(|(code, value)| (code.clone(), plain(Some(value)))).collect(),
        }
    }
}
