// The join options of a client, and the messages for invalid ones.
import { z } from "zod";
import { PROTOCOL_VERSION } from "../schema/protocol.ts";
import { serverError } from "./server-error.ts";

/** The map of a client that does not name one. */
export const DEFAULT_MAP = "plaza";

const NAME_MESSAGE = "`name` must be 1 to 24 characters after trimming, without control characters.";
const MAP_MESSAGE = "`map` must be the name of a map, as text.";
const PROTOCOL_MESSAGE = "`protocol` must be a whole number.";

/** Invisible characters, line breaks, and characters that change the direction of text. Names must not contain them. */
const CONTROL = /\p{Cc}|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}/u;

const OBJECT_MESSAGE = "The join options must be an object.";

/** The fields of Player that a client may choose. The room fills in the others. */
const PlayerOptions = z.object(
  {
    name: z
      .string(NAME_MESSAGE)
      .trim()
      .refine((name) => name.length > 0 && [...name].length <= 24 && !CONTROL.test(name), NAME_MESSAGE)
      .optional(),
  },
  OBJECT_MESSAGE,
);

/** The options that select a room, and the version of the client's protocol. */
const RoomOptions = z.object(
  {
    map: z.string(MAP_MESSAGE).optional(),
    // A plain WebSocket sends its options in the query of the URL, where a number is text.
    protocol: z.union([z.int(), z.string().regex(/^\d+$/).transform(Number)], PROTOCOL_MESSAGE).optional(),
  },
  OBJECT_MESSAGE,
);

/** Returns a name for a client that does not choose one. */
export function randomName(): string {
  return `player-${crypto.randomUUID().slice(0, 4)}`;
}

/** Valid join options. */
export interface JoinOptions {
  player: z.output<typeof PlayerOptions>;
  map: string;
}

/**
 * Validates the join options of a client.
 * @throws {ServerError} `badJoinOption` for the first invalid option; `outdated` if the client's version of the
 * protocol differs from the server's.
 */
export function parseJoinOptions(options: unknown): JoinOptions {
  const player = checked(PlayerOptions, options);
  const { map = DEFAULT_MAP, protocol = PROTOCOL_VERSION } = checked(RoomOptions, options);
  if (protocol !== PROTOCOL_VERSION) throw serverError("outdated");
  return { player, map };
}

function checked<Output>(schema: z.ZodType<Output>, options: unknown): Output {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw serverError("badJoinOption", parsed.error.issues[0]?.message);
}
