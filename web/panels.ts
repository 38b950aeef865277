// Panels that fold: side by side where there is room, one at a time on a phone. The keys go back to the game when a
// pointer has done its work in one of them.
import { byId } from "./elements.ts";

const SMALL = "(max-width: 719px), (max-height: 519px)";

/** What a pointer works on that would keep the arrow keys to itself afterwards. */
const KEEPS_KEYS = "input[type=range], input[type=checkbox], select";

export function arrangePanels(): void {
  const game = byId("game", HTMLElement);
  const panels = byId("panels", HTMLElement);
  const small = matchMedia(SMALL);
  const arrange = () => {
    for (const panel of panels.querySelectorAll("details")) {
      // Panels of one name are open one at a time: that is the browser's own doing.
      if (small.matches) panel.setAttribute("name", "panel");
      else panel.removeAttribute("name");
      panel.open = !small.matches && panel.dataset.open !== undefined;
    }
  };
  small.addEventListener("change", arrange);
  arrange();

  let pointing = false;
  panels.addEventListener("pointerdown", () => {
    pointing = true;
  });
  panels.addEventListener("keydown", (event) => {
    pointing = false;
    if (event.key === "Escape") closeAround(event.target as Element);
  });
  panels.addEventListener("change", (event) => {
    if (pointing && (event.target as Element).matches(KEEPS_KEYS)) game.focus({ preventScroll: true });
  });
}

/** Closes the panel that an element is in, and leaves the focus where it was opened. */
function closeAround(element: Element): void {
  const panel = element.closest("details");
  if (!panel?.open) return;
  panel.open = false;
  panel.querySelector("summary")?.focus();
}
