// Puts the touch pad on the right side of the screen, or on the left side if the user has chosen it.
import { byId } from "./elements.ts";
import { keep, kept } from "./kept.ts";

const STORAGE_KEY = "sabang-pad";

/** Moves the pad to its side, and lets the user choose the side in the settings. The style sheet reads `data-pad`. */
export function arrangePad(): void {
  const select = byId("pad-side", HTMLSelectElement);
  const apply = () => {
    document.body.dataset.pad = select.value;
  };
  select.value = kept(STORAGE_KEY) === "left" ? "left" : "right";
  select.addEventListener("change", () => {
    keep(STORAGE_KEY, select.value);
    apply();
  });
  apply();
}
