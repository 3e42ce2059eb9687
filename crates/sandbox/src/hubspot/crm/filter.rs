//! One filter of a search, and how values compare: numbers as numbers, moments as moments, text without case,
//! choices with case.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::definition::Definition;
use super::kind::Kind;
use super::values::instant;
use super::write::text;
use crate::hubspot::error::ApiError;

/// A condition on one property.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Filter {
    /// The property, or `associations.contact`.
    pub(crate) property_name: String,
    operator: Operator,
    value: Option<Value>,
    high_value: Option<Value>,
    #[serde(default)]
    values: Vec<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Operator {
    Eq,
    Neq,
    Lt,
    Lte,
    Gt,
    Gte,
    Between,
    In,
    NotIn,
    HasProperty,
    NotHasProperty,
    ContainsToken,
    NotContainsToken,
}

/// A value in the form its type compares by.
#[derive(Debug, Clone)]
pub(crate) enum Comparable {
    /// A number.
    Number(f64),
    /// Milliseconds since 1970.
    Moment(u64),
    /// Text without case, or a choice with it.
    Text(String),
}

impl Comparable {
    /// The comparable form of a value of this property.
    pub(crate) fn of(definition: Option<&Definition>, value: &str) -> Self {
        let of_text = || Self::Text(value.to_lowercase());
        match definition.map(|definition| definition.value_type.as_str()) {
            Some("number") => value.trim().parse().map_or_else(|_| of_text(), Self::Number),
            Some("date" | "datetime") => instant(value).map_or_else(of_text, Self::Moment),
            Some("enumeration" | "bool") => Self::Text(value.to_owned()),
            _ => of_text(),
        }
    }
}

impl Ord for Comparable {
    /// Values of one property nearly always have one form; where a number or moment cannot be read, text goes last.
    fn cmp(&self, other: &Self) -> Ordering {
        let form = |value: &Self| match value {
            Self::Number(_) => 0,
            Self::Moment(_) => 1,
            Self::Text(_) => 2,
        };
        match (self, other) {
            (Self::Number(one), Self::Number(two)) => one.total_cmp(two),
            (Self::Moment(one), Self::Moment(two)) => one.cmp(two),
            (Self::Text(one), Self::Text(two)) => one.cmp(two),
            _ => form(self).cmp(&form(other)),
        }
    }
}

impl PartialOrd for Comparable {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Comparable {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Comparable {}

impl Filter {
    /// The kind whose associations are asked for, if this is no filter on a property.
    pub(crate) fn associated_kind(&self) -> Option<Kind> {
        Kind::named(self.property_name.strip_prefix("associations.")?)
    }

    /// Checks that the operator has what it needs.
    ///
    /// # Errors
    /// 400 when it has not.
    pub(crate) fn check(&self) -> Result<(), ApiError> {
        let is_complete = match self.operator {
            Operator::HasProperty | Operator::NotHasProperty => true,
            Operator::In | Operator::NotIn => !self.values.is_empty(),
            Operator::Between => self.value.is_some() && self.high_value.is_some(),
            _ => self.value.is_some(),
        };
        if is_complete {
            return Ok(());
        }
        Err(ApiError::invalid(format!("The filter on {} lacks its value", self.property_name)))
    }

    /// Whether it asks for the kind of whose associations `kind` knows nothing.
    pub(crate) fn is_astray(&self, kind: Kind) -> bool {
        self.property_name.starts_with("associations.") && self.associated_kind() != Some(kind.other())
    }

    /// The values of which the property must have one, if that is what the filter says.
    pub(crate) fn points(&self) -> Option<Vec<String>> {
        match self.operator {
            Operator::Eq => Some(self.value.iter().filter_map(text).collect()),
            Operator::In => Some(self.values.iter().filter_map(text).collect()),
            _ => None,
        }
    }

    /// The lowest and the highest value that the property may have, if that is what the filter says, each read
    /// as a number. The lowest is above the highest where nothing passes.
    pub(crate) fn range(&self, read: impl Fn(&str) -> Option<u64>) -> Option<(u64, u64)> {
        let read = |given: &Option<Value>| read(&given.as_ref().and_then(text)?);
        let value = || read(&self.value);
        match self.operator {
            Operator::Eq => Some((value()?, value()?)),
            Operator::Gte => Some((value()?, u64::MAX)),
            Operator::Gt => Some(value()?.checked_add(1).map_or((1, 0), |low| (low, u64::MAX))),
            Operator::Lte => Some((0, value()?)),
            Operator::Lt => Some(value()?.checked_sub(1).map_or((1, 0), |high| (0, high))),
            Operator::Between => Some((value()?, read(&self.high_value)?)),
            _ => None,
        }
    }

    /// Whether a record with these associations passes.
    pub(crate) fn holds_for_ids(&self, associated: &BTreeSet<u64>) -> bool {
        let asked = self.value.iter().chain(&self.values).filter_map(|id| text(id)?.parse().ok());
        let is_there = asked.into_iter().any(|id: u64| associated.contains(&id));
        match self.operator {
            Operator::Eq | Operator::In => is_there,
            Operator::Neq | Operator::NotIn => !is_there,
            Operator::HasProperty => !associated.is_empty(),
            Operator::NotHasProperty => associated.is_empty(),
            _ => false,
        }
    }

    /// Whether a record with this value passes; an unset one passes only where that is asked for.
    pub(crate) fn holds(&self, definition: Option<&Definition>, value: Option<&str>) -> bool {
        let Some(value) = value else { return self.operator == Operator::NotHasProperty };
        let given = self.value.as_ref().and_then(text).unwrap_or_default();
        let has = Comparable::of(definition, value);
        let order = || has.cmp(&Comparable::of(definition, &given));
        match self.operator {
            Operator::HasProperty => true,
            Operator::NotHasProperty => false,
            Operator::Eq => order().is_eq(),
            Operator::Neq => order().is_ne(),
            Operator::Lt => order().is_lt(),
            Operator::Lte => order().is_le(),
            Operator::Gt => order().is_gt(),
            Operator::Gte => order().is_ge(),
            Operator::Between => {
                let high = self.high_value.as_ref().and_then(text).unwrap_or_default();
                order().is_ge() && has <= Comparable::of(definition, &high)
            }
            Operator::In => self.is_among(definition, &has),
            Operator::NotIn => !self.is_among(definition, &has),
            Operator::ContainsToken => has_token(value, &given),
            Operator::NotContainsToken => !has_token(value, &given),
        }
    }

    /// Text in a list must be given in lower case: HubSpot compares it as it comes.
    fn is_among(&self, definition: Option<&Definition>, has: &Comparable) -> bool {
        self.values.iter().filter_map(text).any(|given| match has {
            Comparable::Text(has) => *has == given,
            _ => *has == Comparable::of(definition, &given),
        })
    }
}

/// Whether a word of the value is the token, which may have `*` at its ends.
fn has_token(value: &str, token: &str) -> bool {
    let (value, token) = (value.to_lowercase(), token.to_lowercase());
    let bare = token.trim_matches('*');
    let matches = |word: &str| match (token.starts_with('*'), token.ends_with('*')) {
        (true, true) => word.contains(bare),
        (true, false) => word.ends_with(bare),
        (false, true) => word.starts_with(bare),
        (false, false) => word == bare,
    };
    value.split_whitespace().any(matches) || value.split(|c: char| !c.is_alphanumeric()).any(matches)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::builtin;
    use super::*;

    fn holds(value_type: &str, filter: Value, value: Option<&str>) -> bool {
        let mut filter = filter;
        filter["propertyName"] = "thing".into();
        let definition = Definition { value_type: value_type.to_owned(), ..builtin::blank("thing", 0) };
        serde_json::from_value::<Filter>(filter).unwrap().holds(Some(&definition), value)
    }

    #[test]
    fn numbers_moments_texts_and_choices_compare_each_in_its_own_way() {
        for (value_type, filter, value, expected) in [
            ("number", json!({"operator": "GT", "value": "9"}), "10", true),
            ("string", json!({"operator": "GT", "value": "9"}), "10", false),
            (
                "datetime",
                json!({"operator": "GTE", "value": 1_767_225_600_000_u64}),
                "2026-01-01T00:00:00.000Z",
                true,
            ),
            ("datetime", json!({"operator": "LT", "value": "2026-01-01"}), "2025-12-31T23:59:59.999Z", true),
            ("string", json!({"operator": "EQ", "value": "ANN"}), "Ann", true),
            ("string", json!({"operator": "IN", "values": ["Ann"]}), "Ann", false),
            ("string", json!({"operator": "IN", "values": ["ann"]}), "Ann", true),
            ("enumeration", json!({"operator": "EQ", "value": "new"}), "NEW", false),
            ("bool", json!({"operator": "EQ", "value": true}), "true", true),
            ("number", json!({"operator": "BETWEEN", "value": "1", "highValue": "10"}), "10", true),
            (
                "string",
                json!({"operator": "CONTAINS_TOKEN", "value": "*@example.com"}),
                "a@example.com",
                true,
            ),
            ("string", json!({"operator": "CONTAINS_TOKEN", "value": "exam"}), "a@example.com", false),
            ("string", json!({"operator": "NEQ", "value": "ann"}), "Ann", false),
        ] {
            assert_eq!(holds(value_type, filter.clone(), Some(value)), expected, "{filter} on {value}");
        }
    }

    #[test]
    fn an_unset_value_passes_only_the_filter_that_asks_for_it() {
        assert!(holds("string", json!({"operator": "NOT_HAS_PROPERTY"}), None));
        for operator in ["HAS_PROPERTY", "NEQ", "EQ", "NOT_CONTAINS_TOKEN"] {
            assert!(!holds("string", json!({"operator": operator, "value": ""}), None), "{operator}");
        }
    }
}
