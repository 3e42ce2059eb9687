//! The two pages of the sandbox itself: which businesses and portals there are, and what it is and can do.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;

use crate::{
    catalogue::{CHAPTERS, Chapter},
    hubspot,
    options::Options,
    provider::Provider,
    world::World,
};

/// The front page.
#[derive(Template, WebTemplate)]
#[template(path = "index.html")]
pub(crate) struct Index {
    places: Places,
}

/// The page that explains the sandbox.
#[derive(Template, WebTemplate)]
#[template(path = "sandbox.html")]
pub(crate) struct About {
    places: Places,
    base_url: String,
    options: Options,
    hubspot_webhooks: Option<String>,
    storeganise_webhooks: Option<String>,
    chapters: [Chapter; 4],
}

struct Places {
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
    Index { places: Places::of(&world) }
}

/// `GET /_sandbox/`.
pub(crate) async fn about(State(world): State<Arc<World>>) -> About {
    About {
        places: Places::of(&world),
        base_url: world.base_url.clone(),
        options: world.options.clone(),
        hubspot_webhooks: world.webhook_url(Provider::Hubspot),
        storeganise_webhooks: world.webhook_url(Provider::Storeganise),
        chapters: CHAPTERS,
    }
}

impl Places {
    fn of(world: &World) -> Self {
        let portals = hubspot::portals(world);
        let state = world.storeganise();
        let businesses = state.businesses().map(|business| Business {
            code: business.code.clone(),
            name: business.name.clone(),
            users: business.users().len(),
            addons: business.addons.len(),
        });
        Self { businesses: businesses.collect(), portals }
    }
}
