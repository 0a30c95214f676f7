// Who is answered, and how refusals read.
import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, test } from "node:test";
import { start } from "./service.mjs";

let service;
before(async () => { service = await start(); });
after(async () => { await service?.stop(); });

// `fetch` does not let a client choose its own Host.
function ask(path, { method = "GET", headers = {}, body = "" } = {}) {
  const { hostname, port } = new URL(service.base);
  return new Promise((done, failed) => {
    const sent = request({ hostname, port, path, method, headers }, (answer) => {
      let text = "";
      answer.on("data", (chunk) => { text += chunk; });
      answer.on("end", () => done({ status: answer.statusCode, headers: answer.headers, text }));
    });
    sent.on("error", failed);
    sent.end(body);
  });
}

test("a request for another host is misdirected, whatever name points here", async () => {
  for (const host of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80"]) {
    assert.equal((await ask("/", { headers: { host } })).status, 421, host);
  }
  const answer = await ask("/api/v1/sites.geojson", { headers: { host: "evil.example" } });
  assert.equal(answer.headers["content-type"], "application/problem+json");
  assert.equal(JSON.parse(answer.text).type, "/problems/foreign-host");
});

test("a page of another site is refused", async () => {
  const foreign = { origin: "https://evil.example" };
  assert.equal((await ask("/scenarios/new", { method: "POST", headers: foreign })).status, 403);
  assert.equal((await ask("/api/v1/sites.geojson", { headers: foreign })).status, 403);
  assert.equal((await ask("/", { headers: { origin: service.base } })).status, 200);
});

test("a form without its token is refused, with and without a cookie", async () => {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const token = "0".repeat(32);
  for (const [extra, body] of [[{}, "scope=all"], [{}, `csrf=${token}&scope=all`], [{ cookie: `domesday_form=${token}` }, "scope=all"]]) {
    const answer = await ask("/scenarios/new", { method: "POST", headers: { ...headers, ...extra }, body });
    assert.equal(answer.status, 403);
    assert.match(answer.text, /The form is out of date/);
  }
});

test("every answer carries the security headers, and scripts and styles only from here", async () => {
  for (const path of ["/", "/nothing", "/assets/app.css", "/api/v1/sites.geojson", "/healthz"]) {
    const { headers } = await ask(path);
    const policy = headers["content-security-policy"];
    assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/, path);
    assert.doesNotMatch(policy, /unsafe/, path);
    assert.equal(headers["x-content-type-options"], "nosniff", path);
  }
});

test("a method that an address does not have is named with those it has", async () => {
  const answer = await ask("/sites", { method: "DELETE" });
  assert.equal(answer.status, 405);
  assert.equal(answer.headers.allow, "GET, HEAD");
  assert.equal((await ask("/sites", { method: "HEAD" })).status, 200);
});

test("files are kept under their content's tag and compressed", async () => {
  const page = (await ask("/")).text;
  const path = page.match(/\/assets\/app\.css\?v=[0-9a-f]+/)[0];
  const first = await ask(path, { headers: { "accept-encoding": "gzip" } });
  assert.match(first.headers["cache-control"], /immutable/);
  assert.equal(first.headers["content-encoding"], "gzip");
  const again = await ask(path, { headers: { "if-none-match": first.headers.etag } });
  assert.equal(again.status, 304);
  assert.equal((await ask("/assets/../Cargo.toml")).status, 404);
});

test("health tells a machine what it needs", async () => {
  assert.equal((await ask("/healthz")).status, 200);
  assert.deepEqual(JSON.parse((await ask("/readyz")).text), { register_version: 1, status: "ready" });
});
