//! The sweep: a change that marks itself again. It asks for the add-on's state, which nobody announces, and
//! then looks for what no event told: users changed since the last sweep, and won deals.
//!
//! It also carries the runs, a page a step: `list` reads a page, `cursor` is how far a run has come, `run` its row.
//! What a run finds is marked, and worked behind what people wait for; the run is over when that is worked.

use sea_orm::{ColumnTrait as _, DatabaseTransaction, EntityTrait as _, QueryFilter as _, sea_query::Expr};
use uuid::Uuid;

use self::{
    cursor::Phase,
    list::Listed,
    run::{Run, end, new_run, save, stepping},
};
use crate::{
    core::Core,
    error::Error,
    installation::{Installation, Scope},
    queue::{
        change::{Mark, Origin, Subject, Taken, mark_in, settle},
        of_run::pending_of_run,
    },
    retry::MAX_ATTEMPTS,
    storage::entity::{installation, run as run_row},
    turn::Turn,
    views::runs::{RunKind, RunState},
};

pub(crate) mod cursor;
pub(crate) mod list;
pub(crate) mod run;

/// How often a sweep is made.
const EVERY_MICROS: i64 = 15 * 60 * 1_000_000;
/// Sweeps are spread by up to this much, so that installations do not meet.
const JITTER_MICROS: u64 = 90 * 1_000_000;
/// Reconciles that are over are forgotten after this time: there are a hundred of them a day.
const RECONCILES_KEPT_MICROS: i64 = 30 * 24 * 3_600 * 1_000_000;

impl Core {
    /// Makes one step of the sweep: the add-on's state where it was not asked for lately, and a page of a run.
    pub(crate) async fn work_sweep(&self, turn: &Turn, taken: &Taken) -> Result<(), Error> {
        let runs = stepping(self.db().reader(), turn.scope()).await?;
        let mut installation = turn.installation.clone();
        let begins = runs.iter().all(Run::is_reconcile_to_begin);
        if begins || self.was_not_asked_lately(&installation) {
            installation = self.poll_addon(&installation).await?;
        }
        if installation.may_work() && installation.capabilities.contact_key().is_none() {
            self.prepare_again(turn, &installation).await?;
            installation = self.installation(installation.id).await?;
        }
        let may_sync = self.may_sync(&installation).await?;
        if may_sync && begins {
            Box::pin(self.renew_mappings(turn, &installation)).await?;
        }
        let may_preview = self.may_preview(&installation).await?;
        let next =
            runs.into_iter().find(|run| if run.kind == RunKind::Preview { may_preview } else { may_sync });
        match next {
            Some(run) if run.kind == RunKind::Preview => {
                Box::pin(self.preview_step(turn, taken, &installation, run)).await
            }
            Some(run) => self.mark_page(turn, taken, &installation, run).await,
            None if may_sync => self.begin_reconcile(turn, &installation).await,
            None => self.rest(turn, taken).await,
        }
    }

    fn was_not_asked_lately(&self, installation: &Installation) -> bool {
        installation.addon_checked_at.is_none_or(|at| at < self.now_micros() - EVERY_MICROS)
    }

    /// Tries again to prepare a portal that could not take our property.
    async fn prepare_again(&self, turn: &Turn, installation: &Installation) -> Result<(), Error> {
        if self.connection(turn.scope()).await?.is_none() {
            return Ok(());
        }
        match self.turn_portal(turn).await {
            Ok(portal) => self.prepare_portal(installation, portal).await,
            Err(Error::NeedsAuthorisation) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn begin_reconcile(&self, turn: &Turn, installation: &Installation) -> Result<(), Error> {
        let (scope, now) = (turn.scope(), self.now_micros());
        let transaction = self.fenced(&turn.lease).await?;
        run_row::Entity::delete_many()
            .filter(run_row::Column::InstallationId.eq(scope.id()))
            .filter(run_row::Column::Kind.eq(RunKind::Reconcile.word()))
            .filter(run_row::Column::FinishedAt.lt(now - RECONCILES_KEPT_MICROS))
            .exec(&transaction)
            .await?;
        self.insert_reconcile(&transaction, installation).await?;
        Ok(transaction.commit().await?)
    }

    /// Begins a reconcile: its id. The first one of an installation only sets the cursors: what was there before is a
    /// backfill's matter, which a person begins.
    pub(crate) async fn insert_reconcile(
        &self,
        on: &DatabaseTransaction,
        installation: &Installation,
    ) -> Result<Uuid, Error> {
        let (scope, now) = (installation.scope(), self.now_micros());
        if installation.users_cursor.is_none() {
            move_cursors(on, scope, (Some(now), Some(now))).await?;
        }
        let id = self.random().uuid(self.clock().now());
        let row = new_run(id, scope, RunKind::Reconcile, now);
        run_row::Entity::insert(row).exec_without_returning(on).await?;
        Ok(id)
    }

    /// Marks what a page of a run brought. The last page moves the installation's cursors and marks the next sweep.
    async fn mark_page(
        &self,
        turn: &Turn,
        taken: &Taken,
        installation: &Installation,
        mut run: Run,
    ) -> Result<(), Error> {
        let listed = self.list(turn, installation, &mut run).await?;
        let (scope, now) = (turn.scope(), self.now_micros());
        let marks = marks_of(turn, &run, listed);
        run.counts.marked += marks.len() as u64;
        let transaction = self.fenced(&turn.lease).await?;
        mark_in(&transaction, &marks, now).await?;
        if run.phase() != Phase::Work {
            if save(&transaction, scope, &run).await? {
                transaction.commit().await?;
            }
            return Ok(());
        }
        let pending = pending_of_run(&transaction, scope, run.id).await?;
        begin_work(&mut run, pending, now);
        if !save(&transaction, scope, &run).await? {
            return Ok(());
        }
        if pending == 0 {
            end(&transaction, scope, run.id, (RunState::Finished, None), now).await?;
        }
        move_cursors(&transaction, scope, (Some(run.started_at), Some(run.started_at))).await?;
        // One that was asked for meanwhile has been waiting; and what changed while a backfill read its many pages,
        // and may have shifted out of sight between two of them, is looked for at once.
        let waits = !stepping(&transaction, scope).await?.is_empty();
        // The second page only showed that there was none.
        let many = run.cursor.as_ref().is_some_and(|cursor| cursor.users.pages > 2);
        let many = many && run.kind == RunKind::Backfill;
        let pause = if waits || many { 0 } else { self.until_next_sweep() };
        self.mark_next(&transaction, turn, taken, now + pause).await?;
        Ok(transaction.commit().await?)
    }

    /// A step of a run that is refused again and again: the run has failed, and the sweep goes on without it.
    /// False where it is to be tried again.
    pub(crate) async fn give_up_run(&self, turn: &Turn, taken: &Taken, cause: &str) -> Result<bool, Error> {
        if taken.attempts + 1 < MAX_ATTEMPTS {
            return Ok(false);
        }
        let (scope, now) = (turn.scope(), self.now_micros());
        let transaction = self.fenced(&turn.lease).await?;
        for run in stepping(&transaction, scope).await? {
            end(&transaction, scope, run.id, (RunState::Failed, Some(cause)), now).await?;
        }
        self.mark_next(&transaction, turn, taken, now + self.until_next_sweep()).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Nothing may be synced just now: look at the add-on's state again later.
    async fn rest(&self, turn: &Turn, taken: &Taken) -> Result<(), Error> {
        let transaction = self.fenced(&turn.lease).await?;
        let at = self.now_micros() + self.until_next_sweep();
        self.mark_next(&transaction, turn, taken, at).await?;
        Ok(transaction.commit().await?)
    }

    /// Settles this sweep and marks the next for `at`; one that was asked for meanwhile is not put off.
    pub(crate) async fn mark_next(
        &self,
        transaction: &DatabaseTransaction,
        turn: &Turn,
        taken: &Taken,
        at: i64,
    ) -> Result<(), Error> {
        settle(transaction, turn.scope(), Subject::Sweep, &[taken]).await?;
        let next = Mark::new(turn.scope(), Subject::Sweep, "", Origin::Sync).due(at);
        Ok(mark_in(transaction, &[next], self.now_micros()).await?)
    }

    pub(crate) fn until_next_sweep(&self) -> i64 {
        EVERY_MICROS + i64::try_from(self.random().below(JITTER_MICROS)).unwrap_or(0)
    }
}

fn marks_of(turn: &Turn, run: &Run, listed: Listed) -> Vec<Mark> {
    let mark = |subject, id| Mark::new(turn.scope(), subject, id, Origin::Sweep).of_run(run.id);
    let news = listed.users.into_iter().filter(|user| user.is_news);
    let users = news.map(|user| mark(Subject::User, user.id));
    let deals = listed.deals.into_iter().map(|deal| mark(Subject::Deal, deal));
    users.chain(deals).chain(listed.others).collect()
}

/// Everything is found: from here on it is known how much there is to do.
pub(crate) fn begin_work(run: &mut Run, pending: u64, now: i64) {
    if let Some(cursor) = &mut run.cursor {
        cursor.work_began_at = Some(now);
        cursor.work_at_first = pending;
        run.total = i64::try_from(cursor.users.listed + cursor.deals.listed).ok();
    }
}

/// Sets how far the sweeps over users and won deals have come; none leaves one where it is.
pub(crate) async fn move_cursors(
    on: &DatabaseTransaction,
    scope: Scope,
    (users, deals): (Option<i64>, Option<i64>),
) -> Result<(), Error> {
    let mut update = installation::Entity::update_many().filter(installation::Column::Id.eq(scope.id()));
    if users.is_none() && deals.is_none() {
        return Ok(());
    }
    if let Some(users) = users {
        update = update.col_expr(installation::Column::UsersCursor, Expr::value(users));
    }
    if let Some(deals) = deals {
        update = update.col_expr(installation::Column::DealsCursor, Expr::value(deals));
    }
    update.exec(on).await?;
    Ok(())
}
