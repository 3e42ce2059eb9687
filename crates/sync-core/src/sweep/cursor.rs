//! How far a run has come, kept as JSON on its row. Pure: pages are noted, places are told.

use hubspot::deals::{Page, SEARCH_PAGE, SEARCH_RESULTS_MAX, WonFrom};
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Users of a page that the next page shows again, so that a user who goes while we read costs us no neighbour.
const OVERLAP: usize = 50;
/// A provider that always gives another page would keep us for ever.
const PAGES_MAX: u32 = 20_000;

/// How far a run has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Cursor {
    /// What it is doing.
    pub phase: Phase,
    /// Where it is among the users.
    pub users: UsersPlace,
    /// Where it is among the won deals.
    pub deals: DealsPlace,
    /// The cursors of the installation before it began, in microseconds since 1970.
    pub users_before: Option<i64>,
    /// The same for won deals.
    pub deals_before: Option<i64>,
    /// When it had found everything, in microseconds since 1970, and how much was to be worked then.
    pub work_began_at: Option<i64>,
    /// How much was to be worked when it had found everything.
    pub work_at_first: u64,
    /// Contact properties that cannot be written, as a preview found them.
    pub unwritable: Option<Vec<String>>,
}

/// What a run is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// It goes through the users.
    #[default]
    Users,
    /// It goes through the won deals.
    Deals,
    /// It has found everything; what it found is being worked.
    Work,
}

/// A place among the users. The provider's pages are numbered, and shift where users come and go meanwhile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct UsersPlace {
    /// Users to pass over.
    pub offset: u32,
    /// Pages read.
    pub pages: u32,
    /// Users seen, each once.
    pub listed: u64,
    /// The most users a page has had: the provider may give fewer than it was asked for.
    longest: u32,
    /// The last users of the page before.
    last: Vec<String>,
}

/// What a page of users brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Noted {
    /// The places on the page of those the page before did not show.
    pub fresh: Vec<usize>,
    /// Whether it was the last page.
    pub is_last: bool,
}

impl UsersPlace {
    /// Notes a page. It is the last one where it shows nobody new, or fewer than a page before it did: that it has fewer
    /// than were asked for says nothing, because a provider may give less.
    pub(crate) fn note(&mut self, ids: &[&str]) -> Noted {
        let is_known = |id: &str| self.last.iter().any(|known| known == id);
        let fresh: Vec<usize> = (0..ids.len()).filter(|at| !is_known(ids[*at])).collect();
        let overlap = OVERLAP.min(ids.len() / 2);
        let length = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let is_short = length < self.longest;
        self.longest = self.longest.max(length);
        self.pages += 1;
        self.listed += fresh.len() as u64;
        self.offset = self.offset.saturating_add(u32::try_from(ids.len() - overlap).unwrap_or(u32::MAX));
        self.last = ids[ids.len() - overlap..].iter().map(|id| (*id).to_owned()).collect();
        Noted { is_last: is_short || fresh.is_empty() || self.pages >= PAGES_MAX, fresh }
    }
}

/// A place among the won deals. A search gives so many results and no more: then it begins again with the time
/// of the last one, and where all of them have that time, with their ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct DealsPlace {
    since_ms: i64,
    after: Option<String>,
    seen: u32,
    tie_above: Option<String>,
    /// Won deals found.
    pub listed: u64,
}

impl DealsPlace {
    /// Before the first deal changed at or after this time, in milliseconds since 1970.
    pub(crate) fn since(since_ms: i64) -> Self {
        Self { since_ms, ..Self::default() }
    }

    /// What to ask for next.
    pub(crate) fn from(&self) -> WonFrom<'_> {
        match &self.tie_above {
            Some(above_id) => WonFrom::Tie { at_ms: self.since_ms, above_id },
            None => WonFrom::Time { since_ms: self.since_ms, after: self.after.as_deref() },
        }
    }

    /// Notes a page; whether it was the last one.
    pub(crate) fn note(&mut self, page: &Page) -> bool {
        let on_page = page.records.len() + page.unread.len();
        self.listed += on_page as u64;
        let length = u32::try_from(on_page).unwrap_or(u32::MAX);
        let last = page.records.last();
        if self.tie_above.is_some() {
            self.tie_above = last.filter(|_| length >= SEARCH_PAGE).map(|deal| deal.id.clone());
            // Those of one time are through: on with the next.
            self.since_ms += i64::from(self.tie_above.is_none());
            return false;
        }
        let (Some(next), Some(last)) = (&page.next, last) else { return true };
        self.seen = self.seen.saturating_add(length);
        if self.seen.saturating_add(SEARCH_PAGE) <= SEARCH_RESULTS_MAX {
            self.after = Some(next.clone());
            return false;
        }
        self.seen = 0;
        self.after = None;
        match last.text("hs_lastmodifieddate").and_then(millis) {
            Some(at) if at > self.since_ms => self.since_ms = at,
            _ => self.tie_above = Some("0".to_owned()),
        }
        false
    }
}

/// A moment as HubSpot writes it: ISO 8601, or milliseconds since 1970.
fn millis(text: &str) -> Option<i64> {
    match OffsetDateTime::parse(text, &Rfc3339) {
        Ok(time) => i64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok(),
        Err(_) => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    const LIMIT: u32 = 1_000;

    /// Goes through users as the provider pages them; before each page something may happen to them.
    fn walk(
        mut users: Vec<String>,
        mut meanwhile: impl FnMut(u32, &mut Vec<String>),
    ) -> (UsersPlace, BTreeSet<String>) {
        let (mut place, mut seen) = (UsersPlace::default(), BTreeSet::new());
        loop {
            meanwhile(place.pages, &mut users);
            let page: Vec<&str> =
                users.iter().skip(place.offset as usize).take(LIMIT as usize).map(String::as_str).collect();
            assert!(page.len() <= LIMIT as usize);
            let noted = place.note(&page);
            seen.extend(noted.fresh.iter().map(|at| page[*at].to_owned()));
            assert!(serde_json::to_string(&place).unwrap().len() < 4_000, "a place does not grow");
            if noted.is_last {
                return (place, seen);
            }
        }
    }

    fn users(count: usize) -> Vec<String> {
        (0..count).map(|n| format!("66ce753e7405aa00{n:08}")).collect()
    }

    #[test]
    fn a_million_users_are_gone_through_in_pages_and_a_place_that_do_not_grow() {
        let (place, seen) = walk(users(1_000_000), |_, _| {});
        assert_eq!((seen.len(), place.listed), (1_000_000, 1_000_000));
        assert!(place.pages <= 1_060, "{}", place.pages);
    }

    #[test]
    fn an_empty_list_is_one_page_and_a_short_one_is_asked_once_more() {
        for (count, pages) in [(0, 1), (1, 2), (999, 2)] {
            let (place, seen) = walk(users(count), |_, _| {});
            assert_eq!((place.pages, seen.len()), (pages, count));
        }
    }

    #[test]
    fn a_provider_that_gives_fewer_than_it_is_asked_for_is_gone_through_all_the_same() {
        let users = users(137);
        let (mut place, mut seen) = (UsersPlace::default(), BTreeSet::new());
        loop {
            let page: Vec<&str> =
                users.iter().skip(place.offset as usize).take(20).map(String::as_str).collect();
            let noted = place.note(&page);
            seen.extend(noted.fresh.iter().map(|at| page[*at].to_owned()));
            if noted.is_last {
                break;
            }
        }
        assert_eq!(seen.len(), 137);
    }

    #[test]
    fn users_who_come_or_go_while_pages_are_read_cost_nobody_else() {
        let (_, seen) = walk(users(10_000), |page, users| {
            if page > 0 {
                users.drain(..40);
            }
        });
        assert_eq!(seen.len(), 10_000, "some went, and their neighbours were not passed over");
        let (place, seen) = walk(users(10_000), |page, users| {
            if page > 0 {
                users.insert(0, format!("new {page}"));
            }
        });
        assert!(seen.len() >= 10_000 && place.listed < 10_050, "some came, and few were seen twice");
    }

    #[test]
    fn a_provider_that_always_gives_the_same_page_does_not_keep_us_for_ever() {
        let page: Vec<String> = users(10);
        let ids: Vec<&str> = page.iter().map(String::as_str).collect();
        let mut place = UsersPlace::default();
        while !place.note(&ids).is_last {}
        assert!(place.pages <= PAGES_MAX);
    }

    /// A portal's won deals as its search gives them: (time, id).
    fn search(deals: &[(i64, u64)], from: WonFrom<'_>) -> Page {
        let mut found: Vec<(i64, u64)> = match from {
            WonFrom::Time { since_ms, .. } => {
                deals.iter().copied().filter(|(at, _)| *at >= since_ms).collect()
            }
            WonFrom::Tie { at_ms, above_id } => {
                let above: u64 = above_id.parse().unwrap();
                deals.iter().copied().filter(|(at, id)| *at == at_ms && *id > above).collect()
            }
        };
        found.sort_unstable();
        let skip: usize = match from {
            WonFrom::Time { after: Some(after), .. } => after.parse().unwrap(),
            _ => 0,
        };
        let limit = SEARCH_PAGE as usize;
        assert!(skip + limit <= SEARCH_RESULTS_MAX as usize, "HubSpot refuses to go beyond 10,000");
        let record = |(at, id): &(i64, u64)| {
            let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(*at) * 1_000_000).unwrap();
            let properties = json!({ "hs_lastmodifieddate": time.format(&Rfc3339).unwrap() });
            json!({ "id": id.to_string(), "properties": properties })
        };
        let results: Vec<_> = found.iter().skip(skip).take(limit).map(record).collect();
        let next =
            (skip + limit < found.len()).then(|| json!({ "next": { "after": (skip + limit).to_string() } }));
        serde_json::from_value(json!({ "results": results, "paging": next })).unwrap()
    }

    fn all_found(deals: &[(i64, u64)]) -> usize {
        let (mut place, mut seen) = (DealsPlace::since(0), BTreeSet::new());
        for _ in 0..1_000 {
            let page = search(deals, place.from());
            seen.extend(page.records.iter().map(|deal| deal.id.clone()));
            assert!(serde_json::to_string(&place).unwrap().len() < 300, "a place does not grow");
            if place.note(&page) {
                return seen.len();
            }
        }
        panic!("the search does not end");
    }

    #[test]
    fn won_deals_beyond_the_reach_of_one_search_are_found() {
        let spread: Vec<(i64, u64)> = (0..25_017_i64).map(|n| (n / 3, n.unsigned_abs() + 1)).collect();
        assert_eq!(all_found(&spread), spread.len());
        assert_eq!(all_found(&spread[..200]), 200);
        assert_eq!(all_found(&[]), 0);
    }

    #[test]
    fn more_deals_changed_at_one_moment_than_a_search_gives_are_told_apart_by_their_ids() {
        let mut deals: Vec<(i64, u64)> = (1..=12_345).map(|id| (500, id)).collect();
        deals.extend((1..=300_i64).map(|n| (n, 20_000 + n.unsigned_abs())));
        deals.extend((1..=300_i64).map(|n| (500 + n, 30_000 + n.unsigned_abs())));
        assert_eq!(all_found(&deals), deals.len());
    }
}
