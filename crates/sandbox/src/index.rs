//! The front page: which businesses and portals there are, and where to go from here.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;

use crate::{hubspot, world::World};

/// The front page.
#[derive(Template, WebTemplate)]
#[template(path = "index.html")]
pub(crate) struct Index {
    businesses: Vec<Business>,
    portals: Vec<(u64, String)>,
}

struct Business {
    code: String,
    name: String,
    users: usize,
    addons: usize,
}

/// `GET /`.
pub(crate) async fn index(State(world): State<Arc<World>>) -> Index {
    let portals = hubspot::portals(&world);
    let state = world.storeganise();
    let businesses = state.businesses().map(|business| Business {
        code: business.code.clone(),
        name: business.name.clone(),
        users: business.users().len(),
        addons: business.addons.len(),
    });
    Index { businesses: businesses.collect(), portals }
}
