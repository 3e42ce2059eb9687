//! The consent of a portal: the address that asks for it, and the tokens that come of it.
//!
//! Where tokens are kept, and when they are renewed, is decided elsewhere.

use std::{fmt, pin::Pin, time::Duration};

use oauth2::{
    AuthType, AuthorizationCode, Client, ClientId, ClientSecret, EndpointNotSet, EndpointSet,
    ExtraTokenFields, HttpRequest, HttpResponse, RedirectUrl, RefreshToken, RequestTokenError,
    StandardRevocableToken, StandardTokenResponse, TokenResponse as _, TokenUrl,
    basic::{
        BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
    },
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

pub use crate::token_error::{OAuthClass, OAuthError};
use crate::{API_VERSION, http::Http, lenient, token_error::Grant};

/// What the app asks a portal for; each of them is used.
pub const SCOPES: [&str; 5] = [
    "oauth",
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.schemas.contacts.write",
    "crm.objects.deals.read",
];

/// Escapes as HubSpot's own client does: a space is `%20`.
const ESCAPED_IN_QUERY: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The app as HubSpot knows it.
#[derive(Clone)]
pub struct App {
    /// The public id of the app.
    pub client_id: String,
    /// The app's secret.
    pub client_secret: SecretString,
    /// The id by which HubSpot names the app in webhooks.
    pub app_id: String,
    /// Where a person consents, such as `https://app.hubspot.com/oauth/authorize`.
    pub authorize_url: Url,
    /// Where HubSpot sends that person back to, as it is registered.
    pub redirect_url: Url,
}

/// What a portal's consent is worth.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// Good for calls, for `expires_in`.
    pub access: SecretString,
    /// Good for new tokens until the portal withdraws; always keep the latest.
    pub refresh: SecretString,
    /// How long the access token is good for.
    pub expires_in: Duration,
    /// The portal; if it is absent, ask with [`App::introspect_access`].
    pub portal_id: Option<i64>,
    /// What the portal granted; empty where HubSpot does not say.
    pub scopes: Vec<String>,
}

/// What HubSpot says about a live access token.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Introspection {
    /// The portal it is good for.
    #[serde(default, deserialize_with = "lenient::optional_integer", rename = "hub_id")]
    pub portal_id: Option<i64>,
    /// The app it belongs to.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub app_id: Option<String>,
    /// The portal's own web site, which a person may know it by.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub hub_domain: Option<String>,
    /// What the portal granted.
    #[serde(default, deserialize_with = "lenient::or_empty")]
    pub scopes: Vec<String>,
}

impl App {
    /// The address at which a person consents. `state` comes back unchanged; a known `portal` is preselected.
    #[must_use]
    pub fn authorize_url(&self, state: &str, portal: Option<i64>) -> Url {
        let mut url = self.authorize_url.clone();
        if let Some(portal) = portal {
            let path = url.path().trim_end_matches('/');
            let (head, last) = path.rsplit_once('/').unwrap_or(("", path));
            let path = format!("{head}/{portal}/{last}");
            url.set_path(&path);
        }
        let query = [
            ("client_id", self.client_id.as_str()),
            ("redirect_uri", self.redirect_url.as_str()),
            ("scope", &SCOPES.join(" ")),
            ("state", state),
        ]
        .map(|(key, value)| format!("{key}={}", utf8_percent_encode(value, &ESCAPED_IN_QUERY)))
        .join("&");
        url.set_query(Some(&query));
        url
    }

    /// Exchanges the code of a consent for its tokens. A code is good once, and not for long.
    ///
    /// # Errors
    /// See [`OAuthError::class`], here as for every call.
    pub async fn exchange(&self, http: &Http, code: &str) -> Result<Tokens, OAuthError> {
        let send = sender(http, Grant::Code);
        let code = AuthorizationCode::new(code.to_owned());
        self.client(http).exchange_code(code).request_async(&send).await.map_err(error_of)?.try_into()
    }

    /// Renews the tokens. The refresh token in the answer may be another one, and then replaces this one.
    ///
    /// # Errors
    /// See [`OAuthError::class`]; only `Revoked` says that the portal withdrew.
    pub async fn refresh(&self, http: &Http, refresh: &SecretString) -> Result<Tokens, OAuthError> {
        let send = sender(http, Grant::RefreshToken);
        let token = RefreshToken::new(refresh.expose_secret().to_owned());
        let answer = self.client(http).exchange_refresh_token(&token).request_async(&send).await;
        answer.map_err(error_of)?.try_into()
    }

    /// Asks what an access token is good for.
    ///
    /// # Errors
    /// See [`OAuthError::class`]; a token that is not live is [`OAuthError::Inactive`].
    pub async fn introspect_access(
        &self,
        http: &Http,
        access: &SecretString,
    ) -> Result<Introspection, OAuthError> {
        let body = self.ask(http, "introspect", access, "access_token").await?;
        let not_understood = |path| OAuthError::NotUnderstood { path };
        let Active { active } = lenient::read(&body).map_err(not_understood)?;
        if !active {
            return Err(OAuthError::Inactive);
        }
        lenient::read(&body).map_err(not_understood)
    }

    /// Revokes a refresh token; one that is revoked already is no error. Access tokens run out by themselves.
    ///
    /// # Errors
    /// See [`OAuthError::class`].
    pub async fn revoke(&self, http: &Http, refresh: &SecretString) -> Result<(), OAuthError> {
        match self.ask(http, "revoke", refresh, "refresh_token").await {
            Err(error) if error.class() == OAuthClass::Revoked => Ok(()),
            answer => answer.map(drop),
        }
    }

    /// What oauth2 does not cover in HubSpot's form: the client's credentials stand in the body.
    async fn ask(
        &self,
        http: &Http,
        verb: &str,
        token: &SecretString,
        hint: &'static str,
    ) -> Result<Vec<u8>, OAuthError> {
        let form = [
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.expose_secret()),
            ("token", token.expose_secret()),
            ("token_type_hint", hint),
        ];
        let request = http.request(Method::POST, &format!("{}/{verb}", token_path())).form(&form);
        let request = request.build().map_err(|_| OAuthError::Unreachable)?;
        let answer = http.send(request).await?;
        match answer.status {
            200..=299 => Ok(answer.body),
            _ => Err(OAuthError::of_answer(&answer, Grant::None)),
        }
    }

    fn client(&self, http: &Http) -> OAuthClient {
        Client::new(ClientId::new(self.client_id.clone()))
            .set_client_secret(ClientSecret::new(self.client_secret.expose_secret().to_owned()))
            .set_auth_type(AuthType::RequestBody)
            .set_redirect_uri(RedirectUrl::from_url(self.redirect_url.clone()))
            .set_token_uri(TokenUrl::from_url(http.url(&token_path())))
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("client_id", &self.client_id)
            .field("app_id", &self.app_id)
            .field("authorize_url", &self.authorize_url.as_str())
            .field("redirect_url", &self.redirect_url.as_str())
            .finish_non_exhaustive()
    }
}

/// What HubSpot adds to the standard answer.
#[derive(Debug, Serialize, Deserialize)]
struct HubFields {
    #[serde(default, deserialize_with = "lenient::optional_integer")]
    hub_id: Option<i64>,
    /// A list, where the standard has one text under `scope`.
    #[serde(default, deserialize_with = "lenient::or_empty")]
    scopes: Vec<String>,
}

impl ExtraTokenFields for HubFields {}

#[derive(Deserialize)]
struct Active {
    #[serde(default, deserialize_with = "lenient::truth")]
    active: bool,
}

type TokenAnswer = StandardTokenResponse<HubFields, BasicTokenType>;
type OAuthClient = Client<
    BasicErrorResponse,
    TokenAnswer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

impl TryFrom<TokenAnswer> for Tokens {
    type Error = OAuthError;

    fn try_from(answer: TokenAnswer) -> Result<Self, OAuthError> {
        let missing = |key: &str| OAuthError::NotUnderstood { path: key.to_owned() };
        let refresh = answer.refresh_token().ok_or_else(|| missing("refresh_token"))?;
        Ok(Self {
            access: answer.access_token().secret().clone().into(),
            refresh: refresh.secret().clone().into(),
            expires_in: answer.expires_in().ok_or_else(|| missing("expires_in"))?,
            portal_id: answer.extra_fields().hub_id,
            scopes: answer.extra_fields().scopes.clone(),
        })
    }
}

type Sending = Pin<Box<dyn Future<Output = Result<HttpResponse, OAuthError>> + Send>>;

/// Our client as the `oauth2` crate takes it. The future owns what it needs: one that borrowed could not be
/// sent between threads for every lifetime, and so not be spawned.
fn sender(http: &Http, grant: Grant) -> impl Fn(HttpRequest) -> Sending + Sync + use<> {
    let http = http.clone();
    move |request| {
        let http = http.clone();
        Box::pin(async move { send(&http, request, grant).await })
    }
}

/// Carries a request of oauth2 over our client; a refusal is read here, because its body is HubSpot's own.
async fn send(http: &Http, request: HttpRequest, grant: Grant) -> Result<HttpResponse, OAuthError> {
    let request = request.try_into().map_err(|_| OAuthError::Unreachable)?;
    let answer = http.send(request).await?;
    if !(200..=299).contains(&answer.status) {
        return Err(OAuthError::of_answer(&answer, grant));
    }
    Ok(HttpResponse::new(answer.body))
}

fn token_path() -> String {
    format!("/oauth/{API_VERSION}/token")
}

/// What oauth2 quotes of an answer is dropped: it may hold tokens.
fn error_of(error: RequestTokenError<OAuthError, BasicErrorResponse>) -> OAuthError {
    match error {
        RequestTokenError::Request(error) => error,
        RequestTokenError::Parse(error, _) => OAuthError::NotUnderstood { path: error.path().to_string() },
        RequestTokenError::ServerResponse(_) | RequestTokenError::Other(_) => {
            OAuthError::NotUnderstood { path: ".".to_owned() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> App {
        App {
            client_id: "cid".to_owned(),
            client_secret: SecretString::from("s3cret".to_owned()),
            app_id: "77".to_owned(),
            authorize_url: Url::parse("https://app.hubspot.com/oauth/authorize").expect("an address"),
            redirect_url: Url::parse("https://a.example/cb").expect("an address"),
        }
    }

    #[test]
    fn the_address_of_the_consent_is_the_one_hubspots_own_client_makes() {
        assert_eq!(
            app().authorize_url("st+/=", None).as_str(),
            "https://app.hubspot.com/oauth/authorize?client_id=cid&redirect_uri=https%3A%2F%2Fa.example%2Fcb\
             &scope=oauth%20crm.objects.contacts.read%20crm.objects.contacts.write\
             %20crm.schemas.contacts.write%20crm.objects.deals.read&state=st%2B%2F%3D"
        );
    }

    #[test]
    fn a_known_portal_is_preselected() {
        let url = app().authorize_url("st", Some(1_234_567));
        assert!(
            url.as_str().starts_with("https://app.hubspot.com/oauth/1234567/authorize?client_id=cid&"),
            "{url}"
        );
    }

    #[test]
    fn the_app_is_registered_with_exactly_the_scopes_it_asks_for() {
        let text = include_str!("../../../addon/hubspot/src/app/app-hsmeta.json");
        let app: serde_json::Value = serde_json::from_str(text).expect("JSON");
        let auth = &app["config"]["auth"];
        assert_eq!(auth["requiredScopes"], serde_json::json!(SCOPES));
        assert_eq!(auth["optionalScopes"], serde_json::json!([]));
        assert_eq!((&app["config"]["distribution"], &auth["type"]), (&"marketplace".into(), &"oauth".into()));
    }

    #[test]
    fn no_secret_is_printed() {
        let tokens = Tokens {
            access: SecretString::from("s3cret-a".to_owned()),
            refresh: SecretString::from("s3cret-r".to_owned()),
            expires_in: Duration::from_secs(1_800),
            portal_id: Some(7),
            scopes: Vec::new(),
        };
        let printed = format!("{:?} {tokens:?}", app());
        assert!(printed.contains("cid") && !printed.contains("s3cret"), "{printed}");
    }
}
