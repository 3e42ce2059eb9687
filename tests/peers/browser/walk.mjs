// Goes the product guide's way as people go it: install, enable, authorise, then a user who is edited and a deal that is won.
// What there is comes as JSON on standard input: { browser, annex, sandbox, business, portal, sign_in: { login, password },
// scripts }; one line of JSON for each step that was seen. The first step that is not as the guide says ends it.
import { readFileSync } from "node:fs";
import puppeteer from "puppeteer-core";

const asked = JSON.parse(readFileSync(0, "utf8"));
// However slow this machine is.
const PATIENCE_MS = 300_000;
const LOOK_AGAIN_MS = 250;
const storeganise = `${asked.sandbox}/${asked.business}/admin`;
const hubspot = `${asked.sandbox}/hubspot/${asked.portal}`;

const browser = await puppeteer.launch({
  executablePath: asked.browser,
  timeout: PATIENCE_MS,
  protocolTimeout: PATIENCE_MS,
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
});
try {
  // Two people with a browser each: Storeganise's staff, and the admin of the business.
  const staff = await person();
  const admin = await person();

  await admin.goto(`${storeganise}/addons`);
  await press(admin, "Install HubSpot add-on");
  const addon = await admin.$eval("dd code", (code) => code.textContent);
  await press(admin, "Enable add-on");
  await shows(admin, "HubSpot: enabled");
  step("the add-on is installed at Storeganise, and enabled");

  await staff.goto(asked.annex);
  await fill(staff, { login: asked.sign_in.login, password: asked.sign_in.password });
  await press(staff, "Sign in");
  await press(staff, "Install for a business");
  await fill(staff, { business_code: asked.business, addon_id: addon });
  await press(staff, "Install add-on");
  await press(staff, "Enable installation");
  await shows(staff, "HubSpot is not authorised yet");
  step("staff install it here, and enable it");

  await admin.goto(`${storeganise}/addons`);
  const link = await admin.$eval(`a[href^="${asked.annex}/connect/"]`, (found) => found.href);
  await press(admin, link);
  await shows(admin, `Connect ${asked.business} to HubSpot`);
  await press(admin, "Continue to HubSpot");
  await shows(admin, "asks for your permission");
  await admin.click(`input[value="${asked.portal}"]`);
  await press(admin, "Connect app");
  await shows(admin, `${asked.business} is connected to HubSpot account ${asked.portal}`);
  await shows(admin, "populated");
  await press(admin, "Check now");
  await shows(admin, "The refresh token works");
  step("the admin follows the link from the Add-ons page, and HubSpot is connected");

  await press(admin, "Back to Storeganise");
  await shows(admin, `connected to ${asked.portal}`);
  step("the refresh token field of the Add-ons page is populated");

  // From here on staff leave the installation's page open.
  await staff.reload();
  await admin.goto(storeganise);
  const user = { firstName: "Ida", lastName: "Lovell", email: "ida@example.com", phone: "020 7946 0018" };
  await fill(admin, user);
  await press(admin, "Add user");
  await admin.goto(`${storeganise}?search=${user.email}`);
  await press(admin, "Ida Lovell");
  await fill(admin, { firstName: "Ida May" });
  await press(admin, "Save user");
  await until(admin, `${hubspot}/contacts?search=${user.email}`, "Ida May Lovell");
  if (asked.scripts) {
    const heard = (kind) => [...document.querySelectorAll("#heard tr")].find((row) => row.textContent.includes(kind));
    await staff.waitForFunction(`(${heard})("user.updated").querySelector("time")`);
  }
  step("a user that is edited is a contact");

  await admin.goto(`${hubspot}/contacts`);
  await fill(admin, { email: "una@example.com", firstname: "Una", lastname: "Reed" });
  await press(admin, "Create contact");
  await admin.goto(`${hubspot}/deals`);
  await fill(admin, { dealname: "Unit 12", amount: "99", contact: "una@example.com" });
  await press(admin, "Create deal");
  await admin.goto(`${hubspot}/deals`);
  const won = await admin.$$eval("#stage option", (all) => all.find((one) => /won/i.test(one.textContent)).value);
  await admin.select('select[aria-label="Stage of Unit 12"]', won);
  await press(admin, "Move Unit 12");
  await until(admin, `${storeganise}?search=una@example.com`, "Una Reed");
  step("the contact of a deal that is won is a user");

  await staff.goto(asked.annex);
  await shows(staff, "The one business is well");
  step("the list of businesses says that all is well");
} finally {
  await browser.close();
}

async function person() {
  const context = await browser.createBrowserContext();
  const tab = await context.newPage();
  tab.setDefaultTimeout(PATIENCE_MS);
  await tab.setJavaScriptEnabled(asked.scripts);
  return tab;
}

function step(what) {
  console.log(JSON.stringify(what));
}

// Presses the button, or follows the link, of this name.
async function press(tab, name) {
  const found = await tab.$(`::-p-aria(${name.replaceAll(/[[\]"]/g, "\\$&")})`);
  if (!found) throw new Error(`no "${name}" on ${tab.url()}: ${await text(tab)}`);
  await Promise.all([tab.waitForNavigation(), found.click()]);
}

// Types into fields, by their names, in place of what stands there.
async function fill(tab, fields) {
  for (const [name, value] of Object.entries(fields)) {
    await tab.click(`input[name="${name}"]`, { count: 3 });
    await tab.keyboard.press("Backspace");
    await tab.type(`input[name="${name}"]`, value);
  }
}

async function text(tab) {
  return (await tab.$eval("body", (body) => body.textContent)).replaceAll(/\s+/g, " ");
}

async function shows(tab, part) {
  const page = await text(tab);
  if (!page.includes(part)) throw new Error(`"${part}" is not on ${tab.url()}: ${page}`);
}

// Opens a page until it shows this: what was done elsewhere takes its time.
async function until(tab, address, part) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    await tab.goto(address);
    if ((await text(tab)).includes(part)) return;
    if (Date.now() > end) await shows(tab, part);
    await new Promise((later) => setTimeout(later, LOOK_AGAIN_MS));
  }
}
