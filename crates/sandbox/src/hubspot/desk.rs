//! The one way in to a portal's data: lock, do, let the events out. Nothing waits while the lock is held.

use std::sync::Arc;

use super::crm::record::{Author, Source};
use super::error::ApiError;
use super::outbox;
use super::portal::Portal;
use crate::provider::Provider;
use crate::world::World;

/// The user id of the one person in the sandbox, who edits records and connects the app.
pub(super) const PERSON_ID: u64 = 222_222;
/// That person as the author of a change.
pub(super) const PERSON: Source = Source::CrmUi(PERSON_ID);

/// Does something in a portal in the name of `source`.
///
/// # Errors
/// 404 without such a portal, and whatever the work refuses; what it told until then goes out all the same.
pub(super) fn in_portal<T>(
    world: &Arc<World>,
    portal: u64,
    source: Source,
    work: impl FnOnce(&mut Portal, Author) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let author = Author { source, at_ms: world.clock.now_ms() };
    let mut state = world.hubspot();
    let found = state.portal_mut(portal).ok_or_else(|| ApiError::not_found("There is no such account"))?;
    found.pass_time(author.at_ms);
    let done = work(found, author);
    let events = found.take_events();
    outbox::settle(world, &mut state);
    // Without an address nobody hears, and nothing waits for one to come.
    let is_heard = world.webhook_url(Provider::Hubspot).is_some();
    let must_gather = is_heard && state.note(portal, &events);
    drop(state);
    if must_gather {
        outbox::gather(world);
    }
    done
}
