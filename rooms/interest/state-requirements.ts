// What a state must be like so that its players can be shown to some and not to others; whatever else is refused here,
// when the room is created, and not in the middle of a game.
import { $numFields, Metadata, type Schema, type TypeContext } from "@colyseus/schema";

/** One field of a Schema class, as the framework's metadata has it. */
interface Field {
  readonly index: number;
  readonly name: string;
  readonly type: unknown;
  readonly tag?: number;
  readonly deprecated?: boolean;
}

/** The fields of a Schema class, those that it inherits included. */
export function fieldsOf(schema: typeof Schema): Field[] {
  const metadata = schema[Symbol.metadata] as unknown as Record<number | string, Omit<Field, "index"> | undefined>;
  const last = metadata[$numFields] as unknown as number;
  return Array.from({ length: last + 1 }, (_, index) => metadata[index] && { ...metadata[index], index }).filter(
    (field) => field !== undefined,
  );
}

/**
 * Finds the field `players` of a state's class and the class of its players.
 * Throws an Error that says what is in the way and the mend for it.
 */
export function servablePlayers(state: typeof Schema, context: TypeContext): { field: Field; player: typeof Schema } {
  const field = fieldsOf(state).find(({ name }) => name === "players");
  const player = (field?.type as { map?: typeof Schema } | undefined)?.map;
  if (!field || typeof player !== "function") {
    throw new Error(`interest management: ${state.name} has no map of players; declare players: t.map(Player).view().`);
  }
  if (field.tag === undefined) {
    throw new Error(
      `interest management: ${state.name}.players would be sent to everybody by the framework's own encoder; ` +
        "declare it with .view().",
    );
  }
  const metadata = state[Symbol.metadata] as Metadata;
  if (Metadata.hasStreamAtIndex(metadata, field.index) || Metadata.hasFullStateOnlyAtIndex(metadata, field.index)) {
    throw new Error(`interest management: ${state.name}.players has .stream() or .fullStateOnly(); take it away.`);
  }
  for (const [schema] of context.schemas) {
    if (schema === player || schema.prototype instanceof player) refuseUnservableFields(schema);
    for (const { name, type } of fieldsOf(schema)) {
      if ((schema !== state || name !== "players") && refersTo(type, player)) {
        throw new Error(
          `interest management: ${schema.name}.${name} holds players too, and would show them to everybody; ` +
            "hold their session ids instead.",
        );
      }
    }
    if (schema.prototype instanceof player) {
      throw new Error(
        `interest management: ${schema.name} extends ${player.name}; all players must be of one class, so put its ` +
          `fields into ${player.name}.`,
      );
    }
  }
  return { field, player };
}

function refuseUnservableFields(player: typeof Schema): void {
  const metadata = player[Symbol.metadata] as Metadata;
  for (const { index, name, type, tag, deprecated } of fieldsOf(player)) {
    const where = `interest management: ${player.name}.${name}`;
    if (typeof type !== "string" && !(typeof type === "object" && type !== null && "quantized" in type)) {
      throw new Error(
        `${where} is a Schema or a collection, and only single values can be shown to some players and not to others; ` +
          `make its values fields of ${player.name}, or keep it in the state beside players, where everybody gets it.`,
      );
    }
    if (tag !== undefined) {
      throw new Error(`${where} has .view(), which would need a StateView for each client; take .view() away.`);
    }
    if (
      deprecated ||
      Metadata.hasUnreliableAtIndex(metadata, index) ||
      Metadata.hasPatchOnlyAtIndex(metadata, index) ||
      Metadata.hasFullStateOnlyAtIndex(metadata, index) ||
      Metadata.hasStreamAtIndex(metadata, index)
    ) {
      throw new Error(
        `${where} is marked deprecated, unreliable, patchOnly, fullStateOnly or stream; players come into sight and ` +
          "go out of it all the time, so each field must be sent always: take the mark away.",
      );
    }
  }
}

function refersTo(type: unknown, player: typeof Schema): boolean {
  if (type === player) return true;
  return typeof type === "object" && type !== null && Object.values(type).includes(player);
}
