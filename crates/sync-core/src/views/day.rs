//! The last day of an installation, by the hour: how much was worked, and how much of it failed.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _, QuerySelect as _, sea_query::Expr,
};
use uuid::Uuid;

use crate::{core::Core, storage::entity::activity_hour};

const HOUR_MICROS: i64 = 3_600 * 1_000_000;
/// Hours in the picture, the one under way among them.
pub const HOURS: usize = 24;

/// One hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hour {
    /// Records that were written, were in order, or were left out for a reason.
    pub worked: u64,
    /// Records that were refused or could not be done.
    pub failed: u64,
}

/// The last day, the oldest hour first; the last one is under way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Day {
    /// Its hours.
    pub hours: [Hour; HOURS],
}

impl Day {
    /// What was worked in it.
    #[must_use]
    pub fn worked(&self) -> u64 {
        self.hours.iter().map(|hour| hour.worked).sum()
    }

    /// What failed in it.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.hours.iter().map(|hour| hour.failed).sum()
    }

    /// Puts a stored hour in its place; one that is too old, or that another process's clock has ahead of ours, has none.
    fn put(&mut self, row: &activity_hour::Model, first: i64) {
        let place = usize::try_from(row.hour - first).ok().and_then(|at| self.hours.get_mut(at));
        if let Some(hour) = place {
            hour.worked = u64::try_from(row.worked).unwrap_or(0);
            hour.failed = u64::try_from(row.failed).unwrap_or(0);
        }
    }
}

/// The hour of a time, in hours since 1970.
pub(crate) fn hour_of(at: i64) -> i64 {
    at.div_euclid(HOUR_MICROS)
}

/// The oldest hour of the day that ends with this moment.
pub(crate) fn first_hour(now: i64) -> i64 {
    hour_of(now) - HOURS as i64 + 1
}

impl Core {
    /// What failed in the last day of some installations; those where nothing did are left out.
    pub(crate) async fn failed_in_a_day(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, u64>, DbErr> {
        let failed: Vec<(Uuid, i64)> = activity_hour::Entity::find()
            .select_only()
            .column(activity_hour::Column::InstallationId)
            // PostgreSQL sums to a wider type, which would not be read back.
            .column_as(Expr::cust("CAST(SUM(failed) AS BIGINT)"), "failed")
            .filter(activity_hour::Column::InstallationId.is_in(ids.to_vec()))
            .filter(activity_hour::Column::Hour.gte(first_hour(self.now_micros())))
            .filter(activity_hour::Column::Failed.gt(0))
            .group_by(activity_hour::Column::InstallationId)
            .into_tuple()
            .all(self.db().reader())
            .await?;
        Ok(failed.into_iter().map(|(id, failed)| (id, u64::try_from(failed).unwrap_or(0))).collect())
    }

    /// The last day of some installations; who did nothing has none.
    pub(crate) async fn days(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Day>, DbErr> {
        let first = first_hour(self.now_micros());
        let rows = activity_hour::Entity::find()
            .filter(activity_hour::Column::InstallationId.is_in(ids.to_vec()))
            .filter(activity_hour::Column::Hour.gte(first))
            .all(self.db().reader())
            .await?;
        let mut days: HashMap<Uuid, Day> = HashMap::new();
        for row in rows {
            days.entry(row.installation_id).or_default().put(&row, first);
        }
        Ok(days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_with_the_hour_under_way_and_begins_23_hours_before() {
        let now = 500 * HOUR_MICROS + 59 * 60 * 1_000_000;
        let first = first_hour(now);
        let mut day = Day::default();
        for (hour, worked) in [(500, 1), (499, 2), (477, 3), (476, 100), (501, 100)] {
            let row =
                activity_hour::Model { installation_id: Uuid::nil(), hour, worked, failed: worked * 10 };
            day.put(&row, first);
        }
        let hour = |worked| Hour { worked, failed: worked * 10 };
        assert_eq!((day.hours[23], day.hours[22], day.hours[0]), (hour(1), hour(2), hour(3)));
        assert_eq!((day.worked(), day.failed()), (6, 60), "what is older or ahead of us is not in it");
    }
}
