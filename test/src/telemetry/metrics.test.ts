// The metrics of a real server with players: access, format, names and values.
import { readFileSync } from "node:fs";
import type { Room } from "@colyseus/sdk";
import { afterEach, describe, expect, test } from "@jest/globals";
import { ERRORS, type ErrorName, nameOfError, taggedMessage } from "../../../schema/errors.ts";
import type { MoveInput } from "../../../schema/move-input.ts";
import type { WorldState } from "../../../schema/world-state.ts";
import { socketOf } from "../../support/connection.ts";
import { PlainPlayer } from "../../support/plain.ts";
import { describeWith, runProgram } from "../../support/requiring.ts";
import { startServer } from "../../support/server.ts";
import { until } from "../../support/until.ts";
import { joinWithSdk } from "../../support/walkers.ts";

const TOKEN = "the token of the metrics";
const server = startServer({ metricsToken: TOKEN, reconnectionSeconds: 1 });
const scrape = (authorization?: string) =>
  fetch(`${server.url}/metrics`, authorization === undefined ? {} : { headers: { authorization } });
const text = async () => (await scrape(`Bearer ${TOKEN}`)).text();
const metric = async (series: string) => (await server.metric(series)) ?? Number.NaN;

/** Reads each series now. Returns a function that reads them again and returns how much each one has grown. */
async function since(...series: string[]) {
  const before = await Promise.all(series.map(metric));
  return async () => (await Promise.all(series.map(metric))).map((value, i) => value - before[i]!);
}

/** Returns the type and the help text of each metric, by name. */
async function families() {
  const found = new Map<string, { type: string; help: string }>();
  for (const [, name, help] of (await text()).matchAll(/^# HELP (\S+) (.*)$/gm))
    found.set(name!, { type: "", help: help! });
  for (const [, name, type] of (await text()).matchAll(/^# TYPE (\S+) (.*)$/gm)) found.get(name!)!.type = type!;
  return found;
}

const rooms: Room[] = [];
const join = async (options: Record<string, unknown> = {}, token?: string): Promise<Room<unknown, WorldState>> => {
  const room = await joinWithSdk(server, options, token);
  rooms.push(room as Room);
  return room;
};
afterEach(async () => {
  for (const room of rooms.splice(0)) if (room.connection.isOpen) await room.leave();
  await until(async () => (await metric('sabang_players{map="plaza"}')) === 0);
});

describe("access to /metrics:", () => {
  test.each([undefined, "", "Bearer", "Bearer ", "Bearer wrong", `Basic ${TOKEN}`, `Bearer ${TOKEN}x`])(
    "a request for /metrics with the Authorization header %j is answered with 401",
    async (authorization) => {
      const answer = await scrape(authorization);
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="sabang metrics"');
      expect(await answer.text()).not.toContain("sabang_");
    },
  );

  test("a request for /metrics with the right token is answered with the metrics in Prometheus's text format", async () => {
    const answer = await scrape(`Bearer ${TOKEN}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  });
});

describe("names of metrics and errors:", () => {
  test("the names of sabang's own metrics use base units, and only names of counters end in _total", async () => {
    const own = [...(await families())].filter(([name]) => name.startsWith("sabang_"));
    expect(own.length).toBeGreaterThan(30);
    for (const [name, { type, help }] of own) {
      expect(name).toMatch(/^[a-z]+(_[a-z]+)+$/);
      expect([name, name.endsWith("_total")]).toEqual([name, type === "counter"]);
      expect(name).not.toMatch(/milliseconds|_ms\b|kilobytes|minutes|percent/);
      if (/duration|lateness|oldest/.test(name)) expect(name).toMatch(/_seconds$/);
      if (type === "histogram") expect(name).toMatch(/_(seconds|bytes)$/);
      expect(help).toMatch(/^[A-Z1].+\.$/);
    }
  });

  test("/metrics includes the metrics of the process and its event loop", async () => {
    const names = [...(await families()).keys()];
    expect(names).toEqual(
      expect.arrayContaining([
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "nodejs_eventloop_lag_p99_seconds",
      ]),
    );
  });

  test("nameOfError finds the name of every error from its code and message", () => {
    for (const [name, { code }] of Object.entries(ERRORS)) {
      expect(nameOfError({ code, message: taggedMessage(name as ErrorName) })).toBe(name);
    }
    expect(nameOfError({ code: 418, message: "a teapot [busy]" })).toBeUndefined();
  });
});

test("docs/operating.md lists exactly the metrics of sabang, each with its type, unit, labels and help", async () => {
  const all = await text();
  const rows = [...(await families())]
    .filter(([name]) => name.startsWith("sabang_"))
    .map(([name, { type, help }]) => {
      const unit = /_(seconds|bytes)(_total)?$/.exec(name)?.[1] ?? "–";
      const series = new RegExp(`^${name}(?:_bucket)?\\{(.*)\\} `, "m").exec(all)?.[1] ?? "";
      const labels = [...series.matchAll(/(\w+)="/g)].map(([, label]) => label).filter((label) => label !== "le");
      return `| \`${name}\` | ${type} | ${unit} | ${labels.join(", ") || "–"} | ${help} |`;
    });
  const page = readFileSync(new URL("../../../docs/operating.md", import.meta.url), "utf8");
  expect(page.match(/^\| `sabang_.*$/gm)).toEqual(rows);
});

test("docs/operating.md lists exactly the reasons for edge refusals, which differ from the reasons for refused joins", async () => {
  const all = await text();
  const reasonsOf = (name: string) =>
    [...all.matchAll(new RegExp(`^${name}\\{reason="(\\w+)"\\}`, "gm"))].map(([, reason]) => reason!);
  const edge = reasonsOf("sabang_edge_refusals_total");
  const joins = reasonsOf("sabang_refusals_total");
  expect(joins).toEqual(expect.arrayContaining(["busy", "badJoinOption", "other"]));
  expect(joins.filter((reason) => edge.includes(reason))).toEqual([]);
  const page = readFileSync(new URL("../../../docs/operating.md", import.meta.url), "utf8");
  const table = page.split("| edge reason |")[1]!.split("\n\n", 1)[0]!;
  expect([...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, reason]) => reason)).toEqual(edge);
});

test("docs/operating.md lists exactly the alerts of deploy/alerts.yml", () => {
  const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
  const alerts = [...read("deploy/alerts.yml").matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
  expect([...read("docs/operating.md").matchAll(/^\| `(Sabang\w+)` \|/gm)].map(([, name]) => name)).toEqual(alerts);
});

describeWith("promtool", "promtool:", () => {
  test("promtool accepts the metrics while players walk", async () => {
    const walkers = [await join(), await join({ map: "meadow" })];
    const plain = await PlainPlayer.join(server.url);
    for (const walker of walkers) walker.send("move", "left");
    plain.socket.send("좌");
    await until(async () => (await metric("sabang_inputs_applied_total")) >= 3);
    expect(runProgram("promtool", ["check", "metrics"], await text())).toEqual({ status: 0, output: "" });
    plain.socket.close();
  });

  test("promtool rejects a gauge whose name ends in _total", () => {
    const bad = "# HELP a_total x\n# TYPE a_total gauge\na_total 1\n";
    expect(runProgram("promtool", ["check", "metrics"], bad).status).not.toBe(0);
  });
});

describe("values of the metrics:", () => {
  test("the metrics count joins, players, clients and rooms by map and transport", async () => {
    const grown = await since(
      'sabang_joins_total{map="plaza",transport="sdk"}',
      'sabang_joins_total{map="plaza",transport="plain"}',
      'sabang_joins_total{map="meadow",transport="sdk"}',
    );
    await join();
    await join({ map: "meadow" });
    const plain = await PlainPlayer.join(server.url);
    expect(await grown()).toEqual([1, 1, 1]);
    expect(await metric('sabang_players{map="plaza"}')).toBe(2);
    expect(await metric('sabang_clients{map="plaza",transport="sdk"}')).toBe(1);
    expect(await metric('sabang_clients{map="plaza",transport="plain"}')).toBe(1);
    expect(await metric('sabang_rooms{map="plaza"}')).toBe(1);
    expect(await metric('sabang_rooms{map="meadow"}')).toBe(1);
    plain.socket.close();
    await until(async () => (await metric('sabang_clients{map="plaza",transport="plain"}')) === 0);
  });

  test("the metrics count each refused join once by its reason, for all transports", async () => {
    const grown = await since(
      ...["badJoinOption", "unknownMap", "tokenInvalid", "other"].map(
        (reason) => `sabang_refusals_total{reason="${reason}"}`,
      ),
    );
    const client = server.client();
    await expect(client.joinOrCreate("world", { name: "" })).rejects.toThrow();
    await expect(client.joinOrCreate("world", { map: "nowhere" })).rejects.toThrow();
    await expect(client.joinOrCreate("nothing")).rejects.toThrow();
    await expect(server.client("forged").joinOrCreate("world")).rejects.toThrow();
    const plain = new PlainPlayer(`${server.wsUrl}/websocket?map=nowhere`);
    await until(() => plain.closed);
    expect(await grown()).toEqual([1, 2, 1, 1]);
  });

  test("the metrics count edge refusals by reason, and show that admission is open", async () => {
    const grown = await since('sabang_edge_refusals_total{reason="tooLarge"}');
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ name: "x".repeat(1_000_000) });
    const answer = await fetch(`${server.url}/matchmake/joinOrCreate/world`, { method: "POST", headers, body }).catch(
      () => undefined,
    );
    expect(answer?.status ?? 413).toBe(413);
    expect(await grown()).toEqual([1]);
    expect(await metric("sabang_admission_open")).toBe(1);
    expect(await metric("sabang_admission_delay_seconds")).toBeGreaterThanOrEqual(0);
  });

  test("the metrics use only names of existing maps as labels, even if clients ask for other maps", async () => {
    const client = server.client();
    for (const map of ['a"b', "toString", "__proto__"]) await client.joinOrCreate("world", { map }).catch(() => {});
    const labels = [...(await text()).matchAll(/map="([^"]*)"/g)].map(([, map]) => map);
    expect([...new Set(labels)].sort()).toEqual(["meadow", "plaza"]);
  });

  test("the metrics count each input of all transports as received, and then as either applied or dropped", async () => {
    const names = ["received", "applied", "dropped"].map((what) => `sabang_inputs_${what}_total`);
    const grown = await since(...names);
    const [mover, predictor] = [await join(), await join()];
    const plain = await PlainPlayer.join(server.url);
    const input = predictor.input<MoveInput>();
    for (let step = 0; step < 5; step++) {
      mover.send("move", "left");
      plain.socket.send("right");
      input.data.direction = 1;
      input.send();
    }
    await until(async () => (await grown())[1] === 15);
    expect(await grown()).toEqual([15, 15, 0]);
    // An invalid move is answered with an error and is not counted.
    mover.send("move", "sideways");
    for (let step = 0; step < 50; step++) {
      mover.send("move", "left");
      input.send();
    }
    await until(async () => (await grown())[0] === 115 && (await metric("sabang_inputs_waiting")) === 0);
    const [received, applied, dropped] = await grown();
    expect(applied! + dropped!).toBe(received);
    expect(dropped).toBeGreaterThan(50);
    plain.socket.close();
  });

  test("the metrics count each leave by its reason, and each lost connection by its outcome: the client returned or gave up", async () => {
    const grown = await since(
      'sabang_leaves_total{reason="consented"}',
      'sabang_leaves_total{reason="lost"}',
      'sabang_leaves_total{reason="badFrame"}',
      "sabang_drops_total",
      'sabang_reconnections_total{outcome="returned"}',
      'sabang_reconnections_total{outcome="gave_up"}',
      "sabang_frames_refused_total",
    );
    await (await join()).leave();
    const invalid = await join();
    socketOf(invalid).send("text");
    const returning = await join();
    const returned = new Promise<void>((resolve) => returning.onReconnect(() => resolve()));
    (await server.roomOf(returning.sessionId)).clients.get(returning.sessionId)!.leave(4010);
    await returned;
    const gone = await join();
    gone.reconnection.enabled = false;
    (await server.roomOf(gone.sessionId)).clients.get(gone.sessionId)!.leave(4010);
    await until(async () => (await metric("sabang_seats_held")) === 1);
    await until(async () => (await metric("sabang_seats_held")) === 0);
    await until(async () => (await grown())[2] === 1);
    expect(await grown()).toEqual([1, 1, 1, 2, 1, 1, 1]);
  });

  test("the metrics count two joins and one leave when a player takes over its own session", async () => {
    const token = await server.tokens.sign("a-player-of-the-tests-1");
    const grown = await since(
      'sabang_leaves_total{reason="takenOver"}',
      'sabang_joins_total{map="plaza",transport="sdk"}',
    );
    await join({}, token);
    await join({}, token);
    await until(async () => (await grown())[0] === 1);
    expect(await grown()).toEqual([1, 2]);
  });

  test("the metrics record the duration of each tick once, and count the frames and bytes that were sent to clients", async () => {
    const counts = ["step_duration", "patch_duration"].map((what) => `sabang_${what}_seconds_count`);
    const grown = await since(
      ...counts,
      "sabang_frames_sent_total",
      "sabang_sent_bytes_total",
      "sabang_frames_received_total",
    );
    const plain = await PlainPlayer.join(server.url);
    await until(async () => (await grown())[0]! >= 10);
    const bytes = plain.frames.reduce((sum, frame) => sum + Buffer.byteLength(JSON.stringify(frame)), 0);
    const [steps, patches, frames, sent, received] = await grown();
    expect(Math.abs(steps! - patches!)).toBeLessThanOrEqual(1);
    // Only the JSON frames to the client are counted. The server also decodes room frames for this client, but does not
    // count them.
    expect([frames, sent, received]).toEqual([plain.frames.length, bytes, 0]);
    // All three values come from one response, because the next response may include another tick.
    const all = await text();
    const [late, onTime, ticks] = [
      "sabang_ticks_late_total",
      'sabang_tick_lateness_seconds_bucket{le="0.025"}',
      "sabang_tick_lateness_seconds_count",
    ].map((series) => Number(all.split(`\n${series} `)[1]!.split("\n")[0]));
    expect(late).toBe(ticks! - onTime!);
    plain.socket.close();
  });

  test("the metrics show the bytes that are queued for all clients together, and the maximum for one client", async () => {
    const room = await join();
    room.onMessage("filler", () => {});
    const client = (await server.roomOf(room.sessionId)).clients.get(room.sessionId)!;
    const { _socket: socket } = client.ref as unknown as { _socket: { cork(): void; uncork(): void } };
    socket.cork();
    const kilobyte = Buffer.alloc(1000);
    for (let i = 0; i < 50; i++) client.sendBytes("filler", kilobyte);
    const [sum, max] = [await metric("sabang_send_queue_bytes"), await metric("sabang_send_queue_max_bytes")];
    socket.uncork();
    expect(max).toBeGreaterThan(50_000);
    expect(sum).toBe(max);
    await until(async () => (await metric("sabang_send_queue_bytes")) === 0);
  });

  test("the metrics show the bytes that are queued for a client that is not in a room", async () => {
    const { sockets } = server.app.edgeCounters;
    const before = new Set(sockets);
    // Connects without a seat, as the SDK does to measure latency.
    const probe = new WebSocket(server.wsUrl);
    const serverSide = await until(() => [...sockets].find((socket) => !before.has(socket)));
    const { _socket: socket } = serverSide as unknown as { _socket: { cork(): void; uncork(): void } };
    socket.cork();
    (serverSide as unknown as WebSocket).send("x".repeat(50_000));
    const max = await metric("sabang_send_queue_max_bytes");
    socket.uncork();
    expect(max).toBeGreaterThanOrEqual(50_000);
    probe.close();
  });

  test("the metrics count an invalid frame as both received and refused", async () => {
    const grown = await since("sabang_frames_received_total", "sabang_frames_refused_total");
    const invalid = await join();
    (invalid.connection as unknown as { transport: { ws: WebSocket } }).transport.ws.send("text");
    await until(async () => (await grown())[1] === 1);
    // The first received frame is the acknowledgement of the join, the second one the invalid frame.
    expect(await grown()).toEqual([2, 1]);
  });

  test("the metrics count issued tokens and saved player records", async () => {
    const grown = await since(
      "sabang_tokens_issued_total",
      "sabang_store_rows_saved_total",
      "sabang_store_failures_total",
    );
    const { token } = (await (await fetch(`${server.url}/auth/anonymous`, { method: "POST" })).json()) as {
      token: string;
    };
    await (await join({}, token)).leave();
    await until(async () => (await grown())[1]! >= 1 && (await metric("sabang_store_rows_waiting")) === 0);
    expect(await metric("sabang_store_up")).toBe(1);
    expect(await metric("sabang_store_oldest_waiting_seconds")).toBe(0);
    expect(await metric("sabang_store_last_save_duration_seconds")).toBeGreaterThan(0);
    const [tokens, , failures] = await grown();
    expect([tokens, failures]).toEqual([1, 0]);
  });

  test("no counter in /metrics decreases when a room ends", async () => {
    const series = (await text()).split("\n").flatMap((line) => /^(sabang_\w+_total\S*) /.exec(line)?.[1] ?? []);
    const grown = await since(...series);
    await (await join({ map: "meadow" })).leave();
    await until(async () => (await metric('sabang_rooms{map="meadow"}')) === 0);
    expect(Math.min(...(await grown()))).toBeGreaterThanOrEqual(0);
  });
});
