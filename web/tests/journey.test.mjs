// From a question to a proposal in a spreadsheet, and from a file with faults to a register without them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { alike, browser, open, rows, seen, start, violations } from "./service.mjs";

let service;
let chrome;

before(async () => {
  service = await start();
  chrome = await browser();
});

after(async () => {
  await chrome?.close();
  await service?.stop();
});

async function download(page, selector) {
  const [file] = await Promise.all([page.waitForEvent("download"), page.click(selector)]);
  return { name: file.suggestedFilename(), text: readFileSync(await file.path(), "utf8") };
}

test("a scenario goes from the form to a proposal whose tables are its files", async () => {
  const { page, context, wrong } = await open(chrome);
  await page.goto(`${service.base}/scenarios`);
  await page.click("text=Ask a new scenario");

  await page.fill("#name", "A journey");
  await page.fill("#fund_asked", "lots");
  await page.fill("#locks", "keep NOSUCH1 because");
  await page.click("text=Run the scenario");
  assert.equal(await page.locator(".nhsuk-error-summary").count(), 1);
  assert.match(await page.locator(".nhsuk-error-summary").innerText(), /Choose which sites may change[\s\S]*Line 1: NOSUCH1 is not in the register|Line 1: NOSUCH1 is not in the register[\s\S]*Choose which sites may change/);
  assert.equal(await page.inputValue("#name"), "A journey", "what was typed is kept");
  assert.equal(await page.inputValue("#fund_asked"), "lots");
  assert.deepEqual(await violations(page), []);
  assert.match(await page.title(), /^Error: /);

  await page.selectOption("#scope", "all");
  await page.fill("#fund_asked", "0");
  await page.fill("#locks", "");
  await page.fill("#time_limit", "20");
  await page.click("text=Run the scenario");
  await page.waitForURL(/\/(jobs|runs)\/\d+$/);
  if (page.url().includes("/jobs/")) assert.deepEqual(await violations(page), []);
  await page.waitForURL(/\/runs\/\d+$/, { timeout: 120_000 });
  assert.equal(await page.locator("h1").innerText(), "A journey");

  await page.evaluate(() => document.querySelectorAll("details").forEach((fold) => { fold.open = true; }));
  let compared = 0;
  for (const name of ["clauses", "actions", "moves", "refusals", "access", "fund", "reliance"]) {
    const table = await seen(page, `#table-${name}`);
    if (!table.length) continue;
    const file = await download(page, `a[href$="/${name}.csv"]`);
    const cells = rows(file.text);
    assert.match(file.name, new RegExp(`^run-\\d+-${name}\\.csv$`));
    assert.equal(cells.length, table.length, `${name}: rows`);
    for (let row = 1; row < table.length; row += 1) {
      for (let column = 0; column < table[row].length; column += 1) {
        assert.ok(alike(cells[row][column], table[row][column]), `${name}, row ${row}: ${cells[row][column]} | ${table[row][column]}`);
      }
    }
    compared += 1;
  }
  assert.ok(compared >= 4, `${compared} tables compared`);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a scenario runs without scripts too", async () => {
  const { page, context } = await open(chrome, { javaScriptEnabled: false });
  await page.goto(`${service.base}/scenarios/new`);
  const scope = await page.locator("#scope option").nth(2).getAttribute("value");
  await page.selectOption("#scope", scope);
  await page.fill("#time_limit", "20");
  await page.click("text=Run the scenario");
  await page.waitForURL(/\/runs\/\d+$/, { timeout: 120_000 });
  assert.ok(await page.locator("#clauses table").count());
  await context.close();
});

test("a file with faults is told by its cell and changes nothing, until its good rows are taken", async () => {
  const { page, context, wrong } = await open(chrome);
  const text = readFileSync(new URL("../../data/sample/sites.csv", import.meta.url), "utf8").trimEnd().split(/\r?\n/);
  const header = text[0].split(",");
  const good = text[1].split(",");
  good[header.indexOf("site_code")] = "ZZNEW01";
  const bad = [...good];
  bad[header.indexOf("site_code")] = "ZZNEW02";
  bad[header.indexOf("gross_internal_area_m2")] = "roomy";
  const file = { name: "sites.csv", mimeType: "text/csv", buffer: Buffer.from([text[0], good.join(","), bad.join(",")].join("\n")) };
  const send = async (accept) => {
    await page.goto(`${service.base}/imports`);
    await page.selectOption("#kind", "sites");
    await page.setInputFiles("#files", file);
    if (accept) await page.check("#accept_faults");
    await page.click("button:has-text('Import')");
    await page.waitForURL(/\/imports\/\d+$/, { timeout: 60_000 });
  };

  await send(false);
  assert.match(await page.locator("main").innerText(), /Nothing was changed/);
  const faults = await seen(page, "#table-faults");
  assert.ok(faults.some((row) => row.includes("roomy") && row.includes("3")), JSON.stringify(faults));
  const csv = rows((await download(page, 'a[href$="/faults.csv"]')).text);
  assert.ok(csv.some((row) => row.includes("roomy")));
  assert.equal((await fetch(`${service.base}/sites/ZZNEW01`)).status, 404);
  assert.deepEqual(await violations(page), []);

  await send(true);
  assert.match(await page.locator("main").innerText(), /Good rows applied/i);
  assert.equal((await fetch(`${service.base}/sites/ZZNEW01`)).status, 200);
  await page.goto(`${service.base}/sites/ZZNEW01/history?field=name`);
  assert.equal((await seen(page, "main table")).length, 2);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("an import form sent empty says what is missing beside each field", async () => {
  const { page, context } = await open(chrome);
  await page.goto(`${service.base}/imports`);
  await page.click("button:has-text('Import')");
  assert.match(await page.locator(".nhsuk-error-summary").innerText(), /Choose a file/);
  assert.match(await page.locator("#kind-error").innerText(), /Choose what the file is/);
  assert.deepEqual(await violations(page), []);
  await context.close();
});

test("minutes of a router are made from the page: what is missing stands beside its field, and the answer is listed", async () => {
  const { page, context, wrong } = await open(chrome);
  await page.goto(`${service.base}/travel`);
  assert.match(await page.locator("main").innerText(), /journeys are straight lines/);
  await page.check("input[name=task][value=matrix]");
  await page.click("button:has-text('Make minutes')");
  for (const field of ["files", "as_of", "mode", "absent"]) {
    await page.locator(`#${field}-error`).waitFor({ state: "visible" });
  }
  assert.ok(await page.locator("input[name=task][value=matrix]").isChecked(), "what was chosen is still chosen");
  assert.deepEqual(await violations(page), []);

  const sites = await (await fetch(`${service.base}/sites.csv`)).text();
  const site = sites.split("\r\n")[3].split(",")[0];
  const boroughs = await (await fetch(`${service.base}/api/v1/access/boroughs`)).json();
  const zones = await (await fetch(`${service.base}/api/v1/access/boroughs/${boroughs.rows[0].borough_code}/zones.geojson`)).json();
  const buffer = Buffer.from(`zone,site,minutes\n${zones.features[0].properties.zone},${site},12.5\n`);
  await page.setInputFiles("#files", { name: "router.csv", mimeType: "text/csv", buffer });
  await page.fill("#as_of", "2026-11-01");
  await page.selectOption("#mode", "public_transport");
  await page.selectOption("#absent", "not-computed");
  await page.click("button:has-text('Make minutes')");
  await page.waitForURL(/\/imports\/\d+$/, { timeout: 60_000 });
  assert.match(await page.locator("main").innerText(), /1 pairs within 60 minutes/);
  await page.goto(`${service.base}/travel`);
  assert.match(await page.locator("main table").first().innerText(), /router\.csv/);
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(wrong, []);
  await context.close();
});
