//! A turn: what one worker does for one installation while it holds the lease. Bounded, so that no tenant
//! starves another: so many batches, then the installation goes to the back.

use std::{collections::HashSet, sync::OnceLock};

use hubspot::{crm::Portal, pipelines::Pipeline};
use storeganise::client::Account;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    connection::{ConnectionState, token::Access},
    core::Core,
    digest::DigestKey,
    error::Error,
    installation::{Installation, Scope, State},
    isolate::Isolated,
    notices::Ending,
    order::{alone_where_it_failed, cut, first},
    queue::{
        change::{self, Lane, Subject, Taken},
        lease::{Hold, Lease, Waiting},
        of_run,
    },
    record::side::Field,
    retry::Disposition,
    settings::ContactKey,
    sweep::run,
};

/// Batches worked in one turn.
const BATCHES_PER_TURN: usize = 10;
/// Users looked at together: what HubSpot takes in one request.
const USERS_PER_BATCH: u64 = 100;
const ERASURES_PER_BATCH: u64 = 50;
const DEALS_PER_BATCH: u64 = 50;
const CONTACTS_PER_BATCH: u64 = 50;
/// Mirrors cost one request each at Storeganise's slow pace: few at a time, so that a sync overtakes them.
const MIRRORS_PER_BATCH: u64 = 5;

/// The kinds of work, in the order in which they are done where nobody waits for any of them.
const BATCHES: [(Subject, u64); 6] = [
    (Subject::Erasure, ERASURES_PER_BATCH),
    (Subject::Sweep, 1),
    (Subject::User, USERS_PER_BATCH),
    (Subject::Deal, DEALS_PER_BATCH),
    (Subject::Contact, CONTACTS_PER_BATCH),
    (Subject::Mirror, MIRRORS_PER_BATCH),
];

/// Everything a turn works with.
pub(crate) struct Turn {
    pub lease: Lease,
    pub installation: Installation,
    pub account: Account,
    pub key: DigestKey,
    /// The fields that are kept the same.
    pub fields: Vec<Field>,
    /// Whether nothing may be written: a preview reads and decides only.
    pub dry: bool,
    access: OnceLock<Access>,
    pipelines: OnceLock<Vec<Pipeline>>,
}

impl Turn {
    pub(crate) fn scope(&self) -> Scope {
        self.lease.scope()
    }

    /// By what contacts are found before they are linked.
    pub(crate) fn contact_key(&self) -> ContactKey {
        self.installation.capabilities.contact_key().unwrap_or(ContactKey::UserId)
    }

    /// Whether contacts have a property that can hold the user's id.
    pub(crate) fn holds_user_id(&self) -> bool {
        self.installation.capabilities.holds_user_id()
    }
}

/// What a batch of a turn came to.
enum Step {
    /// There may be more.
    Worked(Subject),
    /// The installation was changed meanwhile: it is read again first.
    Again,
    /// Nothing is due.
    Idle,
    /// A provider wants to be left alone.
    Hold(Hold),
}

impl Core {
    /// Works one installation under its lease, then gives the lease back.
    ///
    /// # Errors
    /// The lease was lost or the database does not answer; the lease runs out by itself then.
    pub async fn work_turn(&self, lease: &Lease) -> Result<(), Error> {
        self.work_turn_until(lease, &CancellationToken::new()).await
    }

    /// As [`Core::work_turn`], but told to stop it begins no further batch.
    ///
    /// # Errors
    /// As [`Core::work_turn`].
    pub async fn work_turn_until(&self, lease: &Lease, stop: &CancellationToken) -> Result<(), Error> {
        let (mut hold, mut last, mut is_idle) = (None, None, false);
        for _ in 0..BATCHES_PER_TURN {
            if stop.is_cancelled() {
                break;
            }
            match self.work_batch(lease, last).await {
                Ok(Step::Worked(subject)) => last = Some(subject),
                Ok(Step::Again) => {}
                Ok(Step::Idle) => {
                    is_idle = true;
                    break;
                }
                Ok(Step::Hold(found)) => {
                    hold = Some(found);
                    break;
                }
                Err(error @ (Error::LeaseLost | Error::Storage(_))) => return Err(error),
                Err(error) => {
                    // Not a record's fault: a master key that is missing, an address no longer allowed.
                    tracing::error!(
                        installation.id = %lease.scope().id(),
                        cause = error.code(),
                        error = %error,
                        "an installation cannot be worked"
                    );
                    hold = Some(Hold { cause: error.code(), retry_after: None });
                    break;
                }
            }
        }
        self.finish_worked_runs(lease).await?;
        let installation = self.installation(lease.scope().id()).await?;
        let ending = Ending { is_idle, hold: hold.as_ref() };
        Box::pin(self.tell_business(lease, &installation, ending)).await?;
        self.release(lease, self.waiting_of(&installation).await?, hold.as_ref()).await
    }

    /// Gives the lease of an unfinished turn back: whoever claims it next works again what was not recorded.
    ///
    /// # Errors
    /// The lease was lost or the database does not answer; the lease runs out by itself then.
    pub(crate) async fn hand_back(&self, lease: &Lease) -> Result<(), Error> {
        let installation = self.installation(lease.scope().id()).await?;
        self.release(lease, self.waiting_of(&installation).await?, None).await
    }

    /// Which changes make an installation ready again.
    async fn waiting_of(&self, installation: &Installation) -> Result<Waiting, Error> {
        if is_at_rest(installation) {
            return Ok(Waiting::ErasureOnly);
        }
        let may_sync = self.may_sync(installation).await?;
        Ok(if may_sync { Waiting::Everything } else { Waiting::SweepOnly })
    }

    /// Tells the business by tasks what needs a person. Whatever is wrong with that never holds the work.
    async fn tell_business(
        &self,
        lease: &Lease,
        installation: &Installation,
        ending: Ending<'_>,
    ) -> Result<(), Error> {
        match self.keep_notices(lease, installation, ending).await {
            Err(error) if !matches!(error, Error::LeaseLost | Error::Storage(_)) => {
                tracing::warn!(installation.id = %installation.id, cause = error.code(), "notices were not kept");
                Ok(())
            }
            kept => kept,
        }
    }

    /// The portal of the turn's installation, with a token that lasts the turn.
    pub(crate) async fn turn_portal<'a>(&self, turn: &'a Turn) -> Result<&'a Portal, Error> {
        if let Some(access) = turn.access.get() {
            return Ok(&access.portal);
        }
        let access = self.access(turn.scope()).await?;
        let portal = access.portal.behind(self.may_send(&turn.lease));
        Ok(&turn.access.get_or_init(|| Access { portal, ..access }).portal)
    }

    /// The portal's pipelines, asked for once in a batch.
    pub(crate) async fn turn_pipelines<'a>(&self, turn: &'a Turn) -> Result<&'a [Pipeline], Error> {
        if let Some(pipelines) = turn.pipelines.get() {
            return Ok(pipelines);
        }
        let pipelines = self.turn_portal(turn).await?.deal_pipelines().await?;
        Ok(turn.pipelines.get_or_init(|| pipelines))
    }

    /// Whether records may be synced: both states allow it, HubSpot answers, the portal is prepared.
    pub(crate) async fn may_sync(&self, installation: &Installation) -> Result<bool, Error> {
        if !installation.may_work() || installation.capabilities.contact_key().is_none() {
            return Ok(false);
        }
        let connection = self.connection(installation.scope()).await?;
        Ok(connection.is_some_and(|found| found.state == ConnectionState::Active))
    }

    async fn work_batch(&self, lease: &Lease, last: Option<Subject>) -> Result<Step, Error> {
        let installation = self.installation(lease.scope().id()).await?;
        if installation.state == State::Pending {
            return Ok(Step::Idle);
        }
        let may_sync = self.may_sync(&installation).await?;
        let turn = self.turn_of(lease, installation).await?;
        match self.next_work(&turn, may_sync, last).await? {
            // What was marked after a setting was changed must not be worked under the settings from before.
            Some(_) if !self.is_as_read(&turn.installation).await? => Ok(Step::Again),
            Some((subject, taken)) => self.work_on(&turn, subject, taken).await,
            None => {
                if may_sync {
                    self.settle_brake(&turn).await?;
                }
                Ok(Step::Idle)
            }
        }
    }

    /// Whether nobody has changed an installation's settings or its state since it was read.
    async fn is_as_read(&self, read: &Installation) -> Result<bool, Error> {
        let now = self.installation(read.id).await?;
        Ok(now.settings == read.settings && now.state == read.state)
    }

    async fn turn_of(&self, lease: &Lease, installation: Installation) -> Result<Turn, Error> {
        Ok(Turn {
            lease: lease.clone(),
            account: self.account(&installation).await?.behind(self.may_send(lease)),
            key: self.data_key(lease.scope()).await?.digest_key(),
            fields: installation.settings.fields(),
            dry: false,
            installation,
            access: OnceLock::new(),
            pipelines: OnceLock::new(),
        })
    }

    /// The same turn, in which nothing is written.
    pub(crate) async fn dry_turn(&self, turn: &Turn) -> Result<Turn, Error> {
        Ok(Turn { dry: true, ..self.turn_of(&turn.lease, turn.installation.clone()).await? })
    }

    /// What to do next, in batches. Users are taken only once Storeganise's pace would let us read them: what is
    /// marked meanwhile shares the request.
    async fn next_work(
        &self,
        turn: &Turn,
        may_sync: bool,
        last: Option<Subject>,
    ) -> Result<Option<(Subject, Vec<Taken>)>, Error> {
        let mut waiting = Vec::new();
        let is_at_rest = is_at_rest(&turn.installation);
        let may_work = |subject: Subject| match subject {
            // What a person wants erased is erased whatever the state.
            Subject::Erasure => true,
            Subject::Sweep => !is_at_rest,
            _ => may_sync,
        };
        for (subject, most) in BATCHES.iter().filter(|(subject, _)| may_work(*subject)) {
            let taken = self.due(turn, *subject, *most).await?;
            if !taken.is_empty() {
                waiting.push((*subject, taken));
            }
        }
        let Some(at) = first(&waiting, last) else { return Ok(None) };
        let (subject, mut taken) = waiting.swap_remove(at);
        if subject == Subject::User && (taken.len() as u64) < USERS_PER_BATCH {
            turn.account.pace().slot().await;
            taken = self.due(turn, subject, USERS_PER_BATCH).await?;
        }
        cut(subject, &mut taken);
        Ok(Some((subject, taken)))
    }

    async fn due(&self, turn: &Turn, subject: Subject, most: u64) -> Result<Vec<Taken>, Error> {
        loop {
            let now = self.now_micros();
            let taken = change::due(self.db().reader(), turn.scope(), subject, now, most).await?;
            if !self.drop_if_called_off(turn, &taken).await? {
                return Ok(alone_where_it_failed(taken));
            }
        }
    }

    /// Drops some of what is left of runs that were called off: whoever did so may have been cut short. Whether there
    /// was any.
    async fn drop_if_called_off(&self, turn: &Turn, taken: &[Taken]) -> Result<bool, Error> {
        let asking: HashSet<Uuid> = taken.iter().filter_map(|change| change.run_id).collect();
        let mut dropped = 0;
        for run in run::called_off(self.db().reader(), turn.scope(), asking).await? {
            let transaction = self.fenced(&turn.lease).await?;
            dropped += of_run::drop_some_of_run(&transaction, turn.scope(), run).await?;
            transaction.commit().await?;
        }
        Ok(dropped > 0)
    }

    /// Whether there is a record that somebody waits for.
    pub(crate) async fn somebody_waits(&self, turn: &Turn) -> Result<bool, Error> {
        for subject in [Subject::User, Subject::Deal, Subject::Contact] {
            if self.due(turn, subject, 1).await?.iter().any(|taken| taken.lane == Lane::Prompt) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn work_on(&self, turn: &Turn, subject: Subject, taken: Vec<Taken>) -> Result<Step, Error> {
        match self.work(turn, subject, &taken).await {
            Ok(()) => Ok(Step::Worked(subject)),
            Err(error) => match self.isolate(turn, subject, &taken, &error).await? {
                Isolated::Yes => Ok(Step::Worked(subject)),
                Isolated::No => self.dispose(turn, subject, &taken, error).await,
                Isolated::Failed(error) => self.dispose(turn, subject, &taken, error).await,
            },
        }
    }

    /// Works changes of one subject together. Nothing of it is settled where it fails.
    pub(crate) async fn work(&self, turn: &Turn, subject: Subject, taken: &[Taken]) -> Result<(), Error> {
        match subject {
            Subject::Sweep => Box::pin(self.work_sweep(turn, &taken[0])).await,
            Subject::Erasure => self.work_erasures(turn, taken).await,
            Subject::User => Box::pin(self.work_users(turn, taken)).await,
            Subject::Deal => Box::pin(self.work_deals(turn, taken)).await,
            Subject::Contact => Box::pin(self.work_contacts(turn, taken)).await,
            Subject::Mirror => self.work_mirrors(turn, taken).await,
        }
    }

    /// Decides what to do about a batch that failed as a whole. Nothing of it was settled.
    async fn dispose(
        &self,
        turn: &Turn,
        subject: Subject,
        taken: &[Taken],
        error: Error,
    ) -> Result<Step, Error> {
        if matches!(error, Error::LeaseLost | Error::Storage(_)) {
            return Err(error);
        }
        let cause = error.code();
        let disposition = Disposition::of(&error);
        tracing::warn!(
            installation.id = %turn.scope().id(),
            subject = subject.word(),
            changes = taken.len(),
            cause,
            "a batch failed and will be tried again"
        );
        match disposition {
            Disposition::Reject => {
                let is_over = subject == Subject::Sweep && self.give_up_run(turn, &taken[0], &cause).await?;
                if !is_over {
                    self.put_back_rejected(turn, subject, taken, &cause).await?;
                }
                return Ok(Step::Worked(subject));
            }
            Disposition::Reauthorise => {
                if let Some(access) = turn.access.get() {
                    self.note_access_lost(turn.scope(), &access.grant, &cause).await?;
                }
            }
            Disposition::AddonDisabled => self.note_addon_disabled(&turn.installation).await?,
            Disposition::RenewToken => {
                if let Some(access) = turn.access.get() {
                    self.forget_access_token(turn.scope(), &access.grant).await?;
                }
            }
            Disposition::Retry(_) => {}
        }
        self.note_cause(turn, subject, taken, &cause).await?;
        let retry_after = match disposition {
            Disposition::Retry(after) => after,
            _ => None,
        };
        Ok(Step::Hold(Hold { cause, retry_after }))
    }
}

/// Nothing is asked and nothing is sent for an installation that was never accepted, or was disabled.
fn is_at_rest(installation: &Installation) -> bool {
    matches!(installation.state, State::Pending | State::Disabled)
}
