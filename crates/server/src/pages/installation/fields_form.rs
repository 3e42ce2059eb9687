//! The custom fields as a form: a row for each, what is wrong with it, and what was typed read as mappings.

use sync_core::{
    error::InvalidInput,
    mapping::{Direction, Kind, Mapping},
    settings::{MappingFault, Settings},
};

use super::settings_form::{Typed, all};

/// The form, with what stands in it and what is wrong with it.
#[derive(Default)]
pub(super) struct FieldsForm {
    pub(super) rows: Vec<Row>,
    /// What is wrong with all of it together.
    pub(super) problem: Option<String>,
}

/// One custom field in the form.
#[derive(Default)]
pub(super) struct Row {
    pub(super) user_field: String,
    pub(super) contact_property: String,
    pub(super) kind: String,
    pub(super) direction: String,
    /// What is wrong with it.
    pub(super) problems: Vec<String>,
}

impl FieldsForm {
    /// The form of mappings as they are, with an empty row, and with what was found out about them since.
    pub(super) fn of(settings: &Settings, faults: &[MappingFault]) -> Self {
        let row = |mapping: &Mapping| {
            let of_mapping = |fault: &&MappingFault| {
                (&fault.user_field, &fault.contact_property)
                    == (&mapping.user_field, &mapping.contact_property)
            };
            let problems = faults.iter().filter(of_mapping).map(|fault| fault.fault.words(mapping)).collect();
            Row {
                user_field: mapping.user_field.clone(),
                contact_property: mapping.contact_property.clone(),
                kind: mapping.kind.word().to_owned(),
                direction: mapping.direction.word().to_owned(),
                problems,
            }
        };
        let rows = settings.custom_fields.iter().map(row).chain([Row::default()]).collect();
        Self { rows, problem: None }
    }

    /// The form with what was typed into it, and empty rows to go on with.
    pub(super) fn of_typed(typed: &Typed, empty_rows: usize) -> Self {
        let mut rows = rows(typed);
        rows.extend(std::iter::repeat_with(Row::default).take(empty_rows));
        Self { rows, problem: None }
    }

    /// What stands in the form as mappings.
    pub(super) fn read(&self) -> Vec<Mapping> {
        self.rows.iter().filter(|row| !row.is_empty()).map(Row::read).collect()
    }

    /// Puts what is wrong where it belongs: at its row, or above.
    pub(super) fn refuse(&mut self, problems: Vec<InvalidInput>) {
        for problem in problems {
            match row_of(&problem.field).and_then(|index| self.rows.get_mut(index)) {
                Some(row) => row.problems.push(problem.message),
                None => self.problem = Some(problem.message),
            }
        }
    }
}

impl Row {
    fn is_empty(&self) -> bool {
        self.user_field.is_empty() && self.contact_property.is_empty()
    }

    fn read(&self) -> Mapping {
        Mapping {
            user_field: self.user_field.clone(),
            contact_property: self.contact_property.clone(),
            kind: Kind::from_word(&self.kind).unwrap_or(Kind::Text),
            direction: Direction::from_word(&self.direction).unwrap_or(Direction::ToContact),
            options: Vec::new(),
        }
    }
}

/// The rows that were typed, without those that are empty or to be removed.
fn rows(typed: &Typed) -> Vec<Row> {
    let removed: Vec<usize> = all(typed, "remove").filter_map(|index| index.parse().ok()).collect();
    let column = |name: &'static str| all(typed, name).map(|text| text.trim().to_owned());
    let texts = column("user_field").zip(column("contact_property"));
    let choices = column("kind").zip(column("direction"));
    let rows = texts.zip(choices).map(|((user_field, contact_property), (kind, direction))| Row {
        user_field,
        contact_property,
        kind,
        direction,
        problems: Vec::new(),
    });
    let kept = rows.enumerate().filter(|(index, row)| !removed.contains(index) && !row.is_empty());
    kept.map(|(_, row)| row).collect()
}

/// The row a path such as `custom_fields[2].kind` leads to.
pub(super) fn row_of(field: &str) -> Option<usize> {
    field.strip_prefix("custom_fields[")?.split_once(']')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(pairs: &[(&str, &str)]) -> Typed {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn row(user_field: &str, contact_property: &str, kind: &str, direction: &str) -> Typed {
        typed(&[
            ("user_field", user_field),
            ("contact_property", contact_property),
            ("kind", kind),
            ("direction", direction),
        ])
    }

    #[test]
    fn rows_are_read_in_order_without_the_empty_and_the_removed_ones() {
        let form: Typed = [
            row("a", "one", "number", "both"),
            row(" ", "", "text", "to_contact"),
            row("b", "two", "text", "to_contact"),
            row("c", "", "choice", "to_user"),
            typed(&[("remove", "2")]),
        ]
        .concat();
        let mut form = FieldsForm::of_typed(&form, 2);
        let read = form.read();
        let shown: Vec<_> =
            read.iter().map(|m| (m.user_field.as_str(), m.kind.word(), m.direction.word())).collect();
        assert_eq!(shown, [("a", "number", "both"), ("c", "choice", "to_user")]);
        assert_eq!(form.rows.len(), 4, "and two to go on with");
        let problem = |field: &str| InvalidInput { field: field.to_owned(), message: field.to_owned() };
        form.refuse(vec![problem("custom_fields[1].contact_property"), problem("custom_fields")]);
        assert_eq!(form.rows[1].problems, ["custom_fields[1].contact_property"]);
        assert_eq!(form.problem.as_deref(), Some("custom_fields"));
    }
}
