// Builds the console to static files: names with a hash, so that they may be kept for ever, and a
// gzip beside each, so that the server compresses nothing. In development, `vite` serves the
// sources and hands the API on to a running server.

import { gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

const SERVER = 'http://127.0.0.1:7117'

export default defineConfig({
  root: import.meta.dirname,
  oxc: { jsx: { runtime: 'automatic' } },
  plugins: [gzipped()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    // Inlined files would need `data:` in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 900,
    rolldownOptions: {
      // Libraries mark files for servers that render; here nothing is rendered on a server.
      onLog(level, log, handle) {
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') handle(level, log)
      },
    },
  },
  worker: { format: 'es' },
  server: { host: '127.0.0.1', proxy: { '/v1': SERVER, '/log': SERVER } },
})

const PACKED = /\.(?:js|css|html|svg|json)$/

function gzipped(): Plugin {
  return {
    name: 'gzipped',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      // After everything else: chunks are still changed at the end.
      order: 'post',
      handler(_options, bundle) {
        for (const [fileName, file] of Object.entries(bundle)) {
          if (!PACKED.test(fileName)) continue
          const source = gzipSync(file.type === 'chunk' ? file.code : file.source, { level: 9 })
          this.emitFile({ type: 'asset', fileName: `${fileName}.gz`, source })
        }
      },
    },
  }
}
