//! Custom fields: a business's own field of its users, mapped to a property of contacts. What a value of each kind
//! looks like on either side, and when two spellings are the same. Pure; whether a mapping fits both live schemas
//! is checked before it is saved, elsewhere.

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

use crate::{merge::Directions, normalise};

/// A custom field of users and the contact property it is kept the same as.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Mapping {
    /// The custom field's code at Storeganise.
    pub user_field: String,
    /// The property's name at HubSpot.
    pub contact_property: String,
    /// What its values are.
    pub kind: Kind,
    /// Which way it goes.
    pub direction: Direction,
    /// What may be chosen, where it is a choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Choice>,
}

/// What the values of a mapped field are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Any text.
    Text,
    /// A decimal number.
    Number,
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
    /// One of a property's options.
    Choice,
}

/// Which way a mapped field goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Users → contacts.
    ToContact,
    /// Contacts → users.
    ToUser,
    /// Both ways.
    Both,
}

/// One option of a choice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Choice {
    /// What HubSpot keeps.
    pub value: String,
    /// What people read.
    pub label: String,
}

const DAY: &[time::format_description::BorrowedFormatItem<'static>] =
    format_description!("[year]-[month]-[day]");

impl Mapping {
    /// Names the field in baselines and digests. Another custom field or another kind is another name: what was
    /// agreed on under the old one says nothing about the new.
    #[must_use]
    pub fn baseline_name(&self) -> String {
        format!("{}={}:{}", self.contact_property, self.user_field, self.kind.word())
    }

    /// The directions that are open, of those the sync allows.
    #[must_use]
    pub fn directions(&self, allowed: Directions) -> Directions {
        Directions {
            to_contact: allowed.to_contact && self.direction != Direction::ToUser,
            to_user: allowed.to_user && self.direction != Direction::ToContact,
        }
    }

    /// The normal form of a value, for comparing: two spellings of one value have one. A value that is not of the
    /// kind is compared as text. A blank gives `None`.
    #[must_use]
    pub fn normal(&self, value: &str) -> Option<String> {
        let text = normalise::text(value)?;
        Some(self.canonical(&text).unwrap_or(text))
    }

    /// A value as it is written to the contact; none where it is not of the kind and would be refused or cut.
    #[must_use]
    pub fn to_contact(&self, value: &str) -> Option<String> {
        if value.trim().is_empty() {
            return Some(String::new());
        }
        match self.kind {
            Kind::Text => Some(value.to_owned()),
            _ => self.canonical(&normalise::text(value)?),
        }
    }

    /// A value as it is written to the user, where blank clears; none where it is not of the kind.
    #[must_use]
    pub fn to_user(&self, value: &str) -> Option<Value> {
        if value.trim().is_empty() {
            return Some(Value::Null);
        }
        let canonical = match self.kind {
            Kind::Text => return Some(value.into()),
            _ => self.canonical(&normalise::text(value)?)?,
        };
        match self.kind {
            Kind::Number => canonical.parse::<Number>().ok().map(Value::Number),
            Kind::Boolean => Some(Value::Bool(canonical == "true")),
            // People at Storeganise read what they choose from, not HubSpot's inner names.
            Kind::Choice => {
                let chosen = self.options.iter().find(|option| option.value == canonical);
                chosen.map(|option| option.label.as_str().into())
            }
            Kind::Text | Kind::Date => Some(canonical.into()),
        }
    }

    /// The one spelling of a value of the kind.
    fn canonical(&self, text: &str) -> Option<String> {
        match self.kind {
            Kind::Text => Some(text.to_owned()),
            Kind::Number => decimal(text),
            Kind::Boolean => truth(text).map(|truth| truth.to_string()),
            Kind::Date => day(text).map(day_text),
            Kind::Choice => self
                .options
                .iter()
                .find(|option| option.value == text)
                .or_else(|| self.options.iter().find(|option| same_words(&option.label, text)))
                .or_else(|| self.options.iter().find(|option| same_words(&option.value, text)))
                .map(|option| option.value.clone()),
        }
    }
}

impl Kind {
    /// The word stored, shown and sent in the JSON API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Choice => "choice",
        }
    }
}

/// A custom field's value as text: several choices are joined as HubSpot joins them. Absent, null and what has no
/// plain form are blank.
#[must_use]
pub fn text_of(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) => {
            let words: Option<Vec<String>> = items.iter().map(|item| text_of(Some(item))).collect();
            words.filter(|words| !words.is_empty()).map(|words| words.join(";"))
        }
        Value::Null | Value::Object(_) => None,
    }
}

/// A decimal number without what does not count: `+01.50` is `1.5`. Kept as text: no digit is lost to rounding.
fn decimal(text: &str) -> Option<String> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let mut canonical = if whole.is_empty() { "0".to_owned() } else { whole.to_owned() };
    if !fraction.is_empty() {
        canonical.push('.');
        canonical.push_str(fraction);
    }
    Some(if negative && canonical != "0" { format!("-{canonical}") } else { canonical })
}

fn truth(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

/// A day as either side writes it: a date, a time in ISO 8601, or milliseconds since 1970 (all UTC).
#[must_use]
pub fn day(text: &str) -> Option<Date> {
    if let Ok(time) = OffsetDateTime::parse(text, &Rfc3339) {
        return Some(time.date());
    }
    // A year alone is no time: milliseconds of days since 1970 have more digits.
    if let Some(millis) = text.parse::<i128>().ok().filter(|millis| millis.abs() >= 100_000) {
        return OffsetDateTime::from_unix_timestamp_nanos(millis * 1_000_000).ok().map(OffsetDateTime::date);
    }
    Date::parse(text, DAY).ok()
}

/// A day as both sides are sent it: `YYYY-MM-DD`.
#[must_use]
pub fn day_text(day: Date) -> String {
    day.format(DAY).expect("a date within the calendar can be written")
}

fn same_words(one: &str, other: &str) -> bool {
    normalise::text(one).map(|text| text.to_lowercase()) == Some(other.to_lowercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn of(kind: Kind) -> Mapping {
        let option = |value: &str, label: &str| Choice { value: value.to_owned(), label: label.to_owned() };
        Mapping {
            user_field: "unitSize".to_owned(),
            contact_property: "unit_size".to_owned(),
            kind,
            direction: Direction::Both,
            options: vec![option("s", "Small unit"), option("l", "Large unit")],
        }
    }

    #[test]
    fn spellings_of_one_value_are_the_same_value() {
        for (kind, one, other) in [
            (Kind::Number, "+01.50", "1.5"),
            (Kind::Number, "-0", "0.0"),
            (Kind::Boolean, "Yes", "true"),
            (Kind::Date, "2026-03-04", "2026-03-04T23:00:00.000Z"),
            (Kind::Date, "1772582400000", "2026-03-04"),
            (Kind::Choice, "large UNIT", "l"),
            (Kind::Text, " a  b ", "a b"),
        ] {
            assert_eq!(of(kind).normal(one), of(kind).normal(other), "{kind:?} {one}");
        }
        assert_ne!(of(Kind::Number).normal("1.5"), of(Kind::Number).normal("15"));
    }

    #[test]
    fn each_side_gets_its_own_form() {
        for (kind, value, contact, user) in [
            (Kind::Text, " as it is ", json!(" as it is "), json!(" as it is ")),
            (Kind::Number, "012.40", json!("12.4"), json!(12.4)),
            (Kind::Boolean, "no", json!("false"), json!(false)),
            (Kind::Date, "2026-03-04T10:00:00Z", json!("2026-03-04"), json!("2026-03-04")),
            (Kind::Choice, "Large unit", json!("l"), json!("Large unit")),
            (Kind::Number, "  ", json!(""), Value::Null),
        ] {
            assert_eq!(of(kind).to_contact(value).map(Value::from), Some(contact), "{kind:?}");
            assert_eq!(of(kind).to_user(value), Some(user), "{kind:?}");
        }
    }

    #[test]
    fn what_is_not_of_the_kind_is_not_written_and_differs_from_everything_else() {
        for (kind, value) in [
            (Kind::Number, "twelve"),
            (Kind::Number, "1,5"),
            (Kind::Boolean, "maybe"),
            (Kind::Date, "soon"),
            (Kind::Date, "2026"),
            (Kind::Choice, "Medium"),
        ] {
            assert_eq!(
                (of(kind).to_contact(value), of(kind).to_user(value)),
                (None, None),
                "{kind:?} {value}"
            );
            assert_eq!(of(kind).normal(value).as_deref(), Some(value));
        }
    }

    #[test]
    fn another_field_or_another_kind_has_a_baseline_of_its_own() {
        let (text, number) = (of(Kind::Text), of(Kind::Number));
        let other = Mapping { user_field: "size2".to_owned(), ..text.clone() };
        assert_ne!(text.baseline_name(), number.baseline_name());
        assert_ne!(text.baseline_name(), other.baseline_name());
    }

    #[test]
    fn a_custom_value_is_read_as_text_whatever_its_json_is() {
        for (value, text) in [
            (json!("x"), Some("x")),
            (json!(true), Some("true")),
            (json!(1.5), Some("1.5")),
            (json!(["a", "b"]), Some("a;b")),
            (json!(null), None),
            (json!({"a": 1}), None),
        ] {
            assert_eq!(text_of(Some(&value)).as_deref(), text, "{value}");
        }
    }

    proptest! {
        #[test]
        fn a_value_written_to_either_side_is_read_back_as_the_same(
            value in "[+-]?[0-9]{0,6}(\\.[0-9]{0,4})?|yes|no|s|Large unit|20[0-9]{2}-0[1-9]-[12][0-9]|[a-z ]{0,6}",
            kind in prop_oneof![
                Just(Kind::Text), Just(Kind::Number), Just(Kind::Boolean), Just(Kind::Date), Just(Kind::Choice)
            ],
        ) {
            let mapping = of(kind);
            if let Some(written) = mapping.to_contact(&value) {
                prop_assert_eq!(mapping.normal(&written), mapping.normal(&value));
            }
            if let Some(written) = mapping.to_user(&value) {
                let read = text_of(Some(&written)).unwrap_or_default();
                prop_assert_eq!(mapping.normal(&read), mapping.normal(&value));
            }
        }
    }
}
