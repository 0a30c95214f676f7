// Fills web/dist/ from the installed npm packages: the files that are served, and the NHS design system's own
// macros rewritten for minijinja. Nothing of it is committed; `make setup` runs this after `npm ci`.
//
// The rewriting is mechanical, so that a new edition of nhsuk-frontend is a step with proof: a test renders every
// golden fixture of the package and compares.
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const packages = join(here, "node_modules");
const nhs = join(packages, "nhsuk-frontend/dist/nhsuk");
const dist = join(here, "dist");

if (!existsSync(nhs)) {
  console.error("web/node_modules is missing: run `make setup`, or `npm ci --ignore-scripts` in web/.");
  process.exit(1);
}

rmSync(dist, { recursive: true, force: true });
serve();
translate();

function serve() {
  const assets = join(dist, "assets");
  mkdirSync(assets, { recursive: true });
  // Frutiger is licensed to the NHS only and would be fetched from another host; Arial is the fallback.
  const css = read(join(nhs, "nhsuk-frontend.min.css"));
  const plain = css.replace(/@font-face\s*\{[^}]*\}/g, "").replace(/\/\*# sourceMappingURL=.*?\*\//g, "");
  if (/@font-face|https?:\/\/(?!www\.w3\.org)/.test(plain)) {
    throw new Error("the NHS style sheet still refers to another host");
  }
  write(join(assets, "nhsuk/nhsuk-frontend.min.css"), plain);
  write(join(assets, "nhsuk/nhsuk-frontend.min.js"), unmapped(join(nhs, "nhsuk-frontend.min.js")));
  // The style sheet names /assets/images absolutely.
  cpSync(join(nhs, "assets/images"), join(assets, "images"), { recursive: true });

  const map = join(packages, "maplibre-gl/dist");
  for (const name of ["maplibre-gl.mjs", "maplibre-gl-shared.mjs", "maplibre-gl-worker.mjs", "maplibre-gl.css"]) {
    write(join(assets, "maplibre", name), unmapped(join(map, name)));
  }
  for (const [name, folder] of [["nhsuk-frontend", "nhsuk"], ["maplibre-gl", "maplibre"]]) {
    const licence = ["LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE"].map((f) => join(packages, name, f)).find(existsSync);
    const { version, license } = JSON.parse(read(join(packages, name, "package.json")));
    const text = licence ? read(licence) : `${license}: the package's own statement; it carries no licence file.\n`;
    write(join(assets, folder, "LICENSE.txt"), `${name} ${version}\n\n${text}`);
  }
}

// Each macro.njk includes its template.njk; in minijinja an included file does not see `caller`, so it is inlined.
function translate() {
  let count = 0;
  for (const entry of readdirSync(nhs, { recursive: true, withFileTypes: true })) {
    const from = join(entry.parentPath ?? entry.path, entry.name);
    const name = join("nhsuk", relative(nhs, from));
    const wanted = entry.name === "macro.njk" || (name.startsWith("nhsuk/macros/") && entry.name.endsWith(".njk"));
    if (!wanted || name === "nhsuk/macros/attributes.njk") continue;
    const source = read(from).replace(/\{%-? include "nhsuk\/([^"]+)" -?%\}/, (_, path) => read(join(nhs, path)));
    write(join(dist, name), rewritten(source));
    count += 1;
  }
  console.log(`web/dist: served files copied, ${count} NHS macros rewritten.`);
}

function rewritten(source) {
  // A Rust function of the same name stands in for this macro.
  let text = source.replace(/\{%-? from "nhsuk\/macros\/attributes\.njk" import nhsukAttributes -?%\}\n?/g, "");
  text = text.replace(/\{#[\s\S]*?#\}/g, (comment) => trims(comment));
  text = text.replace("(rows.unshift({", "([{").replace("}), rows)", "}] + rows)");
  text = tags(text).map((part) => (part.isTag ? code(part.text) : part.text)).join("");
  return withLoopVariables(text);
}

// Cuts a template into plain text and tags. A tag ends at its closer outside quotes and brackets.
function tags(text) {
  const parts = [];
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const opener = text.slice(at, at + 2);
    if (opener !== "{{" && opener !== "{%") continue;
    const closer = opener === "{{" ? "}}" : "%}";
    let depth = 0;
    let quote = "";
    let end = at + 2;
    for (; end < text.length; end += 1) {
      const c = text[end];
      if (quote) {
        if (c === quote) quote = "";
      } else if (c === '"' || c === "'") quote = c;
      else if (depth === 0 && text.startsWith(closer, end)) break;
      else if ("([{".includes(c)) depth += 1;
      else if (")]}".includes(c)) depth -= 1;
    }
    parts.push({ isTag: false, text: text.slice(start, at) }, { isTag: true, text: text.slice(at, end + 2) });
    start = end + 2;
    at = end + 1;
  }
  parts.push({ isTag: false, text: text.slice(start) });
  return parts;
}

function code(tag) {
  const pieces = tag.split(/("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/);
  return pieces.map((piece, n) => (n % 2 ? piece : piece
    .replace(/([{,]\s*)([A-Za-z_]\w*)(\s*:)/g, '$1"$2"$3')
    .replace(/===/g, "==").replace(/!==/g, "!=")
    .replace(/\bnull\b/g, "none")
    .replace(/(\bfor \w+, \w+ in [\w.]+)/g, "$1|items"))).join("");
}

// Nunjucks lets a loop set a variable of the template around it; minijinja wants a namespace for that.
function withLoopVariables(text) {
  let out = text;
  for (const name of ["anyItemHasError", "hasActions", "isSortable", "isSortableOnServer"]) {
    if (!new RegExp(`set ${name} = false`).test(out)) continue;
    const macros = /(\{%-? macro _[\s\S]*?\{%-? endmacro -?%\})/;
    out = out.split(macros).map((part, n) => (n % 2 ? part : tags(part).map((p) => {
      if (!p.isTag) return p.text;
      return p.text
        .replace(new RegExp(`set ${name} = false`), `set loop_${name} = namespace(v=false)`)
        .replace(new RegExp(`(?<!["\\w.])${name}(?!["\\w])`, "g"), `loop_${name}.v`);
    }).join(""))).join("");
  }
  return out;
}

function trims(comment) {
  return `{#${comment.startsWith("{#-") ? "-" : ""} ${comment.endsWith("-#}") ? "-" : ""}#}`;
}

function unmapped(path) {
  return read(path).replace(/\/\/# sourceMappingURL=.*\n?/g, "").replace(/\/\*# sourceMappingURL=.*?\*\//g, "");
}

function read(path) {
  return readFileSync(path, "utf8");
}

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
