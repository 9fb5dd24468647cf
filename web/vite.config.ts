import { defineConfig } from 'vitest/config';

/** `npm run dev` talks to a server on this address. */
const SERVER = 'http://127.0.0.1:8000';

export default defineConfig({
  build: {
    outDir: '../realtime/static',
    emptyOutDir: true,
    target: 'es2022',
    // Both would put something into the page that the Content-Security-Policy refuses.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: { app: 'index.html', demo: 'demo.html', sw: 'service-worker/service-worker.ts' },
      output: {
        // A service worker's address is its identity: it never gets a hash.
        entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
      },
    },
  },
  server: {
    proxy: {
      '/v1': SERVER,
      '/demo/': SERVER,
      '/connection': { target: SERVER, ws: true },
    },
  },
  test: { include: ['tests/*.test.ts'], env: { TZ: 'UTC' } },
});
