// All texts of the page in English. The other languages have the same keys.
import type { Bearing } from "./neighbours.ts";
import type { Reason } from "./reasons.ts";

const number = new Intl.NumberFormat("en");
const plural = new Intl.PluralRules("en");

/** Returns an amount with the singular or plural of a noun. */
export function count(amount: number, one: string, other: string): string {
  return `${number.format(amount)} ${plural.select(amount) === "one" ? one : other}`;
}

const reasons: Record<Reason, string> = {
  lost: "Connection lost. Reconnecting…",
  restarting: "The server is restarting. You will be back in a moment…",
  full: "The server is busy right now. Trying again…",
  storeUnavailable: "Your saved position is unavailable right now. Trying again…",
  tooMany: "Too many joins from your network. Trying again…",
  takenOver: "You are playing in another window.",
  flooding: "You were disconnected because you sent too many messages.",
  slowConsumer: "You were disconnected because your connection could not keep up.",
  idle: "You were disconnected because you did not move for a long time.",
  outdated: "A new version of this page is available.",
  badName: "This name is not allowed. A name has 1 to 24 characters.",
  unknownMap: "There is no map with this name.",
  badMap: "This map cannot be displayed.",
  foreignSite: "This website is not allowed to connect to this server.",
  refused: "The server refused the connection.",
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
  game: "The game world, seen from above. Walk with the arrow keys or W, A, S and D.",
  or: "or",
  toWalk: "to walk",
  thumb: "slide your thumb on the pad to walk",
  panels: "Panels",
  map: "Map",
  minimap: "The whole map, with you in gold, the players in sight, and the area that the screen shows.",
  players: "Players",
  nearest: "Nearest players",
  noPlayers: "No other players in sight.",
  more: (others: number) => `and ${count(others, "other", "others")}`,
  steps: (steps: number) => count(steps, "step", "steps"),
  stepsShort: (steps: number) => number.format(steps),
  inSight: (players: number) => `${number.format(players)} in sight`,
  milliseconds: (amount: number) => `${number.format(Math.round(amount))} ms`,
  joined: (players: number, map: string) =>
    `You are on the map ${map}. ${count(players, "player", "players")} in sight.`,
  came: (name: string) => `${name} came into sight.`,
  cameMany: (players: number) => `${number.format(players)} players came into sight.`,
  gone: (name: string) => `${name} went out of sight.`,
  goneMany: (players: number) => `${number.format(players)} players went out of sight.`,
  lag: "Lag",
  lagIntro: "Slow down your own connection, and see how prediction hides the delay.",
  roundTrip: "Added round trip",
  jitter: "Jitter",
  predict: "Move immediately (prediction)",
  ghost: "Ghost: the server’s view",
  measured: "Round trip",
  unacknowledged: "Inputs in flight",
  ahead: "Ahead of the server",
  corrected: "Corrected so far",
  units: (units: number) => count(Math.round(units), "unit", "units"),
  settings: "Settings",
  name: "Your name",
  change: "Change",
  nameChanged: (name: string) => `You are now called ${name}.`,
  language: "Language",
  connected: "Connected",
  reload: "Reload",
  playHere: "Play here",
  joinAgain: "Join again",
};

export type Messages = typeof en;
