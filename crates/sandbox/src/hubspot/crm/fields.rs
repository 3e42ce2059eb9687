//! The present values of one record, packed: one text, one list of where each value ends, one list of authors.
//! A portal may hold a million records, so a value costs its own bytes and 24 more. What was before is in `record`.

use std::sync::Arc;

use super::record::{Author, Version};

/// The present values, in the order of their names; a cleared value stays, empty, with its author.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields {
    slots: Box<[Slot]>,
    authors: Box<[Author]>,
    text: Box<str>,
}

#[derive(Debug, Clone)]
struct Slot {
    name: Arc<str>,
    author: u32,
    end: u32,
}

impl Fields {
    /// The given values, all of one author. Of a name that comes twice the last one counts.
    pub(super) fn written<'a>(values: impl IntoIterator<Item = (&'a Arc<str>, &'a str)>, by: Author) -> Self {
        let mut versions: Vec<Version<'a>> = Vec::new();
        for (name, value) in values {
            match versions.binary_search_by(|version| version.name.cmp(name)) {
                Ok(place) => versions[place].value = value,
                Err(place) => versions.insert(place, Version { name, value, by }),
            }
        }
        Self::packed(&versions)
    }

    /// The present version of a property, if it was ever set.
    pub(super) fn get(&self, name: &str) -> Option<Version<'_>> {
        let place = self.slots.binary_search_by(|slot| (*slot.name).cmp(name)).ok()?;
        Some(self.version(place))
    }

    /// All present versions, by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = Version<'_>> {
        (0..self.slots.len()).map(|place| self.version(place))
    }

    /// Puts a version in the place of the one before.
    pub(super) fn put(&mut self, new: Version<'_>) {
        let mut versions: Vec<Version<'_>> = self.iter().collect();
        match versions.binary_search_by(|version| version.name.cmp(new.name)) {
            Ok(place) => versions[place] = new,
            Err(place) => versions.insert(place, new),
        }
        *self = Self::packed(&versions);
    }

    /// Packs versions that are in the order of their names.
    pub(super) fn packed(versions: &[Version<'_>]) -> Self {
        let mut text = String::with_capacity(versions.iter().map(|version| version.value.len()).sum());
        let mut authors: Vec<Author> = Vec::new();
        let mut slots = Vec::with_capacity(versions.len());
        for version in versions {
            text.push_str(version.value);
            let known = authors.iter().position(|author| *author == version.by);
            let author = known.unwrap_or_else(|| {
                authors.push(version.by);
                authors.len() - 1
            });
            slots.push(Slot {
                name: Arc::clone(version.name),
                author: short(author),
                end: short(text.len()),
            });
        }
        Self { slots: slots.into(), authors: authors.into(), text: text.into() }
    }

    fn version(&self, place: usize) -> Version<'_> {
        let slot = &self.slots[place];
        let start = place.checked_sub(1).map_or(0, |before| self.slots[before].end as usize);
        let value = &self.text[start..slot.end as usize];
        Version { name: &slot.name, value, by: self.authors[slot.author as usize] }
    }
}

fn short(number: usize) -> u32 {
    u32::try_from(number).expect("the values of one record are limited to far less than 4 GB")
}
