//! An installation's page: where it stands, the three steps, and every button.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use secrecy::ExposeSecret as _;
use sync_core::{
    connection::ConnectionState, core::Core, error::Error, health::Assessment, installation::State as Life,
    views::fleet::Summary,
};

use super::{
    history::Line,
    run::Run,
    settings_form::{self, Fact},
    status,
    steps::{self, Step},
};
use crate::{
    app::AppState,
    pages::{
        error::PageError,
        frame::{Frame, Notice},
        moment::Moment,
        shown::Badge,
        visitor::{Looking, Visitor},
    },
    words::{self, Words},
};
use text::{filters, grouped, text};

const RUNS_SHOWN: u64 = 5;
const AUDIT_LINES_SHOWN: u64 = 10;

#[derive(Template, WebTemplate)]
#[template(path = "pages/installation/show.html")]
pub(super) struct InstallationPage {
    frame: Frame,
    here: String,
    business_code: String,
    addon_id: String,
    health: Badge,
    health_sentences: Vec<&'static str>,
    sentence: String,
    problems: Vec<Words>,
    steps: [Step; 3],
    link: Option<Link>,
    token: Option<Token>,
    /// The account that was connected last, whether it still is or not.
    account: Option<i64>,
    other_account_until: Option<Moment>,
    storeganise: Storeganise,
    waiting: String,
    parked: String,
    braked: u64,
    braked_text: String,
    conflicts: u64,
    conflicts_text: String,
    held_until: Option<Moment>,
    storeganise_webhook: String,
    hubspot_webhook: String,
    heard: Vec<Event>,
    settings: Vec<Fact>,
    mapping_faults: usize,
    runs: Vec<Run>,
    audit: Vec<Line>,
    life: Buttons,
}

/// The authorisation link as staff hand it on.
struct Link {
    address: String,
    issued: Moment,
}

/// The refresh token field: never the token.
struct Token {
    portal_id: i64,
    fingerprint: Option<String>,
    last_used: Option<Moment>,
    authorised: Moment,
}

struct Storeganise {
    says: String,
    checked: Option<Moment>,
    addons_page: String,
    fields_refused: bool,
}

/// A kind of event, and when it last arrived.
struct Event {
    kind: String,
    words: &'static str,
    at: Option<Moment>,
}

/// Which buttons the present state has a use for.
#[expect(clippy::struct_excessive_bools, reason = "one for each button")]
struct Buttons {
    is_pending: bool,
    may_pause: bool,
    may_disable: bool,
    may_work: bool,
    may_preview: bool,
}

pub(super) async fn show(
    State(state): State<AppState>,
    Looking { by, found }: Looking,
    notice: Notice,
) -> Result<InstallationPage, PageError> {
    let core = &state.core;
    let now = core.clock().now().0;
    let summary = core.summary(found.id).await?;
    let assessment = summary.assessment();
    let frame = Frame::of(&by, notice);
    let link = if frame.may_act { link(core, &summary, now).await? } else { None };
    let audit = audit(core, &summary, &by, now).await?;
    let installation = &summary.installation;
    let base = &state.config.base_url;
    Ok(InstallationPage {
        here: format!("/installations/{}", installation.id),
        business_code: installation.business_code.clone(),
        addon_id: installation.addon_id.clone(),
        health: Badge::of_health(&assessment),
        health_sentences: sentences(&assessment),
        sentence: status::sentence(&summary, now),
        problems: status::problems(&summary),
        steps: steps::steps(&summary),
        link,
        token: token(&summary, now),
        account: installation.portal_id,
        other_account_until: installation
            .other_portal_until
            .filter(|until| *until > now)
            .map(|at| Moment::new(at, now)),
        storeganise: storeganise(&summary, now),
        waiting: grouped(summary.backlog.waiting),
        parked: grouped(summary.backlog.parked),
        braked: summary.backlog.braked,
        braked_text: text!("show-held-back", count = summary.backlog.braked),
        conflicts: summary.backlog.conflicts,
        conflicts_text: text!("show-decisions-wait", count = summary.backlog.conflicts),
        held_until: summary.backlog.held_until.map(|at| Moment::new(at, now)),
        storeganise_webhook: format!("{base}/webhooks/storeganise/{}", installation.webhook_key),
        hubspot_webhook: format!("{base}/webhooks/hubspot"),
        heard: heard(core, &summary, now).await?,
        settings: settings_form::facts(&installation.settings),
        mapping_faults: installation.capabilities.mapping_faults.len(),
        runs: runs(core, &summary, now).await?,
        audit,
        life: buttons(&summary),
        frame,
    })
}

/// Every cause has its sentence; where there is none, all is well.
fn sentences(assessment: &Assessment) -> Vec<&'static str> {
    if assessment.causes.is_empty() {
        return vec![words::health(assessment).sentence];
    }
    assessment.causes.iter().map(|cause| words::health_cause(*cause)).collect()
}

async fn link(core: &Core, summary: &Summary, now: i64) -> Result<Option<Link>, Error> {
    let Some(issued) = summary.installation.link_issued_at else { return Ok(None) };
    let link = core.authorisation_link(&summary.installation).await?;
    Ok(link.map(|link| Link { address: link.expose_secret().to_owned(), issued: Moment::new(issued, now) }))
}

fn token(summary: &Summary, now: i64) -> Option<Token> {
    let connection = summary.connection.as_ref()?;
    Some(Token {
        portal_id: connection.portal_id,
        fingerprint: connection.refresh_fingerprint.clone(),
        last_used: connection.refreshed_at.map(|at| Moment::new(at, now)),
        authorised: Moment::new(connection.authorised_at, now),
    })
}

fn storeganise(summary: &Summary, now: i64) -> Storeganise {
    let installation = &summary.installation;
    Storeganise {
        says: installation.addon_state.clone().unwrap_or_else(|| text!("show-not-known-yet").to_owned()),
        checked: installation.addon_checked_at.map(|at| Moment::new(at, now)),
        addons_page: status::addons_page(installation),
        fields_refused: installation.capabilities.addon_fields_written == Some(false),
    }
}

async fn heard(core: &Core, summary: &Summary, now: i64) -> Result<Vec<Event>, Error> {
    let heard = core.last_heard(summary.installation.scope()).await?;
    let shown = heard.into_iter().map(|event| Event {
        words: words::event(&event.kind),
        kind: event.kind,
        at: event.at.map(|at| Moment::new(at, now)),
    });
    Ok(shown.collect())
}

async fn runs(core: &Core, summary: &Summary, now: i64) -> Result<Vec<Run>, Error> {
    let page = core.runs(summary.installation.scope(), None, RUNS_SHOWN).await?;
    Ok(page.items.iter().map(|run| Run::of(run, now)).collect())
}

async fn audit(core: &Core, summary: &Summary, by: &Visitor, now: i64) -> Result<Vec<Line>, Error> {
    let lines = core.audit_lines(summary.installation.scope(), AUDIT_LINES_SHOWN).await?;
    Ok(lines.into_iter().map(|line| Line::of(line, by, now)).collect())
}

fn is_connected(summary: &Summary) -> bool {
    summary.connection.as_ref().is_some_and(|found| found.state == ConnectionState::Active)
}

fn buttons(summary: &Summary) -> Buttons {
    let state = summary.installation.state;
    Buttons {
        is_pending: state == Life::Pending,
        may_pause: state == Life::Enabled,
        may_disable: !matches!(state, Life::Pending | Life::Disabled),
        may_work: summary.installation.may_work() && is_connected(summary),
        may_preview: !matches!(state, Life::Pending | Life::Disabled) && is_connected(summary),
    }
}
