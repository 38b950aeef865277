// The files of the page and of the maps: how they are compressed and cached.
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { errorBody } from "../../../schema/errors.ts";
import { builtPage } from "../../../src/http/page.ts";
import { request } from "../../support/raw.ts";
import { startServer } from "../../support/server.ts";

const server = startServer({ page: builtPage });
const assets = readdirSync(fileURLToPath(new URL("../../../dist/assets", import.meta.url)));
const SCRIPT = `/assets/${assets.find((file) => /^scene-.*\.js$/.test(file))}`;

/** Fetches a file with an `Accept-Encoding` header. `fetch` decodes the body. */
const fetchAs = (path: string, encodings: string) =>
  fetch(server.url + path, { headers: { "accept-encoding": encodings } });

test.each([
  ["/", "text/html; charset=utf-8"],
  [SCRIPT, "text/javascript; charset=utf-8"],
  ["/maps/plaza.tmj", "application/json; charset=utf-8"],
])(
  "%s is compressed if the client accepts brotli or gzip, and is sent uncompressed if the client accepts neither",
  async (path, type) => {
    const plain = await fetchAs(path, "identity");
    const text = await plain.text();
    expect([plain.headers.get("content-encoding"), plain.headers.get("content-type")]).toEqual([null, type]);
    for (const [accepted, encoding] of [
      ["gzip, deflate, br", "br"],
      ["gzip", "gzip"],
      ["br;q=0, gzip;q=0.5", "gzip"],
    ] as const) {
      const answer = await fetchAs(path, accepted);
      const { headers } = answer;
      expect([accepted, headers.get("content-encoding")]).toEqual([accepted, encoding]);
      expect(headers.get("content-type")!.toLowerCase()).toBe(type);
      expect(headers.get("vary")).toContain("Accept-Encoding");
      expect(await answer.text()).toBe(text);
    }
  },
);

test("browsers may cache files with hashed names for ever, but must always check whether the page has changed", async () => {
  for (const encodings of ["br", "identity"]) {
    const script = await fetchAs(SCRIPT, encodings);
    expect(script.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    const page = await fetchAs("/", encodings);
    expect(page.headers.get("cache-control")).toBe("public, max-age=0");
    // The page contains the host of its request. So the ETag is valid only for requests with the same host.
    const host = `Host: 127.0.0.1:${server.port}`;
    const lines = [
      "GET / HTTP/1.1",
      host,
      `Accept-Encoding: ${encodings}`,
      `If-None-Match: ${page.headers.get("etag")}`,
    ];
    expect((await request(server.port, lines)).status).toBe(304);
  }
});

test.each(["/%", "/assets/%zz", "/%c0%af"])(
  "a server with the built page answers GET %s with 400 and an error body",
  async (path) => {
    const { status, body } = await request(server.port, [`GET ${path} HTTP/1.1`]);
    expect([status, JSON.parse(body)]).toEqual([400, errorBody("badRequest")]);
  },
);

test.each(["/assets", "/assets/", "/assets/nothing.js", "/nothing.html", "/..%2fpackage.json"])(
  "a server with the built page answers GET %s with an error body, because there is no such file",
  async (path) => {
    const { status, body } = await request(server.port, [`GET ${path} HTTP/1.1`, "Accept-Encoding: br"]);
    expect([403, 404]).toContain(status);
    expect(JSON.parse(body)).toHaveProperty("name");
  },
);

test("the URL of the page's preview picture has the host of the request, unless that host is malformed", async () => {
  const pictureFor = async (host: string) => {
    const { body } = await request(server.port, ["GET / HTTP/1.1", `Host: ${host}`]);
    return /property="og:image" content="(.*?)"/.exec(body)?.[1];
  };
  expect(await pictureFor("game.example:8080")).toBe("http://game.example:8080/preview.png");
  expect(await pictureFor('a"onload=x')).toBeUndefined();
});

test("the page's web app manifest names only icons that exist", async () => {
  const answer = await fetch(`${server.url}/manifest.webmanifest`);
  expect(answer.headers.get("content-type")).toMatch("application/manifest+json");
  const { icons } = (await answer.json()) as { icons: { src: string }[] };
  for (const path of [...icons.map(({ src }) => src), "apple-touch-icon.png", "preview.png"]) {
    const { status, headers } = await fetch(`${server.url}/${path}`);
    expect([path, status, headers.get("content-type")]).toEqual([path, 200, "image/png"]);
  }
});
