//! The linter: tries mappings on real records, read live, and says what a sync would write, and what would be
//! refused or cut. It writes nothing, neither there nor here.

use std::{collections::HashMap, fmt, sync::Arc};

use hubspot::{
    batch::{BATCH, BatchRead},
    record::{ObjectKind, Record},
};
use storeganise::user::User;
use uuid::Uuid;

use super::{
    Mapping, Misfit,
    check::{Warning, names},
    live::Live,
};
use crate::{
    access::audit::{Actor, Entry},
    core::Core,
    digest::DigestKey,
    error::Error,
    installation::Scope,
    merge::{Directions, Side},
    record::{
        baseline::Baseline,
        link::Link,
        plan::{Plan, Rules, Sides, plan},
        side::{Digests, Field, Values, contact_properties},
    },
    settings::Settings,
};

/// How many records a kind of misfit shows.
const EXAMPLES_MAX: usize = 10;
/// How much of a value is shown, in characters.
const SHOWN_CHARS_MAX: usize = 200;

/// What trying the mappings came to.
#[derive(Debug)]
pub struct Lint {
    /// The users that were read, staff left out.
    pub users: u64,
    /// Their linked contacts that were read.
    pub contacts: u64,
    /// One line for each mapping, in their order.
    pub mappings: Vec<Tried>,
    /// What to know about the mappings, as when they are saved.
    pub warnings: Vec<Warning>,
}

/// What one mapping came to.
#[derive(Debug)]
pub struct Tried {
    /// The mapping.
    pub mapping: Mapping,
    /// Contacts that would be written.
    pub to_contact: u64,
    /// Users that would be written.
    pub to_user: u64,
    /// Records of both sides with a value of their own, where the policy decides or a person is asked.
    pub conflicts: u64,
    /// Records with a value that would stay as they are.
    pub unchanged: u64,
    /// Records that are blank on both sides.
    pub blank: u64,
    /// Values that would be left out, by side and reason.
    pub misfits: Vec<Refused>,
}

/// Values of one side that the other cannot take, for one reason.
#[derive(Debug)]
pub struct Refused {
    /// Whose values they are.
    pub side: Side,
    /// Why they cannot be taken.
    pub why: Misfit,
    /// How many there are.
    pub count: u64,
    /// Up to ten of them.
    pub examples: Vec<Example>,
}

/// A record with a value that does not fit. The value is for whoever asked, and for no log.
#[derive(Clone, PartialEq, Eq)]
pub struct Example {
    /// The user.
    pub user_id: String,
    /// Its contact, where it has one.
    pub contact_id: Option<String>,
    /// The beginning of the value.
    pub value: String,
}

impl fmt::Debug for Example {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Example").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

impl Core {
    /// Tries the mappings of these settings on the newest users and their linked contacts.
    ///
    /// # Errors
    /// [`Error::InvalidInputs`] where the settings cannot be saved; else a side cannot be asked.
    pub async fn lint_settings(&self, id: Uuid, wanted: &Settings, by: &Actor) -> Result<Lint, Error> {
        let found = self.installation(id).await?;
        let mut problems = wanted.problems();
        problems.extend(names(&wanted.custom_fields));
        if !problems.is_empty() {
            return Err(Error::InvalidInputs(problems));
        }
        let known = wanted.with_options_of(&found.settings);
        let live = self.read_live(&found, &known.custom_fields).await?;
        let checked = live.check(&known.custom_fields)?;
        let settings = Settings { custom_fields: checked.mappings, ..known };
        let users: Vec<&User> =
            live.users.iter().filter(|user| user.roles.is_empty() && user.custom_fields.is_some()).collect();
        let ids: Vec<String> = users.iter().map(|user| user.id.clone()).collect();
        let links = self.links_of_users(found.scope(), &ids).await?;
        let contacts = linked_contacts(&live, &settings, &links).await?;
        let key = self.data_key(found.scope()).await?.digest_key();
        let mut trial = Trial::new(&settings, &key);
        for user in &users {
            let link = links.get(&user.id);
            let contact = link.and_then(|link| contacts.get(&link.contact_id));
            // A linked contact that does not answer was merged or deleted: the sync finds out which.
            if link.is_none() || contact.is_some() {
                trial.add(user, link, contact);
            }
        }
        self.note_lint(found.scope(), by, users.len()).await?;
        Ok(Lint {
            users: users.len() as u64,
            contacts: contacts.len() as u64,
            mappings: trial.tried,
            warnings: checked.warnings,
        })
    }

    async fn note_lint(&self, scope: Scope, by: &Actor, users: usize) -> Result<(), Error> {
        let entry = Entry::about(by, scope.id(), "settings.tried").with(format!("{users} users"));
        Ok(self.audit(self.db().writer(), &entry).await?)
    }
}

async fn linked_contacts(
    live: &Live,
    settings: &Settings,
    links: &HashMap<String, Link>,
) -> Result<HashMap<String, Record>, Error> {
    let ids: Vec<String> = links.values().map(|link| link.contact_id.clone()).collect();
    let mut found = HashMap::new();
    for chunk in ids.chunks(BATCH) {
        let batch = BatchRead {
            ids: chunk.to_vec(),
            id_property: None,
            properties: contact_properties(&settings.fields()),
            with_history: Vec::new(),
        };
        let reply = live.portal.read(ObjectKind::Contact, &batch).await?;
        found.extend(reply.records.into_iter().map(|record| (record.id.clone(), record)));
    }
    Ok(found)
}

/// The mappings while they are tried. Pure.
struct Trial<'a> {
    settings: &'a Settings,
    key: &'a DigestKey,
    fields: Vec<Field>,
    tried: Vec<Tried>,
}

/// One pair as it is tried.
struct Pair<'a> {
    user_id: &'a str,
    contact_id: Option<&'a str>,
    user: Values,
    contact: Values,
    plan: Plan,
}

impl<'a> Trial<'a> {
    fn new(settings: &'a Settings, key: &'a DigestKey) -> Self {
        let mappings = &settings.custom_fields;
        let tried = mappings.iter().map(|mapping| Tried {
            mapping: mapping.clone(),
            to_contact: 0,
            to_user: 0,
            conflicts: 0,
            unchanged: 0,
            blank: 0,
            misfits: Vec::new(),
        });
        let fields = mappings.iter().map(|mapping| Field::Custom(Arc::new(mapping.clone()))).collect();
        Self { settings, key, fields, tried: tried.collect() }
    }

    fn add(&mut self, user: &User, link: Option<&Link>, contact: Option<&Record>) {
        let values = Values::of_user(user, &self.fields);
        let of_contact = contact.map(|contact| Values::of_contact(contact, &self.fields)).unwrap_or_default();
        let digests = |values: &Values| values.digests(self.key, self.settings);
        let (of_user, there) = (digests(&values), digests(&of_contact));
        let plan = self.decide(&of_user, &there, link);
        let pair = Pair {
            user_id: &user.id,
            contact_id: contact.map(|contact| contact.id.as_str()),
            user: values,
            contact: of_contact,
            plan,
        };
        for (field, tried) in self.fields.iter().zip(&mut self.tried) {
            tried.count(field, &pair);
        }
    }

    /// What a sync would do with the pair: by the same rules.
    fn decide(&self, user: &Digests, contact: &Digests, link: Option<&Link>) -> Plan {
        let blank = Baseline::default();
        let sides = Sides { user, contact: Some(contact), user_today: user, contact_today: Some(contact) };
        let directions = Directions { to_contact: true, to_user: self.settings.contact_edits };
        let rules = Rules::plain(&self.fields, self.settings.conflict_policy, directions);
        plan(sides, link.map_or(&blank, |link| &link.baseline), &rules)
    }
}

impl Tried {
    fn count(&mut self, field: &Field, pair: &Pair<'_>) {
        let (user, contact) = (pair.user.get(field), pair.contact.get(field));
        let to_contact = self.mapping.to_contact(user.unwrap_or_default()).err();
        let to_user = self.mapping.to_user(contact.unwrap_or_default()).err();
        if let Some(why) = to_contact.filter(|_| self.mapping.direction.reaches_contacts()) {
            self.refuse(Side::User, why, pair, user);
        }
        if let Some(why) = to_user.filter(|_| self.mapping.direction.reaches_users()) {
            self.refuse(Side::Contact, why, pair, contact);
        }
        let plan = &pair.plan;
        if plan.conflicts.contains(field) || plan.asks.contains(field) {
            self.conflicts += 1;
        }
        if plan.to_contact.contains(field) {
            self.to_contact += u64::from(to_contact.is_none());
        } else if plan.to_user.contains(field) {
            self.to_user += u64::from(to_user.is_none());
        } else if user.is_none() && contact.is_none() {
            self.blank += 1;
        } else if !plan.asks.contains(field) {
            self.unchanged += 1;
        }
    }

    fn refuse(&mut self, side: Side, why: Misfit, pair: &Pair<'_>, value: Option<&str>) {
        let place = self.misfits.iter().position(|known| (known.side, known.why) == (side, why));
        let place = place.unwrap_or_else(|| {
            self.misfits.push(Refused { side, why, count: 0, examples: Vec::new() });
            self.misfits.len() - 1
        });
        let refused = &mut self.misfits[place];
        refused.count += 1;
        if refused.examples.len() < EXAMPLES_MAX {
            refused.examples.push(Example {
                user_id: pair.user_id.to_owned(),
                contact_id: pair.contact_id.map(str::to_owned),
                value: value.unwrap_or_default().chars().take(SHOWN_CHARS_MAX).collect(),
            });
        }
    }
}
