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
    health::{Assessment, Cause, Health},
    installation::State as Life,
    views::{
        fleet::Summary,
        overview::{FleetFilter, Order, Overview},
    },
};
use url::form_urlencoded;

use super::{
    day::Chart,
    error::PageError,
    frame::{Frame, Notice},
    moment::Moment,
    shown::Badge,
    visitor::CurrentStaff,
};
use crate::{app::AppState, words};
use text::{filters, grouped, text};

/// So many that a page of them, each with its chart, stays under 30 KB.
const ROWS: u64 = 16;
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
    states: Vec<Choice>,
    healths: Vec<Choice>,
    orders: Vec<Choice>,
    rows: Vec<Row>,
    next: Option<String>,
}

/// One of the values a filter can have.
struct Choice {
    word: &'static str,
    label: &'static str,
    is_chosen: bool,
}

struct Row {
    href: String,
    business_code: String,
    addon_id: String,
    state: &'static str,
    health: Badge,
    /// Why somebody is needed, where somebody is.
    why: Option<&'static str>,
    todo: Option<Todo>,
    account: Option<i64>,
    waiting: String,
    parked: u64,
    parked_text: String,
    chart: Option<Chart>,
    last_event: Option<Moment>,
    last_success: Option<Moment>,
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
    #[serde(default)]
    order: String,
    cursor: Option<String>,
}

async fn show(
    State(state): State<AppState>,
    CurrentStaff(staff): CurrentStaff,
    notice: Notice,
    Query(asked): Query<Asked>,
) -> Result<BusinessesPage, PageError> {
    let core = &state.core;
    let overview = core.overview().await?;
    let order = Order::from_word(&asked.order).unwrap_or(Order::NeedsAPerson);
    let filter = FleetFilter {
        state: Life::from_word(&asked.state),
        health: Health::from_word(&asked.health),
        needs_a_person: asked.state == NEEDY,
        search: Some(asked.search.clone()),
        order,
    };
    let page = core.installations_in(&overview, &filter, asked.cursor.as_deref(), ROWS).await?;
    let now = core.clock().now().0;
    Ok(BusinessesPage {
        frame: Frame::of_staff(&staff, notice),
        headline: headline(&overview),
        has_needy: overview.needy() > 0,
        is_new: overview.total() == 0,
        states: states(&asked.state),
        healths: healths(&asked.health),
        orders: orders(order),
        rows: page.items.into_iter().map(|summary| row(summary, now)).collect(),
        next: page.next.map(|cursor| address_of(&asked, &cursor)),
        search: asked.search,
    })
}

fn headline(overview: &Overview) -> String {
    match (overview.total(), overview.needy()) {
        (0, _) => text!("businesses-no-business-yet").to_owned(),
        (1, 0) => text!("businesses-the-one-business-is").to_owned(),
        (total, 0) => text!("businesses-all-are-well", total),
        (_, needy) => text!("businesses-need-you", needy),
    }
}

fn states(chosen: &str) -> Vec<Choice> {
    [
        ("", text!("businesses-all-states")),
        (NEEDY, text!("businesses-needs-you")),
        ("pending", text!("businesses-waiting-to-be-accepted")),
        ("installed", text!("businesses-installed")),
        ("enabled", text!("businesses-enabled")),
        ("paused", text!("businesses-paused")),
        ("disabled", text!("businesses-disabled")),
    ]
    .map(|(word, label)| Choice { word, label, is_chosen: word == chosen })
    .into()
}

fn healths(chosen: &str) -> Vec<Choice> {
    let any = Choice { word: "", label: text!("businesses-any-health"), is_chosen: chosen.is_empty() };
    let each = Health::ALL.into_iter().map(|health| Choice {
        word: health.word(),
        label: words::health_name(health),
        is_chosen: health.word() == chosen,
    });
    std::iter::once(any).chain(each).collect()
}

fn orders(chosen: Order) -> Vec<Choice> {
    let label = |order| match order {
        Order::NeedsAPerson => text!("businesses-what-needs-you"),
        Order::Business => text!("businesses-business-code"),
        Order::Waiting => text!("businesses-most-waiting"),
        Order::Failed => text!("businesses-most-failed-in-24"),
        Order::Silence => text!("businesses-longest-without-an-event"),
        Order::Success => text!("businesses-longest-without-a-success"),
    };
    let each = Order::ALL.into_iter();
    each.map(|order| Choice { word: order.word(), label: label(order), is_chosen: order == chosen }).collect()
}

/// The button for the gravest cause; none where nobody has to do anything. Before HubSpot can be authorised it is enabled.
fn todo(state: Life, assessment: &Assessment) -> Option<Todo> {
    let (label, at) = match assessment.causes.first()? {
        Cause::NeverAuthorised if state == Life::Installed => (text!("businesses-enable"), ""),
        // Storeganise is asked, and nothing else happens: it needs no second question.
        Cause::NotAccepted => {
            return Some(Todo { label: text!("businesses-accept"), at: "/accept", is_done_here: true });
        }
        Cause::NotEnabled => (text!("businesses-enable"), ""),
        Cause::DisabledAtStoreganise => (text!("businesses-look-at-the-add"), ""),
        Cause::NeverAuthorised | Cause::AccessLost | Cause::NoUniqueProperty => {
            (text!("businesses-get-it-authorised"), "")
        }
        Cause::BrakeHeld => (text!("businesses-decide-what-is-held"), "/brake"),
        Cause::Parked => (text!("businesses-look-at-failures"), "/activity"),
        Cause::Conflicts => (text!("businesses-decide-conflicts"), "/conflicts"),
        Cause::Paused | Cause::Disabled | Cause::PausedAtStoreganise | Cause::Held | Cause::AtWork => {
            return None;
        }
    };
    Some(Todo { label, at, is_done_here: false })
}

fn row(summary: Summary, now: i64) -> Row {
    let assessment = summary.assessment();
    Row {
        state: words::state(summary.installation.state),
        health: Badge::of_health(&assessment),
        why: assessment.needs_a_person().then(|| words::health(&assessment).sentence),
        todo: todo(summary.installation.state, &assessment),
        href: format!("/installations/{}", summary.installation.id),
        account: summary.connection.map(|connection| connection.portal_id),
        waiting: grouped(summary.backlog.waiting),
        parked: summary.backlog.parked,
        parked_text: grouped(summary.backlog.parked),
        chart: Chart::of(&summary.day),
        last_success: summary.succeeded_at.map(|at| Moment::new(at, now)),
        last_event: summary.last_event.map(|at| Moment::new(at, now)),
        business_code: summary.installation.business_code,
        addon_id: summary.installation.addon_id,
    }
}

fn address_of(asked: &Asked, cursor: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("search", &asked.search)
        .append_pair("state", &asked.state)
        .append_pair("health", &asked.health)
        .append_pair("order", &asked.order)
        .append_pair("cursor", cursor)
        .finish();
    format!("/?{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_needs_somebody_has_a_button_and_nobody_else_has() {
        for cause in Cause::ALL {
            let assessment = Assessment { health: cause.health(), causes: vec![cause] };
            assert_eq!(todo(Life::Enabled, &assessment).is_some(), cause.needs_a_person(), "{cause:?}");
        }
        assert_eq!(todo(Life::Enabled, &Assessment { health: Health::Healthy, causes: Vec::new() }), None);
    }
}
