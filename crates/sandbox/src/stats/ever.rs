//! How those who ask have behaved since the start: no reset forgives it.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::window::Window;
use crate::asked::Party;

/// What is never forgotten.
#[derive(Debug, Default)]
pub(super) struct Ever {
    /// Answers of 429 that no fault asked for.
    pub(super) too_many_requests: u64,
    /// Requests that came in while another of the same Storeganise key was under way.
    pub(super) overlapping: u64,
    requests: HashMap<Party, Window>,
    searches: HashMap<Party, Window>,
}

impl Ever {
    /// A request comes in; only HubSpot counts by windows.
    pub(super) fn arrive(&mut self, party: &Party, is_search: bool, at_ms: u64, window_ms: u64) {
        let Party::Portal(_) = party else { return };
        let windows = if is_search { &mut self.searches } else { &mut self.requests };
        windows.entry(party.clone()).or_default().add(at_ms, window_ms);
    }

    /// The most that any account was asked within one window, and what was refused or overlapped.
    pub(super) fn shown(&self) -> Value {
        let most = |windows: &HashMap<Party, Window>| {
            windows.values().map(Window::highest).max().unwrap_or_default()
        };
        json!({
            "too_many_requests": self.too_many_requests,
            "overlapping": self.overlapping,
            "most_requests": most(&self.requests),
            "most_searches": most(&self.searches),
        })
    }
}
