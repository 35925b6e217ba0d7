// Holds the first load to a size: what a phone in the field fetches before it shows the fleet.
import type { Plugin } from "vite";

const LIMIT_KB = 300;

/** The typeface that every text needs; it is compressed as it comes. */
const FONT = /inter-latin-wght.*\.woff2$/;

async function compressed(content: BlobPart): Promise<number> {
  const packed = new Blob([content]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(packed).arrayBuffer()).byteLength;
}

/** Fails the build where what `index.html` loads is too much. The map is not in it: it follows. */
export function firstLoad(): Plugin {
  return {
    name: "first-load",
    apply: "build",
    async writeBundle(_, bundle) {
      const contents = new Map<string, BlobPart>();
      for (const [name, file] of Object.entries(bundle)) {
        contents.set(name, file.type === "chunk" ? file.code : (file.source as BlobPart));
      }
      const page = String(contents.get("index.html"));
      const named = [...page.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, name]) => name ?? "");
      const fonts = [...contents.keys()].filter((name) => FONT.test(name));
      if (named.length === 0 || fonts.length !== 1) this.error("What the first load consists of was not found.");
      const sizes = ["index.html", ...named, ...fonts].map((name) => compressed(contents.get(name) ?? ""));
      const kb = Math.round((await Promise.all(sizes)).reduce((sum, size) => sum + size) / 1000);
      if (kb > LIMIT_KB) this.error(`The first load is ${kb} kB compressed; ${LIMIT_KB} kB are allowed.`);
      this.info(`The first load is ${kb} kB compressed; ${LIMIT_KB} kB are allowed.`);
    },
  };
}
