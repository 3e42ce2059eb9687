# What the pages say in English, as HTML: asked for in templates by {{ "key"|t }}.
# Keys begin with the template they stand in, or with "common" where several say the same.

# The language's own name, for browsers and screen readers.
language = en

## common

common-businesses = Businesses
common-failures = Failures
common-access = Access
common-settings = Settings
common-cause = Cause
common-since = Since
common-action = Action
common-record = Record
common-replay-record = Replay { $subject } { $subject_id }
common-replay = Replay
common-state = State
common-looked-at = Looked at
common-queued = Queued
common-began-started = began { $started }
common-cancel = Cancel
common-login = Login
common-role = Role
common-password = Password
common-never = never
common-who-did-what = Who did what
common-who = Who
common-what = What
common-business = Business
common-detail = Detail
common-when = When
common-older-lines = Older lines
common-install-for-a-business = Install for a business
common-hubspot-account = HubSpot account
common-add-on-id = Add-on id
common-back-to = Back to { $business_code }
common-why = Why
common-hubspots-own-number-id = HubSpot's own number: <span class="id">{ $id }</span>
common-user = User
common-more = More
common-field = Field
common-contact = Contact
common-blank = blank
common-decide = Decide
common-contact-lower = contact
common-look = Look
common-nothing-yet-every-action = Nothing yet. Every action of a person will stand here.
common-custom-fields = Custom fields
common-refresh-token = Refresh token
common-empty = empty
common-check-now = Check now
common-preview-a-sync-of = Preview a sync of all users

## base

base-copied = Copied
base-press-ctrl-c = Press Ctrl+C
base-skip-to-the-content = Skip to the content
base-main = Main
base-audit = Audit
base-sign-out = Sign out
base-your-hubspot-add-on = Your HubSpot add-on
base-activity = Activity
base-hubspot-for-storeganise = HubSpot for Storeganise

## causes

causes-records = Records
causes-try-one-what = Try one: { $what }
causes-try-one = Try one
causes-replay-all-what = Replay all: { $what }
causes-replay-all = Replay all

## changes

changes-attempts = Attempts
changes-marked = Marked
changes-next-try = Next try
changes-has-not-failed = Has not failed.
changes-marked-by-origin = Marked by { $origin }.

## runs

runs-run = Run
runs-cancel-name = Cancel { $name }
runs-of = Runs of { $business_code }
runs-no-run-yet-runs = No run yet. Runs go through many records at once; ended ones are kept for 90 days.
runs-older-runs = Older runs

## access

access-the-new-token = The new token
access-it-is-shown-this = It is shown this once. Who has it may do what its role says: keep it like a password.
access-copy-token = Copy token
access-staff-accounts = Staff accounts
access-made = Made
access-shut-at = shut { $at }
access-open-login = Open { $login }
access-open-again = Open again
access-your-own = your own
access-shut-login = Shut { $login }
access-shut = Shut
access-one-more = One more
access-12-characters-or-more = 12 characters or more. Hand it over by a way of its own.
access-viewer-look = viewer: look
access-staff-look-install-enable = staff: look, install, enable, pause, replay
access-admin-all-of-it = admin: all of it, accounts and tokens too
access-make-account = Make account
access-tokens-of-the-json = Tokens of the JSON API
access-there-is-none = There is none.
access-name = Name
access-last-used = Last used
access-made-at = made { $made }
access-revoke-name = Revoke { $name }
access-revoke = Revoke
access-who-will-use-it = Who will use it.
access-admin-of-tokens = admin: all of it
access-good-for = Good for
access-a-month = 30 days
access-a-year = a year
access-until-revoked = until it is revoked
access-good-until = ends { $ends }
access-make-token = Make token
access-master-keys = Master keys
access-they-stand-in = They stand in ANNEX_MASTER_KEYS and nowhere else; a new one is made with <span class="id">annex keys generate</span>.
access-key = Key
access-what-it-is = What it is

## account

account-your-account = Your account
account-another-password = Another password
account-the-present-one = The present one
account-the-new-one = The new one
account-12-characters-or-more = 12 characters or more; one that is not easily guessed.
account-change-password = Change password
account-every-other-visit-ends = Whoever else is signed in with this account has to sign in again.
account-visits = Signed in elsewhere
account-a-visit-ends = A visit ends by itself after two hours in which no page was opened, and after twelve in any case. If you forgot to sign out somewhere, end all visits, this one too.
account-sign-out-everywhere = Sign out everywhere

## audit

audit-every-action-of-a = Every action of a person or of a program with a token will stand here.

## businesses

businesses-here-you-will-see = Here you will see each business with the add-on: whether it is well, which HubSpot account it is connected to, and what waits. Begin by installing the add-on for a business.
businesses-show-what-needs-you = Show what needs you
businesses-business-code-or-add = Business code or add-on id
businesses-health = Health
businesses-first = First
businesses-show = Show
businesses-no-business-fits-this = No business fits this filter.
businesses-show-all-businesses = Show all businesses
businesses-waiting = Waiting
businesses-failed = Failed
businesses-last-24-hours = Last 24 hours
businesses-last-event = Last event
businesses-last-success = Last success
businesses-none = none
businesses-nothing = nothing
businesses-none-yet = none yet
businesses-next-businesses = Next businesses

## error

error-request-id = Request <span class="id">{ $id }</span>

## failures

failures-records-that-fail-too = Records that fail too often stand here, of all businesses, grouped by their cause. What fails now and then is tried again by itself.
failures-mend-the-cause-try = Mend the cause, try it on one record, then replay the rest.

## install

install-install-the-add-on = Install the add-on for a business
install-storeganise-is-asked-whether = Storeganise is asked whether the add-on is there before anything is made. Nothing is sent before you enable it and the business authorises HubSpot.
install-business-code = Business code
install-the-first-part-of = The first part of the business's Storeganise address: acme, where that is acme.storeganise.com.
install-on-the-businesss-add = On the business's Add-ons page (Settings, Add-ons), open HubSpot: the id stands at the end of the address, such as 66ce753e7405aa00158ba999.
install-install-add-on = Install add-on
install-are-there-many-install = Are there many? <a href="/installations/many">Install for a list of businesses</a>.

## install-many

install-many-install-for-many-businesses = Install for many businesses
install-many-install-the-add-on = Install the add-on for many businesses
install-many-storeganise-is-asked-about = Storeganise is asked about each of them. Nothing is sent before you enable it and the business authorises HubSpot.
install-many-line = Line
install-many-what-became-of-it = What became of it
install-many-one-business-in-each = One business in each line: its code, a comma, its add-on id
install-many-as-a-spreadsheet-exports = As a spreadsheet exports it; a heading is left out. 100 lines at most. What does not work stands here again.
install-many-install-for-all-of = Install for all of them

## action

action-what-happens = What happens
action-what-is-kept = What is kept
action-what-is-dropped = What is dropped
action-leave-it-as-it = Leave it as it is

## activity

activity-of = Activity of { $business_code }
activity-failed-heading = { $parked_text } failed too often
activity-replay-all-that-failed = Replay all that failed
activity-record-by-record = Record by record
activity-the-first-of-them = The first { $len } of them:
activity-waiting-heading = { $waiting_text } waiting
activity-what-happened = What happened
activity-user-contact-or-deal = User, contact or deal id
activity-outcome = Outcome
activity-all-outcomes = All outcomes
activity-filter = Filter
activity-nothing-that-happened-fits = Nothing that happened fits this filter.
activity-show-all-activity = Show all activity
activity-nothing-has-happened-yet = Nothing has happened yet. As soon as the installation is enabled and authorised, every record that is looked at stands here with its outcome. Change a user in Storeganise to see the first one.
activity-fields = Fields
activity-older-activity = Older activity
activity-before-that = Before that
activity-records-stand-here-one = Records stand here one by one since { $since }. What happened before is only counted.
activity-day = Day
activity-outcomes = Outcomes

## brake

brake-title = Held back: { $business_code }
brake-it-began-at = It began { $at }.
brake-the-run-that-was = The run that was stopped
brake-what-to-do-with = What to do with { $held }
brake-release = Release
brake-all-of-them-go = All of them go on. Each is decided again from what both sides hold by then; who was changed back meanwhile is left alone.
brake-drop = Drop
brake-nothing-is-written-and = Nothing is written, and both sides stay as they are. The next edit of such a record brings the rest of it along.
brake-release-held = Release { $held }
brake-drop-held = Drop { $held }
brake-would-change = Would change
brake-because-of = Because of

## conflict

conflict-a-decision-for = A decision for { $business_code }
conflict-back-to-what-waits = Back to what waits
conflict-this-person-field-by = This person, field by field
conflict-user = User <span class="id">{ $user_id }</span>
conflict-third-in-the-way = { $third }, in the way
conflict-your-decision = Your decision
conflict-they-are-one-person = They are one person: link them
conflict-they-are-not-keep = They are not: keep them apart
conflict-later = Later

## conflicts

conflicts-of = Conflicts of { $business_code }
conflicts-nothing-waits-for-a = Nothing waits for a decision
conflicts-what-waits-for-your = What waits for your decision
conflicts-where-user-and-contact = Where user and contact differ in a way that no setting settles, both stay as they are, and the question stands here.
conflicts-what-is-the-matter = What is the matter
conflicts-look-at-user = Look at user { $user_id }

## fields

fields-of = Custom fields of { $business_code }
fields-a-custom-field-of = A custom field of users at Storeganise, and the contact property it is kept the same as. Properties are never made by this add-on.
fields-try-these-fields = Try these fields
fields-user-field-code = User field (code)
fields-goes = Goes
fields-contact-property-internal-name = Contact property (internal name)
fields-holds = Holds
fields-remove = Remove
fields-user-field-of-row = User field of row { $index }
fields-which-way-row-goes = Which way row { $index } goes
fields-contact-property = Contact property
fields-contact-property-of-row = Contact property of row { $index }
fields-what-row-index-holds = What row { $index } holds
fields-remove-row-index = Remove row { $index }
fields-sentence-left-out = { $sentence }: left out
fields-user = user <span class="id">{ $user_id }</span>
fields-and-contact = , contact <span class="id">{ $contact }</span>
fields-try-on-the-newest = Try on the newest 200 users
fields-save-these-fields = Save these fields
fields-add-a-row = Add a row
fields-a-field-that-is = A field that is newly mapped is filled in on each record when it is next looked at: a value fills a blank, a blank never erases, and two different values are decided as the settings say. "Sync all users now" looks at all of them. Edits of properties in HubSpot are found within a quarter of an hour, and only where edits of contacts are written to users.

## log

log-who-did-what-for = Who did what for { $business_code }

## person

person-of = A person of { $business_code }
person-e-mail-address-or = E-mail address, or the id of a user or contact
person-waits-for-a-decision = Waits for a decision
person-both-sides-now = Both sides, now
person-user-at-storeganise = User at Storeganise
person-changed-at = , changed { $at }
person-contact-in-hubspot = Contact in HubSpot
person-open-in-hubspot = Open in HubSpot
person-sync-this-person-now = Sync this person now
person-field-by-field = Field by field
person-the-next-sync = The next sync
person-written-at = written { $written }
person-waits-or-failed = Waits, or failed
person-what-we-did = What we did
person-nothing-is-noted-about = Nothing is noted about this person.
person-here-you-see-one = Here you see one person on both sides: what each field holds, what the next sync would do with it and why, and what was done before. Nothing is written by looking; that you looked is noted under "Who did what".

## run

run-ended-at = , ended { $at }
run-cancel-this-run = Cancel this run
run-all-records-as-csv = All records as CSV
run-what-came-of-it = What came of it
run-what-a-sync-of = What a sync of all users would do. Nothing was written.
run-with-a-field-refused = With a field refused
run-would-be = Would be
run-now-then = Now → then
run-user = user
run-deal = deal
run-would-be-refused = Would be refused: { $refused }.

## settings

settings-of = Settings of { $business_code }
settings-save-settings = Save settings
settings-what-wins-and-what = What wins, and what is written where
settings-when-both-sides-changed = When both sides changed
settings-which-side-wins-where = Which side wins where user and contact were changed to different values. The newest wins: by HubSpot's history against the user's last change; where that is not known, you are asked.
settings-storeganise-wins = Storeganise wins
settings-hubspot-wins = HubSpot wins
settings-the-newest-wins = The newest wins
settings-default-country = Default country
settings-two-letters-such-as = Two letters, such as GB: for phone numbers written without a country. May stay empty. A change of it alone writes nothing.
settings-write-edits-of-linked = Write edits of linked contacts to their users
settings-switched-on-it-also = Switched on, it also counts for earlier edits: where a contact differs from what both sides last agreed on, its value is written to the user when the record is next looked at.
settings-let-a-won-deal = Let a won deal create a user that does not exist yet
settings-write-a-won-deals = Write a won deal's id, name, amount and close date to its user
settings-write-the-contacts-id = Write the contact's id to its user
settings-limits = Limits
settings-requests-per-second-to = Requests per second to Storeganise
settings-from-0-1-to = From 0.1 to 200, one at a time.
settings-ask-before-more-than = Ask before more than so many percent of the linked records change at once
settings-from-1-to-100 = From 1 to 100; 100 never asks. Fewer than 50 records never ask.
settings-days-that-it-is = Days that it is kept what happened to each record
settings-from-1-to-400 = From 1 to 400; later only numbers per day are kept.
settings-give-the-business-a = Give the business a task at Storeganise when something needs a person

## show

show-activity = Show activity
show-look-at-a-person = Look at a person
show-backlog = { $waiting } waiting, { $parked } failed
show-backlog-held = { $waiting } waiting, { $parked } failed; goes on { $until }
show-three-steps = Three steps
show-authorisation = Authorisation
show-whoever-may-administer-the = Whoever may administer the HubSpot account can renew the authorisation. Nothing else changes by it.
show-renew-the-authorisation = Renew the authorisation
show-authorisation-link = Authorisation link
show-for-the-businesss-hubspot = For the business's HubSpot admin; it is on the add-on's page at Storeganise, too. Issued { $issued }.
show-copy-link = Copy link
show-qr-code-for-a = QR code, for a phone
show-qr-code-of-the = QR code of the authorisation link
show-issue-a-new-link = Issue a new link
show-with-a-new-link = With a new link the old one stops working.
show-there-is-no-authorisation = There is no authorisation link yet. Enabling makes it.
show-populated-used = <strong>populated</strong>, fingerprint <span class="id">…{ $print }</span>, last used { $used }
show-populated-never-used = <strong>populated</strong>, fingerprint <span class="id">…{ $print }</span>, last used never
show-account-authorised = { $portal_id }, authorised { $authorised }
show-account-not-connected = { $account }, not connected now; the link takes this account and no other one
show-another-account = Another account
show-may-be-connected-until = may be connected until { $until }
show-allow-another-account = Allow another account
show-disconnect-hubspot = Disconnect HubSpot
show-at-storeganise = At Storeganise
show-storeganise-says = Storeganise says that the add-on is <strong>{ $says }</strong>.
show-storeganise-says-asked = Storeganise says that the add-on is <strong>{ $says }</strong>, asked { $at }.
show-open-the-add-ons = Open the Add-ons page
show-storeganise-did-not-take = Storeganise did not take our fields on that page: hand the authorisation link over by hand.
show-ask-storeganise-again = Ask Storeganise again
show-webhooks = Webhooks
show-webhook-address-for-storeganise = Webhook address for Storeganise
show-copy = Copy
show-webhook-address-for-hubspot = Webhook address for HubSpot
show-one-for-all-businesses = One for all businesses.
show-event = Event
show-last-received = Last received
show-syncing = Syncing
show-sync-all-users-now = Sync all users now
show-look-for-missed-changes = Look for missed changes
show-no-run-yet-runs = No run yet. Runs go through many records at once; they begin by themselves, or by the buttons here once all three steps are done.
show-all-runs = All runs
show-hubspot-no-longer-takes = HubSpot no longer takes a custom field as it is mapped: the custom fields say which and why.
show-change-settings = Change settings
show-all-settings = Show all settings
show-all-lines = All lines
show-stop = Stop
show-each-of-these-says = Each of these says what it keeps and what it drops before it does anything.
show-pause-syncing = Pause syncing
show-disable-installation = Disable installation
show-remove-installation = Remove installation

## sign-in

sign-in-sign-in = Sign in
sign-in-sign-in-to-annex = Sign in to Annex
sign-in-there-is-no-staff = There is no staff account yet. Make the first one on the server with <code>annex staff create --login you --role admin</code>, then sign in here.
sign-in-are-you-here-to = Are you here to authorise HubSpot for your business? You need no account: open the authorisation link on your Storeganise Add-ons page.

## connect

connect-title = Connect { $business_code } to HubSpot
connect-is-connected-to-hubspot = { $business_code } is connected to HubSpot account <strong>{ $account }</strong>.
connect-was-connected-to-hubspot = { $business_code } was connected to HubSpot account <strong>{ $account }</strong>, and is not now.
connect-storeganise-has-allowed-another = Storeganise has allowed another account: choose the right one at HubSpot.
connect-you-can-renew-this = You can connect this account here, and no other one.
connect-you-choose-the-hubspot = You choose the HubSpot account on the next page, at HubSpot. Nothing is connected before you agree there.
connect-show-me-afterwards-what = Show me afterwards what a sync of all users would do, before anything is done about those who are there already
connect-continue-to-hubspot = Continue to HubSpot
connect-look-at-the-pages = Look at the pages of { $business_code }
connect-what-will-be-read = What will be read and written
connect-each-user-of-becomes = Each user of { $business_code } becomes a contact in HubSpot, or is joined with the contact that has the same e-mail. Name, e-mail, phone, company and address are kept the same.
connect-won-deal-makes-user = When a deal is won in HubSpot, its contact becomes a user in Storeganise, together with the deal's name, amount and close date.
connect-won-deal-is-noted = When a deal is won in HubSpot, its name, amount and close date are noted on the user that exists already.
connect-an-edit-of-such = An edit of such a contact in HubSpot changes its user, too.
connect-an-edit-of-a = An edit of a contact in HubSpot does not change the user in Storeganise.
connect-the-first-time-a = The first time a user and a contact are linked, an empty field never erases a filled one. Afterwards, a field that is cleared in Storeganise is cleared in HubSpot, too.
connect-nobody-is-ever-deleted = Nobody is ever deleted.
connect-what-hubspot-will-ask = What HubSpot will ask you to allow
connect-at-hubspot-you-must = At HubSpot you must be a Super Admin, or have App Marketplace access. You can withdraw this at any time, in HubSpot under Connected apps.

## connected

connected-to-account = { $business_code } is connected to HubSpot account { $account }
connected-to-hubspot = { $business_code } is connected to HubSpot
connected-is-not-connected-to = { $business_code } is not connected to HubSpot
connected-open-the-authorisation-link = Open the authorisation link on your Storeganise Add-ons page to connect it.
connected-populated = populated
connected-fingerprint-print = , fingerprint <span class="id">…{ $print }</span>
connected-last-used-at = , last used { $at }
connected-what-happens-next = What happens next
connected-from-now-on-users = From now on users that are created or changed in Storeganise appear in HubSpot within moments, and the contact of a won deal appears in Storeganise. There is nothing more for you to do.
connected-syncing-begins-as-soon = Syncing begins as soon as Storeganise has enabled the add-on for your business. There is nothing more for you to do.
connected-users-who-are-there = Users who are there already stay as they are until they change. A preview shows what a sync of all of them would do; it writes nothing.
connected-look-at-the-preview = Look at the preview
connected-back-to-storeganise = Back to Storeganise
connected-look-at-your-pages = Look at your pages here

## halted

halted-begin-again = Begin again
