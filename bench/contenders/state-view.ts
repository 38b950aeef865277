// A Colyseus room with the framework's own interest management: one StateView per client. A view holds the players in
// the client's cell and in the cells around it, 5 x 5 cells in all. Coordinates have the smallest type that fits. The
// route `/players` returns the positions of all players.
import { createServer } from "node:http";
import { Encoder, type SchemaType, StateView, schema, t } from "@colyseus/schema";
import { type Client, defineRoom, defineServer, Room, WebSocketTransport } from "colyseus";
import { CELL, clamp, type Direction, MOVE, REACH } from "../harness/arena.ts";
import { randomStart } from "../harness/crowd.ts";
import { announce, PORT } from "./listen.ts";

const Player = schema({ x: t.uint16(), y: t.uint16() }, "Player");
type Player = SchemaType<typeof Player>;
const State = schema({ players: t.map(Player).view() }, "State");

// The buffer is large enough for the full state of several thousand players. The framework enlarges a buffer that is
// too small, and logs a warning each time.
Encoder.BUFFER_SIZE = 256 * 1024;

/** A player, the view of the player's client, and the cell in which the player is. */
interface Resident {
  player: Player;
  view: StateView;
  column: number;
  row: number;
}

/** The only room of this server. The route `/players` reads it. */
let room: StateViewRoom | undefined;

class StateViewRoom extends Room<{ state: SchemaType<typeof State> }> {
  override state = new State();
  readonly #cells = new Map<string, Set<Resident>>();
  readonly #residents = new Map<string, Resident>();

  override messages = {
    move: (client: Client, direction: Direction) => {
      const resident = this.#residents.get(client.sessionId);
      const move = MOVE[direction];
      if (!resident || !move) return;
      const { player } = resident;
      player.x = clamp(player.x + move.x);
      player.y = clamp(player.y + move.y);
      const column = Math.floor(player.x / CELL);
      const row = Math.floor(player.y / CELL);
      if (column !== resident.column || row !== resident.row) this.#changeCell(resident, column, row);
    },
  };

  override onCreate() {
    room = this;
  }

  override onJoin(client: Client) {
    const { x, y } = randomStart();
    const player = new Player().assign({ x: Math.round(x), y: Math.round(y) });
    this.state.players.set(client.sessionId, player);
    const view = new StateView();
    client.view = view;
    const [column, row] = [Math.floor(player.x / CELL), Math.floor(player.y / CELL)];
    const resident = { player, view, column, row };
    this.#residents.set(client.sessionId, resident);
    this.#cell(column, row).add(resident);
    for (const other of this.#near(column, row)) {
      view.add(other.player);
      if (other !== resident) other.view.add(player);
    }
  }

  override onLeave(client: Client) {
    const resident = this.#residents.get(client.sessionId);
    if (!resident) return;
    this.#residents.delete(client.sessionId);
    this.#cell(resident.column, resident.row).delete(resident);
    this.state.players.delete(client.sessionId);
  }

  /**
   * Moves a player to another cell. Updates the player's view, and the views of all players that enter or leave the
   * player's sight.
   */
  #changeCell(resident: Resident, column: number, row: number) {
    const isInSight = (other: Resident, column: number, row: number) =>
      Math.abs(other.column - column) <= REACH && Math.abs(other.row - row) <= REACH;
    const { player, view } = resident;
    for (const other of this.#near(resident.column, resident.row)) {
      if (other === resident || isInSight(other, column, row)) continue;
      view.remove(other.player);
      other.view.remove(player);
    }
    for (const other of this.#near(column, row)) {
      if (other === resident || isInSight(other, resident.column, resident.row)) continue;
      view.add(other.player);
      other.view.add(player);
    }
    this.#cell(resident.column, resident.row).delete(resident);
    this.#cell(column, row).add(resident);
    resident.column = column;
    resident.row = row;
  }

  #cell(column: number, row: number): Set<Resident> {
    const key = `${column} ${row}`;
    const cell = this.#cells.get(key) ?? new Set();
    if (cell.size === 0) this.#cells.set(key, cell);
    return cell;
  }

  *#near(column: number, row: number): Iterable<Resident> {
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
