// What a client may ask for when it joins, and the sentence it gets for what it may not.
import { ServerError } from "colyseus";
import { z } from "zod";
import { ERRORS } from "../schema/errors.ts";
import { PROTOCOL_VERSION } from "../schema/protocol.ts";

/** The map of a client that names none. */
export const DEFAULT_MAP = "plaza";

const NAME_SENTENCE = "`name` must be 1 to 24 characters after trimming, without control characters.";
const MAP_SENTENCE = "`map` must be the name of a map, as text.";
const PROTOCOL_SENTENCE = "`protocol` must be a whole number.";

/** Letters of any script; what could forge a line break, hide itself or turn the text around in a list is not one. */
const UNSEEN = /\p{Cc}|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}/u;

const OBJECT_SENTENCE = "The join options must be an object.";

/** What a player chooses of itself: fields of Player, which the room fills in for who leaves them out. */
const PlayerOptions = z.object(
  {
    name: z
      .string(NAME_SENTENCE)
      .trim()
      .refine((name) => name.length > 0 && [...name].length <= 24 && !UNSEEN.test(name), NAME_SENTENCE)
      .optional(),
  },
  OBJECT_SENTENCE,
);

/** What it says about the room it wants, and how it speaks. */
const RoomOptions = z.object(
  {
    map: z.string(MAP_SENTENCE).optional(),
    // In the address of a plain WebSocket a number is text.
    protocol: z.union([z.int(), z.string().regex(/^\d+$/).transform(Number)], PROTOCOL_SENTENCE).optional(),
  },
  OBJECT_SENTENCE,
);

/** Join options as the room takes them. */
export interface JoinOptions {
  player: z.output<typeof PlayerOptions>;
  map: string;
}

/**
 * Checks join options as they came off the wire.
 * @throws {ServerError} with an HTTP status and a sentence, for the first option that is wrong, or for a client that
 * speaks another version of the protocol than the server.
 */
export function parseJoinOptions(options: unknown): JoinOptions {
  const player = checked(PlayerOptions, options);
  const { map = DEFAULT_MAP, protocol = PROTOCOL_VERSION } = checked(RoomOptions, options);
  if (protocol !== PROTOCOL_VERSION) throw new ServerError(ERRORS.outdated.code, ERRORS.outdated.sentence);
  return { player, map };
}

function checked<Output>(schema: z.ZodType<Output>, options: unknown): Output {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw new ServerError(ERRORS.badJoinOption.code, parsed.error.issues[0]?.message ?? ERRORS.badJoinOption.sentence);
}
