//! What happened to an installation's records, and what waits or failed, each with its cause in words.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::{Query, State};
use serde::Deserialize;
use sync_core::{
    queue::{change::Subject, outcome::Action},
    views::activity::{DayRow, OutcomeFilter},
};

use super::records::{Change, Outcome, address_of, change, outcome};
use crate::{
    app::AppState,
    pages::{
        error::PageError,
        failures::{Cause, causes},
        frame::{Frame, Notice},
        moment::{Moment, day_words},
        visitor::Looking,
    },
    words,
};
use text::{filters, grouped, text};

const OUTCOMES_SHOWN: u64 = 25;
const CHANGES_SHOWN: u64 = 10;
/// Rows of daily counts read for the page; the JSON API has all of them.
const DAY_ROWS_READ: u64 = 200;

#[derive(Template, WebTemplate)]
#[template(path = "pages/installation/activity.html")]
pub(super) struct ActivityPage {
    frame: Frame,
    here: String,
    business_code: String,
    sentence: String,
    held: Option<String>,
    parked_text: String,
    causes: Vec<Cause>,
    causes_action: String,
    parked: Vec<Change>,
    more_parked: bool,
    waiting_text: String,
    waiting: Vec<Change>,
    more_waiting: bool,
    actions: Vec<ActionChoice>,
    record: String,
    is_filtered: bool,
    outcomes: Vec<Outcome>,
    next: Option<String>,
    /// From when on outcomes stand one by one.
    kept_since: Option<Moment>,
    days: Vec<Day>,
}

/// The outcomes of a day that are only counted.
#[derive(Debug, PartialEq, Eq)]
struct Day {
    date: String,
    counts: String,
}

struct ActionChoice {
    word: &'static str,
    label: &'static str,
    is_chosen: bool,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    action: String,
    #[serde(default)]
    record: String,
    cursor: Option<String>,
}

pub(super) async fn show(
    State(state): State<AppState>,
    Looking { by, found }: Looking,
    notice: Notice,
    Query(asked): Query<Asked>,
) -> Result<ActivityPage, PageError> {
    let (core, scope) = (&state.core, found.scope());
    let now = core.clock().now().0;
    let here = format!("/installations/{}", found.id);
    let record = asked.record.trim().to_owned();
    let filter = OutcomeFilter {
        actions: Action::from_word(&asked.action).into_iter().collect(),
        record: (!record.is_empty()).then(|| record.clone()),
    };
    let outcomes = core.outcomes(scope, &filter, asked.cursor.as_deref(), OUTCOMES_SHOWN).await?;
    let parked = core.changes(scope, Some(true), None, CHANGES_SHOWN).await?;
    let waiting = core.changes(scope, Some(false), None, CHANGES_SHOWN).await?;
    let backlog = core.backlog(scope).await?;
    let kept_since = core.outcomes_kept_since(scope).await?;
    let days = if kept_since.is_some() {
        core.outcome_days(scope, None, DAY_ROWS_READ).await?.items
    } else {
        Vec::new()
    };
    Ok(ActivityPage {
        kept_since: kept_since.map(|at| Moment::new(at, now)),
        days: by_day(days),
        frame: Frame::of(&by, notice),
        business_code: found.business_code,
        sentence: sentence(backlog.parked, backlog.waiting),
        held: backlog.held.as_deref().map(|cause| words::explain(cause).text()),
        parked_text: grouped(backlog.parked),
        causes: causes(core.failures(Some(scope)).await?, now),
        causes_action: format!("{here}/replay-cause"),
        more_parked: parked.next.is_some(),
        parked: parked.items.into_iter().map(|row| change(row, now)).collect(),
        waiting_text: grouped(backlog.waiting),
        more_waiting: waiting.next.is_some(),
        // The sweep that waits for its next turn is no work that waits, unless it has failed.
        waiting: waiting
            .items
            .into_iter()
            .filter(|row| row.subject != Subject::Sweep || row.attempts > 0)
            .map(|row| change(row, now))
            .collect(),
        actions: choices(&asked.action),
        is_filtered: !record.is_empty() || !filter.actions.is_empty(),
        outcomes: outcomes.items.into_iter().map(|row| outcome(row, &here, now)).collect(),
        next: outcomes.next.map(|cursor| address_of(&here, &asked.action, &record, Some(&cursor))),
        record,
        here,
    })
}

fn sentence(parked: u64, waiting: u64) -> String {
    match (parked, waiting) {
        (0, 0) => text!("activity-nothing-has-failed-and").to_owned(),
        (0, waiting) => {
            text!("activity-nothing-has-failed-changes", waiting)
        }
        (parked, _) => text!("activity-failed-too-often", parked),
    }
}

/// Rows of counts come by day, action and reason; a day is shown as one line. The last day read may be cut short, and
/// is left out where it is.
fn by_day(rows: Vec<DayRow>) -> Vec<Day> {
    let is_cut = rows.len() as u64 == DAY_ROWS_READ;
    let last = rows.last().map(|row| row.day).filter(|_| is_cut);
    let mut days: Vec<(i64, Vec<(Action, u64)>)> = Vec::new();
    for row in rows.into_iter().filter(|row| Some(row.day) != last) {
        if days.last().is_none_or(|(day, _)| *day != row.day) {
            days.push((row.day, Vec::new()));
        }
        let Some((_, counts)) = days.last_mut() else { continue };
        match counts.iter_mut().find(|(action, _)| *action == row.action) {
            Some((_, count)) => *count += row.count,
            None => counts.push((row.action, row.count)),
        }
    }
    let line = |(day, counts): (i64, Vec<(Action, u64)>)| {
        let words =
            counts.iter().map(|(action, count)| format!("{} {}", grouped(*count), words::outcome(*action)));
        Day { date: day_words(day), counts: words.collect::<Vec<_>>().join(", ") }
    };
    days.into_iter().map(line).collect()
}

fn choices(chosen: &str) -> Vec<ActionChoice> {
    Action::ALL
        .map(|action| ActionChoice {
            word: action.word(),
            label: words::outcome(action),
            is_chosen: action.word() == chosen,
        })
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_counts_what_needs_a_person_before_what_waits() {
        for (parked, waiting, expected) in [
            (0, 0, "Nothing has failed and nothing waits."),
            (0, 1, "Nothing has failed; 1 change waits to be done."),
            (1, 9, "1 change failed too often and needs a person."),
            (2, 0, "2 changes failed too often and need a person."),
        ] {
            assert_eq!(sentence(parked, waiting), expected);
        }
    }

    #[test]
    fn a_days_counts_stand_in_one_line_whatever_their_reasons() {
        let row = |day: i64, action, reason: &str, count| DayRow {
            day: day * 86_400_000_000,
            action,
            reason: Some(reason.to_owned()),
            count,
        };
        let rows = vec![
            row(1, Action::Skipped, "staff", 2),
            row(1, Action::Skipped, "user_gone", 1_000),
            row(1, Action::Updated, "", 7),
            row(0, Action::Failed, "x", 1),
        ];
        let expected = [("2 January 1970", "1,002 skipped, 7 updated"), ("1 January 1970", "1 failed")];
        let expected =
            expected.map(|(date, counts)| Day { date: date.to_owned(), counts: counts.to_owned() });
        assert_eq!(by_day(rows), expected);
    }
}
