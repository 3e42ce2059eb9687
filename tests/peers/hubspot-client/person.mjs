// What a person does on the consent page: opens it, chooses the account, connects. Reads the form as a browser would.

// The address HubSpot sends the person back to, with its code.
export async function authorise(base, address, portal) {
  const asked = new URL(address);
  const page = await fetch(new URL(asked.pathname + asked.search, base));
  const html = await page.text();
  if (page.status !== 200) throw new Error(`the consent page answered ${page.status}: ${html}`);
  const form = new URLSearchParams();
  for (const [input] of html.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) form.set(attribute(input, 'name'), attribute(input, 'value'));
  form.set('portal', String(portal));
  form.set('decision', 'connect');
  const action = html.match(/<form[^>]*action="([^"]*)"/)[1];
  const answer = await fetch(new URL(action, base), { method: 'POST', body: form, redirect: 'manual' });
  if (answer.status !== 303) throw new Error(`consenting answered ${answer.status}: ${await answer.text()}`);
  return new URL(answer.headers.get('location'));
}

function attribute(tag, name) {
  const found = tag.match(new RegExp(`\\b${name}="([^"]*)"`));
  return found ? unescape(found[1]) : '';
}

function unescape(text) {
  const named = { amp: '&', lt: '<', gt: '>', quot: '"' };
  return text
    .replace(/&#x([0-9a-f]+);/gi, (_, hex) => String.fromCodePoint(parseInt(hex, 16)))
    .replace(/&#(\d+);/g, (_, decimal) => String.fromCodePoint(Number(decimal)))
    .replace(/&(amp|lt|gt|quot);/g, (_, name) => named[name]);
}
