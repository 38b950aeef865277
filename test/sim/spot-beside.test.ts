// Tests the search for a free spot beside a player.
import { expect, test } from "@jest/globals";
import { spotBeside } from "../../sim/spot-beside.ts";
import { isFree } from "../../sim/step.ts";
import { drawnMap } from "../support/maps.ts";

const HOST = { x: 80, y: 48 };

test("spotBeside returns the spot one tile to the right of the host, or to the left if a player is on the right", () => {
  const map = drawnMap("yard", [".....", "..s..", "....."]);
  expect(spotBeside(HOST, [HOST], map)).toEqual({ x: 112, y: 48 });
  expect(spotBeside(HOST, [HOST, { x: 112, y: 48 }], map)).toEqual({ x: 48, y: 48 });
});

test("friends that arrive one after another get different free spots, and the first friends get the nearest spots", () => {
  const map = drawnMap("yard", ["#######", "#.....#", "#..s#.#", "#.....#", "#######"]);
  const host = { x: 112, y: 80 };
  const players = [host];
  for (let friend = 0; friend < 8; friend++) {
    const spot = spotBeside(host, players, map);
    expect(isFree(spot.x, spot.y, map)).toBe(true);
    expect(players).not.toContainEqual(spot);
    players.push(spot);
  }
  const distances = players.map(({ x, y }) => Math.abs(x - host.x) + Math.abs(y - host.y));
  expect(distances.slice(0, 4)).toEqual([0, 32, 32, 32]);
});

test("spotBeside returns the host's own spot if walls enclose the host, even if a spot behind a wall is free", () => {
  const map = drawnMap("cells", ["#####", "#s#.#", "#####"]);
  const host = { x: 48, y: 48 };
  expect(spotBeside(host, [host], map)).toEqual(host);
});

test("spotBeside returns the host's own spot if players stand on all spots of the map", () => {
  const map = drawnMap("yard", [".....", "..s..", "....."]);
  const crowd = Array.from({ length: 15 }, (_, index) => ({
    x: 16 + 32 * (index % 5),
    y: 16 + 32 * Math.floor(index / 5),
  }));
  expect(spotBeside(HOST, crowd, map)).toEqual(HOST);
});
