// Builds the demo page, the only part of sabang that is bundled.
import { defineConfig } from "vite";

export default defineConfig({
  root: "web",
  // Relative, so that the page also works behind a proxy that serves it below a path.
  base: "./",
  build: {
    outDir: "../dist",
    emptyOutDir: true,
    chunkSizeWarningLimit: 2000,
    // The game, and the page that plays recordings. The paths are absolute, because `build` and `dev` start in
    // different folders.
    rolldownOptions: {
      input: [`${import.meta.dirname}/web/index.html`, `${import.meta.dirname}/web/replay.html`],
    },
  },
});
