//! The first page: does any business need somebody, and where is the one I look for?

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Router,
    extract::{Query, State},
    routing::get,
};
use serde::Deserialize;
use sync_core::{
    core::Core,
    error::Error,
    health::{Assessment, Cause, Health},
    installation::State as Life,
    views::fleet::{FleetFilter, Summary},
};
use url::form_urlencoded;

use super::{
    error::PageError,
    frame::{Frame, Notice},
    moment::Moment,
    shown::{Badge, counted, grouped},
    visitor::CurrentStaff,
};
use crate::{app::AppState, words};

const ROWS: u64 = 50;
/// Installations looked at for the first line; beyond that it says "at least".
const LOOKED_AT_MAX: usize = 2_000;
const LOOKED_AT_ONCE: u64 = 200;
/// The filter's word for all that need somebody, beside the words of the states.
const NEEDY: &str = "needs-you";

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/", get(show))
}

#[derive(Template, WebTemplate)]
#[template(path = "pages/businesses.html")]
struct BusinessesPage {
    frame: Frame,
    headline: String,
    has_needy: bool,
    is_new: bool,
    search: String,
    states: Vec<StateChoice>,
    healths: Vec<StateChoice>,
    rows: Vec<Row>,
    next: Option<String>,
}

struct StateChoice {
    word: &'static str,
    label: &'static str,
    is_chosen: bool,
}

struct Row {
    href: String,
    business_code: String,
    addon_id: String,
    health: Badge,
    todo: Option<Todo>,
    account: Option<i64>,
    waiting: String,
    parked: u64,
    parked_text: String,
    last_event: Option<Moment>,
}

/// What a person can do about a business that needs one, from the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Todo {
    label: &'static str,
    /// The last part of the address under the installation's own.
    at: &'static str,
    /// Whether a click does it; otherwise it leads to where it is done.
    is_done_here: bool,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    search: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    health: String,
    cursor: Option<String>,
}

/// What the first line is made of.
#[derive(Default)]
struct Overview {
    total: u64,
    needy: Vec<Summary>,
    is_all: bool,
}

async fn show(
    State(state): State<AppState>,
    CurrentStaff(staff): CurrentStaff,
    notice: Notice,
    Query(asked): Query<Asked>,
) -> Result<BusinessesPage, PageError> {
    let core = &state.core;
    let overview = look_over(core).await?;
    let (headline, has_needy) = (headline(&overview), !overview.needy.is_empty());
    let is_new = overview.total == 0;
    let (found, next) = if asked.state == NEEDY {
        let wanted = asked.search.trim().to_lowercase();
        let fits = |row: &Summary| row.installation.business_code.contains(&wanted);
        (overview.needy.into_iter().filter(fits).collect(), None)
    } else {
        let filter = FleetFilter {
            state: Life::from_word(&asked.state),
            health: Health::from_word(&asked.health),
            search: Some(asked.search.clone()),
        };
        let page = core.installations(&filter, asked.cursor.as_deref(), ROWS).await?;
        (page.items, page.next)
    };
    let now = core.clock().now().0;
    Ok(BusinessesPage {
        frame: Frame::of_staff(&staff, notice),
        headline,
        has_needy,
        is_new,
        states: choices(&asked.state),
        healths: healths(&asked.health),
        rows: found.into_iter().map(|summary| row(summary, now)).collect(),
        next: next.map(|cursor| address_of(&asked, &cursor)),
        search: asked.search,
    })
}

async fn look_over(core: &Core) -> Result<Overview, Error> {
    let mut overview = Overview::default();
    let mut cursor: Option<String> = None;
    for _ in 0..LOOKED_AT_MAX.div_ceil(LOOKED_AT_ONCE as usize) {
        let page = core.installations(&FleetFilter::default(), cursor.as_deref(), LOOKED_AT_ONCE).await?;
        overview.total += page.items.len() as u64;
        overview
            .needy
            .extend(page.items.into_iter().filter(|row| words::health(&row.assessment()).needs_a_person));
        cursor = page.next;
        if cursor.is_none() {
            overview.is_all = true;
            break;
        }
    }
    Ok(overview)
}

fn headline(overview: &Overview) -> String {
    let needy = overview.needy.len() as u64;
    let businesses = |count| counted(count, "business", "businesses");
    match (overview.total, needy, overview.is_all) {
        (0, ..) => "No business yet".to_owned(),
        (1, 0, true) => "The one business is well".to_owned(),
        (total, 0, true) => format!("All {} are well", businesses(total)),
        (total, 0, false) => format!("The first {} are well; there are more", businesses(total)),
        (_, 1, true) => "1 business needs you".to_owned(),
        (_, needy, true) => format!("{} need you", businesses(needy)),
        (_, needy, false) => format!("At least {} need you", businesses(needy)),
    }
}

fn choices(chosen: &str) -> Vec<StateChoice> {
    [
        ("", "All states"),
        (NEEDY, "Needs you"),
        ("pending", "Waiting to be accepted"),
        ("installed", "Installed"),
        ("enabled", "Enabled"),
        ("paused", "Paused"),
        ("disabled", "Disabled"),
    ]
    .map(|(word, label)| StateChoice { word, label, is_chosen: word == chosen })
    .into()
}

fn healths(chosen: &str) -> Vec<StateChoice> {
    [
        ("", "Any health"),
        ("healthy", "Healthy"),
        ("working", "Working"),
        ("degraded", "Degraded"),
        ("needs_authorisation", "Needs authorisation"),
        ("stopped", "Stopped"),
    ]
    .map(|(word, label)| StateChoice { word, label, is_chosen: word == chosen })
    .into()
}

/// The button for the gravest cause; none where nobody has to do anything.
fn todo(assessment: &Assessment) -> Option<Todo> {
    let (label, at) = match assessment.causes.first()? {
        // Storeganise is asked, and nothing else happens: it needs no second question.
        Cause::NotAccepted => return Some(Todo { label: "Accept", at: "/accept", is_done_here: true }),
        Cause::NotEnabled => ("Enable", ""),
        Cause::DisabledAtStoreganise => ("Look at the add-on", ""),
        Cause::NeverAuthorised | Cause::AccessLost | Cause::NoUniqueProperty => ("Get it authorised", ""),
        Cause::BrakeHeld => ("Decide what is held back", "/brake"),
        Cause::Parked => ("Look at failures", "/activity"),
        Cause::Conflicts => ("Decide conflicts", "/conflicts"),
        Cause::Paused | Cause::Disabled | Cause::PausedAtStoreganise | Cause::Held | Cause::AtWork => {
            return None;
        }
    };
    Some(Todo { label, at, is_done_here: false })
}

fn row(summary: Summary, now: i64) -> Row {
    let assessment = summary.assessment();
    Row {
        health: Badge::of_health(&assessment),
        todo: todo(&assessment),
        href: format!("/installations/{}", summary.installation.id),
        account: summary.connection.map(|connection| connection.portal_id),
        waiting: grouped(summary.backlog.waiting),
        parked: summary.backlog.parked,
        parked_text: grouped(summary.backlog.parked),
        last_event: summary.installation.last_event_at.map(|at| Moment::new(at, now)),
        business_code: summary.installation.business_code,
        addon_id: summary.installation.addon_id,
    }
}

fn address_of(asked: &Asked, cursor: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("search", &asked.search)
        .append_pair("state", &asked.state)
        .append_pair("health", &asked.health)
        .append_pair("cursor", cursor)
        .finish();
    format!("/?{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_needs_somebody_has_a_button_and_nobody_else_has() {
        use Cause::*;
        for cause in [
            NotAccepted,
            NotEnabled,
            Paused,
            Disabled,
            DisabledAtStoreganise,
            PausedAtStoreganise,
            NeverAuthorised,
            AccessLost,
            NoUniqueProperty,
            BrakeHeld,
            Parked,
            Conflicts,
            Held,
            AtWork,
        ] {
            let assessment = Assessment { health: Health::Degraded, causes: vec![cause] };
            let needs_a_person = words::health(&assessment).needs_a_person;
            assert_eq!(todo(&assessment).is_some(), needs_a_person, "{cause:?}");
        }
        assert_eq!(todo(&Assessment { health: Health::Healthy, causes: Vec::new() }), None);
    }
}
