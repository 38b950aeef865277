// The four directions: their codes on the wire, and the eight words that stand for them in a `move` message.

/** 1 left, 2 right, 3 up, 4 down. `y` grows downwards. */
export type Direction = 1 | 2 | 3 | 4;

/** The direction of an input, or 0 for an input without a direction. */
export type DirectionOrNone = 0 | Direction;

/** No direction: the input is a no-op. */
export const NONE = 0;
/** `x` decreases. */
export const LEFT = 1;
/** `x` increases. */
export const RIGHT = 2;
/** `y` decreases. */
export const UP = 3;
/** `y` increases. New players face this direction. */
export const DOWN = 4;

/** The eight words that a `move` message accepts, each with its direction. */
export const DIRECTION_OF_WORD = {
  left: LEFT,
  right: RIGHT,
  up: UP,
  down: DOWN,
  좌: LEFT,
  우: RIGHT,
  상: UP,
  하: DOWN,
} as const;
/** One of the eight words. */
export type DirectionWord = keyof typeof DIRECTION_OF_WORD;

/** The eight words, in the order in which error messages list them. */
export const DIRECTION_WORDS = Object.keys(DIRECTION_OF_WORD) as DirectionWord[];

const BY_WORD: ReadonlyMap<unknown, Direction> = new Map(Object.entries(DIRECTION_OF_WORD));

/** Returns the direction of one of the eight words; undefined for any other value. The match is exact. */
export function directionOfWord(word: unknown): Direction | undefined {
  return BY_WORD.get(word);
}

/** Returns the direction with this code, as received from a client; NONE for any other number. */
export function directionOfCode(code: number): DirectionOrNone {
  return code === LEFT || code === RIGHT || code === UP || code === DOWN ? code : NONE;
}
