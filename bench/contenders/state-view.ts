// A Colyseus room with the framework's own interest management: one StateView per client, which holds the players of
// the 5 x 5 cells around its own. Coordinates have the smallest type that fits. `/players` tells where everybody is.
import { createServer } from "node:http";
import { Encoder, type SchemaType, StateView, schema, t } from "@colyseus/schema";
import { type Client, defineRoom, defineServer, Room, WebSocketTransport } from "colyseus";
import { anywhere, CELL, clamp, type Direction, MOVE, REACH } from "../harness/arena.ts";
import { announce, PORT } from "./listen.ts";

const Player = schema({ x: t.uint16(), y: t.uint16() }, "Player");
type Player = SchemaType<typeof Player>;
const State = schema({ players: t.map(Player).view() }, "State");

// Room for the full state of several thousand players; the default warns and grows.
Encoder.BUFFER_SIZE = 256 * 1024;

/** A player and the client who plays it, in the cell where both are. */
interface Inhabitant {
  player: Player;
  view: StateView;
  column: number;
  row: number;
}

/** The room that was made; there is one. */
let room: StateViewRoom | undefined;

class StateViewRoom extends Room<{ state: SchemaType<typeof State> }> {
  override state = new State();
  readonly #cells = new Map<string, Set<Inhabitant>>();
  readonly #inhabitants = new Map<string, Inhabitant>();

  override messages = {
    move: (client: Client, direction: Direction) => {
      const inhabitant = this.#inhabitants.get(client.sessionId);
      const move = MOVE[direction];
      if (!inhabitant || !move) return;
      const { player } = inhabitant;
      player.x = clamp(player.x + move.x);
      player.y = clamp(player.y + move.y);
      const column = Math.floor(player.x / CELL);
      const row = Math.floor(player.y / CELL);
      if (column !== inhabitant.column || row !== inhabitant.row) this.#cross(inhabitant, column, row);
    },
  };

  override onCreate() {
    room = this;
  }

  override onJoin(client: Client) {
    const player = new Player().assign({ x: Math.round(anywhere()), y: Math.round(anywhere()) });
    this.state.players.set(client.sessionId, player);
    const view = new StateView();
    client.view = view;
    const [column, row] = [Math.floor(player.x / CELL), Math.floor(player.y / CELL)];
    const inhabitant = { player, view, column, row };
    this.#inhabitants.set(client.sessionId, inhabitant);
    this.#cell(column, row).add(inhabitant);
    for (const other of this.#near(column, row)) {
      view.add(other.player);
      if (other !== inhabitant) other.view.add(player);
    }
  }

  override onLeave(client: Client) {
    const inhabitant = this.#inhabitants.get(client.sessionId);
    if (!inhabitant) return;
    this.#inhabitants.delete(client.sessionId);
    this.#cell(inhabitant.column, inhabitant.row).delete(inhabitant);
    this.state.players.delete(client.sessionId);
  }

  /** Moves a player to another cell: who comes into sight is added on both sides, who goes out of it is removed. */
  #cross(inhabitant: Inhabitant, column: number, row: number) {
    const isInSight = (other: Inhabitant, column: number, row: number) =>
      Math.abs(other.column - column) <= REACH && Math.abs(other.row - row) <= REACH;
    const { player, view } = inhabitant;
    for (const other of this.#near(inhabitant.column, inhabitant.row)) {
      if (other === inhabitant || isInSight(other, column, row)) continue;
      view.remove(other.player);
      other.view.remove(player);
    }
    for (const other of this.#near(column, row)) {
      if (other === inhabitant || isInSight(other, inhabitant.column, inhabitant.row)) continue;
      view.add(other.player);
      other.view.add(player);
    }
    this.#cell(inhabitant.column, inhabitant.row).delete(inhabitant);
    this.#cell(column, row).add(inhabitant);
    inhabitant.column = column;
    inhabitant.row = row;
  }

  #cell(column: number, row: number): Set<Inhabitant> {
    const key = `${column} ${row}`;
    const cell = this.#cells.get(key) ?? new Set();
    if (cell.size === 0) this.#cells.set(key, cell);
    return cell;
  }

  *#near(column: number, row: number): Iterable<Inhabitant> {
    for (let x = column - REACH; x <= column + REACH; x++) {
      for (let y = row - REACH; y <= row + REACH; y++) yield* this.#cells.get(`${x} ${y}`) ?? [];
    }
  }
}

const httpServer = createServer();
const server = defineServer({
  greet: false,
  transport: new WebSocketTransport({ server: httpServer }),
  rooms: { "state-view": defineRoom(StateViewRoom) },
  express: (app) => {
    app.get("/players", (_request, response) => {
      response.json(room?.state.players ?? {});
    });
  },
});
await server.listen(PORT, "127.0.0.1");
announce(httpServer);
