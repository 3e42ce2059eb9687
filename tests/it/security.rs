//! docs/security.md names no test that is not there.

use std::{fs, path::Path};

#[test]
fn every_test_that_a_wall_is_climbed_by_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(root.join("docs/security.md")).unwrap();
    let walls = text.split("\n## The walls\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows: Vec<&str> = walls.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() > 10, "{rows:?}");
    for row in rows {
        let tests = row.trim_end_matches('|').rsplit(" | ").next().unwrap();
        let named: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "no test climbs it: {row}");
        for test in named {
            let (path, name) = test.split_once("::").unwrap_or_else(|| panic!("{test}"));
            let source = fs::read_to_string(root.join(path)).unwrap_or_default();
            assert!(source.contains(&format!("fn {name}(")), "there is no {test}");
        }
    }
}
