//! Decimal numbers as text: one spelling for each, with no digit lost to rounding.

/// The furthest a decimal point is moved for an exponent, in places.
const EXPONENT_MAX: i32 = 60;

/// A decimal number without what does not count: `+01.50` and `15e-1` are `1.5`; none where it is no number.
pub(super) fn decimal(text: &str) -> Option<String> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, exponent) = match rest.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (rest, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = !(whole.is_empty() && fraction.is_empty()) && is_digits(whole) && is_digits(fraction);
    if !is_number || !(-EXPONENT_MAX..=EXPONENT_MAX).contains(&exponent) {
        return None;
    }
    let (whole, fraction) = moved(whole, fraction, exponent);
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let mut canonical = if whole.is_empty() { "0".to_owned() } else { whole.to_owned() };
    if !fraction.is_empty() {
        canonical.push('.');
        canonical.push_str(fraction);
    }
    Some(if negative && canonical != "0" { format!("-{canonical}") } else { canonical })
}

/// The digits on both sides of the point after it was moved.
fn moved(whole: &str, fraction: &str, places: i32) -> (String, String) {
    let mut digits = format!("{whole}{fraction}");
    let mut point = i32::try_from(whole.len()).unwrap_or(i32::MAX) + places;
    while point < 0 {
        digits.insert(0, '0');
        point += 1;
    }
    let point = usize::try_from(point).unwrap_or(0);
    while digits.len() < point {
        digits.push('0');
    }
    let fraction = digits.split_off(point);
    (digits, fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_spelling() {
        for (text, expected) in [
            ("+01.50", Some("1.5")),
            ("-0", Some("0")),
            (".5", Some("0.5")),
            ("5.", Some("5")),
            ("1.25e2", Some("125")),
            ("1E+3", Some("1000")),
            ("125e-4", Some("0.0125")),
            ("-1e-3", Some("-0.001")),
            ("", None),
            (".", None),
            ("-", None),
            ("e5", None),
            ("1e", None),
            ("1e99", None),
            ("1 000", None),
            ("0x1", None),
            ("NaN", None),
        ] {
            assert_eq!(decimal(text).as_deref(), expected, "{text}");
        }
    }
}
