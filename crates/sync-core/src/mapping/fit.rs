//! Whether a contact property takes what a mapping says it holds, and why not, in words. Pure.

use hubspot::properties::Property;
use serde::{Deserialize, Serialize};
use text::text;

use super::{
    Choice, Kind, Mapping,
    options::{self, OFFERED_MAX},
};

/// Why a contact property does not take a mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// There is none of that name.
    Missing,
    /// It lies in the recycle bin.
    Archived,
    /// Only HubSpot writes it.
    ReadOnly,
    /// It holds something else: what, in our words.
    WrongType(String),
    /// It holds several choices at once.
    SeveralChoices,
    /// Its choices come from elsewhere in HubSpot.
    NoOptions,
    /// It offers more choices than we copy.
    TooManyOptions,
}

/// Whether a contact property takes a mapping; the options it offers, where it is a choice.
///
/// # Errors
/// It does not: why.
pub fn fit(mapping: &Mapping, property: &Property) -> Result<Vec<Choice>, Fault> {
    if property.archived {
        return Err(Fault::Archived);
    }
    if !property.is_writable() {
        return Err(Fault::ReadOnly);
    }
    let (kind, how) = (property.kind.as_deref(), property.field_type.as_deref());
    let fits = match (mapping.kind, kind) {
        (Kind::Text, Some("string" | "phone_number")) => !matches!(how, Some("html" | "file")),
        (Kind::Number, Some("number"))
        | (Kind::Boolean, Some("bool"))
        | (Kind::Date, Some("date"))
        | (Kind::Choice, Some("enumeration")) => !is_yes_or_no(property) || mapping.kind != Kind::Choice,
        (Kind::Boolean, Some("enumeration")) => is_yes_or_no(property),
        _ => false,
    };
    if !fits {
        return Err(Fault::WrongType(described(property).to_owned()));
    }
    if mapping.kind != Kind::Choice {
        return Ok(Vec::new());
    }
    match property.options.len() {
        _ if how == Some("checkbox") => Err(Fault::SeveralChoices),
        0 => Err(Fault::NoOptions),
        offered if offered > OFFERED_MAX => Err(Fault::TooManyOptions),
        _ => Ok(options::renewed(&mapping.options, &property.options)),
    }
}

/// Whether a property is a single box to tick, which HubSpot also keeps as a choice of true and false.
fn is_yes_or_no(property: &Property) -> bool {
    let mut values: Vec<&str> = property.options.iter().map(|option| option.value.as_str()).collect();
    values.sort_unstable();
    property.kind.as_deref() == Some("enumeration") && values == ["false", "true"]
}

/// What a property holds, in our words.
fn described(property: &Property) -> &'static str {
    match (property.kind.as_deref().unwrap_or_default(), property.field_type.as_deref().unwrap_or_default()) {
        ("string", "html") => "rich_text",
        ("string", "file") => "file",
        ("string" | "phone_number", _) => "text",
        ("number", _) => "number",
        ("bool", _) => "boolean",
        ("enumeration", _) if is_yes_or_no(property) => "boolean",
        ("date", _) => "date",
        ("datetime", _) => "date_time",
        ("enumeration", "checkbox") => "choices",
        ("enumeration", _) => "choice",
        _ => "unknown",
    }
}

impl Fault {
    /// What is wrong and what is expected, in plain words.
    #[must_use]
    pub fn words(&self, mapping: &Mapping) -> String {
        let name = &mapping.contact_property;
        match self {
            Self::Missing => text!("mapping-hubspot-has-no-contact", name),
            Self::Archived => text!("mapping-the-contact-property-is", name),
            Self::ReadOnly => text!("mapping-hubspot-fills-in-the", name),
            Self::WrongType(is) => {
                let is = text::find(&format!("mapping-type-{is}")).unwrap_or(is);
                text!("mapping-property-of-type", name, is, needs = needs(mapping.kind))
            }
            Self::SeveralChoices => text!("mapping-property-of-several-choices", name),
            Self::NoOptions => text!("mapping-property-without-options", name),
            Self::TooManyOptions => {
                text!("mapping-property-with-too-many-options", name, most = OFFERED_MAX)
            }
        }
    }
}

/// What a kind needs of a property.
fn needs(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => text!("mapping-text-needs-a-single"),
        Kind::Number => text!("mapping-a-number-needs-a"),
        Kind::Boolean => text!("mapping-yes-or-no-needs"),
        Kind::Date => text!("mapping-a-date-needs-a"),
        Kind::Choice => text!("mapping-a-choice-needs-a"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::mapping::Direction;

    fn mapping(user_field: &str, contact_property: &str, kind: Kind, direction: Direction) -> Mapping {
        Mapping {
            user_field: user_field.to_owned(),
            contact_property: contact_property.to_owned(),
            kind,
            direction,
            options: Vec::new(),
        }
    }

    fn property(given: &Value) -> Property {
        serde_json::from_value(given.clone()).unwrap()
    }

    #[test]
    fn a_kind_fits_its_property_and_no_other() {
        let option = |value: &str| json!({ "value": value, "label": value });
        let shapes = [
            ("string", "text", json!([])),
            ("string", "textarea", json!([])),
            ("phone_number", "phonenumber", json!([])),
            ("number", "number", json!([])),
            ("bool", "booleancheckbox", json!([option("true"), option("false")])),
            ("enumeration", "booleancheckbox", json!([option("true"), option("false")])),
            ("date", "date", json!([])),
            ("datetime", "date", json!([])),
            ("enumeration", "select", json!([option("s"), option("l")])),
            ("enumeration", "radio", json!([option("s")])),
            ("enumeration", "checkbox", json!([option("s")])),
            ("enumeration", "select", json!([])),
            ("string", "html", json!([])),
            ("string", "file", json!([])),
        ];
        let fitting: [&[usize]; 5] = [&[0, 1, 2], &[3], &[4, 5], &[6], &[8, 9]];
        for (kind, fitting) in Kind::ALL.into_iter().zip(fitting) {
            for (index, (value_type, how, options)) in shapes.iter().enumerate() {
                let property = property(
                    &json!({ "name": "p", "type": value_type, "fieldType": how, "options": options }),
                );
                let fit = fit(&mapping("f", "p", kind, Direction::Both), &property);
                assert_eq!(fit.is_ok(), fitting.contains(&index), "{kind:?} {value_type} {how}: {fit:?}");
            }
        }
    }

    #[test]
    fn a_property_that_is_not_there_or_cannot_be_written_is_refused_in_words_that_name_it() {
        let tier = mapping("tier", "tier_name", Kind::Choice, Direction::Both);
        let many: Vec<Value> =
            (0..=OFFERED_MAX).map(|n| json!({ "value": n.to_string(), "label": "x" })).collect();
        for (given, expected) in [
            (json!({ "archived": true }), Fault::Archived),
            (json!({ "calculated": true }), Fault::ReadOnly),
            (json!({ "modificationMetadata": { "readOnlyValue": true } }), Fault::ReadOnly),
            (json!({ "type": "datetime" }), Fault::WrongType("date_time".to_owned())),
            (json!({ "type": "json" }), Fault::WrongType("unknown".to_owned())),
            (json!({ "type": "enumeration", "fieldType": "checkbox" }), Fault::SeveralChoices),
            (json!({ "type": "enumeration", "fieldType": "select" }), Fault::NoOptions),
            (json!({ "type": "enumeration", "fieldType": "select", "options": many }), Fault::TooManyOptions),
        ] {
            let mut whole = given;
            whole["name"] = json!("tier_name");
            let fault = fit(&tier, &property(&whole)).unwrap_err();
            assert_eq!(fault, expected);
            let words = fault.words(&tier);
            assert!(words.contains("tier_name") && words.ends_with('.'), "{words}");
            let again: Fault = serde_json::from_str(&serde_json::to_string(&fault).unwrap()).unwrap();
            assert_eq!(again, fault);
        }
        assert!(Fault::Missing.words(&tier).contains("tier_name"));
    }
}
