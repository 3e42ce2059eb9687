//! The rule, said once more and for itself: what both sides of a pair hold in the end. It knows nothing of digests,
//! links, events and requests, and asks none of the code that it is held against.

use sync_core::merge::Policy;

/// A field both sides have, in the order of [`crate::convergence::FIELDS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    First,
    Last,
    Email,
    Phone,
    Company,
    Address,
}

pub const FIELDS: [Field; 6] =
    [Field::First, Field::Last, Field::Email, Field::Phone, Field::Company, Field::Address];

/// What stands at Storeganise where a name must be and there is none.
pub const NO_NAME: &str = "-";

/// What the business chose.
#[derive(Debug, Clone, Copy)]
pub struct Chosen {
    pub policy: Policy,
    /// Whether edits of contacts are written to users.
    pub edits: bool,
}

/// One field of one pair, letter by letter as both sides hold it; a blank is an empty text.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    pub user: String,
    pub contact: String,
    /// The part that HubSpot keeps apart from an address.
    pub city: String,
    /// When the contact's value was written last.
    contact_written: u64,
    /// What both sides last agreed on, in its normal form; none before they ever did.
    agreed: Option<String>,
}

/// A user and its contact.
#[derive(Debug, Clone, Default)]
pub struct Pair {
    cells: [Cell; 6],
    /// When the user was written last: Storeganise keeps one time for all fields.
    user_written: u64,
}

impl Pair {
    pub fn cell(&self, field: Field) -> &Cell {
        &self.cells[field as usize]
    }

    /// What was found is as good as what was expected.
    pub fn take_spelling(&mut self, field: Field, contact: &str) {
        contact.clone_into(&mut self.cells[field as usize].contact);
    }

    pub fn write_user(&mut self, field: Field, value: &str, moment: u64) {
        value.clone_into(&mut self.cells[field as usize].user);
        self.user_written = moment;
    }

    pub fn write_contact(&mut self, field: Field, value: &str, moment: u64) {
        let cell = &mut self.cells[field as usize];
        value.clone_into(&mut cell.contact);
        cell.contact_written = moment;
    }

    pub fn write_city(&mut self, value: &str, moment: u64) {
        let cell = &mut self.cells[Field::Address as usize];
        value.clone_into(&mut cell.city);
        cell.contact_written = moment;
    }

    /// A user without a contact gets one: both sides agree in everything, blanks included.
    pub fn make_contact(&mut self, moment: u64) {
        for field in FIELDS {
            let cell = &mut self.cells[field as usize];
            cell.agreed = Some(cell.of_user(field));
            cell.write_to_contact(field, moment);
        }
    }

    /// Both sides are looked at, and brought together as the table of design 4.1 has it.
    pub fn settle(&mut self, chosen: Chosen, moment: u64) {
        let user_written = self.user_written;
        for field in FIELDS {
            if self.cells[field as usize].settle(field, chosen, user_written, moment) {
                self.user_written = moment;
            }
        }
    }
}

impl Cell {
    /// Whether the user was written.
    fn settle(&mut self, field: Field, chosen: Chosen, user_written: u64, moment: u64) -> bool {
        let (user, contact) = (self.of_user(field), self.of_contact(field));
        if user == contact {
            self.agreed = Some(user);
            return false;
        }
        let users_counts = match &self.agreed {
            // The first link: a value fills a blank.
            None if contact.is_empty() => true,
            None if user.is_empty() => false,
            // One side changed.
            Some(agreed) if *agreed == contact => true,
            Some(agreed) if *agreed == user => false,
            // Both did.
            _ => match chosen.policy {
                Policy::StoreganiseWins => true,
                Policy::HubspotWins => false,
                Policy::NewestWins => user_written > self.contact_written,
            },
        };
        let users_may_be_written = chosen.edits && (!contact.is_empty() || !field.is_required_of_users());
        if users_counts && (!user.is_empty() || field != Field::Email) {
            self.write_to_contact(field, moment);
            self.agreed = Some(user);
            false
        } else if !users_counts && users_may_be_written {
            self.user = self.joined(field);
            self.agreed = Some(contact);
            true
        } else {
            false
        }
    }

    fn write_to_contact(&mut self, field: Field, moment: u64) {
        self.contact = match field {
            Field::Email => self.user.to_lowercase(),
            Field::First | Field::Last if self.user == NO_NAME => String::new(),
            _ => self.user.clone(),
        };
        if !says(&self.user, &self.city) {
            self.city.clear();
        }
        self.contact_written = moment;
    }

    fn of_user(&self, field: Field) -> String {
        let named = matches!(field, Field::First | Field::Last) && self.user == NO_NAME;
        if named { String::new() } else { normal(field, &self.user) }
    }

    fn of_contact(&self, field: Field) -> String {
        normal(field, &self.joined(field))
    }

    /// The contact's value as it is written to the user.
    fn joined(&self, field: Field) -> String {
        match (self.contact.trim(), self.city.as_str()) {
            ("", "") if field == Field::Last => NO_NAME.to_owned(),
            (line, city) if field == Field::Address => match (line.is_empty(), says(line, city)) {
                (true, _) => city.to_owned(),
                (false, true) => line.to_owned(),
                (false, false) => format!("{line}, {city}"),
            },
            _ => self.contact.clone(),
        }
    }
}

impl Field {
    pub fn is_required_of_users(self) -> bool {
        matches!(self, Self::First | Self::Email)
    }
}

/// Whether two spellings are the same value.
pub fn is_same(field: Field, one: &str, other: &str) -> bool {
    normal(field, one) == normal(field, other)
}

fn normal(field: Field, text: &str) -> String {
    let folded = text.replace("e\u{301}", "é").split_whitespace().collect::<Vec<_>>().join(" ");
    match field {
        Field::Email => folded.to_lowercase(),
        Field::Phone => folded.chars().filter(char::is_ascii_digit).collect(),
        Field::Last if folded == NO_NAME => String::new(),
        _ => folded,
    }
}

/// Whether a line names a city, which is one word here.
fn says(line: &str, city: &str) -> bool {
    city.is_empty() || line.split([' ', ',']).any(|word| word == city)
}
