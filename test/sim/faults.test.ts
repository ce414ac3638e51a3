// Single calls to the disk fail, one at a time, by a preloaded node:fs: some of the loop that
// test/real/faults.test.ts goes through to its end.

import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { emptyStart, type Fault, killedStart, meetFault, type Start } from './faults.ts'

let killed: Start
let empty: Start
before(async () => {
  killed = await killedStart()
  empty = emptyStart()
})
after(() => {
  for (const { directory } of [killed, empty]) rmSync(directory, { recursive: true })
})

type Case = readonly [Fault['call'], Fault['errno'], readonly number[], Fault['flavour']?]

const AFTER_A_KILL: readonly Case[] = [
  ['sync', 'EIO', [3, 6, 7, 14]],
  ['sync', 'EIO', [10], 'persisted'],
  ['sync', 'ENOSPC', [8]],
  ['write', 'EIO', [2, 9]],
  ['write', 'ENOSPC', [1, 4, 8]],
  ['write', 'ENOSPC', [5], 'persisted'],
  ['open', 'ENOSPC', [5, 9]],
  ['open', 'EIO', [4]],
  ['rename', 'ENOSPC', [1, 2]],
  ['rename', 'EIO', [1, 2]],
  ['unlink', 'EIO', [1, 2]],
]

describe('a fault of the disk', () => {
  for (const [call, errno, numbers, flavour] of AFTER_A_KILL) {
    const what = `${call} ${errno}${flavour ? ', though done' : ''}: ${numbers.join(', ')}`
    it(`loses nothing that was acknowledged, after a kill (${what})`, async () => {
      const faults = numbers.map(n => (flavour ? { call, errno, n, flavour } : { call, errno, n }))
      assert.ok((await meetFaults(killed, faults)) > 0, 'the fault never struck')
    })
  }

  it('leaves a directory that the next start can take up, in the first moments of a node', async () => {
    const faults = [3, 6, 12, 15].map((n): Fault => {
      return n % 2 === 0 ? { call: 'sync', errno: 'EIO', n } : { call: 'write', errno: 'ENOSPC', n }
    })
    assert.ok((await meetFaults(empty, faults)) > 2)
  })
})

/** Two at a time; returns how many struck. */
async function meetFaults(start: Start, faults: readonly Fault[]): Promise<number> {
  const left = [...faults]
  let struck = 0
  const worker = async () => {
    for (let fault = left.shift(); fault; fault = left.shift()) {
      if (await meetFault(start, fault)) struck += 1
    }
  }
  await Promise.all([worker(), worker()])
  return struck
}
