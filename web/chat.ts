// The chat: shows in bubbles what players say, announces their texts to screen readers, and sends the user's texts.
// Also shows why the server has refused a text or a wave.
import { Bubbles, type ShownPart } from "./bubbles.ts";
import { ChatBox } from "./chat-box.ts";
import type { WorldRoom } from "./connection.ts";
import { byId } from "./elements.ts";
import { messages } from "./language.ts";
import type { MutedPlayers } from "./muted-players.ts";
import { SAY_REFUSALS } from "./reasons.ts";

/** The chat of the page. */
export class Chat {
  readonly #bubbles = new Bubbles(byId("bubbles", HTMLElement), document.querySelector("#wave svg")!);
  readonly #box: ChatBox;
  readonly #muted: MutedPlayers;
  readonly #announce: (sentence: string) => void;
  #room: WorldRoom | undefined;

  /**
   * @param opened is called when the chat box opens.
   * @param announce announces a sentence to screen readers.
   */
  constructor(muted: MutedPlayers, opened: () => void, announce: (sentence: string) => void) {
    this.#muted = muted;
    this.#announce = announce;
    this.#box = new ChatBox({
      say: (text) => this.#send("say", text),
      wave: () => this.#send("wave"),
      opened,
    });
  }

  /** Connects the chat to a room: shows the room's messages, and sends to the room. Ignores the previous room. */
  enter(room: WorldRoom): void {
    this.#room = room;
    room.onMessage("say", ({ id, text }: { id: string; text: string }) => this.#heard(room, id, text));
    room.onMessage("wave", ({ id }: { id: string }) => this.#heard(room, id));
  }

  /** Draws the bubbles at the drawn positions of their players. */
  draw(positions: ReadonlyMap<string, { x: number; y: number }>, view: ShownPart): void {
    this.#bubbles.draw(positions, view, performance.now());
  }

  /**
   * Mutes a player, or ends the mute. The texts and waves of a muted player are hidden.
   * @returns whether the player is muted now.
   */
  toggleMute(id: string): boolean {
    this.#bubbles.remove(id);
    return this.#muted.toggle(id);
  }

  /**
   * Sends a message if the page is in a room. Sends nothing while the connection is lost, because the SDK would queue
   * the message and send it later. @returns whether the message was sent.
   */
  #send(type: "say" | "wave", text?: string): boolean {
    if (!this.#room?.connection.isOpen) return false;
    // Sends a request, because its answer shows which text was refused. The request also fails if the connection is
    // lost.
    this.#room.request(type, text).catch(({ reason }: { reason?: unknown }) => {
      const error = SAY_REFUSALS.find((name) => String(reason).endsWith(`[${name}]`));
      if (error) this.#box.refused(() => messages().sayRefusals[error], text);
    });
    return true;
  }

  /** @param text the text that the player says; undefined for a wave. */
  #heard(room: WorldRoom, id: string, text?: string): void {
    if (room !== this.#room || this.#muted.has(id)) return;
    if (text === undefined) this.#bubbles.wave(id, performance.now());
    else this.#bubbles.say(id, text, performance.now());
    const name = room.state.players.get(id)?.name;
    if (id === room.sessionId || name === undefined) return;
    this.#announce(text === undefined ? messages().waves(name) : messages().says(name, text));
  }
}
