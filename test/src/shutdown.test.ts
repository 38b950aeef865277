// A server that is shutting down refuses joins.
import { MatchMakeError } from "@colyseus/sdk";
import { expect, test } from "@jest/globals";
import { ERRORS, errorBody, taggedMessage } from "../../schema/errors.ts";
import { shutDown } from "../../src/shutdown.ts";
import { PlainPlayer, plainError } from "../support/plain.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { joinWithSdk } from "../support/walkers.ts";

const server = startServer();

test("a server that is shutting down refuses joins over HTTP and over plain WebSockets with the error `stopping`", async () => {
  const present = await joinWithSdk(server);
  const room = await server.roomOf(present.sessionId);
  let end = () => {};
  const dispose = room.onDispose.bind(room);
  room.onDispose = async () => {
    await dispose();
    await new Promise<void>((resolve) => (end = resolve));
  };
  let closeCode: number | undefined;
  present.onLeave((code) => {
    closeCode = code;
  });

  const stopped = shutDown(server.app);
  await until(() => closeCode === ERRORS.serverShutdown.code);
  const { code } = ERRORS.stopping;
  for (const method of ["joinOrCreate", "create", "join"] as const) {
    const refused = await server
      .client()
      [method]("world")
      .catch((error) => error);
    expect(refused).toBeInstanceOf(MatchMakeError);
    expect(refused).toMatchObject({ code, message: taggedMessage("stopping") });
  }
  const answer = await fetch(`${server.url}/matchmake/joinOrCreate/world`, { method: "POST" });
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([code, "10"]);
  expect(await answer.json()).toEqual(errorBody("stopping"));
  const plain = new PlainPlayer(`${server.wsUrl}/websocket`);
  await until(() => plain.closed);
  expect(plain.errors).toEqual([plainError("stopping")]);
  const readyz = await fetch(`${server.url}/readyz`);
  expect([readyz.status, await readyz.text()]).toEqual([503, "draining: no new players\n"]);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);

  end();
  expect(await stopped).toEqual({ ended: true, lost: 0 });
});
