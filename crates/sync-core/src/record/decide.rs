//! Deciding one pair from its records: compared under the rules its baseline was made under, remembered under today's.
//! Pure; the sync and the explanation of a person ask the same.

use hubspot::record::Record;
use storeganise::user::User;

use super::{
    asked,
    baseline::Baseline,
    link::Link,
    newest,
    plan::{Plan, Rules, Sides, plan},
    side::{Field, Values},
};
use crate::{
    conflicts::Conflict,
    digest::DigestKey,
    merge::{Digest, Directions, Side},
    settings::Settings,
};

/// What an installation's pairs are decided under.
#[derive(Clone, Copy)]
pub(crate) struct Ground<'a> {
    pub settings: &'a Settings,
    pub key: &'a DigestKey,
    pub fields: &'a [Field],
}

/// A pair, as far as it is known.
#[derive(Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub user: &'a User,
    pub values: &'a Values,
    pub link: Option<&'a Link>,
    /// The contact; none where there is none yet, or it need not be read.
    pub contact: Option<&'a Record>,
    /// What a person has to decide about it, or has decided.
    pub conflicts: &'a [Conflict],
}

/// Decides a pair. Which value is newer is known where the contact was read with its history.
pub(crate) fn decide(ground: Ground<'_>, pair: Pair<'_>, directions: Directions, now: i64) -> Plan {
    let Ground { settings, key, fields } = ground;
    let contact = pair.contact.map(|contact| Values::of_contact(contact, fields));
    let known = pair.link.map(|link| (&link.baseline, settings.as_of(&link.baseline_version)));
    let blank = Baseline::default();
    let (baseline, then, directions) = match &known {
        Some((baseline, Some(then))) => (*baseline, then, directions),
        // Rules we no longer know: agree on what is equal, write nothing for it.
        Some((_, None)) => (&blank, settings, Directions { to_contact: false, to_user: false }),
        None => (&blank, settings, directions),
    };
    let user_today = pair.values.digests(key, settings);
    let contact_today = contact.as_ref().map(|values| values.digests(key, settings));
    let user = pair.values.digests(key, then);
    let contact = contact.as_ref().map(|values| values.digests(key, then));
    let baseline = match pair.link {
        Some(link) if !link.intended.is_empty() => {
            &link.intended.arrived(fields, baseline, &user, contact.as_ref())
        }
        _ => baseline,
    };
    let sides = Sides {
        user: &user,
        contact: contact.as_ref(),
        user_today: &user_today,
        contact_today: contact_today.as_ref(),
    };
    let newer = |field: &Field| newest::newer(pair.user, pair.contact?, field);
    let chosen = |field: &Field| asked::chosen(pair.conflicts, field);
    let flips = |field: &Field, to: Side, value: Option<Digest>| {
        asked::flips(pair.conflicts, field)
            || pair.link.is_some_and(|link| link.flips.would_hold(&field.baseline_name(), to, value, now))
    };
    let rules = Rules {
        newer: &newer,
        chosen: &chosen,
        flips: &flips,
        ..Rules::plain(fields, settings.conflict_policy, directions)
    };
    plan(sides, baseline, &rules)
}
