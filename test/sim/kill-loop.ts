// Starts ingest.ts on one directory, kills it at a random moment, and so on; after each kill the
// next process is the recovery, and after every few of them everything is judged.

import assert from 'node:assert/strict'
import { setTimeout } from 'node:timers/promises'
import { History, type Ingest, settle, startIngest } from './ingest-rig.ts'
import { seededRandom } from './traffic.ts'

const JUDGE_EVERY = 4
/** Most kills come while events flow, some while the directory is being opened. */
const START_MS_MAX = 700
const FLOW_MS_MAX = 1500

export type KillLoop = { readonly seed: number; readonly kills: number }

export async function killLoop(directory: string, { seed, kills }: KillLoop): Promise<void> {
  const random = seededRandom(seed)
  const history = new History()
  let acknowledged = 0
  for (let kill = 0; kill < kills; kill++) {
    // Half of them send again what an earlier process had sent.
    const traffic = seed + (random() < 0.5 ? kill : Math.floor(random() * (kill + 1)))
    const ingest = startIngest(directory, { seed: traffic })
    if (random() < 0.3) await setTimeout(random() * START_MS_MAX)
    else {
      await untilFlowing(ingest)
      await setTimeout(random() * FLOW_MS_MAX)
    }
    ingest.child.kill('SIGKILL')
    const run = await ingest.ended
    assert.equal(
      run.exitCode,
      null,
      [`seed ${seed}`, ...run.lines.slice(-3), run.stderr].join('\n'),
    )
    history.take(run)
    acknowledged += run.lines.filter(line => line.startsWith('ack')).length
    if (kill % JUDGE_EVERY !== JUDGE_EVERY - 1 && kill !== kills - 1) continue
    await settle(directory, history)
    await history.judge(directory)
  }
  assert.ok(acknowledged > 0, 'events were flowing')
}

/** By what it acknowledged, not by time: on a busy machine seconds may pass before it opens. */
async function untilFlowing(ingest: Ingest): Promise<void> {
  while (!ingest.lines.some(line => line.startsWith('ack'))) {
    if (ingest.child.exitCode !== null) return
    await setTimeout(5)
  }
}
