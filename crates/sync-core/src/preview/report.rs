//! The report of a preview: how much of what would happen on either side, and every record by its ids.

use sea_orm::{ColumnTrait as _, FromQueryResult, QueryFilter as _, QuerySelect as _, sea_query::Expr};
use text::text;
use uuid::Uuid;

use super::rows;
use crate::{
    core::Core,
    error::Error,
    installation::Scope,
    queue::outcome::Action,
    storage::entity::preview_row,
    views::runs::{RunKind, RunRow},
};

/// Rows read at once where all are asked for.
const ROWS_PER_PAGE: u64 = 1_000;

/// What a preview found.
#[derive(Debug, Clone)]
pub struct Report {
    /// The preview itself; while it goes on, the counts grow.
    pub run: RunRow,
    /// What would happen to contacts.
    pub contact: SideCounts,
    /// What would happen to users.
    pub user: SideCounts,
    /// Why records would be left alone or handled in part: codes, and how often, the most frequent first.
    pub reasons: Vec<(String, u64)>,
}

/// What would happen to one side's records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SideCounts {
    /// Records made.
    pub created: u64,
    /// Records changed.
    pub updated: u64,
    /// Records that are as they should be.
    pub unchanged: u64,
    /// Records that are not synced, for a reason.
    pub skipped: u64,
    /// Records for a person to decide about.
    pub conflicted: u64,
    /// Records that cannot be done.
    pub failed: u64,
    /// Of all these, records of which a field would be refused; the rest of the record goes on.
    pub refused: u64,
}

/// One record of a preview: ids and names of fields, no values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewRow {
    /// `user` or `deal`.
    pub subject: String,
    /// What it is kept under.
    pub record: String,
    /// The user concerned.
    pub user_id: Option<String>,
    /// The contact concerned; none where one would be made.
    pub contact_id: Option<String>,
    /// The deal concerned.
    pub deal_id: Option<String>,
    /// What would happen to the contact.
    pub contact: PreviewSide,
    /// What would happen to the user.
    pub user: PreviewSide,
    /// Why, as a code.
    pub reason: Option<String>,
}

/// What would happen to one side of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewSide {
    /// What would happen.
    pub action: Action,
    /// The fields that would be written, or are in the way.
    pub fields: Vec<String>,
    /// The fields that would be refused.
    pub refused: Vec<String>,
}

#[derive(Debug, FromQueryResult)]
struct Counted {
    word: String,
    records: i64,
    refused: i64,
}

#[derive(Debug, FromQueryResult)]
struct Reasoned {
    reason: Option<String>,
    records: i64,
}

impl Core {
    /// What a preview found, as far as it has come.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the installation has no such preview; [`Error::NotNow`] where it is no longer kept.
    pub async fn preview_report(&self, scope: Scope, run: Uuid) -> Result<Report, Error> {
        let run = self.kept_preview(scope, run).await?;
        let contact = self
            .counts(scope, run.id, preview_row::Column::ContactAction, preview_row::Column::ContactRefused)
            .await?;
        let user = self
            .counts(scope, run.id, preview_row::Column::UserAction, preview_row::Column::UserRefused)
            .await?;
        let reasons = rows::of_run(scope, run.id)
            .select_only()
            .column(preview_row::Column::Reason)
            .column_as(Expr::cust("COUNT(*)"), "records")
            .filter(preview_row::Column::Reason.is_not_null())
            .group_by(preview_row::Column::Reason)
            .into_model::<Reasoned>()
            .all(self.db().reader())
            .await?;
        let mut reasons: Vec<(String, u64)> =
            reasons.into_iter().filter_map(|row| Some((row.reason?, count(row.records)))).collect();
        reasons.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        Ok(Report { run, contact, user, reasons })
    }

    /// Up to 1,000 records of a preview, in the order of their ids, from behind the given one on.
    ///
    /// # Errors
    /// As [`Core::preview_report`].
    pub async fn preview_rows(
        &self,
        scope: Scope,
        run: Uuid,
        after: Option<&PreviewRow>,
    ) -> Result<Vec<PreviewRow>, Error> {
        if after.is_none() {
            self.kept_preview(scope, run).await?;
        }
        let after = after.map(|row| (row.subject.as_str(), row.record.as_str()));
        let found = rows::page(self.db().reader(), scope, run, after, ROWS_PER_PAGE).await?;
        found.into_iter().map(PreviewRow::from_row).collect()
    }

    /// A preview whose rows are still there.
    pub(super) async fn kept_preview(&self, scope: Scope, id: Uuid) -> Result<RunRow, Error> {
        let run = self.run(scope, id).await?;
        if run.kind != RunKind::Preview {
            return Err(Error::NotFound);
        }
        if !rows::kept(self.db().reader(), scope).await?.contains(&id) {
            return Err(Error::NotNow(text!("refused-only-the-last-two").to_owned()));
        }
        Ok(run)
    }

    async fn counts(
        &self,
        scope: Scope,
        run: Uuid,
        action: preview_row::Column,
        refused: preview_row::Column,
    ) -> Result<SideCounts, Error> {
        use sea_orm::Iden as _;
        let refused = format!("COUNT(CASE WHEN {} <> '' THEN 1 END)", refused.unquoted());
        let rows = rows::of_run(scope, run)
            .select_only()
            .column_as(action, "word")
            .column_as(Expr::cust("COUNT(*)"), "records")
            .column_as(Expr::cust(refused), "refused")
            .group_by(action)
            .into_model::<Counted>()
            .all(self.db().reader())
            .await?;
        let mut counts = SideCounts::default();
        for row in rows.iter().filter(|row| row.word != rows::PENDING) {
            let action = Action::from_word(&row.word).ok_or(Error::Corrupt("action"))?;
            *counts.of_mut(action) = count(row.records);
            counts.refused += count(row.refused);
        }
        Ok(counts)
    }
}

impl SideCounts {
    /// The number of one action.
    #[must_use]
    pub fn of(&self, action: Action) -> u64 {
        let mut counts = *self;
        *counts.of_mut(action)
    }

    fn of_mut(&mut self, action: Action) -> &mut u64 {
        match action {
            Action::Created => &mut self.created,
            Action::Updated => &mut self.updated,
            Action::Unchanged => &mut self.unchanged,
            Action::Skipped | Action::Erased => &mut self.skipped,
            Action::Conflicted => &mut self.conflicted,
            Action::Failed => &mut self.failed,
        }
    }
}

impl PreviewRow {
    pub(super) fn from_row(row: preview_row::Model) -> Result<Self, Error> {
        let side = |action: &str, fields: &str, refused: &str| {
            let action = Action::from_word(action).ok_or(Error::Corrupt("action"))?;
            Ok::<_, Error>(PreviewSide { action, fields: list(fields), refused: list(refused) })
        };
        Ok(Self {
            contact: side(&row.contact_action, &row.contact_fields, &row.contact_refused)?,
            user: side(&row.user_action, &row.user_fields, &row.user_refused)?,
            subject: row.subject,
            record: row.record,
            user_id: row.user_id,
            contact_id: row.contact_id,
            deal_id: row.deal_id,
            reason: row.reason,
        })
    }
}

fn list(names: &str) -> Vec<String> {
    names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn count(records: i64) -> u64 {
    u64::try_from(records).unwrap_or(0)
}
