//! Finding the change that makes a provider fail: where a batch fails again and again while the provider answers
//! otherwise, it is worked in halves, down to the one that is at fault. That one is counted and parked in the end;
//! its neighbours land.

use sea_orm::EntityTrait as _;

use crate::{
    core::Core,
    error::Error,
    queue::change::{Subject, Taken},
    retry::Disposition,
    storage::entity::lease,
    turn::Turn,
};

/// An installation held so often in a row may have a change that is at fault.
const HOLDS: i32 = 3;
/// So many that fail by themselves are not at fault: the provider is down after all.
const FAULTY_AT_MOST: usize = 10;

/// What came of looking for the change at fault.
pub(crate) enum Isolated {
    /// It was looked for; whatever is not at fault has landed.
    Yes,
    /// Nothing points to a single change.
    No,
    /// Another failure came between, which decides.
    Failed(Error),
}

impl Core {
    /// Looks for the change at fault, where a batch failed in a way that passes and yet does not.
    pub(crate) async fn isolate(
        &self,
        turn: &Turn,
        subject: Subject,
        taken: &[Taken],
        error: &Error,
    ) -> Result<Isolated, Error> {
        let failed_alone = matches!(taken, [only] if only.attempts > 0);
        let suspicious = failed_alone || self.holds(turn).await? >= HOLDS;
        if subject == Subject::Sweep || !may_be_a_records_fault(error) || !suspicious {
            return Ok(Isolated::No);
        }
        if !self.answers(turn, error).await {
            return Ok(Isolated::No);
        }
        tracing::warn!(
            installation.id = %turn.scope().id(),
            subject = subject.word(),
            changes = taken.len(),
            cause = error.code(),
            "the provider answers, but not to this batch: looking for the change at fault"
        );
        if let [only] = taken {
            self.put_back_rejected(turn, subject, std::slice::from_ref(only), &error.code()).await?;
            return Ok(Isolated::Yes);
        }
        self.work_in_halves(turn, subject, taken).await
    }

    async fn work_in_halves(
        &self,
        turn: &Turn,
        subject: Subject,
        taken: &[Taken],
    ) -> Result<Isolated, Error> {
        let mut waiting: Vec<&[Taken]> = halves(taken).into();
        let mut faulty = 0;
        while let Some(part) = waiting.pop() {
            let Err(error) = Box::pin(self.work(turn, subject, part)).await else { continue };
            match (Disposition::of(&error), part) {
                (Disposition::Reject, _) => {
                    self.put_back_rejected(turn, subject, part, &error.code()).await?;
                }
                (Disposition::Retry(_), [_]) if may_be_a_records_fault(&error) && faulty < FAULTY_AT_MOST => {
                    faulty += 1;
                    self.put_back_rejected(turn, subject, part, &error.code()).await?;
                }
                (Disposition::Retry(_), [_, _, ..]) if may_be_a_records_fault(&error) => {
                    waiting.extend(halves(part));
                }
                _ => return Ok(Isolated::Failed(error)),
            }
        }
        Ok(Isolated::Yes)
    }

    /// How often in a row the installation was held.
    async fn holds(&self, turn: &Turn) -> Result<i32, Error> {
        let row = lease::Entity::find_by_id(turn.scope().id()).one(self.db().reader()).await?;
        Ok(row.map_or(0, |row| row.hold_count))
    }

    /// Whether the provider that failed answers to what has nothing to do with any record.
    async fn answers(&self, turn: &Turn, error: &Error) -> bool {
        match error {
            Error::Storeganise(_) => turn.account.addon().await.is_ok(),
            _ => match self.turn_portal(turn).await {
                Ok(portal) => portal.account().await.is_ok(),
                Err(_) => false,
            },
        }
    }
}

/// Whether a failure can come from one record: the provider broke on it, or on the answer about it.
fn may_be_a_records_fault(error: &Error) -> bool {
    use hubspot::error::Class as Hubspot;
    use storeganise::error::{Class as Storeganise, Error as StoreganiseError};
    match error {
        Error::HubSpot(error) => matches!(error.class(), Hubspot::Transient { .. }),
        Error::Storeganise(StoreganiseError::Refused { status: 429, .. }) => false,
        Error::Storeganise(error) => matches!(error.class(), Storeganise::Transient { .. }),
        _ => false,
    }
}

/// Both halves of a batch, the first on top.
fn halves(taken: &[Taken]) -> [&[Taken]; 2] {
    let (first, second) = taken.split_at(taken.len() / 2);
    [second, first]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_come_from_one_record_is_looked_for_in_halves() {
        let refused =
            |status| Error::Storeganise(storeganise::error::Error::Refused { status, retry_after: None });
        for (error, may) in [
            (refused(500), true),
            (refused(429), false),
            (refused(403), false),
            (refused(422), false),
            (Error::HubSpot(hubspot::error::Error::TooLarge), true),
            (Error::HubSpot(hubspot::error::Error::UnusableToken), false),
            (Error::NeedsAuthorisation, false),
            (Error::LeaseLost, false),
        ] {
            assert_eq!(may_be_a_records_fault(&error), may, "{error:?}");
        }
    }

    #[test]
    fn halves_are_the_whole_and_end_with_one() {
        let taken: Vec<Taken> =
            (0..7).map(|n| Taken { generation: 1, ..Taken::unmarked(n.to_string()) }).collect();
        let [second, first] = halves(&taken);
        assert_eq!([first, second].concat(), taken);
        assert_eq!((first.len(), second.len()), (3, 4));
    }
}
