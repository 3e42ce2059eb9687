//! Installing the add-on for many businesses at once: a list as it comes out of a spreadsheet, and a report line by line.
//! What did not work stands in the form again, to be mended and sent once more.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::{Form, Router, extract::State, routing::get};
use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use sync_core::{access::audit::Actor, core::Core, error::Error};

use super::{
    error::PageError,
    flash,
    frame::{Frame, Notice},
    visitor::ActingStaff,
};
use crate::app::AppState;
use text::{filters, text};

/// Lines taken at once.
const LINES_MAX: usize = 100;
/// Businesses of whom Storeganise is asked side by side.
const AT_ONCE: usize = 8;
/// After this no further line is begun, in microseconds: a page has to answer before a proxy gives it up.
const TIME_MICROS: i64 = 15 * 1_000_000;
/// What stands between the two values, whoever exported the list.
const SEPARATORS: [char; 3] = [',', ';', '\t'];

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/installations/many", get(show).post(install))
}

#[derive(Template, WebTemplate)]
#[template(path = "pages/install_many.html")]
struct InstallManyPage {
    frame: Frame,
    typed: String,
    problem: Option<String>,
    summary: Option<String>,
    report: Vec<Reported>,
}

#[derive(Deserialize)]
struct Typed {
    #[serde(default)]
    list: String,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    number: usize,
    text: String,
    /// Business code and add-on id; none where there are not two values.
    values: Option<(String, String)>,
}

/// What became of a line.
struct Reported {
    number: usize,
    business_code: String,
    addon_id: String,
    /// The installation's page, where it was made.
    made: Option<String>,
    said: String,
}

async fn show(ActingStaff(staff): ActingStaff, notice: Notice) -> InstallManyPage {
    let frame = Frame::of_staff(&staff, notice);
    InstallManyPage { frame, typed: String::new(), problem: None, summary: None, report: Vec::new() }
}

async fn install(
    State(state): State<AppState>,
    staff: ActingStaff,
    Form(typed): Form<Typed>,
) -> Result<InstallManyPage, PageError> {
    let (core, by) = (&state.core, staff.actor());
    let frame = Frame::of_staff(&staff.0, Notice::none());
    let lines = lines(&typed.list);
    let problem = match lines.len() {
        0 => Some(text!("install-many-write-a-line-for").to_owned()),
        1..=LINES_MAX => None,
        many => Some(text!("install-many-these-are-lines-send", many, most = LINES_MAX)),
    };
    if problem.is_some() {
        return Ok(InstallManyPage { frame, typed: typed.list, problem, summary: None, report: Vec::new() });
    }
    let until = core.clock().now().0 + TIME_MICROS;
    let texts: Vec<String> = lines.iter().map(|line| line.text.clone()).collect();
    let worked = stream::iter(lines).map(|line| {
        let (core, by) = (Arc::clone(core), by.clone());
        async move { work(&core, line, until, &by).await }
    });
    let results: Vec<Result<Reported, PageError>> = worked.buffered(AT_ONCE).collect().await;
    let report = results.into_iter().collect::<Result<Vec<Reported>, PageError>>()?;
    let left: Vec<String> = texts
        .into_iter()
        .zip(&report)
        .filter(|(_, done)| done.made.is_none())
        .map(|(text, _)| text)
        .collect();
    let done = report.len() - left.len();
    let summary = match left.len() {
        0 => text!("install-many-all-installed", done),
        left => text!("install-many-some-installed", done, left),
    };
    Ok(InstallManyPage { frame, typed: left.join("\n"), problem: None, summary: Some(summary), report })
}

async fn work(core: &Core, line: Line, until: i64, by: &Actor) -> Result<Reported, PageError> {
    let (made, said) = match &line.values {
        None => (None, text!("install-many-a-line-has-two").to_owned()),
        Some(_) if core.clock().now().0 > until => {
            (None, text!("install-many-not-tried-yet-because").to_owned())
        }
        Some((code, addon)) => match core.install(code, addon, by).await {
            Ok(made) => {
                (Some(format!("/installations/{}", made.id)), text!("install-many-installed").to_owned())
            }
            Err(Error::Invalid { message, .. }) => (None, message),
            Err(error) => (None, flash::in_words(error)?),
        },
    };
    let (business_code, addon_id) = line.values.unwrap_or((line.text, String::new()));
    Ok(Reported { number: line.number, business_code, addon_id, made, said })
}

/// The lines that say something: not the empty ones, nor a heading.
fn lines(list: &str) -> Vec<Line> {
    let numbered = list.lines().enumerate().map(|(at, text)| (at + 1, text.trim()));
    let lines = numbered.filter(|(_, text)| !text.is_empty()).map(|(number, text)| {
        let mut values = text.split(SEPARATORS).map(|value| value.trim().trim_matches('"').trim().to_owned());
        let values = match (values.next(), values.next(), values.find(|more| !more.is_empty())) {
            (Some(code), Some(addon), None) if !code.is_empty() && !addon.is_empty() => Some((code, addon)),
            _ => None,
        };
        Line { number, text: text.to_owned(), values }
    });
    lines.filter(|line| !is_heading(line)).collect()
}

/// A heading says "add-on" where a business has an add-on's id, which is a hexadecimal number. A business may well be called
/// after the word that stands before it.
fn is_heading(line: &Line) -> bool {
    line.values.as_ref().is_some_and(|(_, addon)| addon.to_lowercase().contains("on"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_however_a_spreadsheet_wrote_it() {
        let read = lines(
            "Business code,Add-on id\n acme , 1 \n\n\"harbour\";\"2\"\r\nbusinesspark\t3\t\nalone\na,b,c\n",
        );
        let values = |line: &Line| line.values.as_ref().map(|(code, addon)| format!("{code} {addon}"));
        let shown: Vec<(usize, Option<String>)> =
            read.iter().map(|line| (line.number, values(line))).collect();
        let some = |text: &str| Some(text.to_owned());
        let expected =
            [(2, some("acme 1")), (4, some("harbour 2")), (5, some("businesspark 3")), (6, None), (7, None)];
        assert_eq!(shown, expected);
        assert!(lines(" \n\n").is_empty());
    }
}
