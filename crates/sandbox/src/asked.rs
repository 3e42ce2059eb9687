//! One request as it came in: what faults, counters and the trace need to know of it. Its body is not looked at.

use std::{fmt, sync::Arc};

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderMap, Method, header},
};

use crate::{hubspot, provider::Provider, world::World};

/// The route of a request that fits none.
const UNMATCHED: &str = "unmatched";

/// A request, without its content.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Its place among all requests and webhooks since the last reset.
    pub number: u64,
    /// When it came in, in milliseconds.
    pub at_ms: u64,
    /// Who was asked.
    pub provider: Provider,
    /// Its method.
    pub method: &'static str,
    /// The route it fits, with its parameters as names.
    pub route: Arc<str>,
    /// Whose data it is about, where that can be told.
    pub party: Option<Party>,
    /// The add-on that asks Storeganise.
    pub key: Option<Arc<str>>,
}

/// Whose data a request is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Party {
    /// The HubSpot account of the access token.
    Portal(u64),
    /// The Storeganise business of the address.
    Business(Arc<str>),
}

impl Asked {
    /// Reads what came in.
    pub(crate) fn of(world: &World, provider: Provider, request: &Request) -> Self {
        let route = request.extensions().get::<MatchedPath>().map_or(UNMATCHED, MatchedPath::as_str);
        let (party, key) = match provider {
            Provider::Hubspot => (hubspot::portal_of(world, request.headers()).map(Party::Portal), None),
            Provider::Storeganise => (
                first_segment(request.uri().path()).map(|code| Party::Business(world.names.of(code))),
                addon_of(request.headers()).map(|id| world.names.of(id)),
            ),
        };
        Self {
            number: world.trace.next_number(),
            at_ms: world.clock.now_ms(),
            provider,
            method: method_name(request.method()),
            route: world.names.of(route),
            party,
            key,
        }
    }

    /// Whether it searches HubSpot, which has a limit of its own.
    pub(crate) fn is_search(&self) -> bool {
        self.provider == Provider::Hubspot && self.route.ends_with("/search")
    }
}

impl fmt::Display for Party {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Portal(id) => id.fmt(to),
            Self::Business(code) => code.fmt(to),
        }
    }
}

fn method_name(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("OTHER")
}

fn first_segment(path: &str) -> Option<&str> {
    path.split('/').nth(1).filter(|segment| !segment.is_empty())
}

fn addon_of(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Addon ")?.split('|').next()
}
