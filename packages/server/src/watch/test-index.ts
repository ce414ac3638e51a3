// The index as a test needs it: the same questions over events in memory.

import { FIELDS, type SealedEvent, type WireEvent } from '@tocsin/sdk/event'
import { checkQuery, compilePredicate, parseQuery } from '@tocsin/sdk/query'
import { foldSummary, hideOwnReads, type Query, type TimeRange } from '../query/query.ts'

/** `events` in the order of time; what is put in later stays in order, too. */
export function memoryIndex(events: readonly SealedEvent[]): Pick<Query, 'search' | 'summarise'> {
  const first = (timeMs: number) => {
    let low = 0
    let high = events.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((events[middle]?.time ?? 0) < timeMs) low = middle + 1
      else high = middle
    }
    return low
  }
  function* matching(text: string, range: TimeRange): Generator<number> {
    const matches = compilePredicate(hideOwnReads(checkQuery(parseQuery(text), FIELDS, 0)))
    for (let i = first(range.toMs) - 1; i >= first(range.fromMs); i--) {
      const event = events[i]
      if (event && matches(event)) yield i
    }
  }
  return {
    async search({ text, range, limit, after }) {
      const found: number[] = []
      for (const i of matching(text, range)) {
        if (after && i >= after.index) continue
        if (found.push(i) > limit) break
      }
      const page = found.slice(0, limit).map(index => {
        const event = events[index]
        return { index, timeMs: event?.time ?? 0, json: JSON.stringify(event) }
      })
      const last = page.at(-1)
      const sort = { sort: '-time', value: null }
      const next = found.length > limit && last ? { ...last, ...sort, limit: events.length } : null
      return { events: page, next, complete: true }
    },
    async summarise({ text, range, by, limit }) {
      const fold = foldSummary(by)
      for (const i of matching(text, range)) fold.add(events[i])
      return fold.groups(limit)
    },
  }
}

/** As the server seals it, as far as questions go. */
export function sealedEvent(event: WireEvent, more: Partial<SealedEvent> = {}): SealedEvent {
  const { content: _, ...rest } = event
  return {
    v: 1,
    tenant: 'default',
    observed: event.time,
    via: 'http',
    retention: 'r6m',
    ...rest,
    id: event.id ?? '',
    system: event.system ?? 'unknown',
    actor: { ...event.actor, verified: 'key' },
    ...more,
  }
}
