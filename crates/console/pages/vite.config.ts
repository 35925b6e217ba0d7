// How the pages are built: hashed names, nothing inlined (the Content-Security-Policy forbids it), map in its own chunk.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { firstLoad } from "./firstLoad";

const server = "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), firstLoad()],
  build: {
    assetsInlineLimit: 0,
    target: "es2022",
    // What shows the API is one file of 1.7 MB, which only /api/docs loads.
    chunkSizeWarningLimit: 1800,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: ["index.html", "api-docs.html"],
      output: {
        // All that the first view needs is one file, whatever the later ones share with it.
        codeSplitting: { groups: [{ name: "first", tags: ["$initial"], test: /^(?!\0|.*(swagger|api-?docs))/ }] },
      },
    },
  },
  server: { proxy: { "/api": { target: server, ws: true, changeOrigin: false } } },
});
