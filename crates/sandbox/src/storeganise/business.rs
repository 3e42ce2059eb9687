//! One business: its users, found by id or e-mail, its add-ons, its tasks, and what happened and was not yet told.

use std::collections::{BTreeSet, HashMap};

use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::{Map, Value};

use super::{
    addon::{Addon, USER_FIELDS},
    error::ApiError,
    event::Happening,
    ids::Ids,
    patch::Patch,
    people,
    user::User,
};
use crate::clock::Clock;

/// A business.
#[derive(Debug)]
pub(crate) struct Business {
    /// Its code, which is part of its address.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// The installed add-ons.
    pub addons: Vec<Addon>,
    /// The tasks that add-ons filed for its staff.
    pub tasks: Vec<Value>,
    /// What happened since events were sent last.
    pub happenings: Vec<Happening>,
    /// Where its ids come from.
    pub ids: Ids,
    /// Whether two users may have one e-mail.
    pub shared_emails: bool,
    defined: BTreeSet<String>,
    users: Vec<User>,
    by_id: HashMap<String, usize>,
    by_email: HashMap<String, usize>,
    generated: usize,
    rng: StdRng,
}

impl Business {
    /// A business without users; its generated users depend on `seed` and `code`.
    pub(crate) fn new(code: &str, name: &str, seed: u64, ids: Ids) -> Self {
        let own_seed = code.bytes().fold(seed, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        Self {
            code: code.to_owned(),
            name: name.to_owned(),
            addons: Vec::new(),
            tasks: Vec::new(),
            happenings: Vec::new(),
            ids,
            shared_emails: false,
            defined: BTreeSet::new(),
            users: Vec::new(),
            by_id: HashMap::new(),
            by_email: HashMap::new(),
            generated: 0,
            rng: StdRng::seed_from_u64(own_seed),
        }
    }

    /// All users, in the order in which they were made.
    pub(crate) fn users(&self) -> &[User] {
        &self.users
    }

    /// The codes of the custom fields that users may have.
    pub(crate) fn defined(&self) -> &BTreeSet<String> {
        &self.defined
    }

    /// Defines a custom field of users; a second time changes nothing.
    pub(crate) fn define(&mut self, code: &str) {
        self.defined.insert(code.to_owned());
    }

    /// The user with this id or e-mail.
    ///
    /// # Errors
    ///
    /// There may be none.
    pub(crate) fn user(&self, id_or_email: &str) -> Result<&User, ApiError> {
        let place = self.by_id.get(id_or_email).or_else(|| self.by_email.get(&email_key(id_or_email)));
        place.map(|place| &self.users[*place]).ok_or_else(|| ApiError::missing("User not found"))
    }

    /// The users with these ids, each once, in the order in which they were made; unknown ids find nobody.
    pub(crate) fn users_by_id(&self, ids: &[String]) -> Vec<&User> {
        let places: BTreeSet<usize> = ids.iter().filter_map(|id| self.by_id.get(id).copied()).collect();
        places.into_iter().map(|place| &self.users[place]).collect()
    }

    /// Makes a user.
    ///
    /// # Errors
    ///
    /// A required field is missing, or another user has the e-mail.
    pub(crate) fn create(&mut self, patch: &Patch, clock: &Clock) -> Result<&User, ApiError> {
        patch.check_required(true)?;
        let now_ms = clock.now_ms();
        let user = self.insert(patch, now_ms)?;
        let happening = Happening::created(&user.id, now_ms);
        self.happenings.push(happening);
        Ok(self.users.last().expect("a user was just inserted"))
    }

    /// Changes a user and says whether anything changed.
    ///
    /// # Errors
    ///
    /// There is no such user, a required field would be cleared, or another user has the e-mail.
    pub(crate) fn update(&mut self, id: &str, patch: &Patch, clock: &Clock) -> Result<bool, ApiError> {
        let place = *self.by_id.get(id).ok_or_else(|| ApiError::missing("User not found"))?;
        patch.check_required(false)?;
        if let Some(email) = patch.email() {
            self.check_free(email, Some(place))?;
        }
        let user = &mut self.users[place];
        let old_key = email_key(user.text("email"));
        let changed = patch.merge_into(user, &self.defined);
        if changed.is_empty() {
            return Ok(false);
        }
        user.updated_ms = clock.after(user.updated_ms);
        self.happenings.push(Happening::updated(id, &changed, user.updated_ms));
        let new_key = email_key(user.text("email"));
        if self.by_email.get(&old_key) == Some(&place) {
            self.by_email.remove(&old_key);
        }
        self.by_email.insert(new_key, place);
        Ok(true)
    }

    /// Disables a user, or enables it again; a second time changes nothing.
    ///
    /// # Errors
    ///
    /// There is no such user.
    pub(crate) fn set_disabled(
        &mut self,
        id: &str,
        disabled: bool,
        clock: &Clock,
    ) -> Result<&User, ApiError> {
        let place = *self.by_id.get(id).ok_or_else(|| ApiError::missing("User not found"))?;
        let user = &mut self.users[place];
        if user.disabled != disabled {
            user.disabled = disabled;
            user.updated_ms = clock.after(user.updated_ms);
            // There is no event of its own for enabling.
            let happening = if disabled {
                Happening::disabled(id, user.updated_ms)
            } else {
                Happening::updated(id, &["disabled".to_owned()], user.updated_ms)
            };
            self.happenings.push(happening);
        }
        Ok(&self.users[place])
    }

    /// From now on the API shows these values in the place of a user's own.
    ///
    /// # Errors
    ///
    /// There is no such user.
    pub(crate) fn show_oddly(&mut self, id: &str, odd: Map<String, Value>) -> Result<&User, ApiError> {
        let place = *self.by_id.get(id).ok_or_else(|| ApiError::missing("User not found"))?;
        self.users[place].odd = odd;
        Ok(&self.users[place])
    }

    /// Makes `count` users from word lists, without telling anybody; `made_ms` says when the n-th of them was made.
    pub(crate) fn generate(&mut self, count: usize, mix: people::Mix, made_ms: impl Fn(usize) -> u64) {
        let mut made = 0;
        while made < count {
            let person = people::person(&mut self.rng, self.generated, mix);
            self.generated += 1;
            let patch = Patch::read(&person).expect("generated people are well-formed");
            // A portal user may have taken the address: then the next one is made instead.
            made += usize::from(self.insert(&patch, made_ms(made)).is_ok());
        }
    }

    /// Installs the add-on: what its install script does, and a new installation that is paused.
    pub(crate) fn install(&mut self, clock: &Clock) -> &Addon {
        for code in USER_FIELDS {
            self.define(code);
        }
        self.addons.push(Addon::installed(self.ids.next(), clock.now_ms()));
        self.addons.last().expect("an add-on was just pushed")
    }

    /// An installed add-on, to be changed.
    ///
    /// # Errors
    ///
    /// There may be none with this id.
    pub(crate) fn addon_mut(&mut self, id: &str) -> Result<&mut Addon, ApiError> {
        self.addons
            .iter_mut()
            .find(|addon| addon.id == id)
            .ok_or_else(|| ApiError::missing("Add-on not found"))
    }

    fn insert(&mut self, patch: &Patch, now_ms: u64) -> Result<&User, ApiError> {
        let email = patch.email().ok_or_else(|| ApiError::invalid("email is required"))?;
        self.check_free(email, None)?;
        let mut user = User {
            id: self.ids.next(),
            texts: Default::default(),
            roles: Vec::new(),
            labels: Vec::new(),
            custom_fields: Map::new(),
            is_active: false,
            disabled: false,
            odd: Map::new(),
            created_ms: now_ms,
            updated_ms: now_ms,
        };
        patch.merge_into(&mut user, &self.defined);
        let place = self.users.len();
        self.by_id.insert(user.id.clone(), place);
        self.by_email.insert(email_key(email), place);
        self.users.push(user);
        Ok(&self.users[place])
    }

    fn check_free(&self, email: &str, own_place: Option<usize>) -> Result<(), ApiError> {
        match self.by_email.get(&email_key(email)) {
            Some(place) if Some(*place) != own_place && !self.shared_emails => {
                Err(ApiError::conflict("A user with this email already exists"))
            }
            _ => Ok(()),
        }
    }
}

fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}
