//! docs/privacy.md names every stored column, and none that is not there.

use std::{collections::BTreeSet, path::Path};

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use sync_core::storage::Db;
use tests::{database::Database, house::House, on_both_databases};

on_both_databases!(every_stored_column_is_told_of);

type Columns = BTreeSet<(String, String)>;

async fn stored(db: &Db) -> Columns {
    let sql = match db.reader().get_database_backend() {
        DbBackend::Sqlite => {
            "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' \
             AND t.name NOT LIKE 'sqlite_%'"
        }
        _ => {
            "SELECT table_name::text, column_name::text FROM information_schema.columns \
             WHERE table_schema = current_schema()"
        }
    };
    let rows =
        db.reader().query_all_raw(Statement::from_string(db.reader().get_database_backend(), sql)).await;
    rows.unwrap().iter().map(|row| (row.try_get_by(0).unwrap(), row.try_get_by(1).unwrap())).collect()
}

/// The first cells of the tables below `### table`.
fn told() -> Columns {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/privacy.md");
    let text = std::fs::read_to_string(file).unwrap();
    let (mut table, mut told) = (String::new(), Columns::new());
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("### ") {
            name.clone_into(&mut table);
        } else if let (false, Some(cells)) = (table.is_empty(), line.strip_prefix("| ")) {
            let names = cells.split('|').next().unwrap().split('`').skip(1).step_by(2);
            for name in names {
                assert!(told.insert((table.clone(), name.to_owned())), "{table}.{name} stands twice");
            }
        }
    }
    told
}

async fn every_stored_column_is_told_of(database: Database) {
    let house = House::new(database).await;
    let (stored, told) = (stored(&Db::connect(house.database().url()).await.unwrap()).await, told());
    let silent: Vec<_> = stored.difference(&told).collect();
    assert!(silent.is_empty(), "docs/privacy.md does not tell of {silent:?}");
    let gone: Vec<_> = told.difference(&stored).collect();
    assert!(gone.is_empty(), "docs/privacy.md tells of what is not there: {gone:?}");
}
