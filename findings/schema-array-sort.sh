#!/usr/bin/env bash
# @colyseus/schema: sort() does not go together with push() or pop() on the same array in one patch.
#
# A guess: push() followed by sort(), as on a leaderboard, reaches the clients as the sorted array.
# Instead: connected clients lose the new entry, and have an old one twice. After pop() and sort() they have the removed
# entry again, with numbers in place of objects too. They keep the wrong array, while clients that join later get the
# right one. A patch between both calls, or sort() alone, is fine.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
npm install --silent --ignore-scripts --no-audit --no-fund @colyseus/schema@5.0.34

cat > run.mjs <<'JS'
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Decoder, Encoder, schema, t } from "@colyseus/schema";

const { version } = JSON.parse(readFileSync("node_modules/@colyseus/schema/package.json", "utf8"));
console.log(`@colyseus/schema ${version}, Node ${process.version}`);
// The decoder warns of the new entry that it cannot place.
console.warn = () => {};

const Score = schema({ points: t.uint8() }, "Score");
const Scores = schema({ list: t.array(Score) }, "Scores");
const Numbers = schema({ list: t.array("uint8") }, "Numbers");
const score = (points) => new Score().assign({ points });
const list = (state) => state.list.map((entry) => entry.points ?? entry).join();

/** Applies `steps` to the scores 1 to 4, in one patch or in one patch each; returns the array as each side sees it. */
function play(State, entry, patchBetween, ...steps) {
  const server = new State();
  const encoder = new Encoder(server);
  const early = new State();
  const decoder = new Decoder(early);
  const patch = () => {
    decoder.decode(encoder.encode());
    encoder.discardChanges();
  };
  decoder.decode(encoder.encodeAll());
  server.list.push(...[1, 2, 3, 4].map(entry));
  patch();
  for (const step of steps) {
    step(server.list);
    if (patchBetween) patch();
  }
  patch();
  const late = new State();
  new Decoder(late).decode(encoder.encodeAll());
  return { server: list(server), earlyClient: list(early), lateClient: list(late) };
}

const sortScores = (scores) => scores.sort((a, b) => b.points - a.points);
const sortNumbers = (numbers) => numbers.sort((a, b) => b - a);
const pop = (entries) => entries.pop();
const number = (value) => value;
const seen = {
  "sort": play(Scores, score, false, sortScores),
  "push, sort": play(Scores, score, false, (scores) => scores.push(score(9)), sortScores),
  "push, patch, sort": play(Scores, score, true, (scores) => scores.push(score(9)), sortScores),
  "pop, sort": play(Scores, score, false, pop, sortScores),
  "sort, pop": play(Scores, score, false, sortScores, pop),
  "pop, sort of numbers": play(Numbers, number, false, pop, sortNumbers),
};
console.table(seen);
assert.deepEqual(seen, {
  "sort": { server: "4,3,2,1", earlyClient: "4,3,2,1", lateClient: "4,3,2,1" },
  "push, sort": { server: "9,4,3,2,1", earlyClient: "1,4,3,2,1", lateClient: "9,4,3,2,1" },
  "push, patch, sort": { server: "9,4,3,2,1", earlyClient: "9,4,3,2,1", lateClient: "9,4,3,2,1" },
  "pop, sort": { server: "3,2,1", earlyClient: "4,3,2,4", lateClient: "3,2,1" },
  "sort, pop": { server: "4,3,2", earlyClient: "4,3,2,4", lateClient: "4,3,2" },
  "pop, sort of numbers": { server: "3,2,1", earlyClient: "4,3,2", lateClient: "3,2,1" },
});
JS
node run.mjs
echo "As described."
