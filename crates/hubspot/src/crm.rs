//! The calls Annex makes to one portal, each within the portal's budget.
//!
//! It never repeats a call by itself: whether and when to try again is the caller's decision.

use std::{collections::BTreeMap, fmt, sync::Arc};

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    API_VERSION,
    associations::{self, DEALS_PER_REQUEST, PAGES_MAX},
    batch::{self, BATCH, BatchRead, BatchReply},
    budget::{Budget, Kind},
    call::{Call, segment},
    deals::{self, Page, WonFrom},
    error::{Class, Error, read},
    http::{Answer, Http},
    lenient,
    pipelines::{Pipeline, Pipelines},
    properties::{Groups, NewProperty, Properties, Property},
    record::{ObjectKind, Record, Write},
};

/// Whether a request may still be sent, asked at the last moment before it is: whoever waited for its place may have
/// lost the right meanwhile.
pub type Gate = Arc<dyn Fn() -> bool + Send + Sync>;

/// One portal, spoken to with one access token within its budget.
#[derive(Clone)]
pub struct Portal {
    http: Http,
    access: SecretString,
    budget: Budget,
    gate: Option<Gate>,
}

/// What HubSpot says about the portal itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountDetails {
    /// The portal's id.
    #[serde(deserialize_with = "lenient::integer")]
    pub portal_id: i64,
    /// The host of its pages, such as `app-eu1.hubspot.com`.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub ui_domain: Option<String>,
    /// What kind of account it is, such as `STANDARD` or `DEVELOPER_TEST`.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub account_type: Option<String>,
    /// Its time zone, such as `Europe/London`.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub time_zone: Option<String>,
}

impl Portal {
    /// The portal that `access` is good for; its `budget` is shared with whoever else calls it.
    #[must_use]
    pub fn new(http: Http, access: SecretString, budget: Budget) -> Self {
        Self { http, access, budget, gate: None }
    }

    /// The same portal; nothing is sent to it while the gate is shut.
    #[must_use]
    pub fn behind(self, gate: Gate) -> Self {
        Self { gate: Some(gate), ..self }
    }

    /// Reads what HubSpot says about the portal itself.
    ///
    /// # Errors
    /// See [`Error::class`], here as for every call.
    pub async fn account(&self) -> Result<AccountDetails, Error> {
        self.fetch(Call::get(format!("/account-info/{API_VERSION}/details"))).await
    }

    /// Reads up to [`BATCH`] records; who is missing in both lists of the reply does not exist.
    ///
    /// # Errors
    /// See [`Error::class`].
    pub async fn read(&self, kind: ObjectKind, batch: &BatchRead) -> Result<BatchReply, Error> {
        self.batch(kind, "read", batch.ids.len(), || batch.body()).await
    }

    /// Reads one record; `None` if there is none. A merged record answers under its new id: compare.
    ///
    /// # Errors
    /// See [`Error::class`].
    pub async fn get(
        &self,
        kind: ObjectKind,
        id: &str,
        properties: &[&str],
    ) -> Result<Option<Record>, Error> {
        let Some(id) = segment(id) else { return Ok(None) };
        let call = Call::get(format!("{}/{id}", objects(kind)));
        absent_if_not_found(self.fetch(call.properties(properties)).await)
    }

    /// Changes up to [`BATCH`] records by their ids; merged ids are refused here, other than in [`Portal::get`].
    ///
    /// # Errors
    /// See [`Error::class`]. A refusal of the whole batch may be due to one of its rows.
    pub async fn update(&self, kind: ObjectKind, writes: Vec<Write>) -> Result<BatchReply, Error> {
        self.batch(kind, "update", writes.len(), || batch::writes(writes, None)).await
    }

    /// Makes up to [`BATCH`] records. Not safe to repeat: after a failure look first whether they are there.
    ///
    /// # Errors
    /// See [`Error::class`]. A refusal of the whole batch may be due to one of its rows; nothing is made then.
    pub async fn create(&self, kind: ObjectKind, writes: Vec<Write>) -> Result<BatchReply, Error> {
        self.batch(kind, "create", writes.len(), || batch::new_records(writes)).await
    }

    /// Makes or changes up to [`BATCH`] records by their values of a unique property; safe to repeat.
    ///
    /// # Errors
    /// See [`Error::class`]. A refusal of the whole batch may be due to one of its rows.
    pub async fn upsert(
        &self,
        kind: ObjectKind,
        id_property: &str,
        writes: Vec<Write>,
    ) -> Result<BatchReply, Error> {
        self.batch(kind, "upsert", writes.len(), || batch::writes(writes, Some(id_property))).await
    }

    /// Searches for won deals from a place on, a page at a time.
    ///
    /// The search lags behind by seconds or more and repeats deals that change again: ask with an overlap.
    ///
    /// # Errors
    /// See [`Error::class`].
    pub async fn search_won_deals(&self, from: WonFrom<'_>) -> Result<Page, Error> {
        let path = format!("{}/search", objects(ObjectKind::Deal));
        let call = Call::post(path, deals::won_from(from));
        self.fetch(call.search()).await
    }

    /// Searches for contacts that have a value of `marker` and changed at or after `modified_since_ms`
    /// (milliseconds since 1970), oldest change first. The same lag and repeats as with deals.
    ///
    /// # Errors
    /// See [`Error::class`].
    pub async fn search_changed_contacts(
        &self,
        marker: &str,
        modified_since_ms: i64,
        after: Option<&str>,
    ) -> Result<Page, Error> {
        let path = format!("{}/search", objects(ObjectKind::Contact));
        let body = deals::contacts_since(marker, modified_since_ms, after);
        self.fetch(Call::post(path, body).search()).await
    }

    /// Reads the contacts of up to [`DEALS_PER_REQUEST`] deals; each asked deal has an entry, if only an empty one.
    ///
    /// # Errors
    /// See [`Error::class`].
    pub async fn deal_contacts(&self, deal_ids: &[String]) -> Result<BTreeMap<String, Vec<String>>, Error> {
        debug_assert!(deal_ids.len() <= DEALS_PER_REQUEST, "more deals than one request may ask for");
        let mut found: BTreeMap<String, Vec<String>> =
            deal_ids.iter().map(|id| (id.clone(), Vec::new())).collect();
        let mut inputs: Vec<Value> = found.keys().map(|id| json!({ "id": id })).collect();
        for _ in 0..PAGES_MAX {
            if inputs.is_empty() {
                return Ok(found);
            }
            let path = format!("/crm/associations/{API_VERSION}/deals/contacts/batch/read");
            let call = Call::post(path, json!({ "inputs": inputs }));
            inputs = associations::gather(self.fetch(call).await?, &mut found);
        }
        Err(Error::TooLarge)
    }

    /// Reads the pipelines of deals with their stages.
    ///
    /// # Errors
    /// See [`Error::class`].
    pub async fn deal_pipelines(&self) -> Result<Vec<Pipeline>, Error> {
        let call = Call::get(format!("/crm/pipelines/{API_VERSION}/deals"));
        self.fetch::<Pipelines>(call).await.map(|pipelines| pipelines.results)
    }

    /// Reads all properties contacts can have.
    ///
    /// # Errors
    /// See [`Error::class`].
    pub async fn contact_properties(&self) -> Result<Vec<Property>, Error> {
        let call = Call::get(properties_path());
        self.fetch::<Properties>(call).await.map(|properties| properties.results)
    }

    /// Reads the contact properties that were archived and can be restored.
    ///
    /// # Errors
    /// See [`Error::class`].
    pub async fn archived_contact_properties(&self) -> Result<Vec<Property>, Error> {
        let call = Call::get(properties_path()).archived();
        self.fetch::<Properties>(call).await.map(|properties| properties.results)
    }

    /// Reads one property of contacts; `None` if there is none.
    ///
    /// # Errors
    /// See [`Error::class`].
    pub async fn contact_property(&self, name: &str) -> Result<Option<Property>, Error> {
        let Some(name) = segment(name) else { return Ok(None) };
        let path = format!("{}/{name}", properties_path());
        absent_if_not_found(self.fetch(Call::get(path)).await)
    }

    /// Makes a property of contacts, or takes the one of that name: compare what comes back with what was asked.
    ///
    /// # Errors
    /// See [`Error::class`]; `Rejected` also where the portal has no unique property left to give.
    pub async fn create_contact_property(&self, new: &NewProperty) -> Result<Property, Error> {
        let made = self.fetch(Call::post(properties_path(), json!(new))).await;
        match made {
            Err(error) if error.class() == Class::Conflict => {
                self.contact_property(&new.name).await?.ok_or(error)
            }
            made => made,
        }
    }

    /// Makes the group of contact properties if it is not there.
    ///
    /// # Errors
    /// See [`Error::class`].
    pub async fn ensure_contact_group(&self, name: &str, label: &str) -> Result<(), Error> {
        if self.has_contact_group(name).await? {
            return Ok(());
        }
        let body = json!({ "name": name, "label": label, "displayOrder": -1 });
        let path = format!("{}/groups", properties_path());
        match self.send(Call::post(path, body)).await {
            Ok(_) => Ok(()),
            // Somebody may have made it meanwhile; how HubSpot says so is not known.
            Err(error) if matches!(error.class(), Class::Conflict | Class::Rejected) => {
                if self.has_contact_group(name).await? { Ok(()) } else { Err(error) }
            }
            Err(error) => Err(error),
        }
    }

    /// Removes the app and its webhooks from the portal; HubSpot tells the portal's admins.
    ///
    /// # Errors
    /// See [`Error::class`].
    pub async fn uninstall(&self) -> Result<(), Error> {
        let path = format!("/appinstalls/{API_VERSION}/external-install");
        self.send(Call::delete(path)).await.map(drop)
    }

    async fn has_contact_group(&self, name: &str) -> Result<bool, Error> {
        let call = Call::get(format!("{}/groups", properties_path()));
        self.fetch::<Groups>(call).await.map(|groups| groups.has(name))
    }

    async fn batch(
        &self,
        kind: ObjectKind,
        verb: &str,
        rows: usize,
        body: impl FnOnce() -> Value,
    ) -> Result<BatchReply, Error> {
        debug_assert!(rows <= BATCH, "more rows than one request may carry");
        if rows == 0 {
            return Ok(BatchReply::default());
        }
        let path = format!("{}/batch/{verb}", objects(kind));
        let answer = self.send(Call::post(path, body())).await?;
        let mut reply: BatchReply = read(&answer.body)?;
        reply.correlate(answer.correlation_id());
        Ok(reply)
    }

    async fn fetch<T: DeserializeOwned>(&self, call: Call) -> Result<T, Error> {
        read(&self.send(call).await?.body)
    }

    async fn send(&self, call: Call) -> Result<Answer, Error> {
        let kind = call.kind;
        let request = call.build(&self.http, self.authorization()?)?;
        self.budget.place(kind).await;
        if self.gate.as_ref().is_some_and(|may_send| !may_send()) {
            return Err(Error::Withheld);
        }
        let answer = self.http.send(request).await?;
        self.budget
            .learn(answer.number("x-hubspot-ratelimit-max"), answer.number("x-hubspot-ratelimit-remaining"));
        if (200..=299).contains(&answer.status) {
            return Ok(answer);
        }
        let error = Error::of_answer(&answer);
        if matches!(error.class(), Class::RateLimited { .. }) {
            self.budget.refused(exhausted(kind, &error));
        }
        Err(error)
    }

    fn authorization(&self) -> Result<HeaderValue, Error> {
        let text = format!("Bearer {}", self.access.expose_secret());
        let mut value = HeaderValue::from_str(&text).map_err(|_| Error::UnusableToken)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for Portal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Portal").field("budget", &self.budget).finish_non_exhaustive()
    }
}

fn objects(kind: ObjectKind) -> String {
    format!("/crm/objects/{API_VERSION}/{}", kind.as_str())
}

fn properties_path() -> String {
    format!("/crm/properties/{API_VERSION}/contacts")
}

/// Which window a 429 is about: a search may also run into the limit of all requests together.
fn exhausted(kind: Kind, error: &Error) -> Kind {
    let policy = error.problem().and_then(|problem| problem.policy.as_deref());
    match policy {
        Some(policy) if policy.starts_with("TEN_SECONDLY") => Kind::Standard,
        _ => kind,
    }
}

fn absent_if_not_found<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.class() == Class::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
