// What is drawn over what.

/** Depths, from the ground up. Layers of a map take steps of one. */
export const DEPTH = { ground: 0, players: 1000, over: 2000, names: 3000 } as const;
