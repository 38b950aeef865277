// The requirements that the state of a room must meet for interest management. A room whose state does not meet them
// cannot be created. So a mistake is found before a game begins.
import { $numFields, Metadata, type Schema, type TypeContext } from "@colyseus/schema";

/** One field of a Schema class, as in the framework's metadata. */
interface Field {
  readonly index: number;
  readonly name: string;
  readonly type: unknown;
  readonly tag?: number;
  readonly deprecated?: boolean;
}

/** Returns the fields of a Schema class, including inherited ones. */
export function fieldsOf(schema: typeof Schema): Field[] {
  const metadata = schema[Symbol.metadata] as unknown as Record<number | string, Omit<Field, "index"> | undefined>;
  const last = metadata[$numFields] as unknown as number;
  return Array.from({ length: last + 1 }, (_, index) => metadata[index] && { ...metadata[index], index }).filter(
    (field) => field !== undefined,
  );
}

/**
 * Returns the field `players` of a state's class, and the class of its players.
 * @throws {Error} with a hint if interest management does not support these players.
 */
export function requirePlayers(state: typeof Schema, context: TypeContext): { field: Field; player: typeof Schema } {
  const field = fieldsOf(state).find(({ name }) => name === "players");
  const player = (field?.type as { map?: typeof Schema } | undefined)?.map;
  if (!field || typeof player !== "function") {
    throw new Error(
      `interest management: ${state.name} has no map of players. Declare \`players: t.map(Player).view()\`.`,
    );
  }
  if (field.tag === undefined) {
    throw new Error(
      `interest management: the framework's encoder would send ${state.name}.players to all clients. ` +
        "Declare it with .view().",
    );
  }
  const metadata = state[Symbol.metadata] as Metadata;
  if (Metadata.hasStreamAtIndex(metadata, field.index) || Metadata.hasFullStateOnlyAtIndex(metadata, field.index)) {
    throw new Error(
      `interest management: ${state.name}.players has .stream() or .fullStateOnly(), which is unsupported. Remove it.`,
    );
  }
  for (const [schema] of context.schemas) {
    if (schema === player || schema.prototype instanceof player) requireSupportedFields(schema);
    for (const { name, type } of fieldsOf(schema)) {
      if ((schema !== state || name !== "players") && refersTo(type, player)) {
        throw new Error(
          `interest management: ${schema.name}.${name} also holds players, and would send them to all clients. ` +
            "Hold session ids instead.",
        );
      }
    }
    if (schema.prototype instanceof player) {
      throw new Error(
        `interest management: ${schema.name} extends ${player.name}, but all players must have one class. ` +
          `Move its fields to ${player.name}.`,
      );
    }
  }
  return { field, player };
}

function requireSupportedFields(player: typeof Schema): void {
  const metadata = player[Symbol.metadata] as Metadata;
  for (const { index, name, type, tag, deprecated } of fieldsOf(player)) {
    const subject = `interest management: ${player.name}.${name}`;
    if (typeof type !== "string" && !(typeof type === "object" && type !== null && "quantized" in type)) {
      throw new Error(
        `${subject} is a Schema or a collection, but a player's fields must be single values. ` +
          `Make its values fields of ${player.name}, or move it to the state, which is sent to all clients.`,
      );
    }
    if (tag !== undefined) {
      throw new Error(`${subject} has .view(), which needs a StateView per client. Remove .view().`);
    }
    if (
      deprecated ||
      Metadata.hasUnreliableAtIndex(metadata, index) ||
      Metadata.hasPatchOnlyAtIndex(metadata, index) ||
      Metadata.hasFullStateOnlyAtIndex(metadata, index) ||
      Metadata.hasStreamAtIndex(metadata, index)
    ) {
      throw new Error(
        `${subject} is marked deprecated, unreliable, patchOnly, fullStateOnly or stream. ` +
          "Players enter and leave sight at any time, so every field must always be sent. Remove the mark.",
      );
    }
  }
}

function refersTo(type: unknown, player: typeof Schema): boolean {
  if (type === player) return true;
  return typeof type === "object" && type !== null && Object.values(type).includes(player);
}
