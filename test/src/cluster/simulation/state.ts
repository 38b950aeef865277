// The simulated rooms' state, and its binary encoding, which a host publishes and replicas mirror.

/** A queued input: its direction, and the number that the client has assigned to the input. */
export interface NumberedInput {
  readonly direction: number;
  readonly number: number;
}

/** All that the rooms know of a session and its player. */
export interface PlayerState {
  readonly session: string;
  /** The number in the session id. */
  readonly id: number;
  /** The number of the player. The rooms have at most one session per player. */
  readonly player: number;
  x: number;
  y: number;
  facing: number;
  cooldown: number;
  idleTicks: number;
  moves: NumberedInput[];
  /** The number of the last input that was applied. */
  applied: number;
  /** The number of the last input that was queued. */
  queued: number;
  /** The number of frames that the rooms have received from the connection. */
  taken: number;
  /** The number of frames that the rooms have sent to the connection. */
  sent: number;
  /** The tick after which the held seat is free; 0 while connected. */
  heldUntil: number;
  /** The number in the connection's id. */
  connection: number;
  token: number;
  /** The previous token, or 0. It is valid until the client has shown that it has the newer one. */
  previousToken: number;
}

/** The state, or a part of it that has changed. */
export interface RoomState {
  tick: number;
  /** The state of the world's random numbers. */
  random: number;
  players: Map<string, PlayerState>;
}

/** Returns the state of empty rooms. */
export function emptyState(random: number): RoomState {
  return { tick: 0, random, players: new Map() };
}

/** A buffer of 32-bit words. A state is written into these words before the words are copied or hashed. */
const words = new Uint32Array(1 << 14);

/** Encodes a state, and the ids of sessions that have ended. */
export function encodeState(state: RoomState, gone: readonly string[] = []): Uint8Array {
  const length = write(state, gone);
  return new Uint8Array(words.slice(0, length).buffer);
}

/** Returns a 53-bit hash of a state. */
export function fingerprint(state: RoomState): number {
  return hashOf(write(state, []));
}

/** Returns a 53-bit hash of a player. */
export function fingerprintOfPlayer(player: PlayerState): number {
  return hashOf(writePlayer(player, 0));
}

/** Applies encoded changes to a state. */
export function applyState(state: RoomState, bytes: Uint8Array): void {
  const encoded = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  state.tick = encoded[0]!;
  state.random = encoded[1]!;
  let at = 3;
  for (let gone = encoded[2]!; gone > 0; gone--) state.players.delete(sessionOf(encoded[at++]!));
  for (let count = encoded[at++]!; count > 0; count--) {
    const player = readPlayer(encoded.subarray(at));
    state.players.set(player.session, player);
    at += PLAYER_WORDS + 2 * player.moves.length;
  }
}

function write({ tick, random, players }: RoomState, gone: readonly string[]): number {
  words[0] = tick;
  words[1] = random;
  words[2] = gone.length;
  let length = 3;
  for (const session of gone) words[length++] = numberOf(session);
  words[length++] = players.size;
  for (const player of players.values()) length = writePlayer(player, length);
  return length;
}

/** The number of words of a player without queued inputs. */
const PLAYER_WORDS = 16;

function writePlayer(player: PlayerState, start: number): number {
  let at = start;
  words[at++] = player.id;
  words[at++] = player.player;
  words[at++] = player.x;
  words[at++] = player.y;
  words[at++] = player.facing;
  words[at++] = player.cooldown;
  words[at++] = player.idleTicks;
  words[at++] = player.applied;
  words[at++] = player.queued;
  words[at++] = player.taken;
  words[at++] = player.sent;
  words[at++] = player.heldUntil;
  words[at++] = player.connection;
  words[at++] = player.token;
  words[at++] = player.previousToken;
  words[at++] = player.moves.length;
  for (const { direction, number } of player.moves) {
    words[at++] = direction;
    words[at++] = number;
  }
  return at;
}

function readPlayer(encoded: Uint32Array): PlayerState {
  const moves: NumberedInput[] = [];
  for (let at = PLAYER_WORDS; moves.length < encoded[PLAYER_WORDS - 1]!; at += 2)
    moves.push({ direction: encoded[at]!, number: encoded[at + 1]! });
  return {
    session: sessionOf(encoded[0]!),
    id: encoded[0]!,
    player: encoded[1]!,
    x: encoded[2]!,
    y: encoded[3]!,
    facing: encoded[4]!,
    cooldown: encoded[5]!,
    idleTicks: encoded[6]!,
    applied: encoded[7]!,
    queued: encoded[8]!,
    taken: encoded[9]!,
    sent: encoded[10]!,
    heldUntil: encoded[11]!,
    connection: encoded[12]!,
    token: encoded[13]!,
    previousToken: encoded[14]!,
    moves,
  };
}

/** Returns the number in an id. Each id in a simulation is a letter followed by a number. */
export function numberOf(id: string): number {
  return Number(id.slice(1));
}

const sessionOf = (id: number): string => `s${id}`;

function hashOf(length: number): number {
  let low = 0x811c9dc5;
  let high = 0x9e3779b9;
  for (let at = 0; at < length; at++) {
    low = Math.imul(low ^ words[at]!, 0x01000193);
    low ^= low >>> 15;
    high = Math.imul(high ^ words[at]!, 0x85ebca6b);
    high ^= high >>> 13;
  }
  return (low >>> 0) + (high & 0x1fffff) * 2 ** 32;
}
