//! The rules that the admin of a portal made for contacts. Since 2026-09 they bind the API as well (reference 0.1).

use std::sync::Arc;

use serde::Deserialize;

use super::kind::Kind;
use super::record::Record;
use crate::hubspot::error::ApiError;
use crate::hubspot::portal::Portal;

/// A rule: where one property has a value, others must have one, too.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Conditional {
    /// Where it holds.
    pub(crate) when: Condition,
    /// The properties that are required there.
    pub(crate) requires: Vec<String>,
}

/// A property with a value.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Condition {
    /// The property.
    pub(crate) property: String,
    /// The value.
    pub(crate) value: String,
}

impl Portal {
    /// Checks a write against the rules.
    ///
    /// # Errors
    /// 400 that names the property the write lacks.
    pub(super) fn check_rules(
        &self,
        kind: Kind,
        on: Option<&Record>,
        values: &[(Arc<str>, String)],
    ) -> Result<(), ApiError> {
        if kind != Kind::Contact {
            return Ok(());
        }
        let write = Write { on, values };
        if let Some(missing) = self.required.iter().find(|property| write.misses(property)) {
            return Err(ApiError::required(missing));
        }
        for rule in &self.conditional {
            if let Some(missing) = write.breaks(rule) {
                return Err(ApiError::required_by_condition(missing, &rule.when.property));
            }
        }
        Ok(())
    }

    /// In how many rules a property is used.
    pub(super) fn uses_of(&self, kind: Kind, property: &str) -> usize {
        if kind != Kind::Contact {
            return 0;
        }
        let required = self.required.iter().filter(|name| *name == property).count();
        let names = |rule: &&Conditional| {
            rule.when.property == property || rule.requires.iter().any(|name| name == property)
        };
        required + self.conditional.iter().filter(names).count()
    }
}

struct Write<'a> {
    on: Option<&'a Record>,
    values: &'a [(Arc<str>, String)],
}

impl Write<'_> {
    fn written(&self, property: &str) -> Option<&str> {
        self.values.iter().find(|(name, _)| **name == *property).map(|(_, value)| value.as_str())
    }

    /// What the record will have, empty when unset.
    fn result(&self, property: &str) -> &str {
        let before = || self.on.and_then(|record| record.stored(property));
        self.written(property).or_else(before).unwrap_or_default()
    }

    /// A change may leave a required property alone, but not clear it.
    fn misses(&self, property: &str) -> bool {
        match (self.written(property), self.on) {
            (Some(value), _) => value.is_empty(),
            (None, None) => true,
            (None, Some(_)) => false,
        }
    }

    /// A record that broke the rule before may be changed elsewhere.
    fn breaks<'r>(&self, rule: &'r Conditional) -> Option<&'r str> {
        let touches = |property: &str| self.on.is_none() || self.written(property).is_some();
        let holds = self.result(&rule.when.property) == rule.when.value;
        let is_touched = touches(&rule.when.property) || rule.requires.iter().any(|name| touches(name));
        let missing = rule.requires.iter().find(|name| self.result(name).is_empty());
        missing.filter(|_| holds && is_touched).map(String::as_str)
    }
}
