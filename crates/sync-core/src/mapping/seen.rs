//! What a business's users hold in their custom fields. Storeganise has no list of the fields it defines: the newest
//! users show which codes are in use and what stands in them. Pure.

use std::collections::{BTreeMap, BTreeSet};
use text::text;

use serde_json::Value;
use storeganise::user::User;

use super::{
    Direction, Kind, Mapping,
    check::{OUR_USER_FIELDS as OUR_USER_FIELDS_BEGIN, Warning, path},
    text_of,
};
use crate::{error::InvalidInput, fields::OUR_USER_FIELDS};

/// How many codes a warning lists.
const CODES_LISTED_MAX: usize = 20;

/// The custom fields of some users.
#[derive(Default)]
pub struct Seen<'a> {
    users: usize,
    values: BTreeMap<&'a str, Vec<&'a Value>>,
}

/// The types a value can have on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Shape {
    Text,
    Number,
    Boolean,
    List,
    Object,
}

impl<'a> Seen<'a> {
    /// What these users show; staff are nobody's customers and do not count.
    #[must_use]
    pub fn of(users: &'a [User]) -> Self {
        let mut seen = Self::default();
        for user in users.iter().filter(|user| user.roles.is_empty()) {
            let Some(fields) = &user.custom_fields else { continue };
            seen.users += 1;
            for (code, value) in fields {
                if shape(value).is_some() {
                    seen.values.entry(code).or_default().push(value);
                }
            }
        }
        seen
    }

    /// The codes in use that are not ours, and what stands in them where all of it is of one kind.
    #[must_use]
    pub fn fields(&self) -> Vec<(String, Kind)> {
        let ours = |code: &str| code.to_lowercase().starts_with(OUR_USER_FIELDS_BEGIN);
        let of_one_kind = |values: &[&Value]| {
            let shapes: BTreeSet<Shape> = values.iter().filter_map(|value| shape(value)).collect();
            match shapes.into_iter().collect::<Vec<_>>().as_slice() {
                [Shape::Number] => Some(Kind::Number),
                [Shape::Boolean] => Some(Kind::Boolean),
                [Shape::Object] => None,
                _ => Some(Kind::Text),
            }
        };
        let fields = self.values.iter().filter(|(code, _)| !ours(code));
        fields.filter_map(|(code, values)| Some(((*code).to_owned(), of_one_kind(values)?))).collect()
    }

    /// What they say about a mapping: nothing, a warning, or that it cannot be.
    ///
    /// # Errors
    /// The field holds something else than the mapping says.
    pub fn check(&self, index: usize, mapping: &Mapping) -> Result<Option<Warning>, InvalidInput> {
        let code = mapping.user_field.as_str();
        let field = || path(index, "user_field");
        let Some(values) = self.values.get(code) else {
            return Ok(Some(Warning { field: field(), message: self.never_seen(code) }));
        };
        let wrong: BTreeSet<Shape> =
            values.iter().filter_map(|value| shape(value)).filter(|shape| !takes(mapping, *shape)).collect();
        if let Some(found) = wrong.first() {
            let message = text!(
                "mapping-holds-another-kind",
                code,
                found = found.words(),
                kind = mapping.kind.article(),
                hint = hint(mapping, *found),
            );
            return Err(InvalidInput::new(path(index, "kind"), message));
        }
        let unfit = if mapping.kind == Kind::Choice || !mapping.direction.reaches_contacts() {
            0
        } else {
            values
                .iter()
                .filter(|value| mapping.to_contact(&text_of(Some(value)).unwrap_or_default()).is_err())
                .count()
        };
        if unfit == values.len() {
            let message = text!("mapping-none-of-the-values", unfit, code, article = mapping.kind.article());
            return Err(InvalidInput::new(path(index, "kind"), message));
        }
        let message = (unfit > 0).then(|| {
            text!("mapping-some-left-out", unfit, count = values.len(), code, kind = mapping.kind.article(),)
        });
        Ok(message.map(|message| Warning { field: field(), message }))
    }

    fn never_seen(&self, code: &str) -> String {
        let codes: Vec<&str> = self
            .values
            .keys()
            .copied()
            .filter(|code| !OUR_USER_FIELDS.contains(code))
            .take(CODES_LISTED_MAX)
            .collect();
        let users = self.users;
        match codes.as_slice() {
            [] => text!("mapping-never-seen-none", users, code),
            codes => text!("mapping-never-seen", users, code, codes = codes.join(", ")),
        }
    }
}

/// Whether a mapping takes values of a shape. What is written back must look like what stands there: only towards
/// contacts, where everything is text on the wire, may a shape be translated.
fn takes(mapping: &Mapping, shape: Shape) -> bool {
    let own = match mapping.kind {
        Kind::Text | Kind::Date | Kind::Choice => Shape::Text,
        Kind::Number => Shape::Number,
        Kind::Boolean => Shape::Boolean,
    };
    let translated = match mapping.kind {
        Kind::Text => shape != Shape::Object,
        Kind::Number => shape == Shape::Text,
        Kind::Boolean => matches!(shape, Shape::Text | Shape::Number),
        Kind::Date => shape == Shape::Number,
        Kind::Choice => matches!(shape, Shape::Number | Shape::Boolean),
    };
    shape == own || translated && mapping.direction == Direction::ToContact
}

fn hint(mapping: &Mapping, found: Shape) -> &'static str {
    let one_way = Mapping { direction: Direction::ToContact, ..mapping.clone() };
    if takes(&one_way, found) {
        text!("mapping-choose-kind-or-one-way")
    } else if found == Shape::Object {
        text!("mapping-such-a-field-cannot")
    } else {
        text!("mapping-choose-kind")
    }
}

fn shape(value: &Value) -> Option<Shape> {
    match value {
        Value::Null => None,
        Value::String(text) => (!text.trim().is_empty()).then_some(Shape::Text),
        Value::Number(_) => Some(Shape::Number),
        Value::Bool(_) => Some(Shape::Boolean),
        Value::Array(items) => (!items.is_empty()).then_some(Shape::List),
        Value::Object(_) => Some(Shape::Object),
    }
}

impl Shape {
    fn words(self) -> &'static str {
        match self {
            Self::Text => text!("mapping-text"),
            Self::Number => text!("mapping-number"),
            Self::Boolean => text!("mapping-boolean"),
            Self::List => text!("mapping-list"),
            Self::Object => text!("mapping-group"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn users(values: &[Value]) -> Vec<User> {
        let user = |(n, value): (usize, &Value)| {
            let fields =
                json!({ "id": n.to_string(), "customFields": { "size": value, "hubspot_dealId": "1" } });
            serde_json::from_value(fields).unwrap()
        };
        values.iter().enumerate().map(user).collect()
    }

    fn mapping(kind: Kind, direction: Direction) -> Mapping {
        Mapping {
            user_field: "size".to_owned(),
            contact_property: "unit_size".to_owned(),
            kind,
            direction,
            options: Vec::new(),
        }
    }

    #[test]
    fn the_kind_must_be_what_stands_there_and_one_way_text_will_do() {
        use Direction::{Both, ToContact, ToUser};
        for (values, kind, direction, fits) in [
            (json!(["a"]), Kind::Text, Both, true),
            (json!([7]), Kind::Text, Both, false),
            (json!([7, true, ["a", "b"]]), Kind::Text, ToContact, true),
            (json!([{ "a": 1 }]), Kind::Text, ToContact, false),
            (json!([7, 1.5]), Kind::Number, Both, true),
            (json!(["7"]), Kind::Number, Both, false),
            (json!(["7"]), Kind::Number, ToContact, true),
            (json!(["seven"]), Kind::Number, ToContact, false),
            (json!([true]), Kind::Number, ToContact, false),
            (json!([true, false]), Kind::Boolean, ToUser, true),
            (json!(["yes"]), Kind::Boolean, ToUser, false),
            (json!(["2026-03-04"]), Kind::Date, Both, true),
            (json!(["soon"]), Kind::Date, Both, false),
            (json!(["Large"]), Kind::Choice, Both, true),
            (json!([["Large", "Small"]]), Kind::Choice, ToContact, false),
        ] {
            let users = users(values.as_array().unwrap());
            let checked = Seen::of(&users).check(2, &mapping(kind, direction));
            assert_eq!(checked.is_ok(), fits, "{kind:?} {direction:?} {values}: {checked:?}");
            match checked {
                Ok(warning) => assert_eq!(warning, None, "{values}"),
                Err(problem) => {
                    assert_eq!(problem.field, "custom_fields[2].kind");
                    assert!(problem.message.contains("size"), "{problem:?}");
                }
            }
        }
    }

    #[test]
    fn a_code_that_was_never_seen_is_a_warning_with_what_was_seen() {
        let users = users(&[json!("a"), json!(null), json!("")]);
        let other = Mapping { user_field: "sise".to_owned(), ..mapping(Kind::Text, Direction::Both) };
        let warning = Seen::of(&users).check(0, &other).unwrap().unwrap();
        assert_eq!(warning.field, "custom_fields[0].user_field");
        assert!(warning.message.contains("3 users") && warning.message.contains("size"), "{warning:?}");
        assert!(!warning.message.contains("hubspot_"), "our own fields are no help: {warning:?}");
    }

    #[test]
    fn some_values_that_do_not_fit_are_a_warning_with_their_number_and_never_with_them() {
        let users = users(&[json!("2026-03-04"), json!("someday"), json!("2026-03-05")]);
        let warning = Seen::of(&users).check(0, &mapping(Kind::Date, Direction::Both)).unwrap().unwrap();
        assert!(
            warning.message.contains("1 of the 3") && !warning.message.contains("someday"),
            "{warning:?}"
        );
    }

    #[test]
    fn staff_do_not_count() {
        let staff = json!({ "id": "1", "roles": ["admin"], "customFields": { "size": 7 } });
        let users = [serde_json::from_value::<User>(staff).unwrap()];
        assert!(Seen::of(&users).check(0, &mapping(Kind::Text, Direction::Both)).unwrap().is_some());
    }
}
