// kill -9 at random moments, again and again on one directory: the page cache survives, so this
// finds faults of order and of recovery. The long loop is in test/real/kill.test.ts.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { killLoop } from './kill-loop.ts'

describe('a server that is killed', () => {
  it('keeps every acknowledged event, once, provable, with one history', async t => {
    const directory = mkdtempSync(join(tmpdir(), 'tocsin-kill-'))
    const seed = Number(process.env.TOCSIN_SEED ?? Date.now() % 1_000_000)
    t.diagnostic(`TOCSIN_SEED=${seed}`)
    await killLoop(directory, { seed, kills: 8 })
    rmSync(directory, { recursive: true })
  })
})
