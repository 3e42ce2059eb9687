//! Install: staff name a business and its add-on, Storeganise is asked whether they fit, rows are made.

use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    sea_query::OnConflict,
};
use storeganise::{api_url::ApiUrl, client::Account, error::Class};
use text::text;
use uuid::Uuid;

use super::{Installation, State, addon::state_word};
use crate::{
    access::audit::{Actor, Entry},
    core::Core,
    error::Error,
    settings::Capabilities,
    storage::entity::{business, data_key, installation, lease},
};

/// 128 random bits in a webhook address keep strangers from finding it; the signature is what is trusted.
const WEBHOOK_KEY_BYTES: usize = 16;
const CODE_CHARS_MAX: usize = 63;
const ADDON_ID_CHARS_MAX: usize = 64;

/// What is known of an installation that is about to be made.
struct New<'a> {
    business_code: &'a str,
    addon_id: &'a str,
    api_url: &'a ApiUrl,
    state: State,
    addon_state: Option<String>,
}

impl Core {
    /// Installs the add-on for a business: asks Storeganise for the add-on, then makes the installation.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the field that does not fit and says why; [`Error::NotNow`] where the add-on
    /// is installed already; the provider's error where Storeganise cannot be asked.
    pub async fn install(
        &self,
        business_code: &str,
        addon_id: &str,
        by: &Actor,
    ) -> Result<Installation, Error> {
        let business_code = checked_code(business_code)?;
        let addon_id = checked_addon_id(addon_id)?;
        let api_url = self
            .storeganise()
            .api_url(&business_code)
            .map_err(|error| Error::invalid("business_code", error.to_string()))?;
        if let Some(known) = self.by_addon_id(&addon_id).await? {
            if known.state == State::Pending && known.business_code == business_code {
                return self.accept(known.id, by).await;
            }
            return Err(Error::NotNow(text!("refused-this-add-on-is", business_code = known.business_code)));
        }
        let addon_state = self.ask_for_addon(&api_url, &business_code, &addon_id).await?;
        let new = New {
            business_code: &business_code,
            addon_id: &addon_id,
            api_url: &api_url,
            state: State::Installed,
            addon_state,
        };
        self.make(&new, by, "installation.installed").await
    }

    /// Accepts a pending installation that a signed event announced.
    ///
    /// # Errors
    /// As [`Core::install`]; [`Error::NotNow`] where it is not pending.
    pub async fn accept(&self, id: Uuid, by: &Actor) -> Result<Installation, Error> {
        let pending = self.installation(id).await?;
        if pending.state != State::Pending {
            return Err(Error::NotNow(text!("refused-this-installation-was-accepted").to_owned()));
        }
        let api_url = ApiUrl::parse(&pending.api_url, &self.storeganise().hosts)
            .map_err(|error| Error::NotNow(error.to_string()))?;
        let addon_state = self.ask_for_addon(&api_url, &pending.business_code, &pending.addon_id).await?;
        let now = self.now_micros();
        let transaction = self.db().begin().await?;
        let row = installation::ActiveModel {
            id: Set(id),
            state: Set(State::Installed.word().to_owned()),
            addon_state: Set(addon_state),
            addon_checked_at: Set(Some(now)),
            changed_at: Set(now),
            ..Default::default()
        };
        installation::Entity::update(row).exec(&transaction).await?;
        self.audit(&transaction, &Entry::about(by, id, "installation.accepted")).await?;
        transaction.commit().await?;
        self.installation(id).await
    }

    /// Notes an add-on nobody has installed here yet, announced by a correctly signed event.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn note_pending(
        &self,
        business_code: &str,
        addon_id: &str,
        api_url: &ApiUrl,
    ) -> Result<(), Error> {
        let (business_code, addon_id) = (checked_code(business_code)?, checked_addon_id(addon_id)?);
        if self.by_addon_id(&addon_id).await?.is_some() {
            return Ok(());
        }
        let new = New {
            business_code: &business_code,
            addon_id: &addon_id,
            api_url,
            state: State::Pending,
            addon_state: None,
        };
        self.make(&new, &Actor::storeganise(), "installation.announced").await.map(|_| ())
    }

    /// Finds an installation by its id at Storeganise.
    pub(crate) async fn by_addon_id(&self, addon_id: &str) -> Result<Option<Installation>, Error> {
        let found = installation::Entity::find()
            .filter(installation::Column::AddonId.eq(addon_id))
            .one(self.db().reader())
            .await?;
        match found {
            Some(row) => self.with_business(row).await.map(Some),
            None => Ok(None),
        }
    }

    async fn ask_for_addon(
        &self,
        api_url: &ApiUrl,
        business_code: &str,
        addon_id: &str,
    ) -> Result<Option<String>, Error> {
        let platform = self.storeganise();
        let pace = storeganise::pace::Pace::new(self.parts.default_settings.storeganise_requests_per_second);
        let account = Account::new(
            platform.http.clone(),
            api_url.clone(),
            addon_id.to_owned(),
            platform.key.clone(),
            pace,
        );
        match account.addon().await {
            Ok(addon) => Ok(addon.state.as_ref().map(state_word)),
            Err(error) => Err(match error.class() {
                Class::NotFound => {
                    Error::invalid("addon_id", text!("refused-storeganise-knows-no-add", business_code))
                }
                Class::AccessDenied => {
                    Error::invalid("addon_id", text!("refused-storeganise-refused-our-key", business_code))
                }
                _ => Error::Storeganise(error),
            }),
        }
    }

    async fn make(&self, new: &New<'_>, by: &Actor, action: &'static str) -> Result<Installation, Error> {
        let now = self.now_micros();
        let id = self.random().uuid(self.clock().now());
        let (_, wrapped) = self.parts.master_keys.new_data_key(id, self.random());
        let transaction = self.db().begin().await?;
        let business_id = self.business_id(&transaction, new.business_code).await?;
        let row = installation::ActiveModel {
            id: Set(id),
            business_id: Set(business_id),
            addon_id: Set(new.addon_id.to_owned()),
            api_url: Set(new.api_url.as_str().to_owned()),
            webhook_key: Set(hex::encode(self.random().bytes::<WEBHOOK_KEY_BYTES>())),
            state: Set(new.state.word().to_owned()),
            addon_state: Set(new.addon_state.clone()),
            addon_checked_at: Set(new.addon_state.is_some().then_some(now)),
            settings: Set(json(&self.parts.default_settings)),
            capabilities: Set(json(&Capabilities::default())),
            created_at: Set(now),
            changed_at: Set(now),
            ..Default::default()
        };
        installation::Entity::insert(row).exec_without_returning(&transaction).await?;
        let key = data_key::ActiveModel {
            installation_id: Set(id),
            master_key_id: Set(wrapped.master_key_id),
            sealed: Set(wrapped.sealed),
            created_at: Set(now),
        };
        data_key::Entity::insert(key).exec_without_returning(&transaction).await?;
        let lease = lease::ActiveModel {
            installation_id: Set(id),
            owner: NotSet,
            until: Set(0),
            epoch: Set(0),
            ready_at: NotSet,
            hold_until: Set(0),
            hold_cause: NotSet,
            hold_count: Set(0),
            succeeded_at: NotSet,
        };
        lease::Entity::insert(lease).exec_without_returning(&transaction).await?;
        self.audit(&transaction, &Entry::about(by, id, action)).await?;
        transaction.commit().await?;
        self.installation(id).await
    }

    async fn business_id(&self, transaction: &impl ConnectionTrait, code: &str) -> Result<Uuid, Error> {
        let row = business::ActiveModel {
            id: Set(self.random().uuid(self.clock().now())),
            code: Set(code.to_owned()),
            created_at: Set(self.now_micros()),
        };
        business::Entity::insert(row)
            .on_conflict(OnConflict::column(business::Column::Code).do_nothing().to_owned())
            .exec_without_returning(transaction)
            .await?;
        let found = business::Entity::find().filter(business::Column::Code.eq(code)).one(transaction).await?;
        Ok(found.ok_or(Error::Corrupt("business"))?.id)
    }
}

pub(crate) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("settings and counts are plain data")
}

/// A business code is one label of a host name: anything else could lead the request elsewhere.
fn checked_code(text: &str) -> Result<String, Error> {
    let code = text.trim().to_ascii_lowercase();
    let fits = (1..=CODE_CHARS_MAX).contains(&code.len())
        && code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !code.starts_with('-')
        && !code.ends_with('-');
    if fits {
        return Ok(code);
    }
    Err(Error::invalid("business_code", text!("refused-the-business-code-is")))
}

fn checked_addon_id(text: &str) -> Result<String, Error> {
    let id = text.trim();
    let fits = (1..=ADDON_ID_CHARS_MAX).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric());
    if fits {
        return Ok(id.to_owned());
    }
    Err(Error::invalid("addon_id", text!("refused-the-add-on-id")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_business_code_is_one_label_of_a_host_name() {
        assert_eq!(checked_code(" Acme-2 ").unwrap(), "acme-2");
        for bad in ["", "a.b", "a/b", "a@b", "-a", "a-", "ä", "a b", &"a".repeat(64)] {
            assert!(checked_code(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_addon_id_is_letters_and_digits() {
        assert_eq!(checked_addon_id(" 66ce753e7405aa00158ba999\n").unwrap(), "66ce753e7405aa00158ba999");
        for bad in ["", "../x", "a|b", "é", &"a".repeat(65)] {
            assert!(checked_addon_id(bad).is_err(), "{bad}");
        }
    }
}
