// Access: a visit recorded on a telephone, the borough page, the statement, the explorer.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { aboutAlike, alike, browser, open, rows, seen, sideways, start, violations } from "./service.mjs";

let service;
let chrome;
let borough;

before(async () => {
  service = await start();
  chrome = await browser();
  borough = "E09000007";
});

after(async () => {
  await chrome?.close();
  await service?.stop();
});

async function code() {
  const csv = await (await fetch(`${service.base}/sites.csv`)).text();
  return csv.split("\r\n")[3].split(",")[0];
}

test("access pages have no violation, wide or on 320 pixels, nothing sideways, nothing the policy stopped", async () => {
  const site = await code();
  const addresses = [
    "/access", `/access/boroughs/${borough}`, `/access/boroughs/${borough}/statement`, "/access/league", "/access/survey",
    `/access/parts?borough=${borough}&standard=gp_step_free`, `/access/boroughs/${borough}?standard=gp_step_free`,
    "/access/explore", `/access/explore?borough=${borough}`, "/access/explore?easting=529000&northing=184000&minutes=15",
    "/access/explore?postcode=nonsense", `/sites/${site}/checklist`,
  ];
  for (const address of addresses) {
    for (const viewport of [{ width: 1280, height: 900 }, { width: 320, height: 640 }]) {
      const { page, context, wrong } = await open(chrome, { viewport });
      await page.goto(service.base + address);
      assert.equal(await page.locator("h1").count(), 1, address);
      assert.deepEqual(await violations(page), [], `${address} at ${viewport.width}`);
      assert.deepEqual(await sideways(page), [], `${address} at ${viewport.width}`);
      assert.deepEqual(wrong, [], address);
      await context.close();
    }
  }
});

test("a visit is recorded on a telephone, with evidence for one item, and is a version of the register", async () => {
  const site = await code();
  const { page, context, wrong } = await open(chrome, { viewport: { width: 320, height: 640 }, hasTouch: true });
  await page.goto(`${service.base}/sites/${site}/checklist`);
  await page.click("text=Record the visit");
  assert.match(await page.locator(".nhsuk-error-summary").innerText(), /Enter your name/);
  await page.fill("#author", "A. Officer");
  await page.fill("#reason", "Yearly visit");
  await page.fill("#visited", "2026-03-31");
  const was = await page.locator('input[name="answer_06"]:checked').getAttribute("value");
  const now = was === "no" ? "yes" : "no";
  await page.check(`input[name="answer_06"][value="${now}"]`);
  await page.click("text=Evidence and day for item 06");
  await page.fill("#evidence_06", "1,400 by 1,900 mm, measured");
  await page.click("text=Record the visit");
  await page.waitForURL(/checklist\?recorded$/);
  assert.match(await page.locator("main").innerText(), /The visit is recorded/);
  assert.equal(await page.locator('input[name="answer_06"]:checked').getAttribute("value"), now);

  const history = await (await fetch(`${service.base}/sites/${site}/history.csv?field=access_06_accessible_wc`)).text();
  assert.match(history.split("\r\n")[1], /2026-03-31.*A\. Officer.*Yearly visit/);

  // A form opened before somebody else's visit is not taken.
  const { page: late, context: other } = await open(chrome);
  await late.goto(`${service.base}/sites/${site}/checklist`);
  await page.check(`input[name="answer_06"][value="unknown"]`);
  await page.fill("#author", "B. Officer");
  await page.fill("#reason", "Doubt");
  await page.click("text=Record the visit");
  await page.waitForURL(/checklist\?recorded$/);
  await late.check(`input[name="answer_06"][value="${was === "no" ? "no" : "yes"}"]`);
  await late.fill("#author", "C. Officer");
  await late.fill("#reason", "Late");
  await late.click("text=Record the visit");
  assert.match(await late.locator(".nhsuk-error-summary").innerText(), /Somebody else has recorded item 6/);
  assert.deepEqual(wrong, []);
  await context.close();
  await other.close();
});

test("the borough page's tables are its files, and its map has the table behind it", async () => {
  const { page, context } = await open(chrome);
  await page.goto(`${service.base}/access/boroughs/${borough}?line=community`);
  await page.evaluate(() => document.querySelectorAll("details").forEach((fold) => { fold.open = true; }));
  for (const name of ["standards", "zones", "trend"]) {
    const table = await seen(page, `#table-${name}`);
    const [download] = await Promise.all([page.waitForEvent("download"), page.click(`a[href*="/${name}.csv"]`)]);
    const cells = rows(readFileSync(await download.path(), "utf8"));
    assert.equal(cells.length, table.length, `${name}: rows`);
    for (let row = 1; row < table.length; row += 1) {
      cells[row].forEach((cell, at) => assert.ok(alike(cell, table[row][at]), `${name} ${row} ${at}: ${cell} | ${table[row][at]}`));
    }
  }
  const zones = (await seen(page, "#table-zones")).length - 1;
  assert.equal(await page.locator("svg.app-map__drawing .app-zone").count(), zones);
  await context.close();
});

test("any standard of the borough goes on its map, without scripts too, and the first has answers", async () => {
  const { page, context } = await open(chrome, { javaScriptEnabled: false });
  await page.goto(`${service.base}/access/boroughs/${borough}`);
  const known = () => page.locator("ul.app-legend li").evaluateAll((lines) => lines.slice(0, 5).map((line) => Number(line.textContent.match(/\(([\d,]+)\)\s*$/)[1].replace(",", ""))).reduce((a, b) => a + b));
  assert.ok((await known()) > 0, "the first standard's areas are known");
  assert.ok((await page.locator("#standard option").count()) > 5);
  await page.selectOption("#standard", "gp_step_free");
  await page.click("text=Show on the map");
  assert.equal(new URL(page.url()).searchParams.get("standard"), "gp_step_free");
  assert.match(await page.locator("main").innerText(), /nearest passing site/);
  const told = await (await fetch(`${service.base}/api/v1/access/boroughs/${borough}/zones.geojson?standard=gp_step_free`)).json();
  assert.equal(await page.locator("svg.app-map__drawing .app-zone").count(), told.features.length);
  await context.close();
});

test("a standard's parts are on the page as in the file and the API, and add up to the whole", async () => {
  const { page, context } = await open(chrome);
  await page.goto(`${service.base}/access/boroughs/${borough}`);
  await page.click("text=By decile, ward and kind of people");
  await page.selectOption("#standard", "gp_step_free");
  await page.click('button:has-text("Show")');
  const table = await seen(page, "#table-parts");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click('a[href*="/access/parts.csv"]')]);
  const cells = rows(readFileSync(await download.path(), "utf8"));
  const api = await (await fetch(`${service.base}/api/v1/access/parts?borough=${borough}&standard=gp_step_free`)).json();
  assert.equal(cells.length, table.length);
  assert.equal(api.total, table.length - 1);
  for (let row = 1; row < table.length; row += 1) {
    cells[row].forEach((cell, at) => {
      assert.ok(alike(cell, table[row][at]), `${row} ${at}: ${cell} | ${table[row][at]}`);
      const value = api.rows[row - 1][cells[0][at]];
      assert.ok(value === null ? /^(unknown.*)?$/.test(cell) : typeof value === "number" ? Math.abs(value - Number(cell)) < 0.06 : value === cell, `${row} ${cells[0][at]}: ${value} | ${cell}`);
    });
  }
  const column = (key) => cells[0].indexOf(key);
  for (const by of ["Deprivation decile", "Ward"]) {
    for (const key of ["people", "within", "beyond", "undetermined", "farther_people", "none_passing_people"]) {
      const sum = cells.filter((row) => row[column("by")] === by).reduce((sum, row) => sum + (Number(row[column(key)]) || 0), 0);
      assert.equal(sum, Number(cells[1][column(key)]), `${by} ${key}`);
    }
  }
  for (const label of [/Median minutes, each person alike/, /Median minutes, small areas alike/]) {
    assert.ok(table[0].some((heading) => label.test(heading)), String(label));
  }
  await context.close();
});

test("no row of a wide table is tall because of a column out of sight", async () => {
  const { page, context } = await open(chrome);
  for (const address of ["/access", `/access/boroughs/${borough}`, "/access/league", "/access/survey", "/standards"]) {
    await page.goto(service.base + address);
    const tallest = await page.locator(".nhsuk-scroll__content tbody tr").evaluateAll((rows) => Math.max(0, ...rows.map((row) => row.getBoundingClientRect().height)));
    assert.ok(tallest <= 160, `${address}: a row of ${tallest} px`);
  }
  await context.close();
});

test("the explorer answers a press on the map, and without scripts an area pressed or coordinates typed", async () => {
  const { page, context } = await open(chrome);
  await page.goto(`${service.base}/access/explore?borough=${borough}`);
  await page.locator("svg.app-map__drawing").click();
  await page.waitForURL(/easting=\d+&northing=\d+/);
  assert.ok(await page.locator("#table-nearest tbody tr").count() > 3);
  assert.equal(await page.locator("path.app-map__reach").count(), 1);
  await context.close();

  const { page: plain, context: without } = await open(chrome, { javaScriptEnabled: false });
  await plain.goto(`${service.base}/access/explore?borough=${borough}`);
  const href = await plain.locator("svg.app-map__drawing a").first().getAttribute("href");
  await plain.goto(service.base + href);
  assert.ok(await plain.locator("#table-nearest tbody tr").count() > 3);
  await plain.goto(`${service.base}/access/explore`);
  await plain.fill("#postcode", "ZZ99 9ZZ");
  await plain.click('button:has-text("Explore")');
  assert.match(await plain.locator(".nhsuk-error-summary").innerText(), /ostcode/);
  await without.close();
});

test("the statement prints, and says what closes the gap", async () => {
  const { page, context } = await open(chrome);
  await page.goto(`${service.base}/access/boroughs/${borough}/statement`);
  const words = await page.locator("main").innerText();
  assert.match(words, /disabled residents \(\d/);
  assert.match(words, /Not known never passes/);
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator(".app-noprint").first().isVisible(), false);
  assert.ok((await page.pdf({ format: "A4" })).length > 10_000);
  await context.close();
});

test("a site pressed on the what-if's map is closed, people, standards and fund are told, and it is taken back", async () => {
  const { page, context, wrong } = await open(chrome, { viewport: { width: 1280, height: 900 } });
  await page.goto(`${service.base}/access/what-if`);
  await page.locator(".app-map a").first().click();
  await page.waitForURL(/borough=/);
  const mark = page.locator(".app-map a[href*='pick=']").first();
  const pressed = new URL(await mark.getAttribute("href"), service.base).searchParams.get("pick");
  await mark.click();
  await page.waitForURL(/pick=/);
  assert.equal(await page.locator("#site").inputValue(), pressed);
  // Improving every pressed site of the demo can be told; closing one that offers nothing is refused in words.
  await page.check('input[name="do"][value="close"]');
  await page.click("text=See what it does");
  const told = await page.locator("main").innerText();
  assert.match(told, new RegExp(`\\(${pressed}\\) closes`));
  assert.match(told, /to the fund, net/);
  assert.ok((await page.locator("#headline li").count()) > 0, "what it does to people is told by standard");
  for (const caption of [/Each standard, before and after/, /The ten worst-hit small areas/, /Journeys of each moved tenancy.s own patients/]) {
    assert.match(told, caption);
  }
  // What the page shows is what the API answers, to three figures.
  const asked = await (await fetch(`${service.base}/api/v1/access/what-if?edits=close:${pressed}`)).json();
  const fund = await page.locator(".app-figure__number").first().innerText();
  assert.ok(aboutAlike(asked.to_fund_gbp, fund), `${fund} is not ${JSON.stringify(asked).slice(0, 200)}`);
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(await sideways(page), []);
  await page.click("text=Take back");
  await page.waitForURL((url) => !url.search.includes("close"));
  assert.equal(await page.locator("#headline").count(), 0);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a site is improved, then newly offers care: money by line, its range, and only the rows that change", async () => {
  const { page, context, wrong } = await open(chrome);
  const sites = await (await fetch(`${service.base}/api/v1/sites?borough=${borough}&gates=fail&limit=50`)).json();
  let improved = null;
  for (const { code: site } of sites.sites) {
    const response = await fetch(`${service.base}/api/v1/access/what-if?edits=improve:${site}`);
    if (response.ok) { improved = site; break; }
  }
  assert.ok(improved, "a site that fails can be improved");
  await page.goto(`${service.base}/access/what-if`);
  await page.fill("#site", improved);
  await page.check('input[name="do"][value="improve"]');
  await page.click("text=See what it does");
  let told = await page.locator("main").innerText();
  assert.match(told, new RegExp(`\\(${improved}\\) is improved`));
  assert.match(told, /mends the backlog up to condition B \([^)]+\), and every access item/);
  assert.match(told, /between -?£[\d,.]+ and -?£[\d,.]+; \d+ % of it rests on assumptions/);
  const money = await seen(page, "#table-money");
  const csv = rows(await (await fetch(`${service.base}/access/what-if/money.csv?edits=improve:${improved}`)).text());
  assert.equal(csv.length, money.length);
  for (let row = 1; row < money.length; row += 1) {
    csv[row].forEach((cell, at) => {
      const is_same = csv[0][at].endsWith("_gbp") ? aboutAlike(cell, money[row][at]) : alike(cell, money[row][at]);
      assert.ok(is_same, `${row} ${at}: ${cell} | ${money[row][at]}`);
    });
  }

  await page.fill("#site", improved);
  await page.check('input[name="do"][value="offer"]');
  await page.click("text=See what it does");
  assert.match(await page.locator(".nhsuk-error-summary").innerText(), /Choose which care/);
  await page.selectOption("#care", "urgent_care");
  await page.check('input[name="do"][value="offer"]');
  await page.fill("#site", improved);
  await page.click("text=See what it does");
  told = await page.locator("main").innerText();
  assert.match(told, /newly offers urgent/);
  const asked = await (await fetch(`${service.base}/api/v1/access/what-if?edits=improve:${improved},offer:${improved}:urgent_care`)).json();
  const changing = asked.tables.standards.filter((row) => row.better + row.worse + row.untold + row.gained + row.lost > 0 || Object.keys(row).some((key) => key.endsWith("_before") && row[key] !== row[key.replace("_before", "_after")]));
  assert.equal((await seen(page, "#table-standards")).length - 1, changing.length);
  const unchanged = asked.tables.standards.length - changing.length;
  if (unchanged) assert.match(told, new RegExp(`Nothing changes in the other ${unchanged}\\.`));
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(await sideways(page), []);
  assert.deepEqual(wrong.filter((one) => !/422/.test(one)), []);
  await context.close();
});

test("on paper the evidence has every column of its tables, for paper does not scroll", async () => {
  const { page, context } = await open(chrome, { viewport: { width: 1030, height: 700 } });
  await page.goto(`${service.base}/access/evidence?a=today&b=run:1`);
  await page.emulateMedia({ media: "print" });
  const wide = await page.evaluate(() => [...document.querySelectorAll("table")].filter((t) => t.getBoundingClientRect().right > document.documentElement.clientWidth + 1).map((t) => t.id));
  assert.deepEqual(wide, []);
  await context.close();
});

test("two states side by side name who is worse off, and the same table comes as a file", async () => {
  const { page, context, wrong } = await open(chrome);
  const site = await code();
  await page.goto(`${service.base}/access/compare`);
  await page.fill("#a", "today");
  await page.fill("#b", `today+close:${site}`);
  await page.click("main form button");
  const told = await page.locator("main").innerText();
  assert.match(told, /The ten worst-hit small areas/);
  const link = page.locator("a[href*='/access/compare/people.csv']").first();
  const csv = await (await fetch(new URL(await link.getAttribute("href"), service.base))).text();
  assert.match(csv.split("\r\n")[0], /decile|by/);
  const all = rows(csv).length - 1;
  const shown = await page.locator("#table-people tbody tr").count();
  assert.ok(shown <= 50 && shown < all, `${shown} of ${all} rows`);
  assert.match(told, new RegExp(`Rows shown: ${shown || "none"} of ${all.toLocaleString("en-GB")}`));
  const json = await (await fetch(new URL(await page.locator("text=Every row of every table, as JSON").getAttribute("href"), service.base))).json();
  assert.equal(json.tables.people.length, all);
  await page.fill("#b", "today+close:NOSUCH1");
  await page.click("main form button");
  assert.match(await page.locator("main").innerText(), /NOSUCH1/);
  assert.deepEqual(wrong.filter((one) => !/422/.test(one)), []);
  await context.close();
});

test("the people of a board are chosen by keyboard, and its boroughs lead on", async () => {
  const { page, context, wrong } = await open(chrome);
  await page.goto(`${service.base}/access/parts`);
  const board = await page.locator("#area option[value^='icb:']").first().getAttribute("value");
  await page.selectOption("#area", board);
  await page.selectOption("#by", "borough");
  await page.focus("#by");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForURL(/area=icb/);
  assert.equal(await page.locator("#area").inputValue(), board);
  const csv = rows(await (await fetch(new URL(await page.locator("a[href*='/access/parts.csv']").first().getAttribute("href"), service.base))).text());
  const told = await seen(page, "#table-parts");
  assert.equal(told.length, csv.length);
  const [people, within] = ["people", "within"].map((key) => csv[0].indexOf(key));
  for (const at of [people, within]) {
    const sum = csv.slice(2).reduce((all, row) => all + Number(row[at]), 0);
    assert.equal(sum, Number(csv[1][at]), "boroughs add up to the board");
  }
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(await sideways(page), []);
  await page.locator("#table-parts tbody tr a").first().click();
  await page.waitForURL(/area=borough/);
  assert.deepEqual(wrong, []);
  await context.close();
});
