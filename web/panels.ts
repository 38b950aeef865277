// The folding panels: side by side on a large screen, one at a time on a phone. After a change with the pointer, the
// focus returns to the game.
import { byId } from "./elements.ts";

const SMALL = "(max-width: 719px), (max-height: 519px)";

/** Form controls that would keep the arrow keys after a change with the pointer. */
const KEEPS_KEYS = "input[type=range], input[type=checkbox], select";

export function arrangePanels(): void {
  const game = byId("game", HTMLElement);
  const panels = byId("panels", HTMLElement);
  const small = matchMedia(SMALL);
  const arrange = () => {
    for (const panel of panels.querySelectorAll("details")) {
      // The browser keeps at most one of the panels with the same name open.
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

/** Closes the panel that contains an element, and moves the focus to its summary. */
function closeAround(element: Element): void {
  const panel = element.closest("details");
  if (!panel?.open) return;
  panel.open = false;
  panel.querySelector("summary")?.focus();
}
