// The join options of a client, and the messages for invalid options.
import { z } from "zod";
import { LOOKS } from "../schema/player.ts";
import { PROTOCOL_VERSION } from "../schema/protocol.ts";
import { nameProblem } from "./player-name.ts";
import type { Arrival } from "./portals.ts";
import { serverError } from "./server-error.ts";

/** The map that a client joins if it does not name one. */
export const DEFAULT_MAP = "plaza";

const NAME_MESSAGE = "`name` must be text.";
const MAP_MESSAGE = "`map` must be the name of a map, as text.";
const ARRIVAL_MESSAGE = "`arrival` must be the text of a message `portal`.";
const FRIEND_MESSAGE = "`friend` must be the text of a message `invite`.";
const LOOK_MESSAGE = `\`look\` must be a whole number from 0 to ${LOOKS - 1}.`;
const PROTOCOL_MESSAGE = "`protocol` must be a whole number.";

const OBJECT_MESSAGE = "The join options must be an object.";

/** Accepts a whole number, also as text: a plain WebSocket sends its options in the query of the URL. */
const wholeNumber = (message: string) => z.union([z.int(), z.string().regex(/^\d+$/).transform(Number)], message);

/** The fields of Player that a client may choose. The room fills in the other fields. */
const PlayerOptions = z.object(
  {
    name: z
      .string(NAME_MESSAGE)
      .trim()
      .superRefine((name, { addIssue }) => {
        const message = nameProblem(name);
        if (message !== undefined) addIssue(message);
      })
      .optional(),
    look: wholeNumber(LOOK_MESSAGE)
      .refine((look) => look >= 0 && look < LOOKS, LOOK_MESSAGE)
      .optional(),
  },
  OBJECT_MESSAGE,
);

/** The options that select a room and a place in it, and the version of the client's protocol. */
const RoomOptions = z.object(
  {
    map: z.string(MAP_MESSAGE).optional(),
    arrival: z.string(ARRIVAL_MESSAGE).optional(),
    friend: z.string(FRIEND_MESSAGE).optional(),
    protocol: wholeNumber(PROTOCOL_MESSAGE).optional(),
  },
  OBJECT_MESSAGE,
);

/** Returns a name and a look for a client that does not choose them. */
export function randomPlayer(): Required<Pick<JoinOptions["player"], "name" | "look">> {
  return { name: `player-${crypto.randomUUID().slice(0, 4)}`, look: Math.floor(Math.random() * LOOKS) };
}

/** Valid join options. */
export interface JoinOptions {
  player: z.output<typeof PlayerOptions>;
  map: string;
  /** The place where the player arrives through a portal. */
  arrival?: Arrival;
  /** The id of the invitation with which the player joins. The invitation may have ended. */
  friend?: string | undefined;
  /** The id of the room to join. By default matchmaking chooses one of the map's rooms. */
  room?: string;
}

/**
 * Validates the join options of a client. `token` is the option `arrival`, whose signature is not checked here.
 * @throws {ServerError} `badJoinOption` for the first invalid option; `outdated` if the client's version of the
 * protocol differs from the server's.
 */
export function parseJoinOptions(options: unknown): { parsed: JoinOptions; token: string | undefined } {
  const player = checked(PlayerOptions, options);
  const { map = DEFAULT_MAP, arrival, friend, protocol = PROTOCOL_VERSION } = checked(RoomOptions, options);
  if (protocol !== PROTOCOL_VERSION) throw serverError("outdated");
  return { parsed: { player, map, friend }, token: arrival };
}

function checked<Output>(schema: z.ZodType<Output>, options: unknown): Output {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw serverError("badJoinOption", parsed.error.issues[0]?.message);
}
