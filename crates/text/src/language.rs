//! Which language whoever reads is spoken to in: the best of ours by the browser's `Accept-Language`.

use axum::{extract::Request, http::header, middleware::Next, response::Response};
use fluent_langneg::{NegotiationStrategy, negotiate_languages};

use super::CATALOGUES;

tokio::task_local! {
    static CURRENT: usize;
}

/// The place in `CATALOGUES` of the language that is spoken now; outside a request, the first one's.
pub(super) fn current() -> usize {
    CURRENT.try_with(|language| *language).unwrap_or_default()
}

/// Middleware: has everything behind it speak the reader's language.
pub async fn choose(request: Request, next: Next) -> Response {
    let asked = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    CURRENT.scope(best(asked.unwrap_or_default()), next.run(request)).await
}

/// The best of our languages for what is asked for; the first one where none fits.
fn best(asked: &str) -> usize {
    // A browser names a few; whoever names hundreds gets the first language rather than our time.
    if asked.len() > 200 {
        return 0;
    }
    let asked = fluent_langneg::accepted_languages::parse(asked);
    let ours: Vec<_> = CATALOGUES.iter().map(|catalogue| &catalogue.language).collect();
    let found = negotiate_languages(&asked, &ours, Some(&ours[0]), NegotiationStrategy::Lookup);
    found.first().and_then(|found| ours.iter().position(|language| language == *found)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_browser_asks_for_there_is_a_language() {
        for asked in ["", "en", "en-GB,en;q=0.9", "xx-YY", "*", "de;q=nonsense,,;;", &"en,".repeat(10_000)] {
            assert_eq!(best(asked), 0, "{asked}");
        }
    }
}
