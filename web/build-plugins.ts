// The plugins of vite.config.ts: a small build of Phaser, and compressed copies of all built text files.
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin } from "vite";

/** The optional features of Phaser that the build includes. Phaser's sources test `typeof NAME` for each feature. */
const PHASER_FEATURES: readonly string[] = ["CANVAS_RENDERER", "WEBGL_RENDERER"];
const FEATURE_QUESTION = /\btypeof ((?:CANVAS|WEBGL|FEATURE|PLUGIN)_\w+)/g;

/** Builds only the parts of Phaser that web/phaser.js imports. The development server serves all of Phaser. */
export function smallPhaser(): Plugin {
  return {
    name: "small-phaser",
    apply: "build",
    config: () => ({ resolve: { alias: { phaser: `${import.meta.dirname}/phaser.js` } } }),
    transform: {
      filter: { id: /\/node_modules\/phaser\/src\// },
      handler: (code) => code.replaceAll(FEATURE_QUESTION, (_text, name) => String(PHASER_FEATURES.includes(name))),
    },
  };
}

/** Names of the files that the build compresses. Files in formats such as PNG are already compressed. */
const COMPRESSIBLE = /\.(html|js|css|svg|json|webmanifest)$/;

/** Writes a brotli and a gzip copy beside each text file, as strongly compressed as possible. */
export function compressedCopies(): Plugin {
  return {
    name: "compressed-copies",
    apply: "build",
    generateBundle: {
      order: "post",
      async handler(_options, bundle) {
        const files = Object.values(bundle).filter(({ fileName }) => COMPRESSIBLE.test(fileName));
        for (const file of files) {
          const source = Buffer.from(file.type === "chunk" ? file.code : file.source);
          const [brotli, gzipped] = await Promise.all([
            promisify(brotliCompress)(source, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: source.length } }),
            promisify(gzip)(source, { level: constants.Z_BEST_COMPRESSION }),
          ]);
          this.emitFile({ type: "asset", fileName: `${file.fileName}.br`, source: brotli });
          this.emitFile({ type: "asset", fileName: `${file.fileName}.gz`, source: gzipped });
        }
      },
    },
  };
}
