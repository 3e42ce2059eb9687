//! One service at a time on a SQLite file. Within a process the write connection keeps order; two processes would each
//! believe themselves alone, and wait for each other at every write. So a service holds a lock on a file beside the
//! database for as long as it lives. Commands that do one thing and end take no hold.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
    str::FromStr as _,
};

use sea_orm::sqlx::sqlite::SqliteConnectOptions;

/// The hold on a database; it ends when this is dropped, or the process ends, however it ends.
#[derive(Debug)]
pub struct Hold {
    /// Locked as long as it is open; none where there is nothing to hold.
    _file: Option<File>,
}

/// Why a database cannot be held.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// Another service has it.
    #[error("{} is in use by another process", .file.display())]
    Taken {
        /// The database's file.
        file: PathBuf,
        /// The other one's process, where it has said so.
        process: Option<u32>,
    },
    /// The file of the lock cannot be opened.
    #[error("{} cannot be opened: {error}", .file.display())]
    File {
        /// The lock's file.
        file: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

impl Hold {
    /// Takes hold of the database at this address; a server is anybody's, so there is nothing to hold.
    ///
    /// # Errors
    /// Another service holds it, or there can be no file beside it.
    pub fn take(url: &str) -> Result<Self, HoldError> {
        let Some(database) = file_of(url) else { return Ok(Self { _file: None }) };
        let beside = beside(&database);
        let cannot = |error| HoldError::File { file: beside.clone(), error };
        let mut options = OpenOptions::new();
        let mut file =
            options.read(true).write(true).create(true).truncate(false).open(&beside).map_err(cannot)?;
        match file.try_lock() {
            Ok(()) => {
                sign(&mut file).map_err(cannot)?;
                Ok(Self { _file: Some(file) })
            }
            Err(TryLockError::WouldBlock) => {
                Err(HoldError::Taken { file: database, process: signature(&mut file) })
            }
            Err(TryLockError::Error(error)) => Err(cannot(error)),
        }
    }
}

/// The file at this address, whatever name leads to it; none for a server, and for a database in memory.
fn file_of(url: &str) -> Option<PathBuf> {
    if !url.starts_with("sqlite:") || url.contains(":memory:") {
        return None;
    }
    let options = SqliteConnectOptions::from_str(url).ok()?;
    let named = options.get_filename();
    if let Ok(file) = named.canonicalize() {
        return Some(file);
    }
    // Not made yet; its folder is there, or nothing can be opened.
    let folder = named.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Some(folder.canonicalize().ok()?.join(named.file_name()?))
}

fn beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    write!(file, "{}", std::process::id())
}

fn signature(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_held_once_whatever_name_leads_to_it_until_the_hold_is_dropped() {
        let folder = std::env::temp_dir().join(format!("annex-hold-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("inner")).unwrap();
        let url = |path: &str| format!("sqlite://{}/{path}", folder.display());
        let first = Hold::take(&url("annex.db")).unwrap();
        for other in ["annex.db", "inner/../annex.db", "annex.db?mode=rwc"] {
            let Err(HoldError::Taken { process, .. }) = Hold::take(&url(other)) else { panic!("{other}") };
            assert_eq!(process, Some(std::process::id()));
        }
        Hold::take(&url("other.db")).unwrap();
        drop(first);
        Hold::take(&url("annex.db")).unwrap();
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_server_is_anybodys() {
        let url = "postgres://annex@db.example.com/annex";
        let _first = Hold::take(url).unwrap();
        Hold::take(url).unwrap();
    }
}
