// HubSpot's own published client goes through what an app does, against the address it is given and unchanged but for
// that base path. Every answer is held against the client's typed models. Prints one JSON line per step; stops at the
// first thing that is not as the client expects.
//
// node story.mjs '{"base":"http://127.0.0.1:1","clientId":..,"clientSecret":..,"redirect":..,"scopes":[..],
//                  "appId":..,"developerKey":..,"portal":..}'

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

import { authorise } from './person.mjs';
import { typed } from './typed.mjs';

const { Client } = createRequire(import.meta.url)('@hubspot/api-client');
const at = JSON.parse(process.argv[2]);
const UNIQUE = 'peer_user_id';

function step(name, found = {}) {
  console.log(JSON.stringify({ step: name, ...found }));
}

// The client throws for every status from 400 on: the status and the parsed body of a refusal.
async function refusal(call) {
  try {
    await call();
  } catch (error) {
    assert.ok(error.code, `not an answer of the API: ${error.stack}`);
    return { status: error.code, body: error.body };
  }
  throw new Error(`${call} was not refused`);
}

async function oauth() {
  const client = new Client({ basePath: at.base });
  const address = client.oauth.getAuthorizationUrl(at.clientId, at.redirect, at.scopes.join(' '), undefined, 'st=1&x');
  const back = await authorise(at.base, address, at.portal);
  assert.equal(back.searchParams.get('state'), 'st=1&x', 'the state comes back unchanged');
  const code = back.searchParams.get('code');

  const tokens = client.oauth.tokensApi;
  const first = await tokens.create('authorization_code', code, at.redirect, at.clientId, at.clientSecret);
  typed('oauth', 'TokenResponseIF', first);
  const again = await refusal(() =>
    tokens.create('authorization_code', code, at.redirect, at.clientId, at.clientSecret));
  assert.equal(again.status, 400, 'a code is good for one use');

  const renewed = await tokens.create('refresh_token', undefined, undefined, at.clientId, at.clientSecret, first.refreshToken);
  typed('oauth', 'TokenResponseIF', renewed);
  const access = typed('oauth', 'AccessTokenInfoResponse', await client.oauth.accessTokensApi.get(renewed.accessToken));
  assert.equal(access.hubId, at.portal);
  assert.deepEqual([...access.scopes].sort(), [...at.scopes].sort());
  const refresh = typed('oauth', 'RefreshTokenInfoResponse', await client.oauth.refreshTokensApi.get(renewed.refreshToken));
  assert.equal(refresh.clientId, at.clientId);
  step('oauth');
  return renewed;
}

async function properties(client) {
  const { coreApi, groupsApi } = client.crm.properties;
  const group = { name: 'peer', label: 'Peer', displayOrder: -1 };
  typed('crm/properties', 'PropertyGroup', await groupsApi.create('contacts', group));
  typed('crm/properties', 'CollectionResponsePropertyGroupNoPaging', await groupsApi.getAll('contacts'));
  const wanted = {
    groupName: 'peer', name: UNIQUE, label: 'Peer user ID', type: 'string', fieldType: 'text', hasUniqueValue: true,
  };
  const made = typed('crm/properties', 'Property', await coreApi.create('contacts', wanted));
  assert.equal(made.hasUniqueValue, true);
  const twice = await refusal(() => coreApi.create('contacts', wanted));
  assert.equal(twice.status, 409);
  assert.equal(twice.body.subCategory, 'Properties.PROPERTY_WITH_NAME_EXISTS');
  typed('crm/properties', 'Property', await coreApi.getByName('contacts', UNIQUE));
  typed('crm/properties', 'CollectionResponsePropertyNoPaging', await coreApi.getAll('contacts'));
  step('properties');
}

async function contacts(client) {
  const { basicApi } = client.crm.contacts;
  const properties = { email: 'Zoë.Peer@example.com', firstname: 'Zoë', lastname: "O'Peer", phone: '+44 20 7946 0000' };
  const made = typed('crm/contacts', 'SimplePublicObject', await basicApi.create({ properties, associations: [] }));
  const read = await basicApi.getById(made.id, ['email', 'phone', 'city'], ['phone'], ['deals']);
  typed('crm/contacts', 'SimplePublicObjectWithAssociations', read);
  assert.equal(read.properties.email, 'zoë.peer@example.com', 'addresses are kept in lower case');
  assert.equal(read.properties.city, null, 'a known property that is unset is null');
  assert.equal(read.propertiesWithHistory.phone[0].sourceType, 'INTEGRATION');
  const changed = await basicApi.update(made.id, { properties: { city: 'Łódź', phone: '' } });
  typed('crm/contacts', 'SimplePublicObject', changed);
  const found = await basicApi.getById('zoë.peer@example.com', ['city', 'phone'], undefined, undefined, false, 'email');
  assert.equal(found.id, made.id);
  assert.equal(found.properties.city, 'Łódź');
  const twice = await refusal(() => basicApi.create({ properties, associations: [] }));
  assert.equal(twice.status, 409);
  assert.match(twice.body.message, new RegExp(`Existing ID: ${made.id}`));
  step('contacts', { id: made.id });
  return made.id;
}

async function batches(client) {
  const { batchApi } = client.crm.contacts;
  const row = (n, email) => ({
    id: `peer-${n}`, idProperty: UNIQUE, objectWriteTraceId: `row-${n}`, properties: { email, firstname: `Row ${n}` },
  });
  const rows = [row(1, 'row1@example.com'), row(2, 'not an address'), row(3, 'row3@example.com')];
  const mixed = await batchApi.upsert({ inputs: rows });
  typed('crm/contacts', 'BatchResponseSimplePublicUpsertObjectWithErrors', mixed);
  assert.equal(mixed.numErrors, 1);
  assert.deepEqual(mixed.errors[0].context.objectWriteTraceId, ['row-2']);
  assert.deepEqual(mixed.results.map((result) => result.objectWriteTraceId).sort(), ['row-1', 'row-3']);
  assert.ok(mixed.results.every((result) => result._new === true));
  const again = await batchApi.upsert({ inputs: [rows[0], rows[2]] });
  typed('crm/contacts', 'BatchResponseSimplePublicUpsertObject', again);
  assert.ok(again.results.every((result) => result._new === false));

  const ids = again.results.map(({ id }) => ({ id }));
  const read = { inputs: [...ids, { id: '1' }], properties: ['email'], propertiesWithHistory: [] };
  const found = typed('crm/contacts', 'BatchResponseSimplePublicObjectWithErrors', await batchApi.read(read));
  assert.equal(found.results.length, 2);
  assert.equal(found.errors[0].category, 'OBJECT_NOT_FOUND');
  const changed = await batchApi.update({ inputs: ids.map(({ id }) => ({ id, properties: { city: 'Utrecht' } })) });
  typed('crm/contacts', 'BatchResponseSimplePublicObject', changed);
  step('batches');
}

async function search(client) {
  const { batchApi, searchApi } = client.crm.contacts;
  const inputs = Array.from({ length: 25 }, (_, n) => ({
    properties: { email: `found${n}@example.com`, company: 'Peer & Daughters' }, associations: [],
  }));
  typed('crm/contacts', 'BatchResponseSimplePublicObject', await batchApi.create({ inputs }));
  const asked = {
    filterGroups: [{ filters: [{ propertyName: 'company', operator: 'EQ', value: 'Peer & Daughters' }] }],
    sorts: ['-email'], properties: ['email'], limit: 10,
  };
  const seen = [];
  let after;
  do {
    const page = await searchApi.doSearch({ ...asked, after });
    typed('crm/contacts', 'CollectionResponseWithTotalSimplePublicObjectForwardPaging', page);
    assert.equal(page.total, 25);
    seen.push(...page.results.map((result) => result.properties.email));
    after = page.paging?.next?.after;
  } while (after);
  assert.deepEqual(seen, inputs.map((input) => input.properties.email).sort().reverse());
  const listed = await client.crm.contacts.getAll(10, undefined, ['email']);
  listed.forEach((contact) => typed('crm/contacts', 'SimplePublicObjectWithAssociations', contact));
  assert.equal(listed.length, 28);
  step('search');
}

async function deals(client, contact) {
  const pipelines = await client.crm.pipelines.pipelinesApi.getAll('deals');
  typed('crm/pipelines', 'CollectionResponsePipelineNoPaging', pipelines);
  const pipeline = pipelines.results.find((known) => known.id === 'default');
  const won = pipeline.stages.find((stage) => Number(stage.metadata.probability) === 1 && stage.metadata.isClosed === 'true');
  const { basicApi, searchApi } = client.crm.deals;
  const made = await basicApi.create({
    properties: { dealname: 'Unit 12', dealstage: 'qualifiedtobuy', pipeline: 'default', amount: '120' },
    associations: [{ to: { id: contact }, types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 3 }] }],
  });
  typed('crm/deals', 'SimplePublicObject', made);
  typed('crm/deals', 'SimplePublicObject', await basicApi.update(made.id, { properties: { dealstage: won.id } }));
  const read = await basicApi.getById(made.id, ['hs_is_closed_won', 'amount'], undefined, ['contacts']);
  typed('crm/deals', 'SimplePublicObjectWithAssociations', read);
  assert.equal(read.properties.hs_is_closed_won, 'true');
  assert.equal(read.associations.contacts.results[0].id, contact);
  const found = await searchApi.doSearch({
    filterGroups: [{ filters: [{ propertyName: 'hs_is_closed_won', operator: 'EQ', value: 'true' }] }], limit: 5,
  });
  typed('crm/deals', 'CollectionResponseWithTotalSimplePublicObjectForwardPaging', found);
  assert.equal(found.total, 1);
  step('deals', { deal: made.id });
  return made.id;
}

async function associations(client, deal, contact) {
  const { basicApi, batchApi } = client.crm.associations.v4;
  const api = 'crm/associations/v4';
  const page = await basicApi.getPage('deals', deal, 'contacts');
  typed(api, 'CollectionResponseMultiAssociatedObjectWithLabelForwardPaging', page);
  assert.equal(page.results[0].toObjectId, contact);
  const both = await batchApi.getPage('deals', 'contacts', { inputs: [{ id: deal }] });
  typed(api, 'BatchResponsePublicAssociationMultiWithLabel', both);
  assert.equal(both.results[0].to[0].associationTypes[0].typeId, 3);
  await basicApi.archive('deals', deal, 'contacts', contact);
  assert.equal((await basicApi.getPage('deals', deal, 'contacts')).results.length, 0);
  typed(api, 'BatchResponsePublicDefaultAssociation', await basicApi.createDefault('deals', deal, 'contacts', contact));
  const spec = [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 3 }];
  typed(api, 'LabelsBetweenObjectPair', await basicApi.create('deals', deal, 'contacts', contact, spec));
  step('associations');
}

async function life(client) {
  const { basicApi } = client.crm.contacts;
  const make = async (email) => (await basicApi.create({ properties: { email }, associations: [] })).id;
  const [one, two] = [await make('one@example.com'), await make('two@example.com')];
  const merged = await basicApi.merge({ primaryObjectId: one, objectIdToMerge: two });
  typed('crm/contacts', 'SimplePublicObject', merged);
  assert.notEqual(merged.id, one, 'merging makes a new id');
  assert.equal((await basicApi.getById(two)).id, merged.id, 'and the old ones lead there');
  await basicApi.archive(merged.id);
  assert.equal((await refusal(() => basicApi.getById(merged.id))).status, 404);
  await basicApi.purge({ objectId: await make('gone@example.com') });
  step('life');
}

async function webhooks() {
  const { settingsApi, subscriptionsApi } = new Client({ basePath: at.base, developerApiKey: at.developerKey }).webhooks;
  const before = typed('webhooks', 'SubscriptionListResponse', await subscriptionsApi.getAll(at.appId));
  const wanted = { eventType: 'contact.propertyChange', propertyName: UNIQUE, active: true };
  const made = typed('webhooks', 'SubscriptionResponse', await subscriptionsApi.create(at.appId, wanted));
  const after = await subscriptionsApi.getAll(at.appId);
  assert.equal(after.results.length, before.results.length + 1);
  const paused = await subscriptionsApi.update(Number(made.id), at.appId, { active: false });
  assert.equal(typed('webhooks', 'SubscriptionResponse', paused).active, false);
  await subscriptionsApi.archive(Number(made.id), at.appId);
  typed('webhooks', 'SettingsResponse', await settingsApi.configure(at.appId, {
    targetUrl: 'http://127.0.0.1:9/hubspot', throttling: { maxConcurrentRequests: 10, period: 'SECONDLY' },
  }));
  step('webhooks');
}

async function dated(client, contact) {
  const answer = await client.apiRequest({ path: `/crm/objects/2026-09/contacts/${contact}`, qs: { properties: 'email' } });
  const body = await answer.json();
  assert.equal(answer.status, 200);
  assert.equal(body.properties.email, 'zoë.peer@example.com');
  step('dated');
}

async function refusals(client) {
  const stranger = new Client({ basePath: at.base, accessToken: 'nobody' });
  const unknown = await refusal(() => stranger.crm.contacts.basicApi.getById('1'));
  assert.deepEqual([unknown.status, unknown.body.category], [401, 'INVALID_AUTHENTICATION']);
  const missing = await refusal(() => client.crm.contacts.basicApi.getById('1'));
  assert.deepEqual([missing.status, missing.body.category], [404, 'OBJECT_NOT_FOUND']);
  const properties = { nonesuch: 'x' };
  const invalid = await refusal(() => client.crm.contacts.basicApi.create({ properties, associations: [] }));
  assert.deepEqual([invalid.status, invalid.body.category], [400, 'VALIDATION_ERROR']);
  assert.match(invalid.body.message, /^Property values were not valid: \[/);
  const companies = await refusal(() => client.crm.companies.basicApi.getPage());
  assert.equal(companies.status, 501, 'what is not simulated says so');
  step('refusals');
}

async function goodbye(client, refreshToken) {
  await client.oauth.refreshTokensApi.archive(refreshToken);
  const dead = await refusal(() =>
    client.oauth.tokensApi.create('refresh_token', undefined, undefined, at.clientId, at.clientSecret, refreshToken));
  assert.deepEqual([dead.status, dead.body.status], [400, 'BAD_REFRESH_TOKEN']);
  step('goodbye');
}

const tokens = await oauth();
const client = new Client({ basePath: at.base, accessToken: tokens.accessToken });
await properties(client);
const contact = await contacts(client);
await batches(client);
await search(client);
const deal = await deals(client, contact);
await associations(client, deal, contact);
await life(client);
await webhooks();
await dated(client, contact);
await refusals(client);
await goodbye(client, tokens.refreshToken);
