//! Explain: why one person's records are as they are. Values are in the answer and nowhere else; it is not to be kept.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use sync_core::{
    explain::{
        ConflictView, Explanation, FieldView, LastWrite, LinkView, MatchedBy, Owner, Reading, SideView, Who,
    },
    health::Assessment,
    merge::Side,
};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    caller::Caller,
    changes::ChangeBody,
    extract::{Json, Path, Query},
    installations::HealthCause,
    outcomes::OutcomeBody,
    problem::Problem,
    wire::{moment, named},
};
use crate::{app::AppState, words};

/// Whom to explain, by one of both ids. An e-mail address does not belong into an address: send it in a body.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ById {
    /// A Storeganise user's id.
    user: Option<String>,
    /// A HubSpot contact's id, or one that was merged away.
    contact: Option<String>,
}

/// Whom to explain, by e-mail address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ByEmail {
    /// The address the user or the contact has.
    email: String,
}

/// A code and its words.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Why {
    /// The code, for programs.
    code: String,
    /// What it means, and what to do.
    text: String,
}

/// Why a person's records are as they are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExplanationBody {
    /// What the next sync would do, and why.
    next: Why,
    /// Why it does not come to that for now; empty where the installation works.
    stopped: Vec<HealthCause>,
    /// The pair; null where the two are not linked.
    link: Option<LinkBody>,
    /// How the other record was found, where the two are not linked: `user_id` or `email`.
    matched_by: Option<&'static str>,
    /// Where one of the two belongs to somebody else already: `user` or `contact` with that one's id.
    owner: Option<OwnerBody>,
    /// Whether the contact was deleted for privacy and is not made again.
    erased: bool,
    /// The Storeganise side.
    user: SideBody,
    /// The HubSpot side.
    contact: SideBody,
    /// Field by field.
    fields: Vec<FieldBody>,
    /// What was done before, the newest first.
    outcomes: Vec<ExplainedOutcome>,
    /// What waits, or failed too often.
    changes: Vec<ExplainedChange>,
    /// What a person has to decide.
    conflicts: Vec<ConflictBody>,
    /// Fields whose writing the brake holds back; null where it holds nothing of this person.
    braked: Option<Vec<String>>,
}

/// A pair as we keep it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LinkBody {
    /// The user.
    user_id: String,
    /// The contact.
    contact_id: String,
    /// Ids of contacts that were merged into it.
    aliases: Vec<String>,
    /// Since when they belong together.
    #[serde(with = "time::serde::rfc3339")]
    since: OffsetDateTime,
    /// When they were last brought together.
    #[serde(with = "time::serde::rfc3339")]
    synced_at: OffsetDateTime,
    /// Whether the user is known to hold the contact's id.
    mirrored: bool,
}

/// Whom a record belongs to already.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnerBody {
    /// `user` or `contact`.
    kind: &'static str,
    /// Its id.
    id: String,
}

/// One side.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SideBody {
    /// The record's id; null where none is named.
    id: Option<String>,
    /// `found`, `missing` (its provider has no such record), `unknown` (its provider did not answer) or `unnamed`.
    reading: &'static str,
    /// Why it is not known.
    problem: Option<Why>,
    /// When it was last changed there, by whomever.
    #[serde(with = "time::serde::rfc3339::option")]
    updated_at: Option<OffsetDateTime>,
}

/// One field on both sides, now.
#[derive(Serialize, ToSchema)]
pub(crate) struct FieldBody {
    /// Its name at HubSpot.
    name: String,
    /// Its name at Storeganise.
    user_name: String,
    /// What the user holds; null where it is blank.
    user_value: Option<String>,
    /// What the contact holds; null where it is blank.
    contact_value: Option<String>,
    /// Whether the user's value is what both sides last agreed on; null where nothing was agreed on.
    user_is_agreed: Option<bool>,
    /// The same of the contact's.
    contact_is_agreed: Option<bool>,
    /// Who wrote the contact's value last, by HubSpot's history.
    contact_written: Option<WriteBody>,
    /// Which side was changed last, `user` or `contact`: HubSpot's history against the user's last change of any field.
    newer: Option<&'static str>,
    /// What the next sync would do: `nothing`, `write_to_contact`, `write_to_user`, `ask` or `unknown`.
    next: &'static str,
    /// Why.
    why: Why,
}

/// The last write of a contact's property.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WriteBody {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// What wrote it, in HubSpot's word, such as `CRM_UI` or `INTEGRATION`.
    source: Option<String>,
    /// Whether that was us.
    by_us: bool,
}

/// An outcome with its reason in words.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExplainedOutcome {
    #[serde(flatten)]
    outcome: OutcomeBody,
    /// The reason in words.
    text: Option<String>,
}

/// A pending change with its cause in words.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExplainedChange {
    #[serde(flatten)]
    change: ChangeBody,
    /// The cause in words.
    text: Option<String>,
}

/// What a person has to decide.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConflictBody {
    /// The field; empty where it is about the pair as a whole.
    field: String,
    /// Why.
    why: Why,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    noticed_at: OffsetDateTime,
}

/// An answer with personal data: no cache keeps it.
pub(crate) struct NotKept<T>(T);

impl<T: Serialize> IntoResponse for NotKept<T> {
    fn into_response(self) -> Response {
        ([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(self.0)).into_response()
    }
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(by_id, by_email))
}

/// Explain one person by an id: both sides read now, field by field, and what was and would be done.
#[utoipa::path(get, path = "/installations/{id}/explain", operation_id = "explain_by_id", tag = "activity",
    params(("id" = Uuid, Path), ById),
    responses((status = 200, body = ExplanationBody), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn by_id(
    caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    Query(asked): Query<ById>,
) -> Result<NotKept<ExplanationBody>, Problem> {
    let who = match (asked.user, asked.contact) {
        (Some(user), None) => Who::User(user),
        (None, Some(contact)) => Who::Contact(contact),
        _ => return Err(Problem::invalid("user", "Give either user or contact.")),
    };
    explain(&caller, &state, id, who).await
}

/// Explain one person by e-mail address, which is sent in the body so that it stands in no log.
#[utoipa::path(post, path = "/installations/{id}/explain", operation_id = "explain_by_email", tag = "activity",
    params(("id" = Uuid, Path)), request_body = ByEmail,
    responses((status = 200, body = ExplanationBody), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn by_email(
    caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    Json(asked): Json<ByEmail>,
) -> Result<NotKept<ExplanationBody>, Problem> {
    explain(&caller, &state, id, Who::Email(asked.email)).await
}

async fn explain(
    caller: &Caller,
    state: &AppState,
    id: Uuid,
    who: Who,
) -> Result<NotKept<ExplanationBody>, Problem> {
    let installation = named(state, id).await?;
    let found = Box::pin(state.core.explain(&installation, who, &caller.actor())).await?;
    let app_id = &state.core.hubspot().app.app_id;
    Ok(NotKept(ExplanationBody::of(found, app_id)))
}

impl Why {
    fn of(code: impl Into<String>) -> Self {
        let code = code.into();
        Self { text: words::explain(&code).text(), code }
    }
}

impl ExplanationBody {
    fn of(found: Explanation, app_id: &str) -> Self {
        let causes = found.stopped.map_or(Vec::new(), |Assessment { causes, .. }| causes);
        let text = |code: Option<&String>| code.map(|code| words::explain(code).text());
        Self {
            next: Why::of(found.next),
            stopped: causes.into_iter().map(HealthCause::of).collect(),
            link: found.link.map(LinkBody::of),
            matched_by: found.matched_by.map(|by| match by {
                MatchedBy::UserId => "user_id",
                MatchedBy::Email => "email",
            }),
            owner: found.owner.map(OwnerBody::of),
            erased: found.is_erased,
            user: SideBody::of(found.user),
            contact: SideBody::of(found.contact),
            fields: found.fields.into_iter().map(|field| FieldBody::of(field, app_id)).collect(),
            outcomes: found
                .outcomes
                .into_iter()
                .map(|row| ExplainedOutcome {
                    text: text(row.reason.as_ref()),
                    outcome: OutcomeBody::of(row),
                })
                .collect(),
            changes: found
                .changes
                .into_iter()
                .map(|row| ExplainedChange { text: text(row.cause.as_ref()), change: ChangeBody::of(row) })
                .collect(),
            conflicts: found.conflicts.into_iter().map(ConflictBody::of).collect(),
            braked: found.braked,
        }
    }
}

impl LinkBody {
    fn of(link: LinkView) -> Self {
        Self {
            user_id: link.user_id,
            contact_id: link.contact_id,
            aliases: link.aliases,
            since: moment(link.since),
            synced_at: moment(link.synced_at),
            mirrored: link.is_mirrored,
        }
    }
}

impl OwnerBody {
    fn of(owner: Owner) -> Self {
        match owner {
            Owner::User(id) => Self { kind: "user", id },
            Owner::Contact(id) => Self { kind: "contact", id },
        }
    }
}

impl SideBody {
    fn of(side: SideView) -> Self {
        let (reading, problem) = match side.reading {
            Reading::Found => ("found", None),
            Reading::Missing => ("missing", None),
            Reading::Unknown(code) => ("unknown", Some(Why::of(code))),
            Reading::Unnamed => ("unnamed", None),
        };
        Self { id: side.id, reading, problem, updated_at: side.updated_at.map(moment) }
    }
}

impl FieldBody {
    fn of(field: FieldView, app_id: &str) -> Self {
        Self {
            name: field.name,
            user_name: field.user_name,
            user_value: field.user_value.map(|value| value.into_text()),
            contact_value: field.contact_value.map(|value| value.into_text()),
            user_is_agreed: field.user_is_agreed,
            contact_is_agreed: field.contact_is_agreed,
            contact_written: field.contact_written.map(|write| WriteBody::of(write, app_id)),
            newer: field.newer.map(|side| match side {
                Side::User => "user",
                Side::Contact => "contact",
            }),
            next: field.next.word(),
            why: Why::of(field.why),
        }
    }
}

impl std::fmt::Debug for FieldBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FieldBody")
            .field("name", &self.name)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

impl WriteBody {
    fn of(write: LastWrite, app_id: &str) -> Self {
        let by_us =
            write.source.as_deref() == Some("INTEGRATION") && write.source_id.as_deref() == Some(app_id);
        Self { at: moment(write.at), source: write.source, by_us }
    }
}

impl ConflictBody {
    fn of(conflict: ConflictView) -> Self {
        Self { field: conflict.field, why: Why::of(conflict.kind), noticed_at: moment(conflict.noticed_at) }
    }
}
