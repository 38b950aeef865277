// Copies a room's state, except for its players, to objects that an encoder can watch. A copy has the reference id of
// its source, so clients see the same id in every process.
import { $refId, ArraySchema, CollectionSchema, type IRef, MapSchema, Schema, SetSchema } from "@colyseus/schema";
import { fieldsOf } from "../../../rooms/interest/state-requirements.ts";

/** The field with the players, which are mirrored separately. */
const PLAYERS = "players";

type Values = Record<string, unknown>;

/** A list of values: any collection of @colyseus/schema except MapSchema. */
type List = ArraySchema | SetSchema | CollectionSchema;

/**
 * Makes the fields of `target` equal to those of `source`, except for `players`. Keeps an object of `target` if its
 * counterpart in `source` has the same reference id.
 */
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
 * Copies `value` to the target, where it updates or replaces `current`.
 * @param put stores a value in the target. A new object is stored before its contents are copied.
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

/** Gives a new object the reference id of its counterpart in the other processes. */
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
