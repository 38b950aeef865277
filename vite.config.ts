// Builds the demo page, the only part of sabang that is bundled.
import { defineConfig } from "vite";
import { compressedCopies, smallPhaser } from "./web/build-plugins.ts";

export default defineConfig({
  root: "web",
  // The base is relative, so that the page also works behind a proxy that serves it below a path.
  base: "./",
  plugins: [smallPhaser(), compressedCopies()],
  build: {
    outDir: "../dist",
    emptyOutDir: true,
    chunkSizeWarningLimit: 1000,
    // The game, and the page that plays recordings. The paths are absolute, because `build` and `dev` start in
    // different folders.
    rolldownOptions: {
      input: [`${import.meta.dirname}/web/index.html`, `${import.meta.dirname}/web/replay.html`],
      // Disables the warning about slow plugins, because compressing takes most of the time of a build.
      checks: { pluginTimings: false },
    },
  },
});
