// The long loop of kills: TOCSIN_KILLS of them (300 unless told), twenty on one directory, so that
// logs stay small enough to be judged often.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { killLoop } from '../sim/kill-loop.ts'

const KILLS = Number(process.env.TOCSIN_KILLS ?? 300)
const KILLS_EACH = 20

describe('a server that is killed again and again', () => {
  it(`keeps every acknowledged event over ${KILLS} kills`, async t => {
    const seed = Number(process.env.TOCSIN_SEED ?? Date.now() % 1_000_000)
    t.diagnostic(`TOCSIN_SEED=${seed}`)
    for (let done = 0; done < KILLS; done += KILLS_EACH) {
      const directory = mkdtempSync(join(tmpdir(), 'tocsin-kill-'))
      await killLoop(directory, { seed: seed + done, kills: Math.min(KILLS_EACH, KILLS - done) })
      rmSync(directory, { recursive: true })
    }
  })
})
