// How long the demo's month takes to make, benign and with stories: `node bench/simulate.ts`. CPU
// time of this process, the garbage collector's threads included, cold and then warm; and what the
// live stream costs: its first second, which makes the day, and a later one.

import { createWorld, type StoriesConfig } from '@tocsin/simulate/simulate'

const DAY_MS = 86_400_000
const NOW = Date.UTC(2026, 10, 24, 12)
const ROUNDS = 5
const SECONDS = 3600

function cpuMs(work: () => number): readonly [ms: number, events: number] {
  const before = process.cpuUsage()
  const events = work()
  const { user, system } = process.cpuUsage(before)
  return [(user + system) / 1000, events]
}

type Told = { readonly stories?: StoriesConfig }

function month(told: Told): number {
  let events = 0
  for (const _ of createWorld({ seed: 1, ...told }).events(NOW - 30 * DAY_MS, NOW)) events += 1
  return events
}

function measure(name: string, told: Told): void {
  const rounds = Array.from({ length: ROUNDS }, () => cpuMs(() => month(told)))
  const [cold, events] = rounds[0] ?? [0, 0]
  const warm = Math.min(...rounds.map(([ms]) => ms))
  console.log(
    `${name}: ${events} events, ${cold.toFixed(0)} ms CPU first, ${warm.toFixed(0)} ms warm`,
  )

  const world = createWorld({ seed: 1, ...told })
  const [firstMs] = cpuMs(() => [...world.events(NOW, NOW + 1)].length)
  const [restMs] = cpuMs(() => {
    let seen = 0
    for (let i = 0; i < SECONDS; i++) {
      seen += [...world.events(NOW + i * 1000, NOW + (i + 1) * 1000)].length
    }
    return seen
  })
  const perSecond = ((1000 * restMs) / SECONDS).toFixed(1)
  console.log(`  a day's first second ${firstMs.toFixed(0)} ms, a later one ${perSecond} µs`)
}

measure('a benign month', {})
measure('with stories', { stories: { nowMs: NOW } })
