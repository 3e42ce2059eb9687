//! Waking workers: those of this process at once, those of other replicas through the database's `NOTIFY`. A hint, no
//! more: whoever misses one looks by itself a moment later, so nothing depends on it.

use std::{sync::Arc, time::Duration};

use sea_orm::{ConnectionTrait as _, sqlx::postgres::PgListener};
use tokio_util::sync::CancellationToken;

use crate::core::Core;

/// The channel replicas listen on.
const CHANNEL: &str = "annex_work";
/// One word for all that was marked meanwhile: a `NOTIFY` locks, for a moment, all that commit.
const TELL_EVERY: Duration = Duration::from_millis(20);
/// How long is waited before a lost connection is asked for again.
const AFTER_FAILURE: Duration = Duration::from_secs(2);

impl Core {
    /// Says that there may be work.
    pub(crate) fn wake(&self) {
        self.work.notify_one();
        self.elsewhere.notify_one();
    }

    /// Waits until somebody, here or at another replica, says that there may be work.
    pub fn woken(&self) -> impl Future<Output = ()> + Send + use<> {
        Arc::clone(&self.work).notified_owned()
    }
}

/// Passes on who wakes whom until it is told to stop. On SQLite there is nobody else.
pub async fn run(core: Arc<Core>, stop: CancellationToken) {
    if core.db().is_sqlite() {
        return;
    }
    let told = stop.clone().run_until_cancelled_owned(tell(Arc::clone(&core)));
    let heard = stop.run_until_cancelled_owned(listen(core));
    tokio::join!(told, heard);
}

async fn tell(core: Arc<Core>) {
    loop {
        core.elsewhere.notified().await;
        if let Err(error) = core.db().writer().execute_unprepared(&format!("NOTIFY {CHANNEL}")).await {
            tracing::warn!(error = %error, "other replicas were not told of work; they find it by themselves");
        }
        tokio::time::sleep(TELL_EVERY).await;
    }
}

async fn listen(core: Arc<Core>) {
    loop {
        if let Err(error) = listen_once(&core).await {
            tracing::warn!(error = %error, "the database's notices are not heard; work is looked for instead");
        }
        tokio::time::sleep(AFTER_FAILURE).await;
    }
}

async fn listen_once(core: &Core) -> Result<(), sea_orm::sqlx::Error> {
    let pool = core.db().writer().get_postgres_connection_pool();
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        // None where the connection was lost and made again: something may have been missed.
        listener.try_recv().await?;
        core.work.notify_one();
    }
}
