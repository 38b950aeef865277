// Everything the page says, in English. What it can say at all is declared here; the other languages say the same.
import type { Bearing } from "./neighbours.ts";
import type { Reason } from "./reasons.ts";

const number = new Intl.NumberFormat("en");
const plural = new Intl.PluralRules("en");

/** An amount of something, as English counts. */
export function count(amount: number, one: string, other: string): string {
  return `${number.format(amount)} ${plural.select(amount) === "one" ? one : other}`;
}

const reasons: Record<Reason, string> = {
  lost: "connection lost, reconnecting…",
  restarting: "The server restarts. You will be back in a moment…",
  full: "The server takes in nobody new at the moment. Trying again…",
  storeUnavailable: "Your saved position is unavailable at the moment. Trying again…",
  tooMany: "Too many joins from your network. Trying again…",
  takenOver: "You play on in another window.",
  flooding: "You sent more than the server takes.",
  slowConsumer: "Your connection could not keep up.",
  idle: "You stood still for a long time, so you were taken out.",
  outdated: "There is a new version of this page.",
  badName: "Nobody can have that name. A name has 1 to 24 characters.",
  unknownMap: "There is no map of that name.",
  badMap: "This map cannot be shown.",
  foreignSite: "Pages of this site may not join this server.",
  refused: "The server did not let you in.",
};

const bearings: Record<Bearing, string> = {
  right: "to the right",
  downRight: "below, to the right",
  down: "below",
  downLeft: "below, to the left",
  left: "to the left",
  upLeft: "above, to the left",
  up: "above",
  upRight: "above, to the right",
  here: "right here",
};

export const en = {
  ownName: "English",
  reasons,
  bearings,
  game: "The world, seen from above. Arrow keys or W, A, S and D walk.",
  or: "or",
  toWalk: "to walk",
  thumb: "slide your thumb on the pad to walk",
  panels: "Panels",
  map: "Map",
  minimap: "The whole map: you in gold, the players in sight, and the part that the screen shows.",
  players: "Players",
  nearest: "The nearest players",
  nobody: "Nobody else is in sight.",
  more: (others: number) => `and ${count(others, "other", "others")}`,
  steps: (steps: number) => count(steps, "step", "steps"),
  stepsShort: (steps: number) => number.format(steps),
  inSight: (players: number) => `${number.format(players)} in sight`,
  milliseconds: (amount: number) => `${number.format(Math.round(amount))} ms`,
  joined: (players: number, map: string) =>
    `You are on the map ${map}. ${count(players, "player", "players")} in sight.`,
  came: (name: string) => `${name} came into sight.`,
  cameMany: (players: number) => `${number.format(players)} players came into sight.`,
  gone: (name: string) => `${name} is out of sight.`,
  goneMany: (players: number) => `${number.format(players)} players are out of sight.`,
  lag: "Lag",
  lagIntro: "Make your own network slow, and see what prediction does about it.",
  roundTrip: "Round trip, added",
  jitter: "Jitter",
  predict: "Move at once (prediction)",
  ghost: "Ghost: the server’s view",
  measured: "Round trip",
  unacknowledged: "Inputs under way",
  ahead: "Ahead of the server",
  corrected: "Corrected so far",
  units: (units: number) => count(Math.round(units), "unit", "units"),
  settings: "Settings",
  name: "Your name",
  change: "Change",
  nameChanged: (name: string) => `You are ${name} now.`,
  language: "Language",
  back: "back",
  reload: "Reload",
  playHere: "Play here",
  joinAgain: "Join again",
};

export type Messages = typeof en;
