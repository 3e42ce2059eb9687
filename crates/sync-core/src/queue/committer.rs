//! The committer: one task that writes whatever webhooks are waiting in one transaction and then answers all
//! of them. No timer: one event is fast, ten thousand are cheap.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, sea_query::Expr};
use tokio::sync::{mpsc, oneshot};

use super::{
    change::{Mark, mark_in},
    heard::{self, Heard, Noted},
};
use crate::{
    clock::Clock,
    core::Core,
    error::Error,
    storage::{entity::installation, reason::is_of_some_rows},
};

/// Webhooks that may wait at once; more are told to come back.
const WAITING_MAX: usize = 4_096;
/// Webhooks written in one transaction.
const BATCH_MAX: usize = 500;

struct Waiting {
    marks: Vec<Mark>,
    heard: Vec<Heard>,
    /// Nobody waits for what only says that an event arrived.
    done: Option<oneshot::Sender<bool>>,
}

/// Hands marks to the committer. Clones share it.
#[derive(Debug, Clone)]
pub struct Committer {
    sender: mpsc::Sender<Waiting>,
    clock: Clock,
    writing_since: Arc<AtomicI64>,
}

/// No batch is being written.
const RESTS: i64 = 0;

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting").field("marks", &self.marks.len()).finish_non_exhaustive()
    }
}

impl Committer {
    /// Makes a committer; the returned future is its task, to be run until every handle is gone.
    pub fn new(core: Arc<Core>) -> (Self, impl Future<Output = ()> + Send) {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        let writing_since = Arc::new(AtomicI64::new(RESTS));
        let committer =
            Self { sender, clock: core.clock().clone(), writing_since: Arc::clone(&writing_since) };
        (committer, run(core, receiver, writing_since))
    }

    /// Waits until the marks are committed; false where they were not, so that the provider sends again. Where there are
    /// none, that the events were heard of is written in passing, or not at all.
    pub async fn commit(&self, marks: Vec<Mark>, heard: Vec<Heard>) -> bool {
        if marks.is_empty() {
            let _full_or_gone = self.sender.try_send(Waiting { marks, heard, done: None });
            return true;
        }
        let (done, committed) = oneshot::channel();
        if self.sender.send(Waiting { marks, heard, done: Some(done) }).await.is_err() {
            return false;
        }
        committed.await.unwrap_or(false)
    }

    /// How long the batch under way has been written for; nothing where there is none. Whatever comes in waits as long.
    #[must_use]
    pub fn lag(&self) -> Duration {
        match self.writing_since.load(Ordering::Relaxed) {
            RESTS => Duration::ZERO,
            since => Duration::from_micros(u64::try_from(self.clock.now().0 - since).unwrap_or_default()),
        }
    }

    /// How many webhooks wait to be written, beside the batch under way.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.sender.max_capacity() - self.sender.capacity()
    }
}

async fn run(core: Arc<Core>, mut receiver: mpsc::Receiver<Waiting>, writing_since: Arc<AtomicI64>) {
    let mut batch = Vec::with_capacity(BATCH_MAX);
    let mut noted = Noted::default();
    while receiver.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let marks: Vec<Mark> = batch.iter().flat_map(|waiting| waiting.marks.iter().cloned()).collect();
        let heard: Vec<Heard> = batch.iter().flat_map(|waiting| waiting.heard.iter().copied()).collect();
        let began = core.now_micros();
        writing_since.store(began, Ordering::Relaxed);
        let together = write(&core, &mut noted, &marks, &heard).await;
        if !marks.is_empty() {
            metrics::histogram!("annex_commit_events").record(batch.len() as f64);
            metrics::histogram!("annex_commit_seconds").record(seconds_since(&core, began));
        }
        if let Err(error) = &together {
            tracing::warn!(events = batch.len(), error = %error, "a batch of events was not committed");
        }
        // A bad row must not fail its neighbours: each is tried by itself. Where nothing can be written nobody is, or those
        // that come next would wait for it.
        let each = matches!(&together, Err(Error::Storage(error)) if is_of_some_rows(error));
        let mut is_work = together.is_ok() && !marks.is_empty();
        for waiting in batch.drain(..) {
            let Waiting { marks, heard, done } = waiting;
            let committed =
                together.is_ok() || each && write(&core, &mut noted, &marks, &heard).await.is_ok();
            is_work |= committed && !marks.is_empty();
            let _gone = done.map(|done| done.send(committed));
        }
        writing_since.store(RESTS, Ordering::Relaxed);
        if is_work {
            core.wake();
        }
    }
}

fn seconds_since(core: &Core, began: i64) -> f64 {
    (core.now_micros() - began) as f64 / 1e6
}

async fn write(core: &Core, noted: &mut Noted, marks: &[Mark], heard: &[Heard]) -> Result<(), Error> {
    let now = core.now_micros();
    let news = noted.news(heard.iter().copied(), now);
    if marks.is_empty() && news.is_empty() {
        return Ok(());
    }
    let transaction = core.db().begin().await?;
    mark_in(&transaction, marks, now).await?;
    let marked: BTreeSet<_> = marks.iter().map(|mark| mark.scope.id()).collect();
    if !marked.is_empty() {
        installation::Entity::update_many()
            .col_expr(installation::Column::LastEventAt, Expr::value(now))
            .filter(installation::Column::Id.is_in(marked))
            .exec(&transaction)
            .await?;
    }
    heard::write(&transaction, &news, now).await?;
    transaction.commit().await?;
    noted.remember(news, now);
    Ok(())
}
