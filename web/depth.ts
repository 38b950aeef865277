// The order in which the parts of the scene are drawn.

/** Depths, from bottom to top. Each layer of a map adds one. */
export const DEPTH = { ground: 0, players: 1000, over: 2000, names: 3000 } as const;
