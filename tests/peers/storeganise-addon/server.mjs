// A small add-on server of the shape Storeganise's developer guide describes, written apart from Annex and without any
// package: it checks the signature, looks the user up with the add-on's own authorization, and writes one custom field.
//
// SG_API_KEY=.. SG_SIGNATURE_SECRET=.. node server.mjs      prints its port, then one JSON line per event.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const { SG_API_KEY, SG_SIGNATURE_SECRET } = process.env;
const FIELD = 'peer_welcome';

function isSigned(body, given) {
  const expected = createHmac('sha256', SG_SIGNATURE_SECRET).update(body).digest('base64');
  const [a, b] = [Buffer.from(expected), Buffer.from(given ?? '')];
  return a.length === b.length && timingSafeEqual(a, b);
}

// The admin API of the business the event came from, in the name of the add-on installed there.
function storeganise({ apiUrl, addonId }) {
  return async (method, path, body) => {
    const answer = await fetch(`${apiUrl}/v1/admin/${path}`, {
      method,
      headers: { Authorization: `Addon ${addonId}|${SG_API_KEY}`, 'Content-Type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    const data = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${data.error?.message}`);
    return data;
  };
}

// Our own write comes back as an event, too.
function isOwnEcho({ changedKeys = [] }) {
  return changedKeys.length > 0 && changedKeys.every((key) => key === `customFields.${FIELD}`);
}

async function handle(event) {
  const call = storeganise(event);
  switch (event.type) {
    case 'user.created':
    case 'user.updated': {
      if (isOwnEcho(event.data)) return 'echo';
      const addon = await call('GET', `addons/${event.addonId}`);
      const user = await call('GET', `users/${event.data.userId}?include=customFields`);
      const greeting = `${addon.customFields.peer_greeting ?? 'Welcome'}, ${user.firstName}`;
      if (user.customFields[FIELD] === greeting) return 'nothing to do';
      await call('PUT', `users/${user.id}`, { customFields: { [FIELD]: greeting } });
      return 'greeted';
    }
    default:
      return 'not for us';
  }
}

async function answer(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  if (!isSigned(body, request.headers['sg-signature'])) {
    response.writeHead(401).end();
    return;
  }
  const event = JSON.parse(body);
  try {
    const did = await handle(event);
    console.log(JSON.stringify({ type: event.type, did }));
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
  } catch (error) {
    console.log(JSON.stringify({ type: event.type, failed: error.message }));
    response.writeHead(400, { 'Content-Type': 'application/json' }).end(JSON.stringify({ message: error.message }));
  }
}

const server = createServer((request, response) => {
  answer(request, response).catch(() => response.writeHead(400).end());
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
// Ends with the test that started it.
process.stdin.on('end', () => process.exit(0)).resume();
