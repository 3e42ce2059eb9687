//! Explain: why one person's records are as they are. What both sides hold now, what was agreed on, who changed what
//! last, what the next sync would do, and what was done before.
//!
//! Values are read when somebody asks, shown, and neither stored nor logged; nothing is written but the line in the
//! audit log. `look` finds the records, `fields` and `verdict` (both pure) say what would happen to them.

use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use text::text;

use self::{
    fields::{Facts, field_views},
    look::Look,
    verdict::{Case, verdict},
};
pub use self::{
    fields::{FieldNext, FieldView, LastWrite, Shown},
    look::{MatchedBy, Owner, Reading},
    verdict::CODES,
};
use crate::{
    access::audit::{Actor, Entry},
    conflicts::Conflict,
    core::Core,
    error::Error,
    health::{Assessment, Health},
    installation::{Installation, Scope},
    merge::Directions,
    queue::change::Subject,
    record::{
        decide::{Ground, Pair, decide},
        plan::{Plan, needs_contact},
        side::Values,
        users::updated_micros,
    },
    storage::entity::{brake_row, change, link, link_alias},
    views::activity::{ChangeRow, OutcomeFilter, OutcomeRow},
};

mod fields;
mod look;
mod verdict;

/// Outcomes shown.
const OUTCOMES_SHOWN: u64 = 20;
/// An id or an address longer than this names nobody.
const NAME_MAX: usize = 254;

/// Whom somebody asks about.
#[derive(Clone, PartialEq, Eq)]
pub enum Who {
    /// A Storeganise user, by id.
    User(String),
    /// A HubSpot contact, by its id or one that was merged away.
    Contact(String),
    /// A person, by e-mail address.
    Email(String),
}

/// Why a person's records are as they are.
#[derive(Debug)]
pub struct Explanation {
    /// The pair, where there is one.
    pub link: Option<LinkView>,
    /// The Storeganise side.
    pub user: SideView,
    /// The HubSpot side.
    pub contact: SideView,
    /// How the contact was found (or the user, where a contact was asked for), where the two are not linked.
    pub matched_by: Option<MatchedBy>,
    /// Whom one of the two belongs to already: they are not paired.
    pub owner: Option<Owner>,
    /// Whether the person's contact was deleted for privacy and is not made again.
    pub is_erased: bool,
    /// What the next sync would do, as a code.
    pub next: String,
    /// Why it will not come to that for now; it has causes only where the installation does not work.
    pub stopped: Option<Assessment>,
    /// Field by field.
    pub fields: Vec<FieldView>,
    /// What was done before, the newest first.
    pub outcomes: Vec<OutcomeRow>,
    /// What waits, or failed too often.
    pub changes: Vec<ChangeRow>,
    /// What a person has to decide.
    pub conflicts: Vec<ConflictView>,
    /// Fields whose writing the brake holds back.
    pub braked: Option<Vec<String>>,
}

/// A pair as we keep it.
#[derive(Debug, Clone)]
pub struct LinkView {
    /// The user.
    pub user_id: String,
    /// The contact.
    pub contact_id: String,
    /// Ids of contacts that were merged into it.
    pub aliases: Vec<String>,
    /// Since when they belong together, in microseconds since 1970.
    pub since: i64,
    /// When they were last brought together.
    pub synced_at: i64,
    /// Whether the user is known to hold the contact's id.
    pub is_mirrored: bool,
}

/// One side.
#[derive(Debug, Clone)]
pub struct SideView {
    /// The record's id, where one is named.
    pub id: Option<String>,
    /// Whether it is there.
    pub reading: Reading,
    /// When it was last changed there, by whomever.
    pub updated_at: Option<i64>,
}

/// What a person has to decide.
#[derive(Debug, Clone)]
pub struct ConflictView {
    /// The field; empty where it is about the pair as a whole.
    pub field: String,
    /// Why, as a code.
    pub kind: String,
    /// Since when.
    pub noticed_at: i64,
}

impl Who {
    /// Takes what was typed.
    ///
    /// # Errors
    /// [`Error::Invalid`] where it can name nobody.
    pub fn checked(self) -> Result<Self, Error> {
        let (field, text) = match &self {
            Self::User(id) => ("user", id),
            Self::Contact(id) => ("contact", id),
            Self::Email(address) => ("email", address),
        };
        let is_address = !matches!(self, Self::Email(_)) || text.contains('@');
        if text.trim().is_empty() || text.len() > NAME_MAX || !is_address {
            return Err(Error::invalid(field, text!("refused-give-the-id-of")));
        }
        Ok(match self {
            Self::User(id) => Self::User(id.trim().to_owned()),
            Self::Contact(id) => Self::Contact(id.trim().to_owned()),
            Self::Email(address) => Self::Email(address.trim().to_owned()),
        })
    }
}

impl Core {
    /// Explains one person.
    ///
    /// # Errors
    /// [`Error::Invalid`] where nobody can be meant, or the database does not answer. A provider that does not answer
    /// is no error: the explanation says that its side is not known.
    pub async fn explain(
        &self,
        installation: &Installation,
        who: Who,
        by: &Actor,
    ) -> Result<Explanation, Error> {
        let look = Box::pin(self.look(installation, who.checked()?)).await?;
        let entry = Entry::about(by, installation.id, "explain.looked").with(look.ids());
        self.audit(self.db().writer(), &entry).await?;
        let key = self.data_key(installation.scope()).await?.digest_key();
        let fields = installation.settings.fields();
        let ground = Ground { settings: &installation.settings, key: &key, fields: &fields };
        let values = look.user.record.as_ref().map(|user| Values::of_user(user, &fields));
        let conflicts = match look.user_id() {
            Some(user) => self
                .conflicts_of(installation.scope(), &[user.to_owned()])
                .await?
                .remove(user)
                .unwrap_or_default(),
            None => Vec::new(),
        };
        let now = self.now_micros();
        let plan = plan_of(ground, &look, values.as_ref(), (&conflicts, now));
        let facts = Facts { ground, look: &look, user: values.as_ref(), plan: plan.as_ref() };
        let known = self.kept(installation.scope(), &look).await?;
        let is_erased = match look.user_id() {
            Some(id) => self.is_erased_user(installation.scope(), &key, id).await?,
            None => false,
        };
        let assessment = self.summary(installation.id).await?.assessment();
        let stops = matches!(assessment.health, Health::Stopped | Health::NeedsAuthorisation);
        Ok(Explanation {
            next: verdict(&Case {
                look: &look,
                is_blank: values.as_ref().is_some_and(Values::is_empty),
                is_erased,
                plan: plan.as_ref(),
            })
            .to_owned(),
            stopped: stops.then_some(assessment),
            fields: field_views(&facts),
            user: SideView {
                id: look.user_id().map(str::to_owned),
                reading: look.user.reading.clone(),
                updated_at: look.user.record.as_ref().and_then(updated_micros),
            },
            contact: SideView {
                id: look.contact_id().map(str::to_owned),
                reading: look.contact.reading.clone(),
                updated_at: look.contact.record.as_ref().and_then(|record| look::micros(record.updated_at?)),
            },
            matched_by: look.matched_by,
            owner: look.owner.clone(),
            is_erased,
            link: known.link,
            outcomes: known.outcomes,
            changes: known.changes,
            conflicts: conflicts
                .iter()
                .filter(|known| known.choice.is_none())
                .map(ConflictView::of)
                .collect(),
            braked: known.braked,
        })
    }

    /// What our own tables hold of a person.
    async fn kept(&self, scope: Scope, look: &Look) -> Result<Kept, Error> {
        let mut kept = Kept { link: self.link_view(scope, look).await?, ..Kept::default() };
        let mut contacts: Vec<String> = look.contact_id().map(str::to_owned).into_iter().collect();
        if let Some(link) = &kept.link {
            contacts.push(link.contact_id.clone());
            contacts.extend(link.aliases.iter().cloned());
        }
        contacts.sort_unstable();
        contacts.dedup();
        let user = look.user_id();
        kept.changes = self.changes_about(scope, user, &contacts).await?;
        kept.outcomes = self.outcomes_about(scope, user, &contacts).await?;
        if let Some(user) = user {
            kept.braked = self.braked_fields(scope, user).await?;
        }
        Ok(kept)
    }

    async fn link_view(&self, scope: Scope, look: &Look) -> Result<Option<LinkView>, Error> {
        let Some(known) = &look.link else { return Ok(None) };
        let found =
            link::Entity::find_by_id((scope.id(), known.user_id.clone())).one(self.db().reader()).await?;
        let Some(row) = found else { return Ok(None) };
        let aliases = link_alias::Entity::find()
            .filter(link_alias::Column::InstallationId.eq(scope.id()))
            .filter(link_alias::Column::UserId.eq(row.user_id.as_str()))
            .order_by_asc(link_alias::Column::CreatedAt)
            .all(self.db().reader())
            .await?;
        Ok(Some(LinkView {
            is_mirrored: row.mirrored_contact_id.as_deref() == Some(row.contact_id.as_str()),
            user_id: row.user_id,
            contact_id: row.contact_id,
            aliases: aliases.into_iter().map(|alias| alias.contact_id).collect(),
            since: row.created_at,
            synced_at: row.synced_at,
        }))
    }

    async fn changes_about(
        &self,
        scope: Scope,
        user: Option<&str>,
        contacts: &[String],
    ) -> Result<Vec<ChangeRow>, Error> {
        let of = |subjects: &[Subject], ids: Vec<String>| {
            Condition::all()
                .add(change::Column::Subject.is_in(subjects.iter().map(|subject| subject.word())))
                .add(change::Column::SubjectId.is_in(ids))
        };
        let mut about = Condition::any().add(of(&[Subject::Contact], contacts.to_vec()));
        if let Some(user) = user {
            about = about.add(of(&[Subject::User, Subject::Mirror], vec![user.to_owned()]));
        }
        let rows = change::Entity::find()
            .filter(change::Column::InstallationId.eq(scope.id()))
            .filter(about)
            .all(self.db().reader())
            .await?;
        rows.into_iter().map(ChangeRow::from_row).collect()
    }

    async fn outcomes_about(
        &self,
        scope: Scope,
        user: Option<&str>,
        contacts: &[String],
    ) -> Result<Vec<OutcomeRow>, Error> {
        let mut found = Vec::new();
        for record in user.into_iter().chain(contacts.iter().map(String::as_str)) {
            let filter = OutcomeFilter { record: Some(record.to_owned()), ..OutcomeFilter::default() };
            found.extend(self.outcomes(scope, &filter, None, OUTCOMES_SHOWN).await?.items);
        }
        found.sort_by_key(|row| std::cmp::Reverse(row.id));
        found.dedup_by(|one, other| one.id == other.id);
        found.truncate(usize::try_from(OUTCOMES_SHOWN).unwrap_or(usize::MAX));
        Ok(found)
    }

    async fn braked_fields(&self, scope: Scope, user: &str) -> Result<Option<Vec<String>>, Error> {
        if self.braked(&[scope.id()]).await?.is_empty() {
            return Ok(None);
        }
        let fields: Option<String> = brake_row::Entity::find()
            .select_only()
            .column(brake_row::Column::Fields)
            .filter(brake_row::Column::InstallationId.eq(scope.id()))
            .filter(brake_row::Column::UserId.eq(user))
            .into_tuple()
            .one(self.db().reader())
            .await?;
        let names =
            |text: String| text.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        Ok(fields.map(names))
    }
}

/// What our own tables hold of a person.
#[derive(Default)]
struct Kept {
    link: Option<LinkView>,
    outcomes: Vec<OutcomeRow>,
    changes: Vec<ChangeRow>,
    braked: Option<Vec<String>>,
}

impl ConflictView {
    fn of(known: &Conflict) -> Self {
        Self {
            field: known.field.clone().unwrap_or_default(),
            kind: known.kind.word().to_owned(),
            noticed_at: known.noticed_at,
        }
    }
}

/// What the sync would decide, by the very functions it decides with; the contact is left out where the sync would
/// not read it. None where there is no user to sync, or the contact that would be read is not known.
fn plan_of(
    ground: Ground<'_>,
    look: &Look,
    values: Option<&Values>,
    (conflicts, now): (&[Conflict], i64),
) -> Option<Plan> {
    let (user, values) = (look.user.record.as_ref()?, values?);
    let settings = ground.settings;
    let link = look.link.as_ref();
    let mut contact = look.contact.record.as_ref();
    if let Some(link) = link {
        let then = settings.as_of(&link.baseline_version).unwrap_or_default();
        let digests = values.digests(ground.key, &then);
        let (policy, edits) = (settings.conflict_policy, settings.contact_edits);
        if !needs_contact(ground.fields, &digests, &link.baseline, policy, edits) {
            contact = None;
        } else if contact.is_none() {
            return None;
        }
    } else if contact.is_none() && look.contact.reading != Reading::Unnamed {
        return None;
    }
    let directions = Directions { to_contact: true, to_user: settings.contact_edits };
    Some(decide(ground, Pair { user, values, link, contact, conflicts }, directions, now))
}
