//! What a database says of why it did not do something. Its own message is told, never its details: those quote rows.

use std::error::Error as _;

use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{self, error::ErrorKind},
};

/// The classes of SQLSTATE that are about some rows: data exceptions, broken constraints, meeting another transaction.
const OF_SOME_ROWS: [&str; 3] = ["22", "23", "40"];

/// The driver's own words, on one line.
pub(crate) fn reason(error: &DbErr) -> String {
    driver(error).map_or_else(|| one_line(&error.to_string()), innermost)
}

/// Whether the database refused some rows, so that others can still be written. Otherwise it is away, full, or may only be
/// read, and takes nothing from anybody.
pub(crate) fn is_of_some_rows(error: &DbErr) -> bool {
    let Some(told) = driver(error).and_then(sqlx::Error::as_database_error) else { return false };
    let class = told.code().and_then(|code| code.get(..2).map(str::to_owned));
    class.is_some_and(|class| OF_SOME_ROWS.contains(&class.as_str()))
        || !matches!(told.kind(), ErrorKind::Other)
}

pub(super) fn innermost(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(told) => one_line(told.message()),
        other => {
            let mut words = other.to_string();
            let mut below = other.source();
            while let Some(error) = below {
                words = error.to_string();
                below = error.source();
            }
            one_line(&words)
        }
    }
}

fn driver(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
