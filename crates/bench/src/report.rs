//! Figures as a table for people and as JSON for whoever compares.

use std::{fs, path::PathBuf, time::Duration};

use serde_json::{Map, Value, json};

/// The figures of one benchmark, in the order they were taken.
pub(crate) struct Report {
    name: &'static str,
    rows: Vec<(String, f64, &'static str)>,
}

impl Report {
    /// No figures yet.
    pub(crate) fn new(name: &'static str) -> Self {
        println!("{name}\n");
        Self { name, rows: Vec::new() }
    }

    /// Notes and prints one figure.
    pub(crate) fn note(&mut self, what: impl Into<String>, figure: f64, unit: &'static str) {
        let what = what.into();
        println!("  {what:<58} {figure:>12.1} {unit}");
        self.rows.push((what, figure, unit));
    }

    /// Writes the figures to `target/bench/`, and says where.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub(crate) fn write(&self) -> anyhow::Result<()> {
        let figures: Map<String, Value> = self
            .rows
            .iter()
            .map(|(what, figure, unit)| (what.clone(), json!({"figure": figure, "unit": unit})))
            .collect();
        let folder = PathBuf::from(std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned()));
        let folder = folder.join("bench");
        fs::create_dir_all(&folder)?;
        let file = folder.join(format!("{}.json", self.name));
        fs::write(&file, serde_json::to_string_pretty(&figures)?)?;
        println!("\nWritten to {}", file.display());
        Ok(())
    }
}

/// The time within which this share of them were; they stand shortest first.
pub(crate) fn within(took: &[Duration], share: f64) -> Duration {
    let place = (took.len().saturating_sub(1) as f64 * share).round() as usize;
    took.get(place).copied().unwrap_or_default()
}
