//! A database of its own for each test, and the same tests on both kinds.

use std::io::Write as _;

use secrecy::{ExposeSecret as _, SecretString};
use tempfile::TempDir;

use crate::postgres::{self, Server};

/// Which kind of database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file in a temporary folder.
    Sqlite,
    /// A database in the process's throw-away cluster.
    Postgres,
}

/// An empty database; it goes when this goes, or with the cluster.
#[derive(Debug)]
pub struct Database {
    url: SecretString,
    /// The file's folder, where there is one.
    pub folder: Option<TempDir>,
}

impl Database {
    /// A new database; none (and a loud word about it) where this machine cannot have one.
    ///
    /// # Panics
    /// It should be there and cannot be made.
    #[must_use]
    pub fn new(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Sqlite => {
                let folder = TempDir::new().expect("a temporary folder");
                let url = format!("sqlite://{}", folder.path().join("annex.db").display());
                Some(Self { url: SecretString::from(url), folder: Some(folder) })
            }
            Kind::Postgres => match postgres::new_database() {
                Some(url) => Some(Self { url, folder: None }),
                None => {
                    // Written past the test harness, which swallows what a passing test prints.
                    let word =
                        "SKIPPED on PostgreSQL: this machine has no server programs; SQLite was tested";
                    writeln!(std::io::stderr(), "{word}").expect("somebody to tell");
                    None
                }
            },
        }
    }

    /// A new database of this server.
    ///
    /// # Panics
    /// It cannot be made.
    #[must_use]
    pub fn on(server: &Server) -> Self {
        Self { url: server.new_database(), folder: None }
    }

    /// Another one of the same kind.
    ///
    /// # Panics
    /// It cannot be made, though this one could.
    #[must_use]
    pub fn another(&self) -> Self {
        let kind = if self.folder.is_some() { Kind::Sqlite } else { Kind::Postgres };
        Self::new(kind).expect("there is one already")
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.expose_secret()
    }
}

/// Runs the named tests, each an `async fn(Database)`, on SQLite and on PostgreSQL.
#[macro_export]
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let database = $crate::database::Database::new($crate::database::Kind::Sqlite);
                    super::$name(database.expect("SQLite is everywhere")).await;
                }
            )+
        }
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    if let Some(database) = $crate::database::Database::new($crate::database::Kind::Postgres) {
                        super::$name(database).await;
                    }
                }
            )+
        }
    };
}
