//! Codes and tokens, and whose they are. Lengths of life are checked here; which client may use what is checked
//! in `token`.

use std::collections::HashMap;

use super::pkce::Challenge;
use super::token_error::TokenError;
use crate::clock;
use crate::hubspot::error::ApiError;
use crate::options::Options;
use crate::random::Random;

/// How long a code may lie before it is redeemed, in milliseconds, unless a test wants it otherwise.
const CODE_LIFE_MS: u64 = 60_000;
/// How long an expired access token is remembered, to say that it expired, in milliseconds.
const EXPIRED_MEMORY_MS: u64 = 24 * 3_600_000;
/// HubSpot's access tokens are long, and of no fixed length.
const ACCESS_TOKEN_BYTES: usize = 160;

/// What a person allowed the app.
#[derive(Debug, Clone)]
pub(in crate::hubspot) struct Consent {
    /// The account.
    pub(super) portal: u64,
    /// Where the code was sent.
    pub(super) redirect_url: String,
    /// What was allowed.
    pub(super) scopes: Vec<String>,
    /// What the redeemer must prove.
    pub(super) challenge: Option<Challenge>,
}

/// What the redeemer of a code shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Redemption<'a> {
    /// The code.
    pub(super) code: &'a str,
    /// Where the code was sent.
    pub(super) redirect_url: &'a str,
    /// The proof, where one was asked for.
    pub(super) verifier: Option<&'a str>,
}

/// A pair of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tokens {
    /// The short-lived one.
    pub(super) access: String,
    /// The lasting one.
    pub(super) refresh: String,
    /// The account.
    pub(super) portal: u64,
    /// What they allow.
    pub(super) scopes: Vec<String>,
}

/// What a token is for.
#[derive(Debug, Clone)]
pub(super) struct Meaning {
    /// The account.
    pub(super) portal: u64,
    /// What it allows.
    pub(super) scopes: Vec<String>,
    /// When it ends, for an access token.
    pub(super) expires_ms: Option<u64>,
}

/// All codes and tokens.
#[derive(Debug)]
pub(in crate::hubspot) struct Grants {
    token_life_ms: u64,
    code_life_ms: u64,
    codes: HashMap<String, (Consent, u64)>,
    access: HashMap<String, Meaning>,
    refresh: HashMap<String, Meaning>,
}

impl Grants {
    /// No codes and no tokens.
    pub(in crate::hubspot) fn new(options: &Options) -> Self {
        Self {
            token_life_ms: options.token_life_s.saturating_mul(1000),
            code_life_ms: CODE_LIFE_MS,
            codes: HashMap::new(),
            access: HashMap::new(),
            refresh: HashMap::new(),
        }
    }

    /// Makes a code for what a person allowed.
    pub(super) fn consent(&mut self, consent: Consent, random: &Random, now_ms: u64) -> String {
        let code = format!("na1-{}", uuid_like(random));
        self.codes.insert(code.clone(), (consent, now_ms));
        code
    }

    /// Redeems a code; whatever comes of it, the code is used up.
    ///
    /// # Errors
    /// For a code that is unknown, used, old, made for another redirect, or whose proof does not fit.
    pub(super) fn redeem(
        &mut self,
        shown: &Redemption<'_>,
        random: &Random,
        now_ms: u64,
    ) -> Result<Tokens, TokenError> {
        let (consent, made_ms) = self.codes.remove(shown.code).ok_or(TokenError::Code)?;
        if now_ms.saturating_sub(made_ms) > self.code_life_ms {
            return Err(TokenError::ExpiredCode);
        }
        if consent.redirect_url != shown.redirect_url {
            return Err(TokenError::RedirectUrl);
        }
        if consent.challenge.is_some_and(|asked| !asked.is_met_by(shown.verifier.unwrap_or_default())) {
            return Err(TokenError::CodeVerifier);
        }
        let refresh = format!("na1-{}", uuid_like(random));
        let meaning = Meaning { portal: consent.portal, scopes: consent.scopes, expires_ms: None };
        self.refresh.insert(refresh.clone(), meaning);
        self.renew(&refresh, random, now_ms)
    }

    /// The account of a refresh token that works, and what it allows.
    ///
    /// # Errors
    /// For a refresh token that is unknown or was revoked.
    pub(super) fn refreshable(&self, refresh: &str) -> Result<(u64, &[String]), TokenError> {
        let meaning = self.refresh.get(refresh).ok_or(TokenError::RefreshToken)?;
        Ok((meaning.portal, &meaning.scopes))
    }

    /// Makes a new access token; the refresh token stays the same.
    ///
    /// # Errors
    /// For a refresh token that is unknown or was revoked.
    pub(super) fn renew(
        &mut self,
        refresh: &str,
        random: &Random,
        now_ms: u64,
    ) -> Result<Tokens, TokenError> {
        let Meaning { portal, scopes, .. } =
            self.refresh.get(refresh).ok_or(TokenError::RefreshToken)?.clone();
        let remembered = |meaning: &Meaning| {
            meaning.expires_ms.is_none_or(|expires| expires.saturating_add(EXPIRED_MEMORY_MS) > now_ms)
        };
        self.access.retain(|_, meaning| remembered(meaning));
        let access = format!("CN{}", random.hex(ACCESS_TOKEN_BYTES));
        let expires_ms = Some(now_ms.saturating_add(self.token_life_ms));
        self.access.insert(access.clone(), Meaning { portal, scopes: scopes.clone(), expires_ms });
        Ok(Tokens { access, refresh: refresh.to_owned(), portal, scopes })
    }

    /// The portal and the scopes of a request's token.
    ///
    /// # Errors
    /// 401, differently for a token that is unknown and one that expired.
    pub(in crate::hubspot) fn access(&self, token: &str, now_ms: u64) -> Result<(u64, &[String]), ApiError> {
        let meaning = self.access.get(token).ok_or_else(ApiError::unauthenticated)?;
        match meaning.expires_ms {
            Some(expires_ms) if expires_ms <= now_ms => Err(ApiError::expired(&clock::iso(expires_ms))),
            _ => Ok((meaning.portal, &meaning.scopes)),
        }
    }

    /// What a token that still works is for.
    pub(super) fn meaning(&self, token: &str, now_ms: u64) -> Option<&Meaning> {
        let access =
            self.access.get(token).filter(|meaning| meaning.expires_ms.is_some_and(|end| end > now_ms));
        access.or_else(|| self.refresh.get(token))
    }

    /// How many refresh tokens of an account stand, and when its last access token ends.
    pub(in crate::hubspot) fn standing(&self, portal: u64) -> (usize, Option<u64>) {
        let is_its = |meaning: &&Meaning| meaning.portal == portal;
        let ends_ms = self.access.values().filter(is_its).filter_map(|meaning| meaning.expires_ms).max();
        (self.refresh.values().filter(is_its).count(), ends_ms)
    }

    /// Ends one token; access tokens made from a refresh token live on until they expire.
    pub(super) fn revoke(&mut self, token: &str) {
        self.access.remove(token);
        self.refresh.remove(token);
    }

    /// Ends every code and token of an account.
    pub(in crate::hubspot) fn forget_portal(&mut self, portal: u64) {
        self.codes.retain(|_, (consent, _)| consent.portal != portal);
        self.access.retain(|_, meaning| meaning.portal != portal);
        self.refresh.retain(|_, meaning| meaning.portal != portal);
    }

    /// Lets every access token of an account expire now.
    pub(in crate::hubspot) fn expire(&mut self, portal: u64, now_ms: u64) {
        let its = self.access.values_mut().filter(|meaning| meaning.portal == portal);
        its.for_each(|meaning| meaning.expires_ms = Some(now_ms));
    }

    /// Lets codes and access tokens that are made from now on live this long, in seconds; none leaves it as it is.
    pub(in crate::hubspot) fn set_lives(&mut self, code_s: Option<u64>, token_s: Option<u64>) {
        if let Some(seconds) = code_s {
            self.code_life_ms = seconds.saturating_mul(1000);
        }
        if let Some(seconds) = token_s {
            self.token_life_ms = seconds.saturating_mul(1000);
        }
    }

    /// How long an access token lives, in seconds.
    pub(super) fn token_life_s(&self) -> u64 {
        self.token_life_ms / 1000
    }
}

fn uuid_like(random: &Random) -> String {
    let hex = random.hex(16);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOWN: Redemption<'static> =
        Redemption { code: "", redirect_url: "https://annex.example/callback", verifier: None };

    fn consent(challenge: Option<Challenge>) -> Consent {
        Consent {
            portal: 1_234_567,
            redirect_url: SHOWN.redirect_url.to_owned(),
            scopes: vec!["oauth".to_owned()],
            challenge,
        }
    }

    fn grants() -> (Grants, Random) {
        (Grants::new(&Options::default()), Random::seeded(1))
    }

    #[test]
    fn a_code_works_once() {
        let (mut grants, random) = grants();
        let code = grants.consent(consent(None), &random, 0);
        let shown = Redemption { code: &code, ..SHOWN };
        assert_eq!(grants.redeem(&shown, &random, 10).unwrap().portal, 1_234_567);
        assert_eq!(grants.redeem(&shown, &random, 11), Err(TokenError::Code));
    }

    #[test]
    fn a_code_is_lost_with_a_wrong_redirect_a_wrong_proof_or_its_time() {
        let challenge = Challenge::Plain("proof".to_owned());
        for (redirect_url, verifier, now_ms, expected) in [
            ("https://annex.example/other", Some("proof"), 0, TokenError::RedirectUrl),
            (SHOWN.redirect_url, Some("guess"), 0, TokenError::CodeVerifier),
            (SHOWN.redirect_url, None, 0, TokenError::CodeVerifier),
            (SHOWN.redirect_url, Some("proof"), CODE_LIFE_MS + 1, TokenError::ExpiredCode),
        ] {
            let (mut grants, random) = grants();
            let code = grants.consent(consent(Some(challenge.clone())), &random, 0);
            let shown = Redemption { code: &code, redirect_url, verifier };
            assert_eq!(grants.redeem(&shown, &random, now_ms), Err(expected));
        }
    }

    #[test]
    fn a_refresh_after_a_revocation_is_refused_while_its_access_token_lives_on() {
        let (mut grants, random) = grants();
        let code = grants.consent(consent(None), &random, 0);
        let tokens = grants.redeem(&Redemption { code: &code, ..SHOWN }, &random, 0).unwrap();
        let renewed = grants.renew(&tokens.refresh, &random, 0).unwrap();
        assert_eq!(renewed.refresh, tokens.refresh);
        assert_ne!(renewed.access, tokens.access);
        grants.revoke(&tokens.refresh);
        assert_eq!(grants.renew(&tokens.refresh, &random, 0), Err(TokenError::RefreshToken));
        assert!(grants.access(&renewed.access, 0).is_ok());
        assert_eq!(grants.access(&renewed.access, 1_800_000).unwrap_err().status(), 401);
    }
}
