//! One request to a portal before it is sent.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{
    Method, Request,
    header::{AUTHORIZATION, HeaderValue},
};
use serde_json::Value;

use crate::{
    budget::Kind,
    error::Error,
    http::{Broken, Http},
};

/// What may stand in a path segment as it is: the unreserved characters of RFC 3986.
const ESCAPED_IN_SEGMENT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A request before it is sent.
pub(crate) struct Call {
    method: Method,
    path: String,
    query: Option<(&'static str, String)>,
    body: Option<Value>,
    pub(crate) kind: Kind,
}

impl Call {
    pub(crate) fn get(path: String) -> Self {
        Self { method: Method::GET, path, query: None, body: None, kind: Kind::Standard }
    }

    pub(crate) fn post(path: String, body: Value) -> Self {
        Self { method: Method::POST, body: Some(body), ..Self::get(path) }
    }

    pub(crate) fn delete(path: String) -> Self {
        Self { method: Method::DELETE, ..Self::get(path) }
    }

    /// Counts the request as a search.
    pub(crate) fn search(self) -> Self {
        Self { kind: Kind::Search, ..self }
    }

    /// Asks for these properties of the record.
    pub(crate) fn properties(self, names: &[&str]) -> Self {
        let query = (!names.is_empty()).then(|| ("properties", names.join(",")));
        Self { query, ..self }
    }

    /// Asks for what lies in the recycle bin.
    pub(crate) fn archived(self) -> Self {
        Self { query: Some(("archived", "true".to_owned())), ..self }
    }

    pub(crate) fn build(self, http: &Http, authorization: HeaderValue) -> Result<Request, Error> {
        let mut request = http.request(self.method, &self.path).header(AUTHORIZATION, authorization);
        if let Some(query) = self.query {
            request = request.query(&[query]);
        }
        if let Some(body) = self.body {
            request = request.json(&body);
        }
        request.build().map_err(|e| Broken::of(&e).into())
    }
}

/// One path segment, escaped; `None` where it is empty or dotted and so would lead to another resource.
pub(crate) fn segment(text: &str) -> Option<String> {
    let usable = !matches!(text.trim(), "" | "." | "..");
    usable.then(|| utf8_percent_encode(text, &ESCAPED_IN_SEGMENT).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_cannot_leave_its_place() {
        for (text, expected) in [
            ("512", Some("512")),
            ("jane@example.com", Some("jane%40example.com")),
            ("../deals?x=1", Some("..%2Fdeals%3Fx%3D1")),
            ("..", None),
            (".", None),
            ("", None),
            (" ", None),
        ] {
            assert_eq!(segment(text).as_deref(), expected, "{text}");
        }
    }
}
