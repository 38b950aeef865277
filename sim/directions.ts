// The four directions: the codes on the wire, the eight words that people send, and where each leads.

/** 1 left, 2 right, 3 up, 4 down. `y` grows downwards. */
export type Direction = 1 | 2 | 3 | 4;

/** What an input can ask for: a direction, or 0 for none. */
export type DirectionOrNone = 0 | Direction;

/** No direction: an input that asks for no step. */
export const NONE = 0;
/** `x` falls. */
export const LEFT = 1;
/** `x` grows. */
export const RIGHT = 2;
/** `y` falls. */
export const UP = 3;
/** `y` grows; the way that everybody faces at first. */
export const DOWN = 4;

/** The eight words a `move` may be, each with its direction. */
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

/** The eight words, in the order in which people are told about them. */
export const DIRECTION_WORDS = Object.keys(DIRECTION_OF_WORD) as DirectionWord[];

const BY_WORD: ReadonlyMap<unknown, Direction> = new Map(Object.entries(DIRECTION_OF_WORD));

/** The direction of one of the eight words; nothing for whatever else was said, near to one or not. */
export function directionOfWord(word: unknown): Direction | undefined {
  return BY_WORD.get(word);
}

/** The direction a code off the wire stands for; whatever is no code is no direction. */
export function directionOfCode(code: number): DirectionOrNone {
  return code === LEFT || code === RIGHT || code === UP || code === DOWN ? code : NONE;
}
