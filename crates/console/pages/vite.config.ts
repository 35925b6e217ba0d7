// How the pages are built: hashed names, nothing inlined (the Content-Security-Policy forbids it), map in its own chunk.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const server = "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  build: {
    assetsInlineLimit: 0,
    target: "es2022",
    // What shows the API is one file of 1.7 MB, which only /api/docs loads.
    chunkSizeWarningLimit: 1800,
    rolldownOptions: { input: ["index.html", "api-docs.html"] },
  },
  server: { proxy: { "/api": { target: server, ws: true, changeOrigin: false } } },
});
