// The colours of all tiles: warm light from the upper left, and shades that tend to violet instead of black. A ramp is
// ordered from light to dark.

export const INK = 0x2b2028;
export const SHADOW = 0x2a1c38;
export const LIGHT = 0xfff4d8;

export const GRASS = [0xa9bd63, 0x98b058, 0x8ba650, 0x7b9748, 0x678440] as const;
export const LUSH = [0x8bab52, 0x769a49, 0x688e44, 0x587c3d, 0x476936] as const;
export const DIRT = [0xe6c897, 0xdcb981, 0xd2ac74, 0xbd945f, 0x9a7549] as const;
export const PAVING = [0xe4d9c2, 0xd9ccb2, 0xcfc1a6, 0xc4b498, 0x9d8c76] as const;
export const SLAB = [0xcdc3b4, 0xbeb2a2, 0xb2a696, 0xa29585, 0x7f7368] as const;
export const BRICK = [0xcf9a78, 0xc08766, 0xb37a5b, 0xa36c50, 0x84563f] as const;

export const LEAF = [0xb7c65f, 0x8fae4c, 0x6b9142, 0x4c733a, 0x365733, 0x26402c] as const;
export const PINE = [0x86a35c, 0x5f8650, 0x456d47, 0x33573f, 0x264338, 0x1c312e] as const;
export const CHERRY = [0xffe9e4, 0xfbcfd0, 0xf1aeb8, 0xdd8a9f, 0xb9677f, 0x8a4a63] as const;
export const HEDGE = [0x86a850, 0x658f45, 0x4d783c, 0x3a6034, 0x2b4a2e, 0x203728] as const;

export const WATER = [0xd9f1e4, 0x9fd6cd, 0x6fb8ba, 0x56a0aa, 0x43838f, 0x34667a] as const;
export const STONE = [0xd8cfbf, 0xbdb2a1, 0xa09585, 0x83786d, 0x655b57, 0x4a4246] as const;
export const WOOD = [0xcf8a5a, 0xae6442, 0x8f4a35, 0x6f372b, 0x522925] as const;
export const PLASTER = [0xfaf0da, 0xefe1c4, 0xdbc8a6] as const;
export const MUD = [0xe3bf8b, 0xd3a972, 0xb98d5a] as const;
export const ROOF = [0x8d95a3, 0x6d7585, 0x525969, 0x3e4353, 0x2d303e] as const;
export const STRAW = [0xf0d68d, 0xe0bd68, 0xcda352, 0xab8040, 0x805c33] as const;
export const JAR = [0xc98d62, 0x9c5f40, 0x774431, 0x573027, 0x3e2322] as const;

/** The traditional colours of the four directions and of the centre. */
export const EAST_BLUE = 0x4f8796;
export const WEST_WHITE = 0xf3ead6;
export const SOUTH_RED = 0xbb5844;
export const NORTH_BLACK = 0x4b4957;
export const CENTRE_YELLOW = 0xe2b354;
/** The green of painted beams (dancheong). */
export const BEAM_GREEN = 0x4f8a72;
