// Runs inside Storeganise when the add-on is installed: makes the custom fields of users that Annex fills.
// It reads and writes no user, calls no other address, and may be run again at any time.

// The codes are those of crates/sync-core/src/fields.rs; tests/it/addon.rs holds the two together.
// All are text: ids go beyond what a number holds exactly, amounts keep the digits HubSpot sent, and a date
// stays the day it was in the deal. No ownerAcl: these are for the operator's staff, the customer sees none.
const USER_FIELDS = [
  ['hubspot_contactId', 'HubSpot contact ID'],
  ['hubspot_dealId', 'HubSpot deal ID'],
  ['hubspot_dealName', 'HubSpot deal name'],
  ['hubspot_dealAmount', 'HubSpot deal amount'],
  ['hubspot_dealCloseDate', 'HubSpot deal close date'],
];

export default async function addonInstalled({ api }) {
  const failures = [];
  // One after the other: Storeganise asks for requests in series.
  for (const [code, title] of USER_FIELDS) {
    try {
      await api.ensureCustomField('user', { type: 'string', code, title: { en: title } });
    } catch (error) {
      failures.push(`${code}: ${error?.message ?? error}`);
    }
  }
  if (failures.length > 0) {
    throw new Error(
      `${failures.length} of ${USER_FIELDS.length} user custom fields were not made (${failures.join('; ')}). ` +
        'The others are in place; run this again to make the rest.',
    );
  }
}
