//! What the end-to-end tests stand on; the tests themselves are in `it/`.
//!
//! `postgres` keeps a throw-away cluster, `database` gives each test a database of its own, `house` sets up
//! both remote systems and the service, and one connected business; `node` runs what is written for Node.

pub mod database;
pub mod house;
pub mod node;
pub mod population;
pub mod postgres;

/// Runs something beside the test.
#[expect(clippy::disallowed_methods, reason = "a test waits for it itself")]
pub fn spawn<F>(work: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    tokio::spawn(work)
}
