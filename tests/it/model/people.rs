//! What people do, at random: they come, as a user alone or as a user and a contact that nobody has brought together
//! yet, and edit whatever they like on either side.

use serde_json::{Map, Value, json};
use sync_core::merge::Policy;
use tests::house::{BUSINESS, PORTAL};

use super::{
    Play,
    rule::{self, Chosen, Field, NO_NAME, Pair},
};
use crate::convergence::{Dice, FIELDS};

/// Values that a field may have: few, so that both sides often hold the same one, or what was there before.
const VALUES: usize = 3;
const CITY: &str = "city";

/// A pair, and what is known of it.
pub(super) struct Known {
    pub user_id: String,
    /// None before somebody looked for it.
    pub contact_id: Option<String>,
    pub pair: Pair,
    /// Whether there is a contact, linked or not.
    pub has_contact: bool,
    /// Whether something happened by which it is looked at.
    pub is_looked_at: bool,
}

impl Known {
    pub fn settle(&mut self, chosen: Chosen, moment: u64) {
        match self.has_contact {
            true => self.pair.settle(chosen, moment),
            false => self.pair.make_contact(moment),
        }
        self.has_contact = true;
    }
}

impl Play<'_> {
    /// Somebody comes.
    pub(super) async fn join(&mut self) {
        let has_contact = self.dice.below(3) > 0;
        let mut pair = first_values(self.people.len(), has_contact, &mut self.dice);
        if has_contact && self.dice.below(2) == 0 {
            self.make_contact(&mut pair).await;
            let user_id = self.make_user(&mut pair).await;
            return self.note(user_id, pair, true);
        }
        let user_id = self.make_user(&mut pair).await;
        if has_contact {
            self.make_contact(&mut pair).await;
        }
        self.note(user_id, pair, has_contact);
    }

    fn note(&mut self, user_id: String, pair: Pair, has_contact: bool) {
        self.people.push(Known { user_id, contact_id: None, pair, has_contact, is_looked_at: true });
    }

    async fn make_user(&mut self, pair: &mut Pair) -> String {
        let moment = self.next_moment().await;
        let mut user = Map::new();
        for (field, (name, _)) in rule::FIELDS.into_iter().zip(FIELDS) {
            let value = pair.cell(field).user.clone();
            pair.write_user(field, &value, moment);
            if !value.is_empty() {
                user.insert(name.to_owned(), json!(value));
            }
        }
        self.house.control().create_user(BUSINESS, &Value::Object(user)).await.unwrap()
    }

    async fn make_contact(&mut self, pair: &mut Pair) {
        let moment = self.next_moment().await;
        let mut contact = Map::new();
        for (field, (_, name)) in rule::FIELDS.into_iter().zip(FIELDS) {
            let value = pair.cell(field).contact.clone();
            pair.write_contact(field, &value, moment);
            contact.insert(name.to_owned(), json!(value));
        }
        contact.insert(CITY.to_owned(), json!(pair.cell(Field::Address).city));
        contact.retain(|_, value| value != "");
        self.house.control().create_contact(PORTAL, &Value::Object(contact)).await.unwrap();
    }

    /// Somebody edits one field on one side, if there is anything to edit.
    pub(super) async fn edit(&mut self) {
        let at = self.dice.below(self.people.len());
        let field = rule::FIELDS[self.dice.below(rule::FIELDS.len())];
        match self.dice.below(2) {
            0 => self.edit_user(at, field).await,
            _ if field == Field::Address && self.dice.below(2) == 0 => self.edit_city(at).await,
            _ => self.edit_contact(at, field).await,
        }
    }

    async fn edit_user(&mut self, at: usize, field: Field) {
        let now = self.people[at].pair.cell(field).user.clone();
        let blank = match field {
            Field::First | Field::Last => Some(NO_NAME),
            Field::Email => None,
            _ => Some(""),
        };
        let Some(value) = edited(&mut self.dice, at, field, &now, blank) else { return };
        let moment = self.next_moment().await;
        let known = &mut self.people[at];
        let body = json!({ FIELDS[field as usize].0: value });
        self.house.control().edit_user(BUSINESS, &known.user_id, &body).await.unwrap();
        known.pair.write_user(field, &value, moment);
        known.is_looked_at = true;
    }

    async fn edit_contact(&mut self, at: usize, field: Field) {
        let now = self.people[at].pair.cell(field).contact.clone();
        // Where the newest wins and cannot be carried over, the next writing of the user decides otherwise: it has one
        // time for all its fields.
        let may_be_blank = self.chosen.policy != Policy::NewestWins || !field.is_required_of_users();
        let Some(value) = edited(&mut self.dice, at, field, &now, may_be_blank.then_some("")) else { return };
        if field == Field::Email && value.to_lowercase() == now {
            return;
        }
        let value = if field == Field::Email { value.to_lowercase() } else { value };
        let moment = self.next_moment().await;
        self.put(at, FIELDS[field as usize].1, &value).await;
        self.people[at].pair.write_contact(field, &value, moment);
    }

    async fn edit_city(&mut self, at: usize) {
        let value = if self.dice.below(3) == 0 { String::new() } else { city(self.dice.below(VALUES)) };
        if self.people[at].pair.cell(Field::Address).city != value {
            let moment = self.next_moment().await;
            self.put(at, CITY, &value).await;
            self.people[at].pair.write_city(&value, moment);
        }
    }

    async fn put(&self, at: usize, property: &str, value: &str) {
        let id = self.people[at].contact_id.as_deref().expect("only who came in a round before is edited");
        self.house.control().edit_contact(PORTAL, id, &json!({ property: value })).await.unwrap();
    }
}

/// What both sides hold before they know of each other: the same address, and the rest as it comes.
fn first_values(person: usize, has_contact: bool, dice: &mut Dice) -> Pair {
    let mut pair = Pair::default();
    for field in rule::FIELDS {
        let mut values = [0, 1].map(|_| match dice.below(VALUES + 1) {
            VALUES => String::new(),
            n => value(person, field, n),
        });
        if field == Field::Email {
            values = [0, 1].map(|_| value(person, field, 0));
        }
        let [mut ours, theirs] = values;
        if dice.below(4) == 0 {
            ours = respelled(field, &ours);
        }
        if ours.is_empty() && matches!(field, Field::First | Field::Last) {
            NO_NAME.clone_into(&mut ours);
        }
        pair.write_user(field, &ours, 0);
        if has_contact {
            pair.write_contact(field, &theirs, 0);
        }
    }
    if has_contact && dice.below(2) == 0 {
        pair.write_city(&city(dice.below(VALUES)), 0);
    }
    pair
}

/// What a person makes of a value: another one, the same in another spelling, or a blank, where there may be one.
fn edited(dice: &mut Dice, person: usize, field: Field, now: &str, blank: Option<&str>) -> Option<String> {
    let value = match dice.below(10) {
        0 | 1 => blank?.to_owned(),
        2 | 3 if now != NO_NAME => respelled(field, now),
        _ => value(person, field, dice.below(VALUES)),
    };
    (value != now).then_some(value)
}

fn value(person: usize, field: Field, n: usize) -> String {
    match field {
        Field::First => format!("Renée {n}"),
        Field::Last => format!("Lée {n}"),
        Field::Email => format!("person{person}.{n}@example.com"),
        Field::Phone => format!("+44 20 7946 0{:02}{n}", person % 100),
        Field::Company => format!("Café {n} Ltd"),
        // One of them names its city.
        Field::Address if n == 0 => format!("{n} Rée Road, {}", city(n)),
        Field::Address => format!("{n} Rée Road"),
    }
}

fn city(n: usize) -> String {
    format!("Town{n}")
}

/// The same value, written otherwise.
fn respelled(field: Field, value: &str) -> String {
    match field {
        _ if value.is_empty() || value.starts_with(' ') => value.to_owned(),
        Field::Email => value.to_uppercase(),
        Field::Phone => value.replace(' ', ""),
        _ => format!(" {} ", value.replace(' ', "  ").replace('é', "e\u{301}")),
    }
}
