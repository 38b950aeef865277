// The order in which the parts of the scene are drawn.

/**
 * Depths, from bottom to top: the map's layers below the players, the players, the map's layers over the players, and
 * the names.
 */
export const DEPTH = { ground: 0, players: 1000, over: 2000, names: 3000 } as const;
