// Decides whether the game is drawn with WebGL or on a 2D canvas. The user can choose; the default is the faster of
// the two.
// cspell:words llvmpipe softpipe
import { byId } from "./elements.ts";
import { keep, kept } from "./kept.ts";

const STORAGE_KEY = "sabang-renderer";

/** Names of software renderers, which do not use a graphics card. Chromium, Mesa and Windows have such renderers. */
const IMITATIONS = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** Returns whether the game should be drawn with WebGL: by the user's choice, or by default if WebGL is fast. */
export function prefersWebGl(): boolean {
  const chosen = kept(STORAGE_KEY);
  return chosen === "webgl" || (chosen !== "canvas" && isWebGlFast());
}

/** Whether the browser has a graphics card for WebGL. Without one, WebGL is up to eight times slower than a canvas. */
function isWebGlFast(): boolean {
  // This option asks the browser to refuse slow WebGL. Not every browser does, so the renderer's name is checked, too.
  const context = document.createElement("canvas").getContext("webgl", { failIfMajorPerformanceCaveat: true });
  if (!context) return false;
  const details = context.getExtension("WEBGL_debug_renderer_info");
  const renderer = String(context.getParameter(details?.UNMASKED_RENDERER_WEBGL ?? context.RENDERER));
  // Releases the context, because browsers limit the number of contexts per page.
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return !IMITATIONS.test(renderer);
}

/** Lets the user choose the renderer in the settings. Phaser cannot change it later, so a choice reloads the page. */
export function arrangeRenderer(): void {
  const select = byId("renderer", HTMLSelectElement);
  select.value = kept(STORAGE_KEY) ?? "auto";
  select.addEventListener("change", () => {
    keep(STORAGE_KEY, select.value);
    location.reload();
  });
}
