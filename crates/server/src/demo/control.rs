//! The hands that move the simulated systems: a person who edits users at Storeganise, moves deals at HubSpot,
//! and looks at both sides. Everything goes through the sandbox's control calls, over HTTP.

use anyhow::{Context as _, bail};
use reqwest::{Client, Method};
use serde_json::{Map, Value, json};

use super::visitor::client;

/// The control calls of one sandbox.
#[derive(Debug, Clone)]
pub struct Control {
    http: Client,
    base_url: String,
}

impl Control {
    /// The control calls of the sandbox at this address.
    #[must_use]
    pub fn of(base_url: &str) -> Self {
        Self { http: client(), base_url: base_url.to_owned() }
    }

    /// The sandbox's address.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Makes any control call; an answer without a body is null.
    ///
    /// # Errors
    /// The sandbox refused, with its reason.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let mut request = self.http.request(method, format!("{}/_sandbox/{path}", self.base_url));
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.context("the sandbox did not answer")?;
        let status = response.status();
        let text = response.text().await.context("the sandbox broke off")?;
        if !status.is_success() {
            bail!("the sandbox refused {path}: {status} {text}");
        }
        if text.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_str(&text)?) }
    }

    /// Looks something up.
    ///
    /// # Errors
    /// As [`Control::call`].
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.call(Method::GET, path, None).await
    }

    /// Does something.
    ///
    /// # Errors
    /// As [`Control::call`].
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Changes something.
    ///
    /// # Errors
    /// As [`Control::call`].
    pub async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.call(Method::PUT, path, Some(body)).await
    }

    /// Installs the add-on at a business: its id. It starts paused.
    ///
    /// # Errors
    /// As [`Control::call`].
    pub async fn install_addon(&self, business: &str) -> anyhow::Result<String> {
        let addon = self.post(&format!("storeganise/{business}/addons"), &Value::Null).await?;
        text_of(&addon, "id")
    }

    /// Sets an add-on's state at Storeganise: `paused`, `enabled` or `disabled`.
    ///
    /// # Errors
    /// As [`Control::call`].
    pub async fn set_addon_state(&self, business: &str, addon: &str, state: &str) -> anyhow::Result<()> {
        let path = format!("storeganise/{business}/addons/{addon}");
        self.put(&path, &json!({"state": state})).await.map(|_| ())
    }

    /// A field on the add-on's page, empty where it is not filled.
    ///
    /// # Errors
    /// As [`Control::call`].
    pub async fn addon_field(&self, business: &str, addon: &str, field: &str) -> anyhow::Result<String> {
        let addons = self.get(&format!("storeganise/{business}/addons")).await?;
        let found = list(&addons).iter().find(|known| known["id"] == addon).cloned().unwrap_or_default();
        Ok(found["customFields"][field].as_str().unwrap_or_default().to_owned())
    }

    /// Every user of a business.
    ///
    /// # Errors
    /// As [`Control::call`].
    pub async fn users(&self, business: &str) -> anyhow::Result<Vec<Value>> {
        Ok(list(&self.get(&format!("storeganise/{business}/users")).await?).to_vec())
    }

    /// Makes a user as a person does at Storeganise: its id.
    ///
    /// # Errors
    /// As [`Control::call`].
    pub async fn create_user(&self, business: &str, fields: &Value) -> anyhow::Result<String> {
        text_of(&self.post(&format!("storeganise/{business}/users"), fields).await?, "id")
    }

    /// Edits a user as a person does at Storeganise.
    ///
    /// # Errors
    /// As [`Control::call`].
    pub async fn edit_user(&self, business: &str, id: &str, fields: &Value) -> anyhow::Result<()> {
        self.put(&format!("storeganise/{business}/users/{id}"), fields).await.map(|_| ())
    }

    /// Every contact of a portal.
    ///
    /// # Errors
    /// As [`Control::call`].
    pub async fn contacts(&self, portal: i64) -> anyhow::Result<Vec<Value>> {
        Ok(list(&self.get(&format!("hubspot/{portal}/contacts")).await?).to_vec())
    }

    /// The contact that carries a user's id, if there is one.
    ///
    /// # Errors
    /// As [`Control::call`].
    pub async fn contact_of(&self, portal: i64, user_id: &str) -> anyhow::Result<Option<Value>> {
        let found = self.get(&format!("hubspot/{portal}/contacts?storeganise_user_id={user_id}")).await?;
        Ok(list(&found).first().cloned())
    }

    /// Makes a contact as a person does in HubSpot: its id.
    ///
    /// # Errors
    /// As [`Control::call`].
    pub async fn create_contact(&self, portal: i64, properties: &Value) -> anyhow::Result<String> {
        let body = json!({ "properties": properties });
        text_of(&self.post(&format!("hubspot/{portal}/contacts"), &body).await?, "id")
    }

    /// Edits a contact as a person does in HubSpot.
    ///
    /// # Errors
    /// As [`Control::call`].
    pub async fn edit_contact(&self, portal: i64, id: &str, properties: &Value) -> anyhow::Result<()> {
        let body = json!({ "properties": properties });
        self.put(&format!("hubspot/{portal}/contacts/{id}"), &body).await.map(|_| ())
    }

    /// Makes a deal with its contacts as a person does in HubSpot: its id.
    ///
    /// # Errors
    /// As [`Control::call`].
    pub async fn create_deal(
        &self,
        portal: i64,
        properties: &Value,
        contacts: &[&str],
    ) -> anyhow::Result<String> {
        let body = json!({ "properties": properties, "contacts": contacts });
        text_of(&self.post(&format!("hubspot/{portal}/deals"), &body).await?, "id")
    }

    /// Edits a deal as a person does in HubSpot, above all its stage.
    ///
    /// # Errors
    /// As [`Control::call`].
    pub async fn edit_deal(&self, portal: i64, id: &str, properties: &Value) -> anyhow::Result<()> {
        let body = json!({ "properties": properties });
        self.put(&format!("hubspot/{portal}/deals/{id}"), &body).await.map(|_| ())
    }

    /// Whether no webhook is on its way and no request under way.
    ///
    /// # Errors
    /// As [`Control::call`].
    pub async fn is_quiet(&self) -> anyhow::Result<bool> {
        let quiet = self.get("quiet").await?;
        Ok(quiet["webhooks_pending"] == 0 && quiet["requests_in_flight"] == 0)
    }

    /// Webhooks that are still to be answered, repeats of failed ones included.
    ///
    /// # Errors
    /// As [`Control::call`].
    pub async fn webhooks_pending(&self) -> anyhow::Result<u64> {
        let quiet = self.get("quiet").await?;
        quiet["webhooks_pending"].as_u64().context("the sandbox does not count its webhooks")
    }

    /// Waits until every webhook that is on its way has arrived.
    ///
    /// # Errors
    /// As [`Control::call`].
    pub async fn until_delivered(&self) -> anyhow::Result<()> {
        while self.webhooks_pending().await? > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// The counters of both systems.
    ///
    /// # Errors
    /// As [`Control::call`].
    pub async fn stats(&self) -> anyhow::Result<Value> {
        self.get("stats").await
    }

    /// Sets the counters of both systems to zero.
    ///
    /// # Errors
    /// As [`Control::call`].
    pub async fn reset_stats(&self) -> anyhow::Result<()> {
        self.post("stats/reset", &Value::Null).await.map(|_| ())
    }
}

/// A property of a contact or deal as the control calls show it; none where it is blank.
#[must_use]
pub fn property<'a>(record: &'a Value, name: &str) -> Option<&'a str> {
    record["properties"][name].as_str().filter(|value| !value.is_empty())
}

/// The users that are customers: no role.
#[must_use]
pub fn customers(users: &[Value]) -> Vec<&Map<String, Value>> {
    users.iter().filter_map(Value::as_object).filter(|user| list(&user["roles"]).is_empty()).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text_of(value: &Value, field: &str) -> anyhow::Result<String> {
    let text = value[field].as_str().map(str::to_owned);
    text.with_context(|| format!("the sandbox's answer has no {field}"))
}
