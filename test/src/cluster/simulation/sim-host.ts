// The simulated rooms of an authority: the real world on a small map, sessions with tokens, and held seats.

import { invariantViolation } from "../../../../sim/invariants.ts";
import type { WorldMap } from "../../../../sim/map.ts";
import { type SeededRandom, seededRandom } from "../../../../sim/random.ts";
import { World } from "../../../../sim/world.ts";
import type { Content, Host, HostLink, ProcessId } from "../../../../src/cluster/core/ports.ts";
import { directionOfFrame, frameOf, numberOfFrame } from "./frames.ts";
import type { Oracle } from "./oracle.ts";
import {
  applyState,
  emptyState,
  encodeState,
  fingerprint,
  fingerprintOfPlayer,
  type NumberedInput,
  numberOf,
  type PlayerState,
  type RoomState,
} from "./state.ts";

/** Ticks for which a lost connection's seat is held: 20 s. */
const HELD_TICKS = 400;

/** Close codes of the rooms. */
const REPLACED_CODE = 4006;
const CONSENTED_CODE = 4000;

interface SimHostOptions {
  readonly process: ProcessId;
  readonly link: HostLink;
  readonly epoch: number;
  readonly rooms: Uint8Array | undefined;
  readonly map: WorldMap;
  readonly oracle: Oracle;
  readonly now: () => number;
  readonly seed: number;
  /** Returns a new token. */
  readonly makeToken: () => number;
  /** Returns the time at which a connection was opened. */
  readonly openedAt: (connection: number) => number;
  /** Called with the changes that the host is about to publish, and the fingerprint of the rooms. */
  readonly onPublish: (changes: Uint8Array, rooms: number) => void;
}

/** The rooms of one authority. */
export class SimHost implements Host {
  readonly #options: SimHostOptions;
  readonly #state: RoomState;
  readonly #random: SeededRandom;
  readonly #world: World;
  /** The fingerprint of each player as it was last published. */
  readonly #published = new Map<string, number>();
  /** Requests that are answered in the next tick. */
  #later: (() => void)[] = [];
  #gone: string[] = [];
  isEnded = false;

  constructor(options: SimHostOptions) {
    this.#options = options;
    this.#state = emptyState(options.seed);
    if (options.rooms) applyState(this.#state, options.rooms);
    this.#random = seededRandom(this.#state.random);
    this.#world = new World(options.map, this.#random);
    this.#world.restore(
      [...this.#state.players.values()].map(({ session: id, x, y, facing, moves, cooldown, idleTicks }) => ({
        id,
        body: { x, y, facing },
        moves: [...moves],
        cooldown,
        idleTicks,
      })),
    );
    for (const player of this.#state.players.values()) this.#published.set(player.session, fingerprintOfPlayer(player));
  }

  request(from: ProcessId, content: Content, answer: (content: Content) => void): void {
    const handle = () => answer(content.type === "join" ? this.#join(from, content) : this.#connect(from, content));
    // Sends some answers later, as real rooms do.
    if ((content.number as number) % 3 === 0) this.#later.push(handle);
    else handle();
  }

  deliver(session: string, frame: Uint8Array): void {
    const player = this.#state.players.get(session);
    if (!player) return;
    const number = numberOfFrame(frame);
    const isNext = player.taken === 0 || number === player.queued + 1;
    const isExcused = this.#options.oracle.hasRolledBackSince(this.#options.openedAt(player.connection));
    if (number <= player.queued || (!isNext && !isExcused))
      this.#options.oracle.fail(`${session} has input ${number} after ${player.queued}`);
    player.queued = number;
    player.taken++;
    player.previousToken = 0;
    const input: NumberedInput = { direction: directionOfFrame(frame), number };
    this.#world.queueMove(session, input);
  }

  disconnect(session: string, code: number): void {
    const player = this.#state.players.get(session);
    if (!player) return;
    if (code === CONSENTED_CODE) this.#end(session);
    else player.heldUntil = this.#state.tick + HELD_TICKS;
  }

  end(): void {
    this.isEnded = true;
  }

  /** Runs one tick of the rooms, and then publishes the changes. */
  tick(): void {
    const { process, epoch, oracle, map, link, onPublish } = this.#options;
    const state = this.#state;
    oracle.ticks(process, epoch, ++state.tick);
    for (const handle of this.#later.splice(0)) handle();
    const before = new Map<string, { x: number; y: number; first: NumberedInput | undefined; count: number }>();
    for (const { id, body, moves } of this.#world.players())
      before.set(id, { x: body.x, y: body.y, first: moves[0] as NumberedInput | undefined, count: moves.length });
    this.#world.tick(() => undefined);
    for (const inWorld of this.#world.players()) {
      const { id, body, moves, cooldown, idleTicks } = inWorld;
      const { x, y, first, count } = before.get(id)!;
      const wrong = invariantViolation(body, map, { x, y });
      if (wrong) oracle.fail(`${id} ${wrong}`);
      const player = state.players.get(id)!;
      if (first && moves.length < count) {
        if (first.number <= player.applied) oracle.fail(`${id} has input ${first.number} applied twice`);
        player.applied = first.number;
        oracle.figures.applied++;
      }
      Object.assign(player, { x: body.x, y: body.y, facing: body.facing, cooldown, idleTicks });
    }
    for (const { session, player, heldUntil } of [...state.players.values()]) {
      if (heldUntil > 0 && state.tick > heldUntil) this.#end(session);
      else if ((state.tick + player) % 5 === 0) this.#send(session);
    }
    const changes = this.#changes();
    onPublish(changes, this.fingerprint());
    link.publish(changes);
  }

  /** Returns the fingerprint of the published state. */
  fingerprint(): number {
    return fingerprint(this.#state);
  }

  #changes(): Uint8Array {
    const players = new Map<string, PlayerState>();
    for (const { id, moves } of this.#world.players()) {
      const player = this.#state.players.get(id)!;
      player.moves = [...moves] as NumberedInput[];
      const print = fingerprintOfPlayer(player);
      if (this.#published.get(id) === print) continue;
      this.#published.set(id, print);
      players.set(id, player);
    }
    this.#state.random = this.#random.state;
    return encodeState({ ...this.#state, players }, this.#gone.splice(0));
  }

  #join(process: ProcessId, content: Content): Content {
    const { session, player, connection } = content as unknown as JoinContent;
    const existing = this.#state.players.get(session);
    if (existing) return { type: "ok", token: existing.token };
    const former = [...this.#state.players.values()].find((other) => other.player === player);
    const before = former && { x: former.x, y: former.y };
    if (former) {
      this.#options.link.close(former.session, REPLACED_CODE);
      this.#end(former.session);
    }
    const body = { x: 0, y: 0, facing: 4 };
    this.#world.join(session, body, before);
    const counters = { cooldown: 0, idleTicks: 0, applied: 0, queued: 0, taken: 0, sent: 0, heldUntil: 0 };
    const token = this.#options.makeToken();
    const ids = { session, id: numberOf(session), player, connection: numberOf(connection), token, previousToken: 0 };
    this.#state.players.set(session, { ...ids, ...body, ...counters, moves: [] });
    this.#options.link.connected(session, process, connection);
    this.#send(session);
    return { type: "ok", token };
  }

  #connect(process: ProcessId, content: Content): Content {
    const { session, token, connection } = content as unknown as ConnectContent;
    const player = this.#state.players.get(session);
    if (!player) return { type: "unknown" };
    if (player.connection === numberOf(connection)) return { type: "ok", token: player.token };
    const isLost = player.heldUntil > 0;
    if (token !== player.token && !(isLost && token === player.previousToken)) return { type: "busy" };
    if (!isLost) this.#options.link.close(session, REPLACED_CODE);
    // A client that returns with its previous token may already have the newer one, so the newer one remains valid.
    if (token === player.token) Object.assign(player, { previousToken: token, token: this.#options.makeToken() });
    Object.assign(player, { connection: numberOf(connection), taken: 0, sent: 0, heldUntil: 0 });
    this.#options.link.connected(session, process, connection);
    this.#send(session);
    return { type: "ok", token: player.token };
  }

  /** Sends a numbered frame, so that clients notice when a frame is missing. */
  #send(session: string): void {
    const player = this.#state.players.get(session);
    if (!player || player.heldUntil > 0) return;
    this.#options.link.send(session, frameOf(++player.sent));
  }

  #end(session: string): void {
    this.#world.leave(session);
    this.#state.players.delete(session);
    this.#published.delete(session);
    this.#gone.push(session);
    this.#options.oracle.ends(session);
    this.#options.link.ended(session);
  }
}

interface JoinContent {
  readonly session: string;
  readonly player: number;
  readonly connection: string;
}

interface ConnectContent {
  readonly session: string;
  readonly token: number;
  readonly connection: string;
}
