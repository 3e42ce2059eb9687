//! One page of what a run goes through: users, then won deals. It reads and compares; what becomes of what it
//! found is the run's matter. What it holds at a time does not grow with the business.

use storeganise::user::{Records, User, UsersQuery};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    cursor::{Cursor, DealsPlace, Phase},
    run::Run,
};
use crate::{
    core::Core,
    error::Error,
    installation::Installation,
    merge,
    queue::change::Mark,
    record::{link::Link, side::Field, users::updated_micros},
    turn::Turn,
    views::runs::RunKind,
};

/// How far before its cursor a sweep of users begins again: the provider's bound is not known exactly.
const USERS_OVERLAP_MICROS: i64 = 5 * 60 * 1_000_000;
/// HubSpot's search lags behind, at times by minutes.
const DEALS_OVERLAP_MICROS: i64 = 10 * 60 * 1_000_000;
/// Users on a page: without custom fields, which are slow on long pages.
const USERS_PAGE: u32 = 1_000;

/// What a page brought.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    pub users: Vec<Found>,
    /// Ids of won deals.
    pub deals: Vec<String>,
    /// What else no event told of: contacts that were edited, and deleted ones that are back.
    pub others: Vec<Mark>,
}

/// A user on a page.
#[derive(Debug)]
pub(crate) struct Found {
    pub id: String,
    /// The contact it is linked to.
    pub contact_id: Option<String>,
    /// Whether it has to be looked at: it changed since it was last read, or was never read.
    pub is_news: bool,
}

impl Core {
    /// Reads the next page of a run and moves its cursor on; the phase after it is `Work` once all is found.
    pub(crate) async fn list(
        &self,
        turn: &Turn,
        installation: &Installation,
        run: &mut Run,
    ) -> Result<Listed, Error> {
        let kind = run.kind;
        let started_at = run.started_at;
        let cursor = run.cursor.get_or_insert_with(|| begin(installation, started_at));
        match cursor.phase {
            Phase::Users => {
                let since = cursor.users_before.filter(|_| kind == RunKind::Reconcile);
                let query = UsersQuery {
                    updated_after: since.map(|at| at - USERS_OVERLAP_MICROS).and_then(time_of),
                    limit: USERS_PAGE,
                    offset: cursor.users.offset,
                    custom_fields: false,
                };
                let Records { records, unread } = turn.account.users_page(&query).await?;
                // One in a shape we do not know is looked at by itself, where that ends in its outcome.
                let odd: Vec<String> = unread.into_iter().filter_map(|unread| unread.id).collect();
                let ids = records.iter().map(|user| user.id.as_str()).chain(odd.iter().map(String::as_str));
                let noted = cursor.users.note(&ids.collect::<Vec<_>>());
                if noted.is_last {
                    cursor.phase = Phase::Deals;
                }
                let fresh: Vec<&User> = noted.fresh.iter().filter_map(|at| records.get(*at)).collect();
                let mut users = self.compare(turn, kind, &fresh).await?;
                let odd = noted.fresh.iter().filter_map(|at| odd.get(at.checked_sub(records.len())?));
                users.extend(odd.map(|id| Found { id: id.clone(), contact_id: None, is_news: true }));
                Ok(Listed { users, ..Listed::default() })
            }
            Phase::Deals => {
                let portal = self.turn_portal(turn).await?;
                let page = portal.search_won_deals(cursor.deals.from()).await?;
                let is_last = cursor.deals.note(&page);
                if is_last {
                    cursor.phase = Phase::Work;
                }
                let since = cursor.deals_before.unwrap_or(started_at) - DEALS_OVERLAP_MICROS;
                let odd = page.unread.into_iter().filter_map(|unread| unread.id);
                let deals = page.records.into_iter().map(|deal| deal.id).chain(odd).collect();
                let others = match is_last && kind != RunKind::Preview {
                    true => self.others(turn, run.id, since / 1_000).await?,
                    false => Vec::new(),
                };
                Ok(Listed { users: Vec::new(), deals, others })
            }
            Phase::Work => Ok(Listed::default()),
        }
    }

    /// Deleted contacts that are back, and, where edits flow back, contacts that changed.
    async fn others(&self, turn: &Turn, run: Uuid, since_ms: i64) -> Result<Vec<Mark>, Error> {
        let restored = self.restored_to_look_at(turn).await?;
        let edited = Box::pin(self.contacts_to_look_at(turn, since_ms)).await?;
        Ok(restored.into_iter().chain(edited).map(|mark| mark.of_run(run)).collect())
    }

    /// Which users of a page have to be looked at; staff, too, who end in an outcome.
    async fn compare(&self, turn: &Turn, kind: RunKind, page: &[&User]) -> Result<Vec<Found>, Error> {
        let ids: Vec<String> = page.iter().map(|user| user.id.clone()).collect();
        let links = self.links_of_users(turn.scope(), &ids).await?;
        let version = turn.installation.settings.baseline_version();
        let found = page.iter().map(|user| {
            let link = links.get(&user.id);
            let seen = link.and_then(|link| link.user_updated);
            let changed = seen.is_none() || seen != updated_micros(user);
            // A person who asks for everybody asks for what the settings mean today.
            let outdated =
                kind != RunKind::Reconcile && link.is_some_and(|link| !knows(link, &version, &turn.fields));
            Found {
                id: user.id.clone(),
                contact_id: link.map(|link| link.contact_id.clone()),
                is_news: changed || outdated,
            }
        });
        Ok(found.collect())
    }
}

/// Whether a link was made under today's rules and knows every custom field that is mapped.
fn knows(link: &Link, version: &str, fields: &[Field]) -> bool {
    let mut custom = fields.iter().filter(|field| matches!(field, Field::Custom(_)));
    link.baseline_version == version && custom.all(|field| link.baseline.of(field) != merge::Baseline::None)
}

fn begin(installation: &Installation, started_at: i64) -> Cursor {
    let deals_from = installation.deals_cursor.unwrap_or(started_at) - DEALS_OVERLAP_MICROS;
    Cursor {
        users_before: installation.users_cursor,
        deals_before: installation.deals_cursor,
        deals: DealsPlace::since(deals_from / 1_000),
        ..Cursor::default()
    }
}

fn time_of(micros: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok()
}
