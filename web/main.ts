// The demo page: puts connection, picture, keys and words together.
import { Connection, type WorldRoom } from "./connection.ts";
import { Controls } from "./controls.ts";
import { type Ground, loadGround } from "./ground.ts";
import { Hud } from "./hud.ts";
import { createScene, type Frame } from "./scene.ts";
import { Session } from "./session.ts";
import { exposeTestHook } from "./test-hook.ts";

const LOST = "connection lost, reconnecting…";
const ELSEWHERE = "You play on in another window.";

/** The folder the page is in, on whatever host and below whatever path a proxy puts it. */
const base = new URL(".", document.baseURI);
const query = new URLSearchParams(location.search);
const hud = new Hud();
const controls = new Controls(document.getElementById("pad")!);
const grounds = new Map<string, Ground>();
let session: Session | undefined;
let figures: ReturnType<Frame> = new Map();
let reconnects = 0;

// Between two sessions the last picture of the first one stays.
const sceneReady = createScene(document.getElementById("game")!, (now) => {
  if (session) figures = session.frame(now);
  return figures;
});

const connection = new Connection(
  base,
  { name: query.get("name") ?? undefined, map: query.get("map") ?? undefined },
  {
    async joined(room) {
      const [scene, ground] = await Promise.all([sceneReady, stateOf(room).then(groundOf)]);
      const first = session === undefined;
      session?.end();
      scene.show(ground);
      session = new Session(room, ground.map, controls, () => hud.stepped());
      if (!first) reconnects++;
      showStatus();
      hud.back();
    },
    apart: () => hud.apart(LOST),
    reconnected() {
      reconnects++;
      hud.back();
    },
    refused: (sentence) => hud.apart(sentence),
    takenOver: () => hud.offer(ELSEWHERE, "Play here", () => connection.open()),
  },
);

exposeTestHook(
  () => session,
  () => reconnects,
);
connection.open();
setInterval(showStatus, 1000);

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

function showStatus(): void {
  if (!session?.connected) return;
  const { players, map } = session.room.state;
  hud.showStatus({ players: players.size, roundTrip: session.roundTrip.last, map });
}
