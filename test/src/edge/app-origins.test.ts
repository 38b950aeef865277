// Tests the setting ALLOWED_ORIGINS with the origins of apps. Some apps have an origin with a URL scheme of their own.
// Others have the origin `null`, which any site can use.
import { expect, test } from "@jest/globals";
import { startProcess } from "../../support/process.ts";
import { RawConnection, request } from "../../support/raw.ts";
import { MONITOR, startServer } from "../../support/server.ts";
import { until } from "../../support/until.ts";

const APPS = ["capacitor://localhost", "ionic://localhost", "tauri://localhost", "app://."];
const server = startServer({ edge: { allowedOrigins: ["null", ...APPS] } });

const ask = (line: string, ...headers: string[]) => request(server.port, [`${line} HTTP/1.1`, ...headers]);
const corsOf = (headers: string) => /^access-control-allow-origin: *(.*?)\r?$/m.exec(headers)?.[1];

test.each(["null", ...APPS])("a page of the origin %s may join and sign in, and read the answers", async (origin) => {
  for (const [line, expected] of [
    // This join fails only because the type of the room is unknown (error 520). A join that succeeds would reserve a
    // seat that no client claims.
    ["POST /matchmake/joinOrCreate/unknown", 520],
    ["POST /auth/anonymous", 200],
    ["OPTIONS /matchmake/joinOrCreate/world", 204],
  ] as const) {
    const { status, headers } = await ask(line, `Origin: ${origin}`);
    expect([line, status, corsOf(headers)]).toEqual([line, expected, origin]);
  }
  const connection = new RawConnection(server.port);
  connection.upgrade("/websocket", [`Origin: ${origin}`]);
  await until(() => connection.received.includes('"type":"welcome"'));
  connection.socket.destroy();
});

test.each(["capacitor://localhost:1", "capacitor://evil", "https://localhost", "file://"])(
  "a page of the origin %s may not join if this origin is not allowed",
  async (origin) => {
    expect((await ask("POST /matchmake/joinOrCreate/world", `Origin: ${origin}`)).status).toBe(403);
  },
);

test("pages of an allowed origin null can join, but cannot use the monitor or read other routes' answers", async () => {
  const authorization = `Authorization: Basic ${Buffer.from(`${MONITOR.user}:${MONITOR.password}`).toString("base64")}`;
  for (const origin of ["null", "capacitor://localhost"]) {
    for (const line of ["GET /monitor/api", "GET /monitor/api/room?roomId=x", "POST /monitor/api"]) {
      const sent = [authorization, `Origin: ${origin}`, "Referer: http://127.0.0.1/monitor/"];
      expect([line, (await ask(line, ...sent)).status]).toEqual([line, 403]);
    }
  }
  for (const line of ["GET /monitor/", "GET /metrics", "GET /maps/plaza.tmj", "GET /readyz", "OPTIONS /monitor/api"]) {
    const { headers } = await ask(line, authorization, "Origin: null");
    expect([line, APPS.includes(corsOf(headers)!)]).toEqual([line, true]);
  }
});

test("the server logs a warning at its start if ALLOWED_ORIGINS contains null", async () => {
  const started = startProcess({ ALLOWED_ORIGINS: "null,capacitor://localhost" });
  await started.listening();
  expect(started.stdout()).toMatch(/ALLOWED_ORIGINS contains null.*pages of every site may join.*monitor stays closed/);
});
