// The lag panel: makes the own network slow, shows what prediction does about it, and measures it.
import { byId, write } from "./elements.ts";
import type { Lag } from "./lag.ts";
import { messages, onLanguage } from "./language.ts";
import type { Session, Showing } from "./session.ts";

export class LagPanel {
  readonly #lag: Lag;
  readonly #panel = byId("lag", HTMLDetailsElement);
  readonly #measured = byId("measured", HTMLElement);
  readonly #unacknowledged = byId("unacknowledged", HTMLElement);
  readonly #ahead = byId("ahead", HTMLElement);
  readonly #corrected = byId("corrected", HTMLElement);

  /** The controls write into `lag` and `showing`, which others read. `onLag`: the way has changed. */
  constructor(lag: Lag, showing: Showing, onLag: () => void) {
    this.#lag = lag;
    const roundTrip = byId("round-trip", HTMLInputElement);
    const jitter = byId("jitter", HTMLInputElement);
    const predicted = byId("predicted", HTMLInputElement);
    const ghost = byId("ghost", HTMLInputElement);
    const take = () => {
      lag.roundTripMs = roundTrip.valueAsNumber;
      lag.jitterMs = jitter.valueAsNumber;
      showing.predicted = predicted.checked;
      showing.ghost = ghost.checked;
      // Without prediction the player is where the ghost would be.
      ghost.disabled = !predicted.checked;
      this.#writeValues(roundTrip, jitter);
    };
    for (const input of [roundTrip, jitter, predicted, ghost]) input.addEventListener("input", take);
    for (const input of [roundTrip, jitter]) input.addEventListener("input", onLag);
    take();
    onLanguage(() => this.#writeValues(roundTrip, jitter));
  }

  /** Shows how the session fares. */
  show({ roundTrip, unacknowledged, self, confirmed, drift }: Session): void {
    if (!this.#panel.open) return;
    const { milliseconds, units } = messages();
    write(this.#measured, milliseconds(roundTrip.last));
    write(this.#unacknowledged, String(unacknowledged));
    const ahead = self && confirmed ? Math.hypot(self.x - confirmed.x, self.y - confirmed.y) : 0;
    write(this.#ahead, units(ahead));
    write(this.#corrected, units(drift));
  }

  #writeValues(roundTrip: HTMLInputElement, jitter: HTMLInputElement): void {
    const { milliseconds } = messages();
    for (const [input, value] of [
      [roundTrip, this.#lag.roundTripMs],
      [jitter, this.#lag.jitterMs],
    ] as const) {
      const text = milliseconds(value);
      input.setAttribute("aria-valuetext", text);
      write(byId(`${input.id}-value`, HTMLElement), text);
    }
  }
}
