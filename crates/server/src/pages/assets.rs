//! The style sheet and the script, built into the binary and named by their content, so that a browser may
//! keep them for ever and still never shows an old one.

use axum::{
    Router,
    extract::RawQuery,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};

use crate::app::AppState;

const STYLE: &str = include_str!("../../assets/annex.css");
const SCRIPT: &str = include_str!("../../assets/annex.js");
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_EACH_TIME: &str = "no-cache";

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/assets/annex.css", get(style)).route("/assets/annex.js", get(script))
}

/// The address of the style sheet.
pub(super) fn style_address() -> String {
    format!("/assets/annex.css?v={}", version(STYLE))
}

/// The address of the script.
pub(super) fn script_address() -> String {
    format!("/assets/annex.js?v={}", version(SCRIPT))
}

async fn style(RawQuery(query): RawQuery) -> impl IntoResponse {
    served(STYLE, "text/css; charset=utf-8", query.as_deref())
}

async fn script(RawQuery(query): RawQuery) -> impl IntoResponse {
    served(SCRIPT, "text/javascript; charset=utf-8", query.as_deref())
}

fn served(content: &'static str, kind: &'static str, query: Option<&str>) -> impl IntoResponse + use<> {
    let named = query.and_then(|query| query.strip_prefix("v=")) == Some(version(content).as_str());
    let keep = if named { FOR_EVER } else { ASK_EACH_TIME };
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, keep)], content)
}

/// Names a content: FNV-1a, which need not withstand anyone, as both sides of it are ours.
fn version(content: &str) -> String {
    let hash = content.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}
