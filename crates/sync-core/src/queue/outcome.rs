//! Outcomes: what a sync of one record did, with the reason. Names of fields and codes only, never a value,
//! and never a provider's own sentence, which may hold an address.

use hubspot::problem::Problem;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, DatabaseTransaction, DbErr, EntityTrait as _, QueryFilter as _,
    sea_query::{Expr, OnConflict},
};

use super::change::Subject;
use crate::{
    core::Core,
    installation::Scope,
    storage::entity::{activity_hour, lease, outcome},
    views::day::hour_of,
};

/// Rows in one statement: below SQLite's limit on bound values.
const ROWS_PER_STATEMENT: usize = 500;

/// What happened to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A record was made on the other side.
    Created,
    /// The other side's record was changed.
    Updated,
    /// Both sides agree already.
    Unchanged,
    /// It is not synced, for a reason.
    Skipped,
    /// It was deleted for privacy, and what was kept of it is gone.
    Erased,
    /// A person has to decide.
    Conflicted,
    /// It was refused or could not be done; the change waits, or is parked.
    Failed,
}

impl Action {
    /// The word stored, shown and sent in the JSON API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Skipped => "skipped",
            Self::Erased => "erased",
            Self::Conflicted => "conflicted",
            Self::Failed => "failed",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.word() == word)
    }

    /// Every action, in the order they are offered to choose from.
    pub const ALL: [Self; 7] = [
        Self::Created,
        Self::Updated,
        Self::Unchanged,
        Self::Skipped,
        Self::Erased,
        Self::Conflicted,
        Self::Failed,
    ];
}

/// The outcome of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What was looked at.
    pub subject: Subject,
    /// Its id at its provider.
    pub id: String,
    /// What happened.
    pub action: Action,
    /// Why, as a code; `reason::explain` has the words.
    pub reason: Option<String>,
    /// The fields written, or those in the way.
    pub fields: Vec<String>,
    /// The Storeganise user concerned.
    pub user_id: Option<String>,
    /// The HubSpot contact concerned.
    pub contact_id: Option<String>,
    /// The HubSpot deal concerned.
    pub deal_id: Option<String>,
    /// HubSpot's own code for a refusal, such as `INVALID_EMAIL`.
    pub provider_code: Option<String>,
    /// HubSpot's own id of a refusal, for its support.
    pub correlation_id: Option<String>,
}

impl Outcome {
    /// An outcome with nothing but its action; `user` and `deal` subjects name themselves.
    #[must_use]
    pub fn new(subject: Subject, id: &str, action: Action) -> Self {
        let own = |kind: &[Subject]| kind.contains(&subject).then(|| id.to_owned());
        Self {
            subject,
            id: id.to_owned(),
            action,
            reason: None,
            fields: Vec::new(),
            user_id: own(&[Subject::User, Subject::Mirror]),
            contact_id: own(&[Subject::Contact]),
            deal_id: own(&[Subject::Deal]),
            provider_code: None,
            correlation_id: None,
        }
    }

    /// An outcome that names no record: of what was deleted for privacy nothing is kept.
    #[must_use]
    pub fn nameless(subject: Subject, action: Action) -> Self {
        Self { user_id: None, contact_id: None, deal_id: None, ..Self::new(subject, "", action) }
    }

    /// With a reason's code.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..self }
    }

    /// With the fields concerned.
    #[must_use]
    pub fn fields(self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { fields: fields.into_iter().map(Into::into).collect(), ..self }
    }

    /// With the user concerned.
    #[must_use]
    pub fn user(self, id: &str) -> Self {
        Self { user_id: Some(id.to_owned()), ..self }
    }

    /// With the contact concerned.
    #[must_use]
    pub fn contact(self, id: &str) -> Self {
        Self { contact_id: Some(id.to_owned()), ..self }
    }

    /// With what HubSpot says is wrong: the fields in the way, its own code and its id of the refusal.
    #[must_use]
    pub fn refused(self, problem: &Problem) -> Self {
        let named = problem.fields.iter().map(|field| field.name.as_str()).chain(problem.taken.as_deref());
        let fields: Vec<String> = named.filter(|name| !name.is_empty()).map(str::to_owned).collect();
        Self {
            fields,
            provider_code: problem.code().map(str::to_owned),
            correlation_id: problem.correlation_id.clone(),
            ..self
        }
    }
}

impl Core {
    /// Writes outcomes down, and counts them where pages look: the lease's row is locked by whoever calls.
    pub(crate) async fn record_outcomes(
        &self,
        on: &DatabaseTransaction,
        scope: Scope,
        outcomes: &[Outcome],
    ) -> Result<(), DbErr> {
        let at = self.now_micros();
        for chunk in outcomes.chunks(ROWS_PER_STATEMENT) {
            let rows = chunk.iter().map(|outcome| outcome::ActiveModel {
                id: Set(self.random().uuid(self.clock().now())),
                installation_id: Set(scope.id()),
                subject: Set(outcome.subject.word().to_owned()),
                subject_id: Set(outcome.id.clone()),
                action: Set(outcome.action.word().to_owned()),
                reason: Set(outcome.reason.clone()),
                fields: Set(outcome.fields.join(",")),
                user_id: Set(outcome.user_id.clone()),
                contact_id: Set(outcome.contact_id.clone()),
                deal_id: Set(outcome.deal_id.clone()),
                correlation_id: Set(outcome.correlation_id.clone()),
                at: Set(at),
                provider_code: Set(outcome.provider_code.clone()),
            });
            outcome::Entity::insert_many(rows).exec_without_returning(on).await?;
            for outcome in chunk {
                metrics::counter!("annex_outcomes_total", "action" => outcome.action.word()).increment(1);
                if self.parts.metrics_per_business {
                    let labels = [
                        ("installation", scope.id().to_string()),
                        ("action", outcome.action.word().to_owned()),
                    ];
                    metrics::counter!("annex_installation_outcomes_total", &labels).increment(1);
                }
            }
        }
        self.count_outcomes(on, scope, outcomes).await
    }

    /// Adds outcomes to their hour, so that nobody has to count them to show a day. A conflict is neither work done nor
    /// a failure: it waits for a person, and is counted where it waits.
    async fn count_outcomes(
        &self,
        on: &DatabaseTransaction,
        scope: Scope,
        outcomes: &[Outcome],
    ) -> Result<(), DbErr> {
        let failed = outcomes.iter().filter(|outcome| outcome.action == Action::Failed).count() as i64;
        let waiting = outcomes.iter().filter(|outcome| outcome.action == Action::Conflicted).count() as i64;
        let worked = outcomes.len() as i64 - failed - waiting;
        if worked + failed == 0 {
            return Ok(());
        }
        let now = self.now_micros();
        let row = activity_hour::ActiveModel {
            installation_id: Set(scope.id()),
            hour: Set(hour_of(now)),
            worked: Set(worked),
            failed: Set(failed),
        };
        use activity_hour::Column;
        let more = OnConflict::columns([Column::InstallationId, Column::Hour])
            .value(Column::Worked, Expr::cust("activity_hour.worked + excluded.worked"))
            .value(Column::Failed, Expr::cust("activity_hour.failed + excluded.failed"))
            .to_owned();
        activity_hour::Entity::insert(row).on_conflict(more).exec_without_returning(on).await?;
        if worked > 0 {
            lease::Entity::update_many()
                .col_expr(lease::Column::SucceededAt, Expr::value(now))
                .filter(lease::Column::InstallationId.eq(scope.id()))
                .exec(on)
                .await?;
        }
        Ok(())
    }
}
