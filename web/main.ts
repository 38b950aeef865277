// The demo page: wires the connection, the scene, the controls, the panels and the texts together.
import { Announcer } from "./announcer.ts";
import { Connection, type WorldRoom } from "./connection.ts";
import { Controls } from "./controls.ts";
import { byId, write } from "./elements.ts";
import { type Ground, loadGround } from "./ground.ts";
import { Hud } from "./hud.ts";
import type { Lag } from "./lag.ts";
import { LagPanel } from "./lag-panel.ts";
import { initLanguage, messages, onLanguage } from "./language.ts";
import { Minimap } from "./minimap.ts";
import { arrangePanels } from "./panels.ts";
import { PlayersPanel } from "./players-panel.ts";
import { REMEDIES, type Reason } from "./reasons.ts";
import { createScene, type Frame, type WorldScene } from "./scene.ts";
import { type DisplayOptions, Session } from "./session.ts";
import { SettingsPanel } from "./settings-panel.ts";
import { exposeTestHook } from "./test-hook.ts";

/** Milliseconds between two updates of the panels. The scene is drawn in every frame. */
const PANELS_MS = 250;
const MINIMAP_MS = 100;

/** The URL of the page's folder. A proxy may serve it on any host and below any path. */
const base = new URL(".", document.baseURI);
const query = new URLSearchParams(location.search);
const lag: Lag = { roundTripMs: 0, jitterMs: 0 };
const display: DisplayOptions = { predicted: true, ghost: false };

initLanguage();
arrangePanels();
const game = byId("game", HTMLElement);
const news = byId("news", HTMLElement);
const hud = new Hud();
const controls = new Controls(byId("pad", HTMLElement));
const minimap = new Minimap();
const playersPanel = new PlayersPanel();
// The measurements so far are discarded: compared with them, a longer round trip would look like a queue on the server.
const lagPanel = new LagPanel(lag, display, () => session?.roundTrip.forget());
const announcer = new Announcer((sentence) => write(news, sentence));
const grounds = new Map<string, Ground>();
/** The name that the player has asked for, until the server has accepted or refused it. */
let requestedName: string | undefined;
let session: Session | undefined;
let scene: WorldScene | undefined;
let ground: Ground | undefined;
let figures: ReturnType<Frame> = new Map();
let reconnects = 0;

// Between two sessions, the last figures of the previous session stay visible.
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
      session = new Session(room, ground.map, controls, display, () => hud.stepped());
      if (requestedName === undefined && !first) reconnects++;
      announcer.reset(requestedName && messages().nameChanged(requestedName));
      if (requestedName !== undefined) updateUrl(requestedName);
      requestedName = undefined;
      hud.showConnected();
      updatePanels();
    },
    reconnected() {
      reconnects++;
      hud.showConnected();
    },
    disconnected(reason, error) {
      console.info(`not in a room: ${reason}`, ...(error === undefined ? [] : [error]));
      hud.showDisconnected(() => messages().reasons[reason], actionFor(reason));
    },
    nameRefused() {
      requestedName = undefined;
      settings.showError(() => messages().reasons.badName);
    },
  },
);
const settings = new SettingsPanel((name) => {
  requestedName = name;
  connection.rename(name);
});

exposeTestHook({ session: () => session, reconnects: () => reconnects, view: () => scene?.view });
connection.open();
onLanguage(updatePanels);
setInterval(updatePanels, PANELS_MS);
setInterval(() => {
  if (scene && ground) minimap.draw(ground, figures.values(), scene.view);
}, MINIMAP_MS);

// The page leaves explicitly. Otherwise the server would hold the player's seat for some time.
addEventListener("pagehide", () => {
  connection.close();
  session?.end();
});
// The page was restored from the browser's back/forward cache, without its connection.
addEventListener("pageshow", (event) => {
  if (event.persisted) connection.open();
});

/** Resolves with the room's state once it contains the own player. Right after a join the state is still empty. */
function stateOf(room: WorldRoom): Promise<WorldRoom["state"]> {
  return new Promise((resolve, reject) => {
    const check = (state: WorldRoom["state"]) => {
      if (state.players?.has(room.sessionId)) resolve(state);
    };
    check(room.state);
    room.onStateChange(check);
    room.onLeave(() => reject(new Error("the connection closed before the room's state arrived")));
  });
}

async function groundOf({ map }: { map: string }): Promise<Ground> {
  const ground = grounds.get(map) ?? (await loadGround(map, base));
  grounds.set(map, ground);
  return ground;
}

/** Returns the banner's button for a reason; undefined if the player cannot do anything about it. */
function actionFor(reason: Reason): { label: () => string; run: () => void } | undefined {
  const remedy = REMEDIES[reason];
  if (remedy === "reload") return { label: () => messages().reload, run: () => location.reload() };
  if (remedy !== "join") return undefined;
  const label = () => (reason === "takenOver" ? messages().playHere : messages().joinAgain);
  return { label, run: () => connection.open() };
}

/** Updates the status line, the panels and the announcements. */
function updatePanels(): void {
  if (!session?.connected || !session.confirmed) return;
  const { room, roundTrip, confirmed } = session;
  const { players, map } = room.state;
  hud.showStatus({ players: players.size, roundTrip: roundTrip.last, map });
  playersPanel.show(room.sessionId, confirmed, players);
  lagPanel.show(session);
  settings.show(players.get(room.sessionId)?.name ?? "");
  announcer.update(room.sessionId, players, map, performance.now());
}

/** Replaces a name in the page's URL by the new one. Otherwise a reload would bring the old name back. */
function updateUrl(name: string): void {
  if (!query.has("name")) return;
  query.set("name", name);
  history.replaceState(null, "", `?${query}`);
}
