// Tests the pings of a room over a network that stops passing on data.
import { expect, test } from "@jest/globals";
import { SabangClient } from "../../client/client.ts";
import { Heartbeat } from "../../client/heartbeat.ts";
import type { WorldState } from "../../schema/world-state.ts";
import { laggyNetwork } from "../support/lag.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

const server = startServer();

const INTERVAL_MS = 50;

test("even a client that only listens detects a dead connection, and then reconnects to its session", async () => {
  const network = await laggyNetwork(server.port, 1);
  const client = new SabangClient(network.url);
  client.auth.token = undefined as unknown as string;
  const room = await client.joinOrCreate<WorldState>("world");
  const { sessionId } = room;
  let pongs = 0;
  new Heartbeat(room, () => pongs++, INTERVAL_MS);
  await until(() => room.state.players?.has(sessionId) && pongs > 2);
  const back = new Promise<void>((resolve) => room.onReconnect(resolve));
  network.silence();
  await back;
  expect(room.sessionId).toBe(sessionId);
  // The pings go on over the new connection.
  pongs = 0;
  await until(() => pongs > 2);
  await room.leave();
  network.close();
});
