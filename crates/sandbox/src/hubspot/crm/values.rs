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
        "string" if is_name(definition) && is_link_or_code(raw) => {
            Err(problem("FAILED_VALIDATION", format!("{raw} is not a name: it contains a link or code.")))
        }
        "enumeration" => choice(definition, raw).map_err(|message| problem("INVALID_OPTION", message)),
        _ if raw.chars().count() > MAX_TEXT_CHARS => Err(problem(
            "PROPERTY_TOO_LARGE",
            format!("The value is longer than {MAX_TEXT_CHARS} characters."),
        )),
        _ => Ok(raw.to_owned()),
    }
}

/// What a write to a multi-checkbox stands for: a leading semicolon adds to the choices there are.
pub(crate) fn appended(definition: &Definition, present: Option<&str>, raw: &str) -> Option<String> {
    let added = raw.strip_prefix(';').filter(|_| definition.field_type == "checkbox")?;
    let mut choices: Vec<&str> = Vec::new();
    for choice in present.unwrap_or_default().split(';').chain(added.split(';')) {
        if !choice.is_empty() && !choices.contains(&choice) {
            choices.push(choice);
        }
    }
    Some(choices.join(";"))
}

/// Whether a portal's phone validation looks at this property.
pub(crate) fn is_phone(definition: &Definition) -> bool {
    definition.value_type == "phone_number" || definition.field_type == "phonenumber"
}

/// A phone number in the form in which validation lets it pass, without the signs people put between the digits.
///
/// # Errors
/// Names the property when it is none, or lacks the country.
pub(crate) fn validated_phone(definition: &Definition, raw: &str) -> Result<String, PropertyProblem> {
    let plain: String = raw.chars().filter(|c| !" ()-.".contains(*c)).collect();
    let digits = plain.strip_prefix('+').unwrap_or_default();
    if (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(plain);
    }
    let message = format!("{raw} is not a valid phone number: it needs the form +18884827768.");
    Err(PropertyProblem { name: definition.name.to_string(), code: "INVALID_PHONE_NUMBER", message })
}

/// The form in which a phone is searched for: area code and local number, without the country's code.
pub(crate) fn searchable_phone(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    if !phone.trim_start().starts_with('+') {
        return digits;
    }
    // How long a country's code is follows from its first digits (ITU E.164).
    let pair = digits.get(..2).and_then(|pair| pair.parse::<u8>().ok()).unwrap_or_default();
    let length = match pair {
        10..=19 | 70..=79 => 1,
        20 | 27 | 30..=34 | 36 | 39..=41 | 43..=49 | 51..=58 | 60..=66 => 2,
        81 | 82 | 84 | 86 | 90..=95 | 98 => 2,
        _ => 3,
    };
    digits.get(length..).unwrap_or_default().to_owned()
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

fn is_name(definition: &Definition) -> bool {
    matches!(&*definition.name, "firstname" | "lastname")
}

fn is_link_or_code(raw: &str) -> bool {
    let lower = raw.to_lowercase();
    ["://", "www.", "{{", "{%"].iter().any(|sign| lower.contains(sign))
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

    #[test]
    fn a_leading_semicolon_adds_choices_and_every_choice_is_checked() {
        let options = ["a", "b", "c"].map(|value| super::super::definition::Choice {
            label: value.to_owned(),
            value: value.to_owned(),
            display_order: 0,
            hidden: false,
        });
        let field_type = "checkbox".to_owned();
        let boxes = Definition { options: options.to_vec(), field_type, ..of_type("enumeration") };
        assert_eq!(appended(&boxes, Some("a;b"), ";b;c").as_deref(), Some("a;b;c"));
        assert_eq!(appended(&boxes, None, ";b").as_deref(), Some("b"));
        assert_eq!(appended(&boxes, Some("a"), "b"), None, "without it the value is replaced");
        assert_eq!(appended(&of_type("string"), Some("a"), ";b"), None, "text is text");
        assert_eq!(canonical(&boxes, "a;c").unwrap(), "a;c");
        assert_eq!(canonical(&boxes, "a;x").unwrap_err().code, "INVALID_OPTION");
    }

    #[test]
    fn text_has_a_limit_and_names_are_neither_links_nor_code() {
        let text = of_type("string");
        assert!(canonical(&text, &"ä".repeat(MAX_TEXT_CHARS)).is_ok());
        assert_eq!(canonical(&text, &"a".repeat(MAX_TEXT_CHARS + 1)).unwrap_err().code, "PROPERTY_TOO_LARGE");
        let name = Definition { name: "firstname".into(), ..of_type("string") };
        for bad in ["https://example.com/win", "Go to WWW.example.com", "{{ contact.email }}"] {
            assert_eq!(canonical(&name, bad).unwrap_err().code, "FAILED_VALIDATION", "{bad}");
            assert!(canonical(&text, bad).is_ok());
        }
        assert_eq!(canonical(&name, "Ann-Marie O'Neil jr.").unwrap(), "Ann-Marie O'Neil jr.");
    }

    #[test]
    fn validated_phones_have_their_country_and_searchable_ones_do_not() {
        let phone = of_type("phone_number");
        assert_eq!(validated_phone(&phone, "+1 (888) 482-7768").unwrap(), "+18884827768");
        for bad in ["020 7946 0123", "+12", "+1 888 CALL ME", "+1234567890123456"] {
            assert_eq!(validated_phone(&phone, bad).unwrap_err().code, "INVALID_PHONE_NUMBER", "{bad}");
        }
        for (phone, searched) in [
            ("+1 (888) 482-7768", "8884827768"),
            ("+44 20 7946 0123", "2079460123"),
            ("+358 9 1234567", "91234567"),
            ("020 7946 0123", "02079460123"),
        ] {
            assert_eq!(searchable_phone(phone), searched);
        }
    }
}
