# What Annex says in English, as plain text: asked for in Rust by text!("key").
# Keys begin with the page or the kind of word they belong to. Between sections of pages, the alphabet.

number-thousands = ,

## access

access-choose-days = Choose from the list how long the token is good for.
access-the-current-one-new = The current one: new secrets are sealed with it.
access-not-used-any-more = Not used any more: it can be taken out of ANNEX_MASTER_KEYS.
access-opens-what-it-sealed = Opens what it sealed; keep it in ANNEX_MASTER_KEYS until annex keys rotate is done.
access-missing-key = Missing in ANNEX_MASTER_KEYS: what it sealed cannot be opened.
access-login-may-sign-in = { $login } may sign in now.
access-choose-a-role-from = Choose a role from the list.
access-the-account-is-shut = The account is shut: nobody is let in with it any more.
access-the-account-is-open = The account is open again.
access-the-token-is-good = The token is good for nothing any more.

## account

account-password-changed = The password is changed. Whoever else was signed in with it has to sign in again.

## businesses

businesses-all-are-well = All { $total ->
    [one] 1 business
   *[other] { $total } businesses
} are well
businesses-need-you = { $needy ->
    [one] 1 business needs
   *[other] { $needy } businesses need
} you
businesses-no-business-yet = No business yet
businesses-the-one-business-is = The one business is well
businesses-all-states = All states
businesses-needs-you = Needs you
businesses-waiting-to-be-accepted = Waiting to be accepted
businesses-installed = Installed
businesses-enabled = Enabled
businesses-paused = Paused
businesses-disabled = Disabled
businesses-any-health = Any health
businesses-what-needs-you = What needs you
businesses-business-code = Business code
businesses-most-waiting = Most waiting
businesses-most-failed-in-24 = Most failed in 24 hours
businesses-longest-without-an-event = Longest without an event
businesses-longest-without-a-success = Longest without a success
businesses-enable = Enable
businesses-accept = Accept
businesses-look-at-the-add = Look at the add-on
businesses-get-it-authorised = Get it authorised
businesses-decide-what-is-held = Decide what is held back
businesses-look-at-failures = Look at failures
businesses-decide-conflicts = Decide conflicts

## day

day-label = { $worked } done, { $failed } failed

## error

error-there-is-nothing-here = There is nothing here
error-the-address-is-wrong = The address is wrong, or what it led to was removed.
error-you-may-look-and = You may look, and not change
error-your-account-has-the = Your account has the role viewer. Ask an admin of Annex for the role staff.
error-this-is-for-admins = This is for admins
error-accounts-tokens-and-keys = Accounts, tokens and keys are an admin's matter. Ask one of them.
error-your-visit-has-ended = Your visit has ended
error-open-the-authorisation-link = Open the authorisation link on your Storeganise Add-ons page again.
error-too-many-pages-are = Too many pages are kept up to date just now
error-reload-the-page-to = Reload the page to see what is new.
error-this-cannot-be-shown = This cannot be shown
error-something-broke-on-our = Something broke on our side
error-nothing-you-typed-was = Nothing you typed was wrong. Try again; if it stays, tell us the number below.

## failures

failures-failed-for-causes = { $records ->
    [one] 1 record has
   *[other] { $records } records have
} failed for { $causes ->
    [one] one cause
   *[other] { $causes } causes
}
failures-all-being-tried-again = { $records ->
    [one] 1 record is
   *[other] { $records } records are
} being tried again, of { $installations ->
    [one] 1 business
   *[other] { $installations } businesses
}.
failures-nothing-has-failed-for = Nothing has failed for good
failures-nothing-fails-for-this = Nothing fails for this cause any more, so nothing is tried again.
failures-one-record-is-being = One record is being tried again. If it stays away from here, replay the rest.

## install

install-the-add-on-is = The add-on is installed for { $business_code }. Enable it next.

## install-many

install-many-all-installed = { $done ->
    [one] 1 business is
   *[other] { $done } businesses are
} installed. Enable them next.
install-many-some-installed = { $done ->
    [one] 1 business is
   *[other] { $done } businesses are
} installed; { $left ->
    [one] 1 line is not, and stands
   *[other] { $left } lines are not, and stand
} in the form again.
install-many-write-a-line-for = Write a line for each business: its code, a comma, its add-on id.
install-many-these-are-lines-send = These are { $many } lines. Send { $most } at most at once.
install-many-a-line-has-two = A line has two values: the business code and the add-on id.
install-many-not-tried-yet-because = Not tried yet, because the others took long. Send it again.
install-many-installed = Installed.

## action

action-accept-question = Accept this installation?
action-accept-does = Storeganise is asked whether the add-on is there. You can enable it afterwards.
action-accept-keeps = Nothing is sent before it is enabled and authorised.
action-accept-button = Accept installation
action-accept-done = The installation for { $code } is accepted. Enable it next.
action-enable-question = Enable this installation?
action-enable-does = Syncing begins as soon as HubSpot is authorised; the authorisation link is made if there is none. What changed meanwhile is looked for.
action-enable-keeps = Settings, connection and links stay as they are.
action-enable-button = Enable installation
action-enable-done = The installation for { $code } is enabled.
action-pause-question = Pause syncing?
action-pause-does = Nothing is sent to either side until you resume.
action-pause-keeps = Changes go on collecting, and are done when you resume. The connection, the links and the settings stay.
action-pause-button = Pause syncing
action-pause-done = Syncing for { $code } is paused. Changes go on collecting.
action-disable-question = Disable this installation?
action-disable-does = Nothing is sent, and events are no longer noted. Enabling it again looks for what was missed.
action-disable-keeps = The connection, the links, the settings and the history stay.
action-disable-drops = Events that arrive meanwhile are not kept.
action-disable-button = Disable installation
action-disable-done = The installation for { $code } is disabled.
action-disconnect-question = Disconnect HubSpot?
action-disconnect-does = The app is uninstalled from the HubSpot account, and our tokens are revoked and deleted.
action-disconnect-keeps = Contacts and users stay as they are on both sides. Links stay, so that connecting the same account again resumes where it stopped.
action-disconnect-drops = The refresh token. The business has to authorise again before anything is sent.
action-disconnect-button = Disconnect HubSpot
action-disconnect-done = { $code } is disconnected from HubSpot, and our tokens are deleted.
action-remove-question = Remove this installation?
action-remove-does = The app is uninstalled from the HubSpot account, and everything Annex holds of this installation is deleted. This cannot be undone.
action-remove-keeps = Contacts and users stay as they are on both sides, and the audit log keeps that this installation was here.
action-remove-drops = The connection, the links, waiting changes, settings and history.
action-remove-button = Remove installation
action-remove-done = The installation for { $code } is removed. Records on both sides stayed as they are.
action-authorisation-link-question = Issue a new authorisation link?
action-authorisation-link-does = A new link is made and written to the add-on's page at Storeganise.
action-authorisation-link-keeps = A connection that exists stays as it is.
action-authorisation-link-drops = The old link stops working at once, also for whoever has opened it already.
action-authorisation-link-button = Issue a new link
action-authorisation-link-done = A new authorisation link is issued. The old one no longer works.
action-other-account-question = Allow another HubSpot account?
action-other-account-does = For 24 hours, and once, the link may connect another HubSpot account than the present one. Allow it only if the business has asked for it.
action-other-account-keeps = Until another account is connected, everything goes on with the present one.
action-other-account-button = Allow another account
action-other-account-done = For 24 hours, and once, the link may connect another HubSpot account.

## activity

activity-failed-too-often = { $parked ->
    [one] 1 change failed too often and needs
   *[other] { $parked } changes failed too often and need
} a person.
activity-nothing-has-failed-and = Nothing has failed and nothing waits.
activity-nothing-has-failed-changes = Nothing has failed; { $waiting ->
    [one] 1 change waits
   *[other] { $waiting } changes wait
} to be done.

## brake

brake-records = { $count ->
    [one] 1 record
   *[other] { $count } records
}
brake-released = { $count ->
    [one] 1 record goes
   *[other] { $count } records go
} on: each is decided from what both sides hold now.
brake-dropped = { $count ->
    [one] 1 record is
   *[other] { $count } records are
} dropped, and nothing was written.
brake-a-change-waits-for-your = A change of { $count ->
    [one] 1 record
   *[other] { $count } records
} waits for your decision
brake-changes-are-being-counted = Changes are being counted
brake-nothing-is-held-back = Nothing is held back
brake-that-is-more-than = That is more than usual of the { $linked } linked records, so nothing of it has been written. If somebody meant it, such as a bulk update, release it. If not, drop it and look for what went wrong.
brake-records-so-far-of = { $count ->
    [one] 1 record
   *[other] { $count } records
} so far, of { $linked } linked records. Nothing is written until it is known whether they are too many; few enough go on by themselves.
brake-what-was-counted-last = What was counted last was few enough and went on by itself.
brake-was-released = What was held back last was released by a person.
brake-was-dropped = What was held back last was dropped by a person.
brake-where-unusually-many-linked = Where unusually many linked records would change at once, they are held back and stand here.

## conflicts

conflicts-storeganise-has-no-such = Storeganise has no such user any more.
conflicts-hubspot-has-no-such = HubSpot has no such contact any more.
conflicts-contact-id = Contact { $id }
conflicts-user-id = User { $id }
conflicts-keep-the-users = Keep the user's
conflicts-keep-the-contacts = Keep the contact's
conflicts-leave-both-as-they = Leave both as they are
conflicts-nothing-was-chosen-so = Nothing was chosen, so nothing was decided.
conflicts-decided-it-is-carried = Decided; it is carried out now.

## fields

fields-to-contact = user → contact
fields-to-user = user ← contact
fields-both-ways = user ⇄ contact
fields-tried-on-the-newest = Tried on the newest { $users ->
    [one] 1 user
   *[other] { $users } users
} and their { $contacts ->
    [one] 1 linked contact
   *[other] { $contacts } linked contacts
}. Nothing was written.
fields-would-be-written = { $contacts ->
    [one] 1 contact
   *[other] { $contacts } contacts
} and { $users ->
    [one] 1 user
   *[other] { $users } users
} would be written; on { $conflicts } both sides have a value of their own; { $unchanged } would stay as they are.
fields-users-have = { $count ->
    [one] 1 user has
   *[other] { $count } users have
} a value that is { $why }
fields-contacts-have = { $count ->
    [one] 1 contact has
   *[other] { $count } contacts have
} a value that is { $why }
fields-hubspot-is-not-authorised = HubSpot is not authorised.
fields-what-there-is-to = What there is to choose from could not be read, so names are typed. { $why }
fields-of-properties-the-first = Of { $all ->
    [one] 1 property
   *[other] { $all } properties
} the first { $shown } are listed; any other name can be typed.
fields-nothing-is-saved-yet = Nothing is saved yet: see what does not fit below.
fields-custom-fields-are-checked = Custom fields are checked at HubSpot. { $error }
fields-nothing-is-saved-error = Nothing is saved. { $error }
fields-not-kind = not { $kind }
fields-no-option-of-the = no option of the property
fields-longer-than-the-other = longer than the other side keeps

## history

history-it-works = it works

## person

person-hubspot = HubSpot
person-storeganise = Storeganise
person-the-contact-belongs-to = The contact belongs to another user already: { $id }.
person-the-user-belongs-to = The user belongs to another contact already: { $id }.
person-these-contacts-were-merged = These contacts were merged into it: { $aliases }.
person-the-user-does-not = The user does not hold the contact's id yet.
person-held-back-until-somebody = Held back until somebody decides: { $fields }.
person-is-there = is there
person-name-has-no-such = { $name } has no such record
person-none-is-named = none is named
person-by-us = by us
person-by-a-person = by a person
person-by-another-app = by another app
person-the-user-was-changed =  The user was changed last.
person-the-contact-was-changed =  The contact was changed last.
person-nothing = Nothing
person-write-to-contact = Write it to the contact
person-write-to-user = Write it to the user
person-ask-somebody = Ask somebody
person-not-known = Not known

## run

run-with-pace = { $text }, { $pace } a minute, { $left } left
run-no-event-had-told = No event had told of { $records ->
    [one] 1 record
   *[other] { $records } records
}: they were found and brought up to date.
run-the-run-is-cancelled = The run is cancelled. What it had done stays done.
run-counting = counting, { $done } done
run-done-of-total-done = { $done } of { $total } done
run-less-than-a-minute = less than a minute
run-about-minutes = about { $count ->
    [one] 1 minute
   *[other] { $count } minutes
}
run-about-hours = about { $count ->
    [one] 1 hour
   *[other] { $count } hours
}
run-contacts-in-hubspot = Contacts in HubSpot
run-users-in-storeganise = Users in Storeganise

## settings

settings-nothing-is-saved-yet = Nothing is saved yet: see what does not fit below.
settings-nothing-is-saved-error = Nothing is saved. { $error }
settings-the-settings-are-saved = The settings are saved. They count from the next change on.

## settings-form

settings-form-yes = yes
settings-form-no = no
settings-form-none = none
settings-form-storeganise-wins = Storeganise wins
settings-form-hubspot-wins = HubSpot wins
settings-form-the-newest-wins = the newest wins
settings-form-when-both-sides-changed = When both sides changed
settings-form-default-country = Default country
settings-form-edits-of-contacts-change = Edits of contacts change users
settings-form-won-deals-create-users = Won deals create users
settings-form-custom-fields = Custom fields

## show

show-held-back = { $count ->
    [one] 1 record is
   *[other] { $count } records are
} held back
show-decisions-wait = { $count ->
    [one] 1 decision waits
   *[other] { $count } decisions wait
} for you
show-not-known-yet = not known yet

## status

status-connected-to-hubspot-account = connected to HubSpot account { $portal_id }
status-hubspot-account-must-be = HubSpot account { $portal_id } must be authorised again
status-not-authorised-at-hubspot = not authorised at HubSpot
status-last-event-now = last event { $now }
status-no-event-yet = no event yet
status-contacts-are-found-by = Contacts are found by their e-mail address, because the HubSpot account has no unique property for us: users without an e-mail are left out.
status-the-hubspot-account-does = The HubSpot account does not have the property storeganise_user_id, so nothing can be sent.
status-authorise-again-the-property = Authorise again: the property is then made once more.

## steps

steps-done = done
steps-next = next
steps-to-do = to do
steps-install = Install
steps-storeganise-announced-this-add = Storeganise announced this add-on with a signed event. Accept it if it is one of ours.
steps-accept-installation = Accept installation
steps-add-on-of-is = Add-on { $addon_id } of { $business_code } is known here.
steps-enable = Enable
steps-enabled-here-and-at = Enabled here and at Storeganise.
steps-enabled-here-but-storeganise = Enabled here, but Storeganise refuses access: the add-on is disabled there. Enable it on the business's Add-ons page, then ask again.
steps-ask-storeganise-again = Ask Storeganise again
steps-enabled-here-but-at = Enabled here, but at Storeganise the add-on is { $said }. Enable it on the business's Add-ons page, then ask again.
steps-paused-here-nothing-is = Paused here: nothing is sent, and changes collect.
steps-resume-syncing = Resume syncing
steps-disabled-here-nothing-is = Disabled here: nothing is sent, and no change collects.
steps-enable-installation = Enable installation
steps-enabling-makes-the-authorisation = Enabling makes the authorisation link for the business.
steps-authorise = Authorise
steps-the-business-connected-its = The business connected its HubSpot account { $portal_id }.
steps-hubspot-account-no-longer = HubSpot account { $portal_id } no longer lets us in. The business has to open its link and authorise again.
steps-the-businesss-hubspot-admin = The business's HubSpot admin opens the authorisation link and agrees at HubSpot.

## work

work-not-known = not known
work-all-users-are-being = All users are being synced now. The list of runs shows how far it is.
work-missed-changes-are-being = Missed changes are being looked for now.
work-a-preview-is-being = A preview is being made now; nothing is written. The list of runs leads to it.
work-the-refresh-token-works = The refresh token works: HubSpot has just answered to it.
work-storeganise-says-that-the = Storeganise says that the add-on is { $addon_state }.
work-the-change-is-being = The change is being done again.
work-nothing-had-failed-so = Nothing had failed, so nothing is done again.
work-failed-changes-are-being = { $count ->
    [one] 1 failed change is
   *[other] { $count } failed changes are
} being done again.

## moment

moment-exact = { $day }, { $time } UTC
moment-day = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }
moment-just-now = just now
moment-seconds-ago = { $count ->
    [one] 1 second
   *[other] { $count } seconds
} ago
moment-in-seconds = in { $count ->
    [one] 1 second
   *[other] { $count } seconds
}
moment-minutes-ago = { $count ->
    [one] 1 minute
   *[other] { $count } minutes
} ago
moment-in-minutes = in { $count ->
    [one] 1 minute
   *[other] { $count } minutes
}
moment-hours-ago = { $count ->
    [one] 1 hour
   *[other] { $count } hours
} ago
moment-in-hours = in { $count ->
    [one] 1 hour
   *[other] { $count } hours
}
moment-days-ago = { $count ->
    [one] 1 day
   *[other] { $count } days
} ago
moment-in-days = in { $count ->
    [one] 1 day
   *[other] { $count } days
}

## sign-in

sign-in-too-many-attempts-wait = Too many attempts. Wait a minute, then try again.
sign-in-login-or-password-is = Login or password is wrong. Check both and try again.

## callback

callback-a-preview-is-being = A preview is being made; nothing is written by it.

## connected

connected-the-refresh-token-works = The refresh token works: HubSpot has just answered to it.

## halted

halted-this-link-does-not = This link does not work
halted-it-was-replaced-by = It was replaced by a newer one, or something is missing of it.
halted-copy-the-whole-link = Copy the whole link from your Storeganise Add-ons page, or ask Storeganise for a new one.
halted-this-link-alone-does = This link alone does not let you in any more
halted-it-is-older-than = It is older than a day, so that it may have come into other hands.
halted-begin-again-and-renew = Begin again and renew the authorisation at HubSpot: that shows that the account is yours. Nothing else changes by it. Or ask Storeganise for a new link.
halted-the-add-on-is = The add-on is not enabled yet
halted-hubspot-cannot-be-authorised = HubSpot cannot be authorised before Storeganise has enabled the add-on for your business.
halted-ask-storeganise-to-enable = Ask Storeganise to enable it, then open this link again.
halted-this-authorisation-was-not = This authorisation was not begun here
halted-it-was-finished-already = It was finished already, took too long, or was begun in another browser. Nothing was connected by it.
halted-open-your-authorisation-link = Open your authorisation link again, and finish in the same browser.
halted-your-link-was-replaced = Your link was replaced meanwhile
halted-storeganise-has-issued-a = Storeganise has issued a new authorisation link, or removed the add-on. Nothing was connected.
halted-use-the-new-link = Use the new link on your Storeganise Add-ons page.
halted-nothing-was-connected = Nothing was connected
halted-hubspot-was-not-authorised = HubSpot was not authorised, because that was refused there.
halted-if-that-was-not = If that was not meant, begin again. The person at HubSpot must be a Super Admin or have App Marketplace access.
halted-hubspot-could-not-finish = HubSpot could not finish
halted-hubspot-sent-you-back = HubSpot sent you back without an authorisation. Nothing was connected.
halted-begin-again-if-it = Begin again; if it stays, tell Storeganise.
halted-hubspot-has-forgotten-this = HubSpot has forgotten this authorisation
halted-this-is-another-hubspot = This is another HubSpot account
halted-your-business-is-connected = Your business belongs to the HubSpot account { $connected }, and you chose { $chosen }. Nothing was changed.
halted-begin-again-and-choose = Begin again and choose the account { $connected }. If { $chosen } is the right one, ask Storeganise to allow it.
halted-hubspot-did-not-grant = HubSpot did not grant everything
halted-what-is-missing-nothing = What is missing: { $missing }. Nothing was connected.
halted-begin-again-as-a = Begin again as a Super Admin of the HubSpot account, or as somebody with App Marketplace access.
halted-hubspot-could-not-be = HubSpot could not be connected
halted-nothing-was-connected-begin = Nothing was connected. Begin again.


## explain

explain-no-words-yet = Something happened that Annex has no words for yet ({ $code }).
explain-if-it-stays-hand = If it stays, hand this code to the developers.

## health

health-healthy = Healthy
health-working = Working
health-degraded = Degraded
health-needs-authorisation = Needs authorisation
health-stopped = Stopped
health-it-is-at-work = It is at work and nothing has failed.

## state

state-waiting-to-be-accepted = Waiting to be accepted
state-installed-not-enabled-yet = Installed, not enabled yet
state-enabled = Enabled
state-paused = Paused
state-disabled = Disabled

## cause

cause-storeganise-announced-this-add = Storeganise announced this add-on. Accept it, or remove it.
cause-staff-have-not-enabled = Staff have not enabled it yet. Its page shows the next step.
cause-staff-have-paused-it = Staff have paused it: nothing is sent, and changes collect.
cause-staff-have-disabled-it = Staff have disabled it: nothing is sent, and no change collects.
cause-storeganise-refuses-access-to = Storeganise refuses access to this add-on. Enable it on the business's Add-ons page.
cause-nothing-is-sent-until = Nothing is sent until the add-on is enabled at Storeganise.
cause-hubspot-is-not-authorised = HubSpot is not authorised yet. Its page shows the next step.
cause-hubspot-no-longer-lets = HubSpot no longer lets us in. The business has to authorise again with its link.
cause-the-hubspot-account-does = The HubSpot account does not have the unique property we need.
cause-a-change-of-unusually = A change of unusually many records is held back. Look at the list, then release or drop it.
cause-some-records-failed-too = Some records failed too often and wait for a person. Open the activity to see why.
cause-some-records-differ-on = Some records differ on both sides. Choose which values to keep.
cause-a-provider-is-down = A provider is down or asked for patience. It goes on by itself.
cause-changes-are-being-synced = Changes are being synced just now.

## event

event-user-created = A user was made at Storeganise
event-user-updated = A user was changed at Storeganise
event-user-disabled = A user was disabled at Storeganise
event-addon-dailyEvent-started = Storeganise's daily sign of life
event-storeganise-other = Something else at Storeganise
event-contact-creation = A contact was made at HubSpot
event-contact-propertyChange = A contact was changed at HubSpot
event-contact-deletion = A contact was deleted at HubSpot
event-contact-restore = A contact was restored at HubSpot
event-contact-merge = Contacts were merged at HubSpot
event-contact-associationChange = A contact was put on a record at HubSpot, or taken off
event-contact-privacyDeletion = A contact was deleted for privacy at HubSpot
event-deal-creation = A deal was made at HubSpot
event-deal-propertyChange = A deal was changed at HubSpot
event-deal-deletion = A deal was deleted at HubSpot
event-deal-restore = A deal was restored at HubSpot
event-deal-merge = Deals were merged at HubSpot
event-deal-associationChange = A contact was put on a deal at HubSpot, or taken off
event-something-else = Something else at HubSpot

## run-kind

run-kind-sync-of-all-users = Sync of all users
run-kind-look-for-missed-changes = Look for missed changes
run-kind-preview-of-all-users = Preview of all users

## subject

subject-sweep = Sweep
subject-privacy-deletion = Privacy deletion
subject-user = User
subject-deal = Deal
subject-contact = Contact
subject-contact-id-on-user = Contact id on user

## origin

origin-webhook = an event
origin-sweep = a sweep
origin-person = a person
origin-sync = the sync itself

## scope

scope-oauth = See which HubSpot account this is
    .why = so that both sides can be sure that the right account is connected.
scope-crm-objects-contacts-read = Read contacts
    .why = to find the contact that belongs to a customer, instead of making a second one.
scope-crm-objects-contacts-write = Create and change contacts
    .why = to keep name, e-mail, phone, company and address the same as in Storeganise.
scope-crm-schemas-contacts-write = Add one property to contacts
    .why = to note on each contact which Storeganise customer it is (storeganise_user_id).
scope-crm-objects-deals-read = Read deals
    .why = to see when a deal is won, so that its contact becomes a customer in Storeganise.
scope-another = A further permission
    .why = which the app is registered with at HubSpot.

## audit

audit-installation-installed = installed the add-on
audit-installation-announced = announced the add-on
audit-installation-accepted = accepted the installation
audit-installation-enabled = enabled the installation
audit-installation-paused = paused the installation
audit-installation-disabled = disabled the installation
audit-installation-removed = removed the installation
audit-authorisation_link-issued = issued a new authorisation link
audit-authorisation_link-entered = came in by the authorisation link
audit-connection-authorised = authorised HubSpot
audit-connection-checked = checked the refresh token
audit-connection-disconnected = disconnected HubSpot
audit-connection-other_portal_allowed = allowed another HubSpot account for 24 hours
audit-master_key-rotated = sealed all data keys by the current master key
audit-master_key-abandoned = let go of what a lost master key had sealed
audit-staff-password_changed = changed the password
audit-staff-signed_out_everywhere = signed out everywhere
audit-staff-created = made a staff account
audit-staff-disabled = shut a staff account
audit-staff-enabled = opened a staff account again
audit-api_token-created = made a token of the JSON API
audit-api_token-revoked = revoked a token of the JSON API
audit-explain-looked = looked at a person's record
audit-settings-changed = changed the settings
audit-settings-tried = tried the custom fields on the newest records
audit-brake-released = released what was held back
audit-brake-dropped = dropped what was held back
audit-conflict-looked = looked at a conflict
audit-conflict-decided = decided a conflict
audit-change-replayed = replayed a change
audit-change-replayed_cause = tried again what failed for one cause
audit-change-replayed_parked = replayed all failed changes
audit-run-backfill = began a sync of all users
audit-run-reconcile = asked to look for missed changes
audit-run-preview = began a preview of all users
audit-run-cancelled = cancelled a run

## outcome

outcome-created = created
outcome-updated = updated
outcome-unchanged = unchanged
outcome-skipped = skipped
outcome-erased = erased
outcome-conflicted = conflicted
outcome-failed = failed

## run-state

run-state-running = running
run-state-finished = finished
run-state-cancelled = cancelled
run-state-failed = failed

## role

role-viewer = viewer
role-staff = staff
role-admin = admin

## records

records-user = user
records-contact = contact
records-deal = deal

## refused

refused-the-cursor-is-the = The cursor is the `next` of the page before.
refused-nothing-is-held-back = Nothing is held back: there is nothing to release or to drop.
refused-a-backfill-needs-the = A backfill needs the add-on enabled, here and at Storeganise.
refused-a-preview-needs-hubspot = A preview needs HubSpot authorised and the add-on not disabled.
refused-this-run-is-over = This run is over already.
refused-a-records-id-is = A record's id is between 1 and 64 characters.
refused-give-the-token-a = Give the token a name that says who will use it.
refused-this-is-the-last = This is the last admin's account. Make another admin first.
refused-a-login-is-between = A login is between 1 and 100 characters.
refused-a-password-is-easily-guessed = This password is easily guessed. Take one that is longer or less common, such as four words that do not belong together.
refused-this-is-not-your-password = This is not your present password.
refused-a-password-is-between = A password is between 12 and 200 characters.
refused-there-is-an-account = There is an account with this login already.
refused-give-the-id-of = Give the id of a user or of a contact, or an e-mail address.
refused-this-users-contact-was = This user's contact was deleted for privacy, and is not made again.
refused-there-is-no-contact = There is no contact to make again: this user's was neither deleted nor merged away.
refused-the-conflict-of-this = The conflict of this user is about fields.
refused-this-conflict-was-settled = This conflict was settled a moment ago.
refused-hubspot-has-no-such = HubSpot has no such contact any more: there is nothing to link.
refused-contact-is-linked-to = Contact { $contact_id } is linked to user { $other }, who is still there. Keep one of the two users in Storeganise, then link; or keep them apart.
refused-the-user-is-linked = The user is linked to contact { $other }, which is still there. Merge the two contacts in HubSpot; or keep them apart.
refused-choose-user-or-contact = Choose user or contact for at least one field.
refused-there-is-nothing-to = There is nothing to decide about { $name }.
refused-about-name-choose-user = About { $name }, choose user or contact.
refused-hubspot-did-not-say = HubSpot did not say which account this is.
refused-only-the-last-two = Only the last two previews are kept. Begin a new one to see what would happen now.
refused-accept-before-enabling = Accept this installation first, then enable it.
refused-storeganise-refuses-access-to = Storeganise refuses access to this add-on: it is disabled there. Enable it on the business's Add-ons page, then try again.
refused-only-an-enabled-installation = Only an enabled installation can be paused.
refused-accept-or-remove = Accept this installation first, or remove it.
refused-this-add-on-is = This add-on is installed already, for the business { $business_code }.
refused-this-installation-was-accepted = This installation was accepted already.
refused-storeganise-knows-no-add = Storeganise knows no add-on with this id at { $business_code }. Check the business code and copy the add-on id from its Add-ons page.
refused-storeganise-refused-our-key = Storeganise refused our key for this add-on at { $business_code }. The add-on may be disabled, or belong to another business.
refused-the-business-code-is = The business code is the first part of the business's Storeganise address: letters, digits and hyphens, such as acme.
refused-the-add-on-id = The add-on id is the row of letters and digits shown on the business's Add-ons page, such as 66ce753e7405aa00158ba999.
refused-the-key-is-in = The key { $master_key_id } is in ANNEX_MASTER_KEYS, so it is not lost. Only a key that is not there can be abandoned.

refused-users-are-being-synced = All users are being synced already. Wait until that has ended, or cancel it.
refused-a-preview-is-being = A preview is being made already. Wait until that has ended, or cancel it.

## task

task-it-concerned = It concerned { $count ->
    [one] 1 record
   *[other] { $count } records
} when this task was filed.
task-hubspot-must-be-authorised = HubSpot must be authorised again
task-hubspot-cannot-take-the = HubSpot cannot take the property the sync needs
task-a-change-of-many = A change of many records waits for your decision
task-some-customers-differ-in = Some customers differ in HubSpot and need your decision
task-some-customers-are-not = Some customers are not synced with HubSpot
task-authorise-here-link = Authorise here: { $link }
task-storeganise-staff-see-the = Storeganise staff see the details at { $base }/installations/{ $id }{ $page }
task-this-task-is-closed = This task is closed by itself once the cause is over. Reference: { $notice }.

## mapping

mapping-holds-another-kind = { $code } holds { $found } at Storeganise, and the mapping says { $kind }. { $hint }
mapping-some-left-out = { $unfit } of the { $count } values of { $code } among the newest users are not { $kind }: they would be left out.
mapping-never-seen-none = None of the newest { $users } users has anything in { $code }. Check the code, unless the field is new. None of them has any custom field filled in.
mapping-never-seen = None of the newest { $users } users has anything in { $code }. Check the code, unless the field is new. In use are: { $codes }.
mapping-text = text
mapping-number = a number
mapping-boolean = yes or no
mapping-date = a date
mapping-choice = a choice
mapping-list = a list
mapping-group = a group of values
mapping-type-rich_text = rich text
mapping-type-file = a file
mapping-type-text = text
mapping-type-number = a number
mapping-type-boolean = yes or no
mapping-type-date = a date
mapping-type-date_time = a date with a time of day
mapping-type-choices = several choices at once
mapping-type-choice = a choice
mapping-type-unknown = something this add-on does not know
mapping-at-most-custom-fields = At most { $most } custom fields can be mapped.
mapping-write-the-custom-fields = Write the custom field's code as its settings in Storeganise show it, such as gateCode.
mapping-is-a-field-that = { $code } is a field that this add-on fills by itself. Choose a field of the business.
mapping-field-is-mapped = { $code } is mapped to { $contact_property } in this direction already. A field has one mapping in each direction.
mapping-write-the-propertys-internal = Write the property's internal name as its settings in HubSpot show it: small letters, digits and underscores, such as unit_size.
mapping-is-kept-the-same = { $name } is kept the same by itself, or is used for that. Choose another property.
mapping-can-only-be-mapped = { $name } can only be mapped as a choice and from users to contacts: HubSpot moves it by rules of its own.
mapping-property-is-mapped = { $name } is mapped to { $user_field } in this direction already. A property has one mapping in each direction.
mapping-and-are-mapped-already = { $name } and { $user_field } are mapped already. Choose both directions there instead.
mapping-no-two-contacts-may = No two contacts may have the same { $name }: HubSpot refuses a value that another contact has.
mapping-hubspot-only-moves-forward = HubSpot only moves { $name } forward: an earlier stage at Storeganise does not bring it back.
mapping-none-of-the-values = None of the { $unfit } values of { $code } among the newest users is { $article }. Choose another kind.
mapping-choose-kind-or-one-way = Choose the kind it has, or map it from users to contacts only.
mapping-such-a-field-cannot = Such a field cannot be mapped.
mapping-choose-kind = Choose the kind it has.
mapping-hubspot-has-no-contact = HubSpot has no contact property { $name }. Make it there, or write the internal name as the property's settings show it.
mapping-the-contact-property-is = The contact property { $name } is archived in HubSpot. Restore it there, or choose another property.
mapping-hubspot-fills-in-the = HubSpot fills in the contact property { $name } by itself and lets nobody write it. Choose a property that can be edited.
mapping-property-of-type = The contact property { $name } holds { $is }. { $needs }
mapping-property-of-several-choices = The contact property { $name } holds several choices at once. A choice needs a dropdown or radio property.
mapping-property-without-options = The contact property { $name } has no options of its own. A choice needs a dropdown or radio property with options.
mapping-property-with-too-many-options = The contact property { $name } has more than { $most } options, the most a choice can have.
mapping-text-needs-a-single = Text needs a single-line, multi-line or phone number property.
mapping-a-number-needs-a = A number needs a number property.
mapping-yes-or-no-needs = Yes or no needs a single checkbox property.
mapping-a-date-needs-a = A date needs a date picker property without a time of day.
mapping-a-choice-needs-a = A choice needs a dropdown or radio property.

## setting

setting-the-default-country-is = The default country is a two-letter code such as GB, DE or US.
setting-requests-per-second-to = Requests per second to Storeganise are a number from 0.1 to 200.
setting-what-happened-to-a = What happened to a record is kept for 1 to 400 days, in whole days.
setting-the-share-at-which = The share at which a person is asked is 1 to 100 percent; 100 never asks.

## reason

# What happened, and `.todo`: what to do about it. A code of the core or of a client, with - for each dot.
# Codes that end in an underscore or a dot go on with what came after: { $rest }.
reason-storeganise-unreachable = Storeganise could not be reached.
    .todo = It is tried again by itself.
reason-storeganise-timeout = Storeganise did not answer in time.
    .todo = It is tried again by itself.
reason-storeganise-too_large = Storeganise sent a larger answer than we take.
    .todo = It is tried again by itself.
reason-storeganise-not_understood = Storeganise sent an answer that was not understood.
    .todo = It is tried again by itself.
reason-storeganise-rate_limited = Storeganise asks us to slow down.
    .todo = It is tried again by itself.
reason-storeganise-unusable_key = Our Storeganise key has characters that cannot be sent.
    .todo = Nothing is wrong at the business: the operator of Annex has to mend its set-up.
reason-storeganise-unusable_id = Storeganise can have no record under this id.
reason-storeganise-access_denied = Storeganise refused our key for this business: the add-on is probably disabled there.
    .todo = Enable it on the business's Add-ons page; work goes on by itself then.
reason-storeganise-not_found = Storeganise has no such record any more.
    .todo = If the record should be there, look for it in Storeganise.
reason-storeganise-conflict = Storeganise says that the record collides with another one, most often by its e-mail.
    .todo = Look for a second user with the same e-mail, then replay the change.
reason-hubspot-unreachable = HubSpot could not be reached.
    .todo = It is tried again by itself.
reason-hubspot-timeout = HubSpot did not answer in time.
    .todo = It is tried again by itself.
reason-hubspot-too_large = HubSpot sent a larger answer than we take.
    .todo = It is tried again by itself.
reason-hubspot-not_understood = HubSpot sent an answer that was not understood.
    .todo = It is tried again by itself.
reason-hubspot-rate_limited = The HubSpot account had too many requests, from us or from others.
    .todo = It is tried again by itself.
reason-hubspot-locked = HubSpot has locked the record for a moment.
    .todo = It is tried again by itself.
reason-hubspot-migrating = HubSpot is moving this account to another data centre.
    .todo = It goes on by itself, within a day.
reason-hubspot-unusable_token = HubSpot's access token cannot be sent.
    .todo = Authorise HubSpot again.
reason-hubspot-unauthorised = HubSpot no longer takes our access token.
    .todo = A new one is asked for by itself.
reason-hubspot-needs_authorisation = HubSpot must be authorised again: the app was removed, or its access was withdrawn.
    .todo = Send the business its authorisation link. Changes keep collecting until then.
reason-hubspot-missing_scopes = HubSpot did not grant everything that is needed.
    .todo = A Super Admin of the HubSpot account has to authorise again with the link.
reason-hubspot-not_found = HubSpot has no such record any more: it was deleted, or merged into another one.
    .todo = If the record should be there, look for it in HubSpot.
reason-hubspot-conflict = HubSpot says that another contact has this e-mail or this Storeganise user already.
    .todo = Look for the second contact in HubSpot, merge the two, then replay the change.
reason-hubspot-property_not_unique = The HubSpot account has a contact property storeganise_user_id that may hold the same value twice.
    .todo = Delete that property in HubSpot for good, then authorise again: we make the right one.
reason-hubspot-no_unique_property_left = The ten unique properties that contacts may have are used up, by this account's other apps.
    .todo = Delete one that is no longer needed, and storeganise_user_id, in HubSpot, then authorise again.
reason-hubspot-no_unique_property = The HubSpot account cannot take the contact property that holds the Storeganise user's id.
    .todo = In HubSpot, delete a unique contact property that is no longer used, or one named storeganise_user_id \
         that somebody made by hand; the right one is then made by itself.
reason-hubspot-oauth-unreachable = HubSpot could not be reached.
    .todo = Try again in a few minutes.
reason-hubspot-oauth-timeout = HubSpot did not answer in time.
    .todo = Try again in a few minutes.
reason-hubspot-oauth-too_large = HubSpot sent a larger answer than we take.
    .todo = Try again in a few minutes.
reason-hubspot-oauth-not_understood = HubSpot sent an answer that was not understood.
    .todo = Try again in a few minutes.
reason-hubspot-oauth-rate_limited = HubSpot asks us to slow down.
    .todo = Try again in a few minutes.
reason-hubspot-oauth-bad_refresh_token = HubSpot no longer knows our refresh token: the app was removed, or its access was withdrawn.
    .todo = Send the business its authorisation link.
reason-hubspot-oauth-bad_hub = The HubSpot account does not exist any more.
    .todo = Authorise the account to be used now.
reason-hubspot-oauth-bad_auth_code = HubSpot no longer knows this authorisation.
    .todo = Begin again from the authorisation link.
reason-hubspot-oauth-expired_auth_code = The authorisation took too long, and HubSpot has forgotten it.
    .todo = Begin again from the authorisation link.
reason-hubspot-oauth-bad_redirect = HubSpot does not know the address we come back to.
    .todo = Nothing is wrong at the business: the operator of Annex has to mend its set-up.
reason-hubspot-oauth-bad_client = HubSpot does not take our app's id or secret.
    .todo = Nothing is wrong at the business: the operator of Annex has to mend its set-up.
reason-hubspot-oauth-bad_request = HubSpot did not accept our question for a token.
    .todo = Nothing is wrong at the business: the operator of Annex has to mend its set-up.
reason-hubspot-oauth-inactive_token = HubSpot says that the token it has just given is not active.
    .todo = Begin again from the authorisation link.
reason-annex-storage = The database did not answer.
    .todo = It is tried again by itself.
reason-annex-vault = A stored secret could not be opened.
    .todo = Nothing is wrong at the business: the operator of Annex has to mend its set-up.
reason-annex-key_abandoned = The key that opened this business's tokens was lost on our side; the tokens were let go.
    .todo = Authorise HubSpot again; nothing else was lost.
reason-annex-lease_lost = Another worker has taken this business over.
    .todo = It is tried again by itself.
reason-annex-unanswered = Storeganise was asked to file a task and its answer was lost, so it is not known whether there is one.
reason-annex-not_found = There is nothing here by that name.
reason-annex-not_now = The present state does not allow it.
reason-explain-not_found = Neither side has such a person, and we have never paired one.
reason-explain-user_unknown = Storeganise does not answer just now, so it is not known what the next sync would do.
    .todo = Look again later.
reason-explain-contact_unknown = HubSpot does not answer just now, so it is not known what the next sync would do.
    .todo = Look again later.
reason-explain-contact_waits = The contact has no Storeganise user. One is made as soon as a deal is won that the contact stands on.
reason-explain-erased = The contact was deleted for privacy, so it is never made again.
reason-explain-would_link = The two are not linked yet; the next sync of the user pairs them.
reason-explain-would_make = HubSpot has no contact for this user; the next sync of the user makes one.
reason-explain-would_write = The two belong together, and the next sync writes the fields that say so.
reason-explain-in_sync = The two belong together, and there is nothing to write.
reason-explain-field_unknown = It is not known what would be done with this field.
reason-explain-user_wins = Both sides have a value of their own; by the setting, the user's stays.
reason-explain-contact_wins = Both sides have a value of their own; by the setting, the contact's stays.
reason-explain-first_time = The other side is blank, and nothing was agreed on in this field before.
reason-explain-user_changed = The user's value was changed since both sides last agreed.
reason-explain-contact_changed = The contact's value was changed since both sides last agreed.
reason-explain-user_unchanged = The user's value is what both sides last agreed on.
reason-explain-equal = Both sides hold the same value.
reason-explain-never_cleared = One side is blank, and a value that is needed is never cleared.
reason-explain-other_direction = Both sides differ, and nothing may be written in this direction.
reason-brake_held = Unusually many records would change at once, so the change waits until a person lets it go on.
    .todo = Look at the list of records, then release the change or drop it.
reason-conflicts_waiting = Some records differ on both sides, and no setting says which value to keep.
    .todo = Choose for each of them which value to keep.
reason-user_gone = Storeganise has no such user any more.
reason-staff = This Storeganise user has a staff role, and staff are not synced.
reason-empty_profile = The user has no name, e-mail, phone, company or address yet.
    .todo = It is synced as soon as one of them is filled in.
reason-user_disabled = The user is disabled in Storeganise; its contact is left as it is.
    .todo = It is synced again with its next change once it is enabled.
reason-no_email_key = The user has no e-mail, and this HubSpot account offers nothing else to find its contact by.
    .todo = Fill in the e-mail in Storeganise.
reason-erased_for_privacy = The contact was deleted for privacy in HubSpot, and is not made again.
reason-contact_erased = A contact was deleted for privacy in HubSpot: what was kept of it is deleted here, too.
reason-contact_deleted = The contact was deleted in HubSpot, and is not made again by itself.
    .todo = Restore it in HubSpot, or let another one be made for the user.
reason-contact_restored = The contact was restored in HubSpot; its user is looked at next.
reason-contacts_merged = This user's contact was merged into another user's in HubSpot, so nothing is written for it.
    .todo = Say in the conflicts whose the contact is; let another contact be made for the other user.
reason-newest_unknown = Both sides have a value of their own, and it is not known which one is newer: neither was written.
    .todo = Choose which value to keep.
reason-flips = The value went to and fro between both sides within an hour, so neither is written any more.
    .todo = Choose which value to keep; then look for what else writes this field.
reason-email_of_another_contact = Another contact has this e-mail already; everything else was written.
    .todo = Merge the two contacts in HubSpot or take the e-mail off the other one; or choose in the conflicts which to keep.
reason-email_of_another_user = The contact's e-mail was not taken for the user, most often because another user has it; the rest was written.
    .todo = Look for the second user in Storeganise or mend the e-mail in HubSpot; or choose in the conflicts which to keep.
reason-user_named_by_another_contact = Another contact carries this user's id already; everything else was written.
    .todo = Merge the two contacts in HubSpot, then replay.
reason-address_not_free_yet = The e-mail belongs to a contact whose user has another one by now; that user is worked first.
    .todo = It is tried again by itself.
reason-linked = The contact was there already; the two belong together from now on.
reason-conflict_to_decide = Both sides have a value of their own, and it is not known which one is newer: neither was written.
    .todo = Choose which value to keep.
reason-value_does_not_fit = A custom field holds a value that the other side cannot take; everything else was written.
    .todo = Mend the value, or map the field to a property of another type.
reason-unexpected_answer = The provider answered about this record in a form that was not understood; the others went on.
    .todo = Replay the change; if it happens again, tell the operator of Annex the field that is named.
reason-conflict_chosen = A person chose which value of these fields to keep; it was written to the other side.
reason-field_flips = These fields went back and forth between both sides three times within an hour, so neither was written.
    .todo = Look for a workflow in HubSpot that rewrites them, then choose which value to keep.
reason-left_as_it_is = A person decided that this may stay different on both sides while another record is in the way.
reason-mirror_cleared = The contact's id was taken off the user, because the contact was deleted for privacy in HubSpot.
reason-kept_apart = A person decided that this user and this contact do not belong together.
reason-brake_dropped = A person dropped this change together with the many others it came with; nothing was written.
reason-brake = It waits with many others until it is known how many would change, or a person decides.
reason-conflict_decided = Both sides held different values in these fields; the setting decided which one stayed.
    .todo = Look at both records if the other value should have stayed.
reason-contact_of_another_user = The contact with this e-mail belongs to another Storeganise user already, so nothing was written.
    .todo = Decide whether the two belong together; of two users with one e-mail keep the right one.
reason-hubspot-refused = HubSpot did not accept the record because of these fields.
    .todo = Mend the values, or HubSpot's rules for these properties, then replay.
reason-hubspot-refused_fields = HubSpot did not accept these fields; everything else was written.
    .todo = Mend the values, or HubSpot's rules for these properties, then replay.
reason-not_linked = The user has no contact any more, so there is no contact id to note on it.
reason-deal_gone = HubSpot has no such deal any more.
reason-deal_not_won = The deal is not won (any more), so its contacts are not brought over.
reason-deal_without_contact = The deal is won, but no contact stands on it.
    .todo = Add the contact to the deal in HubSpot, then replay the deal.
reason-contact_without_email = The contact has no e-mail, and a Storeganise user needs one.
    .todo = Fill it in at HubSpot, then replay the deal.
reason-create_users_off = There is no user for this contact, and the settings do not let a won deal create one.
    .todo = Create the user in Storeganise, or change the setting, then replay the deal.
reason-user_of_another_contact = The Storeganise user with this e-mail belongs to another contact already, so nothing was written.
    .todo = Merge the two contacts in HubSpot and replay the deal, or keep them apart.
reason-contact_not_linked = The contact has no Storeganise user and stands on no won deal.
reason-contact_gone = HubSpot has no such contact any more. The user in Storeganise stays as it is.
reason-contact_merged = The contact was merged into another one, which the user belongs to from now on.
reason-user_looked_at = The contact was edited; its user is looked at next.
reason-contact_edits_off = The contact was edited, and the settings do not let edits of contacts change users.
family-storeganise-http = Storeganise cannot answer at the moment (status { $rest }).
    .todo = It is tried again by itself.
family-storeganise-rejected = Storeganise did not accept the record (status { $rest }).
    .todo = Mend it at the provider, then replay the change.
family-hubspot-oauth-http = HubSpot cannot give tokens at the moment (status { $rest }).
    .todo = Try again in a few minutes.
family-hubspot-oauth-rejected = HubSpot refused to give a token (status { $rest }).
    .todo = Nothing is wrong at the business: the operator of Annex has to mend its set-up.
family-hubspot-http = HubSpot cannot answer at the moment (status { $rest }).
    .todo = It is tried again by itself.
family-hubspot-rejected = HubSpot did not accept the record (status { $rest }).
    .todo = Mend it at the provider, then replay the change.
family-annex-invalid = A value was not accepted ({ $rest }).
family-annex-corrupt = A stored value cannot be read ({ $rest }).
    .todo = Nothing is wrong at the business: the operator of Annex has to mend its set-up.
