// The invitation link: it lets friends join beside the user. One button copies the link, and another revokes it.
import type { WorldRoom } from "./connection.ts";
import { byId, write } from "./elements.ts";
import { messages, onLanguage } from "./language.ts";

/** The part of the players panel that invites friends. */
export class Invitation {
  readonly #link = byId("invite-link", HTMLInputElement);
  readonly #uninvite = byId("uninvite", HTMLButtonElement);
  readonly #statusText = byId("invite-status", HTMLElement);
  readonly #base: URL;
  #room: WorldRoom | undefined;
  #status = () => "";

  /** @param base the URL of the page's folder. */
  constructor(base: URL) {
    this.#base = base;
    byId("invite", HTMLButtonElement).addEventListener("click", () => this.#send("invite"));
    this.#uninvite.addEventListener("click", () => {
      if (this.#send("uninvite")) this.#show("", () => messages().uninvited);
    });
    this.#link.addEventListener("focus", () => this.#link.select());
    onLanguage(() => this.#write());
  }

  /** From now on, the buttons send their messages to this room. Links from the previous room are ignored. */
  enter(room: WorldRoom): void {
    this.#room = room;
    room.onMessage("invite", ({ friend }: { friend: string }) => {
      const query = new URLSearchParams({ map: room.state.map, friend });
      if (room === this.#room) void this.#copy(new URL(`?${query}`, this.#base).href);
    });
  }

  /**
   * Sends a message if the page is in a room. Sends nothing while the connection is lost, because the SDK would queue
   * the message and send it later. @returns whether the message was sent.
   */
  #send(type: "invite" | "uninvite"): boolean {
    const isOpen = this.#room?.connection.isOpen === true;
    if (isOpen) this.#room?.send(type);
    return isOpen;
  }

  /**
   * Copies a link. If the browser does not allow this, as on pages without TLS, asks the user to copy the shown link.
   */
  async #copy(link: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(link);
      this.#show(link, () => messages().linkCopied);
    } catch {
      this.#show(link, () => messages().copyLink);
      this.#link.focus({ preventScroll: true });
    }
  }

  #show(link: string, status: () => string): void {
    this.#link.value = link;
    this.#link.hidden = link === "";
    this.#uninvite.hidden = link === "";
    this.#status = status;
    this.#write();
  }

  #write(): void {
    write(this.#statusText, this.#status());
  }
}
