//! What a value of each kind looks like on either side, by examples and by properties.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn of(kind: Kind) -> Mapping {
    let option = |value: &str, label: &str, retired| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        retired,
    };
    Mapping {
        user_field: "unitSize".to_owned(),
        contact_property: "unit_size".to_owned(),
        kind,
        direction: Direction::Both,
        options: vec![
            option("s", "Small unit", false),
            option("l", "Large unit", false),
            option("l", "Big unit", true),
            option("m", "Middle unit", true),
        ],
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
        (Kind::Number, "1.25e2", "125"),
        (Kind::Choice, "large UNIT", "l"),
        (Kind::Choice, "Big unit", "Large unit"),
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
        (Kind::Choice, "Big unit", json!("l"), json!("Large unit")),
        (Kind::Number, "  ", json!(""), Value::Null),
    ] {
        assert_eq!(of(kind).to_contact(value).map(Value::from), Ok(contact), "{kind:?}");
        assert_eq!(of(kind).to_user(value), Ok(user), "{kind:?}");
    }
}

#[test]
fn what_is_not_of_the_kind_is_not_written_and_differs_from_everything_else() {
    for (kind, value, why) in [
        (Kind::Number, "twelve", Misfit::NotOfKind),
        (Kind::Number, "1,5", Misfit::NotOfKind),
        (Kind::Boolean, "maybe", Misfit::NotOfKind),
        (Kind::Date, "soon", Misfit::NotOfKind),
        (Kind::Date, "2026", Misfit::NotOfKind),
        (Kind::Choice, "Medium", Misfit::NotAnOption),
    ] {
        let written = (of(kind).to_contact(value), of(kind).to_user(value));
        assert_eq!(written, (Err(why), Err(why)), "{kind:?} {value}");
        assert_eq!(of(kind).normal(value).as_deref(), Some(value));
    }
}

#[test]
fn an_option_that_is_no_longer_offered_is_read_and_not_written() {
    let choice = of(Kind::Choice);
    assert_eq!(choice.normal("Middle unit").as_deref(), Some("m"));
    assert_eq!(choice.to_contact("Middle unit"), Err(Misfit::NotAnOption));
    assert_eq!(choice.to_user("m"), Err(Misfit::NotAnOption));
}

#[test]
fn a_label_that_would_be_read_as_another_option_gives_way_to_the_value() {
    let option = |value: &str, label: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        retired: false,
    };
    let options = vec![option("1", "2"), option("2", "1"), option("a", "Same"), option("b", "same")];
    let choice = Mapping { options, ..of(Kind::Choice) };
    for (value, shown) in [("1", "1"), ("2", "2"), ("a", "Same"), ("b", "b")] {
        assert_eq!(choice.to_user(value), Ok(json!(shown)));
        assert_eq!(choice.normal(shown).as_deref(), Some(value));
    }
}

#[test]
fn what_would_be_cut_is_not_written() {
    let long = "x".repeat(TEXT_CHARS_MAX + 1);
    assert_eq!(of(Kind::Text).to_contact(&long), Err(Misfit::TooLong));
    assert!(of(Kind::Text).to_contact(&long[1..]).is_ok());
    let digits = "12345678901234567890123.5";
    assert_eq!(of(Kind::Number).to_user(digits), Err(Misfit::TooLong));
    assert_eq!(of(Kind::Number).to_contact(digits).as_deref(), Ok(digits));
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

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[+-]?[0-9]{0,25}(\\.[0-9]{0,12})?([eE][+-]?[0-9]{1,2})?",
        "yes|no|TRUE|0|1|s|l|m|Small unit| big  UNIT |Middle unit|S",
        "(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:00:00(\\.000)?(Z|[+-]0[0-9]:00))?",
        "-?[0-9]{6,14}",
        "\\PC{0,12}",
        "[ \t\u{a0}]{0,3}",
    ]
}

fn mapping() -> impl Strategy<Value = Mapping> {
    let kind = prop_oneof![
        Just(Kind::Text),
        Just(Kind::Number),
        Just(Kind::Boolean),
        Just(Kind::Date),
        Just(Kind::Choice)
    ];
    kind.prop_map(of)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn a_value_written_to_either_side_is_read_back_as_the_same(value in value(), mapping in mapping()) {
        if let Ok(written) = mapping.to_contact(&value) {
            prop_assert_eq!(mapping.normal(&written), mapping.normal(&value));
        }
        if let Ok(written) = mapping.to_user(&value) {
            let read = text_of(Some(&written)).unwrap_or_default();
            prop_assert_eq!(mapping.normal(&read), mapping.normal(&value));
        }
    }

    #[test]
    fn a_round_trip_writes_what_was_written_before(value in value(), mapping in mapping()) {
        if let Ok(contact) = mapping.to_contact(&value) {
            prop_assert_eq!(mapping.to_contact(&contact), Ok(contact.clone()));
            if let Ok(user) = mapping.to_user(&contact) {
                let back = mapping.to_contact(&text_of(Some(&user)).unwrap_or_default());
                prop_assert_eq!(back, Ok(contact));
            }
        }
    }

    #[test]
    fn the_normal_form_is_its_own_and_only_a_blank_has_none(value in value(), mapping in mapping()) {
        let normal = mapping.normal(&value);
        prop_assert_eq!(normal.is_none(), normalise::text(&value).is_none());
        if let Some(normal) = normal {
            prop_assert_eq!(mapping.normal(&normal), Some(normal));
        }
    }

    #[test]
    fn a_blank_clears_and_only_a_blank_does(value in value(), mapping in mapping()) {
        let blank = normalise::text(&value).is_none();
        prop_assert_eq!(mapping.to_contact(&value) == Ok(String::new()), blank);
        prop_assert_eq!(mapping.to_user(&value) == Ok(Value::Null), blank);
    }
}
