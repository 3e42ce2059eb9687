//! Contacts and deals as a person handles them in HubSpot's pages: every change is told with `CRM_UI`, unless a
//! write names another `source`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::control::Refused;
use crate::hubspot::crm::definition::Definition;
use crate::hubspot::crm::kind::Kind;
use crate::hubspot::crm::record::{Record, Source};
use crate::hubspot::crm::write::{AssociationInput, AssociationTarget, Claims, Properties, text};
use crate::hubspot::desk::{PERSON, in_portal};
use crate::hubspot::error::ApiError;
use crate::hubspot::portal::Portal;
use crate::hubspot::seed;
use crate::world::World;

/// How many records are shown or made before others may have the lock.
const PART: usize = 1_000;
/// How many records are looked at for those that are shown.
const LOOKED_AT: usize = 20_000;

/// Below `/{portal}`.
pub(super) fn router() -> Router<Arc<World>> {
    let mut router = Router::new()
        .route("/{portal}/contacts/seed", post(seed_contacts))
        .route("/{portal}/contacts/{id}/emails", post(add_email))
        .route("/{portal}/contacts/{id}/privacy-delete", post(erase))
        .route("/{portal}/contacts/{id}/oddly", post(show_oddly))
        .route("/{portal}/deals/{id}/contacts/{contact}", post(associate));
    for kind in [Kind::Contact, Kind::Deal] {
        let routes = Router::new()
            .route("/", get(list).post(create))
            .route("/merge", post(merge))
            .route("/{id}", get(one).put(change).delete(archive))
            .route("/{id}/restore", post(restore))
            .layer(Extension(kind));
        router = router.nest(&format!("/{{portal}}/{}", kind.plural()), routes);
    }
    router
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    properties: Properties,
    /// The contacts of a new deal.
    #[serde(default)]
    contacts: Vec<Value>,
    /// Who does it, when it is not the person at the desk.
    source: Option<SourceInput>,
}

/// Who does something, as events tell it: `{"kind": "INTEGRATION", "id": "2931120"}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceInput {
    kind: String,
    #[serde(default)]
    id: Value,
}

fn source(asked: Option<&SourceInput>) -> Result<Source, Refused> {
    let Some(asked) = asked else { return Ok(PERSON) };
    let id = text(&asked.id).unwrap_or_default();
    let named = id.parse().ok().and_then(|id| Source::named(&asked.kind, id));
    named.ok_or_else(|| {
        let known = "INTEGRATION, CRM_UI, IMPORT, FORM or AUTOMATION_PLATFORM";
        Refused::Bad(format!("a source is a kind ({known}) and a number as its id"))
    })
}

/// `?limit` and `?after` page by id; any other parameter, such as `?storeganise_user_id`, keeps the records with
/// exactly this value.
async fn list(
    State(world): State<Arc<World>>,
    Extension(kind): Extension<Kind>,
    Path(portal): Path<u64>,
    Query(mut filter): Query<BTreeMap<String, String>>,
) -> Result<Json<Value>, Refused> {
    let limit = number(filter.remove("limit"))?.unwrap_or(u64::MAX);
    let mut after = number(filter.remove("after"))?.unwrap_or(0);
    let mut shown: Vec<Value> = Vec::new();
    loop {
        // A long list is read bit by bit: nobody waits for the lock until all of it is read.
        let want = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(shown.len());
        let part = in_portal(&world, portal, PERSON, |portal, _| {
            Ok(part_of_list(portal, kind, &filter, after, want.min(PART)))
        })?;
        shown.extend(part.shown);
        match part.last {
            Some(last) if want > 0 => after = last,
            _ => return Ok(Json(shown.into())),
        }
    }
}

struct Part {
    shown: Vec<Value>,
    /// The last record that was looked at, while there may be more.
    last: Option<u64>,
}

fn part_of_list(
    portal: &Portal,
    kind: Kind,
    filter: &BTreeMap<String, String>,
    after: u64,
    want: usize,
) -> Part {
    let fits = |record: &&Record| {
        filter.iter().all(|(name, value)| portal.value(kind, record, name).as_deref() == Some(value))
    };
    let view = portal.whole_view(kind);
    let show = |record: &Record| portal.show_whole(kind, record, &view);
    let key = filter.iter().find(|(name, _)| portal.schema(kind).live(name).is_some_and(Definition::is_key));
    if let Some((name, value)) = key {
        let holder = portal.store(kind).holder(name, value).and_then(|id| portal.live(kind, id));
        let found = holder.filter(|record| record.id > after).filter(fits).into_iter().take(want);
        return Part { shown: found.map(show).collect(), last: None };
    }
    let looked_at: Vec<&Record> = portal.store(kind).after(after, false).take(LOOKED_AT).collect();
    let found: Vec<&Record> = looked_at.iter().copied().filter(fits).take(want).collect();
    let last = match found.len() == want {
        true => found.last().map(|record| record.id),
        false => looked_at.last().filter(|_| looked_at.len() == LOOKED_AT).map(|record| record.id),
    };
    Part { shown: found.into_iter().map(show).collect(), last }
}

fn number(given: Option<String>) -> Result<Option<u64>, Refused> {
    given.map(|text| text.parse().map_err(|_| Refused::Bad(format!("{text} is no number")))).transpose()
}

async fn one(
    State(world): State<Arc<World>>,
    Extension(kind): Extension<Kind>,
    Path((portal, id)): Path<(u64, String)>,
) -> Result<Json<Value>, Refused> {
    in_portal(&world, portal, PERSON, |portal, _| {
        let id = present(portal, kind, &id)?;
        Ok(Json(show(portal, kind, id)))
    })
    .map_err(Refused::from)
}

async fn create(
    State(world): State<Arc<World>>,
    Extension(kind): Extension<Kind>,
    Path(portal): Path<u64>,
    asked: Result<Json<Input>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let Json(asked) = asked?;
    let tie = |id| AssociationInput { to: AssociationTarget { id }, types: Vec::new() };
    let source = source(asked.source.as_ref())?;
    let ties: Vec<AssociationInput> = asked.contacts.into_iter().map(tie).collect();
    in_portal(&world, portal, source, |portal, author| {
        let plan = portal.plan_create(kind, &asked.properties, &ties, &mut Claims::default())?;
        let id = portal.carry_out(kind, plan, author);
        Ok((StatusCode::CREATED, Json(show(portal, kind, id))))
    })
    .map_err(Refused::from)
}

async fn change(
    State(world): State<Arc<World>>,
    Extension(kind): Extension<Kind>,
    Path((portal, id)): Path<(u64, String)>,
    asked: Result<Json<Input>, JsonRejection>,
) -> Result<Json<Value>, Refused> {
    let Json(asked) = asked?;
    let source = source(asked.source.as_ref())?;
    in_portal(&world, portal, source, |portal, author| {
        let id = present(portal, kind, &id)?;
        let plan = portal.plan_update(kind, id, &asked.properties, &mut Claims::default())?;
        portal.carry_out(kind, plan, author);
        Ok(Json(show(portal, kind, id)))
    })
    .map_err(Refused::from)
}

async fn archive(
    State(world): State<Arc<World>>,
    Extension(kind): Extension<Kind>,
    Path((portal, id)): Path<(u64, String)>,
) -> Result<StatusCode, Refused> {
    in_portal(&world, portal, PERSON, |portal, author| {
        let id = present(portal, kind, &id)?;
        portal.archive(kind, id, author);
        Ok(StatusCode::NO_CONTENT)
    })
    .map_err(Refused::from)
}

async fn restore(
    State(world): State<Arc<World>>,
    Extension(kind): Extension<Kind>,
    Path((portal, id)): Path<(u64, u64)>,
) -> Result<StatusCode, Refused> {
    in_portal(&world, portal, PERSON, |portal, author| match portal.restore(kind, id, author) {
        true => Ok(StatusCode::NO_CONTENT),
        false => {
            Err(ApiError::invalid("It is not in the recycle bin, or another record holds its keys by now"))
        }
    })
    .map_err(Refused::from)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Merge {
    #[serde(alias = "primaryObjectId")]
    primary: Value,
    #[serde(alias = "objectIdToMerge")]
    other: Value,
}

async fn merge(
    State(world): State<Arc<World>>,
    Extension(kind): Extension<Kind>,
    Path(portal): Path<u64>,
    asked: Result<Json<Merge>, JsonRejection>,
) -> Result<Json<Value>, Refused> {
    let Json(asked) = asked?;
    let ids = [asked.primary, asked.other].map(|id| text(&id).unwrap_or_default());
    in_portal(&world, portal, PERSON, |portal, author| {
        let id = portal.merge(kind, &ids[0], &ids[1], author)?;
        Ok(Json(show(portal, kind, id)))
    })
    .map_err(Refused::from)
}

async fn erase(
    State(world): State<Arc<World>>,
    Path((portal, id)): Path<(u64, String)>,
) -> Result<StatusCode, Refused> {
    in_portal(&world, portal, PERSON, |portal, author| {
        let id = present(portal, Kind::Contact, &id)?;
        portal.erase(id, author);
        Ok(StatusCode::NO_CONTENT)
    })
    .map_err(Refused::from)
}

/// The API answers about this contact in a shape that nobody expects.
async fn show_oddly(
    State(world): State<Arc<World>>,
    Path((portal, id)): Path<(u64, String)>,
    asked: Result<Json<Map<String, Value>>, JsonRejection>,
) -> Result<StatusCode, Refused> {
    let Json(odd) = asked?;
    in_portal(&world, portal, PERSON, |portal, _| {
        let id = present(portal, Kind::Contact, &id)?;
        portal.odd.insert(id, odd);
        Ok(StatusCode::NO_CONTENT)
    })
    .map_err(Refused::from)
}

async fn associate(
    State(world): State<Arc<World>>,
    Path((portal, deal, contact)): Path<(u64, String, String)>,
) -> Result<Json<Value>, Refused> {
    in_portal(&world, portal, PERSON, |portal, author| {
        let deal = present(portal, Kind::Deal, &deal)?;
        let contact = present(portal, Kind::Contact, &contact)?;
        portal.associate(deal, contact, author);
        Ok(Json(show(portal, Kind::Deal, deal)))
    })
    .map_err(Refused::from)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedInput {
    count: usize,
    /// Properties every one of them has besides; `{n}` is the contact's number.
    #[serde(default)]
    set: BTreeMap<String, String>,
}

/// Many made-up contacts at once, of which the app hears nothing.
async fn seed_contacts(
    State(world): State<Arc<World>>,
    Path(portal): Path<u64>,
    asked: Result<Json<SeedInput>, JsonRejection>,
) -> Result<Json<Value>, Refused> {
    let Json(asked) = asked?;
    let mut left = asked.count;
    while left > 0 {
        let part = left.min(PART);
        in_portal(&world, portal, PERSON, |portal, author| {
            let made = seed::contacts(portal, part, &asked.set, author);
            portal.take_events();
            made
        })?;
        left -= part;
        tokio::task::yield_now().await;
    }
    in_portal(&world, portal, PERSON, |portal, _| {
        Ok(Json(json!({"contacts": portal.store(Kind::Contact).live_count()})))
    })
    .map_err(Refused::from)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewEmail {
    email: String,
}

/// One more address of a contact.
async fn add_email(
    State(world): State<Arc<World>>,
    Path((portal, id)): Path<(u64, String)>,
    asked: Result<Json<NewEmail>, JsonRejection>,
) -> Result<Json<Value>, Refused> {
    let Json(asked) = asked?;
    in_portal(&world, portal, PERSON, |portal, author| {
        let id = present(portal, Kind::Contact, &id)?;
        portal.add_email(id, &asked.email, author)?;
        Ok(Json(show(portal, Kind::Contact, id)))
    })
    .map_err(Refused::from)
}

fn present(portal: &Portal, kind: Kind, id: &str) -> Result<u64, ApiError> {
    portal.resolve(kind, id).ok_or_else(|| ApiError::no_record(id))
}

fn show(portal: &Portal, kind: Kind, id: u64) -> Value {
    portal
        .live(kind, id)
        .map_or(Value::Null, |record| portal.show_whole(kind, record, &portal.whole_view(kind)))
}
