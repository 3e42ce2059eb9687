//! In which ways deals and contacts are tied: always in HubSpot's own way, and besides by the labels that the
//! people of a portal made (reference section 4). Who is tied to whom stands in the records; see `life`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::kind::Kind;
use super::record::{Author, Record};
use crate::hubspot::error::ApiError;
use crate::hubspot::portal::Portal;

/// Far from HubSpot's own type ids, so that nobody takes one for the other.
const FIRST_LABEL_TYPE_ID: u32 = 1_000;
/// The most labels a portal may make.
const LABELS_MAX: usize = 50;

/// Who defined a type of association.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum Category {
    /// HubSpot itself.
    #[default]
    #[serde(rename = "HUBSPOT_DEFINED")]
    Hubspot,
    /// A person of the portal.
    #[serde(rename = "USER_DEFINED")]
    User,
    /// An app; the sandbox has none of these.
    #[serde(rename = "INTEGRATOR_DEFINED")]
    Integrator,
}

/// A type of association as a write names it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TypeSpec {
    /// Who defined it.
    #[serde(default)]
    pub(crate) association_category: Category,
    /// HubSpot's: 3 from deal to contact, 4 the other way; a label has one for each direction, too.
    pub(crate) association_type_id: u32,
}

/// A label as it is asked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewLabel {
    name: String,
    label: String,
    inverse_label: Option<String>,
}

/// The other end of an association, and the labels it is to carry.
#[derive(Debug)]
pub(crate) struct Tie {
    /// The record of the other kind.
    pub(crate) to: u64,
    /// The labels, by their place in the portal's list.
    pub(crate) labels: BTreeSet<usize>,
}

/// The labels of a portal, and which of its associations carry them.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    known: Vec<Label>,
    carried: BTreeMap<Pair, BTreeSet<usize>>,
}

/// A deal and a contact.
type Pair = (u64, u64);

#[derive(Debug)]
struct Label {
    name: String,
    from_deal: Side,
    from_contact: Side,
}

#[derive(Debug)]
struct Side {
    type_id: u32,
    text: String,
}

impl Label {
    fn from(&self, kind: Kind) -> &Side {
        match kind {
            Kind::Deal => &self.from_deal,
            Kind::Contact => &self.from_contact,
        }
    }
}

impl Side {
    fn to_json(&self) -> Value {
        json!({"category": "USER_DEFINED", "typeId": self.type_id, "label": self.text})
    }
}

impl Labels {
    /// Gives a merged record's labels to the record that it became.
    pub(super) fn pass_on(&mut self, kind: Kind, former: [u64; 2], id: u64) {
        for (pair, labels) in std::mem::take(&mut self.carried) {
            let pair = match (kind, pair) {
                (Kind::Deal, (deal, contact)) if former.contains(&deal) => (id, contact),
                (Kind::Contact, (deal, contact)) if former.contains(&contact) => (deal, id),
                _ => pair,
            };
            self.carried.entry(pair).or_default().extend(labels);
        }
    }

    /// Forgets what an association carried.
    pub(super) fn forget(&mut self, deal: u64, contact: u64) {
        self.carried.remove(&(deal, contact));
    }

    fn of(&self, pair: Pair) -> impl Iterator<Item = &Label> {
        self.carried.get(&pair).into_iter().flatten().filter_map(|place| self.known.get(*place))
    }
}

impl Portal {
    /// Every type of association from this kind to the other one.
    pub(crate) fn association_types(&self, kind: Kind) -> Vec<Value> {
        let labels = self.labels.known.iter().map(|label| label.from(kind).to_json());
        std::iter::once(own_type(kind)).chain(labels).collect()
    }

    /// The types that one association carries, read from this kind.
    pub(crate) fn types_between(&self, kind: Kind, from: u64, to: u64) -> Vec<Value> {
        let labels = self.labels.of(pair(kind, from, to)).map(|label| label.from(kind).to_json());
        std::iter::once(own_type(kind)).chain(labels).collect()
    }

    /// The texts of the labels that one association carries, read from this kind.
    pub(crate) fn labels_between(&self, kind: Kind, from: u64, to: u64) -> Vec<&str> {
        self.labels.of(pair(kind, from, to)).map(|label| label.from(kind).text.as_str()).collect()
    }

    /// Makes a label and answers with its type in both directions.
    ///
    /// # Errors
    /// 400 without a name, when the name is taken, and above fifty labels.
    pub(crate) fn create_label(&mut self, kind: Kind, asked: NewLabel) -> Result<Vec<Value>, ApiError> {
        let NewLabel { name, label, inverse_label } = asked;
        if name.is_empty() || label.is_empty() {
            return Err(ApiError::invalid("An association label needs a name and a label"));
        }
        if self.labels.known.iter().any(|known| known.name == name) {
            return Err(ApiError::invalid(format!("An association label named {name} already exists")));
        }
        if self.labels.known.len() >= LABELS_MAX {
            return Err(ApiError::invalid(format!("There are {LABELS_MAX} association labels already")));
        }
        let next = FIRST_LABEL_TYPE_ID + 2 * u32::try_from(self.labels.known.len()).unwrap_or_default();
        let there = Side { type_id: next, text: label.clone() };
        let back = Side { type_id: next + 1, text: inverse_label.unwrap_or(label) };
        let shown = vec![there.to_json(), back.to_json()];
        let (from_deal, from_contact) = match kind {
            Kind::Deal => (there, back),
            Kind::Contact => (back, there),
        };
        self.labels.known.push(Label { name, from_deal, from_contact });
        Ok(shown)
    }

    /// The labels that a write means; HubSpot's own type needs none.
    ///
    /// # Errors
    /// 400 for a type that does not lead from this kind to the other.
    pub(crate) fn labels_meant(&self, kind: Kind, types: &[TypeSpec]) -> Result<BTreeSet<usize>, ApiError> {
        let mut meant = BTreeSet::new();
        for given in types.iter().filter(|given| !is_own(kind, given)) {
            let mut known = self.labels.known.iter().map(|label| label.from(kind).type_id);
            match known.position(|id| id == given.association_type_id) {
                Some(place) if given.association_category == Category::User => meant.insert(place),
                _ => {
                    return Err(ApiError::invalid(format!(
                        "Association type id {} does not exist here",
                        given.association_type_id
                    )));
                }
            };
        }
        Ok(meant)
    }

    /// Ties a record to one of the other kind and adds labels to what the association carries already.
    pub(crate) fn tie(&mut self, kind: Kind, from: u64, tie: &Tie, author: Author) {
        let (deal, contact) = pair(kind, from, tie.to);
        self.associate(deal, contact, author);
        if !tie.labels.is_empty() {
            self.labels.carried.entry((deal, contact)).or_default().extend(&tie.labels);
        }
    }

    /// Ends an association with all its labels; `false` when there is none.
    pub(crate) fn untie(&mut self, kind: Kind, from: u64, to: u64, author: Author) -> bool {
        let (deal, contact) = pair(kind, from, to);
        self.dissociate(deal, contact, author)
    }

    /// Takes single types from an association; without HubSpot's own type nothing is left of it.
    ///
    /// # Errors
    /// 400 for a type that does not lead from this kind to the other.
    pub(crate) fn take_types(
        &mut self,
        kind: Kind,
        (from, to): (u64, u64),
        types: &[TypeSpec],
        author: Author,
    ) -> Result<(), ApiError> {
        let meant = self.labels_meant(kind, types)?;
        if types.iter().any(|given| is_own(kind, given)) {
            self.untie(kind, from, to, author);
        } else if let Some(carried) = self.labels.carried.get_mut(&pair(kind, from, to)) {
            carried.retain(|place| !meant.contains(place));
        }
        Ok(())
    }

    /// The records that this one is tied to, from after an id on; what lies in the recycle bin is left out.
    pub(crate) fn tied(&self, kind: Kind, record: &Record, after: u64) -> impl Iterator<Item = u64> {
        let ids = record.associated.iter().copied();
        ids.filter(move |id| *id > after && self.live(kind.other(), *id).is_some())
    }
}

fn pair(kind: Kind, from: u64, to: u64) -> Pair {
    match kind {
        Kind::Deal => (from, to),
        Kind::Contact => (to, from),
    }
}

fn own_type(kind: Kind) -> Value {
    json!({"category": "HUBSPOT_DEFINED", "typeId": kind.association_type_id(), "label": null})
}

fn is_own(kind: Kind, given: &TypeSpec) -> bool {
    given.association_category == Category::Hubspot && given.association_type_id == kind.association_type_id()
}
