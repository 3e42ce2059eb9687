//! The sweep: a change that marks itself again. It asks for the add-on's state, which nobody announces, and
//! then looks for what no event told: users changed since the last sweep, and won deals.
//!
//! It also carries the runs: a backfill is a sweep over all users, a page at a time, from its own cursor.

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, DatabaseTransaction, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, sea_query::Expr,
};
use storeganise::user::{User, UsersQuery};
use time::OffsetDateTime;

use crate::{
    core::Core,
    error::Error,
    installation::{Installation, Scope},
    queue::change::{Mark, Origin, Subject, Taken, mark_in, settle},
    record::users::updated_micros,
    storage::entity::{installation, run},
    turn::Turn,
    views::runs::{Counts, RunKind, RunState, new_run},
};

/// How often a sweep is made.
const EVERY_MICROS: i64 = 15 * 60 * 1_000_000;
/// Sweeps are spread by up to this much, so that installations do not meet.
const JITTER_MICROS: u64 = 90 * 1_000_000;
/// How far before its cursor a sweep of users begins again: the provider's bound is not known exactly.
const USERS_OVERLAP_MICROS: i64 = 5 * 60 * 1_000_000;
/// HubSpot's search lags behind, at times by minutes.
const DEALS_OVERLAP_MICROS: i64 = 10 * 60 * 1_000_000;
/// Users on a page of a reconcile, and of a backfill over everything.
const RECONCILE_PAGE: u32 = 200;
const BACKFILL_PAGE: u32 = 1_000;

impl Core {
    /// Makes one step of the sweep: the add-on's state, then one page of users, and with the last one the deals.
    pub(crate) async fn work_sweep(&self, turn: &Turn, taken: &Taken) -> Result<(), Error> {
        let running = self.running(turn.scope()).await?;
        let mut installation = turn.installation.clone();
        if running.is_none() {
            installation = self.poll_addon(&installation).await?;
        }
        if installation.may_work() && installation.capabilities.contact_key().is_none() {
            self.prepare_again(turn, &installation).await?;
            installation = self.installation(installation.id).await?;
        }
        if !self.may_sync(&installation).await? {
            return self.rest(turn, taken).await;
        }
        if running.is_none() {
            Box::pin(self.renew_mappings(turn, &installation)).await?;
        }
        match running {
            Some(run) => self.sweep_users(turn, taken, &installation, run).await,
            None => self.begin_reconcile(turn, &installation).await,
        }
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

    /// Begins a reconcile. The first one of an installation only sets the cursors: what was there before is a
    /// backfill's matter, which a person begins.
    async fn begin_reconcile(&self, turn: &Turn, installation: &Installation) -> Result<(), Error> {
        let now = self.now_micros();
        let transaction = self.fenced(&turn.lease).await?;
        if installation.users_cursor.is_none() {
            installation::Entity::update_many()
                .col_expr(installation::Column::UsersCursor, Expr::value(now))
                .col_expr(installation::Column::DealsCursor, Expr::value(now))
                .filter(installation::Column::Id.eq(installation.id))
                .exec(&transaction)
                .await?;
        }
        let id = self.random().uuid(self.clock().now());
        let row = new_run(id, turn.scope(), RunKind::Reconcile, None, now);
        run::Entity::insert(row).exec_without_returning(&transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// Reads one page of users and marks those that were not looked at since they changed. The last page ends
    /// the run, moves the cursors and marks the next sweep.
    async fn sweep_users(
        &self,
        turn: &Turn,
        taken: &Taken,
        installation: &Installation,
        run: run::Model,
    ) -> Result<(), Error> {
        let backfill = run.kind == RunKind::Backfill.word();
        let since = installation.users_cursor.filter(|_| !backfill).map(|at| at - USERS_OVERLAP_MICROS);
        let query = UsersQuery {
            updated_after: since.and_then(time_of),
            limit: if backfill { BACKFILL_PAGE } else { RECONCILE_PAGE },
            offset: u32::try_from(run.done).map_err(|_| Error::Corrupt("run cursor"))?,
            custom_fields: false,
        };
        let page = turn.account.users_page(&query).await?;
        let mut marks = self.users_to_look_at(turn, &page.records).await?;
        let unread = page.unread.iter().filter_map(|unread| unread.id.clone());
        marks.extend(unread.map(|id| Mark::new(turn.scope(), Subject::User, id, Origin::Sweep).bulk()));
        let seen = page.records.len() + page.unread.len();
        let last = seen < usize::try_from(query.limit).unwrap_or(usize::MAX);
        if last {
            marks.extend(self.deals_to_look_at(turn, installation).await?);
            marks.extend(self.restored_to_look_at(turn).await?);
            let since = installation.deals_cursor.unwrap_or_else(|| self.now_micros()) - DEALS_OVERLAP_MICROS;
            marks.extend(Box::pin(self.contacts_to_look_at(turn, since / 1_000)).await?);
        }
        let now = self.now_micros();
        let transaction = self.fenced(&turn.lease).await?;
        mark_in(&transaction, &marks, now).await?;
        let counts: Counts = serde_json::from_str(&run.counts).map_err(|_| Error::Corrupt("run counts"))?;
        let counts = Counts { marked: counts.marked + marks.len() as u64 };
        let row = run::ActiveModel {
            id: Set(run.id),
            done: Set(run.done + i64::try_from(seen).unwrap_or(0)),
            counts: Set(serde_json::to_string(&counts).expect("counts are plain data")),
            state: Set(if last { RunState::Finished } else { RunState::Running }.word().to_owned()),
            finished_at: Set(last.then_some(now)),
            ..Default::default()
        };
        run::Entity::update(row).exec(&transaction).await?;
        if last {
            installation::Entity::update_many()
                .col_expr(installation::Column::UsersCursor, Expr::value(run.started_at))
                .col_expr(installation::Column::DealsCursor, Expr::value(run.started_at))
                .filter(installation::Column::Id.eq(installation.id))
                .exec(&transaction)
                .await?;
            // A run that was asked for while this one went on has been waiting for it.
            let waiting = unfinished_runs(&transaction, turn.scope()).await?;
            let pause = if waiting > 0 { 0 } else { self.until_next_sweep() };
            self.mark_next(&transaction, turn, taken, now + pause).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// The users of a page that changed since they were last read; staff, too, end in an outcome.
    async fn users_to_look_at(&self, turn: &Turn, page: &[User]) -> Result<Vec<Mark>, Error> {
        let ids: Vec<String> = page.iter().map(|user| user.id.clone()).collect();
        let links = self.links_of_users(turn.scope(), &ids).await?;
        // What was agreed on under other settings is looked at again: a field may be mapped by now.
        let today = turn.installation.settings.baseline_version();
        let unseen = page.iter().filter(|user| {
            let link = links.get(&user.id).filter(|link| link.baseline_version == today);
            let seen = link.and_then(|link| link.user_updated);
            seen.is_none() || seen != updated_micros(user)
        });
        Ok(unseen
            .map(|user| Mark::new(turn.scope(), Subject::User, user.id.clone(), Origin::Sweep).bulk())
            .collect())
    }

    async fn deals_to_look_at(&self, turn: &Turn, installation: &Installation) -> Result<Vec<Mark>, Error> {
        let since = installation.deals_cursor.unwrap_or_else(|| self.now_micros()) - DEALS_OVERLAP_MICROS;
        let portal = self.turn_portal(turn).await?;
        let mut marks = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = portal.search_won_deals(since / 1_000, after.as_deref()).await?;
            let mark = |id: String| Mark::new(turn.scope(), Subject::Deal, id, Origin::Sweep);
            marks.extend(page.records.into_iter().map(|deal| mark(deal.id)));
            marks.extend(page.unread.into_iter().filter_map(|unread| unread.id).map(mark));
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(marks),
            }
        }
    }

    /// Nothing may be synced just now: look at the add-on's state again later.
    async fn rest(&self, turn: &Turn, taken: &Taken) -> Result<(), Error> {
        let transaction = self.fenced(&turn.lease).await?;
        let at = self.now_micros() + self.until_next_sweep();
        self.mark_next(&transaction, turn, taken, at).await?;
        Ok(transaction.commit().await?)
    }

    /// Settles this sweep and marks the next for `at`; one that was asked for meanwhile is not put off.
    async fn mark_next(
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

    fn until_next_sweep(&self) -> i64 {
        EVERY_MICROS + i64::try_from(self.random().below(JITTER_MICROS)).unwrap_or(0)
    }
}

async fn unfinished_runs(on: &DatabaseTransaction, scope: Scope) -> Result<u64, Error> {
    Ok(run::Entity::find()
        .filter(run::Column::InstallationId.eq(scope.id()))
        .filter(run::Column::State.eq(RunState::Running.word()))
        .count(on)
        .await?)
}

fn time_of(micros: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok()
}
