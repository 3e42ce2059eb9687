//! The table behind `explain`: one line per code, in the order of code families.

/// Code, what happened, what to do.
type Line = (&'static str, &'static str, &'static str);

const BY_ITSELF: &str = "It is tried again by itself.";
const REPLAY: &str = "Mend it at the provider, then replay the change.";
const OUR_SET_UP: &str = "Nothing is wrong at the business: the operator of Annex has to mend its set-up.";

/// Codes that are known in full.
pub(super) const TABLE: &[Line] = &[
    // Storeganise
    ("storeganise.unreachable", "Storeganise could not be reached.", BY_ITSELF),
    ("storeganise.timeout", "Storeganise did not answer in time.", BY_ITSELF),
    ("storeganise.too_large", "Storeganise sent a larger answer than we take.", BY_ITSELF),
    ("storeganise.not_understood", "Storeganise sent an answer that was not understood.", BY_ITSELF),
    ("storeganise.rate_limited", "Storeganise asks us to slow down.", BY_ITSELF),
    ("storeganise.unusable_key", "Our Storeganise key has characters that cannot be sent.", OUR_SET_UP),
    ("storeganise.unusable_id", "Storeganise can have no record under this id.", ""),
    (
        "storeganise.access_denied",
        "Storeganise refused our key for this business: the add-on is probably disabled there.",
        "Enable it on the business's Add-ons page; work goes on by itself then.",
    ),
    (
        "storeganise.not_found",
        "Storeganise has no such record any more.",
        "If the record should be there, look for it in Storeganise.",
    ),
    (
        "storeganise.conflict",
        "Storeganise says that the record collides with another one, most often by its e-mail.",
        "Look for a second user with the same e-mail, then replay the change.",
    ),
    // HubSpot's CRM
    ("hubspot.unreachable", "HubSpot could not be reached.", BY_ITSELF),
    ("hubspot.timeout", "HubSpot did not answer in time.", BY_ITSELF),
    ("hubspot.too_large", "HubSpot sent a larger answer than we take.", BY_ITSELF),
    ("hubspot.not_understood", "HubSpot sent an answer that was not understood.", BY_ITSELF),
    ("hubspot.rate_limited", "The HubSpot account had too many requests, from us or from others.", BY_ITSELF),
    ("hubspot.locked", "HubSpot has locked the record for a moment.", BY_ITSELF),
    (
        "hubspot.migrating",
        "HubSpot is moving this account to another data centre.",
        "It goes on by itself, within a day.",
    ),
    ("hubspot.unusable_token", "HubSpot's access token cannot be sent.", "Authorise HubSpot again."),
    (
        "hubspot.unauthorised",
        "HubSpot no longer takes our access token.",
        "A new one is asked for by itself.",
    ),
    (
        "hubspot.needs_authorisation",
        "HubSpot must be authorised again: the app was removed, or its access was withdrawn.",
        "Send the business its authorisation link. Changes keep collecting until then.",
    ),
    (
        "hubspot.missing_scopes",
        "HubSpot did not grant everything that is needed.",
        "A Super Admin of the HubSpot account has to authorise again with the link.",
    ),
    (
        "hubspot.not_found",
        "HubSpot has no such record any more: it was deleted, or merged into another one.",
        "If the record should be there, look for it in HubSpot.",
    ),
    (
        "hubspot.conflict",
        "HubSpot says that another contact has this e-mail or this Storeganise user already.",
        "Look for the second contact in HubSpot, merge the two, then replay the change.",
    ),
    (
        "hubspot.property_not_unique",
        "The HubSpot account has a contact property storeganise_user_id that may hold the same value twice.",
        "Delete that property in HubSpot for good, then authorise again: we make the right one.",
    ),
    (
        "hubspot.no_unique_property_left",
        "The ten unique properties that contacts may have are used up, by this account's other apps.",
        "Delete one that is no longer needed, and storeganise_user_id, in HubSpot, then authorise again.",
    ),
    (
        "hubspot.no_unique_property",
        "The HubSpot account cannot take the contact property that holds the Storeganise user's id.",
        "In HubSpot, delete a unique contact property that is no longer used, or one named storeganise_user_id \
         that somebody made by hand; the right one is then made by itself.",
    ),
    // HubSpot's tokens
    ("hubspot.oauth.unreachable", "HubSpot could not be reached.", "Try again in a few minutes."),
    ("hubspot.oauth.timeout", "HubSpot did not answer in time.", "Try again in a few minutes."),
    ("hubspot.oauth.too_large", "HubSpot sent a larger answer than we take.", "Try again in a few minutes."),
    (
        "hubspot.oauth.not_understood",
        "HubSpot sent an answer that was not understood.",
        "Try again in a few minutes.",
    ),
    ("hubspot.oauth.rate_limited", "HubSpot asks us to slow down.", "Try again in a few minutes."),
    (
        "hubspot.oauth.bad_refresh_token",
        "HubSpot no longer knows our refresh token: the app was removed, or its access was withdrawn.",
        "Send the business its authorisation link.",
    ),
    (
        "hubspot.oauth.bad_hub",
        "The HubSpot account does not exist any more.",
        "Authorise the account to be used now.",
    ),
    (
        "hubspot.oauth.bad_auth_code",
        "HubSpot no longer knows this authorisation.",
        "Begin again from the authorisation link.",
    ),
    (
        "hubspot.oauth.expired_auth_code",
        "The authorisation took too long, and HubSpot has forgotten it.",
        "Begin again from the authorisation link.",
    ),
    ("hubspot.oauth.bad_redirect", "HubSpot does not know the address we come back to.", OUR_SET_UP),
    ("hubspot.oauth.bad_client", "HubSpot does not take our app's id or secret.", OUR_SET_UP),
    ("hubspot.oauth.bad_request", "HubSpot did not accept our question for a token.", OUR_SET_UP),
    (
        "hubspot.oauth.inactive_token",
        "HubSpot says that the token it has just given is not active.",
        "Begin again from the authorisation link.",
    ),
    // Annex itself
    ("annex.storage", "The database did not answer.", BY_ITSELF),
    ("annex.vault", "A stored secret could not be opened.", OUR_SET_UP),
    (
        "annex.key_abandoned",
        "The key that opened this business's tokens was lost on our side; the tokens were let go.",
        "Authorise HubSpot again; nothing else was lost.",
    ),
    ("annex.lease_lost", "Another worker has taken this business over.", BY_ITSELF),
    (
        "annex.unanswered",
        "Storeganise was asked to file a task and its answer was lost, so it is not known whether there is one.",
        "",
    ),
    ("annex.not_found", "There is nothing here by that name.", ""),
    ("annex.not_now", "The present state does not allow it.", ""),
    // What would become of a person (`explain`)
    ("explain.not_found", "Neither side has such a person, and we have never paired one.", ""),
    (
        "explain.user_unknown",
        "Storeganise does not answer just now, so it is not known what the next sync would do.",
        "Look again later.",
    ),
    (
        "explain.contact_unknown",
        "HubSpot does not answer just now, so it is not known what the next sync would do.",
        "Look again later.",
    ),
    (
        "explain.contact_waits",
        "The contact has no Storeganise user. One is made as soon as a deal is won that the contact stands on.",
        "",
    ),
    ("explain.erased", "The contact was deleted for privacy, so it is never made again.", ""),
    ("explain.would_link", "The two are not linked yet; the next sync of the user pairs them.", ""),
    ("explain.would_make", "HubSpot has no contact for this user; the next sync of the user makes one.", ""),
    ("explain.would_write", "The two belong together, and the next sync writes the fields that say so.", ""),
    ("explain.in_sync", "The two belong together, and there is nothing to write.", ""),
    ("explain.field_unknown", "It is not known what would be done with this field.", ""),
    ("explain.user_wins", "Both sides have a value of their own; by the setting, the user's stays.", ""),
    (
        "explain.contact_wins",
        "Both sides have a value of their own; by the setting, the contact's stays.",
        "",
    ),
    ("explain.first_time", "The other side is blank, and nothing was agreed on in this field before.", ""),
    ("explain.user_changed", "The user's value was changed since both sides last agreed.", ""),
    ("explain.contact_changed", "The contact's value was changed since both sides last agreed.", ""),
    ("explain.user_unchanged", "The user's value is what both sides last agreed on.", ""),
    ("explain.equal", "Both sides hold the same value.", ""),
    ("explain.never_cleared", "One side is blank, and a value that is needed is never cleared.", ""),
    ("explain.other_direction", "Both sides differ, and nothing may be written in this direction.", ""),
    // What waits for a person
    (
        "brake_held",
        "Unusually many records would change at once, so the change waits until a person lets it go on.",
        "Look at the list of records, then release the change or drop it.",
    ),
    (
        "conflicts_waiting",
        "Some records differ on both sides, and no setting says which value to keep.",
        "Choose for each of them which value to keep.",
    ),
    // What became of a user
    ("user_gone", "Storeganise has no such user any more.", ""),
    ("staff", "This Storeganise user has a staff role, and staff are not synced.", ""),
    (
        "empty_profile",
        "The user has no name, e-mail, phone, company or address yet.",
        "It is synced as soon as one of them is filled in.",
    ),
    (
        "user_disabled",
        "The user is disabled in Storeganise; its contact is left as it is.",
        "It is synced again with its next change once it is enabled.",
    ),
    (
        "no_email_key",
        "The user has no e-mail, and this HubSpot account offers nothing else to find its contact by.",
        "Fill in the e-mail in Storeganise.",
    ),
    ("erased_for_privacy", "The contact was deleted for privacy in HubSpot, and is not made again.", ""),
    (
        "contact_erased",
        "A contact was deleted for privacy in HubSpot: what was kept of it is deleted here, too.",
        "",
    ),
    (
        "contact_deleted",
        "The contact was deleted in HubSpot, and is not made again by itself.",
        "Restore it in HubSpot, or let another one be made for the user.",
    ),
    ("contact_restored", "The contact was restored in HubSpot; its user is looked at next.", ""),
    (
        "contacts_merged",
        "This user's contact was merged into another user's in HubSpot, so nothing is written for it.",
        "Say in the conflicts whose the contact is; let another contact be made for the other user.",
    ),
    // What a person decides (`conflicts::Kind`); some of them are reasons of outcomes, too
    (
        "newest_unknown",
        "Both sides have a value of their own, and it is not known which one is newer: neither was written.",
        "Choose which value to keep.",
    ),
    (
        "flips",
        "The value went to and fro between both sides within an hour, so neither is written any more.",
        "Choose which value to keep; then look for what else writes this field.",
    ),
    (
        "email_of_another_contact",
        "Another contact has this e-mail already; everything else was written.",
        "Merge the two contacts in HubSpot or take the e-mail off the other one; or choose in the conflicts which to keep.",
    ),
    (
        "email_of_another_user",
        "The contact's e-mail was not taken for the user, most often because another user has it; the rest was written.",
        "Look for the second user in Storeganise or mend the e-mail in HubSpot; or choose in the conflicts which to keep.",
    ),
    (
        "user_named_by_another_contact",
        "Another contact carries this user's id already; everything else was written.",
        "Merge the two contacts in HubSpot, then replay.",
    ),
    (
        "address_not_free_yet",
        "The e-mail belongs to a contact whose user has another one by now; that user is worked first.",
        BY_ITSELF,
    ),
    ("linked", "The contact was there already; the two belong together from now on.", ""),
    (
        "conflict_to_decide",
        "Both sides have a value of their own, and it is not known which one is newer: neither was written.",
        "Choose which value to keep.",
    ),
    (
        "value_does_not_fit",
        "A custom field holds a value that the other side cannot take; everything else was written.",
        "Mend the value, or map the field to a property of another type.",
    ),
    (
        "unexpected_answer",
        "The provider answered about this record in a form that was not understood; the others went on.",
        "Replay the change; if it happens again, tell the operator of Annex the field that is named.",
    ),
    (
        "conflict_chosen",
        "A person chose which value of these fields to keep; it was written to the other side.",
        "",
    ),
    (
        "field_flips",
        "These fields went back and forth between both sides three times within an hour, so neither was written.",
        "Look for a workflow in HubSpot that rewrites them, then choose which value to keep.",
    ),
    (
        "left_as_it_is",
        "A person decided that this may stay different on both sides while another record is in the way.",
        "",
    ),
    (
        "mirror_cleared",
        "The contact's id was taken off the user, because the contact was deleted for privacy in HubSpot.",
        "",
    ),
    ("kept_apart", "A person decided that this user and this contact do not belong together.", ""),
    (
        "brake_dropped",
        "A person dropped this change together with the many others it came with; nothing was written.",
        "",
    ),
    ("brake", "It waits with many others until it is known how many would change, or a person decides.", ""),
    (
        "conflict_decided",
        "Both sides held different values in these fields; the setting decided which one stayed.",
        "Look at both records if the other value should have stayed.",
    ),
    (
        "contact_of_another_user",
        "The contact with this e-mail belongs to another Storeganise user already, so nothing was written.",
        "Decide whether the two belong together; of two users with one e-mail keep the right one.",
    ),
    (
        "hubspot.refused",
        "HubSpot did not accept the record because of these fields.",
        "Mend the values, or HubSpot's rules for these properties, then replay.",
    ),
    (
        "hubspot.refused_fields",
        "HubSpot did not accept these fields; everything else was written.",
        "Mend the values, or HubSpot's rules for these properties, then replay.",
    ),
    ("not_linked", "The user has no contact any more, so there is no contact id to note on it.", ""),
    // What became of a deal or a contact
    ("deal_gone", "HubSpot has no such deal any more.", ""),
    ("deal_not_won", "The deal is not won (any more), so its contacts are not brought over.", ""),
    (
        "deal_without_contact",
        "The deal is won, but no contact stands on it.",
        "Add the contact to the deal in HubSpot, then replay the deal.",
    ),
    (
        "contact_without_email",
        "The contact has no e-mail, and a Storeganise user needs one.",
        "Fill it in at HubSpot, then replay the deal.",
    ),
    (
        "create_users_off",
        "There is no user for this contact, and the settings do not let a won deal create one.",
        "Create the user in Storeganise, or change the setting, then replay the deal.",
    ),
    (
        "user_of_another_contact",
        "The Storeganise user with this e-mail belongs to another contact already, so nothing was written.",
        "Merge the two contacts in HubSpot and replay the deal, or keep them apart.",
    ),
    ("contact_not_linked", "The contact has no Storeganise user and stands on no won deal.", ""),
    ("contact_gone", "HubSpot has no such contact any more. The user in Storeganise stays as it is.", ""),
    ("contact_merged", "The contact was merged into another one, which the user belongs to from now on.", ""),
    ("user_looked_at", "The contact was edited; its user is looked at next.", ""),
    (
        "contact_edits_off",
        "The contact was edited, and the settings do not let edits of contacts change users.",
        "",
    ),
];

/// Codes that go on with a status, a field or a further code: beginning, what happened, what to do.
/// `{}` is what follows. Longer beginnings stand before the ones they contain.
pub(super) const FAMILIES: &[Line] = &[
    ("storeganise.http_", "Storeganise cannot answer at the moment (status {}).", BY_ITSELF),
    ("storeganise.rejected_", "Storeganise did not accept the record (status {}).", REPLAY),
    (
        "hubspot.oauth.http_",
        "HubSpot cannot give tokens at the moment (status {}).",
        "Try again in a few minutes.",
    ),
    ("hubspot.oauth.rejected_", "HubSpot refused to give a token (status {}).", OUR_SET_UP),
    ("hubspot.http_", "HubSpot cannot answer at the moment (status {}).", BY_ITSELF),
    ("hubspot.rejected_", "HubSpot did not accept the record (status {}).", REPLAY),
    ("annex.invalid.", "A value was not accepted ({}).", ""),
    ("annex.corrupt.", "A stored value cannot be read ({}).", OUR_SET_UP),
];
