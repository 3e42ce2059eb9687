//! A won deal, as far as it goes into the custom fields of the users on it. Pure.

use hubspot::record::Record;
use serde_json::{Map, Value};
use time::Date;

use crate::{
    fields::{USER_DEAL_AMOUNT, USER_DEAL_CLOSE_DATE, USER_DEAL_ID, USER_DEAL_NAME},
    mapping,
};

/// What is known of it.
#[derive(Debug, Clone)]
pub(super) struct Deal {
    pub id: String,
    pub closed_on: Option<Date>,
    name: Option<String>,
    amount: Option<String>,
}

impl Deal {
    pub(super) fn of_record(record: &Record) -> Self {
        Self {
            id: record.id.clone(),
            closed_on: record.text("closedate").and_then(mapping::day),
            name: record.text("dealname").map(str::to_owned),
            amount: record.text("amount").map(str::to_owned),
        }
    }

    /// The custom fields this deal fills. A deal closed earlier than the one the user shows fills none.
    pub(super) fn custom_fields(&self, shown: Option<&Map<String, Value>>) -> Map<String, Value> {
        let text = |name: &str| shown.and_then(|fields| fields.get(name)).and_then(Value::as_str);
        let another = text(USER_DEAL_ID).is_some_and(|id| !id.is_empty() && id != self.id);
        if another && text(USER_DEAL_CLOSE_DATE).and_then(mapping::day) > self.closed_on {
            return Map::new();
        }
        let closed_on = self.closed_on.map(mapping::day_text);
        let data = [
            (USER_DEAL_ID, Some(self.id.clone())),
            (USER_DEAL_NAME, self.name.clone()),
            (USER_DEAL_AMOUNT, self.amount.clone()),
            (USER_DEAL_CLOSE_DATE, closed_on),
        ];
        let changed = data.into_iter().filter(|(name, value)| text(name) != value.as_deref());
        changed.map(|(name, value)| (name.to_owned(), value.map_or(Value::Null, Value::from))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deal(id: &str, closed_on: &str) -> Deal {
        Deal {
            id: id.to_owned(),
            closed_on: mapping::day(closed_on),
            name: None,
            amount: Some("120".to_owned()),
        }
    }

    fn shown(id: &str, closed_on: &str) -> Map<String, Value> {
        [(USER_DEAL_ID, id), (USER_DEAL_CLOSE_DATE, closed_on), (USER_DEAL_AMOUNT, "120")]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect()
    }

    #[test]
    fn dates_are_read_as_hubspot_sends_them_and_as_we_store_them() {
        let day = mapping::day("2026-03-04");
        assert!(day.is_some());
        assert_eq!(mapping::day("2026-03-04T23:59:59.123Z"), day);
        assert_eq!(mapping::day("1772582400000"), day);
        assert_eq!(mapping::day("soon"), None);
    }

    #[test]
    fn a_deal_writes_only_what_the_user_does_not_show_yet() {
        assert!(deal("5", "2026-03-04").custom_fields(Some(&shown("5", "2026-03-04"))).is_empty());
        let fields = deal("5", "2026-03-05").custom_fields(Some(&shown("5", "2026-03-04")));
        assert_eq!(fields.keys().collect::<Vec<_>>(), [USER_DEAL_CLOSE_DATE]);
    }

    #[test]
    fn of_two_won_deals_the_one_closed_last_is_shown() {
        let user = shown("5", "2026-03-04");
        assert!(deal("6", "2026-03-03").custom_fields(Some(&user)).is_empty());
        let later = deal("6", "2026-03-05").custom_fields(Some(&user));
        assert_eq!(later.get(USER_DEAL_ID), Some(&Value::from("6")));
    }
}
