// The demo page: wires the connection, the scene, the controls, the panels and the texts together.
import { onPageLeft } from "../client/page.ts";
import { Announcer } from "./announcer.ts";
import { Chat } from "./chat.ts";
import { measureClearArea } from "./clear-area.ts";
import { Connection, type WorldRoom } from "./connection.ts";
import { Controls } from "./controls.ts";
import { byId, write } from "./elements.ts";
import { type Ground, loadGround } from "./ground.ts";
import { type Action, Hud, type MapLink } from "./hud.ts";
import { Invitation } from "./invitation.ts";
import type { Lag } from "./lag.ts";
import { LagPanel } from "./lag-panel.ts";
import { initLanguage, messages, onLanguage } from "./language.ts";
import { latencyText } from "./latency-text.ts";
import { Loading } from "./loading.ts";
import { keepLook, keptLook } from "./look-chooser.ts";
import { MapChooser } from "./map-chooser.ts";
import { Minimap } from "./minimap.ts";
import { MutedPlayers } from "./muted-players.ts";
import { arrangePad } from "./pad-side.ts";
import { arrangePanels } from "./panels.ts";
import { PlayersPanel } from "./players-panel.ts";
import { IncompletePageError, REMEDIES, type Reason } from "./reasons.ts";
import { arrangeRenderer } from "./renderer.ts";
import type { Frame, WorldScene } from "./scene.ts";
import { clickForSecondFingers } from "./second-finger.ts";
import { type DisplayOptions, Session } from "./session.ts";
import { type PlayerChoice, SettingsPanel } from "./settings-panel.ts";
import { exposeTestHook } from "./test-hook.ts";
import { isWindowPlayer } from "./window-player.ts";

/** Milliseconds between two updates of the panels, and between two updates of the minimap. */
const PANELS_MS = 250;
const MINIMAP_MS = 100;

/** The URL of the page's folder. A proxy may serve it on any host and below any path. */
const base = new URL(".", document.baseURI);
const query = new URLSearchParams(location.search);
const lag: Lag = { roundTripMs: 0, jitterMs: 0 };
const display: DisplayOptions = { predicted: true, ghost: false };

initLanguage();
arrangePanels();
arrangePad();
arrangeRenderer();
clickForSecondFingers();
const loading = new Loading();
const game = byId("game", HTMLElement);
const news = byId("news", HTMLElement);
const hud = new Hud();
const controls = new Controls(byId("pad", HTMLElement));
const minimap = new Minimap();
// After a change of the simulated lag, the earlier measurements of the round trip are discarded. If the page kept them,
// it would mistake the added lag for a queue of inputs on the server.
const lagPanel = new LagPanel(lag, display, () => session?.roundTrip.forget());
const announcer = new Announcer((sentence) => write(news, sentence));
const muted = new MutedPlayers(tabStorage());
const chat = new Chat(
  muted,
  () => controls.releaseAll(),
  (sentence) => announcer.said(sentence),
);
const playersPanel = new PlayersPanel(muted, (id) => chat.toggleMute(id));
const invitation = new Invitation(base);
const grounds = new Map<string, Ground>();
/** The name or look that the player has asked for, until the server has accepted or refused it. */
let requested: PlayerChoice | undefined;
let session: Session | undefined;
let scene: WorldScene | undefined;
let ground: Ground | undefined;
let figures: ReturnType<Frame> = new Map();
let reconnects = 0;

const sceneReady = loadScene();

const connection = new Connection(
  base,
  {
    name: query.get("name") ?? undefined,
    map: query.get("map") ?? undefined,
    friend: query.get("friend") ?? undefined,
    look: isWindowPlayer() ? undefined : keptLook(),
  },
  lag,
  {
    async joined(room, isRecovery) {
      const before = ground?.map.name;
      const state = loading.track(stateOf(room));
      [scene, ground] = await Promise.all([sceneReady, loading.track(state.then(groundOf))]);
      const first = session === undefined;
      session?.end();
      scene.show(ground);
      session = new Session(room, ground.map, controls, display, {
        stepped: () => hud.stepped(),
        stalled: () => hud.showDisconnected(() => messages().reasons.lost),
        recovered: () => hud.showConnected(),
      });
      chat.enter(room);
      invitation.enter(room);
      if (isRecovery && !first) reconnects++;
      announcer.reset(requested?.name && messages().nameChanged(requested.name));
      if (requested?.name !== undefined && query.has("name")) updateUrl("name", requested.name);
      maps.show(ground.map.name);
      void maps.load();
      // After a change of the map, or after a join beside a friend, the page's URL must name the map of this room, so
      // that a reload stays on this map.
      const isInvited = query.has("friend");
      query.delete("friend");
      if (isInvited || (before !== undefined && before !== ground.map.name)) updateUrl("map", ground.map.name);
      if (requested) settings.showError(() => "");
      requested = undefined;
      if (!isWindowPlayer()) keepLook(room.state.players.get(room.sessionId)!.look);
      loading.done();
      hud.showConnected();
      updatePanels();
    },
    invitationEnded() {
      hud.showNotice(() => messages().invitationEnded);
    },
    reconnected() {
      reconnects++;
      hud.showConnected();
    },
    disconnected(reason, { error, note }) {
      console.info(`not in a room: ${reason}`, ...(error === undefined ? [] : [error]));
      const message = () => (note === undefined ? messages().reasons[reason] : messages().kickedFor(note));
      hud.showDisconnected(message, ...actionsFor(reason));
      if (reason === "unknownMap") void maps.load().then((names) => hud.offerMaps(message, names.map(linkTo)));
    },
    changeFailed(reason) {
      if (REMEDIES[reason] !== "wait") requested = undefined;
      settings.showError(() => messages().reasons[reason]);
    },
    mapRefused() {
      hud.showNotice(() => messages().mapRefused);
      if (ground) maps.show(ground.map.name);
    },
  },
);
const settings = new SettingsPanel((choice) => {
  requested = { ...requested, ...choice };
  connection.change(choice);
});
const maps = new MapChooser(base, (map) => {
  connection.changeMap(map);
  // If the list kept the focus, the arrow keys would choose the next map instead of moving the player.
  game.focus({ preventScroll: true });
});

exposeTestHook({ session: () => session, reconnects: () => reconnects, view: () => scene?.view });
connection.open();
sceneReady.then(({ events }) => events.on("postupdate", () => scene && chat.draw(figures, scene.view)));
onLanguage(updatePanels);
setInterval(updatePanels, PANELS_MS);
setInterval(() => {
  if (scene && ground) minimap.draw(ground, figures, scene.view);
}, MINIMAP_MS);

// The page leaves the room before it closes, so that the server does not hold the player's seat for a reconnection.
onPageLeft(
  () => {
    connection.close();
    session?.end();
  },
  () => connection.open(),
);

/** Returns the storage of the browser's tab; undefined if the browser does not let the page use it. */
function tabStorage(): Storage | undefined {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
}

/**
 * Loads Phaser, the largest part of the page, and draws the scene with it. The page joins a room at the same time.
 * @throws {IncompletePageError} if Phaser cannot be loaded.
 */
async function loadScene(): Promise<WorldScene> {
  const engine = import("./scene.ts").catch((cause) => {
    throw new IncompletePageError("the engine cannot be loaded", { cause });
  });
  const { createScene } = await loading.track(engine);
  // Between two sessions, the last figures of the previous session stay visible.
  return createScene(game, (now) => {
    if (session) figures = session.frame(now);
    return figures;
  });
}

/** Resolves with the room's state once it contains the user's player. Right after a join the state is still empty. */
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
  const ground = await loadGround(map, base, grounds.get(map));
  grounds.set(map, ground);
  return ground;
}

/** Returns the banner's buttons for a reason; none if the player cannot do anything about it. */
function actionsFor(reason: Reason): Action[] {
  const remedy = REMEDIES[reason];
  if (remedy === "reload") return [{ label: () => messages().reload, run: () => location.reload() }];
  if (remedy !== "join") return [];
  const open = () => connection.open();
  if (reason !== "takenOver") return [{ label: () => messages().joinAgain, run: open }];
  return [
    { label: () => messages().playHere, run: open },
    { label: () => messages().joinAsOther, run: () => connection.openAsWindow() },
  ];
}

/** Updates the status line, the panels and the announcements, and tells the scene which part of the screen is clear. */
function updatePanels(): void {
  if (scene) scene.clearArea = measureClearArea();
  if (!session?.connected || !session.confirmed) return;
  const { room, roundTrip, confirmed } = session;
  const { players, map } = room.state;
  hud.showStatus({ others: roundTrip.isSilent ? undefined : players.size - 1, latency: latencyText(roundTrip), map });
  playersPanel.show(room.sessionId, confirmed, players);
  lagPanel.show(session);
  const self = players.get(room.sessionId);
  if (self) settings.show(self);
  announcer.update(room.sessionId, players, map, performance.now());
}

/** Returns a link that opens the page on a map, and keeps the other options of the page's URL. */
function linkTo(map: string): MapLink {
  const options = new URLSearchParams(query);
  options.set("map", map);
  return { map, href: `?${options}` };
}

/** Changes an option in the page's URL. Otherwise a reload would restore the old value. */
function updateUrl(option: "name" | "map", value: string): void {
  query.set(option, value);
  history.replaceState(null, "", `?${query}`);
}
