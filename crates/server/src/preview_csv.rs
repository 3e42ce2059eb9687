//! Every record of a preview as CSV: ids and names of fields, sent as they are read, a thousand rows at a time.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt as _, stream};
use sync_core::{
    core::Core,
    error::Error,
    installation::Scope,
    preview::report::{PreviewRow, PreviewSide},
};
use uuid::Uuid;

const HEAD: &str = "record,user_id,contact_id,deal_id,\
    contact_action,contact_fields,contact_refused,user_action,user_fields,user_refused,reason\r\n";

/// Answers with all rows of a preview. Whether there is such a preview is known before the first byte.
///
/// # Errors
/// As [`Core::preview_rows`].
pub(crate) async fn answer(core: Arc<Core>, scope: Scope, run: Uuid) -> Result<Response, Error> {
    let first = core.preview_rows(scope, run, None).await?;
    let head = Bytes::from_static(HEAD.as_bytes());
    let rows = stream::try_unfold((core, first), move |(core, page)| async move {
        let Some(last) = page.last() else { return Ok::<_, Error>(None) };
        let next = core.preview_rows(scope, run, Some(last)).await?;
        Ok(Some((Bytes::from(page.iter().map(line).collect::<String>()), (core, next))))
    });
    let body = stream::once(std::future::ready(Ok(head)));
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"preview-{run}.csv\"")),
    ];
    Ok((headers, Body::from_stream(body.chain(rows))).into_response())
}

fn line(row: &PreviewRow) -> String {
    let id = |id: &Option<String>| id.clone().unwrap_or_default();
    let side =
        |side: &PreviewSide| [side.action.word().to_owned(), side.fields.join(" "), side.refused.join(" ")];
    let ids = [row.subject.clone(), id(&row.user_id), id(&row.contact_id), id(&row.deal_id)];
    let cells = ids.into_iter().chain(side(&row.contact)).chain(side(&row.user)).chain([id(&row.reason)]);
    let cells: Vec<String> = cells.map(|text| cell(&text)).collect();
    format!("{}\r\n", cells.join(","))
}

/// A cell by RFC 4180. What a spreadsheet would take for a formula is made plain text.
fn cell(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use sync_core::queue::outcome::Action;

    use super::*;

    #[test]
    fn a_row_has_its_ids_and_names_and_as_many_cells_as_the_head() {
        let side = |action, fields: &[&str]| PreviewSide {
            action,
            fields: fields.iter().map(|name| (*name).to_owned()).collect(),
            refused: Vec::new(),
        };
        let row = PreviewRow {
            subject: "user".to_owned(),
            record: "u1".to_owned(),
            user_id: Some("u1".to_owned()),
            contact_id: None,
            deal_id: None,
            contact: side(Action::Created, &["firstname", "email"]),
            user: side(Action::Unchanged, &[]),
            reason: None,
        };
        assert_eq!(line(&row), "user,u1,,,created,firstname email,,unchanged,,,\r\n");
        assert_eq!(HEAD.split(',').count(), line(&row).split(',').count());
    }

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_is_never_a_formula() {
        for (text, expected) in
            [("a b", "a b"), ("a,b", "\"a,b\""), ("say \"x\"", "\"say \"\"x\"\"\""), ("=1+1", "'=1+1")]
        {
            assert_eq!(cell(text), expected);
        }
    }
}
