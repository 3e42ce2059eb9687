//! Settings, to be looked at: the account, its rules and limits, and every property. They are changed by the
//! control calls of the sandbox, or by an app through the API.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;

use super::moment::Moment;
use super::{Head, Id, in_account};
use crate::hubspot::crm::definition::Definition;
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::limit::RollingWindow;
use crate::hubspot::portal::Portal;
use crate::world::World;

/// The page.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new().route("/hubspot/{portal}/settings", get(page))
}

#[derive(Template, WebTemplate)]
#[template(path = "hubspot/settings.html")]
struct Settings {
    head: Head,
    opened: Moment,
    search_lag_ms: u64,
    required: Vec<String>,
    limits: [Limit; 2],
    pipelines: Vec<Pipeline>,
    kinds: [Properties; 2],
}

struct Limit {
    name: &'static str,
    used: usize,
    max: usize,
    length_ms: u64,
}

struct Pipeline {
    label: String,
    id: String,
    stages: Vec<Stage>,
}

struct Stage {
    label: String,
    id: String,
    end: &'static str,
}

struct Properties {
    title: &'static str,
    rows: Vec<Property>,
}

struct Property {
    name: String,
    label: String,
    value_type: String,
    group: String,
    marks: Vec<&'static str>,
}

async fn page(State(world): State<Arc<World>>, Path(account): Path<Id>) -> Response {
    in_account(&world, account, "", |portal, author| Ok(shown(portal, author.at_ms)))
}

fn shown(portal: &Portal, now_ms: u64) -> Settings {
    Settings {
        head: Head::of(portal, "settings"),
        opened: Moment::of(portal.opened_ms, now_ms),
        search_lag_ms: portal.search_lag_ms,
        required: portal.required.clone(),
        limits: [
            limit("Requests of the app", &portal.requests, now_ms),
            limit("Searches, whoever asks", &portal.searches, now_ms),
        ],
        pipelines: pipelines(portal),
        kinds: [
            properties("Contact properties", portal, Kind::Contact),
            properties("Deal properties", portal, Kind::Deal),
        ],
    }
}

fn limit(name: &'static str, window: &RollingWindow, now_ms: u64) -> Limit {
    Limit { name, used: window.used(now_ms), max: window.max(), length_ms: window.length_ms() }
}

fn pipelines(portal: &Portal) -> Vec<Pipeline> {
    let shown = portal.pipelines.iter().map(|pipeline| Pipeline {
        label: pipeline.label.to_string(),
        id: pipeline.id.to_string(),
        stages: pipeline
            .stages
            .iter()
            .map(|stage| Stage {
                label: stage.label.to_string(),
                id: stage.id.to_string(),
                end: match stage {
                    won if won.is_won() => "won",
                    lost if lost.is_lost() => "lost",
                    _ => "",
                },
            })
            .collect(),
    });
    shown.collect()
}

/// The account's own properties first.
fn properties(title: &'static str, portal: &Portal, kind: Kind) -> Properties {
    let mut definitions: Vec<&Definition> = portal.schema(kind).all(false).collect();
    definitions.sort_by_key(|definition| definition.built_in);
    let is_required = |name: &str| kind == Kind::Contact && portal.required.iter().any(|known| known == name);
    let row = |definition: &&Definition| Property {
        name: definition.name.to_string(),
        label: definition.label.clone(),
        value_type: definition.value_type.clone(),
        group: definition.group.clone(),
        marks: [
            (!definition.built_in, "Custom"),
            (definition.unique, "Unique"),
            (is_required(&definition.name), "Required"),
            (definition.read_only, "Read only"),
        ]
        .into_iter()
        .filter_map(|(holds, mark)| holds.then_some(mark))
        .collect(),
    };
    Properties { title, rows: definitions.iter().map(row).collect() }
}
