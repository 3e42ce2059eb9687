//! Secrets at rest: AES-256-GCM in an envelope. Pure; where the sealed bytes are kept is storage's matter.
//!
//! A master key wraps one data key per installation; the data key seals that installation's secrets. The
//! associated data names installation and purpose, so a ciphertext cannot be moved between tenants or columns.
//! Nonces are 96 random bits: a data key would have to seal billions of times before a repeat matters.

use std::fmt;

use aes_gcm::{
    Aes256Gcm, KeyInit as _,
    aead::{Aead as _, Payload},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use hkdf::Hkdf;
use secrecy::{ExposeSecret as _, SecretBox, SecretSlice, SecretString};
use sha2::Sha256;
use uuid::Uuid;

use crate::{digest::DigestKey, random::Random};

const NONCE_BYTES: usize = 12;

/// Why master keys cannot be used, or a sealed value not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// No master key is configured.
    #[error("ANNEX_MASTER_KEYS holds no key")]
    NoKey,
    /// An entry is not `id:key` with 32 bytes in base64; its place in the list counts from 1.
    #[error("entry {0} of ANNEX_MASTER_KEYS is not id:key with a key of 32 bytes in base64")]
    BadEntry(usize),
    /// Two entries have the same id.
    #[error("ANNEX_MASTER_KEYS has two keys with the id {0}")]
    SameId(String),
    /// The data key was wrapped by a master key that is not configured.
    #[error("the master key {0} is needed to open this value and is not in ANNEX_MASTER_KEYS")]
    UnknownKey(String),
    /// A master key of that name is configured, and is not the one that sealed what is stored.
    #[error("the master key {0} in ANNEX_MASTER_KEYS is not the one that sealed what is stored")]
    WrongKey(String),
    /// The value was changed, or belongs to another installation or purpose.
    #[error("a sealed value does not open: it was changed, or belongs to another installation or purpose")]
    DoesNotOpen,
}

/// 32 bytes of key that cannot be printed and are wiped when dropped.
struct Key(SecretBox<[u8; 32]>);

impl Key {
    fn generate(random: &Random) -> Self {
        Self(SecretBox::init_with(|| random.bytes()))
    }

    fn from_slice(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 32] = bytes.try_into().ok()?;
        Some(Self(SecretBox::init_with(|| *bytes)))
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(self.0.expose_secret().into())
    }

    fn seal(&self, plain: &[u8], context: &str, random: &Random) -> Vec<u8> {
        let nonce: [u8; NONCE_BYTES] = random.bytes();
        let payload = Payload { msg: plain, aad: context.as_bytes() };
        let sealed =
            self.cipher().encrypt(&nonce.into(), payload).expect("a secret is far below GCM's 64 GiB");
        [nonce.as_slice(), &sealed].concat()
    }

    fn open(&self, sealed: &[u8], context: &str) -> Result<SecretSlice<u8>, VaultError> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(VaultError::DoesNotOpen)?;
        let payload = Payload { msg: sealed, aad: context.as_bytes() };
        let plain = self.cipher().decrypt(&(*nonce).into(), payload).map_err(|_| VaultError::DoesNotOpen)?;
        Ok(plain.into())
    }
}

/// The configured master keys; the first is the current one, the others only open.
pub struct MasterKeys(Vec<(String, Key)>);

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(id, _)| id)).finish()
    }
}

impl MasterKeys {
    /// Reads `id:base64,id:base64`, the form of `ANNEX_MASTER_KEYS`.
    ///
    /// # Errors
    /// No key at all, an entry of another form (named by its place, never by its text), or an id used twice.
    pub fn parse(text: &SecretString) -> Result<Self, VaultError> {
        let mut keys: Vec<(String, Key)> = Vec::new();
        let entries = text.expose_secret().split(',').map(str::trim).filter(|entry| !entry.is_empty());
        for (place, entry) in entries.enumerate() {
            let bad = VaultError::BadEntry(place + 1);
            let (id, key) = entry.split_once(':').filter(|(id, _)| !id.is_empty()).ok_or(bad.clone())?;
            let bytes: SecretSlice<u8> = BASE64_STANDARD.decode(key).map_err(|_| bad.clone())?.into();
            let key = Key::from_slice(bytes.expose_secret()).ok_or(bad)?;
            if keys.iter().any(|(known, _)| known == id) {
                return Err(VaultError::SameId(id.to_owned()));
            }
            keys.push((id.to_owned(), key));
        }
        if keys.is_empty() { Err(VaultError::NoKey) } else { Ok(Self(keys)) }
    }

    /// The names of the keys, the current one first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(id, _)| id.as_str())
    }

    /// Whether a key of this name is configured.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.ids().any(|known| known == id)
    }

    /// A new entry for `ANNEX_MASTER_KEYS` under `id`.
    #[must_use]
    pub fn generate_entry(id: &str, random: &Random) -> SecretString {
        let key = Key::generate(random);
        SecretString::from(format!("{id}:{}", BASE64_STANDARD.encode(key.0.expose_secret())))
    }

    /// Makes a data key for an installation, wrapped by the current master key.
    #[must_use]
    pub fn new_data_key(&self, installation: Uuid, random: &Random) -> (DataKey, WrappedKey) {
        let data_key = DataKey { installation, key: Key::generate(random) };
        let wrapped = self.wrap(&data_key, random);
        (data_key, wrapped)
    }

    /// Wraps a data key by the current master key: also how an old wrapping is renewed.
    #[must_use]
    pub fn wrap(&self, data_key: &DataKey, random: &Random) -> WrappedKey {
        let (id, master) = self.0.first().expect("parse refuses an empty list");
        let context = key_context(data_key.installation);
        WrappedKey {
            master_key_id: id.clone(),
            sealed: master.seal(data_key.key.0.expose_secret(), &context, random),
        }
    }

    /// Opens an installation's data key.
    ///
    /// # Errors
    /// Its master key is not configured, or the wrapping was changed or belongs to another installation.
    pub fn unwrap_data_key(&self, installation: Uuid, wrapped: &WrappedKey) -> Result<DataKey, VaultError> {
        let wanted = &wrapped.master_key_id;
        let (_, master) = self
            .0
            .iter()
            .find(|(id, _)| id == wanted)
            .ok_or_else(|| VaultError::UnknownKey(wanted.clone()))?;
        let plain = master.open(&wrapped.sealed, &key_context(installation))?;
        let key = Key::from_slice(plain.expose_secret()).ok_or(VaultError::DoesNotOpen)?;
        Ok(DataKey { installation, key })
    }
}

/// A data key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// The master key that wrapped it.
    pub master_key_id: String,
    /// Nonce and ciphertext.
    pub sealed: Vec<u8>,
}

/// An installation's own key, opened.
pub struct DataKey {
    installation: Uuid,
    key: Key,
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKey").field("installation", &self.installation).finish_non_exhaustive()
    }
}

impl DataKey {
    /// The key under which this installation's field values are digested; it opens nothing.
    #[must_use]
    pub fn digest_key(&self) -> DigestKey {
        let context = format!("annex/digest/{}", self.installation);
        let mut derived = [0; 32];
        Hkdf::<Sha256>::new(None, self.key.0.expose_secret())
            .expand(context.as_bytes(), &mut derived)
            .expect("32 bytes are within what HKDF-SHA256 can give");
        DigestKey::new(derived)
    }

    /// Seals a secret for one purpose, such as `hubspot.refresh_token`.
    #[must_use]
    pub fn seal(&self, purpose: &str, secret: &SecretString, random: &Random) -> Vec<u8> {
        self.key.seal(secret.expose_secret().as_bytes(), &secret_context(self.installation, purpose), random)
    }

    /// Opens a secret sealed for the same installation and purpose.
    ///
    /// # Errors
    /// It was changed, or belongs to another installation or purpose.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<SecretString, VaultError> {
        let plain = self.key.open(sealed, &secret_context(self.installation, purpose))?;
        let text = std::str::from_utf8(plain.expose_secret()).map_err(|_| VaultError::DoesNotOpen)?;
        Ok(SecretString::from(text.to_owned()))
    }
}

fn key_context(installation: Uuid) -> String {
    format!("annex/data-key/{installation}")
}

fn secret_context(installation: Uuid, purpose: &str) -> String {
    format!("annex/secret/{installation}/{purpose}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: Uuid = Uuid::from_u128(1);
    const STRANGER: Uuid = Uuid::from_u128(2);

    fn secret(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    fn entry(id: &str, seed: u64) -> String {
        MasterKeys::generate_entry(id, &Random::seeded(seed)).expose_secret().to_owned()
    }

    fn keys(text: &str) -> Result<MasterKeys, VaultError> {
        MasterKeys::parse(&secret(text))
    }

    #[test]
    fn what_is_sealed_opens_after_a_restart_and_nothing_of_it_is_readable() {
        let random = Random::seeded(9);
        let (data_key, wrapped) = keys(&entry("k1", 1)).unwrap().new_data_key(TENANT, &random);
        let sealed = data_key.seal("hubspot.refresh_token", &secret("na1-token"), &random);
        assert!(!sealed.windows(5).any(|bytes| bytes == b"token"));
        let again = keys(&entry("k1", 1)).unwrap().unwrap_data_key(TENANT, &wrapped).unwrap();
        assert_eq!(again.open("hubspot.refresh_token", &sealed).unwrap().expose_secret(), "na1-token");
    }

    #[test]
    fn a_ciphertext_moved_to_another_tenant_or_purpose_or_changed_by_one_bit_does_not_open() {
        let (random, master) = (Random::seeded(9), keys(&entry("k1", 1)).unwrap());
        let (mine, wrapped) = master.new_data_key(TENANT, &random);
        let (theirs, _) = master.new_data_key(STRANGER, &random);
        let mut sealed = mine.seal("a", &secret("x"), &random);
        assert_eq!(mine.open("b", &sealed).unwrap_err(), VaultError::DoesNotOpen);
        assert_eq!(theirs.open("a", &sealed).unwrap_err(), VaultError::DoesNotOpen);
        assert_eq!(master.unwrap_data_key(STRANGER, &wrapped).unwrap_err(), VaultError::DoesNotOpen);
        for cut in 0..sealed.len() {
            assert_eq!(mine.open("a", &sealed[..cut]).unwrap_err(), VaultError::DoesNotOpen, "{cut} bytes");
        }
        for at in 0..sealed.len() {
            sealed[at] ^= 1;
            assert_eq!(mine.open("a", &sealed).unwrap_err(), VaultError::DoesNotOpen, "byte {at}");
            sealed[at] ^= 1;
        }
    }

    #[test]
    fn a_new_master_key_opens_what_the_old_one_wrapped_while_both_are_configured() {
        let random = Random::seeded(9);
        let (data_key, old) = keys(&entry("k1", 1)).unwrap().new_data_key(TENANT, &random);
        let both = keys(&format!("{},{}", entry("k2", 2), entry("k1", 1))).unwrap();
        let renewed = both.wrap(&both.unwrap_data_key(TENANT, &old).unwrap(), &random);
        assert_eq!(renewed.master_key_id, "k2");
        let only_new = keys(&entry("k2", 2)).unwrap();
        let sealed = data_key.seal("a", &secret("x"), &random);
        let opened = only_new.unwrap_data_key(TENANT, &renewed).unwrap().open("a", &sealed).unwrap();
        assert_eq!(opened.expose_secret(), "x");
        assert_eq!(
            only_new.unwrap_data_key(TENANT, &old).unwrap_err(),
            VaultError::UnknownKey("k1".to_owned())
        );
    }

    #[test]
    fn bad_master_keys_are_named_by_their_place_and_never_shown() {
        assert_eq!(keys(" , ").unwrap_err(), VaultError::NoKey);
        for bad in ["nocolon", "k1:short", ":AAAA", "k1:AAAA"] {
            let error = keys(&format!("{},{bad}", entry("k0", 1))).unwrap_err();
            assert_eq!(error, VaultError::BadEntry(2), "{bad}");
        }
        assert_eq!(
            keys(&format!("{0},{0}", entry("k1", 1))).unwrap_err(),
            VaultError::SameId("k1".to_owned())
        );
        assert_eq!(format!("{:?}", keys(&entry("k1", 1)).unwrap()), r#"["k1"]"#);
    }
}
