// The known faults of the framework (docs/operating.md lists them), one test each, against the real server: every test
// fails without the guard that its comment names. The numbers are those of the list.
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import { upgradeRequest } from "../../bench/upgrade-request.ts";
import { ERRORS } from "../../rooms/errors.ts";
import { PlainPlayer } from "../support/plain.ts";
import { type ServerProcess, startProcess } from "../support/process.ts";
import { openSocket } from "../support/raw.ts";
import { pathOf, takeSeat } from "../support/seat.ts";
import { until } from "../support/until.ts";

const PASSWORD = "open sesame, please";
const PRODUCTION = {
  NODE_ENV: "production",
  MONITOR_PASSWORD: PASSWORD,
  JWT_SECRET: "a secret of our own, for the tests alone",
};

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** What the log of a server that nothing happened to never holds. */
const FAULT = /"level":[56]0|rejected|TypeError|SERVER_ERROR/;

async function start(environment: Record<string, string> = {}) {
  const server = startProcess({ ...PRODUCTION, ...environment });
  const port = await server.listening();
  return { server, port, url: `http://127.0.0.1:${port}` };
}

/** Sends bytes and gives the answer, as soon as it has ended. */
async function answerTo(port: number, text: string): Promise<string> {
  const socket = await openSocket(port);
  let answer = "";
  const ended = new Promise((resolve) => {
    socket.once("end", resolve);
    socket.once("close", resolve);
  });
  socket.on("data", (data) => {
    answer += data.toString("latin1");
  });
  socket.write(Buffer.from(text, "latin1"));
  await ended;
  socket.destroy();
  return answer;
}

function post(url: string, path: string, headers: Record<string, string> = {}, body = "{}"): Promise<Response> {
  return fetch(`${url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", connection: "close", ...headers },
    body,
  });
}

/** Takes a seat and hears the handshake; it does not acknowledge it. */
async function shakeHands(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url.replace("http", "ws") + pathOf(await takeSeat(url)));
  cleanups.push(() => socket.terminate());
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("message", resolve));
  return socket;
}

/** The server is there, serves, and has nothing to complain about. */
async function expectUnharmed(server: ServerProcess, url: string): Promise<void> {
  const newcomer = await PlainPlayer.join(url);
  newcomer.socket.close();
  expect((await fetch(`${url}/healthz`, { headers: { connection: "close" } })).status).toBe(200);
  expect(server.hasEnded()).toBe(false);
  expect(server.stdout() + server.stderr()).not.toMatch(FAULT);
}

describe("of Colyseus 0.18.17", () => {
  // src/frame-guard.ts. Without it the process loops for ever.
  test("B1: an unreliable input with a negative length does not hang the process", async () => {
    const { server, url } = await start();
    const socket = await shakeHands(url);
    socket.send(Buffer.of(10));
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.send(Buffer.of(20, 0, 0xd0, 0xfe));
    expect(await closed).toBe(ERRORS.badFrame.code);
    await expectUnharmed(server, url);
  });

  // The `catch` in onDrop of rooms/world-room.ts. Without it a rejected promise is logged as an error, and without the
  // listener in src/run.ts it ends the process.
  test("B2: a connection that is cut before its join was acknowledged leaves no rejected promise", async () => {
    const { server, url } = await start();
    const witness = await PlainPlayer.join(url);
    const socket = await shakeHands(url);
    await until(() => witness.players.size === 2);
    socket.terminate();
    await until(() => witness.players.size === 1);
    await expectUnharmed(server, url);
  });

  // src/request-body.ts, which the gate puts before the framework. Without it all of it is read into memory.
  test("B3: a body of eighty megabytes is refused before it is read", async () => {
    const { server, port, url } = await start();
    const socket = await openSocket(port);
    let answer = "";
    socket.on("data", (data) => {
      answer += data.toString("latin1");
    });
    socket.write("POST /matchmake/joinOrCreate/world HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n");
    socket.write("Transfer-Encoding: chunked\r\n\r\n");
    const megabyte = Buffer.concat([Buffer.from("100000\r\n"), Buffer.alloc(1 << 20, 0x20), Buffer.from("\r\n")]);
    for (let sent = 0; sent < 80 && !socket.destroyed; sent++) {
      if (!socket.write(megabyte))
        await Promise.race([
          until(() => socket.writableLength === 0 || socket.destroyed),
          until(() => answer !== "" || socket.destroyed),
        ]);
      if (answer !== "") break;
    }
    await until(() => answer !== "" || socket.destroyed);
    // Who goes on writing to a closed connection is reset, and may lose the answer to that: then none was read.
    if (answer !== "" || !socket.destroyed) expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    // Far from eighty megabytes went into the socket before the answer came: the buffers of the system, and little more.
    expect(socket.bytesWritten).toBeLessThan(40 << 20);
    await expectUnharmed(server, url);
  });

  // src/gate.ts: the list of matchmaking methods, and src/origins.ts.
  test("B4: nobody creates rooms at will, no foreign page joins, and the monitor asks for a password", async () => {
    const { server, url } = await start({ ALLOWED_ORIGINS: "https://play.example.org" });
    expect((await post(url, "/matchmake/create/world")).status).not.toBe(200);
    const foreign = { origin: "https://evil.example" };
    const refused = await post(url, "/matchmake/joinOrCreate/world", foreign);
    expect(refused.status).toBe(ERRORS.foreignOrigin.code);
    expect(refused.headers.get("access-control-allow-origin")).not.toBe(foreign.origin);
    const call = "/monitor/api/room/call?roomId=x&method=disconnect&args=[]";
    const ask = async (headers: Record<string, string>) =>
      (await fetch(`${url}${call}`, { headers: { connection: "close", ...headers } })).status;
    expect(await ask({ "sec-fetch-site": "none" })).toBe(401);
    expect(await ask({ authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString("base64")}` })).toBe(403);
    await expectUnharmed(server, url);
  });

  // src/listen.ts. Without it the process lives on without a port.
  test("B5: a port that is taken ends the start", async () => {
    const { port } = await start();
    const second = startProcess({ ...PRODUCTION, PORT: String(port) });
    expect(await second.ended()).toBe(1);
    expect(second.stderr()).toContain("stop what uses the port");
  });

  // `refuseWhileStopping` of src/admission.ts. Without it the answer is empty, and the SDK fails on reading it.
  test("B6: a join while the server stops is refused with a sentence", async () => {
    const { server, url } = await start();
    // Who is in and reads nothing holds the stop up for a while.
    const deaf = await shakeHands(url);
    deaf.send(Buffer.of(10));
    await new Promise((resolve) => deaf.once("message", resolve));
    deaf.pause();
    const answers: { status: number; text: string; retryAfter: string | null }[] = [];
    const askOn = async () => {
      try {
        for (;;) {
          const answer = await post(url, "/matchmake/joinOrCreate/world");
          const retryAfter = answer.headers.get("retry-after");
          answers.push({ status: answer.status, text: await answer.text(), retryAfter });
        }
      } catch {
        // It has stopped.
      }
    };
    const asking = Promise.all([askOn(), askOn(), askOn(), askOn()]);
    await until(() => answers.length > 0);
    server.signal("SIGTERM");
    await asking;
    expect(await server.ended()).toBe(0);
    const refusals = answers.filter(({ status }) => status !== 200 && status !== 429);
    expect(refusals.length).toBeGreaterThan(0);
    for (const { status, text, retryAfter } of refusals) {
      expect([status, retryAfter]).toEqual([503, "10"]);
      expect(JSON.parse(text)).toEqual({ code: 503, error: expect.stringMatching(/\w+ \w+/) });
    }
  });

  // What the matchmaker keeps is in the process: test/hostile/one-process.test.ts.
  test("B7, B8, B9: nothing in the environment leads to Redis", async () => {
    let calls = 0;
    const redis = createServer(() => calls++).listen(0, "127.0.0.1");
    await once(redis, "listening");
    cleanups.push(() => redis.close());
    const address = `redis://127.0.0.1:${(redis.address() as AddressInfo).port}`;
    const { server, url } = await start({ REDIS_URL: address, REDIS_URI: address });
    await expectUnharmed(server, url);
    expect(calls).toBe(0);
  });

  // `isRoomPath` of src/app.ts. The framework looks rooms up in an object, where such a name is always found.
  test("a room with the name of a property of every object is refused without an error in the log", async () => {
    const { server, port, url } = await start();
    for (const name of ["__proto__", "constructor", "toString"]) {
      expect(await answerTo(port, upgradeRequest(`/abc/${name}?sessionId=a`))).toMatch(/^HTTP\/1\.1 404 /);
    }
    await expectUnharmed(server, url);
  });

  // src/gate.ts: `isMalformed`, and what is done with X-Forwarded-Proto. Without them a promise is rejected, and the
  // request is never answered.
  test("a request to a host, or from a scheme, of which no URL can be made is answered", async () => {
    const { server, port, url } = await start();
    const more = "Connection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n";
    for (const host of ["a b", "[", "x:99999", "a/b"]) {
      const request = `POST /matchmake/joinOrCreate/world HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n{}`;
      expect(await answerTo(port, request)).toMatch(/^HTTP\/1\.1 400 /);
    }
    const forwarded = `POST /matchmake/joinOrCreate/world HTTP/1.1\r\nHost: x\r\nX-Forwarded-Proto: a b\r\n${more}\r\n{}`;
    expect(await answerTo(port, forwarded)).toMatch(/^HTTP\/1\.1 200 /);
    await expectUnharmed(server, url);
  });

  // The options are emptied in `onAuth` of rooms/define-world-room.ts. Without it the framework fails on making JSON of
  // them, and the request is never answered.
  test("a join option nobody asked for, five thousand levels deep, is left out", async () => {
    const { server, url } = await start();
    const deep = `{"x":${"[".repeat(5000)}${"]".repeat(5000)}}`;
    expect((await post(url, "/matchmake/joinOrCreate/world", {}, deep)).status).toBe(200);
    await expectUnharmed(server, url);
  });

  // src/gate.ts: bodies are JSON or none. Without it the answer is a 500, with a stack trace past the log.
  test("a body that says it is a form is refused, and one that is empty is none", async () => {
    const { server, port, url } = await start();
    for (const type of ["multipart/form-data", "multipart/form-data; boundary=x", "text/plain", "application/xml"]) {
      const answer = await post(url, "/matchmake/joinOrCreate/world", { "content-type": type });
      expect([type, answer.status]).toEqual([type, 415]);
    }
    // One that is empty is read to its end before the framework wants to read it.
    const empty =
      "POST /matchmake/joinOrCreate/world HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
      "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    expect(await answerTo(port, empty)).toMatch(/^HTTP\/1\.1 [24]\d\d /);
    await expectUnharmed(server, url);
  });
});

describe("of Node's upgrades", () => {
  // `refuseUpgrade` of src/gate.ts: after an upgrade nobody listens to the socket's errors any more, nor ends it. Without
  // the listener the process ends.
  test("who is gone before its upgrade is refused does not take the process along", async () => {
    const { server, port, url } = await start();
    for (let i = 0; i < 50; i++) {
      const socket = await openSocket(port);
      socket.write(upgradeRequest("/nowhere"));
      if (i % 2) await new Promise(setImmediate);
      socket.resetAndDestroy();
    }
    await expectUnharmed(server, url);
  });

  test("who does not close a connection that was refused is cut", async () => {
    const { server, port, url } = await start();
    const socket = await openSocket(port);
    const closed = new Promise((resolve) => socket.once("end", resolve));
    socket.write(upgradeRequest("/nowhere"));
    socket.resume();
    await closed;
    // Half open until we write into it: then it turns out to be gone.
    await until(() => {
      if (!socket.destroyed) socket.write("x");
      return socket.destroyed;
    });
    await expectUnharmed(server, url);
  });
});
