//! Cause codes, reasons and states in plain words. Codes come from the core and both clients; the words are
//! ours alone: nothing a provider wrote is ever repeated, because it may quote what a person typed.

use sync_core::{
    health::{Assessment, Cause, Health},
    installation::State,
    queue::{change::Subject, outcome::Action},
    views::runs::RunKind,
};

mod reasons;

/// What happened, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// What happened and why, as a sentence.
    pub what: String,
    /// What to do, as a sentence; empty where there is nothing to do.
    pub todo: String,
}

impl Words {
    /// Both sentences as one text.
    #[must_use]
    pub fn text(&self) -> String {
        if self.todo.is_empty() { self.what.clone() } else { format!("{} {}", self.what, self.todo) }
    }
}

/// Puts a cause code or a reason into plain words; an unknown code is named, not guessed.
#[must_use]
pub fn explain(code: &str) -> Words {
    if let Some((_, what, todo)) = reasons::TABLE.iter().find(|(known, ..)| *known == code) {
        return Words { what: (*what).to_owned(), todo: (*todo).to_owned() };
    }
    by_family(code).unwrap_or_else(|| Words {
        what: format!("Something happened that Annex has no words for yet ({code})."),
        todo: "If it stays, hand this code to the developers.".to_owned(),
    })
}

/// Codes that carry a status, a field or a further code after a fixed beginning.
fn by_family(code: &str) -> Option<Words> {
    let (what, todo) = reasons::FAMILIES.iter().find_map(|(family, what, todo)| {
        code.strip_prefix(family).map(|rest| (what.replace("{}", rest), *todo))
    })?;
    Some(Words { what, todo: todo.to_owned() })
}

/// How an installation's health is shown: a word and a shape, so that colour is never needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthWords {
    /// The word.
    pub word: &'static str,
    /// The class its colour comes from.
    pub tone: &'static str,
    /// What it means and what to do, as a sentence.
    pub sentence: &'static str,
}

/// A health in plain words.
#[must_use]
pub fn health_name(health: Health) -> &'static str {
    match health {
        Health::Healthy => "Healthy",
        Health::Working => "Working",
        Health::Degraded => "Degraded",
        Health::NeedsAuthorisation => "Needs authorisation",
        Health::Stopped => "Stopped",
    }
}

/// What staff chose for an installation, in plain words.
#[must_use]
pub fn state(state: State) -> &'static str {
    match state {
        State::Pending => "Waiting to be accepted",
        State::Installed => "Installed, not enabled yet",
        State::Enabled => "Enabled",
        State::Paused => "Paused",
        State::Disabled => "Disabled",
    }
}

/// The words for an installation's health: its word, and the sentence of its gravest cause.
#[must_use]
pub fn health(assessment: &Assessment) -> HealthWords {
    let tone = match assessment.health {
        Health::Healthy => "good",
        Health::Working => "work",
        Health::Degraded | Health::NeedsAuthorisation => "bad",
        Health::Stopped => "rest",
    };
    let well = "It is at work and nothing has failed.";
    let sentence = assessment.causes.first().map_or(well, |cause| health_cause(*cause));
    // A provider that is down, and what waits for a person to begin with, are no failure.
    let tone = match (assessment.health, assessment.needs_a_person()) {
        (Health::Degraded, false) => "work",
        (Health::Stopped, true) => "need",
        (Health::NeedsAuthorisation, _) if assessment.causes == [Cause::NeverAuthorised] => "need",
        _ => tone,
    };
    HealthWords { word: health_name(assessment.health), tone, sentence }
}

/// A cause of an installation's health as a sentence.
#[must_use]
pub fn health_cause(cause: Cause) -> &'static str {
    match cause {
        Cause::NotAccepted => "Storeganise announced this add-on. Accept it, or remove it.",
        Cause::NotEnabled => "Staff have not enabled it yet. Its page shows the next step.",
        Cause::Paused => "Staff have paused it: nothing is sent, and changes collect.",
        Cause::Disabled => "Staff have disabled it: nothing is sent, and no change collects.",
        Cause::DisabledAtStoreganise => {
            "Storeganise refuses access to this add-on. Enable it on the business's Add-ons page."
        }
        Cause::PausedAtStoreganise => "Nothing is sent until the add-on is enabled at Storeganise.",
        Cause::NeverAuthorised => "HubSpot is not authorised yet. Its page shows the next step.",
        Cause::AccessLost => {
            "HubSpot no longer lets us in. The business has to authorise again with its link."
        }
        Cause::NoUniqueProperty => "The HubSpot account does not have the unique property we need.",
        Cause::BrakeHeld => {
            "A change of unusually many records is held back. Look at the list, then release or drop it."
        }
        Cause::Parked => "Some records failed too often and wait for a person. Open the activity to see why.",
        Cause::Conflicts => "Some records differ on both sides. Choose which values to keep.",
        Cause::Held => "A provider is down or asked for patience. It goes on by itself.",
        Cause::AtWork => "Changes are being synced just now.",
    }
}

/// A kind of event in plain words.
#[must_use]
pub fn event(kind: &str) -> &'static str {
    match kind {
        "user.created" => "A user was made at Storeganise",
        "user.updated" => "A user was changed at Storeganise",
        "user.disabled" => "A user was disabled at Storeganise",
        "addon.dailyEvent.started" => "Storeganise's daily sign of life",
        "storeganise.other" => "Something else at Storeganise",
        "contact.creation" => "A contact was made at HubSpot",
        "contact.propertyChange" => "A contact was changed at HubSpot",
        "contact.deletion" => "A contact was deleted at HubSpot",
        "contact.restore" => "A contact was restored at HubSpot",
        "contact.merge" => "Contacts were merged at HubSpot",
        "contact.associationChange" => "A contact was put on a record at HubSpot, or taken off",
        "contact.privacyDeletion" => "A contact was deleted for privacy at HubSpot",
        "deal.creation" => "A deal was made at HubSpot",
        "deal.propertyChange" => "A deal was changed at HubSpot",
        "deal.deletion" => "A deal was deleted at HubSpot",
        "deal.restore" => "A deal was restored at HubSpot",
        "deal.merge" => "Deals were merged at HubSpot",
        "deal.associationChange" => "A contact was put on a deal at HubSpot, or taken off",
        _ => "Something else at HubSpot",
    }
}

/// A run's kind in plain words.
#[must_use]
pub fn run(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Backfill => "Sync of all users",
        RunKind::Reconcile => "Look for missed changes",
        RunKind::Preview => "Preview of all users",
    }
}

/// The class an action's colour comes from.
#[must_use]
pub fn tone(action: Action) -> &'static str {
    match action {
        Action::Created | Action::Updated => "good",
        Action::Unchanged | Action::Skipped | Action::Erased => "rest",
        Action::Conflicted => "need",
        Action::Failed => "bad",
    }
}

/// A kind of record in plain words.
#[must_use]
pub fn subject(subject: Subject) -> &'static str {
    match subject {
        Subject::Sweep => "Sweep",
        Subject::Erasure => "Privacy deletion",
        Subject::User => "User",
        Subject::Deal => "Deal",
        Subject::Contact => "Contact",
        Subject::Mirror => "Contact id on user",
    }
}

/// Who marked a change, in plain words.
#[must_use]
pub fn origin(word: &str) -> &str {
    match word {
        "webhook" => "an event",
        "sweep" => "a sweep",
        "person" => "a person",
        "sync" => "the sync itself",
        other => other,
    }
}

/// A scope of HubSpot: what it lets us do, and why we ask for it.
#[must_use]
pub fn scope(scope: &str) -> (&'static str, &'static str) {
    match scope {
        "oauth" => (
            "See which HubSpot account this is",
            "so that both sides can be sure that the right account is connected.",
        ),
        "crm.objects.contacts.read" => (
            "Read contacts",
            "to find the contact that belongs to a customer, instead of making a second one.",
        ),
        "crm.objects.contacts.write" => (
            "Create and change contacts",
            "to keep name, e-mail, phone, company and address the same as in Storeganise.",
        ),
        "crm.schemas.contacts.write" => (
            "Add one property to contacts",
            "to note on each contact which Storeganise customer it is (storeganise_user_id).",
        ),
        "crm.objects.deals.read" => (
            "Read deals",
            "to see when a deal is won, so that its contact becomes a customer in Storeganise.",
        ),
        _ => ("A further permission", "which the app is registered with at HubSpot."),
    }
}

/// An action of the audit log in plain words.
#[must_use]
pub fn audit(action: &str) -> &str {
    match action {
        "installation.installed" => "installed the add-on",
        "installation.announced" => "announced the add-on",
        "installation.accepted" => "accepted the installation",
        "installation.enabled" => "enabled the installation",
        "installation.paused" => "paused the installation",
        "installation.disabled" => "disabled the installation",
        "installation.removed" => "removed the installation",
        "authorisation_link.issued" => "issued a new authorisation link",
        "authorisation_link.entered" => "came in by the authorisation link",
        "connection.authorised" => "authorised HubSpot",
        "connection.checked" => "checked the refresh token",
        "connection.disconnected" => "disconnected HubSpot",
        "connection.other_portal_allowed" => "allowed another HubSpot account for 24 hours",
        "master_key.abandoned" => "let go of what a lost master key had sealed",
        "staff.created" => "made a staff account",
        "staff.disabled" => "shut a staff account",
        "staff.enabled" => "opened a staff account again",
        "api_token.created" => "made a token of the JSON API",
        "api_token.revoked" => "revoked a token of the JSON API",
        "explain.looked" => "looked at a person's record",
        "settings.changed" => "changed the settings",
        "settings.tried" => "tried the custom fields on the newest records",
        "brake.released" => "released what was held back",
        "brake.dropped" => "dropped what was held back",
        "conflict.looked" => "looked at a conflict",
        "conflict.decided" => "decided a conflict",
        "change.replayed" => "replayed a change",
        "change.replayed_cause" => "tried again what failed for one cause",
        "change.replayed_parked" => "replayed all failed changes",
        "run.backfill" => "began a sync of all users",
        "run.reconcile" => "asked to look for missed changes",
        "run.preview" => "began a preview of all users",
        "run.cancelled" => "cancelled a run",
        other => other,
    }
}

#[cfg(test)]
mod tests;
