//! Which events were last heard of, by their kind: who wonders whether webhooks arrive looks here. Events that ask for no
//! work count, too. The committer writes it with what it commits, the first one of a minute, so that a
//! burst costs one row.

use std::collections::{BTreeSet, HashMap};

use hubspot::{event::Event as HubspotEvent, record::ObjectKind};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, DatabaseTransaction, DbErr, EntityTrait as _, QueryFilter as _,
    QuerySelect as _, sea_query::OnConflict,
};
use uuid::Uuid;

use crate::{core::Core, error::Error, installation::Scope, storage::entity::heard};

const MINUTE_MICROS: i64 = 60 * 1_000_000;

/// Storeganise's events that mean something to us.
const STOREGANISE: [&str; 4] = ["user.created", "user.updated", "user.disabled", "addon.dailyEvent.started"];
const OTHER_STOREGANISE: &str = "storeganise.other";
/// HubSpot's, of contacts and of deals.
const CONTACT: [&str; 7] = [
    "contact.creation",
    "contact.propertyChange",
    "contact.deletion",
    "contact.restore",
    "contact.merge",
    "contact.associationChange",
    "contact.privacyDeletion",
];
const DEAL: [&str; 6] = [
    "deal.creation",
    "deal.propertyChange",
    "deal.deletion",
    "deal.restore",
    "deal.merge",
    "deal.associationChange",
];
const OTHER_HUBSPOT: &str = "hubspot.other";
/// Without these nothing reaches us but by the sweep, so that they are shown even where they were never received.
const NEEDED: [&str; 4] = ["user.created", "user.updated", "addon.dailyEvent.started", "deal.propertyChange"];

/// An event of a kind arrived for an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Heard {
    installation: Uuid,
    kind: &'static str,
}

/// When an event of a kind was last received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastHeard {
    /// The provider's word for it; one word for all that we do not know.
    pub kind: String,
    /// When; of several in a minute the first. None where it never was.
    pub at: Option<i64>,
}

impl Heard {
    pub(crate) fn of_storeganise(scope: Scope, kind: &str) -> Self {
        let known = STOREGANISE.into_iter().find(|known| *known == kind);
        Self { installation: scope.id(), kind: known.unwrap_or(OTHER_STOREGANISE) }
    }

    /// A generic event counts as its object's.
    pub(crate) fn of_hubspot(scope: Scope, event: &HubspotEvent) -> Self {
        let what = event.subscription_type.split_once('.').map_or("", |(_, what)| what);
        let kinds: &[&'static str] = match event.object_kind() {
            Some(ObjectKind::Contact) => &CONTACT,
            Some(ObjectKind::Deal) => &DEAL,
            None => &[],
        };
        let known = kinds.iter().find(|kind| kind.split_once('.').is_some_and(|(_, known)| known == what));
        Self { installation: scope.id(), kind: known.unwrap_or(&OTHER_HUBSPOT) }
    }
}

/// What this process wrote down already: an event of a minute that is noted costs nothing more.
#[derive(Debug, Default)]
pub(crate) struct Noted(HashMap<Heard, i64>);

impl Noted {
    /// What is not written down for this moment's minute, in the one order all processes write it in.
    pub(crate) fn news(&self, heard: impl Iterator<Item = Heard>, now: i64) -> BTreeSet<Heard> {
        heard.filter(|heard| self.0.get(heard) != Some(&minute_of(now))).collect()
    }

    /// Remembers what was committed.
    pub(crate) fn remember(&mut self, written: BTreeSet<Heard>, now: i64) {
        self.0.extend(written.into_iter().map(|heard| (heard, minute_of(now))));
    }
}

fn minute_of(at: i64) -> i64 {
    at - at.rem_euclid(MINUTE_MICROS)
}

/// Writes down what was heard of.
pub(crate) async fn write(on: &DatabaseTransaction, news: &BTreeSet<Heard>, now: i64) -> Result<(), DbErr> {
    if news.is_empty() {
        return Ok(());
    }
    let rows = news.iter().map(|heard| heard::ActiveModel {
        installation_id: Set(heard.installation),
        event: Set(heard.kind.to_owned()),
        at: Set(now),
    });
    let again = OnConflict::columns([heard::Column::InstallationId, heard::Column::Event])
        .update_column(heard::Column::At)
        .to_owned();
    heard::Entity::insert_many(rows).on_conflict(again).exec_without_returning(on).await?;
    Ok(())
}

impl Core {
    /// When anything was last heard of some installations; those of whom nothing was are left out.
    pub(crate) async fn heard_of(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, i64>, DbErr> {
        let last: Vec<(Uuid, i64)> = heard::Entity::find()
            .select_only()
            .column(heard::Column::InstallationId)
            .column_as(heard::Column::At.max(), "at")
            .filter(heard::Column::InstallationId.is_in(ids.to_vec()))
            .group_by(heard::Column::InstallationId)
            .into_tuple()
            .all(self.db().reader())
            .await?;
        Ok(last.into_iter().collect())
    }

    /// When each kind of event was last received, the needed ones first, even where they never were.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn last_heard(&self, scope: Scope) -> Result<Vec<LastHeard>, Error> {
        let rows = heard::Entity::find()
            .filter(heard::Column::InstallationId.eq(scope.id()))
            .all(self.db().reader())
            .await?;
        let at: HashMap<String, i64> = rows.into_iter().map(|row| (row.event, row.at)).collect();
        let all = STOREGANISE.into_iter().chain([OTHER_STOREGANISE]).chain(DEAL).chain(CONTACT);
        let shown = all.chain([OTHER_HUBSPOT]).map(|kind| (kind, at.get(kind).copied()));
        Ok(shown
            .filter(|(kind, at)| at.is_some() || NEEDED.contains(kind))
            .map(|(kind, at)| LastHeard { kind: kind.to_owned(), at })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(json: &str) -> &'static str {
        let event = HubspotEvent::parse_batch(format!("[{json}]").as_bytes()).unwrap().remove(0);
        Heard::of_hubspot(Scope::new(Uuid::nil()), &event).kind
    }

    #[test]
    fn an_event_is_known_by_its_object_and_what_happened_to_it() {
        for (json, expected) in [
            (r#"{"portalId":1,"subscriptionType":"contact.merge"}"#, "contact.merge"),
            (r#"{"portalId":1,"subscriptionType":"object.creation","objectTypeId":"0-3"}"#, "deal.creation"),
            (r#"{"portalId":1,"subscriptionType":"object.creation","objectTypeId":"0-2"}"#, OTHER_HUBSPOT),
            (r#"{"portalId":1,"subscriptionType":"contact.novelty"}"#, OTHER_HUBSPOT),
            (r#"{"portalId":1,"subscriptionType":"nonsense"}"#, OTHER_HUBSPOT),
        ] {
            assert_eq!(kind(json), expected, "{json}");
        }
        let storeganise = |kind| Heard::of_storeganise(Scope::new(Uuid::nil()), kind).kind;
        assert_eq!(storeganise("user.updated"), "user.updated");
        assert_eq!(
            storeganise("x".repeat(100_000).as_str()),
            OTHER_STOREGANISE,
            "a sender's word is not kept"
        );
    }

    #[test]
    fn within_a_minute_an_event_is_written_down_once() {
        let heard = Heard::of_storeganise(Scope::new(Uuid::nil()), "user.updated");
        let mut noted = Noted::default();
        let news = noted.news([heard, heard].into_iter(), 5 * MINUTE_MICROS);
        assert_eq!(news.len(), 1);
        noted.remember(news, 5 * MINUTE_MICROS);
        assert!(noted.news([heard].into_iter(), 6 * MINUTE_MICROS - 1).is_empty());
        assert_eq!(noted.news([heard].into_iter(), 6 * MINUTE_MICROS).len(), 1);
    }
}
