// Portals: objects of a map that lead to another map. The server sends a token to a player that walks onto a portal.
// With the token, the player may join the other map at the place that the portal leads to. A player that ignores the
// token stays.
import type { Client } from "colyseus";
import type { MapObject, WorldMap } from "../sim/map.ts";
import type { Spot } from "../sim/nearest-free.ts";
import { HALF_BODY, TILE } from "../sim/rules.ts";

/** A place on a map where a player may arrive. */
export interface Arrival extends Spot {
  readonly map: string;
}

/** Issues and redeems the tokens with which players arrive through portals. */
export interface ArrivalTokens {
  /** Returns a token with which a player can join another map once. `player`: the player's id; undefined for a guest. */
  issue(arrival: Arrival, player: string | undefined): string;
  /**
   * Returns the place that a token leads to, and invalidates the token.
   * @throws {ServerError} `arrivalInvalid` if the token is not valid for this player and this map.
   */
  redeem(token: string, player: string | undefined, map: string): Arrival;
}

/** A portal that can be used. */
interface Portal {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly map: WorldMap;
  /** The spot on `map` that the portal leads to; undefined for a random spawn of `map`. */
  readonly spot: Spot | undefined;
}

/** Maximum portals of a map. In every tick, each player is compared with each portal. */
const MAX_PORTALS = 256;

/**
 * Returns the portals of a map: its objects with a property `portal`, which names the map that the portal leads to. The
 * property `arrival` is the name of an object on that other map. `problems` has a sentence for each portal that leads
 * nowhere.
 */
export function portalsOf(
  { description }: WorldMap,
  maps: ReadonlyMap<string, WorldMap>,
): { portals: Portal[]; problems: string[] } {
  const problems: string[] = [];
  const portals = description.objects.flatMap((object): Portal[] => {
    const { portal: name, arrival } = object.properties;
    if (name === undefined) return [];
    const map = maps.get(String(name));
    const spot = map?.description.objects.find((target) => target.name === arrival);
    const where = `its portal "${object.name}" at ${inTiles(object)} leads to`;
    if (!map) problems.push(`${where} the map "${name}", which cannot be played on`);
    else if (arrival !== undefined && !spot)
      problems.push(`${where} the object "${arrival}", which the map "${name}" lacks`);
    else return [{ ...boundsOf(object), map, spot: spot && { x: spot.x, y: spot.y } }];
    return [];
  });
  if (portals.length > MAX_PORTALS) {
    problems.push(`it has ${portals.length} portals; only the first ${MAX_PORTALS} can be used`);
  }
  return { portals: portals.slice(0, MAX_PORTALS), problems };
}

/** Returns a place as text, in tiles, such as `(8.50, 17.50)`. */
function inTiles({ x, y }: Spot): string {
  return `(${(x / TILE).toFixed(2)}, ${(y / TILE).toFixed(2)})`;
}

/** Returns the bounds of an object. The bounds of a point are the point itself. */
function boundsOf({ x, y, width, height, rotation, points }: MapObject) {
  const angle = (rotation * Math.PI) / 180;
  const [cos, sin] = [Math.abs(Math.cos(angle)), Math.abs(Math.sin(angle))];
  const across = (width * cos + height * sin) / 2;
  const down = (width * sin + height * cos) / 2;
  const columns = [x - across, x + across, ...points.map((point) => point.x)];
  const rows = [y - down, y + down, ...points.map((point) => point.y)];
  return { left: Math.min(...columns), top: Math.min(...rows), right: Math.max(...columns), bottom: Math.max(...rows) };
}

/** A client of a room with portals. */
type PortalClient = Client<{ auth: { id?: string } }>;

/** The portals of one room. */
export class Portals {
  readonly #map: string;
  readonly #tokens: ArrivalTokens;
  readonly #portals: readonly Portal[];
  /** The portal that each client touched at the last check; undefined if it touched none. */
  readonly #touched = new WeakMap<PortalClient, Portal | undefined>();

  constructor(map: WorldMap, { maps, arrivals }: { maps: ReadonlyMap<string, WorldMap>; arrivals: ArrivalTokens }) {
    this.#map = map.name;
    this.#tokens = arrivals;
    this.#portals = portalsOf(map, maps).portals;
  }

  /**
   * Returns the spot of an arrival in this room. Returns undefined if there is no arrival, or if it is on another map.
   */
  placeOf(arrival: Arrival | undefined): Spot | undefined {
    return arrival?.map === this.#map ? arrival : undefined;
  }

  /**
   * Sends `portal` to each client whose body touches a portal that it did not touch at the last check. Called once per
   * tick. A player that arrives on a portal gets no message at first. The player must leave the portal and
   * touch it again.
   */
  check(clients: Iterable<PortalClient>, bodies: { get(sessionId: string): Spot | undefined }): void {
    if (this.#portals.length === 0) return;
    for (const client of clients) {
      const body = bodies.get(client.sessionId);
      if (!body) continue;
      const portal = this.#portals.find((one) => touches(body, one));
      const isNew = this.#touched.has(client) && this.#touched.get(client) !== portal;
      this.#touched.set(client, portal);
      if (portal && isNew) this.#offer(client, portal);
    }
  }

  #offer(client: PortalClient, { map, spot = randomOf(map.spawns) }: Portal): void {
    const arrival = this.#tokens.issue({ map: map.name, x: spot.x, y: spot.y }, client.auth?.id);
    client.send("portal", { map: map.name, arrival });
  }
}

function touches({ x, y }: Spot, { left, top, right, bottom }: Portal): boolean {
  return x + HALF_BODY > left && x - HALF_BODY < right && y + HALF_BODY > top && y - HALF_BODY < bottom;
}

function randomOf(spots: readonly Spot[]): Spot {
  return spots[Math.floor(Math.random() * spots.length)]!;
}
