//! Tells a page that shows an installation when to look again. The stream says no more than that: what is to be seen comes
//! with the page itself, to whom it is for.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::State,
    response::{
        Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::{Stream, stream::unfold};
use sync_core::{
    connection::ConnectionState,
    core::Core,
    error::Error,
    installation::State as Life,
    views::{fleet::Backlog, runs::RunState},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::sleep,
};
use uuid::Uuid;

use crate::{
    app::AppState,
    pages::{error::PageError, visitor::Looking},
};

/// How often it is looked whether a page would show something new.
const LOOKED_EVERY: Duration = Duration::from_secs(2);
/// Pages that are told at once by one process; the others show what was when they were opened.
const TOLD_AT_ONCE: usize = 200;
/// A stream ends after so many looks; the browser opens it again, and has to show anew that it may.
const LOOKS_MAX: u32 = 300;
/// Runs whose progress a page shows.
const RUNS_WATCHED: u64 = 5;

/// How many pages may be told at once.
pub(super) fn places() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(TOLD_AT_ONCE))
}

/// What a page shows of an installation, as far as it changes by itself.
#[derive(Debug, PartialEq)]
struct Shown {
    state: Life,
    addon_state: Option<String>,
    connection: Option<ConnectionState>,
    backlog: Backlog,
    last_event: Option<i64>,
    last_success: Option<i64>,
    runs: Vec<(Uuid, RunState, u64, u64)>,
}

/// One page that is told.
struct Told {
    state: AppState,
    id: Uuid,
    shown: Option<Shown>,
    looks: u32,
    _place: OwnedSemaphorePermit,
}

pub(super) async fn live(
    State(state): State<AppState>,
    Extension(places): Extension<Arc<Semaphore>>,
    Looking { found, .. }: Looking,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, PageError> {
    let place = places.try_acquire_owned().map_err(|_| PageError::Busy)?;
    let told = Told { state, id: found.id, shown: None, looks: 0, _place: place };
    Ok(Sse::new(unfold(told, next)).keep_alive(KeepAlive::default()))
}

/// Waits until there is something new to see. The stream ends with the process, so that nobody waits for it to stop.
async fn next(mut told: Told) -> Option<(Result<Event, Infallible>, Told)> {
    while told.looks < LOOKS_MAX {
        told.looks += 1;
        tokio::select! {
            () = told.state.readiness.until_stopping() => return None,
            () = sleep(LOOKED_EVERY) => {}
        }
        // Where it cannot be seen now, or is not there any more, the page itself will say so.
        let shown = shown(&told.state.core, told.id).await.ok();
        if shown != told.shown {
            told.shown = shown;
            // To a browser an event without data is none.
            return Some((Ok(Event::default().event("look").data("again")), told));
        }
    }
    None
}

async fn shown(core: &Core, id: Uuid) -> Result<Shown, Error> {
    let summary = core.summary(id).await?;
    let runs = core.runs(summary.installation.scope(), None, RUNS_WATCHED).await?;
    Ok(Shown {
        connection: summary.connection.map(|connection| connection.state),
        backlog: summary.backlog,
        last_success: summary.succeeded_at,
        last_event: summary.last_event,
        state: summary.installation.state,
        addon_state: summary.installation.addon_state,
        runs: runs
            .items
            .into_iter()
            .map(|run| {
                (run.id, run.state, run.seen, run.progress.map_or(run.marked, |progress| progress.done))
            })
            .collect(),
    })
}
