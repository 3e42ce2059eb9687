//! The users of one business in the order in which they were made, found by id or e-mail without a search.

use std::collections::{BTreeSet, HashMap};

use super::user::User;

/// The users of one business. Users are never taken out, so a place stays the same user's.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    users: Vec<User>,
    by_id: HashMap<String, usize>,
    by_email: HashMap<String, usize>,
}

impl Directory {
    /// All users.
    pub(crate) fn all(&self) -> &[User] {
        &self.users
    }

    /// All users, to be changed in what they are not found by.
    pub(crate) fn all_mut(&mut self) -> &mut [User] {
        &mut self.users
    }

    /// The user at a place.
    pub(crate) fn at(&self, place: usize) -> &User {
        &self.users[place]
    }

    /// The user at a place, to be changed; a new e-mail must be told to [`Directory::readdress`].
    pub(crate) fn at_mut(&mut self, place: usize) -> &mut User {
        &mut self.users[place]
    }

    /// Where the user with this id is.
    pub(crate) fn place_of(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// Where the user with this e-mail is, however it is written.
    pub(crate) fn place_of_email(&self, email: &str) -> Option<usize> {
        self.by_email.get(&email_key(email)).copied()
    }

    /// The users with these ids, each once, in the order in which they were made; unknown ids find nobody.
    pub(crate) fn with_ids(&self, ids: &[String]) -> Vec<&User> {
        let places: BTreeSet<usize> = ids.iter().filter_map(|id| self.place_of(id)).collect();
        places.into_iter().map(|place| &self.users[place]).collect()
    }

    /// Adds a user whose e-mail is free, and answers with its place.
    pub(crate) fn add(&mut self, user: User) -> usize {
        let place = self.users.len();
        self.by_id.insert(user.id.clone(), place);
        self.by_email.insert(email_key(user.text("email")), place);
        self.users.push(user);
        place
    }

    /// The user at `place` had `old_email` and is found by its present one from now on.
    pub(crate) fn readdress(&mut self, place: usize, old_email: &str) {
        // Where e-mails may be shared, the address may lead to another user by now.
        let old = email_key(old_email);
        if self.by_email.get(&old) == Some(&place) {
            self.by_email.remove(&old);
        }
        self.by_email.insert(email_key(self.users[place].text("email")), place);
    }
}

fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}
