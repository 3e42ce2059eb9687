//! What a person has to decide about a row, or has decided, as the plan needs it.

use super::{flips::Flips, plan::Plan, side::Field, users::Row};
use crate::{
    conflicts::{Conflict, Kind},
    merge::{self, Side},
};

/// Whose value of a field a person chose to keep.
pub(super) fn chosen(conflicts: &[Conflict], field: &Field) -> Option<Side> {
    conflicts.iter().find(|known| known.field.as_deref() == Some(field.name()))?.side()
}

/// Whether a field is held because it went back and forth: once it was, it stays so until a person decides.
pub(super) fn flips(conflicts: &[Conflict], field: &Field) -> bool {
    conflicts.iter().any(|known| known.kind == Kind::Flips && known.field.as_deref() == Some(field.name()))
}

impl Row {
    /// What the link remembers of this plan's writes, once they are done. What was refused is tried again and again,
    /// and goes neither back nor forth.
    pub(super) fn flips_after(&self, plan: &Plan, is_refused: impl Fn(&Field) -> bool, now: i64) -> Flips {
        let Some(link) = &self.link else { return Flips::default() };
        let mut flips = link.flips.clone();
        for (to, fields) in [(Side::Contact, &plan.to_contact), (Side::User, &plan.to_user)] {
            for field in fields.iter().filter(|field| !is_refused(field)) {
                let name = field.baseline_name();
                if plan.chosen.contains(field) {
                    flips.clear(&name);
                }
                if let merge::Baseline::Agreed(value) = plan.baseline.of(field) {
                    flips.note(&name, to, value, now);
                }
            }
        }
        flips
    }

    /// A contact that stood in the way of a pair and is gone stands there no more.
    pub(super) fn note_gone_contact(&mut self, is_there: impl Fn(&str) -> bool) {
        for known in self.conflicts.iter_mut().filter(|known| known.field.is_none()) {
            known.contact_id.take_if(|id| !is_there(id));
        }
    }
}

/// The contact that stands in the way of a pair.
pub(super) fn other_contact(row: &Row) -> Option<String> {
    row.conflicts.iter().find(|known| known.field.is_none())?.contact_id.clone()
}
