// What detection costs and what it is worth, on made-up months: CPU per event of reading and of the
// engine, memory per entity, alerts a day on months without attacks, recall by kind and strength
// beside fixed thresholds on the same events. The seeds reported are not those that rules were
// tuned on.
//
//   node bench/detect.ts [cost|benign|stories]

import { openAlertBook } from '@tocsin/detect/alert'
import { createEngine } from '@tocsin/detect/detect'
import { parseEventLine, type SealedEvent } from '@tocsin/sdk/event'
import { sha256 } from '@tocsin/sdk/node'
import { createWorld, type Strength } from '@tocsin/simulate/simulate'
import { sealEvent } from '../packages/server/src/cli/evaluation/event-file.ts'
import { type Score, scoreLabels } from '../packages/server/src/cli/evaluation/score-labels.ts'
import { PRODUCT_RULES } from '../packages/server/src/config.ts'
import { readRuleDirectories } from '../packages/server/src/watch/watch.ts'
import { openFixedThresholds } from './fixed-thresholds.ts'

const DAY_MS = 86_400_000
const END = Date.UTC(2026, 10, 24, 12)
const DAYS = 30
const BUDGET = 10
const SEEDS = [1, 2, 3]
const STRENGTHS: readonly Strength[] = ['weak', 'medium', 'strong']
/** The live story begins so long before the end. */
const LIVE_MS = 3 * 3_600_000

const { rules } = readRuleDirectories([PRODUCT_RULES])
const what = process.argv[2]

function month(seed: number, strength?: Strength) {
  const stories = strength ? { stories: { nowMs: END - LIVE_MS, strength } } : {}
  const world = createWorld({ seed, ...stories })
  const from = END - DAYS * DAY_MS
  const events = [...world.events(from, END)].map((wire, i) => sealEvent(wire, i))
  return { events, labels: world.labels(from, END) }
}

function cpuUs(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

function cost(): void {
  const { events } = month(1)
  const lines = events.map(({ v, tenant, observed, via, retention, actor, ...rest }) =>
    JSON.stringify({ ...rest, actor: { ...actor, verified: undefined } }),
  )
  const perEvent = (us: number) => (us / events.length).toFixed(1)
  const parseAll = () => {
    for (const line of lines) parseEventLine(line, END + DAY_MS)
  }
  const parse = Math.min(...[1, 2, 3].map(() => cpuUs(parseAll)))
  console.log(`${events.length} events, ${rules.length} rules`)
  console.log(`parse and check           ${perEvent(parse)} µs CPU per event`)
  const rounds = [1, 2, 3].map(() => engineCost(events))
  const engine = Math.min(...rounds.map(one => one.us))
  console.log(`rules, counters, baselines ${perEvent(engine)} µs CPU per event`)
  const { bytes, entities, heap } = rounds[0] ?? { bytes: 0, entities: 1, heap: 0 }
  const each = (all: number) => Math.round(all / entities)
  console.log(`${entities} entities: ${each(bytes)} bytes saved, ${each(heap)} bytes of heap each`)
}

function engineCost(events: readonly SealedEvent[]) {
  const engine = createEngine({ rules, sha256 })
  gc?.()
  const before = process.memoryUsage().heapUsed
  let state = engine.begin()
  const us = cpuUs(() => {
    for (const event of events) state = engine.step(state, event).state
  })
  gc?.()
  const heap = process.memoryUsage().heapUsed - before
  return { us, heap, bytes: engine.save(state).length, entities: state.entities.size }
}

/** Where nobody stated a budget, as `serve` begins; at a stated budget; and fixed thresholds. */
type Scored = { readonly usual: Score; readonly stated: Score; readonly fixed: Score }

function score(seed: number, strength?: Strength): Scored {
  const { events, labels } = month(seed, strength)
  const engine = createEngine({ rules, sha256 })
  const books = [null, BUDGET].map(budget => openAlertBook({ sha256, budget }))
  const peer = openFixedThresholds()
  const scorers = [scoreLabels(labels), scoreLabels(labels), scoreLabels(labels)] as const
  let state = engine.begin()
  for (const event of events) {
    for (const scorer of scorers) scorer.event(event)
    const stepped = engine.step(state, event)
    state = stepped.state
    for (const finding of stepped.findings) {
      books.forEach((book, i) => {
        scorers[i]?.finding(finding, book.take(finding))
      })
    }
    for (const { finding, alert } of peer.step(event)) scorers[2].finding(finding, alert)
  }
  const span = { firstMs: events[0]?.time ?? 0, lastMs: END, budget: BUDGET }
  const [usual, stated, fixed] = scorers
  return { usual: usual.finish(span), stated: stated.finish(span), fixed: fixed.finish(span) }
}

function benign(): void {
  for (const seed of SEEDS) {
    const { usual, stated, fixed } = score(seed)
    const words = `at a budget of ${BUDGET}: ${inShort(stated)} | fixed: ${inShort(fixed)}`
    console.log(`seed ${seed}, no attacks: ${inShort(usual)} | ${words}`)
  }
}

function inShort({ falseAlertsPerDay, lookAlikes }: Score): string {
  const [perDay, alerted] = [falseAlertsPerDay.toFixed(2), lookAlikes.alerted]
  return `${perDay} false alerts a day, ${alerted}/${lookAlikes.campaigns} look-alikes`
}

function stories(): void {
  for (const strength of STRENGTHS) {
    const all = SEEDS.map(seed => score(seed, strength))
    console.log(`\n${strength}, seeds ${SEEDS.join(', ')}`)
    const rows = all.flatMap(({ usual, stated, fixed }) =>
      usual.campaigns.flatMap((one, i) =>
        one.isLookAlike
          ? []
          : [
              {
                name: `${one.kind} ${one.campaign}`,
                one,
                stated: stated.campaigns[i],
                peer: fixed.campaigns[i],
              },
            ],
      ),
    )
    for (const [name, group] of Map.groupBy(rows, row => row.name)) {
      const delays = group.flatMap(({ one }) => one.delayMinutes?.toFixed(0) ?? '-')
      const count = (isFound: (row: (typeof group)[number]) => boolean | undefined) =>
        `${group.filter(isFound).length}/${group.length}`
      console.log(
        `${name.padEnd(34)} found ${count(row => row.one.found)} after ${delays.join(', ')} min` +
          ` | budget ${BUDGET}: ${count(row => row.stated?.found)}` +
          ` | fixed ${count(row => row.peer?.found)}`,
      )
    }
    for (const one of all) {
      const [usual, stated, fixed] = [one.usual, one.stated, one.fixed].map(part)
      console.log(`${usual}\n  budget ${BUDGET}: ${stated}\n  fixed: ${fixed}`)
    }
  }
}

function part(score: Score): string {
  const percent = (value: number | null) => (value === null ? '-' : `${Math.round(100 * value)} %`)
  const { found, attacks, precision } = score
  return `recall ${found}/${attacks}, precision ${percent(precision)}, ${inShort(score)}`
}

if (what === undefined || what === 'cost') cost()
if (what === undefined || what === 'benign') benign()
if (what === undefined || what === 'stories') stories()
