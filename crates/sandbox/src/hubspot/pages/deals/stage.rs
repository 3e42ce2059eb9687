//! The menu of stages, and moving a deal by it.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;

use crate::hubspot::crm::kind::Kind;
use crate::hubspot::crm::pipeline::Pipeline;
use crate::hubspot::crm::record::Record;
use crate::hubspot::crm::write::{Claims, Properties};
use crate::hubspot::pages::fields::page_of;
use crate::hubspot::pages::{Id, go, in_account, present};
use crate::world::World;

/// A pipeline in a menu.
pub(super) struct Menu {
    /// What people read.
    pub(super) label: String,
    /// Its stages.
    pub(super) stages: Vec<Choice>,
}

/// A stage in a menu.
pub(super) struct Choice {
    /// What the form sends: pipeline and stage.
    pub(super) value: String,
    /// What people read.
    pub(super) label: String,
    /// Whether the deal is in it.
    pub(super) is_present: bool,
}

/// The stages of a pipeline, as a menu for a deal or for a new one.
pub(super) fn menu(pipeline: &Pipeline, deal: Option<&Record>) -> Menu {
    let present = deal.map(|deal| (deal.stored("pipeline"), deal.stored("dealstage")));
    let stages = pipeline.stages.iter().map(|stage| Choice {
        value: format!("{}/{}", pipeline.id, stage.id),
        label: stage.label.to_string(),
        is_present: present == Some((Some(pipeline.id), Some(stage.id))),
    });
    Menu { label: pipeline.label.to_string(), stages: stages.collect() }
}

/// A menu's choice as properties of a deal.
pub(super) fn in_stage(choice: &str) -> Properties {
    let (pipeline, stage) = choice.split_once('/').unwrap_or(("default", choice));
    Properties::from([("pipeline".to_owned(), pipeline.into()), ("dealstage".to_owned(), stage.into())])
}

/// The form of a menu.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Move {
    stage: String,
    /// Where the menu stands: on the page of the deal or on the board.
    from: String,
}

/// `POST /hubspot/{portal}/deals/{id}/stage`.
pub(super) async fn change(
    State(world): State<Arc<World>>,
    Path((account, id)): Path<(Id, Id)>,
    Form(form): Form<Move>,
) -> Response {
    in_account(&world, account, "/deals", |portal, author| {
        let deal = present(portal, Kind::Deal, id)?;
        let plan = portal.plan_update(Kind::Deal, deal, &in_stage(&form.stage), &mut Claims::default())?;
        portal.carry_out(Kind::Deal, plan, author);
        // The pipeline was checked by the plan, so that it is one of the account's ids.
        let pipeline = form.stage.split_once('/').map_or("default", |(pipeline, _)| pipeline);
        let back = match form.from.as_str() {
            "deal" => page_of(Kind::Deal, Id(deal)),
            _ => format!("/deals?pipeline={pipeline}"),
        };
        Ok(go(account, &back, "moved"))
    })
}
