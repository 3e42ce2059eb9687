//! The words are complete, honest and free of codes.

use sync_core::views::fleet::Health;

use super::*;

#[test]
fn every_line_says_what_happened_in_a_sentence_and_stands_once() {
    let mut seen = std::collections::BTreeSet::new();
    for (code, what, todo) in reasons::TABLE.iter().chain(reasons::FAMILIES) {
        assert!(seen.insert(*code), "{code} stands twice");
        assert!(what.ends_with('.') && what.len() > 10, "{code}: {what}");
        assert!(todo.is_empty() || todo.ends_with('.'), "{code}: {todo}");
    }
}

#[test]
fn no_family_hides_behind_a_shorter_one() {
    for (at, (family, ..)) in reasons::FAMILIES.iter().enumerate() {
        let hidden = reasons::FAMILIES[..at].iter().any(|(earlier, ..)| family.starts_with(earlier));
        assert!(!hidden, "{family} is never reached");
    }
}

#[test]
fn a_status_is_named_and_an_unknown_code_is_shown_as_it_is() {
    assert!(explain("hubspot.http_503").what.contains("(status 503)"));
    assert!(explain("hubspot.oauth.http_503").what.contains("tokens"));
    let unknown = explain("hubspot.never_heard_of");
    assert!(unknown.what.contains("hubspot.never_heard_of") && !unknown.todo.is_empty());
}

#[test]
fn only_what_a_person_can_mend_counts_as_needing_one() {
    for (state, expected) in [
        (Health::Pending, true),
        (Health::NeedsAuthorisation, true),
        (Health::NotConnected, true),
        (Health::DisabledAtStoreganise, true),
        (Health::PortalNotPrepared, true),
        (Health::Failing, true),
        (Health::Waiting, false),
        (Health::Resting, false),
        (Health::Healthy, false),
    ] {
        assert_eq!(health(state).needs_a_person, expected, "{state:?}");
    }
}

#[test]
fn every_scope_the_app_asks_for_is_explained() {
    for asked in hubspot::oauth::SCOPES {
        assert_ne!(scope(asked), scope("unknown"), "{asked}");
    }
}
