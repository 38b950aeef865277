// Lets the user tap a control with a second finger while the first finger holds the touch pad. Browsers themselves
// report no click for a second finger.

/** Elements that a click operates. */
const CONTROLS = "summary, button, label, input";

/** Clicks each control that a finger taps while another finger already touches the screen. */
export function clickForSecondFingers(): void {
  const pressed = new Map<number, HTMLElement>();
  addEventListener("pointerdown", ({ isPrimary, pointerType, pointerId, target }) => {
    const control = controlOf(target);
    if (!isPrimary && pointerType === "touch" && control) pressed.set(pointerId, control);
  });
  addEventListener("pointerup", ({ pointerId, clientX, clientY }) => {
    const control = pressed.get(pointerId);
    if (control && controlOf(document.elementFromPoint(clientX, clientY)) === control) {
      control.focus({ preventScroll: true });
      control.click();
    }
  });
  for (const type of ["pointerup", "pointercancel"] as const) {
    addEventListener(type, ({ pointerId }) => pressed.delete(pointerId));
  }
}

function controlOf(target: EventTarget | null): HTMLElement | undefined {
  return (target instanceof Element && target.closest<HTMLElement>(CONTROLS)) || undefined;
}
