//! Custom fields: a business's own field of its users, mapped to a property of contacts. What a value of each kind
//! looks like on either side, and when two spellings are the same. Pure.
//!
//! `decimal` and `options` know one kind each; `check` and `fit` say whether a mapping can be saved, `live` asks
//! both sides for what that takes, `lint` tries mappings on real records.

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
use text::text;
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

use self::decimal::decimal;
use crate::{merge::Directions, normalise};

pub mod check;
mod decimal;
pub mod fit;
pub mod lint;
pub(crate) mod live;
pub mod offer;
pub mod options;
pub mod seen;

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
    /// Whether HubSpot no longer offers it: still read, so that a renamed option is no change, and never written.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retired: bool,
}

/// Why a value cannot be written to the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Misfit {
    /// It is not of the mapping's kind.
    NotOfKind,
    /// It is none of the options that are offered.
    NotAnOption,
    /// It is longer than the other side keeps, or has more digits.
    TooLong,
}

/// The longest text a contact property keeps, in characters.
pub const TEXT_CHARS_MAX: usize = 65_536;
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
            to_contact: allowed.to_contact && self.direction.reaches_contacts(),
            to_user: allowed.to_user && self.direction.reaches_users(),
        }
    }

    /// The normal form of a value, for comparing: two spellings of one value have one. A value that is not of the
    /// kind is compared as text. A blank gives `None`.
    #[must_use]
    pub fn normal(&self, value: &str) -> Option<String> {
        let text = normalise::text(value)?;
        Some(self.canonical(&text).unwrap_or(text))
    }

    /// Whether two mappings say the same: the options are HubSpot's matter, not theirs.
    #[must_use]
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        self.baseline_name() == other.baseline_name() && self.direction == other.direction
    }

    /// A value as it is written to the contact, where blank clears.
    ///
    /// # Errors
    /// It is not of the kind, and would be refused or cut.
    pub fn to_contact(&self, value: &str) -> Result<String, Misfit> {
        let Some(text) = normalise::text(value) else { return Ok(String::new()) };
        match self.kind {
            Kind::Text if value.chars().count() > TEXT_CHARS_MAX => Err(Misfit::TooLong),
            Kind::Text => Ok(value.to_owned()),
            Kind::Choice => self.offered(&text).map(|option| option.value.clone()),
            _ => self.canonical(&text).ok_or(Misfit::NotOfKind),
        }
    }

    /// A value as it is written to the user, where blank clears.
    ///
    /// # Errors
    /// It is not of the kind, and would be refused or cut.
    pub fn to_user(&self, value: &str) -> Result<Value, Misfit> {
        let Some(text) = normalise::text(value) else { return Ok(Value::Null) };
        let canonical = || self.canonical(&text).ok_or(Misfit::NotOfKind);
        match self.kind {
            Kind::Text => Ok(value.into()),
            Kind::Number => as_number(&canonical()?).ok_or(Misfit::TooLong).map(Value::Number),
            Kind::Boolean => Ok(Value::Bool(canonical()? == "true")),
            Kind::Date => Ok(canonical()?.into()),
            Kind::Choice => self.offered(&text).map(|option| self.shown(option).into()),
        }
    }

    /// The option a text stands for, as it is offered today.
    fn offered(&self, text: &str) -> Result<&Choice, Misfit> {
        let value = options::meant(&self.options, text).ok_or(Misfit::NotAnOption)?;
        let today = self.options.iter().find(|option| option.value == value && !option.retired);
        today.ok_or(Misfit::NotAnOption)
    }

    /// An option as people at Storeganise read it: its label, not HubSpot's inner name, unless the label would be
    /// read back as another option.
    fn shown<'a>(&self, option: &'a Choice) -> &'a str {
        let label = normalise::text(&option.label).unwrap_or_default();
        let is_clear = options::meant(&self.options, &label) == Some(option.value.as_str());
        if is_clear { &option.label } else { &option.value }
    }

    /// The one spelling of a value of the kind.
    fn canonical(&self, text: &str) -> Option<String> {
        match self.kind {
            Kind::Text => Some(text.to_owned()),
            Kind::Number => decimal(text),
            Kind::Boolean => truth(text).map(|truth| truth.to_string()),
            Kind::Date => day(text).map(day_text),
            Kind::Choice => options::meant(&self.options, text).map(str::to_owned),
        }
    }
}

impl Misfit {
    /// The word shown and sent in the JSON API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NotOfKind => "not_of_kind",
            Self::NotAnOption => "not_an_option",
            Self::TooLong => "too_long",
        }
    }
}

impl Direction {
    /// The word stored, shown and sent in the JSON API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ToContact => "to_contact",
            Self::ToUser => "to_user",
            Self::Both => "both",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::ToContact, Self::ToUser, Self::Both].into_iter().find(|known| known.word() == word)
    }

    /// Whether users → contacts is part of it.
    #[must_use]
    pub fn reaches_contacts(self) -> bool {
        self != Self::ToUser
    }

    /// Whether contacts → users is part of it.
    #[must_use]
    pub fn reaches_users(self) -> bool {
        self != Self::ToContact
    }
}

impl Kind {
    /// Every kind, in the order they are offered.
    pub const ALL: [Self; 5] = [Self::Text, Self::Number, Self::Boolean, Self::Date, Self::Choice];

    /// The kind in a sentence.
    #[must_use]
    pub fn article(self) -> &'static str {
        match self {
            Self::Text => text!("mapping-text"),
            Self::Number => text!("mapping-number"),
            Self::Boolean => text!("mapping-boolean"),
            Self::Date => text!("mapping-date"),
            Self::Choice => text!("mapping-choice"),
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

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

/// A decimal number as JSON has it; none where that would lose a digit.
fn as_number(canonical: &str) -> Option<Number> {
    let number: Number = canonical.parse().ok()?;
    (decimal(&number.to_string()).as_deref() == Some(canonical)).then_some(number)
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

#[cfg(test)]
mod tests;
