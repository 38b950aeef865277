// Tests a join with the default time limits of client/ over the slowest supported network: round trips of 3 s, with
// TLS.
import { expect, test } from "@jest/globals";
import { SabangClient } from "../../client/client.ts";
import { play } from "../../client/play.ts";
import type { WorldState } from "../../schema/world-state.ts";
import { laggyNetwork } from "../support/lag.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

const server = startServer();

const ROUND_TRIP_MS = 3000;

/** The round trips of a new connection before its first request: one for TCP, and two for TLS 1.2. */
const HANDSHAKES = 3;

test.each([true, false])(
  "a player joins at the first attempt even if a request on a new connection takes four round trips of 3 s (guest: %s)",
  async (guest) => {
    const network = await laggyNetwork(server.port, ROUND_TRIP_MS / 2, HANDSHAKES);
    const client = new SabangClient(network.url);
    client.auth.token = undefined as unknown as string;
    const stop = new AbortController();
    const troubles: Error[] = [];
    let isReady = () => false;
    const ended = play<WorldState>(
      client,
      {},
      (room) => {
        isReady = () => room.state.players?.has(room.sessionId) === true;
      },
      { guest, signal: stop.signal, onTrouble: (error) => troubles.push(error) },
    );
    await until(() => isReady(), 90_000);
    expect(troubles).toEqual([]);
    stop.abort();
    await ended;
    network.close();
  },
  120_000,
);
