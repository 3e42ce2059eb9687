//! The whole fleet at a glance: how every installation stands, so that lists can be sorted and filtered by what is derived
//! and not stored.
//!
//! A fleet of up to two hundred is looked over afresh whenever somebody asks. A larger one is kept in memory and renewed in the
//! background while it is asked for (see [`keep`]); installations that a person has just acted on are read again. What a
//! list then shows of an installation is always read from the database: only the order and the choice may be seconds old.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use text::text;

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Page, bounded, fleet::Summary};
use crate::{
    core::Core,
    error::Error,
    health::Health,
    installation::State,
    storage::entity::{audit_entry, installation},
};

const SECOND_MICROS: i64 = 1_000_000;
/// Up to so many installations are looked over at every question.
const ALWAYS_FRESH_MAX: usize = 200;
/// Installations read together.
const READ_TOGETHER: u64 = 500;
/// An overview that is older than this is not shown: it is made again while the visitor waits.
const OLD_MICROS: i64 = 60 * SECOND_MICROS;
/// How often it is renewed while it is asked for, at most; a slow one is renewed more seldom.
const RENEWED_EVERY_MICROS: i64 = 5 * SECOND_MICROS;
/// Of a process's time not more than this part goes into renewing.
const PART_OF_TIME: i64 = 20;
/// Lines of the audit log looked through for what has just been acted on.
const ACTS_LOOKED_AT: u64 = 200;
/// Other replicas' clocks may be off by so much.
const CLOCKS_DIFFER_MICROS: i64 = 5 * SECOND_MICROS;

/// How one installation stands.
#[derive(Debug, Clone)]
struct Standing {
    id: Uuid,
    /// Business code and add-on id: the order of lists, and what is searched in.
    place: String,
    state: State,
    health: Health,
    needs_a_person: bool,
    waiting: u64,
    failed: u64,
    last_event: Option<i64>,
    last_success: Option<i64>,
}

/// How all of them stand.
#[derive(Debug, Clone, Default)]
pub struct Overview {
    began: i64,
    took: i64,
    standings: Vec<Standing>,
}

/// What is remembered of the fleet in one process.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    known: Mutex<Option<Arc<Overview>>>,
    making: tokio::sync::Mutex<()>,
    asked: Notify,
}

/// Which installations to list, and in which order.
#[derive(Debug, Clone, Default)]
pub struct FleetFilter {
    /// Only those in this state.
    pub state: Option<State>,
    /// Only those in this health.
    pub health: Option<Health>,
    /// Only those for which a person has to do something.
    pub needs_a_person: bool,
    /// Only those whose business code or add-on id contains this.
    pub search: Option<String>,
    /// What comes first.
    pub order: Order,
}

/// What comes first in a list of installations; among equals the business code decides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// By business code.
    #[default]
    Business,
    /// Those for which a person has to do something.
    NeedsAPerson,
    /// Those with the most changes waiting.
    Waiting,
    /// Those with the most failures in the last day.
    Failed,
    /// Those that were longest without an event.
    Silence,
    /// Those that were longest without a record that came to a good end.
    Success,
}

impl Order {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::NeedsAPerson, Self::Business, Self::Waiting, Self::Failed, Self::Silence, Self::Success];

    /// The word in the JSON API and in addresses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::NeedsAPerson => "needs_a_person",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Silence => "last_event",
            Self::Success => "last_success",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.word() == word)
    }
}

impl Standing {
    fn of(summary: &Summary, failed: u64) -> Self {
        let assessment = summary.assessment();
        let installation = &summary.installation;
        Self {
            id: installation.id,
            place: format!("{}~{}", installation.business_code, installation.addon_id),
            state: installation.state,
            needs_a_person: assessment.needs_a_person(),
            health: assessment.health,
            waiting: summary.backlog.waiting,
            failed,
            last_event: summary.last_event,
            last_success: summary.succeeded_at,
        }
    }

    /// Its rank in a list: the lower, the earlier.
    fn rank(&self, order: Order) -> i64 {
        let most = |count: u64| -i64::try_from(count).unwrap_or(i64::MAX);
        match order {
            Order::Business => 0,
            Order::NeedsAPerson => i64::from(!self.needs_a_person),
            Order::Waiting => most(self.waiting),
            Order::Failed => most(self.failed),
            Order::Silence => self.last_event.unwrap_or(i64::MIN),
            Order::Success => self.last_success.unwrap_or(i64::MIN),
        }
    }

    fn fits(&self, filter: &FleetFilter, search: &str) -> bool {
        filter.state.is_none_or(|state| state == self.state)
            && filter.health.is_none_or(|health| health == self.health)
            && (self.needs_a_person || !filter.needs_a_person)
            && self.place.to_lowercase().contains(search)
    }
}

impl Overview {
    /// How many installations there are.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.standings.len() as u64
    }

    /// For how many of them a person has to do something.
    #[must_use]
    pub fn needy(&self) -> u64 {
        self.standings.iter().filter(|standing| standing.needs_a_person).count() as u64
    }

    /// How many there are of each health.
    #[must_use]
    pub fn census(&self) -> BTreeMap<Health, u64> {
        let mut counts: BTreeMap<Health, u64> = Health::ALL.into_iter().map(|health| (health, 0)).collect();
        for standing in &self.standings {
            *counts.entry(standing.health).or_default() += 1;
        }
        counts
    }

    /// A page of those that fit, as their ids.
    fn page(&self, filter: &FleetFilter, after: Option<&str>, limit: u64) -> Result<Page<Uuid>, Error> {
        let after = after.map(place_of_cursor).transpose()?;
        let search = filter.search.as_deref().unwrap_or_default().trim().to_lowercase();
        let key = |standing: &Standing| (standing.rank(filter.order), standing.place.clone());
        let mut fitting: Vec<((i64, String), Uuid)> = self
            .standings
            .iter()
            .filter(|standing| standing.fits(filter, &search))
            .map(|standing| (key(standing), standing.id))
            .filter(|(key, _)| after.as_ref().is_none_or(|after| key > after))
            .collect();
        fitting.sort();
        let page = Page::cut(fitting, limit, |((rank, place), _)| format!("{rank}~{place}"));
        Ok(Page { items: page.items.into_iter().map(|(_, id)| id).collect(), next: page.next })
    }

    /// The same with some of its installations as they are now.
    fn with(&self, changed: &BTreeSet<Uuid>, now: &[Summary]) -> Self {
        let kept = self.standings.iter().filter(|standing| !changed.contains(&standing.id)).cloned();
        let standings =
            kept.chain(now.iter().map(|summary| Standing::of(summary, summary.day.failed()))).collect();
        Self { standings, ..*self }
    }

    /// When it is to be renewed.
    fn renewed_at(&self) -> i64 {
        self.began + self.took + RENEWED_EVERY_MICROS.max(self.took * PART_OF_TIME)
    }
}

fn place_of_cursor(cursor: &str) -> Result<(i64, String), Error> {
    let parts = cursor.split_once('~').and_then(|(rank, place)| Some((rank.parse().ok()?, place.to_owned())));
    parts.ok_or_else(|| Error::invalid("cursor", text!("refused-the-cursor-is-the")))
}

impl Core {
    /// A page of installations.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the cursor is not one of ours.
    pub async fn installations(
        &self,
        filter: &FleetFilter,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<Summary>, Error> {
        let overview = self.overview().await?;
        self.installations_in(&overview, filter, after, limit).await
    }

    /// The same out of an overview that is at hand already.
    ///
    /// # Errors
    /// As [`Core::installations`].
    pub async fn installations_in(
        &self,
        overview: &Overview,
        filter: &FleetFilter,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Page<Summary>, Error> {
        let page = overview.page(filter, after, bounded(limit))?;
        let mut found: BTreeMap<Uuid, Summary> = BTreeMap::new();
        for summary in self.summaries_of(&page.items).await? {
            found.insert(summary.installation.id, summary);
        }
        let items = page.items.iter().filter_map(|id| found.remove(id)).collect();
        Ok(Page { items, next: page.next })
    }

    /// How all installations stand; of a large fleet as it was seconds ago.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn overview(&self) -> Result<Arc<Overview>, Error> {
        let now = self.now_micros();
        let known = self.known_overview();
        match known.filter(|known| known.total() > ALWAYS_FRESH_MAX as u64) {
            Some(known) if now - known.began < OLD_MICROS => {
                self.fleet.asked.notify_one();
                self.after_acts(known).await
            }
            _ => self.look_over(now).await,
        }
    }

    fn known_overview(&self) -> Option<Arc<Overview>> {
        self.fleet.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks all of them over, unless somebody else did since `asked`: whoever asks meanwhile waits for one looking.
    async fn look_over(&self, asked: i64) -> Result<Arc<Overview>, Error> {
        let _one_at_a_time = self.fleet.making.lock().await;
        if let Some(known) = self.known_overview().filter(|known| known.began > asked) {
            return Ok(known);
        }
        let began = self.now_micros();
        let (mut standings, mut last) = (Vec::new(), Uuid::nil());
        loop {
            let ids: Vec<Uuid> = installation::Entity::find()
                .select_only()
                .column(installation::Column::Id)
                .filter(installation::Column::Id.gt(last))
                .order_by_asc(installation::Column::Id)
                .limit(READ_TOGETHER)
                .into_tuple()
                .all(self.db().reader())
                .await?;
            let Some(end) = ids.last() else { break };
            last = *end;
            let failed = self.failed_in_a_day(&ids).await?;
            let of = |summary: &Summary| {
                Standing::of(summary, failed.get(&summary.installation.id).copied().unwrap_or(0))
            };
            standings.extend(self.summaries_without_days(&ids).await?.iter().map(of));
            if (ids.len() as u64) < READ_TOGETHER {
                break;
            }
        }
        let made = Arc::new(Overview { began, took: self.now_micros() - began, standings });
        *self.fleet.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&made));
        Ok(made)
    }

    /// The same with what people have done since, in whichever replica.
    async fn after_acts(&self, known: Arc<Overview>) -> Result<Arc<Overview>, Error> {
        let since = known.began - CLOCKS_DIFFER_MICROS;
        let lines = audit_entry::Entity::find()
            .order_by_desc(audit_entry::Column::Id)
            .limit(ACTS_LOOKED_AT)
            .all(self.db().reader())
            .await?;
        let recent = lines.into_iter().filter(|line| line.at >= since);
        let changed: BTreeSet<Uuid> = recent.filter_map(|line| line.installation_id).collect();
        if changed.is_empty() {
            return Ok(known);
        }
        let ids: Vec<Uuid> = changed.iter().copied().collect();
        Ok(Arc::new(known.with(&changed, &self.summaries_of(&ids).await?)))
    }
}

/// Renews the overview of a large fleet while it is asked for, until told to stop.
pub async fn keep(core: Arc<Core>, stop: CancellationToken) {
    let renewing = async {
        loop {
            core.fleet.asked.notified().await;
            let asked = core.now_micros();
            // Whoever asked may ask again, and is not to see what was true a minute ago.
            while core.now_micros() - asked < OLD_MICROS {
                let due = core.known_overview().map_or(0, |known| known.renewed_at());
                let wait = u64::try_from(due - core.now_micros()).unwrap_or(0);
                tokio::time::sleep(Duration::from_micros(wait)).await;
                if let Err(error) = core.look_over(core.now_micros()).await {
                    tracing::warn!(cause = error.code(), "the fleet could not be looked over");
                    tokio::time::sleep(Duration::from_micros(RENEWED_EVERY_MICROS as u64)).await;
                }
            }
        }
    };
    tokio::select! { () = stop.cancelled() => {}, () = renewing => {} }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(code: &str) -> Standing {
        Standing {
            id: Uuid::from_u128(code.bytes().map(u128::from).sum()),
            place: format!("{code}~addon"),
            state: State::Enabled,
            health: Health::Healthy,
            needs_a_person: false,
            waiting: 0,
            failed: 0,
            last_event: Some(1),
            last_success: Some(1),
        }
    }

    fn fleet() -> Overview {
        let standings = vec![
            Standing { failed: 2, last_event: Some(9), ..standing("a") },
            Standing { needs_a_person: true, health: Health::Degraded, ..standing("c") },
            Standing { failed: 7, last_event: None, ..standing("b") },
            Standing { state: State::Paused, health: Health::Stopped, waiting: 3, ..standing("d") },
        ];
        Overview { began: 0, took: 0, standings }
    }

    /// The codes of all that fit, gone through with pages of this length.
    fn listed(filter: &FleetFilter, limit: u64) -> String {
        let (fleet, mut cursor, mut codes) = (fleet(), None, String::new());
        loop {
            let page = fleet.page(filter, cursor.as_deref(), limit).unwrap();
            for id in page.items {
                let of_id = fleet.standings.iter().find(|standing| standing.id == id).unwrap();
                codes.push_str(&of_id.place[..1]);
            }
            cursor = page.next;
            if cursor.is_none() {
                return codes;
            }
        }
    }

    #[test]
    fn every_order_goes_through_all_of_them_once_whatever_the_page() {
        for (order, expected) in [
            (Order::Business, "abcd"),
            (Order::NeedsAPerson, "cabd"),
            (Order::Waiting, "dabc"),
            (Order::Failed, "bacd"),
            (Order::Silence, "bcda"),
            (Order::Success, "abcd"),
        ] {
            for limit in 1..=5 {
                let filter = FleetFilter { order, ..FleetFilter::default() };
                assert_eq!(listed(&filter, limit), expected, "{order:?}, {limit} a page");
            }
            assert_eq!(Order::from_word(order.word()), Some(order));
        }
    }

    #[test]
    fn filters_narrow_the_list_together() {
        let all = FleetFilter::default();
        let search = |text: &str| FleetFilter { search: Some(text.to_owned()), ..FleetFilter::default() };
        for (filter, expected) in [
            (search(" B~ADD "), "b"),
            (search("%"), ""),
            (FleetFilter { state: Some(State::Paused), ..all.clone() }, "d"),
            (FleetFilter { health: Some(Health::Degraded), ..all.clone() }, "c"),
            (FleetFilter { needs_a_person: true, ..all.clone() }, "c"),
            (FleetFilter { needs_a_person: true, state: Some(State::Paused), ..all }, ""),
        ] {
            assert_eq!(listed(&filter, 2), expected, "{filter:?}");
        }
    }

    #[test]
    fn a_cursor_that_is_not_ours_is_refused() {
        for cursor in ["", "x", "x~a~b", "9999999999999999999999~a"] {
            let refused = fleet().page(&FleetFilter::default(), Some(cursor), 10);
            assert!(matches!(refused, Err(Error::Invalid { .. })), "{cursor}");
        }
    }

    #[test]
    fn what_a_slow_look_costs_bounds_how_often_it_is_made() {
        let made = |took| Overview { began: 0, took, standings: Vec::new() }.renewed_at();
        assert_eq!(made(10_000), 5_010_000, "a quick one every five seconds");
        assert_eq!(made(1_000_000), 21_000_000, "one that takes a second every twenty-one");
    }
}
