// Opens pages as people see them, and looks whether everybody can use them. What to open comes as JSON on standard input:
// { browser, base, sign_in: { login, password }, link, visits: [{ who, pages: [{ name, path, status }] }], pictures }, where
// `who` is "staff", "tenant" (who comes in by the link) or "nobody". One line of JSON for each finding, and nothing where all
// is well; `pictures` is a folder for screenshots, or null.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import puppeteer from "puppeteer-core";

const require = createRequire(import.meta.url);
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const asked = JSON.parse(readFileSync(0, "utf8"));
const WIDTHS = [360, 1280];
const SCHEMES = ["light", "dark"];
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
// Before it is compressed, of the page alone.
const PAGE_BYTES_MAX = 30 * 1024;
// However slow this machine is.
const PATIENCE_MS = 300_000;

const found = (page, where, what) => console.log(JSON.stringify({ page: page.name, where, what }));

const browser = await puppeteer.launch({
  executablePath: asked.browser,
  timeout: PATIENCE_MS,
  protocolTimeout: PATIENCE_MS,
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--force-prefers-reduced-motion"],
});
let page = { name: "entering" };
try {
  const own = new URL(asked.base).origin;
  for (const visit of asked.visits) {
    const context = await browser.createBrowserContext();
    const tab = await context.newPage();
    tab.setDefaultTimeout(PATIENCE_MS);
    tab.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(own) && !url.startsWith("data:")) found(page, "request", `goes to ${new URL(url).origin}`);
    });
    tab.on("pageerror", (error) => found(page, "script", String(error)));
    tab.on("console", (line) => {
      // A page that is not there is told of by the browser, too.
      if (line.type() === "error" && !page.status) found(page, "console", line.text());
    });
    page = { name: `entering as ${visit.who}` };
    await enter(tab, visit.who);
    for (page of visit.pages) {
      for (const scheme of SCHEMES) {
        for (const width of WIDTHS) {
          const where = `${width} px, ${scheme}`;
          await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
          await tab.setViewport({ width, height: 900 });
          const answer = await tab.goto(asked.base + page.path);
          const size = (await answer.buffer()).length;
          if (answer.status() !== (page.status ?? 200)) found(page, where, `answers ${answer.status()}`);
          if (size > PAGE_BYTES_MAX) found(page, where, `has ${size} bytes`);
          await tab.evaluate(axe);
          const { violations } = await tab.evaluate((rules) => globalThis.axe.run({ runOnly: rules }), RULES);
          for (const violation of violations) {
            const places = violation.nodes.slice(0, 3).map((node) => node.html.slice(0, 160));
            found(page, where, `${violation.id}: ${violation.help}: ${places.join(" | ")}`);
          }
          const wide = await tab.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          if (wide > 0) found(page, where, `is ${wide} px wider than the screen`);
          if (width !== 1280 || scheme !== "light") continue;
          if (asked.pictures) {
            await tab.screenshot({ path: join(asked.pictures, `${page.name}.png`), fullPage: true });
          }
          await keyboard(tab, page);
        }
      }
    }
    await context.close();
  }
} finally {
  await browser.close();
}

async function enter(tab, who) {
  if (who === "staff") {
    await tab.goto(`${asked.base}/sign-in`);
    await tab.type("#login", asked.sign_in.login);
    await tab.type("#password", asked.sign_in.password);
    await Promise.all([tab.waitForNavigation(), tab.keyboard.press("Enter")]);
  } else if (who === "tenant") {
    await tab.goto(asked.base + asked.link);
    await Promise.all([tab.waitForNavigation(), tab.click('form[action$="/enter"] button')]);
  }
}

// Whoever has no mouse comes to everything that can be used, in the order in which it is read, and sees where they are.
async function keyboard(tab, page) {
  const wanted = await tab.evaluate(() => {
    const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")];
    const usable = all.filter((one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility());
    // Of a group of radio buttons the keyboard comes to one.
    const groups = new Set();
    const stops = usable.filter((one) => {
      if (one.type !== "radio") return true;
      const isNew = !groups.has(one.name);
      groups.add(one.name);
      return isNew;
    });
    // From the top, wherever the page itself has put the cursor.
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
    return stops.length;
  });
  const reached = [];
  for (let step = 0; step <= wanted + 2; step += 1) {
    await tab.keyboard.press("Tab");
    const at = await tab.evaluate(() => {
      const one = document.activeElement;
      if (!one || one === document.body) return null;
      const style = getComputedStyle(one);
      const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
      const all = [...document.querySelectorAll("*")];
      return { place: all.indexOf(one), seen, what: one.outerHTML.slice(0, 120) };
    });
    if (at === null || (reached.length > 0 && at.place === reached[0].place)) break;
    reached.push(at);
  }
  if (reached.length !== wanted) found(page, "keyboard", `comes to ${reached.length} of ${wanted} places`);
  for (const [n, at] of reached.entries()) {
    if (!at.seen) found(page, "keyboard", `does not show where it is: ${at.what}`);
    if (n > 0 && at.place < reached[n - 1].place) found(page, "keyboard", `goes backwards to ${at.what}`);
  }
}
