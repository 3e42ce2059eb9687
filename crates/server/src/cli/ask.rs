//! One request without credentials, to see whether somebody answers. Nothing is followed and nothing is kept.

use std::time::Duration;

use time::{PrimitiveDateTime, macros::format_description};
use url::Url;

const TIMEOUT: Duration = Duration::from_secs(10);
const TEXT_MAX_CHARS: usize = 80;

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    /// Its first words.
    pub text: String,
    /// The time there, in seconds since 1970, where it was told.
    pub time: Option<i64>,
}

#[expect(clippy::disallowed_methods, reason = "the one home of this crate's HTTP client")]
pub(super) async fn ask(url: &Url) -> Result<Answer, reqwest::Error> {
    // Refused only where the process already has a provider, which then serves as well.
    rustls::crypto::ring::default_provider().install_default().ok();
    let client =
        reqwest::Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none()).build()?;
    let response = client.get(url.clone()).send().await?;
    let status = response.status().as_u16();
    let date = response.headers().get(reqwest::header::DATE).and_then(|date| date.to_str().ok());
    let time = date.and_then(seconds_of);
    let text = response.text().await.unwrap_or_default();
    Ok(Answer { status, text: text.trim().chars().take(TEXT_MAX_CHARS).collect(), time })
}

/// An HTTP date, which is always in GMT.
fn seconds_of(date: &str) -> Option<i64> {
    let form = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    Some(PrimitiveDateTime::parse(date, form).ok()?.assume_utc().unix_timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_http_date_is_read() {
        assert_eq!(seconds_of("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(seconds_of("yesterday"), None);
    }
}
