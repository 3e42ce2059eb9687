//! The calls Annex makes to one business, one after the other.
//!
//! It never repeats a call by itself: whether and when to try again is the caller's decision.

use std::{collections::HashSet, fmt, sync::Arc};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{
    Method,
    header::{AUTHORIZATION, HeaderValue},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::{Map, Value, json};
use url::Url;

use crate::{
    addon::Addon,
    api_url::ApiUrl,
    error::{Class, Error},
    http::{Answer, Http},
    lenient,
    pace::Pace,
    task::{self, Task},
    user::{NewUser, Records, User, UserPatch, UsersQuery},
};

/// How many users one request may name by id.
pub const IDS_PER_REQUEST: usize = 50;

/// How many users a search by e-mail looks through; the provider searches loosely.
const SEARCH_LIMIT: usize = 50;
/// How many open tasks a look for one of ours goes through.
const TASKS_LIMIT: usize = 200;
const INCLUDE_CUSTOM_FIELDS: (&str, &str) = ("include", "customFields");
/// What may stand in a path segment as it is: the unreserved characters of RFC 3986.
const ESCAPED_IN_SEGMENT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Whether a request may still be sent, asked at the last moment before it is: whoever waited for its place may have
/// lost the right meanwhile.
pub type Gate = Arc<dyn Fn() -> bool + Send + Sync>;

/// One business, spoken to as one installation of the add-on.
#[derive(Clone)]
pub struct Account {
    http: Http,
    api_url: ApiUrl,
    addon_id: String,
    key: SecretString,
    pace: Pace,
    gate: Option<Gate>,
}

impl Account {
    /// An account under its API address, for the installation `addon_id` with its `key`.
    #[must_use]
    pub fn new(http: Http, api_url: ApiUrl, addon_id: String, key: SecretString, pace: Pace) -> Self {
        Self { http, api_url, addon_id, key, pace, gate: None }
    }

    /// The same account; nothing is sent to it while the gate is shut.
    #[must_use]
    pub fn behind(self, gate: Gate) -> Self {
        Self { gate: Some(gate), ..self }
    }

    /// The pace this account keeps.
    #[must_use]
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// Reads the add-on's own record, which is also the check of address, id and key.
    ///
    /// # Errors
    /// `NotFound` for an unknown id, `AccessDenied` for a wrong key or a disabled add-on.
    pub async fn addon(&self) -> Result<Addon, Error> {
        self.read(Call::get(&["addons", &self.addon_id])).await
    }

    /// Writes fields of the add-on's page. Storeganise may keep this to stronger keys: treat it as best effort.
    ///
    /// # Errors
    /// See [`Error::class`].
    pub async fn put_addon_fields(&self, fields: &Map<String, Value>) -> Result<(), Error> {
        let body = json!({ "customFields": fields });
        self.send(Call::put(&["addons", &self.addon_id]), Some(&body)).await.map(drop)
    }

    /// Reads one user with custom fields; `None` if there is none.
    ///
    /// # Errors
    /// See [`Error::class`].
    pub async fn user(&self, id: &str) -> Result<Option<User>, Error> {
        let call = Call::get(&["users", id]).query([INCLUDE_CUSTOM_FIELDS]);
        absent_if_not_found(self.read(call).await)
    }

    /// Finds the user with exactly this e-mail address, but for case and surrounding white space.
    ///
    /// The direct look-up is not certain to exist, so whatever it does not find is also searched for.
    ///
    /// # Errors
    /// See [`Error::class`].
    pub async fn user_by_email(&self, email: &str) -> Result<Option<User>, Error> {
        let wanted = folded(email);
        if wanted.is_empty() {
            return Ok(None);
        }
        let has_it = |user: &User| user.email.as_deref().is_some_and(|email| folded(email) == wanted);
        let direct = Call::get(&["users", email.trim()]).query([INCLUDE_CUSTOM_FIELDS]);
        match self.read::<User>(direct).await {
            Ok(user) if has_it(&user) => return Ok(Some(user)),
            Ok(_) => {}
            Err(error) if matches!(error.class(), Class::NotFound | Class::Rejected) => {}
            Err(error) => return Err(error),
        }
        let limit = SEARCH_LIMIT.to_string();
        let search =
            Call::get(&["users"]).query([("search", email.trim()), ("limit", &limit), INCLUDE_CUSTOM_FIELDS]);
        let found: Records<User> = lenient::each(self.read(search).await?);
        Ok(found.records.into_iter().find(has_it))
    }

    /// Reads up to [`IDS_PER_REQUEST`] users with custom fields in one request.
    ///
    /// The answer holds each asked user once, and no other one; who is missing does not exist, or the provider
    /// did not heed the ids. A user of another shape is named among those that could not be read.
    ///
    /// # Errors
    /// See [`Error::class`].
    pub async fn users_by_ids(&self, ids: &[String]) -> Result<Records<User>, Error> {
        debug_assert!(ids.len() <= IDS_PER_REQUEST, "more ids than one request may name");
        let mut asked: HashSet<&str> = ids.iter().map(String::as_str).filter(|id| !id.is_empty()).collect();
        if asked.is_empty() {
            return Ok(Records { records: Vec::new(), unread: Vec::new() });
        }
        let mut list: Vec<&str> = asked.iter().copied().collect();
        list.sort_unstable();
        let (list, limit) = (list.join(","), IDS_PER_REQUEST.to_string());
        let call =
            Call::get(&["users"]).query([("ids", list.as_str()), ("limit", &limit), INCLUDE_CUSTOM_FIELDS]);
        let mut users: Records<User> = lenient::each(self.read(call).await?);
        users.records.retain(|user| asked.remove(user.id.as_str()));
        Ok(users)
    }

    /// Reads one page of users.
    ///
    /// # Errors
    /// See [`Error::class`].
    pub async fn users_page(&self, query: &UsersQuery) -> Result<Records<User>, Error> {
        let pairs = query.pairs();
        let call = Call::get(&["users"]).query(pairs.iter().map(|(k, v)| (*k, v.as_str())));
        Ok(lenient::each(self.read(call).await?))
    }

    /// Makes a user. After any failure look the e-mail address up before trying again: the user may exist.
    ///
    /// # Errors
    /// `Conflict` or `Rejected` where the address is taken; see [`Error::class`].
    pub async fn create_user(&self, user: &NewUser) -> Result<User, Error> {
        let call = Call::new(Method::POST, &["users"]);
        lenient::read(&self.send(call, Some(user)).await?.body)
    }

    /// Changes what the patch names and nothing else; safe to repeat.
    ///
    /// # Errors
    /// See [`Error::class`].
    pub async fn update_user(&self, id: &str, patch: &UserPatch) -> Result<User, Error> {
        let call = Call::put(&["users", id]).query([INCLUDE_CUSTOM_FIELDS]);
        lenient::read(&self.send(call, Some(patch)).await?.body)
    }

    /// Files a task for the people of the business: its id, where Storeganise names it. Not safe to repeat: after
    /// any failure look for it by [`Account::open_task`].
    ///
    /// # Errors
    /// See [`Error::class`].
    pub async fn file_task(&self, task: &Task) -> Result<Option<String>, Error> {
        let call = Call::new(Method::POST, &["jobs"]);
        let answer = self.send(call, Some(&task.body())).await?;
        // It is filed, whatever the answer looks like.
        Ok(lenient::read::<Value>(&answer.body).ok().as_ref().and_then(task::id_of))
    }

    /// Looks for an open task whose text contains `reference`. That jobs can be listed is not documented: take any
    /// refusal for "not known".
    ///
    /// # Errors
    /// See [`Error::class`].
    pub async fn open_task(&self, reference: &str) -> Result<Option<String>, Error> {
        let limit = TASKS_LIMIT.to_string();
        let call =
            Call::get(&["jobs"]).query([("type", "task"), ("state", "open"), ("limit", limit.as_str())]);
        let answer: Value = self.read(call).await?;
        let tasks = task::list(&answer).ok_or(Error::NotUnderstood { path: "jobs".to_owned() })?;
        Ok(tasks.iter().find(|task| task::mentions(task, reference)).and_then(task::id_of))
    }

    /// Closes a task: what it was about is over. Safe to repeat.
    ///
    /// # Errors
    /// See [`Error::class`].
    pub async fn complete_task(&self, id: &str) -> Result<(), Error> {
        let body = json!({ "state": "completed" });
        self.send(Call::put(&["jobs", id]), Some(&body)).await.map(drop)
    }

    async fn read<T: serde::de::DeserializeOwned>(&self, call: Call) -> Result<T, Error> {
        lenient::read(&self.send::<()>(call, None).await?.body)
    }

    async fn send<B: Serialize + Sync>(&self, call: Call, body: Option<&B>) -> Result<Answer, Error> {
        let mut request = self.http.request(call.method, self.url(call.path, &call.query)?);
        request = request.header(AUTHORIZATION, self.authorization()?);
        if let Some(body) = body {
            request = request.json(body);
        }
        let request = request.build().map_err(|e| Error::of_transport(&e))?;
        let _turn = self.pace.turn().await;
        if self.gate.as_ref().is_some_and(|may_send| !may_send()) {
            return Err(Error::Withheld);
        }
        let answer = self.http.send(request).await?;
        match answer.status {
            200..=299 => Ok(answer),
            status => Err(Error::Refused { status, retry_after: answer.retry_after }),
        }
    }

    fn url(&self, path: Option<String>, query: &[(&'static str, String)]) -> Result<Url, Error> {
        let path = path.ok_or(Error::UnusableId)?;
        let text = format!("{}/v1/admin/{path}", self.api_url.as_str());
        let mut url = Url::parse(&text).expect("a checked address with escaped segments is an address");
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    fn authorization(&self) -> Result<HeaderValue, Error> {
        let text = format!("Addon {}|{}", self.addon_id, self.key.expose_secret());
        let mut value = HeaderValue::from_str(&text).map_err(|_| Error::UnusableKey)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("api_url", &self.api_url.as_str())
            .field("addon_id", &self.addon_id)
            .finish_non_exhaustive()
    }
}

/// One request before it is sent.
struct Call {
    method: Method,
    /// `None` where a segment could not stand for a record.
    path: Option<String>,
    query: Vec<(&'static str, String)>,
}

impl Call {
    fn new(method: Method, segments: &[&str]) -> Self {
        // An empty or dotted segment would lead to another resource than the one that was meant.
        let usable = segments.iter().all(|s| !matches!(s.trim(), "" | "." | ".."));
        let escaped = segments.iter().map(|s| utf8_percent_encode(s, &ESCAPED_IN_SEGMENT).to_string());
        let path = usable.then(|| escaped.collect::<Vec<_>>().join("/"));
        Self { method, path, query: Vec::new() }
    }

    fn get(segments: &[&str]) -> Self {
        Self::new(Method::GET, segments)
    }

    fn put(segments: &[&str]) -> Self {
        Self::new(Method::PUT, segments)
    }

    fn query<'a>(mut self, pairs: impl IntoIterator<Item = (&'static str, &'a str)>) -> Self {
        self.query.extend(pairs.into_iter().map(|(key, value)| (key, value.to_owned())));
        self
    }
}

fn absent_if_not_found<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.class() == Class::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// An e-mail address for comparing.
fn folded(email: &str) -> String {
    email.trim().to_lowercase()
}
