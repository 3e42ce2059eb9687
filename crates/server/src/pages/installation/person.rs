//! One person: both sides as they are now, field by field, what the next sync would do and why, and what was done before.
//! Values are read when somebody asks, shown, and kept nowhere.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::{Query, State},
};
use serde::Deserialize;
use sync_core::{
    access::audit::Actor,
    connection::Connection,
    core::Core,
    error::Error,
    explain::{Explanation, FieldNext, FieldView, Owner, Reading, SideView, Who},
    installation::Installation,
    merge::Side,
    queue::change::Subject,
    views::activity::{ChangeRow, OutcomeRow},
};

use super::records::{Change, Outcome, change, outcome};
use crate::{
    app::AppState,
    pages::{
        error::PageError,
        frame::{Frame, Notice},
        moment::Moment,
        visitor::Looking,
    },
    words,
};
use text::{filters, text};

#[derive(Template, WebTemplate)]
#[template(path = "pages/installation/person.html")]
pub(super) struct PersonPage {
    frame: Frame,
    here: String,
    business_code: String,
    /// What was typed, so that it can be mended.
    asked: String,
    problem: Option<String>,
    found: Option<Person>,
}

/// What the page says of one person.
struct Person {
    next: String,
    stopped: Vec<&'static str>,
    remarks: Vec<String>,
    user: Record,
    contact: Record,
    fields: Vec<Field>,
    conflicts: Vec<String>,
    changes: Vec<Change>,
    outcomes: Vec<Outcome>,
    /// The user that can be synced now.
    can_sync: Option<String>,
}

/// One side.
struct Record {
    id: Option<String>,
    says: String,
    updated: Option<Moment>,
    href: Option<String>,
}

/// One field on both sides.
struct Field {
    name: String,
    user_name: String,
    user_value: Option<String>,
    contact_value: Option<String>,
    differs: bool,
    written: Option<String>,
    next: &'static str,
    why: String,
}

/// Whom somebody asks about. An e-mail address is sent in a body: addresses stand in logs and histories.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    user: String,
    #[serde(default)]
    contact: String,
}

#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    who: String,
}

pub(super) async fn show(
    State(state): State<AppState>,
    Looking { by, found }: Looking,
    notice: Notice,
    Query(asked): Query<Asked>,
) -> Result<PersonPage, PageError> {
    let who = match (asked.user.is_empty(), asked.contact.is_empty()) {
        (false, _) => Some(Who::User(asked.user.clone())),
        (true, false) => Some(Who::Contact(asked.contact.clone())),
        (true, true) => None,
    };
    let typed = format!("{}{}", asked.user, asked.contact);
    let frame = Frame::of(&by, notice);
    Box::pin(page(&state, frame, found, who, typed, &by.actor())).await
}

pub(super) async fn find(
    State(state): State<AppState>,
    Looking { by, found }: Looking,
    notice: Notice,
    Form(typed): Form<Typed>,
) -> Result<PersonPage, PageError> {
    let who = meant(&typed.who);
    let frame = Frame::of(&by, notice);
    Box::pin(page(&state, frame, found, Some(who), typed.who, &by.actor())).await
}

/// Whom a person means: an address has its sign, a contact's id is a number, a user's is not.
fn meant(typed: &str) -> Who {
    let typed = typed.trim();
    if typed.contains('@') {
        Who::Email(typed.to_owned())
    } else if typed.bytes().all(|byte| byte.is_ascii_digit()) {
        Who::Contact(typed.to_owned())
    } else {
        Who::User(typed.to_owned())
    }
}

async fn page(
    state: &AppState,
    frame: Frame,
    found: Installation,
    who: Option<Who>,
    asked: String,
    by: &Actor,
) -> Result<PersonPage, PageError> {
    let here = format!("/installations/{}", found.id);
    let explained = match who {
        None => None,
        Some(who) => Some(state.core.explain(&found, who, by).await),
    };
    let (person, problem) = match explained {
        None => (None, None),
        Some(Ok(explained)) => (Some(person(&state.core, &found, explained, &here).await?), None),
        Some(Err(Error::Invalid { message, .. })) => (None, Some(message)),
        Some(Err(error)) => return Err(error.into()),
    };
    Ok(PersonPage { frame, here, business_code: found.business_code, asked, problem, found: person })
}

async fn person(
    core: &Core,
    installation: &Installation,
    found: Explanation,
    here: &str,
) -> Result<Person, Error> {
    let now = core.clock().now().0;
    let connection = core.connection(installation.scope()).await?;
    let app_id = &core.hubspot().app.app_id;
    let remarks = remarks(&found);
    let can_sync = found.user.id.clone().filter(|_| found.user.reading == Reading::Found);
    let stopped = found.stopped.as_ref().map_or(Vec::new(), |assessment| {
        assessment.causes.iter().map(|cause| words::health_cause(*cause)).collect()
    });
    let conflicts = found.conflicts.iter().map(|conflict| match conflict.field.as_str() {
        "" => words::explain(&conflict.kind).text(),
        field => format!("{field}: {}", words::explain(&conflict.kind).text()),
    });
    Ok(Person {
        next: words::explain(&found.next).text(),
        stopped,
        remarks,
        conflicts: conflicts.collect(),
        contact: record(
            &found.contact,
            text!("person-hubspot"),
            contact_href(connection.as_ref(), &found.contact),
            now,
        ),
        user: record(&found.user, text!("person-storeganise"), None, now),
        fields: found.fields.into_iter().map(|view| field(view, app_id, now)).collect(),
        changes: found.changes.into_iter().map(|row: ChangeRow| change(row, now)).collect(),
        outcomes: found.outcomes.into_iter().map(|row: OutcomeRow| outcome(row, here, now)).collect(),
        can_sync,
    })
}

/// What is to be known of the pair before its fields.
fn remarks(found: &Explanation) -> Vec<String> {
    let mut remarks = Vec::new();
    match &found.owner {
        Some(Owner::User(id)) => remarks.push(text!("person-the-contact-belongs-to", id)),
        Some(Owner::Contact(id)) => {
            remarks.push(text!("person-the-user-belongs-to", id));
        }
        None => {}
    }
    if let Some(link) = &found.link {
        if !link.aliases.is_empty() {
            remarks.push(text!("person-these-contacts-were-merged", aliases = link.aliases.join(", ")));
        }
        if !link.is_mirrored {
            remarks.push(text!("person-the-user-does-not").to_owned());
        }
    }
    if let Some(fields) = &found.braked {
        remarks.push(text!("person-held-back-until-somebody", fields = fields.join(", ")));
    }
    remarks
}

fn record(side: &SideView, name: &str, href: Option<String>, now: i64) -> Record {
    let says = match &side.reading {
        Reading::Found => text!("person-is-there").to_owned(),
        Reading::Missing => text!("person-name-has-no-such", name),
        Reading::Unknown(code) => words::explain(code).text(),
        Reading::Unnamed => text!("person-none-is-named").to_owned(),
    };
    let updated = side.updated_at.map(|at| Moment::new(at, now));
    Record { id: side.id.clone(), says, updated, href }
}

/// Where people see the contact: HubSpot says itself at which address an account is.
fn contact_href(connection: Option<&Connection>, side: &SideView) -> Option<String> {
    let connection = connection?;
    let (domain, id) = (connection.ui_domain.as_deref()?, side.id.as_deref()?);
    (side.reading == Reading::Found)
        .then(|| format!("https://{domain}/contacts/{}/record/0-1/{id}", connection.portal_id))
}

fn field(view: FieldView, app_id: &str, now: i64) -> Field {
    let written = view.contact_written.map(|write| {
        let by_us =
            write.source.as_deref() == Some("INTEGRATION") && write.source_id.as_deref() == Some(app_id);
        let who = match (by_us, write.source.as_deref()) {
            (true, _) => text!("person-by-us"),
            (false, Some("CRM_UI")) => text!("person-by-a-person"),
            (false, Some("INTEGRATION")) => text!("person-by-another-app"),
            (false, _) => "otherwise",
        };
        format!("{who}, {}", Moment::new(write.at, now).words())
    });
    let newer = match view.newer {
        Some(Side::User) => text!("person-the-user-was-changed"),
        Some(Side::Contact) => text!("person-the-contact-was-changed"),
        None => "",
    };
    let (user_value, contact_value) =
        (view.user_value.map(|value| value.into_text()), view.contact_value.map(|value| value.into_text()));
    Field {
        differs: user_value != contact_value,
        name: view.name,
        user_name: view.user_name,
        user_value,
        contact_value,
        written,
        next: match view.next {
            FieldNext::Nothing => text!("person-nothing"),
            FieldNext::ToContact => text!("person-write-to-contact"),
            FieldNext::ToUser => text!("person-write-to-user"),
            FieldNext::Ask => text!("person-ask-somebody"),
            FieldNext::Unknown => text!("person-not-known"),
        },
        why: format!("{}{newer}", words::explain(view.why).what),
    }
}

impl PersonPage {
    /// The word by which a user is synced now.
    fn user_word(&self) -> &'static str {
        Subject::User.word()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_taken_for_what_it_looks_like() {
        assert!(matches!(meant(" ada@example.com "), Who::Email(address) if address == "ada@example.com"));
        assert!(matches!(meant("512"), Who::Contact(id) if id == "512"));
        assert!(matches!(meant("66ce753eaa089a5a0f000001"), Who::User(_)));
    }
}
