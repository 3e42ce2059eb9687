//! The conflict inbox of an installation: what waits for a person, both values as they are now, and the choice.

use std::collections::BTreeMap;

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use sync_core::conflicts::{
    Choice, Conflict,
    inbox::Decided,
    live::{BothValues, Shown, Third},
};
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    caller::{Caller, StaffCaller},
    extract::{Json, Path, Query},
    problem::Problem,
    wire::{List, Paging, moment, named},
};
use crate::app::AppState;

/// What a person has to decide, or has decided.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConflictBody {
    /// The Storeganise user.
    user_id: String,
    /// The HubSpot contact it is about.
    contact_id: Option<String>,
    /// The field's name; null where it is about the whole pair.
    field: Option<String>,
    /// Why: `newest_unknown`, `flips`, `email_of_another_contact`, `email_of_another_user`,
    /// `contact_of_another_user`, `user_of_another_contact`, `user_named_by_another_contact` or `contacts_merged`.
    kind: String,
    /// What may be chosen.
    choices: Vec<&'static str>,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    since: OffsetDateTime,
    /// What was chosen and is not carried out yet: `user`, `contact` or `link`; `leave` and `apart` stay.
    choice: Option<String>,
    /// When it was chosen.
    #[serde(with = "time::serde::rfc3339::option")]
    decided_at: Option<OffsetDateTime>,
}

/// A user's conflicts with what both sides hold at this moment; nothing of it is kept here.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConflictShown {
    /// The conflicts.
    conflicts: Vec<ConflictBody>,
    /// Whether Storeganise still has the user.
    has_user: bool,
    /// Whether HubSpot still has the contact.
    has_contact: bool,
    /// The user that stands in the way of the two, where one is known.
    third_user_id: Option<String>,
    /// The contact that does.
    third_contact_id: Option<String>,
    /// The fields in conflict; all of them where it is about the pair.
    fields: Vec<ValuesBody>,
}

/// One field on both sides, as it is now.
#[derive(Serialize, ToSchema)]
pub(crate) struct ValuesBody {
    /// Its name.
    field: String,
    /// The user's value; null where it is blank.
    user: Option<String>,
    /// The contact's value; null where it is blank.
    contact: Option<String>,
    /// The value of the record that stands in the way; null where it is blank or there is none.
    third: Option<String>,
}

/// What to do: `choices` for fields or `pair` for the whole pair, one of the two.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decision {
    /// By the field's name, whose value to keep, or that nothing is done.
    choices: Option<BTreeMap<String, FieldChoice>>,
    /// Whether user and contact belong together.
    pair: Option<PairChoice>,
}

/// What becomes of a field.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FieldChoice {
    /// The Storeganise user's value is kept; where it was refused, it is tried again.
    User,
    /// The HubSpot contact's value is kept; where it was refused, it is tried again.
    Contact,
    /// Both stay as they are while another record is in the way, and nobody is asked again.
    Leave,
}

/// What becomes of the pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PairChoice {
    /// They are linked.
    Link,
    /// They are not, and nobody is asked again.
    Apart,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show, decide))
}

/// List the conflicts that wait for a person.
#[utoipa::path(get, path = "/installations/{id}/conflicts", operation_id = "list_conflicts", tag = "conflicts",
    params(("id" = Uuid, Path), Paging),
    responses((status = 200, body = List<ConflictBody>), (status = 404, body = Problem)))]
async fn list(
    _caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<ConflictBody>>, Problem> {
    let scope = named(&state, id).await?.scope();
    let page = state.core.conflicts(scope, paging.cursor.as_deref(), paging.limit()).await?;
    Ok(Json(List::of(page, ConflictBody::of)))
}

/// Show a user's conflicts with both values, read from both sides now.
#[utoipa::path(get, path = "/installations/{id}/conflicts/{user_id}", operation_id = "show_conflict", tag = "conflicts",
    params(("id" = Uuid, Path), ("user_id" = String, Path)),
    responses((status = 200, body = ConflictShown), (status = 404, body = Problem), (status = 502, body = Problem)))]
async fn show(
    caller: Caller,
    State(state): State<AppState>,
    Path((id, user_id)): Path<(Uuid, String)>,
) -> Result<Json<ConflictShown>, Problem> {
    let found = named(&state, id).await?;
    let shown = state.core.look_at_conflicts(&found, &user_id, &caller.actor()).await?;
    Ok(Json(ConflictShown::of(shown)))
}

/// Decide a user's conflicts; the user is synced again at once, and what was chosen is carried out then.
#[utoipa::path(post, path = "/installations/{id}/conflicts/{user_id}", operation_id = "decide_conflict", tag = "conflicts",
    params(("id" = Uuid, Path), ("user_id" = String, Path)), request_body = Decision,
    responses((status = 202), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn decide(
    caller: StaffCaller,
    State(state): State<AppState>,
    Path((id, user_id)): Path<(Uuid, String)>,
    Json(decision): Json<Decision>,
) -> Result<StatusCode, Problem> {
    let found = named(&state, id).await?;
    state.core.decide_conflicts(&found, &user_id, &decision.decided()?, &caller.actor()).await?;
    Ok(StatusCode::ACCEPTED)
}

impl Decision {
    fn decided(self) -> Result<Decided, Problem> {
        match (self.choices, self.pair) {
            (Some(choices), None) => {
                let choices = choices.into_iter().map(|(field, choice)| match choice {
                    FieldChoice::User => (field, Choice::User),
                    FieldChoice::Contact => (field, Choice::Contact),
                    FieldChoice::Leave => (field, Choice::Leave),
                });
                Ok(Decided::Fields(choices.collect()))
            }
            (None, Some(pair)) => Ok(Decided::Pair { together: pair == PairChoice::Link }),
            _ => Err(Problem::invalid("choices", "Give either choices or pair.")),
        }
    }
}

impl ConflictBody {
    fn of(row: Conflict) -> Self {
        Self {
            user_id: row.user_id,
            contact_id: row.contact_id,
            field: row.field,
            kind: row.kind.word().to_owned(),
            choices: row.kind.choices().iter().map(|choice| choice.word()).collect(),
            since: moment(row.noticed_at),
            choice: row.choice.map(|choice| choice.word().to_owned()),
            decided_at: row.decided_at.map(moment),
        }
    }
}

impl ConflictShown {
    fn of(shown: Shown) -> Self {
        let (third_user_id, third_contact_id) = match shown.third {
            Some(Third::User(id)) => (Some(id), None),
            Some(Third::Contact(id)) => (None, Some(id)),
            None => (None, None),
        };
        Self {
            third_user_id,
            third_contact_id,
            conflicts: shown.conflicts.into_iter().map(ConflictBody::of).collect(),
            has_user: shown.has_user,
            has_contact: shown.has_contact,
            fields: shown.fields.into_iter().map(ValuesBody::of).collect(),
        }
    }
}

impl ValuesBody {
    fn of(values: BothValues) -> Self {
        Self { field: values.field, user: values.user, contact: values.contact, third: values.third }
    }
}
