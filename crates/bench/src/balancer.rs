//! What stands before replicas in life: it sends each connection to one of them that listens, in turn. Bytes and nothing
//! else, so that a replica which is killed breaks whatever it was at.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::load::drive;

/// One address before any number of replicas.
pub(crate) struct Balancer {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    replicas: Arc<Mutex<Vec<String>>>,
}

impl Balancer {
    /// One with nobody behind it.
    ///
    /// # Errors
    /// There is no port left.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let replicas: Arc<Mutex<Vec<String>>> = Arc::default();
        drive(accept(listener, Arc::clone(&replicas)));
        Ok(Self { address, replicas })
    }

    /// Where visitors find it.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sends connections here from now on, too.
    pub(crate) fn add(&self, authority: &str) {
        self.replicas.lock().unwrap_or_else(PoisonError::into_inner).push(authority.to_owned());
    }

    /// Sends none there any more; those that are there stay.
    pub(crate) fn remove(&self, authority: &str) {
        self.replicas.lock().unwrap_or_else(PoisonError::into_inner).retain(|known| known != authority);
    }
}

async fn accept(listener: TcpListener, replicas: Arc<Mutex<Vec<String>>>) {
    let turn = Arc::new(AtomicUsize::new(0));
    let mut open = JoinSet::new();
    while let Ok((visitor, _)) = listener.accept().await {
        while open.try_join_next().is_some() {}
        let (replicas, turn) = (Arc::clone(&replicas), Arc::clone(&turn));
        open.spawn(async move {
            let known = replicas.lock().unwrap_or_else(PoisonError::into_inner).clone();
            carry(visitor, &known, turn.fetch_add(1, Ordering::Relaxed)).await;
        });
    }
}

/// To the first replica that listens, beginning with the one whose turn it is.
async fn carry(mut visitor: TcpStream, replicas: &[String], turn: usize) {
    for n in 0..replicas.len() {
        if let Ok(mut replica) = TcpStream::connect(&replicas[(turn + n) % replicas.len()]).await {
            copy_bidirectional(&mut visitor, &mut replica).await.ok();
            return;
        }
    }
}
