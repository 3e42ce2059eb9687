//! What the brake holds back: how many records would be changed and which fields of them, and the two ways on.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Query, State},
    response::Redirect,
};
use serde::Deserialize;
use sync_core::brake::{
    BrakeState,
    decide::{Brake, HeldRow},
};
use tower_sessions::Session;

use crate::{
    app::AppState,
    pages::{
        error::PageError,
        flash,
        frame::{Frame, Notice},
        moment::Moment,
        visitor::{Acting, Looking},
    },
};
use text::{filters, text};

const ROWS: u64 = 50;

#[derive(Template, WebTemplate)]
#[template(path = "pages/installation/brake.html")]
pub(super) struct BrakePage {
    frame: Frame,
    here: String,
    business_code: String,
    headline: String,
    lead: String,
    /// Whether it is a person's turn.
    is_held: bool,
    held: String,
    since: Option<Moment>,
    run: Option<String>,
    rows: Vec<HeldRow>,
    next: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    cursor: Option<String>,
}

pub(super) async fn show(
    State(state): State<AppState>,
    Looking { by, found }: Looking,
    notice: Notice,
    Query(asked): Query<Asked>,
) -> Result<BrakePage, PageError> {
    let (core, scope) = (&state.core, found.scope());
    let now = core.clock().now().0;
    let brake = core.brake(scope).await?;
    let page = core.held_rows(scope, asked.cursor.as_deref(), ROWS).await?;
    let here = format!("/installations/{}", found.id);
    Ok(BrakePage {
        frame: Frame::of(&by, notice),
        headline: headline(&brake),
        lead: lead(&brake),
        is_held: brake.state == BrakeState::Held,
        held: text!("brake-records", count = brake.would_change),
        since: brake.since.filter(|_| brake.state.is_on()).map(|at| Moment::new(at, now)),
        run: brake.run_id.filter(|_| brake.state.is_on()).map(|run| format!("{here}/runs/{run}")),
        rows: page.items,
        next: page.next.map(|cursor| format!("{here}/brake?cursor={cursor}")),
        here,
        business_code: found.business_code,
    })
}

pub(super) async fn release(
    State(state): State<AppState>,
    Acting { by, found }: Acting,
    session: Session,
) -> Result<Redirect, PageError> {
    let released = state.core.release_brake(found.scope(), &by.actor()).await;
    let done = released.map(|count| text!("brake-released", count));
    flash::back(&session, &format!("/installations/{}/brake", found.id), done).await
}

pub(super) async fn drop_all(
    State(state): State<AppState>,
    Acting { by, found }: Acting,
    session: Session,
) -> Result<Redirect, PageError> {
    let dropped = state.core.drop_brake(found.scope(), &by.actor()).await;
    let done = dropped.map(|count| text!("brake-dropped", count));
    flash::back(&session, &format!("/installations/{}/brake", found.id), done).await
}

fn headline(brake: &Brake) -> String {
    match brake.state {
        BrakeState::Held => text!("brake-a-change-waits-for-your", count = brake.would_change),
        BrakeState::Counting => text!("brake-changes-are-being-counted").to_owned(),
        _ => text!("brake-nothing-is-held-back").to_owned(),
    }
}

fn lead(brake: &Brake) -> String {
    let linked = brake.linked;
    match brake.state {
        BrakeState::Held => text!("brake-that-is-more-than", linked),
        BrakeState::Counting => text!("brake-records-so-far-of", count = brake.would_change, linked),
        BrakeState::Passed => text!("brake-what-was-counted-last").to_owned(),
        BrakeState::Released => text!("brake-was-released").to_owned(),
        BrakeState::Dropped => text!("brake-was-dropped").to_owned(),
        BrakeState::Off => text!("brake-where-unusually-many-linked").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_says_how_many_wait_for_whom() {
        let brake = |state| Brake {
            state,
            would_change: 1_200,
            linked: 5_000,
            run_id: None,
            since: None,
            decided_at: None,
        };
        let held = brake(BrakeState::Held);
        assert_eq!(headline(&held), "A change of 1,200 records waits for your decision");
        assert!(lead(&held).contains("of the 5,000 linked records"), "{}", lead(&held));
        let counting = brake(BrakeState::Counting);
        assert_eq!(headline(&counting), "Changes are being counted");
        assert!(lead(&counting).starts_with("1,200 records so far"), "{}", lead(&counting));
        assert_eq!(headline(&brake(BrakeState::Released)), "Nothing is held back");
    }
}
