//! Cause codes, reasons and states in plain words. Codes come from the core and both clients; the words are
//! ours alone: nothing a provider wrote is ever repeated, because it may quote what a person typed.

use sync_core::{
    access::Role,
    health::{Assessment, Cause, Health},
    installation::State,
    queue::{change::Subject, outcome::Action},
    views::runs::{RunKind, RunState},
};

use text::text;

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

/// Codes that carry a status, a field or a further code after a fixed beginning. Longer beginnings stand before the
/// ones they contain.
const FAMILIES: [&str; 8] = [
    "storeganise.http_",
    "storeganise.rejected_",
    "hubspot.oauth.http_",
    "hubspot.oauth.rejected_",
    "hubspot.http_",
    "hubspot.rejected_",
    "annex.invalid.",
    "annex.corrupt.",
];

/// Puts a cause code or a reason into plain words; an unknown code is named, not guessed.
#[must_use]
pub fn explain(code: &str) -> Words {
    let key = format!("reason-{}", code.replace('.', "-"));
    if let Some(what) = text::find(&key) {
        return Words { what: what.to_owned(), todo: todo(&key) };
    }
    by_family(code).unwrap_or_else(|| Words {
        what: text!("explain-no-words-yet", code),
        todo: text!("explain-if-it-stays-hand").to_owned(),
    })
}

fn by_family(code: &str) -> Option<Words> {
    let (family, rest) =
        FAMILIES.iter().find_map(|family| code.strip_prefix(family).map(|rest| (*family, rest)))?;
    let key = format!("family-{}", family.trim_end_matches(['.', '_']).replace('.', "-"));
    Some(Words { what: text::filled(&key, &[("rest", text::Argument::plain(rest))]), todo: todo(&key) })
}

/// What to do, of the text of this key; empty where there is nothing to do.
fn todo(key: &str) -> String {
    text::find(&format!("{key}.todo")).unwrap_or_default().to_owned()
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
        Health::Healthy => text!("health-healthy"),
        Health::Working => text!("health-working"),
        Health::Degraded => text!("health-degraded"),
        Health::NeedsAuthorisation => text!("health-needs-authorisation"),
        Health::Stopped => text!("health-stopped"),
    }
}

/// What staff chose for an installation, in plain words.
#[must_use]
pub fn state(state: State) -> &'static str {
    match state {
        State::Pending => text!("state-waiting-to-be-accepted"),
        State::Installed => text!("state-installed-not-enabled-yet"),
        State::Enabled => text!("state-enabled"),
        State::Paused => text!("state-paused"),
        State::Disabled => text!("state-disabled"),
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
    let well = text!("health-it-is-at-work");
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
        Cause::NotAccepted => text!("cause-storeganise-announced-this-add"),
        Cause::NotEnabled => text!("cause-staff-have-not-enabled"),
        Cause::Paused => text!("cause-staff-have-paused-it"),
        Cause::Disabled => text!("cause-staff-have-disabled-it"),
        Cause::DisabledAtStoreganise => {
            text!("cause-storeganise-refuses-access-to")
        }
        Cause::PausedAtStoreganise => text!("cause-nothing-is-sent-until"),
        Cause::NeverAuthorised => text!("cause-hubspot-is-not-authorised"),
        Cause::AccessLost => {
            text!("cause-hubspot-no-longer-lets")
        }
        Cause::NoUniqueProperty => text!("cause-the-hubspot-account-does"),
        Cause::BrakeHeld => {
            text!("cause-a-change-of-unusually")
        }
        Cause::Parked => text!("cause-some-records-failed-too"),
        Cause::Conflicts => text!("cause-some-records-differ-on"),
        Cause::Held => text!("cause-a-provider-is-down"),
        Cause::AtWork => text!("cause-changes-are-being-synced"),
    }
}

/// A kind of event in plain words.
#[must_use]
pub fn event(kind: &str) -> &'static str {
    text::find(&format!("event-{}", kind.replace('.', "-"))).unwrap_or_else(|| text!("event-something-else"))
}

/// A run's kind in plain words.
#[must_use]
pub fn run(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Backfill => text!("run-kind-sync-of-all-users"),
        RunKind::Reconcile => text!("run-kind-look-for-missed-changes"),
        RunKind::Preview => text!("run-kind-preview-of-all-users"),
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

/// What became of a record, in plain words.
#[must_use]
pub fn outcome(action: Action) -> &'static str {
    text::find(&format!("outcome-{}", action.word())).unwrap_or(action.word())
}

/// How far a run is, in plain words.
#[must_use]
pub fn run_state(state: RunState) -> &'static str {
    text::find(&format!("run-state-{}", state.word())).unwrap_or(state.word())
}

/// What an account or a token may do, in plain words.
#[must_use]
pub fn role(role: Role) -> &'static str {
    text::find(&format!("role-{}", role.word())).unwrap_or(role.word())
}

/// A kind of record in plain words.
#[must_use]
pub fn subject(subject: Subject) -> &'static str {
    match subject {
        Subject::Sweep => text!("subject-sweep"),
        Subject::Erasure => text!("subject-privacy-deletion"),
        Subject::User => text!("subject-user"),
        Subject::Deal => text!("subject-deal"),
        Subject::Contact => text!("subject-contact"),
        Subject::Mirror => text!("subject-contact-id-on-user"),
    }
}

/// Who marked a change, in plain words.
#[must_use]
pub fn origin(word: &str) -> &str {
    text::find(&format!("origin-{word}")).unwrap_or(word)
}

/// A scope of HubSpot: what it lets us do, and why we ask for it.
#[must_use]
pub fn scope(scope: &str) -> (&'static str, &'static str) {
    let key = format!("scope-{}", scope.replace('.', "-"));
    match (text::find(&key), text::find(&format!("{key}.why"))) {
        (Some(what), Some(why)) => (what, why),
        _ => (text!("scope-another"), text!("scope-another.why")),
    }
}

/// An action of the audit log in plain words.
#[must_use]
pub fn audit(action: &str) -> &str {
    text::find(&format!("audit-{}", action.replace('.', "-"))).unwrap_or(action)
}

#[cfg(test)]
mod tests;
