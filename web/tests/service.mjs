// Starts the built program over an illustrative borough in a temporary SQLite file, and a browser to look at it with.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const axe = readFileSync(join(here, "../node_modules/axe-core/axe.min.js"), "utf8");

function binary() {
  const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
  const found = [process.env.DOMESDAY_BIN, join(target, "debug/domesday"), join(target, "release/domesday")];
  const path = found.find((candidate) => candidate && existsSync(candidate));
  if (!path) throw new Error("there is no program to test: run `cargo build` first");
  return path;
}

// The program says on its standard output where it serves; the demo has solved a first scenario by then.
export async function start() {
  const folder = mkdtempSync(join(tmpdir(), "domesday-web-"));
  const args = ["demo", "--scale", "borough", "--store", `sqlite:${join(folder, "test.db")}`, "--listen", "127.0.0.1:0"];
  const child = spawn(binary(), args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const base = await new Promise((found, failed) => {
    const hear = (chunk) => {
      said += chunk;
      const address = said.match(/serving on (http:\/\/\S+)/);
      if (address) found(address[1]);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("exit", (code) => failed(new Error(`the program ended with ${code}:\n${said.slice(-4000)}`)));
    setTimeout(() => failed(new Error(`the program did not start:\n${said.slice(-4000)}`)), 240_000).unref();
  });
  const stop = () => new Promise((done) => {
    child.removeAllListeners("exit");
    child.once("exit", (code, signal) => {
      rmSync(folder, { recursive: true, force: true });
      done({ code, signal });
    });
    child.kill("SIGTERM");
  });
  return { base, folder, stop };
}

export function browser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ],
  });
}

// A page that remembers what went wrong on it: script errors, and what the content security policy stopped.
export async function open(chrome, options = {}) {
  const context = await chrome.newContext({ viewport: { width: 1280, height: 900 }, acceptDownloads: true, ...options });
  const page = await context.newPage();
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(`script: ${error.message}`));
  page.on("console", (line) => {
    const text = line.text();
    const expected = /status of 4\d\d/.test(text);
    if (line.type() === "error" && !expected) wrong.push(`console: ${text}`);
    if (/Content Security Policy/i.test(text)) wrong.push(`policy: ${text}`);
  });
  page.on("request", (request) => {
    const host = new URL(request.url()).hostname;
    if (!["127.0.0.1", ""].includes(host)) wrong.push(`asked another host: ${request.url()}`);
  });
  return { page, context, wrong };
}

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

// What axe-core finds, as lines a person can act on.
export async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate((tags) => window.axe.run(document, { runOnly: { type: "tag", values: tags } }), RULES);
  return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary}`));
}

// Things that stick out to the right of the page, other than what scrolls inside itself.
export function sideways(page) {
  return page.evaluate(() => {
    const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    if (wide <= 0) return [];
    const out = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".nhsuk-scroll"));
    return [`${wide} px too wide`, ...out.slice(0, 5).map((e) => `${e.tagName}.${e.className}`)];
  });
}

// A CSV file as rows of cells.
export function rows(text) {
  const out = [[""]];
  let quoted = false;
  const plain = text.replace(/^\uFEFF/, "");
  for (let at = 0; at < plain.length; at += 1) {
    const c = plain[at];
    const row = out.at(-1);
    if (quoted) {
      if (c === '"' && plain[at + 1] === '"') { row[row.length - 1] += '"'; at += 1; } else if (c === '"') quoted = false;
      else row[row.length - 1] += c;
    } else if (c === '"') quoted = true;
    else if (c === ",") row.push("");
    else if (c === "\n") out.push([""]);
    else if (c !== "\r") row[row.length - 1] += c;
  }
  return out.filter((row) => row.length > 1 || row[0] !== "");
}

// The cells of a table as they are seen, header first; headings that a narrow screen repeats and marks that stand for
// words are left out.
export function seen(page, selector) {
  return page.evaluate((selector) => {
    const text = (cell) => {
      const copy = cell.cloneNode(true);
      for (const hidden of copy.querySelectorAll(".nhsuk-table__heading, svg, [aria-hidden=true]")) hidden.remove();
      return copy.textContent.replace(/\s+/g, " ").trim();
    };
    return [...document.querySelectorAll(`${selector} tr`)].map((row) => [...row.cells].map(text));
  }, selector);
}

// What a cell of a file looks like on a page.
export function alike(file, shown) {
  const plain = shown.replace(/[£,]/g, "").replace(/^not known/, "unknown");
  const date = /^\d{4}-\d\d-\d\d$/.test(file)
    ? new Date(`${file}T00:00:00Z`).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" })
    : file;
  const number = Number(file);
  return shown === date || plain === file.replace(/[£,]/g, "").replace(/\s+/g, " ").trim()
    || (file !== "" && !Number.isNaN(number) && Number(plain) === number);
}

// Whether money is shown to three figures of what its file has.
export function aboutAlike(file, shown) {
  const [exact, told] = [Number(file), Number(shown.replace(/[£,]/g, ""))];
  return /^-?£[\d,]+$/.test(shown) && Math.abs(told - exact) <= Math.max(0.5, Math.abs(exact) / 200);
}
