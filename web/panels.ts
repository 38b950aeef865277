// The folding panels: side by side on a large screen, one at a time on a phone. After the user has changed a setting
// with the pointer, the focus returns to the game, so that the arrow keys move the player.
import { byId } from "./elements.ts";

const SMALL = "(max-width: 719px), (max-height: 519px)";

/** Form controls that use the arrow keys themselves while they have the focus. */
const KEEPS_KEYS = "input[type=range], input[type=checkbox], input[type=radio], select";

export function arrangePanels(): void {
  const game = byId("game", HTMLElement);
  const panels = byId("panels", HTMLElement);
  const small = matchMedia(SMALL);
  const arrange = () => {
    for (const panel of panels.querySelectorAll("details")) {
      // If several panels have the same name, the browser allows only one of them to be open.
      if (small.matches) panel.setAttribute("name", "panel");
      else panel.removeAttribute("name");
      panel.open = !small.matches && panel.dataset.open !== undefined;
    }
  };
  small.addEventListener("change", arrange);
  arrange();

  // On a small screen an open panel covers the world, so a touch outside the panel closes it.
  game.addEventListener("pointerdown", () => {
    if (small.matches) for (const panel of panels.querySelectorAll("details")) panel.open = false;
  });

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

/** Closes the panel that contains an element, and moves the focus to the panel's summary. */
function closeAround(element: Element): void {
  const panel = element.closest("details");
  if (!panel?.open) return;
  panel.open = false;
  panel.querySelector("summary")?.focus();
}
