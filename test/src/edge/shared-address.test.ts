// Tests many players behind a proxy that is not in TRUST_PROXY. They share one private address and its limits.
import { expect, test } from "@jest/globals";
import { ERRORS, errorBody } from "../../../schema/errors.ts";
import { RawPlayer } from "../../support/raw-player.ts";
import { type Seat, takeSeat } from "../../support/seat.ts";
import { startServer } from "../../support/server.ts";
import { until } from "../../support/until.ts";

const CONNECTIONS = 50;
const server = startServer({ edge: { maxConnectionsPerAddress: CONNECTIONS } });

test("fifty of seventy players with one address can play, twenty get an error, and the operator gets a warning", async () => {
  server.expectLog(
    /^all 50 connections come from the private address 127\.0\.0\.1.*TRUST_PROXY.*MAX_CONNECTIONS_PER_ADDRESS/,
  );
  const seats: Seat[] = [];
  for (let i = 0; i < 70; i++) seats.push(await takeSeat(server.url));
  const refused = seats.slice(CONNECTIONS);
  expect(refused).toEqual(Array(20).fill(errorBody("tooManyConnections")));
  expect(ERRORS.tooManyConnections.message).toContain("from your address");
  const players = seats.slice(0, CONNECTIONS).map((seat) => new RawPlayer(server.url, seat));
  await until(() => players.every(({ frames }) => frames.length > 1));
  for (const { socket } of players) socket.close();
});
