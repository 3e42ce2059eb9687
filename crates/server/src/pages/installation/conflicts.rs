//! What waits for a person to decide: the list, and one user's with the values of both sides, read now and kept nowhere.

use std::collections::BTreeMap;

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::{Path, Query, State},
    response::Redirect,
};
use serde::Deserialize;
use sync_core::{
    conflicts::{
        Choice, Conflict,
        inbox::Decided,
        live::{BothValues, Shown, Third},
    },
    error::Error,
};
use tower_sessions::Session;
use uuid::Uuid;

use crate::{
    app::AppState,
    pages::{
        error::PageError,
        flash,
        frame::{Frame, Notice},
        moment::Moment,
        visitor::{Acting, Looking},
    },
    words,
};
use text::{filters, text};

const ROWS: u64 = 50;

#[derive(Template, WebTemplate)]
#[template(path = "pages/installation/conflicts.html")]
pub(super) struct ConflictsPage {
    frame: Frame,
    here: String,
    business_code: String,
    rows: Vec<Row>,
    next: Option<String>,
}

/// One user's conflicts: a person decides them together.
struct Row {
    user_id: String,
    contact_id: Option<String>,
    whys: Vec<String>,
    since: Moment,
}

#[derive(Template, WebTemplate)]
#[template(path = "pages/installation/conflict.html")]
pub(super) struct ConflictPage {
    frame: Frame,
    here: String,
    business_code: String,
    user_id: String,
    contact_id: Option<String>,
    whys: Vec<String>,
    remarks: Vec<String>,
    third: Option<String>,
    fields: Vec<Field>,
    /// Whether it is about the pair as a whole.
    is_pair: bool,
    problem: Option<String>,
}

/// A field in question, and what may be chosen of it.
struct Field {
    name: String,
    user: Option<String>,
    contact: Option<String>,
    third: Option<String>,
    choices: Vec<Offered>,
}

/// A choice, in words.
struct Offered {
    word: &'static str,
    label: &'static str,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    cursor: Option<String>,
}

pub(super) async fn list(
    State(state): State<AppState>,
    Looking { by, found }: Looking,
    notice: Notice,
    Query(asked): Query<Asked>,
) -> Result<ConflictsPage, PageError> {
    let now = state.core.clock().now().0;
    let page = state.core.conflicts(found.scope(), asked.cursor.as_deref(), ROWS).await?;
    let here = format!("/installations/{}", found.id);
    Ok(ConflictsPage {
        frame: Frame::of(&by, notice),
        rows: by_user(page.items, now),
        next: page.next.map(|cursor| format!("{here}/conflicts?cursor={cursor}")),
        here,
        business_code: found.business_code,
    })
}

/// The list comes by user and field.
fn by_user(conflicts: Vec<Conflict>, now: i64) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for conflict in conflicts {
        let why = why(&conflict);
        match rows.last_mut().filter(|row| row.user_id == conflict.user_id) {
            Some(row) => row.whys.push(why),
            None => rows.push(Row {
                since: Moment::new(conflict.noticed_at, now),
                user_id: conflict.user_id,
                contact_id: conflict.contact_id,
                whys: vec![why],
            }),
        }
    }
    rows
}

fn why(conflict: &Conflict) -> String {
    let words = words::explain(conflict.kind.word()).what;
    match &conflict.field {
        Some(field) => format!("{field}: {words}"),
        None => words,
    }
}

pub(super) async fn show(
    State(state): State<AppState>,
    Looking { by, found }: Looking,
    notice: Notice,
    Path((_, user_id)): Path<(Uuid, String)>,
) -> Result<ConflictPage, PageError> {
    let frame = Frame::of(&by, notice);
    let shown = Box::pin(state.core.look_at_conflicts(&found, &user_id, &by.actor())).await;
    let here = format!("/installations/{}", found.id);
    let (code, empty) = (found.business_code, Vec::new);
    match shown {
        Ok(shown) => Ok(page(frame, here, code, user_id, shown)),
        Err(Error::NotFound) => Err(PageError::NotFound),
        // A side does not answer: said on the page, which is to be opened again.
        Err(error @ (Error::HubSpot(_) | Error::Storeganise(_) | Error::NeedsAuthorisation)) => {
            Ok(ConflictPage {
                problem: Some(words::explain(&error.code()).text()),
                frame,
                here,
                business_code: code,
                user_id,
                contact_id: None,
                whys: empty(),
                remarks: empty(),
                third: None,
                fields: Vec::new(),
                is_pair: false,
            })
        }
        Err(error) => Err(error.into()),
    }
}

fn page(frame: Frame, here: String, business_code: String, user_id: String, shown: Shown) -> ConflictPage {
    let mut remarks = Vec::new();
    if !shown.has_user {
        remarks.push(text!("conflicts-storeganise-has-no-such").to_owned());
    }
    if !shown.has_contact {
        remarks.push(text!("conflicts-hubspot-has-no-such").to_owned());
    }
    let third = shown.third.as_ref().map(|third| match third {
        Third::Contact(id) => text!("conflicts-contact-id", id),
        Third::User(id) => text!("conflicts-user-id", id),
    });
    let is_pair = shown.conflicts.iter().any(|conflict| conflict.field.is_none());
    ConflictPage {
        whys: shown.conflicts.iter().map(why).collect(),
        // Where a contact is in the way, the conflict names that one, and not the user's own.
        contact_id: match shown.third {
            Some(Third::Contact(_)) => None,
            _ => shown.conflicts.iter().find_map(|conflict| conflict.contact_id.clone()),
        },
        fields: shown.fields.into_iter().map(|both| field(both, &shown.conflicts)).collect(),
        frame,
        here,
        business_code,
        user_id,
        remarks,
        third,
        is_pair,
        problem: None,
    }
}

fn field(both: BothValues, conflicts: &[Conflict]) -> Field {
    let about = conflicts.iter().find(|conflict| conflict.field.as_deref() == Some(&both.field));
    let choices = about.map_or(&[][..], |conflict| conflict.kind.choices());
    Field {
        name: both.field,
        user: both.user,
        contact: both.contact,
        third: both.third,
        choices: choices.iter().filter_map(|choice| offered(*choice)).collect(),
    }
}

/// A choice about a field; those about a pair have buttons of their own.
fn offered(choice: Choice) -> Option<Offered> {
    let label = match choice {
        Choice::User => text!("conflicts-keep-the-users"),
        Choice::Contact => text!("conflicts-keep-the-contacts"),
        Choice::Leave => text!("conflicts-leave-both-as-they"),
        Choice::Link | Choice::Apart => return None,
    };
    Some(Offered { word: choice.word(), label })
}

pub(super) async fn decide(
    State(state): State<AppState>,
    Acting { by, found }: Acting,
    session: Session,
    Path((_, user_id)): Path<(Uuid, String)>,
    Form(chosen): Form<BTreeMap<String, String>>,
) -> Result<Redirect, PageError> {
    let here = format!("/installations/{}/conflicts", found.id);
    let decided = decided(&chosen);
    if matches!(&decided, Decided::Fields(fields) if fields.is_empty()) {
        let nothing = Error::NotNow(text!("conflicts-nothing-was-chosen-so").to_owned());
        return flash::back(&session, &format!("{here}/{user_id}"), Err(nothing)).await;
    }
    let done = state.core.decide_conflicts(&found, &user_id, &decided, &by.actor()).await;
    let to = if done.is_ok() { here } else { format!("{here}/{user_id}") };
    flash::back(&session, &to, done.map(|()| text!("conflicts-decided-it-is-carried").to_owned())).await
}

/// The form has a choice by the name of each field, or the pair's.
fn decided(chosen: &BTreeMap<String, String>) -> Decided {
    match chosen.get("pair").map(String::as_str) {
        Some(word) => Decided::Pair { together: word == Choice::Link.word() },
        None => Decided::Fields(
            chosen
                .iter()
                .filter_map(|(name, word)| {
                    Some((name.strip_prefix("field.")?.to_owned(), Choice::from_word(word)?))
                })
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_decides_fields_or_the_pair() {
        let form = |pairs: &[(&str, &str)]| {
            let owned = pairs.iter().map(|(name, word)| ((*name).to_owned(), (*word).to_owned()));
            decided(&owned.collect())
        };
        assert_eq!(form(&[("pair", "link")]), Decided::Pair { together: true });
        assert_eq!(form(&[("pair", "apart")]), Decided::Pair { together: false });
        let fields =
            form(&[("field.phone", "user"), ("field.email", "leave"), ("field.x", ""), ("y", "user")]);
        let expected = [("phone", Choice::User), ("email", Choice::Leave)];
        assert_eq!(fields, Decided::Fields(expected.map(|(n, c)| (n.to_owned(), c)).into()));
    }
}
