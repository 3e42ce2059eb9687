//! The authorisation link as a QR code: whoever is on the phone with a business holds it before the camera.

use axum::{
    extract::State,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use qrcode::{EcLevel, QrCode, render::svg};
use secrecy::ExposeSecret as _;

use crate::{
    app::AppState,
    pages::{
        error::PageError,
        visitor::{ActingStaff, CurrentInstallation},
    },
};

/// In the picture's own units.
const SIDE: u32 = 240;

pub(super) async fn picture(
    State(state): State<AppState>,
    _staff: ActingStaff,
    CurrentInstallation(found): CurrentInstallation,
) -> Result<Response, PageError> {
    let link = state.core.authorisation_link(&found).await?.ok_or(PageError::NotFound)?;
    let picture = drawn(link.expose_secret())?;
    Ok(([(CONTENT_TYPE, "image/svg+xml"), (CACHE_CONTROL, "no-store")], picture).into_response())
}

/// Black on white in every scheme: cameras want it so.
fn drawn(link: &str) -> Result<String, PageError> {
    let code = QrCode::with_error_correction_level(link, EcLevel::M)
        .map_err(|_| PageError::Internal("annex.link_too_long".to_owned()))?;
    Ok(code.render::<svg::Color<'_>>().min_dimensions(SIDE, SIDE).quiet_zone(true).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_becomes_a_picture_that_does_not_tell_it_in_words() {
        let link = format!("https://annex.example.com/connect/{}", "a".repeat(43));
        let picture = drawn(&link).unwrap();
        assert!(picture.contains("<svg") && !picture.contains("connect"), "{picture}");
        assert_ne!(picture, drawn(&link.replace('a', "b")).unwrap());
        assert!(drawn(&"a".repeat(10_000)).is_err());
    }
}
