//! One business: its users, its add-ons, its tasks, its custom fields, how it behaves where that is an open question,
//! and what happened and was not yet told.

use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::{Map, Value};

use super::{
    addon::{Addon, USER_FIELDS},
    definition::{Definition, Definitions},
    directory::Directory,
    error::ApiError,
    event::Happening,
    history::{Author, Change},
    ids::Ids,
    patch::{FieldRules, Patch},
    people,
    settings::LANGUAGES,
    task::{Task, Wish},
    user::User,
};
use crate::{
    clock::Clock,
    dialect::{ChangedKeys, Dialect, DisabledEvent, Required, Undefined},
};

/// A business.
#[derive(Debug)]
pub(crate) struct Business {
    /// Its code, which is part of its address.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// The id of its one site.
    pub site_id: String,
    /// How it behaves where that is an open question.
    pub dialect: Dialect,
    /// The installed add-ons.
    pub addons: Vec<Addon>,
    /// The tasks that add-ons filed for its staff.
    pub tasks: Vec<Task>,
    /// The custom fields that its records may have.
    pub definitions: Definitions,
    /// What happened since events were sent last.
    pub happenings: Vec<Happening>,
    /// Where its ids come from.
    pub ids: Ids,
    directory: Directory,
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
            site_id: ids.next(),
            dialect: Dialect::default(),
            addons: Vec::new(),
            tasks: Vec::new(),
            definitions: Definitions::default(),
            happenings: Vec::new(),
            ids,
            directory: Directory::default(),
            generated: 0,
            rng: StdRng::seed_from_u64(own_seed),
        }
    }

    /// All users, in the order in which they were made.
    pub(crate) fn users(&self) -> &[User] {
        self.directory.all()
    }

    /// The user with this id or e-mail.
    ///
    /// # Errors
    ///
    /// There may be none.
    pub(crate) fn user(&self, id_or_email: &str) -> Result<&User, ApiError> {
        let place =
            self.directory.place_of(id_or_email).or_else(|| self.directory.place_of_email(id_or_email));
        place.map(|place| self.directory.at(place)).ok_or_else(no_user)
    }

    /// The user with this id.
    ///
    /// # Errors
    ///
    /// There may be none.
    pub(crate) fn user_by_id(&self, id: &str) -> Result<&User, ApiError> {
        Ok(self.directory.at(self.place(id)?))
    }

    /// The users with these ids, each once, in the order in which they were made; unknown ids find nobody.
    pub(crate) fn users_by_id(&self, ids: &[String]) -> Vec<&User> {
        self.directory.with_ids(ids)
    }

    /// Makes a user.
    ///
    /// # Errors
    ///
    /// A required field is missing, a value may not stand where it stands, or another user has the e-mail.
    pub(crate) fn create(&mut self, patch: &Patch, clock: &Clock) -> Result<&User, ApiError> {
        self.check(patch, true)?;
        let now_ms = clock.now_ms();
        let place = self.insert(patch, now_ms)?;
        let user = self.directory.at_mut(place);
        user.welcome_email = self.dialect.welcome_email && patch.by != Author::Person;
        user.history.add(Change { at_ms: now_ms, by: patch.by.clone(), title: "Added", changed: Vec::new() });
        self.happenings.push(Happening::of_user("user.created", &user.id, now_ms));
        Ok(self.directory.at(place))
    }

    /// Changes a user and says whether anything changed.
    ///
    /// # Errors
    ///
    /// There is no such user, a required field would be cleared, a value may not stand where it stands, or another
    /// user has the e-mail.
    pub(crate) fn update(&mut self, id: &str, patch: &Patch, clock: &Clock) -> Result<bool, ApiError> {
        let place = self.place(id)?;
        self.check(patch, false)?;
        if let Some(email) = patch.email() {
            self.check_free(email, Some(place))?;
        }
        let rules = field_rules(&self.definitions, &self.dialect, patch);
        let user = self.directory.at_mut(place);
        let old_email = user.text("email").to_owned();
        let changed = patch.merge_into(user, &rules);
        let is_billing_changed = patch.merge_billing(user);
        if changed.is_empty() && !is_billing_changed {
            return Ok(false);
        }
        user.updated_ms = clock.after(user.updated_ms);
        let at_ms = user.updated_ms;
        let keys: Vec<String> = changed.iter().map(|changed| changed.key.clone()).collect();
        user.history.add(Change { at_ms, by: patch.by.clone(), title: "Changed", changed });
        self.directory.readdress(place, &old_email);
        if !keys.is_empty() {
            self.tell_update(id, keys, at_ms);
        }
        if is_billing_changed {
            self.happenings.push(Happening::of_user("user.billing.updated", id, at_ms));
        }
        Ok(true)
    }

    /// Disables a user; a second time changes nothing.
    ///
    /// # Errors
    ///
    /// There is no such user.
    pub(crate) fn disable(&mut self, id: &str, clock: &Clock) -> Result<&User, ApiError> {
        let place = self.place(id)?;
        if let Some(at_ms) = self.switch(place, true, clock) {
            match self.dialect.disabled_event {
                DisabledEvent::UserDisabled => {
                    self.happenings.push(Happening::of_user("user.disabled", id, at_ms));
                }
                DisabledEvent::UserUpdated => self.tell_update(id, vec!["disabled".to_owned()], at_ms),
                DisabledEvent::None => {}
            }
        }
        Ok(self.directory.at(place))
    }

    /// Enables a disabled user again, which is never told: no such event is known.
    ///
    /// # Errors
    ///
    /// There is no such user.
    pub(crate) fn enable(&mut self, id: &str, clock: &Clock) -> Result<&User, ApiError> {
        let place = self.place(id)?;
        self.switch(place, false, clock);
        Ok(self.directory.at(place))
    }

    /// From now on the API shows these values in the place of a user's own.
    ///
    /// # Errors
    ///
    /// There is no such user.
    pub(crate) fn show_oddly(&mut self, id: &str, odd: Map<String, Value>) -> Result<&User, ApiError> {
        let place = self.place(id)?;
        self.directory.at_mut(place).odd = odd;
        Ok(self.directory.at(place))
    }

    /// Makes `count` users from word lists, without telling anybody; `made_ms` says when the n-th of them was made.
    pub(crate) fn generate(&mut self, count: usize, mix: people::Mix, made_ms: impl Fn(usize) -> u64) {
        let mut made = 0;
        while made < count {
            let person = people::person(&mut self.rng, self.generated, mix);
            self.generated += 1;
            let patch = Patch::read(&person).expect("generated people are well-formed");
            // A portal user may have taken the address: then the next one is made instead.
            if let Ok(place) = self.insert(&patch, made_ms(made)) {
                made += 1;
                let user = self.directory.at_mut(place);
                user.signin_ms = user.is_active.then_some(user.created_ms);
            }
        }
    }

    /// Defines a text field of users; a second time changes nothing.
    ///
    /// # Errors
    ///
    /// The code cannot be a name.
    pub(crate) fn define(&mut self, code: &str) -> Result<(), ApiError> {
        self.definitions.ensure(Definition::text_of_user(code, code)).map(drop)
    }

    /// Takes a definition away, and with it the values that users have.
    ///
    /// # Errors
    ///
    /// There is no such definition.
    pub(crate) fn undefine(&mut self, owner: &str, code: &str) -> Result<(), ApiError> {
        self.definitions.remove(owner, code)?;
        if owner == "user" {
            for user in self.directory.all_mut() {
                user.custom_fields.remove(code);
            }
        }
        Ok(())
    }

    /// Installs the add-on: what its install script does, and a new installation that is paused.
    pub(crate) fn install(&mut self, clock: &Clock) -> &Addon {
        for (code, title) in USER_FIELDS {
            let field = Definition::text_of_user(code, title);
            self.definitions.ensure(field).expect("the install script's codes are names");
        }
        let addon = Addon::installed(self.ids.next(), clock.now_ms());
        if self.dialect.installed_event {
            self.happenings.push(Happening::installed(&addon.id, addon.created_ms));
        }
        self.addons.push(addon);
        self.addons.last().expect("an add-on was just pushed")
    }

    /// Takes an installed add-on out; the custom fields of users that its script made stay.
    ///
    /// # Errors
    ///
    /// There may be none with this id.
    pub(crate) fn uninstall(&mut self, id: &str) -> Result<(), ApiError> {
        self.addon_mut(id)?;
        self.addons.retain(|addon| addon.id != id);
        Ok(())
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

    /// Files a task in the name of an add-on.
    ///
    /// # Errors
    ///
    /// The task is about a record that is not there. Units are not simulated, so any will do.
    pub(crate) fn file(&mut self, wish: Wish, addon_id: &str, now_ms: u64) -> Result<&Task, ApiError> {
        let is_there = match wish.target.as_str() {
            "user" => self.directory.place_of(&wish.target_id).is_some(),
            "addon" => self.addons.iter().any(|addon| addon.id == wish.target_id),
            _ => true,
        };
        if !is_there {
            return Err(ApiError::invalid(format!("data.targetId is no {} here", wish.target)));
        }
        self.tasks.push(Task::filed(self.ids.next(), wish, addon_id, now_ms));
        Ok(self.tasks.last().expect("a task was just pushed"))
    }

    /// A task, to be changed.
    ///
    /// # Errors
    ///
    /// There may be none with this id.
    pub(crate) fn task_mut(&mut self, id: &str) -> Result<&mut Task, ApiError> {
        self.tasks.iter_mut().find(|task| task.id == id).ok_or_else(|| ApiError::missing("Job not found"))
    }

    fn place(&self, id: &str) -> Result<usize, ApiError> {
        self.directory.place_of(id).ok_or_else(no_user)
    }

    fn insert(&mut self, patch: &Patch, now_ms: u64) -> Result<usize, ApiError> {
        let email = patch.email().ok_or_else(|| ApiError::invalid("email is required"))?;
        self.check_free(email, None)?;
        let mut user =
            User { id: self.ids.next(), created_ms: now_ms, updated_ms: now_ms, ..User::default() };
        patch.merge_into(&mut user, &field_rules(&self.definitions, &self.dialect, patch));
        patch.merge_billing(&mut user);
        Ok(self.directory.add(user))
    }

    /// What is checked of a wish before anything is changed.
    fn check(&self, patch: &Patch, is_new: bool) -> Result<(), ApiError> {
        let at_the_portal = [Required::Email, Required::FirstName, Required::LastName];
        let required = match patch.by {
            Author::Person => &at_the_portal[..],
            Author::Addon(_) => &self.dialect.create_requires,
        };
        patch.check_required(required, is_new)?;
        patch.check_required(&[Required::Email], is_new)?;
        patch.check_fields(&field_rules(&self.definitions, &self.dialect, patch))?;
        match patch.language() {
            Some(language) if self.dialect.language_checked && !LANGUAGES.contains(&language) => {
                Err(ApiError::invalid(format!("language must be one of {}", LANGUAGES.join(", "))))
            }
            _ => Ok(()),
        }
    }

    fn check_free(&self, email: &str, own_place: Option<usize>) -> Result<(), ApiError> {
        match self.directory.place_of_email(email) {
            Some(place) if Some(place) != own_place && !self.dialect.shared_emails => {
                let refusal = ApiError::conflict("A user with this email already exists");
                Err(refusal.with_status(self.dialect.duplicate_status))
            }
            _ => Ok(()),
        }
    }

    /// Disables or enables, and says when if it was not so before.
    fn switch(&mut self, place: usize, disabled: bool, clock: &Clock) -> Option<u64> {
        let user = self.directory.at_mut(place);
        if user.disabled == disabled {
            return None;
        }
        user.disabled = disabled;
        user.updated_ms = clock.after(user.updated_ms);
        let title = if disabled { "Disabled" } else { "Enabled" };
        let change = Change { at_ms: user.updated_ms, by: Author::Person, title, changed: Vec::new() };
        user.history.add(change);
        Some(user.updated_ms)
    }

    fn tell_update(&mut self, id: &str, keys: Vec<String>, at_ms: u64) {
        let keys = match self.dialect.changed_keys {
            ChangedKeys::Present => Some(keys),
            ChangedKeys::Empty => Some(Vec::new()),
            ChangedKeys::Missing => None,
        };
        self.happenings.push(Happening::updated(id, keys, at_ms));
    }
}

/// A person's form shows what is defined and changes only what it shows; the dialect is that of the API.
fn field_rules<'a>(defined: &'a Definitions, dialect: &Dialect, patch: &Patch) -> FieldRules<'a> {
    match patch.by {
        Author::Person => FieldRules { defined, undefined: Undefined::Dropped, replace: false },
        Author::Addon(_) => FieldRules {
            defined,
            undefined: dialect.undefined_custom_field,
            replace: dialect.custom_fields_replace,
        },
    }
}

fn no_user() -> ApiError {
    ApiError::missing("User not found")
}
