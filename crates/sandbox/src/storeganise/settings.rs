//! What a business says of itself: its settings and its one site. Nothing of it can be changed.

use serde_json::{Value, json};

use super::business::Business;

/// The languages of every business.
pub(crate) const LANGUAGES: [&str; 3] = ["en", "fr", "de"];
/// The code of the one site of every business.
const SITE_CODE: &str = "main";

/// The settings on the wire; `base_url` is where the sandbox answers.
pub(crate) fn settings(business: &Business, base_url: &str) -> Value {
    json!({
        "companyName": business.name,
        "currencyCode": "GBP",
        "languages": LANGUAGES,
        "siteUrl": format!("{base_url}/{}", business.code),
        "sites": [business.site_id],
    })
}

/// The site on the wire.
pub(crate) fn site(business: &Business) -> Value {
    json!({
        "id": business.site_id,
        "code": SITE_CODE,
        "title": {"en": format!("{}, main site", business.name)},
        "subtitle": {"en": "Everything in one place"},
        "address": {"en": "1 Quay Street, Boxford-on-Sea, ZZ1 2AB"},
        "phone": "020 7946 0000",
        "email": "site@example.com",
    })
}

/// Whether the site is called so.
pub(crate) fn is_site(business: &Business, id_or_code: &str) -> bool {
    id_or_code == business.site_id || id_or_code == SITE_CODE
}
