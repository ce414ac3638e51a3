// Builds the console into dist/, when its sources changed since the last time: `npm start` on a
// warm checkout must not wait for it. What it was built from stands in dist/.built.

import { createHash } from 'node:crypto'
import { globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'

const HERE = import.meta.dirname
const DIST = join(HERE, 'dist')
const STAMP = join(DIST, '.built')
const SOURCES = [
  'src/**/*',
  'index.html',
  'vite.config.ts',
  '../sdk/src/**/*.ts',
  '../../package-lock.json',
]

const want = fingerprint()
if (readIfThere(STAMP) !== want) {
  // Built aside: a server that runs goes on with the old files until the new ones are all there.
  const aside = join(HERE, `.dist-${process.pid}`)
  try {
    await build({
      configFile: join(HERE, 'vite.config.ts'),
      logLevel: 'warn',
      build: { outDir: aside },
    })
    writeFileSync(join(aside, '.built'), want)
    rmSync(DIST, { recursive: true, force: true })
    renameSync(aside, DIST)
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

function fingerprint(): string {
  const hash = createHash('sha256')
  const paths = globSync(SOURCES, { cwd: HERE, withFileTypes: true })
    .filter(entry => entry.isFile() && !entry.name.includes('.test.'))
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
  for (const path of paths) hash.update(path.slice(HERE.length)).update(readFileSync(path))
  return hash.digest('hex')
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
