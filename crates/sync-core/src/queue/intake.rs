//! What an event means: which records to look at again. Signatures were checked before; content is never
//! written through.

use hubspot::{event::Event as HubspotEvent, record::ObjectKind};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use storeganise::{api_url::ApiUrl, event::Event as StoreganiseEvent};

use super::{
    change::{Mark, Origin, Subject},
    heard::Heard,
};
use crate::{
    core::Core,
    error::Error,
    fields,
    installation::{Installation, State},
    storage::entity::{connection, installation},
};

/// What intake makes of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// These records are to be looked at again; commit them before answering.
    Mark(Vec<Mark>),
    /// Nothing to do; the word says why, for counting.
    Ignore(&'static str),
    /// The event contradicts what was fixed at install, and is not believed.
    Refuse(&'static str),
}

/// What became of a webhook's events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// What to make of each event.
    pub verdicts: Vec<Verdict>,
    /// For whom there were events at all, and of which kind.
    pub heard: Vec<Heard>,
}

impl Core {
    /// Finds an installation by the key in its webhook address.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn by_webhook_key(&self, key: &str) -> Result<Option<Installation>, Error> {
        let found = installation::Entity::find()
            .filter(installation::Column::WebhookKey.eq(key))
            .one(self.db().reader())
            .await?;
        match found {
            Some(row) => self.with_business(row).await.map(Some),
            None => Ok(None),
        }
    }

    /// Decides about a Storeganise event; `only` where it arrived at that installation's own address.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn storeganise_event(
        &self,
        event: &StoreganiseEvent,
        only: Option<&Installation>,
    ) -> Result<Taken, Error> {
        let named = match (only, event.addon_id.as_deref()) {
            (None, Some(addon_id)) => self.by_addon_id(addon_id).await?,
            _ => None,
        };
        let Some(found) = only.or(named.as_ref()) else {
            let verdict = self.announcement(event).await?;
            return Ok(Taken { verdicts: vec![verdict], heard: Vec::new() });
        };
        let verdict = decide_storeganise(found, event);
        // What contradicts the install is not this installation's event.
        let is_its_own = !matches!(verdict, Verdict::Refuse(_));
        let heard = is_its_own.then(|| Heard::of_storeganise(found.scope(), &event.kind));
        Ok(Taken { verdicts: vec![verdict], heard: heard.into_iter().collect() })
    }

    /// An event of an add-on we do not know announces it.
    async fn announcement(&self, event: &StoreganiseEvent) -> Result<Verdict, Error> {
        let Some(addon_id) = event.addon_id.as_deref() else { return Ok(Verdict::Ignore("no_addon_id")) };
        let (Some(code), Some(url)) = (event.business_code.as_deref(), event.api_url.as_deref()) else {
            return Ok(Verdict::Ignore("unknown_addon"));
        };
        let Ok(url) = ApiUrl::parse(url, &self.storeganise().hosts) else {
            return Ok(Verdict::Refuse("api_url_not_allowed"));
        };
        match self.note_pending(code, addon_id, &url).await {
            Ok(()) => Ok(Verdict::Ignore("announced")),
            Err(Error::Invalid { .. }) => Ok(Verdict::Refuse("not_an_installation")),
            Err(error) => Err(error),
        }
    }

    /// Decides about HubSpot events: each goes to every installation connected to its portal, or only to
    /// `only` where it arrived at that installation's own address.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn hubspot_events(
        &self,
        events: &[HubspotEvent],
        only: Option<&Installation>,
    ) -> Result<Taken, Error> {
        let mut verdicts = Vec::with_capacity(events.len());
        let mut heard = Vec::with_capacity(events.len());
        let mut known: Vec<(i64, Vec<Installation>)> = Vec::new();
        for event in events {
            if !known.iter().any(|(portal, _)| *portal == event.portal_id) {
                known.push((event.portal_id, self.connected_to(event.portal_id, only).await?));
            }
            let connected = known.iter().find(|(portal, _)| *portal == event.portal_id);
            let targets = connected.map_or(&[][..], |(_, targets)| targets.as_slice());
            verdicts.push(decide_hubspot(event, targets, &self.hubspot().app.app_id));
            heard.extend(targets.iter().map(|target| Heard::of_hubspot(target.scope(), event)));
        }
        Ok(Taken { verdicts, heard })
    }

    async fn connected_to(
        &self,
        portal_id: i64,
        only: Option<&Installation>,
    ) -> Result<Vec<Installation>, Error> {
        let rows = connection::Entity::find()
            .filter(connection::Column::PortalId.eq(portal_id))
            .all(self.db().reader())
            .await?;
        let mut found = Vec::new();
        for row in rows {
            if only.is_none_or(|only| only.id == row.installation_id) {
                found.push(self.installation(row.installation_id).await?);
            }
        }
        Ok(found)
    }
}

/// Decides about a Storeganise event for a known installation.
fn decide_storeganise(installation: &Installation, event: &StoreganiseEvent) -> Verdict {
    if event.addon_id.as_deref().is_some_and(|id| id != installation.addon_id) {
        return Verdict::Refuse("another_addon");
    }
    if event.api_url.as_deref().is_some_and(|url| url.trim_end_matches('/') != installation.api_url) {
        return Verdict::Refuse("another_api_url");
    }
    if matches!(installation.state, State::Disabled | State::Pending) {
        return Verdict::Ignore("not_installed");
    }
    let scope = installation.scope();
    let mut marks = match event.kind.as_str() {
        "user.created" | "user.updated" | "user.disabled" => match event.user_id() {
            None => return Verdict::Ignore("no_user_id"),
            Some(_) if only_our_fields(event) => Vec::new(),
            Some(id) => vec![Mark::new(scope, Subject::User, id, Origin::Webhook)],
        },
        "addon.dailyEvent.started" => vec![Mark::new(scope, Subject::Sweep, "", Origin::Webhook)],
        _ => return Verdict::Ignore("unknown_type"),
    };
    // Storeganise is silent while the add-on is paused and does not announce that it is enabled again: the
    // first event after the silence does.
    if installation.addon_state.as_deref() != Some("enabled") {
        marks.push(Mark::new(scope, Subject::Sweep, "", Origin::Webhook));
    }
    if marks.is_empty() { Verdict::Ignore("echo") } else { Verdict::Mark(marks) }
}

/// An echo of our own writing names only the custom fields that we alone write.
fn only_our_fields(event: &StoreganiseEvent) -> bool {
    event.changed_keys().is_some_and(|keys| {
        keys.iter().all(|key| {
            key.strip_prefix("customFields.").is_some_and(|code| fields::OUR_USER_FIELDS.contains(&code))
        })
    })
}

/// What is kept of an erased contact goes even where nothing else is worked any more.
fn erasures(event: &HubspotEvent, targets: &[Installation]) -> Verdict {
    let kept = targets.iter().filter(|target| target.state != State::Pending);
    let mark = |target: &Installation| {
        let scope = target.scope();
        event.contact_ids().map(move |id| Mark::new(scope, Subject::Erasure, id, Origin::Webhook))
    };
    let marks: Vec<Mark> = kept.flat_map(mark).collect();
    if marks.is_empty() { Verdict::Ignore("not_asked_for") } else { Verdict::Mark(marks) }
}

/// A contact's event can concern a link: a new contact has none, and an edit counts only where it flows back.
fn concerns_a_link(event: &HubspotEvent, target: &Installation) -> bool {
    !event.is_creation() && (!event.is_property_change() || target.settings.contact_edits)
}

fn decide_hubspot(event: &HubspotEvent, targets: &[Installation], app_id: &str) -> Verdict {
    if targets.is_empty() {
        return Verdict::Ignore("unknown_portal");
    }
    if event.is_privacy_deletion() {
        return erasures(event, targets);
    }
    if event.is_echo_of(app_id) {
        return Verdict::Ignore("echo");
    }
    let subjects: Vec<(Subject, &str)> = match event.object_kind() {
        Some(ObjectKind::Deal) => event.deal_ids().map(|id| (Subject::Deal, id)).collect(),
        Some(ObjectKind::Contact) => event.contact_ids().map(|id| (Subject::Contact, id)).collect(),
        None => return Verdict::Ignore("unknown_type"),
    };
    let marks: Vec<Mark> = targets
        .iter()
        .filter(|target| !matches!(target.state, State::Disabled | State::Pending))
        .flat_map(|target| {
            subjects
                .iter()
                .filter(|(subject, _)| *subject == Subject::Deal || concerns_a_link(event, target))
                .map(|(subject, id)| Mark::new(target.scope(), *subject, *id, Origin::Webhook))
        })
        .collect();
    if marks.is_empty() { Verdict::Ignore("not_asked_for") } else { Verdict::Mark(marks) }
}
