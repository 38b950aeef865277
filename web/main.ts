// The demo page: puts connection, picture, keys, panels and words together.
import { Announcer } from "./announcer.ts";
import { Connection, type WorldRoom } from "./connection.ts";
import { Controls } from "./controls.ts";
import { byId, write } from "./elements.ts";
import { type Ground, loadGround } from "./ground.ts";
import { Hud } from "./hud.ts";
import type { Lag } from "./lag.ts";
import { LagPanel } from "./lag-panel.ts";
import { messages, onLanguage, speakOwn } from "./language.ts";
import { Minimap } from "./minimap.ts";
import { arrangePanels } from "./panels.ts";
import { PlayersPanel } from "./players-panel.ts";
import { REMEDIES, type Reason } from "./reasons.ts";
import { createScene, type Frame, type WorldScene } from "./scene.ts";
import { Session, type Showing } from "./session.ts";
import { SettingsPanel } from "./settings-panel.ts";
import { exposeTestHook } from "./test-hook.ts";

/** Milliseconds between two looks of the panels at the world. The picture is drawn with every frame. */
const PANELS_MS = 250;
const MINIMAP_MS = 100;

/** The folder the page is in, on whatever host and below whatever path a proxy puts it. */
const base = new URL(".", document.baseURI);
const query = new URLSearchParams(location.search);
const lag: Lag = { roundTripMs: 0, jitterMs: 0 };
const showing: Showing = { predicted: true, ghost: false };

speakOwn();
arrangePanels();
const game = byId("game", HTMLElement);
const news = byId("news", HTMLElement);
const hud = new Hud();
const controls = new Controls(byId("pad", HTMLElement));
const minimap = new Minimap();
const playersPanel = new PlayersPanel();
// A way that has just become longer would be taken for a queue until it is measured.
const lagPanel = new LagPanel(lag, showing, () => session?.roundTrip.forget());
const announcer = new Announcer((sentence) => write(news, sentence));
const grounds = new Map<string, Ground>();
/** The name that was asked for and not given yet. */
let wanted: string | undefined;
let session: Session | undefined;
let scene: WorldScene | undefined;
let ground: Ground | undefined;
let figures: ReturnType<Frame> = new Map();
let reconnects = 0;

// Between two sessions the last picture of the first one stays.
const sceneReady = createScene(game, (now) => {
  if (session) figures = session.frame(now);
  return figures;
});

const connection = new Connection(
  base,
  { name: query.get("name") ?? undefined, map: query.get("map") ?? undefined },
  lag,
  {
    async joined(room) {
      [scene, ground] = await Promise.all([sceneReady, stateOf(room).then(groundOf)]);
      const first = session === undefined;
      session?.end();
      scene.show(ground);
      session = new Session(room, ground.map, controls, showing, () => hud.stepped());
      if (wanted === undefined && !first) reconnects++;
      announcer.reset(wanted && messages().nameChanged(wanted));
      if (wanted !== undefined) keepName(wanted);
      wanted = undefined;
      hud.back();
      lookAround();
    },
    reconnected() {
      reconnects++;
      hud.back();
    },
    apart(reason, error) {
      console.info(`not in a room: ${reason}`, ...(error === undefined ? [] : [error]));
      hud.apart(() => messages().reasons[reason], helpFor(reason));
    },
    nameRefused() {
      wanted = undefined;
      settings.explain(() => messages().reasons.badName);
    },
  },
);
const settings = new SettingsPanel((name) => {
  wanted = name;
  connection.rename(name);
});

exposeTestHook({ session: () => session, reconnects: () => reconnects, view: () => scene?.view });
connection.open();
onLanguage(lookAround);
setInterval(lookAround, PANELS_MS);
setInterval(() => {
  if (scene && ground) minimap.draw(ground, figures.values(), scene.view);
}, MINIMAP_MS);

// Leaving tells the server; a tab that is only closed would stand around in the world for a while.
addEventListener("pagehide", () => {
  connection.close();
  session?.end();
});
// Brought back from the browser's cache of pages, with everything in it but the connection.
addEventListener("pageshow", (event) => {
  if (event.persisted) connection.open();
});

/** The room's state, as soon as the own player is in it: right after a join there is none yet. */
function stateOf(room: WorldRoom): Promise<WorldRoom["state"]> {
  return new Promise((resolve, reject) => {
    const look = (state: WorldRoom["state"]) => {
      if (state.players?.has(room.sessionId)) resolve(state);
    };
    look(room.state);
    room.onStateChange(look);
    room.onLeave(() => reject(new Error("the room was left before its state came")));
  });
}

async function groundOf({ map }: { map: string }): Promise<Ground> {
  const ground = grounds.get(map) ?? (await loadGround(map, base));
  grounds.set(map, ground);
  return ground;
}

/** The button that goes with a reason, if there is something that the player can do about it. */
function helpFor(reason: Reason): { label: () => string; accept: () => void } | undefined {
  const remedy = REMEDIES[reason];
  if (remedy === "reload") return { label: () => messages().reload, accept: () => location.reload() };
  if (remedy !== "join") return undefined;
  const label = () => (reason === "takenOver" ? messages().playHere : messages().joinAgain);
  return { label, accept: () => connection.open() };
}

/** Shows and tells what is around. */
function lookAround(): void {
  if (!session?.connected || !session.confirmed) return;
  const { room, roundTrip, confirmed } = session;
  const { players, map } = room.state;
  hud.showStatus({ players: players.size, roundTrip: roundTrip.last, map });
  playersPanel.show(room.sessionId, confirmed, players);
  lagPanel.show(session);
  settings.show(players.get(room.sessionId)?.name ?? "");
  announcer.look(room.sessionId, players, map, performance.now());
}

/** An address that names somebody would bring the old name back when it is loaded again. */
function keepName(name: string): void {
  if (!query.has("name")) return;
  query.set("name", name);
  history.replaceState(null, "", `?${query}`);
}
