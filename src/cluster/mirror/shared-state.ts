// Copies the state of a room, except for its players, from the objects that a decoder has created to objects that an
// encoder can watch. An object keeps its reference id, so that clients know it as the same one in every process.
import { $refId, ArraySchema, CollectionSchema, type IRef, MapSchema, Schema, SetSchema } from "@colyseus/schema";
import { fieldsOf } from "../../../rooms/interest/state-requirements.ts";

/** The field that is mirrored on its own. */
const PLAYERS = "players";

type Values = Record<string, unknown>;

/** A list of values: all collections of @colyseus/schema but MapSchema. */
type List = ArraySchema | SetSchema | CollectionSchema;

/** Makes the fields of `target` equal to those of `source`, except for `players`. Objects that both have are kept. */
export function copyShared(source: IRef, target: IRef): void {
  copyFields(source as unknown as Values, target as unknown as Values, PLAYERS);
}

/** Empties the collections of a state, except for `players`. */
export function clearShared(state: IRef): void {
  for (const { name } of fieldsOf(state.constructor as typeof Schema)) {
    const value = name === PLAYERS ? undefined : (state as unknown as Values)[name];
    if (value instanceof MapSchema || isList(value)) value.clear();
  }
}

function copyFields(source: Values, target: Values, skipped?: string): void {
  for (const { name } of fieldsOf(source.constructor as unknown as typeof Schema)) {
    if (name === skipped) continue;
    const value = source[name];
    place(value, target[name], (placed) => {
      target[name] = placed;
    });
  }
}

/**
 * Puts a copy of `value` into its place, where `current` is now.
 * @param put puts a value into the place. An object is put there before it gets its contents.
 */
function place(value: unknown, current: unknown, put: (value: unknown) => void): void {
  if (!isObject(value)) {
    if (value !== current) put(value);
    return;
  }
  let copy = current as IRef;
  if (!isObject(current) || current[$refId] !== value[$refId]) {
    copy = emptyCopy(value);
    put(copy);
  }
  copyContents(value, copy);
}

function copyContents(source: IRef, target: IRef): void {
  if (source instanceof MapSchema) copyMap(source, target as MapSchema);
  else if (isList(source)) copyList(source, target as List);
  else copyFields(source as unknown as Values, target as unknown as Values);
}

function copyMap(source: MapSchema, target: MapSchema): void {
  for (const key of [...target.keys()]) if (!source.has(key)) target.delete(key);
  for (const [key, value] of source.entries()) place(value, target.get(key), (placed) => target.set(key, placed));
}

function copyList(source: List, target: List): void {
  const values: unknown[] = [...source.values()];
  const current: unknown[] = [...target.values()];
  if (values.length !== current.length || values.some((value, index) => !isSame(value, current[index]))) {
    target.clear();
    for (const value of values) {
      const kept = isObject(value) ? (current.find((one) => isSame(value, one)) ?? emptyCopy(value)) : value;
      if (target instanceof ArraySchema) target.push(kept);
      else target.add(kept);
    }
  }
  const copies = [...target.values()];
  for (const [index, value] of values.entries()) if (isObject(value)) copyContents(value, copies[index] as IRef);
}

/** Returns a new object of the same class with the same reference id. */
function emptyCopy(source: IRef): IRef {
  const copy = new (source.constructor as new () => IRef)();
  setRefId(copy, source[$refId]!);
  return copy;
}

/** Gives a new object the reference id that it has in the other processes. */
export function setRefId(object: IRef, id: number): void {
  Object.defineProperty(object, $refId, { value: id, enumerable: false, writable: true });
}

function isSame(one: unknown, other: unknown): boolean {
  return isObject(one) && isObject(other) ? one[$refId] === other[$refId] : one === other;
}

function isObject(value: unknown): value is IRef {
  return value instanceof Schema || value instanceof MapSchema || isList(value);
}

function isList(value: unknown): value is List {
  return value instanceof ArraySchema || value instanceof SetSchema || value instanceof CollectionSchema;
}
