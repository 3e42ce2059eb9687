//! The words are complete, honest and free of codes.

use super::*;

/// The reasons that stand in the core's source, behind the calls that give them.
fn reasons_in_the_core(folder: &std::path::Path, found: &mut std::collections::BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            reasons_in_the_core(&path, found);
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        for call in ["because(\"", "NotBrought::Skipped(\"", "NotBrought::Conflicted(\"", "Some(\"hubspot."] {
            for (at, _) in source.match_indices(call) {
                let text = &source[at..];
                let start = text.find('"').unwrap() + 1;
                let length = text[start..].find('"').unwrap();
                found.insert(text[start..start + length].to_owned());
            }
        }
    }
}

fn has_words(code: &str) -> bool {
    !explain(code).what.contains("has no words")
}

#[test]
fn every_reason_the_core_gives_has_its_words() {
    let core = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../sync-core/src");
    let mut found = std::collections::BTreeSet::new();
    reasons_in_the_core(&core, &mut found);
    assert!(found.len() >= 15 && found.contains("empty_profile"), "the source was read: {found:?}");
    for code in found {
        assert!(has_words(&code), "{code} has no words");
    }
}

#[test]
fn reasons_that_are_not_written_where_they_are_given_have_their_words_too() {
    for code in [
        "staff",
        "user_disabled",
        "contact_deleted",
        "contacts_merged",
        "contact_merged",
        "email_of_another_contact",
        "email_of_another_user",
        "user_named_by_another_contact",
        "address_not_free_yet",
        "hubspot.no_unique_property_left",
    ] {
        assert!(has_words(code), "{code} has no words");
    }
}

#[test]
fn everything_a_person_decides_has_its_words() {
    for kind in sync_core::conflicts::Kind::ALL {
        assert!(has_words(kind.word()), "{} has no words", kind.word());
    }
}

#[test]
fn everything_an_explanation_says_has_its_words() {
    for code in sync_core::explain::CODES {
        assert!(has_words(code), "{code} has no words");
    }
}

#[test]
fn every_code_of_a_failure_has_its_words() {
    use hubspot::{error::Error as Hubspot, oauth::OAuthError};
    use storeganise::error::Error as Storeganise;

    let path = || "[0]".to_owned();
    let hubspot = [
        Hubspot::Unreachable,
        Hubspot::TimedOut,
        Hubspot::TooLarge,
        Hubspot::NotUnderstood { path: path() },
        Hubspot::UnusableToken,
    ];
    let oauth = [
        OAuthError::Unreachable,
        OAuthError::TimedOut,
        OAuthError::TooLarge,
        OAuthError::NotUnderstood { path: path() },
        OAuthError::Unavailable { status: 429, retry_after: None },
        OAuthError::Unavailable { status: 503, retry_after: None },
        OAuthError::Inactive,
    ];
    let of_storeganise = [
        Storeganise::Unreachable,
        Storeganise::TimedOut,
        Storeganise::TooLarge,
        Storeganise::NotUnderstood { path: path() },
        Storeganise::UnusableKey,
        Storeganise::UnusableId,
    ];
    let refused = [400, 401, 403, 404, 409, 422, 429, 500, 503]
        .map(|status| Storeganise::Refused { status, retry_after: None });
    let mut codes: Vec<String> = hubspot.iter().map(Hubspot::code).collect();
    codes.extend(oauth.iter().map(OAuthError::code));
    codes.extend(of_storeganise.iter().chain(&refused).map(Storeganise::code));
    codes.extend(
        [
            "http_500",
            "rejected_400",
            "rate_limited",
            "unauthorised",
            "missing_scopes",
            "not_found",
            "conflict",
            "migrating",
            "locked",
            "needs_authorisation",
            "oauth.bad_refresh_token",
            "oauth.bad_hub",
            "oauth.bad_auth_code",
            "oauth.expired_auth_code",
            "oauth.bad_redirect",
            "oauth.bad_client",
            "oauth.bad_request",
            "oauth.rejected_418",
        ]
        .map(|cause| format!("hubspot.{cause}")),
    );
    for code in codes {
        assert!(has_words(&code), "{code} has no words");
    }
}

#[test]
fn no_family_hides_behind_a_shorter_one_and_each_has_its_words() {
    for (at, family) in FAMILIES.iter().enumerate() {
        let hidden = FAMILIES[..at].iter().any(|earlier| family.starts_with(earlier));
        assert!(!hidden, "{family} is never reached");
        assert!(explain(&format!("{family}503")).what.contains("503"), "{family}");
    }
}

#[test]
fn a_status_is_named_and_an_unknown_code_is_shown_as_it_is() {
    assert!(explain("hubspot.http_503").what.contains("(status 503)"));
    assert!(explain("hubspot.oauth.http_503").what.contains("tokens"));
    let unknown = explain("hubspot.never_heard_of");
    assert!(!has_words("hubspot.never_heard_of"));
    assert!(unknown.what.contains("hubspot.never_heard_of") && !unknown.todo.is_empty());
}

#[test]
fn every_cause_of_a_health_is_a_sentence() {
    for cause in Cause::ALL {
        let words = health(&Assessment { health: cause.health(), causes: vec![cause] });
        assert!(words.sentence.ends_with('.') && !words.word.is_empty(), "{cause:?}");
    }
}

#[test]
fn every_scope_the_app_asks_for_is_explained() {
    for asked in hubspot::oauth::SCOPES {
        assert_ne!(scope(asked), scope("unknown"), "{asked}");
    }
}
