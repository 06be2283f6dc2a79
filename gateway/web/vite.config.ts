import { fileURLToPath } from "node:url";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const gateway = process.env.NCZF_GATEWAY_URL ?? "http://127.0.0.1:8080";

/** Two pages, one build. Nothing is inlined, so that the pages run under a strict CSP. */
export default defineConfig({
  root: here("."),
  plugins: [vue()],
  define: { __VUE_OPTIONS_API__: "false", __VUE_PROD_DEVTOOLS__: "false" },
  build: {
    outDir: process.env.NCZF_STATIC_DIR ?? here("../../.build/static"),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: ["es2020", "chrome80", "safari13.1", "firefox78"],
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { index: here("index.html"), desk: here("desk.html") } },
  },
  server: {
    proxy: { "/api": gateway, "/ws": { target: gateway.replace(/^http/, "ws"), ws: true } },
  },
});
