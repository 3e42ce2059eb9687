//! The page that says why something was not done, in the provider's words, with a way back.

use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use super::{Head, Id};
use crate::hubspot::error::ApiError;
use crate::world::World;

#[derive(Template, WebTemplate)]
#[template(path = "hubspot/refused.html")]
struct Refused {
    head: Option<Head>,
    back: String,
    reasons: Vec<String>,
    /// The message as an app gets it, where that is not what people read above.
    words: Option<String>,
}

/// The page for a refusal; `back` is a path below the account, and without the account it is the front page.
pub(super) fn refused(world: &World, account: Id, error: &ApiError, back: &str) -> Response {
    let head = world.hubspot().portal(account.0).map(|portal| Head::of(portal, ""));
    let back = head.as_ref().map_or_else(|| "/".to_owned(), |head| format!("/hubspot/{}{back}", head.id));
    let words = error.message().to_owned();
    let reasons = reasons(&words);
    let words = Some(words).filter(|words| reasons != [words.as_str()]);
    (error.status(), Refused { head, back, reasons, words }).into_response()
}

/// The problems of single properties, which HubSpot puts into its message as JSON; or the message as it is.
fn reasons(message: &str) -> Vec<String> {
    let list = message.find('[').and_then(|start| serde_json::from_str::<Vec<Value>>(&message[start..]).ok());
    let reason =
        |problem: Value| Some(format!("{}: {}", problem["name"].as_str()?, problem["message"].as_str()?));
    let reasons: Vec<String> = list.unwrap_or_default().into_iter().filter_map(reason).collect();
    if reasons.is_empty() { vec![message.to_owned()] } else { reasons }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hubspot::error::PropertyProblem;

    #[test]
    fn the_problems_of_properties_are_told_one_by_one_and_any_other_message_as_it_is() {
        let problem = |name: &str| PropertyProblem {
            name: name.to_owned(),
            code: "INVALID_EMAIL",
            message: format!("{name} is \"wrong\""),
        };
        let error = ApiError::values(1, &[problem("email"), problem("phone")]);
        assert_eq!(reasons(error.message()), ["email: email is \"wrong\"", "phone: phone is \"wrong\""]);
        for other in ["Object not found.", "not one of: [a, b]", "list: [1, 2]"] {
            assert_eq!(reasons(other), [other]);
        }
    }
}
