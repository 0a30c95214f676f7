// What a run is asked about itself: the frontier whose points open stored runs, and the reason sheet of a site.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { alike, browser, open, rows, seen, sideways, start, violations } from "./service.mjs";

let service;
let chrome;
let run;

// The demo's first scenario asks for more than there is; these pages are of one with a plan.
async function answered() {
  const asked = await fetch(`${service.base}/api/v1/scenarios`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name: "To be asked about", gap: 0.02, time_limit_seconds: 20 }),
  });
  const job = service.base + asked.headers.get("location");
  for (;;) {
    const told = await (await fetch(job)).json();
    if (told.is_over) return told.run.id;
    await new Promise((later) => { setTimeout(later, 200); });
  }
}

before(async () => {
  service = await start();
  chrome = await browser();
  run = await answered();
});

after(async () => {
  await chrome?.close();
  await service?.stop();
});

async function asked(page, summary, button) {
  await page.goto(`${service.base}/runs/${run}`);
  await page.click(`summary:has-text("${summary}")`);
  await page.click(`text=${button}`);
  await page.waitForURL(/\/studies\/\d+$/, { timeout: 180_000 });
}

test("a frontier is drawn, its points open their runs, and its table is its file", async () => {
  const { page, context, wrong } = await open(chrome);
  await page.goto(`${service.base}/runs/${run}`);
  await page.click('summary:has-text("What does more of one thing cost")');
  await page.selectOption("#against", "travel");
  await page.fill("#points", "4");
  await page.click("text=Draw the frontier");
  await page.waitForURL(/\/studies\/\d+$/, { timeout: 180_000 });

  assert.deepEqual(await violations(page), []);
  const points = await page.locator("svg.app-chart a").count();
  const table = await seen(page, "#table-frontier");
  assert.equal(points, table.length - 1, "a point a row");
  const file = rows(await (await fetch(`${page.url()}/frontier.csv`)).text());
  assert.equal(file.length, table.length);
  file.slice(1).forEach((row, at) => row.forEach((cell, column) =>
    assert.ok(alike(cell, table[at + 1][column]), `${cell} is shown as ${table[at + 1][column]}`)));

  const point = await page.locator("svg.app-chart a").first().getAttribute("href");
  await page.locator("svg.app-chart a").first().focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(`${point}$`));
  assert.match(await page.locator("h1").innerText(), /point \d+ of/);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a reason sheet says what a site does, and what the opposite would cost once it is asked", async () => {
  const { page, context, wrong } = await open(chrome);
  await asked(page, "Why is each site as it is?", "Ask why, of every site");
  assert.deepEqual(await violations(page), []);
  const sheet = await page.locator("#table-why a[href*='/sites/']").first().getAttribute("href");
  await page.goto(service.base + sheet);
  assert.match(await page.locator("h1").innerText(), /^Why: /);
  assert.ok(await page.locator("table[id^='table-why']").count() >= 1);
  assert.deepEqual(await violations(page), []);

  await page.click("text=Work it out exactly");
  await page.waitForURL(/\/studies\/\d+$/, { timeout: 180_000 });
  assert.match(await page.locator("#table-why").innerText(), /known exactly|impossible|between the two/);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("the pages of studies fit a telephone and work without scripts", async () => {
  const { page, context } = await open(chrome, { javaScriptEnabled: false, viewport: { width: 320, height: 640 } });
  await page.goto(`${service.base}/runs/${run}`);
  const studies = await page.locator("#asked li a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  assert.ok(studies.length >= 3, "what was asked is listed");
  for (const address of studies) {
    await page.goto(service.base + address);
    assert.equal(await page.locator("h1").count(), 1);
    assert.ok((await page.locator("main").innerText()).length > 100);
  }
  await context.close();
  const small = await open(chrome, { viewport: { width: 320, height: 640 } });
  for (const address of studies) {
    await small.page.goto(service.base + address);
    assert.deepEqual(await sideways(small.page), [], address);
    assert.deepEqual(await violations(small.page), [], address);
  }
  await small.context.close();
});
