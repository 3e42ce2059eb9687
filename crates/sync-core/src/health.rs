//! An installation's health: derived from facts whenever somebody asks, and stored nowhere. Pure; the facts are
//! gathered by `views::fleet`.

use crate::{
    connection::ConnectionState,
    installation::{Installation, State},
};

/// How an installation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Health {
    /// At work, and nothing is amiss.
    Healthy,
    /// There is work to be done, and it is being done.
    Working,
    /// It works, but something is amiss.
    Degraded,
    /// Nothing can be sent until HubSpot is authorised.
    NeedsAuthorisation,
    /// Somebody stopped it, or nobody has started it yet.
    Stopped,
}

impl Health {
    /// All of them, the best first.
    pub const ALL: [Self; 5] =
        [Self::Healthy, Self::Working, Self::Degraded, Self::NeedsAuthorisation, Self::Stopped];

    /// The word in the JSON API, in metrics and in addresses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Working => "working",
            Self::Degraded => "degraded",
            Self::NeedsAuthorisation => "needs_authorisation",
            Self::Stopped => "stopped",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|health| health.word() == word)
    }
}

/// Why an installation is not simply healthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A signed event announced it: accept or remove.
    NotAccepted,
    /// Staff have not enabled it yet.
    NotEnabled,
    /// Staff have paused it.
    Paused,
    /// Staff have disabled it.
    Disabled,
    /// The add-on is disabled at Storeganise.
    DisabledAtStoreganise,
    /// The add-on is not enabled at Storeganise.
    PausedAtStoreganise,
    /// HubSpot was never authorised.
    NeverAuthorised,
    /// HubSpot no longer lets us in.
    AccessLost,
    /// The portal does not have our unique property.
    NoUniqueProperty,
    /// A change that is larger than usual waits for a person.
    BrakeHeld,
    /// Changes failed too often, or were refused.
    Parked,
    /// Conflicts wait for a person.
    Conflicts,
    /// A provider is down or asked for patience.
    Held,
    /// Changes wait, or a run goes on.
    AtWork,
}

impl Cause {
    /// All of them, the gravest first.
    pub const ALL: [Self; 14] = [
        Self::NotAccepted,
        Self::Disabled,
        Self::Paused,
        Self::DisabledAtStoreganise,
        Self::NeverAuthorised,
        Self::AccessLost,
        Self::NotEnabled,
        Self::PausedAtStoreganise,
        Self::NoUniqueProperty,
        Self::BrakeHeld,
        Self::Parked,
        Self::Conflicts,
        Self::Held,
        Self::AtWork,
    ];

    /// Whether a person has to do something about it.
    #[must_use]
    pub fn needs_a_person(self) -> bool {
        match self {
            Self::NotAccepted
            | Self::NotEnabled
            | Self::DisabledAtStoreganise
            | Self::NeverAuthorised
            | Self::AccessLost
            | Self::NoUniqueProperty
            | Self::BrakeHeld
            | Self::Parked
            | Self::Conflicts => true,
            Self::Paused | Self::Disabled | Self::PausedAtStoreganise | Self::Held | Self::AtWork => false,
        }
    }

    /// The word in the JSON API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NotAccepted => "not_accepted",
            Self::NotEnabled => "not_enabled",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
            Self::DisabledAtStoreganise => "disabled_at_storeganise",
            Self::PausedAtStoreganise => "paused_at_storeganise",
            Self::NeverAuthorised => "never_authorised",
            Self::AccessLost => "access_lost",
            Self::NoUniqueProperty => "no_unique_property",
            Self::BrakeHeld => "brake_held",
            Self::Parked => "parked",
            Self::Conflicts => "conflicts",
            Self::Held => "held",
            Self::AtWork => "at_work",
        }
    }

    /// The health it makes where nothing graver is amiss.
    #[must_use]
    pub fn health(self) -> Health {
        match self {
            Self::NotAccepted
            | Self::NotEnabled
            | Self::Paused
            | Self::Disabled
            | Self::DisabledAtStoreganise
            | Self::PausedAtStoreganise => Health::Stopped,
            Self::NeverAuthorised | Self::AccessLost => Health::NeedsAuthorisation,
            Self::NoUniqueProperty | Self::BrakeHeld | Self::Parked | Self::Conflicts | Self::Held => {
                Health::Degraded
            }
            Self::AtWork => Health::Working,
        }
    }
}

/// What an installation's health is derived from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts<'a> {
    /// What staff chose here.
    pub state: State,
    /// What Storeganise last said of the add-on.
    pub addon_state: Option<&'a str>,
    /// Whether HubSpot lets us in; none where it was never authorised.
    pub connection: Option<ConnectionState>,
    /// There is a key by which contacts are found: our unique property, or else their e-mail.
    pub unique_property: bool,
    /// Changes that will be worked by themselves.
    pub waiting: u64,
    /// Changes that need a person.
    pub parked: u64,
    /// Conflicts that wait for a person.
    pub conflicts: u64,
    /// A provider is down or asked for patience.
    pub is_held: bool,
    /// A change that is larger than usual waits for a person.
    pub is_braked: bool,
    /// A run goes on.
    pub is_running: bool,
}

/// An installation's health and what it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// How it is.
    pub health: Health,
    /// Why, the gravest first; empty where it is healthy.
    pub causes: Vec<Cause>,
}

impl Assessment {
    /// Whether a person has to do something: the gravest cause says.
    #[must_use]
    pub fn needs_a_person(&self) -> bool {
        self.causes.first().is_some_and(|cause| cause.needs_a_person())
    }
}

/// Derives the health. What stops all work is the only cause named: what else is amiss shows once it is mended.
#[must_use]
pub fn assess(facts: Facts<'_>) -> Assessment {
    let causes = match stop(facts) {
        Some(cause) => vec![cause],
        None => amiss(facts),
    };
    let health = causes.first().map_or(Health::Healthy, |cause| cause.health());
    Assessment { health, causes }
}

/// Why nothing can be sent at all, if so. That HubSpot is to be authorised is said before the add-on's being
/// paused: it can be done meanwhile.
fn stop(facts: Facts<'_>) -> Option<Cause> {
    match (facts.state, facts.addon_state, facts.connection) {
        (State::Pending, ..) => Some(Cause::NotAccepted),
        (State::Disabled, ..) => Some(Cause::Disabled),
        (State::Paused, ..) => Some(Cause::Paused),
        (_, Some("disabled"), _) => Some(Cause::DisabledAtStoreganise),
        (_, _, None) => Some(Cause::NeverAuthorised),
        (_, _, Some(ConnectionState::NeedsAuthorisation)) => Some(Cause::AccessLost),
        (State::Installed, ..) => Some(Cause::NotEnabled),
        (State::Enabled, Some("enabled"), _) => None,
        (State::Enabled, ..) => Some(Cause::PausedAtStoreganise),
    }
}

fn amiss(facts: Facts<'_>) -> Vec<Cause> {
    let causes = [
        (Cause::NoUniqueProperty, !facts.unique_property),
        (Cause::BrakeHeld, facts.is_braked),
        (Cause::Parked, facts.parked > 0),
        (Cause::Conflicts, facts.conflicts > 0),
        (Cause::Held, facts.is_held),
        (Cause::AtWork, facts.waiting > 0 || facts.is_running),
    ];
    causes.into_iter().filter_map(|(cause, applies)| applies.then_some(cause)).collect()
}

impl<'a> Facts<'a> {
    /// What an installation's own row says; the rest is as if all were well.
    #[must_use]
    pub fn of(installation: &'a Installation, connection: Option<ConnectionState>) -> Self {
        Self {
            state: installation.state,
            addon_state: installation.addon_state.as_deref(),
            connection,
            unique_property: installation.capabilities.contact_key().is_some(),
            waiting: 0,
            parked: 0,
            conflicts: 0,
            is_held: false,
            is_braked: false,
            is_running: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: Facts<'_> = Facts {
        state: State::Enabled,
        addon_state: Some("enabled"),
        connection: Some(ConnectionState::Active),
        unique_property: true,
        waiting: 0,
        parked: 0,
        conflicts: 0,
        is_held: false,
        is_braked: false,
        is_running: false,
    };

    #[test]
    fn each_fact_leads_to_its_health() {
        let lost = Some(ConnectionState::NeedsAuthorisation);
        let table = [
            (WELL, Health::Healthy, None),
            (Facts { waiting: 1, ..WELL }, Health::Working, Some(Cause::AtWork)),
            (Facts { is_running: true, ..WELL }, Health::Working, Some(Cause::AtWork)),
            (Facts { parked: 1, ..WELL }, Health::Degraded, Some(Cause::Parked)),
            (Facts { conflicts: 1, ..WELL }, Health::Degraded, Some(Cause::Conflicts)),
            (Facts { is_held: true, ..WELL }, Health::Degraded, Some(Cause::Held)),
            (Facts { is_braked: true, ..WELL }, Health::Degraded, Some(Cause::BrakeHeld)),
            (Facts { unique_property: false, ..WELL }, Health::Degraded, Some(Cause::NoUniqueProperty)),
            (Facts { connection: None, ..WELL }, Health::NeedsAuthorisation, Some(Cause::NeverAuthorised)),
            (Facts { connection: lost, ..WELL }, Health::NeedsAuthorisation, Some(Cause::AccessLost)),
            (Facts { state: State::Pending, ..WELL }, Health::Stopped, Some(Cause::NotAccepted)),
            (Facts { state: State::Installed, ..WELL }, Health::Stopped, Some(Cause::NotEnabled)),
            (Facts { state: State::Paused, ..WELL }, Health::Stopped, Some(Cause::Paused)),
            (Facts { state: State::Disabled, ..WELL }, Health::Stopped, Some(Cause::Disabled)),
            (
                Facts { addon_state: Some("disabled"), ..WELL },
                Health::Stopped,
                Some(Cause::DisabledAtStoreganise),
            ),
            (
                Facts { addon_state: Some("paused"), ..WELL },
                Health::Stopped,
                Some(Cause::PausedAtStoreganise),
            ),
            (Facts { addon_state: None, ..WELL }, Health::Stopped, Some(Cause::PausedAtStoreganise)),
            // What stops it hides what is amiss.
            (Facts { state: State::Paused, parked: 9, ..WELL }, Health::Stopped, Some(Cause::Paused)),
            (
                Facts { connection: lost, waiting: 9, ..WELL },
                Health::NeedsAuthorisation,
                Some(Cause::AccessLost),
            ),
        ];
        for (facts, health, cause) in table {
            let found = assess(facts);
            assert_eq!((found.health, found.causes.first().copied()), (health, cause), "{facts:?}");
        }
    }

    #[test]
    fn everything_that_is_amiss_is_named_the_gravest_first() {
        let facts = Facts { parked: 2, waiting: 5, is_held: true, is_braked: true, ..WELL };
        let expected = [Cause::BrakeHeld, Cause::Parked, Cause::Held, Cause::AtWork];
        assert_eq!(assess(facts).causes, expected);
    }

    #[test]
    fn every_cause_is_listed_once_by_a_word_of_its_own() {
        let words: std::collections::BTreeSet<_> = Cause::ALL.iter().map(|cause| cause.word()).collect();
        assert_eq!(words.len(), Cause::ALL.len());
        // A cause that is added to the enum is to be added to the list: the last one says how many there are.
        let last = Cause::ALL.iter().map(|cause| *cause as usize).max();
        assert_eq!(last, Some(Cause::AtWork as usize));
        assert_eq!(Cause::AtWork as usize + 1, Cause::ALL.len());
    }

    #[test]
    fn only_what_a_person_can_mend_needs_one() {
        let mended: Vec<&str> =
            Cause::ALL.iter().filter(|cause| cause.needs_a_person()).map(|cause| cause.word()).collect();
        let expected = "not_accepted disabled_at_storeganise never_authorised access_lost not_enabled \
                        no_unique_property brake_held parked conflicts";
        assert_eq!(mended, expected.split_whitespace().collect::<Vec<_>>());
        assert!(!Assessment { health: Health::Healthy, causes: Vec::new() }.needs_a_person());
    }

    #[test]
    fn words_read_back() {
        for health in Health::ALL {
            assert_eq!(Health::from_word(health.word()), Some(health));
        }
        assert_eq!(Health::from_word("poorly"), None);
    }
}
