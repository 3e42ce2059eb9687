//! A visit of staff: from signing in until it ends by itself, is ended, or its account is shut.

use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use sync_core::access::staff::Staff;
use tower_sessions::Session;
use uuid::Uuid;

use super::{error::PageError, frame::is_by_script};
use crate::app::AppState;

/// Where the session keeps it.
const KEY: &str = "staff";

const MINUTE_MICROS: i64 = 60 * 1_000_000;
/// A visit ends after this time without a page that a person opened.
const IDLE_MICROS: i64 = 2 * 60 * MINUTE_MICROS;
/// And in any case after this: a working day.
const WHOLE_MICROS: i64 = 12 * 60 * MINUTE_MICROS;
/// How often it is noted that somebody is still there, so that not every page writes.
const NOTED_MICROS: i64 = 5 * MINUTE_MICROS;

/// What the session knows of whoever signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Visit {
    staff: Uuid,
    /// The number of the account's visits when it began: a higher one has ended it.
    visits: i64,
    since: i64,
    seen: i64,
}

impl Visit {
    /// Begins one. The session gets a new id: one that somebody planted before is worth nothing after.
    pub(super) async fn begin(session: &Session, staff: &Staff, now: i64) -> Result<(), PageError> {
        session.cycle_id().await?;
        let visit = Self { staff: staff.id, visits: staff.visits, since: now, seen: now };
        Ok(session.insert(KEY, visit).await?)
    }

    /// Who is signed in by this session, if anybody still is.
    pub(super) async fn of_session(
        session: &Session,
        parts: &Parts,
        state: &AppState,
    ) -> Result<Option<Staff>, PageError> {
        // A session of the version before holds another thing here: whoever has it signs in again.
        let Some(visit) =
            session.get_value(KEY).await?.and_then(|kept| serde_json::from_value::<Self>(kept).ok())
        else {
            return Ok(None);
        };
        let now = state.core.clock().now().0;
        let Some(staff) = state.core.staff(visit.staff).await?.filter(|staff| visit.is_good(staff, now))
        else {
            return Ok(None);
        };
        // An open page that keeps itself up to date is not somebody who is there.
        if now - visit.seen >= NOTED_MICROS && !is_by_script(&parts.headers) {
            session.insert(KEY, Self { seen: now, ..visit }).await?;
        }
        Ok(Some(staff))
    }

    fn is_good(&self, staff: &Staff, now: i64) -> bool {
        self.visits == staff.visits && now - self.since < WHOLE_MICROS && now - self.seen < IDLE_MICROS
    }
}
