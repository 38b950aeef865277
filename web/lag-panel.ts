// The lag panel: adds latency to the page's own connection, and shows how prediction copes with it.
import { byId, write } from "./elements.ts";
import type { Lag } from "./lag.ts";
import { messages, onLanguage } from "./language.ts";
import { latencyText } from "./latency-text.ts";
import type { DisplayOptions, Session } from "./session.ts";

export class LagPanel {
  readonly #lag: Lag;
  readonly #panel = byId("lag", HTMLDetailsElement);
  readonly #measured = byId("measured", HTMLElement);
  readonly #unacknowledged = byId("unacknowledged", HTMLElement);
  readonly #ahead = byId("ahead", HTMLElement);
  readonly #corrected = byId("corrected", HTMLElement);

  /** @param onLag is called when the lag has changed. The panel writes its settings into `lag` and `display`. */
  constructor(lag: Lag, display: DisplayOptions, onLag: () => void) {
    this.#lag = lag;
    const roundTrip = byId("round-trip", HTMLInputElement);
    const jitter = byId("jitter", HTMLInputElement);
    const predicted = byId("predicted", HTMLInputElement);
    const ghost = byId("ghost", HTMLInputElement);
    const apply = () => {
      lag.roundTripMs = roundTrip.valueAsNumber;
      lag.jitterMs = jitter.valueAsNumber;
      display.predicted = predicted.checked;
      display.ghost = ghost.checked;
      // Without prediction, the player is drawn at its position on the server, where the ghost would be.
      ghost.disabled = !predicted.checked;
      this.#writeValues(roundTrip, jitter);
    };
    for (const input of [roundTrip, jitter, predicted, ghost]) input.addEventListener("input", apply);
    for (const input of [roundTrip, jitter]) input.addEventListener("input", onLag);
    apply();
    onLanguage(() => this.#writeValues(roundTrip, jitter));
  }

  /** Shows the measurements of the session, if the panel is open. */
  show({ roundTrip, unacknowledged, self, confirmed, drift }: Session): void {
    if (!this.#panel.open) return;
    const { units } = messages();
    write(this.#measured, latencyText(roundTrip));
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
