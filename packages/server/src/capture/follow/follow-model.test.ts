// Following against a model: whatever a server and logrotate do to a log, and however often Tocsin
// is stopped or killed in between, every line arrives once. Only a file that is emptied without a
// copy may lose lines, only those that were not read, and then a gap says so.

import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { it } from 'node:test'
import fc from 'fast-check'
import { Rig } from './follow-rig.ts'

const ROTATIONS_MAX = 8
const RETIRE_MS = 61_000

type Model = {
  readonly written: string[]
  /** Lines that had not been given out when their file was emptied → whether the file was known. */
  readonly losable: Map<string, boolean>
  rotations: number
  emptied: boolean
}

type Step = fc.AsyncCommand<Model, Rig>

function step(name: string, run: (model: Model, rig: Rig) => Promise<void> | void): Step {
  return {
    check: model => model.rotations < ROTATIONS_MAX || !/rotate|copytruncate/.test(name),
    run: async (model, rig) => run(model, rig),
    toString: () => name,
  }
}

const write = (count: number): Step =>
  step(`write ${count}`, (model, rig) => {
    model.written.push(...rig.writeLines(count))
  })

const drip = step('drip', async (model, rig) => {
  const line = rig.newLine()
  rig.write(line.slice(0, 4))
  await rig.poll()
  rig.write(`${line.slice(4)}\n`)
  model.written.push(line)
})

/** `late` lines go to the old file after it was renamed. */
const rotate = (late: number, reopen: boolean): Step =>
  step(`rotate late=${late} reopen=${reopen}`, (model, rig) => {
    rig.rotate()
    model.rotations += 1
    if (late > 0) model.written.push(...rig.writeLines(late))
    if (reopen) rig.reopen()
  })

const compress = (index: number): Step =>
  step(`compress ${index}`, (_model, rig) => {
    rig.reopen()
    rig.compress(index)
  })

const copyTruncate = step('copytruncate', (model, rig) => {
  rig.reopen()
  model.written.push(...rig.writeLines(1))
  rig.copyTruncate()
  model.rotations += 1
  model.emptied = true
})

const truncate = step('truncate', (model, rig) => {
  rig.reopen()
  if (!fs.existsSync(rig.path)) return
  const given = new Set(rig.ledger.texts)
  const lines = fs.readFileSync(rig.path, 'utf8').split('\n').slice(0, -1)
  // A file that is filled and emptied between two polls was never there.
  const isKnown = lines.some(line => given.has(line))
  for (const line of lines) if (!given.has(line)) model.losable.set(line, isKnown)
  rig.truncate()
  model.emptied = true
})

const poll = step('poll', (_model, rig) => rig.poll())
const stop = step('stop', async (_model, rig) => {
  if (rig.running) await rig.stop()
})
const kill = step('kill', async (_model, rig) => {
  if (rig.running) await rig.kill()
})
const wait = step('wait', async (_model, rig) => {
  rig.nowMs += RETIRE_MS
  await rig.poll()
})

const failConsumer = step('consumer fails', async (_model, rig) => {
  rig.consumerError = new Error('the disk is full')
  await rig.poll()
  rig.consumerError = null
  await rig.stop().catch(() => {})
})

const STEPS = [
  fc.integer({ min: 1, max: 4 }).map(write),
  fc.constant(drip),
  fc.tuple(fc.integer({ min: 0, max: 2 }), fc.boolean()).map(([n, reopen]) => rotate(n, reopen)),
  fc.integer({ min: 1, max: 3 }).map(compress),
  fc.constant(poll),
  fc.constant(stop),
  fc.constant(kill),
  fc.constant(wait),
  fc.constant(failConsumer),
]
const EMPTYING = [fc.constant(copyTruncate), fc.constant(truncate)]

async function check(steps: Iterable<Step>): Promise<void> {
  const rig = new Rig()
  try {
    const model: Model = { written: [], losable: new Map(), rotations: 0, emptied: false }
    await rig.poll()
    await fc.asyncModelRun(() => ({ model, real: rig }), steps)
    rig.reopen()
    await rig.poll()
    rig.nowMs += RETIRE_MS
    await rig.poll()
    assertModel(model, rig)
  } finally {
    await rig.close()
  }
}

function assertModel(model: Model, rig: Rig): void {
  const arrived = new Set(rig.ledger.texts)
  assert.equal(rig.ledger.texts.length, arrived.size, 'a line arrived under two identities')
  const lost = model.written.filter(line => !arrived.has(line))
  assert.deepEqual(
    lost.filter(line => !model.losable.has(line)),
    [],
    'lines were lost',
  )
  const foreign = [...arrived].filter(line => !model.written.includes(line))
  assert.deepEqual(foreign, [], 'something arrived that is no line')
  const silent = lost.some(line => model.losable.get(line)) && rig.ledger.gaps.length === 0
  assert.ok(!silent, 'a loss was passed over in silence')
  if (!model.emptied) assert.deepEqual(rig.ledger.gaps, [], 'a gap was reported where none is')
}

it('loses and doubles nothing across rotation, compression, stops and kills', async () => {
  const steps = fc.commands(STEPS, { maxCommands: 30 })
  await fc.assert(fc.asyncProperty(steps, check), { numRuns: 150 })
})

it('loses only what was emptied unread, and says so', async () => {
  const steps = fc.commands([...STEPS, ...EMPTYING], { maxCommands: 30 })
  await fc.assert(fc.asyncProperty(steps, check), { numRuns: 150 })
})
