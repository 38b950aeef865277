// The replay page: opens a recording, computes the world from it as the server did, and shows the result.
import { checkFit, RecordingError, readRecording } from "../replay/format.ts";
import { TICK_HZ } from "../sim/rules.ts";
import { byId, write } from "./elements.ts";
import { loadGround } from "./ground.ts";
import { currentLanguage, initLanguage, type Language } from "./language.ts";
import { Playback, SPEEDS } from "./playback.ts";
import { REPLAY_TEXTS } from "./replay-texts.ts";
import { createScene, type Frame } from "./scene.ts";

type Figures = Map<string, ReturnType<Frame> extends ReadonlyMap<string, infer Figure> ? Figure : never>;

const base = new URL(".", document.baseURI);
initLanguage();
const language = currentLanguage();
const texts = REPLAY_TEXTS[language];
const game = byId("game", HTMLElement);
const notice = byId("notice", HTMLElement);
const status = byId("status", HTMLElement);
const controls = byId("player", HTMLElement);
const play = byId("play", HTMLButtonElement);
const bar = byId("bar", HTMLInputElement);
const clock = byId("clock", HTMLOutputElement);
const speed = byId("speed", HTMLSelectElement);
const follow = byId("follow", HTMLSelectElement);
const file = byId("file", HTMLInputElement);

let playback: Playback | undefined;
/** The id of the player that the camera follows: the chosen player, or another one while the chosen one is absent. */
let followed: string | undefined;
/** The id of the player that the user has chosen to follow; empty if the user has not chosen one. */
let chosen = "";
/**
 * The number of files opened so far. If several files load at the same time, the page shows only the file that was
 * opened last.
 */
let opened = 0;
let lastFrame = performance.now();

const scene = createScene(game, (now) => {
  playback?.advance(now - lastFrame);
  lastFrame = now;
  return playback ? figuresOf(playback) : new Map();
});

writeTexts();
wire();
Object.defineProperty(window, "sabangReplay", { value: hook() });
setInterval(updateFollow, 500);

/** Opens a file and plays it. */
async function open(given: File | undefined): Promise<void> {
  if (!given) return;
  const thisOne = ++opened;
  say(texts.loading);
  try {
    const recording = readRecording(new Uint8Array(await given.arrayBuffer()));
    const ground = await loadGround(recording.header.map, base);
    checkFit(recording, ground.map, { truncated: true });
    const next = new Playback(recording, ground.map);
    const picture = await scene;
    if (thisOne !== opened) return;
    picture.show(ground);
    playback = next;
    playback.speed = Number(speed.value);
    playback.playing = true;
    chosen = "";
    bar.max = String(next.ticks);
    document.body.classList.add("open");
    controls.hidden = false;
    const { incident } = recording.header;
    if (recording.truncated) say(texts.cutOff);
    else say("", incident && `${incident.player} ${incident.fault}`);
    play.focus();
  } catch (error) {
    if (thisOne !== opened) return;
    if (error instanceof RecordingError) say(texts.hindrances[error.hindrance], texts.detail(error), language);
    else say(texts.unreadable, (error as Error).message);
  }
}

/** Returns the figures to draw in this frame, and updates the controls. */
function figuresOf(shown: Playback): Figures {
  const bodies = shown.bodies();
  const before = followed;
  followed = bodies.has(chosen) ? chosen : followed && bodies.has(followed) ? followed : bodies.keys().next().value;
  const figures: Figures = new Map();
  for (const [id, body] of bodies) figures.set(id, { id, ...body, own: id === followed });
  // The followed player has a ring, and the scene cannot add a ring to a character or remove it later. When the
  // followed player changes, this frame leaves out the old and the new followed player. The scene then creates their
  // characters again in the next frame.
  if (before !== followed && before !== undefined) figures.delete(before);
  if (before !== followed && before !== undefined && followed !== undefined) figures.delete(followed);
  showTime(shown, bodies.size);
  return figures;
}

function showTime({ time, ticks, playing, trouble }: Playback, players: number): void {
  // The bar is not updated while the user drags it.
  if (!bar.matches(":active")) bar.value = String(Math.floor(time));
  write(clock, `${formatTime(time)} / ${formatTime(ticks)}`);
  bar.setAttribute("aria-valuetext", formatTime(time));
  write(play, playing ? texts.pause : texts.play);
  write(status, texts.players(players));
  if (trouble) say(texts.differs, trouble);
}

/** Updates the list of players to follow if the players have changed. Does nothing while the list has the focus. */
function updateFollow(): void {
  if (!playback || follow.matches(":focus")) return;
  const bodies = [...playback.bodies()].sort(([, one], [, other]) =>
    one.name.localeCompare(other.name, language, { numeric: true }),
  );
  const ids = bodies.map(([id]) => id).join();
  if (ids !== follow.dataset.ids) {
    follow.dataset.ids = ids;
    follow.replaceChildren(...bodies.map(([id, { name }]) => new Option(name, id)));
    if (bodies.length === 0) follow.add(new Option(texts.noPlayers, ""));
  }
  follow.value = followed ?? "";
}

/**
 * Shows a notice.
 * @param detailLanguage the language of the detail. Errors from the browser and from the replay are in English.
 */
function say(sentence: string, detail = "", detailLanguage: Language = "en"): void {
  const text = `${sentence}\n${detail}`;
  if (notice.dataset.text === text) return;
  notice.dataset.text = text;
  const small = document.createElement("small");
  small.lang = detailLanguage;
  small.textContent = detail;
  notice.replaceChildren(sentence, ...(detail ? [small] : []));
}

/** Writes the texts that never change. */
function writeTexts(): void {
  document.title = `sabang 사방 · ${texts.title}`;
  const constant = {
    title: texts.title,
    choose: texts.choose,
    drop: texts.drop,
    another: texts.another,
    "speed-label": texts.speed,
    "follow-label": texts.follow,
  };
  for (const [id, text] of Object.entries(constant)) write(byId(id, HTMLElement), text);
  bar.setAttribute("aria-label", texts.time);
  for (const times of SPEEDS) speed.add(new Option(`${times}×`, String(times)));
}

function wire(): void {
  file.addEventListener("change", () => {
    void open(file.files?.[0]);
    // Clears the choice, so that choosing the same file again causes another event.
    file.value = "";
  });
  byId("another", HTMLElement).addEventListener("click", () => file.click());
  play.addEventListener("click", toggle);
  bar.addEventListener("input", () => playback?.seek(Number(bar.value)));
  speed.addEventListener("change", () => {
    if (playback) playback.speed = Number(speed.value);
  });
  follow.addEventListener("change", () => {
    chosen = follow.value;
    follow.blur();
  });
  addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dragging");
  });
  for (const end of ["dragleave", "drop"]) {
    addEventListener(end, () => document.body.classList.remove("dragging"));
  }
  addEventListener("drop", (event) => {
    event.preventDefault();
    void open(event.dataTransfer?.files[0]);
  });
  addEventListener("keydown", (event) => {
    // Buttons and lists use the space bar themselves.
    if (event.code === "Space" && (event.target === document.body || event.target === bar)) {
      event.preventDefault();
      toggle();
    }
  });
}

function toggle(): void {
  if (!playback) return;
  // At the end, playback starts over.
  if (!playback.playing && playback.time >= playback.ticks) playback.seek(0);
  playback.playing = !playback.playing;
}

function formatTime(ticks: number): string {
  const seconds = Math.floor(ticks / TICK_HZ);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** The state of this page that tests read, as `window.sabangReplay`. */
export interface ReplayHook {
  /** The position in the recording, in ticks; undefined until a recording is open. */
  readonly time: number | undefined;
  /** The length of the recording, in ticks; undefined until a recording is open. */
  readonly ticks: number | undefined;
  readonly playing: boolean;
  readonly followed: string | undefined;
  readonly trouble: string | undefined;
  /** The drawn positions of all players. */
  readonly players: Record<string, { x: number; y: number }>;
}

function hook(): ReplayHook {
  return {
    get time() {
      return playback?.time;
    },
    get ticks() {
      return playback?.ticks;
    },
    get playing() {
      return playback?.playing ?? false;
    },
    get followed() {
      return followed;
    },
    get trouble() {
      return playback?.trouble;
    },
    get players() {
      const bodies = playback?.bodies() ?? new Map<string, { x: number; y: number }>();
      return Object.fromEntries([...bodies].map(([id, { x, y }]) => [id, { x, y }]));
    },
  };
}
