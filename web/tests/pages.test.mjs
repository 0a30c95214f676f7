// Every page: readable by everyone, whole without scripts, no wider than a telephone, nothing the policy had to stop.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, open, sideways, start, violations } from "./service.mjs";

let service;
let chrome;

before(async () => {
  service = await start();
  chrome = await browser();
});

after(async () => {
  await chrome?.close();
  const ended = await service?.stop();
  if (ended) assert.deepEqual(ended, { code: 0, signal: null }, "the service ends by itself when asked to");
});

async function addresses() {
  const csv = await (await fetch(`${service.base}/sites.csv`)).text();
  const code = csv.split("\r\n")[3].split(",")[0];
  return [
    "/", "/sites", "/sites?gates=fail&text=health", "/sites?text=nothingiscalledthis", "/map", "/map?by=gates",
    `/sites/${code}`, `/sites/${code}/history?field=name`, "/imports", "/travel", "/scenarios", "/scenarios/new",
    "/runs/1", "/runs/1/ledger", "/runs/1/kept", "/runs/1/access-everywhere",
    "/runs/1/programme", "/runs/1/owners", "/runs/1/priorities", "/priorities",
    "/standards", "/standards/new", "/standards/gp_walk_20", "/access/compare", `/access/compare?a=today&b=today,close:${code}`,
    "/access/evidence?a=today&b=run:1", "/access/what-if", `/access/what-if?do=close&site=${code}`, "/access/catchments",
    "/runs/1/fund", "/runs/1/fund?by=month&terms=nominal&owner=trust", "/runs/1/sensitivity", "/runs/1/uncertainty", "/runs/compare?ids=1",
    "/assumptions", "/versions", "/licences", "/problems", "/problems/invalid",
  ];
}

test("every page has no accessibility violation, one main heading, and nothing the policy stopped", async () => {
  for (const address of await addresses()) {
    const { page, context, wrong } = await open(chrome);
    const answer = await page.goto(service.base + address);
    assert.equal(answer.status(), 200, address);
    if (address.startsWith("/map")) await page.waitForSelector("[data-map-ready]");
    assert.equal(await page.locator("h1").count(), 1, `${address}: main headings`);
    assert.deepEqual(await violations(page), [], address);
    assert.deepEqual(wrong, [], address);
    await context.close();
  }
});

test("no page scrolls sideways on a screen of 320 pixels, and none has a violation there", async () => {
  for (const address of await addresses()) {
    const { page, context } = await open(chrome, { viewport: { width: 320, height: 640 } });
    await page.goto(service.base + address);
    assert.deepEqual(await sideways(page), [], address);
    // Of tables with thousands of cells only the wide view is examined: it is the same markup, and takes a minute.
    if (!/ledger|everywhere|kept|assumptions/.test(address)) assert.deepEqual(await violations(page), [], address);
    await context.close();
  }
});

test("keys of standards and names of columns are not squeezed to a few letters a line", async () => {
  for (const width of [1280, 320]) {
    const { page, context } = await open(chrome, { viewport: { width, height: 640 } });
    await page.goto(`${service.base}/standards`);
    const words = await page.evaluate(() => {
      const all = document.querySelectorAll("#table-standards tbody th, #table-left-out .nhsuk-table__heading");
      return [...all].filter((e) => e.offsetWidth > 0).map((e) => {
        const range = document.createRange();
        range.selectNodeContents(e);
        const lines = new Set([...range.getClientRects()].filter((r) => r.width > 0).map((r) => Math.round(r.top)));
        return { text: e.textContent.trim(), lines: lines.size };
      });
    });
    assert.ok(words.length >= 10, `${width}: ${words.length}`);
    for (const { text, lines } of words) assert.ok(text.length / lines >= 5, `${width}: ${text} on ${lines} lines`);
    await context.close();
  }
});

test("without scripts every page shows its heading and its content, and the map its drawing", async () => {
  for (const address of await addresses()) {
    const { page, context } = await open(chrome, { javaScriptEnabled: false });
    await page.goto(service.base + address);
    assert.ok((await page.locator("main").innerText()).length > 40, address);
    await context.close();
  }
  const { page, context } = await open(chrome, { javaScriptEnabled: false });
  await page.goto(`${service.base}/map`);
  assert.ok(await page.locator("svg.app-map__drawing path.app-mark").count() > 50);
  await page.selectOption("#by", "status");
  await page.click("text=Show on the map");
  assert.match(page.url(), /by=status/);
  await context.close();
});

test("the first stop of the keyboard skips to the content", async () => {
  const { page, context } = await open(chrome);
  await page.goto(`${service.base}/sites`);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), "Skip to main content");
  await context.close();
});

test("every page of the illustrative estate says that it is illustrative", async () => {
  for (const address of [...await addresses(), "/nothing/here"]) {
    const html = await (await fetch(service.base + address)).text();
    assert.match(html, /Illustrative data\./, address);
  }
});

test("a page that is not there says so in words", async () => {
  const { page, context } = await open(chrome);
  for (const address of ["/nothing", "/sites/NOSUCH1", "/runs/999", "/runs/abc", "/imports/999", "/jobs/999"]) {
    const answer = await page.goto(service.base + address);
    assert.equal(answer.status(), 404, address);
    assert.equal(await page.locator("h1").innerText(), "Not found", address);
    assert.deepEqual(await violations(page), [], address);
  }
  await context.close();
});

test("a page prints without its menu", async () => {
  const { page, context } = await open(chrome);
  await page.goto(`${service.base}/runs/1`);
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator(".nhsuk-header__navigation").isVisible(), false);
  assert.ok((await page.pdf({ format: "A4" })).length > 10_000);
  await context.close();
});
