//! What a value of each type may be, and the form it is stored in. One value at a time: uniqueness and stages
//! are checked in `write`.

use super::definition::Definition;
use crate::clock;
use crate::hubspot::error::PropertyProblem;

/// The longest text a property takes, in characters.
const MAX_TEXT_CHARS: usize = 65_536;
const DAY_MS: u64 = 86_400_000;

/// The form in which a written value is stored; empty text clears the property.
///
/// # Errors
/// Names the property, HubSpot's code and a text when the value does not fit the type.
pub(crate) fn canonical(definition: &Definition, raw: &str) -> Result<String, PropertyProblem> {
    let problem =
        |code, message: String| PropertyProblem { name: definition.name.to_string(), code, message };
    if definition.read_only {
        let message = format!("\"{}\" is a read only property; its value cannot be set.", definition.name);
        return Err(problem("READ_ONLY_VALUE", message));
    }
    if raw.is_empty() {
        return Ok(String::new());
    }
    if &*definition.name == "email" {
        let email = raw.trim().to_lowercase();
        return match is_email(&email) {
            true => Ok(email),
            false => Err(problem("INVALID_EMAIL", format!("Email address {raw} is invalid"))),
        };
    }
    match definition.value_type.as_str() {
        "number" => match raw.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(raw.trim().to_owned()),
            _ => Err(problem("INVALID_INTEGER", format!("{raw} was not a valid number."))),
        },
        "bool" => match raw {
            "true" | "false" => Ok(raw.to_owned()),
            _ => Err(problem(
                "INVALID_OPTION",
                format!("{raw} was not one of the allowed options: [true, false]"),
            )),
        },
        "date" => match instant(raw).filter(|at_ms| at_ms % DAY_MS == 0) {
            Some(at_ms) => Ok(clock::iso(at_ms)[..10].to_owned()),
            None => Err(problem("INVALID_DATE", format!("{raw} was not a valid date."))),
        },
        "datetime" => match instant(raw) {
            Some(at_ms) => Ok(clock::iso(at_ms)),
            None => Err(problem("INVALID_LONG", format!("{raw} was not a valid long."))),
        },
        "enumeration" => choice(definition, raw).map_err(|message| problem("INVALID_OPTION", message)),
        _ if raw.chars().count() > MAX_TEXT_CHARS => Err(problem(
            "PROPERTY_TOO_LARGE",
            format!("The value is longer than {MAX_TEXT_CHARS} characters."),
        )),
        _ => Ok(raw.to_owned()),
    }
}

/// A moment from milliseconds since 1970, ISO text or a plain date.
pub(crate) fn instant(text: &str) -> Option<u64> {
    match text.parse::<u64>() {
        Ok(at_ms) => Some(at_ms),
        Err(_) => clock::parse_iso(text),
    }
}

/// Several choices are separated by semicolons; no options means that any value is taken.
fn choice(definition: &Definition, raw: &str) -> Result<String, String> {
    let allowed: Vec<&str> = definition.options.iter().map(|choice| choice.value.as_str()).collect();
    let asked = raw.split(';').filter(|_| definition.field_type == "checkbox");
    let whole = std::iter::once(raw).filter(|_| definition.field_type != "checkbox");
    for value in asked.chain(whole).filter(|value| !value.is_empty()) {
        if !allowed.is_empty() && !allowed.contains(&value) {
            return Err(format!("{value} was not one of the allowed options: [{}]", allowed.join(", ")));
        }
    }
    Ok(raw.to_owned())
}

fn is_email(email: &str) -> bool {
    let Some((local, domain)) = email.split_once('@') else { return false };
    let is_label = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    !local.is_empty()
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !email.contains(|c: char| c.is_whitespace() || c.is_control() || ",;<>()[]\"\\".contains(c))
        && domain.contains('.')
        && !domain.contains('@')
        && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::super::builtin;
    use super::*;

    fn of_type(value_type: &str) -> Definition {
        Definition { value_type: value_type.to_owned(), ..builtin::blank("thing", 0) }
    }

    #[test]
    fn an_address_is_trimmed_and_lower_cased_or_refused() {
        let email = Definition { name: "email".into(), ..of_type("string") };
        assert_eq!(canonical(&email, " Ann.Lee@Example.COM ").unwrap(), "ann.lee@example.com");
        for bad in ["ann", "ann@", "@example.com", "ann@example", "ann lee@example.com", "a@b@example.com"] {
            assert_eq!(canonical(&email, bad).unwrap_err().code, "INVALID_EMAIL", "{bad}");
        }
    }

    #[test]
    fn every_type_has_its_stored_form() {
        for (value_type, raw, stored) in [
            ("number", "12.50", Some("12.50")),
            ("number", "twelve", None),
            ("bool", "true", Some("true")),
            ("bool", "yes", None),
            ("date", "1767225600000", Some("2026-01-01")),
            ("date", "1767225600001", None),
            ("datetime", "2026-01-01", Some("2026-01-01T00:00:00.000Z")),
            ("datetime", "soon", None),
            ("string", "", Some("")),
        ] {
            let got = canonical(&of_type(value_type), raw).ok();
            assert_eq!(got.as_deref(), stored, "{value_type} {raw}");
        }
    }
}
