//! What lists and times look like on the wire, the same for every resource.

use serde::{Deserialize, Serialize};
use sync_core::{error::Error, installation::Installation, views};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::app::AppState;

/// Rows on a page that names no limit.
const LIMIT_DEFAULT: u64 = 50;

/// Which part of a list is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// The `next` of the page before.
    pub cursor: Option<String>,
    /// Rows at most, 1 to 200; 50 where it is left out.
    pub limit: Option<u64>,
}

impl Paging {
    pub(crate) fn limit(&self) -> u64 {
        self.limit.unwrap_or(LIMIT_DEFAULT)
    }
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// The rows.
    pub items: Vec<T>,
    /// The cursor of the next page; null on the last one.
    pub next: Option<String>,
}

impl<T> List<T> {
    /// A page of the core in its form on the wire.
    pub(crate) fn of<R>(page: views::Page<R>, body: impl Fn(R) -> T) -> Self {
        Self { items: page.items.into_iter().map(body).collect(), next: page.next }
    }
}

/// A time of ours, in microseconds since 1970, as RFC 3339 writes it.
pub(crate) fn moment(micros: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// The installation a path names, which is where every handler below one begins.
pub(crate) async fn named(state: &AppState, id: Uuid) -> Result<Installation, Error> {
    state.core.installation(id).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_rfc_3339_with_their_microseconds() {
        #[derive(Serialize)]
        struct Row {
            #[serde(with = "time::serde::rfc3339")]
            at: OffsetDateTime,
        }
        let row = serde_json::to_value(Row { at: moment(1_790_000_000_123_456) }).unwrap();
        assert_eq!(row["at"], "2026-09-21T14:13:20.123456Z");
    }
}
