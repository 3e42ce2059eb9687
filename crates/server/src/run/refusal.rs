//! What keeps the service from starting: each one line that says what is wrong and how to mend it.

use std::{
    io::{Error as IoError, ErrorKind},
    net::SocketAddr,
};

use sync_core::{
    error::Error,
    storage::{
        hold::{Hold, HoldError},
        open::OpenError,
    },
    vault::VaultError,
};
use tokio::net::TcpListener;

/// A service that does not start, in one line. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(String);

/// Listens at an address.
///
/// # Errors
/// It is in use, or not ours to listen at.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, Refusal> {
    TcpListener::bind(address).await.map_err(|error| cannot_listen(address, &error))
}

/// Takes hold of the database, so that no second service opens the same SQLite file.
pub(super) fn hold(url: &str) -> Result<Hold, Refusal> {
    Hold::take(url).map_err(Refusal::from)
}

fn cannot_listen(address: SocketAddr, error: &IoError) -> Refusal {
    Refusal(match error.kind() {
        ErrorKind::AddrInUse => format!(
            "The port of ANNEX_LISTEN ({address}) is in use. Stop what listens there, or set another port."
        ),
        ErrorKind::AddrNotAvailable => format!(
            "ANNEX_LISTEN ({address}) is no address of this machine. Set one of its own, or 0.0.0.0 for all of them."
        ),
        _ => format!(
            "Nothing can be listened to at ANNEX_LISTEN ({address}): {error}. Set a port that this user may open, such \
             as 8080."
        ),
    })
}

impl From<OpenError> for Refusal {
    fn from(error: OpenError) -> Self {
        Self(match error {
            OpenError::Address => "ANNEX_DATABASE_URL is no address of a database. Write sqlite:///path/annex.db, or \
                                   postgres://user:password@host:5432/name with %-escapes in user and password."
                .to_owned(),
            OpenError::Unreachable(why) => format!(
                "The database of ANNEX_DATABASE_URL cannot be used: {why}. With PostgreSQL: does it run, and are host, \
                 port, user, password and name right? With SQLite: is its folder there, and may this user write in it?"
            ),
            OpenError::Newer { unknown } => format!(
                "The database is newer than this program, which does not know {}. Start the version that brought it up \
                 to date, or a later one.",
                unknown.join(", ")
            ),
            OpenError::Migration(_) => format!(
                "{}. All is as it was. May this user make tables in the database of ANNEX_DATABASE_URL?",
                capital(&error.to_string())
            ),
        })
    }
}

impl From<HoldError> for Refusal {
    fn from(error: HoldError) -> Self {
        Self(match error {
            HoldError::Taken { file, process } => format!(
                "{} is in use by another annex{}: a SQLite file serves one process. Stop that one, or set \
                 ANNEX_DATABASE_URL to a PostgreSQL database, which serves many.",
                file.display(),
                process.map(|id| format!(" (process {id})")).unwrap_or_default()
            ),
            HoldError::File { file, error } => format!(
                "{} cannot be opened: {error}. Let this user write in the folder of ANNEX_DATABASE_URL.",
                file.display()
            ),
        })
    }
}

/// The keys do not fit what is stored, or it cannot be read.
impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self(match error {
            Error::Vault(VaultError::UnknownKey(id)) => format!(
                "ANNEX_MASTER_KEYS lacks the key {id}, which sealed what is stored. Add it behind the current one. If \
                 it is lost for good: annex keys abandon {id}"
            ),
            Error::Vault(VaultError::WrongKey(id)) => format!(
                "The key {id} in ANNEX_MASTER_KEYS is not the one of that name that sealed what is stored. Put that one \
                 back; a new key needs a new name."
            ),
            Error::Storage(error) => return OpenError::Migration(error).into(),
            other => format!("What is stored cannot be read: {other}. `annex doctor` looks at everything."),
        })
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
